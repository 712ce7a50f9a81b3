"""One pair's book, built from frames of which several make one change.

The frames of a change share a version, in the order insert, update, delete; in between the book is too deep or
crossed. So a book is shown when the version moves on, or when the stream has gone quiet. Versions jump by themselves:
a frame that was lost shows nowhere here, and `checks` looks for it elsewhere.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final

from engine.kernel.clock import Instant
from engine.kernel.ids import Symbol, VenueName
from engine.market.facts import BookSeen, FeedDown, Level, MarketFact
from venues.osl.frames import Action, Change, Side
from venues.osl.wire import Odd

Place = tuple[Side, Decimal]
"""Where a level stands."""

_HALF: Final = 2**31
_TOUCHES_MAX: Final = 20_000


class Book:
    """What is known of one pair on one connection after another."""

    def __init__(self, venue: VenueName, symbol: Symbol) -> None:
        self.live = False
        """A whole book was shown, and the feed has not been lost since."""
        self.pending = False
        """Something came that was not shown yet."""
        self.heard_at = 0
        """When its last frame came (monotonic)."""
        self._venue, self._symbol = venue, symbol
        self._sides: dict[Side, dict[Decimal, Decimal]] = {side: {} for side in Side}
        self._version: int | None = None
        self._changed_at = Instant(0)
        self._began: int | None = None
        self._touched: deque[tuple[int, Place]] = deque(maxlen=_TOUCHES_MAX)

    def lose(self, at: Instant, reason: str) -> list[MarketFact]:
        """The connection is gone; the next one begins with a new book."""
        was_live, self.live, self.pending = self.live, False, False
        self._version, self._began = None, None
        self._sides = {side: {} for side in Side}
        self._touched.clear()
        return [FeedDown(self._venue, self._symbol, at, reason)] if was_live else []

    def take(self, change: Change, seen_at: Instant, mono: int) -> list[MarketFact]:
        """Apply a frame; first show what was whole before it. `Odd` when it can't follow what came before."""
        facts: list[MarketFact] = []
        self.heard_at = mono
        if self._version is not None and change.version != self._version:
            if (change.version - self._version) % (2 * _HALF) >= _HALF:
                raise Odd(f"{self._symbol}: version {change.version} came after {self._version}")
            if self.pending:
                facts = self._shown(seen_at)
        if change.action is Action.PARTIAL:
            self._begin(change, seen_at, mono)
        elif self._version is None:
            return facts  # a change of a book that was not sent yet
        else:
            self._apply(change, mono)
        self._version, self.pending = change.version, True
        return facts

    def quiet(self, seen_at: Instant) -> list[MarketFact]:
        """Nothing more came for a while, so the change is whole; a crossed book waits for the rest of it."""
        return self._shown(seen_at) if self.pending and not self._crossed() else []

    def confirmed(self, seen_at: Instant, at: Instant) -> list[MarketFact]:
        """A snapshot of the venue's time `at` agreed: the book is old, and still right."""
        if not self.live or self.pending:
            return []
        self._changed_at = max(self._changed_at, at)
        return self._shown(seen_at)

    def levels(self, side: Side) -> Mapping[Decimal, Decimal]:
        """Size by price."""
        return self._sides[side]

    def moved_since(self, mono: int) -> set[Place] | None:
        """Every place touched since then; `None` when the book is younger, or moved more than is remembered."""
        if self._began is not None and self._began > mono:
            return None
        if len(self._touched) == _TOUCHES_MAX and self._touched[0][0] >= mono:
            return None
        return {place for at, place in self._touched if at >= mono}

    def _begin(self, change: Change, seen_at: Instant, mono: int) -> None:
        self._sides = {side: {row.price: row.size for row in change.rows if row.side is side} for side in Side}
        self._touched.clear()
        # A first book carries the time of its last change, which may be long ago; it is true at arrival.
        self._began, self._changed_at = mono, seen_at

    def _apply(self, change: Change, mono: int) -> None:
        for row in change.rows:
            levels = self._sides[row.side]
            if change.action is Action.DELETE:
                levels.pop(row.price, None)
            else:
                levels[row.price] = row.size
            self._touched.append((mono, (row.side, row.price)))
        self._changed_at = change.at

    def _shown(self, seen_at: Instant) -> list[MarketFact]:
        if self._crossed():
            raise Odd(f"{self._symbol}: the book is crossed")
        self.live, self.pending = True, False
        return [
            BookSeen(
                venue=self._venue,
                symbol=self._symbol,
                changed_at=self._changed_at,
                seen_at=seen_at,
                bids=_levels(self._sides[Side.BUY].items(), descending=True),
                asks=_levels(self._sides[Side.SELL].items(), descending=False),
                version=str(self._version),
            )
        ]

    def _crossed(self) -> bool:
        bids, asks = self._sides[Side.BUY], self._sides[Side.SELL]
        return bool(bids and asks) and max(bids) >= min(asks)


def _levels(items: Iterable[tuple[Decimal, Decimal]], *, descending: bool) -> tuple[Level, ...]:
    return tuple(Level(price, size) for price, size in sorted(items, reverse=descending))
