"""HashKey's endpoints for spot orders: new, tested, many at once, cancelled, queried, listed, and their executions.

What a batch answers for an order is what the order alone would have been answered; no order waits for another.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from engine.kernel.money import ZERO
from venues.sandbox import dialect, hashkey_asked, hashkey_rows
from venues.sandbox.dialect import Edition, Refusal, Wire
from venues.sandbox.hashkey_desk import Asking, Desk
from venues.sandbox.model import Kind, OrderRow, Reason, Rejection, Status

ORDERS_MAX: Final = 1_000
TRADES_MAX: Final = 500
OPEN_MAX: Final = 300
"""Open orders of one account."""
BATCH_MAX: Final = 20
IDS_MAX: Final = 100
CANCEL_DEFAULT, CANCEL_MAX = 100, 200


def place(desk: Desk, asking: Asking) -> Any:
    """A new order by the first edition's rules; the row is its state after matching (mock)."""
    return hashkey_rows.placed(_placed(desk, asking.account, asking.params, Edition.V1))


def place_v1_1(desk: Desk, asking: Asking) -> Any:
    """A new order by the later edition's rules, where a market order may be sized in either currency."""
    return hashkey_rows.placed(_placed(desk, asking.account, asking.params, Edition.V1_1))


def tried(desk: Desk, asking: Asking) -> Any:
    """An order that is only looked at, in the shape of one that was taken (mock: the venue may answer nothing)."""
    request = dialect.order_request(asking.params, asking.params.get("newClientOrderId") or "test")
    if request.symbol not in desk.exchange.listings:
        raise dialect.refusal(Reason.UNKNOWN_SYMBOL, request.symbol)
    now = desk.clock.market()
    row = OrderRow(
        "0", asking.account, request.symbol, request.side, request.kind, request.quantity, request.price,
        request.client_id, Status.NEW, ZERO, ZERO, now, now, request.amount,
    )  # fmt: skip
    return hashkey_rows.placed(row)


def place_many(desk: Desk, asking: Asking) -> Any:
    """Up to twenty orders of one pair, each with its own outcome."""
    orders = _batch(asking.body)
    return {"code": 0, "result": [_one_of_many(desk, asking, order) for order in orders], "concentration": ""}


def cancel(desk: Desk, asking: Asking) -> Any:
    """End one order; what cannot be ended any more says how it ended before."""
    order_id, client_id = hashkey_asked.names(asking, "clientOrderId")
    done = desk.exchange.cancel(asking.account, client_id=client_id, order_id=order_id)
    if isinstance(done, Rejection):
        raise _uncancelled(desk, asking.account, done, client_id, order_id)
    said = hashkey_rows.placed(done)
    return {name: said[name] for name in said if name not in ("symbolName", "reqAmount", "concentration")}


def cancel_open(desk: Desk, asking: Asking) -> Any:
    """End all open orders of a pair, or of one side of it."""
    dialect.required(asking.params, "symbol")
    _cancel_each(desk, asking, None)
    return {"success": True}


def cancel_all(desk: Desk, asking: Asking) -> Any:
    """End up to so many open orders, oldest first and from a given one on (mock: which page means which path)."""
    most = hashkey_asked.limit(asking, CANCEL_DEFAULT, CANCEL_MAX)
    last = _cancel_each(desk, asking, most)
    stamp = hashkey_rows.millis(desk.clock.wall())
    return {"code": "0", "message": "success", "timestamp": stamp, "lastOrderId": last}


def cancel_ids(desk: Desk, asking: Asking) -> Any:
    """End these orders; only those that could not be ended are told."""
    left = []
    for order_id in dialect.required(asking.params, "ids").split(",")[:IDS_MAX]:
        done = desk.exchange.cancel(asking.account, order_id=order_id)
        if isinstance(done, Rejection):
            left.append({"orderId": order_id, "code": _uncancelled(desk, asking.account, done, None, order_id).code})
    return {"code": "0000", "result": left}


def query(desk: Desk, asking: Asking) -> Any:
    """One order in any state, with its fees."""
    row = hashkey_asked.find(desk, asking, "origClientOrderId")
    if row is None:
        raise Refusal("0211", "Order not found")
    return hashkey_rows.queried(row, desk.exchange.trades(asking.account, client_id=row.client_id))


def opened(desk: Desk, asking: Asking) -> Any:
    """What can still trade, oldest first; from `orderId` on, itself left out (mock), where it is given."""
    rows = hashkey_asked.sided(desk.exchange.open_orders(asking.account, hashkey_asked.symbol(desk, asking)), asking)
    after = dialect.whole(asking.params, "orderId", 0)
    wanted = [row for row in rows if int(row.order_id) > after]
    return [hashkey_rows.order(row) for row in wanted[: hashkey_asked.limit(asking, 500, ORDERS_MAX)]]


def history(desk: Desk, asking: Asking) -> Any:
    """Orders in any state by the time they were made, oldest first."""
    since, until = hashkey_asked.between(asking)
    rows = desk.exchange.orders(asking.account, hashkey_asked.symbol(desk, asking), since, ORDERS_MAX)
    order_id = asking.params.get("orderId")
    found = [
        row
        for row in hashkey_asked.sided(rows, asking)
        if row.created_at <= until and (not order_id or row.order_id == order_id)
    ]
    return [hashkey_rows.order(row) for row in found[: hashkey_asked.limit(asking, 500, ORDERS_MAX)]]


def trades(desk: Desk, asking: Asking) -> Any:
    """The account's executions, oldest first; both `fromId` and `toId` belong to what they bound."""
    since, until = hashkey_asked.between(asking)
    first, last = dialect.whole(asking.params, "fromId", 0), dialect.whole(asking.params, "toId", 2**63)
    rows = desk.exchange.trades(
        asking.account,
        hashkey_asked.symbol(desk, asking),
        since,
        client_id=asking.params.get("clientOrderId") or None,
        limit=hashkey_asked.limit(asking, 200, TRADES_MAX),
        from_id=str(first) if first else None,
    )
    return [hashkey_rows.own_trade(row) for row in rows if row.at <= until and int(row.trade_id) <= last]


def _placed(desk: Desk, account: str, params: Mapping[str, str], edition: Edition) -> OrderRow:
    client_id = params.get("newClientOrderId") or desk.drawn_id("client order")[:32]
    request = dialect.order_request(params, client_id, edition)
    if request.kind is Kind.MARKET and desk.barred[0] <= desk.clock.market() < desk.barred[1]:
        raise Refusal("-1194", "Market order creation forbidden")
    if len(desk.exchange.open_orders(account)) >= OPEN_MAX:
        raise Refusal("-2002", f"The number of open orders exceeds the limit {OPEN_MAX}")
    return hashkey_asked.kept(desk.exchange.place(account, request))


def _one_of_many(desk: Desk, asking: Asking, order: Mapping[str, str]) -> Wire:
    named = {**order, "newClientOrderId": order.get("newClientOrderId") or order.get("clientOrderId") or ""}
    try:
        row = _placed(desk, asking.account, named, Edition.V1)
    except Refusal as refused:
        return refused.body
    return {"code": "0000", "order": hashkey_rows.placed(row)}


def _batch(body: str) -> list[dict[str, str]]:
    try:
        orders = msgspec.json.decode(body.encode(errors="replace"), type=list[dict[str, str | int | float | bool]])
    except msgspec.DecodeError:
        raise Refusal("-1130", "Illegal parameter 'orders'") from None
    if not orders or len({order.get("symbol") for order in orders}) != 1:
        raise Refusal("-1130", "Illegal parameter 'orders': orders of one symbol are wanted")
    if len(orders) > BATCH_MAX:
        raise Refusal("-2022", "Order batch size exceeds the limit")
    return [{name: str(value) for name, value in order.items()} for order in orders]


def _cancel_each(desk: Desk, asking: Asking, most: int | None) -> str:
    """End those that were asked for; the id of the last one."""
    rows = hashkey_asked.sided(desk.exchange.open_orders(asking.account, hashkey_asked.symbol(desk, asking)), asking)
    first = dialect.whole(asking.params, "fromOrderId", 0)
    last = ""
    for row in [row for row in rows if int(row.order_id) >= first][:most]:
        done = desk.exchange.cancel(asking.account, order_id=row.order_id)
        if isinstance(done, Rejection):
            raise _uncancelled(desk, asking.account, done, None, row.order_id)
        last = row.order_id
    return last


def _uncancelled(desk: Desk, account: str, why: Rejection, client_id: str | None, order_id: str | None) -> Refusal:
    """The code for a cancel that came to nothing."""
    if why.reason is Reason.HALTED:
        return Refusal("-2011", "Order cancellation rejected")
    row = desk.exchange.order(account, client_id=client_id, order_id=order_id)
    if row is not None and row.status is Status.PARTIALLY_CANCELED:
        return Refusal("-1138", "Order has been partially cancelled")
    return dialect.refusal(why.reason, why.detail)
