"""The mirrored venue's market: the public feed's prints and books, with our own orders and takings in them."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from engine.kernel.clock import Instant
from engine.kernel.ids import Symbol, VenueName
from engine.market.facts import BookSeen, Level, MarketFact, Print
from engine.market.instrument import Instrument
from engine.ports import Market
from venues.sandbox.inprocess import Counter
from venues.sandbox.mirror import Mirror

LEVELS = 20
"""Levels a side that are shown."""


class MirrorMarket:
    """`engine.ports.Market` over a `Mirror`. A pair without a public book has none here either."""

    def __init__(self, public: Market, mirror: Mirror, counter: Counter) -> None:
        self.name: VenueName = counter.name
        self._public, self._mirror, self._counter = public, mirror, counter
        self._shown: dict[Symbol, tuple[int, Instant]] = {}
        self._symbols: tuple[Symbol, ...] = ()

    async def listed(self) -> Sequence[Instrument]:
        """The pairs that the mirror lists."""
        return self._counter.listed()

    async def start(self, symbols: Sequence[Symbol]) -> None:
        """Begin to watch the venue's own feed; returns when each pair has had its first book, or raises."""
        self._symbols = tuple(symbols)
        await self._public.start(symbols)
        self._counter.reach()

    def drain(self, at: Instant) -> Sequence[MarketFact]:
        """Losses of the feed, prints, and each book that has changed or been told again since the last call."""
        self._counter.reach()
        facts: list[MarketFact] = [*self._mirror.take_lost()]
        facts += (
            Print(self.name, Symbol(t.symbol), t.at, at, t.trade_id, t.price, t.quantity, t.buyer_is_maker)
            for t in self._mirror.take_public()
            if t.symbol in self._symbols
        )
        facts += (book for symbol in self._symbols if (book := self._book(symbol)) is not None)
        return facts

    def _book(self, symbol: Symbol) -> BookSeen | None:
        seen = self._mirror.seen(symbol)
        if seen is None:
            self._shown.pop(symbol, None)
            return None
        depth = self._mirror.depth(symbol, LEVELS)
        if self._shown.get(symbol) == (news := (depth.version, seen.seen_at)):
            return None
        self._shown[symbol] = news
        return BookSeen(
            venue=self.name,
            symbol=symbol,
            changed_at=depth.changed_at,
            seen_at=seen.seen_at,
            bids=_levels(depth.bids),
            asks=_levels(depth.asks),
            version=str(depth.version),
        )

    async def aclose(self) -> None:
        """Let go of the public feed."""
        await self._public.aclose()


def _levels(rows: Iterable[tuple[Decimal, Decimal]]) -> tuple[Level, ...]:
    return tuple(Level(price, size) for price, size in rows)
