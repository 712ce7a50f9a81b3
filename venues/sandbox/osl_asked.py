"""What a v4 order request asks for, as values. Pure: text in, values or a `Refusal` out.

Beside `GoodTillCancel` the spellings of the times in force are mock, and so are the ends of `Day` (midnight in Hong
Kong) and of `GoodTillDate` (the end of its `expireDate`, or that very instant).
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final, TypeVar
from urllib.parse import parse_qsl

import msgspec
from msgspec import Struct

from engine.kernel.clock import DAY, HOUR, Instant, of_millis, parse_instant
from engine.kernel.money import ZERO, exact, plain
from venues.sandbox.model import Kind, Side
from venues.sandbox.osl_words import invalid

T = TypeVar("T")

CLORDID_MAX: Final = 36
BULK_MAX: Final = 100
"""Orders named in one cancel (mock)."""
HONG_KONG: Final = 8 * HOUR

_SIDES: Final = {"Buy": Side.BUY, "Sell": Side.SELL}
_LIMITS: Final = {
    "GoodTillCancel": Kind.GTC,
    "Day": Kind.GTC,
    "GoodTillDate": Kind.GTC,
    "ImmediateOrCancel": Kind.IOC,
    "FillOrKill": Kind.FOK,
}
_MARKETS: Final = ("", "ImmediateOrCancel", "GoodTillCancel")
_RESTING: Final = ("GoodTillCancel", "Day")
"""Times in force under which an order may be post-only."""


class _Order(Struct):
    """A create request as it is sent; numbers may be texts or numbers."""

    symbol: str
    side: str
    orderQty: Decimal  # noqa: N815 (the wire's spelling)
    ordType: str  # noqa: N815
    price: Decimal | None = None
    timeInForce: str = ""  # noqa: N815
    execInst: str = ""  # noqa: N815
    clOrdID: str | None = None  # noqa: N815
    expireDate: str = ""  # noqa: N815


class _Cancel(Struct):
    orderID: list[str | int] | None = None  # noqa: N815
    clOrdID: list[str] | None = None  # noqa: N815


class _CancelAll(Struct):
    symbol: str | None = None


class Asked(Struct, frozen=True):
    """A new order in the venue's words and in ours."""

    symbol: str
    side: Side
    kind: Kind
    quantity: Decimal
    price: Decimal
    """Zero for a market order."""
    tif: str
    exec_inst: str
    client_id: str
    """What the client calls it; empty when it has no name."""
    ends_at: Instant | None = None
    """When it expires, in market time."""

    @property
    def market(self) -> bool:
        return self.kind is Kind.MARKET


def order(body: str, now: Instant) -> Asked:
    """The order that a client asks for at market time `now`; `Refusal` when it is malformed."""
    sent = read(body, _Order)
    if sent.side not in _SIDES:
        raise invalid("side must be Buy or Sell")
    if sent.clOrdID is not None and not is_client_id(sent.clOrdID):
        raise invalid(f"clOrdID must be 1 to {CLORDID_MAX} printable characters")
    kind, tif = _kind(sent)
    return Asked(
        symbol=sent.symbol,
        side=_SIDES[sent.side],
        kind=kind,
        quantity=_positive("orderQty", sent.orderQty),
        price=ZERO if sent.price is None else _positive("price", sent.price),
        tif=tif,
        exec_inst=sent.execInst,
        client_id=sent.clOrdID or "",
        ends_at=_end(tif, sent.expireDate, now),
    )


def _kind(sent: _Order) -> tuple[Kind, str]:
    """What the exchange is to do, and the time in force to be shown."""
    if sent.execInst not in ("", "PostOnly"):
        raise invalid("execInst must be PostOnly or left out")
    if sent.ordType == "Market":
        if sent.price is not None or sent.execInst or sent.timeInForce not in _MARKETS:
            raise invalid("a Market order has no price, no execInst and no other timeInForce than ImmediateOrCancel")
        return Kind.MARKET, sent.timeInForce or "ImmediateOrCancel"
    if sent.ordType != "Limit":
        raise invalid("ordType must be Limit or Market")
    if sent.price is None:
        raise invalid("a Limit order needs a price")
    tif = sent.timeInForce or "GoodTillCancel"
    if tif not in _LIMITS:
        raise invalid(f"timeInForce must be one of {', '.join(_LIMITS)}")
    if not sent.execInst:
        return _LIMITS[tif], tif
    if tif not in _RESTING:
        raise invalid("a post-only order needs timeInForce GoodTillCancel or Day")
    return Kind.MAKER, tif


def _end(tif: str, expire_date: str, now: Instant) -> Instant | None:
    if (tif == "GoodTillDate") != bool(expire_date):
        raise invalid("expireDate goes with timeInForce GoodTillDate, and only with it")
    if tif == "Day":
        return Instant((now + HONG_KONG) // DAY * DAY + DAY - HONG_KONG)
    if not expire_date:
        return None
    try:
        if len(expire_date) == len("2026-09-22"):
            return Instant(parse_instant(f"{expire_date}T00:00:00+08:00") + DAY)
        end = parse_instant(expire_date)
    except ValueError:
        raise invalid("expireDate must be a date, or a time with its zone") from None
    if end <= now:
        raise invalid("expireDate has passed")
    return end


def cancels(body: str) -> list[tuple[str, str]]:
    """The orders that a cancel names, each as (`orderID`, "") or ("", `clOrdID`)."""
    sent = read(body, _Cancel)
    if (sent.orderID is None) == (sent.clOrdID is None):
        raise invalid("give either orderID or clOrdID")
    named = [(str(one), "") for one in sent.orderID or ()] + [("", one) for one in sent.clOrdID or ()]
    if not 1 <= len(named) <= BULK_MAX:
        raise invalid(f"1 to {BULK_MAX} orders can be cancelled in one call")
    return named


def cancelled_symbol(body: str) -> str | None:
    """The one pair whose orders are all to be cancelled; `None` for every pair."""
    return read(body, _CancelAll).symbol if body else None


def is_client_id(text: str) -> bool:
    """May an order be called this?"""
    return 1 <= len(text) <= CLORDID_MAX and all("!" <= letter <= "~" for letter in text)


def parameters(query: str) -> dict[str, str]:
    """A query's pairs; the last of a name counts."""
    return dict(parse_qsl(query, keep_blank_values=True))


def whole(params: Mapping[str, str], name: str, default: int, most: int) -> int:
    """A parameter that must be a whole number; no more than `most` is given."""
    text = params.get(name, "")
    if not text:
        return default
    if not text.isascii() or not text.isdecimal() or len(text) > 9:
        raise invalid(f"{name} must be a whole number")
    return min(int(text), most)


def instant(params: Mapping[str, str], name: str, default: Instant) -> Instant:
    """A parameter that is a time: ISO 8601 with its zone, or milliseconds."""
    text = params.get(name, "")
    if not text:
        return default
    try:
        return of_millis(int(text)) if text.isdecimal() and len(text) <= 14 else parse_instant(text)
    except ValueError:
        raise invalid(f"{name} must be a time such as 2026-09-22T03:14:48.044Z") from None


def flag(params: Mapping[str, str], name: str, *, default: bool) -> bool:
    """A parameter that is `true` or `false`."""
    text = params.get(name, "")
    if text not in ("", "true", "false"):
        raise invalid(f"{name} must be true or false")
    return text == "true" if text else default


def read(body: str, shape: type[T]) -> T:
    """A JSON body of this shape."""
    try:
        return msgspec.json.decode(body.encode(errors="surrogateescape"), type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError) as bad:
        raise invalid(str(bad)) from None


def number(value: Decimal) -> Decimal:
    """A number within the digits that are kept exactly; `ValueError` for any other."""
    if not value.is_finite() or abs(value.adjusted()) > 40:  # a long exponent is not written out
        raise ValueError(f"not a number that is kept here: {value}")
    return exact(plain(value))


def _positive(name: str, value: Decimal) -> Decimal:
    try:
        kept = number(value)
    except ValueError:
        raise invalid(f"{name} is not a number that can be traded") from None
    if kept <= 0:
        raise invalid(f"{name} must be above nothing")
    return kept
