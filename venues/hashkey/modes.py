"""How the venue receives us: as always, not at all because it is closed, or not at all because we asked too often.

What is seen is told once, and so is its end. A ban ends when its time is over, and nothing is asked meanwhile; the
end of a closure is asked for, with growing waits.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from typing import Final

from engine.kernel.clock import MINUTE, Span
from engine.orders.reports import Mode
from engine.ports import Clock, ModeSeen, VenueFact
from venues.stream import Backoff

STEADY: Final = Span(MINUTE)
"""A venue that stays open for so long is asked at once again when it closes the next time."""


class Modes:
    """The mode of one venue, as its answers show it."""

    def __init__(
        self,
        clock: Clock,
        opened: Callable[[], Awaitable[bool]],
        backoff: Backoff = Backoff("hashkey reopening"),  # noqa: B008 - frozen
    ) -> None:
        """`opened` asks the venue whether it is open again."""
        self._clock, self._opened, self._backoff = clock, opened, backoff
        self._told = Mode.NORMAL
        self._changes: asyncio.Queue[ModeSeen] = asyncio.Queue()
        self._banned_until, self._closed = 0, False
        self._attempt, self._opened_at = 0, 0
        self._watch: asyncio.Task[None] | None = None

    def banned(self, span: Span, reason: str) -> None:
        """The venue has shut us out; nothing is sent for `span`."""
        self._banned_until = max(self._banned_until, self._clock.mono() + span)
        self._tell(reason)

    def closed(self, reason: str) -> None:
        """The venue is closed for everybody."""
        if not self._closed and self._clock.mono() - self._opened_at >= STEADY:
            self._attempt = 0
        self._closed = True
        self._tell(reason)

    async def next(self) -> ModeSeen:
        """The next change, once it comes."""
        return await self._changes.get()

    def close(self) -> None:
        """Watch no more."""
        if self._watch is not None:
            self._watch.cancel()

    def _tell(self, reason: str = "") -> None:
        mode = Mode.NORMAL
        if self._banned_until > self._clock.mono():
            mode = Mode.BANNED
        elif self._closed:
            mode = Mode.MAINTENANCE
        if mode is not self._told:
            self._told = mode
            self._changes.put_nowait(ModeSeen(mode, reason))
        if mode is not Mode.NORMAL and (self._watch is None or self._watch.done()):
            self._watch = asyncio.create_task(self._wait())

    async def _wait(self) -> None:
        while self._told is not Mode.NORMAL:
            if (ban := self._banned_until - self._clock.mono()) > 0:
                await self._clock.sleep(Span(ban))
            elif self._closed:
                await self._clock.sleep(self._backoff.delay(self._attempt))
                self._attempt += 1
                if await self._opened():
                    self._closed, self._opened_at = False, self._clock.mono()
            self._tell()


async def merged(
    stream: AsyncGenerator[VenueFact, None], modes: Modes, closed: asyncio.Event
) -> AsyncIterator[VenueFact]:
    """What the stream and the modes tell, as it comes, until `closed`; the stream goes on only while we are asked."""

    async def told() -> VenueFact | None:
        return await anext(stream, None)

    end, fact = asyncio.create_task(closed.wait()), asyncio.create_task(told())
    mode = asyncio.create_task(modes.next())
    try:
        while True:
            await asyncio.wait((end, fact, mode), return_when=asyncio.FIRST_COMPLETED)
            if end.done():
                return
            if mode.done():
                yield mode.result()
                mode = asyncio.create_task(modes.next())
            if fact.done():
                if (seen := fact.result()) is None:
                    return
                yield seen
                fact = asyncio.create_task(told())
    finally:
        for task in (end, fact, mode):
            task.cancel()
        await asyncio.gather(end, fact, mode, return_exceptions=True)
        await stream.aclose()
