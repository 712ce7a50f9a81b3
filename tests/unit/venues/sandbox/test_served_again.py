"""Two venues, served twice under one seed with all kinds of faults, say the same to the byte."""

import asyncio
from decimal import Decimal
from typing import Any

import aiohttp

from engine.drivers.clocks import VirtualClock
from tests.support import memory_network
from venues.sandbox import dialect
from venues.sandbox.clock import MarketClock
from venues.sandbox.faults import Faults, load
from venues.sandbox.hall import sandbox_hall
from venues.sandbox.limits import Limits
from venues.sandbox.listings import START
from venues.sandbox.server import SandboxServer

PLAN = b"""
[[rules]]
channel = "rest.resp"
op = "*"
rate = 0.1
do = "corrupt"
path = "status"
value = "FROBBED"
[[rules]]
channel = "rest.resp"
op = "*"
rate = 0.1
do = "truncate"
count = 30
[[rules]]
channel = "rest.req"
op = "*"
rate = 0.1
do = "drop"
span = "50ms"
[[rules]]
channel = "rest.req"
op = "*"
rate = 0.1
do = "delay"
span = "40ms"
[[rules]]
channel = "rest.req"
op = "order.query"
rate = 0.3
do = "stale"
span = "2s"
[[rules]]
channel = "ws.public"
op = "depth"
rate = 0.1
do = "gap"
count = 2
[[rules]]
channel = "ws.public"
op = "depth"
rate = 0.1
do = "reorder"
[[mode]]
venue = "osl"
at = "20s"
for = "5s"
mode = "dark"
[[mode]]
venue = "hashkey"
at = "30s"
for = "5s"
mode = "maintenance"
"""


async def asked(session: aiohttp.ClientSession, url: str, said: list[Any], method: str = "GET", body: str = "") -> None:
    """One request, and what was heard, or how the connection ended."""
    kind = {"X-HK-APIKEY": "key", "Content-Type": "application/x-www-form-urlencoded"}
    try:
        async with session.request(method, url, data=body or None, headers=kind) as answer:
            said.append((answer.status, await answer.read()))
    except aiohttp.ClientError as bad:
        said.append(type(bad).__name__)


async def listen(session: aiohttp.ClientSession, url: str, first: Any, said: list[Any]) -> None:
    """Every frame of a socket until it ends."""
    async with session.ws_connect(url, autoclose=False) as stream:
        if first is not None:
            await stream.send_json(first)
        async for message in stream:
            said.append(message.data)  # noqa: PERF401 - kept as they come
    said.append("ended")


async def conversation(loop: memory_network.MemoryLoop, seed: int) -> list[Any]:
    clock = VirtualClock(loop, START)
    held = {"hashkey": {"main": {"BTC": Decimal(3)}}, "osl": {}}
    hall = sandbox_hall(seed, venues=("hashkey", "osl"), balances=held, recorded=False)
    market = MarketClock(START, mono=clock.mono, wall=clock.wall)
    plan = load(f"seed = {seed}\n".encode() + PLAN)
    servers = {
        name: SandboxServer(
            hall.exchange(name), {"key": ("main", "secret" * 4)}, market, Faults(plan, name), speaks=name,
            dealer=hall.dealer(name), limits=Limits(), seed=seed,
        )
        for name in hall.venues
    }  # fmt: skip
    roots = {name: await server.start() for name, server in servers.items()}
    said: dict[str, list[Any]] = {"here": [], "there": [], "frames here": [], "frames there": []}
    book = {"symbol": "BTCUSDT", "topic": "depth", "event": "sub"}
    async with aiohttp.ClientSession() as session:
        streams = [
            asyncio.ensure_future(listen(session, f"{roots['hashkey']}/quote/ws/v1", book, said["frames here"])),
            asyncio.ensure_future(
                listen(session, f"{roots['osl']}/ws/v4?subscribe=orderBook:BTCUSDT", None, said["frames there"])
            ),
        ]
        for n in range(60):
            price = f"{hall.exchange('hashkey').depth('BTCUSDT', 1).bids[0][0]}"
            text = f"timestamp={clock.wall() // 10**6}"
            order = f"{text}&symbol=BTCUSDT&side=SELL&type=LIMIT&quantity=0.02&price={price}&newClientOrderId=n{n}"
            query = f"{text}&origClientOrderId=n{n}"
            order, query = (f"{one}&signature={dialect.sign('secret' * 4, one)}" for one in (order, query))
            await asked(session, f"{roots['hashkey']}/api/v1/spot/order", said["here"], "POST", order)
            await asked(session, f"{roots['hashkey']}/api/v1/spot/order?{query}", said["here"])
            await asked(session, f"{roots['osl']}/api/v4/orderBook/L2?symbol=BTCUSDT", said["there"])
            await asyncio.sleep(0.6)
        for stream in streams:
            stream.cancel()
        await asyncio.gather(*streams, return_exceptions=True)
    truth = [server.truth() for server in servers.values()]
    for server in servers.values():
        await server.stop()
    return [said, truth]


def told(seed: int) -> list[Any]:
    with memory_network.network(seed) as loop:
        return memory_network.run(loop, conversation(loop, seed))


def test_the_same_seed_says_the_same_to_the_byte_and_another_one_does_not() -> None:
    first = told(3)
    assert first == told(3)
    said, truth = first
    assert all(one["faults_injected"] for one in truth)
    assert {len(frames) > 20 for name, frames in said.items() if name.startswith("frames")} == {True}
    assert said["frames there"][-1] == said["frames here"][-1] == "ended"  # dark, and maintenance
    assert "ServerDisconnectedError" in said["there"]
    assert said != told(4)[0]
