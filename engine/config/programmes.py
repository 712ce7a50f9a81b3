"""From `[programme]` to its meaning. What depends on the day it is read changes with the calendar year and no oftener,
so that a plan which was approved in the morning is the same plan in the evening."""

from collections.abc import Iterable
from typing import Final

from engine.config.calendars import closed_days, known_until
from engine.config.schema import BlackoutSection, MaintenanceSection, ProgrammeSection, WindowSection
from engine.config.words import percent
from engine.kernel.clock import HOUR, MINUTE, Instant, Span, iso, parse_instant
from engine.kernel.ids import VenueName
from engine.mandate.banking import before_cutoffs
from engine.mandate.hours import Blackout, Hours, Window
from engine.mandate.programme import Carry, Overnight, Programme

WEEK: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
FIRST: Final = "2026-01-01"
"""Holidays are listed from here on: before it there is nothing to sell, and the sandbox's market begins after it."""
YEARS_AHEAD: Final = 2


def programme(section: ProgrammeSection, tail: Span, now: Instant) -> Programme:
    """What the section means; it has no mistakes. `tail` is the longest of the stablecoins passed through."""
    offset, last = parse_offset(section.offset), horizon(now)
    hours = _hours(offset, section.windows, section.calendars, section.blackout, last)
    bank = None
    if section.bank is not None:
        bank = _hours(offset, section.bank.windows, section.bank.calendars, (), last)
        hours = before_cutoffs(hours, bank, tail)
    venues = sorted({each.venue for each in section.maintenance})
    return Programme(
        hours=hours,
        bank=bank,
        quota=percent(section.quota) if section.quota is not None else None,
        carry=Carry(section.carry),
        overnight=Overnight(section.overnight),
        maintenance={
            VenueName(venue): _blackouts(each for each in section.maintenance if each.venue == venue)
            for venue in venues
        },
    )


def horizon(now: Instant) -> str:
    """The last date that anybody's programme may reach, read at `now`: the end of the year after next."""
    return f"{int(iso(now)[:4]) + YEARS_AHEAD}-12-31"


def parse_days(text: str) -> tuple[int, ...]:
    """`"mon-fri"`, `"mon,wed,fri-sun"` as weekdays from 0; `ValueError` for a range that runs backwards."""
    days: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        begins, ends = WEEK.index(first), WEEK.index(last or first)
        if ends < begins:
            raise ValueError(f"{part} runs backwards; write {first}-sun,mon-{last}")
        days.update(range(begins, ends + 1))
    return tuple(sorted(days))


def parse_time(text: str) -> Span:
    """`"09:30"` as time since midnight."""
    hours, minutes = map(int, text.split(":"))
    return Span(hours * HOUR + minutes * MINUTE)


def parse_offset(text: str) -> Span:
    """`"+08:00"` as local time less UTC."""
    ahead = parse_time(text[1:])
    return ahead if text[0] == "+" else Span(-ahead)


def _hours(
    offset: Span,
    windows: Iterable[WindowSection],
    calendars: Iterable[str],
    blackouts: Iterable[BlackoutSection],
    last: str,
) -> Hours:
    names = sorted(set(calendars))
    known = min(known_until(names), last)
    return Hours(
        offset=offset,
        windows=tuple(
            Window(days=parse_days(each.days), opens=parse_time(each.opens), closes=parse_time(each.closes))
            for each in windows
        ),
        closed_days=closed_days(names, FIRST, known),
        blackouts=_blackouts(blackouts),
        covers_until=known,
    )


def _blackouts(sections: Iterable[BlackoutSection | MaintenanceSection]) -> tuple[Blackout, ...]:
    stretches = [
        Blackout(begins=parse_instant(each.begins), ends=parse_instant(each.until), reason=each.reason)
        for each in sections
    ]
    return tuple(sorted(stretches, key=lambda stretch: (stretch.begins, stretch.ends)))
