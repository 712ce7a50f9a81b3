"""All that OSL's documents do not say, and what it is taken to be until the venue or its sandbox tells.

Nothing else in this folder invents anything. A real answer replaces the constant or the shape here, and its line in
`MOCKS`, which `steelyard venues` and `docs/venues/osl.md` show.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from msgspec import Struct

from engine.kernel.clock import MILLISECOND, SECOND, Span
from engine.kernel.money import ZERO
from engine.orders.order import TimeInForce
from engine.orders.reports import OrderStatus
from venues.adapter import Mock

Id = str | int

TIME_IN_FORCE: Final[Mapping[TimeInForce, str]] = {
    TimeInForce.GTC: "GoodTillCancel",  # this one is documented
    TimeInForce.IOC: "ImmediateOrCancel",
    TimeInForce.FOK: "FillOrKill",
    TimeInForce.POST_ONLY: "GoodTillCancel",  # documented, beside execInst
}
CLIENT_ID_CHARACTERS_MAX: Final = 36
COUNT_MAX: Final = 500
"""Rows of a page; a page that is full may have been cut."""
SIGNATURE_AHEAD_MAX: Final = Span(60 * SECOND)
"""How far ahead `api-expires` may lie."""

ORDER_STATUS: Final[Mapping[str, OrderStatus]] = {
    "PendingNew": OrderStatus.WORKING,
    "New": OrderStatus.WORKING,
    "PartiallyFilled": OrderStatus.WORKING,
    "Filled": OrderStatus.FILLED,
    "Canceled": OrderStatus.CANCELLED,
    "Expired": OrderStatus.CANCELLED,
    "Rejected": OrderStatus.REJECTED,
}


class OrderRow(Struct, rename={"order_id": "orderID", "client_id": "clOrdID", "quantity": "orderQty",
                               "type": "ordType", "status": "ordStatus", "filled": "cumQty",
                               "at": "transactTime"}):  # fmt: skip
    """An order, in replies and lists."""

    order_id: Id
    symbol: str
    side: str
    quantity: Decimal
    type: str
    status: str
    filled: Decimal
    at: str
    price: Decimal | None = None
    client_id: str | None = None


class ExecutionRow(Struct, rename={"execution_id": "execID", "match_id": "trdMatchID", "order_id": "orderID",
                                   "client_id": "clOrdID", "quantity": "lastQty", "price": "lastPx",
                                   "fee": "commission", "fee_asset": "commissionCurrency",
                                   "liquidity": "lastLiquidityInd", "at": "transactTime"}):  # fmt: skip
    """One execution of one order."""

    execution_id: Id
    order_id: Id
    symbol: str
    side: str
    quantity: Decimal
    price: Decimal
    fee: Decimal
    fee_asset: str
    liquidity: str
    at: str
    match_id: Id = ""
    client_id: str | None = None


LIQUIDITY_MAKER: Final[Mapping[str, bool]] = {"Added": True, "Removed": False}


class Complaint(Struct):
    """Why one order of a bulk cancel was not cancelled."""

    name: str
    message: str = ""


class CancelRow(Struct, rename={"client_id": "clOrdID", "order_id": "orderID", "status": "ordStatus"}):
    """What became of one order of a bulk cancel."""

    client_id: str | None = None
    order_id: Id = ""
    status: str = ""
    error: Complaint | None = None


# fmt: off
NOT_PLACED: Final = frozenset({
    "INVALID_SYMBOL",  # the only one that was seen
    "INSUFFICIENT_AVAILABLE_BALANCE", "TOO_SMALL", "INVALID_PARAMETERS",  # documented for v3
    "PRICE_OUT_OF_BAND", "POST_ONLY_WOULD_TAKE",
})
NOT_CANCELLED: Final = frozenset({
    "ORDER_NOT_FOUND", "ERROR_ORDER_STATUS_SET_NO_CANCEL_CANCELLED", "ERROR_ORDER_STATUS_SET_NO_CANCEL_AMENDED",
    "ERROR_ORDER_STATUS_SET_NO_CANCEL_MATCHED",  # documented for v3
    "INVALID_SYMBOL", "INVALID_PARAMETERS",
})
# fmt: on
CANCEL_TAKEN: Final = frozenset({"CANCEL_REQUEST_SUBMITTED"})
EXISTS: Final = "DUPLICATE_CLORDID"
CLOSED: Final = "MARKET_CLOSED"
CLOSED_WAIT: Final = Span(5 * SECOND)

MAINTENANCE: Final = "MAINTENANCE"
"""The name beside HTTP 503; the status alone says nothing."""
BANNED_STATUS: Final = 418
"""Documented for v5."""
BANNED_NAME: Final = "IP_BANNED"
"""Beside HTTP 403."""
BANNED_WAIT: Final = Span(60 * SECOND)
LIMITED_WAIT: Final = Span(2 * SECOND)

KEY_PATH: Final = "/mock/api/4/apiKey"
TRADE_PERMISSION: Final = "Place and Manage Orders"
WITHDRAW_PERMISSION: Final = "Withdraw"


class KeyRow(Struct):
    """What a key may do."""

    permissions: list[str]


PRINT_SIDE_IS_TAKER: Final = True
"""`side` of a public trade is that of the order which took."""
STREAM_SETTLES: Final = Span(1500 * MILLISECOND)
"""How long a change of the book may take to reach the stream, which publishes once or twice a second."""


class TradeReply(Struct, rename={"code": "responseCode", "trade_id": "tradeId",
                                 "quantity": "quotedTradedCurrencyAmount",
                                 "proceeds": "quotedSettlementCurrencyAmount"}):  # fmt: skip
    """What accepting a quote brought; only the first two fields are known."""

    code: str
    trade_id: str = ""
    quantity: Decimal | None = None
    proceeds: Decimal | None = None


class TransactionRow(Struct, rename={"trade_id": "tradeId", "quote_id": "quoteId", "buys": "buyTradedCurrency",
                                     "base": "tradedCurrency", "quote": "settlementCurrency",
                                     "quantity": "quotedTradedCurrencyAmount",
                                     "proceeds": "quotedSettlementCurrencyAmount",
                                     "at": "transactTime"}):  # fmt: skip
    """One deal in the list of transactions; a deposit has no quote."""

    trade_id: str = ""
    quote_id: str = ""
    buys: bool = False
    base: str = ""
    quote: str = ""
    quantity: Decimal = ZERO
    proceeds: Decimal = ZERO
    at: str = ""


class Transactions(Struct):
    """The list of transactions, newest first."""

    transactions: list[TransactionRow]


DEALT_ALREADY: Final = "s100005"
"""Documented as "a trade already exists for the quote id"; that accepting again brings it is a reading."""
QUOTE_DEAD: Final = frozenset({"QUOTE_EXPIRED", "s100006", "s100026"})

MOCKS: Final = (
    Mock("order object of v4", "FIX words: orderID, clOrdID, ordStatus, cumQty, transactTime beside the known echo"),
    Mock("ordStatus", "PendingNew, New, PartiallyFilled, Filled, Canceled, Expired, Rejected"),
    Mock("time in force", "ImmediateOrCancel and FillOrKill beside the known GoodTillCancel; market orders carry none"),
    Mock("clOrdID", "at most 36 characters, unique for ever; a second use is DUPLICATE_CLORDID"),
    Mock("order query", "clOrdID, startTime and endTime (ISO 8601), count up to 500; open=false brings all orders"),
    Mock("execution object", "execID, trdMatchID, lastQty, lastPx, commission, lastLiquidityInd Added or Removed"),
    Mock("execution query", "symbol, startTime, endTime, count up to 500"),
    Mock("answer to a cancel", "an array of orderID, clOrdID, ordStatus and error (null, or name and message)"),
    Mock("error names of v4", "those of v3 and PRICE_OUT_OF_BAND, POST_ONLY_WOULD_TAKE, MARKET_CLOSED"),
    Mock("failed authentication", "HTTP 401 or 403 with a named error: nothing was done, the venue is stopped"),
    Mock("api-expires", "at most 60 seconds ahead"),
    Mock("tonce of v3", "strictly increasing for each key"),
    Mock("a ban", "HTTP 418, or 403 named IP_BANNED; Retry-After in seconds, else 60 seconds"),
    Mock("maintenance", "HTTP 503 named MAINTENANCE, or MARKET_CLOSED in answer to a read"),
    Mock("rights of a key", "GET /mock/api/4/apiKey, an invented path, answers a list of permissions"),
    Mock("reference of the price band", "the middle between minPrice and maxPrice"),
    Mock("side of a public trade", "the side of the order that took"),
    Mock("delay of the book stream", "a change reaches it within 1.5 seconds"),
    Mock("read lag", "2 seconds at most"),
    Mock("fee currency", "whatever the execution says; expected in the quote currency"),
    Mock("reply to an accepted quote", "tradeId, and the quote's amounts again"),
    Mock("error codes of v3", "as responseCode, or as name or code of an error object, with HTTP 200 or 400"),
    Mock(
        "list of transactions",
        "transactionListResponse.transactions: tradeId, quoteId, the quote's words, newest first",
    ),
    Mock("accepting a dead quote again", "s100005 when it was dealt, QUOTE_EXPIRED when not; it settles a lost answer"),
)
"""For `steelyard venues` and for the page of the adapter."""
