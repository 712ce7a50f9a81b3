"""One try to reach one receiver, with a real program and a real server on this machine."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
from aiohttp import web

from engine.drivers.delivering import Failed, Message, way
from engine.kernel.clock import MILLISECOND, SECOND, Span
from engine.receivers import Kind, Receiver

HALT = Message(
    what="raised",
    cause="halt",
    key="run",
    text="halted: „“ and a\nline",
    grave=True,
    run="20260502-x",
    case="CASE-1",
    environment="sandbox",
    at="2026-05-02T00:00:00.000000Z",
    wall="2026-05-02T00:00:00.000000Z",
    repeats=0,
)
TEN = Span(10 * SECOND)
Handler = Callable[[web.Request], Awaitable[web.Response]]


def program(text: str, *arguments: str, timeout: Span = TEN) -> Receiver:
    return Receiver(kind=Kind.COMMAND, run=(sys.executable, "-c", text, *arguments), timeout=timeout)


def hook(url: str, timeout: Span = TEN) -> Receiver:
    return Receiver(kind=Kind.WEBHOOK, url=url, timeout=timeout)


async def tried(receiver: Receiver, environment: str = "sandbox") -> Failed | None:
    return await way(receiver, environment)(HALT)


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[str]:
    """The address of a server on this machine that answers every request so."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/alarms"
    finally:
        await runner.cleanup()


async def _hang(request: web.Request) -> web.Response:
    await asyncio.get_running_loop().create_future()
    return web.Response()


async def test_a_command_reads_the_message_as_one_line_and_the_cause_from_its_environment(tmp_path: Path) -> None:
    text = "import os, sys; open(sys.argv[1], 'w').write(os.environ['STEELYARD_CAUSE'] + ' ' + sys.stdin.read())"
    assert await tried(program(text, str(tmp_path / "told"))) is None
    cause, _, line = (tmp_path / "told").read_text().partition(" ")
    assert (cause, line.count("\n"), line[-1]) == ("halt", 1, "\n")
    assert msgspec.json.decode(line, type=Message) == HALT


async def test_a_command_sees_none_of_our_own_variables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Venue keys are among them."""
    monkeypatch.setenv("STEELYARD_PRODUCTION_HASHKEY_SECRET", "a secret")
    monkeypatch.setenv("PAGER_TOKEN", "the pager's own")
    text = "import os, sys; open(sys.argv[1], 'w').write(repr(dict(os.environ)))"
    assert await tried(program(text, str(tmp_path / "told"))) is None
    seen = (tmp_path / "told").read_text()
    assert "a secret" not in seen
    assert "the pager's own" in seen


async def test_a_command_that_ends_otherwise_than_with_0_has_not_told_it() -> None:
    assert await tried(program("raise SystemExit(3)")) == Failed("ended with 3")


async def test_a_command_that_reads_nothing_and_ends_with_0_will_do() -> None:
    assert await tried(program("pass")) is None


async def test_a_command_that_is_not_there_fails_for_good() -> None:
    failed = await tried(Receiver(kind=Kind.COMMAND, run=("/nowhere/page",)))
    assert failed is not None
    assert failed.final


async def test_a_command_that_hangs_dies_with_its_children_when_its_time_is_over(tmp_path: Path) -> None:
    """Its child keeps a pipe open; once that reads as ended, the child is gone."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    text = "import subprocess, sys; subprocess.run(['sleep', '600'], stdout=open(sys.argv[1], 'w'))"
    failed = await tried(program(text, str(pipe), timeout=Span(300 * MILLISECOND)))
    os.set_blocking(reading, True)
    assert failed == Failed("not done after 300ms")
    assert os.read(reading, 1) == b""
    os.close(reading)


async def test_a_webhook_gets_the_message_as_json() -> None:
    got: list[tuple[str, str, bytes]] = []

    async def take(request: web.Request) -> web.Response:
        got.append((request.method, request.content_type, await request.read()))
        return web.Response(status=204)

    async with serving(take) as url:
        assert await tried(hook(url)) is None
    ((method, content, body),) = got
    assert (method, content, msgspec.json.decode(body, type=Message)) == ("POST", "application/json", HALT)


@pytest.mark.parametrize(("status", "final"), [(500, False), (503, False), (429, False), (404, True), (401, True)])
async def test_an_answer_other_than_of_the_200s_is_no_receipt(status: int, final: bool) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=status)

    async with serving(answer) as url:
        assert await tried(hook(url)) == Failed(f"answered {status}", final=final)


async def test_nobody_follows_an_answer_that_points_elsewhere() -> None:
    seen: list[str] = []

    async def point(request: web.Request) -> web.Response:
        seen.append(request.path)
        return web.Response(status=307, headers={"Location": "/elsewhere"})

    async with serving(point) as url:
        assert await tried(hook(url)) == Failed("answered 307", final=True)
    assert seen == ["/alarms"]


async def test_a_server_that_is_not_there_may_be_tried_again() -> None:
    async with serving(_hang) as url:
        pass
    failed = await tried(hook(url))
    assert failed is not None
    assert not failed.final


async def test_a_server_that_hangs_is_left_when_its_time_is_over() -> None:
    async with serving(_hang) as url:
        assert await tried(hook(url, timeout=Span(100 * MILLISECOND))) == Failed("no answer after 100ms")


@pytest.mark.parametrize("environment", ["sandbox", ""])
@pytest.mark.parametrize("url", ["https://pager.example/alarms", "http://10.0.0.7:80/", "http://127.0.0.1.example/"])
async def test_from_a_sandbox_nothing_is_sent_to_another_machine(
    url: str, environment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even a name is asked for."""
    monkeypatch.setattr("aiohttp.ClientSession.__init__", lambda *_, **__: pytest.fail("a connection was made ready"))
    failed = await tried(hook(url), environment)
    assert failed is not None
    assert failed.final
    assert "is not this machine; a sandbox tells nobody else" in failed.reason


async def test_proxies_of_the_environment_are_not_for_us(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")

    async def take(request: web.Request) -> web.Response:
        return web.Response()

    async with serving(take) as url:
        assert await tried(hook(url)) is None
