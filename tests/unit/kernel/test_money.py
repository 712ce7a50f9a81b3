"""Exact numbers: what is refused at the door, and which way each rounding goes."""

from decimal import ROUND_HALF_EVEN, Decimal, Inexact
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.kernel.money import down_to, exact, is_multiple, part, plain, ratio, times, total, trimmed, up_to
from tests.support.builders import d

AMOUNTS = st.decimals(0, 10**12, places=8)
STEPS = st.sampled_from([d(s) for s in ("0.00000001", "0.001", "0.01", "0.05", "1", "25", "0.0003")])


@pytest.mark.parametrize(
    "text", ["NaN", "sNaN", "Infinity", "-Infinity", "", "one", "1,5", "0x10", "1_0", " 1", "1\n", "\uff11"]
)
def test_what_is_no_finite_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a"):
        exact(text)


@pytest.mark.parametrize("text", ["10000000000000", "1E13", "0.0000000000001", "1E-13", "0.1000000000001"])
def test_more_digits_than_sums_can_keep_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="more digits"):
        exact(text)


def test_more_digits_than_anything_can_keep_are_refused_in_the_same_way() -> None:
    with pytest.raises(ValueError, match="more digits"):
        exact("0." + "1" * 70)


def test_a_float_with_a_tail_is_refused() -> None:
    """`0.1` is not one tenth, and whoever passes it by mistake is told."""
    with pytest.raises(ValueError, match=r"0\.1"):
        exact(0.1)  # type: ignore[arg-type]


def test_a_float_is_refused_whatever_its_digits() -> None:
    with pytest.raises((ValueError, TypeError)):
        exact(0.5)  # type: ignore[arg-type]


def test_a_product_with_a_float_is_refused() -> None:
    with pytest.raises(TypeError):
        times(0.5, d("2"))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "shown"), [("1E3", "1000"), ("1.50", "1.50"), ("0", "0"), ("9999999999999.999999999999",) * 2]
)
def test_a_number_is_kept_as_it_was_written_but_without_an_exponent(text: str, shown: str) -> None:
    assert str(exact(text)) == shown


def test_a_product_that_would_have_to_be_rounded_raises() -> None:
    """31 digits times 31 digits are 62, and 60 are kept."""
    with pytest.raises(Inexact):
        times(Decimal("1" * 31), Decimal("1" * 31))


def test_a_sum_of_many_small_and_one_large_amount_loses_nothing() -> None:
    assert total([d("9999999999999"), *[d("0.000000000001")] * 3]) == d("9999999999999.000000000003")


@given(AMOUNTS, STEPS)
def test_down_to_is_the_largest_multiple_that_is_not_above(value: Decimal, step: Decimal) -> None:
    rounded = down_to(value, step)
    assert is_multiple(rounded, step)
    assert rounded <= value < rounded + step


@given(AMOUNTS, STEPS)
def test_up_to_is_the_smallest_multiple_that_is_not_below(value: Decimal, step: Decimal) -> None:
    rounded = up_to(value, step)
    assert is_multiple(rounded, step)
    assert rounded - step < value <= rounded


@given(AMOUNTS, st.integers(0, 10**9), st.integers(1, 10**9), STEPS)
def test_a_part_is_the_exact_share_rounded_down_to_whole_steps(
    whole: Decimal, numerator: int, denominator: int, step: Decimal
) -> None:
    share = part(whole, numerator, denominator, step)
    true = Fraction(whole) * numerator / denominator
    assert is_multiple(share, step)
    assert Fraction(share) <= true < Fraction(share) + Fraction(step)


@given(AMOUNTS, st.integers(1, 60), STEPS)
def test_cumulative_parts_rise_and_end_at_the_whole(whole: Decimal, count: int, step: Decimal) -> None:
    parts = [part(whole, i, count, step) for i in range(count + 1)]
    assert parts == sorted(parts)
    assert (parts[0], parts[-1]) == (d("0"), down_to(whole, step))


def test_a_statistic_is_rounded_half_even() -> None:
    assert [ratio(d(x), d("2"), 1) for x in ("0.5", "0.7", "0.3")] == [d("0.2"), d("0.4"), d("0.2")]
    assert ratio(d("1"), d("8"), 2) == d("0.125").quantize(d("0.01"), ROUND_HALF_EVEN)


@pytest.mark.parametrize(
    ("value", "shown", "short"), [("1E+3", "1000", "1000"), ("0E-8", "0.00000000", "0"), ("1.50", "1.50", "1.5")]
)
def test_people_never_read_an_exponent(value: str, shown: str, short: str) -> None:
    assert (plain(d(value)), trimmed(d(value))) == (shown, short)
