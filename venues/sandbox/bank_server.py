"""The bank's own port: two calls in JSON, without keys. See `bank` for what happens behind it."""

from typing import Any, Final
from urllib.parse import parse_qs

import msgspec
from aiohttp import web

from engine.kernel.clock import iso
from venues.sandbox.answering import response
from venues.sandbox.bank import Bank, Payout, Wish, status
from venues.sandbox.clock import MarketClock
from venues.sandbox.door import Answer

WITHDRAW: Final = "/mock/v1/fiat/withdraw"


class BankServer:
    """The bank on a loopback port."""

    def __init__(self, bank: Bank, clock: MarketClock) -> None:
        self.bank, self._clock = bank, clock
        self._runner: web.ServerRunner | None = None

    async def start(self, host: str) -> str:
        """Listen on a free port; the address."""
        self._runner = web.ServerRunner(web.Server(self._handle, access_log=None), shutdown_timeout=0.2)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, 0).start()
        return f"http://{host}:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Close every connection."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        path, _, query = request.raw_path.partition("?")
        return response(self.answer(request.method, path, query, await request.read()))

    def answer(self, method: str, path: str, query: str, body: bytes) -> Answer:
        """Ask for a payout, or for what became of one."""
        if path != WITHDRAW or method not in ("POST", "GET"):
            return _said(404, {"error": "not_found"})
        if method == "GET":
            named = parse_qs(query).get("clientOrderId", [""])[0]
            found = self.bank.payout(named)
            return _said(404, {"error": "not_found"}) if found is None else _said(200, self._row(found))
        try:
            wish = msgspec.json.decode(body, type=Wish)
        except msgspec.DecodeError as bad:
            return _said(400, {"error": "bad_request", "detail": str(bad)})
        done = self.bank.withdraw(wish, self._clock.market())
        if isinstance(done, Payout):
            return _said(200, self._row(done))
        return _said(400, {"error": done.value})

    def _row(self, payout: Payout) -> dict[str, Any]:
        return {
            **msgspec.to_builtins(payout.wish),
            "id": payout.id,
            "status": status(payout, self._clock.market()).value,
            "requestedAt": iso(payout.requested_at),
            "valueDate": payout.value_date.isoformat(),
            "settlesAt": iso(payout.settles_at),
        }


def _said(code: int, value: dict[str, Any]) -> Answer:
    return Answer(code, msgspec.json.encode(value))
