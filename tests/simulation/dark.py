"""A venue that nobody hears from for a while: calls end in nothing, the private stream is down, maybe prices too.

What is sent into the dark is told not to have left, or is lost, or arrives and nobody learns of it.
"""

from collections.abc import Callable, Sequence
from itertools import count
from typing import Final

from engine.kernel import chance
from engine.kernel.clock import Instant, Span
from engine.kernel.ids import ClientOrderId, VenueName
from engine.market.facts import FeedDown, MarketFact
from engine.orders.order import Approved
from engine.orders.reports import Answer, NoWord, Outcome, Survey, Transient, Unknown
from engine.ports import StreamDown
from tests.simulation.plans import Spell
from venues.sandbox.exchange import Exchange
from venues.sandbox.faults import Faults
from venues.sandbox.inprocess import TICK, TIMEOUT, Counter, Script, Stream, Ticker
from venues.sandbox.listings import START
from venues.sandbox.venue import InProcessMarket

SILENT: Final = "no answer"


class DimCounter(Counter):
    """A counter that is dark for some spells of market time."""

    def __init__(
        self,
        exchange: Exchange,
        account: str,
        name: VenueName,
        faults: Faults,
        now: Callable[[], Instant],
        seed: int,
        spells: Sequence[Spell] = (),
    ) -> None:
        super().__init__(exchange, account, name, faults, now, seed)
        self._spells = [spell for spell in spells if spell.venue == name]
        self._lost = 0

    @property
    def dark(self) -> bool:
        """Does no call come through now?"""
        return any(spell.covers(self._now() - START) for spell in self._spells)

    @property
    def silent(self) -> bool:
        """Is its private stream down?"""
        return any(spell.silences(self._now() - START) for spell in self._spells)

    @property
    def blind(self) -> bool:
        """Nor are its prices seen?"""
        return any(spell.blind and spell.silences(self._now() - START) for spell in self._spells)

    def place(self, approved: Approved) -> Script[Outcome]:
        if not self.dark:
            outcome = yield from super().place(approved)
            return (yield from self._unless_dark(outcome))
        self._lost += 1
        fate = chance.below(self._seed, f"into the dark at {self.name}", self._lost, 3)
        yield self._latency()
        if fate == 0:
            return Transient("no connection")
        if fate == 1:
            yield from super().place(approved)
        yield TIMEOUT
        return Unknown(SILENT)

    def cancel(self, client_id: ClientOrderId) -> Script[Outcome]:
        if not self.dark:
            outcome = yield from super().cancel(client_id)
            return (yield from self._unless_dark(outcome))
        yield self._late
        return Unknown(SILENT)

    def lookup(self, client_id: ClientOrderId) -> Script[Answer]:
        if not self.dark:
            answer = yield from super().lookup(client_id)
            if not self.dark:
                return answer
        yield self._late
        return NoWord(SILENT)

    def survey(self, since: Instant) -> Script[Survey | NoWord]:
        if not self.dark:
            answer = yield from super().survey(since)
            if not self.dark:
                return answer
        yield self._late
        return NoWord(SILENT)

    def facts(self) -> Stream:
        """As ever while there is light. What happens in the dark is not replayed."""
        for look in count():
            if not self.silent:
                for item in super().facts():
                    if self.silent:
                        yield StreamDown("dark")
                        break
                    yield item
            yield Span(TICK + chance.below(self._seed, f"in the dark at {self.name}", look, TICK))

    @property
    def _late(self) -> Span:
        """How long a caller waits in vain: never to a whole second, at which decisions fall due."""
        return Span(TIMEOUT + self._latency())

    def _unless_dark(self, outcome: Outcome) -> Script[Outcome]:
        """The answer, if it still comes through."""
        if not self.dark:
            return outcome
        yield TIMEOUT
        return Unknown(SILENT)


class DimTicker(Ticker):
    """The public feed of such a venue."""

    def __init__(self, counter: DimCounter) -> None:
        super().__init__(counter)
        self._dim = counter

    def drain(self, at: Instant) -> list[MarketFact]:
        facts = super().drain(at)
        if not self._dim.blind:
            return facts
        return [FeedDown(self._dim.name, symbol, at, "dark") for symbol in self._symbols]


class DimMarket(InProcessMarket):
    """The same as a port."""

    def __init__(self, counter: DimCounter) -> None:
        super().__init__(counter)
        self._ticker = DimTicker(counter)
