"""The licence register: who may execute for us, by what licence, and until when that may be relied on.

A venue that is not in it, or whose entry has run out, may be looked at and never sold on.
"""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from engine.kernel.clock import Instant, iso
from engine.kernel.ids import VenueName

LICENSED: Final = "licensed"
STATUSES: Final = (LICENSED, "deemed", "applicant", "suspended", "closing", "revoked", "unconfirmed")
"""The words of the public lists, and one for what no source confirms. Only the first lets a venue execute."""


class Licence(Struct, frozen=True, kw_only=True):
    """One venue's entry: its permission to deal, as a public register showed it. What is unknown is empty."""

    venue: VenueName
    entity: str
    """The company that holds the licence."""
    authority: str
    reference: str
    """The licence's number and kind."""
    status: str
    licensed_on: Instant | None
    seen_at: Instant
    """When the public register was read, or the day to which the source speaks."""
    valid_until: Instant
    """From then on nobody may rely on the entry; somebody has to read the public register again."""
    source: str


Register = Mapping[VenueName, Licence]


def gap(register: Register, venue: VenueName, at: Instant) -> str:
    """Why `venue` may not execute on that date, in words; empty when it may."""
    held = register.get(venue)
    if held is None:
        return f"{venue} is not on the licence register; nothing may be sold there"
    if held.status != LICENSED:
        return f"{venue} is {held.status} on the licence register as of {day(held.seen_at)}, and not licensed"
    if held.licensed_on is not None and at < held.licensed_on:
        return f"{venue} is licensed from {day(held.licensed_on)} on, and not before"
    if at >= held.valid_until:
        return f"the licence register's entry for {venue} ran out on {day(held.valid_until)}; it has to be read again"
    return ""


def day(at: Instant) -> str:
    """`2026-09-23`, in UTC."""
    return iso(at)[:10]
