"""OSL's words of v3 and ours: a question becomes a body, bytes become a quote, a deal or a reason. Pure.

The price of a quote is its two amounts; the rates beside them are internal to the venue. Its lifetime counts from
receipt by our own clock. What was accepted and can't be understood is `Unknown`, and the list of transactions tells.
"""

import re
from decimal import Decimal
from typing import Final

import msgspec
from msgspec import Raw, Struct

from engine.kernel.clock import MILLISECOND, MINUTE, Instant, Span, of_millis
from engine.kernel.ids import VenueName
from engine.kernel.money import Asset, plain
from engine.orders.reports import Acceptance, Deal, Dealt, Quote, Quoted, QuoteRequest, Refused, Transient, Unknown
from venues.osl import mock, outcomes
from venues.osl.outcomes import Reply
from venues.osl.wire import Odd, number, parsed, time

QUOTE_PATH: Final = "/api/3/retail/quote"
ACCEPT_PATH: Final = "/api/3/retail/trade"
TRANSACTIONS_PATH: Final = "/api/3/transaction/list"

MARGIN: Final = Span(500 * MILLISECOND)
"""Taken off a quote's lifetime (wall time): an acceptance needs its way."""
FULL: Final = "FULL_QUOTE"
EXECUTED: Final = "EXECUTED"
# fmt: off
NO_QUOTE: Final = frozenset({
    "CANNOT_PRICE", "EXCHANGE_RATES_CONVERSION_ERROR", "PER_TXN_LIMIT_EXCEEDED", "USER_DAILY_LIMIT_EXCEEDED",
    "DEALER_DAILY_LIMIT_EXCEEDED", "s200003", "s200004", "s300001", "TOO_SMALL", "INVALID_PARAMETERS",
})
NOT_DEALT: Final = frozenset({
    "INVALID_QUOTE_ID", "QUOTE_EXPIRED", "INSUFFICIENT_FUND", "DAILY_LIMIT_EXCEEDED",
    "s100002", "s100006", "s100026", "s200003", "s200004", "s300001",
    "INSUFFICIENT_AVAILABLE_BALANCE", "TOO_SMALL", "INVALID_PARAMETERS",
})
# fmt: on
"""Turned down; the quote was not executed."""

_LIFETIME_MAX: Final = Span(10 * MINUTE)
_TOLD_STATUS: Final = frozenset({200, 400})
_ASSET: Final = re.compile(r"[A-Z0-9]{1,16}")
_QUOTE_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")


class Verdict(Struct, frozen=True):
    """What the venue calls the outcome, and the payload beside it."""

    code: str
    message: str
    payload: Raw


class _Error(Struct):
    name: str = ""
    code: mock.Id = ""
    message: str = ""


class _Answer(Struct, rename="camel"):
    quote_response: Raw = Raw()
    trade_response: Raw = Raw()
    transaction_list_response: Raw = Raw()
    error: _Error | None = None


class _Head(Struct, rename={"code": "responseCode"}):
    code: str


class _QuoteRow(Struct, rename={"quote_id": "quoteId", "buys": "buyTradedCurrency", "base": "tradedCurrency",
                                "quote": "settlementCurrency", "quantity": "quotedTradedCurrencyAmount",
                                "proceeds": "quotedSettlementCurrencyAmount",
                                "lifetime_ms": "timeToLive"}):  # fmt: skip
    quote_id: str
    buys: bool
    base: str
    quote: str
    quantity: Decimal
    proceeds: Decimal
    lifetime_ms: int


def quote_body(request: QuoteRequest, tonce: int) -> bytes:
    """Ask for a price of so much of the base; `ValueError` for what the venue's words can't carry."""
    if not _ASSET.fullmatch(request.sell) or not _ASSET.fullmatch(request.buy) or request.quantity <= 0:
        raise ValueError(f"not a sale: {request.quantity} {request.sell!r} for {request.buy!r}")
    asked = {
        "tradedCurrency": request.sell,
        "settlementCurrency": request.buy,
        "buyTradedCurrency": False,
        "tradedCurrencyAmount": Raw(plain(request.quantity).encode()),
    }
    return msgspec.json.encode({"quoteRequest": asked, "tonce": tonce})


def accept_body(quote_id: str, tonce: int) -> bytes:
    """Take a quote; `ValueError` for an id that the venue can't have given."""
    if not _QUOTE_ID.fullmatch(quote_id):
        raise ValueError(f"not a quote id: {quote_id[:80]!r}")
    return msgspec.json.encode({"tradeRequest": {"quoteId": quote_id}, "tonce": tonce})


def transactions_body(tonce: int) -> bytes:
    """Ask for the latest transactions."""
    return msgspec.json.encode({"tonce": tonce})


def verdict(reply: Reply) -> Verdict | None:
    """The code of an answer, wherever v3 puts it; `None` when it says nothing that counts."""
    if reply.status not in _TOLD_STATUS:
        return None
    try:
        answer = parsed(reply.body, _Answer)
        for payload in (answer.quote_response, answer.trade_response):
            if bytes(payload):
                return Verdict(_printable(parsed(payload, _Head).code), "", payload)
    except Odd:
        return None
    if answer.error is None or not (code := answer.error.name or str(answer.error.code)):
        return None
    return Verdict(_printable(code), _printable(answer.error.message), Raw())


def quoted(venue: VenueName, request: QuoteRequest, reply: Reply, received_at: Instant) -> Quoted:
    """What a question brought. An answer that can't be understood binds nobody; `received_at` is wall time."""
    if (general := outcomes.general(reply)) is not None:
        return general
    said = verdict(reply)
    if said is None:
        return Transient(f"HTTP {reply.status} without a quote", wire=reply.wire)
    if said.code in NO_QUOTE:
        return Refused(said.code, said.message, wire=reply.wire)
    if said.code != FULL or reply.status != 200:
        return Transient(f"{said.code} {said.message}".strip(), wire=reply.wire)
    try:
        row = parsed(said.payload, _QuoteRow)
        lifetime = of_millis(row.lifetime_ms)
        if (row.base, row.quote, row.buys, number(row.quantity)) != (
            request.sell,
            request.buy,
            False,
            request.quantity,
        ):
            raise Odd(f"the quote is for {row.quantity} {row.base[:16]} in {row.quote[:16]}")
        if not _QUOTE_ID.fullmatch(row.quote_id) or not number(row.proceeds) or not 0 < lifetime <= _LIFETIME_MAX:
            raise Odd("the quote lacks its id, its amount or its lifetime")
    except Odd as odd:
        return Transient(str(odd), wire=reply.wire)
    expires_at = Instant(received_at + lifetime - MARGIN)
    proceeds = number(row.proceeds)
    return Quote(venue, row.quote_id, request.sell, request.buy, request.quantity, proceeds, expires_at, reply.wire)


def accepted(quote: Quote, reply: Reply, at: Instant) -> Acceptance:
    """What taking a quote brought; `at` in market time."""
    if (general := outcomes.general(reply)) is not None:
        return general
    said = verdict(reply)
    if said is None:
        return Unknown(f"HTTP {reply.status} without a word on the quote", reply.wire)
    if said.code in NOT_DEALT:
        return Refused(said.code, said.message, wire=reply.wire)
    if said.code != EXECUTED or reply.status != 200:
        return Unknown(f"{said.code} {said.message}".strip(), reply.wire)
    try:
        row = parsed(said.payload, mock.TradeReply)
        amounts = (
            quote.quantity if row.quantity is None else number(row.quantity),
            quote.proceeds if row.proceeds is None else number(row.proceeds),
        )
    except Odd as odd:
        return Unknown(str(odd), reply.wire)
    if not row.trade_id or amounts != (quote.quantity, quote.proceeds):
        return Unknown(f"executed as {row.trade_id[:64]!r} with {amounts[0]} for {amounts[1]}", reply.wire)
    return Dealt(deal(quote, row.trade_id, at), reply.wire)


def deal(quote: Quote, deal_id: str, at: Instant) -> Deal:
    """The quote, executed: its amounts were firm."""
    return Deal(
        venue=quote.venue,
        quote_id=quote.quote_id,
        deal_id=deal_id,
        sell=quote.sell,
        buy=quote.buy,
        quantity=quote.quantity,
        proceeds=quote.proceeds,
        at=at,
    )


def listed(quote: Quote, body: bytes) -> Deal | None:
    """The quote's deal in the list of transactions; `Odd` when it is listed otherwise than it was quoted."""
    rows = parsed(parsed(body, _Answer).transaction_list_response, mock.Transactions).transactions
    own = [row for row in rows if row.quote_id == quote.quote_id]
    if not own:
        return None
    [row, *others] = own
    terms = (Asset(row.base), Asset(row.quote), row.buys, number(row.quantity), number(row.proceeds))
    if others or not row.trade_id or terms != (quote.sell, quote.buy, False, quote.quantity, quote.proceeds):
        raise Odd(f"quote {quote.quote_id} is listed {len(own)} times, first as {row.quantity} for {row.proceeds}")
    return deal(quote, row.trade_id, time(row.at))


def _printable(text: str) -> str:
    return "".join(c for c in text[:200] if c.isprintable())
