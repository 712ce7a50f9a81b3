"""Our orders in HashKey's words. Always a sale; never both a quantity and an amount."""

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

import msgspec

from engine.kernel.ids import ClientOrderId, Symbol
from engine.kernel.money import plain
from engine.orders.order import ChildOrder, OrderType, TimeInForce
from venues.hashkey import mock, routes
from venues.hashkey.routes import Route

_CLIENT_ID: Final = re.compile(mock.CLIENT_ID)
_SYMBOL: Final = re.compile(r"[A-Z0-9-]{1,32}")

Parameters = list[tuple[str, str]]


def route(order: ChildOrder) -> Route:
    """Where `order` is sent: a market order to the endpoint on which a quantity is always base."""
    return routes.PLACE_MARKET if order.type is OrderType.MARKET else routes.PLACE


def parameters(order: ChildOrder) -> Parameters:
    """The parameters that place `order`; `ValueError` for what the venue's words can't carry."""
    if order.type is OrderType.MARKET:
        return market_sale(order.symbol, order.client_id, quantity=order.quantity, tif=order.tif)
    named = _named(order.symbol, order.client_id)
    if order.quantity <= 0 or order.price <= 0:
        raise ValueError(f"not a sale: {order.quantity} at {order.price}")
    maker = order.tif is TimeInForce.POST_ONLY
    pairs = [
        *named,
        ("type", "LIMIT_MAKER" if maker else "LIMIT"),
        ("quantity", plain(order.quantity)),
        ("price", plain(order.price)),
        ("newClientOrderId", order.client_id),
    ]
    if not maker:
        pairs.append(("timeInForce", order.tif.name))
    return pairs


def market_sale(
    symbol: Symbol,
    client_id: ClientOrderId,
    *,
    quantity: Decimal | None = None,
    amount: Decimal | None = None,
    tif: TimeInForce = TimeInForce.IOC,
) -> Parameters:
    """A sale at whatever is bid: of `quantity` in base, or for `amount` in quote; `ValueError` for both or neither."""
    named = _named(symbol, client_id)
    if (quantity is None) is (amount is None):
        raise ValueError("a market order is by quantity or by amount, and never by both")
    size = amount if quantity is None else quantity
    if size is None or size <= 0:
        raise ValueError(f"not a sale: {size}")
    if tif is TimeInForce.POST_ONLY:
        raise ValueError("a market order can't wait in the book")
    pairs = [
        *named,
        ("type", "MARKET"),
        ("amount" if quantity is None else "quantity", plain(size)),
        ("newClientOrderId", client_id),
    ]
    if tif is TimeInForce.FOK:
        pairs.append(("timeInForce", "FOK"))
    return pairs


def batch(orders: Sequence[ChildOrder]) -> bytes:
    """The body that places several orders of one pair."""
    return msgspec.json.encode([dict(parameters(order)) for order in orders])


def _named(symbol: Symbol, client_id: ClientOrderId) -> Parameters:
    if not _CLIENT_ID.fullmatch(client_id) or not _SYMBOL.fullmatch(symbol):
        raise ValueError(f"not a client id and a symbol for this venue: {client_id!r}, {symbol!r}")
    return [("symbol", symbol), ("side", "SELL")]
