"""The custodian's own port: JSON, without keys, on loopback. See `custodian` for what happens behind it.

A venue that is dark or slow changes nothing here. Faults meet a call on its way in and its answer on the way out,
under the ops `custody.ask`, `custody.look` and `custody.holdings`.
"""

import asyncio
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import parse_qs

import msgspec
from aiohttp import web
from msgspec import Struct
from msgspec.structs import replace

from engine.kernel.clock import SECOND, Span, iso, parse_span, show_span
from engine.kernel.money import plain
from venues.sandbox.answering import response
from venues.sandbox.clock import MarketClock
from venues.sandbox.custodian import Custodian, Manner, Movement, Wish, row
from venues.sandbox.door import Answer
from venues.sandbox.faults import Channel, Do, Fault, Faults
from venues.sandbox.spoiling import spoilt

TRANCHES: Final = "/sandbox/v1/custody/tranches"
HOLDINGS: Final = "/sandbox/v1/custody/holdings"
MANNER: Final = "/sandbox/v1/custody/manner"
"""For those who rehearse: how the custodian's people behave from now on. No fault meets it."""
HANG: Final = Span(SECOND)
"""How long a caller who will get no answer is kept waiting, unless the plan says otherwise."""
_OPS: Final = {
    ("POST", TRANCHES): "custody.ask",
    ("GET", TRANCHES): "custody.look",
    ("GET", HOLDINGS): "custody.holdings",
}


class _Manner(Struct, forbid_unknown_fields=True):
    handling: str | None = None
    block: str | None = None
    confirmations: int | None = None
    refuse: str | None = None


class _Lost(Exception):
    """The caller hears nothing, after this many nanoseconds."""

    def __init__(self, after: Span) -> None:
        super().__init__(after)
        self.after = after


class CustodianServer:
    """The custodian on a loopback port."""

    def __init__(self, custodian: Custodian, clock: MarketClock, faults: Faults) -> None:
        self.custodian, self.faults, self._clock = custodian, faults, clock
        self._runner: web.ServerRunner | None = None
        self._late: set[asyncio.TimerHandle] = set()

    async def start(self, host: str) -> str:
        """Listen on a free port; the address."""
        self._runner = web.ServerRunner(web.Server(self._handle, access_log=None), shutdown_timeout=0.2)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, 0).start()
        return f"http://{host}:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Close every connection."""
        for timer in self._late:
            timer.cancel()
        if self._runner is not None:
            await self._runner.cleanup()

    def truth(self) -> dict[str, Any]:
        """What the custodian knows, and which faults were injected."""
        injected = {f"{channel} {op} {do}": n for (channel, op, do), n in sorted(self.faults.injected.items())}
        return {**self.custodian.truth(self._clock.market()), "faults_injected": injected}

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        path, _, query = request.raw_path.partition("?")
        body = await request.read()
        op = _OPS.get((request.method, path))
        if op is None:
            return response(self.answer(request.method, path, query, body))
        try:
            return response(await self._through_faults(op, lambda: self.answer(request.method, path, query, body)))
        except _Lost as lost:
            await asyncio.sleep(lost.after / SECOND)
            if request.transport is not None:
                request.transport.close()
            return web.Response()  # goes nowhere

    async def _through_faults(self, op: str, apply: Callable[[], Answer]) -> Answer:
        copies = 1
        for fault in self.faults.at(Channel.REQUEST, op):
            match fault.do:
                case Do.DELAY:
                    await asyncio.sleep(fault.span / SECOND)
                case Do.DUP:
                    copies += fault.count
                case Do.LATE:
                    self._apply_later(apply, fault.span)
                    raise _Lost(Span(min(fault.span, HANG)))
                case _:
                    return _failed(fault)
        answer = [apply() for _ in range(copies)][-1]
        for fault in self.faults.at(Channel.ANSWER, op):
            match fault.do:
                case Do.DELAY:
                    await asyncio.sleep(fault.span / SECOND)
                case Do.CORRUPT | Do.TRUNCATE:
                    answer = replace(answer, body=spoilt(answer.body, fault))
                case _:
                    return _failed(fault)
        return answer

    def _apply_later(self, apply: Callable[[], Answer], span: Span) -> None:
        self._late.add(asyncio.get_running_loop().call_later(span / SECOND, apply))

    def answer(self, method: str, path: str, query: str, body: bytes) -> Answer:
        """Lodge a request, ask what became of one, ask what lies in a vault, or change the custodian's manner."""
        asked = {name: values[0] for name, values in parse_qs(query).items()}
        if (method, path) == ("POST", TRANCHES):
            return self._ask(body)
        if (method, path) == ("GET", TRANCHES):
            found = self.custodian.movement(asked.get("id", ""))
            return _said(404, {"error": "not_found"}) if found is None else self._row(found)
        if (method, path) == ("GET", HOLDINGS):
            return self._holdings(asked.get("owner", ""))
        if (method, path) == ("POST", MANNER):
            return self._change(body)
        return _said(404, {"error": f"nothing is served at {method} {path}"})

    def _ask(self, body: bytes) -> Answer:
        try:
            wish = msgspec.json.decode(body, type=Wish)
        except (msgspec.DecodeError, UnicodeDecodeError) as bad:
            return _said(400, {"error": "bad_request", "detail": str(bad)})
        done = self.custodian.ask(wish, self._clock.market())
        return self._row(done) if isinstance(done, Movement) else _said(400, {"error": done.value})

    def _row(self, movement: Movement) -> Answer:
        return _said(200, row(movement, self._clock.market()))

    def _holdings(self, owner: str) -> Answer:
        at = self._clock.market()
        held = self.custodian.holdings(owner, at)
        if held is None:
            return _said(404, {"error": "unknown_owner"})
        return _said(
            200, {"owner": owner, "at": iso(at), "holdings": {name: plain(units) for name, units in held.items()}}
        )

    def _change(self, body: bytes) -> Answer:
        try:
            self.custodian.manner = _changed(self.custodian.manner, msgspec.json.decode(body, type=_Manner))
        except (msgspec.DecodeError, ValueError) as bad:
            return _said(400, {"error": str(bad)})
        manner = self.custodian.manner
        spans = {"handling": show_span(manner.handling), "block": show_span(manner.block)}
        return _said(200, {**spans, "confirmations": manner.confirmations, "refuse": manner.refuse})


def _changed(manner: Manner, wish: _Manner) -> Manner:
    """`ValueError` for what is no length of time or no number of confirmations."""
    if wish.confirmations is not None and wish.confirmations < 0:
        raise ValueError(f"confirmations: {wish.confirmations} is below nothing")
    return Manner(
        handling=manner.handling if wish.handling is None else parse_span(wish.handling),
        block=manner.block if wish.block is None else parse_span(wish.block),
        confirmations=manner.confirmations if wish.confirmations is None else wish.confirmations,
        refuse=manner.refuse if wish.refuse is None else wish.refuse,
    )


def _failed(fault: Fault) -> Answer:
    """What comes back in place of an answer; `_Lost` when nothing does."""
    match fault.do:
        case Do.STATUS:
            return _said(fault.status, {"error": f"status {fault.status}"})
        case Do.REPLACE:
            return Answer(fault.status, fault.body.encode(), fault.content_type)
        case Do.CODE:
            return _said(400, {"error": fault.code})
        case Do.BAN:
            return _said(418, {"error": "banned"})
        case _:
            raise _Lost(fault.span or HANG)


def _said(code: int, value: dict[str, Any]) -> Answer:
    return Answer(code, msgspec.json.encode(value))
