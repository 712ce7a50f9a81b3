"""Two laws from one measurement."""

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.science.almgren_chriss import ac_plan
from engine.science.calibration import LAWS, Market, sale
from engine.science.impact import sqrt_impact
from engine.science.powerlaw import powerlaw_plan

COIN: Final = Market(
    price=62_000.0, sigma_daily=0.0275, volume_daily=29_717.0, prefactor=0.8, exponent=0.5, spread_bp=1.0
)


@given(st.floats(0.01, 1e4), st.floats(0.01, 10), st.floats(0.3, 1), st.integers(1, 60))
def test_an_even_sale_costs_by_the_straight_law_what_the_law_of_the_root_says(
    quantity: float, days: float, exponent: float, slices: int
) -> None:
    """The one point through which the line is drawn; half the spread comes on top of both."""
    market = replace(COIN, exponent=exponent)
    even = ac_plan(sale(market, quantity, days, slices, "linear"), 0.0)
    root = sqrt_impact(0.8, 0.0275, quantity, 29_717.0, exponent)
    assert 1e4 * even.cost / quantity / 62_000 == pytest.approx(root.average_bp + 0.5, rel=1e-9)


def test_a_day_s_even_sale_costs_by_the_power_law_the_peak_of_the_law_of_the_root() -> None:
    """h(v) at the day's own rate; whoever takes four days pays half of it."""
    for days, share in ((1.0, 1.0), (4.0, 0.5)):
        even = powerlaw_plan(sale(COIN, 500.0, days, 48, "power"), 0.5, 0.0)
        peak = sqrt_impact(0.8, 0.0275, 500.0, 29_717.0).peak_bp
        assert 1e4 * even.cost / 500 / 62_000 == pytest.approx(share * peak + 0.5, rel=1e-9)


@pytest.mark.parametrize("law", LAWS)
def test_fractions_become_amounts_of_money(law: str) -> None:
    """2.75 % of 62,000 a day; half a basis point of it to cross half the spread."""
    problem = sale(COIN, 500.0, 0.5, 24, "power" if law == "power" else "linear")
    assert problem.sigma == pytest.approx(1705)
    assert problem.eps == pytest.approx(3.1)


def test_permanent_impact_moves_the_price_by_its_fraction_for_a_day_s_volume() -> None:
    problem = sale(replace(COIN, permanent=0.01), 500.0, 0.5, 24, "linear")
    assert problem.gamma * 29_717 == pytest.approx(620)
