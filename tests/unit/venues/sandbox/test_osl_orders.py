"""OSL's v4 orders, server side: what is taken, what is refused under which name, and how orders end."""

from typing import Any

import pytest

from engine.kernel.clock import HOUR, MINUTE, SECOND
from tests.unit.venues.sandbox.osl_client import Client, D
from venues.sandbox.model import Mode, Reason
from venues.sandbox.osl_words import NAMES, coded

ORDER = "/api/v4/order"


def test_an_order_rests_is_found_and_is_cancelled() -> None:
    client = Client()
    status, placed = client.sell()
    assert (status, placed["ordStatus"], placed["leavesQty"]) == (200, "New", "0.01000000")
    assert client.ask("GET", ORDER) == (200, [placed])
    status, rows = client.ask("DELETE", ORDER, {"clOrdID": ["ord-1"]})
    assert (status, rows) == (
        200, [{"orderID": placed["orderID"], "clOrdID": "ord-1", "ordStatus": "Canceled", "error": None}],
    )  # fmt: skip
    assert client.ask("GET", ORDER) == (200, [])
    (ended,) = client.ask("GET", f"{ORDER}?open=false")[1]
    assert (ended["ordStatus"], ended["leavesQty"], ended["avgPx"]) == ("Canceled", "0.00000000", None)


def test_an_order_number_has_ten_digits() -> None:
    client = Client()
    numbers = [client.sell(f"ord-{n}")[1]["orderID"] for n in range(3)]
    assert [len(number) for number in numbers] == [10, 10, 10]
    assert numbers == sorted(set(numbers))


def test_a_cancelled_order_keeps_what_was_filled_of_it() -> None:
    client = Client()
    client.sell(orderQty="1", price="62000")
    client.stand("BUY", "62000.0", "0.4")
    (partly,) = client.ask("GET", ORDER)[1]
    assert (partly["ordStatus"], partly["cumQty"], partly["avgPx"]) == ("PartiallyFilled", "0.40000000", "62000.00000")
    client.ask("DELETE", ORDER, {"orderID": [partly["orderID"]]})
    (ended,) = client.ask("GET", f"{ORDER}?open=false&clOrdID=ord-1")[1]
    assert (ended["ordStatus"], ended["cumQty"], ended["leavesQty"]) == ("Canceled", "0.40000000", "0.00000000")


@pytest.mark.parametrize(
    ("tif", "price", "status", "filled"),
    [
        ("ImmediateOrCancel", "61999.9", "Canceled", "3.00000000"),
        ("ImmediateOrCancel", "62000.0", "Canceled", "0.00000000"),
        ("FillOrKill", "61999.9", "Canceled", "0.00000000"),
        ("GoodTillCancel", "61999.9", "PartiallyFilled", "3.00000000"),
        ("Day", "62000.0", "New", "0.00000000"),
    ],
)
def test_the_time_in_force_says_what_becomes_of_the_rest(tif: str, price: str, status: str, filled: str) -> None:
    """Four are offered where three are wanted at 61,999.9."""
    said = Client().sell(orderQty="4", price=price, timeInForce=tif)[1]
    assert (said["ordStatus"], said["cumQty"], said["timeInForce"]) == (status, filled, tif)


def test_a_market_order_takes_what_stands_and_tells_no_price() -> None:
    said = Client().sell(ordType="Market", price=None, timeInForce=None, orderQty="2")[1]
    assert (said["ordStatus"], said["cumQty"], said["avgPx"]) == ("Filled", "2.00000000", "61999.90000")
    assert (said["price"], said["ordType"]) == (None, "Market")


def test_the_quantity_of_a_market_buy_is_base() -> None:
    said = Client().sell(side="Buy", ordType="Market", price=None, timeInForce=None, orderQty="2")[1]
    assert (said["side"], said["cumQty"], said["avgPx"]) == ("Buy", "2.00000000", "62000.10000")


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"symbol": "NOPEUSD"}, "INVALID_SYMBOL"),
        ({"side": "SELL"}, "INVALID_PARAMETERS"),
        ({"ordType": "Stop"}, "INVALID_PARAMETERS"),
        ({"price": None}, "INVALID_PARAMETERS"),
        ({"ordType": "Market"}, "INVALID_PARAMETERS"),
        ({"timeInForce": "GTC"}, "INVALID_PARAMETERS"),
        ({"timeInForce": "GoodTillDate"}, "INVALID_PARAMETERS"),
        ({"expireDate": "2026-09-23"}, "INVALID_PARAMETERS"),
        ({"execInst": "Iceberg"}, "INVALID_PARAMETERS"),
        ({"execInst": "PostOnly", "timeInForce": "ImmediateOrCancel"}, "INVALID_PARAMETERS"),
        ({"orderQty": "a lot"}, "INVALID_PARAMETERS"),
        ({"orderQty": "-1"}, "INVALID_PARAMETERS"),
        ({"orderQty": "1e99"}, "INVALID_PARAMETERS"),
        ({"orderQty": "NaN"}, "INVALID_PARAMETERS"),
        ({"orderQty": "0.01000001"}, "INVALID_PARAMETERS"),
        ({"orderQty": "401", "price": "62000"}, "INVALID_PARAMETERS"),
        ({"orderQty": "10"}, "INVALID_PARAMETERS"),
        ({"price": "62500.55"}, "INVALID_PARAMETERS"),
        ({"orderQty": "0.00009"}, "TOO_SMALL"),
        ({"orderQty": "0.0001", "price": "62500.5"}, "TOO_SMALL"),
        ({"price": "65100.1"}, "PRICE_OUT_OF_BAND"),
        ({"price": "58899.9"}, "PRICE_OUT_OF_BAND"),
        ({"side": "Buy", "price": "58899.9"}, "PRICE_OUT_OF_BAND"),
        ({"execInst": "PostOnly", "price": "61999.9"}, "POST_ONLY_WOULD_TAKE"),
        ({"clOrdID": ""}, "INVALID_PARAMETERS"),
        ({"clOrdID": "x" * 37}, "INVALID_PARAMETERS"),
        ({"clOrdID": "a b"}, "INVALID_PARAMETERS"),
        ({"clOrdID": "taken"}, "DUPLICATE_CLORDID"),
    ],
)
def test_a_refused_order_has_a_name_and_leaves_nothing(changes: dict[str, Any], name: str) -> None:
    client = Client()
    client.sell("taken")
    before = client.exchange.truth()["accounts"]["desk"]
    status, said = client.sell(**changes)
    assert (status, said["error"]["name"]) == (400, name)
    assert client.exchange.truth()["accounts"]["desk"] == before
    assert len(client.ask("GET", f"{ORDER}?open=false")[1]) == 1


def test_what_cannot_be_paid_for_is_refused() -> None:
    client = Client()
    assert client.sell("a", orderQty="9", price="62000")[0] == 200
    assert client.sell("b", orderQty="2", price="62000")[1]["error"]["name"] == "INSUFFICIENT_AVAILABLE_BALANCE"


@pytest.mark.parametrize("price", ["65100", "58900"])
def test_the_ends_of_the_band_are_within_it(price: str) -> None:
    assert Client().sell(price=price)[0] == 200


def test_a_malformed_body_is_refused() -> None:
    client = Client()
    for body in ("", "[]", "{", '{"symbol": 5}'):
        assert client.ask("POST", ORDER, body)[1]["error"]["name"] == "INVALID_PARAMETERS"


def test_an_order_needs_no_name_and_two_without_one_are_two() -> None:
    client = Client()
    first, second = (client.sell(clOrdID=None)[1] for _ in range(2))
    assert (first["clOrdID"], second["clOrdID"]) == ("", "")
    assert first["orderID"] != second["orderID"]
    assert client.ask("DELETE", ORDER, {"orderID": [first["orderID"]]})[0] == 200


def test_the_name_of_a_refused_order_is_free_again() -> None:
    client = Client()
    assert client.sell(price="99999")[0] == 400
    assert client.sell()[0] == 200


def test_two_accounts_may_use_one_name_and_see_their_own_orders() -> None:
    client = Client()
    client.sell()
    order = {"symbol": "BTCUSDT", "side": "Sell", "orderQty": "0.02", "ordType": "Limit", "price": "62500"}
    assert client.ask("POST", ORDER, {**order, "clOrdID": "ord-1"}, key="k2")[0] == 200
    assert [row["orderQty"] for row in client.ask("GET", f"{ORDER}?clOrdID=ord-1", key="k2")[1]] == ["0.02000000"]
    assert [row["orderQty"] for row in client.ask("GET", ORDER)[1]] == ["0.01000000"]


def test_an_order_that_came_to_the_exchange_past_this_door_is_shown_all_the_same() -> None:
    client = Client()
    client.stand("SELL", "62000.3", "1", by="desk")
    (row,) = client.ask("GET", ORDER)[1]
    assert (row["clOrdID"], row["ordStatus"], row["timeInForce"]) == ("desk-3", "New", "GoodTillCancel")
    client.take("BUY", "62000.3", "3.5")
    (executed,) = client.ask("GET", "/api/v4/execution")[1]
    assert executed["orderID"] == row["orderID"]


def test_a_day_order_expires_at_midnight_in_hong_kong() -> None:
    """The market opens at 02:36 UTC; midnight is at 16:00."""
    client = Client()
    client.sell(timeInForce="Day")
    client.hours.passed = 13 * HOUR
    assert client.ask("GET", ORDER)[1][0]["ordStatus"] == "New"
    client.hours.passed = 13 * HOUR + 24 * MINUTE
    assert client.ask("GET", ORDER)[1] == []
    assert client.ask("GET", f"{ORDER}?open=false")[1][0]["ordStatus"] == "Expired"


@pytest.mark.parametrize("date", ["2026-05-02", "2026-05-02T16:00:00Z", "2026-05-03T00:00:00+08:00"])
def test_an_order_till_a_date_expires_at_its_end(date: str) -> None:
    client = Client()
    client.sell(timeInForce="GoodTillDate", expireDate=date)
    client.hours.passed = 13 * HOUR + 23 * MINUTE
    assert len(client.ask("GET", ORDER)[1]) == 1
    client.hours.passed += MINUTE
    assert client.ask("GET", ORDER)[1] == []


def test_a_bulk_cancel_that_partly_fails_is_a_400_that_says_which() -> None:
    client = Client()
    open_one, ended, filled = (
        client.sell("open")[1]["orderID"], client.sell("ended")[1]["orderID"],
        client.sell("filled", price="61999.9")[1]["orderID"],
    )  # fmt: skip
    client.ask("DELETE", ORDER, {"clOrdID": ["ended"]})
    status, rows = client.ask("DELETE", ORDER, {"orderID": [open_one, ended, filled, "2999999999"]})
    assert status == 400
    assert [(row["orderID"], row["ordStatus"], row["error"] and row["error"]["name"]) for row in rows] == [
        (open_one, "Canceled", None),
        (ended, "Canceled", "ERROR_ORDER_STATUS_SET_NO_CANCEL_CANCELLED"),
        (filled, "Filled", "ERROR_ORDER_STATUS_SET_NO_CANCEL_MATCHED"),
        ("2999999999", "", "ORDER_NOT_FOUND"),
    ]


@pytest.mark.parametrize("body", [{}, {"orderID": ["1"], "clOrdID": ["a"]}, {"orderID": []}, {"orderID": "1"}])
def test_a_cancel_names_orders_in_one_way(body: dict[str, Any]) -> None:
    status, said = Client().ask("DELETE", ORDER, body)
    assert (status, said["error"]["name"]) == (400, "INVALID_PARAMETERS")


def test_order_numbers_may_be_sent_as_numbers() -> None:
    client = Client()
    number = client.sell()[1]["orderID"]
    assert client.ask("DELETE", ORDER, {"orderID": [int(number)]})[0] == 200


def test_nobody_cancels_the_order_of_another() -> None:
    client = Client()
    number = client.sell()[1]["orderID"]
    assert client.ask("DELETE", ORDER, {"orderID": [number]}, key="k2")[1][0]["error"]["name"] == "ORDER_NOT_FOUND"
    assert len(client.ask("GET", ORDER)[1]) == 1


def test_all_orders_are_cancelled_at_once_or_those_of_one_pair() -> None:
    client = Client()
    client.stand("BUY", "1.0000", "1000", "USDTUSD")
    client.stand("SELL", "1.0002", "1000", "USDTUSD")
    client.sell("btc")
    client.sell("usdt", symbol="USDTUSD", orderQty="100", price="1.01")
    assert client.ask("DELETE", "/api/v4/order/all", {"symbol": "USDTUSD"}) == (204, None)
    assert [row["clOrdID"] for row in client.ask("GET", ORDER)[1]] == ["btc"]
    assert client.ask("DELETE", "/api/v4/order/all") == (204, None)
    assert client.ask("GET", ORDER)[1] == []
    assert client.ask("DELETE", "/api/v4/order/all", {"symbol": "NOPE"})[1]["error"]["name"] == "INVALID_SYMBOL"


def test_lists_are_newest_first_and_filtered() -> None:
    client = Client()
    for n in range(3):
        client.sell(f"ord-{n}")
    rows = client.ask("GET", ORDER)[1]
    assert [row["clOrdID"] for row in rows] == ["ord-2", "ord-1", "ord-0"]
    assert client.ask("GET", f"{ORDER}?count=1")[1] == rows[:1]
    assert client.ask("GET", f"{ORDER}?orderID={rows[1]['orderID']}")[1] == rows[1:2]
    assert client.ask("GET", f"{ORDER}?clOrdID=ord-0&symbol=BTCUSDT&open=true")[1] == rows[2:]
    assert client.ask("GET", f"{ORDER}?symbol=USDTUSD")[1] == []
    assert client.ask("GET", f"{ORDER}?startTime={rows[0]['transactTime']}")[1] == rows[:1]
    assert client.ask("GET", f"{ORDER}?startTime={rows[1]['transactTime']}")[1] == rows[:2]
    assert client.ask("GET", f"{ORDER}?count=x")[1]["error"]["name"] == "INVALID_PARAMETERS"


def test_an_order_may_wait_before_it_comes_to_the_book() -> None:
    client = Client(options={"pending": "5s"})
    placed = client.sell(price="61999.9")[1]
    assert (placed["ordStatus"], placed["cumQty"]) == ("PendingNew", "0.00000000")
    assert client.ask("GET", ORDER)[1][0]["ordStatus"] == "PendingNew"
    assert client.sell()[1]["error"]["name"] == "DUPLICATE_CLORDID"
    client.hours.passed += 5 * SECOND
    assert client.ask("GET", f"{ORDER}?open=false")[1][0]["ordStatus"] == "Filled"


def test_a_waiting_order_comes_to_the_book_without_being_asked_for() -> None:
    client = Client(options={"pending": "5s"})
    client.sell()
    client.hours.passed += 5 * SECOND
    client.dialect.show([], [])
    assert len(client.exchange.open_orders("desk")) == 1


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"price": "99999"}, "PRICE_OUT_OF_BAND"),
        ({"execInst": "PostOnly", "price": "61999.9"}, "POST_ONLY_WOULD_TAKE"),
        ({"orderQty": "9.6", "price": "62000"}, ""),
    ],
)
def test_a_waiting_order_may_be_rejected_when_it_arrives(changes: dict[str, str], name: str) -> None:
    client = Client(options={"pending": "1s"})
    assert client.sell(**changes)[1]["ordStatus"] == "PendingNew"
    client.hours.passed += SECOND
    (row,) = client.ask("GET", f"{ORDER}?open=false")[1]
    assert (row["ordStatus"], row["text"]) == ("Rejected" if name else "New", name)


def test_a_cancel_of_a_waiting_order_is_only_submitted() -> None:
    client = Client(options={"pending": "5s"})
    client.sell()
    status, (row,) = client.ask("DELETE", ORDER, {"clOrdID": ["ord-1"]})
    assert (status, row["ordStatus"], row["error"]["name"]) == (400, "PendingNew", "CANCEL_REQUEST_SUBMITTED")
    client.hours.passed += 5 * SECOND
    assert client.ask("GET", f"{ORDER}?open=false")[1][0]["ordStatus"] == "Canceled"


@pytest.mark.parametrize("mode", [Mode.CANCEL_ONLY, Mode.POST_ONLY, Mode.HALT])
def test_a_closed_market_takes_no_order(mode: Mode) -> None:
    client = Client()
    client.exchange.mode = mode
    assert client.sell()[1]["error"]["name"] == "MARKET_CLOSED"


def test_a_halted_pair_takes_no_order_and_lets_cancel() -> None:
    client = Client()
    client.sell()
    client.exchange.halt("BTCUSDT")
    assert client.sell("ord-2")[1]["error"]["name"] == "MARKET_CLOSED"
    assert client.ask("DELETE", ORDER, {"clOrdID": ["ord-1"]})[0] == 200


def test_a_cancel_of_all_that_could_not_be_done_is_not_called_done() -> None:
    client = Client()
    client.sell()
    client.exchange.mode = Mode.HALT
    status, said = client.ask("DELETE", "/api/v4/order/all")
    assert (status, said["error"]["name"]) == (400, "MARKET_CLOSED")


def test_executions_are_told_of_the_account_and_of_one_order() -> None:
    client = Client()
    first = client.sell("ord-1", price="61999.9", orderQty="1")[1]
    client.sell("ord-2", price="61999.9", orderQty="0.5")
    rows = client.ask("GET", "/api/v4/execution")[1]
    assert [(row["clOrdID"], row["lastQty"]) for row in rows] == [("ord-1", "1.00000000"), ("ord-2", "0.50000000")]
    assert client.ask("GET", f"/api/v4/execution/order?orderID={first['orderID']}")[1] == rows[:1]
    assert client.ask("GET", f"/api/v4/execution?startTime={rows[1]['transactTime']}")[1] == rows[1:]
    assert client.ask("GET", "/api/v4/execution/order?orderID=2999999999")[1] == []
    assert client.ask("GET", "/api/v4/execution/order")[1]["error"]["name"] == "INVALID_PARAMETERS"
    truth = client.exchange.truth()["accounts"]["desk"]["trades"]
    assert [row["execID"] for row in rows] == [row["trade_id"] for row in truth]


def test_the_fee_is_taken_in_the_quote_currency_and_only_from_takers() -> None:
    client = Client()
    client.sell("taker", price="61999.9", orderQty="1")
    client.sell("maker", price="62000", orderQty="1")
    client.stand("BUY", "62000.0", "1")
    taker, maker = client.ask("GET", "/api/v4/execution")[1]
    assert (taker["commission"], taker["lastLiquidityInd"]) == ("30.99995", "Removed")
    assert (maker["commission"], maker["lastLiquidityInd"], maker["commissionCurrency"]) == ("0.00000", "Added", "USDT")


def test_what_is_offered_is_not_available() -> None:
    client = Client()
    client.sell(orderQty="4", price="62000.5")
    wallet = {row["currency"]: row for row in client.ask("GET", "/api/v4/user/wallet")[1]}
    assert (wallet["BTC"]["exchangeAvailableBalance"], wallet["BTC"]["exchangeTotalBalance"]) == ("6.00000", "10.00000")


@pytest.mark.parametrize("reason", Reason)
def test_every_refusal_of_the_exchange_has_a_name(reason: Reason) -> None:
    assert all(NAMES[reason])


def test_what_would_be_stale_is_read_as_it_stood() -> None:
    """A reader who is to hear old news does not take an order that it cannot see for a rejected one."""
    client = Client()
    client.exchange.remember()
    before = client.exchange.now
    client.sell()
    with client.exchange.seen_at(before):
        assert client.ask("GET", f"{ORDER}?open=false")[1] == []


@pytest.mark.parametrize(
    ("code", "status", "body"),
    [
        ("TOO_SMALL", 400, b"name"),
        ("SYSTEM_ERROR", 500, b"name"),
        ("MAINTENANCE", 503, b"name"),
        ("INVALID_SIGNATURE", 401, b"name"),
        ("INDETERMINATE", 200, b'{"tradeResponse":{"responseCode":"INDETERMINATE"}}'),
        ("s100005", 200, b'{"tradeResponse":{"responseCode":"s100005"}}'),
        ("CANNOT_PRICE", 200, b'{"quoteResponse":{"responseCode":"CANNOT_PRICE"}}'),
        ("-1107", 200, b'{"code":-1107,"msg":"error"}'),
    ],
)
def test_an_injected_code_comes_in_the_envelope_of_its_generation(code: str, status: int, body: bytes) -> None:
    answer = coded(code)
    assert answer.status == status
    assert body in answer.body


def test_the_order_that_a_cancel_names_is_found_for_those_who_want_it_first() -> None:
    client = Client()
    client.sell()
    row = client.dialect.named_order(client.call("DELETE", ORDER, {"clOrdID": ["ord-1"]}))
    assert row is not None
    assert (row.client_id, row.quantity) == ("ord-1", D("0.01"))
    assert client.dialect.named_order(client.call("DELETE", "/api/v4/order/all")) is None
    assert client.dialect.named_order(client.call("DELETE", ORDER, "{")) is None


@pytest.mark.parametrize(
    ("target", "op"),
    [
        (ORDER, "order.open"),
        (f"{ORDER}?open=false", "order.history"),
        (f"{ORDER}?open=false&clOrdID=a", "order.query"),
        ("/api/v4/execution", "trades"),
        ("/api/v4/orderBook/L2?symbol=BTCUSDT", "depth"),
        ("/nothing", None),
    ],
)
def test_each_call_is_a_kind_of_message_to_a_fault_plan(target: str, op: str | None) -> None:
    client = Client()
    assert client.dialect.op(client.call("GET", target)) == op
