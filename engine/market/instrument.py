"""What a venue accepts for one pair: tick, lot, minima and maxima."""

from decimal import Decimal

from msgspec import Struct

from engine.kernel.ids import Symbol, VenueName
from engine.kernel.money import Asset, down_to, is_multiple, times, up_to


class Instrument(Struct, frozen=True):
    """One pair on one venue. Quantities in `base`, prices and notionals in `quote` per unit of `base`."""

    venue: VenueName
    symbol: Symbol
    base: Asset
    quote: Asset
    tick: Decimal
    lot: Decimal
    quantity_min: Decimal
    quantity_max: Decimal
    notional_min: Decimal
    notional_max: Decimal
    band: Decimal | None = None
    """How far below the venue's own reference a sale may be priced, as a fraction; `None` where it says nothing."""
    trading: bool = True
    mock: bool = False
    """A sandbox pair that the real venue is not known to list."""

    def sellable(self, quantity: Decimal) -> Decimal:
        """The part of `quantity` that is a whole number of lots."""
        return down_to(quantity, self.lot)

    def at_least(self, price: Decimal) -> Decimal:
        """The lowest price on the grid not below `price`: the limit of a sale is never rounded past its bound."""
        return up_to(price, self.tick)

    def too_small(self, quantity: Decimal, price: Decimal) -> bool:
        """Below the venue's minimum quantity or minimum notional at `price`."""
        return quantity < self.quantity_min or times(quantity, price) < self.notional_min

    def smallest(self, price: Decimal) -> Decimal:
        """The smallest order in whole lots that the venue takes at `price`."""
        return max(self.quantity_min, up_to(self.notional_min / price, self.lot))

    def largest(self, price: Decimal) -> Decimal:
        """The largest order in whole lots that the venue takes at `price`."""
        return min(self.quantity_max, down_to(self.notional_max / price, self.lot))

    def faults(self, quantity: Decimal, price: Decimal) -> list[str]:
        """Every rule of the venue that an order of this size and price would break."""
        found = []
        if not is_multiple(price, self.tick) or price <= 0:
            found.append(f"price {price} is not a positive multiple of the tick {self.tick}")
        if not is_multiple(quantity, self.lot) or quantity <= 0:
            found.append(f"quantity {quantity} is not a positive multiple of the lot {self.lot}")
        if not self.quantity_min <= quantity <= self.quantity_max:
            found.append(f"quantity {quantity} is outside {self.quantity_min}..{self.quantity_max}")
        if not self.notional_min <= times(quantity, price) <= self.notional_max:
            found.append(f"notional {times(quantity, price)} is outside {self.notional_min}..{self.notional_max}")
        return found
