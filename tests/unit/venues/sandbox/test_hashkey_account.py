"""What HashKey's account endpoints answer: parts, transfers, the statement, coins that come and go."""

from decimal import Decimal

import pytest

from engine.kernel.clock import DAY, SECOND
from tests.unit.venues.sandbox.hashkey_client import BTCUSDT, ORIGIN, Client
from venues.sandbox.hashkey_chains import UNVERIFIED, WHITELIST

WITHDRAW = {"coin": "BTC", "address": WHITELIST["BTC"], "quantity": "1", "chainType": "Bitcoin"}


def held(client: Client, number: str = "") -> dict[str, Decimal]:
    params = {"accountId": number} if number else {}
    return {
        row["asset"]: Decimal(row["total"]) for row in client.ask("GET", "/api/v1/account", **params)[1]["balances"]
    }


def test_money_moves_between_a_clients_own_accounts() -> None:
    client = Client()
    trading, custody, fiat = (one["accountId"] for one in client.ask("GET", "/api/v1/account/type")[1])
    move = {"coin": "USD", "quantity": "20000", "fromAccountId": trading, "toAccountId": fiat}
    status, said = client.ask("POST", "/api/v1/account/assetTransfer", **move, clientOrderId="move-1")
    assert (status, said["success"], said["clientOrderId"]) == (200, True, "move-1")
    assert (held(client)["USD"], held(client, fiat)["USD"]) == (30_000, 20_000)
    back = {"coin": "USD", "quantity": "5000", "fromAccountId": fiat, "toAccountId": custody}
    assert client.ask("POST", "/api/v1/account/assetTransfer", **back)[0] == 200
    assert (held(client, fiat)["USD"], held(client, custody)["USD"]) == (15_000, 5_000)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"fromAccountId": "77"}, "-1172"),
        ({"toAccountId": "77"}, "-1173"),
        ({"toAccountId": ""}, "-1173"),
        ({"quantity": "60000"}, "0401"),
        ({"quantity": "a lot"}, "-1168"),
        ({"quantity": ""}, "-1165"),
        ({"clientOrderId": "taken"}, "-1024"),
    ],
)
def test_a_transfer_that_cannot_be_moves_nothing(changes: dict[str, str], code: str) -> None:
    client = Client()
    trading, _, fiat = (one["accountId"] for one in client.ask("GET", "/api/v1/account/type")[1])
    move = {"coin": "USD", "quantity": "1", "fromAccountId": trading, "toAccountId": fiat}
    client.ask("POST", "/api/v1/account/assetTransfer", **move, clientOrderId="taken")
    status, said = client.ask("POST", "/api/v1/account/assetTransfer", **{**move, **changes})
    assert (status, said["code"]) == (400, code)
    assert held(client)["USD"] == 49_999


def test_nothing_is_transferred_to_where_it_comes_from() -> None:
    client = Client()
    trading = client.ask("GET", "/api/v1/account/type")[1][0]["accountId"]
    move = {"coin": "USD", "quantity": "1", "fromAccountId": trading, "toAccountId": trading}
    assert client.ask("POST", "/api/v1/account/assetTransfer", **move)[1]["code"] == "-1174"


def test_nobody_reads_an_account_of_somebody_else() -> None:
    client = Client()
    others = client.ask("GET", "/api/v1/account/type", "k2")[1][0]["accountId"]
    assert client.ask("GET", "/api/v1/account", accountId=others)[1]["code"] == "0104"


def test_the_statement_tells_each_trade_with_what_was_held_after_it() -> None:
    """1 BTC offered at 60,000 and bought in two halves; 0.29 % of each is the fee."""
    client = Client()
    client.place("ord-1")
    for n in (1, 2):
        client.place(f"bid-{n}", "0.5", key="k2")
    first, second = client.ask("GET", "/api/v1/account/balanceFlow", type="trade")[1]
    assert (first["baseCcy"], first["quoteCcy"], first["direction"]) == ("BTC", "USD", "sell")
    assert (Decimal(first["netBaseAmount"]), Decimal(first["netQuoteAmount"])) == (Decimal("-0.5"), Decimal(29_913))
    assert (Decimal(second["baseAssetBalance"]), Decimal(second["quoteAssetBalance"])) == (199, 50_000 + 2 * 29_913)
    assert client.ask("GET", "/api/v1/account/balanceFlow", type="trade", beginId=first["id"])[1] == [second]
    assert client.ask("GET", "/api/v1/account/balanceFlow", type="refund")[1] == []


def test_the_statement_keeps_what_came_and_went_apart_by_kind_of_asset() -> None:
    client = Client()
    client.exchange.deposit("desk", "BTC", Decimal(3), "in-1")
    client.exchange.deposit("desk", "USD", Decimal(400), "in-2")
    client.ask("POST", "/api/v1/account/withdraw", **WITHDRAW)
    kinds = ("deposit", "fiatDeposit", "withdraw", "fiatWithdraw")
    told = {kind: client.ask("GET", "/api/v1/account/balanceFlow", type=kind)[1] for kind in kinds}
    assert {kind: [Decimal(row["netBaseAmount"]) for row in rows] for kind, rows in told.items()} == {
        "deposit": [3], "fiatDeposit": [400], "withdraw": [Decimal("-1.0002")], "fiatWithdraw": [],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({}, "0001"),
        ({"type": "gift"}, "-2026"),
        ({"type": "trade", "startTime": (ORIGIN - 8 * DAY) // 10**6}, "-2027"),
        (
            {"type": "trade", "startTime": (ORIGIN - 15 * DAY) // 10**6, "endTime": (ORIGIN - 9 * DAY) // 10**6},
            "-2036",
        ),
        ({"type": "deposit", "startTime": (ORIGIN - 31 * DAY) // 10**6}, "-2027"),
    ],
)
def test_the_statement_reaches_so_far_and_no_further(params: dict[str, object], code: str) -> None:
    status, said = Client().ask("GET", "/api/v1/account/balanceFlow", **params)
    assert (status, said["code"]) == (400, code)


def test_a_deposit_is_told_with_the_address_that_it_came_to() -> None:
    client = Client()
    address = client.ask("GET", "/api/v1/account/deposit/address", coin="BTC", chainType="Bitcoin")[1]["address"]
    client.exchange.deposit("desk", "BTC", Decimal(3), "in-1")
    client.exchange.deposit("desk", "USD", Decimal(400), "in-2")
    (row,) = client.ask("GET", "/api/v1/account/depositOrders")[1]
    assert (row["coin"], Decimal(row["quantity"]), row["address"], row["status"]) == ("BTC", 3, address, 4)
    assert client.ask("GET", "/api/v1/account/depositOrders", coin="USDT")[1] == []


def test_what_is_withdrawn_leaves_with_the_networks_fee_beside_it() -> None:
    client = Client()
    status, said = client.ask("POST", "/api/v1/account/withdraw", **WITHDRAW)
    assert (status, said["success"], said["id"], said["orderId"][0]) == (200, True, "0", "W")
    assert held(client)["BTC"] == Decimal("198.9998")
    (row,) = client.ask("GET", "/api/v1/account/withdrawOrders")[1]
    assert (row["id"], row["quantity"], row["arriveQuantity"], row["fee"]) == (said["orderId"], "1", "1", "0.0002")
    assert client.ask("GET", "/api/v1/account/withdrawOrders", "k2")[1] == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"quantity": ""}, "-1165"),
        ({"quantity": "-1"}, "-1168"),
        ({"quantity": "0.001"}, "-1167"),
        ({"quantity": "51"}, "-1166"),
        ({"address": "somewhere"}, "-1163"),
        ({"address": "bc1qelsewhere0000000000000000000000000"}, "-1171"),
        ({"address": UNVERIFIED["BTC"]}, "-1179"),
        ({"chainType": "Tron"}, "-4007"),
        ({"coin": "USD"}, "-1169"),
        ({"coin": "DOGE"}, "-2041"),
    ],
)
def test_a_withdrawal_that_cannot_be_is_refused_with_its_code(changes: dict[str, str], code: str) -> None:
    client = Client()
    status, said = client.ask("POST", "/api/v1/account/withdraw", **{**WITHDRAW, **changes})
    assert (status, said["code"]) == (400, code)
    assert held(client)["BTC"] == 200


def test_the_same_withdrawal_does_not_leave_twice() -> None:
    client = Client()
    assert client.ask("POST", "/api/v1/account/withdraw", **WITHDRAW, clientOrderId="out-1")[0] == 200
    assert client.ask("POST", "/api/v1/account/withdraw", **WITHDRAW, clientOrderId="out-1")[1]["code"] == "-4013"


def test_what_one_may_withdraw_a_day_comes_back_with_the_next() -> None:
    client = Client()
    assert client.ask("POST", "/api/v1/account/withdraw", **{**WITHDRAW, "quantity": "50"})[0] == 200
    assert client.ask("POST", "/api/v1/account/withdraw", **WITHDRAW)[1]["code"] == "-1166"
    client.wait(DAY // SECOND)
    assert client.ask("POST", "/api/v1/account/withdraw", **WITHDRAW)[0] == 200


def test_nobody_withdraws_what_is_reserved_for_an_order() -> None:
    client = Client(BTCUSDT)
    order = {"symbol": "BTCUSDT", "side": "SELL", "type": "LIMIT", "quantity": "160", "price": "60000"}
    assert client.ask("POST", "/api/v1/spot/order", **order)[0] == 200
    assert client.ask("POST", "/api/v1/account/withdraw", **{**WITHDRAW, "quantity": "45"})[1]["code"] == "0401"


@pytest.mark.parametrize(("key", "code"), [("reads", "-1005"), ("trades", "-1005"), ("k1", None)])
def test_a_key_withdraws_only_if_it_may(key: str, code: str | None) -> None:
    assert Client().ask("POST", "/api/v1/account/withdraw", key, **WITHDRAW)[1].get("code") == code


@pytest.mark.parametrize(("coin", "code"), [("USD", "-1170"), ("DOGE", "-2041"), ("", "0001")])
def test_what_has_no_chain_has_no_address(coin: str, code: str) -> None:
    assert Client().ask("GET", "/api/v1/account/deposit/address", coin=coin)[1]["code"] == code


def test_the_volume_of_thirty_days_stands_beside_the_tier() -> None:
    client = Client()
    client.place("ord-1")
    client.place("bid-1", key="k2")
    assert Decimal(client.ask("GET", "/api/v1/account/vipInfo")[1]["tradeVol30Day"]) == 60_000
