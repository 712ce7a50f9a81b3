"""Taking the best first from pieces that come in lots of different sizes.

A division is sought in two steps: here each venue's order may be any number of lots, for its share of a larger order's
worth, which is too good to be true where a fee or a minimum stands at the beginning; `search` then mends what can't be
sent. Lots that divide one another are kept here: what is finer than the next coarser lot goes to finer venues first,
and what those have left competes in bundles of the coarser lot. Nothing is lost by that, since pieces only get worse.

Exact, inside `localcontext(EXACT)`; slopes, which only bound, are rounded up.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import ROUND_CEILING, Context, Decimal, DivisionByZero, InvalidOperation, Overflow
from functools import lru_cache
from math import gcd
from operator import attrgetter
from typing import Final, NamedTuple

from engine.kernel.money import ZERO, decimals

ROUNDED_UP: Final = Context(prec=60, rounding=ROUND_CEILING, traps=[InvalidOperation, DivisionByZero, Overflow])


class Piece(NamedTuple):
    """So much of one venue, every unit at the same worth; a venue's later pieces are never better."""

    slope: Decimal
    size: Decimal
    owner: int
    bundle: tuple["Piece", ...] = ()
    """What it is made of, if of several; it then fills one coarser lot, perhaps not wholly."""

    def of(self, size: Decimal) -> "Piece":
        """So much of the same."""
        return Piece(self.slope, size, self.owner, self.bundle)


class Taken(NamedTuple):
    """What was taken of each owner, and no less than what it is worth."""

    bound: Decimal
    sizes: list[Decimal]


def best_first(pieces: Mapping[Decimal, Sequence[Piece]], room: Decimal, owners: int) -> Taken:
    """Take of `pieces`, which stand by the lot they come in, what is worth most within `room`.

    Pieces whose slope is negative are left. Where one lot does not divide another, pieces of the finer one are taken in
    what divides both, so that the outcome is still no less than what whole lots could bring.
    """
    taken = Taken(ZERO, [ZERO] * owners)
    lots = sorted(pieces)
    steps = chained(tuple(lots))
    pool: list[Piece] = []
    left = room - room % steps[0] if steps else ZERO
    for at, (lot, step) in enumerate(zip(lots, steps, strict=True)):
        pool = list(_bundled(pool, step)) if pool else pool
        pool += [piece for piece in pieces[lot] if piece.slope >= 0]
        pool.sort(key=attrgetter("slope"), reverse=True)
        last = at + 1 == len(steps)
        now = left if last else left % steps[at + 1]
        taken, pool = _take(taken, pool, now)
        left -= now
    return taken


@lru_cache(maxsize=1024)
def chained(lots: tuple[Decimal, ...]) -> tuple[Decimal, ...]:
    """Of rising lots: the largest steps such that each divides its lot and the next step."""
    if len(lots) < 2:
        return lots
    places = max(map(decimals, lots))
    found = [int(lot.scaleb(places)) for lot in lots]
    for at in range(len(found) - 2, -1, -1):
        found[at] = gcd(found[at], found[at + 1])
    return tuple(Decimal(step).scaleb(-places) for step in found)


def _take(taken: Taken, pool: list[Piece], room: Decimal) -> tuple[Taken, list[Piece]]:
    """From the front; `room` is whole lots of all that is in the pool."""
    bound, sizes = taken
    for at, piece in enumerate(pool):
        if room == 0:
            return Taken(bound, sizes), pool[at:]
        size = min(piece.size, room)
        bound = ROUNDED_UP.fma(piece.slope, size, bound)
        room -= size
        for part in piece.bundle:
            sizes[part.owner] += part.size
        if not piece.bundle:
            sizes[piece.owner] += size
        if size < piece.size:
            return Taken(bound, sizes), [piece.of(piece.size - size), *pool[at + 1 :]]
    return Taken(bound, sizes), []


def _bundled(pool: Sequence[Piece], step: Decimal) -> Iterator[Piece]:
    """The same pieces in the same order, in bundles of `step`; the last may be short, and is worth the less."""
    open_: list[Piece] = []
    filled = ZERO
    for piece in pool:
        left = piece.size
        if filled:
            part = min(left, step - filled)
            open_.append(piece if part == piece.size else piece.of(part))
            filled, left = filled + part, left - part
            if filled == step:
                yield _bundle(open_, step)
                open_, filled = [], ZERO
        if whole := left - left % step:
            yield piece if whole == piece.size else piece.of(whole)
        if left > whole:
            open_.append(piece.of(left - whole))
            filled = left - whole
    if open_:
        yield _bundle(open_, step)


def _bundle(parts: Sequence[Piece], step: Decimal) -> Piece:
    worth = ZERO
    for part in parts:
        worth = ROUNDED_UP.fma(part.slope, part.size, worth)
    flat = tuple(inner for part in parts for inner in (part.bundle or (part,)))
    return Piece(ROUNDED_UP.divide(worth, step), step, parts[0].owner, flat)
