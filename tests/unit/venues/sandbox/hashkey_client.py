"""A client at HashKey's desk: signs, asks, and moves both clocks by hand. No socket, no waiting."""

from decimal import Decimal
from typing import Any

import msgspec

from engine.kernel.clock import SECOND, Span, parse_instant
from venues.sandbox import dialect
from venues.sandbox.clock import MarketClock
from venues.sandbox.door import TRADER, Account, Call, Right
from venues.sandbox.exchange import Exchange
from venues.sandbox.hashkey_desk import Desk
from venues.sandbox.hashkey_rest import ROUTES
from venues.sandbox.limits import Limits
from venues.sandbox.model import Listing

ORIGIN = parse_instant("2026-05-02T02:36:20.521Z")
WALL = parse_instant("2030-01-01T00:00:00Z")
_D = Decimal
BTCUSD = Listing(
    "BTCUSD", "BTC", "USD", _D("0.01"), _D("0.00001"), _D("0.00001"), _D(16), _D(10), _D(400_000), _D("0.0029"),
    _D("0.0029"), _D("0.0000001"), band=_D("0.2"), market_quantity_max=_D(8), market_amount_max=_D(200_000),
    market_band=_D("0.1"),
)  # fmt: skip
BTCUSDT, USDTUSD, USDTHKD = (
    Listing(
        symbol, base, quote, _D("0.001"), _D("0.00001"), _D("0.00001"), _D(10_000_000), _D(10), _D(10_000_000),
        _D("0.0029"), _D("0.0029"), _D("0.00000001"),
    )
    for symbol, base, quote in (("BTCUSDT", "BTC", "USDT"), ("USDTUSD", "USDT", "USD"), ("USDTHKD", "USDT", "HKD"))
)  # fmt: skip
AT_ONCE = Span(0)
ALL = TRADER | {Right.WITHDRAW}


class Hours:
    """Both of the sandbox's clocks, moved by hand."""

    def __init__(self) -> None:
        self.passed = 0

    def mono(self) -> int:
        return self.passed

    def wall(self) -> int:
        return WALL + self.passed


class Client:
    """`k1` opens the account `desk` with every right; others may do less, or belong to others."""

    def __init__(self, *listings: Listing, limits: Limits | None = None, opening: Span = AT_ONCE) -> None:
        self.hours = Hours()
        clock = MarketClock(ORIGIN, Decimal(1), mono=self.hours.mono, wall=self.hours.wall)
        much = {asset: Decimal(10_000_000) for asset in ("BTC", "USDT", "USD", "HKD")}
        held = {"desk": {"BTC": Decimal(200), "USD": Decimal(50_000)}, "other": much}
        self.exchange = Exchange(listings or (BTCUSD,), held, [], start=ORIGIN)
        accounts = {
            "k1": Account("desk", "s1", ALL),
            "k2": Account("other", "s2"),
            "reads": Account("desk", "s3", frozenset({Right.READ})),
            "trades": Account("desk", "s4"),
            "old": Account("desk", "s5", ALL, expires=WALL),
        }
        self._secrets = {key: account.secret for key, account in accounts.items()}
        self.desk = Desk(self.exchange, accounts, clock, ROUTES, limits=limits, opening=opening)

    def ask(self, method: str, path: str, key: str = "k1", **params: object) -> tuple[int, Any]:
        """Status and decoded answer."""
        now = {"timestamp": self.hours.wall() // 1_000_000}
        text = "&".join(f"{name}={value}" for name, value in {**now, **params}.items())
        text += f"&signature={dialect.sign(self._secrets.get(key, 'none'), text)}"
        query, body = (text, "") if method == "GET" else ("", text)
        return self._answered(Call(method, path, query, body, key))

    def batch(self, body: str) -> tuple[int, Any]:
        """Orders in JSON, under a signature of the query alone."""
        text = f"timestamp={self.hours.wall() // 1_000_000}"
        query = f"{text}&signature={dialect.sign('s1', text)}"
        return self._answered(Call("POST", "/api/v1/spot/batchOrders", query, body, "k1"))

    def place(self, client_id: str, quantity: str = "1", price: str = "60000", **more: object) -> tuple[int, Any]:
        """Offer so much of `BTCUSD`; with `key="k2"` the other account bids for it."""
        side = "BUY" if more.get("key") == "k2" else "SELL"
        order = {"symbol": "BTCUSD", "side": side, "type": "LIMIT", "quantity": quantity, "price": price}
        return self.ask("POST", "/api/v1/spot/order", newClientOrderId=client_id, **{**order, **more})

    def market(self, client_id: str, edition: str = "v1", **order: object) -> tuple[int, Any]:
        """A market order at either edition's endpoint."""
        path = f"/api/{edition}/spot/order"
        return self.ask("POST", path, symbol="BTCUSD", type="MARKET", newClientOrderId=client_id, **order)

    def quotes(self) -> None:
        """Let the other account stand on both sides of every book, so that a dealer can price."""
        prices = {"BTCUSD": Decimal(60_000), "BTCUSDT": Decimal(60_000), "USDTUSD": Decimal(1), "USDTHKD": Decimal(8)}
        for symbol in self.exchange.listings:
            for side, price in (("BUY", prices[symbol]), ("SELL", prices[symbol] * Decimal("1.01"))):
                size = Decimal(1_000) / prices[symbol]
                order = {"symbol": symbol, "side": side, "type": "LIMIT", "quantity": round(size, 5), "price": price}
                status, said = self.ask("POST", "/api/v1/spot/order", "k2", **order)
                assert status == 200, said

    def wait(self, seconds: int) -> None:
        """Let time pass on both clocks."""
        self.hours.passed += seconds * SECOND

    def _answered(self, call: Call) -> tuple[int, Any]:
        answer = self.desk.answer(call)
        return answer.status, msgspec.json.decode(answer.body)
