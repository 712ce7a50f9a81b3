"""Raw market facts: record them, fold them, and hand the core a `MarketView` when a decision is due.

Views of venues that are for reference only stand behind those of the venues that sell.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from engine.events import TapeSealed
from engine.kernel.clock import Instant
from engine.kernel.ids import Symbol, VenueName
from engine.market.facts import MarketFact
from engine.market.tape import Watch
from engine.market.view import MarketView


class Tape(Protocol):
    """Where raw facts are kept."""

    def append(self, facts: Sequence[MarketFact]) -> None:
        """Keep them, in order."""

    def seal(self, at: Instant) -> TapeSealed | None:
        """Close what has gathered under a digest; `None` when there is nothing."""


class Source(Protocol):
    """The synchronous half of `engine.ports.Market`."""

    def drain(self, at: Instant) -> Sequence[MarketFact]:
        """Everything seen up to `at` and not drained before."""


class Onlooking(Source, Protocol):
    """The feed of a venue for reference."""

    pairs: Mapping[Symbol, str]
    """What its symbols stand for: `BTC/USDT`."""


class Feeds:
    """All pairs of a run. `gather` may be called at any time; views are made from what has been gathered."""

    def __init__(
        self,
        pairs: Iterable[tuple[VenueName, Symbol]],
        sources: Mapping[VenueName, Source],
        tape: Tape,
        onlookers: Mapping[VenueName, Onlooking] | None = None,
    ) -> None:
        """`onlookers` are the venues for reference; they may grow, and a pair of theirs has a view once it is seen."""
        self._watches = {pair: Watch(*pair) for pair in pairs}
        self._sources, self._tape, self._onlookers = sources, tape, onlookers if onlookers is not None else {}

    def gather(self, at: Instant) -> None:
        """Take in what the sources have seen."""
        for source in self._sources.values():
            for fact in self._recorded(source, at):
                watch = self._watches.get((fact.venue, fact.symbol))
                if watch is not None:
                    watch.apply(fact)
        for onlooker in self._onlookers.values():
            for fact in self._recorded(onlooker, at):
                pair = (fact.venue, fact.symbol)
                if pair not in self._watches:
                    self._watches[pair] = Watch(*pair, onlooker.pairs.get(fact.symbol, ""))
                self._watches[pair].apply(fact)

    def _recorded(self, source: Source, at: Instant) -> Sequence[MarketFact]:
        facts = source.drain(at)
        self._tape.append(facts)
        return facts

    def views(self, at: Instant) -> tuple[MarketView, ...]:
        """What the core may know at `at`, of every pair."""
        self.gather(at)
        return tuple(watch.view(at) for watch in self._watches.values())
