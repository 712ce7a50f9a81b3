"""A plan's prospect on a terminal: the ways side by side, and the lines that say what figures leave open."""

from collections.abc import Iterator, Sequence
from typing import Final

from engine.forecast.prospect import LegProspect, Prospect, Way

HEADS: Final = ("way", "spread", "fees", "impact", "total", "+/-", "95 %", "cost", "lasts", "peak %", "unsold")
DASH: Final = "-"
"""Stands where nobody could tell."""


def lines(prospect: Prospect) -> Iterator[str]:
    """Of every leg that nobody feeds."""
    for leg in prospect.legs:
        yield ""
        yield f"what to expect of {leg.quantity} {leg.sell} for {leg.buy}, as of {prospect.as_of[:16]}Z"
        yield from (f"  {figure.name}: {figure.value} ({figure.source})" for figure in leg.figures)
        yield from (f"  not told: {what}" for what in leg.lacking)
        yield from _ways(leg)
        yield from (f"  {name}: {words}" for name, words in leg.lines)
    yield ""


def _ways(leg: LegProspect) -> Iterator[str]:
    """In bp of the price at the start, a loss above zero; the config's own way has a star."""
    yield from ("  " + row.rstrip() for row in aligned([HEADS, *map(_row, leg.ways)]))
    yield f"  * as configured; bp of the price at the start; cost in {leg.buy}; 95 %: not more in 95 of 100 cases"
    yield from (f"  {way.name}: {way.basis}" for way in leg.ways if way.basis)


def _row(way: Way) -> Sequence[str]:
    told = (
        way.spread_bp, way.fees_bp, way.impact_bp, way.total_bp, way.deviation_bp, way.worst_bp, way.cost, way.lasts,
        way.peak,
    )  # fmt: skip
    return (f"{'*' if way.chosen else ' '} {way.name}", *(cell or DASH for cell in told), way.unsold)


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Columns of one width: the first to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        )
        for row in rows
    ]
