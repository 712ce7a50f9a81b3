"""When the next decision is due, and which events bring it forward."""

from collections.abc import Iterator, Mapping
from typing import Final

from engine import settling
from engine.events import Restarted
from engine.kernel.clock import SECOND, Instant
from engine.kernel.ids import LegId
from engine.orders import commands as c
from engine.orders.events import Asked, Event, Filled, LookedUp, ModeChanged, Placed, Reported, Surveyed
from engine.orders.reports import Mode, NoWord, Refused, Transient
from engine.orders.strategy import Schedule
from engine.state import State
from engine.world import able

AGAIN: Final = SECOND
"""After a fill the next decision is due this much market time after the last one, not at once."""


def wakes(state: State, event: Event | Restarted, schedules: Mapping[LegId, Schedule]) -> Iterator[c.WakeAt]:
    """When the next decision is due: after a fill or a new certainty soon, and else at the next slice or deadline."""
    wanted = [settling.next_check(state)]
    for plan in state.opened.plan.legs:
        if not state.legs[plan.id].closed:
            wanted.append(schedules[plan.id].following(state.at))
            if state.deadline_of(plan) > state.at:  # at that very instant it has been looked at
                wanted.append(state.deadline_of(plan))
    if _matters(event) or _another_may(state, event):
        wanted.append(Instant(max(state.at, state.due_at + AGAIN)))
    earliest = min((at for at in wanted if at >= state.at), default=None)
    if earliest is not None and not state.finished and (not state.wakes or earliest < state.wakes[0]):
        yield c.WakeAt(earliest)


def _matters(event: Event | Restarted) -> bool:
    """Did the event change what a leg may want, or whether it may ask?"""
    match event:
        case Reported(report=report):
            return report.status.ended  # a pulled order makes way for the next
        case LookedUp(answer=NoWord()) | Surveyed(survey=None):
            return False
        case ModeChanged(mode=mode):
            return mode is Mode.NORMAL
        case _:
            return isinstance(event, Filled | LookedUp | Surveyed | Asked | Restarted)


def _another_may(state: State, event: Event | Restarted) -> bool:
    """Was an order turned away that another venue of its leg could take at once?"""
    if not isinstance(event, Placed) or not isinstance(event.outcome, Refused | Transient):
        return False
    order = state.order(event.client_id)
    if order is None:
        return False
    plan = state.plan_of(order.child.leg)
    return any(able(state, plan, i) for i in plan.instruments if i.venue != order.child.venue)
