"""What selling does to prices: from `[impact.ASSET]` to values, and what is wrong with the sections."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Final

from engine.config.method_schema import StrategySection
from engine.config.schema import ConfigFile, ImpactSection
from engine.config.words import percent
from engine.kernel.clock import DAY, Instant, iso, parse_span
from engine.kernel.errors import Mistake
from engine.kernel.money import BP, Asset
from engine.planning.impact import Impact
from engine.science.calibration import LAWS, sale

USERS: Final = frozenset({"shortfall"})
"""Schedules that can't be made without a section of the asset's."""
EXPONENT_MIN: Final = Decimal("0.3")
EXPONENT_MAX: Final = Decimal(1)
"""Measured exponents lie near one half; the solvers are tested in this range."""


def impacts(file: ConfigFile) -> dict[Asset, Impact]:
    """Of every asset that has a section; one that makes sense."""
    return {Asset(name): _impact(section) for name, section in file.impact.items()}


def sold_by(file: ConfigFile) -> dict[str, StrategySection]:
    """Per asset the section by which its own coin is sold; stablecoin that others are sold for is swept instead."""
    entrusted = [section.asset for section in file.mandate.assets]
    swept = {buy for sell, buy in (hop.split(">") for hop in file.path.hops) if sell in entrusted}
    return {name: file.strategies.get(name, file.strategy) for name in entrusted if name not in swept}


def mistakes(file: ConfigFile, now: Instant) -> Iterator[Mistake]:
    """All that is wrong with the sections. `now` is the wall clock: nothing was measured after it."""
    entrusted = [section.asset for section in file.mandate.assets]
    for name, section in file.impact.items():
        if name not in entrusted:
            yield Mistake(f"impact.{name}", f"is not entrusted; those are: {', '.join(sorted(entrusted))}")
        yield from _values(f"impact.{name}", section, now)
    for name, strategy in sold_by(file).items():
        if strategy.schedule not in USERS:
            continue
        if name not in file.impact:
            yield Mistake(
                f"impact.{name}", f"is missing: {strategy.schedule} asks what selling {name} does to its price"
            )
        elif not any(_values("", file.impact[name], now)):
            yield from _unsolvable(file, name, strategy)


def _impact(section: ImpactSection) -> Impact:
    return Impact(
        price=section.price,
        sigma_daily=percent(section.sigma_daily),
        volume_daily=section.volume_daily,
        prefactor=section.y,
        exponent=section.exponent,
        spread_bp=section.spread_bp,
        permanent=section.permanent,
        desk_bp=section.desk_bp,
        calibrated=section.calibrated,
        source=section.source,
    )


def _values(where: str, section: ImpactSection, now: Instant) -> Iterator[Mistake]:
    for key in ("price", "volume_daily", "y"):
        if getattr(section, key) <= 0:
            yield Mistake(f"{where}.{key}", "has to be above zero")
    if percent(section.sigma_daily) == 0:
        yield Mistake(f"{where}.sigma_daily", "has to be above zero")
    if not EXPONENT_MIN <= section.exponent <= EXPONENT_MAX:
        yield Mistake(f"{where}.exponent", f"lies between {EXPONENT_MIN} and {EXPONENT_MAX}; 0.5 is the usual one")
    if not 0 <= section.spread_bp < BP:
        yield Mistake(f"{where}.spread_bp", "lies between 0 and 10000 bp")
    if section.permanent < 0:
        yield Mistake(f"{where}.permanent", "can't be below zero")
    if section.desk_bp is not None and not 0 <= section.desk_bp < BP:
        yield Mistake(f"{where}.desk_bp", "lies between 0 and 10000 bp")
    if not section.source.strip():
        yield Mistake(f"{where}.source", "is empty: who measured this, and on what?")
    try:
        measured = date.fromisoformat(section.calibrated)
    except ValueError:
        yield Mistake(f"{where}.calibrated", f"{section.calibrated!r} is no day; write it as 2026-11-20")
    else:
        if measured.isoformat() > iso(now)[:10]:
            yield Mistake(f"{where}.calibrated", f"{section.calibrated} has not come yet")


def _unsolvable(file: ConfigFile, name: str, strategy: StrategySection) -> Iterator[Mistake]:
    """Numbers that make sense one by one, and leave the schedule no optimum."""
    (holding,) = [section for section in file.mandate.assets if section.asset == name][:1]
    law = next((law for law in LAWS if law == strategy.law), None)
    if law is None or strategy.slices is None or holding.released <= 0:
        return
    days = parse_span(strategy.window) / DAY
    try:
        sale(_impact(file.impact[name]).market, float(holding.released), days, strategy.slices, law)
    except ValueError as error:
        yield Mistake(f"impact.{name}.permanent", f"leaves no best schedule: {error}")
