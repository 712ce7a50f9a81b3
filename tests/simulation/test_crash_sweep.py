"""The process dies at every single journal operation, in each of three ways, and the run comes out all the same.

A sweep ends only when a run has no such operation any more, so that none is left out. The faults are fixed: an answer
that is lost, a fill that the stream leaves out, a fill that crosses our cancel.
"""

import sys
from typing import Final

import pytest

from engine.kernel.clock import SECOND, Span
from tests.simulation.plans import BRIEF, MODES, Crash, SimulationPlan
from tests.simulation.world import World
from venues.sandbox.faults import Channel, Do, Fault, FaultPlan, Rule

FAULTS: Final = FaultPlan(
    rules=(
        Rule(channel=Channel.ANSWER, op="order.create", at=1, fault=Fault(Do.DROP)),
        Rule(channel=Channel.PRIVATE, op="fill", at=0, fault=Fault(Do.DROP)),
        Rule(channel=Channel.REQUEST, op="order.cancel", at=0, fault=Fault(Do.RACE)),
    )
)
OPERATIONS_MIN: Final = 40
AGAIN: Final = (1, 2, 3, 5, 8)
"""So many operations after the first crash comes the second: in the middle of recovery."""


def crashed(scenario: str, *crashes: Crash) -> World:
    """The run with these crashes, through all invariants to its end."""
    return World(SimulationPlan(seed=3, scenario=scenario, faults=FAULTS, crashes=crashes)).run()


def swept(scenario: str, mode: str, *offsets: int) -> tuple[int, set[str]]:
    """Crash at operation 0, 1, … and again at each offset behind it, until there is none; runs, and their ends."""
    runs, ends = 0, set()
    for operation in range(10_000):
        more = [Crash(operation + offset, MODES[(operation + offset) % len(MODES)]) for offset in offsets]
        world = crashed(scenario, Crash(operation, mode), *more)
        runs += 1
        ends.add(world.state.finished if world.state is not None else "")
        if not world.disk.died:
            break
    return runs, ends


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("scenario", BRIEF)
def test_a_crash_at_any_journal_operation_changes_no_outcome(scenario: str, mode: str) -> None:
    """Restarted after a few seconds, the run ends as it would have without the crash."""
    undisturbed = crashed(scenario).state
    assert undisturbed is not None
    runs, ends = swept(scenario, mode)
    sys.stdout.write(f"{scenario}, {mode}: {runs} runs\n")
    assert runs > OPERATIONS_MIN
    assert ends == {undisturbed.finished}


@pytest.mark.parametrize("scenario", BRIEF)
def test_a_run_that_is_taken_over_long_after_its_deadline_is_still_looked_into(scenario: str) -> None:
    """Died with an order in the market, restarted when patience had ended: what became of the order is asked for."""
    plan = SimulationPlan(seed=3, scenario=scenario, crashes=(Crash(12, "after"),), away=Span(140 * SECOND))
    World(plan).run()


@pytest.mark.slow
@pytest.mark.parametrize("offset", AGAIN)
@pytest.mark.parametrize("scenario", BRIEF)
def test_a_second_crash_in_the_middle_of_recovery_changes_nothing_either(scenario: str, offset: int) -> None:
    """The first crash loses what was not committed; the second comes some operations later, in any of the ways."""
    runs, ends = swept(scenario, "before", offset)
    sys.stdout.write(f"{scenario}, again after {offset}: {runs} runs\n")
    assert runs > OPERATIONS_MIN
    assert ends <= {"done", "short"}
