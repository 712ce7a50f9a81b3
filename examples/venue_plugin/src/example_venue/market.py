"""The Village Exchange's public prices, as `engine.ports.Market`: a board for each pair, asked again and again."""

from collections.abc import Sequence
from functools import partial

from engine.kernel.clock import MILLISECOND, SECOND, Instant, Span
from engine.kernel.ids import Symbol, VenueName
from engine.market.facts import FeedDown, MarketFact
from engine.market.instrument import Instrument
from example_venue import wire
from venues.adapter import Site
from venues.feed import Feed
from venues.stream import Backoff
from venues.transport import HttpRequest, NoAnswer, NotSent, Transport

FIRST_BOOKS = Span(10 * SECOND)
"""How long they may take (wall time)."""


class VillageMarket:
    """Books and prints of the pairs that are watched."""

    def __init__(self, site: Site, transport: Transport) -> None:
        self.name = site.name
        self._site, self._transport = site, transport
        backoff = Backoff("village board", site.seed, first=Span(100 * MILLISECOND))
        self._feed = Feed(site.name, site.clock, backoff, FIRST_BOOKS)

    async def listed(self) -> Sequence[Instrument]:
        """Every pair; raises when the list could not be had."""
        response = await self._transport.call(HttpRequest("GET", f"{self._site.address}/pairs", {}))
        return [wire.instrument(self.name, row) for row in wire.parsed(response.body, list[wire.Pair])]

    async def start(self, symbols: Sequence[Symbol]) -> None:
        """Begin to watch; returns when each pair has had its first book, or raises `TimeoutError` and goes on."""
        seen = {symbol: _Seen(self.name, symbol) for symbol in symbols}
        await self._feed.start(seen, self._feed.follow(partial(self._watch, seen), NotSent, NoAnswer, ValueError))

    def drain(self, at: Instant) -> Sequence[MarketFact]:
        """Everything that has been seen up to `at` and was not drained before."""
        return self._feed.drain(at)

    async def aclose(self) -> None:
        """Watch no more."""
        await self._feed.stop()
        await self._transport.aclose()

    async def _watch(self, seen: "dict[Symbol, _Seen]") -> None:
        while True:
            for symbol, memory in seen.items():
                self._feed.tell(await self._look(symbol, memory))
            await self._site.clock.sleep(self._site.capabilities.poll)

    async def _look(self, symbol: Symbol, memory: "_Seen") -> list[MarketFact]:
        """Ask once; what is new. Prints from before the first look are not ours to tell."""
        response = await self._transport.call(
            HttpRequest("GET", f"{self._site.address}/board/{symbol}?after={memory.prints}", {})
        )
        board, now = wire.parsed(response.body, wire.Board), self._site.clock.market()
        book = wire.book(self.name, symbol, board, now)
        facts: list[MarketFact] = [wire.print_(self.name, symbol, row, now) for row in board.passed]
        if not memory.version:
            facts.clear()
        if not memory.live or board.version != memory.version:
            facts.append(book)
        memory.live, memory.version = True, board.version
        memory.prints = max([memory.prints, *(row.number for row in board.passed)])
        return facts


class _Seen:
    """What was seen of a pair last."""

    def __init__(self, venue: VenueName, symbol: Symbol) -> None:
        self.live, self.version, self.prints = False, 0, 0
        self._venue, self._symbol = venue, symbol

    def lose(self, at: Instant, reason: str) -> list[MarketFact]:
        """The board could not be read; says so once."""
        was_live, self.live = self.live, False
        return [FeedDown(self._venue, self._symbol, at, reason)] if was_live else []
