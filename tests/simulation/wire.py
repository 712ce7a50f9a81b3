"""Between a process and the exchange: where every request is seen when it leaves and again when it arrives.

A process that died sends nothing more. What it had sent already may arrive all the same.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from random import Random
from typing import Any, Protocol

from engine.core.state import State
from engine.drivers.live import Live
from engine.drivers.virtual import VirtualLoop
from engine.events import Restarted
from engine.kernel.clock import Instant, Span
from engine.kernel.ids import ClientOrderId, Symbol, VenueName
from engine.market.facts import MarketFact
from engine.orders.events import Event
from engine.orders.order import Approved
from engine.orders.reports import Answer, Capabilities, Outcome, Survey
from engine.ports import Clock, VenueFact
from tests.simulation.dark import DimMarket
from venues.sandbox.exchange import Exchange
from venues.sandbox.hall import Neighbour
from venues.sandbox.inprocess import Counter, Script, T
from venues.sandbox.model import OrderRequest, OrderRow, Rejection
from venues.sandbox.venue import InProcessVenue


class Watch(Protocol):
    """Who looks on. Every method may raise, and the run is over then."""

    def sent(self, approved: Approved) -> None: ...
    def answered(self, client_id: ClientOrderId, outcome: Outcome) -> None: ...
    def arriving(self, venue: VenueName, request: OrderRequest) -> None: ...
    def arrived(self, venue: VenueName, request: OrderRequest, result: OrderRow | Rejection) -> None: ...
    def turned(self, state: State) -> None: ...


class WatchedExchange(Exchange):
    """The exchange, which shows each order that reaches it."""

    watch: Watch
    name: VenueName

    def place(self, account: str, request: OrderRequest) -> OrderRow | Rejection:
        self.watch.arriving(self.name, request)
        result = super().place(account, request)
        self.watch.arrived(self.name, request, result)
        return result

    def place_by_hand(self, account: str, request: OrderRequest) -> OrderRow | Rejection:
        """Somebody who is not us."""
        return super().place(account, request)


class WatchedNeighbour(WatchedExchange, Neighbour):
    """One of several in a hall."""


class WatchedLive(Live):
    """The live driver, whose state is looked at after each turn."""

    watch: Watch

    def _turn(self, event: Event | Restarted) -> None:
        super()._turn(event)
        self.watch.turned(self.state)


class MortalVenue(InProcessVenue):
    """A process's way to the exchange; `flying` holds what has left and has not come to its end."""

    def __init__(self, counter: Counter, capabilities: Capabilities, clock: Clock, watch: Watch) -> None:
        super().__init__(counter, capabilities, clock)
        self._watch = watch
        self.dead = False
        self.flying: dict[Script[Any], Instant] = {}

    async def place(self, approved: Approved) -> Outcome:
        self._watch.sent(approved)
        outcome = await self._fly(self._counter.place(approved))
        self._watch.answered(approved.order.client_id, outcome)
        return outcome

    async def cancel(self, symbol: Symbol, client_id: ClientOrderId) -> Outcome:
        return await self._fly(self._counter.cancel(client_id))

    async def facts(self) -> AsyncIterator[VenueFact]:
        async for fact in super().facts():
            if self.dead:
                return
            yield fact

    async def lookup(self, symbol: Symbol, client_id: ClientOrderId, since: Instant) -> Answer:
        return await super().lookup(symbol, client_id, since)

    async def survey(self, since: Instant) -> Survey:
        return await super().survey(since)

    async def _fly(self, script: Script[T]) -> T:
        while not self.dead:
            try:
                span = next(script)
            except StopIteration as ended:
                self.flying.pop(script, None)
                result: T = ended.value
                return result
            self.flying[script] = Instant(self._clock.mono() + span)
            await self._clock.sleep(Span(span))
        raise asyncio.CancelledError


class MortalMarket(DimMarket):
    """A process's view of prices."""

    dead = False

    def drain(self, at: Instant) -> Sequence[MarketFact]:
        return () if self.dead else super().drain(at)


class ShuffledLoop(VirtualLoop):
    """Tasks that are runnable in the same step run in a drawn order; all other callbacks keep theirs."""

    def __init__(self, seed: int | None) -> None:
        super().__init__()
        self._dice = None if seed is None else Random(seed)

    def _run_once(self) -> None:
        ready = self._ready  # type: ignore[attr-defined]
        if self._dice is not None and len(ready) > 1:
            handles = list(ready)
            places = [i for i, handle in enumerate(handles) if _steps_a_task(handle)]
            drawn = self._dice.sample(places, len(places))
            for place, other in zip(places, drawn, strict=True):
                ready[place] = handles[other]
        super()._run_once()  # type: ignore[misc]


def _steps_a_task(handle: asyncio.Handle) -> bool:
    name = getattr(handle._callback, "__name__", type(handle._callback).__name__)  # type: ignore[attr-defined]
    return name in ("TaskStepMethWrapper", "task_wakeup", "__step", "__wakeup")
