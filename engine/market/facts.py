"""What a public feed says: a whole book or a print. Raw facts go to the tape; the core is shown a `MarketView`."""

from decimal import Decimal

from msgspec import Struct

from engine.kernel.clock import Instant
from engine.kernel.ids import Symbol, VenueName


class Level(Struct, frozen=True, array_like=True):
    """One price and all that rests there."""

    price: Decimal
    size: Decimal


class BookSeen(Struct, frozen=True, tag="book"):
    """The top of a book as the venue showed it, best first. A snapshot replaces what was known before."""

    venue: VenueName
    symbol: Symbol
    changed_at: Instant
    """When the venue says the book last changed (market time)."""
    seen_at: Instant
    """When it reached us (market time)."""
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
    version: str = ""


class Print(Struct, frozen=True, tag="print"):
    """One public trade."""

    venue: VenueName
    symbol: Symbol
    at: Instant
    seen_at: Instant
    trade_id: str
    price: Decimal
    quantity: Decimal
    buyer_is_maker: bool


class FeedDown(Struct, frozen=True, tag="down"):
    """The feed of a pair can't be relied on from here to the next `BookSeen`."""

    venue: VenueName
    symbol: Symbol
    seen_at: Instant
    reason: str


MarketFact = BookSeen | Print | FeedDown
