"""What rows of the journal prove, each judged by the state before it: may an order be sent, is one absent, all read?

The limits of an order are counted again here, with sums of our own, and compared with what the gate has written down.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from engine.core.state import State
from engine.events import Entry
from engine.kernel.ids import ClientOrderId, VenueName
from engine.kernel.money import ZERO, plain
from engine.orders import commands as c
from engine.orders import events as e
from engine.orders.order import Approved, Order, OrderState
from engine.orders.reports import Mode, NotFound, Refused, Transient
from engine.reconcile.resolve import ROUNDS

ENDED: Final = (OrderState.SETTLED, OrderState.ABSENT)
SIZES: Final = frozenset({"mandate quantity", "plan quantity", "on the account", "order notional", "duplicate intent"})
"""Limits that the planner knows as well as the gate: it never asks for more."""
Found = Iterator[tuple[str, str]]


def open_quantity(order: Order) -> Decimal:
    """What it may still sell, for all that is known."""
    return ZERO if order.state in ENDED else order.child.quantity - order.filled


def of_order(approved: Approved, before: State) -> Found:
    """I09, I11, I20, I37: at the instant of the decision, by the rows before it."""
    order, standing = approved.order, before.venues[approved.order.venue]
    if not (standing.up and standing.surveyed):
        yield "I37", f"{order.client_id} is sent to {order.venue}, with which we are not in step"
    if standing.mode is not Mode.NORMAL or standing.refused:
        yield "I37", f"{order.client_id} is sent to {order.venue}, which is closed to us"
    every = [*before.live.values(), *before.ended.values()]
    same = [o for o in every if o.child.leg == order.leg]
    if [o for o in same if o.child.venue == order.venue and o.state not in ENDED]:
        yield "I20", f"{order.client_id} is sent while another of its leg lives at {order.venue}"
    after = sum((o.filled + open_quantity(o) for o in same), order.quantity)
    total = before.legs[order.leg].total
    if after > total:
        yield "I09", f"{order.client_id}: {after} of {total} would be sold or working"
    for limit in ("plan quantity", "mandate quantity"):
        check = next((check for check in approved.checks if check.limit == limit), None)
        if check is None or check.value != plain(after):
            yield "I11", f"{order.client_id}: {limit} is {plain(after)} with it, and the gate has {check}"


def of_withheld(entry: c.Withheld) -> Found:
    """I11: the planner leaves every order the size that the gate lets through."""
    asked = [denied for denied in entry.denied if denied.limit in SIZES]
    if asked:
        yield "I11", f"{entry.order.client_id} was asked for and breaks {asked}"


class Proofs:
    """What has been shown so far."""

    def __init__(self) -> None:
        self._negatives: dict[ClientOrderId, int] = {}
        self._refused: set[ClientOrderId] = set()
        self._marks: dict[VenueName, object] = {}
        self._unread: set[VenueName] = set()

    def take(self, entry: Entry, after: State) -> Found:
        """One more row, already in the state. I23: an order counts as absent from here on, and nothing has shown it."""
        if isinstance(entry, e.Placed) and isinstance(entry.outcome, Refused | Transient):
            self._refused.add(entry.client_id)
        elif isinstance(entry, e.LookedUp) and isinstance(entry.answer, NotFound):
            self._negatives[entry.client_id] = self._negatives.get(entry.client_id, 0) + 1
        if not isinstance(entry, c.Place | e.Placed | e.Reported | e.Filled | e.LookedUp | e.Surveyed):
            return
        changed = set(self._changed(after))
        for order in (*after.live.values(), *after.ended.values()):
            name = order.child.client_id
            if order.child.venue in changed and order.state is OrderState.ABSENT and not self._absent(name):
                yield "I23", f"{name} counts as absent, and nobody has shown that it is"
        self._unread |= changed
        if isinstance(entry, e.Surveyed) and entry.survey is not None and entry.venue not in changed:
            self._unread.discard(entry.venue)

    def _changed(self, after: State) -> Iterator[VenueName]:
        """The venues at which an order is not what it was a row ago."""
        for venue in after.venues:
            orders = [o for o in (*after.live.values(), *after.ended.values()) if o.child.venue == venue]
            mark = {o.child.client_id: (o.state, o.filled, o.reported) for o in orders}
            if mark != self._marks.get(venue, {}):
                self._marks[venue] = mark
                yield venue

    def _absent(self, name: ClientOrderId) -> bool:
        """Was it turned away, or looked for in vain as often as it takes?"""
        return name in self._refused or self._negatives.get(name, 0) >= ROUNDS

    def unread(self, venue: VenueName) -> bool:
        """Has an order there changed since the account was last read?"""
        return venue in self._unread
