"""OSL's public prices as `engine.ports.Market`.

Books are built from the changes of the v4 stream, which can't reveal that one was lost. So every few seconds each is
held against a snapshot: one that agrees confirms a book that has not moved, one that differs twice in a row takes the
feed down, and a new connection brings a new book. No stream of trades is known; they are asked for.
"""

from collections.abc import Sequence
from typing import Final

import structlog
from msgspec import Struct

from engine.kernel.clock import MILLISECOND, SECOND, Instant, Span
from engine.kernel.ids import Symbol, VenueName
from engine.market.facts import MarketFact
from engine.market.instrument import Instrument
from engine.ports import Clock
from venues.feed import Feed
from venues.osl import frames
from venues.osl.book import Book, Place
from venues.osl.calls import Unread
from venues.osl.checks import suspects
from venues.osl.endpoints import Endpoints
from venues.osl.mock import STREAM_SETTLES
from venues.osl.prints import Prints
from venues.osl.public import PublicReads
from venues.osl.wire import NAME, Odd
from venues.pacing import FreePacer, Pacing
from venues.stream import Backoff, Link, Pulse
from venues.transport import Lost, Transport

log = structlog.get_logger(__name__)

FIRST_BOOK: Final = Span(10 * SECOND)
"""How long the first books may take to come (wall time)."""
PULSE: Final = Pulse(every=Span(1 << 62), silence=Span(15 * SECOND))
"""The venue pings every five seconds and wants nothing from us but the answer."""
_TICK: Final = Span(250 * MILLISECOND)
"""How long a doubt about a book may wait to be heard."""


class Rhythm(Struct, frozen=True):
    """How often the market asks and how long it waits (wall time)."""

    check_every: Span = Span(4 * SECOND)
    """Between two snapshots of each book."""
    trades_every: Span = Span(SECOND)
    quiet: Span = Span(50 * MILLISECOND)
    """A change after which nothing more came for so long is whole."""
    settles: Span = STREAM_SETTLES


class OslMarket:
    """Books and prints of the pairs watched, in order of arrival."""

    def __init__(
        self,
        endpoints: Endpoints,
        transport: Transport,
        clock: Clock,
        *,
        pacer: Pacing | None = None,
        name: VenueName = NAME,
        first_book: Span = FIRST_BOOK,
        rhythm: Rhythm = Rhythm(),  # noqa: B008 - frozen
        backoff: Backoff = Backoff("osl public stream"),  # noqa: B008 - frozen
    ) -> None:
        self.name = name
        self._endpoints, self._transport, self._clock = endpoints, transport, clock
        self._reads = PublicReads(name, endpoints, transport, clock, pacer or FreePacer())
        self._rhythm = rhythm
        self._feed = Feed(name, clock, backoff, first_book)
        self._books: dict[Symbol, Book] = {}
        self._prints: dict[Symbol, Prints] = {}
        self._suspected: dict[Symbol, set[Place]] = {}
        self._opened_at: int | None = None
        self._doubt = ""

    async def listed(self) -> Sequence[Instrument]:
        """Every pair with usable steps, narrowed by the catalogue of v5; `Unread` when the list could not be had."""
        return await self._reads.instruments()

    async def start(self, symbols: Sequence[Symbol]) -> None:
        """Begin to watch; returns when each pair has had its first book, or raises `TimeoutError` and goes on."""
        self._books = {symbol: Book(self.name, symbol) for symbol in symbols}
        self._prints = {symbol: Prints(self._clock.market()) for symbol in symbols}
        works = (self._feed.follow(self._watch, Lost, Odd), self._check_books(), self._ask_trades())
        await self._feed.start(self._books, *works)

    def drain(self, at: Instant) -> Sequence[MarketFact]:
        """Everything that has been seen up to `at` and was not drained before, in order of arrival."""
        return self._feed.drain(at)

    async def aclose(self) -> None:
        """Let go of connections."""
        await self._feed.stop()
        await self._transport.aclose()

    async def _watch(self) -> None:
        topics = ",".join(f"orderBook:{symbol}" for symbol in self._books)
        socket = await self._transport.connect(f"{self._endpoints.stream}?subscribe={topics}")
        link = Link(socket, self._clock, PULSE, lambda at: frames.PONG)
        self._opened_at, self._doubt = self._clock.mono(), ""
        self._suspected.clear()
        try:
            while True:
                waiting = any(book.pending for book in self._books.values())
                raw = await link.next(self._clock.mono() + (self._rhythm.quiet if waiting else _TICK))
                if self._doubt:
                    raise Lost(self._doubt)
                if raw is not None:
                    await self._take(link, raw)
                self._settle()
        finally:
            self._opened_at = None
            await link.close()

    async def _take(self, link: Link, raw: bytes) -> None:
        said = frames.frame(raw)
        if isinstance(said, frames.Ping):
            await link.send(frames.PONG)
        elif said is not None and (book := self._books.get(said.symbol)) is not None:
            self._feed.tell(book.take(said, self._clock.market(), self._clock.mono()))

    def _settle(self) -> None:
        """Show every book whose last change has had time to become whole."""
        before = self._clock.mono() - self._rhythm.quiet
        for book in self._books.values():
            if book.pending and book.heard_at <= before:
                self._feed.tell(book.quiet(self._clock.market()))

    async def _check_books(self) -> None:
        while True:
            await self._clock.sleep(self._rhythm.check_every)
            for symbol, book in self._books.items():
                try:
                    await self._check(symbol, book)
                except Unread as error:
                    log.warning("book_unchecked", venue=self.name, symbol=symbol, reason=str(error))

    async def _check(self, symbol: Symbol, book: Book) -> None:
        """Ask for a snapshot, let the stream catch up, compare; differing in one place twice is a doubt."""
        connection, asked_at = self._opened_at, self._clock.mono()
        shown = await self._reads.snapshot(symbol)
        await self._clock.sleep(self._rhythm.settles)
        since = asked_at - self._rhythm.settles
        moved = book.moved_since(since)
        if connection is None or connection != self._opened_at or connection > since or moved is None:
            self._suspected.pop(symbol, None)
            return
        found = suspects(book, shown, moved)
        twice = found & self._suspected.get(symbol, set())
        self._suspected[symbol] = found
        if twice:
            side, price = min(twice)
            self._doubt = f"the book of {symbol} disagrees with two snapshots, first at {side.lower()} {price}"
        elif not found and not moved:
            self._feed.tell(book.confirmed(self._clock.market(), shown.at))

    async def _ask_trades(self) -> None:
        while True:
            for symbol, prints in self._prints.items():
                try:
                    seen = await self._reads.prints(symbol, prints.since)
                except Unread as error:
                    log.warning("trades_unread", venue=self.name, symbol=symbol, reason=str(error))
                else:
                    self._feed.tell(prints.new(seen))
            await self._clock.sleep(self._rhythm.trades_every)
