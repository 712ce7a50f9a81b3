"""An amended schedule: the same curve, stretched or pressed from a moment on, without a jump and without a rest."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from engine.kernel.clock import HOUR, MINUTE, Instant, Span
from engine.market.traded import Traded
from engine.orders.strategy import Progress, Schedule
from engine.planning.pace import Now, Stretch, Stretched
from engine.planning.trading_time import InHours
from strategies import registry
from strategies.twap import twap
from strategies.vwap import vwap
from tests.support.builders import START, at, d, hours, progress

END = at("01:00")
LOT, TOTAL = d("0.001"), d("7.123")
SINCE = st.integers(START + 1, END - 1).map(Instant)
MOMENTS = st.integers(START, END + 4 * HOUR).map(Instant)
CURVES: dict[str, Schedule] = {
    "twap": twap(START, END, 12),
    "twap, jittered": twap(START, END, 12, time_jitter=d("0.5"), size_jitter=d("0.1"), seed=3),  # type: ignore[arg-type]
    "vwap": vwap(START, END, 24, (4, 3, 0, 7, 9)),
}
every_curve = pytest.mark.parametrize("curve", CURVES.values(), ids=CURVES)


@st.composite
def stretches(draw: st.DrawFn) -> Stretch:
    """From some moment before the end; the end comes then earlier or later."""
    since = draw(SINCE)
    return Stretch(since, END, draw(st.integers(since + 1, END + 3 * HOUR).map(Instant)))


def target(schedule: Schedule, when: Instant) -> Decimal:
    return schedule.target(progress(str(TOTAL), at=when, lot=LOT))


# The map


def test_until_the_amendment_nothing_is_changed() -> None:
    twice = Stretch(at("00:30"), END, at("01:30"))
    assert [twice.back(at(when)) for when in ("00:00", "00:29", "00:30")] == [at("00:00"), at("00:29"), at("00:30")]
    assert twice.forth(at("00:29")) == at("00:29")


def test_half_of_what_was_left_is_due_in_the_middle_of_what_there_is_now() -> None:
    """30 minutes were left, and are spread over 60."""
    twice = Stretch(at("00:30"), END, at("01:30"))
    assert [twice.back(at(when)) for when in ("01:00", "01:30")] == [at("00:45"), END]
    assert [twice.forth(at(when)) for when in ("00:45", "01:00")] == [at("01:00"), at("01:30")]


def test_after_the_new_end_time_passes_as_before() -> None:
    pressed = Stretch(at("00:30"), END, at("00:40"))
    assert pressed.back(at("00:45")) == at("01:05")
    assert pressed.forth(at("01:05")) == at("00:45")


@given(stretches(), st.lists(MOMENTS, min_size=2, max_size=30))
def test_time_never_runs_backwards(stretch: Stretch, moments: list[Instant]) -> None:
    moments.sort()
    for mapped in ([stretch.back(m) for m in moments], [stretch.forth(m) for m in moments]):
        assert mapped == sorted(mapped)


@given(stretches(), MOMENTS)
def test_forth_is_the_first_instant_whose_back_is_not_before(stretch: Stretch, moment: Instant) -> None:
    there = stretch.forth(moment)
    assert stretch.back(there) >= moment
    assert stretch.back(Instant(there - 1)) < moment


@given(stretches(), MOMENTS)
def test_forth_of_back_never_lies_ahead(stretch: Stretch, moment: Instant) -> None:
    """Rounding may lose less than a nanosecond of the schedule, and never invents one."""
    again = stretch.forth(stretch.back(moment))
    assert again <= moment
    assert stretch.back(again) == stretch.back(moment)


# The curve


@every_curve
@given(stretches())
def test_at_the_amendment_the_target_does_not_jump(curve: Schedule, stretch: Stretch) -> None:
    amended = Stretched(curve, stretch)
    assert target(amended, stretch.since) == target(curve, stretch.since)
    assert amended.slice(stretch.since) == curve.slice(stretch.since)


@every_curve
@given(stretches(), st.lists(MOMENTS, min_size=2, max_size=20))
def test_targets_and_slices_never_fall(curve: Schedule, stretch: Stretch, moments: list[Instant]) -> None:
    moments.sort()
    amended = Stretched(curve, stretch)
    targets, slices = [target(amended, m) for m in moments], [amended.slice(m) for m in moments]
    assert targets == sorted(targets)
    assert slices == sorted(slices)


@every_curve
@given(stretches())
def test_at_the_new_end_everything_is_due_to_the_last_lot(curve: Schedule, stretch: Stretch) -> None:
    assert target(Stretched(curve, stretch), stretch.ends) == TOTAL


@given(stretches(), st.data())
def test_two_amendments_in_a_row_end_at_the_second_ones_end_without_a_jump(first: Stretch, data: st.DataObject) -> None:
    since = data.draw(st.integers(first.since, first.ends - 1).map(Instant))
    ends = data.draw(st.integers(since + 1, since + 3 * HOUR).map(Instant))
    once = Stretched(CURVES["twap"], first)
    second = Stretch(since, first.forth(END), ends)
    twice = Stretched(once, second)
    assert target(twice, since) == target(once, since)
    assert target(twice, ends) == TOTAL


@every_curve
@given(stretches(), MOMENTS)
def test_no_slice_is_missed_between_a_moment_and_the_following(
    curve: Schedule, stretch: Stretch, moment: Instant
) -> None:
    amended = Stretched(curve, stretch)
    following = amended.following(moment)
    assert following > moment
    assert amended.slice(Instant(following - 1)) == amended.slice(moment)


@given(stretches(), MOMENTS)
def test_a_slice_plans_as_much_as_it_did(stretch: Stretch, moment: Instant) -> None:
    """So that what may be caught up in it is what it was, however long it takes now."""
    curve = CURVES["twap"]
    before, now = progress(str(TOTAL), at=stretch.back(moment), lot=LOT), progress(str(TOTAL), at=moment, lot=LOT)
    assert Stretched(curve, stretch).step(now) == curve.step(before)


def test_an_amended_schedule_in_hours_stands_still_while_closed() -> None:
    """It is stretched in open time: twenty closed minutes are not part of what there is now."""
    open_hours = hours(("00:00", "00:20"), ("00:40", "20:00"))
    twice = Stretch(at("00:10"), END, Instant(END + 50 * MINUTE))
    amended = InHours(Stretched(twap(START, END, 12), twice), open_hours, START)
    assert target(amended, at("00:20")) == target(amended, at("00:40"))
    assert target(amended, Instant(END + Span(70 * MINUTE))) == TOTAL


def test_all_at_once_wants_everything_and_has_no_cap_of_its_own() -> None:
    hurried = Now(CURVES["twap"])
    seen = progress(str(TOTAL), at=START, lot=LOT)
    assert (hurried.target(seen), hurried.step(seen)) == (TOTAL, None)
    assert hurried.slice(at("00:30")) == CURVES["twap"].slice(at("00:30"))


# What others trade


RATE = {"rate": "0.1", "every": "1m", "slice_max": "1", "quantity": str(TOTAL)}


def asked(when: Instant, *stretches: Stretch) -> Decimal:
    """What POV at a tenth asks for of a steady market, 9 a minute; one look a minute."""
    schedule = registry.schedule("pov", START, END, RATE)
    for stretch in stretches:
        schedule = Stretched(schedule, stretch)
    minutes = range((when - START) // MINUTE + 1)
    looks = Traded([Instant(START + i * MINUTE) for i in minutes], [d("0.09") * i for i in minutes])
    return schedule.target(progress(str(TOTAL), at=when, lot=LOT, traded=looks))


def test_at_half_the_pace_half_as_much_is_sold_of_what_others_trade() -> None:
    """A hundredth of a coin a minute until 00:30; half of it until the new end; as before after that."""
    half = Stretch(at("00:30"), END, at("01:30"))
    amended = [asked(at(when), half) for when in ("00:30", "00:40", "01:30", "01:40")]
    assert amended == list(map(d, ("0.3", "0.35", "0.6", "0.7")))
    assert asked(at("00:40")) == d("0.4")


def test_two_amendments_of_the_pace_multiply() -> None:
    """A half from 00:30 on, and half of that from 00:50 on."""
    half = Stretch(at("00:30"), END, at("01:30"))
    again = Stretch(at("00:50"), at("01:30"), at("02:10"))
    assert [asked(at(when), half, again) for when in ("00:50", "01:30", "02:10")] == [d("0.4"), d("0.5"), d("0.6")]


def test_what_nobody_saw_lies_where_the_stretched_clock_puts_it() -> None:
    class Kept(Struct, frozen=True):
        seen: list[Traded]

        def target(self, progress: Progress) -> Decimal:
            self.seen.append(progress.traded)
            return progress.total

        def slice(self, at: Instant) -> int:
            return 0

        def following(self, at: Instant) -> Instant:
            return END

        def step(self, progress: Progress) -> Decimal | None:
            return None

    kept = Kept([])
    looks = Traded([START, at("01:00")], [d("0"), d("9")], [(at("00:50"), at("01:00"))])
    Stretched(kept, Stretch(at("00:30"), END, at("01:30"))).target(
        progress(str(TOTAL), at=at("01:00"), lot=LOT, traded=looks)
    )
    (traded,) = kept.seen
    assert list(traded.gaps) == [(at("00:40"), at("00:45"))]
