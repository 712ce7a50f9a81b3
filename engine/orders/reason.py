"""Why a child order went where it went: a few hundred bytes that are journaled with it.

It repeats nothing that can be recomputed from the order itself, and holds what nobody could know later: which books
were looked at, how old they were, what each venue alone would have brought, and which rule chose.
"""

from decimal import Decimal
from enum import StrEnum

from msgspec import Struct

from engine.kernel.clock import Instant
from engine.kernel.ids import VenueName
from engine.kernel.money import ZERO, trimmed


class Rule(StrEnum):
    """What chose. The words are those of reports and screens."""

    ONLY = "the only venue that could take any"
    ONE = "one venue alone brings most"
    SWEEP = "the best bids of several venues, net of fees"
    LEFT = "what no other venue could take"
    """Of several parts, some went to venues that had turned us away a moment ago."""
    SPREAD = "spread by what each venue can bear"
    NONE = "no venue takes any at the limit"


class Glance(Struct, frozen=True, array_like=True):
    """One venue's book as it was looked at, and what an order there costs."""

    venue: VenueName
    bid: Decimal | None
    """The best; `None` where nobody bids."""
    depth: Decimal
    """What stood at the limit or better, in base."""
    seen_at: Instant
    """When the book reached us."""
    book_at: Instant
    """When it last changed, by the venue."""
    fee_rate: Decimal
    fee_min: Decimal = ZERO


class Alternative(Struct, frozen=True, array_like=True):
    """One venue alone: so much it would have taken, and so much that would have brought, after fees."""

    venue: VenueName
    quantity: Decimal
    proceeds: Decimal
    shunned: bool = False
    """It had turned us away a moment ago, and was not to be asked while others could."""


class Reason(Struct, frozen=True):
    """The decision that a child order is a part of. Quantities in base, proceeds in quote, after fees."""

    rule: Rule
    quantity: Decimal
    """What was to be sold."""
    placed: Decimal
    """Of it, what all the orders of the decision take together."""
    proceeds: Decimal
    """What those are expected to bring."""
    books: tuple[Glance, ...]
    alternatives: tuple[Alternative, ...]


def plain(reason: Reason) -> str:
    """One sentence for reports and screens."""
    asked = f"{trimmed(reason.placed)} of {trimmed(reason.quantity)}"
    said = f"{reason.rule}: {asked} for about {trimmed(reason.proceeds)} after fees"
    books = ", ".join(_book(glance) for glance in reason.books)
    others = ", ".join(_alone(other) for other in reason.alternatives)
    return said + (f"; books: {books}" if books else "") + (f"; alone: {others}" if others else "") + "."


def _book(glance: Glance) -> str:
    if glance.bid is None:
        return f"{glance.venue} no bid"
    return f"{glance.venue} {trimmed(glance.depth)} down from {trimmed(glance.bid)}"


def _alone(other: Alternative) -> str:
    turned = " (had turned us away)" if other.shunned else ""
    if other.quantity == 0:
        return f"{other.venue} nothing{turned}"
    return f"{other.venue} {trimmed(other.quantity)} for {trimmed(other.proceeds)}{turned}"
