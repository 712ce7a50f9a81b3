"""How a quantity that waits in several books is spread: by what each venue can bear, and by what its fee costs.

An order that waits is met by whoever comes, and what comes is taken to be in proportion to what a book shows. A venue
that is asked for more than it shows bears it ever less gladly: the cost of its share q of depth D is

    q (fee + impact (q / D)^e)      in bp, with the square-root law's e = 1/2,

and the shares are those of which the sum costs least (`science.routing.split_convex`). Floats weigh here; what is sent
is counted in whole lots.
"""

from collections.abc import Sequence
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Final

from engine.kernel.ids import VenueName
from engine.kernel.money import BP, EXACT, total
from engine.routing.curve import Outlet, steps_up
from engine.science.routing import split_convex

IMPACT_BP: Final = 10.0
"""What selling as much as a venue shows is taken to cost there. By the square-root law it is what a thousandth of a
day's volume costs in a market that moves 3 % a day; it only has to weigh against differences of fees."""
EXPONENT: Final = 0.5


def spread(quantity: Decimal, outlets: Sequence[Outlet], impact_bp: float = IMPACT_BP) -> dict[VenueName, Decimal]:
    """Whole lots by venue, `quantity` together: less only by what no outlet has the room or the lots for.

    No share is above its outlet's room or below its venue's minima; what would be too small for a venue, or smaller
    than its minimum fee is worth while another can have it, goes to the others. An outlet without bids gets nothing
    while another has some, and one that is shunned what the others can't take.
    """
    with localcontext(EXACT):
        shares = _shares(quantity, [outlet for outlet in outlets if not outlet.shunned], impact_bp)
        left = quantity - total(shares.values())
        shares |= _shares(left, [outlet for outlet in outlets if outlet.shunned], impact_bp)
        return {outlet.venue: shares[outlet.venue] for outlet in outlets if shares.get(outlet.venue)}


def _shares(quantity: Decimal, outlets: Sequence[Outlet], impact_bp: float) -> dict[VenueName, Decimal]:
    """Venues that would get too little are left out one by one; or get the least they take, where the rest needs it."""
    bidding = [outlet for outlet in outlets if outlet.bids] or outlets
    able = [outlet for outlet in bidding if outlet.smallest() <= _most(outlet, quantity)]
    held: dict[VenueName, Decimal] = {}
    while able:
        left = quantity - total(held.values())
        asked = _convex(left, able, impact_bp)
        small = {o.venue: share / float(_good(o, able)) for o, share in zip(able, asked, strict=True)}
        least = min(able, key=lambda outlet: small[outlet.venue] or 1)
        if not 0 < small[least.venue] < 1:
            return held | _in_lots(left, able, asked)
        able.remove(least)
        others = total(_most(outlet, left) for outlet in able)
        if others < left and least.smallest() <= left:
            held[least.venue] = _held(least, left, others)
    return held


def _most(outlet: Outlet, quantity: Decimal) -> Decimal:
    """Whole lots, by its room and what there is."""
    return min(outlet.room, quantity) // outlet.lot * outlet.lot


def _good(outlet: Outlet, able: Sequence[Outlet]) -> Decimal:
    """The smallest order that goes there while others could have it: its minimum fee costs no more than its rate."""
    smallest = outlet.smallest()
    if len(able) == 1 or not outlet.fee_min or not outlet.fee_rate:
        return smallest
    return max(smallest, steps_up(outlet.fee_min, outlet.fee_rate * outlet.lowest * outlet.lot) * outlet.lot)


def _held(outlet: Outlet, quantity: Decimal, others: Decimal) -> Decimal:
    """The least that it takes if all is to be sold that can be."""
    least = max(outlet.smallest(), steps_up(quantity - others, outlet.lot) * outlet.lot)
    return min(least, _most(outlet, quantity))


def _convex(quantity: Decimal, outlets: Sequence[Outlet], impact_bp: float) -> tuple[float, ...]:
    """By outlet, the shares of least cost; together no more than there is room for."""
    room = [float(_most(outlet, quantity)) for outlet in outlets]
    depths = [float(total(level.size for level in outlet.bids)) or 1.0 for outlet in outlets]
    return split_convex(
        min(float(quantity), sum(room)),
        [float(outlet.fee_rate * BP) for outlet in outlets],
        [impact_bp / depth**EXPONENT for depth in depths],
        EXPONENT,
        room,
    ).q


def _in_lots(quantity: Decimal, outlets: Sequence[Outlet], asked: Sequence[float]) -> dict[VenueName, Decimal]:
    """Each share down to its lot; what is left goes lot by lot to the largest remainders, then to whoever has room."""
    lots = [Fraction(share) / Fraction(outlet.lot) for outlet, share in zip(outlets, asked, strict=True)]
    found = {outlet.venue: int(share) * outlet.lot for outlet, share in zip(outlets, lots, strict=True)}
    left = quantity - total(found.values())
    by_remainder = sorted(range(len(outlets)), key=lambda at: int(lots[at]) - lots[at])  # of equals, as listed
    for at in by_remainder:
        outlet = outlets[at]
        if lots[at] > 0 and outlet.lot <= min(left, outlet.room - found[outlet.venue]):
            found[outlet.venue] += outlet.lot
            left -= outlet.lot
    for outlet in outlets:
        if found[outlet.venue]:
            more = min(left, outlet.room - found[outlet.venue]) // outlet.lot * outlet.lot
            found[outlet.venue] += more
            left -= more
    return found
