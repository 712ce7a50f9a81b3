"""Where each venue is, by the run's own `origin.json`; and the refusal to send a key anywhere else.

A sandbox's key goes to this machine alone. A real venue is reached only when the run was one of production and the key
says so too, and then at the address that stands here, whatever a file says.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from engine.kill.keyfile import PRODUCTION, Keys
from engine.kill.mistakes import BadInput, Mistake

ORIGIN: Final = "origin.json"
HOSTS: Final[Mapping[str, str]] = {"hashkey": "https://api-pro.hashkey.com", "osl": "https://trade-hk.osl.com"}
"""The real venues, by adapter."""
_LOOPBACK: Final = re.compile(r"http://(127\.0\.0\.1|localhost|\[::1\]):[1-9]\d{0,4}")


class Whereabouts(NamedTuple):
    """One venue of a run, as its origin tells."""

    venue: str
    adapter: str
    address: str
    """Empty in production."""


class Origin(NamedTuple):
    """How a run reached its venues."""

    kind: str
    venues: tuple[Whereabouts, ...]
    missing: str
    """Why nothing is known; empty when it was read."""


class Place(NamedTuple):
    """One account to be emptied of our orders."""

    venue: str
    adapter: str
    root: str
    keys: Keys


def origin(journal: Path) -> Origin:
    """What stands beside the journal; without it nothing but the key file can say where a venue is."""
    path = journal.with_name(ORIGIN)
    try:
        read = json.loads(path.read_bytes())
        venues = [
            Whereabouts(str(name), str(there["adapter"]), str(there["address"]))
            for name, there in read["venues"].items()
            if not there.get("reference", False)
        ]
        return Origin(str(read["kind"]), tuple(venues), "")
    except FileNotFoundError:
        return Origin("", (), f"there is no {ORIGIN} beside it")
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return Origin("", (), f"{ORIGIN} beside it can't be read")


def place(kind: str, there: Whereabouts, keys: Keys) -> Place:
    """The venue's own address or a sandbox's, and never the one in place of the other; `BadInput` for the rest."""
    mistakes = list(_mistakes(kind, there, keys))
    if mistakes:
        raise BadInput([Mistake(there.venue, mistake) for mistake in mistakes])
    root = HOSTS[there.adapter] if kind == PRODUCTION else there.address
    return Place(there.venue, there.adapter, root, keys)


def by_key_file(venue: str, keys: Keys) -> Whereabouts:
    """For a run whose origin is lost."""
    return Whereabouts(venue, keys.adapter or venue, keys.address)


def _mistakes(kind: str, there: Whereabouts, keys: Keys) -> Any:
    if (kind == PRODUCTION) != (keys.environment == PRODUCTION):
        what = "was one of production" if kind == PRODUCTION else "was none of production"
        yield f"the run {what}, and its key in the key file is for {keys.environment}: nothing is sent"
    if kind != PRODUCTION and not there.address:
        yield f"no address is known: neither {ORIGIN} nor the key file says where it is"
    elif kind != PRODUCTION and not _LOOPBACK.fullmatch(there.address):
        yield f"{there.address} is not a sandbox on this machine: http://127.0.0.1:PORT"
