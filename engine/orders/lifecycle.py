"""How facts join into an order. Reports may come twice, late and out of order; the order only ever learns more."""

from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from engine.kernel.ids import ClientOrderId
from engine.orders.order import NEXT, Order, OrderFact, OrderState
from engine.orders.reports import Done, Fill, OrderReport, Outcome, Refused, Transient, Unknown


class Conflict(Struct, frozen=True):
    """A pair that is not in the table: a bug of ours or a lying venue. Both sides, for the person who must look."""

    client_id: ClientOrderId
    state: OrderState
    fact: str

    def __str__(self) -> str:
        return f"order {self.client_id} is {self.state} and was told: {self.fact}"


def moved(order: Order, fact: OrderFact) -> Order | Conflict:
    """The order after a fact, by the table."""
    state = NEXT.get((order.state, fact))
    if state is None:
        return Conflict(order.child.client_id, order.state, fact)
    return order if state is order.state else replace(order, state=state)


def placed(order: Order, outcome: Outcome) -> Order | Conflict:
    """The order after the answer to its placing."""
    match outcome:
        case Done(report=None):
            return moved(order, OrderFact.ACCEPTED)
        case Done(report=report):
            assert report is not None
            accepted = moved(order, OrderFact.ACCEPTED)
            return accepted if isinstance(accepted, Conflict) else reported(accepted, report)
        case Refused() | Transient():
            return moved(order, OrderFact.REFUSED)
        case Unknown():
            return moved(order, OrderFact.UNANSWERED)


def reported(order: Order, report: OrderReport) -> Order | Conflict:
    """The order after the venue described it."""
    fact = OrderFact.SEEN_ENDED if report.status.ended else OrderFact.SEEN_WORKING
    seen = moved(order, fact)
    if isinstance(seen, Conflict):
        return seen
    if report.quantity != order.child.quantity or report.price != order.child.price:
        return Conflict(
            order.child.client_id, order.state, f"{report.quantity} at {report.price}, sent as something else"
        )
    known = replace(
        seen,
        venue_order_id=report.venue_order_id,
        reported=max(seen.reported, report.filled),
        rounds=0,
    )
    return completed(known)


def proven(order: Order, units: Decimal, paper: str) -> Order | Conflict:
    """The order after people showed by a paper that it ended with `units` sold in all."""
    ended = moved(order, OrderFact.PROVEN_BY_PAPER)
    if isinstance(ended, Conflict):
        return ended
    return completed(replace(ended, reported=units, looking=False, cancel_wanted=False, by_paper=paper))


def filled(order: Order, fill: Fill) -> Order | Conflict:
    """The order after one execution that was not booked before."""
    seen = moved(order, OrderFact.FILLED)
    if isinstance(seen, Conflict):
        return seen
    known = replace(
        seen,
        venue_order_id=fill.venue_order_id,
        filled=seen.filled + fill.quantity,
        trades=seen.trades | {fill.trade_id},
    )
    return completed(known)


def completed(order: Order) -> Order | Conflict:
    """Settled, once it has ended and every unit that the venue named is booked."""
    if order.state is OrderState.CLOSING and order.filled == order.reported:
        return moved(order, OrderFact.COMPLETED)
    return order
