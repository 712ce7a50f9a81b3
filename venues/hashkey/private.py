"""The private stream of one account: orders and executions as they happen, and every break named as one.

The stream has no sequence and replays nothing. So what it says can be believed, what it leaves out can't, and after
each break the account has to be read again: `StreamUp` says when.
"""

from collections.abc import AsyncIterator
from typing import Final, Literal

import msgspec
import structlog

from engine.kernel.clock import MILLISECOND, MINUTE, SECOND, Instant, Span
from engine.kernel.ids import VenueName
from engine.ports import Clock, StreamDown, StreamUp, VenueFact
from venues.hashkey import wire
from venues.hashkey.calls import Calls, Read, Unread
from venues.hashkey.signing import Pairs
from venues.stream import Backoff, Link, Pulse
from venues.transport import Lost, Transport

log = structlog.get_logger(__name__)

RENEWAL: Final = Span(20 * MINUTE)
"""Between renewals of the listen key (wall time), which lives for an hour."""
SETTLED: Final = Span(30 * SECOND)
"""A stream that lived this long starts its waits between attempts anew."""


def ping(at: Instant) -> str:
    """The heartbeat that HashKey's sockets, public and private, want from a client."""
    return msgspec.json.encode({"ping": at // MILLISECOND}).decode()


def pong(ms: int) -> str:
    """The answer to the venue's own heartbeat."""
    return msgspec.json.encode({"pong": ms}).decode()


class PrivateStream:
    """Opens, renews and re-opens the stream; one consumer."""

    def __init__(
        self, name: VenueName, calls: Calls, transport: Transport, clock: Clock, *, pulse: Pulse, backoff: Backoff
    ) -> None:
        self._name, self._calls, self._transport, self._clock = name, calls, transport, clock
        self._pulse, self._backoff = pulse, backoff
        self._closed = False

    def close(self) -> None:
        """Open nothing any more."""
        self._closed = True

    async def facts(self) -> AsyncIterator[VenueFact]:
        """For ever: `StreamUp`, what happens, and one `StreamDown` a break, however many attempts it takes."""
        attempt, down = 0, False
        while not self._closed:
            opened_at = self._clock.mono()
            try:
                key = self._calls.understood(wire.listen_key, await self._key("POST", []))
                link = await self._open(key)
                try:
                    down = False
                    yield StreamUp()
                    renew_at = opened_at + RENEWAL
                    while True:
                        raw = await link.next(before=renew_at)
                        if raw is None:
                            await self._key("PUT", [("listenKey", key)])
                            renew_at = self._clock.mono() + RENEWAL
                            continue
                        for fact in wire.private_facts(self._name, raw):
                            if isinstance(fact, wire.Ping):
                                await link.send(pong(fact.ms))
                            else:
                                yield fact
                finally:
                    await link.close()
            except (Lost, Unread, wire.Odd) as error:
                reason = self._calls.redact(str(error))
                log.warning("stream_lost", venue=self._name, reason=reason, attempt=attempt)
                if not down:
                    down = True
                    yield StreamDown(reason)
            if self._clock.mono() - opened_at >= SETTLED:
                attempt = 0
            await self._clock.sleep(self._backoff.delay(attempt))
            attempt += 1

    async def _open(self, key: str) -> Link:
        socket = await self._transport.connect(f"{self._calls.endpoints.ws_private}/{key}")
        log.info("stream_opened", venue=self._name)
        return Link(socket, self._clock, self._pulse, ping)

    async def _key(self, method: Literal["POST", "PUT"], pairs: Pairs) -> Read:
        return await self._calls.read(wire.KEY_PATH, pairs, urgent=True, method=method)
