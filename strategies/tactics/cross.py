"""Cross: take what stands in the book, at a limit that the collar and the floor allow, and leave nothing behind."""

from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct

from engine.kernel.money import BP, ZERO, times
from engine.orders.order import TimeInForce
from engine.orders.strategy import Move, Post, Want
from strategies.tactics.offer import fitting


class Cross(Struct, frozen=True):
    """An immediate-or-cancel order for no more than the book shows at the limit or better."""

    reach_bp: Decimal | None = None
    """How far below the best bid it goes, even where collar and floor allow more; `None` leaves it to them."""

    def act(self, want: Want) -> Sequence[Move]:
        if want.resting is not None or want.quantity <= ZERO:
            return ()
        return crossing(want, self._limit(want))

    def _limit(self, want: Want) -> Decimal:
        if self.reach_bp is None or not want.view.bids:
            return want.floor
        deepest = times(want.view.bids[0].price, 1 - self.reach_bp / BP)
        return max(want.floor, want.instrument.at_least(deepest))


def crossing(want: Want, limit: Decimal | None = None) -> Sequence[Move]:
    """The crossing order itself, or nothing while no buyer stands at the limit; without one it is the floor."""
    price = want.floor if limit is None else limit
    quantity = fitting(want, min(want.quantity, want.view.bid_depth(price)), price)
    return (Post(quantity, price, TimeInForce.IOC),) if quantity > ZERO else ()
