"""When and how: from the sections to recipes, which are data that people can approve."""

from typing import Final

from engine.config.known import OWN_SCHEDULES
from engine.config.schema import ConfigFile, StableSection, StrategySection, TacticSection
from engine.config.words import percent
from engine.kernel.clock import parse_span
from engine.kernel.money import Asset
from engine.planning.draft import Way
from engine.planning.plan import Recipe

SWEEP_EVERY: Final = "10s"
PEG_EVERY: Final = "10s"
PEG_BEFORE: Final = "10s"


def way(strategy: StrategySection, tactic: TacticSection) -> Way:
    """One asset's, or that of all that have none of their own."""
    return Way(
        schedule=_schedule(strategy),
        window=parse_span(strategy.window),
        catch_up=strategy.catch_up,
        tactic=_tactic(tactic),
    )


def own(file: ConfigFile) -> dict[Asset, Way]:
    """Of assets that are sold at another pace or in another manner; what they do not say is as for the rest."""
    return {
        Asset(name): way(file.strategies.get(name, file.strategy), file.tactics.get(name, file.tactic))
        for name in dict.fromkeys((*file.strategies, *file.tactics))
    }


def _schedule(strategy: StrategySection) -> Recipe:
    if strategy.schedule not in OWN_SCHEDULES:
        return Recipe(strategy.schedule, strategy.parameters)
    parameters = {
        "slices": str(strategy.slices),
        "time_jitter": str(percent(strategy.time_jitter)),
        "size_jitter": str(percent(strategy.size_jitter)),
        "seed": str(strategy.seed),
    }
    if strategy.curve:
        parameters["curve"] = ",".join(map(str, strategy.curve))
    return Recipe(strategy.schedule, parameters)


def _tactic(tactic: TacticSection) -> Recipe:
    if tactic.kind == "peg":
        return Recipe("peg", {"every": tactic.every or PEG_EVERY, "before": tactic.before or PEG_BEFORE})
    return Recipe(tactic.kind, tactic.parameters)


def sweep(section: StableSection) -> Recipe:
    """How the leg of a stablecoin sells it."""
    amount = section.sweep if section.sweep is not None else section.inventory_max / 4
    age = section.sweep_age if section.sweep_age is not None else section.age_max
    return Recipe("fiat_sweep", {"every": SWEEP_EVERY, "amount": str(amount), "age": age})
