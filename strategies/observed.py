"""What a schedule may know of others' volume at an instant: what was looked at by then, and nothing of later."""

from bisect import bisect_left, bisect_right
from decimal import Decimal

from engine.kernel.clock import Instant
from engine.kernel.money import ZERO
from engine.market.traded import Traded


def volume_by(traded: Traded, instant: Instant, at: Instant) -> Decimal:
    """Others' volume until `instant`, as known at `at`: that of the first look since, or of the last look before.

    A look that is later than `at` is not seen, even where `traded` holds it.
    """
    known = bisect_right(traded.at, at)
    index = min(bisect_left(traded.at, instant), known - 1)
    return traded.volume[index] if index >= 0 else ZERO
