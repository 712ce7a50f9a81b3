"""Cutting exactly, and what irregular cutting costs."""

from decimal import Decimal
from fractions import Fraction
from math import inf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.kernel.money import is_multiple, total
from engine.science.slicing import jitter, largest_remainder
from tests.support.builders import d

weights = st.lists(st.integers(0, 1000) | st.decimals(0, 100, places=4), min_size=1, max_size=30).filter(any)
lots = st.sampled_from([d("0.001"), d("0.5"), d("1"), d("25")])


@given(st.integers(0, 10**7), weights, lots)
def test_parts_are_whole_lots_and_make_the_whole(count: int, given_weights: list[Decimal | int], lot: Decimal) -> None:
    parts = largest_remainder(count * lot, given_weights, lot)
    assert total(parts) == count * lot
    assert all(part >= 0 and is_multiple(part, lot) for part in parts)


@given(st.integers(0, 10**7), weights, lots)
def test_no_part_is_a_lot_away_from_its_share(count: int, given_weights: list[Decimal | int], lot: Decimal) -> None:
    whole = sum(map(Fraction, given_weights))
    parts = largest_remainder(count * lot, given_weights, lot)
    for part, weight in zip(parts, given_weights, strict=True):
        assert abs(Fraction(part) - Fraction(weight) / whole * Fraction(count * lot)) < Fraction(lot)


def test_of_equal_fractions_the_earlier_part_gets_the_lot() -> None:
    assert largest_remainder(d("3"), [1, 1], d("1")) == (d("2"), d("1"))
    assert largest_remainder(d("1"), [1, 2, 2], d("1")) == (d("0"), d("1"), d("0"))


def test_sixty_digits_of_a_quantity_are_not_rounded() -> None:
    """A float would have lost the last lots."""
    whole = d("1234567890123.000000000001")
    assert total(largest_remainder(whole, [1, 1, 1], d("0.000000000001"))) == whole


@pytest.mark.parametrize(
    ("quantity", "given_weights", "lot"),
    [("1.05", [1], "0.1"), ("1", [1], "0"), ("-1", [1], "1"), ("1", [], "1"), ("1", [0, 0], "1"), ("1", [2, -1], "1")],
)
def test_what_can_t_be_cut_is_refused(quantity: str, given_weights: list[int], lot: str) -> None:
    with pytest.raises(ValueError, match=r"lots|weights"):
        largest_remainder(d(quantity), given_weights, d(lot))


def test_drawn_sizes_and_times_spread_as_the_formulas_say() -> None:
    """200,000 draws of one slice's share, 20,000 of a whole schedule's times."""
    chance, found = np.random.default_rng(3), jitter(20, 10.0, 9.36e-5, 60.0)
    sizes = chance.dirichlet(np.full(20, 10.0), 200_000)[:, 0]
    assert sizes.std() == pytest.approx(found.size_deviation, rel=0.01)
    late = np.abs(chance.uniform(-60, 60, (20_000, 20)))
    moves = chance.normal(0, 9.36e-5, late.shape) * np.sqrt(late)
    assert 1e4 * moves.mean(axis=1).std() == pytest.approx(found.timing_deviation_bp, rel=0.02)


@pytest.mark.parametrize("given_values", [(0, 1.0, 1.0, 1.0), (2, 0.0, 1.0, 1.0), (2, 1.0, -1.0, 1.0), (2, 1, 1, -inf)])
def test_what_is_no_slicing_is_refused(given_values: tuple[int, float, float, float]) -> None:
    with pytest.raises(ValueError, match="no slicing"):
        jitter(*given_values)
