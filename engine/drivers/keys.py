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
    """Key and secret, or which of them is missing.

    A production run never reads a sandbox's name. A sandbox run reads a production name only to refuse what lies there
    too, and not even that where its own key says that it is a sandbox's.
    """
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
    return _strangers(environment, venue, key, signing) or (key, signing)


def _strangers(environment: str, venue: VenueName, key: str, signing: str) -> list[Mistake]:
    """A key under the wrong name: a sandbox's in production, or what is production's in a sandbox."""
    name, other = names(environment, venue)
    if environment == "production" and key.startswith(SANDBOX_KEYS):
        return [Mistake(f"venues.{venue}", f"{name} holds a sandbox's key; it would be sent to the real venue")]
    if environment == "production" or key.startswith(SANDBOX_KEYS):
        return []
    real, real_other = names("production", venue)
    found = []
    if _lies_at(real, key):
        found.append(Mistake(f"venues.{venue}", f"{name} holds the production key; it never leaves for a sandbox"))
    if _lies_at(real_other, signing):
        found.append(Mistake(f"venues.{venue}", f"{other} holds the production secret; it signs for no sandbox"))
    return found


def _lies_at(name: str, value: str) -> bool:
    """Is it what the environment or the keyring holds under `name`? Either may hide the other's."""
    return value in (os.environ.get(name), _from_keyring(name))


def _from_keyring(name: str) -> str | None:
    """The keyring's answer; a machine without one has none."""
    import keyring  # slow to import, and only asked when the environment is silent
    from keyring.errors import KeyringError

    try:
        return keyring.get_password(SERVICE, name)
    except KeyringError:
        return None
