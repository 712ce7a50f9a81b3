"""Bytes out, bytes back, and whether anything left at all.

An exchange's adapter needs one fact of its network: was this request certainly not sent, or does nobody know? So
there are two failures here and no third. Nothing is ever sent twice, redirected, proxied from the environment, or
given a cookie, and an answer larger than we are ready to read is no answer.
"""

from collections.abc import Mapping
from typing import Final, Protocol

import aiohttp
from aiohttp import ClientHandlerType, ClientRequest, ClientResponse
from msgspec import Struct
from yarl import URL

from engine.kernel.clock import SECOND, Span
from engine.kernel.codec import sha256_hex

TIMEOUT: Final = Span(5 * SECOND)
"""For a whole call, from connecting to the last byte (wall time)."""


class HttpRequest(Struct, frozen=True):
    """One request, complete. Its representation leaves the headers out, since a key travels in them."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes = b""

    def __repr__(self) -> str:
        return f"HttpRequest({self.method} {URL(self.url, encoded=True).path})"

    @property
    def digest(self) -> str:
        """SHA-256 of method, path with query, and body, one after another."""
        return sha256_hex(self.method.encode() + URL(self.url, encoded=True).raw_path_qs.encode() + self.body)


class HttpResponse(Struct, frozen=True):
    """One answer as it came, whatever its status. Its representation leaves the body out: it may be a listen key."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def __repr__(self) -> str:
        return f"HttpResponse({self.status}, {len(self.body)} bytes)"

    @property
    def digest(self) -> str:
        """SHA-256 of the body."""
        return sha256_hex(self.body)


class NotSent(Exception):
    """No connection came about: certainly nothing of the request has left."""


class NoAnswer(Exception):
    """Something may have left, and what came back, if anything, can't be relied on."""


class Lost(Exception):
    """A socket that has ended or never opened; the message is the reason, and never names the address."""


class Socket(Protocol):
    """One open WebSocket."""

    async def send(self, text: str) -> None:
        """Send one text frame, or raise `Lost`."""

    async def receive(self, within: Span) -> bytes | None:
        """The next frame, `None` when none came in time; raises `Lost` when the socket has ended."""

    async def close(self) -> None:
        """Let go of it; never raises for a socket that is gone already."""


class Transport(Protocol):
    """What an adapter needs of a network."""

    async def call(self, request: HttpRequest) -> HttpResponse:
        """Send once; raises `NotSent` or `NoAnswer`."""

    async def connect(self, url: str) -> Socket:
        """Open a WebSocket; raises `Lost`."""

    async def aclose(self) -> None:
        """Let go of connections."""


class AiohttpTransport:
    """The network itself, through aiohttp."""

    def __init__(
        self, *, timeout: Span = TIMEOUT, body_bytes_max: int = 8 << 20, frame_bytes_max: int = 1 << 20
    ) -> None:
        self._timeout = timeout / SECOND
        self._body_bytes_max, self._frame_bytes_max = body_bytes_max, frame_bytes_max
        self._session: aiohttp.ClientSession | None = None
        self._closed = False

    async def call(self, request: HttpRequest) -> HttpResponse:
        """Send once; raises `NotSent` or `NoAnswer`."""
        try:
            async with self._open().request(
                request.method,
                URL(request.url, encoded=True),  # signed as it stands: quoting it anew would break the signature
                headers={**request.headers, "Accept-Encoding": "identity"},
                data=request.body or None,
                allow_redirects=False,
            ) as response:
                body = await self._whole(response)
                return HttpResponse(response.status, dict(response.headers), body)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise NoAnswer(_named(error)) from None

    async def connect(self, url: str) -> Socket:
        """Open a WebSocket; raises `Lost`."""
        try:
            stream = await self._open().ws_connect(
                URL(url, encoded=True),
                max_msg_size=self._frame_bytes_max,
                timeout=aiohttp.ClientWSTimeout(ws_close=1.0),  # a broken socket answers no goodbye
            )
        except (NotSent, NoAnswer) as error:
            raise Lost(f"no connection: {error}") from None
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise Lost(f"no connection: {_named(error)}") from None
        return AiohttpSocket(stream)

    async def aclose(self) -> None:
        """Let go of connections; whatever is asked afterwards is not sent."""
        self._closed = True
        if self._session is not None:
            await self._session.close()

    def _open(self) -> aiohttp.ClientSession:
        if self._closed:
            raise NotSent("the transport was closed")
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=self._timeout, sock_connect=self._timeout / 2),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
                auto_decompress=False,
                middlewares=(_once,),
            )
        return self._session

    async def _whole(self, response: ClientResponse) -> bytes:
        parts, size = [], 0
        async for part in response.content.iter_any():
            size += len(part)
            if size > self._body_bytes_max:
                response.close()
                raise NoAnswer(f"the answer is larger than {self._body_bytes_max} bytes")
            parts.append(part)
        return b"".join(parts)


class AiohttpSocket:
    """One WebSocket of aiohttp; protocol pings are answered below us and are not frames here."""

    def __init__(self, stream: aiohttp.ClientWebSocketResponse) -> None:
        self._stream = stream

    async def send(self, text: str) -> None:
        """Send one text frame, or raise `Lost`."""
        try:
            await self._stream.send_str(text)
        except (aiohttp.ClientError, OSError) as error:
            raise Lost(_named(error)) from None

    async def receive(self, within: Span) -> bytes | None:
        """The next frame, `None` when none came in time; raises `Lost` when the socket has ended."""
        try:
            message = await self._stream.receive(max(within / SECOND, 0.001))  # zero would mean for ever
        except TimeoutError:
            return None
        match message.type:
            case aiohttp.WSMsgType.TEXT:
                return str(message.data).encode()
            case aiohttp.WSMsgType.BINARY:
                return bytes(message.data)
            case _:
                raise Lost(f"the socket was closed ({self._stream.close_code})")

    async def close(self) -> None:
        """Let go of it; never raises for a socket that is gone already."""
        await self._stream.close()


async def _once(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
    """aiohttp repeats a GET, PUT or DELETE once when a kept-alive connection breaks, though the first may have worked.

    It does so for its own exceptions only. Naming them here by what they mean leaves it nothing to repeat.
    """
    try:
        return await handler(request)
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
        raise NotSent(_named(error)) from None
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        raise NoAnswer(_named(error)) from None


def _named(error: Exception) -> str:
    """The kind of failure without its text, in which a signed address or a listen key may stand."""
    number = getattr(error, "errno", None)
    return type(error).__name__ + (f" (errno {number})" if number else "")
