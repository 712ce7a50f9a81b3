"""The network as aiohttp gives it: sent once, and a failure says whether anything can have left."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from engine.kernel.clock import MILLISECOND, SECOND, Span
from venues.transport import AiohttpTransport, HttpRequest, Lost, NoAnswer, NotSent

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


@asynccontextmanager
async def server(talk: Talk) -> AsyncIterator[str]:
    """A bare socket that says exactly what a test wants said."""
    writers = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        try:
            await talk(reader, writer)
        finally:
            writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    finally:
        listening.close()
        for writer in writers:
            writer.close()


@asynccontextmanager
async def transport(**options: int) -> AsyncIterator[AiohttpTransport]:
    network = AiohttpTransport(**options)
    try:
        yield network
    finally:
        await network.aclose()


async def request_of(reader: asyncio.StreamReader) -> bytes:
    """Head and body of the next request; empty when the client has gone."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return b""
    length = next((int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")), 0)
    return head + await reader.readexactly(length)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "POST"])
async def test_a_connection_that_breaks_after_the_request_was_read_is_no_reason_to_send_it_again(method: str) -> None:
    """One good call keeps the connection alive; the server reads the second one and hangs up without an answer."""
    arrived: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        arrived.append(await request_of(reader))
        writer.write(OK)
        arrived.append(await request_of(reader))

    async with server(talk) as url, transport() as network:
        assert (await network.call(HttpRequest("GET", f"{url}/first", {}))).status == 200
        with pytest.raises(NoAnswer):
            await network.call(HttpRequest(method, f"{url}/second", {}, b"clientOrderId=o-1"))
        await asyncio.sleep(0.05)  # a repetition would come at once
    assert [line.split()[1] for line in arrived if line] == [b"/first", b"/second"]


async def test_a_refused_connection_is_certainly_not_sent() -> None:
    """Nobody listens on a port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    async with transport() as network:
        with pytest.raises(NotSent):
            await network.call(HttpRequest("POST", f"http://127.0.0.1:{port}/order", {}, b"a=1"))
        with pytest.raises(Lost):
            await network.connect(f"ws://127.0.0.1:{port}/stream")


async def test_silence_after_the_request_is_no_answer() -> None:
    """The server reads and says nothing; the whole call has 200 ms."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        await reader.read()

    async with server(talk) as url, transport(timeout=Span(200 * MILLISECOND)) as network:
        with pytest.raises(NoAnswer):
            await network.call(HttpRequest("POST", f"{url}/order", {}, b"a=1"))


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{", id="cut short"),
        pytest.param(b"\x00\xff\x00\xff\r\n\r\n", id="not HTTP"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n" + b"x" * 101, id="too large"),
        pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", id="broken chunks"),
    ],
)
async def test_an_answer_that_is_not_whole_is_no_answer(answer: bytes) -> None:
    """At most 100 bytes are read."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(answer)

    async with server(talk) as url, transport(body_bytes_max=100) as network:
        with pytest.raises(NoAnswer):
            await network.call(HttpRequest("DELETE", f"{url}/order", {}, b"a=1"))


async def test_redirects_are_not_followed_and_cookies_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """A redirect is an answer like any other; a proxy in the environment is not used."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    arrived: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while request := await request_of(reader):
            arrived.append(request)
            writer.write(
                b"HTTP/1.1 307 Go\r\nLocation: /elsewhere\r\nSet-Cookie: a=b; Path=/\r\nContent-Length: 0\r\n\r\n"
            )

    async with server(talk) as url, transport() as network:
        for _ in range(2):
            assert (await network.call(HttpRequest("POST", f"{url}/order", {}, b"a=1"))).status == 307
    assert len(arrived) == 2
    assert not any(b"cookie" in request.lower() for request in arrived)


async def test_the_signed_address_goes_out_exactly_as_it_was_signed() -> None:
    """A client that quotes the query anew would break the signature."""
    arrived: list[bytes] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        arrived.append(await request_of(reader))
        writer.write(OK)

    async with server(talk) as url, transport() as network:
        await network.call(HttpRequest("GET", f"{url}/order?b=2&a=1,2&c=%20-_.", {}))
    assert arrived[0].startswith(b"GET /order?b=2&a=1,2&c=%20-_. HTTP/1.1\r\n")


async def test_failures_name_neither_the_address_nor_the_key() -> None:
    """Addresses carry signatures and listen keys; headers carry the key."""
    request = HttpRequest("GET", "http://127.0.0.1:1/order?signature=5ec2e7", {"X-HK-APIKEY": "my-key"})
    async with transport() as network:
        with pytest.raises(NotSent) as failed:
            await network.call(request)
    said = f"{failed.value!r} {request!r}"
    assert "5ec2e7" not in said
    assert "my-key" not in said


def test_the_digest_is_of_method_path_and_body() -> None:
    """Computed by hand: SHA-256 of `POST/api/v1/spot/ordera=1`."""
    request = HttpRequest("POST", "http://127.0.0.1:9/api/v1/spot/order", {"A": "b"}, b"a=1")
    assert request.digest == "dd8fa9c886633b00cc9dbbfe0981cf1884fd482668067000a1f96ca64de5e6bf"


async def test_a_socket_outlives_the_timeout_of_a_call_and_its_end_is_told() -> None:
    """A call may take 100 ms; the socket is read for longer, is silent for a while, speaks, and is closed."""
    heard: list[str] = []

    async def stream(request: web.Request) -> web.WebSocketResponse:
        answer = web.WebSocketResponse()
        await answer.prepare(request)
        heard.append((await answer.receive()).data)
        await asyncio.sleep(0.15)
        await answer.send_str('{"a":1}')
        await answer.send_bytes(b"[]")
        await answer.close()
        return answer

    app = web.Application()
    app.router.add_get("/ws", stream)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    try:
        async with transport(timeout=Span(100 * MILLISECOND)) as network:
            opened = await network.connect(f"ws://127.0.0.1:{port}/ws")
            await opened.send("hello")
            assert await opened.receive(Span(20 * MILLISECOND)) is None
            assert await opened.receive(Span(SECOND)) == b'{"a":1}'
            assert await opened.receive(Span(SECOND)) == b"[]"
            with pytest.raises(Lost):
                await opened.receive(Span(SECOND))
            with pytest.raises(Lost):
                await opened.send("anyone there?")
            await opened.close()
            with pytest.raises(Lost):
                await network.connect(f"ws://127.0.0.1:{port}/elsewhere")
    finally:
        await runner.cleanup()
    assert heard == ["hello"]
