"""How much may be sold in all: in any hour, on a local day, and altogether; of all venues and of each.

Amounts are notional before fees, in the asset bought. What was filled counts, and what live orders may still bring
counts at the most that a unit of them may bring. An hour is counted in minutes, the one of an hour ago still whole: so
what is sold in any sixty minutes, wherever they begin, is never more than was counted.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from msgspec import Struct

from engine.kernel.clock import DAY, MINUTE, Instant, Span
from engine.kernel.ids import VenueName
from engine.kernel.money import BP, EXACT, ZERO, times
from engine.market.facts import Level
from engine.orders.order import Check

HOUR_CAP: Final = "hour cap"
DAY_CAP: Final = "day cap"
TOTAL_CAP: Final = "total cap"
VENUE: Final = "venue "
NAMES: Final = (HOUR_CAP, DAY_CAP, TOTAL_CAP, VENUE + HOUR_CAP, VENUE + DAY_CAP)
"""What the gate calls these limits."""
UNIT: Final = "cap price"
"""What the gate calls the price at which an order counts."""
BACK: Final = 60
"""Minutes before the one that is under way which are in an hour."""


class Bounds(Struct, frozen=True, kw_only=True):
    """The most of a stretch of time, in the asset bought; `None` where there is no bound."""

    hour: Decimal | None = None
    """In any sixty minutes of market time."""
    day: Decimal | None = None
    """On a local day."""


class CapRules(Struct, frozen=True, kw_only=True):
    """Caps on all that is sold for one asset. Legs that only pass stablecoin on have none."""

    all: Bounds = Bounds()
    """On all venues together."""
    total: Decimal | None = None
    """Of the whole run; with earlier runs of its case where the case's book has them in the same money."""
    venues: Mapping[VenueName, Bounds] = {}
    """On one venue."""


class Cap(Struct, frozen=True):
    """One cap as of now."""

    name: str
    sold: Decimal
    working: Decimal
    """What live and unknown orders may still bring."""
    bound: Decimal

    @property
    def room(self) -> Decimal:
        """What it leaves; never negative."""
        return max(ZERO, EXACT.subtract(self.bound, EXACT.add(self.sold, self.working)))

    def after(self, notional: Decimal) -> Decimal:
        """What would be counted with so much more."""
        return EXACT.add(EXACT.add(self.sold, self.working), notional)


@dataclass(slots=True)
class Account:
    """What was sold for one asset, minute by minute and day by day. Changed only by the fold."""

    minutes: deque[tuple[int, Decimal]] = field(default_factory=deque)
    """Since 1970, rising; none that was over an hour and a minute before the last."""
    recent: Decimal = ZERO
    """Their sum."""
    days: dict[int, Decimal] = field(default_factory=dict)
    """By local days since 1970."""

    def sell(self, at: Instant, offset: Span, notional: Decimal) -> None:
        """So much was sold at `at`, which is not later than any other moment that will be asked about."""
        number = day_of(at, offset)
        self.days[number] = EXACT.add(self.days.get(number, ZERO), notional)
        minute, minutes = at // MINUTE, self.minutes
        if minutes and minute < minutes[-1][0] - BACK:
            return  # told so late that no hour has it any more
        later = []
        while minutes and minutes[-1][0] > minute:
            later.append(minutes.pop())
        before = minutes.pop()[1] if minutes and minutes[-1][0] == minute else ZERO
        minutes.append((minute, EXACT.add(before, notional)))
        minutes.extend(reversed(later))
        self.recent = EXACT.add(self.recent, notional)
        while minutes[0][0] < minutes[-1][0] - BACK:
            self.recent = EXACT.subtract(self.recent, minutes.popleft()[1])

    def hour(self, at: Instant) -> Decimal:
        """Sold in the minute of `at` and the sixty before it: no less than in the sixty minutes up to `at`."""
        first, left = at // MINUTE - BACK, self.recent
        for minute, sold in self.minutes:
            if minute >= first:
                break
            left = EXACT.subtract(left, sold)
        return left

    def day(self, at: Instant, offset: Span) -> Decimal:
        """Sold on the local day of `at`."""
        return self.days.get(day_of(at, offset), ZERO)

    def frees(self, at: Instant, wanted: Decimal) -> Instant | None:
        """When so much of the hour of `at` will have left it; `None` where it does not hold as much."""
        gone = ZERO
        for minute, sold in self.minutes:
            if minute >= at // MINUTE - BACK:
                gone = EXACT.add(gone, sold)
                if gone >= wanted:
                    return Instant((minute + BACK + 1) * MINUTE)
        return None


def day_of(at: Instant, offset: Span) -> int:
    """The local date as days since 1970-01-01."""
    return (at + offset) // DAY


def day_ends(at: Instant, offset: Span) -> Instant:
    """The next local midnight, strictly later."""
    return Instant((day_of(at, offset) + 1) * DAY - offset)


def dearest(price: Decimal, bids: Iterable[Level], collar_bp: Decimal) -> Decimal:
    """The most that a unit of an order at `price` is counted at: its limit, or the best bid raised by the collar.

    A crossing order takes what is bid, and what is bid may rise before it arrives.
    """
    best = next(iter(bids), None)
    return price if best is None else max(price, EXACT.divide(times(best.price, BP + collar_bp), BP))


def counted_at(checks: Iterable[Check]) -> Decimal | None:
    """The price at which the gate counted a unit of an order; `None` where no cap was looked at."""
    return next((Decimal(check.value) for check in checks if check.limit == UNIT), None)


def fitting(room: Decimal, unit: Decimal, lot: Decimal) -> Decimal:
    """How much fits into what a cap leaves, in whole lots; exact, so that the gate agrees."""
    return times(EXACT.divide_int(room, times(unit, lot)), lot)
