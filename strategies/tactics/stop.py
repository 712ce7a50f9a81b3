"""Stop: nothing is offered until the market has kept to a price for a while; then what is left of the slice is crossed.

Whether it has is not seen in one book at one instant, so it is told: by the core, which follows the price of all venues
that can be believed and journals each turn of it (`engine.core.conditions`). This tactic looks at no price by itself,
so that no wick of one venue sets it off.
"""

from collections.abc import Sequence

from msgspec import Struct

from engine.kernel.clock import Instant, Span
from engine.orders.strategy import Look, Move, Want
from strategies.tactics.cross import Cross


class Stop(Struct, frozen=True):
    """Sells as `cross` does, once what the leg waits for is met, for the rest of the slice."""

    every: Span
    """How often the market is looked at, whether it waits or sells."""
    cross: Cross = Cross()

    def act(self, want: Want) -> Sequence[Move]:
        # on a grid: whatever else brings a decision about, the looks do not multiply
        look = Look(min(Instant((want.at // self.every + 1) * self.every), want.until))
        return (*self.cross.act(want), look) if want.met else (look,)
