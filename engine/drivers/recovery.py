"""The ordinary start: fold the journal, begin a new epoch, and let the core ask the venues for what it does not know.

Nothing is decided again here, since the code may have changed since; that is the auditor's work.
"""

import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final

import msgspec

from engine import VERSION
from engine.core import guarding
from engine.core.evolve import Glance, evolve, glance_will_do, glanced, looked, sampled
from engine.core.state import State, opened
from engine.drivers.tops import tops
from engine.events import Opened, Restarted, decode
from engine.journal.record import Record
from engine.kernel.clock import Instant
from engine.kernel.errors import Damaged
from engine.orders.events import Due

_GLANCE: Final = msgspec.json.Decoder(Glance)


class Fold:
    """Takes checked rows one by one; the state is there after the first.

    Books are decoded when they matter: where a leg's arrival price is their mid, and the last ones of all. Of those
    that a guard samples only the best prices are.
    """

    def __init__(self) -> None:
        self._state: State | None = None
        self._unread: dict[tuple[object, ...], bytes] = {}
        """The last row that was only glanced at, per set of pairs that it shows."""

    def take(self, record: Record) -> None:
        """Fold one row in; `Damaged` when it is none that we know."""
        state = self._state
        try:
            if record.kind == "due" and state is not None and self._glance(state, record.payload):
                return
            entry = decode(record.payload)
        except ValueError as error:
            raise Damaged(f"row {record.seq} ({record.kind}) is not a row of this version: {error}") from error
        if state is not None:
            if isinstance(entry, Due):
                self._unread.pop(_shown(entry), None)  # it shows them anew
                self._look(state)
            evolve(state, entry)
        elif isinstance(entry, Opened):
            self._state = opened(entry)
        else:
            raise Damaged(f"row {record.seq} is {record.kind}, and no row before it opened the run")

    @property
    def state(self) -> State:
        """The state after the last row; `Damaged` when there was none."""
        if self._state is None:
            raise Damaged("the journal is empty: row 1 is missing")
        self._look(self._state)
        return self._state

    def _glance(self, state: State, payload: bytes) -> bool:
        """Take the row without its books, unless they matter."""
        if not glance_will_do(state):
            return False
        due = _GLANCE.decode(payload)
        glanced(state, due)
        shown = _shown(due)
        self._unread.pop(shown, None)  # so that what is read later stays in the order of the rows
        self._unread[shown] = payload
        if guarding.due(state, due.at):
            pairs = guarding.pairs(state)
            for waiting in self._unread.values():
                looked(state, tops(waiting, pairs))
            sampled(state, due.at)
        return True

    def _look(self, state: State) -> None:
        """Read the books that were left."""
        for payload in self._unread.values():
            due = decode(payload)
            assert isinstance(due, Due), payload
            looked(state, due)
        self._unread.clear()


def _shown(due: Due | Glance) -> tuple[object, ...]:
    """The pairs whose books it holds."""
    return tuple([(view.venue, view.symbol) for view in due.views])  # half the time of a generator, at each decision


def fold(records: Iterable[Record]) -> State:
    """The state that a journal's rows make."""
    folding = Fold()
    with uncollected():
        for record in records:
            folding.take(record)
    return folding.state


@contextmanager
def uncollected() -> Iterator[None]:
    """What rows make is kept, or dies by its last reference: to look for cycles in all of it again is waste."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def restart(state: State, at: Instant, *, first: bool = False, spent: bool = False) -> Restarted:
    """The row with which a process takes a run over; its epoch keeps names of orders from ever coming twice.

    `spent`: what the run left was granted to a later one, so it may only be looked at.
    """
    return Restarted(Instant(max(at, state.at)), 1 if first else state.epoch + 1, VERSION, spent)
