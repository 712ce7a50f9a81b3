"""How orders came and went, per leg and venue: cancels, messages, short lives, re-quotes; and layers around a fill.

All by our own clock and all from the journal. Everything here is sorted once and swept.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import pairwise

from msgspec import Struct

from engine.evidence.benchmarks import in_book
from engine.evidence.measure import Measure, What, ids, part
from engine.evidence.stood import Stood, together
from engine.evidence.story import LegStory, Sold
from engine.kernel.clock import MINUTE, Instant, Span, show_span
from engine.kernel.ids import LegId, VenueName
from engine.kernel.money import Asset
from engine.mandate.conduct import ConductRules


class Flow(Struct, frozen=True, kw_only=True):
    """What was sent for one leg to one venue's book, and what became of it."""

    leg: LegId
    venue: VenueName
    orders: int
    rested: int
    """Of these, meant to wait in the book."""
    pulled: int
    """Of those that rested: cancelled by us, with nothing sold."""
    cancels: int
    """Orders whose cancel we asked for, sold in part or not."""
    traded: int
    """Orders that sold something."""
    executions: int
    life_median: Span | None
    """Of those that were pulled, from sending until we asked for the cancel; the longer of two in the middle."""
    quick: int
    """Of those that were pulled, the ones that lived less than the rules' `quick`."""


def lives(orders: Iterable[Stood]) -> list[Span]:
    """How long each order was left to stand before we asked for its cancel, shortest first."""
    asked = ((one.since, one.attempt.cancel_at) for one in orders)
    return sorted(Span(cancel - since) for since, cancel in asked if cancel is not None)


def flow(leg: LegStory, venue: VenueName, orders: Sequence[Stood], rules: ConductRules) -> Flow:
    """The counts of one place; `orders` are those of this leg and venue."""
    pulled = lives(one for one in orders if one.pulled)
    return Flow(
        leg=leg.plan.id,
        venue=venue,
        orders=len(orders),
        rested=sum(one.rests for one in orders),
        pulled=len(pulled),
        cancels=sum(one.attempt.cancel_at is not None for one in orders),
        traded=sum(bool(one.attempt.filled) for one in orders),
        executions=sum(sold.fill.venue == venue and in_book(sold) for sold in leg.fills),
        life_median=pulled[len(pulled) // 2] if pulled else None,
        quick=bisect_left(pulled, rules.quick),
    )


def of_place(told: Flow, orders: Sequence[Stood], rules: ConductRules) -> Iterator[Measure]:
    """The four measures of one leg at one venue."""
    rested, least = [one for one in orders if one.rests], rules.orders_min
    pulled = [one for one in rested if one.pulled]
    yield Measure(
        what=What.CANCELLED,
        leg=told.leg,
        venue=told.venue,
        value=_share(told.pulled, told.rested, rules.cancel_max) if told.rested >= least else None,
        bound=rules.cancel_max,
        lack=_few(told.rested, "rested in the book", least),
        detail=f"{told.pulled} of {told.rested}",
        orders=ids(pulled),
    )
    sent, most = told.orders + told.cancels, rules.orders_per_trade_max
    yield Measure(
        what=What.MESSAGES,
        leg=told.leg,
        venue=told.venue,
        value=part(Decimal(sent), Decimal(max(1, told.executions)), most, 2) if told.orders >= least else None,
        bound=most,
        lack=_few(told.orders, "sent", least),
        detail=f"{told.orders} orders and {told.cancels} cancels for {told.executions} executions",
        orders=ids(orders),
    )
    quick = [one for one in pulled if lives([one])[0] < rules.quick]
    median = "" if told.life_median is None else f"; the median lived {show_span(_whole(told.life_median))}"
    yield Measure(
        what=What.QUICK,
        leg=told.leg,
        venue=told.venue,
        value=_share(told.quick, told.pulled, rules.quick_max) if told.pulled >= least else None,
        bound=rules.quick_max,
        lack=_few(told.pulled, "cancelled without a fill", least),
        detail=f"{told.quick} of {told.pulled} lived less than {show_span(rules.quick)}{median}",
        orders=ids(quick),
    )
    yield _requotes(told, rested, rules)


def _requotes(told: Flow, rested: Sequence[Stood], rules: ConductRules) -> Measure:
    """The busiest minute of orders that took the place of one which we had cancelled."""
    again = [one for before, one in pairwise(rested) if before.attempt.cancel_at is not None]
    first, last = busiest([one.since for one in again], MINUTE)
    return Measure(
        what=What.REQUOTES,
        leg=told.leg,
        venue=told.venue,
        value=Decimal(last - first),
        bound=Decimal(rules.requotes_max),
        at=again[first].since if again else None,
        detail=f"{len(again)} in all",
        orders=ids(again[first:last]),
    )


def busiest(instants: Sequence[Instant], span: Span) -> tuple[int, int]:
    """From which index and up to which, itself not included, the most lie within less than `span`; they are sorted."""
    best = (0, 0)
    first = 0
    for index, at in enumerate(instants):
        while at - instants[first] >= span:
            first += 1
        if index + 1 - first > best[1] - best[0]:
            best = (first, index + 1)
    return best


def layers(asset: Asset, orders: Sequence[Stood], sold: Sequence[Sold], rules: ConductRules) -> Measure:
    """Orders that stood together, each cancelled near a fill of ours elsewhere: on another venue or at another price.

    `orders` and `sold` are those of one asset. Orders in a chain, one cancelled before the next is sent, do not stand
    together, so a tactic that follows the market alone makes no layers.
    """
    fills = _Fills([one for one in sold if in_book(one)])
    near = [one for one in orders if one.pulled and fills.elsewhere(one, rules.layers_within)]
    stretches = list(together(near))
    deepest = max(stretches, key=lambda stretch: len(stretch[2]), default=None)
    depth = len(deepest[2]) if deepest is not None else min(1, len(near))
    over = [one for _, _, standing in stretches if len(standing) > rules.layers_max for one in standing]
    behind = over or (deepest[2] if deepest is not None else near[:1])
    return Measure(
        what=What.LAYERS,
        asset=asset,
        value=Decimal(depth),
        bound=Decimal(rules.layers_max),
        at=deepest[0] if deepest is not None else None,
        detail=f"{len(near)} were cancelled within {show_span(rules.layers_within)} of a fill elsewhere",
        orders=ids(sorted(behind, key=lambda one: one.since)),
    )


class _Fills:
    """When we sold an asset, and when at each venue and price."""

    def __init__(self, sold: Iterable[Sold]) -> None:
        self._all: list[Instant] = []
        self._places: dict[tuple[VenueName, Decimal], list[Instant]] = {}
        for one in sorted(sold, key=lambda one: one.fill.at):
            self._all.append(one.fill.at)
            self._places.setdefault((one.fill.venue, one.fill.price), []).append(one.fill.at)

    def elsewhere(self, one: Stood, within: Span) -> bool:
        """Did we sell at another place within this span of asking for its cancel?"""
        asked, order = one.attempt.cancel_at, one.attempt.order
        if asked is None:
            return False
        here = self._places.get((order.venue, order.price), [])
        return _between(self._all, asked, within) > _between(here, asked, within)


def _between(instants: Sequence[Instant], at: Instant, within: Span) -> int:
    return bisect_right(instants, at + within) - bisect_left(instants, at - within)


def _share(some: int, of: int, bound: Decimal) -> Decimal:
    return part(Decimal(some), Decimal(of), bound) if of else Decimal(0)


def _few(count: int, what: str, least: int) -> str:
    return f"{count} orders {what}; {least} are needed" if count < least else ""


def _whole(span: Span) -> Span:
    """To the millisecond."""
    return Span(span // 1_000_000 * 1_000_000)
