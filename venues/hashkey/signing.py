"""Keys and signatures. Only this module reads a secret, and nothing that leaves it but a header contains one.

HMAC-SHA256 in hex over the parameter string exactly as it is sent. The string is made by joining values that need no
quoting; a value that would need it is refused rather than quoted.
"""

import hmac
import re
from collections.abc import Sequence
from hashlib import sha256
from typing import Final, NoReturn

from msgspec import Struct

_SAFE: Final = re.compile(r"[A-Za-z0-9._-]+")
_HIDDEN: Final = "***"

Pairs = Sequence[tuple[str, str]]
"""Parameters in the order in which they are signed and sent."""


class Secret:
    """A text that shows itself to nobody: not printed, not compared, not pickled."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        if not text.isascii() or not text.isprintable() or not text:
            raise ValueError("a secret is empty, or holds characters that no header can carry")
        self._text = text

    def __repr__(self) -> str:
        return _HIDDEN

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not written anywhere")

    def reveal(self) -> str:
        """The text itself; called in this module only."""
        return self._text


class Keys(Struct, frozen=True, eq=False):
    """What HashKey gives an account: the key that names it, and the secret that signs."""

    key: Secret
    secret: Secret

    def redact(self, text: str) -> str:
        """`text` without either of the two, for words that a venue or a library chose."""
        return text.replace(self.secret.reveal(), _HIDDEN).replace(self.key.reveal(), _HIDDEN)


def signature(secret: Secret, text: str) -> str:
    """Lower-case hex of the HMAC-SHA256 of `text`."""
    return hmac.new(secret.reveal().encode(), text.encode(), sha256).hexdigest()


def headers(keys: Keys) -> dict[str, str]:
    """What every private call carries."""
    return {"X-HK-APIKEY": keys.key.reveal(), "Content-Type": "application/x-www-form-urlencoded"}


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
