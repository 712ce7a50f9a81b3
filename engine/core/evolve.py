"""`evolve`: what a row of the journal changes. Recovery folds with it; nothing is decided here.

Whatever does not fit (a pair outside the order table, a fill of an order that we never sent) is kept as `conflict`; the
core answers it with a halt.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from engine import events as n
from engine.core import booking, conditions, floors, flows, guarding, hand, pausing, shipping, striking
from engine.core.state import State
from engine.events import Entry
from engine.kernel.clock import MINUTE, Instant
from engine.kernel.ids import Symbol, VenueName
from engine.kernel.money import ZERO, times
from engine.ledger import accounts
from engine.market.view import MarketView
from engine.orders import commands as c
from engine.orders import events as e
from engine.orders import lifecycle, reports
from engine.orders.leg import Held, Leg
from engine.orders.order import Order, OrderFact, OrderState, floor_of
from engine.reconcile import compare, resolve
from engine.risk.caps import counted_at


class Glimpse(Struct, frozen=True):
    """Of a `MarketView`, what a fold adds up."""

    venue: VenueName
    symbol: Symbol
    volume: Decimal
    live: bool = False


class Glance(Struct, frozen=True, tag="due"):
    """A `Due` whose books were not read: they are most of a journal's bytes, and only the last of them is state."""

    at: Instant
    views: tuple[Glimpse, ...]


def evolve(state: State, entry: Entry) -> None:
    """Take one row into the state."""
    at = getattr(entry, "at", None)
    if at is not None and type(entry) is not c.WakeAt:
        state.at = max(state.at, at)
    handler = _HANDLERS.get(type(entry))
    if handler is not None:
        handler(state, entry)


def _opened(state: State, entry: n.Opened) -> None:
    raise ValueError("a journal opens once")


def _restarted(state: State, entry: n.Restarted) -> None:
    """A new process: streams are down, nothing is in flight, and what had no answer is unknown."""
    state.epoch, state.began_at = entry.epoch, entry.at
    state.spent = state.spent or entry.spent
    if state.closed:  # it had ended: every leg is looked at again, and every account read before it may end once more
        state.looking = f"opened again after it had ended {state.closed}, to be looked at"
        for leg in state.legs.values():
            leg.closed, leg.residue_reason = False, ""
        for standing in state.venues.values():
            standing.changed_at = Instant(max(standing.changed_at, entry.at))
    state.closed = state.finished = ""
    flows.restarted(state)
    conditions.restarted(state)
    state.failed_looks.clear()
    for standing in state.venues.values():
        standing.up = standing.surveyed = standing.surveying = standing.covering = standing.failed = False
        standing.refused, standing.mode = "", reports.Mode.NORMAL
    for shipment in state.shipments.values():
        shipment.unheard = shipment.doubtful = not shipment.sent
        shipment.asking = False
    striking.restarted(state)
    for order in list(state.live.values()):
        quiet = replace(order, looking=False, cancel_flying=False, cancels=0)
        if quiet.state is OrderState.SENT:
            booking.keep(state, lifecycle.moved(quiet, OrderFact.UNANSWERED))
        else:
            booking.keep(state, quiet)


def _due(state: State, entry: e.Due) -> None:
    glanced(state, entry)
    looked(state, entry)
    if guarding.due(state, entry.at):
        sampled(state, entry.at)
    for view in entry.views:
        for leg in _legs_at(state, view):
            if leg.arrival is None and leg.total > 0:
                leg.arrival = view.mid


def glanced(state: State, entry: e.Due | Glance) -> None:
    """A decision was due, and so much had been traded: all of a `Due` that adds up."""
    state.at = max(state.at, entry.at)
    state.due_at = entry.at
    while state.wakes and state.wakes[0] <= entry.at:
        state.wakes.pop(0)
    flows.looked(state, entry.views)


def looked(state: State, entry: e.Due) -> None:
    """The books of a `Due`: they replace those that were known."""
    for view in entry.views:
        state.views[view.venue, view.symbol] = view


def sampled(state: State, at: Instant) -> None:
    """The first decision of a minute that somebody has to look at, with its best prices in the state."""
    guarding.sampled(state, at)
    pausing.sampled(state, at)
    state.minute = at // MINUTE


def glance_will_do(state: State) -> bool:
    """Does no leg wait for the mid at which it begins?"""
    return all(leg.arrival is not None or leg.total <= 0 for leg in state.legs.values())


def _legs_at(state: State, view: MarketView | Glimpse) -> Sequence[Leg]:
    return state.legs_at.get((view.venue, view.symbol), ())


def _place(state: State, entry: c.Place) -> None:
    child = entry.approved.order
    leg = state.legs[child.leg]
    checks = entry.approved.checks
    most = counted_at(checks) if state.limits.caps is not None else None
    state.live[child.client_id] = Order(child, floor=floor_of(checks), most=most)
    leg.live[child.venue] = child.client_id
    if child.slice != leg.slice:
        leg.slice, leg.slice_used, leg.slice_before = child.slice, ZERO, leg.sold
        leg.slice_held = Held()
        leg.tries.clear()
    leg.tries[child.venue] = leg.tries.get(child.venue, 0) + 1
    leg.attempt = child.attempt
    leg.slice_used += child.quantity
    leg.denied.pop(child.venue, None)
    state.sent.append((child.decided_at, child.leg, times(child.quantity, child.price)))
    while state.sent[0][0] <= child.decided_at - MINUTE:
        state.sent.popleft()


def _placed(state: State, entry: e.Placed) -> None:
    order = state.order(entry.client_id)
    if order is None:
        state.conflict = f"an answer came for {entry.client_id}, which was never sent"
        return
    booking.keep(state, lifecycle.placed(order, entry.outcome))
    standing = state.venues[order.child.venue]
    if isinstance(entry.outcome, reports.Refused) and entry.outcome.stop_venue:
        standing.refused = entry.outcome.reason
    if isinstance(entry.outcome, reports.Refused):
        standing.shunned_until = Instant(entry.at + booking.SHUNNED)
    if isinstance(entry.outcome, reports.Transient):
        standing.shunned_until = Instant(entry.at + max(entry.outcome.wait, booking.SHUNNED))


def _cancel(state: State, entry: c.Cancel) -> None:
    order = state.live[entry.client_id]
    state.live[entry.client_id] = replace(order, cancel_wanted=True, cancel_flying=True)


def _cancelled(state: State, entry: e.Cancelled) -> None:
    order = state.live.get(entry.client_id)
    if order is not None:
        state.live[entry.client_id] = replace(order, cancel_flying=False, cancels=order.cancels + 1)
        if isinstance(entry.outcome, reports.Refused) and entry.outcome.stop_venue:
            state.venues[order.child.venue].refused = entry.outcome.reason


def _reported(state: State, entry: e.Reported) -> None:
    booking.report(state, entry.report)


def _filled(state: State, entry: e.Filled) -> None:
    booking.book(state, entry.fill)


def _lookup(state: State, entry: c.Lookup) -> None:
    order = state.live.get(entry.client_id)
    if order is not None:
        state.live[entry.client_id] = replace(order, looking=True)


def _quote_came(state: State, entry: e.QuoteCame) -> None:
    striking.came(state, entry)
    floors.quoted(state, entry)


def _looked_up(state: State, entry: e.LookedUp) -> None:
    order = state.order(entry.client_id)
    if order is None:
        state.conflict = state.conflict or f"a look-up answered for {entry.client_id}, which was never sent"
        return
    state.failed_looks.discard(entry.client_id)
    if not order.live:
        if order.by_paper and isinstance(entry.answer, reports.Found):
            for fill in entry.answer.fills:  # asked before people proved it: what the venue says is held against them
                booking.book(state, fill)
            booking.report(state, entry.answer.report)
        return
    order = replace(order, looking=False)
    state.live[entry.client_id] = order
    match entry.answer:
        case reports.Found(report=report, fills=fills):
            for fill in fills:
                booking.book(state, fill)
            booking.report(state, report)
            again = state.live.get(entry.client_id)
            if again is not None and not report.status.ended:
                state.live[entry.client_id] = replace(again, cancels=0)
        case reports.NotFound():
            _not_found(state, order, entry.answer)
        case reports.NoWord():
            state.failed_looks.add(entry.client_id)


def _not_found(state: State, order: Order, answer: reports.NotFound) -> None:
    child = order.child
    if order.state is not OrderState.UNKNOWN:
        return  # known to exist: a read that lags proves nothing, and the order is asked for again
    others = state.committed(child.venue, child.sell, besides=child.client_id)
    if resolve.absent(order, answer, child.sell, others):
        booking.keep(state, lifecycle.moved(order, OrderFact.PROVEN_ABSENT))
    else:
        state.live[child.client_id] = replace(order, rounds=order.rounds + 1)


def _survey(state: State, entry: c.Survey) -> None:
    standing = state.venues[entry.venue]
    standing.surveying, standing.covering, standing.asked_at = True, standing.up, state.at


def _surveyed(state: State, entry: e.Surveyed) -> None:
    standing = state.venues[entry.venue]
    standing.surveying = False
    standing.failed = entry.survey is None
    if entry.survey is None:
        return
    for fill in entry.survey.fills:
        booking.book(state, fill)
    for report in entry.survey.open_orders:
        booking.report(state, report)
    standing.surveyed, standing.surveyed_at = standing.up and standing.covering, entry.at
    ledger = state.ledger.assets(accounts.venue(entry.venue))
    differences = compare.balances(ledger, entry.survey.balances)
    here = [order for order in state.live.values() if order.child.venue == entry.venue]
    moving = standing.changed_at >= standing.asked_at or compare.explained(differences, here)
    same = bool(differences) and differences == standing.differences and not moving
    standing.repeats = standing.repeats + 1 if same else 0
    standing.doubted = standing.doubted and bool(differences)
    standing.differences = differences


def _stream_changed(state: State, entry: e.StreamChanged) -> None:
    standing = state.venues[entry.venue]
    standing.up, standing.surveyed, standing.covering = entry.up, False, False


def _mode_changed(state: State, entry: e.ModeChanged) -> None:
    state.venues[entry.venue].mode = entry.mode


def _asked(state: State, entry: e.Asked) -> None:
    match entry.wish:
        case e.Wish.PAUSE:
            state.paused = True
        case e.Wish.RESUME:
            state.paused = False
        case e.Wish.HALT:
            _stop(state, f"asked by {entry.by}")


def _wake_at(state: State, entry: c.WakeAt) -> None:
    state.wake(entry.at)


def _withheld(state: State, entry: c.Withheld) -> None:
    state.legs[entry.order.leg].denied[entry.order.venue] = "; ".join(map(str, entry.denied))
    striking.withheld(state, entry.order)


def _residue(state: State, entry: c.Residue) -> None:
    leg = state.legs[entry.leg]
    leg.closed, leg.residue_reason = True, entry.reason


def _halt(state: State, entry: c.Halt) -> None:
    state.recorded = state.conflict
    _stop(state, entry.reason)


def _stop(state: State, reason: str) -> None:
    if not state.halted:
        state.halted, state.halted_at = reason, state.at


def _finish(state: State, entry: c.Finish) -> None:
    state.finished = entry.status


def _closed(state: State, entry: n.Closed) -> None:
    state.closed = entry.status


_HANDLERS: Final[Mapping[type, Callable[[State, Any], None]]] = {
    n.Opened: _opened,
    n.Restarted: _restarted,
    n.Closed: _closed,
    n.CaseChanged: hand.case_changed,
    n.FloorSet: floors.set_,
    n.Instructed: hand.instructed,
    e.Due: _due,
    e.Placed: _placed,
    e.Cancelled: _cancelled,
    e.Reported: _reported,
    e.Filled: _filled,
    e.LookedUp: _looked_up,
    e.Surveyed: _surveyed,
    e.StreamChanged: _stream_changed,
    e.ModeChanged: _mode_changed,
    e.Asked: _asked,
    c.Place: _place,
    c.Cancel: _cancel,
    c.Lookup: _lookup,
    c.Survey: _survey,
    c.AskTranche: shipping.ask,
    c.LookTranche: shipping.look,
    c.Landed: shipping.landed,
    e.TrancheAsked: shipping.asked,
    e.TrancheSeen: shipping.seen,
    c.AskQuote: striking.asked,
    c.AcceptQuote: striking.taken,
    c.LookDeal: striking.looking,
    e.QuoteCame: _quote_came,
    e.AcceptanceCame: striking.accepted,
    e.DealSeen: striking.seen,
    c.WakeAt: _wake_at,
    c.Withheld: _withheld,
    c.Unheeded: hand.unheeded,
    c.Book: hand.booked,
    c.PegLevel: guarding.turned,
    c.MarketPause: pausing.turned,
    c.ConditionTurn: conditions.turned,
    c.FloorBlocked: floors.blocked,
    c.FloorCleared: floors.cleared,
    c.Residue: _residue,
    c.Halt: _halt,
    c.Finish: _finish,
}
