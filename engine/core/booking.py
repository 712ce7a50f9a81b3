"""What a venue's word, or a paper's, changes of an order, its leg and the ledger. Reality is booked, whatever it is."""

from decimal import Decimal
from typing import Final

from msgspec.structs import replace

from engine.core import caps, flows
from engine.core.state import State
from engine.kernel.clock import MINUTE, Instant
from engine.kernel.ids import VenueName
from engine.kernel.money import EXACT, ZERO, times
from engine.ledger import posting
from engine.mandate.hours import day
from engine.orders import lifecycle, reports
from engine.orders.lifecycle import Conflict
from engine.orders.order import Order, OrderState, TimeInForce
from engine.planning.plan import LegPlan
from engine.reconcile import compare

SHUNNED: Final = MINUTE
"""How long, in market time, others are asked before a venue that has turned an order away or taken nothing of it."""
BY_HAND: Final = "by-hand"
"""How the trade id of a quantity begins that a paper proved and no venue told."""


def report(state: State, told: reports.OrderReport) -> None:
    """Take in how the venue describes an order."""
    order = state.order(told.client_id)
    if order is None and told.status.ended and told.at < state.opened.at:
        return  # an order of an earlier run: whatever it did is in the balances that this one began with
    if order is None:
        found = compare.foreign([told], {}, state.tag)
        state.conflict = state.conflict or found[0]
        return
    if told.venue != order.child.venue:
        state.conflict = state.conflict or _elsewhere(order, told.venue, f"order {told.venue_order_id}")
        return
    if order.by_paper and told.filled != order.filled:
        told_so = f"order {told.venue_order_id} sold {told.filled}"
        state.conflict = state.conflict or against_paper(order, told.venue, told_so)
        return
    keep(state, lifecycle.reported(order, told))


def book(state: State, fill: reports.Fill) -> None:
    """Apply one execution once. It is reality: even one that should not be is booked, and then stops the run."""
    order = state.order(fill.client_id)
    if order is None and fill.at < state.opened.at:
        return  # as above
    if order is None:
        whose = fill.client_id or "no order"
        state.conflict = state.conflict or f"trade {fill.trade_id} belongs to {whose}, which we never sent"
        return
    if fill.venue != order.child.venue:
        state.conflict = state.conflict or _elsewhere(order, fill.venue, f"trade {fill.trade_id}")
        return
    if fill.trade_id in order.trades:
        return
    if order.by_paper and not order.live:
        told = f"trade {fill.trade_id} of {fill.quantity}"
        state.conflict = state.conflict or against_paper(order, fill.venue, told)
        if order.filled + fill.quantity > order.child.quantity:
            return  # the very units that the paper proved; which of the two is right, people say
    outcome = lifecycle.filled(order, fill)
    if isinstance(outcome, Conflict):
        state.conflict = state.conflict or str(outcome)
        outcome = replace(order, filled=order.filled + fill.quantity, trades=order.trades | {fill.trade_id})
    keep(state, outcome)
    if outcome.filled > order.child.quantity:
        excess = f"{outcome.filled} of {order.child.quantity}"
        state.conflict = state.conflict or f"order {fill.client_id} was filled {excess}"
    if fill.client_id not in state.taken:  # a deal with a desk prints nowhere
        flows.printed(state, fill)
    plan = state.plan.leg(outcome.child.leg)
    credit(state, plan, fill, outcome.child.slice, outcome.floor)
    caps.sold(state, plan, fill.venue, fill.at, times(fill.quantity, fill.price))


def _elsewhere(order: Order, venue: VenueName, what: str) -> str:
    return f"{venue} tells {what} of {order.child.client_id}, which was sent to {order.child.venue}"


def against_paper(order: Order, venue: VenueName, what: str) -> str:
    """In words, that a venue contradicts what people proved."""
    paper = f"{BY_HAND}-{order.by_paper[:12]} proved that it sold {order.filled}"
    return f"{venue} tells {what} of {order.child.client_id}, of which {paper}"


def credit(state: State, plan: LegPlan, fill: reports.Fill, index: int, floor: Decimal | None) -> None:
    """The leg sold so much in slice `index` under `floor`; what it brought is there for the legs that it feeds."""
    leg = state.legs[plan.id]
    proceeds = times(fill.quantity, fill.price)
    state.ledger.post(posting.sale(fill, plan.sell, plan.buy))
    leg.sold += fill.quantity
    if state.plan.programme is not None:
        today = day(state.plan.programme.hours, fill.at)
        leg.days[today] = leg.days.get(today, ZERO) + fill.quantity
    leg.fills += 1
    leg.proceeds = EXACT.add(leg.proceeds, proceeds)
    leg.take(fill.venue, fill.quantity)
    if fill.fee.units:
        leg.fees[fill.fee.asset] = EXACT.add(leg.fees.get(fill.fee.asset, ZERO), fill.fee.units)
    kept = fill.fee.units if fill.fee.asset == plan.buy else ZERO
    if floor is not None:
        wanted = times(fill.quantity, floor)
        leg.held = leg.held.with_sale(proceeds, kept, wanted)
        if index == leg.slice:
            leg.slice_held = leg.slice_held.with_sale(proceeds, kept, wanted)
    net = EXACT.subtract(proceeds, kept)
    for onward in state.plan.legs:
        if plan.id in onward.fed_by:
            state.legs[onward.id].bring(fill.venue, state.at, net)


def keep(state: State, outcome: Order | Conflict) -> None:
    """File an order where it belongs; a conflict is kept for the core to halt on."""
    if isinstance(outcome, Conflict):
        state.conflict = state.conflict or str(outcome)
        return
    name, leg = outcome.child.client_id, state.legs[outcome.child.leg]
    if outcome != state.order(name):
        state.changed_at = state.venues[outcome.child.venue].changed_at = state.at
    if outcome.live:
        state.live[name] = outcome
        return
    if state.live.pop(name, None) is not None and outcome.child.slice == leg.slice:
        leg.slice_used -= outcome.child.quantity - outcome.filled
    state.ended[name] = outcome
    _missed(state, outcome)
    if leg.live.get(outcome.child.venue) == name:
        del leg.live[outcome.child.venue]


def _missed(state: State, outcome: Order) -> None:
    """An order that took nothing of a book that showed enough: others are asked first for a while."""
    child = outcome.child
    took = child.fleeting or child.tif in (TimeInForce.IOC, TimeInForce.FOK)
    if took and outcome.state is OrderState.SETTLED and not outcome.filled and child.client_id not in state.taken:
        standing = state.venues[child.venue]
        standing.shunned_until = Instant(max(standing.shunned_until, state.at + SHUNNED))
