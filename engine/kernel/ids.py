"""Names: run → leg → slice → attempt → client order id, each derived from the one before.

A client order id is used for one send in the life of the system. It decodes to what it was for, so that an order
found at a venue can be recognised as ours without a look-up table.
"""

import re
from hashlib import sha256
from typing import Final, NewType

from msgspec import Struct

RunId = NewType("RunId", str)
CaseId = NewType("CaseId", str)
LegId = NewType("LegId", str)
VenueName = NewType("VenueName", str)
Symbol = NewType("Symbol", str)
ClientOrderId = NewType("ClientOrderId", str)
VenueOrderId = NewType("VenueOrderId", str)
TradeId = NewType("TradeId", str)
LotId = NewType("LotId", str)
PersonName = NewType("PersonName", str)
RunTag = NewType("RunTag", str)
"""Eight letters that stand for the run inside a client order id."""

LENGTH_MAX: Final = 32
_SHAPE: Final = re.compile(
    r"([a-z2-7]{8})-([A-Za-z0-9]{1,4})-(0|[1-9][0-9]{0,5})-(0|[1-9][0-9]{0,3})-(0|[1-9][0-9]{0,2})"
)
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz234567"


class OrderName(Struct, frozen=True):
    """What a client order id says."""

    tag: RunTag
    leg: LegId
    slice: int
    attempt: int
    epoch: int


LAP: Final = 900_000
"""Slices below it are named as they are counted; those above are kept for quotes and deals by voice."""
ATTEMPTS_LAP: Final = 100
"""No slice has as many orders: the next lap's are counted on from here."""


def order_name(tag: RunTag, leg: LegId, index: int, attempt: int, epoch: int) -> OrderName:
    """The name of a slice's order, though the run may be at its slice ten million: laps are told by the attempt."""
    lap, within = divmod(index, LAP)
    return OrderName(tag, leg, within, attempt + ATTEMPTS_LAP * lap, epoch)


def run_tag(run: RunId) -> RunTag:
    """Forty bits of the run's digest in base 32."""
    number = int.from_bytes(sha256(run.encode()).digest()[:5], "big")
    return RunTag("".join(_LETTERS[(number >> shift) & 31] for shift in range(35, -5, -5)))


def client_order_id(name: OrderName) -> ClientOrderId:
    """At most 32 characters of `[A-Za-z0-9_-]`, which every venue we know accepts."""
    text = f"{name.tag}-{name.leg}-{name.slice}-{name.attempt}-{name.epoch}"
    if not _SHAPE.fullmatch(text) or len(text) > LENGTH_MAX:
        raise ValueError(f"not a client order id: {text!r}")
    return ClientOrderId(text)


def parse_client_order_id(text: str) -> OrderName | None:
    """What the id was for, or `None` when it is not one of ours."""
    match = _SHAPE.fullmatch(text)
    if match is None:
        return None
    tag, leg, index, attempt, epoch = match.groups()
    return OrderName(RunTag(tag), LegId(leg), int(index), int(attempt), int(epoch))
