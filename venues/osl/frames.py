"""OSL's public words: frames of the book stream, snapshots of a book, and public trades. Pure, or `Odd`.

Depth and trades come over REST, changes of a book over the stream; both write a level as price and size.
"""

from decimal import Decimal
from enum import StrEnum
from itertools import pairwise
from typing import Final

from msgspec import Struct

from engine.kernel.clock import Instant
from engine.kernel.ids import Symbol, VenueName
from engine.market.facts import Level, Print
from venues.osl.mock import PRINT_SIDE_IS_TAKER, Id
from venues.osl.wire import Odd, number, of_venue_millis, parsed, time

PONG: Final = '{"action":"pong"}'
"""The answer to the venue's own heartbeat."""
_TABLE: Final = "orderBookL2"


class Side(StrEnum):
    """Of a level of the book."""

    BUY = "Buy"
    SELL = "Sell"


class Action(StrEnum):
    """What a frame does to the book."""

    PARTIAL = "partial"
    """Replaces it."""
    INSERT = "insert"
    UPDATE = "update"
    """Both set a level."""
    DELETE = "delete"


class Ping(Struct, frozen=True):
    """The venue asks whether we are there; `PONG` is the answer."""


class Row(Struct, frozen=True):
    """One level that a frame sets or removes; one that it removes still carries its old size."""

    side: Side
    price: Decimal
    size: Decimal


class Change(Struct, frozen=True):
    """One of the frames that share a version and only together make a book."""

    symbol: Symbol
    action: Action
    version: int
    at: Instant
    """The venue's time of the change (market time)."""
    rows: tuple[Row, ...]


class Snapshot(Struct, frozen=True):
    """The top of a book as REST shows it, best first."""

    at: Instant
    """The venue's time of the reply (market time)."""
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]


class _Head(Struct):
    table: str = ""
    action: str = ""
    event: str = ""


class _Frame(Struct, rename={"version": "bookVersionId", "sent_ms": "sendTime", "rows": "data"}):
    action: Action
    symbol: str
    version: int
    sent_ms: int
    rows: list[Row]


class _Snapshot(Struct, rename={"at": "updateTime"}):
    symbol: str
    at: str
    bids: list[Level]
    asks: list[Level]


class _Trade(Struct, rename={"trade_id": "trdMatchID", "at": "transactTime"}):
    trade_id: Id
    symbol: str
    side: Side
    size: Decimal
    price: Decimal
    at: str


def frame(raw: bytes) -> Change | Ping | None:
    """What one frame of the stream says; `None` for an acknowledgement, and for tables that we don't watch."""
    head = parsed(raw, _Head)
    if head.event == "error":
        raise Odd("the feed reports an error")
    if head.table != _TABLE:
        return Ping() if head.action == "ping" else None
    body = parsed(raw, _Frame)
    if not -(2**31) <= body.version < 2**31:
        raise Odd("a book has a version that can't be compared")
    for row in body.rows:
        _check(row.price, row.size)
    return Change(Symbol(body.symbol), body.action, body.version, of_venue_millis(body.sent_ms), tuple(body.rows))


def snapshot(symbol: Symbol, raw: bytes) -> Snapshot:
    """The book that an answer shows; `Odd` when it is another pair's or no exchange could show it."""
    body = parsed(raw, _Snapshot)
    if body.symbol != symbol:
        raise Odd(f"asked for the book of {symbol}, shown that of {body.symbol[:32]}")
    for levels, descending in ((body.bids, True), (body.asks, False)):
        for level in levels:
            _check(level.price, level.size)
        for better, worse in pairwise(levels):
            if (better.price > worse.price) is not descending or better.price == worse.price:
                raise Odd("a snapshot is not in order")
    return Snapshot(time(body.at), tuple(body.bids), tuple(body.asks))


def prints(venue: VenueName, symbol: Symbol, raw: bytes, seen_at: Instant) -> list[Print]:
    """Public trades, oldest first."""
    told = []
    for row in parsed(raw, list[_Trade]):
        if row.symbol != symbol or not str(row.trade_id):
            raise Odd(f"asked for trades of {symbol}, told of {row.symbol[:32]}")
        _check(row.price, row.size)
        maker_buys = (row.side is Side.SELL) is PRINT_SIDE_IS_TAKER
        told.append(Print(venue, symbol, time(row.at), seen_at, str(row.trade_id), row.price, row.size, maker_buys))
    return sorted(told, key=lambda print_: print_.at)


def _check(price: Decimal, size: Decimal) -> None:
    if not number(price) or not number(size):
        raise Odd("a book or a trade shows no size or price")
