"""Pictures of the state for those who judge: the gate's `World`, a leg's room, its lowest price, what hinders it."""

from decimal import Decimal

from engine.kernel.clock import MINUTE, Instant
from engine.kernel.money import ZERO, down_to, plain, times
from engine.ledger import accounts
from engine.market.reference import NoReference, Reference, fresh, reference
from engine.market.view import MarketView
from engine.orders.leg import Leg
from engine.orders.order import ChildOrder, Order
from engine.planning import pursue
from engine.planning.plan import LegPlan
from engine.planning.pursue import Room
from engine.risk.floor import band_bottom, collar, floor_in_quote
from engine.risk.gate import World
from engine.state import State


def view_of(state: State, plan: LegPlan) -> MarketView | None:
    """The last view of the leg's pair."""
    return state.views.get((plan.venue, plan.symbol))


def fiat_view(state: State, plan: LegPlan) -> MarketView | None:
    """The last view of the market in which the leg's stablecoin proceeds are sold on."""
    for onward in state.opened.plan.legs:
        if onward.sell == plan.buy:
            return view_of(state, onward)
    return None


def feeders_closed(state: State, plan: LegPlan) -> bool:
    """Will the leg receive nothing more?"""
    return all(state.legs[feeder].closed for feeder in plan.fed_by)


def stable_waiting(state: State, plan: LegPlan) -> tuple[Decimal, Instant | None]:
    """Stablecoin that came from this run and is unsold, with what working feeders may still bring; and since when.

    What is too little to be sold alone has no age: it would wait for company that its own age keeps away.
    """
    waiting, since = ZERO, None
    policy = state.opened.terms.stable(plan.buy)
    for onward in state.opened.plan.legs:
        if onward.sell == plan.buy:
            leg = state.legs[onward.id]
            waiting += min(leg.remaining, leg.received)
            rest = onward.instrument.sellable(leg.remaining)
            if leg.waiting and policy is not None and not onward.instrument.too_small(rest, policy.par):
                since = leg.waiting[0][0]
    for order in state.live.values():
        if order.child.buy == plan.buy:
            waiting += times(order.committed, max(order.child.price, _best_bid(state, order)))
    return waiting, since


def _best_bid(state: State, order: Order) -> Decimal:
    """What a sale would really bring now, where that is more than its limit."""
    view = state.views.get((order.child.venue, order.child.symbol))
    return view.bids[0].price if view is not None and view.bids else ZERO


def minute(state: State, plan: LegPlan) -> tuple[Decimal, int]:
    """What the leg has sent in the last minute, in notional; and how many orders all legs have."""
    since = state.at - MINUTE
    recent = [(leg, notional) for at, leg, notional in state.sent if at > since]
    return sum((notional for leg, notional in recent if leg == plan.id), ZERO), len(recent)


def lowest_price(state: State, plan: LegPlan, ref: Decimal) -> Decimal | None:
    """The lowest limit that floor, band and collar allow together; `None` when the floor lacks a stablecoin price."""
    bounds = [collar(ref, state.opened.limits.collar_bp, plan.instrument)]
    if plan.floor is not None:
        fiat = fresh(fiat_view(state, plan), state.at, state.opened.limits.reference)
        bottom = floor_in_quote(plan.floor, plan.instrument, fiat)
        if bottom is None:
            return None
        bounds.append(bottom)
    if (policy := state.opened.terms.stable(plan.sell)) is not None:
        bounds.append(band_bottom(policy, plan.instrument))
    return max(bounds)


def least_price(state: State, plan: LegPlan) -> Decimal | None:
    """The lowest limit at which an order could be sent now; `None` while there is no price to be believed."""
    view = view_of(state, plan)
    ref = None if view is None else reference(view, state.at, state.opened.limits.reference)
    return lowest_price(state, plan, ref.price) if isinstance(ref, Reference) else None


def room(state: State, plan: LegPlan, leg: Leg, price: Decimal) -> Room:
    """How much each limit leaves, so that an intent is made to fit before the gate judges it."""
    limits, lot = state.opened.limits, plan.instrument.lot
    inventory = None
    if (making := state.opened.terms.stable(plan.buy)) is not None:
        inventory = max(ZERO, down_to((making.inventory_max - stable_waiting(state, plan)[0]) / price, lot))
    left = limits.minute_notional_max - minute(state, plan)[0]
    return Room(
        participation=pursue.participation_room(leg, plan.participation_max),
        inventory=inventory,
        minute=max(ZERO, down_to(left / price, lot)),
        order=down_to(limits.order_notional_max / price, lot),
    )


def stopped(state: State, plan: LegPlan) -> str:
    """Why nothing may be sent for this leg; empty when it may."""
    paused = "paused" if state.paused and not plan.fed_by else ""
    return state.stopped or state.venues[plan.venue].refused or paused


def world_of(state: State, plan: LegPlan, child: ChildOrder) -> World:
    """All that the gate may look at for this order."""
    leg, standing = state.legs[plan.id], state.venues[plan.venue]
    committed = state.committed(plan.venue, plan.sell)
    waiting, since = stable_waiting(state, plan)
    notional, orders = minute(state, plan)
    return World(
        at=state.at,
        deadline=state.deadline_of(plan),
        terms=state.opened.terms,
        limits=state.opened.limits,
        instrument=plan.instrument,
        floor=plan.floor,
        participation_max=plan.participation_max,
        view=view_of(state, plan),
        fiat_view=fiat_view(state, plan),
        total=leg.total,
        received=leg.received,
        sold=leg.sold,
        committed=committed,
        free=state.ledger.of(accounts.venue(plan.venue), plan.sell) - committed,
        volume=leg.volume,
        minute_notional=notional,
        minute_orders=orders,
        live=leg.live,
        seen=state.order(child.client_id) is not None,
        stable_waiting=waiting,
        stable_since=since,
        continuous=standing.continuous,
        stopped=stopped(state, plan),
    )


def hindrance(state: State, plan: LegPlan) -> str:
    """What keeps a leg from selling now, in words; empty when nothing does."""
    view, leg = view_of(state, plan), state.legs[plan.id]
    if (why := stopped(state, plan)) or view is None:
        return why or "no view of the market yet"
    ref = reference(view, state.at, state.opened.limits.reference)
    if isinstance(ref, NoReference):
        return ref.reason
    lowest = lowest_price(state, plan, ref.price)
    if lowest is None:
        return f"no price of {plan.buy} in {plan.floor.currency if plan.floor else 'fiat'} for the floor"
    if not view.bids or view.bids[0].price < lowest:
        best = plain(view.bids[0].price) if view.bids else "none"
        return f"best bid {best} is below the lowest price allowed, {plain(lowest)}"
    if leg.denied:
        return leg.denied
    share = pursue.participation_room(leg, plan.participation_max)
    if share is not None and share - leg.sold < plan.instrument.quantity_min:
        return f"our share of the volume is at its cap of {plan.participation_max}"
    return ""
