"""Whether an order keeps a floor: by itself, or together with what its slice or its leg has sold.

An average may be kept by what was sold dearly before. What is only on its way never counts in our favour: a live order
above the floor may be cancelled, so it counts as at the floor, and one below it counts at its limit. So the average
stays at the floor or above it, whichever of the orders trade, in whatever order and to whatever part.

Floors move from day to day. Each sale counts against the one that it was sent under: what was sold above the floor of
yesterday is spare today, and no more of it because the floor has fallen since.
"""

from decimal import Decimal
from fractions import Fraction
from math import ceil

from msgspec import Struct

from engine.kernel.money import EXACT, ZERO, Asset, ratio, times, total
from engine.market.instrument import Instrument


class Bottom(Struct, frozen=True, kw_only=True):
    """What a floor comes to now, in its own currency, or why nobody can tell."""

    price: Decimal
    currency: Asset
    words: str
    """Whence it comes: `BTC, version 3: 95 % of the 20-day average`."""
    lack: str = ""
    """Why it has no price, which then is 0; nothing is sold meanwhile."""


class Charge(Struct, frozen=True):
    """What a venue keeps of a sale, by the dearer of its rates; nothing where a floor is held before fees."""

    rate: Decimal = ZERO
    """Of the notional, as a fraction."""
    least: Decimal = ZERO
    """Of one order, in the asset bought."""

    def of(self, notional: Decimal) -> Decimal:
        """Of an order that is filled whole."""
        return max(times(notional, self.rate), self.least)

    def net(self, quantity: Decimal, price: Decimal) -> Decimal:
        """What an order brings that is filled whole at its limit."""
        notional = times(quantity, price)
        return EXACT.subtract(notional, self.of(notional))


class Working(Struct, frozen=True):
    """What a live order brings at its limit, and what its floor wants for it."""

    proceeds: Decimal
    wanted: Decimal


class Tally(Struct, frozen=True):
    """What is averaged with an order: sold of its slice or leg, and live; nothing where each fill stands alone."""

    proceeds: Decimal = ZERO
    """In the asset bought; after fees where the floor is held so."""
    wanted: Decimal = ZERO
    """What the floors wanted for it, each sale's the one that it was sent under."""
    working: tuple[Working, ...] = ()

    @property
    def spare(self) -> Decimal:
        """How much more was taken than was wanted, less what live orders may still cost; below zero it is lacking."""
        over = EXACT.subtract(self.proceeds, self.wanted)
        return EXACT.subtract(over, total(max(ZERO, EXACT.subtract(one.wanted, one.proceeds)) for one in self.working))


def keeps(quantity: Decimal, price: Decimal, bound: Decimal, tally: Tally, charge: Charge) -> bool:
    """May an order of this limit go? At the floor or above it always: it can't draw any average below."""
    gap = EXACT.subtract(charge.net(quantity, price), times(bound, quantity))
    return gap >= 0 or EXACT.add(tally.spare, gap) >= 0


def brings(quantity: Decimal, price: Decimal, tally: Tally, charge: Charge) -> Decimal:
    """What a unit of the order brings together with all that is spare; rounded, to be shown."""
    net = charge.net(quantity, price)
    return ratio(EXACT.add(net, max(ZERO, tally.spare)), quantity, 8)


def lowest(
    bound: Decimal, tally: Tally, charge: Charge, quantities: tuple[Decimal, Decimal], instrument: Instrument
) -> Decimal:
    """The lowest limit, on the tick, that `keeps` an order of any size between `quantities`; never below one tick."""
    least, most = map(Fraction, quantities)
    spare = max(Fraction(0), Fraction(tally.spare))
    each = spare / most if most else Fraction(0)
    prices = [(Fraction(bound) - each) / (1 - Fraction(charge.rate))]
    if charge.least:
        short = Fraction(charge.least) - spare
        size = least if short > 0 else most
        prices.append(Fraction(bound) + short / size if size else Fraction(bound))
    ticks = ceil(max(prices) / Fraction(instrument.tick))
    return EXACT.multiply(Decimal(max(1, ticks)), instrument.tick)
