"""A network in memory under virtual time: aiohttp's own client and server speak over it, and no socket is opened.

Each direction of a connection is first in, first out, with a drawn latency. What goes wrong on purpose goes wrong in
the sandbox, not here. Names that start with an underscore are asyncio's and aiohttp's: a new release may move them.
"""

import asyncio
import contextvars
import gc
import random
import socket
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar
from unittest.mock import patch

import aiohttp

from engine.drivers import virtual

T = TypeVar("T")
LATENCY_S: Final = (0.0005, 0.02)


class MemoryLoop(virtual.VirtualLoop):
    """Jumps to what is due next; servers and connections live in this process and in this loop."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._dice = random.Random(seed)
        self._listening: dict[tuple[str, int], tuple[Callable[[], Any], contextvars.Context]] = {}

    def latency(self) -> float:
        return self._dice.uniform(*LATENCY_S)

    async def create_server(self, factory: Any, host: Any = None, port: Any = None, **_: Any) -> Any:
        port = port or 40_000 + len(self._listening)
        self._listening[host, port] = (factory, contextvars.copy_context())
        return _Listener(self._listening, (host, port))

    async def create_connection(self, factory: Any, host: Any = None, port: Any = None, **_: Any) -> Any:
        await asyncio.sleep(self.latency())
        if (host, port) not in self._listening:
            raise ConnectionRefusedError(111, f"nobody listens at {host}:{port}")
        served, context = self._listening[host, port]
        here, there = factory(), context.run(served)
        ours, theirs = MemoryTransport(self, here, (host, port)), MemoryTransport(self, there, ("memory", 0))
        ours.peer, theirs.peer = theirs, ours
        here.connection_made(ours)
        there.connection_made(theirs)
        return ours, here


class _Listener:
    def __init__(self, listening: dict[tuple[str, int], Any], place: tuple[str, int]) -> None:
        self._listening, self._place, self.sockets = listening, place, (self,)

    def getsockname(self) -> tuple[str, int]:
        return self._place

    def close(self) -> None:
        self._listening.pop(self._place, None)

    async def wait_closed(self) -> None:
        pass


class MemoryTransport(asyncio.Transport):
    """One end of a connection."""

    def __init__(self, loop: MemoryLoop, protocol: Any, peername: tuple[str, int]) -> None:
        super().__init__({"peername": peername, "sockname": ("memory", 0), "socket": None})
        self._loop, self._protocol, self._closed, self._arrives_at = loop, protocol, False, 0.0
        self._waiting: list[bytes] | None = None
        self.peer: MemoryTransport = self

    def write(self, data: Any) -> None:
        if data and not self._closed:
            self.peer._later(self.peer._deliver, bytes(data))

    def writelines(self, parts: Any) -> None:
        self.write(b"".join(parts))

    def _later(self, what: Callable[[Any], None], value: Any) -> None:
        """Timers of one instant are not first in, first out: so no two arrivals ever share one."""
        self._arrives_at = max(self._arrives_at + 1e-6, self._loop.time() + self._loop.latency())
        self._loop.call_at(self._arrives_at, what, value)

    def _deliver(self, data: bytes) -> None:
        if self._waiting is not None:
            self._waiting.append(data)
        elif not self._closed:
            self._protocol.data_received(data)

    def _end(self, error: Exception | None) -> None:
        if not self._closed:
            self._closed = True
            self._loop.call_soon(self._protocol.connection_lost, error)
            self.peer._later(self.peer._end, error)

    def close(self) -> None:
        self._end(None)

    def abort(self) -> None:
        self._end(ConnectionResetError())

    def is_closing(self) -> bool:
        return self._closed

    def pause_reading(self) -> None:
        self._waiting = self._waiting or []

    def resume_reading(self) -> None:
        waiting, self._waiting = self._waiting or [], None
        for data in waiting:
            self._loop.call_soon(self._deliver, data)

    def set_protocol(self, protocol: Any) -> None:
        self._protocol = protocol

    def get_protocol(self) -> Any:
        return self._protocol


class MemoryConnector(aiohttp.TCPConnector):
    """aiohttp's connector without its dialling."""

    async def _create_connection(self, req: Any, traces: Any, timeout: Any) -> Any:
        _, protocol = await self._loop.create_connection(self._factory, req.url.host, req.url.port)
        return protocol


@contextmanager
def network(seed: int) -> Iterator[MemoryLoop]:
    """A loop of its own, and every aiohttp session on it; no finaliser of an earlier one runs in between."""
    loop = MemoryLoop(seed)
    gc.collect()
    gc.disable()
    with patch("aiohttp.client.TCPConnector", MemoryConnector), patch("aiohttp.connector.monotonic", loop.time):
        try:
            yield loop
        finally:
            gc.enable()


def run(loop: MemoryLoop, main: Coroutine[Any, Any, T]) -> T:
    """`main` to its end in virtual time."""
    no_sockets = patch.object(socket.socket, "connect", side_effect=AssertionError("a real socket was asked for"))
    with no_sockets:
        return virtual.run(main, loop)
