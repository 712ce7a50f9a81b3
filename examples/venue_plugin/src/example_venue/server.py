"""The Village Exchange over HTTP, on loopback: what it understands, what it answers, and how it knows its customer."""

import hmac
import json
from collections.abc import Awaitable, Callable
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from aiohttp import web

from engine.kernel.clock import iso
from engine.kernel.money import trimmed
from example_venue.exchange import Refusal, Village, millis
from venues.sandbox.clock import MarketClock

WINDOW_MS: Final = 5000
"""A request that was sealed longer ago is too late."""
STATUS: Final = {"unknown": 404, "ref": 409, "ended": 409, "stranger": 401, "seal": 401, "late": 401, "shut": 503}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Town:
    """An exchange, a clock and one customer, behind a door."""

    def __init__(self, village: Village, clock: MarketClock, key: str, secret: str) -> None:
        self.village, self.clock = village, clock
        self.shut = False
        self._key, self._secret = key, secret

    def app(self, *doors: Any) -> web.Application:
        """The HTTP application; `doors` are middlewares that stand before everything else."""
        app = web.Application(middlewares=[*doors, self._door])
        app.add_routes(
            [
                web.get("/pairs", self._pairs),
                web.get("/board/{pair}", self._board),
                web.get("/clock", self._clock),
                web.get("/sandbox/v1/clock", self._pace),
                web.get("/key", self._may),
                web.get("/ledger", self._ledger),
                web.post("/orders", self._place),
                web.delete("/orders/{ref}", self._cancel),
            ]
        )
        return app

    @web.middleware
    async def _door(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            if self.shut:
                raise Refusal("shut", "the market is closed for the day")
            if request.path.startswith(("/key", "/ledger", "/orders")):
                self._known(request, await request.read())
            self.village.think()
            return await handler(request)
        except Refusal as refusal:
            said = {"no": refusal.word, "why": refusal.why}
            return web.json_response(said, status=STATUS.get(refusal.word, 400))

    def _known(self, request: web.Request, body: bytes) -> None:
        if request.headers.get("Village-Key") != self._key:
            raise Refusal("stranger", "nobody here knows this key")
        ms = request.headers.get("Village-Time", "")
        text = f"{request.method}\n{request.raw_path}\n{ms}\n".encode() + body
        good = hmac.new(self._secret.encode(), text, "sha256").hexdigest()
        if not hmac.compare_digest(good, request.headers.get("Village-Seal", "")):
            raise Refusal("seal", "the seal is not yours")
        if abs(millis(self.clock.wall()) - int(ms)) > WINDOW_MS:
            raise Refusal("late", "the seal is too old, or of tomorrow")

    async def _pairs(self, request: web.Request) -> web.Response:
        return web.json_response(
            [
                {
                    "pair": one.pair, "base": one.base, "quote": one.quote, "tick": trimmed(one.tick),
                    "lot": trimmed(one.lot), "least": trimmed(one.least), "most": trimmed(one.most),
                    "least_value": trimmed(one.least_value), "most_value": trimmed(one.most_value), "open": one.open,
                }
                for one in self.village.listings.values()
            ]
        )  # fmt: skip

    async def _board(self, request: web.Request) -> web.Response:
        pair, after = request.match_info["pair"], int(request.query.get("after", "0"))
        board = self.village.boards.get(pair)
        if board is None:
            raise Refusal("pair", f"nobody trades {pair} here")
        return web.json_response(
            {
                "version": board.version,
                "ms": millis(board.at),
                "bids": [[trimmed(price), trimmed(size)] for price, size in board.bids],
                "asks": [[trimmed(price), trimmed(size)] for price, size in self.village.asks(pair)],
                "passed": [
                    {
                        "number": row.number, "price": trimmed(row.price), "size": trimmed(row.size),
                        "buyer_waited": row.buyer_waited, "ms": millis(row.at),
                    }
                    for row in board.passed
                    if row.number > after
                ],
            }
        )  # fmt: skip

    async def _clock(self, request: web.Request) -> web.Response:
        return web.json_response({"ms": millis(self.clock.wall())})

    async def _pace(self, request: web.Request) -> web.Response:
        """Not of the exchange: by what clock this one lives, for an engine that is pointed at it."""
        clock = self.clock
        origin, began = iso(clock.origin), iso(clock.started_wall)
        return web.json_response({"origin": origin, "started_wall": began, "speed": trimmed(clock.speed)})

    async def _may(self, request: web.Request) -> web.Response:
        return web.json_response({"sell": True, "withdraw": False})

    async def _ledger(self, request: web.Request) -> web.Response:
        after, village = int(request.query.get("after", "0")), self.village
        return web.json_response(
            {
                "count": village.count,
                "orders": [_shown(order) for order in village.orders.values() if order.change > after],
                "trades": [
                    {
                        "number": t.number, "order": t.order, "ref": t.ref, "pair": t.pair, "size": trimmed(t.size),
                        "price": trimmed(t.price), "fee": trimmed(t.fee), "fee_in": t.fee_in, "maker": t.maker,
                        "ms": millis(t.at),
                    }
                    for t in village.trades
                    if t.change > after
                ],
                "purse": {name: [trimmed(p.free), trimmed(p.locked)] for name, p in village.purse.items()},
            }
        )  # fmt: skip

    async def _place(self, request: web.Request) -> web.Response:
        asked = json.loads(await request.read())
        try:
            size, limit = Decimal(asked["size"]), Decimal(asked["limit"])
        except InvalidOperation:
            raise Refusal("size", "size and limit are decimal numbers") from None
        stays = asked["life"] == "stay"
        return web.json_response(_shown(self.village.place(asked["ref"], asked["pair"], size, limit, stays=stays)))

    async def _cancel(self, request: web.Request) -> web.Response:
        return web.json_response(_shown(self.village.cancel(request.match_info["ref"])))


def _shown(order: Any) -> dict[str, Any]:
    return {
        "number": order.number, "ref": order.ref, "pair": order.pair, "size": trimmed(order.size),
        "limit": trimmed(order.limit), "sold": trimmed(order.sold), "state": order.state, "ms": millis(order.at),
    }  # fmt: skip
