"""The sandbox's time: an hour of market may pass in a minute of wall.

Market time is a straight line over the monotonic clock, so a step of the wall clock moves no trade. Signatures,
listen keys and rate limits stay in wall time whatever the speed. Nothing here waits.
"""

import copy
import time
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

from engine.kernel.clock import Instant


class MarketClock:
    """Market time runs from `origin` at `speed` times the pace of the monotonic clock."""

    def __init__(
        self,
        origin: Instant,
        speed: Decimal = Decimal(1),
        *,
        mono: Callable[[], int] = time.monotonic_ns,
        wall: Callable[[], int] = time.time_ns,
    ) -> None:
        if not speed.is_finite() or speed <= 0:
            raise ValueError(f"not a speed: {speed}")
        self.origin = origin
        self.speed = speed
        self._ratio = Fraction(speed)
        self._mono = mono
        self._wall = wall
        self._started = mono()
        self.started_wall = Instant(wall())
        self.skew = 0
        """Nanoseconds by which the wall clock of whoever holds this is ahead; below nothing, behind."""

    def beside(self) -> "MarketClock":
        """The same market time with a wall clock that can be off by itself."""
        return copy.copy(self)

    def market(self) -> Instant:
        """When it is at the exchange: trades, orders, books."""
        elapsed = self._mono() - self._started
        return Instant(self.origin + elapsed * self._ratio.numerator // self._ratio.denominator)

    def wall(self) -> Instant:
        """When it is for clients: request timestamps, listen keys, rate limits."""
        return Instant(self._wall() + self.skew)

    def mono(self) -> int:
        """Nanoseconds that never step."""
        return self._mono()
