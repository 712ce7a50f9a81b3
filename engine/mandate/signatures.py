"""Whether a signature is a key's, over exactly these bytes. Ed25519 throughout: 32 bytes a key, 64 a signature."""

import base64
import binascii

from engine.mandate.people import Person
from engine.mandate.statements import Signed


def verified(text: bytes, signature: bytes, key: bytes) -> bool:
    """Is this the signature of `text` by the key of these 32 bytes?"""
    from cryptography.exceptions import InvalidSignature  # slow to import, for those who bring something signed
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, text)
    except InvalidSignature:
        return False
    return True


def signed_by(signed: Signed, person: Person, *, now: bool) -> bool:
    """Did this person sign it? A key of former times proves what stands in the book, and nothing said `now`."""
    try:
        signature = base64.b64decode(signed.signature, validate=True)
    except (binascii.Error, ValueError):
        return False
    keys = (person.key,) if now else (person.key, *person.former)
    return any(verified(signed.statement.encode(), signature, base64.b64decode(key)) for key in keys)
