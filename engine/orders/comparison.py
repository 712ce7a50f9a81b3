"""Firm quotes of several desks, held against one another, the books and the reference at one instant."""

from decimal import Decimal

from msgspec import Struct

from engine.kernel.ids import VenueName


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
