"""Composition root: from a config to a running driver. The one engine file that knows venues and strategies."""

from collections.abc import Mapping

from engine.config import Config
from engine.core import Method, Methods
from engine.kernel.clock import Instant
from engine.planning.draft import Manner
from engine.planning.plan import Plan
from strategies import registry


def manner(config: Config) -> Manner:
    """The config's part of a plan."""
    return Manner(
        schedule=config.schedule,
        window=config.window,
        catch_up=config.catch_up,
        tactic=config.tactic,
        sweeps=config.sweeps,
        tails=config.tails,
    )


def methods(plan: Plan, start: Instant) -> Methods:
    """Schedules and tactics of a plan that starts at `start`."""
    return {
        leg.id: Method(
            registry.schedule(leg.schedule.name, start, Instant(start + leg.window), leg.schedule.parameters),
            registry.tactic(leg.tactic.name, leg.tactic.parameters),
        )
        for leg in plan.legs
    }
