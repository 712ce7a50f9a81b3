"""Keys and signatures of both generations. A secret is read here only to sign.

v4 signs method, path with query, expiry and body; v3 signs the path without its slash, a NUL, and the body. Both are
HMAC-SHA512 in base64 under the secret decoded from base64. A v4 signature counts once, a v3 tonce only rises.
"""

import binascii
import hmac
import re
from base64 import b64decode, b64encode
from collections.abc import Sequence
from hashlib import sha512
from typing import Final

from engine.kernel.clock import SECOND, Instant, Span
from venues.osl import mock
from venues.secrets import Keys, Secret

_SAFE: Final = re.compile(r"[A-Za-z0-9._:-]+")
_MICROSECOND: Final = 1_000
_REMEMBERED: Final = 256

Pairs = Sequence[tuple[str, str]]
"""Parameters in the order in which they are signed and sent."""


def signing_key(secret: Secret) -> bytes:
    """What the secret stands for; `ValueError` when it is not base64."""
    try:
        return b64decode(secret.reveal(), validate=True)
    except binascii.Error:
        raise ValueError("the secret is not base64") from None


def v4_signature(secret: Secret, method: str, path: str, expires: int, body: bytes = b"") -> str:
    """Base64 of the HMAC-SHA512; `path` with its query, `expires` in Unix seconds."""
    return _signature(secret, f"{method}{path}{expires}".encode() + body)


def v3_signature(secret: Secret, path: str, body: bytes) -> str:
    """Base64 of the HMAC-SHA512; the body carries the tonce."""
    return _signature(secret, path.removeprefix("/").encode() + b"\0" + body)


def v4_headers(keys: Keys, method: str, path: str, expires: int, body: bytes = b"") -> dict[str, str]:
    """What every private call of v4 carries."""
    headers = {
        "api-key": keys.key.reveal(),
        "api-expires": str(expires),
        "api-signature": v4_signature(keys.secret, method, path, expires, body),
    }
    return {**headers, "Content-Type": "application/json"} if body else headers


def v3_headers(keys: Keys, path: str, body: bytes) -> dict[str, str]:
    """What every call of v3 carries."""
    return {
        "Rest-Key": keys.key.reveal(),
        "Rest-Sign": v3_signature(keys.secret, path, body),
        "Content-Type": "application/json",
    }


def joined(path: str, pairs: Pairs) -> str:
    """`path?a=1&b=2`; `ValueError` for a value that would need quoting."""
    for name, value in pairs:
        if not _SAFE.fullmatch(value):
            raise ValueError(f"the parameter {name} holds characters that are never sent")
    return path + ("?" if pairs else "") + "&".join(f"{name}={value}" for name, value in pairs)


class Expiries:
    """When signatures end. The same text is never signed for the same second again, since a signature counts once."""

    def __init__(self, window: Span) -> None:
        """`window` from the beginning of the second in which it is signed (wall time)."""
        self._window_s = window // SECOND
        self._ahead_s = mock.SIGNATURE_AHEAD_MAX // SECOND // 2
        self._last: dict[str, int] = {}

    def next(self, text: str, at: Instant) -> int | None:
        """Unix seconds for `text`, or `None` when it was signed too often of late."""
        first = at // SECOND + self._window_s
        if len(self._last) > _REMEMBERED:
            self._last = {known: used for known, used in self._last.items() if used >= first}
        expires = max(first, self._last.get(text, 0) + 1)
        if expires > first + self._ahead_s:
            return None
        self._last[text] = expires
        return expires


class Tonces:
    """Microseconds of wall time, each later than the one before even when the clock steps back."""

    def __init__(self) -> None:
        self._last = 0

    def next(self, at: Instant) -> int:
        """The tonce of one call."""
        self._last = max(at // _MICROSECOND, self._last + 1)
        return self._last


def _signature(secret: Secret, text: bytes) -> str:
    return b64encode(hmac.new(signing_key(secret), text, sha512).digest()).decode()
