"""What one local day may sell: the quota, and what days before have left of theirs."""

from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache

from engine.kernel.clock import Instant
from engine.kernel.money import EXACT, ZERO, times
from engine.mandate.hours import Hours, day, day_ends, elapsed
from engine.mandate.programme import Carry, Programme


def allowed(programme: Programme, total: Decimal, sold: Mapping[str, Decimal], start: Instant, at: Instant) -> Decimal:
    """How much the local day of `at` may sell in all, of a run that began at `start` and may sell `total`.

    `sold` is per local day. A day without an open minute has no quota to leave.
    """
    if programme.quota is None:
        return total
    quota = times(programme.quota, total)
    before = _before(programme.hours, start, day(programme.hours, at))
    match programme.carry:
        case Carry.NONE:
            return quota
        case Carry.NEXT:
            left = quota - sold.get(before[-1], ZERO) if before else ZERO
            return EXACT.add(quota, max(ZERO, left))
        case Carry.ALL:
            gone = sum((sold.get(each, ZERO) for each in before), ZERO)
            return max(quota, EXACT.subtract(times(quota, Decimal(len(before) + 1)), gone))


@lru_cache(maxsize=256)
def _before(hours: Hours, start: Instant, today: str) -> tuple[str, ...]:
    """The local days with open time from `start` until the one before `today`."""
    begins, days = start, list[str]()
    while (name := day(hours, begins)) < today:
        ends = day_ends(hours, begins)
        if elapsed(hours, begins, ends) > 0:
            days.append(name)
        begins = ends
    return tuple(days)
