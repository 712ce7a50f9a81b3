"""How the exchange's rows look on HashKey's wire.

Pure: values in, JSON objects out. Decimals go as texts without an exponent, and the only number that is rounded is a
statistic, the average price. Where the venue's documents are silent the choice is marked mock.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Final

from engine.kernel.chance import integer
from engine.kernel.clock import MILLISECOND, Instant
from engine.kernel.money import ZERO, plain, ratio, total, trimmed
from venues.sandbox.dealer import DealerQuote
from venues.sandbox.dialect import Wire
from venues.sandbox.model import (
    BalanceRow,
    BalancesChanged,
    Depth,
    Kind,
    OrderChanged,
    OrderRow,
    PublicTrade,
    Side,
    TradeRow,
)

EXCHANGE_ID: Final = "301"
_PLACES: Final = 12
"""Of the prices beside a quote's amounts."""


def millis(at: Instant) -> int:
    """Milliseconds, as the venue counts."""
    return at // MILLISECOND


def account_id(account: str) -> str:
    """Nineteen digits for the name of an account."""
    return str(10**18 + integer(0, f"account {account}", 0))


def placed(row: OrderRow) -> Wire:
    """The answer to a new order: no average, no fee, no quote amount, as at the venue."""
    return {
        "accountId": account_id(row.account),
        "symbol": row.symbol,
        "symbolName": row.symbol,
        "clientOrderId": row.client_id,
        "orderId": row.order_id,
        "transactTime": str(millis(row.updated_at)),
        "price": plain(row.price),
        "origQty": plain(row.quantity),
        "executedQty": plain(row.filled),
        "status": row.status.value,
        "timeInForce": _tif(row.kind),
        "type": _type(row.kind),
        "side": row.side.value,
        "reqAmount": plain(row.amount),
        "concentration": "",
    }


def order(row: OrderRow) -> Wire:
    """One order as lists tell it; the misspelt field is the venue's own."""
    said = placed(row)
    del said["transactTime"], said["concentration"]
    return said | {
        "exchangeId": EXCHANGE_ID,
        "cummulativeQuoteQty": plain(row.quote_filled),
        "cumulativeQuoteQty": plain(row.quote_filled),
        "avgPrice": _average(row),
        "stopPrice": "0.0",
        "icebergQty": "0.0",
        "time": str(millis(row.created_at)),
        "updateTime": str(millis(row.updated_at)),
        "isWorking": not row.status.ended,
    }


def queried(row: OrderRow, trades: Sequence[TradeRow]) -> Wire:
    """One order as a query tells it: with its fees, the last one and their sum."""
    return order(row) | {
        "feeCoin": trades[-1].fee_asset if trades else "",
        "feeAmount": plain(trades[-1].fee) if trades else "0",
        "sumFeeAmount": plain(total(trade.fee for trade in trades)),
    }


def own_trade(row: TradeRow) -> Wire:
    """One execution of the account's own order."""
    return {
        "id": row.trade_id,
        "clientOrderId": row.client_id,
        "ticketId": row.ticket,
        "symbol": row.symbol,
        "symbolName": row.symbol,
        "orderId": row.order_id,
        "matchOrderId": "0",
        "price": plain(row.price),
        "qty": plain(row.quantity),
        "commission": plain(row.fee),
        "commissionAsset": row.fee_asset,
        "time": str(millis(row.at)),
        "isBuyer": row.side is Side.BUY,
        "isMaker": row.maker,
        "fee": {"feeCoinId": row.fee_asset, "feeCoinName": row.fee_asset, "fee": plain(row.fee)},
        "feeCoinId": row.fee_asset,
        "feeAmount": plain(row.fee),
        "makerRebate": "0",
    }


def balance(row: BalanceRow) -> Wire:
    """One line of the account."""
    return {
        "asset": row.asset,
        "assetId": row.asset,
        "assetName": row.asset,
        "total": plain(row.free + row.locked),
        "free": plain(row.free),
        "locked": plain(row.locked),
    }


def levels(side: Iterable[tuple[Decimal, Decimal]]) -> list[tuple[str, str]]:
    """Price and quantity of each level, best first."""
    return [(plain(price), plain(quantity)) for price, quantity in side]


def book(depth: Depth) -> Wire:
    """The book as REST tells it; `t` is when it last changed."""
    return {"t": millis(depth.changed_at), "b": levels(depth.bids), "a": levels(depth.asks)}


def streamed_book(depth: Depth) -> Wire:
    """The book as the public stream tells it; `v` rises with each change."""
    return {"e": int(EXCHANGE_ID), "s": depth.symbol, **book(depth), "v": f"{depth.version}_18", "o": 0}


def public_trade(trade: PublicTrade) -> Wire:
    """A print as REST tells it: without an id."""
    return {
        "t": millis(trade.at),
        "p": plain(trade.price),
        "q": plain(trade.quantity),
        "ibm": trade.buyer_is_maker,
    }


def streamed_trade(trade: PublicTrade) -> Wire:
    """A print as the public stream tells it: with an id."""
    return {
        "v": trade.trade_id,
        "t": millis(trade.at),
        "p": plain(trade.price),
        "q": plain(trade.quantity),
        "m": trade.buyer_is_maker,
    }


def execution_report(event: OrderChanged) -> Wire:
    """An order after a change; `l`, `L`, `n` tell of the execution that changed it."""
    row, trade = event.order, event.trade
    return {
        "e": "executionReport",
        "E": str(millis(event.at)),
        "s": row.symbol,
        "c": row.client_id,
        "S": row.side.value,
        "o": _type(row.kind),
        "f": _tif(row.kind),
        "q": plain(row.quantity),
        "p": plain(row.price),
        "X": row.status.value,
        "i": row.order_id,
        "l": plain(trade.quantity) if trade else "0",
        "z": plain(row.filled),
        "L": plain(trade.price) if trade else "0",
        "n": plain(trade.fee) if trade else "0",
        "N": trade.fee_asset if trade else "",
        "u": True,
        "w": not row.status.ended,
        "m": trade.maker if trade else False,
        "O": str(millis(row.created_at)),
        "Z": plain(row.quote_filled),
        "C": False,
        "v": "0",
        "reqAmt": plain(row.amount),
        "d": trade.trade_id if trade else "",
        "r": plain(max(ZERO, row.quantity - row.filled)),  # asked for by amount, it has no quantity
        "V": _average(row),
        "P": "0",
    }


def ticket(trade: TradeRow, at: Instant) -> Wire:
    """An execution; `T` is what REST calls `ticketId`."""
    return {
        "e": "ticketInfo",
        "E": str(millis(at)),
        "s": trade.symbol,
        "q": plain(trade.quantity),
        "t": str(millis(trade.at)),
        "p": plain(trade.price),
        "T": trade.ticket,
        "o": trade.order_id,
        "c": trade.client_id,
        "a": account_id(trade.account),
        "m": trade.maker,
        "S": trade.side.value,
    }


def account_info(event: BalancesChanged) -> Wire:
    """The balances that a change touched."""
    rows = [{"a": row.asset, "f": plain(row.free), "l": plain(row.locked), "r": ""} for row in event.balances]
    return {"e": "outboundAccountInfo", "E": str(millis(event.at)), "T": True, "W": True, "D": True, "B": rows}


def prices(quote: DealerQuote) -> Wire:
    """What one unit of each asset costs in the other, and the amounts; only the amounts are exact."""
    sell, buy = quote.sell_units, quote.buy_units
    return {
        "buyPrice": trimmed(ratio(sell, buy, _PLACES)),
        "sellPrice": trimmed(ratio(buy, sell, _PLACES)),
        "buyAmount": plain(buy),
        "sellAmount": plain(sell),
    }


def _average(row: OrderRow) -> str:
    return trimmed(ratio(row.quote_filled, row.filled, 8)) if row.filled else "0"


def _type(kind: Kind) -> str:
    return {Kind.MAKER: "LIMIT_MAKER", Kind.MARKET: "MARKET"}.get(kind, "LIMIT")


def _tif(kind: Kind) -> str:
    return {Kind.MAKER: "GTC", Kind.MARKET: "IOC"}.get(kind, kind.value)
