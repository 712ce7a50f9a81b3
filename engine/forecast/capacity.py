"""How much the limits let through until the leg has to stop, and how likely that is too little.

Volumes of whole days vary together: a day is drawn from those that the bars show, or, where there are none, from a
log-normal law of a stated spread around one. Within a day the hours keep their shape.
"""

from collections.abc import Callable, Sequence
from math import inf
from typing import Any, Final

from msgspec import Struct

from engine.forecast.cells import Cell
from engine.kernel.clock import MINUTE

PATHS: Final = 10_000
SEED: Final = 20_261_122
SPREAD: Final = 0.5
"""Of the logarithm of a day's volume, where no bars tell it: two days in three lie within 61 % to 165 %."""
DRAWN_MIN: Final = 5
"""With fewer days in the bars nothing is drawn from them."""


class Valves(Struct, frozen=True, kw_only=True):
    """What bounds a sale, as far as it can be foretold."""

    whole: float
    """Of all that others trade from the start on, so much may be ours in all: s / (1 - s) of a share s; or `inf`."""
    hour: float
    """The same of each hour: the tightest of our shares of market and venues; or `inf`."""
    minute: float
    """Coins in any minute, by the limit of what may be sent."""
    day: float
    """Coins in a local day, by its quota or its cap; or `inf`."""
    hour_cap: float = inf
    """Coins in an hour, by its cap."""
    total: float = inf
    """Coins in all, by a cap on the whole."""
    day_share: float = inf
    """Like `whole`, of what others trade on each day while we may sell."""

    @property
    def by_volume(self) -> bool:
        """Does any of them go by what others trade?"""
        return min(self.whole, self.hour, self.day_share) < inf


class Outcome(Struct, frozen=True):
    """Against the quantity that is to be sold."""

    late: float
    """The chance that not all of it gets through."""
    typical: float
    """Coins that get through on days of ordinary volume."""
    how: str


def outcome(
    quantity: float,
    found: Sequence[Cell],
    valves: Valves,
    factors: Sequence[float],
    name: Callable[[Cell], str],
) -> Outcome:
    """`name` tells the local day of a cell. With no limit that goes by volume, nothing has to be drawn."""
    import numpy as np

    days: dict[str, list[Cell]] = {}
    for cell in found:
        days.setdefault(name(cell), []).append(cell)
    typical = _through(days, valves, [np.ones(1)] * len(days))[0]
    if not valves.by_volume:
        return Outcome(float(typical < quantity), float(typical), "no limit goes by volume, so nothing is drawn")
    drawn = np.random.Generator(np.random.PCG64(SEED))
    if len(factors) >= DRAWN_MIN:
        how = f"{PATHS:,} seeded paths, each day's volume drawn from {len(factors)} past days"
        past = np.array(factors)
        volumes = [past[drawn.integers(0, len(past), PATHS)] for _ in days]
    else:
        how = f"{PATHS:,} seeded paths, a day's volume log-normal with an assumed spread of {SPREAD}"
        volumes = [np.exp(SPREAD * drawn.standard_normal(PATHS)) for _ in days]
    through = _through(days, valves, volumes)
    return Outcome(float((through < quantity).mean()), float(typical), how)


def _through(days: dict[str, list[Cell]], valves: Valves, volumes: Sequence[Any]) -> Any:
    """For each path what gets through in all days together."""
    import numpy as np

    passed, traded = np.zeros(len(volumes[0]) if volumes else 1), np.zeros(len(volumes[0]) if volumes else 1)
    for cells, factor in zip(days.values(), volumes, strict=True):
        today = np.zeros_like(passed)
        for cell in cells:
            by_time = min(valves.minute * cell.open / MINUTE, valves.hour_cap)
            today += np.minimum(by_time, valves.hour * cell.volume * factor) if valves.hour < inf else by_time
        volume = factor * sum(cell.volume for cell in cells)
        if valves.day_share < inf:
            today = np.minimum(today, valves.day_share * volume)
        traded += volume
        passed += np.minimum(today, valves.day)
        if valves.whole < inf:
            passed = np.minimum(passed, valves.whole * traded)
    return np.minimum(passed, valves.total)
