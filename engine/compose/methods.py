"""From a config and its plan to schedules and tactics: the engine's one look at `strategies`."""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from engine.config import Config
from engine.core.pursuing import Method
from engine.core.turn import Methods
from engine.events import Opened
from engine.kernel.clock import Instant
from engine.kernel.ids import LegId
from engine.kernel.money import plain
from engine.mandate.hours import after
from engine.orders.strategy import Progress
from engine.planning.draft import Manner
from engine.planning.plan import LegPlan, Plan
from engine.planning.trading_time import InHours
from strategies import registry


def manner(config: Config) -> Manner:
    """The config's part of a plan."""
    return Manner(way=config.way, own=config.own, sweeps=config.sweeps, tails=config.tails, programme=config.programme)


def methods(plan: Plan, start: Instant) -> Methods:
    """Schedules and tactics of a plan that starts at `start`."""
    return {
        leg.id: Method(
            registry.schedule(leg.schedule.name, start, Instant(start + leg.window), _parameters(leg)),
            registry.tactic(leg.tactic.name, leg.tactic.parameters),
        )
        for leg in plan.legs
    }


def _parameters(leg: LegPlan) -> Mapping[str, str]:
    """Those that were approved, and what the leg may sell: some curves bend by it."""
    return {**leg.schedule.parameters, "quantity": plain(leg.quantity)}


def targets(opened: Opened) -> Mapping[LegId, list[tuple[Instant, Decimal]]]:
    """What each leg that is fed by none should have sold by when, as it was approved, for the reports."""
    made = methods(opened.plan, opened.at)
    return {
        leg.id: list(_points(leg, made[leg.id], opened.at, opened.plan)) for leg in opened.plan.legs if not leg.fed_by
    }


def _points(leg: LegPlan, method: Method, start: Instant, plan: Plan) -> Iterator[tuple[Instant, Decimal]]:
    schedule, hours, at, reached = method.schedule, plan.hours(leg), start, Instant(start + leg.window)
    if hours is not None:
        schedule = InHours(schedule, hours, start)
        reached = after(hours, start, leg.window) or plan.ends(start)
    end = min(reached, plan.ends(start))
    before = Decimal(0)
    while at < end:
        seen = Progress(leg.quantity, before, closing=True, oldest=None, at=at, lot=leg.lot, before=before)
        before = schedule.target(seen)
        yield at, before
        at = schedule.following(at)
    yield end, leg.quantity
