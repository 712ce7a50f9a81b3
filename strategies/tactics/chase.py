"""Chase: stay near the best offer as it moves, within limits, and cross what is left before the slice is over.

Every limit keeps somebody from leading it on: it moves no more often than `every`, only by `step_bp` or more, only so
many times, and it follows quotes no further below the last trades than `reach_bp`.
"""

from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct

from engine.kernel.clock import Span
from engine.kernel.money import BP, ZERO, times
from engine.orders.order import Order, TimeInForce
from engine.orders.strategy import Move, Post, Pull, Want
from strategies.tactics.ending import ending, looking
from strategies.tactics.offer import fitting, resting_place


class Chase(Struct, frozen=True):
    """Post-only, `inside` so many ticks of the best ask, or at it; follows it down and up."""

    every: Span
    before: Span
    step_bp: Decimal
    replaces: int
    """Orders of one slice after its first; then what rests stands still until the end of the slice."""
    inside: int = 0
    reach_bp: Decimal | None = None
    """How far below the median of the last prints it may rest; `None` leaves that to collar and floor."""

    def act(self, want: Want) -> Sequence[Move]:
        if (moves := ending(want, self.before)) is not None:
            return moves
        look = looking(want, self.every, self.before)
        price = max(resting_place(want, self.inside), self._lowest(want))
        if want.resting is not None:
            return (Pull(), look) if self._moves(want, want.resting, price) else (look,)
        quantity = fitting(want, want.quantity, price) if self._may_try(want) else ZERO
        return (Post(quantity, price, TimeInForce.POST_ONLY), look) if quantity > ZERO else (look,)

    def _may_try(self, want: Want) -> bool:
        return want.attempt <= self.replaces + 1

    def _lowest(self, want: Want) -> Decimal:
        """Where quotes fall and nobody trades, it stops here."""
        if self.reach_bp is None or want.view.last is None:
            return want.floor
        return want.instrument.at_least(times(want.view.last, 1 - self.reach_bp / BP))

    def _moves(self, want: Want, resting: Order, price: Decimal) -> bool:
        """Has its place moved far enough, and did it stand there long enough? Below the floor nothing rests at all."""
        stood = want.at - resting.child.decided_at
        far = times(abs(price - resting.child.price), BP) >= times(self.step_bp, resting.child.price)
        return resting.child.price < want.floor or (self._may_try(want) and stood >= self.every and far)
