"""One canonical encoding: journal, digests and golden files share it.

JSON with fields in the order of their definition, mappings sorted, decimals as strings. `encode(decode(b)) == b`.
"""

from hashlib import sha256
from typing import Any, Final

import msgspec

_ENCODER: Final = msgspec.json.Encoder(order="deterministic", decimal_format="string")


def encode(value: Any) -> bytes:
    """Canonical bytes of any value made of structs, mappings, sequences, strings, integers and decimals."""
    return _ENCODER.encode(value)


def digest(value: Any) -> str:
    """SHA-256 of the canonical bytes, in hex."""
    return sha256(encode(value)).hexdigest()


def sha256_hex(raw: bytes) -> str:
    """SHA-256 in hex."""
    return sha256(raw).hexdigest()
