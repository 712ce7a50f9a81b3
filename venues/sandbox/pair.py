"""One listed pair: its filters, its book in ticks and lots, its tape, and the way between those and decimals.

It judges an order by what the listing says of any order. Who asks, and whether they can pay, is not known here.
"""

from collections import deque
from decimal import Decimal
from typing import Final

from engine.kernel.clock import Instant
from engine.kernel.money import EXACT, times, up_to
from venues.sandbox.matching import Book
from venues.sandbox.model import Depth, Listing, OrderRequest, PublicTrade, Reason, Rejection, Side

RECENT: Final = 1000
"""Prints that stay readable on a pair's public tape."""
_DIGITS_MAX: Final = 15  # before the point: more than any listing allows, and safe to divide


class Pair:
    """A listing with its book and its tape."""

    def __init__(self, listing: Listing, at: Instant) -> None:
        self.listing, self.book, self.changed_at = listing, Book(), at
        self.recent: deque[PublicTrade] = deque(maxlen=RECENT)
        self.last: int | None = None
        self.counts = {"evicted": 0, "refused": 0, "unfilled_lots": 0}
        self._shown: tuple[int, int, Depth] | None = None

    def fee_worst(self, request: OrderRequest) -> Decimal:
        """The most that a buyer may have to pay beside the price; its fees never add up to more."""
        rate = max(self.listing.maker_fee, self.listing.taker_fee)
        return up_to(times(times(request.quantity, request.price), rate), self.listing.fee_step)

    def reference(self) -> int | None:
        """What the price band is measured from, in ticks: the last trade, else the mid."""
        bid, ask = self.book.bids.best(), self.book.asks.best()
        if self.last is None and bid is not None and ask is not None:
            return (bid + ask) // 2
        return self.last

    def fit(self, request: OrderRequest) -> tuple[int, int] | Rejection:
        """Price and quantity as ticks and lots, or the first filter that the order fails."""
        listing = self.listing
        ticks, lots = _steps(request.price, listing.tick), _steps(request.quantity, listing.lot)
        if ticks is None:
            return Rejection(Reason.PRICE_OFF_TICK, f"{request.price} on {listing.tick}")
        if not request.quantity.is_finite():
            return Rejection(Reason.QUANTITY_OFF_LOT, f"{request.quantity}")
        if request.quantity < listing.quantity_min:
            return Rejection(Reason.QUANTITY_TOO_SMALL, f"{request.quantity} below {listing.quantity_min}")
        if lots is None:
            return Rejection(Reason.QUANTITY_OFF_LOT, f"{request.quantity} on {listing.lot}")
        if request.quantity > listing.quantity_max:
            return Rejection(Reason.QUANTITY_TOO_LARGE, f"{request.quantity} above {listing.quantity_max}")
        notional = times(request.price, request.quantity)
        if notional < listing.notional_min:
            return Rejection(Reason.NOTIONAL_TOO_SMALL, f"{notional} below {listing.notional_min}")
        if notional > listing.notional_max:
            return Rejection(Reason.NOTIONAL_TOO_LARGE, f"{notional} above {listing.notional_max}")
        reference = self.reference()
        if listing.band is not None and reference is not None:
            apart = ticks - reference if request.side is Side.BUY else reference - ticks
            if apart > times(Decimal(reference), listing.band):
                return Rejection(Reason.PRICE_OUTSIDE_BAND, f"{request.price} is over {listing.band} from the market")
        return ticks, lots

    def depth(self, limit: int) -> Depth:
        """The top of the book; kept until the book changes, since many readers ask for the same one."""
        book, listing = self.book, self.listing
        if self._shown is not None and self._shown[:2] == (book.version, limit):
            return self._shown[2]
        bids, asks = (
            tuple((times(listing.tick, Decimal(t)), times(listing.lot, Decimal(n))) for t, n in side.top(limit))
            for side in (book.bids, book.asks)
        )
        shown = Depth(listing.symbol, bids, asks, self.changed_at, book.version)
        self._shown = (book.version, limit, shown)
        return shown


def _steps(value: Decimal, step: Decimal) -> int | None:
    """`value` as a positive whole number of steps, or `None`."""
    if not value.is_finite() or value <= 0 or value.adjusted() > _DIGITS_MAX:
        return None
    count = int(value / step)
    return count if EXACT.multiply(step, count) == value else None
