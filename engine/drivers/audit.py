"""The audit driver: given what the journal says it knew, does this code decide exactly what the journal says it did?

It checks the chain, the anchor of the tail, and every turn: the events are folded in as they stand, the core decides
again, and each command must be, byte for byte, the row that follows.
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import msgspec
from msgspec import Struct

from engine import VERSION
from engine.core.evolve import evolve
from engine.core.state import opened
from engine.core.turn import Methods, decide
from engine.drivers.folder import SUMMARY
from engine.events import COMMANDS, EVENTS, Entry, Opened, decode
from engine.journal.record import Record
from engine.kernel import codec
from engine.kernel.errors import Damaged
from engine.orders.commands import Command


class Audited(Struct, frozen=True):
    """An audit that found nothing wrong."""

    rows: int
    turns: int
    head: str
    written_by: str
    closed: str
    """How the run ended; empty when its journal has no closing row."""

    @property
    def same_code(self) -> bool:
        """Was the journal written by this version?"""
        return self.written_by == VERSION


def audit(records: Iterable[Record], make: Callable[[Opened], Methods]) -> Audited:
    """Decide every turn again; raises `Damaged` naming the first row that differs."""
    rows = iter(records)
    first = next(rows, None)
    if first is None:
        raise Damaged("the journal is empty: row 1 is missing")
    start = _entry(first)
    if not isinstance(start, Opened):
        raise Damaged(f"row 1 is {first.kind}, and should open the run")
    state, methods = opened(start), make(start)
    expected: Iterator[Command] = iter(())
    turns, last = 0, first
    for last in rows:
        entry = _entry(last)
        if isinstance(entry, COMMANDS):
            _agree(next(expected, None), last)
        else:
            _no_more(expected, last.seq)
        evolve(state, entry)
        if isinstance(entry, EVENTS):
            turns += 1
            expected = decide(state, entry, methods)
    _no_more(expected, last.seq + 1)
    return Audited(last.seq, turns, last.hash, start.code, state.closed)


def check_anchor(folder: Path, audited: Audited) -> None:
    """The summary holds the last row's hash, so that a tail which was cut off shows; raises `Damaged`."""
    path = folder / SUMMARY
    if not path.exists():
        return
    anchored = msgspec.json.decode(path.read_bytes())["journal"]
    if (anchored["rows"], anchored["head"]) != (audited.rows, audited.head):
        raise Damaged(
            f"{SUMMARY} was made from {anchored['rows']} rows and another last hash: row {audited.rows} is last"
        )


def _agree(command: Command | None, record: Record) -> None:
    if command is None:
        raise Damaged(f"row {record.seq} ({record.kind}) is a command that the core does not give here")
    if (decided := codec.encode(command)) != record.payload:
        raise Damaged(f"row {record.seq} ({record.kind}) differs: the core decides {decided.decode()}")


def _no_more(expected: Iterator[Command], seq: int) -> None:
    missing = next(expected, None)
    if missing is not None:
        raise Damaged(f"row {seq} should be the command {codec.encode(missing).decode()}, which the core gives here")


def _entry(record: Record) -> Entry:
    try:
        return decode(record.payload)
    except ValueError as error:
        raise Damaged(f"row {record.seq} ({record.kind}) is not a row of this version: {error}") from error
