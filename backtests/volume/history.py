"""Bars as a grid of volumes and prices, with a hole where a bar is missing or nobody traded.

The price of a bar is what was paid in it over what was traded, where the file tells, and the mean of high, low and
close where it does not.
"""

from decimal import Decimal
from pathlib import Path
from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from backtests.data.bars import Bars, load
from engine.kernel.clock import HOUR, Instant, Span, show_span
from engine.kernel.errors import BadInput, Mistake
from engine.market.bars import Bar

Floats = NDArray[np.float64]
FINE: Final = Decimal("0.00000001")
"""No tick and no lot of any pair is finer."""


class History(Struct, frozen=True):
    """One market on a grid without gaps; what is not known is not a number."""

    file: str
    sha256: str
    span: Span
    """The length of a bar: an hour, or a part of one."""
    start: Instant
    volume: Floats
    price: Floats
    paid: bool
    """Prices are what was paid, and not the middle of the bar."""

    @property
    def end(self) -> Instant:
        """When the last bar closes."""
        return Instant(self.start + len(self.volume) * self.span)

    @property
    def an_hour(self) -> int:
        """Bars in an hour."""
        return HOUR // self.span

    def until(self, instant: Instant) -> "History":
        """The same without the bars that were not closed by then."""
        count = max(0, (instant - self.start) // self.span)
        return History(
            self.file, self.sha256, self.span, self.start, self.volume[:count], self.price[:count], self.paid
        )


def read(path: Path) -> History:
    """The bars at `path`; `BadInput` with all that is wrong with them."""
    return of_bars(load(path, tick=FINE, lot=FINE))


def of_bars(bars: Bars) -> History:
    """The same of bars that were read; `BadInput` where they fill no hour of the clock."""
    if HOUR % bars.span or bars.start % bars.span:
        what = f"holds bars of {show_span(bars.span)}; a volume model wants bars that fill an hour of the clock"
        raise BadInput([Mistake(bars.source, what)])
    count = (bars.end - bars.start) // bars.span
    volume, price = np.full(count, np.nan), np.full(count, np.nan)
    places = np.array([(row.at - bars.start) // bars.span for row in bars.rows])
    traded = np.array([float(row.volume) for row in bars.rows])
    volume[places] = np.where(traded > 0, traded, np.nan)
    price[places] = [_price(row) for row in bars.rows]
    paid = bars.rows[0].quote_volume is not None
    return History(bars.source, bars.sha256, bars.span, bars.start, volume, price, paid)


def _price(bar: Bar) -> float:
    if bar.quote_volume is None:
        return float(bar.high + bar.low + bar.close) / 3
    return float(bar.quote_volume) / float(bar.volume) if bar.volume else np.nan
