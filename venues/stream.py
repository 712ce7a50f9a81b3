"""What every stream of a venue needs: a heartbeat, a limit to silence, and patience before the next attempt.

A stream that says nothing is not a quiet market but a broken stream: after `silence` it is given up. Nothing is
replayed and nothing is guessed here; whoever reads the stream must read the account or a new book after each break.
"""

import asyncio
from collections.abc import Callable

from msgspec import Struct

from engine.kernel.chance import draw
from engine.kernel.clock import MILLISECOND, SECOND, Instant, Span, show_span
from engine.ports import Clock
from venues.transport import Lost, Socket


class Pulse(Struct, frozen=True):
    """How often we speak, and how long the other side may stay silent (wall time)."""

    every: Span = Span(10 * SECOND)
    silence: Span = Span(30 * SECOND)


class Backoff(Struct, frozen=True):
    """Waits between attempts: doubling, capped, and jittered by a seed so that many clients don't return at once."""

    purpose: str
    seed: int = 0
    first: Span = Span(500 * MILLISECOND)
    cap: Span = Span(30 * SECOND)

    def delay(self, attempt: int) -> Span:
        """Between half and all of the doubled wait; `attempt` counts from 0."""
        whole = min(self.cap, self.first << min(attempt, 32))
        return Span(whole // 2 + int(whole // 2 * draw(self.seed, self.purpose, attempt)))


class Link:
    """One open socket with its heartbeat."""

    def __init__(self, socket: Socket, clock: Clock, pulse: Pulse, ping: Callable[[Instant], str]) -> None:
        self._socket, self._clock, self._pulse, self._ping = socket, clock, pulse, ping
        self._heard_at = clock.mono()
        self._ping_at = self._heard_at + pulse.every

    async def next(self, before: int | None = None) -> bytes | None:
        """The next frame, or `None` once `before` (monotonic) has passed; raises `Lost` on an end or on silence."""
        while True:
            now = self._clock.mono()
            if before is not None and now >= before:
                return None
            if now >= (silent_at := self._heard_at + self._pulse.silence):
                raise Lost(f"silent for {show_span(self._pulse.silence)}")
            if now >= self._ping_at:
                await self.send(self._ping(self._clock.wall()))
                self._ping_at = now + self._pulse.every
            until = min(silent_at, self._ping_at, silent_at if before is None else before)
            raw = await self._socket.receive(Span(max(until - now, MILLISECOND)))
            if raw is not None:
                self._heard_at = self._clock.mono()
                await asyncio.sleep(0)  # frames that wait already come without a pause, and nobody else would run
                return raw

    async def send(self, text: str) -> None:
        """Send one frame, or raise `Lost`."""
        await self._socket.send(text)

    async def close(self) -> None:
        """Let go of the socket."""
        await self._socket.close()
