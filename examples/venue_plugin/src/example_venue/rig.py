"""The conformance kit's rig: a quiet exchange on loopback, and a door at which calls can be made to go wrong."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any, Final

from aiohttp import web
from msgspec import Struct

from engine.kernel.clock import Instant, Span
from engine.kernel.ids import Symbol, VenueName
from engine.kernel.money import Asset
from engine.market.instrument import Instrument
from example_venue.adapter import ADAPTER, CAPABILITIES
from example_venue.exchange import Order, Trade, Village
from example_venue.server import Town
from venues.adapter import Site
from venues.sandbox.clock import MarketClock

NAME: Final = VenueName("village")
KEY: Final = ("villager", "the mill at dawn")
PURSE: Final = {"BTC": Decimal(50), "ETH": Decimal(50), "USDT": Decimal(0)}
LEVERS: Final = frozenset(
    {
        "bid", "take", "halt", "spoil", "cut_stream", "double_stream", "cut_feed", "close_down", "open_again", "skew",
    }
)  # fmt: skip
PAGES: Final = {"not json": b"<p>Good morning!</p>", "empty": b"", "no object": b"[]", "other words": b'{"hay": 1}'}
STATUS: Final = {"turned away": 503, "limited": 429, "banned": 418, "server error": 502, "timed out": 504}
BEFORE: Final = ("lost request", "late", "turned away", "limited", "banned")


class Clock:
    """The machine's own; `skew` sets its wall time wrong."""

    def __init__(self) -> None:
        self.skew = Span(0)

    def market(self) -> Instant:
        """True time."""
        return Instant(time.time_ns())

    def wall(self) -> Instant:
        """What we take the time to be."""
        return Instant(time.time_ns() + self.skew)

    def mono(self) -> int:
        """Nanoseconds that never step."""
        return time.monotonic_ns()

    async def sleep(self, span: Span) -> None:
        """Let it pass."""
        await asyncio.sleep(span / 1e9)

    async def until(self, at: Instant) -> None:
        """Wait for it."""
        await asyncio.sleep(max(0, at - self.market()) / 1e9)


class Standing(Struct, frozen=True):
    """An order of ours as the exchange keeps it."""

    client_id: str
    symbol: str
    quantity: Decimal
    price: Decimal
    filled: Decimal
    open: bool


class Sold(Struct, frozen=True):
    """An execution of ours as the exchange keeps it."""

    client_id: str
    trade_id: str
    quantity: Decimal
    price: Decimal
    fee: Decimal
    fee_asset: str
    maker: bool


class Held(Struct, frozen=True):
    """One asset of ours as the exchange keeps it."""

    free: Decimal
    locked: Decimal


class Truth(Struct, frozen=True):
    """What the exchange knows of us."""

    orders: list[Standing]
    trades: list[Sold]
    balances: dict[str, Held]
    deals: list[str]
    wall: Instant


class Rig:
    """One exchange, opened for one case."""

    levers = LEVERS

    def __init__(self) -> None:
        clock = MarketClock(Instant(time.time_ns()))
        self.village = Village(PURSE, clock.market)
        self.town = Town(self.village, clock, *KEY)
        self.clock = Clock()
        self.instrument, self.second = self._listed("BTC-USDT"), self._listed("ETH-USDT")
        self.price = Decimal(60_000)
        self.venue: Any = None
        self.market: Any = None
        self._sent: Counter[str] = Counter()
        self._due: list[tuple[str, int, str]] = []
        self._cut = {"/ledger": False, "/board": False}

    async def open(self) -> web.AppRunner:
        """Serve it, and reach it through the adapter."""
        runner = web.AppRunner(self.town.app(self._door), access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        address = f"http://127.0.0.1:{runner.addresses[0][1]}"
        site = Site(name=NAME, capabilities=CAPABILITIES, clock=self.clock, address=address, key=KEY)
        self.venue, self.market = ADAPTER.venue(site), ADAPTER.market(site)
        return runner

    async def bid(self, price: Decimal, quantity: Decimal) -> None:
        """A villager rests a purchase."""
        self.village.bid("BTC-USDT", price, quantity)

    async def take(self, client_id: str, quantity: Decimal | None = None) -> None:
        """A villager buys from our order."""
        self.village.take(client_id, quantity)

    async def halt(self) -> None:
        """BTC is traded no more."""
        self.village.listings["BTC-USDT"].open = False

    async def spoil(self, op: str, how: str, after: int = 0) -> None:
        """One call to come goes wrong."""
        self._due.append((op, self._sent[op] + after, how))

    async def cut_stream(self) -> None:
        """The next poll of the account fails."""
        self._cut["/ledger"] = True

    async def double_stream(self) -> None:
        """A poll is what it is."""

    async def cut_feed(self) -> None:
        """The next poll of the public board fails."""
        self._cut["/board"] = True

    async def close_down(self) -> None:
        """The market is closed."""
        self.town.shut = True

    async def open_again(self) -> None:
        """And open again."""
        self.town.shut = False

    async def skew(self, span: Span) -> None:
        """Our clock goes wrong."""
        self.clock.skew = span

    async def truth(self) -> Truth:
        """What the exchange knows."""
        held = {asset: Held(purse.free, purse.locked) for asset, purse in self.village.purse.items()}
        orders = [_standing(order) for order in self.village.orders.values()]
        return Truth(orders, [_sold(trade) for trade in self.village.trades], held, [], self.town.clock.wall())

    def sent(self, op: str) -> int:
        """How many calls of this kind came to the door."""
        return self._sent[op]

    def _listed(self, pair: str) -> Instrument:
        one = self.village.listings[pair]
        return Instrument(
            NAME, Symbol(one.pair), Asset(one.base), Asset(one.quote), one.tick, one.lot, one.least, one.most,
            one.least_value, one.most_value,
        )  # fmt: skip

    @web.middleware
    async def _door(self, request: web.Request, handler: Any) -> web.StreamResponse:
        await request.read()
        for path, cut in self._cut.items():
            if cut and request.path.startswith(path) and "after" in request.query:
                self._cut[path] = False
                return _gone(request)
        how = self._spoiled(request)
        if how == "late":
            self._late = asyncio.create_task(_later(handler, request))
        if how in BEFORE:
            return web.Response(status=STATUS[how]) if how in STATUS else _gone(request)
        if how == "raced":
            self.village.take(request.match_info["ref"])
        answer = await handler(request)
        if how == "doubled":
            await handler(request)
        return await _replaced(request, answer, how)

    def _spoiled(self, request: web.Request) -> str:
        """What befalls this call, if it is one of those that can be spoilt."""
        private = request.path.startswith(("/ledger", "/key"))
        op = {"POST": "create", "DELETE": "cancel"}.get(request.method, "read" if private else "")
        number = self._sent[op]
        self._sent[op] += 1
        for due in self._due:
            if due[:2] == (op, number):
                self._due.remove(due)
                return str(due[2])
        return ""


def _gone(request: web.Request) -> web.Response:
    """The connection ends without an answer."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def _later(handler: Any, request: web.Request) -> None:
    await asyncio.sleep(0.1)
    await handler(request)


async def _replaced(request: web.Request, answer: web.Response, how: str) -> web.StreamResponse:
    """The exchange acted; what comes back is another matter."""
    body = answer.body
    assert isinstance(body, bytes)
    if how in STATUS:
        return web.Response(status=STATUS[how])
    if how in PAGES:
        return web.Response(body=PAGES[how])
    if how == "truncated":
        return web.Response(body=body[: len(body) // 2])
    if how in ("lost answer", "reset"):
        return _gone(request)
    if how == "torn":
        torn = web.StreamResponse()
        torn.content_length = len(body)
        await torn.prepare(request)
        await torn.write(body[: len(body) // 2])
        return _gone(request)
    return answer


def _standing(order: Order) -> Standing:
    return Standing(order.ref, order.pair, order.size, order.limit, order.sold, order.state == "open")


def _sold(trade: Trade) -> Sold:
    return Sold(trade.ref, str(trade.number), trade.size, trade.price, trade.fee, trade.fee_in, trade.maker)


@asynccontextmanager
async def rig() -> AsyncIterator[Rig]:
    """The entry point `village` of the group `steelyard.conformance`."""
    opened = Rig()
    runner = await opened.open()
    try:
        yield opened
    finally:
        await opened.venue.aclose()
        await opened.market.aclose()
        await runner.cleanup()
