"""A loopback server that answers by a script, in the words of ccxt's `hashkey`, and an account opened there."""

import json
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from engine.drivers.clocks import WallClock
from engine.kernel.clock import MILLISECOND, Instant, Span, of_millis
from engine.kernel.ids import ClientOrderId, LegId, Symbol, VenueName
from engine.kernel.money import Asset
from engine.orders.order import Approved, ChildOrder, TimeInForce
from engine.ports import Clock
from venues.generic.adapter import ADAPTER
from venues.generic.client import Client, Door, opened
from venues.generic.known import Known, known
from venues.generic.market import GenericMarket
from venues.generic.polling import Polling
from venues.generic.records import Round
from venues.generic.venue import GenericVenue
from venues.pacing import FreePacer, Pacing
from venues.secrets import Keys, Secret
from venues.stream import Backoff

KEY, SECRET = "canary-key-1", "canary-secret-2"
THERE, BTCUSDT, OURS = VenueName("there"), Symbol("BTCUSDT"), ClientOrderId("ord-1")
MILLIS = 1_790_000_010_000
SINCE = of_millis(MILLIS)
ORDER, OPEN, ENDED = "/api/v1/spot/order", "/api/v1/spot/openOrders", "/api/v1/spot/tradeOrders"
TRADES, ACCOUNT, TIME = "/api/v1/account/trades", "/api/v1/account", "/api/v1/time"
EVER = Instant(2**62)
BRIEF = Backoff("test", first=Span(2 * MILLISECOND), cap=Span(20 * MILLISECOND))

PAIR: dict[str, Any] = {
    "symbol": "BTCUSDT",
    "status": "TRADING",
    "baseAsset": "BTC",
    "quoteAsset": "USDT",
    "filters": [
        {"filterType": "PRICE_FILTER", "tickSize": "0.01", "minPrice": "0.01", "maxPrice": "100000"},
        {"filterType": "LOT_SIZE", "minQty": "0.00001", "maxQty": "8", "stepSize": "0.00001"},
        {"filterType": "MIN_NOTIONAL", "minNotional": "10"},
        {"filterType": "TRADE_AMOUNT", "minAmount": "5", "maxAmount": "400000"},
    ],
}
INFO: dict[str, Any] = {"symbols": [PAIR], "coins": [{"coinId": "BTC", "chainTypes": []}]}
BALANCES = {
    "balances": [
        {"asset": "BTC", "total": "2", "free": "1.5", "locked": "0.5"},
        {"asset": "USDT", "total": "11965.2000001", "free": "11965.2000001", "locked": "0"},
    ]
}


def order_row(**changed: Any) -> dict[str, Any]:
    """An order of ours as HashKey describes it: 0.5 BTC at 60,000, nothing sold."""
    return {
        "symbol": "BTCUSDT",
        "clientOrderId": OURS,
        "orderId": "1738695230608169984",
        "price": "60000",
        "origQty": "0.5",
        "executedQty": "0",
        "cumulativeQuoteQty": "0",
        "avgPrice": "0",
        "status": "NEW",
        "timeInForce": "GTC",
        "type": "LIMIT",
        "side": "SELL",
        "transactTime": str(MILLIS),
        "time": str(MILLIS),
        "updateTime": str(MILLIS),
    } | changed


def trade_row(number: int = 1, **changed: Any) -> dict[str, Any]:
    """One execution of that order: 0.2 BTC, a price better than its limit."""
    return {
        "id": str(1_739_352_552_862_964_000 + number),
        "ticketId": str(1_739_352_552_795_029_000 + number),
        "clientOrderId": OURS,
        "orderId": "1738695230608169984",
        "symbol": "BTCUSDT",
        "price": "60000.01",
        "qty": "0.2",
        "time": str(MILLIS + number),
        "isBuyer": False,
        "isMaker": False,
        "commission": "34.80000058",
        "commissionAsset": "USDT",
    } | changed


def approved(**changed: Any) -> Approved:
    values: dict[str, Any] = {
        "client_id": OURS,
        "leg": LegId("1"),
        "slice": 0,
        "attempt": 0,
        "venue": THERE,
        "symbol": BTCUSDT,
        "sell": Asset("BTC"),
        "buy": Asset("USDT"),
        "quantity": Decimal("0.5"),
        "price": Decimal(60000),
        "tif": TimeInForce.GTC,
        "decided_at": SINCE,
    }
    return Approved(ChildOrder(**(values | changed)), ())


class Asked:
    """One request as it arrived."""

    def __init__(self, request: web.BaseRequest, body: str) -> None:
        self.method, self.path, self.key = request.method, request.path, request.headers.get("X-HK-APIKEY", "")
        self.parameters = dict(parse_qsl(request.query_string or body))


Answer = web.Response | Any
Script = Mapping[tuple[str, str], Answer | Callable[[Asked], Answer]]


class Stand:
    """A server on this machine: what the script does not name is 404; what is no response is sent as JSON."""

    def __init__(self, script: Script, frames: Mapping[str, Callable[[], Iterable[str]]] | None = None) -> None:
        """`frames` gives each topic of the public socket what is sent when somebody subscribes to it."""
        self.frames, self.subscribed = frames or {}, list[str]()
        self.script: dict[tuple[str, str], Any] = {("GET", "/api/v1/exchangeInfo"): INFO, **script}
        self.asked: list[Asked] = []
        self.root = ""

    async def __aenter__(self) -> "Stand":
        self._runner = web.ServerRunner(web.Server(self._handle, access_log=None), shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.root = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    def sent(self, method: str, path: str = ORDER) -> list[dict[str, str]]:
        """The parameters of every request of this kind, in order."""
        return [each.parameters for each in self.asked if (each.method, each.path) == (method, path)]

    async def _socket(self, request: web.BaseRequest) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            topic = json.loads(message.data)["topic"]
            self.subscribed.append(topic)
            for frame in self.frames.get(topic, list)():
                await socket.send_str(frame)
        return socket

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.path == "/quote/ws/v1":
            return await self._socket(request)
        asked = Asked(request, (await request.read()).decode())
        self.asked.append(asked)
        answer = self.script.get((asked.method, asked.path), web.Response(status=404))
        if callable(answer):
            answer = answer(asked)
        if answer is HANGS_UP:
            assert request.transport is not None
            request.transport.close()
            return web.Response()
        return answer if isinstance(answer, web.StreamResponse) else body(json.dumps(answer))


HANGS_UP = object()
"""The connection ends where an answer should be."""


def body(text: str, status: int = 200) -> web.Response:
    """A response of its own, since a response can be sent once."""
    return web.Response(status=status, text=text, content_type="application/json")


def complaint(code: str, status: int = 400) -> Callable[[Asked], web.Response]:
    return lambda _: body(json.dumps({"code": code, "msg": f"no, {KEY}"}), status)


def client(
    root: str,
    *,
    exchange: str = "hashkey",
    clock: Clock | None = None,
    pacer: Pacing | None = None,
    keys: tuple[str, str] = (KEY, SECRET),
    **door: Any,
) -> Client:
    """An exchange of ccxt at that root, without waits unless a pacer is given."""
    return opened(
        Door(exchange=exchange, root=root, **door),
        known(exchange),
        clock or WallClock(),
        keys=Keys(Secret(keys[0]), Secret(keys[1])),
        pacer=pacer or FreePacer(),
    )


def account(over: Client, *, clock: Clock | None = None, about: Known | None = None, **changed: Any) -> GenericVenue:
    """The account behind a client."""
    about = about or known("hashkey")
    polling = Polling(
        THERE,
        over,
        about,
        clock or WallClock(),
        every=Span(20 * MILLISECOND),
        asks=partial(Round, THERE, over, about),
        streams=True,
        backoff=BRIEF,
    )
    return GenericVenue(over, about, polling, name=THERE, capabilities=ADAPTER.sandbox, **changed)


def prices(over: Client, clock: Clock | None = None, **changed: Any) -> GenericMarket:
    """The public prices behind a client."""
    standard: dict[str, Any] = {"every": Span(20 * MILLISECOND), "streams": True, "backoff": BRIEF}
    return GenericMarket(over, known("hashkey"), clock or WallClock(), name=THERE, **(standard | changed))
