"""The private stream of one account: orders and executions as they happen, and every break named as one.

The stream has no sequence and replays nothing. So what it says can be believed, what it leaves out can't, and after
each break the account has to be read again: `StreamUp` says when.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

import msgspec
import structlog

from engine.kernel.clock import MILLISECOND, MINUTE, SECOND, Instant, Span
from engine.kernel.ids import VenueName
from engine.ports import Clock, StreamDown, StreamUp, VenueFact
from venues.hashkey import events, routes, wire
from venues.hashkey.calls import Calls, Unread
from venues.stream import Backoff, Link, Pulse
from venues.transport import Lost, Transport

log = structlog.get_logger(__name__)

RENEWAL: Final = Span(20 * MINUTE)
"""Between renewals of the listen key (wall time), which lives for an hour."""
SETTLED: Final = Span(30 * SECOND)
"""A stream that lived this long starts its waits between attempts anew."""
GOODBYE_S: Final = 1.0
"""For the venue to hear that a listen key is no longer wanted; it ends by itself after an hour in any case."""


def ping(at: Instant) -> str:
    """The heartbeat that HashKey's sockets, public and private, want from a client."""
    return msgspec.json.encode({"ping": at // MILLISECOND}).decode()


def pong(ms: int) -> str:
    """The answer to the venue's own heartbeat."""
    return msgspec.json.encode({"pong": ms}).decode()


class PrivateStream:
    """Opens, renews and re-opens the stream, with one listen key at a time; one consumer."""

    def __init__(
        self, name: VenueName, calls: Calls, transport: Transport, clock: Clock, *, pulse: Pulse, backoff: Backoff
    ) -> None:
        self._name, self._calls, self._transport, self._clock = name, calls, transport, clock
        self._pulse, self._backoff = pulse, backoff
        self._key, self._consumed, self._ending = "", False, False

    async def close(self) -> None:
        """Open nothing any more, and give the listen key back, if the venue listens."""
        self._ending = True
        key, self._key = self._key, ""
        if key:
            try:
                async with asyncio.timeout(GOODBYE_S):
                    await self._calls.read(routes.KEY_END, [("listenKey", key)], urgent=True)
            except (Unread, TimeoutError):
                log.info("listen_key_left_to_expire", venue=self._name)

    async def facts(self) -> AsyncGenerator[VenueFact, None]:
        """Until closed: `StreamUp`, what happens, and one `StreamDown` a break, however many attempts it takes."""
        if self._consumed:
            raise RuntimeError("the private stream has a consumer already")
        self._consumed = True
        attempt, down = 0, False
        try:
            while True:
                opened_at = self._clock.mono()
                try:
                    async with aclosing(self._session()) as session:
                        async for fact in session:
                            down = False
                            yield fact
                except (Lost, Unread, wire.Odd) as error:
                    if self._ending:
                        return
                    reason = self._calls.redact(str(error))
                    log.warning("stream_lost", venue=self._name, reason=reason, attempt=attempt)
                    if not down:
                        down = True
                        yield StreamDown(reason)
                if self._clock.mono() - opened_at >= SETTLED:
                    attempt = 0
                await self._clock.sleep(self._backoff.delay(attempt))
                attempt += 1
        finally:
            self._consumed = False

    async def _session(self) -> AsyncGenerator[VenueFact, None]:
        """One listen key and one socket, until either is lost; a key that could not be renewed is not used again."""
        started_at = self._clock.mono()
        answer = await self._calls.read(routes.KEY_NEW, urgent=True)
        self._key = self._calls.understood(wire.listen_key, answer)
        socket = await self._transport.connect(f"{self._calls.endpoints.ws_private}/{self._key}")
        log.info("stream_opened", venue=self._name)
        link = Link(socket, self._clock, self._pulse, ping)
        try:
            yield StreamUp()
            renew_at = started_at + RENEWAL
            while True:
                raw = await link.next(before=renew_at)
                if raw is None:
                    await self._calls.read(routes.KEY_RENEW, [("listenKey", self._key)], urgent=True)
                    renew_at = self._clock.mono() + RENEWAL
                    continue
                for fact in events.private_facts(self._name, raw):
                    if isinstance(fact, events.Ping):
                        await link.send(pong(fact.ms))
                    else:
                        yield fact
        finally:
            await link.close()
