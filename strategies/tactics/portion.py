"""How much at a time: a share of what is still wanted, or a quantity."""

from decimal import Decimal

from msgspec import Struct

from engine.kernel.money import ZERO, exact, times
from engine.orders.strategy import Want


class Portion(Struct, frozen=True):
    """`share` of what is left of the slice, or so many `units` of the asset sold where there is no share."""

    share: Decimal = ZERO
    units: Decimal = ZERO

    def of(self, want: Want) -> Decimal:
        """As the want stands now, not yet rounded."""
        return times(want.quantity, self.share) if self.share else self.units


def parse_portion(text: str) -> Portion:
    """`"20%"` or `"0.05"`; `ValueError` for what is neither."""
    if text.endswith("%"):
        return Portion(share=exact(text.removesuffix("%")).scaleb(-2))
    return Portion(units=exact(text))


def saleable(want: Want, units: Decimal) -> Decimal:
    """`units` in whole lots, and at least the smallest order; all that is wanted, if the rest were too small alone."""
    smallest = want.instrument.smallest(want.floor)
    taken = max(want.instrument.sellable(units), smallest)
    return want.quantity if want.quantity - taken < smallest else taken
