"""What a tactic is asked, for specifications: 2 BTC at about 100 USDT, within a minute."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from engine.market.facts import Level
from engine.orders.order import Order, TimeInForce
from engine.orders.strategy import Move, Post, Want
from tests.support.builders import COIN, START, at, child, d, view


def levels(*told: str) -> tuple[Level, ...]:
    """One side of a book: `levels("99.99 x 1", "99.80 x 2")`."""
    return tuple(Level(*map(Decimal, one.split(" x "))) for one in told)


BIDS = levels("99.99 x 1", "99.80 x 2", "99.00 x 50")
ASKS = levels("100.01 x 3", "100.05 x 10")


def want(**changes: Any) -> Want:
    """2 BTC, not below 99.60, before the minute is over; nothing rests."""
    standard: dict[str, Any] = {
        "quantity": d("2"),
        "floor": d("99.60"),
        "at": START,
        "until": at("00:01"),
        "view": view(bids=BIDS, asks=ASKS),
        "instrument": COIN,
        "resting": None,
    }
    return Want(**(standard | changes))


def resting(price: str, quantity: str = "1", **changes: Any) -> Order:
    """An order of ours in the book, sent when the minute began."""
    return Order(child(price=d(price), quantity=d(quantity), tif=TimeInForce.POST_ONLY), **changes)


def maker(quantity: str, price: str) -> Post:
    return Post(d(quantity), d(price), TimeInForce.POST_ONLY)


def taker(quantity: str, price: str) -> Post:
    return Post(d(quantity), d(price), TimeInForce.IOC)


def posts(moves: Sequence[Move]) -> list[Post]:
    """The orders among the moves."""
    return [move for move in moves if isinstance(move, Post)]
