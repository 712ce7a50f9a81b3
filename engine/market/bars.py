"""One bar of a market: what was traded from one moment until the next. Where it came from is for others to say."""

from decimal import Decimal

from msgspec import Struct

from engine.kernel.clock import Instant


class Bar(Struct, frozen=True, gc=False):
    """One bar, which opens at `at`. Prices in quote for each base, volume in base."""

    at: Instant
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    quote_volume: Decimal | None = None
    """What was paid for the volume, in quote; `None` where the source does not say."""
