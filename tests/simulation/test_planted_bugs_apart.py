"""Bugs that need two venues are planted, and each has to be caught by name within a few seeds.

Without its bug each seed that caught it has to pass.
"""

import sys
from collections.abc import Callable
from typing import Any, Final

import pytest
from msgspec.structs import replace

from engine.core import booking, evolve, pursuing, settling, world
from engine.core.state import State
from engine.kernel.money import ZERO
from engine.orders import events as e
from engine.orders import lifecycle
from engine.orders.order import ChildOrder, OrderFact, OrderState
from engine.orders.reports import NoWord
from engine.planning.plan import LegPlan
from engine.planning.pursue import Room
from engine.risk.world import World as Picture
from tests.simulation.plans import drawn_apart
from tests.simulation.world import World

SEEDS: Final = range(15)
Plant = Callable[[pytest.MonkeyPatch], None]


def _forgets_what_works_elsewhere(patch: pytest.MonkeyPatch) -> None:
    once = world.room

    def room(*arguments: Any) -> Room:
        return replace(once(*arguments), elsewhere=ZERO)

    patch.setattr(pursuing, "room", room)


def _takes_the_silence_of_a_dead_venue_for_absence(patch: pytest.MonkeyPatch) -> None:
    once = evolve._looked_up

    def looked_up(state: State, entry: e.LookedUp) -> None:
        once(state, entry)
        order = state.order(entry.client_id)
        silent = isinstance(entry.answer, NoWord) and order is not None and order.state is OrderState.UNKNOWN
        if order is not None and silent and not state.venues[order.child.venue].up:
            booking.keep(state, lifecycle.moved(order, OrderFact.PROVEN_ABSENT))

    patch.setitem(evolve._HANDLERS, e.LookedUp, looked_up)


def _judges_each_venue_by_itself(patch: pytest.MonkeyPatch) -> None:
    once = world.world_of

    def world_of(state: State, plan: LegPlan, child: ChildOrder) -> Picture:
        return replace(once(state, plan, child), committed=state.committed(child.venue, child.sell))

    patch.setattr(pursuing, "world_of", world_of)


def _neither_planner_nor_gate_knows_of_other_venues(patch: pytest.MonkeyPatch) -> None:
    _forgets_what_works_elsewhere(patch)
    _judges_each_venue_by_itself(patch)


def _does_not_wait_for_a_dead_venue(patch: pytest.MonkeyPatch) -> None:
    once = settling.settled

    def settled(state: State) -> bool:
        down = {name: standing for name, standing in state.venues.items() if not standing.up}
        state.venues = {name: standing for name, standing in state.venues.items() if standing.up}
        try:
            return once(state)
        finally:
            state.venues = {name: (state.venues | down)[name] for name in state.opened.balances}

    patch.setattr(settling, "settled", settled)


def _caught(seeds: range) -> dict[str, int]:
    """Which invariants the seeds break, each with the first seed that does."""
    found: dict[str, int] = {}
    for seed in seeds:
        try:
            World(drawn_apart(seed)).run()
        except AssertionError as failure:
            found.setdefault(getattr(failure.__cause__, "number", str(failure)), seed)
    return found


@pytest.mark.parametrize(
    ("plant", "invariant"),
    [
        (_forgets_what_works_elsewhere, "I11"),
        (_takes_the_silence_of_a_dead_venue_for_absence, "I23"),
        (_judges_each_venue_by_itself, "I11"),
        (_neither_planner_nor_gate_knows_of_other_venues, "I09"),
        (_does_not_wait_for_a_dead_venue, "I42"),
    ],
)
def test_a_planted_bug_over_two_venues_is_caught_by_name(plant: Plant, invariant: str) -> None:
    """The engine is changed in one place and fifteen seeds are run; unchanged, those that objected pass.

    Planner and gate guard the mandate by themselves. A bug of one alone oversells nothing, and is seen by the limits
    that the gate writes down with each order, or by what it has to withhold.
    """
    with pytest.MonkeyPatch.context() as patch:
        plant(patch)
        found = _caught(SEEDS)
    sys.stdout.write(f"{plant.__name__}: {found}\n")
    assert invariant in found
    for seed in found.values():
        World(drawn_apart(seed)).run()
