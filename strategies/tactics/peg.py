"""Peg: wait at the best offer, follow it down, and cross what is left shortly before the slice ends.

Who keeps undercutting it by a tick can lead it on only so far: then it stands where it is, and what is left is crossed
at the end as ever.
"""

from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct

from engine.kernel.clock import Span
from engine.kernel.money import ZERO
from engine.orders.order import Order, TimeInForce
from engine.orders.strategy import Move, Post, Pull, Want
from strategies.tactics.cross import crossing
from strategies.tactics.ending import TRIES_MAX, ending, looking, turning
from strategies.tactics.offer import fitting, resting_place, undercut
from strategies.tactics.urgency import Urgency


class Peg(Struct, frozen=True):
    """Post-only at the best ask; looked at `every` so often; crosses `before` the slice is over."""

    every: Span
    before: Span
    urgency: Urgency | None = None
    """Crosses sooner, when waiting is expected to cost more than that; `None` goes by the clock alone."""

    def act(self, want: Want) -> Sequence[Move]:
        if (moves := ending(want, self.before)) is not None:
            return moves
        look = looking(want, self.every, self.before)
        if want.resting is not None:
            return (Pull(), look) if self._leaves(want, want.resting) else (look,)
        if want.attempt > TRIES_MAX:
            return (look,)
        price = resting_place(want)
        if self._pressed(want, price):
            return (*crossing(want), look)
        quantity = fitting(want, want.quantity, price)
        return (Post(quantity, price, TimeInForce.POST_ONLY), look) if quantity > ZERO else (look,)

    def _leaves(self, want: Want, resting: Order) -> bool:
        """Below the floor nothing rests; undercut or pressed it goes, while it has tries left."""
        if resting.child.price < want.floor:
            return True
        return want.attempt <= TRIES_MAX and (undercut(want, resting) or self._pressed(want, resting.child.price))

    def _pressed(self, want: Want, price: Decimal) -> bool:
        """Does it cost less to cross now, and is there somebody who buys?"""
        if self.urgency is None or not crossing(want):
            return False
        return self.urgency.presses(want, price, turning(want, self.before))
