"""The half of a public feed that is the same at every venue: facts in order, first books, attempts that never end."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from typing import Any, Final, Protocol

import structlog

from engine.kernel.clock import SECOND, Instant, Span
from engine.kernel.ids import Symbol, VenueName
from engine.market.facts import MarketFact
from engine.ports import Clock
from venues.stream import Backoff

log = structlog.get_logger(__name__)

SETTLED: Final = Span(30 * SECOND)
"""A connection that lived this long starts its waits between attempts anew (wall time)."""


class Pair(Protocol):
    """What an adapter knows of one pair."""

    @property
    def live(self) -> bool:
        """A whole book was shown, and the feed has not been lost since."""

    def lose(self, at: Instant, reason: str) -> list[MarketFact]:
        """The feed is gone; says so once."""


class Feed:
    """Books and prints of the pairs watched, in order of arrival."""

    def __init__(self, name: VenueName, clock: Clock, backoff: Backoff, first_book: Span) -> None:
        """`first_book` is how long the first books may take to come (wall time)."""
        self._name, self._clock, self._backoff, self._first_book = name, clock, backoff, first_book
        self._facts: deque[MarketFact] = deque()
        self._pairs: Mapping[Symbol, Pair] = {}
        self._all_seen = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self, pairs: Mapping[Symbol, Pair], *works: Coroutine[Any, Any, None]) -> None:
        """Set to work; returns when each pair has had its first book, or raises `TimeoutError` and goes on trying."""
        self._pairs = pairs
        self._tasks = [asyncio.create_task(work) for work in works]
        try:
            async with asyncio.timeout(self._first_book / SECOND):
                await self._all_seen.wait()
        except TimeoutError:
            missing = ", ".join(symbol for symbol, pair in pairs.items() if not pair.live)
            raise TimeoutError(f"{self._name} showed no first book of {missing}") from None

    async def stop(self) -> None:
        """End all work."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def tell(self, facts: Iterable[MarketFact]) -> None:
        """Keep them, in order of arrival; the first book of the last pair lets `start` return."""
        self._facts.extend(facts)
        if not self._all_seen.is_set() and all(pair.live for pair in self._pairs.values()):
            self._all_seen.set()

    def drain(self, at: Instant) -> list[MarketFact]:
        """Everything that has been seen up to `at` and was not drained before, in order of arrival."""
        for task in self._tasks:
            if task.done() and not task.cancelled():
                task.result()  # a bug of ours ended the feed: it must not look like a quiet market
        drained = []
        while self._facts and self._facts[0].seen_at <= at:
            drained.append(self._facts.popleft())
        return drained

    async def follow(self, watch: Callable[[], Awaitable[None]], *broken: type[Exception]) -> None:
        """Watch for ever; after each of `broken` no pair is believed until it has shown a new book."""
        attempt = 0
        while True:
            opened_at = self._clock.mono()
            try:
                await watch()
            except broken as error:
                log.warning("feed_lost", venue=self._name, reason=str(error), attempt=attempt)
                for pair in self._pairs.values():
                    self._facts.extend(pair.lose(self._clock.market(), str(error)))
            if self._clock.mono() - opened_at >= SETTLED:
                attempt = 0
            await self._clock.sleep(self._backoff.delay(attempt))
            attempt += 1
