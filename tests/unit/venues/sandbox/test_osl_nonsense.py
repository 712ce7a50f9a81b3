"""Nothing that a client sends makes OSL's dialect raise."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.venues.sandbox.osl_client import Client
from venues.sandbox.door import Call
from venues.sandbox.osl_door import ROUTES

V4 = sorted(route for route in ROUTES if route[1].startswith(("/api/v4", "/mock")))
V5 = sorted(path for _, path in ROUTES if path.startswith("/api/v5"))
V3 = sorted(path for method, path in ROUTES if path.startswith("/api/3") and method == "POST")
CLIENT = Client()

TEXTS = st.sampled_from(
    ["BTCUSDT", "Sell", "Buy", "Limit", "Market", "PostOnly", "GoodTillDate", "2026-05-03", "1", "0.01", "62000",
     "1e30", "-1", "NaN", "9" * 40, "true", "false", "2000000001", "ord-1", "BTC", "USDT", ""]
) | st.text(max_size=8)  # fmt: skip
LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS
NAMES = st.sampled_from(
    ["symbol", "side", "orderQty", "ordType", "price", "timeInForce", "execInst", "clOrdID", "expireDate", "orderID",
     "open", "count", "startTime", "endTime", "lastHour", "reverse", "depth", "limit", "quoteId", "tradedCurrency",
     "settlementCurrency", "buyTradedCurrency", "tradedCurrencyAmount", "settlementCurrencyAmount"]
)  # fmt: skip
OBJECTS = st.dictionaries(NAMES, LEAVES | st.lists(LEAVES, max_size=3), max_size=9)


@given(route=st.sampled_from(V4), query=st.dictionaries(NAMES, TEXTS, max_size=4), body=OBJECTS | LEAVES)
def test_any_v4_request_has_an_answer(route: tuple[str, str], query: dict[str, str], body: Any) -> None:
    method, path = route
    text = "&".join(f"{name}={value}" for name, value in query.items()).replace("?", "")
    call = CLIENT.call(method, f"{path}?{text}", json.dumps(body))
    CLIENT.hours.passed += 10**9
    assert CLIENT.dialect.answer(call).status in (200, 204, 400)
    CLIENT.dialect.named_order(call)


@given(path=st.sampled_from(V5), query=st.dictionaries(NAMES, TEXTS, max_size=3))
def test_any_v5_request_has_an_answer(path: str, query: dict[str, str]) -> None:
    text = "&".join(f"{name}={value}" for name, value in query.items())
    assert CLIENT.dialect.answer(Call("GET", path, text)).status in (200, 500)


@given(path=st.sampled_from(V3), wrapped=OBJECTS)
def test_any_v3_request_has_an_answer(path: str, wrapped: dict[str, Any]) -> None:
    names = ("quoteRequest", "tradeRequest", "transactionListRequest")
    assert CLIENT.dialect.answer(CLIENT.call_v3(path, dict.fromkeys(names, wrapped))).status == 200


@given(raw=st.binary(max_size=40))
def test_any_bytes_have_an_answer(raw: bytes) -> None:
    body = raw.decode(errors="surrogateescape")
    assert CLIENT.dialect.answer(CLIENT.call("POST", "/api/v4/order", body)).status in (400, 401)
