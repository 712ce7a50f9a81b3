"""Does the simulation see anything? Four bugs are planted, and each has to be caught by name within a few seeds.

Without its bug each seed that caught it has to pass. The first of them (sending before the journal is safe) shows in no
end state at all: only the look at the wire finds it.
"""

import sys
from collections.abc import Callable
from typing import Any, Final

import pytest
from msgspec.structs import replace

from engine.core import booking
from engine.core.state import State
from engine.drivers import perform
from engine.drivers.live import Live
from engine.kernel.ids import TradeId
from engine.orders import events as e
from engine.orders import reports
from engine.orders.reports import Refused, Unknown
from tests.simulation.plans import drawn
from tests.simulation.world import World

SEEDS: Final = range(15)
Plant = Callable[[pytest.MonkeyPatch], None]


def _sends_before_the_journal_is_safe(patch: pytest.MonkeyPatch) -> None:
    async def durable(self: Live, seq: int) -> None:
        """Believe it."""

    patch.setattr(Live, "_durable", durable)


def _sends_again_what_had_no_answer(patch: pytest.MonkeyPatch) -> None:
    once = perform.place

    async def place(*arguments: Any) -> e.Placed:
        placed = await once(*arguments)
        return await once(*arguments) if isinstance(placed.outcome, Unknown) else placed

    patch.setattr(perform, "place", place)


def _books_every_fill_that_it_hears_of(patch: pytest.MonkeyPatch) -> None:
    once = booking.book

    def book(state: State, fill: reports.Fill) -> None:
        order = state.order(fill.client_id)
        heard = order is not None and fill.trade_id in order.trades
        once(state, replace(fill, trade_id=TradeId(f"{fill.trade_id}+")) if heard else fill)

    patch.setattr(booking, "book", book)


def _takes_silence_for_a_no(patch: pytest.MonkeyPatch) -> None:
    once = perform.place

    async def place(*arguments: Any) -> e.Placed:
        placed = await once(*arguments)
        silent = isinstance(placed.outcome, Unknown)
        return replace(placed, outcome=Refused("timeout", "no answer")) if silent else placed

    patch.setattr(perform, "place", place)


def _caught(seeds: range) -> dict[str, int]:
    """Which invariants the seeds break, each with the first seed that does."""
    found: dict[str, int] = {}
    for seed in seeds:
        try:
            World(drawn(seed)).run()
        except AssertionError as failure:
            found.setdefault(getattr(failure.__cause__, "number", str(failure)), seed)
    return found


@pytest.mark.parametrize(
    ("plant", "invariants"),
    [
        (_sends_before_the_journal_is_safe, {"I19"}),
        (_sends_again_what_had_no_answer, {"I21"}),
        (_books_every_fill_that_it_hears_of, {"I26"}),
        (_takes_silence_for_a_no, {"I23", "I42"}),
    ],
)
def test_a_planted_bug_is_caught_by_name(plant: Plant, invariants: set[str]) -> None:
    """The engine is changed in one place and fifteen seeds are run; unchanged, those that objected pass.

    Silence taken for a no is seen twice: as an order that counts as absent and is not (I23), and by the engine's own
    order table, which halts the run (I42).
    """
    with pytest.MonkeyPatch.context() as patch:
        plant(patch)
        found = _caught(SEEDS)
    sys.stdout.write(f"{plant.__name__}: {found}\n")
    assert invariants <= found.keys()
    for seed in found.values():
        World(drawn(seed)).run()
