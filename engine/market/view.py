"""`MarketView`: the little that the core is shown when a decision is due. Views are journaled, books are not."""

from decimal import Decimal
from typing import Final

from msgspec import Struct

from engine.kernel.clock import Instant
from engine.kernel.ids import Symbol, VenueName
from engine.kernel.money import EXACT, ZERO, total
from engine.market.facts import Level

_TWO: Final = Decimal(2)


class MarketView(Struct, frozen=True):
    """One pair on one venue at one instant: top levels, last trades, volume so far."""

    venue: VenueName
    symbol: Symbol
    at: Instant
    book_at: Instant
    """When the book last changed, by the venue; 0 when no book was seen."""
    seen_at: Instant
    """When the last book reached us."""
    bids: tuple[Level, ...] = ()
    asks: tuple[Level, ...] = ()
    last: Decimal | None = None
    """Median of the last few prints."""
    volume: Decimal = ZERO
    """Market volume since the feed began, our own prints included, in base."""
    prints: int = 0
    live: bool = False
    """The feed has been continuous since its last snapshot."""
    pair: str = ""
    """`BTC/USDT` where a venue for reference shows it, whose symbols no plan names; empty for the plan's own."""

    @property
    def mid(self) -> Decimal | None:
        """Halfway between best bid and best ask; `None` unless both sides stand uncrossed."""
        if not self.bids or not self.asks:
            return None
        bid, ask = self.bids[0].price, self.asks[0].price
        return None if bid >= ask else EXACT.divide(bid + ask, _TWO)

    @property
    def spread(self) -> Decimal | None:
        """Best ask less best bid; `None` where there is no mid."""
        return None if self.mid is None else self.asks[0].price - self.bids[0].price

    def bid_depth(self, limit: Decimal) -> Decimal:
        """What rests on the bid at `limit` or better, in base, as far as the view reaches."""
        return total(level.size for level in self.bids if level.price >= limit)
