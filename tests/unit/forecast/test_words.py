"""Numbers as text: one precision for each kind, and no two texts for one number."""

import pytest

from engine.forecast import words
from engine.kernel.clock import DAY, MINUTE, SECOND


@pytest.mark.parametrize(
    ("value", "text"), [(1.005, "1.00"), (-0.001, "0.00"), (12.345678, "12.35"), (None, ""), (float("nan"), "")]
)
def test_basis_points_have_two_places(value: float | None, text: str) -> None:
    assert words.bp(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0.0 %"), (0.0004, "below 0.1 %"), (0.25, "25.0 %"), (0.9996, "above 99.9 %"), (1.0, "100.0 %")],
)
def test_a_chance_is_told_to_a_tenth_of_a_percent(value: float, text: str) -> None:
    assert words.chance(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (0.262912, "0.2629"), (78318.35, "78320"), (1234567.0, "1235000"), (0.00001234, "0.000012340000")],
)
def test_a_volume_has_four_digits_and_no_exponent(value: float, text: str) -> None:
    assert words.number(value) == text


def test_a_span_is_told_to_the_minute_and_a_short_one_to_the_second() -> None:
    assert words.span(DAY + 90 * SECOND) == "1d2m"
    assert words.span(MINUTE + 1_400_000_000) == "1m1s"
