"""How a call that may have moved something ended. Each name that proves "not done" is listed; the rest is unknown.

A name counts only beside the HTTP status that goes with it: a refusal with a server error contradicts itself and is
believed by nobody. A bulk cancel is read order by order, since HTTP 400 says only that one of them failed.
"""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from engine.kernel.clock import HOUR, SECOND, Span
from engine.kernel.ids import ClientOrderId
from engine.kernel.money import ZERO
from engine.orders.order import ChildOrder, OrderType
from engine.orders.reports import Done, OrderReport, Outcome, Refused, Transient, Unknown, Wire
from venues.osl import mock
from venues.osl.wire import Odd, order_report, parsed

_LIMITED: Final = 429
_CODED_STATUS: Final = frozenset({400, 401, 403})
_STOPS: Final = frozenset({401, 403})
"""Our signature, key, right or clock is wrong: nothing else will work either."""
_WAIT_MAX: Final = Span(HOUR)


class Reply(Struct, frozen=True):
    """An answer as it came, with the digests of both directions."""

    status: int
    body: bytes
    headers: Mapping[str, str]
    wire: Wire


class _Named(Struct):
    error: mock.Complaint


def named(reply: Reply) -> mock.Complaint | None:
    """The error that the answer names, if it names one."""
    try:
        complaint = parsed(reply.body, _Named).error
    except Odd:
        return None
    return mock.Complaint(_printable(complaint.name, 60), _printable(complaint.message, 200))


def complaint(reply: Reply) -> mock.Complaint | None:
    """The named error of an answer, when it comes with a status that may carry one."""
    return named(reply) if reply.status in _CODED_STATUS else None


def banned(reply: Reply) -> bool:
    """Nothing at all is wanted from us for a while."""
    if reply.status == mock.BANNED_STATUS:
        return True
    error = named(reply) if reply.status == 403 else None
    return error is not None and error.name == mock.BANNED_NAME


def pause(reply: Reply) -> Span | None:
    """How long a venue that complains of too many calls wants to be left alone."""
    if not banned(reply) and reply.status != _LIMITED:
        return None
    said = next((value for name, value in reply.headers.items() if name.lower() == "retry-after"), "")
    if said.isascii() and said.isdigit() and len(said) < 10:
        return min(Span(max(1, int(said)) * SECOND), _WAIT_MAX)
    return mock.BANNED_WAIT if banned(reply) else mock.LIMITED_WAIT


def closed(reply: Reply, *, read: bool) -> bool:
    """The venue is closed for everybody."""
    error = named(reply)
    if error is None:
        return False
    return (reply.status == 503 and error.name == mock.MAINTENANCE) or (read and error.name == mock.CLOSED)


def placed(order: ChildOrder, reply: Reply) -> Outcome:
    """How placing `order` ended, by the venue's answer to it."""
    if reply.status == 200:
        try:
            report = order_report(order.venue, reply.body)
        except Odd as odd:
            return Unknown(str(odd), reply.wire)
        difference = _difference(order, report)
        return Done(report, reply.wire) if difference is None else Unknown(difference, reply.wire)
    if (same := general(reply)) is not None:
        return same
    error = complaint(reply)
    if error is None:
        return Unknown(f"HTTP {reply.status} without a name that tells", reply.wire)
    if error.name in mock.NOT_PLACED:
        return Refused(error.name, error.message, wire=reply.wire)
    if error.name == mock.CLOSED:
        return Transient(_said(error), mock.CLOSED_WAIT, reply.wire)
    if error.name == mock.EXISTS:
        return Unknown(f"an order of this id exists already: {_said(error)}", reply.wire)
    return Unknown(_said(error), reply.wire)


def cancelled(client_id: ClientOrderId, reply: Reply) -> Outcome:
    """How asking for a cancel ended; `Done` says that the request was taken."""
    if reply.status in (200, 400):
        try:
            return _of_row(client_id, parsed(reply.body, list[mock.CancelRow]), reply.wire)
        except Odd:
            pass  # not a list: the request as a whole was answered
    if (same := general(reply)) is not None:
        return same
    error = complaint(reply)
    if error is None:
        return Unknown(f"HTTP {reply.status} without a word on the order", reply.wire)
    return _uncancelled(error, reply.wire)


def _of_row(client_id: ClientOrderId, rows: list[mock.CancelRow], wire: Wire) -> Outcome:
    """Several orders in one answer, in any order; the one that is missing is nobody's to guess."""
    own = [row for row in rows if row.client_id == client_id]
    if len(own) != 1:
        return Unknown(f"the answer speaks {len(own)} times of order {client_id}", wire)
    error = own[0].error
    return Done(wire=wire) if error is None else _uncancelled(error, wire)


def _uncancelled(error: mock.Complaint, wire: Wire) -> Outcome:
    error = mock.Complaint(_printable(error.name, 60), _printable(error.message, 200))
    if error.name in mock.CANCEL_TAKEN:
        return Done(wire=wire)
    if error.name in mock.NOT_CANCELLED:
        return Refused(error.name, error.message, wire=wire)
    if error.name == mock.CLOSED:
        return Transient(_said(error), mock.CLOSED_WAIT, wire)
    return Unknown(_said(error), wire)


def general(reply: Reply) -> Refused | Transient | None:
    """What means the same whatever was asked: too many calls, or a key that does not open."""
    if (wait := pause(reply)) is not None:
        return Transient(f"HTTP {reply.status}", wait, reply.wire)
    error = complaint(reply)
    if error is not None and reply.status in _STOPS:
        return Refused(error.name, error.message, stop_venue=True, wire=reply.wire)
    return None


def _difference(order: ChildOrder, report: OrderReport) -> str | None:
    price = ZERO if order.type is OrderType.MARKET else order.price
    answered = ZERO if order.type is OrderType.MARKET else report.price
    for name, sent, came in (
        ("client id", order.client_id, report.client_id),
        ("symbol", order.symbol, report.symbol),
        ("quantity", order.quantity, report.quantity),
        ("price", price, answered),
    ):
        if sent != came:
            return f"{name} {came} was answered, {sent} was sent"
    return None


def _said(error: mock.Complaint) -> str:
    return f"{error.name} {error.message}".strip()


def _printable(text: str, length: int) -> str:
    return "".join(c for c in text[:length] if c.isprintable())
