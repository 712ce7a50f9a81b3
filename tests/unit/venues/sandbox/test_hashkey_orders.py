"""What HashKey's order endpoints answer: sizes of market orders, batches, cancels of many, and who may trade."""

from decimal import Decimal

import msgspec
import pytest

from engine.kernel.clock import SECOND, Span
from tests.unit.venues.sandbox.hashkey_client import BTCUSD, ORIGIN, Client
from venues.sandbox.model import Mode


def bid(client: Client, quantity: str = "1", price: str = "60000", name: str = "bid-1") -> None:
    assert client.place(name, quantity, price, key="k2")[0] == 200


def offer(client: Client, quantity: str = "1", price: str = "60000") -> None:
    order = {"symbol": "BTCUSD", "side": "SELL", "type": "LIMIT", "quantity": quantity, "price": price}
    assert client.ask("POST", "/api/v1/spot/order", "k2", **order)[0] == 200


def test_a_market_sale_takes_what_stands_and_ends_at_once() -> None:
    client = Client()
    bid(client, "0.2")
    status, said = client.market("ord-1", side="SELL", quantity="0.1")
    assert (status, said["status"], said["type"], said["timeInForce"]) == (200, "FILLED", "MARKET", "IOC")
    assert (said["price"], Decimal(said["origQty"]), said["reqAmount"]) == ("0", Decimal("0.1"), "0")


def test_what_a_market_order_does_not_find_ends_as_partly_cancelled() -> None:
    client = Client()
    bid(client, "0.2")
    assert client.market("ord-1", side="SELL", quantity="0.5")[1]["status"] == "PARTIALLY_CANCELED"
    assert client.market("ord-2", side="SELL", quantity="0.5")[1]["status"] == "CANCELED"


def test_the_first_edition_buys_at_market_for_cash() -> None:
    """At 60,000 a quantity of 600 buys 0.01 BTC, and is told as the amount that was asked for."""
    client = Client()
    offer(client, price="60000")
    said = client.market("ord-1", side="BUY", quantity="600")[1]
    assert (said["origQty"], said["reqAmount"], Decimal(said["executedQty"])) == ("0", "600", Decimal("0.01"))


def test_the_later_edition_buys_by_quantity_or_by_amount_and_never_by_both() -> None:
    client = Client()
    offer(client, price="60000")
    by_quantity = client.market("ord-1", "v1.1", side="BUY", quantity="0.01")[1]
    assert (Decimal(by_quantity["executedQty"]), by_quantity["reqAmount"]) == (Decimal("0.01"), "0")
    by_amount = client.market("ord-2", "v1.1", side="BUY", amount="600")[1]
    assert (Decimal(by_amount["executedQty"]), by_amount["reqAmount"]) == (Decimal("0.01"), "600")
    assert client.market("ord-3", "v1.1", side="BUY", quantity="0.01", amount="600")[1]["code"] == "-1129"


@pytest.mark.parametrize(
    ("order", "code"),
    [
        ({"quantity": "8.1"}, "-1135"),
        ({"quantity": "4"}, "-1206"),
        ({"quantity": "0.0001"}, "-1140"),
        ({"quantity": "0.1", "price": "60000"}, "-1014"),
        ({"quantity": "0.1", "timeInForce": "GTC"}, "-1115"),
    ],
)
def test_a_market_order_has_bounds_of_its_own(order: dict[str, str], code: str) -> None:
    """The book's price is 60,000: at most 8 BTC and 200,000 USD, and at least 10 USD."""
    client = Client()
    bid(client)
    client.market("first", side="SELL", quantity="0.1")
    status, said = client.market("ord-1", side="SELL", **order)
    assert (status, said["code"]) == (400, code)


def test_market_orders_are_barred_while_a_market_opens() -> None:
    client = Client(opening=Span(60 * SECOND))
    window = client.ask("GET", "/api/v1/exchangeInfo")[1]["symbols"][0]["filters"][-1]
    opened, ends = int(window["noAllowMarketStartTime"]), int(window["noAllowMarketEndTime"])
    assert (opened, ends - opened) == (ORIGIN // 1_000_000, 60_000)
    bid(client)
    assert client.market("ord-1", side="SELL", quantity="0.1")[1]["code"] == "-1194"
    client.wait(60)
    assert client.market("ord-1", side="SELL", quantity="0.1")[1]["status"] == "FILLED"


def test_a_tested_order_is_told_as_taken_and_exists_nowhere() -> None:
    client = Client()
    order = {"symbol": "BTCUSD", "side": "SELL", "type": "LIMIT", "quantity": "1", "price": "60000"}
    status, said = client.ask("POST", "/api/v1/spot/orderTest", **order)
    assert (status, said["orderId"], said["side"]) == (200, "0", "SELL")
    assert client.exchange.orders("desk") == []
    assert client.ask("POST", "/api/v1/spot/orderTest", **{**order, "symbol": "NIX"})[1]["code"] == "0201"


def test_each_order_of_a_batch_has_its_own_outcome_under_either_name_of_its_id() -> None:
    client = Client()
    good = {"symbol": "BTCUSD", "side": "SELL", "type": "LIMIT", "quantity": "0.1", "price": "60000"}
    orders = [
        {**good, "newClientOrderId": "ord-1"},
        {**good, "clientOrderId": "ord-2"},
        {**good, "newClientOrderId": "ord-1"},
        {**good, "quantity": "0.000001"},
    ]
    status, said = client.batch(msgspec.json.encode(orders).decode())
    assert (status, said["code"], said["concentration"]) == (200, 0, "")
    assert [one["code"] for one in said["result"]] == ["0000", "0000", "-1141", "-1136"]
    assert [one["order"]["clientOrderId"] for one in said["result"][:2]] == ["ord-1", "ord-2"]


@pytest.mark.parametrize(
    ("orders", "code"),
    [
        ([], "-1130"),
        ([{"symbol": "BTCUSD"}, {"symbol": "ETHUSD"}], "-1130"),
        ([{"symbol": "BTCUSD"}] * 21, "-2022"),
        ("none", "-1130"),
    ],
)
def test_a_batch_is_a_list_of_up_to_twenty_orders_of_one_pair(orders: object, code: str) -> None:
    status, said = Client().batch(msgspec.json.encode(orders).decode())
    assert (status, said["code"]) == (400, code)


def test_a_batch_may_be_changed_on_its_way_since_only_its_query_is_signed() -> None:
    client = Client()
    order = '[{"symbol":"BTCUSD","side":"SELL","type":"LIMIT","quantity":"0.1","price":"60000","note":"a=b&c"}]'
    assert client.batch(order)[1]["result"][0]["code"] == "0000"
    assert client.batch(order.replace("0.1", "0.2"))[1]["result"][0]["code"] == "0000"


def test_the_cancel_of_an_order_that_was_partly_cancelled_says_so() -> None:
    client = Client()
    bid(client, "0.2")
    client.place("ord-1", "0.5")
    assert client.ask("DELETE", "/api/v1/spot/order", clientOrderId="ord-1")[1]["status"] == "PARTIALLY_CANCELED"
    assert client.ask("DELETE", "/api/v1/spot/order", clientOrderId="ord-1")[1]["code"] == "-1138"


def test_cancel_all_takes_so_many_from_a_given_order_on_and_names_the_last() -> None:
    client = Client()
    ids = [client.place(f"o{n}", "0.1")[1]["orderId"] for n in range(5)]
    said = client.ask("DELETE", "/api/v1/spot/cancelAllOpenOrders", fromOrderId=ids[1], limit=2)[1]
    assert (said["code"], said["message"], said["lastOrderId"]) == ("0", "success", ids[2])
    assert [row.order_id for row in client.exchange.open_orders("desk")] == [ids[0], ids[3], ids[4]]
    client.ask("DELETE", "/api/v1/spot/cancelAllOpenOrders")
    assert client.exchange.open_orders("desk") == []
    assert client.ask("DELETE", "/api/v1/spot/openOrders")[1]["code"] == "0001"


def test_three_hundred_orders_may_be_open_and_not_one_more() -> None:
    client = Client()
    for n in range(300):
        client.place(f"o{n}", "0.001")
    assert client.place("one-more", "0.001")[1]["code"] == "-2002"


@pytest.mark.parametrize(
    ("mode", "placing", "cancelling"),
    [
        (Mode.CANCEL_ONLY, "-2010", None),
        (Mode.POST_ONLY, "-2051", None),
        (Mode.HALT, "-1151", "-2011"),
        (Mode.MAINTENANCE, "-2001", "-2001"),
    ],
)
def test_each_mode_of_the_exchange_has_its_codes(mode: Mode, placing: str, cancelling: str | None) -> None:
    client = Client()
    client.place("ord-1")
    client.exchange.mode = mode
    assert client.place("ord-2")[1]["code"] == placing
    assert client.ask("DELETE", "/api/v1/spot/order", clientOrderId="ord-1")[1].get("code") == cancelling


def test_a_halted_pair_is_told_as_such_and_takes_no_orders() -> None:
    client = Client()
    client.exchange.halt(BTCUSD.symbol)
    assert client.place("ord-1")[1]["code"] == "-1151"
    assert client.ask("GET", "/api/v1/exchangeInfo")[1]["symbols"][0]["status"] == "HALT"


@pytest.mark.parametrize(
    ("key", "code"), [("reads", "-1005"), ("nobody", "0102"), ("old", "0103"), ("trades", None), ("k1", None)]
)
def test_a_key_trades_only_if_it_may(key: str, code: str | None) -> None:
    assert Client().place("ord-1", key=key)[1].get("code") == code


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/v1.1/spot/order"),
        ("POST", "/api/v1/spot/orderTest"),
        ("DELETE", "/api/v1/spot/order"),
        ("DELETE", "/api/v1/spot/openOrders"),
        ("DELETE", "/api/v1/spot/cancelAllOpenOrders"),
        ("DELETE", "/api/v1/spot/cancelOrderByIds"),
        ("POST", "/api/v1/rfq/getQuote"),
        ("POST", "/api/v1/rfq/execute"),
        ("POST", "/api/v1/market-place/create-rfq"),
        ("GET", "/api/v1/market-place/accept-quote"),
        ("POST", "/api/v1/convertCurrency/transact"),
        ("POST", "/api/v1/account/withdraw"),
        ("POST", "/api/v1/account/assetTransfer"),
    ],
)
def test_a_key_that_may_only_read_changes_nothing(method: str, path: str) -> None:
    status, said = Client().ask(method, path, "reads")
    assert (status, said["code"]) == (400, "-1005")


def test_a_key_can_be_asked_what_it_may_do() -> None:
    client = Client()
    answers = {key: client.ask("GET", "/mock/v1/apiKey", key)[1] for key in ("reads", "trades", "k1")}
    assert answers == {
        "reads": {"canRead": True, "canTrade": False, "canWithdraw": False},
        "trades": {"canRead": True, "canTrade": True, "canWithdraw": False},
        "k1": {"canRead": True, "canTrade": True, "canWithdraw": True},
    }
