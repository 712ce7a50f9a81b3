"""Opening a journal and reading it, with every row checked against the one before.

Nothing is skipped or guessed: another version, a gap, a changed byte or a torn file is `Damaged`, with its row.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

from engine.journal.record import FORMAT, GENESIS, Record, chained
from engine.kernel.errors import Damaged

APPLICATION: Final = 0x53545901
"""`STY` and 1, in SQLite's header: what tells a journal from any other database."""
FILE: Final = "journal.sqlite"


def read(path: Path) -> Iterator[Record]:
    """Every row in order, each checked; raises `Damaged` at the first that does not follow from the one before."""
    with closing(connect(path, read_only=True)) as database:
        yield from rows(database, path)


def connect(
    path: Path, *, read_only: bool, application: int = APPLICATION, what: str = "a journal of a run"
) -> sqlite3.Connection:
    """A connection to a journal of this version; `Damaged` for anything else, `FileNotFoundError` for none.

    Another kind of chained file has its own `application`, and `what` it is called.
    """
    if not path.exists():
        raise FileNotFoundError(f"no journal at {path}")
    mode = "ro" if read_only else "rw"
    database = sqlite3.connect(f"file:{path}?mode={mode}", uri=True, isolation_level=None, check_same_thread=False)
    try:
        found = database.execute("PRAGMA application_id").fetchone()[0]
        version = database.execute("PRAGMA user_version").fetchone()[0]
    except sqlite3.DatabaseError as error:
        database.close()
        raise Damaged(f"{path} can't be read from row 1 on: {error}") from error
    if found != application:
        database.close()
        raise Damaged(f"{path} is not {what}")
    if version != FORMAT:
        database.close()
        raise Damaged(f"{path} is of version {version}, and this is version {FORMAT}; row 1 and all others are unread")
    return database


def rows(database: sqlite3.Connection, path: Path, *, after: int = 0, head: str = GENESIS) -> Iterator[Record]:
    """The rows of an open journal behind row `after`, whose hash is `head`; each checked."""
    last, seq = head, after
    from_there = after or -(2**63)  # at the beginning, a row before the first is seen as well
    try:
        stored = database.execute(
            "SELECT seq, at, wall, kind, payload, hash FROM journal WHERE seq > ? ORDER BY seq", (from_there,)
        )
        for number, at, wall, kind, payload, digest in stored:
            seq += 1
            if number != seq:
                raise Damaged(f"{path}: row {seq} is missing; row {number} follows row {seq - 1}")
            last = chained(last, seq, at, wall, kind, payload)
            if digest != last:
                raise Damaged(f"{path}: row {seq} does not match its hash; it or row {seq - 1} was changed")
            yield Record(seq, at, wall, kind, payload, digest)
    except (sqlite3.DatabaseError, TypeError, UnicodeDecodeError) as error:
        raise Damaged(f"{path}: row {seq + 1} can't be read: {error}") from error
