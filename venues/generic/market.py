"""An exchange's public prices, as `engine.ports.Market`: by stream where ccxt has one, else by asking again and again.

Each book is shown whole. ccxt patches some books itself, out of sight, so one that is not in order ends the feed; so
does silence. A stream that never brought a book is given up for polling.
"""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

import structlog

from engine.kernel.clock import SECOND, Instant, Span
from engine.kernel.ids import Symbol, VenueName
from engine.market.facts import MarketFact
from engine.market.instrument import Instrument
from engine.ports import Clock
from venues.feed import Feed
from venues.generic import listings
from venues.generic.client import Client, Failed
from venues.generic.known import Known
from venues.generic.mapping import Odd
from venues.generic.pair import LEVELS, Pair
from venues.stream import Backoff
from venues.transport import Lost

log = structlog.get_logger(__name__)

FIRST_BOOK: Final = Span(20 * SECOND)
"""How long the first books may take to come, the list of pairs before them included (wall time)."""
SILENCE: Final = Span(30 * SECOND)
"""A book that has not been heard of for so long is no book."""
FRUITLESS_MAX: Final = 3
"""Attempts of a stream without a single book before it is given up."""


class GenericMarket:
    """Books and prints of the pairs watched, in order of arrival."""

    def __init__(
        self,
        client: Client,
        known: Known,
        clock: Clock,
        *,
        name: VenueName,
        every: Span,
        streams: bool,
        first_book: Span = FIRST_BOOK,
        silence: Span = SILENCE,
        backoff: Backoff = Backoff("generic public feed"),  # noqa: B008 - frozen
    ) -> None:
        """`every` is the wait between two rounds of questions, where there is no stream."""
        self.name = name
        self._client, self._known, self._clock = client, known, clock
        self._every, self._streams = every, streams
        self._silence, self._fruitless = silence, 0
        self._feed = Feed(name, clock, backoff, first_book)
        self._pairs: dict[Symbol, Pair] = {}

    async def listed(self) -> Sequence[Instrument]:
        """Every spot pair that the exchange lists with usable limits; `Failed` when the list could not be had."""
        return await listings.read(self.name, self._client, self._known)

    async def start(self, symbols: Sequence[Symbol]) -> None:
        """Begin to watch; returns when each pair has had its first book, or raises `TimeoutError` and goes on."""
        self._pairs = {symbol: Pair(self.name, symbol, self._clock.market()) for symbol in symbols}
        await self._feed.start(self._pairs, self._feed.follow(self._watch, Failed, Lost, Odd))

    def drain(self, at: Instant) -> Sequence[MarketFact]:
        """Everything that has been seen up to `at` and was not drained before, in order of arrival."""
        return self._feed.drain(at)

    async def aclose(self) -> None:
        """Let go of connections."""
        await self._feed.stop()
        await self._client.aclose()

    async def _watch(self) -> None:
        """By stream, while that brings anything; else by questions."""
        if not self._streaming():
            await self._poll()
            return
        try:
            await self._stream()
        except (Failed, Lost, Odd):
            self._fruitless = 0 if any(pair.live for pair in self._pairs.values()) else self._fruitless + 1
            if self._fruitless >= FRUITLESS_MAX:
                self._streams = False
                log.warning("stream_given_up", venue=self.name)
            raise

    def _streaming(self) -> bool:
        return self._streams and self._client.has("watchOrderBook")

    async def _stream(self) -> None:
        """Follow all pairs until one of them fails; then none is believed any more."""
        follows = [self._books(symbol) for symbol in self._pairs]
        if self._client.has("watchTrades"):
            follows += [self._prints(symbol) for symbol in self._pairs]
        tasks = [asyncio.create_task(follow) for follow in follows]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._client.hang_up()

    async def _books(self, symbol: Symbol) -> None:
        await self._client.ready()
        pair = self._client.unified(symbol)
        while True:
            self._saw_book(symbol, await self._heard("watch_order_book", pair))

    async def _prints(self, symbol: Symbol) -> None:
        await self._client.ready()
        pair = self._client.unified(symbol)
        while True:
            rows = (await self._client.call("watch_trades", pair)).value  # a market may trade nothing for hours
            self._feed.tell(self._pairs[symbol].prints(rows, self._clock.market()))

    async def _heard(self, method: str, pair: str) -> Any:
        try:
            async with asyncio.timeout(self._silence / SECOND):
                return (await self._client.call(method, pair)).value
        except TimeoutError:
            raise Lost(f"silent for {self._silence / SECOND:g} s") from None

    async def _poll(self) -> None:
        """Ask for every pair's book and prints, round after round."""
        while True:
            for symbol, seen in self._pairs.items():
                await self._client.ready()
                pair = self._client.unified(symbol)
                self._saw_book(symbol, (await self._client.call("fetch_order_book", pair, LEVELS)).value)
                if self._client.has("fetchTrades"):
                    rows = (await self._client.call("fetch_trades", pair)).value
                    self._feed.tell(seen.prints(rows, self._clock.market()))
            await self._clock.sleep(self._every)

    def _saw_book(self, symbol: Symbol, book: Any) -> None:
        self._feed.tell(self._pairs[symbol].book(book, self._clock.market()))
