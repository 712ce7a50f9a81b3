"""OSL's v3 REST interface, server side: quotes on request, their acceptance, and what the account has done.

Replies are wrapped in a key named after the call, with a `responseCode` inside. The fields of quotes are the venue's;
those of accounts, limits and transactions are mock, and follow the same manner. A quote lives in wall time.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from msgspec import Struct

from engine.kernel.clock import SECOND, Instant
from engine.kernel.money import decimals, plain, ratio, trimmed
from venues.sandbox import osl_asked
from venues.sandbox.dealer import CRYPTO_STEP, FIAT, FIAT_STEP, Deal, DealerQuote, DealerReason, DealerRefusal, Taking
from venues.sandbox.door import Right
from venues.sandbox.exchange import EPOCH
from venues.sandbox.osl_asked import HONG_KONG
from venues.sandbox.osl_desk import Asking, Desk, Route
from venues.sandbox.osl_limits import Lane
from venues.sandbox.osl_rows import Wire, millis, moment
from venues.sandbox.osl_words import INVALID, Refusal, named, responded

QUOTE, TRADE, OK = "quoteResponse", "tradeResponse", "OK"
ROWS_MAX: Final = 500
_MONTHS: Final = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_QUOTE_CODES: Final[Mapping[DealerReason, str]] = {
    DealerReason.BAD_AMOUNT: INVALID,
    DealerReason.UNSUPPORTED: INVALID,
    DealerReason.TOO_SMALL: "TOO_SMALL",
    DealerReason.TOO_LARGE: "PER_TXN_LIMIT_EXCEEDED",
    DealerReason.NO_MARKET: "CANNOT_PRICE",
    DealerReason.UNWILLING: "CANNOT_PRICE",
    DealerReason.CLOSED: "CANNOT_PRICE",
}
_TRADE_CODES: Final[Mapping[Taking, str]] = {
    Taking.EXPIRED: "QUOTE_EXPIRED",
    Taking.UNKNOWN_ID: "INVALID_QUOTE_ID",
    Taking.ALREADY: "s100005",
    Taking.INSUFFICIENT: "INSUFFICIENT_FUND",
}


class _Quote(Struct):
    """What is to be quoted: so much of the base, or as much of it as gives so much of the quote currency."""

    tradedCurrency: str  # noqa: N815 (the wire's spelling)
    settlementCurrency: str  # noqa: N815
    buyTradedCurrency: bool  # noqa: N815
    tradedCurrencyAmount: Decimal | None = None  # noqa: N815
    settlementCurrencyAmount: Decimal | None = None  # noqa: N815


class _Quoting(Struct):
    quoteRequest: _Quote  # noqa: N815


class _Trade(Struct):
    quoteId: str  # noqa: N815


class _Trading(Struct):
    tradeRequest: _Trade  # noqa: N815


class _List(Struct, frozen=True):
    quoteId: str | None = None  # noqa: N815
    startTime: int = 0  # noqa: N815
    count: int = ROWS_MAX


class _Listing(Struct):
    transactionListRequest: _List = _List()  # noqa: N815


def _quote(desk: Desk, asking: Asking) -> Any:
    asked = _read(asking, _Quoting, QUOTE).quoteRequest
    _check_currencies(desk, asked)
    traded = _amount(asked.tradedCurrencyAmount, asked.tradedCurrency)
    settled = _amount(asked.settlementCurrencyAmount, asked.settlementCurrency)
    buys = asked.buyTradedCurrency
    sell, buy = asked.tradedCurrency, asked.settlementCurrency
    quote = desk.house.dealer.quote(
        asking.account,
        buy if buys else sell,
        sell if buys else buy,
        desk.clock.wall(),
        sell_units=settled if buys else traded,
        buy_units=traded if buys else settled,
    )
    if isinstance(quote, DealerRefusal):
        raise responded(QUOTE, _QUOTE_CODES[quote.reason])
    return {QUOTE: {"responseCode": "FULL_QUOTE", **_quoted(quote, buys), **_life(quote)}}


def _trade(desk: Desk, asking: Asking) -> Any:
    quote_id = _read(asking, _Trading, TRADE).tradeRequest.quoteId
    taken = desk.house.dealer.accept(asking.account, quote_id, desk.clock.wall())
    if taken.how is Taking.CLOSED:
        raise named("MARKET_CLOSED", "the dealer is closed")
    if taken.how is not Taking.DEALT:
        raise responded(TRADE, _TRADE_CODES[taken.how])
    assert taken.deal is not None, "a deal was made"
    amounts = _quoted(taken.deal.quote, _buys(desk, taken.deal.quote))
    return {TRADE: {"responseCode": "EXECUTED", "tradeId": taken.deal.id, **amounts}}


def _transactions(desk: Desk, asking: Asking) -> Any:
    """Deals that were done, newest first."""
    wanted = _read(asking, _Listing, "transactionListResponse").transactionListRequest
    since = Instant(max(EPOCH, wanted.startTime * 1_000_000))
    deals = [
        deal
        for deal in reversed(desk.house.dealer.history(asking.account, since))
        if deal.done and wanted.quoteId in (None, deal.quote.id)
    ]
    rows = [_transaction(desk, deal) for deal in deals[: max(0, min(wanted.count, ROWS_MAX))]]
    return {"transactionListResponse": {"responseCode": OK, "transactions": rows}}


def _account(desk: Desk, asking: Asking) -> Any:
    rows = [
        {"currency": row.asset, "availableBalance": trimmed(row.free), "totalBalance": trimmed(row.free + row.locked)}
        for row in desk.exchange.balances(asking.account)
    ]
    return {"accountResponse": {"responseCode": OK, "balances": rows}}


def _limits(desk: Desk, _: Asking) -> Any:
    terms = desk.house.dealer.terms
    rows = [
        {"currency": asset, "minTransaction": plain(least), "maxTransaction": plain(terms.most[asset])}
        for asset, least in terms.least.items()
        if asset in terms.most
    ]
    return {"userLimitResponse": {"responseCode": OK, "limits": rows}}


def _currency_static(desk: Desk, _: Asking) -> Any:
    listings = desk.exchange.listings.values()
    return {
        "currencyStatic": {
            "currencies": {asset: _currency(asset) for asset in _assets(desk)},
            "currencyPairs": {
                one.symbol: {
                    "tradedCurrency": one.base,
                    "settlementCurrency": one.quote,
                    "priceDecimals": decimals(one.tick),
                }
                for one in listings
            },
        }
    }


def _currency(asset: str) -> Wire:
    kind = "FIAT" if asset in FIAT else "CRYPTO"
    return {"decimals": _decimals(asset), "type": kind, "depositsEnabled": False, "withdrawalsEnabled": False}


def _decimals(asset: str) -> int:
    return decimals(FIAT_STEP if asset in FIAT else CRYPTO_STEP)


def _assets(desk: Desk) -> dict[str, None]:
    return {asset: None for one in desk.exchange.listings.values() for asset in (one.base, one.quote)}


def _check_currencies(desk: Desk, asked: _Quote) -> None:
    """The first must be the base of some pair, and the second the quote of one."""
    listings = desk.exchange.listings.values()
    if asked.tradedCurrency not in {one.base for one in listings}:
        raise responded(QUOTE, "s200003")
    if asked.settlementCurrency not in {one.quote for one in listings}:
        raise responded(QUOTE, "s200004")


def _amount(units: Decimal | None, asset: str) -> Decimal | None:
    """An amount in whole steps of its currency."""
    try:
        kept = None if units is None else osl_asked.number(units)
    except ValueError:
        raise responded(QUOTE, INVALID) from None
    if kept is not None and decimals(kept) > _decimals(asset):
        raise responded(QUOTE, INVALID)
    return kept


def _buys(desk: Desk, quote: DealerQuote) -> bool:
    """Was the base bought? Then money was sold, or the quote of a listed pair."""
    turned = any((one.base, one.quote) == (quote.buy, quote.sell) for one in desk.exchange.listings.values())
    return turned or quote.sell in FIAT


def _quoted(quote: DealerQuote, buys: bool) -> Wire:
    traded, settled = (quote.buy, quote.sell) if buys else (quote.sell, quote.buy)
    base, money = (quote.buy_units, quote.sell_units) if buys else (quote.sell_units, quote.buy_units)
    return {
        "quoteId": quote.id,
        "buyTradedCurrency": buys,
        "tradedCurrency": traded,
        "settlementCurrency": settled,
        "quotedTradedCurrencyAmount": trimmed(base),
        "quotedSettlementCurrencyAmount": trimmed(money),
        "retailRateInSettlementCurrency": trimmed(ratio(money, base, 8)),
    }


def _life(quote: DealerQuote) -> Wire:
    return {
        "timeToLive": millis(quote.expires_at - quote.made_at),
        "quoteCreatedAt": local(quote.made_at),
        "quoteExpiresAt": local(quote.expires_at),
    }


def _transaction(desk: Desk, deal: Deal) -> Wire:
    row = _quoted(deal.quote, _buys(desk, deal.quote))
    del row["retailRateInSettlementCurrency"]
    return {"tradeId": deal.id, "status": "EXECUTED", **row, "transactTime": moment(deal.at)}


def local(at: int) -> str:
    """`Sep 22, 2026 4:08:13 PM`: a text for people, in Hong Kong's time, which no client should parse."""
    when = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=(at + HONG_KONG) // SECOND)
    half = "AM" if when.hour < 12 else "PM"
    clock = f"{when.hour % 12 or 12}:{when.minute:02d}:{when.second:02d} {half}"
    return f"{_MONTHS[when.month - 1]} {when.day}, {when.year} {clock}"


def _read(asking: Asking, shape: type[osl_asked.T], wrapper: str) -> osl_asked.T:
    try:
        return osl_asked.read(asking.body, shape)
    except Refusal:
        raise responded(wrapper, INVALID) from None


ROUTES: Final = {
    ("POST", "/api/3/retail/quote"): Route("rfq.quote", _quote, Lane.V3_TRADING),
    ("POST", "/api/3/retail/trade"): Route("rfq.accept", _trade, Lane.V3_TRADING, Right.TRADE),
    ("POST", "/api/3/user/limit"): Route("account", _limits, Lane.V3),
    ("POST", "/api/3/transaction/list"): Route("rfq.history", _transactions, Lane.V3),
    ("POST", "/api/3/account"): Route("account", _account, Lane.V3),
    ("GET", "/api/3/currencyStatic"): Route("market", _currency_static, Lane.V3, None),
}
"""Every v3 endpoint served."""
