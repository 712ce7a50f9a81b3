"""Cross: take what stands in the book, at a limit that the collar and the floor allow, and leave nothing behind."""

from collections.abc import Sequence

from msgspec import Struct

from engine.kernel.money import ZERO
from engine.orders.order import TimeInForce
from engine.orders.strategy import Move, Post, Want


class Cross(Struct, frozen=True):
    """An immediate-or-cancel order for no more than the book shows at the limit or better."""

    def act(self, want: Want) -> Sequence[Move]:
        if want.resting is not None or want.quantity <= ZERO:
            return ()
        return crossing(want)


def crossing(want: Want) -> Sequence[Move]:
    """The crossing order itself, or nothing while no buyer stands at the limit."""
    depth = want.instrument.sellable(want.view.bid_depth(want.floor))
    quantity = min(want.quantity, depth)
    if want.instrument.too_small(quantity, want.floor):
        return ()
    return (Post(quantity, want.floor, TimeInForce.IOC),)
