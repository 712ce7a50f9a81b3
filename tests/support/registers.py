"""A licence register of one's own, signed as the guide says."""

import base64
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SIGNER: Final = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
STRANGER: Final = Ed25519PrivateKey.from_private_bytes(bytes(32))


def public(signer: Ed25519PrivateKey = SIGNER) -> str:
    """The key as `STEELYARD_LICENCE_KEY` holds it."""
    return base64.b64encode(signer.public_key().public_bytes_raw()).decode()


def entry(venue: str, status: str = "licensed", until: str = "2030-01-01", entity: str = "A Company") -> str:
    """One entry, seen at the beginning of 2026."""
    return f"""
[licences.{venue}]
entity = "{entity}"
authority = "An Authority"
status = "{status}"
seen_at = "2026-01-01T00:00:00Z"
valid_until = "{until}T00:00:00Z"
source = "a test"
"""


def signed(path: Path, *entries: str, signer: Ed25519PrivateKey = SIGNER) -> Path:
    """The entries as a file, with the signature beside it."""
    path.write_text("schema = 1\n" + "".join(entries))
    sign(path, signer)
    return path


def sign(path: Path, signer: Ed25519PrivateKey = SIGNER) -> None:
    """The signature of a file that is there, beside it."""
    Path(f"{path}.sig").write_text(base64.b64encode(signer.sign(path.read_bytes())).decode() + "\n")
