"""Venues for reference: their public prices are watched and recorded, and nothing is sold there.

The run does not depend on them. One that does not answer, lists no pair of the plan, or falls silent later is a line
on the screen and in the log. It may come late, and then its views stand in the journal from then on.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Final

import structlog
from msgspec import Struct

from engine.kernel.clock import SECOND, Instant, Span
from engine.kernel.ids import Symbol, VenueName
from engine.market.facts import BookSeen, FeedDown, MarketFact
from engine.market.instrument import Instrument
from engine.planning.plan import Plan
from engine.ports import Market

log = structlog.get_logger()

PATIENCE: Final = Span(60 * SECOND)
"""How long a venue may take to show its pairs and their first books (wall time); after that it is left out."""
ANSWER: Final = Span(10 * SECOND)
"""How long they may take to say what they list, where a run can't sell without them (wall time)."""
GRACE: Final = Span(3 * SECOND)
"""How long the start of a run waits for them (wall time); who is later than that joins a run that goes on."""

Say = Callable[[str], None]


class Sight(Struct, frozen=True):
    """What a venue for reference shows of the plan's pairs, or what it lacks."""

    venue: VenueName
    symbols: tuple[Symbol, ...] = ()
    lack: str = ""
    pairs: Mapping[Symbol, str] = {}
    """What the symbols stand for: `BTC/USDT`."""
    silent: bool = False
    """It has not said what it lists, or shows none of it, and may still."""

    def __str__(self) -> str:
        if self.lack:
            return f"{self.venue}: for reference only, and left out: {self.lack}"
        return f"{self.venue}: for reference only: {', '.join(self.symbols)}"


class Absent:
    """The market of a venue that this run has no way to reach; it says so to whoever asks."""

    def __init__(self, name: VenueName, reason: str) -> None:
        self.name, self._reason = name, reason

    async def listed(self) -> Sequence[Instrument]:
        """Raises `LookupError`."""
        raise LookupError(self._reason)

    async def start(self, symbols: Sequence[Symbol]) -> None:
        """Raises `LookupError`."""
        raise LookupError(self._reason)

    def drain(self, at: Instant) -> Sequence[MarketFact]:
        """There is nothing to see."""
        return ()

    async def aclose(self) -> None:
        """Nothing to let go of."""


class Onlooker:
    """The feed of one venue for reference. It never fails: it falls silent, and says so."""

    def __init__(self, market: Market, seen: Sight, say: Say) -> None:
        self._market, self._symbols, self._say = market, frozenset(seen.symbols), say
        self.pairs = seen.pairs
        self._dark: set[Symbol] = set()
        self._broken = False

    def drain(self, at: Instant) -> list[MarketFact]:
        """What has been seen up to `at`. What bears another name is dropped: it would pass for a price elsewhere."""
        if self._broken:
            return []
        try:
            drained = self._market.drain(at)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with the feed, the run goes on without it
            self._broken = True
            drained = [FeedDown(self._market.name, symbol, at, _reason(error)) for symbol in sorted(self._symbols)]
        facts = [fact for fact in drained if fact.venue == self._market.name and fact.symbol in self._symbols]
        for fact in facts:
            self._heed(fact)
        return facts

    def _heed(self, fact: MarketFact) -> None:
        """Say once that a pair's prices are lost, and once that they are back."""
        if isinstance(fact, FeedDown) and fact.symbol not in self._dark:
            self._dark.add(fact.symbol)
            log.warning("reference_lost", venue=fact.venue, symbol=fact.symbol, reason=fact.reason)
            self._say(f"{fact.venue}: prices of {fact.symbol} for reference are lost: {fact.reason}")
        elif isinstance(fact, BookSeen) and fact.symbol in self._dark:
            self._dark.remove(fact.symbol)
            log.info("reference_back", venue=fact.venue, symbol=fact.symbol)
            self._say(f"{fact.venue}: prices of {fact.symbol} for reference are back")


class Onlookers:
    """All venues for reference of one run; begun at once, each joins when it has shown its first books."""

    def __init__(self, markets: Mapping[VenueName, Market], plan: Plan, say: Say) -> None:
        self.sources: dict[VenueName, Onlooker] = {}
        """Those that have joined so far."""
        self.sights = {name: Sight(name, silent=True) for name in markets}
        """What each shows as of now."""
        self._plan, self._say = plan, say
        self._tasks = [asyncio.create_task(self._join(market)) for market in markets.values()]

    async def settle(self, grace: Span = GRACE) -> None:
        """Wait until each has joined or is left out, or until the grace is over."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=grace / SECOND)

    async def aclose(self) -> None:
        """Wait for nobody any more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _join(self, market: Market) -> None:
        try:
            async with asyncio.timeout(PATIENCE / SECOND):
                seen = await sight(market, self._plan)
                if not seen.lack:
                    await market.start(seen.symbols)
        except Exception as error:  # noqa: BLE001 - as above
            seen = Sight(market.name, lack=_reason(error), silent=True)
        self.sights[seen.venue] = seen
        self._say(str(seen))
        if not seen.lack:
            log.info("reference_joined", venue=seen.venue, symbols=seen.symbols)
            self.sources[seen.venue] = Onlooker(market, seen, self._say)
            return
        log.warning("reference_left_out", venue=seen.venue, reason=seen.lack)
        with suppress(Exception):  # it was of no use, and is closed once more with the others
            await market.aclose()


async def sights(markets: Mapping[VenueName, Market], plan: Plan, patience: Span = PATIENCE) -> tuple[Sight, ...]:
    """What each of them lists of the plan; it takes no longer than the patience."""
    return tuple(await asyncio.gather(*(sight(market, plan, patience) for market in markets.values())))


async def sight(market: Market, plan: Plan, patience: Span = PATIENCE) -> Sight:
    """The pairs of a venue that are those of the plan's legs, or what is sold in the fiat that it becomes.

    It never raises for what the venue does.
    """
    wanted = {(leg.sell, leg.buy) for leg in plan.legs}
    wanted |= {(leg.sell, onward.buy) for leg in plan.legs for onward in plan.legs if onward.sell == leg.buy}
    try:
        async with asyncio.timeout(patience / SECOND):
            listed = await market.listed()
    except Exception as error:  # noqa: BLE001 - as above
        return Sight(market.name, lack=_reason(error), silent=not isinstance(market, Absent))
    pairs = {pair.symbol: f"{pair.base}/{pair.quote}" for pair in listed if (pair.base, pair.quote) in wanted}
    return Sight(market.name, tuple(pairs), "" if pairs else "it lists no pair of the plan", pairs)


def _reason(error: Exception) -> str:
    late = "it did not answer in time" if isinstance(error, TimeoutError) else ""
    return str(error) or late or type(error).__name__
