"""A plan's prospect on a terminal: the ways side by side, and the lines that say what figures leave open."""

from collections.abc import Iterator, Sequence
from typing import Final

from engine.forecast.prospect import HeatMap, HeatRow, Leak, LegProspect, Prospect, Way

HEADS: Final = ("way", "spread", "fees", "impact", "total", "+/-", "95 %", "cost", "lasts", "peak %", "unsold")
DASH: Final = "-"
"""Stands where nobody could tell."""
NO_DATA: Final = "."
MARK: Final = "*"
HALF: Final = 12
"""Hours beside one another."""


def lines(prospect: Prospect) -> Iterator[str]:
    """Of every leg that nobody feeds."""
    for leg in prospect.legs:
        yield ""
        yield f"what to expect of {leg.quantity} {leg.sell} for {leg.buy}, as of {prospect.as_of[:16]}Z"
        yield from (f"  {figure.name}: {figure.value} ({figure.source})" for figure in leg.figures)
        yield from (f"  not told: {what}" for what in leg.lacking)
        yield from _ways(leg)
        yield from (f"  {name}: {words}" for name, words in leg.lines)
        if leg.heat is not None:
            yield from _heat(leg.heat, leg.sell)
        if leg.leak is not None:
            yield from _leak(leg.leak)
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


def _heat(heat: HeatMap, asset: str) -> Iterator[str]:
    """Half a day beside the other half would be wider than a terminal: two blocks of twelve hours."""
    if not heat.rows:
        yield f"  {heat.remark}"
        return
    yield f"  heat map: {asset} that others trade in an hour, median by venue; hours of {heat.zone}"
    yield f"  {MARK} the plan sells then; {NO_DATA} no data; allowed beside it: {heat.share}"
    for first in (0, HALF):
        heads = ["hour", *(f"{hour:02d} " for hour in range(first, first + HALF))]
        rows = [row for each in heat.rows for row in _of_venue(each, first)]
        yield from (f"    {row.rstrip()}" for row in aligned([heads, *rows]))
    yield from (f"    {row.venue}, {row.days}: {row.source}" for row in heat.rows)
    if heat.remark:
        yield f"    {heat.remark}"


def _of_venue(row: HeatRow, first: int) -> Iterator[Sequence[str]]:
    cells = row.cells[first : first + HALF]
    yield f"{row.venue}, {row.days}", *(f"{volume or NO_DATA}{MARK if sold else ' '}" for volume, _, sold in cells)
    if row.allowed:
        yield "  allowed", *(f"{allowed or NO_DATA} " for _, allowed, _ in cells)


def _leak(leak: Leak) -> Iterator[str]:
    """Findings with something to do about them have a second line."""
    yield f"  leak check: {leak.basis}"
    for each in leak.findings:
        yield f"    {each.level}: {each.name}: {each.measure}"
        if each.remedy:
            yield f"      {each.bound}; smaller by: {each.remedy}"
