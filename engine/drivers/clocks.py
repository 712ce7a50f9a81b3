"""The sources of time. Here, and nowhere else, a clock is read."""

import asyncio
import time
from fractions import Fraction

from engine.kernel.clock import Instant, Span


class WallClock:
    """Production: the market's time is ours."""

    def market(self) -> Instant:
        return Instant(time.time_ns())

    def wall(self) -> Instant:
        return Instant(time.time_ns())

    def mono(self) -> int:
        return time.monotonic_ns()

    async def sleep(self, span: Span) -> None:
        await asyncio.sleep(span / 1e9)

    async def until(self, at: Instant) -> None:
        while (left := at - self.market()) > 0:  # noqa: ASYNC110 - a sleep may end early, so it is measured again
            await asyncio.sleep(left / 1e9)


class ScaledClock(WallClock):
    """A sandbox's market time, which began at `origin` when the wall showed `started` and runs `speed` times as fast.

    It is carried on by the monotonic clock, so that a step of the wall moves no deadline.
    """

    def __init__(self, origin: Instant, started: Instant, speed: Fraction) -> None:
        self.origin, self.speed = origin, speed
        self._began = time.monotonic_ns() - (time.time_ns() - started)

    def market(self) -> Instant:
        return Instant(self.origin + int((time.monotonic_ns() - self._began) * self.speed))

    async def until(self, at: Instant) -> None:
        while (left := at - self.market()) > 0:  # noqa: ASYNC110 - a sleep may end early, so it is measured again
            await asyncio.sleep(float(left / self.speed) / 1e9)


class VirtualClock:
    """Time that jumps to whatever is due next: a `VirtualLoop`'s, counted in whole nanoseconds from `origin`.

    All three times are one. Sleeps are laid on exact nanoseconds, so that no rounding gathers over a long run.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, origin: Instant) -> None:
        self._loop, self.origin = loop, origin

    def market(self) -> Instant:
        return Instant(self.origin + round(self._loop.time() * 1e9))

    def wall(self) -> Instant:
        return self.market()

    def mono(self) -> int:
        return self.market()

    async def sleep(self, span: Span) -> None:
        await self.until(Instant(self.market() + span))

    async def until(self, at: Instant) -> None:
        if at <= self.market():
            return
        reached: asyncio.Future[None] = self._loop.create_future()
        handle = self._loop.call_at((at - self.origin) / 1e9, _wake, reached)
        try:
            await reached
        finally:
            handle.cancel()


def _wake(reached: asyncio.Future[None]) -> None:
    if not reached.done():
        reached.set_result(None)
