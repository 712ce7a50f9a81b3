"""Mistakes in the guards of the market, and what their sections mean: the peg of a stablecoin, and `[pause]`."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from engine.config.schema import ConfigFile, PauseSection, StableSection
from engine.config.words import percent
from engine.kernel.clock import DAY, MINUTE, Span, parse_span
from engine.kernel.errors import Mistake
from engine.mandate.peg import PegRules
from engine.risk.calm import PauseRules

_BOUNDS: Final = ("warn_bp", "halt_bp", "hard_bp")
_MINUTES: Final = ("blind", "calm")


def mistakes(file: ConfigFile) -> Iterator[Mistake]:
    """All that is wrong with the guards of stablecoins and with `[pause]`."""
    for name, section in file.path.stable.items():
        yield from _peg(f"path.stable.{name}", section)
    if file.pause is not None:
        yield from _pause(file.pause)


def _peg(where: str, section: StableSection) -> Iterator[Mistake]:
    if section.warn_bp <= 0:
        yield Mistake(f"{where}.warn_bp", "has to be above zero")
    for less, more in pairwise(_BOUNDS):
        if getattr(section, more) < getattr(section, less):
            yield Mistake(f"{where}.{more}", f"{getattr(section, more)} is below {less}, {getattr(section, less)}")
    if section.hard_bp >= 10_000:
        yield Mistake(f"{where}.hard_bp", "10000 bp and more is no bound")
    if section.z_halt <= 0:
        yield Mistake(f"{where}.z_halt", "has to be above zero")
    if parse_span(section.half_life) < MINUTE:
        yield Mistake(f"{where}.half_life", f"{section.half_life} is shorter than one sample, a minute")
    for name in _MINUTES:
        span = parse_span(getattr(section, name))
        if span < MINUTE or span % MINUTE:
            yield Mistake(f"{where}.{name}", f"{getattr(section, name)} is no number of whole minutes from 1m on")


def _pause(section: PauseSection) -> Iterator[Mistake]:
    if section.move is None and section.spread_bp is None:
        yield Mistake("pause", "needs move with over, or spread_bp, or both")
    if (section.move is None) != (section.over is None):
        lacking = "over" if section.over is None else "move"
        yield Mistake(f"pause.{lacking}", "is missing: move and over go together")
    if section.move is not None and not 0 < percent(section.move) < 1:
        yield Mistake("pause.move", "lies between 0% and 100%, neither included")
    if section.over is not None and not MINUTE <= parse_span(section.over) <= DAY:
        yield Mistake("pause.over", f"{section.over} lies outside 1m to 1d: one price a minute is kept")
    if section.spread_bp is not None and not 0 < section.spread_bp < 10_000:
        yield Mistake("pause.spread_bp", "lies between 0 and 10000, neither included")
    if parse_span(section.calm) <= 0:
        yield Mistake("pause.calm", "has to be longer than nothing")


def peg(section: StableSection) -> PegRules:
    """What the section says of the guard; it has no mistakes."""
    return PegRules(
        warn_bp=section.warn_bp,
        halt_bp=section.halt_bp,
        hard_bp=section.hard_bp,
        z_halt=section.z_halt,
        persist=section.persist,
        half_life=parse_span(section.half_life),
        blind=parse_span(section.blind) // MINUTE,
        calm=parse_span(section.calm) // MINUTE,
    )


def pause(section: PauseSection | None) -> PauseRules | None:
    """What `[pause]` means; it has no mistakes."""
    if section is None:
        return None
    return PauseRules(
        move=percent(section.move) if section.move is not None else None,
        over=parse_span(section.over) if section.over is not None else Span(0),
        spread_bp=section.spread_bp,
        calm=parse_span(section.calm),
    )
