"""A file that counts only when the key that is trusted on this host has signed it.

The signature stands beside the file (`FILE.sig`: Ed25519 over the file's bytes, in base64). The public key is named by
the environment or the keyring and never by a config, so that whoever writes a config can't decide whom to believe.
"""

import base64
import binascii
import os
from pathlib import Path
from typing import Final

from msgspec import Struct

from engine.kernel.errors import BadInput, Mistake
from engine.mandate.signatures import verified

KEYRING: Final = "steelyard"


class Trust(Struct, frozen=True):
    """Which key one kind of file is checked against, and how its mistakes are named."""

    place: str
    """Where a mistake is said to be."""
    key_name: str
    """The variable or keyring entry with the trusted public key: 32 raw bytes in base64."""
    signs: str
    """What that key signs, in the plural."""


def read(path: Path, trust: Trust) -> str:
    """The text of a signed file; `BadInput` with all that is wrong with file, signature and key."""
    mistakes: list[Mistake] = []
    place = trust.place
    text = _bytes(path, place, mistakes)
    beside = Path(f"{path}.sig")
    signature = _decoded(_bytes(beside, place, mistakes), 64, str(beside), "an Ed25519 signature", place, mistakes)
    key = _decoded(_key(trust, mistakes), 32, trust.key_name, "an Ed25519 public key", place, mistakes)
    if mistakes:
        raise BadInput(mistakes)
    if not verified(text, signature, key):
        what = f"{beside} is not the signature of {path} by the key in {trust.key_name}"
        raise BadInput([Mistake(place, what)])
    try:
        return text.decode()
    except UnicodeDecodeError as error:
        raise BadInput([Mistake(place, f"{path} is not UTF-8 text")]) from error


def _bytes(path: Path, place: str, mistakes: list[Mistake]) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        mistakes.append(Mistake(place, f"{path} can't be read: {error.strerror}"))
        return b""


def _key(trust: Trust, mistakes: list[Mistake]) -> bytes:
    found = os.environ.get(trust.key_name) or _from_keyring(trust.key_name)
    if not found:
        what = f"{trust.key_name}, the public key that signs {trust.signs}, is in neither environment nor keyring"
        mistakes.append(Mistake(trust.place, what))
    return (found or "").encode()


def _from_keyring(name: str) -> str | None:
    """The keyring's answer; a machine without one has none."""
    import keyring  # slow to import, and only asked when the environment is silent
    from keyring.errors import KeyringError

    try:
        return keyring.get_password(KEYRING, name)
    except KeyringError:
        return None


def _decoded(text: bytes, length: int, whose: str, what: str, place: str, mistakes: list[Mistake]) -> bytes:
    """Base64 of exactly `length` bytes. Nothing is said of text that is empty: that it is missing was said before."""
    try:
        raw = base64.b64decode(b"".join(text.split()), validate=True)
    except binascii.Error:
        raw = b""
    if text and len(raw) != length:
        mistakes.append(Mistake(place, f"{whose} is not {what}: {length} bytes in base64"))
    return raw
