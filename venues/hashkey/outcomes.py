"""How a call that may have moved something ended. Each code that proves "not done" is listed; the rest is unknown.

A code counts only beside the HTTP status that the venue documents for it: an error inside a success, or a refusal
with a server error, contradicts itself and is believed by nobody.
"""

from typing import Final

from msgspec import Struct

from engine.kernel.clock import SECOND, Span
from engine.kernel.ids import ClientOrderId, Symbol, VenueName
from engine.orders.order import ChildOrder, OrderType
from engine.orders.reports import Done, OrderReport, Outcome, Refused, Transient, Unknown, Wire
from venues.hashkey import mock
from venues.hashkey.wire import Id, Odd, order_report, parsed

STOPS: Final = frozenset({"0002", "0102", "0103", "0104", "0202", "-1002", "-1005", "-1021"})
"""Our signature, key, permission or clock is wrong: nothing else will work either."""

# fmt: off
NOT_PLACED: Final = frozenset({
    "0001", "0201", "0206", "0207", "0209", "0210", "0401", "-1014", "-1020", "-1115", "-1117", "-1123", "-1124",
    "-1126", "-1129", "-1130", "-1132", "-1133", "-1135", "-1136", "-1137", "-1140", "-1148", "-1151", "-1155",
    "-1193", "-1194", "-1195", "-1196", "-1200", "-1201", "-1202", "-1203", "-1206", "-2001", "-2002", "-2017",
    "-2020", "-2021", "-10009", "-100002", "-100010", "-100011", "-100012",
})
# fmt: on
"""Turned down before the book."""

# fmt: off
NOT_CANCELLED: Final = frozenset({
    "0001", "0201", "0211", "-1020", "-1123", "-1130", "-1138", "-1139", "-1142", "-1143", "-1145", "-1151", "-1155",
    "-2001", "-2011", "-2020", "-2021",
})
# fmt: on
"""There was nothing to cancel, or the venue won't. What became of the order is for its own records to say."""

LATER: Final = frozenset({"0003", "-1015", "-3145"})
"""Too many at once: turned down before anything was done."""
CANCEL_LATER: Final = LATER | {"-1144", "-1150"}

EXISTS: Final = frozenset({"-1141", "-1024"})
"""An order of this id is there already: a question to be asked, never a refusal."""
NOT_FOUND: Final = frozenset({"0211", "-1143"})

LIMITED_WAIT: Final = Span(2 * SECOND)
BANNED_WAIT: Final = Span(60 * SECOND)
_LIMITED, _BANNED = 429, 418
_CODED_STATUS: Final = frozenset({400, 401, 403})


class Complaint(Struct, frozen=True):
    """A venue's error: its code as text, and its words."""

    code: str
    message: str

    def __str__(self) -> str:
        return f"{self.code} {self.message}".strip()


class _Error(Struct):
    code: Id
    msg: str = ""


def complaint(status: int, body: bytes) -> Complaint | None:
    """The coded error of an answer, when it comes with a status that may carry one."""
    if status not in _CODED_STATUS:
        return None
    try:
        error = parsed(body, _Error)
    except Odd:
        return None
    return coded(error.code, error.msg)


def coded(code: Id, message: str) -> Complaint:
    """A code as the tables here write it, whether it came as text or as a number."""
    text = f"{code:04d}" if isinstance(code, int) and code >= 0 else str(code)
    return Complaint(text, "".join(c for c in message[:200] if c.isprintable()))


def pause(status: int) -> Span | None:
    """How long a venue that complains of too many calls wants to be left alone."""
    return {_LIMITED: LIMITED_WAIT, _BANNED: BANNED_WAIT}.get(status)


def maintenance(status: int, body: bytes) -> str:
    """Why the answer shows that the venue is closed for everybody; empty when it does not."""
    if status == mock.MAINTENANCE_STATUS:
        return f"HTTP {status}"
    said = complaint(status, body)
    return str(said) if said is not None and said.code in mock.MAINTENANCE_CODES else ""


def banned(status: int) -> bool:
    """Nothing at all is wanted from us, of whatever class."""
    return status == _BANNED


def placed(order: ChildOrder, status: int, body: bytes, wire: Wire) -> Outcome:
    """How placing `order` ended, by the venue's answer to it."""
    if status != 200:
        return complained(status, body, wire, refusals=NOT_PLACED)
    try:
        report = order_report(order.venue, body)
    except Odd as odd:
        return Unknown(str(odd), wire)
    return shown(order, report, wire)


def shown(order: ChildOrder, report: OrderReport, wire: Wire) -> Done | Unknown:
    """How placing `order` ended, by the order that an answer describes."""
    for name, sent, answered in (
        ("client id", order.client_id, report.client_id),
        ("symbol", order.symbol, report.symbol),
        ("quantity", order.quantity, report.quantity),
        ("price", order.price if order.type is OrderType.LIMIT else report.price, report.price),
    ):
        if sent != answered:
            return Unknown(f"{name} {answered} was answered, {sent} was sent", wire)
    return Done(report, wire)


def cancelled(
    venue: VenueName, symbol: Symbol, client_id: ClientOrderId, status: int, body: bytes, wire: Wire
) -> Outcome:
    """How asking for a cancel ended; `Done` says that the request was taken."""
    if status != 200:
        return complained(status, body, wire, refusals=NOT_CANCELLED, later=CANCEL_LATER)
    try:
        report = order_report(venue, body)
    except Odd as odd:
        return Unknown(str(odd), wire)
    if (report.symbol, report.client_id) != (symbol, client_id):
        return Unknown(f"the answer speaks of order {report.client_id} in {report.symbol}", wire)
    return Done(report, wire)


def complained(
    status: int, body: bytes, wire: Wire, *, refusals: frozenset[str], later: frozenset[str] = LATER
) -> Refused | Transient | Unknown:
    """How a call ended whose answer is no success."""
    if (wait := pause(status)) is not None:
        return Transient(f"HTTP {status}", wait, wire)
    error = complaint(status, body)
    if error is None:
        return Unknown(f"HTTP {status} without a code that tells", wire)
    return judged(error, wire, refusals=refusals, later=later)


def judged(
    error: Complaint, wire: Wire, *, refusals: frozenset[str], later: frozenset[str] = LATER
) -> Refused | Transient | Unknown:
    """What the venue's own code says of what was asked."""
    if error.code in STOPS:
        return Refused(error.code, error.message, stop_venue=True, wire=wire)
    if error.code in later:
        return Transient(str(error), LIMITED_WAIT, wire)
    if error.code in refusals:
        return Refused(error.code, error.message, wire=wire)
    if error.code in EXISTS:
        return Unknown(f"an order of this id exists already: {error}", wire)
    return Unknown(str(error), wire)
