"""When may be sold: windows of local time, days on which nobody trades, blackouts. Data, and pure arithmetic on it.

Local time is UTC plus one fixed offset, because Hong Kong and the mainland have kept +08:00 all year for decades. All
is in whole nanoseconds. A date whose holidays nobody looked up counts as closed: nothing is ever sold by a guess.
"""

from bisect import bisect_left
from datetime import date
from functools import lru_cache
from typing import Final

from msgspec import Struct

from engine.kernel.clock import DAY, Instant, Span, iso

_EPOCH: Final = date(1970, 1, 1).toordinal()
_BLOCK: Final = 32
"""Days that are added up together, so that years cost no more than weeks."""

Piece = tuple[int, int]


class Window(Struct, frozen=True, kw_only=True):
    """Open on these weekdays from `opens` to `closes`: local time since midnight, `closes` at most one day."""

    days: tuple[int, ...]
    """0 is Monday."""
    opens: Span
    closes: Span


class Blackout(Struct, frozen=True, kw_only=True):
    """Closed from `begins` until just before `ends`, whatever the windows say."""

    begins: Instant
    ends: Instant
    reason: str


class Hours(Struct, frozen=True, kw_only=True, cache_hash=True):
    """When a leg may sell. A leg that may always sell has no `Hours`."""

    offset: Span
    """Local time less UTC."""
    windows: tuple[Window, ...]
    closed_days: tuple[str, ...]
    """Local dates on which nobody trades, ISO and sorted."""
    blackouts: tuple[Blackout, ...] = ()
    covers_until: str
    """The last local date whose holidays were looked up; every later one is closed."""


def day(hours: Hours, at: Instant) -> str:
    """The local date, ISO."""
    return _iso(_day(hours, at))


def day_ends(hours: Hours, at: Instant) -> Instant:
    """The next local midnight, strictly after `at`."""
    return _midnight(hours, _day(hours, at) + 1)


def closed(hours: Hours, at: Instant) -> str:
    """Why nothing is sold now; empty when open. The opening instant is open, the closing instant is not."""
    number = _day(hours, at)
    if any(opens <= at < closes for opens, closes in _pieces(hours, number)):
        return ""
    opens = turning(hours, at)
    until = f"until {_shown(opens)}" if opens is not None else "for good"
    name = _iso(number)
    if name > hours.covers_until:
        return f"holidays after {hours.covers_until} are not known: closed {until}"
    for blackout in hours.blackouts:
        if blackout.begins <= at < blackout.ends:
            return f"blackout: {blackout.reason} until {_shown(blackout.ends)}"
    if _listed(hours.closed_days, name):
        return f"holiday: {name}; closed {until}"
    return f"outside trading hours {until}"


def turning(hours: Hours, at: Instant) -> Instant | None:
    """The next instant, strictly later, at which open becomes closed or closed open; `None` when none will come."""
    number = _day(hours, at)
    open_until = next((closes for opens, closes in _pieces(hours, number) if opens <= at < closes), None)
    if open_until is None:
        return _opening_after(hours, at)
    last = _last(hours)
    while open_until == _midnight(hours, number + 1) and number < last:
        number = _past_whole_blocks(hours, number + 1)
        open_until = _midnight(hours, number)  # unless the day goes on from midnight
        first = next(iter(_pieces(hours, number)), None)
        if first is not None and first[0] == open_until:
            open_until = first[1]
    return Instant(open_until)


def opening(hours: Hours, at: Instant) -> Instant | None:
    """`at` itself when open, otherwise the next opening; `None` when it never opens again."""
    if any(opens <= at < closes for opens, closes in _pieces(hours, _day(hours, at))):
        return at
    return _opening_after(hours, at)


def pauses(hours: Hours, begins: Instant, ends: Instant) -> tuple[tuple[Instant, Instant], ...]:
    """The closed stretches between two instants, in order."""
    found, at = list[tuple[Instant, Instant]](), begins
    while at < ends:
        opens = opening(hours, at)
        if opens is None or opens >= ends:
            return (*found, (at, ends))
        if opens > at:
            found.append((at, opens))
        closes = turning(hours, opens)
        assert closes is not None  # what is open closes where holidays are no longer known, if not before
        at = closes
    return tuple(found)


def elapsed(hours: Hours, start: Instant, at: Instant) -> Span:
    """Open time from `start` to `at`, exact; nothing when `at` is not later."""
    if at <= start:
        return Span(0)
    return Span(_since(hours, at, _day(hours, start)) - _since(hours, start, _day(hours, start)))


def after(hours: Hours, start: Instant, span: Span) -> Instant | None:
    """The first instant by which `span` of open time has passed since `start`; `None` when so much never will.

    Where it falls on a closing it is that closing and not the opening after it: see `opening`.
    """
    if span <= 0:
        return start
    number, last = _day(hours, start), _last(hours)
    lacking = span + _since(hours, start, number)
    while number <= last:
        if number % _BLOCK == 0 and _block(hours, number // _BLOCK) < lacking:
            lacking -= _block(hours, number // _BLOCK)
            number += _BLOCK
            continue
        for opens, closes in _pieces(hours, number):
            if lacking <= closes - opens:
                return Instant(opens + lacking)
            lacking -= closes - opens
        number += 1
    return None


def _opening_after(hours: Hours, at: Instant) -> Instant | None:
    """The first opening strictly after `at`, which is closed."""
    number, last = _day(hours, at), _last(hours)
    while number <= last:
        if number % _BLOCK == 0 and not _block(hours, number // _BLOCK):
            number += _BLOCK
            continue
        for opens, _ in _pieces(hours, number):
            if opens > at:
                return Instant(opens)
        number += 1
    return None


def _past_whole_blocks(hours: Hours, number: int) -> int:
    """The first day from `number` on that does not begin a block which is open throughout."""
    while number % _BLOCK == 0 and _block(hours, number // _BLOCK) == _BLOCK * DAY:
        number += _BLOCK
    return number


def _since(hours: Hours, at: int, first: int) -> int:
    """Open time from the local midnight that begins day `first` to `at`."""
    number, total, end = first, 0, _day(hours, at)
    while number < end:
        if number % _BLOCK == 0 and number + _BLOCK <= end:
            total += _block(hours, number // _BLOCK)
            number += _BLOCK
        else:
            total += sum(closes - opens for opens, closes in _pieces(hours, number))
            number += 1
    return total + sum(min(closes, at) - opens for opens, closes in _pieces(hours, end) if opens < at)


@lru_cache(maxsize=1024)
def _block(hours: Hours, index: int) -> int:
    """Open time of the days `32 * index` to `32 * index + 31`."""
    days = range(index * _BLOCK, (index + 1) * _BLOCK)
    return sum(closes - opens for number in days for opens, closes in _pieces(hours, number))


@lru_cache(maxsize=4096)
def _pieces(hours: Hours, number: int) -> tuple[Piece, ...]:
    """The open stretches of one local day as instants: sorted, apart from one another, none empty."""
    name = _iso(number)
    if name > hours.covers_until or _listed(hours.closed_days, name):
        return ()
    midnight, weekday = _midnight(hours, number), (number + 3) % 7  # 1970-01-01 was a Thursday
    stretches = sorted((midnight + w.opens, midnight + w.closes) for w in hours.windows if weekday in w.days)
    pieces: list[Piece] = []
    for opens, closes in stretches:
        if pieces and opens <= pieces[-1][1]:
            pieces[-1] = (pieces[-1][0], max(pieces[-1][1], closes))
        else:
            pieces.append((opens, closes))
    for blackout in hours.blackouts:
        pieces = [left for piece in pieces for left in _without(piece, blackout)]
    return tuple(piece for piece in pieces if piece[0] < piece[1])


def _without(piece: Piece, blackout: Blackout) -> tuple[Piece, ...]:
    """What a blackout leaves of an open stretch."""
    opens, closes = piece
    if blackout.ends <= opens or closes <= blackout.begins:
        return (piece,)
    return (opens, min(closes, blackout.begins)), (max(opens, blackout.ends), closes)


def _day(hours: Hours, at: int) -> int:
    """The local date as days since 1970-01-01."""
    return (at + hours.offset) // DAY


def _midnight(hours: Hours, number: int) -> Instant:
    return Instant(number * DAY - hours.offset)


def _last(hours: Hours) -> int:
    """The last day that can be open."""
    return date.fromisoformat(hours.covers_until).toordinal() - _EPOCH


def _listed(names: tuple[str, ...], name: str) -> bool:
    place = bisect_left(names, name)
    return place < len(names) and names[place] == name


def _iso(number: int) -> str:
    return date.fromordinal(_EPOCH + number).isoformat()


def _shown(at: Instant) -> str:
    """Whole seconds need no fraction."""
    return iso(at).replace(".000000Z", "Z")
