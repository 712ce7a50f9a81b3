"""From a floor as it is written to its meaning; it has no mistakes."""

from engine.config.calendars import LAST, closed_days, known_until
from engine.config.floor_schema import FloorSection
from engine.config.programmes import horizon, parse_days, parse_offset
from engine.config.schema import ConfigFile
from engine.config.words import percent
from engine.kernel.clock import Instant, iso, parse_span
from engine.kernel.money import ZERO, Asset
from engine.mandate.terms import AverageFloor, Floor, FloorFees, FloorKind, FloorScope, QuoteFloor, Without
from engine.market.averages import AverageRules, Calendar, Missing
from engine.market.daily import Kind

YEARS_BACK = 2
"""Holidays are listed from the beginning of the year so many before."""


def floor(section: FloorSection, now: Instant) -> Floor:
    """What the section means. Which holidays are listed changes with the calendar year of `now`, and no oftener."""
    return Floor(
        price=section.price if section.price is not None else ZERO,
        currency=Asset(section.currency),
        scope=FloorScope(section.scope),
        fees=FloorFees(section.fees) if section.fees is not None else FloorFees.OUT,
        average=_average(section, now) if section.kind == FloorKind.AVERAGE else None,
        quote=_quote(section) if section.kind == FloorKind.QUOTE else None,
    )


def prices(file: ConfigFile) -> dict[Asset, dict[str, str]]:
    """Per asset and source the file that its floor is taken from, as the config names it."""
    return {Asset(name): dict(sources) for name, sources in file.prices.items()}


def _average(section: FloorSection, now: Instant) -> AverageFloor:
    names = sorted(set(section.calendars or ()))
    until = min(known_until(names), horizon(now)) if names else LAST
    first = f"{int(iso(now)[:4]) - YEARS_BACK}-01-01"
    assert section.days is not None
    assert section.offset is not None
    assert section.sources_min is not None
    rules = AverageRules(
        days=section.days,
        calendar=Calendar(section.calendar or ""),
        offset=parse_offset(section.offset),
        kind=Kind(section.value or ""),
        sources=section.sources,
        sources_min=section.sources_min,
        coverage_min=percent(section.coverage_min or ""),
        missing=Missing(section.missing or ""),
        days_min=section.days_min or 0,
        days_back_max=section.days_back_max or 0,
        weekdays_off=parse_days(section.weekdays_off) if section.weekdays_off else (),
        holidays=closed_days(names, first, until) if names else (),
    )
    share, without = percent(section.share or ""), Without(section.without or "")
    return AverageFloor(share=share, rules=rules, without=without, covers_until=until)


def _quote(section: FloorSection) -> QuoteFloor:
    assert section.desks is not None
    return QuoteFloor(
        share=percent(section.share or ""),
        desks=section.desks,
        age=parse_span(section.age or ""),
        every=parse_span(section.every or ""),
    )
