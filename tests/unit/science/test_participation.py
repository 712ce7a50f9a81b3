"""Shares of volume."""

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.science.participation import gueant_pov, pov_children

volumes = st.lists(st.floats(0, 1e6), max_size=30)


@given(st.floats(0, 0.9), volumes)
def test_our_share_of_all_volume_is_the_rate_and_counts_our_own(rate: float, others: list[float]) -> None:
    children = pov_children(rate, 1e12, others)
    for own, external in zip(accumulate(children), accumulate(others), strict=True):
        assert own == pytest.approx(rate * (own + external), rel=1e-9, abs=1e-6)


@given(st.floats(0, 0.9), st.floats(0, 1e5), volumes)
def test_no_more_is_sold_than_there_is_and_nothing_is_bought_back(
    rate: float, quantity: float, others: list[float]
) -> None:
    children = pov_children(rate, quantity, others)
    assert min(children, default=0) >= 0
    assert sum(children) <= quantity * (1 + 1e-12)


@given(st.floats(0, 0.9), st.floats(0, 1e5), volumes, st.integers(0, 30))
def test_what_is_sold_does_not_depend_on_what_is_traded_later(
    rate: float, quantity: float, others: list[float], cut: int
) -> None:
    assert pov_children(rate, quantity, others)[:cut] == pov_children(rate, quantity, others[:cut])


@pytest.mark.parametrize(
    ("rate", "quantity", "others"), [(1.0, 1, [1]), (-0.1, 1, [1]), (0.1, -1, [1]), (0.1, 1, [-1])]
)
def test_what_is_no_participation_is_refused(rate: float, quantity: float, others: list[float]) -> None:
    with pytest.raises(ValueError, match="no participation"):
        pov_children(rate, quantity, others)


@given(
    st.floats(1, 1e5),
    st.floats(1, 1e7),
    st.floats(1, 1e4),
    st.floats(1e-9, 1e-3),
    st.floats(0.1, 1e3),
    st.floats(0.2, 2),
)
def test_the_best_rate_balances_trading_and_waiting(
    quantity: float, volume: float, sigma: float, aversion: float, eta: float, phi: float
) -> None:
    """Cost of trading times phi is the cost of risk; a little faster or slower costs more."""
    best = gueant_pov(quantity, volume, sigma, aversion, eta, phi)
    assert best.execution_cost * phi == pytest.approx(best.risk_cost, rel=1e-9)
    assert best.duration * best.rate * volume == pytest.approx(quantity, rel=1e-9)
    for rate in (0.98 * best.rate, 1.02 * best.rate):
        trading = eta * rate**phi * quantity
        waiting = aversion * sigma**2 * quantity**3 / (6 * rate * volume)
        assert trading + waiting > best.execution_cost + best.risk_cost


def test_twice_the_quantity_is_sold_at_a_higher_rate() -> None:
    """q0 stands there squared: with phi 1/2 by 2 to the power of 4/3."""
    once, twice = (gueant_pov(q, 20000.0, 1500.0, 5e-8, 30.0, 0.5).rate for q in (1000.0, 2000.0))
    assert twice / once == pytest.approx(2 ** (4 / 3))


def test_what_is_not_above_zero_has_no_best_rate() -> None:
    with pytest.raises(ValueError, match="above zero"):
        gueant_pov(1000.0, 20000.0, 0.0, 5e-8, 30.0, 0.5)
