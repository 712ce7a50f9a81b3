"""A licence register of the operator's own: read only when the key that is trusted here has signed it.

The signature stands beside the file (`FILE.sig`: Ed25519 over the file's bytes, in base64). The public key is named by
the environment or the keyring and never by the config, so that whoever writes a config can't license a venue with it.
"""

import base64
import binascii
import os
from pathlib import Path
from typing import Final

from engine.config.register_file import parse
from engine.kernel.errors import BadInput, Mistake
from engine.mandate.register import Register

KEY_NAME: Final = "STEELYARD_LICENCE_KEY"
"""The trusted public key: 32 raw bytes in base64."""
KEYRING: Final = "steelyard"
PLACE: Final = "licences"


def read(path: Path) -> Register:
    """The entries of a signed register file; `BadInput` with all that is wrong with file, signature and key."""
    mistakes: list[Mistake] = []
    text = _bytes(path, mistakes)
    signature = _decoded(_bytes(Path(f"{path}.sig"), mistakes), 64, f"{path}.sig", "an Ed25519 signature", mistakes)
    key = _decoded(_key(mistakes), 32, KEY_NAME, "an Ed25519 public key", mistakes)
    if mistakes:
        raise BadInput(mistakes)
    if not _signed(text, signature, key):
        raise BadInput([Mistake(PLACE, f"{path}.sig is not the signature of {path} by the key in {KEY_NAME}")])
    try:
        return parse(text.decode())
    except UnicodeDecodeError as error:
        raise BadInput([Mistake(PLACE, f"{path} is not UTF-8 text")]) from error


def _bytes(path: Path, mistakes: list[Mistake]) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        mistakes.append(Mistake(PLACE, f"{path} can't be read: {error.strerror}"))
        return b""


def _key(mistakes: list[Mistake]) -> bytes:
    found = os.environ.get(KEY_NAME) or _from_keyring()
    if not found:
        mistakes.append(
            Mistake(PLACE, f"{KEY_NAME}, the public key that signs registers, is in neither environment nor keyring")
        )
    return (found or "").encode()


def _from_keyring() -> str | None:
    """The keyring's answer; a machine without one has none."""
    import keyring  # slow to import, and only asked when the environment is silent
    from keyring.errors import KeyringError

    try:
        return keyring.get_password(KEYRING, KEY_NAME)
    except KeyringError:
        return None


def _decoded(text: bytes, length: int, whose: str, what: str, mistakes: list[Mistake]) -> bytes:
    """Base64 of exactly `length` bytes. Nothing is said of text that is empty: that it is missing was said before."""
    try:
        raw = base64.b64decode(b"".join(text.split()), validate=True)
    except binascii.Error:
        raw = b""
    if text and len(raw) != length:
        mistakes.append(Mistake(PLACE, f"{whose} is not {what}: {length} bytes in base64"))
    return raw


def _signed(text: bytes, signature: bytes, key: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature  # slow to import, for the few who bring a register
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, text)
    except InvalidSignature:
        return False
    return True
