"""OSL's v5 REST interface, server side: time, catalogue, depth and tickers. Errors come inside an HTTP 200.

Only the public part is served: how v5 trades is not known. The shape of the ticker rows and of `filters` is mock.
"""

from collections.abc import Mapping
from typing import Any, Final

from engine.kernel.money import plain, trimmed
from venues.sandbox import osl_rows
from venues.sandbox.door import Answer
from venues.sandbox.model import Listing
from venues.sandbox.osl_desk import Asking, Desk, Route
from venues.sandbox.osl_limits import Lane
from venues.sandbox.osl_rows import Wire
from venues.sandbox.osl_words import Refusal, numbered

LEVELS_MAX: Final = 1_000
LEVELS: Final = 100
_UNKNOWN_SYMBOL: Final = (-1107, "symbol not exist")
_NOT_SUPPORTED: Final = (-100011, "not supported")


def _time(desk: Desk, _: Asking) -> Any:
    return {"serverTime": osl_rows.millis(desk.clock.wall())}


def _symbols(desk: Desk, asking: Asking) -> Any:
    listings = desk.exchange.listings
    if symbol := asking.params.get("symbol"):
        return [catalogued(listings[_listed(desk, symbol)])]
    return [catalogued(listing) for listing in listings.values()]


def _depth(desk: Desk, asking: Asking) -> Any:
    symbol = _listed(desk, asking.params.get("symbol"))
    text = asking.params.get("limit") or str(LEVELS)
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text[:9]) <= LEVELS_MAX:
        raise numbered(*_NOT_SUPPORTED)
    depth = desk.exchange.depth(symbol, int(text))
    trades = desk.exchange.recent_trades(symbol, 1)
    return {
        **osl_rows.book(depth, desk.clock.market()),
        "lastUpdateId": str(depth.version),
        "price": plain(trades[-1].price) if trades else "0",
    }


def _book_ticker(desk: Desk, asking: Asking) -> Any:
    symbol = asking.params.get("symbol")
    symbols = [_listed(desk, symbol)] if symbol else list(desk.exchange.listings)
    return [ticker(desk, one) for one in symbols]


def catalogued(listing: Listing) -> Wire:
    """One pair of the catalogue, with its fees; `status` is "1" while it trades."""
    most, least = plain(listing.notional_max), plain(listing.notional_min)
    filters = []
    if listing.band is not None:
        filters.append({"filterType": "TAKER_PRICE_RATE", "value": plain(listing.band)})
    return {
        "symbol": listing.symbol,
        "baseAsset": listing.base,
        "quoteAsset": listing.quote,
        "status": "1" if listing.trading else "0",
        "tickSize": plain(listing.tick),
        "stepSize": plain(listing.lot),
        "minAmount": least,
        "minQuantity": plain(listing.quantity_min),
        "limitMaxAmount": most,
        "limitMaxQuantity": plain(listing.quantity_max),
        "marketMaxAmount": plain(listing.market_amount_max or listing.notional_max),
        "marketMaxQuantity": plain(listing.market_quantity_max or listing.quantity_max),
        "filters": filters,
        "takerFeeRate": plain(listing.taker_fee),
        "makerFeeRate": plain(listing.maker_fee),
        "retailAvailable": True,
        "piAvailable": True,
    }


def ticker(desk: Desk, symbol: str) -> Wire:
    """The best of each side and the last print; "0" where there is none."""
    depth, trades = desk.exchange.depth(symbol, 1), desk.exchange.recent_trades(symbol, 1)
    (bid, bid_size), (ask, ask_size) = osl_rows.best(depth.bids), osl_rows.best(depth.asks)
    return {
        "symbol": symbol,
        "bidPrice": plain(bid),
        "bidQty": trimmed(bid_size),
        "askPrice": plain(ask),
        "askQty": trimmed(ask_size),
        "lastPrice": plain(trades[-1].price) if trades else "0",
    }


def _listed(desk: Desk, symbol: str | None) -> str:
    """A pair that is listed. Without the argument the venue shows what it is written in."""
    if symbol is None:
        what = "org.springframework.web.bind.MissingServletRequestParameterException"
        text = f"{what}: Required request parameter 'symbol' for method parameter type String is not present"
        raise Refusal(Answer(500, text.encode()))
    if symbol not in desk.exchange.listings:
        raise numbered(*_UNKNOWN_SYMBOL)
    return symbol


ROUTES: Final[Mapping[tuple[str, str], Route]] = {
    ("GET", "/api/v5/time"): Route("market", _time, Lane.V5, None),
    ("GET", "/api/v5/symbols"): Route("market", _symbols, Lane.V5, None),
    ("GET", "/api/v5/order/depth"): Route("depth", _depth, Lane.V5, None),
    ("GET", "/api/v5/book/ticker"): Route("market", _book_ticker, Lane.V5, None),
}
"""Every v5 endpoint served."""
