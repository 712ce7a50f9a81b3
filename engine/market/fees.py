"""What an account pays on one venue, and from which instant on: rates of a tier, each in force until the next.

A schedule is data that somebody vouches for. It says nothing of what a venue really charges: the report holds every
fee against it.
"""

from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct

from engine.kernel.clock import Instant
from engine.kernel.ids import Symbol
from engine.kernel.money import ZERO, Asset


class FeeRow(Struct, frozen=True, kw_only=True):
    """The rates of one tier from `since` on, of every pair or of one. Rates are fractions of the quote amount."""

    since: Instant
    tier: str
    maker: Decimal
    taker: Decimal
    minimum: Decimal = ZERO
    """The least that a completely executed order costs; 0 where there is none."""
    minimum_in: tuple[Asset, ...] = ()
    """The quote currencies in which it is reckoned, one to one; in others no minimum is known."""
    sell: Asset | None = None
    """With `buy`, the one pair that it is of; `None` for every pair that has no rows of its own."""
    buy: Asset | None = None
    source: str
    """Who says so: an agreement, a notice, with its date."""

    def least(self, quote: Asset) -> Decimal:
        """The minimum of an order that is paid in `quote`; 0 where none is known."""
        return self.minimum if quote in self.minimum_in else ZERO


class StatedRate(Struct, frozen=True):
    """What a venue itself says that a sale in one pair costs us, as fractions of the quote amount."""

    symbol: Symbol
    maker: Decimal
    taker: Decimal


class StatedFees(Struct, frozen=True):
    """What a venue itself says of our account."""

    tier: str
    """As the venue calls it."""
    rates: tuple[StatedRate, ...]


def in_force(rows: Sequence[FeeRow], at: Instant, sell: Asset | None, buy: Asset | None) -> FeeRow | None:
    """The row that holds for this pair at that instant; `None` where none does yet.

    The pair's own rows win over those of every pair, from the first of them on. Without a pair: what holds for every
    pair.
    """
    for pair in ((sell, buy), (None, None)):
        begun = [row for row in rows if (row.sell, row.buy) == pair and row.since <= at]
        if begun:
            return max(begun, key=lambda row: row.since)
    return None
