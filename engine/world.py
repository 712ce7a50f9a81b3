"""Pictures of the state for those who judge: the gate's `World`, a leg's room, its lowest price, what hinders it."""

from decimal import Decimal

from engine.kernel.clock import MINUTE, Instant
from engine.kernel.ids import ClientOrderId, VenueName
from engine.kernel.money import ZERO, down_to, plain, times
from engine.ledger import accounts
from engine.mandate.register import gap
from engine.market.instrument import Instrument
from engine.market.reference import NoReference, Reference, fresh, reference
from engine.market.view import MarketView
from engine.orders.order import ChildOrder, Order
from engine.orders.reports import Mode
from engine.planning import pursue
from engine.planning.plan import LegPlan
from engine.planning.pursue import Room
from engine.risk.floor import band_bottom, collar, floor_in_quote
from engine.risk.gate import World
from engine.state import State


def view_of(state: State, instrument: Instrument) -> MarketView | None:
    """The last view of the pair."""
    return state.views.get((instrument.venue, instrument.symbol))


def fiat_view(state: State, plan: LegPlan, venue: VenueName) -> MarketView | None:
    """The last view of the market in which the leg's stablecoin proceeds are sold on: on `venue`, where it can be."""
    onward = [i for leg in state.opened.plan.legs if leg.sell == plan.buy for i in leg.instruments]
    onward.sort(key=lambda instrument: instrument.venue != venue)
    return view_of(state, onward[0]) if onward else None


def account(state: State, instrument: Instrument, besides: ClientOrderId | None = None) -> Decimal:
    """What stands at the venue by our ledger, and no order but `besides` may take."""
    there = state.ledger.of(accounts.venue(instrument.venue), instrument.base)
    return max(ZERO, there - state.committed(instrument.venue, instrument.base, besides))


def feeders_closed(state: State, plan: LegPlan) -> bool:
    """Will the leg receive nothing more?"""
    return all(state.legs[feeder].closed for feeder in plan.fed_by)


def stable_waiting(state: State, plan: LegPlan) -> Decimal:
    """Stablecoin that came from this run and is unsold, wherever it is, with what working feeders may still bring."""
    waiting = ZERO
    for onward in state.opened.plan.legs:
        if onward.sell == plan.buy:
            leg = state.legs[onward.id]
            waiting += min(leg.remaining, leg.received)
    for order in state.live.values():
        if order.child.buy == plan.buy:
            waiting += times(order.committed, max(order.child.price, _best_bid(state, order)))
    return waiting


def stable_since(state: State, plan: LegPlan, venue: VenueName) -> Instant | None:
    """Since when stablecoin waits at the venue where more of it would be made.

    What is too little to be sold alone has no age: it would wait for company that its own age keeps away. What waits
    at a venue that is dark grows old there, and keeps nobody from selling elsewhere.
    """
    policy = state.opened.terms.stable(plan.buy)
    for onward in state.opened.plan.legs:
        if onward.sell != plan.buy or policy is None or all(i.venue != venue for i in onward.instruments):
            continue
        leg, pair = state.legs[onward.id], onward.at(venue)
        there = pair.sellable(min(leg.remaining, state.ledger.of(accounts.venue(venue), onward.sell)))
        if not pair.too_small(there, policy.par):
            return leg.oldest(venue)
    return None


def _best_bid(state: State, order: Order) -> Decimal:
    """What a sale would really bring now, where that is more than its limit."""
    view = state.views.get((order.child.venue, order.child.symbol))
    return view.bids[0].price if view is not None and view.bids else ZERO


def minute(state: State, plan: LegPlan) -> tuple[Decimal, int]:
    """What the leg has sent in the last minute, in notional; and how many orders all legs have."""
    since = state.at - MINUTE
    recent = [(leg, notional) for at, leg, notional in state.sent if at > since]
    return sum((notional for leg, notional in recent if leg == plan.id), ZERO), len(recent)


def lowest_price(state: State, plan: LegPlan, instrument: Instrument, ref: Decimal) -> Decimal | None:
    """The lowest limit that floor, bands and collar allow together; `None` when the floor lacks a stablecoin price."""
    bounds = [collar(ref, state.opened.limits.collar_bp, instrument)]
    if instrument.band is not None:
        bounds.append(instrument.at_least(times(ref, 1 - instrument.band)))
    if plan.floor is not None:
        fiat = fresh(fiat_view(state, plan, instrument.venue), state.at, state.opened.limits.reference)
        bottom = floor_in_quote(plan.floor, instrument, fiat)
        if bottom is None:
            return None
        bounds.append(bottom)
    if (policy := state.opened.terms.stable(plan.sell)) is not None:
        bounds.append(band_bottom(policy, instrument))
    return max(bounds)


def least_price(state: State, plan: LegPlan, instrument: Instrument) -> Decimal | None:
    """The lowest limit at which an order could be sent now; `None` while there is no price to be believed."""
    view = view_of(state, instrument)
    ref = None if view is None else reference(view, state.at, state.opened.limits.reference)
    return lowest_price(state, plan, instrument, ref.price) if isinstance(ref, Reference) else None


def room(state: State, plan: LegPlan, instrument: Instrument, price: Decimal, resting: Order | None) -> Room:
    """How much each limit leaves on one venue, so that an intent is made to fit before the gate judges it."""
    limits, lot, leg = state.opened.limits, instrument.lot, state.legs[plan.id]
    inventory, ceiling = None, min(limits.order_notional_max, limits.minute_notional_max, instrument.notional_max)
    if (making := state.opened.terms.stable(plan.buy)) is not None:
        inventory = max(ZERO, down_to((making.inventory_max - stable_waiting(state, plan)) / price, lot))
        ceiling = min(ceiling, making.inventory_max)
    left = limits.minute_notional_max - minute(state, plan)[0]
    besides = resting.child.client_id if resting is not None else None
    worth = min(state.opened.capabilities[instrument.venue].worthwhile, ceiling)
    if state.opened.terms.stable(plan.sell) is not None:
        worth = ZERO  # its own schedule gathers it, and it may not grow old
    return Room(
        participation=pursue.participation_room(leg, plan.participation_max),
        inventory=inventory,
        minute=max(ZERO, down_to(left / price, lot)),
        order=down_to(limits.order_notional_max / price, lot),
        account=min(account(state, instrument, besides), leg.remaining - leg.waiting_elsewhere(instrument.venue)),
        elsewhere=state.working(plan.id, besides),
        worth=down_to(worth / price, lot),
    )


def stopped(state: State, plan: LegPlan, venue: VenueName) -> str:
    """Why nothing may be sent for this leg on `venue`; empty when it may."""
    standing = state.venues[venue]
    closed = standing.mode.value if standing.mode is not Mode.NORMAL else ""
    paused = "paused" if state.paused and not plan.fed_by else ""
    return state.stopped or standing.refused or closed or paused


def able(state: State, plan: LegPlan, instrument: Instrument) -> bool:
    """Could the venue take an order of this leg now, as far as anybody can tell without a price?"""
    standing = state.venues[instrument.venue]
    reachable = standing.continuous and standing.shunned_until <= state.at
    return reachable and not stopped(state, plan, instrument.venue) and not _empty(state, plan, instrument)


def unlicensed(state: State, venue: VenueName) -> str:
    """Why the register lets nobody sell there. A sandbox plays at any date, so there the entry alone counts."""
    licences = state.opened.licences
    if state.opened.environment != "production" and venue in licences:
        return ""
    return gap(licences, venue, state.at)


def world_of(state: State, plan: LegPlan, child: ChildOrder) -> World:
    """All that the gate may look at for this order."""
    leg, venue, instrument = state.legs[plan.id], child.venue, plan.at(child.venue)
    notional, orders = minute(state, plan)
    return World(
        at=state.at,
        deadline=state.deadline_of(plan),
        terms=state.opened.terms,
        limits=state.opened.limits,
        instrument=instrument,
        floor=plan.floor,
        participation_max=plan.participation_max,
        view=view_of(state, instrument),
        fiat_view=fiat_view(state, plan, venue),
        total=leg.total,
        received=leg.received,
        sold=leg.sold,
        committed=state.committed_of(plan.sell),
        free=account(state, instrument),
        volume=leg.volume,
        minute_notional=notional,
        minute_orders=orders,
        live=leg.live.get(venue),
        seen=state.order(child.client_id) is not None,
        stable_waiting=stable_waiting(state, plan),
        stable_since=stable_since(state, plan, venue),
        unlicensed=unlicensed(state, venue),
        continuous=state.venues[venue].continuous,
        stopped=stopped(state, plan, venue),
    )


def hindrance(state: State, plan: LegPlan) -> str:
    """What keeps a leg from selling now, in words, venue by venue; empty when it may sell somewhere."""
    found = {i.venue: _hindrance(state, plan, i) for i in plan.instruments}
    if len(found) == 1:
        return next(iter(found.values()))
    for instrument in plan.instruments:
        if not found[instrument.venue] and _empty(state, plan, instrument):
            found[instrument.venue] = f"holds no {plan.sell} that it would take"
    return "; ".join(f"{venue}: {why}" for venue, why in found.items()) if all(found.values()) else ""


def _empty(state: State, plan: LegPlan, instrument: Instrument) -> bool:
    """Does the account at the venue hold nothing of what is left?"""
    there = state.ledger.of(accounts.venue(instrument.venue), instrument.base)
    return state.legs[plan.id].remaining > 0 and instrument.sellable(there) < instrument.quantity_min


def _hindrance(state: State, plan: LegPlan, instrument: Instrument) -> str:
    view, leg = view_of(state, instrument), state.legs[plan.id]
    if (why := stopped(state, plan, instrument.venue)) or view is None:
        return why or "no view of the market yet"
    ref = reference(view, state.at, state.opened.limits.reference)
    if isinstance(ref, NoReference):
        return ref.reason
    lowest = lowest_price(state, plan, instrument, ref.price)
    if lowest is None:
        return f"no price of {plan.buy} in {plan.floor.currency if plan.floor else 'fiat'} for the floor"
    if not view.bids or view.bids[0].price < lowest:
        best = plain(view.bids[0].price) if view.bids else "none"
        return f"best bid {best} is below the lowest price allowed, {plain(lowest)}"
    if instrument.venue in leg.denied:
        return leg.denied[instrument.venue]
    share = pursue.participation_room(leg, plan.participation_max)
    if share is not None and share - leg.sold < instrument.quantity_min:
        return f"our share of the volume is at its cap of {plan.participation_max}"
    return ""
