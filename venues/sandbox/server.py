"""One venue of the sandbox on a loopback port: REST and sockets in its dialect, a scaled clock and a fault plan.

The exchange is synchronous and knows no time; here it is moved along, told of what arrives, and its news is sent on.
It listens on 127.0.0.1 and nowhere else. Whatever goes wrong on purpose goes wrong here, between wire and exchange;
what it looks like in the venue's own words the dialect knows.
"""

import asyncio
import errno
import socket
import struct
from collections.abc import Coroutine, Mapping
from typing import Any, Final, Protocol, runtime_checkable

from aiohttp import web
from msgspec.structs import replace

from engine.kernel.clock import MILLISECOND, SECOND, Instant, Span
from engine.kernel.errors import BadInput, Mistake
from venues.sandbox import control
from venues.sandbox.answering import failure, in_pieces, patient, response
from venues.sandbox.clock import MarketClock
from venues.sandbox.dealer import Dealer
from venues.sandbox.dialects import DIALECTS
from venues.sandbox.door import Account, Answer, Call, House
from venues.sandbox.exchange import Exchange
from venues.sandbox.faults import Channel, Do, Faults
from venues.sandbox.limits import Limits
from venues.sandbox.model import Mode
from venues.sandbox.schedule import Schedule, turns
from venues.sandbox.spoiling import spoilt

HOST: Final = "127.0.0.1"
BEAT: Final = Span(25 * MILLISECOND)
"""How often the exchange is moved along when nobody asks anything of it."""
HANG: Final = Span(SECOND)
"""How long a caller who will get no answer is kept waiting, unless the plan says otherwise."""
_RESET: Final = struct.pack("ii", 1, 0)  # SO_LINGER: on, and no time to linger


@runtime_checkable
class Hittable(Protocol):
    """An exchange on which a passer-by can be made to take a certain resting order."""

    def hit(self, account: str, client_id: str) -> None:
        """Trade with all that rests of this order, at its own price; nothing when it does not rest."""


class SandboxServer:
    """One exchange, served to its clients in one dialect."""

    def __init__(
        self,
        exchange: Exchange,
        accounts: Mapping[str, Account | tuple[str, str]],
        clock: MarketClock,
        faults: Faults,
        *,
        speaks: str = "hashkey",
        dealer: Dealer | None = None,
        options: Mapping[str, str] | None = None,
        limits: Limits | None = None,
        seed: int = 0,
        hang: Span = HANG,
    ) -> None:
        """`accounts` gives each API key its account (or name and secret); without `limits` anyone asks at any pace.

        `BadInput` for a plan that cannot be played here, `ValueError` for an option that the dialect does not know.
        """
        if not isinstance(exchange, Hittable) and faults.uses(Do.RACE):
            raise BadInput([Mistake("faults", "this exchange has nobody who could win a race")])
        self.exchange, self.clock, self.faults = exchange, clock.beside(), faults
        if faults.uses(Do.STALE):
            exchange.remember()
        house = House(
            exchange=exchange,
            dealer=dealer or Dealer(exchange, seed=seed, venue=speaks),
            accounts={k: a if isinstance(a, Account) else Account(*a) for k, a in accounts.items()},
            clock=self.clock,
            faults=faults,
            limits=limits,
            seed=seed,
            options=options or {},
        )
        self.dialect = DIALECTS[speaks](house)
        self.peers: dict[str, SandboxServer] = {speaks: self}
        """Every venue whose mode can be set through this port."""
        self.dark = False
        timed = turns(clock.origin, faults.modes, faults.skews, switch=self.switch, skew=self._set_skew)
        self._schedule = Schedule(timed)
        self._hang = hang
        self._banned_until, self._ban_span = 0, Span(0)
        self._spared: asyncio.Transport | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._broken: asyncio.Future[None] | None = None
        self._web = web.Server(self._handle, access_log=None)
        self._runner: web.ServerRunner | None = None

    async def start(self, port: int = 0) -> str:
        """Listen; the address, or `BadInput` when the port is taken."""
        runner = web.ServerRunner(self._web, shutdown_timeout=0.2)
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
        await self.dialect.close()
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

    def switch(self, mode: Mode | None, symbol: str | None = None, sweep: bool = False) -> None:
        """Receive clients in this mode from now on; `None` is dark: nobody is let in, and the market goes on inside.

        With a pair, that pair alone is halted, or resumed for `NORMAL`.
        """
        if symbol is not None:
            (self.exchange.resume if mode is Mode.NORMAL else self.exchange.halt)(symbol)
        else:
            self.dark = mode is None
            self.exchange.mode = mode or Mode.NORMAL
        if sweep:
            self.exchange.sweep()
        if mode is None:
            self._cut_all()
        elif mode is Mode.MAINTENANCE and self._runner is not None:
            self._supervise(self.dialect.close())

    def _set_skew(self, by: int) -> None:
        self.clock.skew = by

    def _cut_all(self) -> None:
        for connection in list(self._web.connections):
            if connection.transport is not None and connection.transport is not self._spared:
                connection.transport.abort()

    def _come(self) -> None:
        """Bring the market to the present, with all that the plan has in store on the way."""
        market = self.clock.market()
        self._schedule.run(market, self.exchange.advance)
        self.exchange.advance(market)

    async def _beat(self) -> None:
        while True:
            self._come()
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
        self.dialect.show(self.exchange.take_private(), self.exchange.take_public())

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        path, _, query = request.raw_path.partition("?")
        if path == control.MODE:
            body = await request.read()
            self._spared = request.transport  # whoever asks for the dark still hears that it came
            answer = control.set_mode(self.peers, self.dialect.name, request.method, body)
            self._spared = None
            return response(answer)
        if self.dark:
            return self._vanish(request)
        if path.startswith(control.PREFIX):
            return response(control.clock(self.clock, path))
        headers = {name.lower(): value for name, value in request.headers.items()}
        key = next((headers[name] for name in self.dialect.key_headers if name in headers), "")
        self._come()
        if self.dialect.is_stream(path):
            call = Call(request.method, path, query, "", key, headers, request.remote or "")
            return await self._through_handshake(request, call)
        # undecodable bytes are carried along, since the signature is over bytes
        text = (await request.read()).decode(errors="surrogateescape")
        call = Call(request.method, path, query, text, key, headers, request.remote or "")
        if (op := self.dialect.op(call)) is None:
            return response(self.dialect.answer(call))
        return await self._through_faults(request, call, op)

    async def _through_handshake(self, request: web.BaseRequest, call: Call) -> web.StreamResponse:
        if self.exchange.mode is Mode.MAINTENANCE:
            return response(self.dialect.closed())
        private = self.dialect.streams.get("ws_private")
        channel = Channel.PRIVATE if private is not None and call.path.startswith(private) else Channel.PUBLIC
        for fault in self.faults.at(channel, "connect"):
            match fault.do:
                case Do.DELAY:
                    await asyncio.sleep(fault.span / SECOND)
                case Do.CUT:
                    return self._vanish(request)
                case Do.DROP:
                    return await self._no_answer(request, fault.span or self._hang)
                case _:
                    return response(failure(self.dialect, fault))
        return await self.dialect.stream(request, call)

    async def _through_faults(self, request: web.BaseRequest, call: Call, op: str) -> web.StreamResponse:
        if self.clock.mono() < self._banned_until:
            return response(self._ban(self._ban_span))
        copies, lag = 1, Span(0)
        for fault in self.faults.at(Channel.REQUEST, op):
            match fault.do:
                case Do.DELAY:
                    await asyncio.sleep(fault.span / SECOND)
                case Do.DUP:
                    copies += fault.count
                case Do.RACE:
                    self._race(call)
                case Do.STALE:
                    lag = fault.span
                case Do.LATE:
                    self._apply_later(call, fault.span)
                    return await self._no_answer(request, Span(min(fault.span, self._hang)))
                case Do.DROP:
                    return await self._no_answer(request, fault.span or self._hang)
                case Do.RESET:
                    return self._reset(request)
                case Do.BAN:
                    return response(self._ban(fault.span))
                case _:
                    return response(failure(self.dialect, fault))
        answer = self._answer(call, lag)
        for _ in range(copies - 1):
            self._answer(call)
        self._show()
        return await self._on_its_way(request, op, answer)

    async def _on_its_way(self, request: web.BaseRequest, op: str, answer: Answer) -> web.StreamResponse:
        pieces = 0
        for fault in self.faults.at(Channel.ANSWER, op):
            match fault.do:
                case Do.DELAY:
                    await asyncio.sleep(fault.span / SECOND)
                case Do.DROP:
                    return await self._no_answer(request, fault.span)
                case Do.RESET:
                    return self._reset(request)
                case Do.SPLIT:
                    pieces = fault.count
                case Do.EXPIRE:
                    asyncio.get_running_loop().call_later(fault.span / SECOND, self.dialect.expire)
                case Do.CORRUPT | Do.TRUNCATE:
                    answer = replace(answer, body=spoilt(answer.body, fault))
                case _:
                    return response(failure(self.dialect, fault))
        return await in_pieces(request, answer, pieces) if pieces else response(answer)

    def _answer(self, call: Call, lag: Span = Span(0)) -> Answer:  # noqa: B008 - a number
        self._come()
        if self.exchange.mode is Mode.MAINTENANCE:
            return self.dialect.closed()
        if not lag:
            return self.dialect.answer(call)
        with self.exchange.seen_at(Instant(self.exchange.now - lag)):
            return self.dialect.answer(call)

    def _ban(self, span: Span) -> Answer:
        """Whoever asks on while banned is banned anew."""
        self._ban_span, self._banned_until = span, self.clock.mono() + span
        return patient(self.dialect.limited(418), span)

    def _race(self, call: Call) -> None:
        row = self.dialect.named_order(call)
        if row is not None and isinstance(self.exchange, Hittable):
            self._come()
            self.exchange.hit(row.account, row.client_id)

    def _apply_later(self, call: Call, span: Span) -> None:
        async def arrive() -> None:
            await asyncio.sleep(span / SECOND)
            self._answer(call)  # judged by the time of arrival: too old is refused
            self._show()

        self._supervise(arrive())

    async def _no_answer(self, request: web.BaseRequest, after: Span) -> web.Response:
        """Keep the caller waiting, then close the connection under the request."""
        await asyncio.sleep(after / SECOND)
        if request.transport is not None:
            request.transport.close()
        return web.Response()  # goes nowhere

    def _vanish(self, request: web.BaseRequest) -> web.Response:
        if request.transport is not None:
            request.transport.abort()
        return web.Response()  # goes nowhere

    def _reset(self, request: web.BaseRequest) -> web.Response:
        """The peer sees a reset connection; where there is no real socket, one that is gone."""
        if request.transport is not None and (wire := request.transport.get_extra_info("socket")) is not None:
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        return self._vanish(request)
