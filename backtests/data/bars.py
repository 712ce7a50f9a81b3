"""Bars from a file: exact numbers, every mistake at once, and no bar that the file does not hold.

CSV with a header, CSV as exchanges publish it (no header, columns in the order of `KLINES`; also zipped), or Parquet.
A column called `ts_open_ms` holds milliseconds. `timestamp` and `time` hold ISO 8601 with a zone, or an integer whose
size tells its unit, seconds to nanoseconds; every file has one unit. A bar is named after the moment at which it opens.

Text is taken digit by digit. The floats of a Parquet file go through their shortest decimal form to the nearest tick
(prices) or lot (volumes), which undoes the noise of sums; how many of them that moved is counted. Bars that are missing
are told of as absences. They are not made up here, and whoever plays the bars has to leave them out as well.
"""

import csv
import io
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from engine.kernel.clock import MILLISECOND, Instant, Span, iso, of_datetime, parse_instant, show_span
from engine.kernel.codec import sha256_hex
from engine.kernel.errors import BadInput, Mistake
from engine.kernel.money import EXACT, exact
from venues.sandbox.bars import Bar

TIMES: Final = ("ts_open_ms", "timestamp", "time")
NUMBERS: Final = ("open", "high", "low", "close", "volume")
KLINES: Final = ("time", *NUMBERS)
"""The first columns of a file of klines without a header."""
TOLD_MAX: Final = 20
"""Mistakes beyond so many are only counted."""
_UNITS: Final = ((10**11, 1_000_000_000), (10**14, 1_000_000), (10**17, 1_000), (10**20, 1))
"""An instant of our time is below the first number in the unit of so many nanoseconds."""


class Absence(Struct, frozen=True):
    """So many bars in a row that the file does not hold, from `at` on."""

    at: Instant
    count: int


class Bars(Struct, frozen=True):
    """What a file of bars holds."""

    source: str
    """The file's name."""
    sha256: str
    span: Span
    """The length of one bar."""
    rows: tuple[Bar, ...]
    absences: tuple[Absence, ...]
    laid: int
    """Floats that lay between two ticks or lots, and were laid on the nearest."""

    @property
    def start(self) -> Instant:
        return self.rows[0].at

    @property
    def end(self) -> Instant:
        """When the last bar closes."""
        return Instant(self.rows[-1].at + self.span)


class _Table(Struct):
    """Columns as they were read, and what a row is called."""

    columns: dict[str, Sequence[Any]]
    first_line: int


def load(path: Path, *, tick: Decimal = Decimal("0.01"), lot: Decimal = Decimal("0.00001")) -> Bars:
    """Read a file of bars of a pair with this tick and lot; `BadInput` with all that is wrong with it."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise BadInput([Mistake("--bars", f"{path} can't be read: {error.strerror}")]) from error
    try:
        table = _parquet(raw) if raw[:4] == b"PAR1" else _text(path, raw)
    except (ValueError, OSError, zipfile.BadZipFile) as error:
        raise BadInput([Mistake(path.name, f"is neither CSV nor Parquet that can be read: {error}")]) from error
    if missing := _missing(table.columns):
        raise BadInput([Mistake(path.name, what) for what in missing])
    reader = _Reader(table, tick, lot)
    rows, wrong = [], []
    for where, row in reader.rows():
        if isinstance(row, str):
            wrong.append(Mistake(f"{path.name}, {where}", row))
        else:
            rows.append(row)
            wrong += [Mistake(f"{path.name}, {where}", what) for what in _impossible(row)]
    span, absences, order = _calendar(rows)
    wrong += [Mistake(path.name, what) for what in order]
    if wrong:
        more = len(wrong) - TOLD_MAX
        raise BadInput(wrong[:TOLD_MAX] + ([Mistake(path.name, f"and {more} mistakes more")] if more > 0 else []))
    return Bars(path.name, sha256_hex(raw), span, tuple(rows), absences, reader.laid)


def _missing(columns: Mapping[str, Any]) -> list[str]:
    found = [f"has no column {name}" for name in NUMBERS if name not in columns]
    if not any(name in columns for name in TIMES):
        found.insert(0, f"has no column for the time; one of: {', '.join(TIMES)}")
    return found


def _text(path: Path, raw: bytes) -> _Table:
    if zipfile.is_zipfile(io.BytesIO(raw)):
        with zipfile.ZipFile(io.BytesIO(raw)) as packed:
            names = [name for name in packed.namelist() if name.endswith(".csv")]
            if len(names) != 1:
                raise ValueError(f"one CSV file is expected in {path.name}, not {len(names)}")
            raw = packed.read(names[0])
    head, *rows = [row for row in csv.reader(raw.decode("utf-8-sig").splitlines()) if row] or [[]]
    names = [name.strip().lower() for name in head]
    first_line = 2
    if names and names[0].isdecimal() and len(names) >= len(KLINES):
        names, rows, first_line = list(KLINES), [head, *rows], 1
    short = [line for line, row in enumerate(rows, first_line) if len(row) < len(names)]
    if short:
        raise ValueError(f"line {short[0]} has fewer columns than the first")
    return _Table({name: [row[index] for row in rows] for index, name in enumerate(names)}, first_line)


def _parquet(raw: bytes) -> _Table:
    import pyarrow as pa  # heavy, and only wanted where there is such a file
    import pyarrow.parquet as pq

    table = pq.read_table(pa.BufferReader(raw))
    wanted = [name for name in table.column_names if name.lower() in (*TIMES, *NUMBERS)]
    return _Table({name.lower(): table.column(name).to_pylist() for name in wanted}, 1)


class _Reader:
    """Rows of a table, each as a bar or as what is wrong with it."""

    def __init__(self, table: _Table, tick: Decimal, lot: Decimal) -> None:
        self.laid = 0
        self._table, self._steps = table, (tick, tick, tick, tick, lot)
        self._time = next(name for name in TIMES if name in table.columns)
        self._unit = MILLISECOND if self._time == "ts_open_ms" else 0

    def rows(self) -> Iterator[tuple[str, Bar | str]]:
        """Where each row stands, and what it says."""
        columns = [self._table.columns[name] for name in (self._time, *NUMBERS)]
        for line, (at, *numbers) in enumerate(zip(*columns, strict=True), self._table.first_line):
            where = f"row {line}"
            try:
                exacts = [self._number(*pair) for pair in zip(numbers, self._steps, strict=True)]
                yield where, Bar(self._instant(at), *exacts)
            except (ValueError, ArithmeticError) as error:
                yield where, str(error) or type(error).__name__

    def _number(self, value: Any, step: Decimal) -> Decimal:
        if isinstance(value, str):
            return exact(value.strip())
        if not isinstance(value, float):
            return exact(str(value))
        told = Decimal(repr(value))
        if not told.is_finite():
            raise ValueError(f"not a finite number: {value}")
        laid = EXACT.multiply((told / step).to_integral_value(ROUND_HALF_EVEN), step)
        self.laid += laid != told
        return laid

    def _instant(self, value: Any) -> Instant:
        if hasattr(value, "tzinfo"):  # a Parquet timestamp; those without a zone are in UTC by its definition
            from datetime import UTC

            return of_datetime(value if value.tzinfo is not None else value.replace(tzinfo=UTC))
        text = str(value).strip()
        if not text.isdecimal():
            return parse_instant(text)
        count = int(text)
        if not self._unit:
            self._unit = next((unit for bound, unit in _UNITS if count < bound), 1)
        return Instant(count * self._unit)


def _impossible(bar: Bar) -> Iterator[str]:
    """What no market can have done."""
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
