"""The lowest price at which a leg may sell now: the mandate's floor, the band around par, and the collar."""

from decimal import Decimal

from engine.kernel.money import BP, EXACT, Asset, times
from engine.mandate.terms import StablePolicy
from engine.market.instrument import Instrument
from engine.market.view import MarketView


def price_in_quote(
    price: Decimal, currency: Asset, instrument: Instrument, fiat_view: MarketView | None
) -> Decimal | None:
    """A price in the pair's quote asset, on the tick. `None` when it needs a stablecoin price that is missing.

    One in fiat is divided by the best bid at which the stablecoin can be sold now: what a buyer really pays.
    """
    if currency == instrument.quote:
        return instrument.at_least(price)
    if fiat_view is None or not fiat_view.bids:
        return None
    return instrument.at_least(price / fiat_view.bids[0].price)


def collar(reference: Decimal, collar_bp: Decimal, instrument: Instrument) -> Decimal:
    """The lowest limit that the collar allows under a reference."""
    return instrument.at_least(EXACT.divide(times(reference, BP - collar_bp), BP))


def band_bottom(policy: StablePolicy, instrument: Instrument) -> Decimal:
    """The lowest price at which a stablecoin is sold: par less the band."""
    return instrument.at_least(EXACT.divide(times(policy.par, BP - policy.band_bp), BP))
