"""The adapter's clock in a case: it may run faster than the wall, and it may be wrong."""

import asyncio
import time
from fractions import Fraction

from engine.kernel.clock import Instant, Span


class RigClock:
    """Begins at `origin` and runs `speed` times as fast as the machine's; `skew` sets its wall time wrong.

    `wall_is_real` keeps wall time at the machine's own, as it is for an adapter that signs.
    """

    def __init__(self, origin: Instant, speed: int = 1, *, wall_is_real: bool = False) -> None:
        self.skew = Span(0)
        self._origin, self._speed, self._wall_is_real = origin, Fraction(speed), wall_is_real
        self._began = time.monotonic_ns()

    def market(self) -> Instant:
        """From `origin` on."""
        return Instant(self._origin + self.mono())

    def wall(self) -> Instant:
        """Market time or the machine's, with the skew."""
        return Instant((time.time_ns() if self._wall_is_real else self.market()) + self.skew)

    def mono(self) -> int:
        """Nanoseconds since it was made."""
        return int((time.monotonic_ns() - self._began) * self._speed)

    async def sleep(self, span: Span) -> None:
        """Let `span` of its time pass."""
        await asyncio.sleep(float(span / self._speed) / 1e9)

    async def until(self, at: Instant) -> None:
        """Wait for an instant of its market time."""
        while (left := at - self.market()) > 0:  # noqa: ASYNC110 - a sleep may end early, so it is measured again
            await asyncio.sleep(float(left / self._speed) / 1e9)
