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
    today = day(programme.hours, at)
    before = _before(programme.hours, start, today)
    if programme.carry is Carry.NONE or not before:
        return quota
    counted = before[-1:] if programme.carry is Carry.NEXT else before
    granted = sum((times(_share(programme, each), total) for each in counted), ZERO)
    gone = sum((units for each, units in sold.items() if counted[0] <= each < today), ZERO)
    return EXACT.add(quota, max(ZERO, EXACT.subtract(granted, gone)))


def _share(programme: Programme, day: str) -> Decimal:
    """The quota that held on a day."""
    assert programme.quota is not None
    return next((share for until, share in programme.earlier if day < until), programme.quota)


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
