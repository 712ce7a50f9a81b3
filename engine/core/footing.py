"""Our share of what is traded, per venue and of the market, as of now: what the footprint's limits are held against.

What our live orders may still sell counts as sold. Legs that only pass stablecoin on are not limited.
"""

from decimal import Decimal

from engine.core.state import Pair, State
from engine.kernel.ids import ClientOrderId, VenueName
from engine.kernel.money import ZERO, Asset, total
from engine.market import footprint
from engine.market.footprint import SPANS, Footing, Minutes, Shares
from engine.planning.plan import LegPlan


def others(state: State, plan: LegPlan) -> Decimal:
    """What others have traded of the leg's pairs since the run began: all of it, or where there is a footprint, what
    counts of it.
    """
    if state.limits.footprint is None:
        return state.legs[plan.id].volume
    return total(minutes.others[-1] for pair in plan.pairs if (minutes := _minutes(state, pair)) is not None)


def footings(
    state: State, plan: LegPlan, venue: VenueName, besides: ClientOrderId | None = None
) -> tuple[Footing, ...]:
    """Every limit of our share that an order of the leg on `venue` has to keep, without the order `besides`."""
    rule = state.limits.footprint
    if rule is None or plan.fed_by:
        return ()
    shown: dict[VenueName, list[Minutes]] = {}
    for pair in state.flows:
        if plan.sell in _traded(state, pair) and (minutes := _minutes(state, pair)) is not None:
            shown.setdefault(pair[0], []).append(minutes)
    working = _working(state, plan.sell, besides)
    return (
        *_of(state, "venue", rule.venue, {venue: shown.get(venue, [])}, working.get(venue, ZERO)),
        *_of(state, "market", rule.market, shown, total(working.values())),
    )


def _of(
    state: State, scope: str, shares: Shares, venues: dict[VenueName, list[Minutes]], working: Decimal
) -> tuple[Footing, ...]:
    if shares == Shares():
        return ()
    ours, market = {}, {}
    for span, length in SPANS.items():
        ours[span] = working + total(m.ours(length) for found in venues.values() for m in found)
        market[span] = footprint.market(
            total(
                m.counted(length) for m in found if m.looked_at >= state.due_at
            )  # one that is shown no more is silent
            for found in venues.values()
        )
    return footprint.footings(scope, shares, ours, market)


def _minutes(state: State, pair: Pair) -> Minutes | None:
    flow = state.flows.get(pair)
    return flow.minutes if flow is not None else None


def _traded(state: State, pair: Pair) -> tuple[Asset, ...]:
    """The asset that a pair trades: by the plan, or as a venue for reference says."""
    view = state.views.get(pair)
    if view is not None and view.pair:
        return (Asset(view.pair.split("/")[0]),)
    return tuple(plan.sell for plan in state.plan.legs if pair in plan.pairs)


def _working(state: State, asset: Asset, besides: ClientOrderId | None) -> dict[VenueName, Decimal]:
    """Per venue, what orders in its books may have sold or may yet sell without our knowing."""
    found: dict[VenueName, Decimal] = {}
    for name, order in state.live.items():
        if order.child.sell == asset and name != besides and name not in state.taken:
            found[order.child.venue] = found.get(order.child.venue, ZERO) + order.committed
    return found
