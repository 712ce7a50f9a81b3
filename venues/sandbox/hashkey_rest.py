"""HashKey's REST interface, server side: what each endpoint answers.

Market orders, transfers and fiat are not served: this exchange exists to be sold on with a limit. Whoever comes here
was let in by the desk.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from engine.kernel.clock import HOUR, Instant, iso, of_millis
from engine.kernel.money import plain
from venues.sandbox import dialect, hashkey_klines, hashkey_rows
from venues.sandbox.desk import Asking, Desk, Route
from venues.sandbox.dialect import Refusal
from venues.sandbox.limits import Bucket
from venues.sandbox.model import OrderRow, Rejection

LISTEN_KEY_LIFE: Final = HOUR
ORDERS_MAX: Final = 1_000
TRADES_MAX: Final = 500


def _ping(_: Desk, __: Asking) -> Any:
    return {}


def _time(desk: Desk, _: Asking) -> Any:
    return {"serverTime": hashkey_rows.millis(desk.clock.wall())}


def _clock(desk: Desk, _: Asking) -> Any:
    clock = desk.clock
    return {
        "origin": iso(clock.origin),
        "started_wall": iso(clock.started_wall),
        "speed": plain(clock.speed),
        "market": iso(clock.market()),
    }


def _exchange_info(desk: Desk, asking: Asking) -> Any:
    listings = desk.exchange.listings
    if symbol := asking.params.get("symbol"):
        return hashkey_rows.listed(listings[_quoted(desk, symbol)])
    assets = {asset: None for one in listings.values() for asset in (one.base, one.quote)}
    return {
        "timezone": "UTC",
        "serverTime": str(hashkey_rows.millis(desk.clock.wall())),
        "site": "HK",
        "brokerFilters": [],
        "symbols": [hashkey_rows.listed(listing) for listing in listings.values()],
        "options": [],
        "contracts": [],
        "coins": [hashkey_rows.coin(asset) for asset in assets],
    }


def _quoted(desk: Desk, symbol: str) -> str:
    """A symbol asked for on the quote side, which has its own error codes."""
    if not symbol:
        raise Refusal("-100012", "Parameter symbol [String] missing!")
    if symbol not in desk.exchange.listings:
        raise Refusal("-100011", "Not supported symbols")
    return symbol


def _quote_limit(asking: Asking, most: int = 100) -> int:
    text = asking.params.get("limit") or str(most)
    if not text.isascii() or not text.isdigit():
        raise Refusal("-100002", "Param limit should be int.")
    return max(1, min(int(text[:9]), most))


def _depth(desk: Desk, asking: Asking) -> Any:
    symbol = _quoted(desk, asking.params.get("symbol", ""))
    return hashkey_rows.book(desk.exchange.depth(symbol, _quote_limit(asking)))


def _public_trades(desk: Desk, asking: Asking) -> Any:
    symbol = _quoted(desk, asking.params.get("symbol", ""))
    return [hashkey_rows.public_trade(t) for t in desk.exchange.recent_trades(symbol, _quote_limit(asking))]


def _klines(desk: Desk, asking: Asking) -> Any:
    symbol = _quoted(desk, asking.params.get("symbol", ""))
    trades = desk.exchange.recent_trades(symbol, hashkey_klines.MEMORY)
    candles = hashkey_klines.candles(trades, asking.params.get("interval", ""))
    since, until = _between(asking)
    wanted = [candle for candle in candles if since <= of_millis(candle[0]) <= until]
    return wanted[-_quote_limit(asking, 1_000) :]


def _ticker(desk: Desk, asking: Asking) -> Any:
    return [
        hashkey_klines.ticker(
            desk.exchange.depth(symbol, 1),
            desk.exchange.recent_trades(symbol, hashkey_klines.MEMORY),
            desk.clock.market(),
        )
        for symbol in _tickers(desk, asking)
    ]


def _ticker_price(desk: Desk, asking: Asking) -> Any:
    last = {symbol: desk.exchange.recent_trades(symbol, 1) for symbol in _tickers(desk, asking)}
    return [{"s": symbol, "p": plain(trades[-1].price) if trades else "0"} for symbol, trades in last.items()]


def _book_ticker(desk: Desk, asking: Asking) -> Any:
    return [hashkey_klines.best(desk.exchange.depth(symbol, 1)) for symbol in _tickers(desk, asking)]


def _tickers(desk: Desk, asking: Asking) -> list[str]:
    symbol = asking.params.get("symbol")
    return [_quoted(desk, symbol)] if symbol else list(desk.exchange.listings)


def _place(desk: Desk, asking: Asking) -> Any:
    client_id = asking.params.get("newClientOrderId") or desk.drawn_id("client order")[:32]
    done = desk.exchange.place(asking.account, dialect.order_request(asking.params, client_id))
    return hashkey_rows.placed(_kept(done))


def _cancel(desk: Desk, asking: Asking) -> Any:
    order_id, client_id = _names(asking, "clientOrderId")
    return hashkey_rows.placed(_kept(desk.exchange.cancel(asking.account, client_id=client_id, order_id=order_id)))


def _cancel_open(desk: Desk, asking: Asking) -> Any:
    _cancel_each(desk, asking)
    return {"success": True}


def _cancel_all(desk: Desk, asking: Asking) -> Any:
    last = _cancel_each(desk, asking)
    return {"code": "0", "message": "success", "timestamp": _time(desk, asking)["serverTime"], "lastOrderId": last}


def _cancel_each(desk: Desk, asking: Asking) -> str:
    last = ""
    for row in _sided(desk.exchange.open_orders(asking.account, asking.params.get("symbol")), asking):
        desk.exchange.cancel(asking.account, order_id=row.order_id)
        last = row.order_id
    return last


def _cancel_ids(desk: Desk, asking: Asking) -> Any:
    left = []
    for order_id in dialect.required(asking.params, "ids").split(",")[:100]:
        done = desk.exchange.cancel(asking.account, order_id=order_id)
        if isinstance(done, Rejection):
            left.append({"orderId": order_id, "code": dialect.refusal(done.reason).code})
    return {"code": "0000", "result": left}


def _query(desk: Desk, asking: Asking) -> Any:
    row = _find(desk, asking, "origClientOrderId")
    if row is None:
        raise Refusal("0211", "Order not found")
    return hashkey_rows.queried(row, desk.exchange.trades(asking.account, client_id=row.client_id))


def _open(desk: Desk, asking: Asking) -> Any:
    rows = _sided(desk.exchange.open_orders(asking.account, asking.params.get("symbol") or None), asking)
    return [hashkey_rows.order(row) for row in list(rows)[: _limit(asking, 500, ORDERS_MAX)]]


def _history(desk: Desk, asking: Asking) -> Any:
    since, until = _between(asking)
    limit = _limit(asking, 500, ORDERS_MAX)
    rows = desk.exchange.orders(asking.account, asking.params.get("symbol") or None, since, ORDERS_MAX)
    order_id = asking.params.get("orderId")
    found = [
        row for row in _sided(rows, asking) if row.created_at <= until and (not order_id or row.order_id == order_id)
    ]
    return [hashkey_rows.order(row) for row in found[:limit]]


def _own_trades(desk: Desk, asking: Asking) -> Any:
    since, until = _between(asking)
    params = asking.params
    first, last = dialect.whole(params, "fromId", 0), dialect.whole(params, "toId", 2**63)
    rows = desk.exchange.trades(
        asking.account,
        params.get("symbol") or None,
        since,
        client_id=params.get("clientOrderId") or None,
        limit=_limit(asking, 200, TRADES_MAX),
        from_id=str(first) if first else None,
    )
    return [hashkey_rows.own_trade(row) for row in rows if row.at <= until and int(row.trade_id) <= last]


def _balances(desk: Desk, asking: Asking) -> Any:
    rows = desk.exchange.balances(asking.account)
    return {
        "balances": [hashkey_rows.balance(row) for row in rows],
        "userId": hashkey_rows.account_id(f"user of {asking.account}"),
    }


def _accounts(_: Desk, asking: Asking) -> Any:
    name = hashkey_rows.account_id(asking.account)
    return [{"accountId": name, "accountLabel": "Main Trading Account", "accountType": 1, "accountIndex": 0}]


def _fees(desk: Desk, asking: Asking) -> Any:
    return {
        "code": 0,
        "vipLevel": "0",
        "tradeVol30Day": "0",
        "totalAssetBal": "0",
        "data": [hashkey_rows.fee_tier(listing) for listing in desk.exchange.listings.values()],
        "updateTimestamp": str(_time(desk, asking)["serverTime"]),
    }


def _listen(desk: Desk, asking: Asking) -> Any:
    now = desk.clock.wall()
    for key in [key for key, (_, ends) in desk.listen_keys.items() if ends <= now]:
        del desk.listen_keys[key]
    key = desk.drawn_id("listen key")
    desk.listen_keys[key] = (asking.account, Instant(now + LISTEN_KEY_LIFE))
    return {"listenKey": key}


def _keep_listening(desk: Desk, asking: Asking) -> Any:
    key = _own_listen_key(desk, asking)
    desk.listen_keys[key] = (asking.account, Instant(desk.clock.wall() + LISTEN_KEY_LIFE))
    return {}


def _stop_listening(desk: Desk, asking: Asking) -> Any:
    del desk.listen_keys[_own_listen_key(desk, asking)]
    return {}


def _own_listen_key(desk: Desk, asking: Asking) -> str:
    key = dialect.required(asking.params, "listenKey")
    if desk.stream_account(key) != asking.account:
        raise Refusal("-1130", "Illegal parameter 'listenKey'")  # mock: the venue's code is not known
    return key


def _kept(done: OrderRow | Rejection) -> OrderRow:
    if isinstance(done, Rejection):
        raise dialect.refusal(done.reason, done.detail)
    return done


def _names(asking: Asking, client_field: str) -> tuple[str | None, str | None]:
    order_id, client_id = asking.params.get("orderId") or None, asking.params.get(client_field) or None
    if order_id is None and client_id is None:
        raise Refusal("0001", f"Required field orderId or {client_field} missing or invalid")
    return order_id, None if order_id else client_id


def _find(desk: Desk, asking: Asking, client_field: str) -> OrderRow | None:
    order_id, client_id = _names(asking, client_field)
    return desk.exchange.order(asking.account, client_id=client_id, order_id=order_id)


def _sided(rows: Iterable[OrderRow], asking: Asking) -> Iterable[OrderRow]:
    text = asking.params.get("side")
    side = dialect.side_of(text) if text else None
    return (row for row in rows if side is None or row.side is side)


def _limit(asking: Asking, default: int, most: int) -> int:
    return max(1, min(dialect.whole(asking.params, "limit", default), most))


def _between(asking: Asking) -> tuple[Instant, Instant]:
    """`startTime` and `endTime`, both in market time; the end includes its whole millisecond."""
    start, end = dialect.whole(asking.params, "startTime", 0), dialect.whole(asking.params, "endTime", 2**43)
    return of_millis(start), Instant(of_millis(end + 1) - 1)


_FREE: Final = None
ROUTES: Final[Mapping[tuple[str, str], Route]] = {
    ("GET", "/api/v1/ping"): Route("market", _ping, 1, _FREE),
    ("GET", "/api/v1/time"): Route("market", _time, 1, _FREE),
    ("GET", "/sandbox/v1/clock"): Route("market", _clock, 1, _FREE),
    ("GET", "/api/v1/exchangeInfo"): Route("market", _exchange_info, 5, _FREE),
    ("GET", "/quote/v1/depth"): Route("depth", _depth, 1, _FREE),
    ("GET", "/quote/v1/trades"): Route("market", _public_trades, 1, _FREE),
    ("GET", "/quote/v1/klines"): Route("market", _klines, 1, _FREE),
    ("GET", "/quote/v1/ticker/24hr"): Route("market", _ticker, 1, _FREE),
    ("GET", "/quote/v1/ticker/price"): Route("market", _ticker_price, 1, _FREE),
    ("GET", "/quote/v1/ticker/bookTicker"): Route("market", _book_ticker, 1, _FREE),
    ("POST", "/api/v1/spot/order"): Route("order.create", _place, 1, Bucket.ORDERS),
    ("POST", "/api/v1.1/spot/order"): Route("order.create", _place, 1, Bucket.ORDERS),
    ("DELETE", "/api/v1/spot/order"): Route("order.cancel", _cancel, 1, Bucket.ORDERS),
    ("DELETE", "/api/v1.1/spot/order"): Route("order.cancel", _cancel, 1, Bucket.ORDERS),
    ("DELETE", "/api/v1/spot/openOrders"): Route("order.cancel", _cancel_open, 5, Bucket.ORDERS),
    ("DELETE", "/api/v1/spot/cancelAllOpenOrders"): Route("order.cancel", _cancel_all, 5, Bucket.ORDERS),
    ("DELETE", "/api/v1/spot/cancelOrderByIds"): Route("order.cancel", _cancel_ids, 5, Bucket.ORDERS),
    ("GET", "/api/v1/spot/order"): Route("order.query", _query),
    ("GET", "/api/v1.1/spot/order"): Route("order.query", _query),
    ("GET", "/api/v1/spot/openOrders"): Route("order.open", _open),
    ("GET", "/api/v1/spot/tradeOrders"): Route("order.history", _history, 5),
    ("GET", "/api/v1/account/trades"): Route("trades", _own_trades, 5),
    ("GET", "/api/v1/account"): Route("account", _balances),
    ("GET", "/api/v1/account/type"): Route("account", _accounts, 5),
    ("GET", "/api/v1/account/vipInfo"): Route("account", _fees),
    ("POST", "/api/v1/userDataStream"): Route("listen_key", _listen),
    ("PUT", "/api/v1/userDataStream"): Route("listen_key", _keep_listening),
    ("DELETE", "/api/v1/userDataStream"): Route("listen_key", _stop_listening),
}
"""Every endpoint served. `depth` is the public book; `trades` are the account's own."""
