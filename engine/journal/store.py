"""Append and make durable: one writer thread on SQLite, in WAL mode with full sync, committing what has gathered.

`append` returns at once. A row is durable when the watermark has passed its number; only then may anyone act on it.
A write that fails stops the journal for good: a sync that failed once can't be believed later, so none is retried.
"""

import os
import sqlite3
import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final, Protocol

from engine.journal import reading
from engine.journal.record import FORMAT, GENESIS, Record, chained
from engine.kernel.clock import Instant

SCHEMA: Final = """
CREATE TABLE journal (
    seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, wall INTEGER NOT NULL,
    kind TEXT NOT NULL, payload BLOB NOT NULL, hash TEXT NOT NULL
) STRICT
"""
INSERT: Final = "INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?)"
LAZY_SECONDS: Final = 0.2
"""Rows that nobody waits for are committed with the next that somebody does, or after this long."""

CHECKPOINT_ROWS: Final = 50_000
"""A writer that is never idle moves its log into the file after so many rows all the same."""

Row = tuple[str, bytes]
"""Kind and canonical payload."""


class Journal(Protocol):
    """What drivers write to."""

    seq: int
    """The number of the last row appended."""
    head: str
    """Its hash."""
    durable: int
    """Every row up to this one survives a power cut."""
    failure: str
    """Why nothing more will become durable; empty while all is well."""
    notify: Callable[[], None]
    """Called, from any thread, when `durable` or `failure` has changed."""

    def append(self, at: Instant, wall: Instant, rows: Sequence[Row], *, urgent: bool) -> list[Record]:
        """Chain the rows on. `urgent`: somebody waits for them."""

    def close(self) -> None:
        """Commit what is there, and let go."""


class Chain:
    """Numbers and hashes of appended rows; what `SqliteStore` and `MemoryStore` have in common."""

    def __init__(self, seq: int, head: str) -> None:
        self.seq, self.head = seq, head

    def link(self, at: Instant, wall: Instant, rows: Sequence[Row]) -> list[Record]:
        """Records for `rows`, chained to what was there."""
        linked = []
        for kind, payload in rows:
            self.seq += 1
            self.head = chained(self.head, self.seq, at, wall, kind, payload)
            linked.append(Record(self.seq, at, wall, kind, payload, self.head))
        return linked


class SqliteStore(Chain):
    """The journal of a live run."""

    def __init__(self, database: sqlite3.Connection, seq: int, head: str) -> None:
        super().__init__(seq, head)
        self.durable, self.failure = seq, ""
        self.notify: Callable[[], None] = lambda: None
        self._database = database
        self._waiting: list[Record] = []
        self._condition = threading.Condition()
        self._urgent = self._closing = False
        self._thread = threading.Thread(target=self._write, name="journal", daemon=True)
        self._thread.start()

    @classmethod
    def create(cls, path: Path) -> "SqliteStore":
        """A new, empty journal; `FileExistsError` when there is one. It is there whole or not at all."""
        if path.exists():
            raise FileExistsError(path)
        draft = path.with_name(f".{path.name}.new")
        draft.unlink(missing_ok=True)
        with closing(sqlite3.connect(draft, isolation_level=None)) as database:
            database.execute(f"PRAGMA application_id = {reading.APPLICATION}")
            database.execute(f"PRAGMA user_version = {FORMAT}")
            database.execute(SCHEMA)
        draft.replace(path)
        _sync(path.parent)
        database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        _durable(database)
        return cls(database, 0, GENESIS)

    @classmethod
    def reopen(cls, path: Path, take: Callable[[Record], None]) -> "SqliteStore":
        """An existing journal; every row is checked and handed to `take` on the way. Raises `Damaged`."""
        database = reading.connect(path, read_only=False)
        seq, head = 0, GENESIS
        try:
            for record in reading.rows(database, path):
                take(record)
                seq, head = record.seq, record.hash
            _durable(database)
        except BaseException:
            database.close()
            raise
        return cls(database, seq, head)

    def append(self, at: Instant, wall: Instant, rows: Sequence[Row], *, urgent: bool) -> list[Record]:
        linked = self.link(at, wall, rows)
        self._hand_over(linked, urgent=urgent)
        return linked

    def copy(self, records: Sequence[Record]) -> None:
        """Take rows that are chained already, as the beginning of an empty journal."""
        assert self.seq == 0, "only an empty journal takes a copy"
        self.seq, self.head = records[-1].seq, records[-1].hash
        self._hand_over(records, urgent=True)

    def _hand_over(self, records: Sequence[Record], *, urgent: bool) -> None:
        with self._condition:
            self._waiting.extend(records)
            if urgent and not self._urgent:
                self._urgent = True
                self._condition.notify()

    def close(self) -> None:
        with self._condition:
            self._closing = True
            self._condition.notify()
        self._thread.join()

    def _write(self) -> None:
        """The writer thread. Whatever goes wrong in it ends it, and everybody who waits is told."""
        try:
            self._gather()
            self._database.execute("PRAGMA journal_mode = DELETE")  # one file again, with nothing beside it
            self._database.close()
        except sqlite3.Error as error:
            self.failure = f"the journal can't be written: {error}"
            self.notify()

    def _gather(self) -> None:
        """Commit what has gathered and raise the watermark; checkpoint when idle, so that no commit waits for it."""
        unchecked = 0
        while True:
            with self._condition:
                if not self._urgent and not self._closing:
                    self._condition.wait(LAZY_SECONDS)
                batch, self._waiting, self._urgent, closing = self._waiting, [], False, self._closing
            if batch:
                self._commit(batch)
            elif closing:
                return
            unchecked += len(batch)
            if unchecked and (not batch or unchecked >= CHECKPOINT_ROWS):
                self._database.execute("PRAGMA wal_checkpoint(PASSIVE)")
                unchecked = 0

    def _commit(self, batch: Sequence[Record]) -> None:
        self._database.execute("BEGIN IMMEDIATE")
        self._database.executemany(INSERT, [(r.seq, r.at, r.wall, r.kind, r.payload, r.hash) for r in batch])
        self._database.execute("COMMIT")
        self.durable = batch[-1].seq
        self.notify()


class MemoryStore(Chain):
    """The journal of a virtual run: durable as soon as `commit` is called, which `append` does by itself by default."""

    def __init__(self, records: Sequence[Record] = ()) -> None:
        super().__init__(records[-1].seq if records else 0, records[-1].hash if records else GENESIS)
        self.records = list(records)
        self.durable, self.failure = self.seq, ""
        self.notify: Callable[[], None] = lambda: None

    def append(self, at: Instant, wall: Instant, rows: Sequence[Row], *, urgent: bool) -> list[Record]:
        linked = self.link(at, wall, rows)
        self.records.extend(linked)
        self.commit()
        return linked

    def commit(self) -> None:
        """Everything appended so far becomes durable."""
        self.durable = self.seq
        self.notify()

    def close(self) -> None:
        """Nothing to let go of."""

    def save(self, path: Path) -> None:
        """Write all rows to a new journal file, once a virtual run is over."""
        store = SqliteStore.create(path)
        if self.records:
            store.copy(self.records)
        store.close()
        if store.failure:
            raise OSError(store.failure)


def _durable(database: sqlite3.Connection) -> None:
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.execute("PRAGMA wal_autocheckpoint = 0")


def _sync(folder: Path) -> None:
    """Make a new file's name durable, and not only its content."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
