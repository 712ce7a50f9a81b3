"""The exchange in process, as the engine's ports: the same scripts as everywhere, played under an event loop."""

from collections.abc import AsyncIterator, Sequence
from typing import Final

from engine.kernel.clock import MILLISECOND, SECOND, Instant, Span
from engine.kernel.ids import ClientOrderId, Symbol, VenueName
from engine.market.facts import MarketFact
from engine.market.instrument import Instrument
from engine.orders.order import Approved, TimeInForce
from engine.orders.reports import (
    Acceptance,
    Answer,
    Balance,
    Capabilities,
    DealAnswer,
    NoWord,
    Outcome,
    Permissions,
    Quote,
    Quoted,
    QuoteRequest,
    Survey,
)
from engine.ports import Clock, VenueFact
from venues.sandbox.inprocess import Counter, Script, T, Ticker

CAPABILITIES: Final = Capabilities(tifs=tuple(TimeInForce), validity=Span(2 * SECOND), read_lag=Span(300 * MILLISECOND))
"""What the sandbox promises; its windows are short, so that an unknown order is cleared up in seconds."""


class InProcessVenue:
    """`engine.ports.Venue` over a `Counter`."""

    def __init__(self, counter: Counter, capabilities: Capabilities, clock: Clock) -> None:
        self.name: VenueName = counter.name
        self.capabilities = capabilities
        self._counter, self._clock = counter, clock

    async def instruments(self) -> Sequence[Instrument]:
        return self._counter.listed()

    async def place(self, approved: Approved) -> Outcome:
        return await self._play(self._counter.place(approved))

    async def cancel(self, symbol: Symbol, client_id: ClientOrderId) -> Outcome:
        return await self._play(self._counter.cancel(client_id))

    async def lookup(self, symbol: Symbol, client_id: ClientOrderId, since: Instant) -> Answer:
        return await self._play(self._counter.lookup(client_id))

    async def survey(self, since: Instant) -> Survey:
        answer = await self._play(self._counter.survey(since))
        if isinstance(answer, NoWord):
            raise ConnectionError(answer.reason)
        return answer

    async def holdings(self) -> Sequence[Balance]:
        return self._counter.balances()

    async def server_time(self) -> Instant:
        return self._clock.wall()

    async def permissions(self) -> Permissions:
        return Permissions(trade=True, withdraw=False)

    async def quote(self, request: QuoteRequest) -> Quoted:
        return await self._play(self._counter.quote(request))

    async def accept(self, quote: Quote) -> Acceptance:
        return await self._play(self._counter.accept(quote))

    async def deal(self, quote: Quote) -> DealAnswer:
        return await self._play(self._counter.deal(quote))

    async def facts(self) -> AsyncIterator[VenueFact]:
        for item in self._counter.facts():
            if isinstance(item, int):
                await self._clock.sleep(item)
            else:
                yield item

    async def aclose(self) -> None:
        """Nothing to let go of."""

    async def _play(self, script: Script[T]) -> T:
        while True:
            try:
                span = next(script)
            except StopIteration as ended:
                result: T = ended.value
                return result
            await self._clock.sleep(span)


class InProcessMarket:
    """`engine.ports.Market` over a `Ticker`."""

    def __init__(self, counter: Counter) -> None:
        self.name: VenueName = counter.name
        self._counter, self._ticker = counter, Ticker(counter)

    async def listed(self) -> Sequence[Instrument]:
        return self._counter.listed()

    async def start(self, symbols: Sequence[Symbol]) -> None:
        self._ticker.start(symbols)

    def drain(self, at: Instant) -> Sequence[MarketFact]:
        return self._ticker.drain(at)

    async def aclose(self) -> None:
        """Nothing to let go of."""
