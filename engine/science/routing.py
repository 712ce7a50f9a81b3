"""Where a quantity goes: greedily over visible books net of fees, or by each venue's convex cost beyond them.

Source: the science page, sections 5.4 and 5.5. `engine.routing.sweep` adds what venues ask of an order: lots, minima
and fees with a floor.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from math import inf, isfinite
from typing import Generic, TypeVar

from msgspec import Struct

N = TypeVar("N", float, Decimal)
"""Floats weigh; with `Decimal` the same lines count."""


class Sweep(Struct, Generic[N], frozen=True):
    """What a greedy sale over several books takes and brings, in quote per unit where it says average."""

    alloc: dict[str, N]
    """By venue, in base."""
    filled: N
    gross_avg: N
    net_avg: N
    best_single: str
    """The venue that alone sells most of the quantity; of equals, the one that nets most."""
    best_single_net_avg: N
    saving_bp: N
    """What the sweep nets a unit above that, in bp of it."""


def sor_sweep(
    Q: N,  # noqa: N803 - the symbol of the source
    books: Mapping[str, Sequence[tuple[N, N]]],
    fees_bp: Mapping[str, N],
) -> Sweep[N]:
    """Sell `Q` into the visible bids of all venues, best price net of fee first.

    `books` are (price, size) pairs, best first, by venue; `fees_bp` the proportional taker fees in bp of what is
    received. For visible levels that do not react this is the best there is. Of levels that net the same, the venue's
    that is listed first comes first. Averages are 0 where nothing is sold. Only + - * / and comparisons are used, so
    that the numbers stay what they are. `ValueError` for a quantity of nothing, or a venue without its fee.
    """
    if not Q > 0 or books.keys() - fees_bp.keys():
        raise ValueError(f"no quantity and fees: {Q}, without a fee {sorted(books.keys() - fees_bp.keys())}")
    kept = {venue: 1 - fees_bp[venue] / 10_000 for venue in books}
    levels = [(price * kept[venue], price, size, venue) for venue, book in books.items() for price, size in book]
    nothing = Q - Q
    alloc, gross, net = dict.fromkeys(books, nothing), nothing, nothing
    for unit, price, size, venue in sorted(levels, key=lambda level: -level[0]):
        part = min(size, Q - sum(alloc.values(), nothing))
        alloc[venue] += part
        gross += part * price
        net += part * unit
    filled = sum(alloc.values(), nothing)
    alone = {venue: _alone(Q, book, kept[venue]) for venue, book in books.items()}
    single = max(alone, key=lambda venue: alone[venue], default="")
    best = alone[single][1] if single else nothing
    net_avg = net / filled if filled else nothing
    return Sweep(
        alloc=alloc,
        filled=filled,
        gross_avg=gross / filled if filled else nothing,
        net_avg=net_avg,
        best_single=single,
        best_single_net_avg=best,
        saving_bp=(net_avg - best) / best * 10_000 if best else nothing,
    )


def _alone(quantity: N, book: Sequence[tuple[N, N]], kept: N) -> tuple[N, N]:
    """What one venue sells of it, and nets a unit."""
    nothing = quantity - quantity
    sold, net = nothing, nothing
    for price, size in book:
        part = min(size, quantity - sold)
        sold += part
        net += part * price * kept
    return sold, net / sold if sold else nothing


class ConvexSplit(Struct, frozen=True):
    """A division by equal marginal cost. Costs are in bp times units of the quantity."""

    q: tuple[float, ...]
    marginal: float
    """Of one more unit, in bp, at every venue that is used and not full."""
    cost: float
    best_single_cost: float
    """Of all of it at one venue, however full; `inf` where no venue has the room."""
    saving_fraction: float


def split_convex(
    Q: float,  # noqa: N803 - the symbol of the source
    fee: Sequence[float],
    a: Sequence[float],
    expo: float,
    most: Sequence[float] | None = None,
) -> ConvexSplit:
    """Divide `Q` among venues that cost f_k q + a_k q^(1+e) each, so that the sum is least.

    Every venue in use has the same marginal cost m (Karush, Kuhn and Tucker):

        q_k = min(most_k, (max(m - f_k, 0) / ((1 + e) a_k))^(1/e)),   with m such that they sum to Q.

    `fee` f_k in bp, a rebate below zero; `a` a_k in bp per unit^e, above zero; `expo` e above zero, 1/2 for the
    square-root law; `most` what each venue can take, without bound where it is left out. Found by bisection, to the
    last digit of a float. Arbitrage couples venues within seconds: only the short-lived part of impact belongs into
    a_k. `ValueError` for numbers outside these, or where all venues together can't take `Q`.
    """
    caps = [inf] * len(fee) if most is None else list(most)
    if not len(fee) == len(a) == len(caps) or not fee or not 0 < expo < inf or not 0 <= Q < inf:
        raise ValueError(f"no quantity, exponent and venues: {Q}, {expo}, {len(fee)} fees, {len(a)} coefficients")
    if not all(map(isfinite, fee)) or not all(0 < each < inf for each in a) or not all(cap >= 0 for cap in caps):
        raise ValueError(f"fees {list(fee)}, coefficients {list(a)}, capacities {caps}: finite, above zero, not below")
    if sum(caps) * (1 + 1e-12) < Q:
        raise ValueError(f"{Q} is more than all venues take: {sum(caps)}")

    room = [min(cap, Q) for cap in caps]

    def sizes(marginal: float) -> list[float]:
        excess = [max(0.0, marginal - f) / ((1 + expo) * each) for f, each in zip(fee, a, strict=True)]
        return [cap if x >= cap**expo else x ** (1 / expo) for cap, x in zip(room, excess, strict=True)]

    low, high = min(fee), max(f + (1 + expo) * each * Q**expo for f, each in zip(fee, a, strict=True))
    while low < (middle := low + (high - low) / 2) < high:
        low, high = (low, middle) if sum(sizes(middle)) >= Q else (middle, high)
    found = sizes(high)
    scale = Q / sum(found) if sum(found) else 0.0  # what bisection leaves over is in the last digits
    q = tuple(min(cap, x * scale) for cap, x in zip(room, found, strict=True))
    cost = sum(_cost(x, f, each, expo) for x, f, each in zip(q, fee, a, strict=True))
    alone = [_cost(Q, f, each, expo) if cap >= Q else inf for f, each, cap in zip(fee, a, caps, strict=True)]
    best = min(alone)
    return ConvexSplit(q, high, cost, best, 1 - cost / best if best not in (0, inf) else 0.0)


def _cost(quantity: float, fee: float, a: float, expo: float) -> float:
    return float(fee * quantity + a * quantity ** (1 + expo))
