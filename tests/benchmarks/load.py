"""Loopback load: a flood of public books, bursts of private messages and a decision a second, all in one live process.

And orders a second over HTTP: what our exchange takes from thirty-two callers at once, beside a bare server.
"""

import asyncio
import time
from functools import partial
from statistics import quantiles

import aiohttp

from tests.benchmarks import disk, stalls, traffic
from tests.benchmarks.beside import beside
from tests.benchmarks.roundtrip import SANDBOX, Call, posted, sales, sandbox, sold
from tests.benchmarks.rows import Row, Spread, taking_turns

IN_FLIGHT, ORDERS = 32, 960
SHARE_MIN = 0.98
"""Of the public pace; what the sender itself could not send in time is missing as well."""


def rows(rounds: int, seconds: float) -> list[Row]:
    """What was sent and what arrived, how long it took to be decided on, and orders a second."""
    import uvloop

    with disk.scratch() as folder, beside("tests.benchmarks.stalls") as server:
        sent, taken = uvloop.run(traffic.under_load(server, folder, seconds))
    if taken.halted:
        raise SystemExit(f"the run under load was halted: {taken.halted}")
    with beside("engine", *SANDBOX) as exchange, beside("tests.benchmarks.bare") as bare:
        ours, floor = uvloop.run(_orders(exchange.ready, int(bare.ready), rounds))
    return [
        *_messages(sent, taken),
        *_times(taken),
        Row(f"orders over HTTP, {IN_FLIGHT} in flight", ours, f"bare aiohttp {floor}", ours.over(floor)),
    ]


def _messages(sent: stalls.Sent, taken: traffic.Taken) -> list[Row]:
    lost = sent.private - len(taken.private)
    private, public = taken.private_a_second, taken.books_a_second
    load = f"{stalls.VENUES} venues, {taken.seconds:.0f} s"
    told = f"{sent.private:,} sent, {len(taken.private):,} taken, {lost:,} missing"
    kept = lost == 0 and private >= SHARE_MIN * stalls.PRIVATE_A_SECOND
    must, share = f">= {stalls.BOOKS_A_SECOND:,}/s within 2 %", public >= SHARE_MIN * stalls.BOOKS_A_SECOND
    busy, theirs = (100 * spent / taken.seconds for spent in (taken.busy, sent.seconds))
    return [
        _one(f"{load}: public books", public, "a second", f"{sent.books:,} sent, {taken.books:,} taken", must, share),
        _one(
            f"{load}: private messages", private, "a second", told, f">= {stalls.PRIVATE_A_SECOND}/s, none lost", kept
        ),
        _one("processor time of the live process", busy, "% of a core", f"of the venues' {theirs:.3g} % of a core"),
    ]


def _times(taken: traffic.Taken) -> list[Row]:
    kinds = (
        ("private message, receipt to decision", taken.from_receipt),
        ("private message, sent by the venue to decision", taken.from_sent),
        ("age of the books by which was decided", taken.decisions),
    )
    return [
        _one(f"{name}, p{percent}", quantiles(found, n=100)[percent - 1] / 1e6, "ms", f"{len(found):,} measured")
        for name, found in kinds
        for percent in (50, 99)
    ]


def _one(name: str, value: float, unit: str, peer: str, must: str = "", holds: bool | None = None) -> Row:
    return Row(name, Spread((value,), unit), peer, None, must, holds)


async def _orders(ready: str, port: int, rounds: int) -> list[Spread]:
    venue = sandbox(ready)
    sale = await sales(venue)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=IN_FLIGHT)) as session:
        bare = partial(posted, session, f"http://127.0.0.1:{port}/350", b"x" * 250)
        sides = [partial(_rate, partial(sold, venue, sale)), partial(_rate, bare)]
        await taking_turns(1, sides)
        found = await taking_turns(rounds, sides)
    await venue.aclose()
    return [Spread(tuple(rates), "a second") for rates in found]


async def _rate(call: Call) -> float:
    """Calls a second, so many at once."""
    left, began = [ORDERS], time.perf_counter()

    async def caller() -> None:
        while left[0] > 0:
            left[0] -= 1
            await call()

    await asyncio.gather(*(caller() for _ in range(IN_FLIGHT)))
    return ORDERS / (time.perf_counter() - began)
