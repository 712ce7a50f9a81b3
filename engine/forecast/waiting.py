"""One line of advice where a tactic rests in the book: does waiting pay, by the books as they stand now?"""

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Final

from msgspec import Struct

from engine.forecast import words
from engine.kernel.clock import DAY, SECOND, Span, parse_span
from engine.kernel.ids import VenueName
from engine.market.view import MarketView
from engine.orders.reports import Capabilities
from engine.planning.plan import Recipe
from engine.science.placement import fill_prob, passive_cross

CROSSES: Final = ("cross", "stop")
"""Tactics that show nothing."""
BUYERS: Final = 0.5
"""Of a market's volume, what comes from buyers who take the offer; no source tells it of a day."""
VENUES_MAX: Final = 3
"""Of the closest books; with each further one the division takes several times as long."""


class Queue(Struct, frozen=True):
    """The offer of one venue, in coins; and what buyers take of it a second."""

    ahead: float
    rate: float


def advice(
    tactic: Recipe,
    slice_: float,
    length: Span,
    views: Sequence[MarketView],
    capabilities: Mapping[VenueName, Capabilities],
    volumes: Mapping[VenueName, float],
) -> str:
    """Of a slice of `slice_` coins that lasts `length`; empty where nothing rests or no book stands."""
    books = [view for view in views if view.spread is not None and view.mid is not None and volumes.get(view.venue)]
    if tactic.name in CROSSES or not books or slice_ <= 0:
        return ""
    best = min(books, key=lambda view: view.spread or 0)
    assert best.mid is not None
    assert best.spread is not None
    half = float(best.spread / best.mid) * 10_000 / 2
    fees = capabilities[best.venue]
    patience = max(length - parse_span(tactic.parameters.get("before", "0s")), 0) / SECOND
    queue = _queue(best, volumes[best.venue])
    chance = fill_prob(ceil(queue.ahead / slice_), queue.rate / slice_, 0.0, patience)
    adverse, drift = (float(tactic.parameters.get(key, "0")) for key in ("adverse_bp", "drift_bp"))
    weighed = passive_cross(
        chance, half, float(fees.maker_fee) * 10_000, float(fees.taker_fee) * 10_000, adverse, drift
    )
    told = "as the tactic says" if "adverse_bp" in tactic.parameters else "counted as 0: the tactic says none"
    nearest = sorted(books, key=lambda view: view.spread or 0)[:VENUES_MAX]
    divided = _shares(nearest, slice_, patience, capabilities, volumes, drift)
    return (
        f"at {best.venue} a slice of {words.number(slice_)} that waits {words.span(round(patience * SECOND))} at the "
        f"offer is filled with a chance of {words.chance(chance)} (a queue of {words.number(queue.ahead)}, half of the "
        f"volume buys, nobody cancels); expected {words.bp(weighed.cost_bp)} bp against "
        f"{words.bp(weighed.cross_now_bp)} for crossing now, fees included (moves against us {told}){divided}"
    )


def _queue(view: MarketView, volume_daily: float) -> Queue:
    return Queue(float(view.asks[0].size), volume_daily * BUYERS * SECOND / DAY)


def _shares(
    books: Sequence[MarketView],
    slice_: float,
    patience: float,
    capabilities: Mapping[VenueName, Capabilities],
    volumes: Mapping[VenueName, float],
    drift: float,
) -> str:
    """How a slice would be divided between crossing and waiting at each venue; empty where nobody can tell."""
    from engine.science.limit_split import LimitMarket, ck_multi  # numpy, for plans alone

    queues = [_queue(view, volumes[view.venue]) for view in books]
    outflows = [queue.rate * patience for queue in queues]
    if min(outflows) <= 0:
        return ""
    widths = [float((view.spread or 0) / (view.mid or 1)) * 10_000 for view in books]
    taker = min(float(capabilities[view.venue].taker_fee) * 10_000 for view in books)
    rebates = [-float(capabilities[view.venue].maker_fee) * 10_000 for view in books]
    half = min(widths) / 2
    found = ck_multi(
        LimitMarket(
            quantity=slice_,
            half_spread=half,
            taker_fee=taker,
            rebates=tuple(rebates),
            impact=0.0,
            underfill=half + taker + drift,
            overfill=half + max([*rebates, 0.0]) + 1.0,
            queues=tuple(queue.ahead for queue in queues),
            outflows=tuple(outflows),
        )
    )
    parts = [f"{words.percent(min(1.0, found.market / slice_))} % crossed at once"]
    parts += [
        f"{words.percent(limit / slice_)} % at {view.venue}" for view, limit in zip(books, found.limits, strict=False)
    ]
    return f"; of one slice the least cost is at {', '.join(parts)}"
