"""Pictures of the state for those who judge: the gate's `World`, a leg's room and its lowest price."""

from decimal import Decimal

from engine.core import caps, floors, footing, guarding, pausing
from engine.core.exposure import cover_of
from engine.core.state import State
from engine.kernel.clock import MINUTE, Instant
from engine.kernel.ids import ClientOrderId, VenueName
from engine.kernel.money import ZERO, Asset, down_to, times
from engine.ledger import accounts
from engine.mandate.hours import closed, day, elapsed
from engine.mandate.instructions import By, Scope
from engine.mandate.programme import serviced as service
from engine.mandate.register import gap
from engine.market.consolidated import Consolidated, at_venue, sober
from engine.market.conversion import Rate, converted, rate_of
from engine.market.instrument import Instrument
from engine.market.reference import NoReference
from engine.market.view import MarketView
from engine.orders.order import ChildOrder, Order
from engine.orders.reports import Mode
from engine.orders.strategy import Schedule
from engine.planning import pursue
from engine.planning.days import allowed
from engine.planning.pace import Now, Stretched
from engine.planning.plan import AtEnd, LegPlan
from engine.planning.pursue import Room
from engine.planning.trading_time import InHours
from engine.risk.floor import band_bottom, collar
from engine.risk.world import World


def view_of(state: State, instrument: Instrument) -> MarketView | None:
    """The last view of the pair."""
    return state.views.get((instrument.venue, instrument.symbol))


def views_of(state: State, plan: LegPlan) -> tuple[MarketView, ...]:
    """The last views of the leg's pair wherever it is shown, venues for reference included.

    A venue for reference may quote what is sold in the fiat that its proceeds become: that book is converted by the
    price of the stablecoin between, and left out where there is none.
    """
    own = [view for pair in plan.pairs if (view := state.views.get(pair)) is not None]
    shown = [view for view in state.views.values() if view.pair]
    name = f"{plan.sell}/{plan.buy}"
    same = [view for view in shown if view.pair == name]
    for onward in state.plan.legs:
        abroad = [view for view in shown if view.pair == f"{plan.sell}/{onward.buy}" and onward.sell == plan.buy]
        if abroad:
            rules, between = state.limits.reference, views_of(state, onward)
            rate = rate_of(between, onward.sell, onward.buy, state.at, rules, ZERO)
            same += [converted(view, onward.buy, rate) for view in abroad if isinstance(rate, Rate)]
    return (*own, *same)


def reference_of(state: State, plan: LegPlan, instrument: Instrument) -> Consolidated | NoReference:
    """The price that an order of the leg at the instrument's venue is held against, or why there is none."""
    view = view_of(state, instrument)
    if view is None:
        return NoReference("no view of the market yet")
    return at_venue(view, views_of(state, plan), state.at, state.limits.reference)


def fiat_view(state: State, plan: LegPlan, venue: VenueName) -> MarketView | None:
    """The last view of the market in which the leg's stablecoin proceeds are sold on: on `venue`, where it can be."""
    onward = [i for leg in state.plan.legs if leg.sell == plan.buy for i in leg.instruments]
    onward.sort(key=lambda instrument: instrument.venue != venue)
    return view_of(state, onward[0]) if onward else None


def sober_fiat(state: State, plan: LegPlan, venue: VenueName) -> MarketView | None:
    """The same as a floor may count on it: a wick of one book makes no floor lower."""
    view = fiat_view(state, plan, venue)
    return sober(view, guarding.views(state, plan.buy), state.at, state.limits.reference)


def account(state: State, instrument: Instrument, besides: ClientOrderId | None = None) -> Decimal:
    """What stands at the venue by our ledger, and no order but `besides` may take."""
    there = state.ledger.of(accounts.venue(instrument.venue), instrument.base)
    return max(ZERO, there - state.committed(instrument.venue, instrument.base, besides))


def shown(state: State, instrument: Instrument, besides: ClientOrderId | None = None) -> Decimal:
    """Of that, what the venue shows as well: what it does not hold, whatever our ledger says, is not sent for sale."""
    differences = state.venues[instrument.venue].differences
    short = sum((-d.delta for d in differences if d.asset == instrument.base and d.delta < 0), ZERO)
    return max(ZERO, account(state, instrument, besides) - short)


def coming(state: State, asset: Asset) -> Decimal:
    """What still lies in custody for this run, or is on its way from there."""
    return state.ledger.of(accounts.CUSTODY, asset) + state.ledger.of(accounts.TRANSIT, asset)


def feeders_closed(state: State, plan: LegPlan) -> bool:
    """Will the leg receive nothing more?"""
    return all(state.legs[feeder].closed for feeder in plan.fed_by)


def stable_waiting(state: State, plan: LegPlan) -> Decimal:
    """Stablecoin that came from this run and is unsold, wherever it is, with what working feeders may still bring."""
    waiting = ZERO
    for onward in state.plan.legs:
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
    policy = state.terms.stable(plan.buy)
    for onward in state.plan.legs:
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


def basket_minute(state: State, plan: LegPlan) -> Decimal:
    """What all legs that sell for the same asset have sent in the last minute, in notional."""
    since = state.at - MINUTE
    basket = {other.id for other in state.plan.legs if other.buy == plan.buy}
    return sum((notional for at, leg, notional in state.sent if at > since and leg in basket), ZERO)


def lowest_price(
    state: State, plan: LegPlan, instrument: Instrument, ref: Decimal, index: int = floors.NOWHERE
) -> Decimal | None:
    """The lowest limit that floor, bands and collar allow together; `None` while the floor has no price.

    A floor on the average of a slice lets more through for an order of the slice `index` that it is asked for.
    """
    bounds = [collar(ref, state.limits.collar_bp, instrument)]
    if instrument.band is not None:
        bounds.append(instrument.at_least(times(ref, 1 - instrument.band)))
    if plan.floor is not None:
        fiat = sober_fiat(state, plan, instrument.venue)
        bottom = floors.lowest_limit(state, plan, instrument, fiat, index, bounds[0])
        if bottom is None:
            return None
        bounds.append(bottom)
    if (policy := state.terms.stable(plan.sell)) is not None:
        bounds.append(band_bottom(policy, instrument))
    return max(bounds)


def least_price(state: State, plan: LegPlan, instrument: Instrument) -> Decimal | None:
    """The lowest limit at which an order could be sent now; `None` while there is no price to be believed."""
    ref = reference_of(state, plan, instrument)
    return lowest_price(state, plan, instrument, ref.price) if isinstance(ref, Consolidated) else None


def room(state: State, plan: LegPlan, instrument: Instrument, price: Decimal, resting: Order | None) -> Room:
    """How much each limit leaves on one venue, so that an intent is made to fit before the gate judges it."""
    limits, lot, leg, view = state.limits, instrument.lot, state.legs[plan.id], view_of(state, instrument)
    inventory, ceiling = None, min(limits.order_notional_max, limits.minute_notional_max, instrument.notional_max)
    if (making := state.terms.stable(plan.buy)) is not None:
        inventory = max(ZERO, down_to((making.inventory_max - stable_waiting(state, plan)) / price, lot))
        ceiling = min(ceiling, making.inventory_max)
    left = limits.minute_notional_max - minute(state, plan)[0]
    besides = resting.child.client_id if resting is not None else None
    cap, venue_cap = caps.room(state, plan, instrument, price, view, besides)
    quota = today(state, plan)
    basket = state.limits.basket_minute_max
    if basket is not None:
        left = min(left, basket - basket_minute(state, plan))
    fees = state.opened.capabilities[instrument.venue].at(state.at, instrument)
    worth = down_to(min(fees.worthwhile, ceiling) / price, lot)
    if (most := caps.largest(state, plan, instrument, price, view)) is not None:
        worth = min(worth, most)  # counted as the caps count, or what they have room for were never enough
    if state.terms.stable(plan.sell) is not None:
        worth = ZERO  # its own schedule gathers it, and it may not grow old
    return Room(
        participation=pursue.participation_room(footing.others(state, plan), plan.participation_max),
        footprint=footprint_room(state, plan, instrument.venue, besides),
        inventory=inventory,
        minute=max(ZERO, down_to(left / price, lot)),
        today=None if quota is None else max(ZERO, quota[1] - quota[0]),
        cap=cap,
        venue_cap=venue_cap,
        order=down_to(limits.order_notional_max / price, lot),
        account=min(shown(state, instrument, besides), leg.remaining - leg.waiting_elsewhere(instrument.venue)),
        elsewhere=state.working(plan.id, besides),
        worth=worth,
    )


def footprint_room(
    state: State, plan: LegPlan, venue: VenueName, besides: ClientOrderId | None = None
) -> Decimal | None:
    """How much more may be sold on `venue`, as far as our shares of what is traded go; `None` without a limit."""
    found = footing.footings(state, plan, venue, besides)
    return min((room for limit in found if (room := limit.room) is not None), default=None)


def stopped(state: State, plan: LegPlan, venue: VenueName) -> str:
    """Why nothing may be sent for this leg on `venue`; empty when it may."""
    return state.stopped or leg_stopped(state, plan) or venue_stopped(state, venue)


def leg_stopped(state: State, plan: LegPlan) -> str:
    """Why nothing may be sent for this leg anywhere, though the run goes on; empty when it may."""
    if state.case.held:
        return state.case.held
    if state.looking:
        return state.looking
    if state.case.suspended:
        return state.case.suspended
    if by := state.stops.get((Scope.ASSET, plan.sell)):
        return f"{plan.sell} was stopped by {by}"
    return "paused" if state.paused and not plan.fed_by else ""


def guarded(state: State, plan: LegPlan) -> str:
    """Why a guard of the market holds the leg back, though people let it sell; empty when none does."""
    return guarding.stopped(state, plan) or pausing.waits(state, plan)


def venue_stopped(state: State, venue: VenueName) -> str:
    """Why nothing may be sent to `venue`, though others may take it; empty when it may."""
    standing = state.venues[venue]
    if by := state.stops.get((Scope.VENUE, venue)):
        return f"{venue} was stopped by {by}"
    if standing.doubted:
        return f"balances at {venue} do not agree with the ledger: {', '.join(map(str, standing.differences))}"
    closed = standing.mode.value if standing.mode is not Mode.NORMAL else ""
    serviced = service(state.plan.programme, venue, state.at) if state.plan.programme is not None else ""
    return standing.refused or closed or serviced


def out_of_hours(state: State, plan: LegPlan) -> str:
    """Why the leg may not sell at this time of the day; empty when it may."""
    hours = state.plan.hours(plan)
    return closed(hours, state.at) if hours is not None else ""


def feeding(state: State, plan: LegPlan) -> bool:
    """May a leg that feeds this one bring anything before its own hours end?"""
    feeders = [state.plan.leg(feeder) for feeder in plan.fed_by]
    return any(not state.legs[f.id].closed and not out_of_hours(state, f) for f in feeders) and not state.paused


def by_quotes(state: State, plan: LegPlan) -> bool:
    """Is the leg brought to its end by firm quotes, and no longer through the book?

    Where the plan says so for the end of its window, what lies beyond the reach of any desk is sold in the books.
    """
    desks = [i for i in plan.instruments if state.opened.capabilities[i.venue].quotes]
    if state.finishing is not None:
        return state.finishing is By.RFQ and bool(desks)
    asked = plan.at_end is AtEnd.RFQ and window_over(state, plan)
    return asked and (coming(state, plan.sell) > 0 or not all(empty(state, plan, desk) for desk in desks))


def window_over(state: State, plan: LegPlan) -> bool:
    """Has the schedule of a leg that nobody feeds come to its end, in open time and as amended?"""
    if plan.fed_by:
        return False
    hours, at = state.plan.hours(plan), state.at
    if hours is not None:
        at = Instant(state.opened.at + elapsed(hours, state.opened.at, at))
    for stretch in reversed(state.stretches.get(plan.id, ())):
        at = stretch.back(at)
    return at >= state.opened.at + plan.window


def ended(state: State, plan: LegPlan) -> bool:
    """Is the leg's window over, and what is left stays: by the rule that was approved, or since no desk is there?"""
    stays = plan.at_end is AtEnd.STOP or (plan.at_end is AtEnd.RFQ and not quoted(state, plan))
    return stays and state.finishing is None and window_over(state, plan)


def quoted(state: State, plan: LegPlan) -> bool:
    """Does any venue of the leg give firm quotes?"""
    return any(state.opened.capabilities[instrument.venue].quotes for instrument in plan.instruments)


def schedule_of(state: State, plan: LegPlan, schedule: Schedule) -> Schedule:
    """The leg's schedule as it is now: in open time, as amended, or everything at once.

    A sweep goes by the age of what waits, which passes at night as well, so it keeps to the market's time.
    """
    if plan.fed_by:
        return schedule
    for stretch in state.stretches.get(plan.id, ()):
        schedule = Stretched(schedule, stretch)
    if sweeping(state, plan):
        schedule = Now(schedule)
    hours = state.plan.hours(plan)
    return schedule if hours is None else InHours(schedule, hours, state.opened.at)


def sweeping(state: State, plan: LegPlan) -> bool:
    """Is all that is left wanted at once, by the plan's rule for the end of its window or by people?"""
    return state.finishing is By.SWEEP or (plan.at_end is AtEnd.SWEEP and window_over(state, plan))


def today(state: State, plan: LegPlan) -> tuple[Decimal, Decimal] | None:
    """What the leg has sold on this local day, and what the day allows in all; `None` without a quota."""
    programme = state.plan.programme
    if programme is None or programme.quota is None or plan.fed_by:
        return None
    leg = state.legs[plan.id]
    whole = allowed(programme, leg.total, leg.days, state.opened.at, state.at)
    return leg.days.get(day(programme.hours, state.at), ZERO), down_to(whole, plan.lot)


def able(state: State, plan: LegPlan, instrument: Instrument) -> bool:
    """Could the venue take an order of this leg now, as far as anybody can tell without a price?"""
    standing = state.venues[instrument.venue]
    reachable = standing.continuous and standing.shunned_until <= state.at
    return reachable and not stopped(state, plan, instrument.venue) and not empty(state, plan, instrument)


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
    whole, here = caps.caps(state, plan, venue)
    return World(
        at=state.at,
        deadline=state.deadline_of(plan),
        terms=state.terms,
        limits=state.limits,
        instrument=instrument,
        floor=plan.floor,
        bottom_now=floors.bottom(state, plan),
        tally=floors.tally(state, plan, child.slice),
        charge=floors.charge(plan.floor, state.opened.capabilities[venue].at(state.at, instrument)),
        participation_max=plan.participation_max,
        view=view_of(state, instrument),
        views=views_of(state, plan),
        fiat_view=fiat_view(state, plan, venue),
        fiat_views=guarding.views(state, plan.buy),
        peg_level=guarding.level(state, plan.buy),
        restless=pausing.waits(state, plan),
        total=leg.total,
        received=leg.received,
        sold=leg.sold,
        committed=state.committed_of(plan.sell),
        free=shown(state, instrument),
        volume=footing.others(state, plan),
        footings=footing.footings(state, plan, venue),
        minute_notional=notional,
        minute_orders=orders,
        live=leg.live.get(venue),
        seen=state.order(child.client_id) is not None,
        stable_waiting=stable_waiting(state, plan),
        stable_since=stable_since(state, plan, venue),
        unlicensed=unlicensed(state, venue),
        closed=out_of_hours(state, plan),
        working=state.working(plan.id),
        cover=cover_of(state) if not plan.fed_by else None,
        today=today(state, plan),
        basket_notional=basket_minute(state, plan),
        caps=(*whole, *here),
        continuous=state.venues[venue].continuous,
        stopped=stopped(state, plan, venue),
    )


def empty(state: State, plan: LegPlan, instrument: Instrument) -> bool:
    """Does the account at the venue hold nothing of what is left?"""
    there = state.ledger.of(accounts.venue(instrument.venue), instrument.base)
    return state.legs[plan.id].remaining > 0 and instrument.sellable(there) < instrument.quantity_min
