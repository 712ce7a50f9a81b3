"""Does a book built from a stream agree with a snapshot of it? Since no lost message shows in the stream itself.

The two are of different moments. A level that moved shortly before or after the snapshot proves nothing; one that
stood still all that time and that the snapshot shows otherwise is suspect. What is suspect in two successive
snapshots is not timing any more.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from engine.market.facts import Level
from venues.osl.book import Book, Place
from venues.osl.frames import Side, Snapshot

DEPTH: Final = 25
"""Levels a side that are asked for; the stream shows at least as many."""


def suspects(book: Book, snapshot: Snapshot, moved: set[Place]) -> set[Place]:
    """Every place on which the two differ though the stream said nothing of it; `moved` is what it spoke of."""
    found = set()
    for side, levels in ((Side.BUY, snapshot.bids), (Side.SELL, snapshot.asks)):
        ours, theirs = book.levels(side), {level.price: level.size for level in levels}
        edge = _edge(side, ours, levels)
        for price in ours.keys() | theirs.keys():
            inside = edge is None or (price >= edge if side is Side.BUY else price <= edge)
            if inside and ours.get(price) != theirs.get(price) and (side, price) not in moved:
                found.add((side, price))
    return found


def _edge(side: Side, ours: Mapping[Decimal, Decimal], levels: tuple[Level, ...]) -> Decimal | None:
    """The worst price that both can be expected to show; `None` when both show all there is."""
    best_first = sorted(ours, reverse=side is Side.BUY)
    ends = [prices[-1] for prices in (best_first, [level.price for level in levels]) if len(prices) >= DEPTH]
    if not ends:
        return None
    return max(ends) if side is Side.BUY else min(ends)
