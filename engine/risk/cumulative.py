"""The caps on all that is sold, held against one order, quote or deal."""

from collections.abc import Iterator
from decimal import Decimal

from engine.kernel.money import plain, times
from engine.orders.order import Check, ChildOrder
from engine.orders.quotes import price_step
from engine.orders.reports import Quote
from engine.risk.caps import UNIT, dearest
from engine.risk.verdict import Verdict, judge
from engine.risk.world import World


def verdicts(child: ChildOrder, world: World, unit: Decimal | None = None) -> Iterator[Verdict]:
    """What was sold, what live orders may bring and the order itself. `unit` is its price where that is settled.

    The price at which it counts goes on record first: as long as the order lives, it counts at that.
    """
    if not world.caps:
        return
    if unit is None:
        bids = world.view.bids if world.view is not None else ()
        unit = dearest(child.price, bids, world.limits.collar_bp)
    yield Check(UNIT, plain(unit), "its limit, or the best bid raised by the collar")
    for cap in world.caps:
        after = cap.after(times(child.quantity, unit))
        yield judge(cap.name, after <= cap.bound, after, cap.bound)


def firm(child: ChildOrder, quote: Quote, world: World) -> Decimal:
    """What a unit of a quote counts at, as its deal will be booked: rounded up where it does not end."""
    ends = times(child.price, child.quantity) == quote.proceeds
    return child.price if ends else child.price + price_step(world.instrument)
