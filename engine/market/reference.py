"""What one venue's book says a pair is worth at a moment, or the reason why it says nothing.

Of several venues the price is taken by `engine.market.consolidated`, by the same rules. One source is allowed in the
sandbox profile and is labelled so; the quorum is configuration (decision 25).
"""

from decimal import Decimal

from msgspec import Struct

from engine.kernel.clock import Instant
from engine.kernel.ids import VenueName
from engine.kernel.money import BP, times
from engine.market.view import MarketView


class ReferenceRules(Struct, frozen=True):
    """When a mid counts as the market's price."""

    age_ns_max: int
    """Oldest book that still counts, by receipt and by the venue's own time."""
    outlier_bp_max: Decimal
    """How far the mid may stand from the median of the last prints, and from the median of the venues' mids."""
    quorum: int = 1
    """So many venues have to agree."""
    sources: tuple[VenueName, ...] = ()
    """Whose views count; all that are shown where none is named."""


class Reference(Struct, frozen=True):
    """A price with its provenance."""

    price: Decimal
    sources: int
    label: str


class NoReference(Struct, frozen=True):
    """Why no price may be relied on now."""

    reason: str


def age(view: MarketView, at: Instant) -> int:
    """Nanoseconds since the book was last received, or last changed, whichever is longer ago."""
    return at - min(view.seen_at, view.book_at)


def fresh(view: MarketView | None, at: Instant, rules: ReferenceRules) -> MarketView | None:
    """The view, if its feed is continuous and its book young enough to be believed at `at`."""
    return view if view is not None and view.live and age(view, at) <= rules.age_ns_max else None


def reference(view: MarketView, at: Instant, rules: ReferenceRules) -> Reference | NoReference:
    """The mid of a live, fresh, uncrossed book that agrees with the last prints, as of `at`."""
    if not view.live:
        return NoReference("the feed is not continuous")
    if at - view.seen_at > rules.age_ns_max or at - view.book_at > rules.age_ns_max:
        return NoReference(f"the book is {age(view, at) // 1_000_000} ms old")
    if (mid := view.mid) is None:
        return NoReference("the book has an empty side or is crossed")
    last = view.last
    if last is not None and times(abs(mid - last), BP) > times(rules.outlier_bp_max, last):
        return NoReference(f"mid {mid} is more than {rules.outlier_bp_max} bp from the last prints' median {last}")
    return Reference(mid, 1, "single source")
