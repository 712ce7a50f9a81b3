"""The words of a config that are more than text: shares and deadlines."""

from decimal import Decimal

from engine.kernel.clock import parse_instant, parse_span
from engine.mandate.terms import Deadline


def percent(text: str) -> Decimal:
    """`"25%"` as a fraction."""
    return Decimal(text.removesuffix("%")).scaleb(-2)


def parse_deadline(text: str) -> Deadline | str:
    """An instant or a length of time; text that is neither comes back as what is wrong with it."""
    try:
        return Deadline(after=parse_span(text))
    except ValueError:
        pass
    try:
        return Deadline(at=parse_instant(text))
    except ValueError:
        return f"{text!r} is neither a length of time (30m) nor an instant with its zone (2026-12-01T16:00:00+08:00)"
