"""Whether we could have traded with ourselves, and whether a venue says that we did or would have.

No order here can be a purchase, so orders of ours never meet; what these measures look for is somebody else with our
keys, a venue that tells one trade for two orders, and an order that a venue ended by itself. `meeting` looks across
runs: what other runs of this desk had standing in the same book at the same time.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Final

from msgspec import Struct

from engine.evidence.measure import Measure, What, ids
from engine.evidence.stood import Book, Stood, together
from engine.evidence.story import Story
from engine.kernel.clock import Instant, Span
from engine.kernel.ids import ClientOrderId, RunId
from engine.kernel.money import ZERO
from engine.orders.reports import Fill

SPOKEN: Final = re.compile(r"self[ _-]?(trad|cross|match)|wash[ _-]?trad|expired?_in_match|\bstp\b", re.IGNORECASE)
"""A venue's words for having kept us from trading with ourselves; letters, since every venue has its own code."""


class Meeting(Struct, frozen=True, kw_only=True):
    """A stretch of time in which orders of two or more runs stood in one book, with what was called near at its end."""

    book: Book
    begins: Instant
    ends: Instant
    orders: tuple[tuple[RunId, ClientOrderId, Decimal], ...]
    """Run, order and limit, by the time of sending."""


def of_run(story: Story, orders: Sequence[Stood]) -> Iterator[Measure]:
    """The four measures of a whole run; `orders` are all that it had in books."""
    yield _both_sides(story)
    yield _side_by_side(orders)
    unasked = [one for one in orders if one.ended_unasked]
    yield Measure(
        what=What.UNASKED,
        value=Decimal(len(unasked)),
        bound=ZERO,
        at=unasked[0].until if unasked else None,
        detail="self-trade prevention, the venue's own hand, or somebody else with our key" if unasked else "",
        orders=ids(unasked),
    )
    spoken = [a for leg in story.legs for a in leg.attempts if SPOKEN.search(a.reason)]
    yield Measure(
        what=What.PREVENTED,
        value=Decimal(len(spoken)),
        bound=ZERO,
        at=spoken[0].placed_at if spoken else None,
        detail=spoken[0].reason if spoken else "",
        orders=tuple(a.order.client_id for a in spoken),
    )


def _both_sides(story: Story) -> Measure:
    """A trade has one seller. One that is told for two orders, whoever's, had both its sides on this account.

    Where a venue numbers trades anew for each order, ids alone are alike by chance: price, size and instant have to be.
    """
    fills = [*(sold.fill for leg in story.legs for sold in leg.fills), *story.strangers]
    groups: dict[tuple[object, ...], dict[str, Fill]] = {}
    for fill in fills:
        for name in {f"trade {fill.trade_id}", f"ticket {fill.ticket}" if fill.ticket else f"trade {fill.trade_id}"}:
            key = (fill.venue, fill.symbol, name, fill.price, fill.quantity, fill.at)
            groups.setdefault(key, {})[fill.venue_order_id] = fill
    twice = [tuple(group.values()) for group in groups.values() if len(group) > 1]
    found = {frozenset(fill.venue_order_id for fill in group): group for group in twice}
    both = sorted((fill for group in found.values() for fill in group), key=lambda fill: fill.at)
    return Measure(
        what=What.BOTH_SIDES,
        value=Decimal(len(found)),
        bound=ZERO,
        at=both[0].at if both else None,
        detail=", ".join(dict.fromkeys(f"{fill.venue} {fill.symbol} {fill.trade_id}" for fill in both)),
        orders=tuple(dict.fromkeys(fill.client_id for fill in both)),
    )


def _side_by_side(orders: Sequence[Stood]) -> Measure:
    """The most orders of ours that stood in one book at once."""
    stretches = [stretch for book in _by_book(orders).values() for stretch in together(book)]
    deepest = max(stretches, key=lambda stretch: len(stretch[2]), default=None)
    return Measure(
        what=What.SIDE_BY_SIDE,
        value=Decimal(len(deepest[2]) if deepest is not None else min(1, len(orders))),
        bound=Decimal(1),
        at=deepest[0] if deepest is not None else None,
        orders=ids(deepest[2]) if deepest is not None else (),
    )


def meeting(orders: Iterable[Stood], *, near: Span) -> list[Meeting]:
    """Where orders of different runs that were meant to wait stood in one book, or within `near` of one another.

    Stretches of the same orders are one. All are sales, so none of these could trade with another; a book in which two
    runs of one desk rest looks deeper on its side than one seller is.
    """
    found = []
    for book, known in _by_book(one for one in orders if one.rests).items():
        wide = [Stood(one.run, one.attempt, one.since, Instant(one.until + near)) for one in known]
        for begins, ends, standing in together(wide):
            if len({one.run for one in standing}) > 1:
                named = tuple(
                    (one.run, one.attempt.order.client_id, one.attempt.order.price)
                    for one in sorted(standing, key=lambda one: (one.since, one.run))
                )
                found.append(Meeting(book=book, begins=begins, ends=ends, orders=named))
    return sorted(found, key=lambda one: (one.begins, one.book))


def _by_book(orders: Iterable[Stood]) -> dict[Book, list[Stood]]:
    books: dict[Book, list[Stood]] = {}
    for one in orders:
        books.setdefault(one.book, []).append(one)
    return books
