"""Where a crossing order goes: the best division of a quantity over the books of several venues, net of their fees.

*Best* is what the orders are expected to net, plus what stays unsold at the least that a sale is allowed to bring: the
lowest limit less the rate of the fee. So every lot that somebody bids for at the limit or better is sold, unless
sending it costs more than it brings above that: a crumb is not worth a minimum fee, and no large part goes to a bad
book for the sake of one more lot. By that measure no division is worse than the best single venue. Of equals, the one
that sells more; then one venue alone; then the venue listed first.

It sees what stands in the books, and no further; whether an order may be sent is the gate's to say.
"""

from collections.abc import Sequence
from decimal import Decimal, localcontext

from msgspec import Struct

from engine.kernel.ids import VenueName
from engine.kernel.money import EXACT, ZERO
from engine.orders.reason import Alternative, Rule
from engine.routing.curve import Curve, Outlet, curve, stairs
from engine.routing.search import best

__all__ = ["Alternative", "Division", "Outlet", "Part", "divide"]


class Part(Struct, frozen=True):
    """One order: so much for one venue."""

    venue: VenueName
    quantity: Decimal
    worst: Decimal
    """The lowest bid that it takes."""
    proceeds: Decimal
    """Expected, after fees."""


class Division(Struct, frozen=True):
    """One order a venue at the most; a quantity in base, what it brings in quote and after fees."""

    quantity: Decimal
    """What was to be divided."""
    parts: tuple[Part, ...]
    """In the order of the outlets."""
    unplaced: Decimal
    proceeds: Decimal
    unsold: Decimal
    """What a unit that stays was worth in the comparison."""
    alternatives: tuple[Alternative, ...]
    """Each venue alone."""
    rule: Rule

    @property
    def worth(self) -> Decimal:
        """What is compared: the proceeds, and what stays at its own worth."""
        return EXACT.add(self.proceeds, EXACT.multiply(self.unplaced, self.unsold))

    @property
    def placed(self) -> Decimal:
        """What the orders take together."""
        return EXACT.subtract(self.quantity, self.unplaced)


def divide(quantity: Decimal, outlets: Sequence[Outlet], unsold: Decimal | None = None) -> Division:
    """The best division of `quantity` into orders that the outlets take.

    `unsold` is what a unit is worth that is not sold now, in quote; without it the lowest limit of all outlets less its
    rate, and 0 says that there is no later: then everything is sold that nets anything at all. An outlet that is
    shunned gets what the others can't take. Time grows with the levels, and for odd lots with the venues.
    """
    with localcontext(EXACT):
        least = min((o.lowest * (1 - o.fee_rate) for o in outlets), default=ZERO) if unsold is None else unsold
        found = {at: c for at, o in enumerate(outlets) if (c := curve(o, quantity, least)) is not None}
        sizes = _sizes(quantity, {at: c for at, c in found.items() if not outlets[at].shunned})
        left = quantity - sum(sizes.values(), ZERO)
        last = {at: c for at, o in enumerate(outlets) if o.shunned and (c := curve(o, left, least)) is not None}
        sizes |= _sizes(left, last)
        parts = tuple(_part(o, sizes[at]) for at, o in enumerate(outlets) if sizes.get(at))
        return Division(
            quantity=quantity,
            parts=parts,
            unplaced=quantity - sum((part.quantity for part in parts), ZERO),
            proceeds=sum((part.proceeds for part in parts), ZERO),
            unsold=least,
            alternatives=tuple(_alone(o, found.get(at)) for at, o in enumerate(outlets)),
            rule=_rule(parts, outlets, found),
        )


def _sizes(quantity: Decimal, curves: dict[int, Curve]) -> dict[int, Decimal]:
    """By the outlet's place: what each sells."""
    return dict(zip(curves, best(list(curves.values()), quantity).sizes, strict=True)) if curves else {}


def _part(outlet: Outlet, quantity: Decimal) -> Part:
    last = stairs(outlet.bids, outlet.lowest, quantity)[-1]
    return Part(outlet.venue, quantity, last.price, outlet.net(last.gross))


def _alone(outlet: Outlet, curve: Curve | None) -> Alternative:
    """The venue by itself, by the same measure."""
    worth, size = max(zip(curve.worths, curve.sizes, strict=True)) if curve else (ZERO, ZERO)
    if worth < 0 or not size:
        return Alternative(outlet.venue, ZERO, ZERO, outlet.shunned)
    part = _part(outlet, size)
    return Alternative(outlet.venue, part.quantity, part.proceeds, outlet.shunned)


def _rule(parts: Sequence[Part], outlets: Sequence[Outlet], able: dict[int, Curve]) -> Rule:
    shunned = {outlet.venue for outlet in outlets if outlet.shunned}
    if not parts:
        return Rule.NONE
    if any(part.venue in shunned for part in parts):
        return Rule.LEFT
    if len(parts) > 1:
        return Rule.SWEEP
    return Rule.ONE if len(able) > 1 else Rule.ONLY
