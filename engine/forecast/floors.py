"""How likely it is that the floor stands in the way. The price is a geometric Brownian motion without drift.

Real prices jump, and a market that falls goes on falling more often than this one: read each chance as a lower bound.
"""

from collections.abc import Sequence
from itertools import accumulate
from math import erfc, log, sqrt
from typing import Final

from msgspec import Struct

from engine.forecast.course import Bin, Course

PATHS: Final = 20_000
SEED: Final = 20_261_122
"""Of the paths; the same forecast gives the same figures."""


class Blocked(Struct, frozen=True):
    """Chances from 0 to 1."""

    at_all: float
    """At some moment while there is something to sell."""
    at_end: float
    """When the window ends."""
    how: str
    """By which reckoning."""


def first_passage(level: float, deviation: float) -> Blocked:
    """The price, now 1, watched all the time until its logarithm has the standard deviation `deviation`.

    With m = ln(level) and s the deviation, by reflection, the chance that the least price is at most `level`:
    N((m + s^2/2) / s) + N((m - s^2/2) / s) / level. `ValueError` for a level or a deviation that is none.
    """
    if level <= 0 or deviation < 0:
        raise ValueError(f"no level and deviation: {level}, {deviation}")
    how = "closed form, watched all the time"
    if level >= 1:
        below = _normal((log(level) + deviation**2 / 2) / deviation) if deviation else 1.0
        return Blocked(1.0, below, how)
    if deviation == 0:
        return Blocked(0.0, 0.0, how)
    below = _normal((log(level) + deviation**2 / 2) / deviation)
    came_back = _normal((log(level) - deviation**2 / 2) / deviation) / level
    return Blocked(min(1.0, below + came_back), below, how)


def on_average(level: float, course: Course, bins: Sequence[Bin], sigma_daily: float) -> Blocked:
    """The average of all that a course has sold, from 1 at the start, held against `level` at each bin.

    There is no closed form: `PATHS` seeded paths, looked at where bins begin. As though all were sold as planned; a
    run that waits for the average to recover is not counted.
    """
    import numpy as np

    how = f"{PATHS:,} seeded paths, looked at {len(bins)} times"
    draws = np.random.Generator(np.random.PCG64(SEED)).standard_normal((PATHS, max(len(bins) - 1, 0)))
    steps = np.array([sigma_daily * sqrt(each.until_next) for each in bins[:-1]])
    logs = np.concatenate([np.zeros((PATHS, 1)), np.cumsum(draws * steps - steps**2 / 2, axis=1)], axis=1)
    shares = np.array(course.shares)
    sold = np.array(list(accumulate(course.shares)))
    began = sold > 0
    averages = np.cumsum(np.exp(logs) * shares, axis=1)[:, began] / sold[began]
    under = averages < level
    return Blocked(float(under.any(axis=1).mean()), float(under[:, -1].mean()), how)


def _normal(x: float) -> float:
    return erfc(-x / sqrt(2)) / 2
