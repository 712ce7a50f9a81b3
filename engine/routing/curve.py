"""What one venue pays for an order of each size: the part of routing that knows fees, lots and minima.

An order nets `min(gross (1 - rate), gross - fee_min)`. Bids only get worse with depth, so over the sizes that may be
sent this is concave: each further lot brings no more than the one before. Only the step from nothing to the smallest
order breaks that, by the minimum fee and by the venue's minima.

Everything here is exact, and is called inside `localcontext(EXACT)`.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import NamedTuple

from msgspec import Struct

from engine.kernel.ids import VenueName
from engine.kernel.money import ZERO
from engine.market.facts import Level


class Outlet(Struct, frozen=True, kw_only=True):
    """One venue as a sale may use it now. Quantities in base; prices, notionals and fees in one quote for all."""

    venue: VenueName
    bids: tuple[Level, ...]
    """Best first."""
    lowest: Decimal
    """The lowest limit that is allowed there: above zero, and on the tick."""
    room: Decimal
    """The most that may be sent there now: balance, caps, the largest order."""
    lot: Decimal
    quantity_min: Decimal
    notional_min: Decimal
    """Held against `lowest`, since that is the limit that an order may carry."""
    fee_rate: Decimal
    """Of what is received, as a fraction below one."""
    fee_min: Decimal
    """The least that an executed order costs, in quote."""
    shunned: bool = False
    """It turned us away a moment ago: used only for what no other can take."""

    def smallest(self) -> Decimal:
        """The smallest order in whole lots that the venue takes at `lowest`."""
        by_notional = steps_up(self.notional_min, self.lowest * self.lot)
        return max(steps_up(self.quantity_min, self.lot), by_notional, Decimal(1)) * self.lot

    def net(self, gross: Decimal) -> Decimal:
        """What is left of `gross` after the fee."""
        return gross - max(gross * self.fee_rate, self.fee_min)


class Stair(NamedTuple):
    """All of a book down to one price."""

    size: Decimal
    gross: Decimal
    price: Decimal


class Curve(Struct, frozen=True):
    """What an order of each size is worth beyond what its units are worth unsold.

    A straight line between neighbouring `sizes`; all of them are whole lots, from the smallest order that may be sent
    to the largest that room, visible depth and what there is to sell allow.
    """

    lot: Decimal
    sizes: Sequence[Decimal]
    worths: Sequence[Decimal]

    def worth(self, size: Decimal) -> Decimal:
        """Of an order of `size`: whole lots, neither below the smallest nor above the largest."""
        after = bisect_left(self.sizes, size)
        if size == self.sizes[after]:
            return self.worths[after]
        low, high = self.sizes[after - 1], self.sizes[after]
        rise = self.worths[after] - self.worths[after - 1]
        return self.worths[after - 1] + rise * (size - low) / (high - low)

    def cut(self, low: Decimal, high: Decimal) -> "Curve":
        """The same from `low` to `high`, both sizes on it."""
        if low == self.sizes[0] and high == self.sizes[-1]:
            return self
        inside = [size for size in self.sizes if low < size < high]
        sizes = [low, *inside, high] if low < high else [low]
        return Curve(self.lot, sizes, [self.worth(size) for size in sizes])


def steps_up(quantity: Decimal, step: Decimal) -> Decimal:
    """The fewest whole steps that reach `quantity`."""
    steps = quantity // step
    return steps if steps * step >= quantity else steps + 1


def stairs(bids: Sequence[Level], lowest: Decimal, most: Decimal) -> list[Stair]:
    """The bids at `lowest` or better, summed from the top, until `most` or the last of them."""
    found: list[Stair] = []
    size = gross = ZERO
    for level in bids:
        if level.price < lowest or size >= most:
            break
        part = min(level.size, most - size)
        size += part
        gross += part * level.price
        found.append(Stair(size, gross, level.price))
    return found


def curve(outlet: Outlet, quantity: Decimal, unsold: Decimal) -> Curve | None:
    """Of at most `quantity`, where a unit that stays is worth `unsold`; `None` where no order may be sent."""
    smallest, most = outlet.smallest(), min(outlet.room, quantity)
    if most < smallest:
        return None
    steps = stairs(outlet.bids, outlet.lowest, most)
    largest = steps[-1].size // outlet.lot * outlet.lot if steps else ZERO
    if largest < smallest:
        return None
    sizes = sorted({smallest, largest, *(s for s in _corners(outlet, steps) if smallest < s < largest)})
    worths = [outlet.net(gross) - size * unsold for size, gross in zip(sizes, _grosses(steps, sizes), strict=True)]
    return Curve(outlet.lot, sizes, worths)


def _corners(outlet: Outlet, steps: Sequence[Stair]) -> Iterator[Decimal]:
    """Where the curve bends, to the lots on both sides: the ends of levels, and where the minimum fee ends."""
    lot, rate = outlet.lot, outlet.fee_rate
    begins, kink = Stair(ZERO, ZERO, ZERO), outlet.fee_min > 0 and rate > 0
    for step in steps:
        below = step.size // lot * lot
        yield below
        if below < step.size:
            yield below + lot
        if kink and rate * step.gross >= outlet.fee_min:
            a_lot = rate * step.price * lot
            lots = (outlet.fee_min - rate * (begins.gross - begins.size * step.price)) // a_lot
            yield lots * lot
            yield (lots + 1) * lot
            kink = False
        begins = step


def _grosses(steps: Sequence[Stair], sizes: Sequence[Decimal]) -> Iterator[Decimal]:
    """What orders of these rising sizes would take from the book, before fees."""
    at = 0
    for size in sizes:
        while steps[at].size < size:
            at += 1
        yield steps[at].gross - (steps[at].size - size) * steps[at].price
