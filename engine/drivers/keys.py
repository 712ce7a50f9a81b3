"""Secrets: from the environment or a keyring, by names that say what they are for. Nothing else reads them."""

import os
from typing import Final

from engine.kernel.errors import Mistake
from engine.kernel.ids import VenueName

SERVICE: Final = "steelyard"
SANDBOX_KEYS: Final = "sandbox-"
"""How every key of our own sandbox begins."""


def names(environment: str, venue: VenueName) -> tuple[str, str]:
    """The two variables of a venue: `STEELYARD_SANDBOX_HASHKEY_KEY` and `…_SECRET`."""
    stem = f"STEELYARD_{environment}_{venue}".upper().replace("-", "_")
    return f"{stem}_KEY", f"{stem}_SECRET"


def secret(name: str) -> str | None:
    """The secret of that name, from the environment or else the keyring."""
    return os.environ.get(name) or _from_keyring(name)


def find(environment: str, venue: VenueName) -> tuple[str, str] | list[Mistake]:
    """Key and secret, or which of them is missing. A sandbox run never reads a production name, nor the other way."""
    found = [secret(name) for name in names(environment, venue)]
    missing = [
        Mistake(f"venues.{venue}", f"{name} is in neither the environment nor the keyring")
        for name, value in zip(names(environment, venue), found, strict=True)
        if not value
    ]
    if missing:
        return missing
    key, signing = found
    assert key is not None
    assert signing is not None
    return _strangers(environment, venue, key) or (key, signing)


def _strangers(environment: str, venue: VenueName, key: str) -> list[Mistake]:
    """A key under the wrong name: a sandbox's in production, or the production key in a sandbox."""
    name = names(environment, venue)[0]
    if environment == "production" and key.startswith(SANDBOX_KEYS):
        return [Mistake(f"venues.{venue}", f"{name} holds a sandbox's key; it would be sent to the real venue")]
    if environment != "production" and key == os.environ.get(names("production", venue)[0]):
        return [Mistake(f"venues.{venue}", f"{name} holds the production key; it never leaves for a sandbox")]
    return []


def _from_keyring(name: str) -> str | None:
    """The keyring's answer; a machine without one has none."""
    import keyring  # slow to import, and only asked when the environment is silent
    from keyring.errors import KeyringError

    try:
        return keyring.get_password(SERVICE, name)
    except KeyringError:
        return None
