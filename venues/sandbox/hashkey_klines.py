"""Candles and tickers in HashKey's shape, computed from the exchange's recent prints.

They reach no further back than the prints that the exchange keeps, and say nothing about a time without one.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from itertools import groupby
from typing import Any, Final

from engine.kernel.clock import DAY, HOUR, MILLISECOND, MINUTE, SECOND, Instant
from engine.kernel.money import plain, times, total
from venues.sandbox.dialect import Refusal, Wire
from venues.sandbox.hashkey_rows import millis
from venues.sandbox.model import Depth, PublicTrade

MEMORY: Final = 100_000
"""How many prints are asked for, at the most."""

INTERVALS: Final = {
    **{f"{n}m": n * MINUTE for n in (1, 3, 5, 15, 30)},
    **{f"{n}h": n * HOUR for n in (1, 2, 4, 6, 8, 12)},
    "1d": DAY,
    "1w": 7 * DAY,
    "1M": 0,
}
"""Lengths; a month has none. Weeks begin on Monday, and all of them in UTC (mock)."""
_MONDAY: Final = 4 * DAY
"""The first one of the epoch, which began on a Thursday."""


def candles(trades: Sequence[PublicTrade], interval: str) -> list[list[Any]]:
    """One row for each interval that had a print, oldest first."""
    if interval not in INTERVALS:
        raise Refusal("-10009", "Invalid period!")
    ordered = sorted(trades, key=lambda trade: trade.at)
    return [_candle(start, list(group)) for start, group in groupby(ordered, lambda t: opening(t.at, interval))]


def opening(at: Instant, interval: str) -> int:
    """When the candle began to which this instant belongs."""
    if interval == "1M":
        day = datetime.fromtimestamp(at // SECOND, UTC)
        return int(datetime(day.year, day.month, 1, tzinfo=UTC).timestamp()) * SECOND
    offset = _MONDAY if interval == "1w" else 0
    return at - (at - offset) % INTERVALS[interval]


def ticker(depth: Depth, trades: Sequence[PublicTrade], now: Instant) -> Wire:
    """The last twenty-four hours of one pair."""
    day = sorted((trade for trade in trades if trade.at > now - DAY), key=lambda trade: trade.at)
    prices = [trade.price for trade in day] or [Decimal(0)]
    top = best(depth)
    return {
        "t": millis(now),
        "s": depth.symbol,
        "c": plain(prices[-1]),
        "h": plain(max(prices)),
        "l": plain(min(prices)),
        "o": plain(prices[0]),
        "b": top["b"],
        "a": top["a"],
        "v": plain(total(trade.quantity for trade in day)),
        "qv": plain(total(times(trade.price, trade.quantity) for trade in day)),
        "it": "SPOT",
    }


def best(depth: Depth) -> Wire:
    """The best price of each side; `0` where a side is empty."""
    nothing = (Decimal(0), Decimal(0))
    (bid, bid_size), (ask, ask_size) = (side[0] if side else nothing for side in (depth.bids, depth.asks))
    return {
        "s": depth.symbol,
        "b": plain(bid),
        "bq": plain(bid_size),
        "a": plain(ask),
        "aq": plain(ask_size),
        "t": millis(depth.changed_at),
    }


def _candle(start: int, trades: Sequence[PublicTrade]) -> list[Any]:
    prices = [trade.price for trade in trades]
    lifted = [trade for trade in trades if not trade.buyer_is_maker]
    return [
        start // MILLISECOND,
        *(plain(price) for price in (prices[0], max(prices), min(prices), prices[-1])),
        plain(total(trade.quantity for trade in trades)),
        0,
        plain(total(times(trade.price, trade.quantity) for trade in trades)),
        len(trades),
        plain(total(trade.quantity for trade in lifted)),
        plain(total(times(trade.price, trade.quantity) for trade in lifted)),
    ]
