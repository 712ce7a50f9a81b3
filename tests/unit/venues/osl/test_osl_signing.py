"""Signatures as the specification computes them, signatures that are never made twice, and the places where we go."""

import pytest

from engine.kernel.clock import MILLISECOND, SECOND, Instant, Span
from venues.osl.endpoints import Endpoints
from venues.osl.signing import Expiries, Tonces, joined, signing_key, v3_headers, v3_signature, v4_headers, v4_signature
from venues.secrets import Keys, Secret

SECRET = Secret("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")
NOON = Instant(1_790_000_000 * SECOND)


def test_an_order_is_signed_as_the_specification_signs_it() -> None:
    """The first vector of section 2.4, byte for byte."""
    body = (
        b'{"symbol": "BTCUSD", "side": "Sell", "orderQty": "0.01", "ordType": "Limit", "price": "62000.5", '
        b'"timeInForce": "GoodTillCancel", "clOrdID": "ord-1"}'
    )
    assert v4_signature(SECRET, "POST", "/api/v4/order", 1790000010, body) == (
        "pyLexjiYMfDV0ZY+tSbX91/alabqnOsk7ccDy9cLVkrZBzDfKwMVW12e9inbUDtxR2p2GOmywoMFW/60/YkkEQ=="
    )


def test_a_question_is_signed_with_its_query() -> None:
    """The second vector of section 2.4."""
    assert v4_signature(SECRET, "GET", "/api/v4/order?symbol=BTCUSD&open=true", 1790000010) == (
        "gz7WW7d6BBahVuaeJ4bpSbO85tdEB701OSs6hTtgtQJHvl2s019en6GARc/XFh35rgzlIQVp0QQpDPt7rTiLqg=="
    )


def test_a_quote_is_signed_over_its_path_a_nul_and_its_body() -> None:
    """The third vector of section 2.4."""
    body = (
        b'{"quoteRequest": {"tradedCurrency": "BTC", "settlementCurrency": "USD", "buyTradedCurrency": false, '
        b'"tradedCurrencyAmount": 0.5}, "tonce": 1790000000000000}'
    )
    assert v3_signature(SECRET, "/api/3/retail/quote", body) == (
        "ejC6NwGvGoo+1RYAK3uxQ8JXDGFWHMqtjcdB7ZyPqAmGkH/Fr/nOZO3HwuN2DVI7NrWPkfE+QcLxSWqMTiA4lQ=="
    )


def test_headers_carry_key_expiry_and_signature() -> None:
    """A content type only where there is content."""
    keys = Keys(Secret("the-key"), SECRET)
    asked = v4_headers(keys, "GET", "/api/v4/user/wallet", 7)
    assert asked == {
        "api-key": "the-key",
        "api-expires": "7",
        "api-signature": v4_signature(SECRET, "GET", "/api/v4/user/wallet", 7),
    }
    assert v4_headers(keys, "POST", "/api/v4/order", 7, b"{}")["Content-Type"] == "application/json"
    assert v3_headers(keys, "/api/3/account", b"{}") == {
        "Rest-Key": "the-key",
        "Rest-Sign": v3_signature(SECRET, "api/3/account", b"{}"),
        "Content-Type": "application/json",
    }


@pytest.mark.parametrize("text", ["not base64!", "abc", "MDEy MzQ1"])
def test_a_secret_that_is_not_base64_is_refused(text: str) -> None:
    """It would sign something, and the venue would refuse it call by call."""
    with pytest.raises(ValueError, match="base64"):
        signing_key(Secret(text))


def test_the_same_text_is_never_signed_for_the_same_second_twice() -> None:
    """A signature counts once; another text may end in the same second."""
    expiries = Expiries(Span(10 * SECOND))
    assert [expiries.next("GET/a", NOON) for _ in range(3)] == [1790000010, 1790000011, 1790000012]
    assert expiries.next("GET/b", NOON) == 1790000010
    assert expiries.next("GET/a", Instant(NOON + 5 * SECOND)) == 1790000015


def test_a_signature_never_ends_far_ahead() -> None:
    """The venue would refuse it, so a question that is repeated that often is not asked; later it may be again."""
    expiries = Expiries(Span(10 * SECOND))
    ends = [expiries.next("GET/a", NOON) for _ in range(40)]
    assert ends[-1] is None
    assert max(each for each in ends if each) == 1790000040
    assert expiries.next("GET/a", Instant(NOON + 60 * SECOND)) == 1790000070


def test_what_is_remembered_of_signatures_does_not_grow() -> None:
    """A thousand texts, a second apart."""
    expiries = Expiries(Span(10 * SECOND))
    for number in range(1000):
        expiries.next(f"GET/{number}", Instant(NOON + number * SECOND))
    assert len(expiries._last) < 300


def test_tonces_rise_even_when_the_clock_stands_or_steps_back() -> None:
    """Microseconds of wall time."""
    tonces = Tonces()
    told = [tonces.next(at) for at in (NOON, NOON, Instant(NOON - SECOND), Instant(NOON + MILLISECOND))]
    assert told == [1790000000000000, 1790000000000001, 1790000000000002, 1790000000001000]


def test_parameters_are_joined_in_their_order() -> None:
    """A time with its colons needs no quoting."""
    assert joined("/api/v4/trade", [("symbol", "BTCUSD"), ("startTime", "2026-09-22T03:14:48.044Z")]) == (
        "/api/v4/trade?symbol=BTCUSD&startTime=2026-09-22T03:14:48.044Z"
    )
    assert joined("/api/v4/user/wallet", []) == "/api/v4/user/wallet"


@pytest.mark.parametrize("value", ["", "a b", "a&b=c", "a=b", "é", "a%20b", "a\n"])
def test_a_value_that_would_need_quoting_is_refused(value: str) -> None:
    """It could add a parameter of its own."""
    with pytest.raises(ValueError, match="never sent"):
        joined("/api/v4/order", [("clOrdID", value)])


REAL = ("https://trade-hk.osl.com", "wss://trade-hk.osl.com/ws/v4")


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "127.8.9.10", "localhost:1", "[::1]:8080"])
def test_this_machine_is_always_allowed(host: str) -> None:
    """Plain text, since nothing leaves the machine."""
    assert Endpoints(f"http://{host}", f"ws://{host}/ws/v4").rest == f"http://{host}"


def test_the_real_exchange_has_to_be_asked_for_by_name() -> None:
    """The same addresses, with and without `production`; never in plain text, never at another port."""
    with pytest.raises(ValueError, match="asked for by name"):
        Endpoints(*REAL)
    assert Endpoints(*REAL, production=True).rest == REAL[0]
    for rest in ("http://trade-hk.osl.com", "https://trade-hk.osl.com:8443"):
        with pytest.raises(ValueError, match="over https only"):
            Endpoints(rest, REAL[1], production=True)


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize(
    "host",
    [
        "trade-hk.oslsandbox.com",
        "api.osl.com",
        "stream-hk.osl.com",
        "example.com",
        "10.0.0.1",
        "0.0.0.0",
        "127.0.0.1.example.com",
        "127.0.0.1@example.com",
        "trade-hk.osl.com:443@example.com",
        "",
    ],
)
def test_any_other_place_is_refused_even_in_production(place: int, host: str) -> None:
    """The venue's sandbox, its institutional interface, its sister abroad, and addresses of two readings."""
    urls = [f"http://{host}", f"ws://{host}/a"]
    mixed = ["http://127.0.0.1", "ws://127.0.0.1/a"]
    mixed[place] = urls[place]
    with pytest.raises(ValueError, match=r"neither this machine|not an address"):
        Endpoints(*mixed, production=True)
