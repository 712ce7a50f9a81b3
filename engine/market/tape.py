"""The fold from raw market facts to views: one `Watch` a pair."""

from collections import deque
from decimal import Decimal
from statistics import median_low

from engine.kernel.clock import Instant
from engine.kernel.ids import Symbol, VenueName
from engine.kernel.money import ZERO
from engine.market.facts import BookSeen, FeedDown, MarketFact, Print
from engine.market.view import MarketView

LEVELS = 10
"""Levels a side in a view."""
LAST = 11
"""Prints whose median is shown as `last`."""


class Watch:
    """What has been seen of one pair. A new snapshot replaces the book; a lost feed makes it invalid until the next."""

    def __init__(self, venue: VenueName, symbol: Symbol, pair: str = "") -> None:
        self.venue, self.symbol, self.pair = venue, symbol, pair
        self._book: BookSeen | None = None
        self._last: deque[Decimal] = deque(maxlen=LAST)
        self._volume, self._prints, self._live = ZERO, 0, False

    def apply(self, fact: MarketFact) -> None:
        """Take one fact of this pair."""
        match fact:
            case BookSeen():
                self._book, self._live = fact, True
            case Print():
                self._last.append(fact.price)
                self._volume += fact.quantity
                self._prints += 1
            case FeedDown():
                self._live = False

    def view(self, at: Instant) -> MarketView:
        """What the core may know at `at`."""
        book = self._book
        return MarketView(
            venue=self.venue,
            symbol=self.symbol,
            at=at,
            book_at=book.changed_at if book else Instant(0),
            seen_at=book.seen_at if book else Instant(0),
            bids=book.bids[:LEVELS] if book else (),
            asks=book.asks[:LEVELS] if book else (),
            last=median_low(self._last) if self._last else None,
            volume=self._volume,
            prints=self._prints,
            live=self._live,
            pair=self.pair,
        )
