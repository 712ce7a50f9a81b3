"""C2: a WebSocket through our stream code, against aiohttp's own on the same server; all on uvloop.

There and back with a message of an order's size; and a book of twenty levels pushed as fast as the server can, until it
is a checked fact with exact numbers on our side, and a typed value with its numbers as text on the bare one.
"""

import asyncio
import time
from functools import partial

import aiohttp
import msgspec
from msgspec import Struct

from engine.drivers.clocks import WallClock
from engine.kernel.clock import Instant
from engine.kernel.ids import Symbol
from engine.market.facts import BookSeen, Level
from tests.benchmarks.bare import FRAMES
from tests.benchmarks.beside import beside
from tests.benchmarks.books import SYMBOL
from tests.benchmarks.roundtrip import latencies
from tests.benchmarks.rows import Row, Spread, percentile, taking_turns
from tests.benchmarks.stand import endpoints
from venues.hashkey.market import HashKeyMarket
from venues.hashkey.private import ping
from venues.stream import Link, Pulse
from venues.transport import AiohttpTransport

MESSAGES = 500
TEXT = "x" * 200
TRIP_MAX, PUSH_MIN = 1.5, 0.6
ASK = msgspec.json.encode({"symbol": SYMBOL, "topic": "depth", "event": "sub"}).decode()


class TextBook(Struct):
    """A book with its numbers left as text."""

    t: int
    v: str
    b: list[tuple[str, str]]
    a: list[tuple[str, str]]


class ExactBook(Struct):
    """A book with exact numbers, unchecked."""

    t: int
    v: str
    b: list[Level]
    a: list[Level]


class TextFrame(Struct):
    data: list[TextBook]


class ExactFrame(Struct):
    data: list[ExactBook]


Frame = type[TextFrame] | type[ExactFrame]


def rows(rounds: int) -> list[Row]:
    """Round trip at the median, and books a second."""
    import uvloop

    with beside("tests.benchmarks.bare") as server:
        root = f"http://127.0.0.1:{server.ready}"
        trip, trip_bare = uvloop.run(_trips(root, rounds))
        ours, bare, exact = uvloop.run(_pushes(root, rounds))
    middle, floor = percentile(trip, 50, "us"), percentile(trip_bare, 50, "us")
    late, late_floor = percentile(trip, 99, "us"), percentile(trip_bare, 99, "us")
    over, part = middle.over(floor), ours.over(bare)
    name = "WebSocket there and back, our stream"
    must, least = f"<= {TRIP_MAX}x", f">= {PUSH_MIN}x"
    return [
        Row(f"{name}, p50", middle, f"bare aiohttp {floor}", over, must, over.middle <= TRIP_MAX),
        Row(f"{name}, p99", late, f"bare aiohttp {late_floor}", late.over(late_floor)),
        Row("books of 20 levels pushed to our market", ours, f"aiohttp, text {bare}", part, least, _met(part)),
        Row("the same", ours, f"aiohttp, Decimals unchecked {exact}", ours.over(exact)),
    ]


def _met(part: Spread) -> bool:
    return part.middle >= PUSH_MIN


async def _trips(root: str, rounds: int) -> list[list[list[float]]]:
    transport, clock = AiohttpTransport(), WallClock()
    url = f"{root.replace('http', 'ws', 1)}/echo"
    link = Link(await transport.connect(url), clock, Pulse(), ping)
    async with aiohttp.ClientSession() as session, session.ws_connect(url) as socket:
        sides = [
            partial(latencies, partial(_ours, link), MESSAGES),
            partial(latencies, partial(_bare, socket), MESSAGES),
        ]
        await taking_turns(1, sides)
        found = await taking_turns(rounds, sides)
    await link.close()
    await transport.aclose()
    return found


async def _ours(link: Link) -> None:
    await link.send(TEXT)
    await link.next()


async def _bare(socket: aiohttp.ClientWebSocketResponse) -> None:
    await socket.send_str(TEXT)
    await socket.receive()


async def _pushes(root: str, rounds: int) -> list[Spread]:
    sides = [partial(_to_market, root), partial(_to_bare, root, TextFrame), partial(_to_bare, root, ExactFrame)]
    await taking_turns(1, sides)
    return [Spread(tuple(found), "books/s") for found in await taking_turns(rounds, sides)]


async def _to_market(root: str) -> float:
    """Books a second, from the first that our market has seen to the last."""
    clock = WallClock()
    market = HashKeyMarket(endpoints(root), AiohttpTransport(), clock)
    await market.start([Symbol(SYMBOL)])
    seen: list[Instant] = []
    while len(seen) < FRAMES:
        await asyncio.sleep(0.01)
        seen += [fact.seen_at for fact in market.drain(clock.market()) if isinstance(fact, BookSeen)]
    await market.aclose()
    return (FRAMES - 1) / (seen[-1] - seen[0]) * 1e9


async def _to_bare(root: str, kind: Frame) -> float:
    """The same with aiohttp and a typed decoder."""
    decode = msgspec.json.Decoder(kind).decode
    url = f"{root.replace('http', 'ws', 1)}/quote/ws/v1"
    async with aiohttp.ClientSession() as session, session.ws_connect(url) as socket:
        await socket.send_str(ASK)
        decode((await socket.receive()).data)
        began = time.perf_counter()
        for _ in range(FRAMES - 1):
            decode((await socket.receive()).data)
        return (FRAMES - 1) / (time.perf_counter() - began)
