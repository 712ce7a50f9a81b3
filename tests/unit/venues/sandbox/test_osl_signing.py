"""OSL's signatures, server side: the vectors of the specification, and who is turned away."""

import pytest
from msgspec.structs import replace

from engine.kernel.clock import SECOND
from tests.unit.venues.sandbox.osl_client import SECRET, Client, read
from venues.sandbox.osl_signing import decoded, is_signed, sign, text_v3, text_v4

ORDER = (
    '{"symbol": "BTCUSD", "side": "Sell", "orderQty": "0.01", "ordType": "Limit", "price": "62000.5", '
    '"timeInForce": "GoodTillCancel", "clOrdID": "ord-1"}'
)
QUOTE = (
    '{"quoteRequest": {"tradedCurrency": "BTC", "settlementCurrency": "USD", "buyTradedCurrency": false, '
    '"tradedCurrencyAmount": 0.5}, "tonce": 1790000000000000}'
)
VECTORS = [
    (
        text_v4("POST", "/api/v4/order", "", "1790000010", ORDER),
        "pyLexjiYMfDV0ZY+tSbX91/alabqnOsk7ccDy9cLVkrZBzDfKwMVW12e9inbUDtxR2p2GOmywoMFW/60/YkkEQ==",
    ),
    (
        text_v4("GET", "/api/v4/order", "symbol=BTCUSD&open=true", "1790000010", ""),
        "gz7WW7d6BBahVuaeJ4bpSbO85tdEB701OSs6hTtgtQJHvl2s019en6GARc/XFh35rgzlIQVp0QQpDPt7rTiLqg==",
    ),
    (
        text_v3("/api/3/retail/quote", QUOTE),
        "ejC6NwGvGoo+1RYAK3uxQ8JXDGFWHMqtjcdB7ZyPqAmGkH/Fr/nOZO3HwuN2DVI7NrWPkfE+QcLxSWqMTiA4lQ==",
    ),
]


@pytest.mark.parametrize(("text", "signature"), VECTORS)
def test_the_specified_vectors_are_signed_as_specified(text: bytes, signature: str) -> None:
    assert sign(SECRET, text) == signature
    assert is_signed(SECRET, text, signature)
    assert not is_signed(SECRET, text + b" ", signature)


def test_the_raw_bytes_are_signed_even_where_they_are_no_text() -> None:
    raw = b'{"a": "\xff"}'.decode(errors="surrogateescape")
    assert text_v4("POST", "/p", "", "1", raw) == b'POST/p1{"a": "\xff"}'
    assert text_v3("/p", raw) == b'p\0{"a": "\xff"}'


def test_a_secret_that_is_not_base64_is_refused() -> None:
    with pytest.raises(ValueError, match="base64"):
        decoded("not base64!")


WALLET = "/api/v4/user/wallet"


@pytest.mark.parametrize(
    ("changes", "status", "name"),
    [
        ({"key": "nobody"}, 401, "INVALID_API_KEY"),
        ({"key": "lapsed"}, 401, "INVALID_API_KEY"),
        ({"secret": "QUJD"}, 401, "INVALID_SIGNATURE"),
        ({"ahead": -1}, 401, "SIGNATURE_EXPIRED"),
        ({"ahead": 61}, 401, "SIGNATURE_EXPIRED"),
    ],
)
def test_who_cannot_prove_who_and_when_they_are_is_not_let_in(changes: dict, status: int, name: str) -> None:
    client = Client()
    answer = client.dialect.answer(client.call("GET", WALLET, **changes))
    assert (answer.status, read(answer)[1]["error"]["name"]) == (status, name)


@pytest.mark.parametrize("ahead", [1, 10, 60])
def test_a_request_that_expires_within_a_minute_is_let_in(ahead: int) -> None:
    assert Client().ask("GET", WALLET, ahead=ahead)[0] == 200


def test_a_signature_is_taken_once() -> None:
    client = Client()
    call = client.call("GET", WALLET)
    assert client.dialect.answer(call).status == 200
    again = client.dialect.answer(call)
    assert (again.status, read(again)[1]["error"]["name"]) == (401, "SIGNATURE_USED")
    client.hours.passed += SECOND
    assert client.dialect.answer(client.call("GET", WALLET)).status == 200


def test_a_changed_body_or_query_breaks_the_signature() -> None:
    client = Client()
    call = client.call("POST", "/api/v4/order", ORDER)
    for changed in (replace(call, body=ORDER + " "), replace(call, query="a=1"), replace(call, method="DELETE")):
        assert read(client.dialect.answer(changed))[1]["error"]["name"] == "INVALID_SIGNATURE"


def test_a_key_that_may_only_read_places_nothing_and_takes_no_quote() -> None:
    client = Client()
    assert client.ask("GET", WALLET, key="reader")[0] == 200
    status, said = client.ask("DELETE", "/api/v4/order/all", key="reader")
    assert (status, said["error"]["name"]) == (403, "PERMISSION_DENIED")
    status, said = client.ask_v3("/api/3/retail/trade", {"tradeRequest": {"quoteId": "q"}}, key="reader")
    assert (status, said["error"]["name"]) == (403, "PERMISSION_DENIED")


def test_a_key_says_what_it_may() -> None:
    client = Client()
    assert client.ask("GET", "/mock/api/4/apiKey") == (200, {"permissions": ["Read", "Place and Manage Orders"]})
    assert client.ask("GET", "/mock/api/4/apiKey", key="reader") == (200, {"permissions": ["Read"]})


def test_each_v3_call_of_a_key_carries_a_greater_tonce_than_the_one_before() -> None:
    client = Client()
    assert client.dialect.answer(client.call_v3("/api/3/account", {}, tonce=1_000)).status == 200
    for tonce in (1_000, 999):
        answer = client.dialect.answer(client.call_v3("/api/3/account", {}, tonce=tonce))
        assert (answer.status, read(answer)[1]["error"]["name"]) == (401, "INVALID_TONCE")
    assert client.dialect.answer(client.call_v3("/api/3/account", {}, key="k2", tonce=1_000)).status == 200
    assert client.dialect.answer(client.call_v3("/api/3/account", {}, tonce=1_001)).status == 200


def test_a_refused_signature_uses_up_no_tonce() -> None:
    client = Client()
    call = client.call_v3("/api/3/account", {}, tonce=1_000)
    forged = replace(call, headers={**call.headers, "rest-sign": "AAAA"})
    assert read(client.dialect.answer(forged))[1]["error"]["name"] == "INVALID_SIGNATURE"
    assert client.dialect.answer(call).status == 200
