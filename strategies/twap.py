"""TWAP: the same quantity in every slice. It is the schedule of somebody who knows nothing of volume, and says so."""

from fractions import Fraction

from engine.kernel.clock import Instant
from strategies import jitter
from strategies.stepped import Stepped, cumulative


def twap(
    start: Instant,
    end: Instant,
    slices: int,
    *,
    time_jitter: Fraction = Fraction(0),
    size_jitter: Fraction = Fraction(0),
    seed: int = 0,
) -> Stepped:
    """Equal shares in `slices` equal slices from `start` to `end`, each optionally moved by a seeded draw."""
    regular = tuple(Instant(start + (end - start) * i // slices) for i in range(slices))
    return Stepped(
        times=jitter.times(regular, end, time_jitter, seed),
        shares=jitter.shares(cumulative([1] * slices), size_jitter, seed),
        end=end,
    )
