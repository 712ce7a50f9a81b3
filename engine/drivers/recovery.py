"""The ordinary start: fold the journal, begin a new epoch, and let the core ask the venues for what it does not know.

Nothing is decided again here, since the code may have changed since; that is the auditor's work.
"""

from collections.abc import Iterable

from engine import VERSION
from engine.events import Opened, Restarted, decode
from engine.evolve import evolve
from engine.journal.record import Record
from engine.kernel.clock import Instant
from engine.kernel.errors import Damaged
from engine.state import State, opened


class Fold:
    """Takes checked rows one by one; the state is there after the first."""

    def __init__(self) -> None:
        self._state: State | None = None

    def take(self, record: Record) -> None:
        """Fold one row in; `Damaged` when it is none that we know."""
        try:
            entry = decode(record.payload)
        except ValueError as error:
            raise Damaged(f"row {record.seq} ({record.kind}) is not a row of this version: {error}") from error
        if self._state is not None:
            evolve(self._state, entry)
        elif isinstance(entry, Opened):
            self._state = opened(entry)
        else:
            raise Damaged(f"row {record.seq} is {record.kind}, and no row before it opened the run")

    @property
    def state(self) -> State:
        """The state after the last row; `Damaged` when there was none."""
        if self._state is None:
            raise Damaged("the journal is empty: row 1 is missing")
        return self._state


def fold(records: Iterable[Record]) -> State:
    """The state that a journal's rows make."""
    folding = Fold()
    for record in records:
        folding.take(record)
    return folding.state


def restart(state: State, at: Instant, *, first: bool = False) -> Restarted:
    """The row with which a process takes a run over; its epoch keeps names of orders from ever coming twice."""
    return Restarted(Instant(max(at, state.at)), 1 if first else state.epoch + 1, VERSION)
