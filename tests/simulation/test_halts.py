"""A halt that the core decides on holds for orders that were decided before it and have not left yet."""

from typing import Final

from engine.kernel.clock import Span
from tests.simulation.plans import SimulationPlan
from tests.simulation.world import World

BETWEEN: Final = Span(13_879_511_398)
"""When somebody trades on our account so that we learn of it while a decided order waits for its commit."""


def test_an_order_that_waits_for_its_commit_does_not_leave_after_a_halt() -> None:
    """The order and the halt are made durable by one commit; the order must not leave behind it."""
    World(SimulationPlan(seed=2, scenario="cross", stranger_after=BETWEEN)).run()
