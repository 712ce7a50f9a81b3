"""D1: orders a second with "journal before send", against the same orders with no journal at all.

Build, sign, make the intent durable, send it to a server on loopback in another process, decode, journal the answer:
the live driver's own recording, HashKey's own adapter, and the real transport. Without a journal the rest stays.
"""

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from engine.compose.places import SANDBOX
from engine.drivers.clocks import WallClock
from engine.drivers.perform import Switch, place
from engine.orders.reports import Done
from tests.benchmarks import disk
from tests.benchmarks.rows import Row, Spread
from tests.benchmarks.stand import Desk, intent
from venues.hashkey.endpoints import Endpoints
from venues.hashkey.signing import Keys, Secret
from venues.hashkey.venue import HashKeyVenue
from venues.pacing import FreePacer
from venues.transport import AiohttpTransport

IN_FLIGHT = 32
ORDERS = 3000
WARM = 300
RATIO_MIN = 0.75


def rows(rounds: int) -> list[Row]:
    """One row: orders a second with the journal, and what part that is of those without it."""
    import uvloop

    with disk.scratch() as folder, _server() as port:
        kept, bare, a_commit = uvloop.run(_both(folder, port, rounds))
    ratio = kept.middle / bare.middle
    return [
        Row(
            f"journal before send, {IN_FLIGHT} in flight",
            kept,
            f"no journal {bare}",
            ratio,
            f">= {RATIO_MIN}x",
            ratio >= RATIO_MIN,
        ),
        Row("rows a commit, of those", a_commit, ""),
    ]


@contextmanager
def _server() -> Iterator[int]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.peer"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline())
    finally:
        process.stdin.close()
        process.stdout.close()
        process.wait(10)


async def _both(folder: Path, port: int, rounds: int) -> tuple[Spread, Spread, Spread]:
    venue = _venue(port)
    numbers = count()
    await _orders(venue, None, numbers, WARM)
    kept, bare, a_commit = [], [], []
    for index in range(rounds):
        desk = Desk(folder / f"{index}.sqlite")
        commits = [0]
        told = desk.journal.notify

        def counted(commits: list[int] = commits, told=told) -> None:
            commits[0] += 1
            told()

        desk.journal.notify = counted
        for journaled in (True, False) if index % 2 == 0 else (False, True):
            rate = await _orders(venue, desk if journaled else None, numbers, ORDERS)
            (kept if journaled else bare).append(rate)
        a_commit.append(desk.journal.durable / commits[0])
        desk.close()
    await venue.aclose()
    return Spread(tuple(kept), "orders/s"), Spread(tuple(bare), "orders/s"), Spread(tuple(a_commit), "rows")


async def _orders(venue: HashKeyVenue, desk: Desk | None, numbers: Iterator[int], orders: int) -> float:
    """Send them, so many at once, and return how many went through in a second."""
    last, began = [orders], time.perf_counter()

    async def worker() -> None:
        while last[0] > 0:
            last[0] -= 1
            await _order(venue, desk, next(numbers))

    await asyncio.gather(*(worker() for _ in range(IN_FLIGHT)))
    return orders / (time.perf_counter() - began)


async def _order(venue: HashKeyVenue, desk: Desk | None, number: int) -> None:
    command, clock = intent(number), WallClock()
    if desk is not None:
        await desk.keep(command)
    placed = await place(command, venue, clock, clock.mono(), Switch())
    if not isinstance(placed.outcome, Done):
        raise SystemExit(f"the server's answer was not understood: {placed.outcome}")
    if desk is not None:
        desk.note(placed)


def _venue(port: int) -> HashKeyVenue:
    root = f"http://127.0.0.1:{port}"
    socket = f"ws://127.0.0.1:{port}"
    return HashKeyVenue(
        Endpoints(rest=root, ws_public=f"{socket}/quote/ws/v1", ws_private=f"{socket}/api/v1/ws"),
        Keys(Secret("key-of-a-benchmark"), Secret("secret-of-a-benchmark")),
        AiohttpTransport(),
        WallClock(),
        FreePacer(),
        capabilities=SANDBOX,
    )
