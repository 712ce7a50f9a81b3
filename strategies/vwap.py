"""Static VWAP: shares in proportion to a volume curve that was known beforehand, from a table or from past bars."""

from collections.abc import Sequence
from fractions import Fraction
from math import ceil

from engine.kernel.clock import Instant
from strategies import jitter
from strategies.stepped import WHOLE, Stepped


def vwap(
    start: Instant,
    end: Instant,
    slices: int,
    curve: Sequence[int],
    *,
    time_jitter: Fraction = Fraction(0),
    size_jitter: Fraction = Fraction(0),
    seed: int = 0,
) -> Stepped:
    """`curve` holds the weights of equal parts of the window; a slice across two parts takes its share of each."""
    if not curve or min(curve) < 0 or sum(curve) == 0:
        raise ValueError("a volume curve needs weights that are not negative and not all zero")
    whole = Fraction(sum(curve))
    running = [Fraction(0)]
    for weight in curve:
        running.append(running[-1] + weight / whole)

    def gone(share: Fraction) -> int:
        """Of `WHOLE`, what the curve has traded when `share` of the window has passed."""
        bins = share * len(curve)
        index = min(int(bins), len(curve) - 1)
        within = running[index] + (running[index + 1] - running[index]) * (bins - index)
        return ceil(WHOLE * within)

    regular = tuple(Instant(start + (end - start) * i // slices) for i in range(slices))
    shares = [gone(Fraction(i + 1, slices)) for i in range(slices - 1)] + [WHOLE]
    return Stepped(
        times=jitter.times(regular, end, time_jitter, seed),
        shares=jitter.shares(shares, size_jitter, seed),
        end=end,
    )
