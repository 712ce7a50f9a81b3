"""Where a slice goes: to the venue that pays most after its fees; what that one can't take is left to the next.

A venue that has just turned us away comes last, whatever it pays. Only the order of asking is decided here: quantities
are the planner's, and the gate judges each order by itself.
"""

from decimal import Decimal

from msgspec import Struct

from engine.kernel.money import ZERO, times
from engine.market.view import MarketView
from engine.orders.reports import Capabilities


class Offer(Struct, frozen=True):
    """What a venue could be asked for."""

    quantity: Decimal
    view: MarketView
    capabilities: Capabilities
    shunned: bool = False
    """It turned us away a moment ago."""


def preference(offer: Offer) -> tuple[bool, Decimal]:
    """The venue with the greatest is asked first; of equals the one that stands first in the mandate."""
    return not offer.shunned, net_price(offer)


def net_price(offer: Offer) -> Decimal:
    """Of one unit, at the best bid, less the fee that an order of this size would pay; 0 where nobody bids."""
    if not offer.view.bids:
        return ZERO
    bid = offer.view.bids[0].price
    if offer.quantity <= 0:
        return bid
    return bid - offer.capabilities.fee(times(offer.quantity, bid)) / offer.quantity
