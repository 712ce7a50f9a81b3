"""Where a slice goes: which venues are asked, in which order, for how much each, and why.

What crosses goes to the best bids of all books, net of fees (`sweep`); what waits is spread by what each venue can
bear (`split`). Each share carries the reason that is journaled with its order. The gate judges every order by itself.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from msgspec import Struct

from engine.kernel.ids import VenueName
from engine.kernel.money import ZERO, total
from engine.market.view import MarketView
from engine.orders.reason import Glance, Reason, Rule
from engine.routing.curve import Outlet
from engine.routing.split import spread
from engine.routing.sweep import Division, divide


class Asked(Struct, frozen=True):
    """A venue that could take some of it, and its book as it is known."""

    outlet: Outlet
    view: MarketView


class Share(Struct, frozen=True):
    """What one venue is to take."""

    quantity: Decimal
    reason: Reason


def crossing(quantity: Decimal, asked: Sequence[Asked], unsold: Decimal | None = None) -> Mapping[VenueName, Share]:
    """The best division over all books; a single venue takes what its tactic wants. `unsold` as in `divide`."""
    if not asked:
        return {}
    division = divide(quantity, [each.outlet for each in asked], unsold)
    reason = _reason(quantity, division, asked)
    if len(asked) == 1:
        return {asked[0].outlet.venue: Share(quantity, reason)}
    return {part.venue: Share(part.quantity, reason) for part in division.parts}


def resting(quantity: Decimal, asked: Sequence[Asked]) -> Mapping[VenueName, Share]:
    """What waits in several books, spread by what each can bear."""
    if not asked or quantity <= 0:
        return {}
    shares = spread(quantity, [each.outlet for each in asked])
    rule = Rule.SPREAD if len(asked) > 1 else Rule.ONLY
    reason = Reason(rule, quantity, total(shares.values()), ZERO, tuple(_glance(each) for each in asked), ())
    return {venue: Share(share, reason) for venue, share in shares.items() if share > 0}


def _reason(quantity: Decimal, division: Division, asked: Sequence[Asked]) -> Reason:
    return Reason(
        rule=division.rule,
        quantity=quantity,
        placed=division.placed,
        proceeds=division.proceeds,
        books=tuple(_glance(each) for each in asked),
        alternatives=division.alternatives,
    )


def _glance(asked: Asked) -> Glance:
    outlet, view = asked.outlet, asked.view
    return Glance(
        venue=outlet.venue,
        bid=view.bids[0].price if view.bids else None,
        depth=view.bid_depth(outlet.lowest),
        seen_at=view.seen_at,
        book_at=view.book_at,
        fee_rate=outlet.fee_rate,
        fee_min=outlet.fee_min,
    )
