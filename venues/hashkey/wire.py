"""HashKey's answers as our values: bytes become orders, fills and balances. Pure, and free of floats.

What can't be believed is `Odd`: a status that nobody documented, a number that is none, a purchase under one of our
ids. It is never read as the likeliest thing. Ids are opaque texts, whether the venue writes them as text or number.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Final, TypeVar

from msgspec import Struct

from engine.kernel.clock import Instant, of_millis
from engine.kernel.ids import ClientOrderId, Symbol, TradeId, VenueName, VenueOrderId
from engine.kernel.money import ZERO, Amount, Asset, exact
from engine.orders.reports import Balance, Fill, OrderReport, OrderStatus, Permissions
from venues.odd import Odd as Odd
from venues.odd import parsed as parsed

NAME: Final = VenueName("hashkey")

STATUS: Final[Mapping[str, OrderStatus]] = {
    "NEW": OrderStatus.WORKING,
    "ORDER_NEW": OrderStatus.WORKING,
    "PENDING": OrderStatus.WORKING,
    "PARTIALLY_FILLED": OrderStatus.WORKING,
    "PENDING_CANCEL": OrderStatus.WORKING,  # the cancel can still lose its race
    "FILLED": OrderStatus.FILLED,
    "CANCELED": OrderStatus.CANCELLED,
    "ORDER_CANCELED": OrderStatus.CANCELLED,
    "PARTIALLY_CANCELED": OrderStatus.CANCELLED,
    "REJECTED": OrderStatus.REJECTED,
}

_MILLIS_MAX: Final = 10**14
"""The year 5138: a time after it was not counted in milliseconds."""

_SHORT: Final = 13
"""Written without an exponent, a number of so few characters has no digit too many on either side of its point."""
_SECONDS_MAX: Final = 10**11
"""As milliseconds this is March 1973."""

T = TypeVar("T")
Id = str | int


class _OrderRow(Struct, rename="camel"):
    symbol: str
    client_order_id: str
    order_id: Id
    status: str
    side: str
    price: Decimal
    orig_qty: Decimal
    executed_qty: Decimal
    req_amount: Decimal = ZERO
    transact_time: int | None = None
    update_time: int | None = None
    time: int | None = None


class _Fee(Struct, rename="camel"):
    fee_coin_id: str
    fee: Decimal


class _TradeRow(Struct, rename="camel"):
    id: Id
    order_id: Id
    client_order_id: str
    symbol: str
    price: Decimal
    qty: Decimal
    time: int
    is_buyer: bool
    is_maker: bool
    ticket_id: Id = ""
    commission: Decimal | None = None
    commission_asset: str | None = None
    fee: _Fee | None = None


class _BalanceRow(Struct):
    asset: str
    free: Decimal
    locked: Decimal


class _Account(Struct):
    balances: list[_BalanceRow]


class _Time(Struct, rename="camel"):
    server_time: int


class _Permissions(Struct, rename="camel"):
    can_trade: bool
    can_withdraw: bool


class _Key(Struct, rename="camel"):
    listen_key: str


def order_report(venue: VenueName, raw: bytes) -> OrderReport:
    """The one order that an answer describes, which must be a sale."""
    row = parsed(raw, _OrderRow)
    if row.side != "SELL":
        raise Odd(f"order {row.client_order_id} is shown as a {row.side}")
    return _report(venue, row)


def order_reports(venue: VenueName, raw: bytes) -> list[OrderReport]:
    """The sales in a list of orders. A purchase is not ours; what it does to the account shows in the balances."""
    return [_report(venue, row) for row in parsed(raw, list[_OrderRow]) if row.side != "BUY"]


def fills(venue: VenueName, raw: bytes) -> list[Fill]:
    """The sales in a list of the account's trades, in the order of the list."""
    return [_fill(venue, row) for row in parsed(raw, list[_TradeRow]) if not row.is_buyer]


def page_ids(raw: bytes) -> list[tuple[str, int]]:
    """Id and time of every row of a list of trades: what paging goes by, purchases included."""
    return [(str(row.id), row.time) for row in parsed(raw, list[_TradeRow])]


def balances(raw: bytes) -> list[Balance]:
    """All balances of the account."""
    return [Balance(Asset(row.asset), number(row.free), number(row.locked)) for row in parsed(raw, _Account).balances]


def permissions(raw: bytes) -> Permissions:
    """What a key may do."""
    key = parsed(raw, _Permissions)
    return Permissions(trade=key.can_trade, withdraw=key.can_withdraw)


def server_time(raw: bytes) -> Instant:
    """The venue's wall clock."""
    return instant(parsed(raw, _Time).server_time)


def listen_key(raw: bytes) -> str:
    """The name of a private stream; it opens the stream, so it is kept out of every message."""
    key = parsed(raw, _Key).listen_key
    if not re.fullmatch(r"[A-Za-z0-9_-]{8,256}", key):
        raise Odd("not a listen key")
    return key


def _report(venue: VenueName, row: _OrderRow) -> OrderReport:
    at = row.update_time or row.transact_time or row.time
    if at is None:
        raise Odd(f"order {row.client_order_id} has no time")
    return checked(
        OrderReport(
            venue=venue,
            symbol=Symbol(row.symbol),
            client_id=ClientOrderId(row.client_order_id),
            venue_order_id=VenueOrderId(str(row.order_id)),
            status=status(row.status),
            quantity=number(row.orig_qty if row.orig_qty or not row.req_amount else row.executed_qty),
            price=number(row.price),
            filled=number(row.executed_qty),
            at=instant(at),
        )
    )


def checked(report: OrderReport) -> OrderReport:
    """The report, unless no order can be in that state."""
    whole = report.filled == report.quantity
    if report.filled > report.quantity or (report.status is OrderStatus.FILLED and not whole):
        raise Odd(f"order {report.client_id} is {report.status} with {report.filled} of {report.quantity}")
    if not report.venue_order_id.strip("0"):
        raise Odd(f"order {report.client_id} has no id")
    return report


def _fill(venue: VenueName, row: _TradeRow) -> Fill:
    fee, asset = row.commission, row.commission_asset
    if (fee is None or not asset) and row.fee is not None:
        fee, asset = row.fee.fee, row.fee.fee_coin_id
    if fee is None or not asset or not row.qty or not str(row.id):
        raise Odd(f"trade {row.id} of order {row.client_order_id} lacks its fee, its size or its id")
    return Fill(
        venue=venue,
        symbol=Symbol(row.symbol),
        client_id=ClientOrderId(row.client_order_id),
        venue_order_id=VenueOrderId(str(row.order_id)),
        trade_id=TradeId(str(row.id)),
        quantity=number(row.qty),
        price=number(row.price),
        fee=Amount(exactly(fee), Asset(asset)),
        maker=row.is_maker,
        at=instant(row.time),
        ticket=str(row.ticket_id),
    )


def status(word: str) -> OrderStatus:
    """The venue's word for an order's state; `Odd` for one that is not documented."""
    known = STATUS.get(word)
    if known is None:
        raise Odd(f"unknown status {word[:40]!r}")
    return known


def instant(millis: int) -> Instant:
    """A time that a venue can mean, or `Odd`."""
    if not 0 < millis < _MILLIS_MAX:
        raise Odd(f"not a time: {str(millis)[:40]}")
    return of_millis(millis)


def moment(count: int) -> Instant:
    """A time in seconds or in milliseconds, told apart by its size: the RFQ pages show both."""
    return instant(count if counts_millis(count) else count * 1000)


def counts_millis(count: int) -> bool:
    """Is a time of this size in milliseconds?"""
    return count >= _SECONDS_MAX


def number(value: Decimal) -> Decimal:
    """A size or a price: never negative, and within the digits that are kept exactly; else `Odd`."""
    checked = exactly(value)
    if checked < 0:
        raise Odd(f"negative where only a size or a price makes sense: {checked}")
    return checked


def exactly(value: Decimal) -> Decimal:
    """A number that may be negative, within the digits that are kept exactly; else `Odd`."""
    text = str(value)
    if len(text) <= _SHORT and value.is_finite() and "E" not in text:
        return value
    try:
        return exact(text)
    except (ValueError, ArithmeticError):
        raise Odd(f"not a number that is kept exactly: {text[:60]}") from None
