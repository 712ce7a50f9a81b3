"""OSL's answers, server side, have exactly the keys, in type and form, that the specification's examples have."""

import json
import re
from typing import Any

import pytest

from tests.unit.venues.sandbox.osl_client import Client
from venues.sandbox.osl_v3 import local

INSTRUMENT = """
{"symbol":"BTCUSD","currency":"BTC","settlCurrency":"USD","highPrice":"63000.00000","lowPrice":"61000.00000",
  "bidPrice":"61999.90000","askPrice":"62000.60000","lastPrice":"62000.10000","minPrice":"58900.00000",
  "maxPrice":"65100.00000","minOrderQty":"0.00010000","maxOrderQty":"399.39290000","minValue":"10.00000",
  "maxValue":"10000000.00000","prevClosePrice":"61500.00000","volume":"177.42","tickSize":"0.10000",
  "stepSize":"0.00000010","priceDecimals":"5","quantityDecimals":"8","updateTime":"2026-09-22T03:14:48.044Z",
  "retailAvailable":true,"piAvailable":true}
"""
BOOK = """
{"symbol":"BTCUSD","asks":[["62000.6","0.0024"]],"bids":[["61999.9","0.003"]],"updateTime":"2026-09-22T14:05:42.365Z"}
"""
TRADE = """
{"trdMatchID":"87ZPV","symbol":"BTCUSD","side":"Sell","size":"0.60000000","price":"62000.00000000",
 "grossValue":"37200.00000000","transactTime":"2026-09-22T00:06:04.000Z"}
"""
ORDER = """
{"orderID":"2289677808","clOrdID":"ord-1","symbol":"BTCUSD","side":"Sell","orderQty":"0.01000000","price":"62000.50000",
 "ordType":"Limit","timeInForce":"GoodTillCancel","execInst":"","ordStatus":"New","cumQty":"0.00000000",
 "leavesQty":"0.01000000","avgPx":null,"transactTime":"2026-09-22T03:14:48.044Z","text":""}
"""
EXECUTION = """
{"execID":"87ZPV","trdMatchID":"87ZPV","orderID":"2289677808","clOrdID":"ord-1","symbol":"BTCUSD","side":"Sell",
 "lastQty":"0.00400000","lastPx":"62000.50000","grossValue":"248.00200","commission":"0.12400",
 "commissionCurrency":"USD","lastLiquidityInd":"Removed","transactTime":"2026-09-22T03:14:49.100Z"}
"""
WALLET = '{"currency":"USD","exchangeAvailableBalance":"500.00000","exchangeTotalBalance":"500.00000"}'
ERROR = """
{"error":{"message":"symbol 'NOPEUSD' is not supported or does not exist","name":"INVALID_SYMBOL"}}
"""
QUOTE = """
{"quoteResponse":{"responseCode":"FULL_QUOTE","quoteId":"e0eb807e-d39c-471c-8848-96c950060671",
 "buyTradedCurrency":false,"tradedCurrency":"BTC","settlementCurrency":"USD","quotedTradedCurrencyAmount":"0.5",
 "quotedSettlementCurrencyAmount":"30990.25","retailRateInSettlementCurrency":"61980.5","timeToLive":6984,
 "quoteCreatedAt":"Sep 22, 2026 4:08:13 PM","quoteExpiresAt":"Sep 22, 2026 4:08:21 PM"}}
"""
CATALOGUED = """
symbol baseAsset quoteAsset status tickSize stepSize minAmount minQuantity limitMaxAmount limitMaxQuantity
marketMaxAmount marketMaxQuantity filters takerFeeRate makerFeeRate retailAvailable piAvailable
"""

_FORMS = (
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"), "time"),
    (re.compile(r"[A-Z][a-z]{2} \d{1,2}, \d{4} \d{1,2}:\d\d:\d\d [AP]M"), "local time"),
    (re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "uuid"),
)
_FIXED = (
    "price",
    "orderQty",
    "lastQty",
    "lastPx",
    "size",
    "minPrice",
    "maxPrice",
    "tickSize",
    "stepSize",
    "minOrderQty",
)


def form(value: Any, name: str = "") -> Any:
    """Keys in their order, types, and of texts what they are; decimals of fixed length by their digits."""
    if isinstance(value, dict):
        return [(key, form(one, key)) for key, one in value.items()]
    if isinstance(value, list):
        return [form(one, name) for one in value]
    if not isinstance(value, str):
        return type(value).__name__
    known = next((what for pattern, what in _FORMS if pattern.fullmatch(value)), None)
    if known is None and name in _FIXED:
        return f"{len(value.partition('.')[2])} digits"
    return known or "text"


def traded() -> Client:
    """Four thousandths were sold to the best bid."""
    client = Client()
    client.sell("taker", price="61999.9", orderQty="0.004")
    client.sell()
    return client


@pytest.mark.parametrize(
    ("target", "example"),
    [
        ("/api/v4/instrument?symbol=BTCUSDT", INSTRUMENT),
        ("/api/v4/trade?symbol=BTCUSDT", TRADE),
        ("/api/v4/order", ORDER),
        ("/api/v4/execution", EXECUTION),
        ("/api/v4/user/wallet", WALLET),
    ],
)
def test_a_list_is_a_bare_array_of_rows_as_specified(target: str, example: str) -> None:
    status, rows = traded().ask("GET", target)
    assert status == 200
    assert form(rows[0]) == form(json.loads(example))


def test_the_book_looks_as_specified() -> None:
    client = Client()
    said = client.public("/api/v4/orderBook/L2?symbol=BTCUSDT")[1]
    assert form(said) == form(json.loads(BOOK))
    assert (said["asks"], said["bids"]) == ([["62000.1", "3"]], [["61999.9", "3"]])


def test_an_error_looks_as_specified() -> None:
    client = Client()
    for target in ("/api/v4/orderBook/L2?symbol=NOPEUSD", "/api/v4/trade?symbol=NOPEUSD"):
        assert client.public(target) == (400, json.loads(ERROR))
    assert client.sell(symbol="NOPEUSD") == (400, json.loads(ERROR))


def test_an_order_says_the_numbers_as_specified() -> None:
    said = Client().sell(price="62000.5")[1]
    golden = json.loads(ORDER) | {"symbol": "BTCUSDT", "orderID": said["orderID"], "transactTime": said["transactTime"]}
    assert said == golden


def test_an_execution_says_the_numbers_as_specified() -> None:
    client = Client()
    client.stand("BUY", "62000.0", "0.004")
    client.sell(price="62000", orderQty="0.01")
    (row,) = client.ask("GET", "/api/v4/execution")[1]
    assert (row["lastQty"], row["lastPx"], row["grossValue"], row["commission"], row["lastLiquidityInd"]) == (
        "0.00400000", "62000.00000", "248.00000", "0.12400", "Removed",
    )  # fmt: skip


def test_a_quote_looks_as_specified() -> None:
    client = Client()
    request = {
        "tradedCurrency": "BTC", "settlementCurrency": "USDT", "buyTradedCurrency": False, "tradedCurrencyAmount": 0.5,
    }  # fmt: skip
    status, said = client.ask_v3("/api/3/retail/quote", {"quoteRequest": request})
    assert status == 200
    assert form(said) == form(json.loads(QUOTE))


def test_the_catalogue_has_the_fields_that_were_seen() -> None:
    (row,) = Client().public("/api/v5/symbols?symbol=BTCUSDT")[1]
    assert list(row) == CATALOGUED.split()
    assert (row["status"], row["tickSize"], row["stepSize"]) == ("1", "0.1", "0.0000001")
    assert (row["takerFeeRate"], row["makerFeeRate"], row["limitMaxAmount"]) == ("0.0005", "0", "600000")
    assert row["filters"] == [{"filterType": "TAKER_PRICE_RATE", "value": "0.05"}]


def test_a_localised_date_is_hong_kongs() -> None:
    assert local(1_790_064_493 * 10**9) == "Sep 22, 2026 4:08:13 PM"
    assert local(1_790_006_400 * 10**9) == "Sep 22, 2026 12:00:00 AM"
