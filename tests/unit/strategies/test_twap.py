"""TWAP: equal slices, exactly summed, and irregular only as far as its band and its seed allow."""

from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.kernel.clock import HOUR, MINUTE, Instant
from engine.kernel.money import decimals
from strategies.stepped import WHOLE, Stepped
from strategies.twap import twap
from tests.support.builders import START, at, d, progress

END = at("01:00")
SEEDS = st.integers(0, 2**63)


def slices(schedule: Stepped, total: str, lot: str) -> list[Decimal]:
    """What each slice sells when all goes to plan."""
    targets = [schedule.target(progress(total, at=when, lot=d(lot))) for when in schedule.times]
    return [b - a for a, b in pairwise([Decimal(0), *targets])]


def test_four_slices_of_a_minute_ask_for_a_quarter_each() -> None:
    schedule = twap(START, at("00:04"), 4)
    assert schedule.times == (at("00:00"), at("00:01"), at("00:02"), at("00:03"))
    assert slices(schedule, "10", "0.001") == [d("2.5")] * 4


@pytest.mark.parametrize("when", ["00:01", "00:01:30", "00:01:59.999999"])
def test_a_target_stands_for_its_whole_slice(when: str) -> None:
    assert twap(START, at("00:04"), 4).target(progress(at=at(when))) == 5


def test_nothing_is_due_before_the_start_and_everything_after_the_end() -> None:
    schedule = twap(at("00:10"), at("00:20"), 10)
    assert schedule.target(progress(at=at("00:09:59"))) == 0
    assert schedule.target(progress(at=at("00:25"))) == 10


def test_slices_of_a_total_that_does_not_divide_differ_by_a_lot_at_the_most() -> None:
    """10 in 7 slices and hundredths: six of 1.43 and one of 1.42, in whatever order."""
    assert sorted(slices(twap(START, END, 7), "10", "0.01")) == [d("1.42"), *[d("1.43")] * 6]


def test_a_total_that_divides_into_whole_lots_is_divided_evenly() -> None:
    """6 lots in 3 slices."""
    assert slices(twap(START, END, 3), "6", "1") == [2, 2, 2]


@given(st.decimals("0.001", 10**6, places=3), st.integers(1, 300))
def test_slices_sum_to_the_total_to_the_last_lot(total: Decimal, count: int) -> None:
    sold = slices(twap(START, END, count), str(total), "0.001")
    assert sum(sold) == total
    assert all(decimals(quantity) <= 3 for quantity in sold)


@given(st.integers(1, 300), SEEDS, st.fractions(0, Fraction(99, 100)))
def test_jittered_slices_begin_within_their_share_of_their_own_slice_and_keep_their_order(
    count: int, seed: int, width: Fraction
) -> None:
    regular = twap(START, END, count).times
    moved = twap(START, END, count, time_jitter=width, seed=seed).times
    late = [b - a for a, b in zip(regular, moved, strict=True)]
    assert all(0 <= by <= width * (HOUR // count + 1) for by in late)
    assert list(moved) == sorted(moved)
    assert moved[-1] < END


@given(st.integers(1, 300), SEEDS, st.fractions(0, Fraction(1, 20)))
def test_jittered_sizes_stay_in_their_band_of_the_whole_and_end_at_the_whole(
    count: int, seed: int, band: Fraction
) -> None:
    regular = twap(START, END, count).shares
    moved = twap(START, END, count, size_jitter=band, seed=seed).shares
    assert all(abs(b - a) <= band * WHOLE for a, b in zip(regular, moved, strict=True))
    assert list(moved) == sorted(moved)
    assert moved[-1] == WHOLE


def jittered(seed: int) -> Stepped:
    return twap(START, END, 60, time_jitter=Fraction(1, 2), size_jitter=Fraction(1, 100), seed=seed)


def test_a_seed_is_replayed_and_another_seed_is_another_schedule() -> None:
    assert jittered(1) == jittered(1)
    assert jittered(1).times != jittered(2).times
    assert jittered(1).shares != jittered(2).shares


def test_jitter_moves_slices_for_real() -> None:
    """Half a minute at the most: some slices move by seconds, and not all by the same."""
    late = {b - a for a, b in zip(twap(START, END, 60).times, jittered(1).times, strict=True)}
    assert len(late) > 50
    assert max(late) > MINUTE // 4


@pytest.mark.parametrize(
    ("times", "shares"), [((), ()), ((1, 1), (1, WHOLE)), ((1, 2), (WHOLE, 1)), ((1,), (WHOLE - 1,))]
)
def test_steps_that_do_not_rise_or_do_not_end_at_the_whole_are_refused(
    times: tuple[int, ...], shares: tuple[int, ...]
) -> None:
    with pytest.raises(ValueError, match="must"):
        Stepped(tuple(map(Instant, times)), shares, END)
