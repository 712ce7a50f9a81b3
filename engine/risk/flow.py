"""How much and how often: minutes, baskets, and our share of what is traded."""

from collections.abc import Iterator

from engine.kernel.money import ZERO, ratio, times
from engine.orders.order import ChildOrder
from engine.risk.verdict import Verdict, judge
from engine.risk.world import World


def verdicts(child: ChildOrder, world: World) -> Iterator[Verdict]:
    """How much and how often, over the last minute and over the whole sale."""
    notional = world.minute_notional + times(child.quantity, child.price)
    yield judge(
        "minute notional", notional <= world.limits.minute_notional_max, notional, world.limits.minute_notional_max
    )
    if (basket := world.limits.basket_minute_max) is not None:
        together = world.basket_notional + times(child.quantity, child.price)
        yield judge("basket notional", together <= basket, together, basket)
    yield judge(
        "minute orders",
        world.minute_orders < world.limits.minute_orders_max,
        world.minute_orders + 1,
        world.limits.minute_orders_max,
    )
    if world.participation_max is not None:
        ours = world.sold + world.committed + child.quantity
        others = world.volume
        holds = ours <= times(world.participation_max, others + ours)
        share = ratio(ours, others + ours, 6) if others + ours else ZERO
        yield judge("participation", holds, share, world.participation_max)
    for footing in world.footings:
        after = footing.ours + child.quantity
        share = ratio(after, footing.others + after, 6) if after else ZERO
        yield judge(f"footprint {footing.scope} {footing.span}", footing.holds(child.quantity), share, footing.share)
