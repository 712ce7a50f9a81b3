"""Coin on its way from a custodian to a venue: what is asked for, and how far the custodian's people have come.

The engine holds no key of the custodian. It asks; people, or a sandbox's custodian, carry it out; and only the venue's
own balance proves that the coin has arrived.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from hashlib import sha256
from typing import Final, NewType

from msgspec import Struct

from engine.kernel.clock import Instant
from engine.kernel.ids import LENGTH_MAX, RunTag, VenueName
from engine.kernel.money import Asset

TrancheId = NewType("TrancheId", str)
"""Names one movement for ever: whoever sends it twice moves once. At most 32 characters of `[A-Za-z0-9_-]`."""

SHAPE: Final = re.compile(rf"[A-Za-z0-9_-]{{1,{LENGTH_MAX}}}")
NUMBER_MAX: Final = 999_999
_PLAIN: Final = re.compile(r"[A-Za-z0-9_]{1,16}")


class Tranche(Struct, frozen=True, kw_only=True):
    """So much of one asset, asked of the custodian for one venue account. All of it is sent, or nothing."""

    id: TrancheId
    asset: Asset
    quantity: Decimal
    venue: VenueName
    account: str
    """Where at the venue: an account's name there, or the address that the custodian has on its list."""
    asked_at: Instant


class Requested(Struct, frozen=True, tag="requested"):
    """Lodged; nobody has answered yet."""


class TurnedDown(Struct, frozen=True, tag="turned_down"):
    """The custodian will not send it. Certainly nothing moved, and nothing will under this id."""

    reason: str
    evidence: str = ""
    """SHA-256 of the custodian's answer, as it came."""


class Sent(Struct, frozen=True, tag="sent"):
    """The custodian says that it left."""

    reference: str
    """What the custodian knows the movement by: a transaction's hash, a number of its own."""
    at: Instant
    evidence: str = ""


class Confirmed(Struct, frozen=True, tag="confirmed"):
    """The custodian says that the movement is final. Arrival is still the venue's to say."""

    reference: str
    at: Instant
    evidence: str = ""


class Unheard(Struct, frozen=True, tag="unheard"):
    """The custodian knows no such request. It may be asked again under the same id."""


class NoTidings(Struct, frozen=True, tag="no_tidings"):
    """The question itself failed, or its answer made no sense; it proves nothing either way."""

    reason: str


TrancheState = Requested | TurnedDown | Sent | Confirmed | Unheard | NoTidings


class CustodyStatement(Struct, frozen=True):
    """What the custodian says lies there for this case, when it was drawn up, and the SHA-256 of its bytes."""

    at: Instant
    holdings: Mapping[Asset, Decimal]
    sha256: str


def tranche_id(tag: RunTag, venue: VenueName, number: int) -> TrancheId:
    """The id of a run's `number`th tranche for a venue; a name that is too long or too odd stands there by its digest.

    `ValueError` beyond six digits.
    """
    if not 0 <= number <= NUMBER_MAX:
        raise ValueError(f"not a tranche's number: {number}")
    name = venue if _PLAIN.fullmatch(venue) else sha256(venue.encode()).hexdigest()[:16]
    text = f"{tag}-{name}-{number}"
    assert SHAPE.fullmatch(text), text
    return TrancheId(text)


def is_tranche_id(text: str) -> bool:
    """May this be a tranche's id? Nothing else becomes the name of a file or part of an address."""
    return SHAPE.fullmatch(text) is not None
