"""HashKey's public prices as `engine.ports.Market`.

The `depth` topic sends the whole top of a book each time, so a lost frame costs freshness and nothing else: no book
is ever patched. `diffMergedDepth` would show gaps by its counter, but a gap there costs the book until it is sent
anew, and it comes as seldom (300 ms). A frame older than one already seen is dropped. What can't be believed ends the
connection, and until a new book has come nobody is told that there is one.
"""

from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Final

import msgspec
import structlog
from msgspec import Raw, Struct

from engine.kernel.clock import SECOND, Instant, Span
from engine.kernel.ids import Symbol, VenueName
from engine.market.facts import BookSeen, FeedDown, Level, MarketFact, Print
from engine.market.instrument import Instrument
from engine.ports import Clock
from venues.feed import Feed
from venues.hashkey import listings, routes
from venues.hashkey.calls import Unread
from venues.hashkey.endpoints import Endpoints
from venues.hashkey.private import ping, pong
from venues.hashkey.wire import NAME, Id, Odd, instant, number, parsed
from venues.stream import Backoff, Link, Pulse
from venues.transport import HttpRequest, Lost, NoAnswer, NotSent, Transport

log = structlog.get_logger(__name__)

FIRST_BOOK: Final = Span(10 * SECOND)
"""How long the first books may take to come (wall time)."""

_REMEMBERED: Final = 2000
"""Prints whose ids are kept, so that the first frame after a break tells only what was missed."""


class _Frame(Struct):
    topic: str = ""
    symbol: str = ""
    data: Raw = Raw()
    ping: int | None = None
    code: Id = 0


class _Depth(Struct):
    t: int
    v: str
    b: list[Level]
    a: list[Level]


class _Trade(Struct):
    v: Id
    t: int
    p: Decimal
    q: Decimal
    m: bool


class HashKeyMarket:
    """Books and prints of the pairs watched, in order of arrival."""

    def __init__(
        self,
        endpoints: Endpoints,
        transport: Transport,
        clock: Clock,
        *,
        name: VenueName = NAME,
        first_book: Span = FIRST_BOOK,
        pulse: Pulse = Pulse(),  # noqa: B008 - frozen
        backoff: Backoff = Backoff("hashkey public stream"),  # noqa: B008 - frozen
    ) -> None:
        self.name = name
        self._endpoints, self._transport, self._clock = endpoints, transport, clock
        self._pulse = pulse
        self._feed = Feed(name, clock, backoff, first_book)
        self._pairs: dict[Symbol, _Pair] = {}

    async def listed(self) -> Sequence[Instrument]:
        """Every pair that the venue lists with usable filters; `Unread` when the list could not be had.

        It is asked once before a feed begins, so nothing paces it.
        """
        path = routes.INFO.path
        try:
            response = await self._transport.call(HttpRequest("GET", self._endpoints.rest + path, {}))
            if response.status != 200:
                raise Unread(f"{path}: HTTP {response.status}")
            return listings.usable(self.name, response.body)
        except (NotSent, NoAnswer, Odd) as error:
            raise Unread(f"{path}: {error}") from None

    async def start(self, symbols: Sequence[Symbol]) -> None:
        """Begin to watch; returns when each pair has had its first book, or raises `TimeoutError` and goes on."""
        self._pairs = {symbol: _Pair(self.name, symbol, self._clock.market()) for symbol in symbols}
        await self._feed.start(self._pairs, self._feed.follow(self._watch, Lost, Odd))

    def drain(self, at: Instant) -> Sequence[MarketFact]:
        """Everything that has been seen up to `at` and was not drained before, in order of arrival."""
        return self._feed.drain(at)

    async def aclose(self) -> None:
        """Let go of connections."""
        await self._feed.stop()
        await self._transport.aclose()

    async def _watch(self) -> None:
        socket = await self._transport.connect(self._endpoints.ws_public)
        link = Link(socket, self._clock, self._pulse, ping)
        try:
            for symbol in self._pairs:
                for topic in ("depth", "trade"):
                    await link.send(_subscription(symbol, topic))
            while True:
                raw = await link.next()
                if raw is not None:
                    await self._take(link, raw)
        finally:
            await link.close()

    async def _take(self, link: Link, raw: bytes) -> None:
        frame = parsed(raw, _Frame)
        if str(frame.code).strip("0"):
            raise Odd(f"the feed reports error {frame.code}")
        if frame.ping is not None:
            await link.send(pong(frame.ping))
        pair = self._pairs.get(Symbol(frame.symbol))
        if pair is None or not bytes(frame.data):
            return
        seen_at = self._clock.market()
        if frame.topic == "depth":
            for depth in parsed(frame.data, list[_Depth]):
                self._feed.tell(pair.book(depth, seen_at))
        elif frame.topic == "trade":
            for trade in parsed(frame.data, list[_Trade]):
                self._feed.tell(pair.trade(trade, seen_at))


class _Pair:
    """What is known of one pair's feed: enough to drop what is old and to say once that it is lost."""

    def __init__(self, venue: VenueName, symbol: Symbol, began_at: Instant) -> None:
        self.live = False
        self._venue, self._symbol, self._began_at = venue, symbol, began_at
        self._version: tuple[int, ...] = ()
        self._prints: dict[str, None] = {}

    def lose(self, at: Instant, reason: str) -> list[MarketFact]:
        """The connection is gone; versions may begin anew with the next one."""
        was_live, self.live, self._version = self.live, False, ()
        return [FeedDown(self._venue, self._symbol, at, reason)] if was_live else []

    def book(self, depth: _Depth, seen_at: Instant) -> list[MarketFact]:
        """The book, unless an equal or newer one was seen; `Odd` when no exchange could show it."""
        version = _version(depth.v)
        if version < self._version:
            return []
        check(depth.b, descending=True)
        check(depth.a, descending=False)
        self._version, self.live = version, True
        return [
            BookSeen(
                venue=self._venue,
                symbol=self._symbol,
                changed_at=instant(depth.t),
                seen_at=seen_at,
                bids=tuple(depth.b),
                asks=tuple(depth.a),
                version=depth.v,
            )
        ]

    def trade(self, trade: _Trade, seen_at: Instant) -> list[MarketFact]:
        """The print, unless it was told before or is older than our watch; a first frame repeats old ones."""
        trade_id, at = str(trade.v), instant(trade.t)
        if trade_id in self._prints or at < self._began_at:
            return []
        if not number(trade.p) or not number(trade.q):
            raise Odd(f"{self._symbol} shows a print of no size or price")
        self._prints[trade_id] = None
        if len(self._prints) > _REMEMBERED:
            del self._prints[next(iter(self._prints))]
        return [Print(self._venue, self._symbol, at, seen_at, trade_id, trade.p, trade.q, trade.m)]


def _subscription(symbol: Symbol, topic: str) -> str:
    frame = {"symbol": symbol, "topic": topic, "event": "sub", "params": {"binary": False}}
    return msgspec.json.encode(frame).decode()


def _version(text: str) -> tuple[int, ...]:
    """`"1865138364_18"` in the order in which versions rise."""
    parts = text.split("_")
    if not all(part.isascii() and part.isdigit() and len(part) < 40 for part in parts):
        raise Odd("a book has a version that can't be compared")
    return tuple(map(int, parts))


def check(levels: list[Level], *, descending: bool) -> None:
    """`Odd` for one side of a book that no exchange could show."""
    for level in levels:
        if not number(level.price) or not number(level.size):
            raise Odd("a book shows a level of no size or price")
    for better, worse in pairwise(levels):
        if (better.price > worse.price) is not descending or better.price == worse.price:
            raise Odd("a book is not in order")
