"""Instants and spans as values. This module is not a source of time; only drivers own one."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final, NewType

Instant = NewType("Instant", int)
"""Nanoseconds since 1970-01-01T00:00:00 UTC."""
Span = NewType("Span", int)
"""A length of time in nanoseconds."""

MILLISECOND: Final = Span(1_000_000)
SECOND: Final = Span(1_000_000_000)
MINUTE: Final = Span(60 * SECOND)
HOUR: Final = Span(60 * MINUTE)
DAY: Final = Span(24 * HOUR)

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_UNITS: Final = {"ms": MILLISECOND, "s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY}
_SPAN: Final = re.compile(r"(\d+)(ms|s|m|h|d)")


def parse_span(text: str) -> Span:
    """`"30m"`, `"1h30m"`, `"250ms"`; `ValueError` for anything else."""
    matches = list(_SPAN.finditer(text))
    if not matches or "".join(m.group() for m in matches) != text:
        raise ValueError(f"not a length of time: {text!r} (write 30m, 1h30m, 250ms, 3d)")
    return Span(sum(int(m.group(1)) * _UNITS[m.group(2)] for m in matches))


def show_span(span: int) -> str:
    """`90 s` as `1m30s`; the inverse of `parse_span` for whole milliseconds."""
    rest, parts = abs(span), []
    for unit in ("d", "h", "m", "s", "ms"):
        count, rest = divmod(rest, _UNITS[unit])
        if count:
            parts.append(f"{count}{unit}")
    return ("-" if span < 0 else "") + ("".join(parts) or "0s")


def parse_instant(text: str) -> Instant:
    """ISO 8601 with an offset; `ValueError` without one, since a time without a zone is not an instant."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"a time needs its zone: {text!r} (end it with Z or +08:00)")
    found = of_datetime(moment)
    try:
        iso(found)
    except OverflowError as error:  # the first or last day of the calendar, in another zone
        raise ValueError(f"no instant that can be written in UTC: {text!r}") from error
    return found


def of_datetime(moment: datetime) -> Instant:
    """The instant of an aware datetime, exact to the microsecond."""
    return Instant((moment - _EPOCH) // timedelta(microseconds=1) * 1000)


def of_millis(millis: int) -> Instant:
    """Venues count milliseconds."""
    return Instant(millis * MILLISECOND)


def iso(at: int) -> str:
    """`2026-05-02T02:36:20.521321Z`: UTC, to the microsecond."""
    moment = _EPOCH + timedelta(microseconds=at // 1000)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond:06d}Z"
