"""Open time cut into the hours of the clock: what is looked at hour by hour, and what a market lets through in each."""

from collections.abc import Callable, Iterator, Sequence
from math import fsum

from msgspec import Struct

from engine.forecast.course import Bin
from engine.kernel.clock import HOUR, Instant
from engine.mandate.hours import Hours, pauses
from engine.market.volume_model import expected


class Cell(Struct, frozen=True):
    """The open part of one hour of the clock."""

    begins: Instant
    ends: Instant
    open: int
    """Nanoseconds of it."""
    volume: float
    """Of others, expected."""


def cells(begins: Instant, ends: Instant, hours: Hours | None, curve: Sequence[int], volume_daily: float) -> list[Cell]:
    """Every hour between two instants in which something may be sold."""
    closed = pauses(hours, begins, ends) if hours is not None else ()
    edges = [begins, *(edge for stretch in closed for edge in stretch), ends]
    found = dict[int, list[tuple[Instant, Instant]]]()
    for a, b in zip(edges[::2], edges[1::2], strict=True):
        for piece in _by_hour(a, b):
            found.setdefault(piece[0] // HOUR, []).append(piece)
    return [
        Cell(
            pieces[0][0],
            pieces[-1][1],
            sum(b - a for a, b in pieces),
            fsum(expected(curve, volume_daily / 24, a, b) for a, b in pieces),
        )
        for pieces in found.values()
    ]


def _by_hour(begins: Instant, ends: Instant) -> Iterator[tuple[Instant, Instant]]:
    at = begins
    while at < ends:
        until = min(ends, Instant((at // HOUR + 1) * HOUR))
        yield at, until
        at = until


def planned(found: Sequence[Cell], bins: Sequence[Bin], shares: Sequence[float]) -> list[float]:
    """The share of the whole that falls into each cell. A bin sells evenly from its begin to its end."""
    return [_meeting(cell, bins, shares) for cell in found]


def _meeting(cell: Cell, bins: Sequence[Bin], shares: Sequence[float]) -> float:
    overlap: Callable[[Bin], int] = lambda each: min(each.ends, cell.ends) - max(each.begins, cell.begins)  # noqa: E731
    return fsum(
        share * part / (each.ends - each.begins)
        for each, share in zip(bins, shares, strict=True)
        if (part := overlap(each)) > 0
    )
