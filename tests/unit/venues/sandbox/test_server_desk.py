"""What the sandbox answers over REST: who is let in, and what becomes of orders. No socket, no waiting."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from engine.kernel.clock import MINUTE, SECOND, Instant, parse_instant
from venues.sandbox import dialect
from venues.sandbox.clock import MarketClock
from venues.sandbox.door import Account, Call
from venues.sandbox.exchange import Exchange
from venues.sandbox.hashkey_desk import Desk
from venues.sandbox.hashkey_rest import ROUTES
from venues.sandbox.limits import Limits
from venues.sandbox.model import Listing

ORIGIN = parse_instant("2026-05-02T02:36:20.521Z")
WALL = parse_instant("2030-01-01T00:00:00Z")
BTCUSDT = Listing(
    "BTCUSDT", "BTC", "USDT", Decimal("0.01"), Decimal("0.00001"), Decimal("0.00001"), Decimal(16), Decimal(10),
    Decimal(400_000), Decimal("0.0029"), Decimal("0.0029"), Decimal("0.0000001"), band=Decimal("0.2"),
)  # fmt: skip


class Hours:
    """Both of the sandbox's clocks, moved by hand."""

    def __init__(self) -> None:
        self.passed = 0

    def mono(self) -> int:
        return self.passed

    def wall(self) -> int:
        return WALL + self.passed


class Client:
    """Signs and asks, as a client would; market time runs sixty times as fast as wall time."""

    def __init__(self, *, limits: Limits | None = None, strict_tif: bool = False) -> None:
        self.hours = Hours()
        clock = MarketClock(ORIGIN, Decimal(60), mono=self.hours.mono, wall=self.hours.wall)
        balances = {"desk": {"BTC": Decimal(2)}, "other": {"USDT": Decimal(1_000_000)}}
        self.exchange = Exchange([BTCUSDT], balances, [], start=ORIGIN, strict_tif=strict_tif)
        accounts = {"k1": Account("desk", "s1"), "k2": Account("other", "s2"), "k3": Account("desk", "s3")}
        self.desk = Desk(self.exchange, accounts, clock, ROUTES, limits=limits)

    def ask(self, method: str, path: str, params: str = "", key: str = "k1", secret: str = "", at: int = 0) -> Any:
        """Status and decoded answer; `at` is how far the client's clock is off, in milliseconds."""
        text = f"timestamp={self.hours.wall() // 1_000_000 + at}" + (f"&{params}" if params else "")
        text += f"&signature={dialect.sign(secret or key.replace('k', 's'), text)}"
        query, body = (text, "") if method == "GET" else ("", text)
        answer = self.desk.answer(Call(method, path, query, body, key))
        return answer.status, msgspec.json.decode(answer.body)

    def place(self, client_id: str, quantity: str = "1", price: str = "60000", key: str = "k1", more: str = "") -> Any:
        side = "BUY" if key == "k2" else "SELL"
        return self.ask(
            "POST",
            "/api/v1/spot/order",
            f"symbol=BTCUSDT&side={side}&type=LIMIT&quantity={quantity}&price={price}"
            f"&newClientOrderId={client_id}{more}",
            key,
        )

    def public(self, path: str, query: str = "") -> Any:
        answer = self.desk.answer(Call("GET", path, query))
        return answer.status, msgspec.json.decode(answer.body)


def test_an_order_rests_is_found_and_is_cancelled() -> None:
    client = Client()
    status, placed = client.place("ord-1")
    assert (status, placed["status"], placed["side"]) == (200, "NEW", "SELL")
    status, found = client.ask("GET", "/api/v1/spot/order", "origClientOrderId=ord-1")
    assert (status, found["orderId"], found["isWorking"]) == (200, placed["orderId"], True)
    assert client.ask("GET", "/api/v1/spot/openOrders", "symbol=BTCUSDT")[1][0]["clientOrderId"] == "ord-1"
    status, cancelled = client.ask("DELETE", "/api/v1/spot/order", "clientOrderId=ord-1")
    assert (status, cancelled["status"]) == (200, "CANCELED")
    assert client.ask("GET", "/api/v1/spot/openOrders")[1] == []
    assert client.ask("GET", "/api/v1/spot/tradeOrders")[1][0]["status"] == "CANCELED"


def test_a_fill_is_told_with_its_fee_in_every_place_that_tells_fees() -> None:
    """1 BTC offered, 0.4 bought from it at 60,000: 24,000 USDT, of which 69.6 is the fee."""
    client = Client()
    client.place("ord-1")
    assert client.place("buy-1", "0.4", key="k2")[1]["status"] == "FILLED"
    found = client.ask("GET", "/api/v1/spot/order", "origClientOrderId=ord-1")[1]
    assert (found["status"], found["executedQty"]) == ("PARTIALLY_FILLED", "0.40000")
    assert (Decimal(found["cumulativeQuoteQty"]), found["avgPrice"]) == (24_000, "60000")
    (trade,) = client.ask("GET", "/api/v1/account/trades", "clientOrderId=ord-1")[1]
    assert Decimal(trade["commission"]) == Decimal(found["sumFeeAmount"]) == Decimal("69.6")
    assert (trade["commissionAsset"], trade["isMaker"], trade["isBuyer"]) == ("USDT", True, False)
    balances = {row["asset"]: row for row in client.ask("GET", "/api/v1/account")[1]["balances"]}
    assert (Decimal(balances["BTC"]["locked"]), Decimal(balances["BTC"]["total"])) == (Decimal("0.6"), Decimal("1.6"))
    assert Decimal(balances["USDT"]["free"]) == Decimal("23930.4")


def test_the_cancel_of_an_ended_order_says_how_it_ended() -> None:
    client = Client()
    client.place("ord-1")
    client.place("buy-1", "1", key="k2")
    assert client.ask("DELETE", "/api/v1/spot/order", "clientOrderId=ord-1")[1]["code"] == "-1139"
    client.place("ord-2")
    client.ask("DELETE", "/api/v1/spot/order", "clientOrderId=ord-2")
    assert client.ask("DELETE", "/api/v1/spot/order", "clientOrderId=ord-2")[1]["code"] == "-1142"
    assert client.ask("DELETE", "/api/v1/spot/order", "clientOrderId=ord-3")[1]["code"] == "-1143"
    assert client.ask("GET", "/api/v1/spot/order", "origClientOrderId=ord-3") == (
        400, {"code": "0211", "msg": "Order not found"},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("order", "code"),
    [
        ({"client_id": "x", "quantity": "0.000001"}, "-1136"),
        ({"client_id": "x", "quantity": "0.000015"}, "-1137"),
        ({"client_id": "x", "quantity": "17"}, "-1135"),
        ({"client_id": "x", "price": "60000.001"}, "0209"),
        ({"client_id": "x", "quantity": "0.00001"}, "-1140"),
        ({"client_id": "x", "quantity": "16"}, "-1206"),
        ({"client_id": "x", "quantity": "3"}, "0401"),
        ({"client_id": "a%20b"}, "-1123"),
        ({"client_id": "taken"}, "-1141"),
    ],
)
def test_an_order_that_breaks_a_filter_is_refused_with_its_code(order: dict[str, str], code: str) -> None:
    client = Client()
    client.place("taken", "0.1")
    status, said = client.place(**order)
    assert (status, said["code"]) == (400, code)
    assert len(client.exchange.orders("desk")) == 1


def test_under_the_strict_switch_a_limit_order_only_stands_until_cancelled() -> None:
    assert Client(strict_tif=True).place("ord-1", more="&timeInForce=IOC")[1]["code"] == "-1115"
    assert Client().place("ord-1", more="&timeInForce=IOC")[1]["status"] == "CANCELED"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"key": "k9"}, "0102"),
        ({"secret": "wrong"}, "0002"),
        ({"at": 1_000}, "-1021"),
        ({"at": -5_001}, "-1021"),
        ({"at": -101, "params": "recvWindow=100"}, "-1021"),
    ],
)
def test_who_cannot_prove_who_and_when_they_are_is_not_let_in(changes: dict[str, Any], code: str) -> None:
    status, said = Client().ask("GET", "/api/v1/account", **changes)
    assert (status, said["code"]) == (400, code)


@pytest.mark.parametrize("at", [999, 0, -5_000])
def test_a_clock_within_the_window_is_let_in(at: int) -> None:
    assert Client().ask("GET", "/api/v1/account", at=at)[0] == 200


def test_two_keys_may_open_one_account() -> None:
    client = Client()
    client.place("ord-1")
    assert client.ask("GET", "/api/v1/spot/openOrders", key="k3")[1][0]["clientOrderId"] == "ord-1"
    assert client.ask("GET", "/api/v1/spot/openOrders", key="k2")[1] == []


def test_order_times_are_market_time_and_server_time_is_wall_time() -> None:
    """Ten wall seconds are ten market minutes at this speed."""
    client = Client()
    client.hours.passed = 10 * SECOND
    placed = client.place("ord-1")[1]
    assert int(placed["transactTime"]) == (ORIGIN + 10 * MINUTE) // 1_000_000
    assert client.public("/api/v1/time")[1] == {"serverTime": (WALL + 10 * SECOND) // 1_000_000}
    after = (ORIGIN + 10 * MINUTE) // 1_000_000
    assert len(client.ask("GET", "/api/v1/spot/tradeOrders", f"startTime={after}")[1]) == 1
    assert client.ask("GET", "/api/v1/spot/tradeOrders", f"startTime={after + 1}")[1] == []
    assert client.ask("GET", "/api/v1/spot/tradeOrders", f"endTime={after - 1}")[1] == []


def test_trades_are_paged_from_the_last_one_seen() -> None:
    """Five fills, read two at a time; `fromId` names the last trade of the page before, and repeats it."""
    client = Client()
    client.place("ord-1")
    for n in range(5):
        client.place(f"buy-{n}", "0.1", key="k2")
    seen = [client.ask("GET", "/api/v1/account/trades", "limit=2")[1]]
    while len(seen[-1]) == 2:
        seen.append(client.ask("GET", "/api/v1/account/trades", f"limit=2&fromId={seen[-1][-1]['id']}")[1])
    ids = [trade["id"] for page in seen for trade in page]
    assert len(set(ids)) == 5
    assert ids == sorted(ids)


@pytest.mark.parametrize(("path", "weight"), [("/api/v1/account", 1), ("/api/v1/spot/tradeOrders", 5)])
def test_queries_are_paced_by_weight_and_the_pace_is_regained_with_time(path: str, weight: int) -> None:
    client = Client(limits=Limits(queries=5, burst_s=1))
    answers = [client.ask("GET", path)[0] for _ in range(5 // weight + 1)]
    assert answers == [200] * (5 // weight) + [429]
    client.hours.passed += weight * SECOND // 5
    assert client.ask("GET", path)[0] == 200
    assert client.ask("GET", path)[1] == {"code": "0003", "msg": "Rate limit exceeded"}


def test_queries_do_not_use_up_what_orders_may_take() -> None:
    client = Client(limits=Limits(queries=1, orders=3, burst_s=1))
    assert [client.ask("GET", "/api/v1/account")[0] for _ in range(2)] == [200, 429]
    assert [client.place(f"o{n}", "0.1")[0] for n in range(4)] == [200, 200, 200, 429]


def test_who_asks_on_is_banned_for_a_minute_and_then_let_in_again() -> None:
    client = Client(limits=Limits(queries=1, burst_s=1, violations=3))
    assert [client.ask("GET", "/api/v1/account")[0] for _ in range(5)] == [200, 429, 429, 418, 418]
    client.hours.passed += 59 * SECOND
    assert client.ask("GET", "/api/v1/account")[0] == 418
    client.hours.passed += SECOND
    assert client.ask("GET", "/api/v1/account")[0] == 200


def test_a_stream_key_lives_for_an_hour_of_wall_time_after_it_was_last_kept() -> None:
    client = Client()
    key = client.ask("POST", "/api/v1/userDataStream")[1]["listenKey"]
    assert len(key) == 64
    client.hours.passed += 59 * MINUTE
    assert client.ask("PUT", "/api/v1/userDataStream", f"listenKey={key}") == (200, {})
    client.hours.passed += 59 * MINUTE
    assert client.desk.stream_account(key) == "desk"
    client.hours.passed += MINUTE
    assert client.desk.stream_account(key) is None
    assert client.ask("PUT", "/api/v1/userDataStream", f"listenKey={key}")[0] == 400


def test_a_closed_stream_key_opens_nothing_and_nobody_closes_anothers() -> None:
    client = Client()
    key = client.ask("POST", "/api/v1/userDataStream")[1]["listenKey"]
    assert client.ask("DELETE", "/api/v1/userDataStream", f"listenKey={key}", key="k2")[0] == 400
    assert client.desk.stream_account(key) == "desk"
    assert client.ask("DELETE", "/api/v1/userDataStream", f"listenKey={key}") == (200, {})
    assert client.desk.stream_account(key) is None


def test_many_orders_are_cancelled_in_one_call() -> None:
    client = Client()
    ids = [client.place(f"o{n}", "0.1")[1]["orderId"] for n in range(3)]
    said = client.ask("DELETE", "/api/v1/spot/cancelOrderByIds", f"ids={ids[0]},77")[1]
    assert said == {"code": "0000", "result": [{"orderId": "77", "code": "-1143"}]}
    assert client.ask("DELETE", "/api/v1/spot/openOrders", "symbol=BTCUSDT&side=BUY")[1] == {"success": True}
    assert len(client.exchange.open_orders("desk")) == 2
    client.ask("DELETE", "/api/v1/spot/openOrders", "symbol=BTCUSDT")
    assert client.exchange.open_orders("desk") == []


@pytest.mark.parametrize(
    ("path", "query", "code"),
    [
        ("/quote/v1/depth", "", "-100012"),
        ("/quote/v1/depth", "symbol=NIX", "-100011"),
        ("/quote/v1/depth", "symbol=BTCUSDT&limit=x", "-100002"),
        ("/quote/v1/klines", "symbol=BTCUSDT&interval=7m", "-10009"),
    ],
)
def test_the_quote_side_has_its_own_codes(path: str, query: str, code: str) -> None:
    status, said = Client().public(path, query)
    assert (status, said["code"]) == (400, code)


def test_the_market_can_be_read_without_a_key() -> None:
    client = Client()
    client.place("ord-1")
    client.place("buy-1", "0.4", key="k2")
    client.place("buy-2", "0.5", "59000", key="k2")
    book = client.public("/quote/v1/depth", "symbol=BTCUSDT&limit=5")[1]
    assert (book["b"], book["a"]) == ([["59000.00", "0.50000"]], [["60000.00", "0.60000"]])
    (trade,) = client.public("/quote/v1/trades", "symbol=BTCUSDT")[1]
    assert (trade["q"], trade["ibm"]) == ("0.40000", False)
    (candle,) = client.public("/quote/v1/klines", "symbol=BTCUSDT&interval=1m")[1]
    assert (candle[0] % 60_000, candle[4], candle[5], candle[8]) == (0, "60000.00", "0.40000", 1)
    (ticker,) = client.public("/quote/v1/ticker/24hr", "symbol=BTCUSDT")[1]
    assert (ticker["b"], ticker["a"], ticker["v"]) == ("59000.00", "60000.00", "0.40000")
    assert client.public("/quote/v1/ticker/price")[1] == [{"s": "BTCUSDT", "p": "60000.00"}]
    info = client.public("/api/v1/exchangeInfo")[1]
    assert [one["coinId"] for one in info["coins"]] == ["BTC", "USDT"]
    assert all(isinstance(one["chainTypes"], list) for one in info["coins"])
    assert client.public("/api/v1/exchangeInfo", "symbol=BTCUSDT")[1] == info["symbols"][0]


def test_what_is_not_served_is_not_found() -> None:
    assert Client().public("/api/v1/futures/fundingRate") == (
        404, {"code": 404, "msg": "No static resource /api/v1/futures/fundingRate."},
    )  # fmt: skip


def test_market_time_runs_at_its_speed_and_is_not_moved_by_the_wall_clock() -> None:
    hours = Hours()
    clock = MarketClock(Instant(1_000), Decimal("2.5"), mono=hours.mono, wall=lambda: 5)
    hours.passed = 100
    assert (clock.market(), clock.wall(), clock.started_wall) == (1_250, 5, 5)
