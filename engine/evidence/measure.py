"""One measure of conduct: a number, the bound it is held against, and the orders behind it.

A number that can't be had is `None` with the reason; that is never called within.
"""

from collections.abc import Iterable
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from msgspec import Struct

from engine.evidence.stood import Stood
from engine.kernel.clock import Instant, iso
from engine.kernel.ids import ClientOrderId, LegId, VenueName
from engine.kernel.money import EXACT, Asset, plain, ratio

PLACES: Final = 4
DIGITS_MAX: Final = 24
"""Closer to its bound than that it is called equal to it."""


class Verdict(StrEnum):
    """What became of the comparison."""

    WITHIN = "within"
    OVER = "over"
    UNMEASURED = "not measurable"


class What(StrEnum):
    """What is measured."""

    CANCELLED = "cancelled_unfilled"
    MESSAGES = "messages_per_trade"
    QUICK = "quick_cancels"
    REQUOTES = "requotes_a_minute"
    LAYERS = "layers_around_a_fill"
    FIXING = "share_at_fixing"
    ASKED = "minutes_beside_own_questions"
    BOTH_SIDES = "trade_told_for_two_orders"
    SIDE_BY_SIDE = "orders_side_by_side"
    UNASKED = "ended_by_the_venue"
    PREVENTED = "self_trade_prevented"


class Measure(Struct, frozen=True, kw_only=True):
    """One number about one leg, venue or asset, or about the whole run where none is named."""

    what: What
    value: Decimal | None
    """A share is a fraction."""
    bound: Decimal
    """The most that is within."""
    leg: LegId | None = None
    venue: VenueName | None = None
    asset: Asset | None = None
    lack: str = ""
    """Why there is no value; empty where there is one."""
    at: Instant | None = None
    """When it was largest, for what has such a moment."""
    detail: str = ""
    orders: tuple[ClientOrderId, ...] = ()
    """The orders that the value rests on, in the order of sending."""

    @property
    def verdict(self) -> Verdict:
        """Whether somebody has to look."""
        if self.value is None:
            return Verdict.UNMEASURED
        return Verdict.WITHIN if self.value <= self.bound else Verdict.OVER


def part(some: Decimal, of: Decimal, bound: Decimal, places: int = PLACES) -> Decimal:
    """`some / of`, rounded for reading to `places`, or to more where these would put it on the other side of its bound.

    So a share of 20.004 % is 0.20004 and over a fifth, and never the 0.2000 that is within.
    """
    over = some > EXACT.multiply(bound, of)
    values = (ratio(some, of, digits) for digits in range(places, DIGITS_MAX))
    return next((value for value in values if (value > bound) == over), bound)


def ids(orders: Iterable[Stood]) -> tuple[ClientOrderId, ...]:
    """Their client ids, each once."""
    return tuple(dict.fromkeys(one.attempt.order.client_id for one in orders))


def record(measure: Measure) -> dict[str, Any]:
    """A measure in `conduct.json`."""
    return {
        "measure": measure.what.value,
        "leg": measure.leg,
        "venue": measure.venue,
        "asset": measure.asset,
        "value": None if measure.value is None else plain(measure.value),
        "bound": plain(measure.bound),
        "verdict": measure.verdict.value,
        "why_not": measure.lack or None,
        "at": None if measure.at is None else iso(measure.at),
        "detail": measure.detail or None,
        "orders": list(measure.orders),
    }
