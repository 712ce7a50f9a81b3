"""What is owed whatever the market does: cancels, look-ups, surveys; and when a leg, and the run, is over."""

from collections.abc import Iterable, Iterator
from typing import Final

from engine.core.hindering import hindrance
from engine.core.state import NEVER, Standing, State
from engine.core.world import (
    account,
    by_quotes,
    coming,
    ended,
    feeders_closed,
    guarded,
    least_price,
    leg_stopped,
    out_of_hours,
)
from engine.kernel.clock import MINUTE, SECOND, Instant, Span, show_span
from engine.kernel.ids import VenueName
from engine.mandate.instructions import Scope
from engine.mandate.programme import Overnight
from engine.mandate.programme import serviced as service
from engine.orders import commands as c
from engine.orders.leg import Leg
from engine.orders.order import Order, OrderState
from engine.planning import pursue
from engine.planning.plan import LegPlan
from engine.reconcile import resolve

OVERLAP: Final = MINUTE
"""A survey reads fills from this long before the last one, so that no page edge can lose one."""
REPEATS_MAX: Final = 3
"""Surveys in a row that may show one difference at rest before the run halts on it."""
ARRIVALS: Final = Span(30 * SECOND)
"""While coin is on its way to a venue its account is read this often, in market time."""
DUST: Final = ("finer than", "below the venue's minimum")
"""Residue with such a reason leaves a run `done`."""


def chores(state: State) -> Iterator[c.Command]:
    """Cancels, look-ups and surveys that are owed now."""
    for order in list(state.live.values()):
        plan = state.plan_of(order.child.leg)
        if order.child.client_id in state.taken:
            continue  # a quote that was taken can't be taken back
        must_go = resting_must_go(state, plan) or order_must_go(state, order) or by_quotes(state, plan)
        unwanted = must_go and order.state in (OrderState.OPEN, OrderState.UNKNOWN)
        fleeting = order.child.fleeting and order.state is OrderState.OPEN
        if ((unwanted or fleeting) and not order.cancel_wanted) or resolve.owes_cancel(order):
            yield c.Cancel(order.child.venue, order.child.symbol, order.child.client_id)
    for order in list(state.live.values()):
        yield from _look(state, order)
    for venue, standing in state.venues.items():
        if _survey_due(state, venue, standing):
            yield _survey(state, venue, standing)


def pulled(state: State, leg: Leg, venues: Iterable[VenueName]) -> Iterator[c.Cancel]:
    """Nothing of ours rests in a book that we can't see: its price may be wrong by now, and others could sell it."""
    for venue in venues:
        name = leg.live.get(venue)
        order = state.live.get(name) if name is not None else None
        if order is not None and order.state is OrderState.OPEN and not order.cancel_wanted:
            yield c.Cancel(venue, order.child.symbol, order.child.client_id)


def resting_must_go(state: State, plan: LegPlan) -> bool:
    """Nothing of this leg may stand in a book now."""
    over = state.at >= state.deadline_of(plan) or bool(state.halted) or ended(state, plan)
    over = over or bool(guarded(state, plan))
    return over or bool(leg_stopped(state, plan)) or (bool(out_of_hours(state, plan)) and not _rests(state))


def _rests(state: State) -> bool:
    """May orders stay in the book when hours end?"""
    programme = state.plan.programme
    return programme is not None and programme.overnight is Overnight.REST


def order_must_go(state: State, order: Order) -> bool:
    """Was this very order stopped, or is its venue no place to rest at?"""
    child, programme = order.child, state.plan.programme
    stops = ((Scope.CHILD, child.client_id), (Scope.VENUE, child.venue))
    serviced = programme is not None and bool(service(programme, child.venue, state.at))
    return serviced or child.venue not in state.terms.venues or any(stop in state.stops for stop in stops)


def _look(state: State, order: Order) -> Iterator[c.Command]:
    child = order.child
    capabilities = state.opened.capabilities[child.venue]
    wait = resolve.look(order, capabilities, child.client_id in state.failed_looks)
    if wait is not None and (quote := state.taken.get(child.client_id)) is not None:
        yield c.LookDeal(child.client_id, quote, wait)
    elif wait is not None:
        since = Instant(max(state.opened.at, child.decided_at - OVERLAP))
        yield c.Lookup(child.venue, child.symbol, child.client_id, since, wait)


def _survey_due(state: State, venue: VenueName, standing: Standing) -> bool:
    if standing.surveying:
        return False
    fresh = standing.up and not standing.surveyed
    since = max(standing.surveyed_at, state.began_at)  # at the start it is the stream that asks for the first one
    routine = state.at - since >= state.limits.reconcile_every
    doubtful = bool(standing.differences) and standing.repeats < REPEATS_MAX
    expected = any(s.tranche.venue == venue for s in state.shipments.values()) and state.at - since >= ARRIVALS
    ending = all(leg.closed for leg in state.legs.values()) and not state.live
    empty = not any(order.child.venue == venue for order in state.live.values())
    proving = bool(state.halted) and empty and standing.surveyed_at < state.halted_at and not standing.failed
    return (
        fresh or routine or doubtful or expected or proving or (ending and standing.surveyed_at <= standing.changed_at)
    )


def _survey(state: State, venue: VenueName, standing: Standing) -> c.Survey:
    since = Instant(max(state.opened.at, standing.asked_at - OVERLAP))
    wait = resolve.BACK_OFF if standing.failed else Span(0)
    if standing.differences:
        wait = Span(state.opened.capabilities[venue].read_lag + resolve.MARGIN)
    return c.Survey(venue, since, wait)


def endings(state: State) -> Iterator[c.Command]:
    """Differences that stay halt the run; legs that can sell no more are closed; then the run is finished."""
    for venue, standing in state.venues.items():
        if standing.repeats >= REPEATS_MAX and not state.halted:
            shown = ", ".join(map(str, standing.differences))
            yield c.Halt(f"balances at {venue} do not agree with the ledger: {shown}")
    for plan in state.plan.legs:
        reason = _over(state, plan)
        if reason is not None:
            yield c.Residue(plan.id, reason)
    for venue, standing in state.venues.items():
        if _survey_due(
            state, venue, standing
        ):  # the last leg may have closed just now, and nothing else may ever happen
            yield _survey(state, venue, standing)
    if all(leg.closed for leg in state.legs.values()):
        status = _status(state)
        if status is not None:
            yield c.Finish(status)


def _over(state: State, plan: LegPlan) -> str | None:
    """Why the leg sells no more, or `None` while it may; an order that may still trade keeps it open."""
    leg = state.legs[plan.id]
    if leg.closed or (leg.live and not _given_up(state)):
        return None
    if leg.live:
        return f"unknown: what became of {', '.join(leg.live.values())} at {', '.join(leg.live)}"
    closing = feeders_closed(state, plan)
    if closing and (reason := _residue(state, plan)) is not None:
        return reason
    if state.halted and closing:
        return f"halted: {state.halted}"
    if ended(state, plan) and closing:
        return f"end of the window of {show_span(plan.window)}, as approved"
    if state.at >= state.deadline_of(plan) and closing:
        last = hindrance(state, plan)
        return f"deadline; {last}" if last else "deadline"
    return None


def _residue(state: State, plan: LegPlan) -> str | None:
    """Why what is left can be sold on no venue, or `None` while it can."""
    remaining = state.legs[plan.id].remaining
    if remaining < plan.lot:
        return pursue.residue(remaining, min(plan.instruments, key=lambda i: i.lot), None)
    found = []
    for instrument in plan.instruments:
        there = min(remaining, account(state, instrument) + coming(state, plan.sell))
        reason = pursue.residue(there, instrument, least_price(state, plan, instrument))
        if reason is None:
            return None
        found.append(reason)
    return next(filter(None, found), "no venue account holds what is left")


def _given_up(state: State) -> bool:
    """Has an order been waited for as long after the deadline as the limits say?"""
    return state.at >= patience_ends(state)


def patience_ends(state: State) -> Instant:
    """The end of waiting for what is unresolved; it begins at deadline or halt, or when somebody looks again."""
    over = state.halted_at if state.halted else state.deadline
    return Instant(max(over, state.began_at) + state.limits.unknown_patience)


def _status(state: State) -> str | None:
    """How the run ended, or `None` while a last survey has to show that nothing is open and everything adds up."""
    open_still = bool(state.live or state.shipments) or not settled(state)
    if open_still:
        return "unresolved" if _given_up(state) else None
    if any(standing.differences for standing in state.venues.values()):
        return "unresolved"
    if state.halted:
        return "halted"
    reasons = [leg.residue_reason for leg in state.legs.values() if leg.remaining > 0]
    return "done" if all(reason.startswith(DUST) or not reason for reason in reasons) else "short"


def settled(state: State) -> bool:
    """Has every account been read since the last change to an order, without a difference that is still in doubt?"""
    return all(
        (not standing.surveying or standing.failed)
        and (standing.surveyed_at > standing.changed_at or standing.changed_at == NEVER)
        and (not standing.differences or standing.repeats >= REPEATS_MAX)
        for standing in state.venues.values()
    )


def next_check(state: State) -> Instant:
    """When to look at the clock even if nothing happens: at the deadline, and when patience ends after it."""
    if state.at < state.deadline and not state.halted:
        return state.deadline
    return Instant(max(state.at + SECOND, patience_ends(state)))


def next_arrival(state: State) -> Instant | None:
    """When the account that expects coin is to be read again."""
    places = [state.venues[s.tranche.venue] for s in state.shipments.values()]
    expecting = [standing for standing in places if not standing.surveying]
    return min((Instant(max(v.surveyed_at, state.began_at) + ARRIVALS) for v in expecting), default=None)
