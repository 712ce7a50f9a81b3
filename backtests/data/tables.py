"""Files of market data as columns, and what stands in them as exact numbers and instants.

CSV with a header, also gzipped or zipped, or Parquet. Text is taken digit by digit. The floats of a Parquet file go
through their shortest decimal form to the nearest multiple of a step, which undoes the noise of sums; how many of them
that moved is counted. A time column that ends in `_ms` or `_us` holds such a count; others hold ISO 8601 with a zone,
a Parquet timestamp, or an integer whose size tells its unit, seconds to nanoseconds. Every file has one unit.
"""

import csv
import gzip
import io
import zipfile
import zlib
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from engine.kernel.clock import MILLISECOND, Instant, of_datetime, parse_instant
from engine.kernel.errors import BadInput, Mistake
from engine.kernel.money import EXACT, exact

TOLD_MAX: Final = 20
"""Mistakes beyond so many are only counted."""
FIRST: Final = parse_instant("2009-01-03T00:00:00Z")
LAST: Final = parse_instant("2100-01-01T00:00:00Z")
"""Outside of these a time was written in another unit, or counts from midnight: there was nothing to trade."""
_UNITS: Final = ((10**11, 1_000_000_000), (10**14, 1_000_000), (10**17, 1_000), (10**20, 1))
"""An instant of our time is below the first number in the unit of so many nanoseconds."""
_ENDINGS: Final = {"_ms": MILLISECOND, "_us": 1_000}


class Table(Struct):
    """Columns as they were read, by lower-case names, and the line on which the first row stands."""

    columns: dict[str, Sequence[Any]]
    first_line: int


def opened(path: Path, option: str) -> bytes:
    """The file's bytes; `BadInput` that names the option where it can't be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadInput([Mistake(option, f"{path} can't be read: {error.strerror}")]) from error


def table(path: Path, raw: bytes, wanted: Collection[str], headless: Sequence[str] = ()) -> Table:
    """The columns of a file; of Parquet only those `wanted`. `headless` names those of a CSV that has no header.

    `BadInput` for what is neither CSV nor Parquet.
    """
    try:
        return _parquet(raw, wanted) if raw[:4] == b"PAR1" else _text(path, raw, headless)
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise BadInput([Mistake(path.name, f"is neither CSV nor Parquet that can be read: {error}")]) from error


def chosen(names: Sequence[str], columns: Collection[str]) -> str | None:
    """The first of `names` that is a column."""
    return next((name for name in names if name in columns), None)


def refuse(name: str, wrong: Sequence[Mistake]) -> None:
    """`BadInput` with the first of these mistakes and how many there are more, where there is any."""
    more = len(wrong) - TOLD_MAX
    if wrong:
        raise BadInput([*wrong[:TOLD_MAX], *([Mistake(name, f"and {more} mistakes more")] if more > 0 else [])])


class Cells:
    """Cells of one file as numbers and instants; `ValueError` for what is neither."""

    def __init__(self, time: str) -> None:
        self.laid = 0
        """Floats that lay between two steps, and were laid on the nearest."""
        self._unit = _ENDINGS.get(time[-3:], 0)

    def number(self, value: Any, step: Decimal, *, count: bool = True) -> Decimal:
        """The exact decimal; a float on the nearest `step`, which is counted as laid where it moved."""
        if isinstance(value, str):
            return exact(value.strip())
        if not isinstance(value, float):
            return exact(str(value))
        told = Decimal(repr(value))
        if not told.is_finite():
            raise ValueError(f"not a finite number: {value}")
        laid = EXACT.multiply((told / step).to_integral_value(ROUND_HALF_EVEN), step)
        self.laid += count and laid != told
        return laid

    def instant(self, value: Any) -> Instant:
        """When; a time outside of `FIRST` to `LAST` is refused."""
        at = self._instant(value)
        if not FIRST <= at < LAST:
            raise ValueError(f"{value} is no time from 2009 to 2100 in the unit of this column")
        return at

    def _instant(self, value: Any) -> Instant:
        if isinstance(value, datetime):  # a Parquet timestamp; those without a zone are in UTC by its definition
            return of_datetime(value if value.tzinfo is not None else value.replace(tzinfo=UTC))
        text = str(value).strip()
        if not text.isdecimal():
            return parse_instant(text)
        count = int(text)
        if not self._unit:
            self._unit = next((unit for bound, unit in _UNITS if count < bound), 1)
        return Instant(count * self._unit)


def _text(path: Path, raw: bytes, headless: Sequence[str]) -> Table:
    if raw[:2] == b"\x1f\x8b":
        raw = gzip.decompress(raw)
    elif zipfile.is_zipfile(io.BytesIO(raw)):
        with zipfile.ZipFile(io.BytesIO(raw)) as packed:
            inside = [name for name in packed.namelist() if name.endswith(".csv")]
            if len(inside) != 1:
                raise ValueError(f"one CSV file is expected in {path.name}, not {len(inside)}")
            raw = packed.read(inside[0])
    head, *rows = [row for row in csv.reader(raw.decode("utf-8-sig").splitlines()) if row] or [[]]
    names = [name.strip().lower() for name in head]
    first_line = 2
    if headless and names and names[0].isdecimal():
        names, rows, first_line = list(headless[: len(names)]), [head, *rows], 1
    short = [line for line, row in enumerate(rows, first_line) if len(row) < len(names)]
    if short:
        raise ValueError(f"line {short[0]} has fewer columns than the first")
    return Table({name: [row[index] for row in rows] for index, name in enumerate(names)}, first_line)


def _parquet(raw: bytes, wanted: Collection[str]) -> Table:
    import pyarrow as pa  # heavy, and only wanted where there is such a file
    import pyarrow.parquet as pq

    file = pq.ParquetFile(pa.BufferReader(raw))
    there = [name for name in file.schema_arrow.names if name.lower() in wanted]
    read = file.read(columns=there)
    return Table({name.lower(): read.column(name).to_pylist() for name in there}, 1)
