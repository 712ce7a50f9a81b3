"""Floats as people read them. Each kind of number has one precision, so that the same forecast gives the same bytes."""

from math import isfinite
from typing import Final

from engine.kernel.clock import HOUR, MINUTE, SECOND, Instant, Span, iso, show_span

Line = tuple[str, str]
"""A name, and words."""
LEAST: Final = 0.001
"""A chance below it is not told apart from the next."""


def bp(value: float | None) -> str:
    """Basis points, to the hundredth; empty where there is none."""
    return fixed(value, 2)


def fixed(value: float | None, places: int) -> str:
    """To so many places, without a negative zero."""
    if value is None or not isfinite(value):
        return ""
    return f"{round(value, places) + 0.0:.{places}f}"


def percent(share: float) -> str:
    """A share in percent, to the hundredth; without its sign."""
    return fixed(100 * share, 2)


def chance(value: float) -> str:
    """To the tenth of a percent."""
    if 0 < value < LEAST:
        return "below 0.1 %"
    if 1 - LEAST < value < 1:
        return "above 99.9 %"
    return f"{fixed(100 * value, 1)} %"


def number(value: float, digits: int = 4) -> str:
    """So many digits that count, and no exponent: of a volume or a price."""
    if value == 0:
        return "0"
    shown = f"{value:.{digits}g}"
    return f"{float(shown):.0f}" if "e" in shown and abs(value) >= 1 else shown if "e" not in shown else f"{value:.12f}"


def span(length: int) -> str:
    """To the minute; below ten minutes to the second."""
    unit = SECOND if length < 10 * MINUTE else MINUTE
    return show_span(Span(round(length / unit) * unit))


def hours(length: int) -> str:
    """In hours, to the hundredth."""
    return fixed(length / HOUR, 2)


def moment(at: Instant) -> str:
    """UTC, to the minute."""
    return iso(at)[:16].replace("T", " ")


def zone(offset: int) -> str:
    """Local time less UTC: `UTC+08:00`, and `UTC` where there is no difference."""
    hours, minutes = divmod(abs(offset) // MINUTE, 60)
    return f"UTC{'-' if offset < 0 else '+'}{hours:02d}:{minutes:02d}" if offset else "UTC"


def day(at: Instant) -> str:
    """The UTC date."""
    return iso(at)[:10]
