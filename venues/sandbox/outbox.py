"""The frames on their way to one client of a stream, and what befalls them. Every dialect sends through it."""

import asyncio
from collections import deque
from typing import Final

from aiohttp import WSMsgType, web

from engine.kernel.clock import MILLISECOND, SECOND, Span
from venues.sandbox.faults import Channel, Do, Fault, Faults
from venues.sandbox.spoiling import spoilt

FRAMES_WAITING_MAX: Final = 10_000
_OVERTAKEN_FOR: Final = Span(250 * MILLISECOND)
_AT_ONCE: Final = Span(0)


class _Held:
    """A frame that others are to overtake."""

    __slots__ = ("frame", "left")

    def __init__(self, frame: bytes, left: int) -> None:
        self.frame, self.left = frame, left


class _Copies:
    """How a frame goes out: how often, how late, and in which shape."""

    __slots__ = ("copies", "frame", "hold", "late")

    def __init__(self, frame: bytes) -> None:
        self.frame, self.copies, self.hold = frame, 1, 0
        self.late: Fault | None = None


class Outbox:
    """What goes out on one socket, in order."""

    def __init__(
        self, socket: web.WebSocketResponse, request: web.BaseRequest, channel: Channel, faults: Faults
    ) -> None:
        self._socket, self._request = socket, request
        self._channel, self._faults = channel, faults
        self._waiting: deque[tuple[bytes, Span]] = deque()
        self._held: list[_Held] = []
        self._lost: dict[str, int] = {}
        """How many more frames of each kind are to be lost."""
        self._silent_until = 0.0
        self._wake = asyncio.Event()

    def put(self, op: str, frame: bytes) -> None:
        """Send this frame, unless a fault has it otherwise."""
        sending = _Copies(frame)
        for fault in self._faults.at(self._channel, op):
            if fault.do is Do.CUT:
                self.cut()
                return
            self._befall(op, fault, sending)
        if self._lost.get(op, 0):
            self._lost[op] -= 1
            sending.copies = 0
        for _ in range(sending.copies):
            if sending.late is None:
                self.say(sending.frame, Span(sending.hold))
            else:
                self._hold(sending.frame, sending.late)
        if sending.late is None and sending.copies:
            self._overtake()

    def _befall(self, op: str, fault: Fault, sending: _Copies) -> None:
        match fault.do:
            case Do.DROP:
                sending.copies = 0
            case Do.DUP:
                sending.copies += fault.count if sending.copies else 0
            case Do.DELAY:
                sending.hold += fault.span
            case Do.REORDER:
                sending.late = fault
            case Do.GAP:
                self._lost[op] = max(self._lost.get(op, 0), fault.count)
            case Do.HALF_OPEN:
                self._silent_until = asyncio.get_running_loop().time() + fault.span / SECOND
            case _:
                sending.frame = spoilt(sending.frame, fault)

    def say(self, frame: bytes, hold: Span = _AT_ONCE) -> None:
        """Send this frame, whatever the plan says; `hold` keeps back those behind it too."""
        if self._silent_until and asyncio.get_running_loop().time() < self._silent_until:
            return
        if len(self._waiting) >= FRAMES_WAITING_MAX:  # a client that does not read is let go
            self.cut()
            return
        self._waiting.append((frame, hold))
        self._wake.set()

    def cut(self) -> None:
        """Close the connection under the client, without a closing frame."""
        self._waiting.clear()
        if self._request.transport is not None:
            self._request.transport.abort()

    async def run(self) -> None:
        """Send until the connection ends."""
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                while self._waiting:
                    frame, hold = self._waiting.popleft()
                    if hold:
                        await asyncio.sleep(hold / SECOND)
                    await self._socket.send_frame(frame, WSMsgType.TEXT)
        except ConnectionError:
            return

    def _hold(self, frame: bytes, fault: Fault) -> None:
        held = _Held(frame, fault.count)
        self._held.append(held)
        asyncio.get_running_loop().call_later((fault.span or _OVERTAKEN_FOR) / SECOND, self._release, held)

    def _overtake(self) -> None:
        for held in list(self._held):
            held.left -= 1
            if held.left <= 0:
                self._release(held)

    def _release(self, held: _Held) -> None:
        if held in self._held:
            self._held.remove(held)
            self.say(held.frame)
