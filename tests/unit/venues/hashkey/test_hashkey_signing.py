"""Signatures as HashKey computes them, secrets that show themselves to nobody, and the places where we go."""

import pickle

import msgspec
import pytest

from venues.hashkey.endpoints import Endpoints
from venues.hashkey.signing import headers, joined, signature, signed
from venues.secrets import Keys, Secret

KEYS = Keys(Secret("the-key"), Secret("the-secret"))


@pytest.mark.parametrize(
    ("text", "hexadecimal"),
    [
        (
            "timestamp=1790000000000&symbol=BTCUSD&side=SELL&type=LIMIT&quantity=0.01&price=62000.5"
            "&newClientOrderId=ord-1",
            "725ee542aa9270a436fc2ff55e53f34448a9dcf29cc80c671a1908131d419eca",
        ),
        (
            "timestamp=1790000000000&orderId=1900000000000000001",
            "2c1df048f196ce14586b19cb8a0dfc96f25d506a1e53dbbde70cddd5167ef5db",
        ),
        ("timestamp=1790000000000", "b2324f2a9af44bc6a6e0595c29b6776dcfa0de8178f546337a0d49fc622995b5"),
    ],
)
def test_signatures_agree_with_the_specification(text: str, hexadecimal: str) -> None:
    """The three vectors of the specification, section 2.3; the secret is `sec`."""
    assert signature(Secret("sec"), text) == hexadecimal


def test_time_and_window_come_first_and_the_signature_last() -> None:
    """What is signed is exactly what is sent before `&signature=`."""
    text = signed(KEYS, [("symbol", "BTCUSD")], at_ms=1790000000000, window_ms=5000)
    signed_part, _, last = text.rpartition("&signature=")
    assert signed_part == "timestamp=1790000000000&recvWindow=5000&symbol=BTCUSD"
    assert last == signature(KEYS.secret, signed_part)


@pytest.mark.parametrize("value", ["", "a b", "a&b=c", "a=b", "é", "a%20b", "a\n"])
def test_a_value_that_would_need_quoting_is_refused(value: str) -> None:
    """It could add a parameter of its own."""
    with pytest.raises(ValueError, match="never sent"):
        joined([("newClientOrderId", value)])


def test_a_secret_shows_itself_to_nobody() -> None:
    """Printed, formatted, inside a struct, encoded or pickled."""
    for shown in (repr(KEYS), str(KEYS.secret), f"{KEYS.secret}", f"{[KEYS]!r}"):
        assert "the-" not in shown
        assert "***" in shown
    with pytest.raises(TypeError):
        pickle.dumps(KEYS.secret)
    with pytest.raises(TypeError):
        msgspec.json.encode(KEYS)


def test_words_of_others_lose_our_keys() -> None:
    """A venue may repeat the key in its complaint."""
    assert KEYS.redact("no key the-key (the-secret)") == "no key *** (***)"
    assert headers(KEYS)["X-HK-APIKEY"] == "the-key"


@pytest.mark.parametrize("text", ["", "a\nb", "é"])
def test_a_secret_that_no_header_can_carry_is_refused(text: str) -> None:
    """A line break in a key file would become a second header."""
    with pytest.raises(ValueError, match="secret") as refused:
        Secret(text)
    assert text == "" or text not in str(refused.value)


REAL = (
    "https://api-pro.hashkey.com",
    "wss://stream-pro.hashkey.com/quote/ws/v1",
    "wss://stream-pro.hashkey.com/api/v1/ws",
)


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "127.8.9.10", "localhost:1", "[::1]:8080"])
def test_this_machine_is_always_allowed(host: str) -> None:
    """Plain text, since nothing leaves the machine."""
    assert Endpoints(f"http://{host}", f"ws://{host}/quote/ws/v1", f"ws://{host}/api/v1/ws").rest == f"http://{host}"


def test_the_real_exchange_has_to_be_asked_for_by_name() -> None:
    """The same three addresses, with and without `production`."""
    with pytest.raises(ValueError, match="asked for by name"):
        Endpoints(*REAL)
    assert Endpoints(*REAL, production=True).rest == REAL[0]


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize(
    "host",
    [
        "api-glb.hashkey.com",
        "api-pro.sim.hashkeydev.com",
        "example.com",
        "10.0.0.1",
        "0.0.0.0",
        "127.0.0.1.example.com",
        "127.0.0.1@example.com",
        "example.com\\@127.0.0.1",
        "api-pro.hashkey.com:443@example.com",
        "",
    ],
)
def test_any_other_place_is_refused_even_in_production(place: int, host: str) -> None:
    """The venue's simulator, its sister abroad, look-alikes, and addresses that two parsers read differently."""
    urls = [f"http://{host}", f"ws://{host}/a", f"ws://{host}/b"]
    mixed = ["http://127.0.0.1", "ws://127.0.0.1/a", "ws://127.0.0.1/b"]
    mixed[place] = urls[place]
    with pytest.raises(ValueError, match=r"neither this machine|not an address"):
        Endpoints(*mixed, production=True)


def test_the_real_exchange_is_never_spoken_to_in_plain_text() -> None:
    """A key would be readable on the way."""
    with pytest.raises(ValueError, match="over https only"):
        Endpoints("http://api-pro.hashkey.com", *REAL[1:], production=True)
