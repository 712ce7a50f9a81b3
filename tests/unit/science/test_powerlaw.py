"""The schedule under impact that is a power of the rate, against what it has to obey and what it tends to."""

from itertools import pairwise
from math import exp
from typing import Final

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.science.almgren_chriss import Sale, ac_plan
from engine.science.powerlaw import powerlaw_plan

COIN: Final = Sale(quantity=2000.0, horizon=1.0, slices=48, sigma=250.0, eta=9.0)
EXPONENTS: Final = (0.3, 0.5, 0.6, 1.0, 1.5, 2.0)
exponents = st.floats(0.3, 2.0)
sales = st.builds(
    Sale,
    quantity=st.floats(1e-3, 1e6),
    horizon=st.floats(1e-2, 1e2),
    slices=st.integers(1, 60),
    sigma=st.floats(1e-2, 1e4),
    eta=st.floats(1e-4, 1e3),
)
aversions = st.floats(-12, 6).map(lambda power: 10.0**power)


def scale(sale: Sale, exponent: float, aversion: float) -> float:
    """T*, the time in which the sale without an end is well under way."""
    pull = aversion * sale.sigma**2
    return float((exponent * sale.eta * sale.quantity ** (exponent - 1) / pull) ** (1 / (exponent + 1)))


def endless(sale: Sale, exponent: float, aversion: float, at: float) -> float:
    """What is held where no horizon ends the sale: the closed form of section 1.5."""
    passed, k = at / scale(sale, exponent, aversion), exponent
    if k == 1:
        return sale.quantity * exp(-passed)
    base = max(0.0, 1 + (1 - k) / (1 + k) * passed)
    return float(sale.quantity * base ** (-(1 + k) / (1 - k)))


def long(exponent: float, times: int) -> Sale:
    """Forty times T* in slices of a 25th of it; or so many times as long in slices as many times finer."""
    return replace(COIN, horizon=40 * times * scale(COIN, exponent, 5e-5), slices=1000 * times**2)


@pytest.mark.parametrize("exponent", EXPONENTS)
def test_a_long_sale_in_fine_slices_is_the_endless_one(exponent: float) -> None:
    """Within two per cent of the whole; three times as long, in slices a third as long, is twice as close."""
    far = []
    for times in (1, 3):
        sale = long(exponent, times)
        held = powerlaw_plan(sale, exponent, 5e-5).holdings
        ideal = [endless(sale, exponent, 5e-5, j * sale.tau) for j in range(sale.slices + 1)]
        far.append(float(np.abs(np.subtract(held, ideal)).max()) / sale.quantity)
    assert far[0] < 0.02
    assert far[1] < far[0] / 2


def test_the_page_s_own_case_is_met_as_slices_become_fine() -> None:
    """W-AC8: 309.8857 coins after half a day, 87.30169 after one, 15.4048 after two; extrapolated from two grids."""
    found = []
    for steps in (4000, 8000):
        sale = replace(COIN, horizon=10.0, slices=10 * steps)
        held = powerlaw_plan(sale, 0.6, 5e-5).holdings
        found.append(np.array([held[steps // 2], held[steps], held[2 * steps]]))
    limit = 2 * found[1] - found[0]  # the error is of the first order in a slice
    np.testing.assert_allclose(limit, [309.8857356349, 87.30169006743, 15.40479991487], rtol=3e-3)


@given(sales, aversions)
def test_with_linear_impact_it_is_almgren_and_chriss(sale: Sale, aversion: float) -> None:
    power, linear = powerlaw_plan(sale, 1.0, aversion), ac_plan(sale, aversion)
    assert power.holdings == pytest.approx(linear.holdings, rel=1e-9, abs=1e-250)
    assert (power.cost, power.variance) == pytest.approx((linear.cost, linear.variance), rel=1e-9, abs=1e-250)


@given(sales, exponents, aversions)
def test_the_marginal_cost_of_one_slice_is_that_of_the_next_and_the_risk_between(
    sale: Sale, exponent: float, aversion: float
) -> None:
    """The condition of an optimum, for every slice that sells what a float can tell from nothing."""
    plan = powerlaw_plan(sale, exponent, aversion)
    sold = [a - b for a, b in pairwise(plan.holdings)]
    unit = (1 + exponent) * sale.eta * sale.tau**-exponent
    pull = 2 * aversion * sale.sigma**2 * sale.tau
    for (now, after), held in zip(pairwise(sold), plan.holdings[1:], strict=False):
        # What is sold is a difference of what is held, and so known to some parts in 1e16 of that.
        blur = exponent * 1e-13 * (now + held) / max(after, 1e-300)
        assert now**exponent == pytest.approx(
            after**exponent + pull * held / unit, rel=1e-7 + min(blur, 1.0), abs=1e-200
        )


@given(sales, exponents, aversions)
def test_what_is_held_falls_from_all_to_nothing_and_the_fastest_slices_come_first(
    sale: Sale, exponent: float, aversion: float
) -> None:
    held = powerlaw_plan(sale, exponent, aversion).holdings
    assert (held[0], held[-1], len(held)) == (sale.quantity, 0, sale.slices + 1)
    sold = [a - b for a, b in pairwise(held)]
    assert min(sold) >= 0
    assert all(a >= b - 1e-9 * sale.quantity for a, b in pairwise(sold))


@given(sales, exponents)
def test_without_risk_it_is_exactly_the_straight_line(sale: Sale, exponent: float) -> None:
    straight = tuple(sale.quantity * (sale.slices - j) / sale.slices for j in range(sale.slices + 1))
    assert powerlaw_plan(sale, exponent, 0.0).holdings == straight
    assert powerlaw_plan(replace(sale, sigma=0.0), exponent, 1.0).holdings == straight


@pytest.mark.parametrize("exponent", EXPONENTS)
@pytest.mark.parametrize("aversion", [1e-7, 1e-5, 1e-3, 1e3])
def test_no_other_schedule_costs_less_at_its_risk(exponent: float, aversion: float) -> None:
    """Two thousand that have nothing to do with the best one, and two thousand that are near it."""
    best = powerlaw_plan(COIN, exponent, aversion)
    chance = np.random.default_rng(11)
    wild = chance.dirichlet(np.full(COIN.slices, 0.7), 2000)
    near = np.abs(-np.diff(best.holdings) / COIN.quantity + chance.normal(0, 1e-3, (2000, COIN.slices)))
    sold = np.concatenate([wild, near / near.sum(axis=1, keepdims=True)]) * COIN.quantity
    held = COIN.quantity - np.cumsum(sold, axis=1)
    cost = COIN.eta * COIN.tau**-exponent * (sold ** (1 + exponent)).sum(axis=1)
    objective = cost + aversion * COIN.sigma**2 * COIN.tau * (held**2).sum(axis=1)
    assert objective.min() >= (best.cost + aversion * best.variance) * (1 - 1e-12)


@pytest.mark.parametrize("exponent", EXPONENTS)
@pytest.mark.parametrize("aversion", [1e10, 1e20, 1e100])
def test_with_all_aversion_nearly_everything_goes_in_the_first_slice(exponent: float, aversion: float) -> None:
    plan = powerlaw_plan(COIN, exponent, aversion)
    assert plan.holdings[1] < 1e-3 * COIN.quantity


def test_a_larger_sale_hurries_where_impact_is_concave() -> None:
    """With the square root ten times as much is sold relatively faster; with linear impact as fast."""
    root, linear = (
        [powerlaw_plan(replace(COIN, quantity=q), k, 5e-6).holdings[12] / q for q in (2000.0, 20000.0)]
        for k in (0.5, 1.0)
    )
    assert root[1] < root[0]
    assert linear[1] == pytest.approx(linear[0], rel=1e-9)


@pytest.mark.parametrize(("exponent", "aversion"), [(0.0, 1e-6), (-1.0, 1e-6), (0.5, -1e-6)])
def test_what_has_no_optimum_is_refused(exponent: float, aversion: float) -> None:
    with pytest.raises(ValueError, match="exponent"):
        powerlaw_plan(COIN, exponent, aversion)
