"""Mistakes in `[programme]`, and what can't be sold within its hours before the deadline."""

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Final

from msgspec.structs import replace

from engine.config.calendars import CALENDARS, LAST
from engine.config.programmes import parse_days, parse_offset, parse_time, programme
from engine.config.schema import BlackoutSection, ConfigFile, MaintenanceSection, WindowSection
from engine.config.words import percent
from engine.kernel.clock import HOUR, Instant, Span, parse_instant, parse_span
from engine.kernel.errors import Mistake
from engine.mandate.hours import Hours, after, day, day_ends, elapsed
from engine.mandate.programme import Carry, Overnight, Programme
from engine.mandate.terms import Deadline

_OFFSET_MAX: Final = Span(14 * HOUR)
_HOURS_OF_A_WEEK: Final = 7 * 24


def mistakes(file: ConfigFile) -> Iterator[Mistake]:
    """All that is wrong with the section itself."""
    section = file.programme
    if section is None:
        return
    if abs(parse_offset(section.offset)) > _OFFSET_MAX:
        yield Mistake("programme.offset", f"{section.offset}: no place is further than 14 hours from UTC")
    yield from _windows("programme", section.windows)
    yield from _calendars("programme", section.calendars)
    if section.bank is not None:
        yield from _windows("programme.bank", section.bank.windows)
        yield from _calendars("programme.bank", section.bank.calendars)
    if section.quota is not None and not 0 < percent(section.quota) <= 1:
        yield Mistake("programme.quota", "lies above 0% and is at most 100%")
    if section.carry not in set(Carry):
        yield Mistake("programme.carry", f"{section.carry!r} is none of: {', '.join(Carry)}")
    if section.carry != Carry.NONE and section.quota is None:
        yield Mistake("programme.carry", "says what becomes of a quota, and there is none")
    if section.overnight not in set(Overnight):
        yield Mistake("programme.overnight", f"{section.overnight!r} is neither of: {', '.join(Overnight)}")
    yield from _stretches("programme.blackout", section.blackout)
    yield from _stretches("programme.maintenance", section.maintenance)
    for index, each in enumerate(section.maintenance):
        if each.venue not in file.mandate.venues:
            yield Mistake(f"programme.maintenance[{index}].venue", f"{each.venue} is not among mandate.venues")


def misfits(file: ConfigFile, deadline: Deadline, now: Instant) -> Iterator[Mistake]:
    """What does not fit before the deadline; the section has no mistakes of its own.

    The sandbox keeps its own time, so a length of time may begin there at any hour of a week without holidays.
    """
    assert file.programme is not None
    tail = longest_tail(file)
    meant = programme(file.programme, tail, now)
    if not meant.hours.windows:
        yield Mistake(
            "programme.bank.windows", "no hour of programme.windows lies the stablecoin's tail before a cut-off"
        )
        return
    starts: Sequence[Instant] = [now]
    if file.environment == "sandbox" and deadline.after is not None:
        meant = replace(meant, hours=replace(meant.hours, closed_days=(), blackouts=(), covers_until=LAST))
        starts = [Instant(now + hour * HOUR) for hour in range(_HOURS_OF_A_WEEK)]
    elif day(meant.hours, deadline.from_start(now)) > meant.hours.covers_until:
        until = meant.hours.covers_until
        yield Mistake("programme.calendars", f"holidays are known until {until}, and the deadline is later")
        return
    for where, text in windows(file):
        window = parse_span(text)
        if not any(_fits(meant.hours, start, deadline.from_start(start), window, tail) for start in starts):
            yield Mistake(where, f"{text} of open time and the tail do not fit before the deadline")
    if not any(_enough(meant, start, deadline.from_start(start)) for start in starts):
        quota = file.programme.quota
        yield Mistake("programme.quota", f"{quota} a day is less than everything on the days before the deadline")


def windows(file: ConfigFile) -> Iterator[tuple[str, str]]:
    """The window of every strategy, each with its place."""
    yield "strategy.window", file.strategy.window
    for asset, section in file.strategies.items():
        yield f"strategies.{asset}.window", section.window


def longest_tail(file: ConfigFile) -> Span:
    """Of the stablecoins passed through."""
    return max((parse_span(section.tail) for section in file.path.stable.values()), default=Span(0))


def _fits(hours: Hours, start: Instant, ends: Instant, window: Span, tail: Span) -> bool:
    closes = after(hours, start, window)
    return closes is not None and closes + tail <= ends


def _enough(meant: Programme, start: Instant, ends: Instant) -> bool:
    """Do the quotas of all days with open time make up the whole?"""
    if meant.quota is None:
        return True
    allowed, here = meant.quota * 0, start
    while here < ends and allowed < 1:
        midnight = min(day_ends(meant.hours, here), ends)
        if elapsed(meant.hours, here, midnight):
            allowed += meant.quota
        here = midnight
    return allowed >= 1


def _windows(where: str, windows: Sequence[WindowSection]) -> Iterator[Mistake]:
    if not windows:
        yield Mistake(f"{where}.windows", "names no hour at which anything may be sold")
    for index, window in enumerate(windows):
        try:
            parse_days(window.days)
        except ValueError as error:
            yield Mistake(f"{where}.windows[{index}].days", str(error))
            return
        if parse_time(window.closes) <= parse_time(window.opens):
            yield Mistake(
                f"{where}.windows[{index}].closes",
                f"{window.closes} is not after {window.opens}; a night is two windows, until 24:00 and from 00:00",
            )
    for (_, one), (index, other) in combinations(enumerate(windows), 2):
        common = set(parse_days(one.days)) & set(parse_days(other.days))
        opens = max(parse_time(one.opens), parse_time(other.opens))
        if common and opens < min(parse_time(one.closes), parse_time(other.closes)):
            yield Mistake(f"{where}.windows[{index}]", f"overlaps {one.days} {one.opens}-{one.closes}")


def _calendars(where: str, names: Sequence[str]) -> Iterator[Mistake]:
    for index, name in enumerate(names):
        if name not in CALENDARS:
            yield Mistake(f"{where}.calendars[{index}]", f"{name!r} is none of: {', '.join(CALENDARS)}")


def _stretches(where: str, sections: Sequence[BlackoutSection | MaintenanceSection]) -> Iterator[Mistake]:
    for index, each in enumerate(sections):
        here, instants = f"{where}[{index}]", list[Instant]()
        for key, text in (("from", each.begins), ("until", each.until)):
            try:
                instants.append(parse_instant(text))
            except ValueError:
                yield Mistake(f"{here}.{key}", f"{text!r} is no instant with its zone (2026-12-01T10:00:00+08:00)")
        if len(instants) == 2 and instants[1] <= instants[0]:
            yield Mistake(f"{here}.until", f"{each.until} is not after {each.begins}")
        if not each.reason.strip():
            yield Mistake(f"{here}.reason", "is empty: who is told that nothing is sold is told why")
