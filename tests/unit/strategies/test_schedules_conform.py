"""What every schedule promises, held against each that is registered, over drawn parameters and instants."""

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.kernel.clock import HOUR, Instant
from engine.kernel.money import is_multiple
from strategies import registry
from tests.support.builders import START, d, progress
from tests.support.schedules import DRAWN_ANEW, END, EVERY, OPEN_ENDED, made

LOT = d("0.001")
TOTALS = st.decimals("0.001", 10**6, places=6)
INSTANTS = st.integers(START - HOUR, END + 3 * HOUR).map(Instant)
every_schedule = pytest.mark.parametrize("name", EVERY)


def test_every_registered_schedule_is_held_to_this() -> None:
    assert {name.split(",")[0] for name in EVERY} == set(registry.SCHEDULES)


@pytest.mark.parametrize("name", [name for name in EVERY if name not in DRAWN_ANEW])
@given(TOTALS, st.lists(INSTANTS, min_size=2, max_size=20))
def test_a_target_never_falls_as_time_goes_on(name: str, total: Decimal, times: list[Instant]) -> None:
    schedule = made(name)
    oldest = START if name == "fiat_sweep" else None
    seen = [schedule.target(progress(str(total), at=t, lot=LOT, oldest=oldest)) for t in sorted(times)]
    assert all(a <= b for a, b in pairwise(seen))


@every_schedule
@given(TOTALS, INSTANTS, st.booleans())
def test_a_target_lies_between_nothing_and_the_total(name: str, total: Decimal, when: Instant, closing: bool) -> None:
    seen = progress(str(total), at=when, lot=LOT, closing=closing, oldest=START)
    assert 0 <= made(name).target(seen) <= total


@every_schedule
@given(INSTANTS)
def test_the_following_slice_lies_ahead_and_is_the_very_next_change(name: str, when: Instant) -> None:
    schedule = made(name)
    following = schedule.following(when)
    assert following > when
    assert schedule.slice(Instant(following - 1)) in (schedule.slice(when), schedule.slice(Instant(when + 1)))


@every_schedule
@given(st.lists(INSTANTS, min_size=2, max_size=20))
def test_slices_are_counted_upwards_from_nought(name: str, times: list[Instant]) -> None:
    schedule = made(name)
    indices = [schedule.slice(t) for t in sorted(times)]
    assert indices[0] >= 0
    assert indices == sorted(indices)
    assert indices[-1] <= 999_999


@every_schedule
@given(TOTALS, INSTANTS)
def test_a_step_is_a_positive_part_of_the_total_in_whole_lots_or_none_at_all(
    name: str, total: Decimal, when: Instant
) -> None:
    step = made(name).step(progress(str(total), at=when, lot=LOT))
    assert step is None or (0 <= step <= total and is_multiple(step, LOT))


@pytest.mark.parametrize("name", [name for name in EVERY if name not in OPEN_ENDED])
def test_at_the_end_everything_should_be_gone(name: str) -> None:
    assert made(name).target(progress("7.123", at=Instant(END - 1), lot=LOT)) == d("7.123")


def test_a_name_that_nobody_offers_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        registry.schedule("crystal_ball", START, END, {})
    with pytest.raises(KeyError):
        registry.tactic("crystal_ball", {})
