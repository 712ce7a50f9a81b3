"""A journal that survives its process, and a store that lets the process die at a chosen operation.

Rows are appended at once and become durable when a commit comes round, a drawn while later, several turns at a time.
Operations (appends and commits) are numbered over all processes of a run. A crash at one of them is one of three:
`before` it nothing of it has happened; `torn`, it was under way, the process lives a moment longer and learns nothing;
`after`, the rows are safe and the process dies before anyone in it knows. As in SQLite, a commit is whole or is not.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from engine.journal.record import GENESIS, Record
from engine.journal.store import Chain, Row
from engine.kernel import chance
from engine.kernel.clock import Instant
from tests.simulation.plans import Crash

LAZY: Final = 0.2
"""As the real store: seconds until rows are committed for which nobody waits."""
SYNC_MAX: Final = 0.03
"""Seconds that a commit takes at the most."""
LINGER_MAX: Final = 0.03
"""Seconds that a process lives on after the commit that will never be."""


class Died(BaseException):
    """The process is gone. Not an `Exception`, since nothing in it may catch this."""


class Disk:
    """What is left when the power is cut: durable rows, and how many operations there were so far."""

    def __init__(self, crashes: Sequence[Crash], durable: Callable[[Sequence[Record]], None]) -> None:
        self.records: list[Record] = []
        self.operations = 0
        self.died: list[Crash] = []
        self._crashes = {crash.operation: crash for crash in crashes}
        self._tell = durable

    def next(self) -> str:
        """How the process dies at the operation that begins now; empty when it lives."""
        crash = self._crashes.get(self.operations)
        self.operations += 1
        if crash is None:
            return ""
        self.died.append(crash)
        return crash.mode

    def keep(self, records: Sequence[Record]) -> None:
        """Rows are safe from here on."""
        self.records.extend(records)
        self._tell(records)


class CrashingStore(Chain):
    """The journal as one process sees it."""

    def __init__(self, disk: Disk, loop: asyncio.AbstractEventLoop, seed: int, die: Callable[[], None]) -> None:
        last = disk.records[-1] if disk.records else None
        super().__init__(last.seq if last else 0, last.hash if last else GENESIS)
        self.durable, self.failure = self.seq, ""
        self.notify: Callable[[], None] = lambda: None
        self.waiting: list[Record] = []
        self.dead = False
        self._disk, self._loop, self._seed, self._die = disk, loop, seed, die
        self._doomed = False
        self._timer: asyncio.TimerHandle | None = None

    def append(self, at: Instant, wall: Instant, rows: Sequence[Row], *, urgent: bool) -> list[Record]:
        if self.dead:
            raise Died
        mode = self._disk.next()
        if mode == "before":
            self._end()
            raise Died
        linked = self.link(at, wall, rows)
        self.waiting.extend(linked)
        if mode == "after":
            self._disk.keep(self.waiting)
            self._end()
            raise Died
        if mode == "torn":
            self._linger()
        self._schedule(self._drawn("sync") * SYNC_MAX if urgent else LAZY)
        return linked

    def close(self) -> None:
        """Nothing to let go of."""

    def _schedule(self, delay: float) -> None:
        at = self._loop.time() + delay
        if self._timer is not None:
            if self._timer.when() <= at:
                return
            self._timer.cancel()
        self._timer = self._loop.call_at(at, self._commit)

    def _commit(self) -> None:
        self._timer = None
        if self.dead or self._doomed or not self.waiting:
            return
        mode = self._disk.next()
        if mode == "before":
            self._end()
        elif mode == "torn":
            self._linger()
        else:
            self._disk.keep(self.waiting)
            if mode == "after":
                self._end()
                return
            self.waiting = []
            self.durable = self.seq
            self.notify()

    def _linger(self) -> None:
        self._doomed = True
        self._loop.call_later(self._drawn("linger") * LINGER_MAX, self._end)

    def _end(self) -> None:
        if not self.dead:
            self.dead = True
            self._die()

    def _drawn(self, purpose: str) -> float:
        return chance.draw(self._seed, f"journal {purpose}", self._disk.operations)
