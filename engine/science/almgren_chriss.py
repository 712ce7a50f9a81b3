"""Almgren and Chriss: how fast to sell, if selling fast moves the price and waiting is risky; linear impact.

The price walks by `sigma` a root of time, each unit sold moves it by `gamma` for good, and a sale at rate v is paid
`eps + eta v` less than the price. Units are absolute, not returns: quantity in coins, prices in quote currency a coin,
time in any unit that is used throughout. Source: J. Risk 3(2), 5-39 (2000); numbers in brackets are its equations.
"""

from collections.abc import Sequence
from itertools import pairwise
from math import asin, asinh, cos, exp, expm1, fsum, inf, isinf, pi, sin, sqrt
from typing import Final

from msgspec import Struct

_STRAIGHT: Final = 1e-9
"""Below this much kappa T a curve and the straight line are the same float."""
_HALVINGS: Final = 200
"""Of an interval that has to shrink from some doublings to one rounding step."""


class Sale(Struct, frozen=True, kw_only=True):
    """What is to be sold, and what selling does to the price. `ValueError` for a sale that has no optimum."""

    quantity: float
    """X: coins."""
    horizon: float
    """T: until all is gone."""
    slices: int
    """N."""
    sigma: float
    """Of the price, in quote currency a coin and root of time."""
    eta: float
    """Temporary impact: quote currency a coin, for each coin a unit of time."""
    gamma: float = 0.0
    """Permanent impact: quote currency a coin, for each coin."""
    eps: float = 0.0
    """Half the spread and the fees: quote currency a coin."""

    def __post_init__(self) -> None:
        positive = (self.quantity, self.horizon, self.slices, self.eta)
        if not all(0 < value < inf for value in positive):
            raise ValueError(f"quantity, horizon, slices and eta have to be above zero: {positive}")
        others = (self.sigma, self.gamma, self.eps)
        if not all(0 <= value < inf for value in others):
            raise ValueError(f"sigma, gamma and eps can't be below zero: {others}")
        if self.eta_tilde <= 0:
            raise ValueError(
                f"slices are too long for their permanent impact: {self.tau} is not below 2 eta / gamma, "
                f"{2 * self.eta / self.gamma}"
            )

    @property
    def tau(self) -> float:
        """The length of a slice."""
        return self.horizon / self.slices

    @property
    def eta_tilde(self) -> float:
        """What of the temporary impact is left once permanent impact is counted by its mean within a slice (8)."""
        return self.eta - self.gamma * self.tau / 2


class Trajectory(Struct, frozen=True, kw_only=True):
    """One optimum: what is held after each slice, what it costs on average, and how far that may be off."""

    risk_aversion: float
    """Lambda: by how much one of variance is worse than none, an inverse of quote currency."""
    kappa_tilde: float
    kappa: float
    """The urgency, one over time; below zero its absolute value is an angular speed (risk is sought)."""
    drift_stock: float
    """x-bar: what would be held for ever for the sake of the drift."""
    holdings: tuple[float, ...]
    """x: N + 1 of them, from everything to nothing."""
    cost: float
    """E: expected shortfall against the price at the start, in quote currency."""
    variance: float
    """V: as the paper has it, without the risk within the first slice. What one sees is larger by about one slice."""

    @property
    def half_life(self) -> float:
        """Theta: the time in which a long sale shrinks by a factor of e (and not 2)."""
        return 1 / self.kappa if self.kappa > 0 else inf

    @property
    def trades(self) -> tuple[float, ...]:
        """n: what each slice sells."""
        return tuple(a - b for a, b in pairwise(self.holdings))

    @property
    def deviation(self) -> float:
        """The standard deviation of the shortfall."""
        return sqrt(self.variance)

    @property
    def objective(self) -> float:
        """U = E + lambda V: what is least among all schedules."""
        return self.cost + self.risk_aversion * self.variance if self.variance else self.cost


def ac_plan(sale: Sale, risk_aversion: float, drift: float = 0.0) -> Trajectory:
    """The schedule with the least cost plus `risk_aversion` times variance (17), and with a drift (26).

    `risk_aversion` 0 is exactly the straight line, infinity sells all at once, and below zero risk is sought, which has
    an optimum only while the angle w T stays below pi: `ValueError` beyond. `drift` is the expected move of the price
    in quote currency a coin and unit of time, as known at the start.
    """
    per_root = sale.sigma * sqrt(abs(risk_aversion) / sale.eta_tilde) if sale.sigma else 0.0  # kappa~ (15)
    if risk_aversion < 0:
        half = per_root * sale.tau / 2
        kappa = -2 * asin(min(half, 1.0)) / sale.tau
        if half >= 1 or -kappa * sale.horizon >= pi:
            raise ValueError(f"risk is sought too much for an optimum: w T = {-kappa * sale.horizon} is not below pi")
    else:
        kappa = 2 * asinh(per_root * sale.tau / 2) / sale.tau  # acosh(1 + (kappa~ tau)^2 / 2) / tau, without its loss
    flat = risk_aversion == 0 or sale.sigma == 0
    drift_stock = (drift and inf) if flat else drift / (2 * risk_aversion * sale.sigma**2)
    held = (_held(sale, kappa, drift_stock, drift, j) for j in range(1, sale.slices))
    holdings = (sale.quantity, *held, 0.0)  # both ends are given, not worked out
    cost, variance = _moments(sale, holdings, drift)
    return Trajectory(
        risk_aversion=risk_aversion,
        kappa_tilde=per_root,
        kappa=kappa,
        drift_stock=drift_stock,
        holdings=holdings,
        cost=cost,
        variance=variance,
    )


def ac_frontier(sale: Sale, risk_aversions: Sequence[float]) -> tuple[tuple[float, float], ...]:
    """Expected cost and variance of the best schedule for each aversion: convex, falling by one aversion a variance."""
    plans = [ac_plan(sale, each) for each in risk_aversions]
    return tuple((plan.cost, plan.variance) for plan in plans)


def ac_lvar(sale: Sale, weight: float) -> Trajectory:
    """The schedule with the least cost plus `weight` (lambda_v) standard deviations: 1.645 is a 95 % bound (22).

    It is the point of the frontier where lambda = weight / (2 deviation). `ValueError` for a weight below zero.
    """
    if not 0 <= weight < inf:
        raise ValueError(f"a weight of deviations is not below zero: {weight}")
    if weight == 0 or sale.sigma == 0:
        return ac_plan(sale, 0.0)

    def excess(aversion: float) -> float:
        """Rises with the aversion, since the least cost of a deviation is convex in it."""
        return 2 * aversion * ac_plan(sale, aversion).deviation - weight

    # 2 lambda sd tends to 2 X eta~ / (sigma tau^1.5): a heavier weight sells everything in the first slice.
    if sale.slices == 1 or weight >= 2 * sale.quantity * sale.eta_tilde / (sale.sigma * sale.tau**1.5):
        return ac_plan(sale, inf)
    low = high = weight / (2 * ac_plan(sale, 0.0).deviation)  # the deviation only shrinks from there
    while excess(high) < 0:
        low, high = high, 2 * high
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if not low < middle < high:
            break
        low, high = (middle, high) if excess(middle) < 0 else (low, middle)
    return ac_plan(sale, high)


def _held(sale: Sale, kappa: float, drift_stock: float, drift: float, j: int) -> float:
    """x_j, without a difference of large numbers and without one that could overflow."""
    passed, whole = abs(kappa) * sale.tau * j, abs(kappa) * sale.horizon
    left = abs(kappa) * sale.tau * (sale.slices - j)
    if whole < _STRAIGHT:
        straight = sale.quantity * (sale.slices - j) / sale.slices
        bend = drift / (4 * sale.eta_tilde) * sale.tau**2 * j * (sale.slices - j) if drift else 0.0
        return straight + bend
    if kappa < 0:
        held = sale.quantity * sin(left) / sin(whole)
        return held - drift_stock * 2 * sin(passed / 2) * sin(left / 2) / cos(whole / 2)
    held = 0.0 if isinf(whole) else sale.quantity * exp(-passed) * expm1(-2 * left) / expm1(-2 * whole)
    return held + drift_stock * expm1(-passed) * expm1(-left) / (1 + exp(-whole))


def _moments(sale: Sale, holdings: Sequence[float], drift: float) -> tuple[float, float]:
    """Expected cost (8) less what the drift brings, and variance (5), of any schedule."""
    trades = [a - b for a, b in pairwise(holdings)]
    cost = (
        sale.gamma * sale.quantity**2 / 2
        + sale.eps * fsum(map(abs, trades))
        + sale.eta_tilde / sale.tau * fsum(n * n for n in trades)
        - drift * sale.tau * fsum(holdings[1:])
    )
    return cost, sale.sigma**2 * sale.tau * fsum(x * x for x in holdings[1:])
