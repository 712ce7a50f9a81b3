"""Mistakes in when and how; what one of our schedules or tactics says of its keys stands in modules of their own."""

from collections.abc import Iterator
from decimal import Decimal

from engine.config import schedule_checks, tactic_checks
from engine.config.known import OWN_SCHEDULES, Known
from engine.config.method_schema import StrategySection
from engine.config.schema import ConfigFile
from engine.config.words import percent
from engine.kernel.errors import Mistake
from engine.kernel.money import plain
from engine.mandate.terms import FloorScope
from engine.orders.condition import STOP
from engine.planning.plan import AtEnd


def mistakes(file: ConfigFile, known: Known) -> Iterator[Mistake]:
    """All that is wrong with `[strategy]` and `[tactic]`."""
    yield from _schedule(file.strategy, known)
    yield from tactic_checks.mistakes(file.tactic, known)
    sold = {section.asset for section in file.mandate.assets}
    for asset, strategy in file.strategies.items():
        yield from _sold("strategies", asset, sold)
        yield from _in(f"strategies.{asset}", "strategy", _schedule(strategy, known))
    for asset, tactic in file.tactics.items():
        yield from _sold("tactics", asset, sold)
        yield from _in(f"tactics.{asset}", "tactic", tactic_checks.mistakes(tactic, known))
    yield from _under_floors(file)


def _in(place: str, section: str, found: Iterator[Mistake]) -> Iterator[Mistake]:
    """The same mistakes, at the place where this section stands."""
    for mistake in found:
        yield Mistake(place + mistake.where.removeprefix(section), mistake.what)


def _under_floors(file: ConfigFile) -> Iterator[Mistake]:
    """Of a `stop` that waits for a price which the floor forbids: it would wait, and then sell nothing."""
    for section in file.mandate.assets:
        own = section.asset in file.tactics
        tactic, floor = file.tactics.get(section.asset, file.tactic), section.floor
        below = tactic.below if tactic.kind == STOP else None
        bought = {hop.partition(">")[2] for hop in file.path.hops if hop.partition(">")[0] == section.asset}
        if below is None or below.endswith("%") or floor is None or floor.price is None:
            continue
        if floor.scope == FloorScope.FILL and floor.currency in bought and Decimal(below) < floor.price:
            yield Mistake(
                f"tactics.{section.asset}.below" if own else "tactic.below",
                f"{below} is under the floor of {section.asset}, {plain(floor.price)} {floor.currency}: "
                "where it is met nothing may be sold",
            )


def _sold(section: str, asset: str, sold: set[str]) -> Iterator[Mistake]:
    if asset not in sold:
        yield Mistake(f"{section}.{asset}", f"is not entrusted; those are: {', '.join(sorted(sold))}")


def _schedule(strategy: StrategySection, known: Known) -> Iterator[Mistake]:
    if strategy.catch_up < 1:
        yield Mistake("strategy.catch_up", "below 1 a deficit could never be made up")
    if strategy.at_end not in tuple(AtEnd):
        yield Mistake("strategy.at_end", f"{strategy.at_end!r} is none of: {', '.join(AtEnd)}")
    name = strategy.schedule
    works = ", ".join(sorted(known.schedules))
    if name in known.schedules - OWN_SCHEDULES:
        yield from _other_people_s(strategy)
    elif name not in known.schedules:
        yield Mistake("strategy.schedule", f"{name!r} is none of: {works}")
    else:
        yield from schedule_checks.mistakes(strategy)


def _other_people_s(strategy: StrategySection) -> Iterator[Mistake]:
    jitters = [key for key in ("time_jitter", "size_jitter") if percent(getattr(strategy, key)) > 0]
    for key in (*schedule_checks.given(strategy), *jitters):
        yield Mistake(f"strategy.{key}", f"is not for {strategy.schedule}: say it in parameters, if it takes it")
