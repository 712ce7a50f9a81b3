"""Firm quotes: what was asked of whom, and how a deal is written as an order and its one execution.

A quote names an amount for an amount. Everything else here lives by a price for one unit, which need not end: so it is
rounded with a direction, and what the rounding leaves over is kept, never lost.
"""

from decimal import Decimal
from typing import Final

from msgspec import Struct

from engine.kernel.clock import Instant
from engine.kernel.ids import LAP, LegId, TradeId, VenueName, VenueOrderId
from engine.kernel.money import EXACT, ZERO, Amount, times
from engine.market.instrument import Instrument
from engine.orders.order import ChildOrder
from engine.orders.reports import Deal, Fill, OrderReport, OrderStatus, Quote, Quoted, QuoteRequest

FIRST: Final = LAP
"""Quote `n` is taken under slice `FIRST + n`, an index that no schedule reaches, so that its id is its own for ever."""
NUMBER_MAX: Final = 99_998
"""The last question of a run: one every two seconds for two days."""
FINEST: Final = Decimal("0.00000001")


class Ask(Struct, frozen=True, kw_only=True):
    """The last question of one leg to one venue's desk, and what came of it."""

    number: int
    leg: LegId
    venue: VenueName
    request: QuoteRequest
    at: Instant
    again_at: Instant
    """Before this the leg asks nobody."""
    answer: Quoted | None = None
    until: Instant = Instant(0)
    """Until when the quote may be taken, in market time."""
    over: bool = False
    """Taken, withheld, or overtaken by something else: it is not looked at again."""

    @property
    def waited_for(self) -> bool:
        """The desk has not answered."""
        return self.answer is None and not self.over

    def standing(self, at: Instant) -> Quote | None:
        """The quote, while it can be taken."""
        return self.answer if isinstance(self.answer, Quote) and not self.over and at < self.until else None


def price_step(instrument: Instrument) -> Decimal:
    """How finely the price of a quote is written. Every floor and collar lies on it, as on the tick."""
    return min(instrument.tick, FINEST)


def at_least(quote: Quote, step: Decimal) -> Decimal:
    """What one unit brings at the least, rounded down.

    A bound that is a multiple of `step` is kept by this price if, and only if, the quote itself keeps it: rounding
    down reaches the bound and does not pass it.
    """
    steps = EXACT.divide_int(quote.proceeds, times(step, quote.quantity))
    return times(steps, step)


def execution(deal: Deal, order: ChildOrder, step: Decimal) -> Fill:
    """The deal as the one execution of the order that stands for it, exact in what was given and got.

    The price is rounded up to `step`, and the excess over what was paid stands as a fee: the two add up to the deal.
    """
    price = at_least(_as_quote(deal), step)
    if times(price, deal.quantity) < deal.proceeds:
        price += step
    excess = EXACT.subtract(times(price, deal.quantity), deal.proceeds)
    return Fill(
        venue=deal.venue,
        symbol=order.symbol,
        client_id=order.client_id,
        venue_order_id=VenueOrderId(deal.quote_id),
        trade_id=TradeId(deal.deal_id),
        quantity=deal.quantity,
        price=price,
        fee=Amount(excess or ZERO, order.buy),
        maker=False,
        at=deal.at,
    )


def ended(deal: Deal, order: ChildOrder) -> OrderReport:
    """The deal as the end of that order."""
    return OrderReport(
        venue=deal.venue,
        symbol=order.symbol,
        client_id=order.client_id,
        venue_order_id=VenueOrderId(deal.quote_id),
        status=OrderStatus.FILLED,
        quantity=order.quantity,
        price=order.price,
        filled=deal.quantity,
        at=deal.at,
    )


def agrees(deal: Deal, quote: Quote) -> bool:
    """Was it dealt on the terms that were taken?"""
    one = (deal.venue, deal.quote_id, deal.sell, deal.buy, deal.quantity, deal.proceeds)
    return one == (quote.venue, quote.quote_id, quote.sell, quote.buy, quote.quantity, quote.proceeds)


def _as_quote(deal: Deal) -> Quote:
    return Quote(deal.venue, deal.quote_id, deal.sell, deal.buy, deal.quantity, deal.proceeds, deal.at)
