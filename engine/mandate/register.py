"""The licence register: who may execute for us, by what licence, and until when that may be relied on.

A venue that is not in it, or whose entry has run out, may be looked at and never sold on. An entry may also say whether
the venue shares its book with an affiliate abroad: a sale there may have met liquidity from outside.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from msgspec import Struct

from engine.kernel.clock import Instant, iso
from engine.kernel.ids import VenueName

LICENSED: Final = "licensed"
STATUSES: Final = (LICENSED, "deemed", "applicant", "suspended", "closing", "revoked", "unconfirmed")
"""The words of the public lists, and one for what no source confirms. Only the first lets a venue execute."""


class SharedBook(StrEnum):
    """Whether a sale may have met orders from a book abroad: the words of tables and reports."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"
    NO_BOOK = "no book"
    """A deal with a desk, by a quote or by voice: no book met it."""


SHARINGS: Final = (SharedBook.YES.value, SharedBook.NO.value, "")
"""What an entry may say; empty where nobody has found out."""


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
    shared_book: str = ""
    """One of `SHARINGS`: does the venue match orders in one book with those of an affiliate abroad?"""
    shared_since: Instant | None = None
    """With "yes": from when on; `None` where the source names no day."""
    shared_source: str = ""
    """Who says so."""


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


def shared_book(register: Register, venue: VenueName, at: Instant) -> SharedBook:
    """Was `venue`'s book shared with one abroad at that instant, as far as the register knows?

    A "no" is relied on as long as the entry itself; a "yes" without a day holds at any time.
    """
    held = register.get(venue)
    if held is None or not held.shared_book:
        return SharedBook.UNKNOWN
    if held.shared_book == SharedBook.NO:
        return SharedBook.NO if at < held.valid_until else SharedBook.UNKNOWN
    return SharedBook.YES if held.shared_since is None or at >= held.shared_since else SharedBook.NO


def day(at: Instant) -> str:
    """`2026-09-23`, in UTC."""
    return iso(at)[:10]
