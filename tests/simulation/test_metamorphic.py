"""The same executions, told in other ways, make the same books (I29): fewer channels, repeats, any order.

The truth comes from real runs. What the exchange knew at the end is told to a fresh fold of the run's own decisions.
"""

from collections.abc import Callable, Sequence
from functools import cache
from random import Random
from typing import Any, Final

import pytest

from engine.core import state as states
from engine.core.evolve import evolve
from engine.core.state import State
from engine.events import Entry, Opened, decode
from engine.orders import commands as c
from engine.orders import events as e
from engine.orders.reports import Fill, Found, OrderReport, Survey
from tests.simulation.market import ACCOUNT, VENUE
from tests.simulation.plans import LONG, SimulationPlan
from tests.simulation.world import World
from venues.sandbox.inprocess import fill, report

Told = list[tuple[OrderReport, list[Fill]]]
Telling = Callable[[Told], list[Entry]]
TIMES: Final = 5


def by_stream(truth: Told) -> list[Entry]:
    """Each fill, then how the order ended."""
    rows: list[Entry] = []
    for last, fills in truth:
        rows += [e.Filled(f.at, f) for f in fills]
        rows.append(e.Reported(last.at, last))
    return rows


def by_looking_up(truth: Told) -> list[Entry]:
    """One answer for each order, with everything in it."""
    return [e.LookedUp(last.at, last.client_id, Found(last, tuple(fills))) for last, fills in truth]


def by_survey(truth: Told) -> list[Entry]:
    """All fills at once; that the orders ended is reported behind it."""
    fills = tuple(f for _, fills in truth for f in fills)
    at = truth[-1][0].at
    return [e.Surveyed(at, VENUE, Survey(VENUE, at, (), fills, ())), *(e.Reported(at, last) for last, _ in truth)]


def twice_by_everything(truth: Told) -> list[Entry]:
    """Streams, look-ups and surveys, and all of them again."""
    return [*by_stream(truth), *by_looking_up(truth), *by_survey(truth)] * 2


def in_any_order(truth: Told) -> list[Entry]:
    """Streamed rows shuffled, ended orders before their fills included; and repeated here and there."""
    rows = by_stream(truth)
    dice = Random(len(rows))
    return dice.sample(rows, len(rows)) + dice.sample(rows, len(rows) // 2)


def books(opened: Opened, sent: Sequence[c.Place], told: Sequence[Entry]) -> dict[str, Any]:
    """What is booked once the rows are folded; lists of arrival times apart."""
    state: State = states.opened(opened)
    for row in (*sent, *told):
        evolve(state, row)
    orders = {name: (o.state, o.filled, o.trades) for name, o in (*state.live.items(), *state.ended.items())}
    legs = {x.id: (x.sold, x.proceeds, x.fees, x.fills, x.received, x.live) for x in state.legs.values()}
    return {"ledger": state.ledger._units, "orders": orders, "legs": legs, "conflict": state.conflict}


@cache
def happened(scenario: str, seed: int) -> tuple[Opened, list[c.Place], Told]:
    """A run without faults: how it opened, what it sent, and what the exchange says became of that."""
    world = World(SimulationPlan(seed=seed, scenario=scenario)).run()
    rows = [decode(record.payload) for record in world.disk.records]
    assert isinstance(rows[0], Opened)
    trades = world.exchange.trades(ACCOUNT, limit=10**6)
    truth = [
        (report(VENUE, row), [fill(VENUE, t) for t in trades if t.client_id == row.client_id])
        for row in world.exchange.orders(ACCOUNT, limit=10**6)
    ]
    return rows[0], [row for row in rows if isinstance(row, c.Place)], truth


@pytest.mark.parametrize("other", [by_looking_up, by_survey, twice_by_everything, in_any_order])
@pytest.mark.parametrize("scenario", LONG)
def test_however_it_is_told_the_books_are_the_same(scenario: str, other: Telling) -> None:
    """Five markets; the stream's telling is the measure, and it books everything without a conflict."""
    for seed in range(TIMES):
        opened, sent, truth = happened(scenario, seed)
        measure = books(opened, sent, by_stream(truth))
        assert not measure["conflict"]
        assert len(measure["orders"]) == len(truth) > 0
        assert books(opened, sent, other(truth)) == measure, f"seed {seed}"
