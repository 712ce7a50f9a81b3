"""One listed pair: its filters, its book in ticks and lots, its tape, and the way between those and decimals.

It judges an order by what the listing says of any order. Who asks, and whether they can pay, is not known here.
"""

from collections import deque
from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from msgspec import Struct

from engine.kernel.clock import Instant
from engine.kernel.money import EXACT, ZERO, down_to, times, up_to
from venues.sandbox.matching import Book, Resting
from venues.sandbox.model import Depth, Kind, Listing, OrderRequest, PublicTrade, Reason, Rejection, Side

RECENT: Final = 1000
"""Prints that stay readable on a pair's public tape."""
_DIGITS_MAX: Final = 15  # before the point: more than any listing allows, and safe to divide
_ANY_PRICE: Final = 10**15  # in ticks: dearer than anything that stands


class Fitted(Struct, frozen=True, gc=False):
    """An order in ticks and lots, and the money that it needs."""

    ticks: int
    """How far it may walk."""
    lots: int
    reserve: Decimal
    """Base for a sale; for a buy the quote, without fees."""
    goal: Decimal | None
    """The quantity in base with which it is filled; `None` when the book cannot give all that was asked for."""


class Pair:
    """A listing with its book and its tape."""

    def __init__(self, listing: Listing, at: Instant) -> None:
        self.listing, self.book, self.changed_at = listing, Book(), at
        self.recent: deque[PublicTrade] = deque(maxlen=RECENT)
        self.last: int | None = None
        self.counts = {"evicted": 0, "refused": 0, "unfilled_lots": 0}
        self._shown: tuple[int, int, Depth] | None = None

    def fee_worst(self, quote: Decimal) -> Decimal:
        """The most that a buyer may have to pay beside this much quote; its fees never add up to more."""
        rate = max(self.listing.maker_fee, self.listing.taker_fee)
        return max(up_to(times(quote, rate), self.listing.fee_step), self.listing.fee_min or ZERO)

    def reference(self) -> int | None:
        """What the price band is measured from, in ticks: the last trade, else the mid; or the other way round."""
        bid, ask = self.book.bids.best(), self.book.asks.best()
        mid = (bid + ask) // 2 if bid is not None and ask is not None else None
        first, second = (mid, self.last) if self.listing.band_both_ways else (self.last, mid)
        return second if first is None else first

    def band(self) -> tuple[Decimal, Decimal] | None:
        """The lowest price for a sale and the highest for a buy that are taken now, on whole ticks."""
        listing, reference = self.listing, self.reference()
        if listing.band is None or reference is None:
            return None
        price = times(listing.tick, Decimal(reference))
        reach = times(price, listing.band)
        return max(listing.tick, up_to(price - reach, listing.tick)), down_to(price + reach, listing.tick)

    def fit(self, request: OrderRequest, account: str) -> Fitted | Rejection:
        """The order in ticks and lots, or the first filter that it fails."""
        return self._fit_market(request, account) if request.kind is Kind.MARKET else self._fit_limit(request)

    def _fit_limit(self, request: OrderRequest) -> Fitted | Rejection:
        listing = self.listing
        ticks = _steps(request.price, listing.tick)
        if ticks is None:
            return Rejection(Reason.PRICE_OFF_TICK, f"{request.price} on {listing.tick}")
        lots = self._lots(request.quantity, listing.quantity_min, listing.quantity_max)
        if isinstance(lots, Rejection):
            return lots
        notional = times(request.price, request.quantity)
        if notional < listing.notional_min:
            return Rejection(Reason.NOTIONAL_TOO_SMALL, f"{notional} below {listing.notional_min}")
        if notional > listing.notional_max:
            return Rejection(Reason.NOTIONAL_TOO_LARGE, f"{notional} above {listing.notional_max}")
        reference = self.reference()
        if listing.band is not None and reference is not None:
            apart = ticks - reference if request.side is Side.BUY else reference - ticks
            if listing.band_both_ways:
                apart = abs(apart)
            if apart > times(Decimal(reference), listing.band):
                return Rejection(Reason.PRICE_OUTSIDE_BAND, f"{request.price} is over {listing.band} from the market")
        return Fitted(ticks, lots, request.quantity if request.side is Side.SELL else notional, request.quantity)

    def _lots(self, quantity: Decimal, least: Decimal, most: Decimal) -> int | Rejection:
        if not quantity.is_finite():
            return Rejection(Reason.QUANTITY_OFF_LOT, f"{quantity}")
        if quantity < least:
            return Rejection(Reason.QUANTITY_TOO_SMALL, f"{quantity} below {least}")
        lots = _steps(quantity, self.listing.lot)
        if lots is None:
            return Rejection(Reason.QUANTITY_OFF_LOT, f"{quantity} on {self.listing.lot}")
        if quantity > most:
            return Rejection(Reason.QUANTITY_TOO_LARGE, f"{quantity} above {most}")
        return lots

    def _fit_market(self, request: OrderRequest, account: str) -> Fitted | Rejection:
        listing, quantity, amount = self.listing, request.quantity, request.amount
        if request.price != 0:
            return Rejection(Reason.PRICE_OFF_TICK, "a market order has no price")
        if amount.is_finite() and quantity.is_finite() and (amount != 0) == (quantity != 0):
            return Rejection(Reason.QUANTITY_TOO_SMALL, "either a quantity or an amount")
        reference, notional = self.reference(), amount
        if amount == 0:
            least, most = listing.market_quantity_min, listing.market_quantity_max
            lots = self._lots(quantity, least or listing.quantity_min, most or listing.quantity_max)
            if isinstance(lots, Rejection):
                return lots
            notional = times(quantity, times(listing.tick, Decimal(reference or 0)))
        elif not (amount.is_finite() and amount > 0 and amount.adjusted() <= _DIGITS_MAX):
            return Rejection(Reason.NOTIONAL_TOO_SMALL, f"{amount}")
        least, most = (
            listing.market_amount_min or listing.notional_min,
            listing.market_amount_max or listing.notional_max,
        )
        if notional < least and (amount or reference is not None):  # without a reference nobody knows what it is worth
            return Rejection(Reason.NOTIONAL_TOO_SMALL, f"{notional} below {least}")
        if notional > most:
            return Rejection(Reason.NOTIONAL_TOO_LARGE, f"{notional} above {most}")
        return self._walked(request, account, reference)

    def _walked(self, request: OrderRequest, account: str, reference: int | None) -> Fitted:
        """What a market order would take now, and what it costs, to the unit."""
        listing, bid = self.listing, request.side is Side.BUY
        bound = _ANY_PRICE if bid else 1
        if listing.market_band is not None and reference is not None:
            reach = int(times(Decimal(reference), listing.market_band))
            bound = reference + reach if bid else max(1, reference - reach)
        lots, quote, full = 0, ZERO, False
        wanted = int(request.quantity / listing.lot)
        for order in self._in_the_way(bid, bound, account):
            unit = times(times(listing.tick, Decimal(order.ticks)), listing.lot)
            most = int(EXACT.divide_int(request.amount - quote, unit)) if request.amount else wanted - lots
            part = min(order.lots, most)
            lots, quote = lots + part, quote + times(unit, Decimal(part))
            if full := part == most:
                break
        taken = times(listing.lot, Decimal(lots))
        if request.amount:
            goal = taken if full and lots else None
            return Fitted(bound, lots, request.amount if bid else taken, goal)
        return Fitted(bound, lots, quote if bid else request.quantity, request.quantity)

    def _in_the_way(self, bid: bool, bound: int, account: str) -> Iterator[Resting]:
        """What a taker meets, best first, up to its bound and to the first order of its own."""
        other = self.book.asks if bid else self.book.bids
        for level in other:
            if other.sign * level.ticks < other.sign * bound:
                return
            for order in level:
                if order.account == account:
                    return
                yield order

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
