"""A schedule of steps: slice times, and the share of the whole that should be gone once each has come.

Shares are whole numbers out of `WHOLE`, so that a target is exact; whatever weighs them (a volume curve, a draw) is
rounded once, when the schedule is made.
"""

from bisect import bisect_right
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from msgspec import Struct

from engine.kernel.clock import Instant
from engine.kernel.money import ZERO, part
from engine.orders.strategy import Progress

WHOLE: Final = 1_000_000_000


class Stepped(Struct, frozen=True):
    """At `times[i]` a slice begins, and `shares[i]` of the total should be gone when it is over."""

    times: tuple[Instant, ...]
    shares: tuple[int, ...]
    end: Instant

    def __post_init__(self) -> None:
        rising = all(a <= b for a, b in zip(self.shares, self.shares[1:], strict=False))
        ordered = all(a < b for a, b in zip(self.times, self.times[1:], strict=False))
        if not self.times or len(self.times) != len(self.shares) or not rising or not ordered:
            raise ValueError("slice times must rise and shares must not fall")
        if self.shares[-1] != WHOLE or self.times[-1] >= self.end:
            raise ValueError("the last slice must sell the rest, and begin before the end")

    @property
    def _length(self) -> int:
        """The mean length of a slice: the rhythm that is kept after the end, for what is still unsold."""
        return max(1, (self.end - self.times[0]) // len(self.times))

    def slice(self, at: Instant) -> int:
        """Slices count from 0; after the end they go on at the mean length."""
        if at < self.end:
            return max(0, bisect_right(self.times, at) - 1)
        return len(self.times) + (at - self.end) // self._length

    def following(self, at: Instant) -> Instant:
        """The next slice time after `at`."""
        index = bisect_right(self.times, at)
        if index < len(self.times):
            return self.times[index]
        if at < self.end:
            return self.end
        return Instant(self.end + ((at - self.end) // self._length + 1) * self._length)

    def target(self, progress: Progress) -> Decimal:
        """What should be gone once the slice of this instant is over; nothing before the first begins."""
        if progress.at < self.times[0]:
            return ZERO
        index = min(self.slice(progress.at), len(self.shares) - 1)
        return part(progress.total, self.shares[index], WHOLE, progress.lot)

    def step(self, progress: Progress) -> Decimal | None:
        """The planned quantity of this slice; after the end, of a mean one."""
        index = self.slice(progress.at)
        if index >= len(self.shares):
            return part(progress.total, 1, len(self.shares), progress.lot)
        share = self.shares[index] - (self.shares[index - 1] if index else 0)
        return max(part(progress.total, share, WHOLE, progress.lot), progress.lot)


def cumulative(weights: Sequence[int]) -> tuple[int, ...]:
    """Running shares of `WHOLE` for whole-number weights; the last one is `WHOLE`."""
    whole, running, shares = sum(weights), 0, []
    for weight in weights:
        running += weight
        shares.append(-(-running * WHOLE // whole))
    return tuple(shares)
