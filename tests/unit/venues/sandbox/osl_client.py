"""A client of OSL's dialect without a socket: it signs, asks, and reads what comes back."""

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from engine.kernel.clock import SECOND, Span, parse_instant
from venues.sandbox.clock import MarketClock
from venues.sandbox.dealer import Dealer, DealerTerms
from venues.sandbox.door import Account, Answer, Call, House, Right
from venues.sandbox.exchange import Exchange
from venues.sandbox.faults import FaultPlan, Faults
from venues.sandbox.limits import Limits
from venues.sandbox.model import Kind, Listing, OrderRequest, OrderRow, Side, Status
from venues.sandbox.osl_door import OslDialect
from venues.sandbox.osl_signing import sign, text_v3, text_v4

ORIGIN = parse_instant("2026-05-02T02:36:20.521Z")
WALL = parse_instant("2026-09-22T03:14:48.044Z")
SECRET = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
D = Decimal
BTCUSDT = Listing(
    "BTCUSDT", "BTC", "USDT", tick=D("0.1"), lot=D("0.0000001"), quantity_min=D("0.0001"), quantity_max=D(400),
    notional_min=D(10), notional_max=D(600_000), maker_fee=D(0), taker_fee=D("0.0005"), fee_step=D("0.00000001"),
    band=D("0.05"), band_both_ways=True, market_band=D("0.05"),
)  # fmt: skip
USDTUSD = Listing(
    "USDTUSD", "USDT", "USD", tick=D("0.0001"), lot=D("0.01"), quantity_min=D(1), quantity_max=D(5_000_000),
    notional_min=D(10), notional_max=D(600_000), maker_fee=D(0), taker_fee=D(0), fee_step=D("0.01"), band=D("0.03"),
    band_both_ways=True, market_band=D("0.03"),
)  # fmt: skip
ACCOUNTS = {
    "k1": Account("desk", SECRET),
    "k2": Account("other", SECRET),
    "reader": Account("desk", SECRET, frozenset({Right.READ})),
    "lapsed": Account("desk", SECRET, expires=WALL),
}


class Hours:
    """Both of the sandbox's clocks, moved by hand."""

    def __init__(self) -> None:
        self.passed = 0

    def mono(self) -> int:
        return self.passed

    def wall(self) -> int:
        return WALL + self.passed


class Client:
    """Market time runs at the pace of wall time. A book stands around 62,000.0 from the first moment on."""

    def __init__(
        self, *, limits: bool = False, options: Mapping[str, str] | None = None, faults: FaultPlan | None = None
    ) -> None:
        self.hours = Hours()
        clock = MarketClock(ORIGIN, Decimal(1), mono=self.hours.mono, wall=self.hours.wall)
        purses = {
            "desk": {"BTC": D(10), "USDT": D(1_000_000)},
            "taker": {"BTC": D(100), "USDT": D(50_000_000)},
            "other": {"BTC": D(100), "USDT": D(50_000_000), "USD": D(1_000_000)},
        }
        self.exchange = Exchange([BTCUSDT, USDTUSD], purses, [], start=ORIGIN, client_ids=re.compile(r"[!-~]{1,36}"))
        self.dealer = Dealer(self.exchange, seed=1, venue="osl", terms=DealerTerms(validity_max=Span(7 * SECOND)))
        self.house = House(
            exchange=self.exchange, dealer=self.dealer, accounts=ACCOUNTS, clock=clock,
            faults=Faults(faults or FaultPlan()), limits=Limits() if limits else None, options=options or {},
        )  # fmt: skip
        self.dialect = OslDialect(self.house)
        self._made = 0
        self._tonce = 1_790_000_000_000_000
        self.stand("BUY", "61999.9", "3")
        self.stand("SELL", "62000.1", "3")

    def stand(self, side: str, price: str, quantity: str, symbol: str = "BTCUSDT", by: str = "other") -> OrderRow:
        """Somebody else's order on the book."""
        self._made += 1
        request = OrderRequest(symbol, Side(side), Kind.GTC, D(quantity), D(price), f"{by}-{self._made}")
        row = self.exchange.place(by, request)
        assert isinstance(row, OrderRow), row
        return row

    def take(self, side: str, price: str, quantity: str) -> None:
        """A third party takes from the book, all that it wants."""
        assert self.stand(side, price, quantity, by="taker").status is Status.FILLED

    def call(
        self, method: str, target: str, body: Any = None, *, key: str = "k1", ahead: int = 10, secret: str = SECRET
    ) -> Call:
        """A signed v4 request that expires `ahead` seconds from now; each is signed anew."""
        path, _, query = target.partition("?")
        raw = "" if body is None else body if isinstance(body, str) else json.dumps(body)
        expires = str(self.hours.wall() // SECOND + ahead)
        headers = {
            "api-key": key,
            "api-expires": expires,
            "api-signature": sign(secret, text_v4(method, path, query, expires, raw)),
        }
        return Call(method, path, query, raw, key, headers, "127.0.0.1")

    def call_v3(self, path: str, body: Mapping[str, Any], *, key: str = "k1", tonce: int | None = None) -> Call:
        """A signed v3 request with a `tonce` of its own, greater than all before."""
        self._tonce += 1
        raw = json.dumps({**body, "tonce": self._tonce if tonce is None else tonce})
        headers = {"rest-key": key, "rest-sign": sign(SECRET, text_v3(path, raw))}
        return Call("POST", path, "", raw, key, headers, "127.0.0.1")

    def ask(self, method: str, target: str, body: Any = None, *, key: str = "k1", ahead: int | None = None) -> Any:
        """Status and decoded answer. Time passes, since a signature holds once and has the second in it."""
        if ahead is None:
            self.hours.passed += SECOND
        return read(self.dialect.answer(self.call(method, target, body, key=key, ahead=10 if ahead is None else ahead)))

    def ask_v3(self, path: str, body: Mapping[str, Any], *, key: str = "k1") -> Any:
        return read(self.dialect.answer(self.call_v3(path, body, key=key)))

    def public(self, target: str) -> Any:
        path, _, query = target.partition("?")
        return read(self.dialect.answer(Call("GET", path, query, address="127.0.0.1")))

    def sell(self, client_id: str = "ord-1", **changes: Any) -> Any:
        """Offer 0.01 BTC above the market, or whatever `changes` says."""
        order = {
            "symbol": "BTCUSDT", "side": "Sell", "orderQty": "0.01", "ordType": "Limit", "price": "62500.5",
            "timeInForce": "GoodTillCancel", "clOrdID": client_id, **changes,
        }  # fmt: skip
        return self.ask("POST", "/api/v4/order", {name: value for name, value in order.items() if value is not None})


def read(answer: Answer) -> tuple[int, Any]:
    """Status and decoded body; `None` for none."""
    return answer.status, json.loads(answer.body) if answer.body else None
