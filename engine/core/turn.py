"""The core: `turn(state, event)` takes an event into the state and says what is to be done.

It dispatches, and holds no rule.

`decide` is a generator on purpose: each command is in the state before the next rule looks at it, so that two legs can
never spend the same room.
"""

from collections.abc import Iterator, Mapping

from msgspec import Struct

from engine.core import dealing, quoting, releasing, settling, shipping, waking
from engine.core.evolve import evolve
from engine.core.state import State
from engine.core.world import (
    by_quotes,
    feeding,
    lowest_price,
    out_of_hours,
    room,
    schedule_of,
    stopped,
    view_of,
    world_of,
)
from engine.events import Turning
from engine.kernel.clock import Instant
from engine.kernel.ids import LegId, OrderName, client_order_id
from engine.market.instrument import Instrument
from engine.market.reference import NoReference, reference
from engine.orders import commands as c
from engine.orders.events import Due
from engine.orders.order import Approved, ChildOrder, TimeInForce
from engine.orders.strategy import Look, Post, Pull, Schedule, Tactic, Want
from engine.planning import pursue
from engine.planning.plan import LegPlan
from engine.risk import gate
from engine.routing import router
from engine.routing.router import Offer


class Method(Struct, frozen=True):
    """When and how one leg is sold."""

    schedule: Schedule
    tactic: Tactic


Methods = Mapping[LegId, Method]


def turn(state: State, event: Turning, methods: Methods) -> list[c.Command]:
    """One turn: the event, then every command that it causes, each already in the state."""
    evolve(state, event)
    commands = []
    for command in decide(state, event, methods):
        evolve(state, command)
        commands.append(command)
    return commands


def decide(state: State, event: Turning, methods: Methods) -> Iterator[c.Command]:
    """What is to be done, with `event` already in the state."""
    if state.closed or state.finished:
        return
    if state.conflict and state.conflict != state.recorded:  # on record even where a person had halted the run before
        yield c.Halt(state.conflict)
    yield from dealing.answers(state, seen=isinstance(event, Due))
    for tranche in shipping.landings(state):
        yield c.Landed(tranche)
    yield from settling.chores(state)
    yield from releasing.questions(state)
    schedules = {leg: method.schedule for leg, method in methods.items()}
    if isinstance(event, Due):
        for plan in state.plan.legs:
            if by_quotes(state, plan):
                yield from quoting.pursue(state, plan)
            else:
                yield from _pursue(state, plan, _as_now(state, plan, methods[plan.id]), event.at)
        yield from releasing.releases(state, schedules)
    yield from _endings(state)
    yield from waking.wakes(state, event, schedules)


def _endings(state: State) -> Iterator[c.Command]:
    """What is over; a run that ends answers first what people still wait for."""
    for command in settling.endings(state):
        booked = False
        if isinstance(command, c.Finish):
            for answer in dealing.answers(state, seen=True):
                booked = booked or isinstance(answer, c.Book)
                yield answer
        if not booked:
            yield command


def _as_now(state: State, plan: LegPlan, method: Method) -> Method:
    return Method(schedule_of(state, plan, method.schedule), method.tactic)


def _pursue(state: State, plan: LegPlan, method: Method, at: Instant) -> Iterator[c.Command]:
    """One leg's decision: schedule, tactic, gate."""
    leg = state.legs[plan.id]
    if leg.closed or leg.total <= 0 or settling.resting_must_go(state, plan) or out_of_hours(state, plan):
        return
    unasked = [i for i in plan.instruments if not stopped(state, plan, i.venue)]
    while unasked:  # each venue is asked with what the ones before it have left
        wants = [want for i in unasked if (want := _want(state, plan, i, method.schedule, at)) is not None]
        seen = [want.instrument.venue for want in wants]
        yield from settling.pulled(state, leg, [i.venue for i in unasked if i.venue not in seen])
        if not wants:
            return
        chosen = max(wants, key=lambda want: router.preference(_offer(state, want)))
        unasked = [want.instrument for want in wants if want is not chosen]
        yield from _moved(state, plan, method, chosen)


def _offer(state: State, want: Want) -> Offer:
    venue = want.instrument.venue
    shunned = state.venues[venue].shunned_until > want.at
    return Offer(want.quantity, want.view, state.opened.capabilities[venue], shunned)


def _moved(state: State, plan: LegPlan, method: Method, want: Want) -> Iterator[c.Command]:
    """What the tactic does on one venue."""
    leg, at, venue = state.legs[plan.id], want.at, want.instrument.venue
    for move in method.tactic.act(want):
        match move:
            case Post() if venue not in leg.live and leg.skipped != method.schedule.slice(at):
                yield _judged(state, plan, want.instrument, move, method.schedule.slice(at))
            case Pull() if want.resting is not None and not want.resting.cancel_wanted:
                yield c.Cancel(venue, want.instrument.symbol, want.resting.child.client_id)
            case Look(at=then) if then > at:
                yield c.WakeAt(then)
            case _:
                pass  # a tactic can only want too much


def _want(state: State, plan: LegPlan, instrument: Instrument, schedule: Schedule, at: Instant) -> Want | None:
    """What the tactic is asked for on one venue; `None` while there is no price to decide by."""
    leg, view = state.legs[plan.id], view_of(state, instrument)
    if view is None:
        return None
    ref = reference(view, at, state.limits.reference)
    lowest = None if isinstance(ref, NoReference) else lowest_price(state, plan, instrument, ref.price)
    if isinstance(ref, NoReference) or lowest is None:
        return None
    name = leg.live.get(instrument.venue)
    resting = state.live.get(name) if name is not None else None
    closing = not feeding(state, plan)
    seen = pursue.progress(leg, closing, at, plan.lot, [instrument.venue])
    space = room(state, plan, instrument, ref.price, resting)
    wanted = pursue.wanted(leg, seen, schedule, instrument, ref.price, lowest, plan.catch_up, space, resting)
    until = min(schedule.following(at), state.deadline_of(plan))
    return Want(wanted, lowest, at, until, view, instrument, resting)


def _judged(state: State, plan: LegPlan, instrument: Instrument, post: Post, index: int) -> c.Place | c.Withheld:
    """Name the order and hold it against the gate."""
    leg, venue = state.legs[plan.id], instrument.venue
    attempt = leg.attempt + 1 if leg.slice == index else 1
    emulated = post.tif is TimeInForce.IOC and not state.opened.capabilities[venue].takes(TimeInForce.IOC)
    child = ChildOrder(
        client_id=client_order_id(OrderName(state.tag, plan.id, index, attempt, state.epoch)),
        leg=plan.id,
        slice=index,
        attempt=attempt,
        venue=venue,
        symbol=instrument.symbol,
        sell=plan.sell,
        buy=plan.buy,
        quantity=post.quantity,
        price=post.price,
        tif=TimeInForce.GTC if emulated else post.tif,
        decided_at=state.at,
        fleeting=emulated,
    )
    verdict = gate.check(child, world_of(state, plan, child))
    return c.Place(verdict) if isinstance(verdict, Approved) else c.Withheld(child, verdict)
