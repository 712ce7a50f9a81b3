"""The best prices of a `Due`, without the rest of its books: what a guard samples each minute of a journal of months.

A book is most of a row's bytes, and its levels are most of the work of reading it.
"""

from collections.abc import Container
from decimal import Decimal
from typing import Final

import msgspec
from msgspec import Raw, Struct

from engine.kernel.clock import Instant
from engine.kernel.ids import Symbol, VenueName
from engine.market.facts import Level
from engine.market.view import MarketView
from engine.orders.events import Due


class _Top(Struct):
    """A `MarketView` whose levels were not read."""

    venue: VenueName
    symbol: Symbol
    at: Instant
    book_at: Instant
    seen_at: Instant
    bids: Raw
    asks: Raw
    last: Decimal | None = None
    live: bool = False
    pair: str = ""


class _Tops(Struct, tag="due"):
    at: Instant
    views: tuple[_Top, ...]


_TOPS: Final = msgspec.json.Decoder(_Tops)
_LEVEL: Final = msgspec.json.Decoder(Level)


def tops(payload: bytes, pairs: Container[tuple[VenueName, Symbol]] | None = None) -> Due:
    """The row with one level a side, and without volumes; `ValueError` where it is no `Due`.

    Only of these pairs, if any are named, and of all that venues for reference show.
    """
    due = _TOPS.decode(payload)
    wanted = (view for view in due.views if pairs is None or view.pair or (view.venue, view.symbol) in pairs)
    return Due(due.at, tuple(map(_view, wanted)))


def _view(top: _Top) -> MarketView:
    return MarketView(
        venue=top.venue,
        symbol=top.symbol,
        at=top.at,
        book_at=top.book_at,
        seen_at=top.seen_at,
        bids=_best(top.bids),
        asks=_best(top.asks),
        last=top.last,
        live=top.live,
        pair=top.pair,
    )


def _best(levels: Raw) -> tuple[Level, ...]:
    """The first of an array of levels, each of which is an array of two texts without brackets."""
    text = bytes(levels)
    end = text.find(b"]", 1)
    return (_LEVEL.decode(text[1 : end + 1]),) if text[1:2] == b"[" else ()
