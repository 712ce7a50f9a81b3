"""The chance that the price outruns a deposit before the money arrives."""

from math import inf
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.science.cover import cover_break, headroom

TEN_PER_CENT: Final = 0.10
DAYS: Final = (1, 3, 7, 14, 24, 30)
TABLE: Final = {
    0.45: (0.0, 1.9, 12.0, 26.6, 38.9, 43.8),
    0.60: (0.2, 7.6, 24.0, 39.8, 51.0, 55.2),
    0.80: (2.2, 18.0, 37.1, 51.7, 61.1, 64.5),
}
CELLS: Final = [(vol, days, chance) for vol, row in TABLE.items() for days, chance in zip(DAYS, row, strict=True)]
fractions = st.floats(min_value=0.01, max_value=3)
spans = st.floats(min_value=0.01, max_value=400)


@pytest.mark.parametrize(("volatility", "days", "percent"), CELLS)
def test_the_domain_s_table_of_a_ten_per_cent_rise_is_met(volatility: float, days: int, percent: float) -> None:
    """45, 60 and 80 % a year; one day to thirty; to a tenth of a percentage point."""
    assert round(100 * cover_break(TEN_PER_CENT, volatility, days), 1) == percent


@pytest.mark.parametrize(("volatility", "days"), [(0.0, 30), (0.6, 0), (0.0, 0)])
def test_a_price_that_cannot_move_breaks_nothing(volatility: float, days: float) -> None:
    assert cover_break(TEN_PER_CENT, volatility, days) == 0


@pytest.mark.parametrize("gone", [0.0, -0.2])
def test_cover_that_is_broken_already_is_certain_to_break(gone: float) -> None:
    """Even if the price stands still for no time at all."""
    assert cover_break(gone, 0.6, 7) == cover_break(gone, 0.0, 0) == 1


def test_what_never_ends_is_touched_once_in_one_plus_headroom() -> None:
    """Ten thousand years of a price without drift: it reaches twice its value with a chance of one half."""
    assert cover_break(1.0, 0.6, 3_650_000) == pytest.approx(0.5, abs=1e-9)


@given(room=fractions, volatility=fractions, days=spans)
def test_it_is_a_chance_and_grows_with_time_and_volatility_and_shrinks_with_headroom(
    room: float, volatility: float, days: float
) -> None:
    chance = cover_break(room, volatility, days)
    slack = 1e-12
    assert 0 <= chance <= 1 / (1 + room) + slack
    assert cover_break(room, volatility, 2 * days) >= chance - slack
    assert cover_break(room, 2 * volatility, days) >= chance - slack
    assert cover_break(2 * room, volatility, days) <= chance + slack


@pytest.mark.parametrize(("volatility", "days"), [(-0.1, 1), (0.6, -1), (inf, 1), (0.6, inf), (float("nan"), 1)])
def test_a_volatility_or_time_that_is_none_is_refused(volatility: float, days: float) -> None:
    with pytest.raises(ValueError, match="no volatility and time"):
        cover_break(TEN_PER_CENT, volatility, days)


def test_headroom_is_how_far_the_price_may_rise_until_cover_meets_its_limit() -> None:
    """A deposit of 110 % with the limit at 100 % bears a rise of a tenth."""
    assert headroom(1.10, 1.00) == pytest.approx(0.10)
    assert headroom(0.9, 1.0) < 0
    assert headroom(inf, 1.0) == inf
    assert cover_break(headroom(inf, 1.0), 0.6, 30) == 0
