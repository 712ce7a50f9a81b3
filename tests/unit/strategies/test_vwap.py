"""Static VWAP: what should be gone follows the curve, cumulatively and exactly."""

from decimal import Decimal
from fractions import Fraction
from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.kernel.clock import DAY, Instant
from strategies.twap import twap
from strategies.vwap import vwap
from tests.support.builders import START, d, progress

MIDNIGHT = Instant(START + DAY)
HOURLY = [394, 391, 355, 317, 288, 281, 308, 370, 367, 356, 348, 352,
          453, 569, 746, 672, 580, 486, 462, 451, 434, 339, 339, 344]  # fmt: skip
PUBLISHED = [
    "9.848", "9.773", "8.873", "7.923", "7.199", "7.024", "7.699", "9.248", "9.173", "8.898", "8.698", "8.798",
    "11.323", "14.222", "18.646", "16.797", "14.497", "12.148", "11.548", "11.273", "10.848", "8.473", "8.473", "8.598",
]  # fmt: skip
"""250 BTC over a day by the hourly shares of Binance's BTCUSDT in 2024, worked out by another rule of rounding."""


def targets(curve: list[int], slices: int, total: str = "250", lot: str = "0.001") -> list[Decimal]:
    schedule = vwap(START, MIDNIGHT, slices, curve)
    return [schedule.target(progress(total, at=when, lot=d(lot))) for when in schedule.times]


def test_a_days_slices_follow_the_published_ones_to_the_lot() -> None:
    """Ours round the running total down; so no running total is further than a lot from the published one."""
    ours = targets(HOURLY, 24)
    theirs = list(accumulate(map(Decimal, PUBLISHED)))
    assert ours[-1] == theirs[-1] == 250
    assert max(abs(a - b) for a, b in zip(ours, theirs, strict=True)) <= d("0.013")


@pytest.mark.parametrize("hour", range(24))
def test_each_running_total_is_the_curves_share_rounded_down_to_a_lot(hour: int) -> None:
    share = Fraction(sum(HOURLY[: hour + 1]), sum(HOURLY))
    behind = 250 * share - Fraction(targets(HOURLY, 24)[hour])
    assert 0 <= behind < Fraction(2, 1000)


@pytest.mark.parametrize(
    ("curve", "slices", "total", "expected"),
    [
        ([1, 3], 2, "8", ["2", "8"]),
        ([1, 3], 4, "8", ["1", "2", "5", "8"]),
        ([1, 1, 2], 2, "8", ["3", "8"]),
        ([0, 1], 2, "8", ["0", "8"]),
        ([1, 0], 2, "8", ["8", "8"]),
        ([5], 4, "8", ["2", "4", "6", "8"]),
        ([4, 3, 5, 8], 1, "8", ["8"]),
    ],
)
def test_a_slice_takes_its_share_of_each_part_it_crosses(
    curve: list[int], slices: int, total: str, expected: list[str]
) -> None:
    assert targets(curve, slices, total) == [d(x) for x in expected]


def test_a_flat_curve_is_twap() -> None:
    flat, plain = vwap(START, MIDNIGHT, 10, [7] * 5), twap(START, MIDNIGHT, 10)
    assert (flat.times, flat.shares) == (plain.times, plain.shares)


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=48).filter(any), st.integers(1, 100))
def test_whatever_the_curve_targets_rise_and_end_at_the_whole(curve: list[int], slices: int) -> None:
    running = targets(curve, slices)
    assert all(a <= b for a, b in pairwise(running))
    assert running[-1] == 250


def test_the_scale_of_the_weights_does_not_matter() -> None:
    assert targets([1, 2, 5], 6) == targets([100, 200, 500], 6)


@pytest.mark.parametrize("curve", [[], [0, 0], [3, -1, 4]])
def test_a_curve_without_weight_or_with_a_negative_one_is_refused(curve: list[int]) -> None:
    with pytest.raises(ValueError, match="a volume curve needs weights"):
        vwap(START, MIDNIGHT, 4, curve)
