"""Which sales may have met liquidity from abroad: what the journaled register says of each venue's book at the instant.

Nothing is known of who stood on the other side of a sale. A book that is shared with an affiliate abroad may have
matched it there; where nobody has found out whether a book is shared, that is what is said.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from msgspec import Struct

from engine.evidence.story import Sold, Story
from engine.kernel.clock import Instant
from engine.kernel.ids import VenueName
from engine.kernel.money import Asset, times, total
from engine.mandate.register import Register, SharedBook, shared_book
from engine.orders import quotes
from engine.orders.order import ChildOrder


class Shared(Struct, frozen=True, kw_only=True):
    """One venue and pair: what was sold there, by what is known of the book. Units of `sell`, notional in `buy`."""

    venue: VenueName
    sell: Asset
    buy: Asset
    units: dict[SharedBook, Decimal]
    notional: dict[SharedBook, Decimal]
    source: str
    """Who says how its book is; empty where nobody does."""


def met(register: Register, order: ChildOrder, at: Instant) -> SharedBook:
    """Whether `order`, in its venue's book at that instant, may have met one abroad. A desk's deal met no book."""
    return SharedBook.NO_BOOK if order.slice >= quotes.FIRST else shared_book(register, order.venue, at)


def shared(story: Story) -> tuple[Shared, ...]:
    """A line for each venue and pair on which anything was sold, in the order of the legs."""
    found: dict[tuple[VenueName, Asset, Asset], list[Sold]] = {}
    for leg in story.legs:
        for sold in leg.fills:
            found.setdefault((sold.order.venue, sold.order.sell, sold.order.buy), []).append(sold)
    return tuple(_line(story.opened.licences, *key, sales) for key, sales in found.items())


def _line(register: Register, venue: VenueName, sell: Asset, buy: Asset, sales: Sequence[Sold]) -> Shared:
    books = {word: [s for s in sales if met(register, s.order, s.fill.at) is word] for word in SharedBook}
    held = register.get(venue)
    return Shared(
        venue=venue,
        sell=sell,
        buy=buy,
        units={word: total(s.fill.quantity for s in each) for word, each in books.items()},
        notional={word: _notional(each) for word, each in books.items()},
        source=held.shared_source if held is not None else "",
    )


def _notional(sales: Iterable[Sold]) -> Decimal:
    return total(times(s.fill.quantity, s.fill.price) for s in sales)
