"""Snipe: show nothing; once enough is bid for at a good price, take what stands there and no more."""

from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct

from engine.kernel.clock import Span
from engine.kernel.money import BP, ZERO, times
from engine.orders.order import TimeInForce
from engine.orders.strategy import Move, Post, Want
from strategies.tactics.ending import TRIES_MAX, ending, looking, turning
from strategies.tactics.offer import fitting
from strategies.tactics.portion import Portion, saleable


class Snipe(Struct, frozen=True):
    """An immediate-or-cancel order at bids within `within_bp` of the mid, once they hold `size` or more."""

    size: Portion
    within_bp: Decimal
    every: Span
    before: Span
    crosses: bool = True
    """Crosses what is left `before` the slice is over; otherwise it is left to the slices that follow."""

    def act(self, want: Want) -> Sequence[Move]:
        if self.crosses and (moves := ending(want, self.before)) is not None:
            return moves
        if want.at >= turning(want, self.before):
            return ()
        look = looking(want, self.every, self.before)
        if want.resting is not None or want.quantity <= ZERO or want.attempt > TRIES_MAX:
            return (look,)
        shot = self._shot(want)
        return (look,) if shot is None else (shot, look)

    def _shot(self, want: Want) -> Post | None:
        """The order for what stands there, when that is enough."""
        if (mid := want.view.mid) is None:
            return None
        price = max(want.floor, want.instrument.at_least(times(mid, 1 - self.within_bp / BP)))
        depth = want.view.bid_depth(price)
        if depth < saleable(want, self.size.of(want)):
            return None
        quantity = fitting(want, min(want.quantity, depth), price)
        return Post(quantity, price, TimeInForce.IOC) if quantity > ZERO else None
