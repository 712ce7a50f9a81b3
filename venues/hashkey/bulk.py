"""Several orders in one call. What the answer does not say of an order is unknown, however it says the rest.

A batch's results are matched by our id and by nothing else. A refusal there names no order, so refusals count only
when they account for every order that the answer does not show; else each of those has to be looked up.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final, TypeVar

from msgspec import Raw, Struct

from engine.kernel.ids import ClientOrderId, Symbol, VenueName, VenueOrderId
from engine.orders.order import Approved, ChildOrder
from engine.orders.reports import Done, OrderReport, Outcome, Refused, Transient, Unknown, Wire
from venues.hashkey import orders, outcomes, routes
from venues.hashkey.calls import Calls
from venues.hashkey.wire import Id, Odd, order_report, parsed

K = TypeVar("K", bound=str)

CANCELS_MAX: Final = 100
ORDERS_MAX: Final = 20

DOUBT: Final = frozenset({"-1000", "-1001", "-1006", "-1007", "-1147", "-2040"})
"""Codes after which a cancel may have worked all the same."""


class _Accepted(Struct):
    success: bool | None = None
    code: Id | None = None


class _NotCancelled(Struct, rename="camel"):
    order_id: Id
    code: Id
    msg: str = ""


class _CancelResult(Struct):
    code: Id
    result: list[_NotCancelled]


class _Item(Struct):
    code: Id
    msg: str = ""
    order: Raw = Raw()


class _BatchResult(Struct):
    code: Id
    result: list[_Item]


class Bulk:
    """The calls for many orders of one account."""

    def __init__(self, name: VenueName, calls: Calls) -> None:
        self._name, self._calls = name, calls

    async def cancel_all(self, symbol: Symbol) -> Outcome:
        """Ask for a cancel of every sale of a pair; `Done` says that the request was taken, not that it is through."""
        pairs = [("symbol", symbol), ("side", "SELL")]
        return await self._calls.write(routes.CANCEL_ALL, pairs, _all_taken, urgent=True, withholds=False)

    async def cancel_many(self, ids: Sequence[VenueOrderId]) -> Mapping[VenueOrderId, Outcome]:
        """Ask for a cancel by the venue's ids, a hundred a call; `Done` where the request was taken."""
        ended: dict[VenueOrderId, Outcome] = {}
        wanted = list(dict.fromkeys(ids))
        for first in range(0, len(wanted), CANCELS_MAX):
            ended.update(await self._cancel(wanted[first : first + CANCELS_MAX]))
        return ended

    async def place_many(self, approved: Sequence[Approved]) -> Mapping[ClientOrderId, Outcome]:
        """Send up to twenty sales of one pair in one call, once; each has its own outcome."""
        children = [each.order for each in approved]
        ids = [order.client_id for order in children]
        if len({order.symbol for order in children}) != 1 or not 0 < len(children) <= ORDERS_MAX:
            whole: Outcome = Refused("unsendable", f"a batch is 1 to {ORDERS_MAX} orders of one pair", stop_venue=True)
            return dict.fromkeys(ids, whole)
        if len(set(ids)) != len(ids):
            return dict.fromkeys(ids, Refused("unsendable", "an id stands twice in a batch", stop_venue=True))
        try:
            body = orders.batch(children)
        except ValueError as error:
            return dict.fromkeys(ids, Refused("unsendable", str(error), stop_venue=True))
        judge = partial(placed, self._name, children)
        ended = await self._calls.write(routes.PLACE_MANY, [], judge, body=body)
        return self._each(ids, ended)

    async def _cancel(self, ids: Sequence[VenueOrderId]) -> Mapping[VenueOrderId, Outcome]:
        if not all(each.isascii() and each.isdigit() for each in ids):
            return dict.fromkeys(ids, Refused("unsendable", "not ids of this venue", stop_venue=True))
        judge = partial(cancelled, ids)
        pairs = [("ids", ",".join(ids))]
        ended = await self._calls.write(routes.CANCEL_MANY, pairs, judge, urgent=True, withholds=False)
        return self._each(ids, ended)

    def _each(self, ids: Sequence[K], ended: Mapping[K, Outcome] | Outcome) -> Mapping[K, Outcome]:
        """Every id with its own outcome, or all with the one of the whole call."""
        if isinstance(ended, Done | Refused | Transient | Unknown):
            return dict.fromkeys(ids, ended)
        return {each: self._calls.clean(ended[each]) for each in ids}


def cancelled(
    ids: Sequence[VenueOrderId], status: int, body: bytes, wire: Wire
) -> dict[VenueOrderId, Outcome] | Outcome:
    """How asking for many cancels ended: the answer lists those that could not be cancelled."""
    if status != 200:
        return outcomes.complained(status, body, wire, refusals=outcomes.NOT_CANCELLED, later=outcomes.CANCEL_LATER)
    try:
        answer = parsed(body, _CancelResult)
    except Odd as odd:
        return Unknown(str(odd), wire)
    listed = {str(row.order_id): outcomes.coded(row.code, row.msg) for row in answer.result}
    if str(answer.code).strip("0") or not listed.keys() <= set(ids):
        return Unknown("the answer is an error inside a success, or speaks of other orders", wire)
    ended: dict[VenueOrderId, Outcome] = dict.fromkeys(ids, Done(wire=wire))
    for each in ids:
        if (error := listed.get(each)) is not None:
            known = outcomes.NOT_CANCELLED if error.code in DOUBT else outcomes.NOT_CANCELLED | {error.code}
            ended[each] = outcomes.judged(error, wire, refusals=known, later=outcomes.CANCEL_LATER)
    return ended


def placed(
    venue: VenueName, children: Sequence[ChildOrder], status: int, body: bytes, wire: Wire
) -> dict[ClientOrderId, Outcome] | Outcome:
    """How placing many ended, order by order."""
    if status != 200:
        return outcomes.complained(status, body, wire, refusals=outcomes.NOT_PLACED)
    try:
        answer = parsed(body, _BatchResult)
        shown = [order_report(venue, bytes(item.order)) for item in answer.result if bytes(item.order)]
    except Odd as odd:
        return Unknown(str(odd), wire)
    contradicts = any(bytes(item.order) and str(item.code).strip("0") for item in answer.result)
    if contradicts or str(answer.code).strip("0"):
        return Unknown("the answer is an error inside a success", wire)
    errors = [outcomes.coded(item.code, item.msg) for item in answer.result if not bytes(item.order)]
    refusals = [outcomes.judged(error, wire, refusals=outcomes.NOT_PLACED) for error in errors]
    return _matched(children, shown, refusals, wire)


def _matched(
    children: Sequence[ChildOrder],
    shown: Sequence[OrderReport],
    refusals: Sequence[Refused | Transient | Unknown],
    wire: Wire,
) -> dict[ClientOrderId, Outcome]:
    reports = {report.client_id: report for report in shown}
    hidden = [order for order in children if order.client_id not in reports]
    foreign = reports.keys() - {order.client_id for order in children}
    certain = not foreign and len(reports) == len(shown) and len(refusals) == len(hidden)
    ended: dict[ClientOrderId, Outcome] = {
        order.client_id: outcomes.shown(order, reports[order.client_id], wire)
        for order in children
        if order.client_id in reports
    }
    if certain and not any(isinstance(each, Unknown) for each in refusals):
        # Which refusal belongs to which order is not said, and makes no difference to what may be done next.
        ended.update((order.client_id, refusal) for order, refusal in zip(hidden, refusals, strict=True))
    else:
        ended.update((order.client_id, Unknown("the answer does not account for this order", wire)) for order in hidden)
    return ended


def _all_taken(status: int, body: bytes, wire: Wire) -> Outcome:
    if status != 200:
        return outcomes.complained(status, body, wire, refusals=outcomes.NOT_CANCELLED, later=outcomes.CANCEL_LATER)
    try:
        answer = parsed(body, _Accepted)
    except Odd as odd:
        return Unknown(str(odd), wire)
    taken = answer.success is True or (answer.success is None and str(answer.code) in ("0", "0000"))
    return Done(wire=wire) if taken else Unknown("the answer does not say that the request was taken", wire)
