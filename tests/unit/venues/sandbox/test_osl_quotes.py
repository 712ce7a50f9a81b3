"""OSL's quotes on request, server side: what is quoted, taken once, and told afterwards."""

from typing import Any

import pytest

from engine.kernel.clock import SECOND
from tests.unit.venues.sandbox.osl_client import Client, D
from venues.sandbox.model import Mode

QUOTE, TRADE = "/api/3/retail/quote", "/api/3/retail/trade"


def request(**changes: Any) -> dict[str, Any]:
    """Half a bitcoin for USDT, or whatever `changes` says."""
    asked = {
        "tradedCurrency": "BTC", "settlementCurrency": "USDT", "buyTradedCurrency": False, "tradedCurrencyAmount": 0.5,
        **changes,
    }  # fmt: skip
    return {"quoteRequest": {name: value for name, value in asked.items() if value is not None}}


def quote(client: Client, **changes: Any) -> Any:
    status, said = client.ask_v3(QUOTE, request(**changes))
    assert status == 200
    return said["quoteResponse"]


def take(client: Client, quote_id: str, key: str = "k1") -> Any:
    status, said = client.ask_v3(TRADE, {"tradeRequest": {"quoteId": quote_id}}, key=key)
    assert status == 200
    return said["tradeResponse"]


def test_a_quote_is_taken_and_moves_both_assets() -> None:
    client = Client()
    said = quote(client)
    done = take(client, said["quoteId"])
    assert (done["responseCode"], done["quotedSettlementCurrencyAmount"]) == (
        "EXECUTED", said["quotedSettlementCurrencyAmount"],
    )  # fmt: skip
    rows = {row.asset: row.free for row in client.exchange.balances("desk")}
    assert rows == {"BTC": D("9.5"), "USDT": 1_000_000 + D(said["quotedSettlementCurrencyAmount"])}


def test_the_price_is_a_spread_below_the_mid() -> None:
    said = quote(Client())
    price = D(said["quotedSettlementCurrencyAmount"]) / D(said["quotedTradedCurrencyAmount"])
    assert D("61800") < price < D("62000")


def test_a_quote_lives_for_five_to_seven_seconds_of_wall_time() -> None:
    client = Client()
    lives = [quote(client)["timeToLive"] for _ in range(20)]
    assert all(5_000 <= life <= 7_000 for life in lives)
    assert len(set(lives)) > 1


def test_asked_again_a_taken_quote_says_that_the_trade_exists() -> None:
    """Also when its time is over: this is how a client finds out what a lost answer said."""
    client = Client()
    quote_id = quote(client)["quoteId"]
    take(client, quote_id)
    assert take(client, quote_id) == {"responseCode": "s100005"}
    client.hours.passed += 60 * SECOND
    assert take(client, quote_id) == {"responseCode": "s100005"}
    assert len(client.dealer.history("desk")) == 1


def test_a_quote_that_is_over_is_not_taken() -> None:
    client = Client()
    said = quote(client)
    client.hours.passed += (said["timeToLive"] + 1) * 1_000_000
    assert take(client, said["quoteId"]) == {"responseCode": "QUOTE_EXPIRED"}
    assert client.dealer.history("desk") == []


def test_nobody_takes_a_quote_that_was_never_made_or_made_for_another() -> None:
    client = Client()
    assert take(client, "e0eb807e-d39c-471c-8848-96c950060671") == {"responseCode": "INVALID_QUOTE_ID"}
    assert take(client, quote(client)["quoteId"], key="k2") == {"responseCode": "INVALID_QUOTE_ID"}


def test_who_has_not_got_it_is_told_so() -> None:
    client = Client()
    said = quote(client, tradedCurrencyAmount=11)
    assert take(client, said["quoteId"]) == {"responseCode": "INSUFFICIENT_FUND"}


def test_the_amount_may_be_given_in_the_settlement_currency() -> None:
    said = quote(Client(), tradedCurrencyAmount=None, settlementCurrencyAmount="31000")
    assert said["quotedSettlementCurrencyAmount"] == "31000"
    assert D("0.5") < D(said["quotedTradedCurrencyAmount"]) < D("0.501")


def test_the_base_may_be_bought() -> None:
    client = Client()
    said = quote(client, buyTradedCurrency=True)
    assert D(said["quotedSettlementCurrencyAmount"]) > 31_000
    assert said["buyTradedCurrency"] is True
    done = take(client, said["quoteId"])
    assert (done["buyTradedCurrency"], done["tradedCurrency"], done["settlementCurrency"]) == (True, "BTC", "USDT")
    assert {row.asset: row.free for row in client.exchange.balances("desk")}["BTC"] == D("10.5")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"tradedCurrencyAmount": None}, "INVALID_PARAMETERS"),
        ({"settlementCurrencyAmount": 1}, "INVALID_PARAMETERS"),
        ({"tradedCurrencyAmount": 0}, "INVALID_PARAMETERS"),
        ({"tradedCurrencyAmount": 1e-30}, "INVALID_PARAMETERS"),
        ({"tradedCurrencyAmount": "0.500000001"}, "INVALID_PARAMETERS"),
        ({"buyTradedCurrency": None}, "INVALID_PARAMETERS"),
        ({"tradedCurrency": "DOGE"}, "s200003"),
        ({"tradedCurrency": "USD"}, "s200003"),
        ({"settlementCurrency": "JPY"}, "s200004"),
        ({"settlementCurrency": "BTC"}, "s200004"),
        ({"tradedCurrencyAmount": 0.0001}, "TOO_SMALL"),
        ({"tradedCurrencyAmount": 100}, "PER_TXN_LIMIT_EXCEEDED"),
        ({"tradedCurrency": "USDT", "settlementCurrency": "USD", "tradedCurrencyAmount": 100}, "CANNOT_PRICE"),
    ],
)
def test_a_request_that_gets_no_quote_is_told_why(changes: dict[str, Any], code: str) -> None:
    assert quote(Client(), **changes) == {"responseCode": code}


def test_a_closed_dealer_prices_nothing_and_takes_nothing() -> None:
    client = Client()
    quote_id = quote(client)["quoteId"]
    client.exchange.mode = Mode.HALT
    assert quote(client) == {"responseCode": "CANNOT_PRICE"}
    status, said = client.ask_v3(TRADE, {"tradeRequest": {"quoteId": quote_id}})
    assert (status, said["error"]["name"]) == (400, "MARKET_CLOSED")


def test_the_list_of_transactions_holds_what_was_executed_newest_first() -> None:
    client = Client()
    ids = [quote(client)["quoteId"] for _ in range(3)]
    trades = [take(client, one)["tradeId"] for one in ids[:2]]
    said = client.ask_v3("/api/3/transaction/list", {})[1]["transactionListResponse"]
    assert [(row["tradeId"], row["quoteId"]) for row in said["transactions"]] == [
        (trades[1], ids[1]), (trades[0], ids[0]),
    ]  # fmt: skip
    assert said["transactions"][0].keys() == {
        "tradeId", "status", "quoteId", "buyTradedCurrency", "tradedCurrency", "settlementCurrency",
        "quotedTradedCurrencyAmount", "quotedSettlementCurrencyAmount", "transactTime",
    }  # fmt: skip
    wanted = {"transactionListRequest": {"quoteId": ids[2]}}
    assert client.ask_v3("/api/3/transaction/list", wanted)[1]["transactionListResponse"]["transactions"] == []


def test_the_account_its_limits_and_the_currencies_are_told() -> None:
    client = Client()
    (btc, usdt) = client.ask_v3("/api/3/account", {})[1]["accountResponse"]["balances"]
    assert btc == {"currency": "BTC", "availableBalance": "10", "totalBalance": "10"}
    limits = client.ask_v3("/api/3/user/limit", {})[1]["userLimitResponse"]["limits"]
    assert {"currency": "USDT", "minTransaction": "10", "maxTransaction": "2000000"} in limits
    static = client.public("/api/3/currencyStatic")[1]["currencyStatic"]
    assert (static["currencies"]["USD"]["type"], static["currencies"]["BTC"]["type"]) == ("FIAT", "CRYPTO")
    assert static["currencies"]["USD"]["decimals"] == 2
    assert static["currencyPairs"]["USDTUSD"]["tradedCurrency"] == "USDT"
    assert usdt["currency"] == "USDT"


@pytest.mark.parametrize("body", [{}, {"tradeRequest": {}}, {"tradeRequest": {"quoteId": 5}}])
def test_a_malformed_acceptance_is_refused(body: dict[str, Any]) -> None:
    assert Client().ask_v3(TRADE, body) == (200, {"tradeResponse": {"responseCode": "INVALID_PARAMETERS"}})
