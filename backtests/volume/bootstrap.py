"""How sure a reduction of errors is, where windows overlap: whole weeks are drawn again, and not windows."""

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from backtests.volume.history import Floats
from engine.kernel.clock import DAY

WEEK = 7 * DAY
INSIDE = (2.5, 97.5)
"""Percentiles between which an interval of 95 % lies."""
AT_ONCE = 2000
"""Draws that are held in memory together."""


class Reduction(Struct, frozen=True):
    """By what fraction a mean absolute error is below another's, and the 95 % interval of that."""

    found: float
    low: float
    high: float


def reduction(errors: Floats, against: Floats, starts: NDArray[np.int64], *, seed: int, resamples: int) -> Reduction:
    """`errors` and `against` are of the same windows, whose `starts` are in nanoseconds; weeks count from the first."""
    weeks = (starts - starts[0]) // WEEK
    ours, theirs = (np.bincount(weeks, np.abs(each)) for each in (errors, against))
    chance = np.random.default_rng(seed)
    drawn = []
    for done in range(0, resamples, AT_ONCE):
        picks = chance.integers(0, len(ours), size=(min(AT_ONCE, resamples - done), len(ours)))
        drawn.append(1 - ours[picks].sum(axis=1) / theirs[picks].sum(axis=1))
    low, high = np.percentile(np.concatenate(drawn), INSIDE)
    return Reduction(float(1 - ours.sum() / theirs.sum()), float(low), float(high))
