"""Mistakes in when and how: schedule, tactic, and their parameters."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from engine.config.known import OWN_SCHEDULES, OWN_TACTICS, Known
from engine.config.schema import ConfigFile, StrategySection, TacticSection
from engine.config.words import percent
from engine.kernel.clock import SECOND, parse_span
from engine.kernel.errors import Mistake

LATER_SCHEDULES: Final = frozenset({"pov", "shortfall"})


def mistakes(file: ConfigFile, known: Known) -> Iterator[Mistake]:
    """All that is wrong with `[strategy]` and `[tactic]`."""
    yield from _schedule(file.strategy, known)
    yield from _tactic(file.tactic, known)
    sold = {section.asset for section in file.mandate.assets}
    for asset, strategy in file.strategies.items():
        yield from _sold("strategies", asset, sold)
        yield from _in(f"strategies.{asset}", "strategy", _schedule(strategy, known))
    for asset, tactic in file.tactics.items():
        yield from _sold("tactics", asset, sold)
        yield from _in(f"tactics.{asset}", "tactic", _tactic(tactic, known))


def _in(place: str, section: str, found: Iterator[Mistake]) -> Iterator[Mistake]:
    """The same mistakes, at the place where this section stands."""
    for mistake in found:
        yield Mistake(place + mistake.where.removeprefix(section), mistake.what)


def _sold(section: str, asset: str, sold: set[str]) -> Iterator[Mistake]:
    if asset not in sold:
        yield Mistake(f"{section}.{asset}", f"is not entrusted; those are: {', '.join(sorted(sold))}")


def _schedule(strategy: StrategySection, known: Known) -> Iterator[Mistake]:
    if strategy.catch_up < 1:
        yield Mistake("strategy.catch_up", "below 1 a deficit could never be made up")
    name = strategy.schedule
    works = ", ".join(sorted(known.schedules))
    if name in known.schedules - OWN_SCHEDULES:
        yield from _other_people_s(strategy)
    elif name in LATER_SCHEDULES:
        yield Mistake("strategy.schedule", f"{name}: not yet; what works: {works}")
    elif name not in known.schedules:
        yield Mistake("strategy.schedule", f"{name!r} is none of: {works}")
    else:
        yield from _own(strategy)


def _own(strategy: StrategySection) -> Iterator[Mistake]:
    if strategy.schedule == "vwap" and sum(strategy.curve) == 0:
        yield Mistake("strategy.curve", "vwap needs weights of equal parts of the window, such as [4, 3, 5, 7]")
    if strategy.schedule == "twap" and strategy.curve:
        yield Mistake("strategy.curve", 'twap takes no curve; did you mean schedule = "vwap"?')
    if strategy.parameters:
        yield Mistake("strategy.parameters", f"{strategy.schedule} takes none: its parameters are keys of [strategy]")
    if percent(strategy.time_jitter) >= 1:
        yield Mistake("strategy.time_jitter", "has to be below 100% of a slice")
    if percent(strategy.size_jitter) > Decimal("0.05"):
        yield Mistake("strategy.size_jitter", "above 5% of the whole it would be timing the market")
    if strategy.slices is None:
        yield Mistake("strategy.slices", f"is missing: {strategy.schedule} cuts its window into so many")
    elif parse_span(strategy.window) // strategy.slices < SECOND:
        yield Mistake("strategy.slices", "a slice has to last a second at the least")


def _other_people_s(strategy: StrategySection) -> Iterator[Mistake]:
    given = {
        "slices": strategy.slices is not None,
        "curve": bool(strategy.curve),
        "time_jitter": percent(strategy.time_jitter) > 0,
        "size_jitter": percent(strategy.size_jitter) > 0,
    }
    for key, there in given.items():
        if there:
            yield Mistake(f"strategy.{key}", f"is not for {strategy.schedule}: say it in parameters, if it takes it")


def _tactic(tactic: TacticSection, known: Known) -> Iterator[Mistake]:
    if tactic.kind not in known.tactics:
        yield Mistake("tactic.kind", f"{tactic.kind!r} is none of: {', '.join(sorted(known.tactics))}")
    elif tactic.kind in OWN_TACTICS:
        if tactic.parameters:
            yield Mistake("tactic.parameters", f"{tactic.kind} takes none: its parameters are keys of [tactic]")
    else:
        for key in ("every", "before"):
            if getattr(tactic, key) is not None:
                yield Mistake(f"tactic.{key}", f"is not for {tactic.kind}: say it in parameters, if it takes it")
