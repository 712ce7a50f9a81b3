"""What HashKey answers to requests for quotes: instant ones, those of the Market Place, and conversions of money."""

from decimal import Decimal
from typing import Any

import pytest

from tests.unit.venues.sandbox.hashkey_client import BTCUSD, BTCUSDT, USDTHKD, USDTUSD, Client

SALE = {"sellCcy": "BTC", "buyCcy": "USD"}
PLACE = "/api/v1/market-place"


def quoting(*listings: Any) -> Client:
    client = Client(*listings)
    client.quotes()
    return client


def quote(client: Client, **params: str) -> dict[str, Any]:
    status, said = client.ask("POST", "/api/v1/rfq/getQuote", **params)
    assert status == 200, said
    return dict(said)


def usd(client: Client) -> Decimal:
    return next(row.free for row in client.exchange.balances("desk") if row.asset == "USD")


def test_a_quote_is_taken_once_and_pays_what_it_said() -> None:
    client = quoting()
    firm = quote(client, **SALE, sellAmount="2")
    status, said = client.ask("POST", "/api/v1/rfq/execute", quoteId=firm["quoteId"])
    assert (status, said["quoteId"]) == (200, firm["quoteId"])
    assert usd(client) == 50_000 + Decimal(firm["buyAmount"])
    (row,) = client.ask("GET", "/api/v1/rfq/transactions")[1]
    assert (row["rfqOrderId"], row["status"], row["sellAmount"]) == (said["rfqOrderId"], "Successful", "2")
    assert client.ask("POST", "/api/v1/rfq/execute", quoteId=firm["quoteId"])[1]["code"] == "-1024"
    assert len(client.ask("GET", "/api/v1/rfq/transactions")[1]) == 1


def test_the_prices_of_a_quote_are_its_amounts_divided() -> None:
    firm = quote(quoting(), **SALE, buyAmount="1000")
    assert firm["rate"] == firm["sellPrice"]
    assert Decimal(firm["sellPrice"]) == pytest.approx(1_000 / Decimal(firm["sellAmount"]))
    assert Decimal(firm["buyPrice"]) == pytest.approx(Decimal(firm["sellAmount"]) / 1_000)
    assert 0 < firm["quoteExpiryTime"] - firm["quoteCreatedTime"] < 60


def test_a_quote_that_has_lapsed_is_not_taken_and_leaves_no_trace() -> None:
    client = quoting()
    firm = quote(client, **SALE, sellAmount="2")
    client.wait(60)
    assert client.ask("POST", "/api/v1/rfq/execute", quoteId=firm["quoteId"])[1]["code"] == "-1149"
    assert client.ask("GET", "/api/v1/rfq/transactions")[1] == []
    assert usd(client) == 50_000


def test_a_quote_that_cannot_be_paid_for_is_told_as_failed() -> None:
    client = quoting()
    firm = quote(client, sellCcy="USD", buyCcy="BTC", sellAmount="60000")
    assert client.ask("POST", "/api/v1/rfq/execute", quoteId=firm["quoteId"])[1]["code"] == "0401"
    (row,) = client.ask("GET", "/api/v1/rfq/transactions")[1]
    assert (row["status"], row["quoteId"]) == ("Failed", firm["quoteId"])


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({**SALE}, "-1130"),
        ({**SALE, "sellAmount": "1", "buyAmount": "60000"}, "-1130"),
        ({**SALE, "sellAmount": "x"}, "-1130"),
        ({"sellCcy": "BTC", "sellAmount": "1"}, "0001"),
        ({"sellCcy": "BTC", "buyCcy": "DOGE", "sellAmount": "1"}, "0201"),
        ({**SALE, "sellAmount": "0.0001"}, "-1140"),
        ({**SALE, "sellAmount": "100"}, "-1206"),
    ],
)
def test_what_is_not_quoted_is_refused_with_a_code(params: dict[str, str], code: str) -> None:
    status, said = quoting().ask("POST", "/api/v1/rfq/getQuote", **params)
    assert (status, said["code"]) == (400, code)


def test_nobody_takes_the_quote_of_somebody_else() -> None:
    client = quoting()
    firm = quote(client, **SALE, sellAmount="2")
    assert client.ask("POST", "/api/v1/rfq/execute", "k2", quoteId=firm["quoteId"])[1]["code"] == "0211"


def test_transactions_are_told_page_by_page_newest_first() -> None:
    client = quoting()
    ids = [quote(client, **SALE, sellAmount="1")["quoteId"] for _ in range(3)]
    for named in ids:
        client.ask("POST", "/api/v1/rfq/execute", quoteId=named)
    pages = [client.ask("GET", "/api/v1/rfq/transactions", page=page, limit=2)[1] for page in (1, 2, 3)]
    assert [[row["quoteId"] for row in page] for page in pages] == [[ids[2], ids[1]], [ids[0]], []]


def asked(client: Client, mode: str = "real-time", **more: object) -> str:
    params = {**SALE, "sellAmount": "2", "rfqMode": mode, **more}
    status, said = client.ask("POST", f"{PLACE}/create-rfq", **params)
    assert (status, said["status"]) == (200, "new")
    return str(said["rfqId"])


def row_of(client: Client, named: str) -> dict[str, Any]:
    (row,) = client.ask("GET", f"{PLACE}/rfq-history", rfqId=named)[1]
    return dict(row)


def test_a_request_at_the_market_place_and_its_quotes_are_told_to_everybody() -> None:
    client = quoting()
    named = asked(client)
    (topic, created), (other, quoted) = client.desk.market_place.take_news()
    assert (topic, created["event"], created["data"]["rfqId"]) == ("rfqs", "rfqCreated", named)
    assert (created["data"]["sellCcy"], created["data"]["sellAmount"]) == ("BTC", "2")
    assert (other, quoted["event"], quoted["data"]["rfqId"]) == ("quotes", "quotesCreated", named)


@pytest.mark.parametrize(("mode", "at_first"), [("real-time", "successful"), ("delayed", "processing")])
def test_a_request_ends_at_once_or_two_days_after_its_quote_was_taken(mode: str, at_first: str) -> None:
    client = quoting()
    named = asked(client, mode)
    firm = row_of(client, named)
    take = {"rfqId": named, "quoteId": firm["quoteId"], "action": "accept"}
    status, said = client.ask("GET", f"{PLACE}/accept-quote", **take)
    assert (status, said["status"], said["expiryTime"]) == (200, "accepted", 1_800)
    assert row_of(client, named)["status"] == at_first
    assert usd(client) == 50_000 + Decimal(firm["buyAmount"])
    assert client.ask("GET", f"{PLACE}/accept-quote", **take)[1]["code"] == "-1024"
    client.wait(2 * 86_400)
    assert row_of(client, named)["status"] == "successful"


def test_a_waiting_request_is_quoted_again_and_lapses_in_the_end() -> None:
    client = quoting()
    named = asked(client, expireSec=600)
    first = row_of(client, named)["quoteId"]
    client.wait(60)
    second = row_of(client, named)["quoteId"]
    assert first != second
    lapsed = {"rfqId": named, "quoteId": first, "action": "accept"}
    assert client.ask("GET", f"{PLACE}/accept-quote", **lapsed)[1]["code"] == "0211"
    client.wait(600)
    assert row_of(client, named)["status"] == "expired"
    late = {"rfqId": named, "quoteId": second, "action": "accept"}
    assert client.ask("GET", f"{PLACE}/accept-quote", **late)[1]["code"] == "-1149"
    assert usd(client) == 50_000


def test_a_quote_can_be_declined() -> None:
    client = quoting()
    named = asked(client)
    refuse = {"rfqId": named, "quoteId": row_of(client, named)["quoteId"], "action": "decline"}
    assert client.ask("GET", f"{PLACE}/accept-quote", **refuse)[1]["status"] == "declined"
    assert row_of(client, named)["status"] == "declined"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"rfqMode": "soon"}, "-1130"),
        ({"expireSec": 599}, "-1130"),
        ({"sellAmount": "0"}, "-1130"),
        ({"buyCcy": "DOGE"}, "0201"),
        ({"sellAmount": ""}, "0001"),
        ({"rfqClOrderId": "taken"}, "-1141"),
    ],
)
def test_a_request_that_cannot_be_is_refused_and_told_to_nobody(changes: dict[str, object], code: str) -> None:
    client = quoting()
    asked(client, rfqClOrderId="taken")
    client.desk.market_place.take_news()
    params = {**SALE, "sellAmount": "2", "rfqMode": "real-time", **changes}
    assert client.ask("POST", f"{PLACE}/create-rfq", **params)[1]["code"] == code
    assert client.desk.market_place.take_news() == []


def test_quotes_of_the_market_place_are_not_those_of_the_other_desk() -> None:
    client = quoting()
    named = row_of(client, asked(client))["quoteId"]
    assert client.ask("POST", "/api/v1/rfq/execute", quoteId=named)[1]["code"] == "0211"


def test_the_market_place_lists_each_pair_both_ways() -> None:
    pairs = quoting(BTCUSD).ask("GET", f"{PLACE}/get-pairs")[1]
    assert [(one["buyCcy"], one["sellCcy"]) for one in pairs] == [("USD", "BTC"), ("BTC", "USD")]


def test_money_is_converted_over_the_channel_that_was_quoted() -> None:
    client = quoting(BTCUSDT, USDTUSD, USDTHKD)
    wanted = {"sellCurrency": "USD", "buyCurrency": "HKD", "sellAmount": "1000"}
    status, firm = client.ask("GET", "/api/v1/convertCurrency/getQuote", **wanted)
    assert (status, Decimal(firm["rate"]) > 1) == (200, True)
    other = client.ask("POST", "/api/v1/convertCurrency/transact", channel=firm["channel"], sellAmount="999")
    assert other[1]["code"] == "-1130"
    status, done = client.ask("POST", "/api/v1/convertCurrency/transact", channel=firm["channel"], sellAmount="1000")
    assert (status, done["quoteId"], done["sellAmount"]) == (200, firm["quoteId"], "1000")
    assert usd(client) == 49_000
    assert client.ask("GET", "/api/v1/rfq/transactions")[1] == []


@pytest.mark.parametrize(("sell", "code"), [("BTC", "-4001"), ("USDT", "-4001")])
def test_only_money_is_converted(sell: str, code: str) -> None:
    client = quoting(BTCUSDT, USDTUSD, USDTHKD)
    wanted = {"sellCurrency": sell, "buyCurrency": "HKD", "sellAmount": "1"}
    assert client.ask("GET", "/api/v1/convertCurrency/getQuote", **wanted)[1]["code"] == code
