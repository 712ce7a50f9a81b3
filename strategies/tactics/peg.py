"""Peg: wait at the best offer, follow it down, and cross what is left shortly before the slice ends."""

from collections.abc import Sequence

from msgspec import Struct

from engine.kernel.clock import Instant, Span
from engine.kernel.money import ZERO
from engine.orders.order import TimeInForce
from engine.orders.strategy import Look, Move, Post, Pull, Want
from strategies.tactics.cross import crossing


class Peg(Struct, frozen=True):
    """Post-only at the best ask; looked at `every` so often; crosses `before` the slice is over."""

    every: Span
    before: Span

    def act(self, want: Want) -> Sequence[Move]:
        turning = Instant(want.until - self.before)
        if want.at >= turning:
            if want.resting is not None:
                return (Pull(),)
            return crossing(want) if want.quantity > ZERO else ()
        look = Look(min(Instant(want.at + self.every), turning))
        best = max(want.floor, want.view.asks[0].price) if want.view.asks else want.floor
        if want.resting is not None:
            stale = want.resting.child.price > best or want.resting.child.price < want.floor
            return (Pull(), look) if stale else (look,)
        if want.instrument.too_small(want.quantity, best):
            return (look,)
        return (Post(want.quantity, best, TimeInForce.POST_ONLY), look)
