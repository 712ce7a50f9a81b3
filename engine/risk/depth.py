"""No order takes more than a share of the bids that are shown: who empties a book pays for it, and is seen."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from engine.kernel.money import times
from engine.market.view import MarketView
from engine.orders.order import ChildOrder, TimeInForce
from engine.risk.verdict import Verdict, judge
from engine.risk.world import World

NAME: Final = "visible depth"


def most(view: MarketView, price: Decimal, tif: TimeInForce, share: Decimal | None) -> Decimal | None:
    """The largest order at `price`, in base; `None` where there is no limit, or where it would not cross.

    What only makes a market takes nothing of it. The bids count as far as the view reaches.
    """
    crosses = tif is not TimeInForce.POST_ONLY and bool(view.bids) and view.bids[0].price >= price
    return times(share, view.bid_depth(price)) if share is not None and crosses else None


def verdicts(child: ChildOrder, world: World) -> Iterator[Verdict]:
    """The order against its share of the bids at its limit or above it, on its venue."""
    share, view = world.limits.depth_share_max, world.view
    if share is None or view is None or (view.venue, view.symbol) != (child.venue, child.symbol):
        return  # without a book there is no reference either, and that denies it
    bound = most(view, child.price, child.tif, share)
    if bound is not None:
        yield judge(NAME, child.quantity <= bound, child.quantity, bound)
