"""The Village Exchange's public prices, as `engine.ports.Market`: a board for each pair, asked again and again."""

import asyncio
from collections import deque
from collections.abc import Sequence

from engine.kernel.clock import SECOND, Instant, Span
from engine.kernel.ids import Symbol
from engine.market.facts import FeedDown, MarketFact
from engine.market.instrument import Instrument
from example_venue import wire
from venues.adapter import Site
from venues.transport import HttpRequest, NoAnswer, NotSent, Transport

FIRST_BOOKS = Span(10 * SECOND)
"""How long they may take (wall time)."""


class VillageMarket:
    """Books and prints of the pairs that are watched."""

    def __init__(self, site: Site, transport: Transport) -> None:
        self.name = site.name
        self._site, self._transport = site, transport
        self._facts: deque[MarketFact] = deque()
        self._task: asyncio.Task[None] | None = None

    async def listed(self) -> Sequence[Instrument]:
        """Every pair; raises when the list could not be had."""
        response = await self._transport.call(HttpRequest("GET", f"{self._site.address}/pairs", {}))
        return [wire.instrument(self.name, row) for row in wire.parsed(response.body, list[wire.Pair])]

    async def start(self, symbols: Sequence[Symbol]) -> None:
        """Begin to watch; returns when each pair has had its first book, or raises `TimeoutError`."""
        seen = {symbol: _Seen() for symbol in symbols}
        async with asyncio.timeout(FIRST_BOOKS / SECOND):
            while not all([await self._look(symbol, memory) for symbol, memory in seen.items()]):
                await self._site.clock.sleep(self._site.capabilities.poll)
        self._task = asyncio.create_task(self._watch(seen))

    def drain(self, at: Instant) -> Sequence[MarketFact]:
        """Everything that has been seen up to `at` and was not drained before."""
        if self._task is not None and self._task.done() and not self._task.cancelled():
            self._task.result()
        drained = []
        while self._facts and self._facts[0].seen_at <= at:
            drained.append(self._facts.popleft())
        return drained

    async def aclose(self) -> None:
        """Watch no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        await self._transport.aclose()

    async def _watch(self, seen: "dict[Symbol, _Seen]") -> None:
        while True:
            await self._site.clock.sleep(self._site.capabilities.poll)
            for symbol, memory in seen.items():
                await self._look(symbol, memory)

    async def _look(self, symbol: Symbol, memory: "_Seen") -> bool:
        """Ask once; what is new is put with the facts. Prints from before the first look are not ours to tell."""
        try:
            response = await self._transport.call(
                HttpRequest("GET", f"{self._site.address}/board/{symbol}?after={memory.prints}", {})
            )
            board = wire.parsed(response.body, wire.Board)
            now = self._site.clock.market()
            book = wire.book(self.name, symbol, board, now)
            prints = [wire.print_(self.name, symbol, row, now) for row in board.passed]
        except (NotSent, NoAnswer, ValueError) as error:
            if memory.live:
                self._facts.append(FeedDown(self.name, symbol, self._site.clock.market(), str(error)))
            memory.live = False
            return False
        self._facts.extend(prints if memory.version else ())
        if not memory.live or board.version != memory.version:
            self._facts.append(book)
        memory.live, memory.version = True, board.version
        memory.prints = max([memory.prints, *(row.number for row in board.passed)])
        return True


class _Seen:
    """What was seen of a pair last."""

    live = False
    version = 0
    prints = 0
