"""HashKey's and OSL's words, as few as are needed: cancel by our own id, and list what is open.

Written a second time on purpose, from the venues' documents and not from the adapters. A cancel's answer proves nothing
and is kept for the record only; what an account's list of open orders shows, counts.
"""

import hmac
import json
import time
from base64 import b64decode, b64encode
from collections.abc import Sequence
from decimal import Decimal
from hashlib import sha256, sha512
from typing import Any, Final, NamedTuple, Protocol

from engine.kill.keyfile import Keys
from engine.kill.line import Line, NoAnswer, word

HASHKEY_WINDOW_MS: Final = 5_000
HASHKEY_ROWS: Final = 1_000
OSL_VALID_S: Final = 10
OSL_ROWS: Final = 500
OSL_BULK: Final = 100
SPACING_S: Final = 0.06
"""Between two cancels, of twenty a second."""


class Open(NamedTuple):
    """One open order of the account, ours or not."""

    client_id: str
    symbol: str
    left: Decimal


class Desk(Protocol):
    """One account at one venue."""

    def cancel(self, client_ids: Sequence[str]) -> None:
        """Ask once for each; `NoAnswer` when the venue is not to be talked to."""

    def open_orders(self) -> list[Open]:
        """All that can still trade on the account; `NoAnswer` when no whole list was had."""


class HashKey:
    """HMAC-SHA256 over the parameters, which travel in the query of a read and in the form of a cancel."""

    def __init__(self, keys: Keys, line: Line) -> None:
        self._keys, self._line = keys, line

    def cancel(self, client_ids: Sequence[str]) -> None:
        for number, client_id in enumerate(client_ids):
            if number:
                time.sleep(SPACING_S)
            body = self._signed(f"clientOrderId={client_id}").encode()
            path = "/api/v1/spot/order"
            status, _ = self._line.call("cancel", "DELETE", path, self._headers(), body, orders=1)
            _heed(status)

    def open_orders(self) -> list[Open]:
        found: list[Open] = []
        after = ""
        while True:
            query = self._signed(f"limit={HASHKEY_ROWS}{after}")
            rows = _rows(*self._line.call("open orders", "GET", f"/api/v1/spot/openOrders?{query}", self._headers()))
            try:
                for row in rows:
                    left = _left(row["origQty"], row["executedQty"])
                    found.append(Open(str(row["clientOrderId"]), str(row["symbol"]), left))
                last = str(rows[-1]["orderId"]) if rows else ""
            except (KeyError, TypeError, ArithmeticError):
                raise NoAnswer("a list of orders that makes no sense") from None
            if len(rows) < HASHKEY_ROWS:
                return found
            if not last.isdecimal() or f"&orderId={last}" == after:
                raise NoAnswer("a list of orders that has no end")
            after = f"&orderId={last}"

    def _signed(self, parameters: str) -> str:
        text = f"timestamp={time.time_ns() // 1_000_000}&recvWindow={HASHKEY_WINDOW_MS}&{parameters}"
        return f"{text}&signature={hashkey_signature(self._keys.secret, text)}"

    def _headers(self) -> dict[str, str]:
        return {"X-HK-APIKEY": self._keys.key, "Content-Type": "application/x-www-form-urlencoded"}


class Osl:
    """HMAC-SHA512 over method, path, expiry and body (v4). A signature counts once, so no expiry is used twice."""

    def __init__(self, keys: Keys, line: Line) -> None:
        self._keys, self._line = keys, line
        self._last = 0

    def cancel(self, client_ids: Sequence[str]) -> None:
        for first in range(0, len(client_ids), OSL_BULK):
            named = client_ids[first : first + OSL_BULK]
            # spaces after the colons: a running engine may cancel the same order in this very second
            body = json.dumps({"clOrdID": list(named)}).encode()
            headers = self._headers("DELETE", "/api/v4/order", body)
            status, _ = self._line.call("cancel", "DELETE", "/api/v4/order", headers, body, orders=len(named))
            _heed(status)

    def open_orders(self) -> list[Open]:
        path = f"/api/v4/order?count={OSL_ROWS}&open=true"
        rows = _rows(*self._line.call("open orders", "GET", path, self._headers("GET", path)))
        if len(rows) >= OSL_ROWS:
            raise NoAnswer("a list of orders that may have been cut")
        try:
            return [
                Open(str(row["clOrdID"] or ""), str(row["symbol"]), _left(row["orderQty"], row["cumQty"]))
                for row in rows
            ]
        except (KeyError, TypeError, ArithmeticError):
            raise NoAnswer("a list of orders that makes no sense") from None

    def _headers(self, method: str, path: str, body: bytes = b"") -> dict[str, str]:
        self._last = expires = max(int(time.time()) + OSL_VALID_S, self._last + 1)
        signature = osl_signature(self._keys.secret, method, path, expires, body)
        headers = {"api-key": self._keys.key, "api-expires": str(expires), "api-signature": signature}
        return {**headers, "Content-Type": "application/json"} if body else headers


DESKS: Final[dict[str, type[HashKey] | type[Osl]]] = {"hashkey": HashKey, "osl": Osl}
"""The venues that are spoken to here, by adapter."""


def hashkey_signature(secret: str, text: str) -> str:
    """Lower-case hex of the HMAC-SHA256 of the parameters as they are sent."""
    return hmac.new(secret.encode(), text.encode(), sha256).hexdigest()


def osl_signature(secret: str, method: str, path: str, expires: int, body: bytes) -> str:
    """Base64 of the HMAC-SHA512 under the secret decoded from base64; `expires` in Unix seconds."""
    text = f"{method}{path}{expires}".encode() + body
    return b64encode(hmac.new(b64decode(secret), text, sha512).digest()).decode()


def _heed(status: int) -> None:
    """A venue that turns everybody away, or us, is not asked for the next order."""
    if status in (418, 429) or status >= 500:
        raise NoAnswer(f"HTTP {status}")


def _rows(status: int, body: bytes) -> list[Any]:
    try:
        said = json.loads(body, parse_float=Decimal)
    except (ValueError, RecursionError):
        said = None
    if status == 200 and isinstance(said, list):
        return said
    code = ""
    if isinstance(said, dict):
        error = said.get("error")
        code = word(error.get("name") if isinstance(error, dict) else said.get("code"))
    raise NoAnswer(f"HTTP {status} {code}".strip())


def _left(whole: object, filled: object) -> Decimal:
    left = Decimal(str(whole)) - Decimal(str(filled))
    if not left.is_finite() or left < 0:
        raise ArithmeticError("not a quantity")
    return left
