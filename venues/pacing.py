"""A venue's rate limits, kept on our side so that they are never felt.

asyncio-throttle spaces calls evenly but lets any waiter overtake, knows no weights and no urgency. Those are added
here. Nothing is dropped: a caller waits its turn, or gives up after its own patience and knows that it was not let
through. Limits bind in wall time whatever the speed of the market (decision 14).
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from heapq import heappop, heappush
from itertools import count
from typing import Literal, Protocol, get_args

from asyncio_throttle.throttler import Throttler
from msgspec import Struct

from engine.kernel.clock import SECOND, Instant, Span
from engine.ports import Clock

Kind = Literal["order", "query"]
"""The classes that a venue counts apart: what writes orders, and what reads."""
KINDS: tuple[Kind, ...] = get_args(Kind)


class Limit(Struct, frozen=True):
    """So many units of weight in any `period`; what is not urgent may use `ordinary` of them, the rest is a reserve."""

    units: int
    ordinary: int
    period: Span = SECOND

    def __post_init__(self) -> None:
        if not 0 < self.ordinary <= self.units or self.period <= 0:
            raise ValueError(f"not a rate limit: {self.ordinary} of {self.units} in {self.period} ns")


class Pacing(Protocol):
    """What an adapter asks before each call."""

    async def acquire(self, kind: Kind, weight: int = 1, *, urgent: bool = False, patience: Span | None = None) -> bool:
        """Wait for a turn; `False` when `patience` ran out first, and then nothing may be sent."""

    def hold(self, kind: Kind, span: Span) -> None:
        """The venue said stop: let nothing of this class through for `span`."""


class Throttle(Protocol):
    """One unit at a time, evenly spaced: what asyncio-throttle gives."""

    async def acquire(self) -> None:
        """Wait until the next unit may be spent."""


class FreePacer:
    """No limits at all, for where the other side has none."""

    async def acquire(self, kind: Kind, weight: int = 1, *, urgent: bool = False, patience: Span | None = None) -> bool:
        """Always at once."""
        return True

    def hold(self, kind: Kind, span: Span) -> None:
        """There is nothing to hold."""


class ClockThrottle:
    """The spacing of asyncio-throttle in the time of a `Clock`, for where time is virtual."""

    def __init__(self, clock: Clock, spacing: Span) -> None:
        self._clock, self._spacing, self._next = clock, spacing, 0

    async def acquire(self) -> None:
        """Wait until the next unit may be spent."""
        while (wait := self._next - self._clock.mono()) > 0:
            await self._clock.sleep(Span(wait))
        self._next = self._clock.mono() + self._spacing


class WallThrottle:
    """asyncio-throttle with a window of one, asked only when its time has come, since it waits by looking."""

    def __init__(self, spacing: Span) -> None:
        self._seconds, self._due = spacing / SECOND, 0.0
        retry = min(0.01, self._seconds / 5)
        self._throttler: Throttle = Throttler(rate_limit=1, period=self._seconds, retry_interval=retry)

    async def acquire(self) -> None:
        """Wait until the next unit may be spent."""
        while (wait := self._due - time.monotonic()) > 0:  # noqa: ASYNC110 - a sleep may end early
            await asyncio.sleep(wait)
        await self._throttler.acquire()
        self._due = time.monotonic() + self._seconds


class Pacer:
    """First come, first served within a class; the urgent before the ordinary; weights paid unit by unit."""

    def __init__(
        self,
        clock: Clock,
        limits: Mapping[Kind, Limit],
        *,
        throttle: Callable[[Span], Throttle] = WallThrottle,
        headroom_percent: int = 5,
    ) -> None:
        self._clock = clock
        self._lanes = {kind: _Lane(clock, limits[kind], throttle, headroom_percent) for kind in KINDS}

    async def acquire(self, kind: Kind, weight: int = 1, *, urgent: bool = False, patience: Span | None = None) -> bool:
        """Wait for a turn; `False` when `patience` ran out first, and then nothing may be sent."""
        lane = self._lanes[kind]
        if not 0 < weight <= lane.limit.units:
            raise ValueError(f"a call of weight {weight} never fits {lane.limit}")
        if patience is not None and lane.held_for() > patience:
            return False
        try:
            async with asyncio.timeout(None if patience is None else patience / SECOND):
                await lane.take(weight, urgent)
        except TimeoutError:
            return False
        return True

    def hold(self, kind: Kind, span: Span) -> None:
        """The venue said stop: let nothing of this class through for `span`."""
        lane = self._lanes[kind]
        lane.held_until = max(lane.held_until, Instant(self._clock.mono() + span))


class _Lane:
    """One class: its queue, its spacing, and what the last call still owes."""

    def __init__(self, clock: Clock, limit: Limit, throttle: Callable[[Span], Throttle], headroom_percent: int) -> None:
        self.limit = limit
        self.held_until = 0
        self._clock = clock
        self._unit = Span(limit.period * (100 + headroom_percent) // (100 * limit.units))
        self._every = throttle(self._unit)
        self._ordinary = throttle(Span(limit.period * (100 + headroom_percent) // (100 * limit.ordinary)))
        self._queue: list[tuple[bool, int]] = []
        self._gone: set[tuple[bool, int]] = set()
        self._numbers = count()
        self._changed = asyncio.Event()
        self._grants, self._granted_at, self._granted_weight = 0, 0, 1

    def held_for(self) -> Span:
        """How much longer the venue wants nothing of this class."""
        return Span(max(0, self.held_until - self._clock.mono()))

    async def take(self, weight: int, urgent: bool) -> None:
        """Stand in the queue and pay; returns at the moment when the call may leave."""
        ticket = (not urgent, next(self._numbers))
        heappush(self._queue, ticket)
        self._pulse()
        try:
            while not await self._paid(ticket, weight, urgent):
                pass  # overtaken or held meanwhile: what was paid is forfeit, so that no window is ever overrun
            self._grants += 1
            self._granted_at, self._granted_weight = self._clock.mono(), weight
        finally:
            self._gone.add(ticket)
            while self._queue and self._queue[0] in self._gone:
                self._gone.remove(heappop(self._queue))
            self._pulse()

    async def _paid(self, ticket: tuple[bool, int], weight: int, urgent: bool) -> bool:
        while self._queue[0] != ticket:
            await self._changed.wait()
        while held := self.held_for():
            await self._clock.sleep(held)
        if self._queue[0] != ticket:
            return False
        owed, grants = self._owed(), self._grants
        units = min(self.limit.units, owed + weight)
        for unit in range(units):
            if not urgent and unit >= units - weight:
                await self._ordinary.acquire()
            await self._every.acquire()
            if self._queue[0] != ticket or self._grants != grants or self.held_for():
                return False
        return True

    def _owed(self) -> int:
        """A heavy call counts whole at its own moment, so the units after its first are paid before the next call.

        With `w + v - 1` units between neighbours of weights `w` and `v`, or one whole period, no window of that
        length can hold more than the limit, wherever the venue lets its windows begin.
        """
        passed = (self._clock.mono() - self._granted_at) // self._unit
        free = max(0, passed - 1)  # one of the units that passed is given by the throttle itself, at once
        return max(0, self._granted_weight - 1 - free)

    def _pulse(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
