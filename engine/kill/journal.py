"""Reading a journal that a process may be writing, that a crash left behind, or that is torn.

Nothing is written to it and its hashes are not checked: that takes as long as the journal is large, and what is wrong
with it is for `steelyard audit` to say. A part that can't be read is left out, and said.
"""

import json
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Final, NamedTuple

from engine.kill.mistakes import BadInput, Mistake
from engine.kill.orders import ROWS, Row, Told, told

APPLICATION: Final = 0x53545901
FORMATS: Final = (2, 3, 4)
"""Versions whose rows about orders are alike."""
_LONGEST: Final = 1 << 36
"""Bytes; a header that promises more is damaged as well."""
_PATIENCE_S: Final = 2.0
_MARKS: Final = ", ".join("?" * len(ROWS))
_ASKED: Final = f"SELECT seq, kind, wall, payload FROM journal WHERE kind IN ({_MARKS}) ORDER BY seq"  # noqa: S608 - marks


class Journal(NamedTuple):
    """What could be read of one journal."""

    path: Path
    told: Told
    torn: str
    """What could not be read, and why; empty when all was."""


class _Rows:
    """Rows by their number, and what is wrong with the others."""

    def __init__(self) -> None:
        self.kept: dict[int, Row] = {}
        self.odd = 0
        self.torn = ""

    def take(self, database: sqlite3.Connection, order: str) -> bool:
        """Read in that order until the end, or until nothing more can be read."""
        try:
            for seq, kind, wall, payload in database.execute(_ASKED + order, ROWS):
                if seq not in self.kept:
                    self._keep(seq, kind, wall, payload)
        except (sqlite3.Error, OverflowError, UnicodeDecodeError) as error:
            self.torn = self.torn or f"{error}"
            return False
        return True

    def _keep(self, seq: int, kind: str, wall: Any, payload: Any) -> None:
        try:
            value = json.loads(payload)
        except (ValueError, TypeError, RecursionError):
            value = None
        if not isinstance(value, Mapping) or not isinstance(wall, int):
            self.odd += 1
            return
        self.kept[seq] = (kind, wall, value)

    def __iter__(self) -> Iterator[Row]:
        return (self.kept[seq] for seq in sorted(self.kept))


def read(path: Path) -> Journal:
    """What `path` tells of orders. `BadInput` when it is no journal at all, or one of another version."""
    if not path.is_file():
        raise BadInput([Mistake(str(path), "there is no such journal")])
    rows, lacking = _Rows(), _lacks_its_log(path)  # asked before it is opened, which may make an empty one
    try:
        with closing(_connect(path)) as database:
            _gather(database, rows, path)
    except sqlite3.Error as error:  # a log without its index, or a medium that can't be written: a copy can be opened
        rows.torn = f"{error}"
    if rows.torn and not rows.kept:
        _from_a_copy(path, rows)
    if lacking and not rows.torn:
        rows.torn = "the log that belongs beside it is missing, and the last rows with it"
    found = told(rows, rows.odd)
    if found.odd and not rows.torn:
        rows.torn = f"{found.odd} rows about orders make no sense"
    return Journal(path, found, rows.torn)


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, timeout=_PATIENCE_S)


def _gather(database: sqlite3.Connection, rows: _Rows, path: Path) -> None:
    application = database.execute("PRAGMA application_id").fetchone()[0]
    version = database.execute("PRAGMA user_version").fetchone()[0]
    if application != APPLICATION:
        raise BadInput([Mistake(str(path), "this is not a journal of a run")])
    if version not in FORMATS:
        known = " and ".join(map(str, FORMATS))
        raise BadInput([Mistake(str(path), f"this journal is of version {version}, and only {known} are read here")])
    database.execute("SELECT 1 FROM journal LIMIT 1")
    if not rows.take(database, ""):
        rows.take(database, " DESC")  # what lies behind the damage


def _from_a_copy(path: Path, rows: _Rows) -> None:
    """Once more, from a copy that may be mended: SQLite reads nothing of a file that is shorter than it should be."""
    with tempfile.TemporaryDirectory(prefix="steelyard-kill-") as folder:
        copy = Path(folder) / path.name
        try:
            for end in ("", "-wal"):
                beside = path.with_name(path.name + end)
                if beside.is_file():
                    shutil.copyfile(beside, copy.with_name(copy.name + end))
            short = _lengthen(copy)
            with closing(sqlite3.connect(copy, isolation_level=None)) as database:
                before, rows.torn = rows.torn, ""
                _gather(database, rows, path)
                rows.torn = rows.torn or (before if short or not rows.kept else "")
        except (sqlite3.Error, OSError) as error:
            rows.torn = f"{error}"


def _lacks_its_log(path: Path) -> bool:
    """A run that is closed leaves one file; one that was not has a log, and its last rows are only there."""
    with path.open("rb") as file:
        header = file.read(20)
    log = path.with_name(path.name + "-wal")
    return header[18:20] == b"\2\2" and not (log.exists() and log.stat().st_size)


def _lengthen(path: Path) -> bool:
    """Fill up with empty pages what was cut off; was there anything?"""
    with path.open("r+b") as file:
        header = file.read(100)
        page = int.from_bytes(header[16:18], "big")
        whole = (65_536 if page == 1 else page) * int.from_bytes(header[28:32], "big")
        length = file.seek(0, os.SEEK_END)
        if length >= whole or whole > _LONGEST:
            return False
        file.truncate(whole)
        return True
