"""Firm quotes of several desks, held against one another, the books and the reference at one instant."""

from decimal import Decimal

from msgspec import Struct

from engine.kernel.ids import VenueName
from engine.kernel.money import trimmed


class Judged(Struct, frozen=True, kw_only=True):
    """One desk's quote as it was weighed. Prices are of one unit, after fees, in the currency paid."""

    venue: VenueName
    quote_id: str
    quantity: Decimal
    unit: Decimal
    """What the desk pays, to twelve places."""
    books: Decimal | None
    """What the books would bring for the same quantity, to twelve places; `None` where that was not worked out."""
    against_reference_bp: Decimal
    """The desk's price less the reference, in bp of the reference."""
    lost: str = ""
    """Why it was not taken; empty for the winner."""


class Comparison(Struct, frozen=True):
    """All quotes of one round, best first, and what they were held against."""

    reference: Decimal
    judged: tuple[Judged, ...]

    @property
    def winner(self) -> Judged | None:
        """The quote to take; `None` when the books bring more, or nobody quoted."""
        return next((judged for judged in self.judged if not judged.lost), None)


def in_words(comparison: Comparison) -> str:
    """For reports and screens: every desk's price, what the books would have brought, and why who lost."""
    return f"reference {trimmed(comparison.reference)}; " + "; ".join(map(_desk, comparison.judged))


def _desk(judged: Judged) -> str:
    books = "not compared" if judged.books is None else trimmed(judged.books)
    said = f"{judged.venue} {trimmed(judged.unit)} ({trimmed(judged.against_reference_bp)} bp), the books {books}"
    return f"{said}, not taken: {judged.lost}" if judged.lost else said
