"""How much is held and when, by each way of selling: courses over one grid, so that they can be compared.

The grid cuts the open time of the window into equal bins. A bin sells at an even pace; between two bins lies a night
where the hours say so, in which nothing is sold and the price moves on.
"""

from bisect import bisect_left
from collections.abc import Sequence
from decimal import Decimal
from itertools import accumulate, pairwise
from math import fsum
from typing import Final

from msgspec import Struct

from engine.kernel.clock import DAY, Instant, Span
from engine.mandate.hours import Hours, after, opening, pauses
from engine.market.volume_model import expected
from engine.science.participation import pov_children

BINS_MAX: Final = 288
_GONE: Final = 1e-9
"""Of the whole: what is left below this is not left."""


class Bin(Struct, frozen=True):
    """A part of the window. Lengths in days, volume in coins."""

    begins: Instant
    ends: Instant
    open: float
    """Of its time, what is open."""
    until_next: float
    """From its begin to the begin of the next, nights included; of the last one its own length."""
    volume: float
    """Of others, expected; 0 where nobody knows."""


class Course(Struct, frozen=True):
    """What each bin sells, as a share of the whole."""

    shares: tuple[float, ...]

    @property
    def held(self) -> tuple[float, ...]:
        """After each bin."""
        return tuple(1 - sold for sold in accumulate(self.shares))

    @property
    def unsold(self) -> float:
        """When the last bin is over."""
        rest = 1 - fsum(self.shares)
        return rest if rest > _GONE else 0.0

    @property
    def last(self) -> int:
        """The last bin that sells."""
        return max((index for index, share in enumerate(self.shares) if share > _GONE), default=0)


def grid(
    start: Instant, window: Span, hours: Hours | None, count: int, curve: Sequence[int], volume_daily: float | None
) -> tuple[Bin, ...]:
    """`count` bins of equal open time; fewer where the hours end before the window does."""
    edges = [_reached(start, Span(window * index // count), hours) for index in range(count + 1)]
    begins = [edge if edge is None or hours is None else opening(hours, edge) for edge in edges]
    found: list[Bin] = []
    for index in range(count):
        begin, end, following = begins[index], edges[index + 1], begins[index + 1]
        if begin is None or end is None:
            break
        then = following if following is not None and index < count - 1 else end
        closed = pauses(hours, begin, end) if hours is not None else ()
        pieces = _open(begin, end, closed)
        volume = fsum(expected(curve, (volume_daily or 0.0) / 24, a, b) for a, b in pieces)
        found.append(Bin(begin, end, fsum(b - a for a, b in pieces) / DAY, (then - begin) / DAY, volume))
    return tuple(found)


def _reached(start: Instant, span: Span, hours: Hours | None) -> Instant | None:
    return Instant(start + span) if hours is None else after(hours, start, span)


def _open(begin: Instant, end: Instant, closed: Sequence[tuple[Instant, Instant]]) -> list[tuple[Instant, Instant]]:
    """What closed stretches leave between two instants."""
    edges = [begin, *(edge for stretch in closed for edge in stretch), end]
    return [(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True) if a < b]


def even(bins: Sequence[Bin]) -> Course:
    """TWAP: as much an hour in each."""
    whole = fsum(each.open for each in bins)
    return Course(tuple(each.open / whole for each in bins))


def by_volume(bins: Sequence[Bin]) -> Course:
    """VWAP: as much of the volume in each; `ValueError` where none is expected."""
    whole = fsum(each.volume for each in bins)
    if whole <= 0:
        raise ValueError("no volume is expected in any bin")
    return Course(tuple(each.volume / whole for each in bins))


def by_rate(bins: Sequence[Bin], quantity: float, rate: float) -> Course:
    """POV: `rate` of all volume, ours included, until all is sold."""
    children = pov_children(rate, quantity, [each.volume for each in bins])
    return Course(tuple(child / quantity for child in children))


def by_holdings(holdings: Sequence[float]) -> Course:
    """What is held at each edge, from all to nothing: the schedules of Almgren and Chriss."""
    whole = holdings[0]
    return Course(tuple((a - b) / whole for a, b in pairwise(holdings)))


def by_targets(bins: Sequence[Bin], targets: Sequence[tuple[Instant, Decimal]], quantity: Decimal) -> Course:
    """A schedule's own: what it wants gone by the end of each bin. A target stands where its slice begins."""
    times = [at for at, _ in targets]
    gone = [0.0]
    for each in bins:
        place = bisect_left(times, each.ends)
        gone.append(float(targets[place - 1][1] / quantity) if place else 0.0)
    gone[-1] = 1.0 if targets and targets[-1][1] >= quantity else gone[-1]
    return Course(tuple(b - a for a, b in pairwise(gone)))
