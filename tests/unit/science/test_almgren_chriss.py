"""Almgren and Chriss against formulas that are written here a second time, in more digits and in another way."""

from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from math import inf, pi, sqrt
from typing import Any, Final

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.science.almgren_chriss import Sale, Trajectory, ac_frontier, ac_lvar, ac_plan

SETS: Final = 10_000
CLOSE: Final = 1e-9
SLICES: Final = (1, 2, 3, 5, 17, 48, 96, 250)
PAPER: Final = Sale(quantity=1e6, horizon=5.0, slices=5, sigma=0.95, gamma=2.5e-7, eta=2.5e-6, eps=0.0625)
"""The test case of the paper: a million shares in five days."""
COIN: Final = Sale(quantity=500.0, horizon=1.0, slices=48, sigma=1500.0, gamma=0.2, eta=1.2, eps=3.0)
"""500 BTC in a day of half hours."""
Wide = np.longdouble
sales = st.builds(
    Sale,
    quantity=st.floats(1e-3, 1e7),
    horizon=st.floats(1e-3, 1e3),
    slices=st.integers(1, 60),
    sigma=st.floats(1e-3, 1e4),
    eta=st.floats(1e-6, 1e3),
    eps=st.floats(0, 10),
)


@cache
def drawn() -> dict[int, list[tuple[Sale, float]]]:
    """Sales and aversions by their number of slices: kappa T from a ten-thousandth to ten thousand."""
    chance = np.random.default_rng(20260502)
    found: dict[int, list[tuple[Sale, float]]] = {count: [] for count in SLICES}
    for _ in range(SETS):
        count = int(chance.choice(SLICES))
        quantity, horizon, sigma, eta = (float(10 ** chance.uniform(-2, 4)) for _ in range(4))
        gamma = float(chance.uniform(0, 1.9)) * eta * count / horizon  # below 2 eta / tau
        sale = Sale(
            quantity=quantity,
            horizon=horizon,
            slices=count,
            sigma=sigma,
            gamma=gamma,
            eta=eta,
            eps=float(chance.uniform(0, 2)),
        )
        urgency = min(10 ** chance.uniform(-4, 4), 600 * count)  # beyond e^600 in a slice lambda would be no float
        per_slice = 2 * np.sinh(urgency / count / 2) / sale.tau
        found[count].append((sale, float(per_slice**2 * sale.eta_tilde / sigma**2)))
    return found


@cache
def planned(count: int) -> list[Trajectory]:
    return [ac_plan(sale, aversion) for sale, aversion in drawn()[count]]


def column(values: Iterator[float]) -> Any:
    return np.array(list(values), dtype=Wide)


def urgencies(count: int) -> tuple[Any, Any, Any]:
    """For each set tau, kappa T and kappa tau, in extended precision."""
    tau = column(sale.tau for sale, _ in drawn()[count])
    squared = column(a for _, a in drawn()[count]) * column(s.sigma for s, _ in drawn()[count]) ** 2
    per_slice = 2 * np.arcsinh(np.sqrt(squared / column(s.eta_tilde for s, _ in drawn()[count])) * tau / 2)
    return tau, per_slice * count, per_slice


def same(found: Any, expected: Any) -> None:
    """Relatively within a thousandth of a millionth; what has decayed to less than a float can say is nothing."""
    np.testing.assert_allclose(found, expected, rtol=CLOSE, atol=1e-280)


@pytest.mark.parametrize("count", SLICES)
def test_what_is_held_is_the_closed_form(count: int) -> None:
    """(17), as it stands in the paper where a wide float can hold its hyperbolic sine, and ten thousand of them."""
    _, whole, per_slice = urgencies(count)
    quantity = column(sale.quantity for sale, _ in drawn()[count])
    for j in range(count + 1):
        expected = quantity * np.sinh(per_slice * (count - j)) / np.sinh(whole)
        same(column(plan.holdings[j] for plan in planned(count)), expected)


@pytest.mark.parametrize("count", SLICES)
def test_what_is_held_solves_the_recursion_as_a_system_of_equations(count: int) -> None:
    """(16): x_j-1 - (2 + kappa~² tau²) x_j + x_j+1 = 0, by elimination from the end, without a hyperbolic function."""
    tau, _, _ = urgencies(count)
    squared = column(a for _, a in drawn()[count]) * column(s.sigma for s, _ in drawn()[count]) ** 2
    middle = 2 + squared / column(s.eta_tilde for s, _ in drawn()[count]) * tau**2
    share = [np.zeros_like(middle)]  # x_j = share_j x_j-1, where nothing is held at the end
    for _ in range(count - 1):
        share.append(1 / (middle - share[-1]))
    held = column(sale.quantity for sale, _ in drawn()[count])
    for j in range(1, count + 1):
        held = held * share[count - j]
        same(column(plan.holdings[j] for plan in planned(count)), held)


@pytest.mark.parametrize("count", SLICES)
def test_cost_and_variance_are_the_direct_sums(count: int) -> None:
    """(8) and (5), over what is held."""
    for (sale, _), plan in zip(drawn()[count], planned(count), strict=True):
        held = np.array(plan.holdings, dtype=Wide)
        sold = held[:-1] - held[1:]
        cost = sale.gamma * sale.quantity**2 / 2 + sale.eps * np.abs(sold).sum()
        same(plan.cost, cost + (sale.eta - sale.gamma * sale.tau / 2) / sale.tau * (sold**2).sum())
        same(plan.variance, sale.sigma**2 * sale.tau * (held[1:] ** 2).sum())


@pytest.mark.parametrize("count", SLICES)
def test_cost_and_variance_are_the_closed_form(count: int) -> None:
    """(20), divided through by what would overflow."""
    tau, whole, per_slice = urgencies(count)
    quantity, sigma, gamma, eps, rest = (
        column(getattr(sale, name) for sale, _ in drawn()[count])
        for name in ("quantity", "sigma", "gamma", "eps", "eta_tilde")
    )
    once, twice = -np.expm1(-2 * per_slice), -np.expm1(-2 * whole)
    horizon = tau * count
    spread = 2 * np.exp(per_slice - 2 * whole) * once / twice**2  # sinh(kappa tau) / sinh²(kappa T)
    sharp = np.tanh(per_slice / 2) * (2 * tau / np.tanh(whole) + 2 * horizon * spread) / (2 * tau**2)
    same(
        column(plan.cost for plan in planned(count)),
        gamma * quantity**2 / 2 + eps * quantity + rest * quantity**2 * sharp,
    )
    near = (1 + np.exp(-2 * (whole - per_slice))) * np.exp(-2 * per_slice) * 2 / (twice * once)
    single = 4 * np.exp(-2 * whole) / twice**2  # 1 / sinh²(kappa T)
    variance = sigma**2 * quantity**2 / 2 * (tau * near - horizon * single)
    found = column(plan.variance for plan in planned(count))
    np.testing.assert_allclose(found, variance, rtol=CLOSE, atol=CLOSE * np.float64((sigma * quantity) ** 2).min())


@given(sales, st.sampled_from(["aversion", "sigma"]))
def test_without_risk_it_is_exactly_the_straight_line(sale: Sale, without: str) -> None:
    """(9) to (11)."""
    plan = ac_plan(sale, 0.0) if without == "aversion" else ac_plan(replace(sale, sigma=0.0), 1.0)
    count = sale.slices
    assert plan.holdings == (sale.quantity, *(sale.quantity * (count - j) / count for j in range(1, count + 1)))
    assert plan.kappa == 0
    assert plan.half_life == inf
    spread = sale.sigma**2 * sale.quantity**2 * sale.horizon * (1 - 1 / count) * (1 - 1 / (2 * count)) / 3
    assert plan.variance == pytest.approx(spread * (without == "aversion"), rel=CLOSE)
    assert plan.cost == pytest.approx(sale.eps * sale.quantity + sale.eta * sale.quantity**2 / sale.horizon, rel=CLOSE)


@given(sales, st.floats(1e280, 1e308) | st.just(inf))
def test_with_all_aversion_everything_goes_in_the_first_slice(sale: Sale, aversion: float) -> None:
    """(13)."""
    plan = ac_plan(sale, aversion)
    assert plan.trades == pytest.approx((sale.quantity, *[0.0] * (sale.slices - 1)), abs=1e-100)
    assert plan.variance == pytest.approx(0, abs=1e-100)
    assert (
        plan.objective
        >= plan.cost
        == pytest.approx(sale.eps * sale.quantity + sale.eta * sale.quantity**2 / sale.tau, rel=CLOSE)
    )


@given(sales, st.floats(-30, 30).map(lambda power: 10.0**power))
def test_what_is_held_falls_from_all_to_nothing_whatever_the_aversion(sale: Sale, aversion: float) -> None:
    plan = ac_plan(sale, aversion)
    assert plan.holdings[0] == sale.quantity
    assert plan.holdings[-1] == 0
    assert all(a >= b >= 0 for a, b in pairwise(plan.holdings))


@given(sales, st.floats(-4, 2), st.data())
def test_whoever_plans_again_on_the_way_plans_the_same(sale: Sale, power: float, data: st.DataObject) -> None:
    """From what is left, for the time that is left: the tail of the first plan, and no second opinion."""
    plan = ac_plan(sale, (10**power / sale.horizon) ** 2 * sale.eta / sale.sigma**2)
    gone = data.draw(st.integers(0, sale.slices - 1))
    left = replace(
        sale,
        quantity=plan.holdings[gone],
        slices=sale.slices - gone,
        horizon=sale.tau * (sale.slices - gone),
    )
    again = ac_plan(left, plan.risk_aversion)
    assert again.holdings == pytest.approx(plan.holdings[gone:], rel=CLOSE)


@pytest.mark.parametrize("sale", [PAPER, COIN], ids=["paper", "coin"])
def test_the_frontier_falls_is_convex_and_slopes_by_the_aversion(sale: Sale) -> None:
    """dE / dV = - lambda, by a difference of either side; secants lie between the slopes of their ends."""
    lams = [10**power for power in np.linspace(-8, -3, 60)]
    points = ac_frontier(sale, lams)
    costs, variances = zip(*points, strict=True)
    assert list(costs) == sorted(costs)
    assert list(variances) == sorted(variances, reverse=True)
    secants = [(b[0] - a[0]) / (b[1] - a[1]) for a, b in pairwise(points)]
    assert all(-high < secant < -low for (low, high), secant in zip(pairwise(lams), secants, strict=True))
    for lam in lams:
        (low, wide), (high, narrow) = ac_frontier(sale, (lam * (1 - 1e-4), lam * (1 + 1e-4)))
        assert (high - low) / (narrow - wide) == pytest.approx(-lam, rel=1e-6)


@pytest.mark.parametrize("sale", [PAPER, COIN], ids=["paper", "coin"])
@pytest.mark.parametrize("aversion", [0.0, 1e-7, 1e-6, 1e-5, 1e-3])
def test_no_other_schedule_costs_less_at_its_risk(sale: Sale, aversion: float) -> None:
    """Two thousand that have nothing to do with the best one, and two thousand that are near it."""
    best = ac_plan(sale, aversion)
    chance = np.random.default_rng(7)
    wild = chance.dirichlet(np.full(sale.slices, 0.7), 2000) * sale.quantity
    shifts = chance.normal(0, 1e-3 * sale.quantity, (2000, sale.slices))
    near = np.array(best.trades) + shifts - shifts.mean(axis=1, keepdims=True)
    sold = np.concatenate([wild, near])
    held = sale.quantity - np.cumsum(sold, axis=1)
    cost = (
        sale.gamma * sale.quantity**2 / 2
        + sale.eps * np.abs(sold).sum(axis=1)
        + sale.eta_tilde / sale.tau * (sold**2).sum(axis=1)
    )
    objective = cost + aversion * sale.sigma**2 * sale.tau * (held**2).sum(axis=1)
    assert objective.min() >= best.objective * (1 - 1e-12)


def test_a_bound_on_the_loss_is_the_point_of_the_frontier_with_half_its_weight_a_deviation() -> None:
    """(22); and no point of the frontier has a lower bound."""
    best = ac_lvar(PAPER, 1.645)
    assert best.risk_aversion == pytest.approx(1.645 / (2 * best.deviation), rel=CLOSE)
    others = [ac_plan(PAPER, best.risk_aversion * factor) for factor in (0.2, 0.9, 1.1, 5)]
    assert all(o.cost + 1.645 * o.deviation > best.cost + 1.645 * best.deviation for o in others)


@pytest.mark.parametrize(
    ("sale", "weight", "first"),
    [(PAPER, 0.0, 800_000), (PAPER, 1e9, 0), (replace(PAPER, slices=1), 1.6, 0), (replace(PAPER, sigma=0), 1.6, 8e5)],
    ids=["no weight", "all weight", "one slice", "no risk"],
)
def test_a_bound_that_has_no_point_inside_the_frontier_is_at_its_end(sale: Sale, weight: float, first: float) -> None:
    assert ac_lvar(sale, weight).holdings[1] == first


@given(sales, st.floats(-12, 6))
def test_a_drift_bends_the_curve_by_as_much_for_every_quantity(sale: Sale, power: float) -> None:
    """(26), and its limit for no aversion at all."""
    aversion, drift = 10**power, sale.sigma / 7
    bends = [
        np.subtract(ac_plan(each, aversion, drift).holdings, ac_plan(each, aversion).holdings)
        for each in (sale, replace(sale, quantity=sale.quantity / 2))
    ]
    scale = CLOSE * (sale.quantity + np.abs(bends[0]).max())
    np.testing.assert_allclose(bends[0], bends[1], rtol=1e-6, atol=scale)
    assert all(bend >= -scale for bend in bends[0])


@pytest.mark.parametrize("aversion", [-1e-7, 0.0, 1e-13, 1e-6])
def test_with_a_drift_the_recursion_is_towards_the_stock_that_the_drift_is_worth(aversion: float) -> None:
    """eta~ (x_j-1 - 2 x_j + x_j+1) / tau² = lambda sigma² x_j - alpha / 2."""
    held = ac_plan(PAPER, aversion, 0.02).holdings
    for before, now, after in zip(held, held[1:], held[2:], strict=False):
        bend = PAPER.eta_tilde * (before - 2 * now + after) / PAPER.tau**2
        assert bend == pytest.approx(aversion * PAPER.sigma**2 * now - 0.01, rel=1e-7)


def test_risk_that_is_sought_puts_the_sale_off() -> None:
    plan = ac_plan(PAPER, -2e-7)
    assert plan.kappa == pytest.approx(-0.2765615144)
    assert plan.half_life == inf
    assert all(now > even for now, even in zip(plan.holdings[1:-1], ac_plan(PAPER, 0.0).holdings[1:], strict=False))


@pytest.mark.parametrize("aversion", [-2e-6, -1e-3, -inf])
def test_risk_that_is_sought_too_much_has_no_optimum(aversion: float) -> None:
    """Beyond half a turn of the angle waiting for ever would be best."""
    assert pi > -ac_plan(PAPER, -1e-6).kappa * PAPER.horizon
    with pytest.raises(ValueError, match="not below pi"):
        ac_plan(PAPER, aversion)


def test_slices_that_are_too_long_for_their_permanent_impact_are_refused_with_the_bound() -> None:
    with pytest.raises(ValueError, match=r"1\.0 is not below 2 eta / gamma, 0\.5"):
        replace(PAPER, eta=1e-7, gamma=4e-7)


@pytest.mark.parametrize("name", ["quantity", "horizon", "slices", "eta", "sigma", "gamma", "eps"])
def test_what_can_t_be_below_zero_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        replace(PAPER, **{name: -1})


def test_a_weight_below_zero_is_no_bound() -> None:
    with pytest.raises(ValueError, match="weight"):
        ac_lvar(PAPER, -1.0)


def test_the_deviation_of_one_who_waits_is_that_of_the_paper() -> None:
    """A million shares held for five days: 2.12 million; the straight line has about half of it."""
    assert 1e6 * 0.95 * sqrt(5) / ac_plan(PAPER, 0.0).deviation == pytest.approx(2.041, abs=1e-3)
