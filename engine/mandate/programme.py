"""A sale over several days: its hours, its daily quota, and what happens when the hours end. Data of the plan."""

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum

from msgspec import Struct

from engine.kernel.clock import Instant, iso
from engine.kernel.ids import VenueName
from engine.mandate.hours import Blackout, Hours


class Carry(StrEnum):
    """What becomes of the part of a day's quota that was not sold."""

    NONE = "none"
    """It lapses."""
    NEXT = "next"
    """It comes on top of the next day's, and lapses there."""
    ALL = "all"
    """It stays available until the end."""


class Overnight(StrEnum):
    """What happens to resting orders when hours end."""

    CANCEL = "cancel"
    REST = "rest"
    """They stay in the book, and may be filled while we are closed."""


class Programme(Struct, frozen=True, kw_only=True):
    """The plan of the days. A run without one sells at any hour."""

    hours: Hours
    """When volatile assets may be sold: windows, holidays and blackouts, and never so late that the bank's cut-off
    comes before the stablecoin's tail is over."""
    bank: Hours | None = None
    """When stablecoin may be sold for fiat; `None` is always."""
    quota: Decimal | None = None
    """The share of what a run may sell of each asset that one local day may sell, above 0 and at most 1."""
    earlier: tuple[tuple[str, Decimal], ...] = ()
    """Quotas of the past, each with the local day from which another one held."""
    carry: Carry = Carry.NONE
    overnight: Overnight = Overnight.CANCEL
    maintenance: Mapping[VenueName, tuple[Blackout, ...]] = {}
    """Per venue, when it is not to be used."""


def serviced(programme: Programme, venue: VenueName, at: Instant) -> str:
    """Why the venue is not to be used now; empty when it may be."""
    for each in programme.maintenance.get(venue, ()):
        if each.begins <= at < each.ends:
            return f"maintenance: {each.reason} until {iso(each.ends).replace('.000000Z', 'Z')}"
    return ""
