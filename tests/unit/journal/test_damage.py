"""Nothing is skipped or guessed: whatever was changed in the file, the reader names a row or shows the same rows."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from engine.drivers.recovery import fold
from engine.events import Approval, Closed, kind
from engine.journal import reading
from engine.journal.record import FORMAT, Record
from engine.journal.store import MemoryStore, Row, SqliteStore
from engine.kernel import codec
from engine.kernel.clock import Instant
from engine.kernel.errors import Damaged
from tests.support.builders import START, opened

FIRST = opened()
SMALL = [*[Approval(Instant(START + n), f"{n}" * 8) for n in range(8)], Closed(START, "done", 0, 0)]
"""Eight rows and the one that closes the run."""
CATALOGUE = range(100, 4096)
"""SQLite's own page, behind the file's header: what the table is."""


def rows(*entries: object) -> list[Row]:
    return [(kind(entry), codec.encode(entry)) for entry in entries]  # type: ignore[arg-type]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    memory = MemoryStore()
    memory.append(START, START, rows(*SMALL), urgent=True)
    memory.save(tmp_path / reading.FILE)
    return tmp_path / reading.FILE


def change(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as database, database:
        for statement in statements:
            database.execute(statement)


def shown(path: Path) -> list[Record] | str:
    """All rows, or what the reader said."""
    try:
        return list(reading.read(path))
    except Damaged as damaged:
        return str(damaged)


def harmless(result: list[Record] | str, before: list[Record]) -> bool:
    """Damaged with a row's number, or that it is none of ours; or no row has changed."""
    if isinstance(result, str):
        return bool(re.search(r"row \d+|is not a journal", result))
    return result == before


def visible(result: list[Record] | str, before: list[Record]) -> bool:
    """As above; or the end is missing, which shows because no row closes the run."""
    return harmless(result, before) or (result == before[: len(result)] and before[-1].kind == "closed")


def flipped(path: Path, offset: int, mask: int) -> list[Record] | str:
    """What is shown with one byte changed; the byte is put back."""
    with path.open("r+b", buffering=0) as file:
        file.seek(offset)
        (byte,) = file.read(1)
        file.seek(offset)
        file.write(bytes([byte ^ mask]))
        result = shown(path)
        file.seek(offset)
        file.write(bytes([byte]))
    return result


def test_every_byte_of_every_row_is_guarded(path: Path) -> None:
    """Each byte of each payload and hash is changed in turn."""
    raw, before = path.read_bytes(), list(reading.read(path))
    for part in [part for row in before for part in (row.payload, row.hash.encode())]:
        for offset in range(raw.index(part), raw.index(part) + len(part)):
            result = flipped(path, offset, 0x01)
            assert isinstance(result, str), offset
            assert re.search(r"row \d+", result), result


def test_whatever_other_byte_is_changed_no_other_row_is_ever_shown(path: Path) -> None:
    """Header, tree and the edges of free space; a smaller count of rows may hide the last ones, which shows."""
    raw, before = path.read_bytes(), list(reading.read(path))
    parts = [part for row in before for part in (row.payload, row.hash.encode())]
    guarded = {raw.index(part) + n for part in parts for n in range(len(part))}
    free = {n for n in range(len(raw)) if not raw[max(0, n - 8) : n + 8].strip(b"\0")}
    for offset in set(range(len(raw))) - guarded - free - set(CATALOGUE):
        result = flipped(path, offset, 0xFF)
        assert visible(result, before), (offset, result)


def test_a_change_to_the_tables_own_definition_is_damage(path: Path) -> None:
    raw, before = path.read_bytes(), list(reading.read(path))
    for offset in (n for n in CATALOGUE if raw[n]):
        assert visible(flipped(path, offset, 0xFF), before), offset


def test_wherever_the_file_is_cut_off_it_says_so(path: Path) -> None:
    raw, before = path.read_bytes(), list(reading.read(path))
    for length in [*range(200), *range(200, len(raw), 61)]:
        path.write_bytes(raw[:length])
        assert harmless(shown(path), before), length


def test_another_database_is_not_a_journal(path: Path) -> None:
    change(path, "PRAGMA application_id = 7")
    assert "is not a journal" in str(shown(path))


def test_a_text_is_not_a_journal(path: Path) -> None:
    path.write_text("once upon a time" * 100)
    assert "row 1" in str(shown(path))


def test_an_empty_file_is_not_a_journal(path: Path) -> None:
    path.write_bytes(b"")
    assert "is not a journal" in str(shown(path))


@pytest.mark.parametrize("version", [FORMAT + 1, FORMAT - 1])
def test_another_version_is_not_guessed_at(path: Path, version: int) -> None:
    change(path, f"PRAGMA user_version = {version}")
    assert f"is of version {version}, and this is version {FORMAT}" in str(shown(path))


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("DELETE FROM journal WHERE seq = 4", "row 4 is missing; row 5 follows row 3"),
        ("DELETE FROM journal WHERE seq = 1", "row 1 is missing"),
        ("DELETE FROM journal WHERE seq IN (2, 3)", "row 2 is missing; row 4 follows row 1"),
        ("UPDATE journal SET seq = seq + 1 WHERE seq = 9", "row 9 is missing"),
        ("UPDATE journal SET hash = 'f' WHERE seq = 5", "row 5 does not match"),
        ("UPDATE journal SET payload = CAST(CAST(payload AS TEXT) || ' ' AS BLOB) WHERE seq = 5", "row 5 does not"),
        ("UPDATE journal SET at = at + 1 WHERE seq = 3", "row 3 does not match"),
        ("UPDATE journal SET wall = wall - 1 WHERE seq = 3", "row 3 does not match"),
        ("UPDATE journal SET kind = 'halt' WHERE seq = 1", "row 1 does not match"),
        ("INSERT INTO journal VALUES (10, 0, 0, 'halt', x'7b7d', 'f')", "row 10 does not match"),
        ("INSERT INTO journal VALUES (0, 0, 0, 'halt', x'7b7d', 'f')", "row 1 is missing; row 0 follows"),
        ("ALTER TABLE journal RENAME TO diary", "row 1 can't be read"),
    ],
)
def test_a_row_that_was_removed_added_moved_or_changed_is_named(path: Path, statement: str, said: str) -> None:
    change(path, statement)
    assert said in str(shown(path))


def test_two_rows_that_changed_places_are_named(path: Path) -> None:
    change(path, *[f"UPDATE journal SET seq = {to} WHERE seq = {of}" for of, to in ((2, 99), (3, 2), (99, 3))])
    assert "row 2 does not match" in str(shown(path))


def test_rows_before_the_damage_are_shown_and_none_after(path: Path) -> None:
    change(path, "UPDATE journal SET at = 0 WHERE seq = 6")
    seen: list[int] = []
    with pytest.raises(Damaged, match="row 6"):
        seen.extend(record.seq for record in reading.read(path))
    assert seen == [1, 2, 3, 4, 5]


def test_a_journal_of_another_beginning_is_not_taken_up(path: Path) -> None:
    """Well chained, and its first row opens no run."""
    with pytest.raises(Damaged, match=r"row 1.*no row before it opened the run"):
        fold(reading.read(path))


def test_a_journal_whose_rows_are_of_another_time_is_not_taken_up(tmp_path: Path) -> None:
    memory = MemoryStore()
    memory.append(START, START, [*rows(FIRST), ("prophecy", b'{"type":"prophecy"}')], urgent=True)
    with pytest.raises(Damaged, match=r"row 2 \(prophecy\)"):
        fold(memory.records)


def test_a_journal_without_rows_is_not_taken_up(tmp_path: Path) -> None:
    SqliteStore.create(tmp_path / reading.FILE).close()
    with pytest.raises(Damaged, match="row 1 is missing"):
        fold(reading.read(tmp_path / reading.FILE))


def test_a_whole_journal_is_taken_up(tmp_path: Path) -> None:
    memory = MemoryStore()
    memory.append(START, START, rows(FIRST), urgent=True)
    assert fold(memory.records).opened == FIRST
