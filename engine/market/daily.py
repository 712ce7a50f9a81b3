"""From bars to days in one fixed zone: one value a day and source, or the reason why the day has none.

Nothing is filled in. A day keeps count of the bars that it had and should have had; whether that is enough is a rule of
whoever uses it.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Final

from msgspec import Struct

from engine.kernel.clock import DAY, Span, iso, show_span
from engine.kernel.money import DIGITS_AFTER_POINT, ratio, total
from engine.market.bars import Bar

_EPOCH: Final = date(1970, 1, 1).toordinal()


class Kind(StrEnum):
    """What stands for a day."""

    CLOSE = "close"
    """The close of its last bar."""
    VWAP = "vwap"
    """All that was paid by all that was traded."""
    TYPICAL = "typical"
    """The plain mean of its bars' (high + low + close) / 3."""


class DayValue(Struct, frozen=True):
    """One day of one source."""

    value: Decimal | None
    """Rounded half-even to 12 places where it is a quotient; `None` where the day can't have one."""
    volume: Decimal
    """In base."""
    bars: int
    bars_all: int
    """So many bars has a whole day."""
    lack: str = ""
    """Why there is no value."""


class Daily(Struct, frozen=True):
    """The days of one source, by ISO date in the zone of `offset`."""

    source: str
    offset: Span
    """Local time less UTC."""
    kind: Kind
    days: Mapping[str, DayValue]


def daily(source: str, bars: Iterable[Bar], span: Span, offset: Span, kind: Kind) -> Daily:
    """Every day of which there is a bar. `bars` of `span` ascend.

    `ValueError` where the span does not divide a day, where a bar reaches over local midnight, and where bars do not
    ascend: no day could be told from the next.
    """
    if span <= 0 or DAY % span:
        raise ValueError(f"bars of {show_span(span)} do not divide a day")
    found: dict[int, list[Bar]] = {}
    before = None
    for bar in bars:
        number, since = divmod(bar.at + offset, DAY)
        if since % span:
            raise ValueError(f"the bar of {iso(bar.at)} is not cut at the midnight of {_zone(offset)}")
        if before is not None and bar.at <= before:
            raise ValueError(f"the bar of {iso(bar.at)} does not come after the one of {iso(before)}")
        before = bar.at
        found.setdefault(number, []).append(bar)
    days = {_iso(number): _day(rows, span, offset, kind) for number, rows in found.items()}
    return Daily(source, offset, kind, days)


def _day(rows: list[Bar], span: Span, offset: Span, kind: Kind) -> DayValue:
    volume = total(bar.volume for bar in rows)
    value, lack = _value(rows, volume, span, offset, kind)
    return DayValue(value, volume, len(rows), DAY // span, lack)


def _value(rows: list[Bar], volume: Decimal, span: Span, offset: Span, kind: Kind) -> tuple[Decimal | None, str]:
    if kind is Kind.CLOSE:
        ends = (rows[-1].at + offset) % DAY + span == DAY
        return (rows[-1].close, "") if ends else (None, "its last bar is missing, so its close is not known")
    if kind is Kind.TYPICAL:
        whole = total(price for bar in rows for price in (bar.high, bar.low, bar.close))
        return ratio(whole, Decimal(3 * len(rows)), DIGITS_AFTER_POINT), ""
    paid = [bar.quote_volume for bar in rows if bar.quote_volume is not None]
    if len(paid) < sum(1 for bar in rows if bar.volume):
        return None, "a bar does not say what was paid for its volume"
    return (ratio(total(paid), volume, DIGITS_AFTER_POINT), "") if volume else (None, "nothing was traded")


def _iso(number: int) -> str:
    return date.fromordinal(_EPOCH + number).isoformat()


def _zone(offset: Span) -> str:
    return "UTC" if not offset else f"UTC{'' if offset < 0 else '+'}{show_span(offset)}"
