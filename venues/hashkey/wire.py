"""HashKey's words and ours: an order becomes parameters, bytes become reports. Pure, and free of floats.

What can't be believed is `Odd`: a status that nobody documented, a number that is none, a purchase under one of our
ids. It is never read as the likeliest thing. Ids are opaque texts, whether the venue writes them as text or number.
"""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final, TypeVar

import msgspec
from msgspec import Raw, Struct

from engine.kernel.clock import Instant, of_millis
from engine.kernel.ids import ClientOrderId, Symbol, TradeId, VenueName, VenueOrderId
from engine.kernel.money import Amount, Asset, exact, plain
from engine.orders.order import ChildOrder, TimeInForce
from engine.orders.reports import Balance, Fill, OrderReport, OrderStatus

NAME: Final = VenueName("hashkey")

ORDER_PATH: Final = "/api/v1/spot/order"
OPEN_PATH: Final = "/api/v1/spot/openOrders"
HISTORY_PATH: Final = "/api/v1/spot/tradeOrders"
TRADES_PATH: Final = "/api/v1/account/trades"
ACCOUNT_PATH: Final = "/api/v1/account"
INFO_PATH: Final = "/api/v1/exchangeInfo"
TIME_PATH: Final = "/api/v1/time"
KEY_PATH: Final = "/api/v1/userDataStream"

STATUS: Final[Mapping[str, OrderStatus]] = {
    "NEW": OrderStatus.WORKING,
    "PARTIALLY_FILLED": OrderStatus.WORKING,
    "PENDING_CANCEL": OrderStatus.WORKING,  # the cancel can still lose its race
    "FILLED": OrderStatus.FILLED,
    "CANCELED": OrderStatus.CANCELLED,
    "PARTIALLY_CANCELED": OrderStatus.CANCELLED,
    "REJECTED": OrderStatus.REJECTED,
}

_CLIENT_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,32}")
_SYMBOL: Final = re.compile(r"[A-Z0-9-]{1,32}")
_MILLIS_MAX: Final = 10**14
"""The year 5138: a time after it was not counted in milliseconds."""

T = TypeVar("T")
Id = str | int


class Odd(ValueError):
    """An answer that can't be believed, and why; it proves nothing."""


class Ping(Struct, frozen=True):
    """The venue asks whether we are there; `{"pong": ms}` is the answer."""

    ms: int


class _OrderRow(Struct, rename="camel"):
    symbol: str
    client_order_id: str
    order_id: Id
    status: str
    side: str
    price: Decimal
    orig_qty: Decimal
    executed_qty: Decimal
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


class _Key(Struct, rename="camel"):
    listen_key: str


_EXECUTION_NAMES: Final = {
    "event_at": "E", "symbol": "s", "client_id": "c", "side": "S", "quantity": "q", "price": "p", "status": "X",
    "order_id": "i", "filled": "z", "maker": "m", "trade_id": "d", "last_quantity": "l", "last_price": "L",
    "fee": "n", "fee_asset": "N",
}  # fmt: skip


class _Execution(Struct, rename=_EXECUTION_NAMES):
    event_at: int
    symbol: str
    client_id: str
    side: str
    quantity: Decimal
    price: Decimal
    status: str
    order_id: Id
    filled: Decimal
    maker: bool | None = None
    trade_id: Id | None = None
    last_quantity: Raw = Raw()
    last_price: Raw = Raw()
    fee: Raw = Raw()
    fee_asset: str | None = None


class _Event(Struct):
    e: str = ""


class _Heartbeat(Struct):
    ping: int | None = None
    code: Id = 0


def parsed(raw: bytes | Raw, kind: type[T]) -> T:
    """`raw` as a `kind`, or `Odd`; numbers may come as text, as they do here."""
    try:
        if isinstance(raw, bytes):
            raw.decode()  # the decoder looks only at what it reads, and would pass damage in a field that it skips
        return msgspec.json.decode(raw, type=kind, strict=False)
    except (ValueError, ArithmeticError, RecursionError) as error:  # malformed, not UTF-8, absurd, or nested too deep
        raise Odd(f"not a {kind.__name__.strip('_')}: {error}"[:200]) from None


def order_parameters(order: ChildOrder) -> list[tuple[str, str]]:
    """The parameters that place `order`, always a sale; `ValueError` for what the venue's words can't carry."""
    if not _CLIENT_ID.fullmatch(order.client_id) or not _SYMBOL.fullmatch(order.symbol):
        raise ValueError(f"not a client id and a symbol for this venue: {order.client_id!r}, {order.symbol!r}")
    if order.quantity <= 0 or order.price <= 0:
        raise ValueError(f"not a sale: {order.quantity} at {order.price}")
    maker = order.tif is TimeInForce.POST_ONLY
    pairs = [
        ("symbol", order.symbol),
        ("side", "SELL"),
        ("type", "LIMIT_MAKER" if maker else "LIMIT"),
        ("quantity", plain(order.quantity)),
        ("price", plain(order.price)),
        ("newClientOrderId", order.client_id),
    ]
    if not maker:
        pairs.append(("timeInForce", order.tif.name))
    return pairs


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


def server_time(raw: bytes) -> Instant:
    """The venue's wall clock."""
    return instant(parsed(raw, _Time).server_time)


def listen_key(raw: bytes) -> str:
    """The name of a private stream; it opens the stream, so it is kept out of every message."""
    key = parsed(raw, _Key).listen_key
    if not re.fullmatch(r"[A-Za-z0-9_-]{8,256}", key):
        raise Odd("not a listen key")
    return key


def private_facts(venue: VenueName, raw: bytes) -> list[OrderReport | Fill | Ping]:
    """What one frame of the private stream says; an execution comes before the report of the order it changed."""
    if raw.lstrip()[:1] != b"[":
        beat = parsed(raw, _Heartbeat)
        if str(beat.code).strip("0"):
            raise Odd(f"the stream reports error {beat.code}")
        return [] if beat.ping is None else [Ping(beat.ping)]
    facts: list[OrderReport | Fill | Ping] = []
    for event in parsed(raw, list[Raw]):
        if parsed(event, _Event).e == "executionReport":
            facts.extend(_execution(venue, parsed(event, _Execution)))
    return facts


def _execution(venue: VenueName, event: _Execution) -> Sequence[OrderReport | Fill]:
    if event.side == "BUY":
        return []
    at = instant(event.event_at)
    order_id = VenueOrderId(str(event.order_id))
    report = _checked(
        OrderReport(
            venue=venue,
            symbol=Symbol(event.symbol),
            client_id=ClientOrderId(event.client_id),
            venue_order_id=order_id,
            status=_status(event.status),
            quantity=number(event.quantity),
            price=number(event.price),
            filled=number(event.filled),
            at=at,
        )
    )
    quantity, price, fee = _maybe(event.last_quantity), _maybe(event.last_price), _maybe(event.fee)
    # Without its id or its fee an execution can't be booked. The report's cumulative quantity shows that it is lacking.
    whole = event.trade_id not in (None, "", "0", 0) and fee is not None and event.fee_asset and event.maker is not None
    if not quantity or not price or min(quantity, price) < 0 or not whole:
        return [report]
    assert fee is not None
    assert event.maker is not None
    fill = Fill(
        venue=venue,
        symbol=report.symbol,
        client_id=report.client_id,
        venue_order_id=order_id,
        trade_id=TradeId(str(event.trade_id)),
        quantity=quantity,
        price=price,
        fee=Amount(fee, Asset(str(event.fee_asset))),
        maker=event.maker,
        at=at,
    )
    return [fill, report]


def _report(venue: VenueName, row: _OrderRow) -> OrderReport:
    at = row.update_time or row.transact_time or row.time
    if at is None:
        raise Odd(f"order {row.client_order_id} has no time")
    return _checked(
        OrderReport(
            venue=venue,
            symbol=Symbol(row.symbol),
            client_id=ClientOrderId(row.client_order_id),
            venue_order_id=VenueOrderId(str(row.order_id)),
            status=_status(row.status),
            quantity=number(row.orig_qty),
            price=number(row.price),
            filled=number(row.executed_qty),
            at=instant(at),
        )
    )


def _checked(report: OrderReport) -> OrderReport:
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
        fee=Amount(_signed(fee), Asset(asset)),
        maker=row.is_maker,
        at=instant(row.time),
        ticket=str(row.ticket_id),
    )


def _status(word: str) -> OrderStatus:
    status = STATUS.get(word)
    if status is None:
        raise Odd(f"unknown status {word[:40]!r}")
    return status


def instant(millis: int) -> Instant:
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


def _maybe(raw: Raw) -> Decimal | None:
    """A number that an event may leave out, or leave empty."""
    try:
        return _signed(parsed(raw, Decimal))
    except Odd:
        return None
