"""Keys and signatures. A secret is read here only to sign, and nothing that leaves but a header contains one.

HMAC-SHA256 in hex over the parameter string exactly as it is sent. The string is made by joining values that need no
quoting; a value that would need it is refused rather than quoted.
"""

import hmac
import re
from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from venues.secrets import Keys, Secret

_SAFE: Final = re.compile(r"[A-Za-z0-9._,-]+")
"""The venue signs raw text, and a comma stands raw in it; nothing here ends a parameter or begins another."""

Pairs = Sequence[tuple[str, str]]
"""Parameters in the order in which they are signed and sent."""


def signature(secret: Secret, text: str) -> str:
    """Lower-case hex of the HMAC-SHA256 of `text`."""
    return hmac.new(secret.reveal().encode(), text.encode(), sha256).hexdigest()


def headers(keys: Keys, *, json: bool = False) -> dict[str, str]:
    """What every private call carries; a batch is the only one with a body in JSON."""
    kind = "application/json" if json else "application/x-www-form-urlencoded"
    return {"X-HK-APIKEY": keys.key.reveal(), "Content-Type": kind}


def joined(pairs: Pairs) -> str:
    """`a=1&b=2`; `ValueError` for a value that would need quoting."""
    for name, value in pairs:
        if not _SAFE.fullmatch(value):
            raise ValueError(f"the parameter {name} holds characters that are never sent")
    return "&".join(f"{name}={value}" for name, value in pairs)


def signed(keys: Keys, pairs: Pairs, *, at_ms: int, window_ms: int) -> str:
    """The whole parameter string: time, window, the call's own parameters, and the signature last."""
    text = joined([("timestamp", str(at_ms)), ("recvWindow", str(window_ms)), *pairs])
    return f"{text}&signature={signature(keys.secret, text)}"
