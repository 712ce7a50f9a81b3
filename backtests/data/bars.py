"""Bars from files: exact numbers, every mistake at once, and no bar that the files do not hold.

CSV with a header, CSV as exchanges publish it (no header, columns in the order of `KLINES`; also zipped), or Parquet:
see `backtests.data.tables`. A bar is named after the moment at which it opens. What was paid for a bar's volume is read
where the file says it. Bars that are missing are told of as absences. They are not made up here, and whoever plays the
bars has to leave them out as well.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from backtests.data.tables import Cells, chosen, opened, refuse, table
from engine.kernel.clock import Instant, Span, iso, show_span
from engine.kernel.codec import sha256_hex
from engine.kernel.errors import BadInput, Mistake
from engine.kernel.money import times
from engine.market.bars import Bar

TIMES: Final = ("ts_open_ms", "timestamp", "time")
NUMBERS: Final = ("open", "high", "low", "close", "volume")
PAID: Final = ("quote_volume", "turnover")
"""What the volume was worth, in quote; a file may go without."""
KLINES: Final = ("time", *NUMBERS, "close_time", "quote_volume")
"""The first columns of a file of klines without a header."""
PAID_SLACK: Final = Decimal("0.000001")
"""Of what was paid: sums of floats end so near to the truth."""


class Absence(Struct, frozen=True):
    """So many bars in a row that the file does not hold, from `at` on."""

    at: Instant
    count: int


class Bars(Struct, frozen=True):
    """What a file of bars holds, or several that follow one another."""

    source: str
    """The file's name; of several, their names with commas between."""
    sha256: str
    """Of the file; of several, of the lines that `sha256sum` prints for them in the order of their bars."""
    span: Span
    """The length of one bar."""
    rows: tuple[Bar, ...]
    absences: tuple[Absence, ...]
    laid: int
    """Floats that lay between two ticks or lots, and were laid on the nearest; what was paid isn't counted."""

    @property
    def start(self) -> Instant:
        return self.rows[0].at

    @property
    def end(self) -> Instant:
        """When the last bar closes."""
        return Instant(self.rows[-1].at + self.span)


def load(path: Path, *, tick: Decimal = Decimal("0.01"), lot: Decimal = Decimal("0.00001")) -> Bars:
    """Read a file of bars of a pair with this tick and lot; `BadInput` with all that is wrong with it."""
    raw = opened(path, "--bars")
    columns = table(path, raw, {*TIMES, *NUMBERS, *PAID}, KLINES)
    if missing := _missing(columns.columns):
        raise BadInput([Mistake(path.name, what) for what in missing])
    time = chosen(TIMES, columns.columns) or ""
    cells = Cells(time)
    rows, wrong = [], []
    for where, row in _rows(columns.columns, columns.first_line, time, cells, tick, lot):
        if isinstance(row, str):
            wrong.append(Mistake(f"{path.name}, {where}", row))
        else:
            rows.append(row)
            wrong += [Mistake(f"{path.name}, {where}", what) for what in _impossible(row, tick)]
    span, absences, order = _calendar(rows)
    refuse(path.name, [*wrong, *(Mistake(path.name, what) for what in order)])
    return Bars(path.name, sha256_hex(raw), span, tuple(rows), absences, cells.laid)


def load_all(paths: Sequence[Path], *, tick: Decimal = Decimal("0.01"), lot: Decimal = Decimal("0.00001")) -> Bars:
    """Several files of one pair as one, in whatever order they are named; `BadInput` with what is wrong in all of them.

    Their bars are of one length and do not overlap; what lies between two files and is in neither is an absence.
    """
    read: list[Bars] = []
    wrong: list[Mistake] = []
    for path in paths:
        try:
            read.append(load(path, tick=tick, lot=lot))
        except BadInput as error:
            wrong += error.mistakes
    if not paths:
        wrong.append(Mistake("--bars", "names no file"))
    if wrong:
        raise BadInput(wrong)
    return joined(read)


def joined(parts: Sequence[Bars]) -> Bars:
    """These bars as one; `BadInput` where their lengths differ, they overlap, or they are cut differently."""
    ranked = sorted(parts, key=lambda part: part.start)
    wrong, absences = [], list(ranked[0].absences)
    for before, after in pairwise(ranked):
        gap = after.start - before.end
        if after.span != before.span:
            told = f"has bars of {show_span(after.span)}, and {before.source} of {show_span(before.span)}"
            wrong.append(Mistake(after.source, told))
        elif gap < 0:
            told = f"begins at {iso(after.start)}, before {before.source} ends at {iso(before.end)}"
            wrong.append(Mistake(after.source, told))
        elif gap % after.span:
            wrong.append(Mistake(after.source, f"begins at {iso(after.start)}, inside of a bar of {before.source}"))
        elif gap:
            absences.append(Absence(before.end, gap // after.span))
        absences += after.absences
    refuse("--bars", wrong)
    if len(ranked) == 1:
        return ranked[0]
    listed = "".join(f"{part.sha256}  {part.source}\n" for part in ranked)
    return Bars(
        source=", ".join(part.source for part in ranked),
        sha256=sha256_hex(listed.encode()),
        span=ranked[0].span,
        rows=tuple(row for part in ranked for row in part.rows),
        absences=tuple(absences),
        laid=sum(part.laid for part in ranked),
    )


def _missing(columns: Mapping[str, Any]) -> list[str]:
    found = [f"has no column {name}" for name in NUMBERS if name not in columns]
    if chosen(TIMES, columns) is None:
        found.insert(0, f"has no column for the time; one of: {', '.join(TIMES)}")
    return found


def _rows(
    columns: Mapping[str, Sequence[Any]], first_line: int, time: str, cells: Cells, tick: Decimal, lot: Decimal
) -> Iterator[tuple[str, Bar | str]]:
    """Where each row stands, and the bar that it says or what is wrong with it."""
    steps = (tick, tick, tick, tick, lot)
    paid = chosen(PAID, columns)
    paid_step = times(tick, lot)
    read = [columns[name] for name in (time, *NUMBERS, *([paid] if paid else []))]
    for line, (at, *numbers) in enumerate(zip(*read, strict=True), first_line):
        try:
            first, high, low, last, volume = (cells.number(*pair) for pair in zip(numbers, steps, strict=False))
            quote = cells.number(numbers[-1], paid_step, count=False) if paid else None
            yield f"row {line}", Bar(cells.instant(at), first, high, low, last, volume, quote)
        except (ValueError, ArithmeticError) as error:
            yield f"row {line}", str(error) or type(error).__name__


def _impossible(bar: Bar, tick: Decimal) -> Iterator[str]:
    """What no market can have done. Prices may have been laid on a tick, what was paid knows nothing of it."""
    prices = {name: getattr(bar, name) for name in ("open", "high", "low", "close")}
    yield from (f"{name} is {price}, not above zero" for name, price in prices.items() if price <= 0)
    if bar.volume < 0:
        yield f"volume is {bar.volume}, below zero"
    if bar.high < bar.low:
        yield f"high {bar.high} is below low {bar.low}"
        return
    for name in ("open", "close"):
        if not bar.low <= prices[name] <= bar.high:
            yield f"{name} {prices[name]} lies outside of {bar.low} to {bar.high}"
    if bar.quote_volume is None or bar.volume < 0:
        return
    slack = times(PAID_SLACK, abs(bar.quote_volume)) + PAID_SLACK
    least, most = times(bar.low - tick, bar.volume) - slack, times(bar.high + tick, bar.volume) + slack
    if not least <= bar.quote_volume <= most:
        yield f"{bar.quote_volume} paid for {bar.volume} is no price from {bar.low} to {bar.high}"


def _calendar(rows: Sequence[Bar]) -> tuple[Span, tuple[Absence, ...], list[str]]:
    """The length of a bar, which bars are missing, and what is wrong with the order of those that are there."""
    if len(rows) < 2:
        return Span(0), (), ["holds fewer than two bars that can be read, so the length of a bar is not known"]
    steps = [later.at - earlier.at for earlier, later in pairwise(rows)]
    forward = Counter(step for step in steps if step > 0)
    span = Span(min(forward, key=lambda step: (-forward[step], step))) if forward else Span(1)
    absences, wrong = [], []
    for step, (earlier, later) in zip(steps, pairwise(rows), strict=True):
        if step <= 0:
            wrong.append(f"is not ascending: {iso(later.at)} stands after {iso(earlier.at)}")
        elif step % span:
            wrong.append(f"{iso(later.at)} is no whole number of {show_span(span)} after the bar before it")
        elif step > span:
            absences.append(Absence(Instant(earlier.at + span), step // span - 1))
    return span, tuple(absences), wrong
