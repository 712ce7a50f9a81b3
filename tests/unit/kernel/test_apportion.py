"""A whole divided by largest remainder: nothing is lost, and nobody is a whole step off."""

from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.kernel.apportion import apportion

WHOLES = st.decimals("-1000000", "1000000", places=6)
WEIGHTS = st.lists(st.decimals("0", "5000", places=8), min_size=1, max_size=8).filter(any)


def d(text: str) -> Decimal:
    return Decimal(text)


@pytest.mark.parametrize(
    ("whole", "weights", "places", "parts"),
    [
        ("10", "1 1 1", 0, "4 3 3"),  # the first of equals
        ("10", "1 1 1", 2, "3.34 3.33 3.33"),
        ("0.01", "0.13 0.07", 2, "0.01 0.00"),
        ("-10", "1 2", 0, "-3 -7"),
        ("1", "0 1", 2, "0.00 1.00"),
        ("0", "0 0", 2, "0 0"),
    ],
)
def test_what_is_left_over_goes_to_the_largest_remainders(whole: str, weights: str, places: int, parts: str) -> None:
    assert apportion(d(whole), [d(w) for w in weights.split()], places) == [d(p) for p in parts.split()]


@given(whole=WHOLES, weights=WEIGHTS)
def test_the_parts_add_up_and_nobody_is_a_whole_step_off(whole: Decimal, weights: list[Decimal]) -> None:
    parts, everything = apportion(whole, weights, 6), sum(map(Fraction, weights))
    assert sum(parts) == whole
    exact = [Fraction(whole) * Fraction(weight) / everything for weight in weights]
    assert all(abs(Fraction(part) - share) < Fraction(1, 10**6) for part, share in zip(parts, exact, strict=True))


@given(whole=WHOLES, weights=WEIGHTS)
def test_whoever_has_more_weight_never_gets_less(whole: Decimal, weights: list[Decimal]) -> None:
    parts = apportion(abs(whole), weights, 6)
    ranked = sorted(zip(weights, parts, strict=True))
    assert all(more[1] >= less[1] or more[0] == less[0] for less, more in pairwise(ranked))


def test_a_whole_that_is_finer_than_a_step_is_refused() -> None:
    """Rounding it would lose something."""
    with pytest.raises(AssertionError, match=r"0\.001 is finer than 2 digits"):
        apportion(d("0.001"), [d("1")], 2)


def test_something_can_not_be_divided_among_nobody() -> None:
    with pytest.raises(AssertionError, match="nobody has a share of it"):
        apportion(d("1"), [d("0"), d("0")], 2)
