"""Our share of the volume around the times at which a price is taken."""

from decimal import Decimal

from msgspec.structs import replace

from engine.evidence.conduct import of_run
from engine.evidence.fixings import CLOSE, merged
from engine.evidence.measure import Measure, Verdict, What
from engine.kernel.clock import HOUR, MINUTE, Instant, Span
from engine.mandate.conduct import Fixing
from engine.mandate.terms import Floor, FloorFees, FloorScope
from engine.market.facts import Print
from tests.support.builders import average_floor, d
from tests.support.journals import BTCUSDT, FIRST, USDT, trade
from tests.support.resting import OSL, Rested, after, clock, rules

D = Decimal
FIVE = Span(5 * MINUTE)
HONG_KONG = Fixing(name="desk rate", at=Span(20 * HOUR), offset=Span(8 * HOUR), within=FIVE)
"""Eight in the evening there is noon in UTC, where the runs of these tests begin."""
NEXT_DAY = 86_400


def others(*sold: tuple[float, str]) -> list[Print]:
    """What others trade, so many seconds after noon."""
    seen = [(trade(BTCUSDT, f"x{i}", clock(when), "65000", v), after(when)) for i, (when, v) in enumerate(sold)]
    return [replace(each, at=at, seen_at=at) for each, at in seen]


def at_fixing(run: Rested, *prints: Print) -> list[Measure]:
    found = of_run(run.story(*prints)).measures
    return [each for each in found if each.what is What.FIXING and each.leg == FIRST]


def test_a_burst_in_a_fixing_is_found() -> None:
    """0.03 within five minutes after noon, where others trade 0.07: three tenths, and a fifth is the bound."""
    run = Rested(rules=rules(fixings=(HONG_KONG,)))
    named = [run.filled(10 * number, 10 * number + 5).client_id for number in range(3)]
    run.filled(400, 405)
    (found,) = at_fixing(run, *others((60, "0.07"), (500, "9")))
    assert (found.value, found.verdict, found.at) == (D("0.3000"), Verdict.OVER, after(0))
    assert found.orders == tuple(named)
    assert found.detail == "desk rate: 0.03 of 0.1; sold in 1 of 1 windows"


def test_a_share_is_never_rounded_to_the_other_side_of_its_bound() -> None:
    """0.01 of 0.049999 is 20.0004 %: over a fifth, and not the 0.2000 that would be within."""
    run = Rested(rules=rules(fixings=(HONG_KONG,)))
    run.filled(0, 5)
    (found,) = at_fixing(run, *others((60, "0.039999")))
    assert (found.value, found.verdict) == (D("0.200004"), Verdict.OVER)


def test_a_share_of_its_very_bound_is_within() -> None:
    run = Rested(rules=rules(fixings=(HONG_KONG,)))
    run.filled(0, 5)
    (found,) = at_fixing(run, *others((60, "0.04")))
    assert (found.value, found.verdict) == (D("0.2000"), Verdict.WITHIN)


def test_the_same_sales_in_a_deep_market_are_within() -> None:
    run = Rested(rules=rules(fixings=(HONG_KONG,)))
    run.filled(0, 5)
    (found,) = at_fixing(run, *others((60, "0.99")))
    assert (found.value, found.verdict) == (D("0.0100"), Verdict.WITHIN)


def test_who_sells_outside_the_window_has_no_share_in_it() -> None:
    run = Rested(rules=rules(fixings=(HONG_KONG,)))
    run.filled(400, 405)
    (found,) = at_fixing(run, *others((60, "0.07")))
    assert (found.value, found.detail) == (0, "desk rate: nothing sold in 1 windows")


def test_without_a_tape_a_sale_in_the_window_can_t_be_measured() -> None:
    run = Rested(rules=rules(fixings=(HONG_KONG,)))
    run.filled(0, 5)
    (found,) = at_fixing(run)
    assert (found.verdict, found.lack) == (Verdict.UNMEASURED, "no tape of the pair, and we sold in the window")


def test_a_fixing_at_another_time_of_the_day_did_not_fall_into_the_run() -> None:
    run = Rested(rules=rules(fixings=(replace(HONG_KONG, at=Span(3 * HOUR)),)))
    run.filled(0, 5)
    assert at_fixing(run)[0].lack == "no such window fell into the run"


def test_of_several_days_the_worst_counts() -> None:
    """The same sale at the same hour meets 0.99 of others on the first day and 0.03 on the next."""
    run = Rested(rules=rules(fixings=(HONG_KONG,)))
    run.filled(0, 5)
    worst = run.filled(NEXT_DAY, NEXT_DAY + 5)
    (found,) = at_fixing(run, *others((30, "0.99"), (NEXT_DAY + 30, "0.03")))
    assert (found.value, found.at, found.orders) == (D("0.2500"), after(NEXT_DAY), (worst.client_id,))
    assert found.detail.endswith("sold in 2 of 2 windows")


def test_each_fixing_is_a_measure_of_its_own() -> None:
    later = replace(HONG_KONG, name="an hour later", at=Span(21 * HOUR))
    run = Rested(rules=rules(fixings=(HONG_KONG, later)))
    run.filled(0, 5)
    found = at_fixing(run, *others((30, "1"), (4000, "1")))
    assert [(each.detail.split(":")[0], each.value) for each in found] == [
        ("desk rate", D("0.0099")), ("an hour later", None),
    ]  # fmt: skip


def test_each_venue_is_measured_by_itself_and_all_together() -> None:
    """On the second venue nothing is known of the others, so only the first has a share of its own there."""
    run = Rested(OSL, rules=rules(fixings=(HONG_KONG,)))
    run.filled(0, 5)
    run.filled(0, 6, venue=OSL)
    found = at_fixing(run, *others((60, "0.18")))
    assert [(each.venue, each.value) for each in found] == [
        ("hashkey", D("0.0526")), (OSL, None), (None, D("0.1000")),
    ]  # fmt: skip


def test_the_end_of_the_day_that_a_floor_is_averaged_over_is_a_fixing_by_itself() -> None:
    run = Rested()
    run.filled(0, 5)
    story = run.story()
    floor = Floor(d("0"), USDT, FloorScope.FILL, FloorFees.OUT, average=average_floor())
    leg = replace(story.legs[0], plan=replace(story.legs[0].plan, floor=floor))
    found = of_run(replace(story, legs=(leg, *story.legs[1:]))).measures
    assert [each.detail for each in found if each.what is What.FIXING] == [CLOSE]


def test_stretches_that_touch_are_one() -> None:
    pieces = [(Instant(5), Instant(9)), (Instant(1), Instant(3)), (Instant(3), Instant(4)), (Instant(6), Instant(7))]
    assert merged(pieces) == [(1, 4), (5, 9)]
