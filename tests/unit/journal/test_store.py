"""Append, make durable, reopen: what a journal promises, and what it says when the disk does not keep it."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from engine.journal import reading
from engine.journal.record import GENESIS, Record, chained
from engine.journal.store import LAZY_SECONDS, MemoryStore, Row, SqliteStore
from engine.kernel.clock import Instant
from engine.kernel.errors import Damaged
from tests.support.builders import START

WALL = Instant(START + 1)
ROWS: list[Row] = [("due", b'{"n":1}'), ("place", b'{"n":2}'), ("placed", b'{"n":3}')]


class Watched:
    """A store, and a way to wait for its watermark without sleeping."""

    def __init__(self, store: SqliteStore) -> None:
        self.store, self._changed, self.changes = store, threading.Condition(), 0
        store.notify = self._tell

    def _tell(self) -> None:
        with self._changed:
            self.changes += 1
            self._changed.notify_all()

    def until(self, true: Callable[[], bool]) -> bool:
        with self._changed:
            return self._changed.wait_for(true, timeout=10)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / reading.FILE


@pytest.fixture
def watched(path: Path) -> Iterator[Watched]:
    store = SqliteStore.create(path)
    yield Watched(store)
    store.close()


class FailingDisk:
    """A connection whose writing fails from the first `when` on."""

    def __init__(self, real: sqlite3.Connection, when: str) -> None:
        self._real, self._when = real, when

    def execute(self, sql: str, *args: Any) -> Any:
        if sql.startswith(self._when):
            raise sqlite3.OperationalError("disk I/O error")
        return self._real.execute(sql, *args)

    def executemany(self, sql: str, rows: Any) -> Any:
        if self._when == "INSERT":
            raise sqlite3.OperationalError("database or disk is full")
        return self._real.executemany(sql, rows)

    def close(self) -> None:
        self._real.close()


def fail(store: SqliteStore, when: str) -> None:
    store._database = FailingDisk(store._database, when)  # type: ignore[assignment]


def written(path: Path, *batches: list[Row]) -> list[Record]:
    store = SqliteStore.create(path)
    records = [record for rows in batches for record in store.append(START, WALL, rows, urgent=True)]
    store.close()
    return records


def test_rows_are_read_as_they_were_appended(path: Path) -> None:
    records = written(path, ROWS, ROWS[:1])
    assert list(reading.read(path)) == records
    assert [(r.seq, r.at, r.wall, r.kind, r.payload) for r in records] == [
        (n + 1, START, WALL, kind, payload) for n, (kind, payload) in enumerate([*ROWS, ROWS[0]])
    ]


def test_each_row_is_chained_to_the_one_before(path: Path) -> None:
    last = GENESIS
    for row in written(path, ROWS):
        last = chained(last, row.seq, row.at, row.wall, row.kind, row.payload)
        assert row.hash == last


def test_a_journal_that_was_closed_is_one_file(path: Path) -> None:
    written(path, ROWS)
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_reopened_journal_goes_on_with_the_next_number_and_hash(path: Path) -> None:
    before, seen = written(path, ROWS), list[Record]()
    store = SqliteStore.reopen(path, seen.append)
    assert (seen, store.seq, store.head, store.durable) == (before, 3, before[-1].hash, 3)
    after = store.append(START, WALL, ROWS, urgent=True)
    store.close()
    assert list(reading.read(path)) == [*before, *after]


def test_a_journal_is_not_created_over_another(path: Path) -> None:
    written(path, ROWS)
    with pytest.raises(FileExistsError):
        SqliteStore.create(path)


def test_what_is_not_there_is_not_damaged_but_missing(path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        list(reading.read(path))
    with pytest.raises(FileNotFoundError):
        SqliteStore.reopen(path, lambda record: None)
    assert not path.exists()


def test_append_does_not_wait_and_the_watermark_follows(watched: Watched) -> None:
    store = watched.store
    records = store.append(START, WALL, ROWS, urgent=True)
    assert store.seq == 3
    assert watched.until(lambda: store.durable == records[-1].seq)


def test_rows_that_nobody_waits_for_are_durable_soon(watched: Watched) -> None:
    """Within the lazy bound; a second of grace is given for a busy machine."""
    began = monotonic()
    watched.store.append(START, WALL, ROWS, urgent=False)
    assert watched.until(lambda: watched.store.durable == 3)
    assert monotonic() - began < LAZY_SECONDS + 1


def test_rows_that_nobody_waits_for_go_with_the_next_that_somebody_does(watched: Watched) -> None:
    for _ in range(50):
        watched.store.append(START, WALL, ROWS[:1], urgent=False)
    watched.store.append(START, WALL, ROWS[:1], urgent=True)
    assert watched.until(lambda: watched.store.durable == 51)
    assert watched.changes < 10


def test_what_is_durable_can_be_read_by_another_while_the_journal_is_open(path: Path, watched: Watched) -> None:
    records = watched.store.append(START, WALL, ROWS, urgent=True)
    watched.until(lambda: watched.store.durable == 3)
    assert list(reading.read(path)) == records


def test_closing_keeps_what_nobody_waited_for(path: Path) -> None:
    store = SqliteStore.create(path)
    records = store.append(START, WALL, ROWS, urgent=False)
    store.close()
    assert list(reading.read(path)) == records


@pytest.mark.parametrize("when", ["BEGIN", "INSERT", "COMMIT"])
def test_a_failed_write_says_so_and_never_raises_the_watermark(watched: Watched, when: str) -> None:
    store = watched.store
    store.append(START, WALL, ROWS[:1], urgent=True)
    assert watched.until(lambda: store.durable == 1)
    fail(store, when)
    store.append(START, WALL, ROWS, urgent=True)
    assert watched.until(lambda: bool(store.failure))
    assert store.failure.startswith("the journal can't be written: ")
    assert store.durable == 1


def test_after_a_failed_write_nothing_becomes_durable_though_the_disk_is_back(path: Path, watched: Watched) -> None:
    """A sync that failed once can't be believed later."""
    store, disk = watched.store, watched.store._database
    fail(store, "COMMIT")
    store.append(START, WALL, ROWS, urgent=True)
    assert watched.until(lambda: bool(store.failure))
    disk.execute("ROLLBACK")
    store._database = disk
    store.append(START, WALL, ROWS, urgent=True)
    store.close()
    disk.close()
    assert (store.durable, list(reading.read(path))) == (0, [])


@pytest.mark.parametrize("when", ["PRAGMA wal_checkpoint"])
def test_a_disk_that_fails_while_nothing_is_written_says_so_too(
    path: Path, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    died = threading.Event()
    monkeypatch.setattr(threading, "excepthook", lambda args: died.set())
    store = SqliteStore.create(path)
    fail(store, when)
    store._thread.join(timeout=LAZY_SECONDS * 5)
    assert store.failure or store._thread.is_alive()
    store.close()


def test_a_memory_journal_is_chained_like_any_other(path: Path) -> None:
    memory = MemoryStore()
    records = memory.append(START, WALL, ROWS, urgent=True)
    assert records == written(path, ROWS) == memory.records
    assert (memory.durable, memory.head) == (3, records[-1].hash)


def test_a_memory_journal_is_saved_row_by_row(path: Path) -> None:
    memory = MemoryStore()
    for n in range(300):
        memory.append(Instant(START + n), WALL, ROWS, urgent=False)
    memory.save(path)
    assert list(reading.read(path)) == memory.records


def test_an_empty_memory_journal_is_saved_too(path: Path) -> None:
    MemoryStore().save(path)
    assert list(reading.read(path)) == []


def test_a_memory_journal_goes_on_from_rows_that_were_there(path: Path) -> None:
    first = MemoryStore()
    first.append(START, WALL, ROWS, urgent=True)
    second = MemoryStore(first.records)
    second.append(START, WALL, ROWS, urgent=True)
    second.save(path)
    assert [record.seq for record in reading.read(path)] == [1, 2, 3, 4, 5, 6]


def test_a_damaged_journal_is_not_reopened_and_not_touched(path: Path) -> None:
    written(path, ROWS)
    raw = path.read_bytes()
    path.write_bytes(raw.replace(b'{"n":2}', b'{"n":9}'))
    with pytest.raises(Damaged, match="row 2"):
        SqliteStore.reopen(path, lambda record: None)
    assert path.read_bytes() == raw.replace(b'{"n":2}', b'{"n":9}')
