"""OSL's v4 objects, server side: what pairs, books, orders, executions and balances look like on its wire.

Numbers are texts and times are ISO 8601 in milliseconds. The v4 order and execution are mock beyond the few fields
that the venue's documents name. Pure.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, Final

from engine.kernel.clock import DAY, MILLISECOND, Instant, iso
from engine.kernel.money import ZERO, decimals, plain, ratio, times, total, trimmed
from venues.sandbox.model import BalanceRow, Depth, Listing, PublicTrade, Side, TradeRow

Wire = dict[str, Any]
"""A JSON object on its way out: texts, whole numbers, booleans and nulls only, never a float."""

PRICE_PLACES: Final = 5
QUANTITY_PLACES: Final = 8
SIDES: Final = {Side.BUY: "Buy", Side.SELL: "Sell"}
_HIGHEST: Final = Decimal(1_000_000_000)
"""The top of a band where the exchange holds none."""


def padded(value: Decimal, places: int) -> str:
    """With at least so many digits behind the point; never rounded."""
    return format(value, f".{max(places, decimals(value))}f")


def price(value: Decimal) -> str:
    return padded(value, PRICE_PLACES)


def quantity(value: Decimal) -> str:
    return padded(value, QUANTITY_PLACES)


def millis(at: int) -> int:
    """The venue's milliseconds."""
    return at // MILLISECOND


def moment(at: int) -> str:
    """`2026-09-22T03:14:48.044Z`."""
    return iso(at)[:-4] + "Z"


def instrument(
    listing: Listing,
    depth: Depth,
    band: tuple[Decimal, Decimal] | None,
    trades: Sequence[PublicTrade],
    now: Instant,
) -> Wire:
    """One pair with its filters, its band of now, and its last twenty-four hours."""
    day = [trade for trade in trades if trade.at > now - DAY]
    prices = [trade.price for trade in day] or [ZERO]
    low, high = band or (listing.tick, _HIGHEST)
    bid, ask = best(depth.bids)[0], best(depth.asks)[0]
    row: Wire = {
        "symbol": listing.symbol,
        "currency": listing.base,
        "settlCurrency": listing.quote,
        "highPrice": price(max(prices)),
        "lowPrice": price(min(prices)),
        "bidPrice": price(bid),
        "askPrice": price(ask),
        "lastPrice": price(prices[-1]),
        "minPrice": price(low),
        "maxPrice": price(high),
        "minOrderQty": quantity(listing.quantity_min),
        "maxOrderQty": quantity(listing.quantity_max),
        "minValue": price(listing.notional_min),
        "maxValue": price(listing.notional_max),
        "prevClosePrice": price(prices[0]),
        "volume": trimmed(total(trade.quantity for trade in day)),
        "tickSize": price(listing.tick),
        "stepSize": quantity(listing.lot),
        "priceDecimals": str(PRICE_PLACES),
        "quantityDecimals": str(QUANTITY_PLACES),
        "updateTime": moment(now),
        "retailAvailable": True,
        "piAvailable": True,
    }
    return row | {"mock": True} if listing.mock else row


def best(side: Sequence[tuple[Decimal, Decimal]]) -> tuple[Decimal, Decimal]:
    """Price and size of the first level; zeros of an empty side."""
    return side[0] if side else (ZERO, ZERO)


def levels(side: Iterable[tuple[Decimal, Decimal]]) -> list[list[str]]:
    """Price and size of each level, best first."""
    return [[plain(at), trimmed(size)] for at, size in side]


def book(depth: Depth, now: Instant) -> Wire:
    """The book as REST tells it; its time is that of the answer, and not of the last change."""
    return {
        "symbol": depth.symbol,
        "asks": levels(depth.asks),
        "bids": levels(depth.bids),
        "updateTime": moment(now),
    }


def public_trade(trade: PublicTrade) -> Wire:
    """One print; its side is the taker's."""
    return {
        "trdMatchID": trade.trade_id,
        "symbol": trade.symbol,
        "side": SIDES[Side.SELL if trade.buyer_is_maker else Side.BUY],
        "size": quantity(trade.quantity),
        "price": padded(trade.price, QUANTITY_PLACES),
        "grossValue": padded(times(trade.price, trade.quantity), QUANTITY_PLACES),
        "transactTime": moment(trade.at),
    }


def execution(row: TradeRow, order_id: str, client_id: str) -> Wire:
    """One execution of one's own order."""
    return {
        "execID": row.trade_id,
        "trdMatchID": row.ticket,
        "orderID": order_id,
        "clOrdID": client_id,
        "symbol": row.symbol,
        "side": SIDES[row.side],
        "lastQty": quantity(row.quantity),
        "lastPx": price(row.price),
        "grossValue": price(row.quote),
        "commission": price(row.fee),
        "commissionCurrency": row.fee_asset,
        "lastLiquidityInd": "Added" if row.maker else "Removed",
        "transactTime": moment(row.at),
    }


def average(quote: Decimal, filled: Decimal) -> str | None:
    """What was paid on average; `None` before the first execution."""
    return price(ratio(quote, filled, PRICE_PLACES)) if filled else None


def wallet(row: BalanceRow) -> Wire:
    """One balance of the exchange wallet; what is locked is total less available."""
    return {
        "currency": row.asset,
        "exchangeAvailableBalance": price(row.free),
        "exchangeTotalBalance": price(row.free + row.locked),
    }
