"""Fiat sweep: sell the stablecoin that has really come in, once enough of it waits or has waited long enough."""

from decimal import Decimal

from msgspec import Struct

from engine.kernel.clock import Instant, Span
from engine.orders.strategy import Progress


class FiatSweep(Struct, frozen=True):
    """Wants everything that waits at `amount`, at `age`, and when nothing more will come; nothing otherwise."""

    start: Instant
    every: Span
    """How often to look."""
    amount: Decimal
    age: Span

    def slice(self, at: Instant) -> int:
        return max(0, (at - self.start) // self.every)

    def following(self, at: Instant) -> Instant:
        return Instant(self.start + (max(-1, (at - self.start) // self.every) + 1) * self.every)

    def target(self, progress: Progress) -> Decimal:
        waiting = progress.total - progress.sold
        old = progress.oldest is not None and progress.at - progress.oldest >= self.age
        return progress.total if progress.closing or old or waiting >= self.amount else progress.sold

    def step(self, progress: Progress) -> Decimal | None:
        return None
