"""From a config and its plan to schedules and tactics: the engine's one look at `strategies`."""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from engine.config import Config
from engine.core import Method, Methods
from engine.events import Opened
from engine.kernel.clock import Instant
from engine.kernel.ids import LegId
from engine.orders.strategy import Progress
from engine.planning.draft import Manner
from engine.planning.plan import LegPlan, Plan
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


def targets(opened: Opened) -> Mapping[LegId, list[tuple[Instant, Decimal]]]:
    """What each leg that is fed by none should have sold by when, for the reports."""
    made = methods(opened.plan, opened.at)
    return {
        leg.id: list(_points(leg, made[leg.id], opened.at, opened.plan.ends(opened.at)))
        for leg in opened.plan.legs
        if not leg.fed_by
    }


def _points(leg: LegPlan, method: Method, start: Instant, deadline: Instant) -> Iterator[tuple[Instant, Decimal]]:
    at, end = start, min(Instant(start + leg.window), deadline)
    while at < end:
        seen = Progress(leg.quantity, Decimal(0), closing=True, oldest=None, at=at, lot=leg.lot)
        yield at, method.schedule.target(seen)
        at = method.schedule.following(at)
    yield end, leg.quantity
