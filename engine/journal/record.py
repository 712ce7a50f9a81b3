"""One row of the journal: sequence, instants, kind, canonical payload, and the hash that chains it to the last."""

from hashlib import sha256
from typing import Final

from msgspec import Struct

from engine.kernel.clock import Instant

FORMAT: Final = 4
GENESIS: Final = sha256(b"steelyard journal 1").hexdigest()
"""What the first row is chained to."""


class Record(Struct, frozen=True):
    """A row as it is stored. `payload` is the canonical encoding of an `engine.events.Entry`."""

    seq: int
    """From 1, without a gap."""
    at: Instant
    """Market time."""
    wall: Instant
    kind: str
    payload: bytes
    hash: str


def chained(previous: str, seq: int, at: int, wall: int, kind: str, payload: bytes) -> str:
    """SHA-256, in hex, over the hash before and every field of the row."""
    head = f"{previous}\n{seq}\n{at}\n{wall}\n{kind}\n".encode()
    return sha256(head + payload).hexdigest()
