"""What must be asked before anything is believed: which orders need a look, and when absence is proven.

Protocol P1 for an unknown order: wait until the request can no longer take effect at the venue, read everything, wait
longer than reads may lag, read everything again. Only two complete negative rounds whose balances agree prove that the
order never was.
"""

from decimal import Decimal
from typing import Final

from engine.kernel.clock import MILLISECOND, SECOND, Span
from engine.kernel.money import ZERO, Asset
from engine.orders.order import Order, OrderState, TimeInForce
from engine.orders.reports import Capabilities, NotFound

MARGIN: Final = Span(200 * MILLISECOND)
"""Added to every wait for the venue's own processing and for clock error, in monotonic time."""
SKEW: Final = SECOND
"""How far a venue's clock may differ from ours; the preflight refuses more."""
GRACE: Final = Span(400 * MILLISECOND)
"""How long the stream is given to tell by itself what a look-up would, in monotonic time."""
BACK_OFF: Final = SECOND
"""After a question that itself failed."""
ROUNDS: Final = 2


def look(order: Order, capabilities: Capabilities, failed: bool) -> Span | None:
    """How long to wait before this order is looked up, or `None` when it needs no look or one is under way."""
    if order.looking or not order.live:
        return None
    if failed:
        return BACK_OFF
    match order.state:
        case OrderState.UNKNOWN:
            return Span((capabilities.read_lag if order.rounds else capabilities.validity + SKEW) + MARGIN)
        case OrderState.CLOSING:
            return GRACE
        case OrderState.OPEN:
            brief = order.child.tif is TimeInForce.IOC
            answered = order.cancel_wanted and not order.cancel_flying
            return GRACE if brief or answered or order.reported > order.filled else None
        case _:
            return None


def owes_cancel(order: Order) -> bool:
    """A cancel is wanted, and none was answered since the order was last seen working.

    An unknown order may be cancelled too: whatever the answer, it proves nothing and harms nothing.
    """
    stands = order.state in (OrderState.OPEN, OrderState.UNKNOWN)
    return stands and order.cancel_wanted and not order.cancel_flying and order.cancels == 0


def absent(order: Order, answer: NotFound, asset: Asset, locked_by_others: Decimal) -> bool:
    """Does this negative round, with those before it, prove that the order never was?

    The balance has to agree: nothing of the asset is reserved beyond what our other orders reserve.
    """
    locked = next((b.locked for b in answer.balances if b.asset == asset), ZERO)
    return order.rounds + 1 >= ROUNDS and locked <= locked_by_others
