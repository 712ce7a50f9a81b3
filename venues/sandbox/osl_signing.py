"""OSL's signatures, server side: HMAC-SHA512 over raw bytes, keyed with the base64-decoded secret.

Pure. Nothing is decoded and encoded again: what came over the wire is what was signed.
"""

import hmac
from base64 import b64decode, b64encode
from binascii import Error
from hashlib import sha512


def decoded(secret: str) -> bytes:
    """The bytes of a secret; `ValueError` for what is not base64."""
    try:
        return b64decode(secret, validate=True)
    except Error:
        raise ValueError("a secret of this venue is base64") from None


def text_v4(method: str, path: str, query: str, expires: str, body: str) -> bytes:
    """What a v4 signature covers: method, path with its query, expiry in seconds and body, nothing between them."""
    return _raw(f"{method}{path}{'?' if query else ''}{query}{expires}{body}")


def text_v3(path: str, body: str) -> bytes:
    """What a v3 signature covers: the path without its first slash, one NUL, the body."""
    return _raw(f"{path.removeprefix('/')}\0{body}")


def sign(secret: str, text: bytes) -> str:
    """The signature in base64."""
    return b64encode(hmac.digest(decoded(secret), text, sha512)).decode()


def is_signed(secret: str, text: bytes, signature: str) -> bool:
    """Was this sent by the holder of `secret`?"""
    return hmac.compare_digest(sign(secret, text).encode(), _raw(signature))


def _raw(text: str) -> bytes:
    """Undecodable bytes of a body arrive as surrogate escapes, and are signed as they were."""
    return text.encode(errors="surrogateescape")
