"""A run of days, day by day; the two days are those of `tests.support.days`."""

from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from engine.evidence.benchmarks import gather
from engine.evidence.daylegs import DayLeg
from engine.evidence.dayrecord import day_json
from engine.evidence.days import DayStory, days, spans
from engine.evidence.reading import tell
from engine.evidence.story import Story
from engine.kernel.money import total
from tests.support.days import HOURS, on, others, tape, two_days
from tests.support.journals import BTC, FIRST, USDT, two_legs

D = Decimal
GOLDEN = Path(__file__).parents[2] / "golden"
TARGETS = {FIRST: [(on(2, "10:00:00"), D("0.4")), (on(3, "10:00:00"), D("0.7")), (on(4, "10:00:00"), D("1"))]}


def told(story: Story) -> tuple[DayStory, ...]:
    return tuple(days(story, gather(story)))


STORY = tell(two_days().rows, tape(), TARGETS)
SATURDAY, SUNDAY = told(STORY)


def legs(day: DayStory) -> tuple[DayLeg, DayLeg]:
    first, second = day.legs
    return first, second


def test_every_local_day_from_the_first_row_to_the_last_has_its_story() -> None:
    assert [day.span.name for day in (SATURDAY, SUNDAY)] == ["2026-05-02", "2026-05-03"]
    assert (SATURDAY.span.begins, SATURDAY.span.ends) == (on(2, "09:00:00"), on(3, "00:00:00"))


def test_a_run_without_a_programme_has_no_days() -> None:
    assert told(tell(two_legs().rows)) == ()


def test_a_day_that_goes_on_says_so_until_midnight() -> None:
    open_run = tell(two_days(closed=False).rows)
    assert [span.over for span in spans(open_run)] == [True, False]
    assert [span.over for span in spans(open_run, on(4, "00:00:00"))] == [True, True, False]


def test_a_day_sells_what_the_journal_learned_of_on_it_and_says_how_much_of_it_is_late() -> None:
    """0.1 BTC of Saturday were found on Sunday morning; 0.15 were sold by voice."""
    assert [(leg.sold, leg.fills, leg.late) for leg in SATURDAY.legs] == [(D("0.2"), 1, 0), (D(11000), 1, 0)]
    assert [(leg.sold, leg.fills, leg.late) for leg in SUNDAY.legs] == [(D("0.25"), 2, 1), (D(0), 0, 0)]


def test_the_days_add_up_to_the_run() -> None:
    for index, leg in enumerate(STORY.legs):
        assert total(day.legs[index].sold for day in (SATURDAY, SUNDAY)) == total(s.fill.quantity for s in leg.fills)


def test_what_remains_is_what_the_leg_had_by_then_and_had_not_sold() -> None:
    """Of the fed leg: 12000 less 12 less 11000; then 6599.5 less 6.5995 and 10000.05 less 9 more."""
    assert [leg.remaining for leg in SATURDAY.legs] == [D("0.8"), D("988")]
    assert [leg.remaining for leg in SUNDAY.legs] == [D("0.55"), D("17571.9505")]


def test_the_quota_counts_the_day_on_which_was_sold_and_the_rest_comes_on_top_of_the_next() -> None:
    """Half of 1 BTC a day; on Sunday evening it is known that Saturday had sold 0.3."""
    assert (legs(SATURDAY)[0].quota, legs(SUNDAY)[0].quota) == (D("0.5"), D("0.7"))
    assert legs(SATURDAY)[1].quota is None


def test_what_is_planned_is_what_the_schedule_gives_the_day() -> None:
    assert [day.legs[0].planned for day in (SATURDAY, SUNDAY)] == [D("0.4"), D("0.3")]
    assert SATURDAY.legs[1].planned is None


def test_the_market_of_a_day_is_that_of_the_leg_s_hours() -> None:
    """What was traded at lunch is nobody's footprint: 0.2 of 0.2 and 0.8."""
    first, _ = legs(SATURDAY)
    assert (first.vwap, first.footprint) == (D("60200.00000000"), D("0.200000"))
    assert (first.average, first.opening_mid, first.decision_mid) == (
        D("60000.00000000"),
        D(60000),
        D("60000.00000000"),
    )
    assert (first.loss_opening_bp, first.loss_vwap_bp) == (D("0.0000"), D("33.2226"))


def test_stablecoin_in_the_evening_is_explained_to_the_unit() -> None:
    (stock,) = SATURDAY.stocks
    assert (stock.at_start, stock.brought, stock.sold, stock.moved, stock.units) == (
        D(0),
        D(11988),
        D(11000),
        D(0),
        D(988),
    )
    assert stock.reason == "bank hours: outside trading hours until 2026-05-03T01:00:00Z"


def test_the_reason_is_that_of_the_leg_once_it_was_given_up() -> None:
    assert SUNDAY.stocks[0].reason == "halted"


def test_accounts_are_compared_as_they_were_last_read_and_without_what_was_explained_since() -> None:
    """On Saturday nobody knew of the 0.1 BTC; on Sunday 5 USD lacked, until a paper explained them."""
    assert [(c.read_at, c.differences) for c in SATURDAY.compared] == [(on(2, "20:00:00"), ())]
    assert [(c.read_at, c.differences) for c in SUNDAY.compared] == [(on(3, "18:00:00"), ())]
    before = tell([row for row in two_days().rows if row[0].at < on(3, "18:30:00")])
    (difference,) = told(before)[1].compared[0].differences
    assert str(difference) == "-5 USD"


def test_cover_is_the_lowest_of_the_day() -> None:
    """70000 over 1 BTC; at 66000 it is 0.8 BTC, 988 USDT and 10989 USD."""
    assert SATURDAY.cover is not None
    assert (SATURDAY.cover.at, SATURDAY.cover.lowest.exposed) == (on(2, "15:59:00"), D("64777"))
    assert SATURDAY.cover.below == 0
    assert SUNDAY.cover is None  # nobody decided on that day


def test_people_s_words_stand_with_their_day_and_with_what_became_of_them() -> None:
    assert SATURDAY.words == ()
    assert [bool(word.denied) for word in SUNDAY.words] == [True, False, False]


def test_the_next_day_is_the_next_with_open_hours_and_what_it_may_sell() -> None:
    """By what is known on Saturday, 0.3 of its 0.5 are left."""
    tomorrow = SATURDAY.tomorrow
    assert tomorrow is not None
    assert tomorrow.name == "2026-05-03"
    assert tomorrow.hours == ((on(3, "10:00:00"), on(3, "12:00:00")), (on(3, "13:00:00"), on(3, "16:00:00")))
    assert tomorrow.quotas == (("a", D("0.8"), D("0.3")),)


def test_a_run_that_is_over_has_no_tomorrow() -> None:
    assert SUNDAY.tomorrow is None


def test_a_day_is_told_the_same_in_the_evening_and_ever_after() -> None:
    """The rows of Sunday change nothing of what Saturday's report says."""
    evening = tell([row for row in two_days().rows if row[0].at < on(3, "00:00:00")], tape(), TARGETS)
    (then,) = days(evening, gather(evening), now=on(3, "00:01:00"), only=["2026-05-02"])
    assert day_json(evening, then) == day_json(STORY, SATURDAY)


def test_a_day_of_which_the_tape_shows_nothing_has_no_market_and_no_share() -> None:
    first, _ = legs(told(tell(two_days().rows))[0])
    assert (first.vwap, first.footprint, first.loss_vwap_bp) == (None, None, None)


def test_a_book_that_no_decision_saw_leaves_the_decision_price_out() -> None:
    """No mid is made up for a fill whose decision saw none."""
    rows = [row for row in two_days().rows if row[0].kind != "due"]
    assert legs(told(tell(rows))[0])[0].decision_mid is None


def test_the_record_of_a_day_is_text_without_floats_and_with_all_its_parts() -> None:
    record = msgspec.json.decode(day_json(STORY, SUNDAY))
    assert list(record) == [
        "schema", "run", "case", "day", "begins", "ends", "over", "hours", "bank_hours", "legs", "stable", "accounts",
        "cover", "no_answer", "withheld", "alarms", "decisions", "next",
    ]  # fmt: skip
    assert [said["what"] for said in record["decisions"]] == ["amend", "ticket", "explain_difference"]
    assert record["decisions"][0]["denied"] == ["amended plan: 00 against another"]
    assert record["legs"][0]["sold"] == "0.25"


@pytest.mark.parametrize("name", ["2026-05-02", "2026-05-03"])
def test_one_day_can_be_told_alone(name: str) -> None:
    (only,) = days(STORY, gather(STORY), only=[name])
    assert only == {day.span.name: day for day in (SATURDAY, SUNDAY)}[name]


def test_a_print_outside_the_hours_of_the_leg_moves_nothing() -> None:
    more = tell(two_days().rows, (*tape(), others(2, "22:00:00", "1", "1000")), TARGETS)
    assert legs(told(more)[0])[0] == legs(SATURDAY)[0]


def test_stablecoin_below_the_smallest_order_says_so() -> None:
    """The pair takes no less than 1000 USDT."""
    opened = STORY.opened
    pool = opened.plan.legs[1]
    large = replace(pool.instruments[0], quantity_min=D(1000))
    plan = replace(opened.plan, legs=(opened.plan.legs[0], replace(pool, instruments=(large,))))
    story = replace(
        STORY, opened=replace(opened, plan=plan), legs=(STORY.legs[0], replace(STORY.legs[1], plan=plan.legs[1]))
    )
    assert told(story)[0].stocks[0].reason == "less than the smallest order of the venue, 1000"


def test_the_assets_of_the_days_are_those_of_the_legs() -> None:
    assert [(leg.sell, leg.id) for leg in SATURDAY.legs] == [(BTC, "a"), (USDT, "b")]
    assert SATURDAY.offset == HOURS.offset


def test_the_record_of_a_day_is_what_other_programs_were_promised() -> None:
    """A change here is a change of schema 1: additive, or a new number."""
    assert day_json(STORY, SATURDAY) == (GOLDEN / "day.json").read_bytes()
