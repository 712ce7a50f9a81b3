"""Where a sale may rest: not below the floor, never so low that it would trade at once, beside the offers of others."""

from decimal import Decimal

from engine.kernel.money import ZERO, times, total
from engine.orders.order import Order
from engine.orders.strategy import Want


def resting_place(want: Want, inside: int = 0) -> Decimal:
    """The best offer of others, or so many ticks `inside` it; the lowest price that may rest where nobody offers."""
    best = best_offer(want)
    if best is None:
        return lowest_offer(want)
    return max(lowest_offer(want), best - times(want.instrument.tick, Decimal(inside)))


def lowest_offer(want: Want) -> Decimal:
    """The lowest price that may rest: not below the floor, and a tick above the best bid."""
    above = want.view.bids[0].price + want.instrument.tick if want.view.bids else ZERO
    return want.instrument.at_least(max(want.floor, above))


def best_offer(want: Want) -> Decimal | None:
    """The lowest price at which others offer: the book shows our own order too, and nobody follows himself."""
    for level in want.view.asks:
        if level.size > _ours(want.resting, level.price):
            return level.price
    return None


def ahead(want: Want, price: Decimal) -> Decimal:
    """What others offer at `price` or below it: all of it trades before us, since nobody says where we stand.

    A book that is older than our order, or than a fill of it, shows less of it than there is.
    """
    levels = [level for level in want.view.asks if level.price <= price]
    return total(max(ZERO, level.size - _ours(want.resting, level.price)) for level in levels)


def undercut(want: Want, order: Order) -> bool:
    """Is the order no longer where it should rest: somebody offers for less, or the floor has risen above it?"""
    best = best_offer(want)
    beaten = best is not None and order.child.price > max(best, want.floor)
    return beaten or order.child.price < want.floor


def fitting(want: Want, quantity: Decimal, price: Decimal) -> Decimal:
    """So much of `quantity` as one order of the venue may hold at `price`, in whole lots; 0 when that is too little."""
    fits = want.instrument.sellable(min(quantity, want.instrument.largest(price)))
    return ZERO if want.instrument.too_small(fits, price) else fits


def _ours(resting: Order | None, price: Decimal) -> Decimal:
    return resting.committed if resting is not None and resting.child.price == price else ZERO
