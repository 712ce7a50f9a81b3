"""OSL's v4 REST interface, server side: pairs, books and prints; orders, executions and the exchange wallet.

Whoever comes here was let in by the desk. Filters and paging of lists are mock where the documents are silent.
"""

from collections.abc import Mapping
from typing import Any, Final

from engine.kernel.clock import HOUR, Instant
from venues.sandbox import osl_asked, osl_rows
from venues.sandbox.door import Answer, Call, Right
from venues.sandbox.exchange import EPOCH
from venues.sandbox.model import TradeRow
from venues.sandbox.osl_desk import Asking, Desk, Route
from venues.sandbox.osl_rows import Wire
from venues.sandbox.osl_words import CANCEL_SUBMITTED, encoded, error, invalid, named, unknown_symbol

DEPTH: Final = 25
EVERYTHING: Final = 100_000
"""More levels than a book has, and more prints than are kept."""
ROWS_MAX: Final = 500
_NO_CONTENT: Final = Answer(204, b"")


def _instruments(desk: Desk, asking: Asking) -> Any:
    symbol, now = asking.params.get("symbol"), desk.clock.market()
    return [
        osl_rows.instrument(
            listing,
            desk.exchange.depth(listing.symbol, 1),
            desk.exchange.band(listing.symbol),
            desk.exchange.recent_trades(listing.symbol, EVERYTHING),
            now,
        )
        for listing in desk.exchange.listings.values()
        if not symbol or listing.symbol == symbol
    ]


def _book(desk: Desk, asking: Asking) -> Any:
    symbol = _symbol(desk, asking)
    levels = osl_asked.whole(asking.params, "depth", DEPTH, EVERYTHING)
    return osl_rows.book(desk.exchange.depth(symbol, levels or EVERYTHING), desk.clock.market())


def _public_trades(desk: Desk, asking: Asking) -> Any:
    """Those of the last hour, unless told otherwise; `reverse` puts the newest first."""
    symbol, params, now = _symbol(desk, asking), asking.params, desk.clock.market()
    hours = osl_asked.whole(params, "lastHour", 1, 24)
    since = osl_asked.instant(params, "startTime", Instant(now - hours * HOUR))
    until = osl_asked.instant(params, "endTime", now)
    found = [t for t in desk.exchange.recent_trades(symbol, EVERYTHING) if since <= t.at <= until]
    if osl_asked.flag(params, "reverse", default=False):
        found.reverse()
    return [osl_rows.public_trade(trade) for trade in found]


def _place(desk: Desk, asking: Asking) -> Any:
    entry = desk.blotter.place(asking.account, osl_asked.order(asking.body, desk.exchange.now))
    return desk.blotter.shown(entry)


def _orders(desk: Desk, asking: Asking) -> Any:
    """Newest first; open ones only, unless `open=false` asks for all."""
    params, blotter = asking.params, desk.blotter
    only_open = osl_asked.flag(params, "open", default=True)
    since = osl_asked.instant(params, "startTime", EPOCH)
    count = osl_asked.whole(params, "count", ROWS_MAX, ROWS_MAX)
    number, client_id, symbol = (params.get(name, "") for name in ("orderID", "clOrdID", "symbol"))
    if number or client_id:
        entry = blotter.find(asking.account, number, client_id)
        found = [entry] if entry is not None else []
    else:
        found = list((blotter.open_newest_first if only_open else blotter.newest_first)(asking.account))
    wanted = (
        entry
        for entry in found
        if blotter.is_known(entry)
        and entry.at >= since
        and (not client_id or entry.asked.client_id == client_id)
        and (not symbol or entry.asked.symbol == symbol)
        and (not only_open or blotter.is_open(entry))
    )
    return [blotter.shown(entry) for entry, _ in zip(wanted, range(count), strict=False)]


def _cancel(desk: Desk, asking: Asking) -> Any:
    """HTTP 200 only if every cancel succeeded; the body says of each what became of it."""
    rows = [_cancelled(desk, asking.account, *names) for names in osl_asked.cancels(asking.body)]
    return encoded(rows, 200 if all(row["error"] is None for row in rows) else 400)


def _cancelled(desk: Desk, account: str, number: str, client_id: str) -> Wire:
    entry = desk.blotter.find(account, number, client_id)
    if entry is None:
        failed = error("ORDER_NOT_FOUND", "there is no such order")
        return {"orderID": number, "clOrdID": client_id, "ordStatus": "", "error": failed}
    why = desk.blotter.cancel(entry)
    return {
        "orderID": entry.number,
        "clOrdID": entry.asked.client_id,
        "ordStatus": desk.blotter.state(entry),
        "error": None if why is None else error(*why),
    }


def _cancel_all(desk: Desk, asking: Asking) -> Any:
    symbol = osl_asked.cancelled_symbol(asking.body)
    if symbol is not None and symbol not in desk.exchange.listings:
        raise unknown_symbol(symbol)
    blotter = desk.blotter
    wanted = [
        e for e in blotter.newest_first(asking.account) if blotter.is_open(e) and symbol in (None, e.asked.symbol)
    ]
    failed = [why for why in map(blotter.cancel, wanted) if why not in (None, CANCEL_SUBMITTED)]
    if failed:
        raise named(*failed[0])
    return _NO_CONTENT


def _executions(desk: Desk, asking: Asking) -> Any:
    """Oldest first, from `startTime` on."""
    params = asking.params
    since = osl_asked.instant(params, "startTime", EPOCH)
    until = osl_asked.instant(params, "endTime", desk.clock.market())
    count = osl_asked.whole(params, "count", ROWS_MAX, ROWS_MAX)
    rows = desk.exchange.trades(asking.account, params.get("symbol") or None, since, limit=EVERYTHING)
    return [_execution(desk, row) for row in rows if row.at <= until][:count]


def _order_executions(desk: Desk, asking: Asking) -> Any:
    number = asking.params.get("orderID", "")
    if not number:
        raise invalid("orderID is missing")
    entry = desk.blotter.find(asking.account, number, "")
    if entry is None:
        return []
    rows = desk.exchange.trades(asking.account, client_id=entry.inner, limit=EVERYTHING)
    return [_execution(desk, row) for row in rows]


def _execution(desk: Desk, row: TradeRow) -> Wire:
    entry = desk.blotter.of_inner(row.account, row.client_id)
    return osl_rows.execution(row, entry.number, entry.asked.client_id)


def _wallet(desk: Desk, asking: Asking) -> Any:
    return [osl_rows.wallet(row) for row in desk.exchange.balances(asking.account)]


PERMISSIONS: Final = {
    Right.READ: "Read",
    Right.TRADE: "Place and Manage Orders",
    Right.WITHDRAW: "Withdraw",
}
"""The venue's word for the right to trade; the other two are mock."""


def _permissions(_: Desk, asking: Asking) -> Any:
    """Mock: no documented call tells what a key may."""
    return {"permissions": [PERMISSIONS[right] for right in sorted(asking.rights)]}


def _symbol(desk: Desk, asking: Asking) -> str:
    symbol = asking.params.get("symbol", "")
    if not symbol:
        raise invalid("symbol is missing")
    if symbol not in desk.exchange.listings:
        raise unknown_symbol(symbol)
    return symbol


def listing_op(call: Call) -> str:
    """Which of the three ways of asking for orders this is."""
    params = osl_asked.parameters(call.query)
    if params.get("orderID") or params.get("clOrdID"):
        return "order.query"
    return "order.history" if params.get("open") == "false" else "order.open"


ORDERS: Final = ("GET", "/api/v4/order")
ROUTES: Final[Mapping[tuple[str, str], Route]] = {
    ("GET", "/api/v4/instrument"): Route("market", _instruments, right=None),
    ("GET", "/api/v4/orderBook/L2"): Route("depth", _book, right=None),
    ("GET", "/api/v4/trade"): Route("market", _public_trades, right=None),
    ("POST", "/api/v4/order"): Route("order.create", _place, right=Right.TRADE),
    ("DELETE", "/api/v4/order"): Route("order.cancel", _cancel, right=Right.TRADE),
    ("DELETE", "/api/v4/order/all"): Route("order.cancel", _cancel_all, right=Right.TRADE),
    ORDERS: Route("order.query", _orders),
    ("GET", "/api/v4/execution"): Route("trades", _executions),
    ("GET", "/api/v4/execution/order"): Route("trades", _order_executions),
    ("GET", "/api/v4/user/wallet"): Route("account", _wallet),
    ("GET", "/mock/api/4/apiKey"): Route("account", _permissions),
}
"""Every v4 endpoint served."""
