"""The sandbox on a loopback port: REST and both sockets, with a scaled clock and a fault plan.

The exchange is synchronous and knows no time; here it is moved along, told of what arrives, and its news is sent on.
It listens on 127.0.0.1 and nowhere else. Whatever goes wrong on purpose goes wrong here, between wire and exchange.
"""

import asyncio
import errno
import os
import signal
import sys
from collections.abc import Coroutine, Mapping
from decimal import Decimal
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final, Protocol, TextIO, runtime_checkable

import msgspec
from aiohttp import web
from msgspec import Struct, field

from engine.kernel import codec
from engine.kernel.clock import MILLISECOND, SECOND, Span, iso
from engine.kernel.errors import BadInput, Mistake
from engine.kernel.money import plain
from venues.sandbox import faults as planned
from venues.sandbox.clock import MarketClock
from venues.sandbox.desk import Account, Answer, Call, Desk
from venues.sandbox.exchange import Exchange
from venues.sandbox.faults import Channel, Do, Fault, FaultPlan, Faults
from venues.sandbox.hashkey_rest import ROUTES
from venues.sandbox.hashkey_ws import PRIVATE_PATH, PUBLIC_PATH, Streams
from venues.sandbox.limits import Limits

HOST: Final = "127.0.0.1"
BEAT: Final = Span(25 * MILLISECOND)
"""How often the exchange is moved along when nobody asks anything of it."""
HANG: Final = Span(SECOND)
"""How long a caller who will get no answer is kept waiting, unless the plan says otherwise."""
DEPTH_EVERY_MARKET: Final = Span(300 * MILLISECOND)
DEPTH_EVERY_WALL: Final = Span(50 * MILLISECOND)

_MEANINGS: Final = {
    "-1006": "Execution status unknown",
    "-1007": "Timeout waiting for response from server",
    "-1146": "Order creation timeout",
    "-1147": "Order cancellation timeout",
}


@runtime_checkable
class Hittable(Protocol):
    """An exchange on which a passer-by can be made to take a certain resting order."""

    def hit(self, account: str, client_id: str) -> None:
        """Trade with all that rests of this order, at its own price; nothing when it does not rest."""


class SandboxServer:
    """One exchange, served to its clients in HashKey's dialect."""

    def __init__(
        self,
        exchange: Exchange,
        accounts: Mapping[str, tuple[str, str]],
        clock: MarketClock,
        faults: Faults,
        *,
        limits: Limits | None = None,
        seed: int = 0,
        hang: Span = HANG,
    ) -> None:
        """`accounts` gives each API key its account and secret; without `limits` anyone may ask at any pace."""
        if not isinstance(exchange, Hittable) and any(rule.fault.do is Do.RACE for rule in faults.plan.rules):
            raise BadInput([Mistake("faults", "this exchange has nobody who could win a race")])
        self.exchange, self.clock, self.faults = exchange, clock, faults
        opened = {key: Account(name, secret) for key, (name, secret) in accounts.items()}
        self.desk = Desk(exchange, opened, clock, ROUTES, limits=limits, seed=seed)
        depth_every = max(DEPTH_EVERY_WALL, int(DEPTH_EVERY_MARKET / clock.speed))
        self._streams = Streams(self.desk, faults, depth_every=Span(depth_every))
        self._hang = hang
        self._tasks: set[asyncio.Task[None]] = set()
        self._broken: asyncio.Future[None] | None = None
        self._runner: web.ServerRunner | None = None

    async def start(self, port: int = 0) -> str:
        """Listen; the address, or `BadInput` when the port is taken."""
        runner = web.ServerRunner(web.Server(self._handle, access_log=None), shutdown_timeout=0.2)
        await runner.setup()
        try:
            await web.TCPSite(runner, HOST, port).start()
        except OSError as bad:
            await runner.cleanup()
            if bad.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise
            raise BadInput([Mistake("port", f"{HOST}:{port} cannot be had: {bad.strerror}")]) from None
        self._runner = runner
        self._broken = asyncio.get_running_loop().create_future()
        self._supervise(self._beat())
        return f"http://{HOST}:{runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Close every connection and leave the exchange as it stands."""
        for task in list(self._tasks):
            task.cancel()
        await self._streams.close()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def until_broken(self) -> None:
        """Returns never; raises what went wrong in the background, by nobody's plan."""
        assert self._broken is not None, "not started"
        await self._broken

    def truth(self) -> dict[str, Any]:
        """What the exchange knows, and which faults were injected."""
        injected = {f"{channel} {op} {do}": n for (channel, op, do), n in sorted(self.faults.injected.items())}
        return {**self.exchange.truth(), "faults_injected": injected}

    async def _beat(self) -> None:
        while True:
            self.exchange.advance(self.clock.market())
            self._show()
            await asyncio.sleep(BEAT / SECOND)

    def _supervise(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        wrong = None if task.cancelled() else task.exception()
        if wrong is not None and self._broken is not None and not self._broken.done():
            self._broken.set_exception(wrong)

    def _show(self) -> None:
        self._streams.show(self.exchange.take_private(), self.exchange.take_public())

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        path, _, query = request.raw_path.partition("?")
        if path == PUBLIC_PATH:
            return await self._streams.public(request)
        if path.startswith(PRIVATE_PATH):
            return await self._streams.private(request, path.removeprefix(PRIVATE_PATH))
        # undecodable bytes are carried along, since the signature is over bytes
        body = (await request.read()).decode(errors="surrogateescape")
        call = Call(request.method, path, query, body, request.headers.get("X-HK-APIKEY", ""))
        route = self.desk.route(call)
        if route is None:
            return _response(self.desk.answer(call))
        return await self._through_faults(request, call, route.op)

    async def _through_faults(self, request: web.BaseRequest, call: Call, op: str) -> web.StreamResponse:
        copies = 1
        for fault in self.faults.at(Channel.REQUEST, op):
            match fault.do:
                case Do.DELAY:
                    await asyncio.sleep(fault.span / SECOND)
                case Do.DUP:
                    copies += fault.count
                case Do.RACE:
                    self._race(call)
                case Do.LATE:
                    self._apply_later(call, fault.span)
                    return await self._no_answer(request, Span(min(fault.span, self._hang)))
                case Do.DROP:
                    return await self._no_answer(request, fault.span or self._hang)
                case _:
                    return _failure(fault)
        answer = self.desk.answer(call)
        for _ in range(copies - 1):
            self.desk.answer(call)
        self._show()
        for fault in self.faults.at(Channel.ANSWER, op):
            match fault.do:
                case Do.DELAY:
                    await asyncio.sleep(fault.span / SECOND)
                case Do.DROP:
                    return await self._no_answer(request, fault.span)
                case _:
                    return _failure(fault)
        return _response(answer)

    def _race(self, call: Call) -> None:
        row = self.desk.named_order(call)
        if row is not None and isinstance(self.exchange, Hittable):
            self.exchange.advance(self.clock.market())
            self.exchange.hit(row.account, row.client_id)

    def _apply_later(self, call: Call, span: Span) -> None:
        async def arrive() -> None:
            await asyncio.sleep(span / SECOND)
            self.desk.answer(call)  # judged by the time of arrival: too old is refused
            self._show()

        self._supervise(arrive())

    async def _no_answer(self, request: web.BaseRequest, after: Span) -> web.Response:
        """Keep the caller waiting, then close the connection under the request."""
        await asyncio.sleep(after / SECOND)
        if request.transport is not None:
            request.transport.close()
        return web.Response()  # goes nowhere


def _response(answer: Answer) -> web.Response:
    return web.Response(status=answer.status, body=answer.body, content_type="application/json")


def _failure(fault: Fault) -> web.Response:
    """What a proxy or the venue says in place of the answer."""
    if fault.do is Do.CODE:
        body = msgspec.json.encode({"code": fault.code, "msg": _MEANINGS.get(fault.code, "Internal error")})
        return web.Response(status=400, body=body, content_type="application/json")
    if fault.status in (418, 429):
        body = msgspec.json.encode({"code": "0003", "msg": "Rate limit exceeded"})
        return web.Response(status=fault.status, body=body, content_type="application/json")
    known = {status.value: status.phrase for status in HTTPStatus}
    what = f"{fault.status} {known.get(fault.status, 'Error')}"
    text = f"<html><head><title>{what}</title></head><body><h1>{what}</h1></body></html>"
    return web.Response(status=fault.status, text=text, content_type="text/html")


class ServeOptions(Struct, frozen=True, kw_only=True):
    """What `steelyard sandbox` was asked for."""

    dialect: str = "hashkey"
    port: int = 0
    seed: int = 1
    speed: Decimal = Decimal(1)
    faults: Path | None = None
    recorded: bool = True
    strict_tif: bool = False
    forbidden: bool = False
    """List also a pair that the lawful path never uses."""
    balances: Mapping[str, Decimal] = field(default_factory=lambda: {"BTC": Decimal(2)})
    truth: Path | None = None
    rate_limit: bool = True
    account: str = "desk"
    keys: int = 1
    """How many API keys open the account."""


def prepared(options: ServeOptions) -> tuple[SandboxServer, dict[str, str]]:
    """The server that the options ask for, not yet listening, and the secret of each key."""
    mistakes: list[Mistake] = []
    if options.dialect != "hashkey":
        mistakes.append(Mistake("dialect", f"{options.dialect!r} is not spoken here; hashkey is"))
    if not options.speed.is_finite() or options.speed <= 0:
        mistakes.append(Mistake("speed", f"must be above nothing: {options.speed}"))
    if not 0 <= options.port <= 65_535:
        mistakes.append(Mistake("port", f"not a port: {options.port}"))
    if options.keys < 1:
        mistakes.append(Mistake("keys", f"at least one is needed: {options.keys}"))
    mistakes += [
        Mistake("balance", f"{asset} must be a number not below nothing: {units}")
        for asset, units in options.balances.items()
        if not units.is_finite() or units < 0
    ]
    plan = FaultPlan(options.seed)
    if options.faults is not None:
        try:
            plan = planned.load(options.faults.read_bytes())
        except OSError as bad:
            mistakes.append(Mistake("faults", f"{options.faults}: {bad.strerror}"))
        except BadInput as bad:
            mistakes += bad.mistakes
    if mistakes:
        raise BadInput(mistakes)
    from venues.sandbox.listings import sandbox_exchange  # numpy comes with it

    exchange = sandbox_exchange(
        options.seed,
        balances={options.account: dict(options.balances)},
        recorded=options.recorded,
        strict_tif=options.strict_tif,
        forbidden=options.forbidden,
    )
    secrets = dict(_credentials(options.seed, n) for n in range(options.keys))
    server = SandboxServer(
        exchange,
        {key: (options.account, secret) for key, secret in secrets.items()},
        MarketClock(exchange.now, options.speed),
        Faults(plan),
        limits=Limits() if options.rate_limit else None,
        seed=options.seed,
    )
    return server, secrets


async def serve(options: ServeOptions, out: TextIO | None = None) -> None:
    """Serve until told to stop; one line of JSON on `out` (standard output) says that all is ready, and where."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    server, secrets = prepared(options)
    url = await server.start(options.port)
    try:
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, stop.set)
        loop.add_signal_handler(signal.SIGUSR1, _write_truth, server, options.truth)
        stream = out if out is not None else sys.stdout
        stream.write(msgspec.json.encode(ready_line(server, url, secrets)).decode() + "\n")
        stream.flush()
        await _first(stop.wait(), server.until_broken())
    finally:
        for name in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1):
            loop.remove_signal_handler(name)
        await server.stop()
        _write_truth(server, options.truth)


def ready_line(server: SandboxServer, url: str, secrets: Mapping[str, str]) -> dict[str, Any]:
    """Where the sandbox is, who may trade there, and how its clock runs."""
    streams = url.replace("http://", "ws://", 1)
    return {
        "venues": {
            "hashkey": {
                "rest": url,
                "ws_public": streams + PUBLIC_PATH,
                "ws_private": streams + PRIVATE_PATH.rstrip("/"),
                "accounts": [{"key": key, "secret": secret} for key, secret in secrets.items()],
            }
        },
        "clock": {"origin": iso(server.clock.origin), "speed": plain(server.clock.speed)},
    }


async def _first(*waits: Any) -> None:
    """Until one of these ends; what it raises is raised here."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    done, rest = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in rest:
        task.cancel()
    for task in done:
        task.result()


def _credentials(seed: int, n: int) -> tuple[str, str]:
    """A key and its secret: of the seed, since a loopback exchange keeps nothing that is worth guessing for."""
    key, secret = (sha256(f"{seed}|{what}|{n}".encode()).hexdigest() for what in ("key", "secret"))
    return f"sandbox-{key[:24]}", secret


def _write_truth(server: SandboxServer, path: Path | None) -> None:
    """All at once or not at all."""
    if path is None:
        return
    beside = path.with_name(path.name + ".part")
    with beside.open("wb") as file:
        file.write(codec.encode(server.truth()))
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
