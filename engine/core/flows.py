"""What others trade of each pair: what its feed has shown, less what is ours. Part of the fold over the journal.

A sale of ours is told twice, as a fill and as a public print, and either may come first. So all that our live orders
may have sold counts as ours until it is known what they did: a print of ours is never taken for somebody else's, and
what others traded meanwhile is counted as soon as that is settled. Deals with desks print nowhere.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final, Protocol

from engine.core.state import Pair, State
from engine.kernel.clock import MINUTE
from engine.kernel.ids import LegId, Symbol, VenueName
from engine.kernel.money import ZERO
from engine.mandate.hours import closed
from engine.market.flow import Flow
from engine.market.footprint import Minutes
from engine.orders.reports import Fill

_NONE: Final[frozenset[LegId]] = frozenset()


class Shown(Protocol):
    """Of a view, what is added up."""

    @property
    def venue(self) -> VenueName: ...
    @property
    def symbol(self) -> Symbol: ...
    @property
    def volume(self) -> Decimal: ...
    @property
    def live(self) -> bool: ...


def looked(state: State, views: Iterable[Shown]) -> None:
    """A decision was due at `state.at`, and so much had been traded of each pair."""
    ours = _committed(state) if state.live else {}
    blind: frozenset[LegId] = _NONE
    for view in views:
        pair = (view.venue, view.symbol)
        if not view.live:
            blind = blind.union(leg.id for leg in state.legs_at.get(pair, ()))
        flow = state.flows.get(pair) or _begun(state, pair)
        if volume := view.volume - flow.seen:
            flow.seen = view.volume
            flow.unclear += volume
        grown = flow.unclear - ours[pair] if pair in ours else flow.unclear
        if grown > 0:
            flow.unclear -= grown
            flow.others += grown
            for leg in state.legs_at.get(pair, ()):
                if not leg.shut:
                    leg.volume += grown
        if flow.minutes is not None:
            flow.minutes.look(state.at, max(ZERO, grown))
    for leg in state.legs.values():
        if leg.fed:
            continue
        if blind or leg.blind:
            leg.missed(state.at, still=leg.id in blind)
        leg.look(state.at)
    if state.plan.programme is not None:  # what others trade overnight is no volume that we sold in
        for plan in state.plan.legs:
            hours = state.plan.hours(plan)
            state.legs[plan.id].shut = hours is not None and bool(closed(hours, state.at))


def printed(state: State, fill: Fill) -> None:
    """An order of ours was filled in a book: of what its pair's feed shows, so much is ours.

    What was sold while no process of ours listened was shown to nobody, and is taken from nobody.
    """
    pair = (fill.venue, fill.symbol)
    flow = state.flows.get(pair) or _begun(state, pair)
    if flow.minutes is not None:
        flow.minutes.sell(fill.at, fill.quantity)
    if not state.dark_from < fill.at < state.began_at:
        flow.unclear -= fill.quantity


def restarted(state: State) -> None:
    """Every feed begins anew, and what passed since the last look was seen by nobody."""
    state.dark_from = state.due_at
    for flow in state.flows.values():
        flow.seen = ZERO
        if flow.minutes is not None:
            flow.minutes.wake(state.at)
    for leg in state.legs.values():
        if leg.looked_at:
            leg.missed(leg.looked_at[-1], still=True)


def _begun(state: State, pair: Pair) -> Flow:
    """The first that is known of a pair."""
    flow = state.flows[pair] = Flow()
    if state.limits.footprint is not None:
        flow.minutes = Minutes(state.began_at // MINUTE, state.began_at)
    return flow


def _committed(state: State) -> dict[Pair, Decimal]:
    """Per pair, what orders in its book may have sold or may yet sell without our knowing."""
    found: dict[Pair, Decimal] = {}
    for name, order in state.live.items():
        if name not in state.taken:
            pair = (order.child.venue, order.child.symbol)
            found[pair] = found.get(pair, ZERO) + order.committed
    return found
