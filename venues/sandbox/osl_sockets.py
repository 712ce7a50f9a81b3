"""What OSL's two public sockets have in common: clients, their outboxes, and how one is served until it ends."""

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

import msgspec
from aiohttp import WSMsgType, web

from engine.kernel.clock import Span
from venues.sandbox.faults import Channel, Faults
from venues.sandbox.outbox import Outbox

FRAME_MAX: Final = 65_536


class Client:
    """One open socket."""

    def __init__(self, socket: web.WebSocketResponse, outbox: Outbox, session: str, at: int) -> None:
        self.socket, self.outbox, self.session = socket, outbox, session
        self.opened_at, self.pinged_at = at, at
        """Monotonic."""

    def say(self, value: Any) -> None:
        """Send this, whatever the fault plan says: it is not market data."""
        self.outbox.say(msgspec.json.encode(value))

    def put(self, op: str, value: Any) -> None:
        """Send this, unless a fault has it otherwise."""
        self.outbox.put(op, msgspec.json.encode(value))


async def serve(
    request: web.BaseRequest,
    faults: Faults,
    session: str,
    now: int,
    joined: Callable[[Client], None],
    heard: Callable[[Client, str], None],
    left: Callable[[Client], None],
) -> web.StreamResponse:
    """Serve one socket until it ends."""
    socket = web.WebSocketResponse(compress=False, max_msg_size=FRAME_MAX, timeout=0.5)
    await socket.prepare(request)
    client = Client(socket, Outbox(socket, request, Channel.PUBLIC, faults), session, now)
    writer = asyncio.get_running_loop().create_task(client.outbox.run())
    joined(client)
    try:
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                heard(client, message.data)
    finally:
        left(client)
        writer.cancel()
    return socket


def spaced(market: Span, floor: Span, speed: Decimal) -> Span:
    """A pace of market time as one of wall time, no faster than `floor`."""
    return Span(max(floor, int(market / speed)))
