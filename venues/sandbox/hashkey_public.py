"""HashKey's endpoints that anybody may read: time, listings, books, prints, candles and tickers."""

from typing import Any

from engine.kernel.clock import of_millis
from engine.kernel.money import plain
from venues.sandbox import hashkey_asked, hashkey_klines, hashkey_listed, hashkey_rows
from venues.sandbox.dialect import Refusal
from venues.sandbox.hashkey_desk import Asking, Desk


def ping(_: Desk, __: Asking) -> Any:
    """Somebody is there."""
    return {}


def time(desk: Desk, _: Asking) -> Any:
    """The wall clock, which signatures are judged by."""
    return {"serverTime": hashkey_rows.millis(desk.clock.wall())}


def exchange_info(desk: Desk, asking: Asking) -> Any:
    """Every pair and every coin; the pair alone when one is asked for."""
    listings = desk.exchange.listings
    if symbol := asking.params.get("symbol"):
        return hashkey_listed.listed(listings[_quoted(desk, symbol)], _barred(desk))
    assets = {asset: None for one in listings.values() for asset in (one.base, one.quote)}
    return {
        "timezone": "UTC",
        "serverTime": str(hashkey_rows.millis(desk.clock.wall())),
        "site": "HK",
        "brokerFilters": [],
        "symbols": [hashkey_listed.listed(listing, _barred(desk)) for listing in listings.values()],
        "options": [],
        "contracts": [],
        "coins": [hashkey_listed.coin(asset) for asset in assets],
    }


def _barred(desk: Desk) -> tuple[int, int]:
    start, end = desk.barred
    return (hashkey_rows.millis(start), hashkey_rows.millis(end)) if start < end else (0, 0)


def depth(desk: Desk, asking: Asking) -> Any:
    """The top of one book, whatever limit above 100 is asked for."""
    symbol = _quoted(desk, asking.params.get("symbol", ""))
    return hashkey_rows.book(desk.exchange.depth(symbol, _limit(asking)))


def trades(desk: Desk, asking: Asking) -> Any:
    """The last prints of one pair, oldest first."""
    symbol = _quoted(desk, asking.params.get("symbol", ""))
    return [hashkey_rows.public_trade(t) for t in desk.exchange.recent_trades(symbol, _limit(asking))]


def klines(desk: Desk, asking: Asking) -> Any:
    """Candles of the prints that are remembered."""
    symbol = _quoted(desk, asking.params.get("symbol", ""))
    recent = desk.exchange.recent_trades(symbol, hashkey_klines.MEMORY)
    candles = hashkey_klines.candles(recent, asking.params.get("interval", ""))
    since, until = hashkey_asked.between(asking)
    wanted = [candle for candle in candles if since <= of_millis(candle[0]) <= until]
    return wanted[-_limit(asking, 1_000) :]


def ticker(desk: Desk, asking: Asking) -> Any:
    """The last 24 hours, as far as prints are remembered."""
    return [
        hashkey_klines.ticker(
            desk.exchange.depth(symbol, 1),
            desk.exchange.recent_trades(symbol, hashkey_klines.MEMORY),
            desk.clock.market(),
        )
        for symbol in _symbols(desk, asking)
    ]


def ticker_price(desk: Desk, asking: Asking) -> Any:
    """The price of the last print; `0` before any."""
    last = {symbol: desk.exchange.recent_trades(symbol, 1) for symbol in _symbols(desk, asking)}
    return [{"s": symbol, "p": plain(prints[-1].price) if prints else "0"} for symbol, prints in last.items()]


def book_ticker(desk: Desk, asking: Asking) -> Any:
    """The best price and size of each side."""
    return [hashkey_klines.best(desk.exchange.depth(symbol, 1)) for symbol in _symbols(desk, asking)]


def _symbols(desk: Desk, asking: Asking) -> list[str]:
    symbol = asking.params.get("symbol")
    return [_quoted(desk, symbol)] if symbol else list(desk.exchange.listings)


def _quoted(desk: Desk, symbol: str) -> str:
    """A symbol asked for on the quote side, which has its own error codes."""
    if not symbol:
        raise Refusal("-100012", "Parameter symbol [String] missing!")
    if symbol not in desk.exchange.listings:
        raise Refusal("-100011", "Not supported symbols")
    return symbol


def _limit(asking: Asking, most: int = 100) -> int:
    text = asking.params.get("limit") or str(most)
    if not text.isascii() or not text.isdigit():
        raise Refusal("-100002", "Param limit should be int.")
    return max(1, min(int(text[:9]), most))
