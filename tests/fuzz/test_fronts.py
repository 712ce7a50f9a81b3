"""Whatever a client sends, signed as it should be, the sandbox answers, and no order stands that was not asked for."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Final
from urllib.parse import parse_qsl
from zlib import crc32

import pytest

from tests.conformance.rigs.floor import FUNDS, OURS
from tests.conformance.rigs.served import KEY, at_rest
from tests.fuzz.mutation import Damage
from tests.fuzz.reading import decimal
from tests.fuzz.test_parsers import FRAMES, SEED
from venues.sandbox.door import Call
from venues.sandbox.exchange import Exchange
from venues.sandbox.listings import LISTINGS, START
from venues.sandbox.model import Listing, OrderRow
from venues.sandbox.stalls import OSL_LISTINGS

HK_PLACE: Final = {
    "symbol": "BTCUSDT", "side": "SELL", "type": "LIMIT", "quantity": "0.01", "price": "62000.5",
    "newClientOrderId": "ord-1", "timeInForce": "GTC",
}  # fmt: skip
OSL_PLACE: Final = {
    "symbol": "BTCUSDT", "side": "Sell", "orderQty": "0.01", "ordType": "Limit", "price": "62000.5",
    "timeInForce": "GoodTillCancel", "clOrdID": "ord-1",
}  # fmt: skip


def hashkey(frame: bytes, number: int) -> tuple[Call, dict[str, str]]:
    """A new order in HashKey's form, and what it says."""
    text = frame.decode(errors="surrogateescape")
    try:
        told = json.loads(frame)
        text = "&".join(f"{name}={value}" for name, value in told.items()).encode(errors="replace").decode()
    except (ValueError, AttributeError, RecursionError):
        pass  # what is no form is sent as it stands
    text = f"timestamp={time.time_ns() // 1_000_000}&{text.replace('ord-1', f'ord-{number}')}"
    signature = hmac.new(KEY[1].encode(), text.encode(errors="surrogateescape"), hashlib.sha256).hexdigest()
    body = f"{text}&signature={signature}"
    told = dict(parse_qsl(text, keep_blank_values=True, errors="surrogateescape"))
    return Call("POST", "/api/v1/spot/order", "", body, KEY[0], {"x-hk-apikey": KEY[0]}), told


def osl(frame: bytes, number: int) -> tuple[Call, dict[str, str]]:
    """A new order in OSL's form, and what it says."""
    body = frame.replace(b"ord-1", f"ord-{number}".encode())
    expires = str(time.time_ns() // 1_000_000_000 + 10)
    text = f"POST/api/v4/order{expires}".encode() + body
    signature = base64.b64encode(hmac.new(base64.b64decode(KEY[1]), text, hashlib.sha512).digest()).decode()
    headers = {"api-key": KEY[0], "api-expires": expires, "api-signature": signature}
    call = Call("POST", "/api/v4/order", "", body.decode(errors="surrogateescape"), KEY[0], headers, "127.0.0.1")
    try:
        told = json.loads(body.decode(errors="replace"), parse_float=str, parse_int=str)
    except (ValueError, RecursionError):
        told = {}
    return call, told if isinstance(told, dict) else {}


FRONTS: Final[dict[str, tuple[Callable[[bytes, int], tuple[Call, dict[str, str]]], dict[str, str], str]]] = {
    "hashkey": (hashkey, HK_PLACE, "quantity"),
    "osl": (osl, OSL_PLACE, "orderQty"),
}
BOOKS: Final[dict[str, tuple[Listing, ...]]] = {"hashkey": LISTINGS, "osl": OSL_LISTINGS}


@pytest.mark.parametrize("venue", FRONTS)
async def test_a_damaged_order_is_refused_or_stands_as_it_was_written(venue: str) -> None:
    signed, golden, quantity = FRONTS[venue]
    exchange = Exchange(BOOKS[venue], {OURS: dict.fromkeys(FUNDS[OURS], Decimal(10**9))}, [], start=START)
    dialect = at_rest(venue, exchange).dialect
    damage = Damage([json.dumps(golden).encode()], SEED ^ crc32(venue.encode()))
    known = 0
    for number, frame in enumerate(damage.frames(FRAMES // 4)):
        call, told = signed(frame, number)
        answer = dialect.answer(call)
        assert answer.status < 500, f"seed {SEED}, frame {number}: {frame[:300]!r}"
        rows = exchange.orders(OURS, limit=10**9) if answer.status == 200 else []
        if len(rows) > known:
            known += 1
            written = (decimal(told.get("price")), decimal(told.get(quantity)))
            assert _matches(rows[-1], written), f"seed {SEED}, frame {number}: {frame[:300]!r} made {rows[-1]}"
            exchange.cancel(OURS, order_id=rows[-1].order_id)
    assert known > 10


def _matches(row: OrderRow, written: tuple[Decimal | None, Decimal | None]) -> bool:
    """A market order has no price of its own."""
    return row.quantity == written[1] and (row.kind.value == "MARKET" or row.price == written[0])
