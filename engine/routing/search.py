"""The best sizes of one order a venue: branch and bound over curves that are concave but for their first step.

`relax` says what could be had if parts could be sent that can't be, which bounds what any division brings. Where it
asks for such a part, the search goes on with the venue used and without it, or with the lot below and above. What may
bring most is looked at first, so that a search which is cut short has left out what promised least. Every single venue
alone is a candidate from the start, so that nothing found is worse than any of them.

Everything here is exact, and is called inside `localcontext(EXACT)`.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from heapq import heappop, heappush
from typing import Final, NamedTuple

from engine.kernel.money import ZERO
from engine.routing.curve import Curve
from engine.routing.relax import ROUNDED_UP, Piece, best_first

LOOKS_MAX: Final = 1024
"""Where lots don't divide one another a search can be long; after a tenth of a second the best so far is taken. Lots
that are powers of ten have never needed a fiftieth of it. Of 48,000 drawn markets with odd lots sixteen were cut, and
five times as long a search brought more in two of them: by 0.013 bp at the most."""


class Choice(NamedTuple):
    """Sizes by curve, and what they are worth. Of equal worth the one that sells more is greater."""

    worth: Decimal
    sold: Decimal
    sizes: tuple[Decimal, ...]


class Branch(NamedTuple):
    """What is still open at one curve: an order of any of its sizes, or none at all unless it is `sure`."""

    curve: Curve
    sure: bool
    pieces: tuple[Piece, ...]
    """Of a curve that is not sure the first leads from nothing to where a unit is worth most on the average."""


Node = tuple[Branch | None, ...]
"""By curve; `None` where nothing is sold."""


class Promise(NamedTuple):
    """What a node could bring at the most, in the order in which nodes are looked at: the most first."""

    worth: Decimal
    """Negated, like the others, since a heap gives out the least."""
    sold: Decimal
    latest: int
    """Of equals the one that was found last: it leads down to what can be sent."""
    node: Node
    asked: Choice


def best(curves: Sequence[Curve], quantity: Decimal) -> Choice:
    """The sizes, one a curve, of at most `quantity` together, that are worth most; nothing is worth zero.

    Of equals that sell the same one venue alone comes first; else the one listed first sells first.
    """
    found = max([Choice(ZERO, ZERO, (ZERO,) * len(curves)), *_alone(curves)])
    waiting: list[Promise] = []
    looks = _look(waiting, [tuple(_branch(at, curve, sure=False) for at, curve in enumerate(curves))], quantity, 0)
    while waiting and looks <= LOOKS_MAX:
        promise = heappop(waiting)
        node, asked = promise.node, promise.asked
        if asked[:2] <= found[:2]:
            break  # and nobody else promises more
        stuck = _stuck(node, asked.sizes)
        sent = _sent(node, asked.sizes, stuck)
        if sent[:2] > found[:2]:
            found = sent
        if stuck:
            looks = _look(waiting, _parted(node, stuck[0], asked.sizes[stuck[0]]), quantity, looks)
    return found


def _look(waiting: list[Promise], nodes: Iterable[Node], quantity: Decimal, looks: int) -> int:
    """Put down what each node promises; how many were looked at by now."""
    for node in nodes:
        looks += 1
        asked = _relaxed(node, quantity)
        if asked is not None:
            heappush(waiting, Promise(-asked.worth, -asked.sold, -looks, node, asked))
    return looks


def _alone(curves: Sequence[Curve]) -> Iterator[Choice]:
    """Each venue by itself, at its best size."""
    for at, curve in enumerate(curves):
        worth, size = max(zip(curve.worths, curve.sizes, strict=True))
        yield Choice(worth, size, tuple(size if i == at else ZERO for i in range(len(curves))))


def _branch(owner: int, curve: Curve, *, sure: bool) -> Branch:
    sizes, worths = curve.sizes, curve.worths
    pieces, at = [], 0
    if not sure:
        while at + 1 < len(sizes) and worths[at + 1] * sizes[at] > worths[at] * sizes[at + 1]:
            at += 1
        pieces.append(Piece(ROUNDED_UP.divide(worths[at], sizes[at]), sizes[at], owner))
    for i in range(at, len(sizes) - 1):
        size = sizes[i + 1] - sizes[i]
        pieces.append(Piece(ROUNDED_UP.divide(worths[i + 1] - worths[i], size), size, owner))
    return Branch(curve, sure, tuple(pieces))


def _relaxed(node: Node, quantity: Decimal) -> Choice | None:
    """What the node could bring at the most; `None` if what is sure is more than there is."""
    base, rest, begun = ZERO, quantity, [ZERO] * len(node)
    pieces: defaultdict[Decimal, list[Piece]] = defaultdict(list)
    for at, branch in enumerate(node):
        if branch is not None:
            pieces[branch.curve.lot] += branch.pieces
        if branch is not None and branch.sure:
            begun[at] = branch.curve.sizes[0]
            base += branch.curve.worths[0]
            rest -= begun[at]
    if rest < 0:
        return None
    taken = best_first(pieces, rest, len(node))
    sizes = tuple(more + begin for more, begin in zip(taken.sizes, begun, strict=True))
    return Choice(ROUNDED_UP.add(base, taken.bound), sum(sizes, ZERO), sizes)


def _stuck(node: Node, sizes: Sequence[Decimal]) -> list[int]:
    """The curves of which something is asked that can't be sent; first those that are asked for a part of an order."""
    parts, odd = [], []
    for at, (branch, size) in enumerate(zip(node, sizes, strict=True)):
        if branch is None or not size:
            continue
        if _partly(branch, size):
            parts.append(at)
        elif size % branch.curve.lot:
            odd.append(at)
    return parts + odd


def _partly(branch: Branch, size: Decimal) -> bool:
    """Is it less than where the worth of an order begins to be true?"""
    return not branch.sure and size < branch.pieces[0].size


def _sent(node: Node, asked: Sequence[Decimal], stuck: Sequence[int]) -> Choice:
    """What of it can be sent."""
    sizes, worth = list(asked), ZERO
    for at in stuck:
        branch = node[at]
        assert branch is not None, at
        sizes[at] = ZERO if _partly(branch, asked[at]) else asked[at] - asked[at] % branch.curve.lot
    for branch, size in zip(node, sizes, strict=True):
        if branch is not None and size:
            worth += branch.curve.worth(size)
    return Choice(worth, sum(sizes, ZERO), tuple(sizes))


def _parted(node: Node, at: int, size: Decimal) -> Iterator[Node]:
    """All that may be sent there, in two parts that leave out what was asked for."""
    branch = node[at]
    assert branch is not None, at
    curve = branch.curve
    parts: tuple[Branch | None, Branch]
    if _partly(branch, size):
        parts = (None, _branch(at, curve, sure=True))
    else:
        below = size - size % curve.lot
        under, over = curve.cut(curve.sizes[0], below), curve.cut(below + curve.lot, curve.sizes[-1])
        parts = (_branch(at, under, sure=branch.sure), _branch(at, over, sure=True))
    for part in parts:
        yield (*node[:at], part, *node[at + 1 :])
