"""When a floor begins to block: the paper with which people may ask for another, ready to be proposed.

It is written once for each stretch and changes nothing. Whoever wants it proposes it, or types the amendment with
numbers of his own; enough others have to agree either way.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from engine.core import floors
from engine.core.flooring import command, request
from engine.core.state import State
from engine.drivers.folder import write_whole
from engine.events import Entry, Restarted
from engine.journal.record import Record
from engine.kernel.money import Asset
from engine.orders import commands as c

FOLDER: Final = "requests"


class FloorRequests:
    """Fed the rows of a run, once they are durable."""

    def __init__(self, run: Path, state: State, say: Callable[[str], None] | None = None) -> None:
        """`state` is the one that the run changes as it goes; `say` tells whoever looks on what may be typed."""
        self._run, self._state, self._say = run, state, say

    def __call__(self, record: Record, entry: Entry) -> None:
        """Write what is lacking; a crash may have come between a row and its file."""
        if isinstance(entry, c.FloorBlocked | Restarted):
            self._look()

    def _look(self) -> None:
        for plan in self._state.plan.legs:
            block = floors.standing_block(self._state, plan.id)
            if block is None:
                continue
            path = self._run / FOLDER / name(plan.sell, block.number)
            if path.exists() or (paper := request(self._state, plan)) is None:
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, paper.text.encode())
            if self._say is not None:
                self._say(f"other terms are prepared in {path}, and asked for by: {command(self._state, plan)}")


def name(asset: Asset, number: int) -> str:
    """Of the file for an asset's `number`th stretch."""
    return f"floor-{asset}-{number}.json"
