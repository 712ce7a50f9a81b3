"""When the next decision is due, and which events bring it forward."""

from collections.abc import Iterator, Mapping
from typing import Final

from engine.core import flooring, guarding, quoting, reached, settling
from engine.core.state import State
from engine.core.world import able, leg_stopped, out_of_hours, schedule_of
from engine.events import CaseChanged, FloorSet, Instructed, Restarted, Turning
from engine.kernel.clock import SECOND, Instant
from engine.kernel.ids import LegId
from engine.mandate.hours import turning
from engine.orders import commands as c
from engine.orders.events import (
    AcceptanceCame,
    Asked,
    DealSeen,
    Filled,
    LookedUp,
    ModeChanged,
    Placed,
    QuoteCame,
    Reported,
    Surveyed,
)
from engine.orders.reports import Mode, NoWord, Refused, Transient
from engine.orders.strategy import Schedule

AGAIN: Final = SECOND
"""After a fill the next decision is due this much market time after the last one, not at once."""


def wakes(state: State, event: Turning, schedules: Mapping[LegId, Schedule]) -> Iterator[c.WakeAt]:
    """When the next decision is due: after a fill or a new certainty soon, and else at the next slice or deadline."""
    wanted = [settling.next_check(state)]
    if (arrival := settling.next_arrival(state)) is not None:
        wanted.append(Instant(max(arrival, state.at + SECOND)))
    wanted += quoting.wakes(state)
    wanted += flooring.wakes(state)
    for plan in state.plan.legs:
        if not state.legs[plan.id].closed:
            if not out_of_hours(state, plan):
                wanted.append(schedule_of(state, plan, schedules[plan.id]).following(state.at))
            if (hours := state.plan.hours(plan)) is not None and (turns := turning(hours, state.at)) is not None:
                wanted.append(turns)
            if guarding.watched(state, plan) and not (out_of_hours(state, plan) or leg_stopped(state, plan)):
                wanted.append(guarding.next_minute(state.at))
            if not out_of_hours(state, plan):
                wanted += reached.wakes(state, plan)
            if state.limits.footprint is not None:  # each minute is judged whole, when it is over
                wanted.append(guarding.next_minute(state.at))
            if state.deadline_of(plan) > state.at:  # at that very instant it has been looked at
                wanted.append(state.deadline_of(plan))
    wanted += [turn for turn in _turns(state) if turn > state.due_at]  # at that very instant it has been looked at
    if _matters(event) or _another_may(state, event):
        wanted.append(Instant(max(state.at, state.due_at + AGAIN)))
    earliest = min((at for at in wanted if at >= state.at), default=None)
    if earliest is not None and not state.finished and (not state.wakes or earliest < state.wakes[0]):
        yield c.WakeAt(earliest)


def _turns(state: State) -> Iterator[Instant]:
    """When venues are closed and opened for maintenance; and when one charges otherwise, as floors after fees do."""
    if state.plan.programme is not None:
        for windows in state.plan.programme.maintenance.values():
            yield from (turn for window in windows for turn in (window.begins, window.ends))
    for can in state.opened.capabilities.values():
        yield from (row.since for row in can.fees)


def _matters(event: Turning) -> bool:
    """Did the event change what a leg may want, or whether it may ask?"""
    match event:
        case Reported(report=report):
            return report.status.ended  # a pulled order makes way for the next
        case LookedUp(answer=NoWord()) | DealSeen(answer=NoWord()) | Surveyed(survey=None):
            return False
        case ModeChanged(mode=mode):
            return mode is Mode.NORMAL
        case _:
            told = Filled | LookedUp | Surveyed | QuoteCame | AcceptanceCame | DealSeen
            return isinstance(event, told | Asked | Restarted | Instructed | CaseChanged | FloorSet)


def _another_may(state: State, event: Turning) -> bool:
    """Was an order turned away that another venue of its leg could take at once?"""
    if not isinstance(event, Placed) or not isinstance(event.outcome, Refused | Transient):
        return False
    order = state.order(event.client_id)
    if order is None:
        return False
    plan = state.plan_of(order.child.leg)
    return any(able(state, plan, i) for i in plan.instruments if i.venue != order.child.venue)
