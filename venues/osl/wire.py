"""OSL's words of v4 and ours: an order becomes a body, bytes become reports. Pure, and free of floats.

What can't be believed is `Odd`: a status that nobody knows, a number that is none, a purchase under one of our ids.
It is never read as the likeliest thing. The shapes that the venue does not document stand in `mock`.
"""

import re
from decimal import Decimal
from typing import Final, Generic, TypeVar

import msgspec
from msgspec import Struct

from engine.kernel.clock import Instant, iso, of_millis, parse_instant
from engine.kernel.ids import ClientOrderId, Symbol, TradeId, VenueName, VenueOrderId
from engine.kernel.money import ZERO, Amount, Asset, exact, plain
from engine.orders.order import ChildOrder, OrderType, TimeInForce
from engine.orders.reports import Balance, Fill, OrderReport, OrderStatus, Permissions
from venues.odd import Odd as Odd
from venues.odd import parsed as parsed
from venues.osl import mock

NAME: Final = VenueName("osl")

ORDER_PATH: Final = "/api/v4/order"
EXECUTION_PATH: Final = "/api/v4/execution"
ORDER_EXECUTION_PATH: Final = "/api/v4/execution/order"
WALLET_PATH: Final = "/api/v4/user/wallet"
INSTRUMENT_PATH: Final = "/api/v4/instrument"
BOOK_PATH: Final = "/api/v4/orderBook/L2"
TRADE_PATH: Final = "/api/v4/trade"
TIME_PATH: Final = "/api/v5/time"
CATALOGUE_PATH: Final = "/api/v5/symbols"

_CLIENT_ID: Final = re.compile(rf"[A-Za-z0-9_-]{{1,{mock.CLIENT_ID_CHARACTERS_MAX}}}")
_SYMBOL: Final = re.compile(r"[A-Z0-9-]{1,32}")
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z")
_MILLIS_MAX: Final = 10**14
"""The year 5138: a time after it was not counted in milliseconds."""

T = TypeVar("T")
F = TypeVar("F")


class Row(Struct, Generic[F], frozen=True):
    """One line of a list: what paging goes by, and the fact, `None` when it concerns a purchase."""

    key: str
    at: Instant
    fact: F | None


class _WalletRow(Struct, rename={"free": "exchangeAvailableBalance", "total": "exchangeTotalBalance"}):
    currency: str
    free: Decimal
    total: Decimal


class _Time(Struct, rename="camel"):
    server_time: int


def order_body(order: ChildOrder) -> bytes:
    """The body that places `order`, always a sale; `ValueError` for what the venue's words can't carry."""
    if not _CLIENT_ID.fullmatch(order.client_id) or not _SYMBOL.fullmatch(order.symbol):
        raise ValueError(f"not a client id and a symbol for this venue: {order.client_id!r}, {order.symbol!r}")
    market = order.type is OrderType.MARKET
    if order.quantity <= 0 or (order.price <= 0 and not market):
        raise ValueError(f"not a sale: {order.quantity} at {order.price}")
    words = {"symbol": order.symbol, "side": "Sell", "orderQty": plain(order.quantity)}
    if market:
        words |= {"ordType": "Market"}
    else:
        words |= {"ordType": "Limit", "price": plain(order.price), "timeInForce": mock.TIME_IN_FORCE[order.tif]}
        if order.tif is TimeInForce.POST_ONLY:
            words |= {"execInst": "PostOnly"}
    return msgspec.json.encode(words | {"clOrdID": order.client_id})


def cancel_body(client_id: ClientOrderId) -> bytes:
    """The body that cancels one order; the venue takes lists only."""
    if not _CLIENT_ID.fullmatch(client_id):
        raise ValueError(f"not a client id for this venue: {client_id!r}")
    return msgspec.json.encode({"clOrdID": [client_id]})


def order_report(venue: VenueName, raw: bytes) -> OrderReport:
    """The one order that an answer describes, which must be a sale."""
    row = parsed(raw, mock.OrderRow)
    if row.side != "Sell":
        raise Odd(f"order {row.client_id} is shown as a {row.side[:20]}")
    return _report(venue, row)


def orders(venue: VenueName, raw: bytes) -> list[Row[OrderReport]]:
    """A list of orders. A purchase is not ours; what it does to the account shows in the balances."""
    return [
        Row(str(row.order_id), time(row.at), None if row.side == "Buy" else _report(venue, row))
        for row in parsed(raw, list[mock.OrderRow])
    ]


def fills(venue: VenueName, raw: bytes) -> list[Row[Fill]]:
    """A list of the account's executions; purchases are left without a fact."""
    return [
        Row(f"{row.order_id} {row.execution_id}", time(row.at), None if row.side == "Buy" else _fill(venue, row))
        for row in parsed(raw, list[mock.ExecutionRow])
    ]


def balances(raw: bytes) -> list[Balance]:
    """All balances of the exchange wallet; what is not available is locked."""
    held = []
    for row in parsed(raw, list[_WalletRow]):
        free, total = number(row.free), number(row.total)
        if free > total:
            raise Odd(f"{row.currency[:20]} has {free} available of {total}")
        held.append(Balance(Asset(row.currency), free, total - free))
    return held


def server_time(raw: bytes) -> Instant:
    """The venue's wall clock."""
    return of_venue_millis(parsed(raw, _Time).server_time)


def permissions(raw: bytes) -> Permissions:
    """What a key may do."""
    rights = parsed(raw, mock.KeyRow).permissions
    return Permissions(trade=mock.TRADE_PERMISSION in rights, withdraw=mock.WITHDRAW_PERMISSION in rights)


def _report(venue: VenueName, row: mock.OrderRow) -> OrderReport:
    status = mock.ORDER_STATUS.get(row.status)
    if status is None:
        raise Odd(f"unknown status {row.status[:40]!r}")
    if row.side != "Sell" or row.type not in ("Limit", "Market") or (row.price is None and row.type == "Limit"):
        raise Odd(f"order {row.client_id} is a {row.side[:20]} {row.type[:20]} at {row.price}")
    report = OrderReport(
        venue=venue,
        symbol=Symbol(row.symbol),
        client_id=ClientOrderId(row.client_id or ""),
        venue_order_id=VenueOrderId(str(row.order_id)),
        status=status,
        quantity=number(row.quantity),
        price=ZERO if row.price is None else number(row.price),
        filled=number(row.filled),
        at=time(row.at),
    )
    whole = report.filled == report.quantity
    if report.filled > report.quantity or (status is OrderStatus.FILLED and not whole):
        raise Odd(f"order {report.client_id} is {status} with {report.filled} of {report.quantity}")
    if not report.venue_order_id.strip("0"):
        raise Odd(f"order {report.client_id} has no id")
    return report


def _fill(venue: VenueName, row: mock.ExecutionRow) -> Fill:
    maker, quantity, price = mock.LIQUIDITY_MAKER.get(row.liquidity), number(row.quantity), number(row.price)
    if row.side != "Sell" or maker is None or not quantity or not price or not row.fee_asset or not row.execution_id:
        raise Odd(f"execution {row.execution_id} of order {row.order_id} lacks its side, size, fee, id or liquidity")
    return Fill(
        venue=venue,
        symbol=Symbol(row.symbol),
        client_id=ClientOrderId(row.client_id or ""),
        venue_order_id=VenueOrderId(str(row.order_id)),
        trade_id=TradeId(str(row.execution_id)),
        quantity=quantity,
        price=price,
        fee=Amount(_signed(row.fee), Asset(row.fee_asset)),
        maker=maker,
        at=time(row.at),
        ticket=str(row.match_id),
    )


def time(text: str) -> Instant:
    """ISO 8601 in UTC, or `Odd`."""
    try:
        at = parse_instant(text) if _TIME.fullmatch(text) else Instant(0)
    except ValueError:
        at = Instant(0)
    if at <= 0:
        raise Odd(f"not a time: {text[:40]!r}")
    return at


def written(at: Instant) -> str:
    """As the venue writes times: ISO 8601 in UTC, milliseconds rounded down."""
    return iso(at)[:-4] + "Z"


def of_venue_millis(millis: int) -> Instant:
    """A time that a venue can mean, or `Odd`."""
    if not 0 < millis < _MILLIS_MAX:
        raise Odd(f"not a time: {str(millis)[:40]}")
    return of_millis(millis)


def number(value: Decimal) -> Decimal:
    """A size or a price: never negative, and within the digits that are kept exactly; else `Odd`."""
    checked = _signed(value)
    if checked < 0:
        raise Odd(f"negative where only a size or a price makes sense: {checked}")
    return checked


def _signed(value: Decimal) -> Decimal:
    try:
        return exact(str(value))
    except (ValueError, ArithmeticError):
        raise Odd(f"not a number that is kept exactly: {str(value)[:60]}") from None
