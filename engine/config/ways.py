"""When and how: from the sections to recipes, which are data that people can approve."""

from decimal import Decimal
from typing import Final

from engine.config import impacts, schedule_checks, tactic_checks
from engine.config.known import OWN_SCHEDULES, OWN_TACTICS
from engine.config.method_schema import StrategySection, TacticSection
from engine.config.schema import ConfigFile, StableSection
from engine.config.words import percent
from engine.kernel.clock import parse_span
from engine.kernel.money import Asset, plain
from engine.planning.draft import Way
from engine.planning.impact import Impact
from engine.planning.plan import AtEnd, Recipe

SWEEP_EVERY: Final = "10s"


def way(strategy: StrategySection, tactic: TacticSection, impact: Impact | None = None) -> Way:
    """One asset's, with what selling it does to its price; or that of all that have none of their own."""
    return Way(
        schedule=_schedule(strategy, impact),
        window=parse_span(strategy.window),
        catch_up=strategy.catch_up,
        at_end=AtEnd(strategy.at_end),
        tactic=_tactic(tactic),
    )


def own(file: ConfigFile) -> dict[Asset, Way]:
    """Of assets that are sold at another pace or in another manner; what they do not say is as for the rest.

    Where a schedule goes by what selling does to the price, each asset has a way of its own.
    """
    measured = impacts.impacts(file)
    bending = [name for name, strategy in impacts.sold_by(file).items() if strategy.schedule in impacts.USERS]
    return {
        Asset(name): way(
            file.strategies.get(name, file.strategy), file.tactics.get(name, file.tactic), measured.get(Asset(name))
        )
        for name in dict.fromkeys((*file.strategies, *file.tactics, *bending))
    }


def _schedule(strategy: StrategySection, impact: Impact | None) -> Recipe:
    if strategy.schedule not in OWN_SCHEDULES:
        return Recipe(strategy.schedule, strategy.parameters)
    parameters = {
        **{key: _text(getattr(strategy, key)) for key in schedule_checks.given(strategy)},
        **(impact.parameters if impact is not None and strategy.schedule in impacts.USERS else {}),
        "time_jitter": str(percent(strategy.time_jitter)),
        "size_jitter": str(percent(strategy.size_jitter)),
        "seed": str(strategy.seed),
    }
    return Recipe(strategy.schedule, parameters)


def _text(value: object) -> str:
    """Of a key: a share as a fraction, weights with commas, everything else as it is."""
    match value:
        case tuple():
            return ",".join(map(str, value))
        case Decimal():
            return plain(value)
        case str() if value.endswith("%"):
            return str(percent(value))
        case _:
            return str(value)


def _tactic(tactic: TacticSection) -> Recipe:
    own = tactic.kind in OWN_TACTICS
    return Recipe(tactic.kind, tactic_checks.parameters(tactic) if own else tactic.parameters)


def sweep(section: StableSection, seed: int) -> Recipe:
    """How the leg of a stablecoin sells it."""
    amount = section.sweep if section.sweep is not None else section.inventory_max / 4
    age = section.sweep_age if section.sweep_age is not None else section.age_max
    jitters = {name: percent(getattr(section, name)) for name in ("time_jitter", "size_jitter")}
    drawn = {name: str(share) for name, share in jitters.items() if share}
    return Recipe(
        "fiat_sweep",
        {"every": SWEEP_EVERY, "amount": str(amount), "age": age, **drawn} | ({"seed": str(seed)} if drawn else {}),
    )
