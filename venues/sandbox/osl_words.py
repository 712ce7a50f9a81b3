"""OSL's words for what the exchange says: names of errors, states of orders, and the three envelopes of a refusal.

v4 names its errors and answers with a 4xx; v3 puts a response code inside its reply, and v5 a number inside an HTTP
200. Of the names in v4 only `INVALID_SYMBOL` is known. `INSUFFICIENT_AVAILABLE_BALANCE`, `TOO_SMALL`,
`INVALID_PARAMETERS` and those of failed cancels are v3's; all others are mock, and so is the place of `s100005`. Pure.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from venues.sandbox.door import Answer
from venues.sandbox.model import OrderRow, Reason, Rejection, Status

INVALID: Final = "INVALID_PARAMETERS"
NAMES: Final[Mapping[Reason, tuple[str, str]]] = {
    Reason.UNKNOWN_SYMBOL: ("INVALID_SYMBOL", "symbol is not supported or does not exist"),
    Reason.HALTED: ("MARKET_CLOSED", "the market is closed"),
    Reason.CANCEL_ONLY: ("MARKET_CLOSED", "orders may only be cancelled"),
    Reason.POST_ONLY: ("MARKET_CLOSED", "the market takes post-only orders"),
    Reason.MAINTENANCE: ("MAINTENANCE", "the venue is under maintenance"),
    Reason.DUPLICATE_ID: ("DUPLICATE_CLORDID", "clOrdID was used before"),
    Reason.BAD_ID: (INVALID, "clOrdID must be 1 to 36 printable characters"),
    Reason.TIF_NOT_SUPPORTED: (INVALID, "timeInForce is not supported"),
    Reason.PRICE_OFF_TICK: (INVALID, "price is not a multiple of the tick size"),
    Reason.PRICE_OUTSIDE_BAND: ("PRICE_OUT_OF_BAND", "price is below minPrice or above maxPrice"),
    Reason.QUANTITY_OFF_LOT: (INVALID, "orderQty is not a multiple of the step size"),
    Reason.QUANTITY_TOO_SMALL: ("TOO_SMALL", "orderQty is below the minimum"),
    Reason.QUANTITY_TOO_LARGE: (INVALID, "orderQty is above the maximum"),
    Reason.NOTIONAL_TOO_SMALL: ("TOO_SMALL", "the order's value is below the minimum"),
    Reason.NOTIONAL_TOO_LARGE: (INVALID, "the order's value is above the maximum"),
    Reason.INSUFFICIENT: ("INSUFFICIENT_AVAILABLE_BALANCE", "the available balance is too low"),
    Reason.NOT_FOUND: ("ORDER_NOT_FOUND", "there is no such order"),
    Reason.ALREADY_FILLED: ("ERROR_ORDER_STATUS_SET_NO_CANCEL_MATCHED", "the order is filled"),
    Reason.ALREADY_CANCELLED: ("ERROR_ORDER_STATUS_SET_NO_CANCEL_CANCELLED", "the order has ended"),
}
"""Which of the venue's names stands for which refusal of the exchange."""

WOULD_TAKE: Final = ("POST_ONLY_WOULD_TAKE", "a post-only order would have traded at once")
CANCEL_SUBMITTED: Final = ("CANCEL_REQUEST_SUBMITTED", "the order is not on the book yet; it is cancelled once it is")

STATUSES: Final[Mapping[Status, str]] = {
    Status.NEW: "New",
    Status.PARTIALLY_FILLED: "PartiallyFilled",
    Status.FILLED: "Filled",
    Status.CANCELED: "Canceled",
    Status.PARTIALLY_CANCELED: "Canceled",
    Status.REJECTED: "Rejected",
}
"""A cancelled order keeps what was filled of it; there is no state of its own for that."""

_STATUS_OF: Final[Mapping[str, int]] = {
    "MAINTENANCE": 503,
    "SYSTEM_ERROR": 500,
    "PERMISSION_DENIED": 403,
    "INVALID_API_KEY": 401,
    "INVALID_SIGNATURE": 401,
    "SIGNATURE_EXPIRED": 401,
    "SIGNATURE_USED": 401,
}
_QUOTE_CODES: Final = frozenset(
    {
        "CANNOT_PRICE", "EXCHANGE_RATES_CONVERSION_ERROR", "PER_TXN_LIMIT_EXCEEDED", "USER_DAILY_LIMIT_EXCEEDED",
        "DEALER_DAILY_LIMIT_EXCEEDED", "s200003", "s200004", "s300001",
    }
)  # fmt: skip
_TRADE_CODES: Final = frozenset(
    {
        "INVALID_QUOTE_ID", "QUOTE_EXPIRED", "INSUFFICIENT_FUND", "DAILY_LIMIT_EXCEEDED", "INDETERMINATE", "s100002",
        "s100005", "s100006", "s100026",
    }
)  # fmt: skip


class Refusal(Exception):
    """The request ends here with this answer; nothing was changed."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.body.decode())
        self.answer = answer


def encoded(value: Any, status: int = 200) -> Answer:
    """An answer in JSON."""
    return Answer(status, msgspec.json.encode(value))


def error(name: str, message: str) -> dict[str, str]:
    """What is said of one failure."""
    return {"message": message, "name": name}


def named(name: str, message: str, status: int | None = None) -> Refusal:
    """A refusal of v4, and of whoever lets callers in."""
    return Refusal(encoded({"error": error(name, message)}, status or _STATUS_OF.get(name, 400)))


def invalid(message: str) -> Refusal:
    """A v4 request that cannot be understood."""
    return named(INVALID, message)


def numbered(code: int, message: str) -> Refusal:
    """A refusal of v5: an error inside an HTTP 200."""
    return Refusal(encoded({"code": code, "msg": message}))


def responded(wrapper: str, code: str) -> Refusal:
    """A refusal of v3: a response code inside the call's own reply."""
    return Refusal(encoded({wrapper: {"responseCode": code}}))


def coded(code: str) -> Answer:
    """The venue's own error of this code or name, in the envelope in which it comes."""
    if code in _TRADE_CODES:
        return responded("tradeResponse", code).answer
    if code in _QUOTE_CODES:
        return responded("quoteResponse", code).answer
    if code.removeprefix("-").isdecimal():
        return numbered(int(code), "error").answer
    told = next((message for name, message in NAMES.values() if name == code), "error")
    return named(code, told).answer


def unknown_symbol(symbol: str) -> Refusal:
    """Nothing of this name is listed."""
    return named("INVALID_SYMBOL", f"symbol '{symbol}' is not supported or does not exist")


def why(rejection: Rejection) -> tuple[str, str]:
    """Name and message of a refusal of the exchange."""
    name, message = NAMES[rejection.reason]
    return name, f"{message}: {rejection.detail}" if rejection.detail else message


def status(row: OrderRow) -> str:
    """The state of an order that is on the book or was."""
    return STATUSES[row.status]
