"""What a benchmark says: one row, as a ratio to a floor or a peer that was measured in the same run.

Machines drift by a third within a minute, so a number alone means little. Both sides of a ratio are measured in turns;
the ratio is taken round by round, and its median is what counts. The smallest and the largest are shown beside it.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from statistics import median, quantiles
from typing import TypeVar

from msgspec import Struct

T = TypeVar("T")


class Spread(Struct, frozen=True):
    """One quantity over all rounds."""

    values: tuple[float, ...]
    unit: str

    @property
    def middle(self) -> float:
        return median(self.values)

    def __str__(self) -> str:
        low, high = min(self.values), max(self.values)
        shown = f"{_short(self.middle)} {self.unit}".strip()
        return shown if len(self.values) == 1 else f"{shown} [{_short(low)}..{_short(high)}]"

    def over(self, peer: "Spread") -> "Spread":
        """Round by round, how many times the peer's figure this is."""
        return Spread(tuple(ours / theirs for ours, theirs in zip(self.values, peer.values, strict=True)), "")


class Row(Struct, frozen=True):
    """`name | measured | floor/peer | ratio | must`. A row without `must` is there to be looked at."""

    name: str
    measured: Spread
    peer: str
    ratio: Spread | None = None
    must: str = ""
    holds: bool | None = None

    @property
    def cells(self) -> tuple[str, ...]:
        verdict = {True: "holds", False: "DOES NOT HOLD", None: ""}[self.holds]
        return (self.name, str(self.measured), self.peer, str(self.ratio or ""), f"{self.must} {verdict}".strip())


def in_turns(rounds: int, sides: Sequence[Callable[[], float]], unit: str) -> list[Spread]:
    """Measure every side once a round, so that a slow minute is slow for all of them."""
    values: list[list[float]] = [[] for _ in sides]
    for index in range(rounds):
        order = range(len(sides)) if index % 2 == 0 else reversed(range(len(sides)))
        for side in order:
            values[side].append(sides[side]())
    return [Spread(tuple(found), unit) for found in values]


async def taking_turns(rounds: int, sides: Sequence[Callable[[], Awaitable[T]]]) -> list[list[T]]:
    """The same under an event loop: what each side brought, round by round."""
    found: list[list[T]] = [[] for _ in sides]
    for index in range(rounds):
        order = range(len(sides)) if index % 2 == 0 else reversed(range(len(sides)))
        for side in order:
            found[side].append(await sides[side]())
    return found


def percentile(rounds: Iterable[Sequence[float]], percent: int, unit: str) -> Spread:
    """The value below which so many percent of each round lie."""
    return Spread(tuple(quantiles(taken, n=100)[percent - 1] for taken in rounds), unit)


def table(rows: Iterable[Row]) -> str:
    """All rows under their heads, in columns."""
    lines = [("name", "measured", "floor/peer", "ratio", "must"), *(row.cells for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(5)]
    text = [" | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    return "\n".join([text[0], "-+-".join("-" * width for width in widths), *text[1:]])


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
