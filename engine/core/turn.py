"""The core: `turn(state, event)` takes an event into the state and says what is to be done.

It dispatches, and holds no rule.

`decide` is a generator on purpose: each command is in the state before the next rule looks at it, so that two legs can
never spend the same room.
"""

from collections.abc import Iterator, Mapping

from engine.core import conditions, dealing, flooring, guarding, pausing, quoting, releasing, settling, shipping, waking
from engine.core.evolve import evolve
from engine.core.pursuing import Method, pursue_leg
from engine.core.state import State
from engine.core.world import by_quotes
from engine.events import Turning
from engine.kernel.ids import LegId
from engine.orders import commands as c
from engine.orders.events import Due

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
    schedules = {leg: method.schedule for leg, method in methods.items()}
    if isinstance(event, Due):
        yield from guarding.turns(state)
        yield from pausing.turns(state)
        yield from flooring.turns(state)
        yield from conditions.turns(state, schedules)
    yield from dealing.answers(state, seen=isinstance(event, Due))
    for tranche in shipping.landings(state):
        yield c.Landed(tranche)
    yield from settling.chores(state)
    yield from releasing.questions(state)
    if isinstance(event, Due):
        for plan in state.plan.legs:
            yield from flooring.inquiries(state, plan)
            if by_quotes(state, plan):
                yield from quoting.pursue(state, plan)
            else:
                yield from pursue_leg(state, plan, methods[plan.id], event.at)
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
