"""A day cut into bins, for what is said of courses."""

from engine.forecast.course import Bin
from engine.kernel.clock import DAY, Instant
from tests.support.builders import START


def day_in(count: int, *volumes: float) -> list[Bin]:
    """One day, open throughout; a coin of others in each bin unless their volumes are said."""
    step, part = DAY // count, 1 / count
    return [
        Bin(Instant(START + i * step), Instant(START + (i + 1) * step), part, part, volumes[i] if volumes else 1.0)
        for i in range(count)
    ]
