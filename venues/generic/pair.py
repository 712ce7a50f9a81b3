"""What is known of one pair's feed: enough to drop what is old and to say once that it ended."""

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final

from engine.kernel.clock import Instant
from engine.kernel.ids import Symbol, VenueName
from engine.market.facts import BookSeen, FeedDown, Level, MarketFact, Print
from venues.generic.mapping import Odd, Row, instant, number

LEVELS: Final = 100
_REMEMBERED: Final = 2000
"""Prints that are kept, so that a list tells only what was not told before."""


class Pair:
    """One pair of one exchange."""

    def __init__(self, venue: VenueName, symbol: Symbol, began_at: Instant) -> None:
        self.live = False
        self._venue, self._symbol, self._began_at = venue, symbol, began_at
        self._shown_at = 0
        self._prints: dict[str, None] = {}

    def lose(self, at: Instant, reason: str) -> list[MarketFact]:
        """The feed is gone; times may begin anew with the next one."""
        was_live, self.live, self._shown_at = self.live, False, 0
        return [FeedDown(self._venue, self._symbol, at, reason)] if was_live else []

    def book(self, book: Row, seen_at: Instant) -> list[MarketFact]:
        """The book, unless a newer one was seen; `Odd` when no exchange could show it."""
        changed_at = seen_at if book.get("timestamp") is None else instant(book["timestamp"])
        if changed_at < self._shown_at:
            return []
        if book.get("timestamp") is None and not book["bids"] and not book["asks"]:
            raise Odd("a book without time or level: ccxt's word for an answer that it can't read")
        bids, asks = _side(book["bids"], descending=True), _side(book["asks"], descending=False)
        self._shown_at, self.live = changed_at, True
        return [
            BookSeen(
                venue=self._venue,
                symbol=self._symbol,
                changed_at=changed_at,
                seen_at=seen_at,
                bids=bids,
                asks=asks,
                version="" if book.get("nonce") is None else str(book["nonce"]),
            )
        ]

    def prints(self, rows: Sequence[Row], seen_at: Instant) -> list[MarketFact]:
        """What of a list of public trades was not told before and is not older than our watch.

        Where an exchange gives a trade no id, one is made of what it says and of how many like it stand before it.
        """
        told: list[MarketFact] = []
        alike: Counter[tuple[Any, ...]] = Counter()
        for row in rows:
            at, price, quantity = instant(row.get("timestamp")), number(row.get("price")), number(row.get("amount"))
            if not price or not quantity or row.get("side") not in ("buy", "sell"):
                raise Odd(f"{self._symbol} shows a print of no size, price or side")
            key = (row["timestamp"], price, quantity, row["side"])
            alike[key] += 1
            trade_id = str(row.get("id") or f"{row['timestamp']}.{price}.{quantity}.{row['side']}.{alike[key]}")
            if trade_id in self._prints or at < self._began_at:
                continue
            self._prints[trade_id] = None
            if len(self._prints) > _REMEMBERED:
                del self._prints[next(iter(self._prints))]
            bought = row["side"] == "buy"
            told.append(Print(self._venue, self._symbol, at, seen_at, trade_id, price, quantity, not bought))
        return told


def _side(rows: Sequence[Sequence[Any]], *, descending: bool) -> tuple[Level, ...]:
    levels = tuple(Level(_positive(row[0]), _positive(row[1])) for row in rows[:LEVELS])
    for better, worse in pairwise(levels):
        if (better.price > worse.price) is not descending or better.price == worse.price:
            raise Odd("a book is not in order")
    return levels


def _positive(value: Any) -> Decimal:
    checked = number(value)
    if not checked:
        raise Odd("a book shows a level of no size or price")
    return checked
