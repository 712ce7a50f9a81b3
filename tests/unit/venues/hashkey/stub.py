"""An adapter over a network that a test scripts, and rows as HashKey writes them."""

import asyncio
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from engine.kernel.clock import SECOND, Instant, Span, of_millis
from engine.kernel.ids import ClientOrderId, LegId, Symbol, VenueName
from engine.kernel.money import Asset
from engine.orders.order import Approved, ChildOrder, TimeInForce
from engine.orders.reports import (
    Balance,
    Capabilities,
)
from venues.hashkey.endpoints import Endpoints
from venues.hashkey.venue import HashKeyVenue
from venues.pacing import FreePacer, Kind
from venues.secrets import Keys, Secret
from venues.transport import HttpRequest, HttpResponse, Socket

KEY, SECRET = "canary-key-1", "canary-secret-2"
BTCUSD, OURS, SINCE = Symbol("BTCUSD"), ClientOrderId("ord-1"), of_millis(1_790_000_010_000)
WALL = of_millis(1_900_000_000_000)

Answer = HttpResponse | BaseException
Script = Callable[[HttpRequest], Answer]


class Still:
    """A clock that stands unless it is moved: wall and market time differ, as in a sandbox that plays faster."""

    def __init__(self) -> None:
        self.passed = 0

    def market(self) -> Instant:
        return SINCE

    def wall(self) -> Instant:
        return Instant(WALL + self.passed)

    def mono(self) -> int:
        return self.passed

    async def sleep(self, span: Span) -> None:
        await asyncio.sleep(0)

    async def until(self, at: Instant) -> None:
        await asyncio.sleep(0)


class Stub:
    """A network that answers by a script and keeps what it was given."""

    def __init__(self, script: Script) -> None:
        self.script, self.sent = script, list[HttpRequest]()

    async def call(self, request: HttpRequest) -> HttpResponse:
        self.sent.append(request)
        answer = self.script(request)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    async def connect(self, url: str) -> Socket:
        raise NotImplementedError

    async def aclose(self) -> None:
        pass


class Turns(FreePacer):
    """Lets everything through, or nothing, and keeps what it was asked."""

    def __init__(self, *, open_: bool = True) -> None:
        self.open, self.asked, self.held = open_, list[tuple[Kind, int, bool]](), list[tuple[Kind, Span]]()

    async def acquire(self, kind: Kind, weight: int = 1, *, urgent: bool = False, patience: Span | None = None) -> bool:
        self.asked.append((kind, weight, urgent))
        return self.open

    def hold(self, kind: Kind, span: Span) -> None:
        self.held.append((kind, span))


def ok(body: Any) -> HttpResponse:
    return HttpResponse(200, {}, body if isinstance(body, bytes) else json.dumps(body).encode())


def bad(code: str | int, status: int = 400, message: str = "no") -> HttpResponse:
    return HttpResponse(status, {}, json.dumps({"code": code, "msg": message}).encode())


NOT_FOUND = bad("0211", message="Order not found")


def adapter(
    script: Script, pacer: Turns | None = None, *, clock: Still | None = None, **options: Any
) -> tuple[HashKeyVenue, Stub]:
    stub = Stub(script)
    venue = HashKeyVenue(
        Endpoints("http://127.0.0.1:9", "ws://127.0.0.1:9/quote/ws/v1", "ws://127.0.0.1:9/api/v1/ws"),
        Keys(Secret(KEY), Secret(SECRET)),
        stub,
        clock or Still(),
        pacer or Turns(),
        capabilities=Capabilities(tifs=tuple(TimeInForce), validity=Span(5 * SECOND), read_lag=Span(SECOND)),
        **options,
    )
    return venue, stub


def by_path(answers: dict[str, Answer]) -> Script:
    """The same answer for every call of a path; a path that is not listed is a failure of the test."""
    return lambda request: answers[urlsplit(request.url).path.removeprefix("/api/v1/")]


def asked(request: HttpRequest) -> tuple[str, str, str]:
    """Method, path, and the call's own parameters as they stand on the wire, query or body."""
    url = urlsplit(request.url)
    own = (url.query or request.body.decode()).partition("&recvWindow=5000")[2].partition("&signature=")[0]
    return request.method, url.path, own.removeprefix("&")


def approved(**changed: object) -> Approved:
    values: dict[str, object] = {
        "client_id": OURS,
        "leg": LegId("L1"),
        "slice": 0,
        "attempt": 0,
        "venue": VenueName("hashkey"),
        "symbol": BTCUSD,
        "sell": Asset("BTC"),
        "buy": Asset("USD"),
        "quantity": Decimal("0.01"),
        "price": Decimal("62000.5"),
        "tif": TimeInForce.IOC,
        "decided_at": Instant(0),
    }
    return Approved(ChildOrder(**{**values, **changed}), ())  # type: ignore[arg-type]


def order_row(**changed: str) -> dict[str, str]:
    row = {
        "symbol": "BTCUSD",
        "clientOrderId": OURS,
        "orderId": "1900000000000000001",
        "transactTime": "1790000000012",
        "price": "62000.5",
        "origQty": "0.01",
        "executedQty": "0",
        "status": "NEW",
        "side": "SELL",
    }
    return {**row, **changed}


def trade_row(number: int, client_id: str = OURS, quantity: str = "0.001") -> dict[str, Any]:
    return {
        "id": str(1_900_000_000_000_000_100 + number),
        "orderId": "1900000000000000001",
        "clientOrderId": client_id,
        "symbol": "BTCUSD",
        "price": "62000.5",
        "qty": quantity,
        "commission": "0.1",
        "commissionAsset": "USD",
        "time": str(1_790_000_000_000 + number),
        "isBuyer": False,
        "isMaker": False,
        "ticketId": str(number),
    }


ACCOUNT = ok({"balances": [{"asset": "BTC", "free": "1.5", "locked": "0"}]})
HELD = (Balance(Asset("BTC"), Decimal("1.5"), Decimal(0)),)
