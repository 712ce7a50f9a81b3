"""One call over HTTP, once, and what came of it. `http.client` knows no proxy and follows no redirect.

Every call is kept for the record, with the digests of what went out and what came back, and never a key.
"""

import http.client
import re
import time
from collections.abc import Mapping
from hashlib import sha256
from typing import Final, NamedTuple
from urllib.parse import urlsplit

TIMEOUT_S: Final = 5.0
ANSWER_MAX: Final = 8_000_000
"""Bytes; a longer answer is none."""
_WORD: Final = re.compile(r"[A-Za-z0-9_-]{1,40}")


class Call(NamedTuple):
    """One call, for the record."""

    at_ns: int
    venue: str
    what: str
    orders: int
    """How many it named."""
    outcome: str
    """`HTTP 200`, or how it failed."""
    took_ms: int
    request: str
    answer: str
    """SHA-256 of what was sent (path and body) and of what came back; empty without an answer."""


class NoAnswer(Exception):
    """The venue did not answer, or not in a way that can be read; the message says how."""


class Line:
    """A connection to one venue, opened when it is needed and again after it broke."""

    def __init__(self, venue: str, root: str, timeout_s: float = TIMEOUT_S) -> None:
        parts = urlsplit(root)
        assert parts.hostname, "the places have judged the address"
        self._host, self._port, self._secure = parts.hostname, parts.port, parts.scheme == "https"
        self._venue, self._timeout_s = venue, timeout_s
        self._connection: http.client.HTTPConnection | None = None
        self.calls: list[Call] = []

    def call(
        self, what: str, method: str, path: str, headers: Mapping[str, str], body: bytes = b"", orders: int = 0
    ) -> tuple[int, bytes]:
        """Status and body of the answer; `NoAnswer` when there is none."""
        at, began = time.time_ns(), time.monotonic()
        answer, outcome = b"", ""
        try:
            status, answer = self._exchange(method, path, headers, body)
            outcome = f"HTTP {status}"
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.close()
            outcome = type(error).__name__
            raise NoAnswer(outcome) from None
        finally:
            took = int((time.monotonic() - began) * 1000)
            sent, came = sha256(path.encode() + b"\n" + body).hexdigest(), sha256(answer).hexdigest() if answer else ""
            self.calls.append(Call(at, self._venue, what, orders, outcome, took, sent, came))
        return status, answer

    def _exchange(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        if self._connection is None:
            kind = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
            self._connection = kind(self._host, self._port, timeout=self._timeout_s)
        self._connection.request(method, path, body=body or None, headers=dict(headers))
        response = self._connection.getresponse()
        answer = response.read(ANSWER_MAX + 1)
        if len(answer) > ANSWER_MAX:
            raise http.client.HTTPException("an answer without end")
        if response.will_close:
            self.close()
        return response.status, answer

    def close(self) -> None:
        """Let go of the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def word(value: object) -> str:
    """A venue's error code, if it is a plain word: the text beside it could repeat a key."""
    text = str(value)
    return text if _WORD.fullmatch(text) else "no code"
