"""The file under a case's book: one chained table, one file with nothing beside it, appended to by one at a time.

It keeps no write-ahead log, unlike a run's journal: a book gets a few rows a day, and can be copied and brought back
by people who copy files. SQLite's own lock is what keeps two writers apart.
"""

import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from engine.journal import reading
from engine.journal.record import FORMAT, Record, chained
from engine.journal.store import INSERT, SCHEMA
from engine.kernel.clock import Instant
from engine.kernel.errors import BadInput, Mistake

APPLICATION: Final = 0x53545902
"""`STY` and 2, in SQLite's header: a book, and not a journal."""
WHAT: Final = "a case's book"
BUSY_MS: Final = 10_000
"""Who finds it locked waits so long; a writer holds it for one commit."""


class BookFile:
    """Rows on disk. It judges nothing but their chain."""

    def __init__(self, path: Path, genesis: str) -> None:
        self.path, self.genesis = path, genesis
        self._database: sqlite3.Connection | None = None
        self._inode = 0

    def close(self) -> None:
        """Let go of the file."""
        if self._database is not None:
            self._database.close()
            self._database = None

    def holds(self, seq: int, head: str) -> bool:
        """Does row `seq` still stand there with that hash? Cheap: asked several times a second."""
        if seq == 0:
            return True
        database = self._open()
        if database is None:
            return False
        row = database.execute("SELECT hash FROM journal WHERE seq = ?", (seq,)).fetchone()
        return row is not None and row[0] == head

    def read(self, after: int, head: str) -> list[Record]:
        """Every row behind `after`, whose hash is `head`, each checked; none where there is no file."""
        database = self._open()
        return [] if database is None else list(reading.rows(database, self.path, after=after, head=head))

    @contextmanager
    def writing(self) -> Iterator[None]:
        """One transaction: nobody else appends until it is over, and what was appended is durable after it."""
        if not self.path.exists():
            self._create()
        database = self._open()
        assert database is not None, "a book that was just created is there"
        try:
            database.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:  # locked for too long, or a file that may only be read
            raise BadInput([Mistake(str(self.path), f"can't be written, and nothing was: {error}")]) from error
        try:
            yield
            database.execute("COMMIT")
        except BaseException:
            if database.in_transaction:  # SQLite may have ended it by itself, as on a full disk
                database.execute("ROLLBACK")
            raise

    def append(self, seq: int, head: str, wall: Instant, kind: str, payload: bytes) -> Record:
        """The row behind row `seq`, whose hash is `head`; only inside `writing`."""
        assert self._database is not None
        assert self._database.in_transaction, "a row is appended in a transaction that has read the last one"
        hashed = chained(head, seq + 1, wall, wall, kind, payload)
        record = Record(seq + 1, wall, wall, kind, payload, hashed)
        self._database.execute(INSERT, (record.seq, wall, wall, kind, payload, hashed))
        return record

    def _same(self) -> bool:
        """Is the file that we have open the one that lies there?"""
        try:
            return self.path.stat().st_ino == self._inode
        except FileNotFoundError:
            return False

    def _open(self) -> sqlite3.Connection | None:
        """The file that lies there now, which may be another one than before; `None` when there is none."""
        if self._database is not None and not self._database.in_transaction and not self._same():
            self.close()
        if self._database is None and self.path.exists():
            self._database = reading.connect(self.path, read_only=False, application=APPLICATION, what=WHAT)
            self._inode = self.path.stat().st_ino
            self._database.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
            self._database.execute("PRAGMA synchronous = EXTRA")
        return self._database

    def _create(self) -> None:
        """There whole or not at all; of two who create it at once one does, and both go on with the same file."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_name(f".{self.path.name}.{secrets.token_hex(4)}")
        with closing(sqlite3.connect(draft, isolation_level=None)) as database:
            database.execute(f"PRAGMA application_id = {APPLICATION}")
            database.execute(f"PRAGMA user_version = {FORMAT}")
            database.execute(SCHEMA)
        try:
            os.link(draft, self.path)
        except FileExistsError:
            pass  # somebody else was first
        finally:
            draft.unlink()
        sync_folder(self.path.parent)


def sync_folder(folder: Path) -> None:
    """Make a new file's name durable, and not only its content."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
