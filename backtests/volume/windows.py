"""Orders of one length at many starts: what each would have seen, and what the season promised it beforehand.

The season of a bin is a mean over the same hour of the last days, by hours that were over when the order began. Sums
run over columns in a fixed order, so that no number depends on how many windows are looked at together.
"""

from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from backtests.volume.history import Floats, History
from engine.kernel.clock import HOUR, Instant, Span
from engine.market.volume_model import HOURS

DAYS: Final = 28
"""The season looks back so far."""


class Windows(Struct, frozen=True):
    """A row is an order, a column a bin. Later bins than the history holds are not numbers."""

    starts: NDArray[np.int64]
    """In nanoseconds."""
    volume: Floats
    price: Floats
    seasonal: Floats

    @property
    def residuals(self) -> Floats:
        """ln(volume / seasonal volume)."""
        return np.asarray(np.log(self.volume / self.seasonal))

    @property
    def returns(self) -> Floats:
        """Each bin's price over the window's VWAP, less one."""
        vwap = (self.volume * self.price).sum(axis=1) / self.volume.sum(axis=1)
        return np.asarray(self.price / vwap[:, None] - 1)

    def where(self, chosen: NDArray[np.bool_]) -> "Windows":
        """The rows that are chosen."""
        return Windows(self.starts[chosen], self.volume[chosen], self.price[chosen], self.seasonal[chosen])

    @property
    def whole(self) -> NDArray[np.bool_]:
        """Windows in which everything is known."""
        return np.asarray(~np.isnan(self.volume + self.price + self.seasonal).any(axis=1))


def windows(history: History, begins: Instant, until: Instant, bin_: Span, bins: int, days: int = DAYS) -> Windows:
    """An order at every bar from `begins` that is over by `until`; bins are a whole number of bars long."""
    size = bin_ // history.span
    first = max(0, -((history.start - begins) // history.span))
    last = (until - history.start) // history.span - size * bins
    rows = np.arange(first, last + 1)
    places = rows[:, None] + np.arange(size * bins)
    volume, price = (_padded(values, last + size * bins) for values in (history.volume, history.price))
    bars, prices = volume[places], price[places]
    traded = _summed(bars, size)
    return Windows(
        starts=history.start + rows * history.span,
        volume=traded,
        price=_summed(bars * prices, size) / traded,
        seasonal=_seasonal(history, rows, size, bins, days),
    )


def season(history: History, days: int) -> Floats:
    """The mean volume of each hour of the day over the last `days`, as it is known when the history ends."""
    hours = _hours(history)
    first = history.start // HOUR
    means = _trailing(hours, days)
    ends = len(hours)
    found = np.full(HOURS, np.nan)
    for ahead in range(HOURS):
        found[(first + ends + ahead) % HOURS] = means[ends + ahead]
    return found


def _padded(values: Floats, length: int) -> Floats:
    return np.concatenate([values, np.full(max(0, length - len(values)), np.nan)])


def _summed(bars: Floats, size: int) -> Floats:
    """Bars to bins, added one after the other."""
    total = bars[:, ::size].copy()
    for offset in range(1, size):
        total += bars[:, offset::size]
    return total


def _hours(history: History) -> Floats:
    """Volumes of the hours of the clock from the first bar's on; only of hours whose bars are all known."""
    ahead = (history.start % HOUR) // history.span
    count = (ahead + len(history.volume)) // history.an_hour
    filled = np.concatenate([np.full(ahead, np.nan), history.volume])[: count * history.an_hour]
    return _summed(filled.reshape(count, history.an_hour), history.an_hour)[:, 0]


def _trailing(hours: Floats, days: int) -> Floats:
    """For each hour, and for a day after the last, the mean of the same hour of the `days` before; NaN before that."""
    length = len(hours) + HOURS
    total, seen = np.zeros(length), np.zeros(length)
    for day in range(1, days + 1):
        before = hours[: max(0, length - HOURS * day)]
        there = ~np.isnan(before)
        total[HOURS * day : HOURS * day + len(before)] += np.where(there, before, 0.0)
        seen[HOURS * day : HOURS * day + len(before)] += there
    with np.errstate(invalid="ignore"):
        means: Floats = total / seen
    means[: HOURS * days] = np.nan
    return means


def _seasonal(history: History, rows: NDArray[np.int64], size: int, bins: int, days: int) -> Floats:
    """Per window and bin; an hour counts as far as the bin lies in it."""
    ahead = (history.start % HOUR) // history.span
    means = np.append(_trailing(_hours(history), days), np.nan)
    starts = rows + ahead
    hour = starts // history.an_hour
    found = np.zeros((len(rows), bins))
    for bin_ in range(bins):
        for bar in range(size):
            at = (starts + bin_ * size + bar) // history.an_hour
            known = hour + (at - hour) % HOURS
            found[:, bin_] += means[np.minimum(known, len(means) - 1)] / history.an_hour
    return found
