"""An adapter over a network that a test scripts, and rows as OSL writes them, or as `mock` takes it to write them."""

import asyncio
import json
from base64 import b64encode
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from engine.kernel.clock import Instant, Span, of_millis
from engine.kernel.ids import ClientOrderId, LegId, Symbol, VenueName
from engine.kernel.money import Asset
from engine.orders.order import Approved, ChildOrder, TimeInForce
from engine.orders.reports import Balance
from engine.ports import Clock
from venues.osl.adapter import CAPABILITIES
from venues.osl.calls import Pacers
from venues.osl.endpoints import Endpoints
from venues.osl.venue import OslVenue
from venues.pacing import FreePacer, Kind
from venues.secrets import Keys, Secret
from venues.transport import HttpRequest, HttpResponse, Socket

KEY, SECRET = "canary-key-1", b64encode(b"canary-secret-2").decode()
KEYS = Keys(Secret(KEY), Secret(SECRET))
HERE = Endpoints("http://127.0.0.1:9", "ws://127.0.0.1:9/ws/v4")
BTCUSD, ETHUSD = Symbol("BTCUSD"), Symbol("ETHUSD")
OURS, SINCE = ClientOrderId("ord-1"), of_millis(1_790_000_010_000)
WALL = of_millis(1_900_000_000_000)

Answer = HttpResponse | BaseException
Script = Callable[[HttpRequest], Answer]


class Still:
    """A clock that stands: wall and market time differ, as they do in a sandbox that plays faster."""

    wall_at: Instant = WALL

    def market(self) -> Instant:
        return SINCE

    def wall(self) -> Instant:
        return self.wall_at

    def mono(self) -> int:
        return 0

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
        self.open, self.asked, self.held = open_, list[tuple[Kind, bool]](), list[tuple[Kind, Span]]()

    async def acquire(self, kind: Kind, weight: int = 1, *, urgent: bool = False, patience: Span | None = None) -> bool:
        self.asked.append((kind, urgent))
        return self.open

    def hold(self, kind: Kind, span: Span) -> None:
        self.held.append((kind, span))


def ok(body: Any) -> HttpResponse:
    return HttpResponse(200, {}, body if isinstance(body, bytes) else json.dumps(body).encode())


def bad(name: str, status: int = 400, message: str = "no", **headers: str) -> HttpResponse:
    return HttpResponse(status, headers, json.dumps({"error": {"name": name, "message": message}}).encode())


def adapter(
    script: Script, v4: Turns | None = None, v3: Turns | None = None, clock: Clock | None = None
) -> tuple[OslVenue, Stub]:
    stub = Stub(script)
    pacers = Pacers(v4 or Turns(), v3 or Turns())
    return OslVenue(HERE, KEYS, stub, clock or Still(), pacers, capabilities=CAPABILITIES), stub


def path(request: HttpRequest) -> str:
    return urlsplit(request.url).path


def query(request: HttpRequest) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(request.url).query))


def approved(**changed: object) -> Approved:
    values: dict[str, object] = {
        "client_id": OURS,
        "leg": LegId("L1"),
        "slice": 0,
        "attempt": 0,
        "venue": VenueName("osl"),
        "symbol": BTCUSD,
        "sell": Asset("BTC"),
        "buy": Asset("USD"),
        "quantity": Decimal("0.01"),
        "price": Decimal("62000.5"),
        "tif": TimeInForce.GTC,
        "decided_at": Instant(0),
    }
    return Approved(ChildOrder(**{**values, **changed}), ())  # type: ignore[arg-type]


def order_row(**changed: Any) -> dict[str, Any]:
    """The sample of section 5.1."""
    row = {
        "orderID": "2289677808", "clOrdID": "ord-1", "symbol": "BTCUSD", "side": "Sell", "orderQty": "0.01000000",
        "price": "62000.50000", "ordType": "Limit", "timeInForce": "GoodTillCancel", "execInst": "",
        "ordStatus": "New", "cumQty": "0.00000000", "leavesQty": "0.01000000", "avgPx": None,
        "transactTime": "2026-09-22T03:14:48.044Z", "text": "",
    }  # fmt: skip
    return {**row, **changed}


def execution_row(number: int = 1, **changed: Any) -> dict[str, Any]:
    """The sample of section 5.5, numbered; each a millisecond after the one before."""
    row = {
        "execID": f"E{number}", "trdMatchID": f"M{number}", "orderID": "2289677808", "clOrdID": "ord-1",
        "symbol": "BTCUSD", "side": "Sell", "lastQty": "0.00100000", "lastPx": "62000.50000",
        "grossValue": "62.00050", "commission": "0.03100", "commissionCurrency": "USD", "lastLiquidityInd": "Removed",
        "transactTime": f"2026-09-22T03:14:{number // 1000 % 60:02d}.{number % 1000:03d}Z",
    }  # fmt: skip
    return {**row, **changed}


WALLET = ok([{"currency": "BTC", "exchangeAvailableBalance": "1.40000", "exchangeTotalBalance": "1.50000"}])
HELD = (Balance(Asset("BTC"), Decimal("1.4"), Decimal("0.1")),)
