"""What several of HashKey's endpoints are asked alike: limits, periods, one order by either of its names."""

from collections.abc import Iterable

from engine.kernel.clock import Instant, of_millis
from venues.sandbox import dialect
from venues.sandbox.dialect import Refusal
from venues.sandbox.hashkey_desk import Asking, Desk
from venues.sandbox.model import OrderRow, Rejection


def kept(done: OrderRow | Rejection) -> OrderRow:
    """The row, or the venue's code for why there is none."""
    if isinstance(done, Rejection):
        raise dialect.refusal(done.reason, done.detail)
    return done


def names(asking: Asking, client_field: str) -> tuple[str | None, str | None]:
    """The order's id, or the client's where that one is not given."""
    order_id, client_id = asking.params.get("orderId") or None, asking.params.get(client_field) or None
    if order_id is None and client_id is None:
        raise Refusal("0001", f"Required field orderId or {client_field} missing or invalid")
    return order_id, None if order_id else client_id


def find(desk: Desk, asking: Asking, client_field: str) -> OrderRow | None:
    """The account's own order of that name, in any state."""
    order_id, client_id = names(asking, client_field)
    return desk.exchange.order(asking.account, client_id=client_id, order_id=order_id)


def sided(rows: Iterable[OrderRow], asking: Asking) -> list[OrderRow]:
    """Those of the side that was asked for, or of both."""
    text = asking.params.get("side")
    side = dialect.side_of(text) if text else None
    return [row for row in rows if side is None or row.side is side]


def limit(asking: Asking, default: int, most: int) -> int:
    """How many rows are wanted."""
    return max(1, min(dialect.whole(asking.params, "limit", default), most))


def between(asking: Asking) -> tuple[Instant, Instant]:
    """`startTime` and `endTime`, both in market time; the end includes its whole millisecond."""
    start, end = dialect.whole(asking.params, "startTime", 0), dialect.whole(asking.params, "endTime", 2**43)
    return of_millis(start), Instant(of_millis(end + 1) - 1)


def symbol(desk: Desk, asking: Asking) -> str | None:
    """The pair that rows are wanted of; `None` for all of them."""
    text = asking.params.get("symbol") or None
    if text is not None and text not in desk.exchange.listings:
        raise Refusal("0201", "Instrument not found")
    return text
