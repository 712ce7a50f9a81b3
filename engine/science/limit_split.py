"""One order between crossing now and waiting in the queues of several venues (Cont and Kukanov 2017).

Source: the science page, section 5.3. Needs numpy: for plans and studies, never on the live path.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import product
from math import exp, isfinite
from typing import Final, NamedTuple

import numpy as np
from msgspec import Struct
from numpy.polynomial.legendre import leggauss
from numpy.typing import NDArray

Floats = NDArray[np.float64]
VENUES_MAX: Final = 4
"""The expectation is an integral of one dimension less; a fifth venue would take minutes."""
NODES, WEIGHTS = leggauss(24)
STARTS_MAX: Final = 4
FIRST_STEP, LAST_STEP = 1 / 8, 1e-5
"""Of the quantity. The cost is level at its least, so that a step this small changes it by far less."""
REACH: Final = 40.0
"""In means: what an exponential outflow exceeds with a chance of 4e-18."""


class LimitMarket(Struct, frozen=True, kw_only=True):
    """What is to be bought or sold, and what each way costs; all costs per unit, relative to the mid."""

    quantity: float
    """S."""
    half_spread: float
    """h."""
    taker_fee: float
    """f."""
    rebates: tuple[float, ...]
    """r_k, of the maker, by venue."""
    impact: float
    """theta, per unit sent."""
    underfill: float
    """lam_u, per unit that is missing in the end, and then taken at any price."""
    overfill: float
    """lam_o, per unit too much; above h + r_k - theta, or more would always be better."""
    queues: tuple[float, ...]
    """Q_k, what stands before us."""
    outflows: tuple[float, ...]
    """The mean of what leaves each queue until the end; exponential, and independent of the others."""


class LimitSplit(Struct, frozen=True):
    """The division of least expected cost. Costs are of the whole quantity, relative to the mid."""

    market: float
    """M, crossed at once."""
    limits: tuple[float, ...]
    """L_k. The cost is flat near its least: these are one good division among many."""
    cost: float
    cost_all_market: float
    cost_best_single: float
    """Of one limit order at the best single venue, with as much crossed as serves it."""
    short_chance: float
    """P(A < S) at an optimum where something is crossed: the first-order condition, not the chance of `limits`."""


class _Venue(NamedTuple):
    """A limit order in a queue: nothing of it is filled, or all, or an exponential part."""

    reached: float
    """The chance that the queue before it empties."""
    mean: float
    limit: float


def ck_multi(case: LimitMarket) -> LimitSplit:
    """Divide between the market and limit orders, which may together be more than is wanted.

        A = M + sum_k Y_k,  Y_k = min(L_k, max(xi_k - Q_k, 0)),  xi_k exponential
        cost = (h + f) M - sum (h + r_k) Y_k + theta (M + sum L_k + (S - A)+) + lam_u (S - A)+ + lam_o (A - S)+

    The expectation is exact but for quadrature (1e-9 of the cost). With overfilling it is not convex: the search starts
    from the best of several rough divisions, and is deterministic. Costs are good to 1e-5. Two venues take a tenth of
    a second, each further one several times as long. `ValueError` for more than four, and for numbers that are no
    such market.
    """
    _checked(case)
    count = len(case.queues)
    best = _least(case, tuple(range(count)))
    single = min(_least(case, (k,))[0] for k in range(count))
    gap = case.impact + case.underfill + case.overfill
    return LimitSplit(
        market=best[1][0],
        limits=tuple(best[1][1:]),
        cost=best[0],
        cost_all_market=(case.half_spread + case.taker_fee + case.impact) * case.quantity,
        cost_best_single=single,
        short_chance=(case.half_spread + case.taker_fee + case.impact + case.overfill) / gap,
    )


def expected_cost(case: LimitMarket, market: float, limits: Sequence[float]) -> float:
    """Of crossing `market` and waiting with `limits`."""
    venues = [
        _Venue(exp(-queue / mean), mean, limit)
        for queue, mean, limit in zip(case.queues, case.outflows, limits, strict=True)
        if limit > 0
    ]
    filled = [v.reached * v.mean * -np.expm1(-v.limit / v.mean) for v in venues]
    earned = sum(
        (case.half_spread + rebate) * y
        for rebate, y in zip((r for r, x in zip(case.rebates, limits, strict=True) if x > 0), filled, strict=True)
    )
    lacking = case.quantity - market
    short = float(_short(np.array([lacking]), venues)[0])
    over = market + sum(filled) - case.quantity + short
    sent = case.impact * (market + sum(limits) + short)
    crossed = (case.half_spread + case.taker_fee) * market
    return float(crossed - earned + sent + case.underfill * short + case.overfill * over)


def _short(wanted: Floats, venues: Sequence[_Venue]) -> Floats:
    """E[(wanted - sum Y)+], for each of `wanted`: over the first venue's fills, piece by smooth piece."""
    if not venues:
        return np.maximum(wanted, 0.0)
    (reached, mean, limit), rest = venues[0], venues[1:]
    if not rest:
        return np.maximum(wanted, 0.0) + reached * mean * np.expm1(-np.clip(wanted, 0.0, limit) / mean)
    kinks = sorted({sum(some) for some in product(*((0.0, venue.limit) for venue in rest))})
    top = np.clip(wanted, 0.0, min(limit, REACH * mean))
    edges = np.stack(
        [np.zeros_like(top), *(np.clip(wanted - kink, 0.0, top) for kink in reversed(kinks)), top], axis=-1
    )
    half = np.diff(edges)[..., None] / 2
    fills = edges[..., :-1, None] + half * (1 + NODES)
    weights = half * WEIGHTS * reached / mean * np.exp(-fills / mean)
    inside = _short((wanted[..., None, None] - fills).ravel(), rest).reshape(fills.shape)
    missed, full = _short(wanted, rest), _short(wanted - limit, rest)
    found: Floats = (1 - reached) * missed + reached * exp(-limit / mean) * full + (weights * inside).sum(axis=(-1, -2))
    return found


def _least(case: LimitMarket, used: Sequence[int]) -> tuple[float, list[float]]:
    """The least cost with limit orders at the `used` venues alone, and (M, L_1, ...) of it.

    The cost has kinks wherever the market order and some of the limit orders make up the quantity, so no gradient is
    trusted: steps go up, down, and from one order to another, and are halved when none of them helps.
    """
    scale, places = case.quantity, (0, *(k + 1 for k in used))

    def cost(shares: Floats) -> float:
        return expected_cost(case, float(shares[0]) * scale, list(shares[1:] * scale))

    def start(chosen: Sequence[float]) -> Floats:
        shares = np.zeros(len(case.queues) + 1)
        shares[list(places)] = chosen
        return shares

    ways = [start(way) for way in product((-1.0, 0.0, 1.0), repeat=len(places)) if 0 < sum(map(abs, way)) <= 2]
    starts = sorted((start(chosen) for chosen in product((0.0, 0.5, 1.0), repeat=len(places))), key=cost)
    found = min((_descended(cost, shares, ways) for shares in starts[:STARTS_MAX]), key=lambda end: end[0])
    return found[0], [float(share) * scale for share in found[1]]


def _descended(cost: Callable[[Floats], float], shares: Floats, ways: Sequence[Floats]) -> tuple[float, Floats]:
    """Downhill by ever smaller steps, within 0 and 1."""
    least, step = cost(shares), FIRST_STEP
    while step > LAST_STEP:
        better = False
        for way in ways:
            while (tried := cost(moved := np.clip(shares + step * way, 0.0, 1.0))) < least:
                least, shares, better = tried, moved, True
        step = step if better else step / 2
    return least, shares


def _checked(case: LimitMarket) -> None:
    """`ValueError` with all that is wrong."""
    wrong = list(_mistakes(case))
    if wrong:
        raise ValueError("; ".join(wrong))


def _mistakes(case: LimitMarket) -> Iterator[str]:
    lengths = {len(case.queues), len(case.rebates), len(case.outflows)}
    if len(lengths) > 1 or not 1 <= len(case.queues) <= VENUES_MAX:
        yield f"queues, rebates and outflows of 1 to {VENUES_MAX} venues, not {sorted(lengths)}"
    single = (case.quantity, case.half_spread, case.taker_fee, case.impact, case.underfill, case.overfill)
    numbers = (*single, *case.rebates, *case.queues, *case.outflows)
    if not all(map(isfinite, numbers)):
        yield f"finite numbers, not {numbers}"
    if case.quantity <= 0 or min(case.outflows, default=1.0) <= 0 or min(case.queues, default=0.0) < 0:
        yield "a quantity and outflows above zero, and no queue below"
    if case.overfill + case.impact <= case.half_spread + max(case.rebates, default=0.0):
        yield "an overfill penalty above what a rebate and half the spread earn: else more would always be better"
