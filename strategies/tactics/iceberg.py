"""Iceberg: show a portion, and the next one when that is gone; cross what is left before the slice is over.

Portions are made here and not by the venue: its own iceberg orders differ from venue to venue, and hide from our books
what is still open. Their sizes vary by a seeded draw, so that nobody can tell by them that there is more.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from msgspec import Struct

from engine.kernel.chance import below
from engine.kernel.clock import Span
from engine.kernel.money import ZERO, part
from engine.orders.order import Order, TimeInForce
from engine.orders.strategy import Move, Post, Pull, Want
from strategies.tactics.ending import TRIES_MAX, ending, looking
from strategies.tactics.offer import fitting, resting_place, undercut
from strategies.tactics.portion import Portion, saleable

MILLION: Final = 1_000_000


class Iceberg(Struct, frozen=True):
    """Post-only, `inside` so many ticks of the best ask, or at it; moves when others offer for less."""

    display: Portion
    vary: int
    """How far a portion may differ from `display` either way, in millionths of it."""
    every: Span
    before: Span
    inside: int = 0
    seed: int = 0

    def act(self, want: Want) -> Sequence[Move]:
        if (moves := ending(want, self.before)) is not None:
            return moves
        look = looking(want, self.every, self.before)
        if want.resting is not None:
            return (Pull(), look) if self._leaves(want, want.resting) else (look,)
        if want.attempt > TRIES_MAX:
            return (look,)
        price = resting_place(want, self.inside)
        quantity = fitting(want, saleable(want, self._shown(want)), price)
        return (Post(quantity, price, TimeInForce.POST_ONLY), look) if quantity > ZERO else (look,)

    def _leaves(self, want: Want, resting: Order) -> bool:
        """Below the floor nothing rests; and where others offer for less it moves, while it has tries left."""
        return resting.child.price < want.floor or (want.attempt <= TRIES_MAX and undercut(want, resting))

    def _shown(self, want: Want) -> Decimal:
        """The portion of this order, drawn for it alone."""
        millionths = MILLION - self.vary + below(self.seed, f"iceberg {want.slice}", want.attempt, 2 * self.vary + 1)
        return part(self.display.of(want), millionths, MILLION, want.instrument.lot)
