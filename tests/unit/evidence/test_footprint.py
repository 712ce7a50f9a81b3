"""How large we were, counted from the tape: per venue, over each span, with what the gate said beside it."""

from decimal import Decimal

from msgspec.structs import replace

from engine.events import Opened
from engine.evidence.benchmarks import others
from engine.evidence.footprint import Footprint, Line, of_leg, record
from engine.evidence.reading import tell
from engine.evidence.story import Story
from engine.kernel.clock import iso
from engine.kernel.ids import VenueName
from engine.market.facts import Print
from engine.market.footprint import FootprintRule, Shares
from engine.orders import commands as c
from engine.orders import quotes
from engine.orders.order import Approved, Check
from tests.support.journals import BTCUSDT, FIRST, VENUE, Journal, at, fill, opened, order, tape, trade, two_legs

OTHER, LATE = VenueName("osl"), at("10:06:00")
D = Decimal


def minutes(*volumes: str) -> list[Print]:
    """What others trade in each minute from 10:00 on, in one print."""
    return [trade(BTCUSDT, f"o{i}", f"10:{i:02}:30", "65000", volume) for i, volume in enumerate(volumes)]


def line(found: Footprint, span: str, venue: VenueName | None = VENUE) -> Line:
    return next(each for each in found.lines if (each.venue, each.span) == (venue, span))


def sold_twice(first: Opened, checks: tuple[Check, ...] = ()) -> tuple[Journal, list[Print]]:
    """1 at 10:03:10 and 0.5 at 10:04:10; each has its print."""
    j, ours = Journal(), []
    j.write(at("10:00:00"), first)
    for index, (minute, quantity) in enumerate((("10:03", "1"), ("10:04", "0.5"))):
        child = order(FIRST, index + 1, f"{minute}:09", quantity, "64980")
        j.write(child.decided_at, c.Place(Approved(child, checks)))
        j.filled(f"{minute}:11", fill(child, f"t{index}", f"{minute}:10", quantity, "64990", f"k{index}"))
        ours.append(trade(BTCUSDT, f"k{index}", f"{minute}:10", "64990", quantity))
    return j, ours


def told(*volumes: str, checks: tuple[Check, ...] = (), rule: FootprintRule | None = None) -> Footprint:
    first = opened()
    j, ours = sold_twice(replace(first, limits=replace(first.limits, footprint=rule)), checks)
    story = tell(j.rows, [*minutes(*volumes), *ours])
    return of_leg(story, story.leg(FIRST))


def test_a_share_is_of_what_was_traded_in_the_same_minutes_our_own_prints_removed() -> None:
    """1 of 4 in the minute of 10:03; 0.5 of 8.5 in the next; in the hour 1.5 of all, and there the last is largest."""
    found = told("9", "9", "9", "3", "8")
    minute, hour = line(found, "minute"), line(found, "hour")
    assert (minute.sold, minute.others, minute.share) == (1, 3, D("0.25"))
    assert iso(minute.at or 0) == "2026-05-02T10:03:00.000000Z"
    assert (hour.sold, hour.others, hour.share) == (D("1.5"), 38, D("0.037975"))


def test_what_counts_is_that_of_the_complete_minutes_before_and_leaves_bursts_out() -> None:
    """Ten minutes of 9, then 9000: of the minute before the sale nothing counts, and of the hour the nine."""
    first, j = opened(), Journal()
    j.write(at("10:00:00"), first)
    child = j.place(order(FIRST, 1, "10:11:09", "1", "64980"))
    j.filled("10:11:11", fill(child, "t1", "10:11:10", "1", "64990", "k1"))
    ours = trade(BTCUSDT, "k1", "10:11:10", "64990", "1")
    story = tell(j.rows, [*minutes(*["9"] * 10, "9000", "9"), ours])
    found = of_leg(story, story.leg(FIRST))
    assert [(line(found, s).counted, line(found, s).counted_share) for s in ("minute", "hour")] == [
        (0, 1), (81, D("0.012195")),
    ]  # fmt: skip
    assert line(found, "hour").others == 9099


def test_what_the_gate_let_pass_and_the_limit_stand_beside_it() -> None:
    checks = (Check("footprint venue minute", "0.100000", "0.25"), Check("collar", "1", "2"))
    rule = FootprintRule(venue=Shares(minute=D("0.25")))
    minute = line(told("9", "9", "9", "9", "9", checks=checks, rule=rule), "minute")
    assert (minute.approved, minute.limit, minute.counted_share) == (D("0.1"), D("0.25"), D("0.1"))


def test_without_a_rule_nothing_is_limited_and_all_the_same_counted() -> None:
    found = told("9", "9", "9", "9", "9")
    assert [(each.span, each.limit) for each in found.lines] == [(s, None) for s in ("minute", "hour", "day", "run")]


def test_several_venues_stand_beside_the_market_of_all_of_them() -> None:
    """9 here and 4.5 there in each minute: neither counts for more than the other."""
    first = opened()
    plan = first.plan.legs[0]
    there = replace(plan.instruments[0], venue=OTHER)
    legs = (replace(plan, instruments=(plan.instruments[0], there)), first.plan.legs[1])
    j, ours = sold_twice(replace(first, plan=replace(first.plan, legs=legs)))
    aside = [replace(seen, venue=OTHER, quantity=D("4.5")) for seen in minutes(*["9"] * 5)]
    story = tell(j.rows, [*minutes(*["9"] * 5), *aside, *ours])
    found = of_leg(story, story.leg(FIRST))
    assert {each.venue for each in found.lines} == {VENUE, OTHER, None}
    market = line(found, "minute", None)
    assert (market.others, market.counted, market.share) == (D("13.5"), 9, D("0.068966"))
    assert (line(found, "minute", OTHER).sold, line(found, "minute", OTHER).share) == (0, None)


def test_what_a_desk_took_printed_nowhere_and_is_told_apart() -> None:
    j, ours = sold_twice(opened())
    block = order(FIRST, quotes.FIRST + 1, "10:05:00", "4", "64980")
    j.place(block)
    j.filled("10:05:02", fill(block, "d1", "10:05:01", "4", "65000"))
    alike = trade(BTCUSDT, "x", "10:05:01", "65000", "4")
    story: Story = tell(j.rows, [*minutes(*["9"] * 5), *ours, alike])
    found, interval = of_leg(story, story.leg(FIRST)), others(story, story.leg(FIRST)).between(at("10:05:00"), LATE)
    assert (found.aside, line(found, "run").sold) == (4, D("1.5"))
    assert (interval.volume, interval.own_removed, interval.own_unmatched) == (4, 0, 0)


def test_without_a_tape_there_are_no_lines() -> None:
    story = tell(two_legs().rows)
    assert of_leg(story, story.leg(FIRST)).lines == ()


def test_in_the_summary_numbers_are_text_and_what_is_not_known_is_null() -> None:
    story = tell(two_legs().rows, tape())
    found = record(of_leg(story, story.leg(FIRST)))
    assert (found["own_prints"], found["outside_books"]) == ("removed", "0")
    assert found["lines"][0] == {
        "venue": "hashkey", "over": "minute", "at": "2026-05-02T10:01:00.000000Z", "sold": "0.5", "others": "0",
        "share": "1.000000", "counted": "0", "share_of_counted": "1.000000", "approved": None, "limit": None,
    }  # fmt: skip
