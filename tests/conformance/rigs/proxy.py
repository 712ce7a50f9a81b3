"""A loopback proxy between an adapter and its exchange's server: what goes wrong on the wire goes wrong here.

Bytes pass unread but for the method and the path, from which a rig tells the kind of call. Every request that arrives
is counted before anything befalls it, so that a repetition by some library shows. It listens on 127.0.0.1 only.
"""

import asyncio
import socket
import struct
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

import aiohttp
from aiohttp import WSMsgType, web
from yarl import URL

from tests.conformance.rig import Op, Spoil

LATE_S: Final = 0.1
"""How long after its caller has been cut off a late request goes on."""
_HOP: Final = frozenset({"host", "connection", "content-length", "transfer-encoding", "keep-alive", "upgrade"})
_PAGE: Final = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"

_INSTEAD: Final[dict[Spoil, tuple[int, bytes]]] = {
    Spoil.TURNED_AWAY: (503, _PAGE),
    Spoil.SERVER_ERROR: (502, _PAGE),
    Spoil.TIMED_OUT: (504, _PAGE),
    Spoil.LIMITED: (429, b'{"code":"0003","msg":"Rate limit exceeded"}'),
    Spoil.BANNED: (418, b'{"code":"0003","msg":"Rate limit exceeded"}'),
    Spoil.NOT_JSON: (200, _PAGE),
    Spoil.EMPTY: (200, b""),
    Spoil.NO_OBJECT: (200, b"[]"),
    Spoil.OTHER_WORDS: (200, b'{"result":"ok","data":{"id":7}}'),
}
"""What comes back in place of the answer."""
_BEFORE: Final = frozenset({Spoil.LOST_REQUEST, Spoil.LATE, Spoil.TURNED_AWAY, Spoil.LIMITED, Spoil.BANNED})
"""The request does not reach the exchange, or not yet."""

Kind = Callable[[str, str], Op | None]
"""Of a method and a path."""


class Proxy:
    """One port that stands for the exchange's."""

    def __init__(self, upstream: str, kind: Kind, *, private: Callable[[str], bool], race: Callable[[str, bytes], Any]):
        """`private` says of a path whether its socket is a private stream; `race` takes the order that a cancel names,
        given its path and query and its body."""
        self.sent: Counter[Op] = Counter()
        self.doubled = False
        self._upstream, self._kind, self._private, self._race = upstream, kind, private, race
        self._dark: dict[Op, float] = {}
        self._due: list[tuple[Op, int, Spoil]] = []
        self._sockets: list[tuple[web.BaseRequest, bool]] = []
        self._tasks: set[asyncio.Task[Any]] = set()
        self._runner: web.ServerRunner | None = None
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> str:
        """Listen; the address."""
        self._session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False)
        self._runner = web.ServerRunner(web.Server(self._handle, access_log=None), shutdown_timeout=0.2)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        return f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Close every connection."""
        self.cut(private=True)
        self.cut(private=False)
        for task in list(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        assert self._session is not None
        assert self._runner is not None
        await self._session.close()
        await self._runner.cleanup()

    def spoil(self, op: Op, how: Spoil, after: int = 0) -> None:
        """One call to come goes wrong."""
        self._due.append((op, self.sent[op] + after, how))

    def darken(self, op: Op, seconds: float) -> None:
        """No call of this kind is answered for so long."""
        self._dark[op] = asyncio.get_running_loop().time() + seconds

    def cut(self, *, private: bool) -> None:
        """Every socket of this kind breaks off, without a goodbye."""
        for request, is_private in self._sockets:
            if is_private is private and request.transport is not None:
                request.transport.abort()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        path = request.raw_path.partition("?")[0]
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._bridged(request, path)
        how = self._befalls(self._kind(request.method, path))
        body = await request.read()
        if how is Spoil.RACED:
            self._race(request.raw_path, body)
        if how in _BEFORE:
            return await self._never(request, body, how)
        status, headers, answer = await self._forwarded(request, body)
        if how is Spoil.DOUBLED:
            await self._forwarded(request, body)
        return await self._answered(request, how, status, headers, answer)

    def _befalls(self, op: Op | None) -> Spoil | None:
        if op is None:
            return None
        number = self.sent[op]
        self.sent[op] += 1
        if self._dark.get(op, 0.0) > asyncio.get_running_loop().time():
            return Spoil.LOST_ANSWER
        found = next((due for due in self._due if due[:2] == (op, number)), None)
        if found is None:
            return None
        self._due.remove(found)
        return found[2]

    async def _never(self, request: web.BaseRequest, body: bytes, how: Spoil) -> web.StreamResponse:
        if how in _INSTEAD:
            status, page = _INSTEAD[how]
            return web.Response(status=status, body=page)
        if how is Spoil.LATE:
            self._keep(self._later(request, body))
        return _cut(request)

    async def _later(self, request: web.BaseRequest, body: bytes) -> None:
        await asyncio.sleep(LATE_S)
        await self._forwarded(request, body)

    async def _answered(
        self, request: web.BaseRequest, how: Spoil | None, status: int, headers: dict[str, str], body: bytes
    ) -> web.StreamResponse:
        match how:
            case None | Spoil.DOUBLED | Spoil.RACED:
                return web.Response(status=status, headers=headers, body=body)
            case Spoil.LOST_ANSWER:
                return _cut(request)
            case Spoil.RESET:
                assert request.transport is not None
                wire = request.transport.get_extra_info("socket")
                wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # no time to linger
                request.transport.abort()
                return web.Response()
            case Spoil.TRUNCATED:
                return web.Response(status=200, headers=headers, body=body[: len(body) // 2])
            case Spoil.TORN:
                torn = web.StreamResponse(status=200, headers=headers)
                torn.content_length = len(body)
                await torn.prepare(request)
                await torn.write(body[: len(body) // 2])
                return _cut(request, torn)
            case _:
                instead, page = _INSTEAD[how]
                return web.Response(status=instead, body=page)

    async def _forwarded(self, request: web.BaseRequest, body: bytes) -> tuple[int, dict[str, str], bytes]:
        assert self._session is not None
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _HOP}
        async with self._session.request(
            request.method,
            URL(self._upstream + request.raw_path, encoded=True),
            headers=headers,
            data=body or None,
            allow_redirects=False,
        ) as answer:
            kept = {name: value for name, value in answer.headers.items() if name.lower() not in _HOP}
            return answer.status, kept, await answer.read()

    async def _bridged(self, request: web.BaseRequest, path: str) -> web.StreamResponse:
        assert self._session is not None
        url = URL(self._upstream.replace("http", "ws", 1) + request.raw_path, encoded=True)
        headers = {
            name: value
            for name, value in request.headers.items()
            if name.lower() not in _HOP and not name.lower().startswith("sec-websocket")
        }
        try:
            theirs = await self._session.ws_connect(url, headers=headers, autoping=False)
        except aiohttp.WSServerHandshakeError as refused:
            return web.Response(status=refused.status)
        ours = web.WebSocketResponse(autoping=False)
        await ours.prepare(request)
        private = self._private(path)
        self._sockets.append((request, private))
        pumps = [
            self._keep(_pumped(ours, theirs, lambda: 1)),
            self._keep(_pumped(theirs, ours, lambda: 2 if private and self.doubled else 1)),
        ]
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._sockets.remove((request, private))
            for pump in pumps:
                pump.cancel()
            with suppress(ConnectionError, TimeoutError):
                await theirs.close()
            with suppress(ConnectionError, TimeoutError):
                await ours.close()
        return ours

    def _keep(self, work: Any) -> asyncio.Task[Any]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


async def _pumped(source: Any, sink: Any, copies: Callable[[], int]) -> None:
    """Every frame of one side to the other, until one of them ends."""
    with suppress(ConnectionError, aiohttp.ClientError):
        while True:
            message = await source.receive()
            if message.type in (WSMsgType.TEXT, WSMsgType.BINARY, WSMsgType.PING, WSMsgType.PONG):
                data = message.data.encode() if isinstance(message.data, str) else bytes(message.data)
                again = copies() if message.type in (WSMsgType.TEXT, WSMsgType.BINARY) else 1
                for _ in range(again):
                    await sink.send_frame(data, message.type)
            else:
                return


def _cut(request: web.BaseRequest, answer: web.StreamResponse | None = None) -> web.StreamResponse:
    """Close the connection under the caller; the answer goes nowhere."""
    if request.transport is not None:
        request.transport.close()
    return answer or web.Response()
