"""Mistakes in `[conduct]`, and what it means."""

from collections.abc import Iterator
from typing import Final

from engine.config.conduct_schema import ConductSection, FixingSection
from engine.config.programmes import parse_offset, parse_time
from engine.config.schema import ConfigFile
from engine.config.words import percent
from engine.kernel.clock import HOUR, Span, parse_span
from engine.kernel.errors import Mistake
from engine.mandate.conduct import ConductRules, Fixing

_SHARES: Final = ("cancel_max", "quick_max", "fixing_max")
_SPANS: Final = ("quick", "layers_within", "close")
_OFFSET_MAX: Final = Span(14 * HOUR)
_WITHIN_MAX: Final = Span(12 * HOUR)
"""Half a day on either side is the whole day."""


def mistakes(file: ConfigFile) -> Iterator[Mistake]:
    """All that is wrong with `[conduct]`."""
    section = file.conduct
    for name in _SHARES:
        if percent(share := getattr(section, name)) > 1:
            yield Mistake(f"conduct.{name}", f"{share} is more than 100%, and would never be passed")
    for name in _SPANS:
        if parse_span(getattr(section, name)) <= 0:
            yield Mistake(f"conduct.{name}", "has to be longer than nothing")
    if parse_span(section.close) > _WITHIN_MAX:
        yield Mistake("conduct.close", f"{section.close} is longer than half a day")
    if section.orders_per_trade_max < 1:
        yield Mistake("conduct.orders_per_trade_max", "below 1 every trade would be too dear: it needs an order")
    seen: set[str] = set()
    for index, fixing in enumerate(section.fixing):
        yield from _fixing(f"conduct.fixing[{index}]", fixing, seen)
        seen.add(fixing.name)


def _fixing(where: str, section: FixingSection, seen: set[str]) -> Iterator[Mistake]:
    if not section.name.strip():
        yield Mistake(f"{where}.name", "is empty; a report has to call it something")
    elif section.name in seen:
        yield Mistake(f"{where}.name", f"{section.name} stands here twice")
    if abs(parse_offset(section.offset)) > _OFFSET_MAX:
        yield Mistake(f"{where}.offset", f"{section.offset}: no place is further than 14 hours from UTC")
    if not 0 < parse_span(section.within) <= _WITHIN_MAX:
        yield Mistake(f"{where}.within", f"{section.within} is not above nothing and at most half a day")


def conduct(section: ConductSection) -> ConductRules:
    """What `[conduct]` means; it has no mistakes."""
    return ConductRules(
        orders_min=section.orders_min,
        cancel_max=percent(section.cancel_max),
        orders_per_trade_max=section.orders_per_trade_max,
        quick=parse_span(section.quick),
        quick_max=percent(section.quick_max),
        requotes_max=section.requotes_max,
        layers_within=parse_span(section.layers_within),
        layers_max=section.layers_max,
        fixing_max=percent(section.fixing_max),
        close=parse_span(section.close),
        quote_minutes_max=section.quote_minutes_max,
        fixings=tuple(map(_meant, section.fixing)),
    )


def _meant(section: FixingSection) -> Fixing:
    return Fixing(
        name=section.name,
        at=parse_time(section.at),
        offset=parse_offset(section.offset),
        within=parse_span(section.within),
    )
