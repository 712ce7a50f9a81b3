"""D1: orders a second with "journal before send", against the same orders with no journal at all.

Build, sign, make the intent durable, send it to a server on loopback in another process, decode, journal the answer:
the live driver's own recording, HashKey's own adapter, and the real transport. Without a journal the rest stays.
"""

import asyncio
import time
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path

from msgspec import Struct

from engine.drivers.clocks import WallClock
from engine.drivers.offsets import Offsets
from engine.drivers.perform import Switch, place
from engine.orders.reports import Done
from tests.benchmarks import disk
from tests.benchmarks.beside import beside
from tests.benchmarks.rows import Row, Spread
from tests.benchmarks.stand import Desk, hashkey, intent, measured
from venues.hashkey.venue import HashKeyVenue

IN_FLIGHT = 32
ORDERS = 640
ROUNDS_MORE = 5
"""Rounds are short and many: what else a machine does changes within a second, and then falls on both sides."""
RATIO_MIN = 0.75


def rows(rounds: int) -> list[Row]:
    """Orders a second with the journal, what part that is of those without, and what it costs in processor time."""
    import uvloop

    with disk.scratch() as folder, beside("tests.benchmarks.peer") as server:
        kept, bare, a_commit = uvloop.run(_both(folder, int(server.ready), rounds * ROUNDS_MORE))
    ratio = kept.rate.over(bare.rate)
    return [
        Row(
            f"journal before send, {IN_FLIGHT} in flight",
            kept.rate,
            f"no journal {bare.rate}",
            ratio,
            f">= {RATIO_MIN}x",
            ratio.middle >= RATIO_MIN,
        ),
        Row("processor time of one such order", kept.cost, f"no journal {bare.cost}", kept.cost.over(bare.cost)),
        Row("rows a commit, of those", Spread((a_commit,), "rows"), ""),
    ]


class Side(Struct, frozen=True):
    """One side of the comparison over all rounds."""

    rate: Spread
    cost: Spread
    """All threads of this process; the server has its own."""


class Sender(Struct, frozen=True):
    """What every order goes through, on both sides."""

    venue: HashKeyVenue
    offsets: Offsets
    numbers: Iterator[int]


async def _both(folder: Path, port: int, rounds: int) -> tuple[Side, Side, float]:
    venue, desk, numbers = hashkey(f"http://127.0.0.1:{port}"), Desk(folder / "journal.sqlite"), count()
    sender = Sender(venue, await measured(venue, desk.clock), numbers)
    commits, told = [0], desk.journal.notify

    def counted() -> None:
        commits[0] += 1
        told()

    desk.journal.notify = counted
    await _orders(sender, None, ORDERS)
    await _orders(sender, desk, ORDERS)
    taken: dict[bool, list[tuple[float, float]]] = {True: [], False: []}
    for index in range(rounds):
        for journaled in (True, False) if index % 2 == 0 else (False, True):
            taken[journaled].append(await _orders(sender, desk if journaled else None, ORDERS))
    a_commit = desk.journal.durable / commits[0]
    desk.close()
    await venue.aclose()
    return _side(taken[True]), _side(taken[False]), a_commit


def _side(taken: Sequence[tuple[float, float]]) -> Side:
    return Side(Spread(tuple(rate for rate, _ in taken), "orders/s"), Spread(tuple(cost for _, cost in taken), "us"))


async def _orders(sender: Sender, desk: Desk | None, orders: int) -> tuple[float, float]:
    """Send them, so many at once; orders a second, and microseconds of processor time for each."""
    last, began, busy = [orders], time.perf_counter(), time.process_time()

    async def worker() -> None:
        while last[0] > 0:
            last[0] -= 1
            await _order(sender, desk)

    await asyncio.gather(*(worker() for _ in range(IN_FLIGHT)))
    return orders / (time.perf_counter() - began), (time.process_time() - busy) / orders * 1e6


async def _order(sender: Sender, desk: Desk | None) -> None:
    command, clock = intent(next(sender.numbers)), WallClock()
    if desk is not None:
        await desk.keep(command)
    placed = await place(command, sender.venue, clock, clock.mono(), Switch(), sender.offsets)
    if not isinstance(placed.outcome, Done):
        raise SystemExit(f"the server's answer was not understood: {placed.outcome}")
    if desk is not None:
        desk.note(placed)
