"""`fills.jsonl`: each fill as it happens, with its evidence, appended durably. A program can follow the file.

A line is written once its journal row is durable, and never twice: after a crash the lines that are missing are added,
and a torn last line is cut off. What a line says could be known at that moment; the report says it again from all.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from engine.drivers.folder import FILLS
from engine.events import Entry
from engine.evidence.running import Running
from engine.journal.record import Record
from engine.kernel import codec
from engine.market.facts import MarketFact


class Outbox:
    """The file of one run. Feed it every durable row, from the first, and the market as it is seen."""

    def __init__(self, run: Path) -> None:
        self._running = Running()
        self._written, size = _whole_lines(run / FILLS)
        self._skip = self._written
        self._file = (run / FILLS).open("ab")
        self._file.truncate(size)

    def saw(self, facts: Sequence[MarketFact]) -> None:
        """Public prints, for the interval price."""
        self._running.saw(facts)

    def __call__(self, record: Record, entry: Entry) -> None:
        """One durable row."""
        lines = [codec.encode(line) + b"\n" for line in self._running.take(record, entry)]
        fresh = lines[self._skip :]
        self._skip = max(0, self._skip - len(lines))
        if fresh:
            self._file.write(b"".join(fresh))
            self._file.flush()
            os.fsync(self._file.fileno())

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


def _whole_lines(path: Path) -> tuple[int, int]:
    """How many whole lines stand there, and where they end."""
    content = path.read_bytes() if path.exists() else b""
    end = content.rfind(b"\n") + 1
    return content.count(b"\n"), end
