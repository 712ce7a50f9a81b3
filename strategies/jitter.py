"""Seeded irregularity, so that nobody can set a watch by us; replayable, because each draw is a hash of the seed.

The cumulative deviation stays inside a band: randomness must never become market timing.
"""

from collections.abc import Sequence
from fractions import Fraction

from engine.kernel.chance import integer
from engine.kernel.clock import Instant
from strategies.stepped import WHOLE

_DRAWS = 2**53


def times(regular: Sequence[Instant], end: Instant, width: Fraction, seed: int) -> tuple[Instant, ...]:
    """Each slice begins up to `width` (0..1) of its own length later; the order never changes."""
    edges = [*regular, end]
    moved = []
    for index, begin in enumerate(regular):
        slack = int((edges[index + 1] - begin) * width)
        moved.append(Instant(begin + slack * integer(seed, "slice time", index) // _DRAWS))
    return tuple(moved)


def shares(regular: Sequence[int], band: Fraction, seed: int) -> tuple[int, ...]:
    """Each running share is moved by up to `band` of the whole either way, kept rising, and ends at the whole."""
    reach = int(WHOLE * band)
    moved, last = [], 0
    for index, share in enumerate(regular[:-1]):
        shift = reach * 2 * integer(seed, "slice size", index) // _DRAWS - reach
        last = min(WHOLE, max(last, share + shift))
        moved.append(last)
    return (*moved, WHOLE)
