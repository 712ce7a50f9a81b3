"""Schedules in trading time: nothing grows while closed, so nothing has to be caught up at the opening."""

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.kernel.clock import DAY, HOUR, MINUTE, SECOND, Instant, Span, parse_instant
from engine.mandate.hours import Blackout, Hours, Window, closed, elapsed
from engine.market.traded import Traded
from engine.planning.trading_time import InHours
from strategies import registry
from strategies.fiat_sweep import FiatSweep
from strategies.twap import twap
from strategies.vwap import vwap
from tests.support.builders import d, progress


def hk(text: str) -> Instant:
    return parse_instant(f"2026-12-{text.replace(' ', 'T')}+08:00")


START = hk("23 09:30")
WINDOW = Span(16 * HOUR + 30 * MINUTE)
"""Three days of five and a half hours: Wednesday, Thursday, and Monday, since Friday is Christmas."""
END = Instant(START + WINDOW)
MORNING, AFTERNOON = (Window(days=(0, 1, 2, 3, 4), opens=Span(o), closes=Span(c)) for o, c in (
    (9 * HOUR + 30 * MINUTE, 12 * HOUR), (13 * HOUR, 16 * HOUR)))  # fmt: skip
DESK = Hours(
    offset=Span(8 * HOUR), windows=(MORNING, AFTERNOON), closed_days=("2026-12-25",), covers_until="2026-12-31"
)
LOT, TOTAL = d("0.001"), d("7.123")
SCHEDULES = {
    "twap": InHours(twap(START, END, 33), DESK, START),
    "twap, jittered": InHours(twap(START, END, 33, time_jitter=d("0.5"), size_jitter=d("0.02"), seed=11), DESK, START),
    "vwap": InHours(vwap(START, END, 66, (4, 3, 0, 7, 9)), DESK, START),
}
every_schedule = pytest.mark.parametrize("schedule", SCHEDULES.values(), ids=SCHEDULES)
INSTANTS = st.integers(START - DAY, START + 7 * DAY).map(Instant)


def target(schedule: InHours, at: Instant) -> Decimal:
    return schedule.target(progress(str(TOTAL), at=at, lot=LOT))


@every_schedule
@pytest.mark.parametrize(
    ("closes", "opens"),
    [
        ("23 12:00", "23 13:00"),
        ("23 16:00", "24 09:30"),
        ("24 16:00", "28 09:30"),
    ],
)
def test_a_target_stands_over_lunch_over_the_night_and_over_christmas(
    schedule: InHours, closes: str, opens: str
) -> None:
    """From the closing on to the opening, that moment included, the same is due and the same slice runs."""
    instants = [Instant(at) for at in (*range(hk(closes), hk(opens), 7 * MINUTE), hk(opens))]
    assert len({target(schedule, at) for at in instants}) == 1
    assert len({schedule.slice(at) for at in instants}) == 1
    assert len({schedule.step(progress(str(TOTAL), at=at, lot=LOT)) for at in instants}) == 1


@every_schedule
def test_the_slices_of_three_days_sum_to_the_total_to_the_last_lot(schedule: InHours) -> None:
    """Walked by `following` from before the start: no slice is left out, and at the end nothing is missing."""
    at, sold = Instant(START - 1), [Decimal(0)]
    while at < hk("28 16:00"):
        at = schedule.following(at)
        sold.append(target(schedule, at))
    assert sum((b - a for a, b in pairwise(sold)), Decimal(0)) == TOTAL
    assert sold == sorted(sold)


def test_no_step_at_an_opening_is_larger_than_the_slices_around_it() -> None:
    """33 equal slices of half an hour: lunch and nights make none of them bigger."""
    schedule, at, steps = SCHEDULES["twap"], Instant(START - 1), []
    while (at := schedule.following(at)) < hk("28 15:59"):
        steps.append(target(schedule, at))
    assert len(steps) == 33
    assert {b - a for a, b in pairwise(steps)} <= {d("0.215"), d("0.216")}


def test_half_of_a_twap_is_due_when_half_of_the_open_time_has_passed() -> None:
    """8 h 15 min of 16 h 30 min: Thursday, 13:15."""
    schedule = InHours(twap(START, END, 990), DESK, START)
    assert schedule.target(progress("990", at=hk("24 13:14"), lot=d("1"))) == 495
    assert elapsed(DESK, START, hk("24 13:15")) * 2 == WINDOW


@every_schedule
@given(INSTANTS)
def test_the_following_slice_lies_ahead_and_in_open_time(schedule: InHours, at: Instant) -> None:
    following = schedule.following(at)
    assert following > at
    assert closed(DESK, following) == ""


@every_schedule
@given(st.lists(INSTANTS, min_size=2, max_size=20))
def test_targets_and_slices_never_fall(schedule: InHours, instants: list[Instant]) -> None:
    instants.sort()
    targets, slices = [target(schedule, at) for at in instants], [schedule.slice(at) for at in instants]
    assert targets == sorted(targets)
    assert slices == sorted(slices)


@every_schedule
def test_no_change_is_missed_between_one_slice_and_the_following(schedule: InHours) -> None:
    """As long as it is open: a slice that ends with the hours is over at the closing already."""
    at, following = START, schedule.following(START)
    for _ in range(30):
        between = [Instant(t) for t in range(at, following, 5 * MINUTE) if not closed(DESK, Instant(t))]
        assert {target(schedule, t) for t in between} == {target(schedule, at)}
        at, following = following, schedule.following(following)


def test_before_the_start_nothing_is_due() -> None:
    assert target(SCHEDULES["twap"], hk("22 15:00")) == 0
    assert SCHEDULES["twap"].following(hk("22 15:00")) == START


def test_hours_that_never_come_again_are_looked_at_once_a_day() -> None:
    """The end of what is known of holidays: whoever waits for it waits to be stopped."""
    last = parse_instant("2026-12-31T16:00:00+08:00")
    assert SCHEDULES["twap"].following(last) == last + DAY


def test_coin_that_came_before_lunch_has_not_grown_old_over_lunch() -> None:
    """It would be swept after five minutes of age; it came a minute before twelve."""
    sweep = InHours(FiatSweep(START, Span(10 * SECOND), d("1000"), Span(5 * MINUTE)), DESK, START)

    def due(at: str) -> Decimal:
        return sweep.target(progress("100", at=hk(at), lot=LOT, oldest=hk("23 11:59")))

    assert due("23 13:03:59") == 0
    assert due("23 13:04:00") == 100


def test_a_blackout_stops_the_clock_as_well() -> None:
    stop = Blackout(begins=hk("23 10:00"), ends=hk("23 11:00"), reason="announcement")
    hours = Hours(
        offset=DESK.offset,
        windows=DESK.windows,
        closed_days=DESK.closed_days,
        blackouts=(stop,),
        covers_until=DESK.covers_until,
    )
    schedule = InHours(twap(START, END, 990), hours, START)
    assert target(schedule, stop.begins) == target(schedule, stop.ends)


def test_what_others_traded_is_shown_by_the_same_clock_as_the_instant() -> None:
    """A schedule that follows volume would else look for it at times that have not come in open hours."""
    looks = Traded((hk("24 09:40"), hk("24 10:00")), (d("500"), d("900")))
    follows = {"rate": "0.1", "every": "10m", "slice_max": "1", "quantity": "1000"}
    schedule = registry.schedule("pov", START, END, follows)
    seen = progress("1000", at=hk("24 10:00"), traded=looks)
    assert InHours(schedule, DESK, START).target(seen) == d("100")
