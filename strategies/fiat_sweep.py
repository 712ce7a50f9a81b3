"""Fiat sweep: sell the stablecoin that has really come in, once enough of it waits or has waited long enough."""

from decimal import Decimal
from fractions import Fraction
from typing import Final

from msgspec import Struct

from engine.kernel import chance
from engine.kernel.clock import Instant, Span
from engine.orders.strategy import Progress

_DRAWS: Final = 2**53


class FiatSweep(Struct, frozen=True):
    """Wants everything that waits at `amount`, at `age`, and when nothing more will come; nothing otherwise."""

    start: Instant
    every: Span
    """How often to look."""
    amount: Decimal
    age: Span
    time_jitter: Fraction = Fraction(0)
    """A look comes up to this share of `every` later."""
    size_jitter: Fraction = Fraction(0)
    """Less is enough by up to this share of `amount`, drawn anew for each look; never more."""
    seed: int = 0

    def __post_init__(self) -> None:
        if self.every <= 0 or not 0 <= self.time_jitter < 1 or not 0 <= self.size_jitter < 1:
            raise ValueError("a sweep looks every so often, and its jitters are shares below 1")

    def slice(self, at: Instant) -> int:
        index = max(0, (at - self.start) // self.every)
        return index - 1 if index > 0 and at < self._begin(index) else index

    def following(self, at: Instant) -> Instant:
        first = self._begin(0)
        return first if at < first else self._begin(self.slice(at) + 1)

    def target(self, progress: Progress) -> Decimal:
        waiting = progress.total - progress.sold
        old = progress.oldest is not None and progress.at - progress.oldest >= self.age
        enough = waiting >= self._amount(self.slice(progress.at))
        return progress.total if progress.closing or old or enough else progress.sold

    def step(self, progress: Progress) -> Decimal | None:
        return None

    def _begin(self, index: int) -> Instant:
        begins = self.start + index * self.every
        if not self.time_jitter:
            return Instant(begins)
        slack = int(self.every * self.time_jitter)
        return Instant(begins + slack * chance.integer(self.seed, "sweep time", index) // _DRAWS)

    def _amount(self, index: int) -> Fraction:
        if not self.size_jitter:
            return Fraction(self.amount)
        drawn = Fraction(chance.integer(self.seed, "sweep size", index), _DRAWS)
        return Fraction(self.amount) * (1 - self.size_jitter * drawn)
