"""Urgency: does waiting at the offer cost more than crossing now?

An expectation in basis points, by the fill probability of a queue. What it weighs are floats; it moves no money.
"""

from decimal import Decimal
from math import ceil
from typing import Final

from msgspec import Struct

from engine.kernel.clock import SECOND, Instant
from engine.kernel.money import BP, ZERO
from engine.orders.strategy import Want
from engine.science.placement import fill_prob, passive_cross
from strategies.tactics.offer import ahead

BUYERS: Final = 0.5
"""Of what others trade, so much is taken from the offers: a tape doesn't say more in the long run."""
STEPS_MAX: Final = 1000
"""A queue is cut into no more orders than this; a longer one into larger ones."""


class Urgency(Struct, frozen=True):
    """What is expected of the mid, against us, in basis points."""

    adverse_bp: Decimal
    """After a fill of ours: whoever took our offer knew why."""
    drift_bp: Decimal
    """Until the end of the slice, if nobody takes it."""

    def presses(self, want: Want, price: Decimal, turning: Instant) -> bool:
        """Would resting at `price` until `turning` cost as much as crossing now, or more?

        Where nothing is known of what others trade, or of the spread, nothing speaks for waiting.
        """
        mid, spread = want.view.mid, want.view.spread
        if mid is None or spread is None or want.flow <= ZERO:
            return True
        weighed = passive_cross(
            p_fill=chance(want, price, turning),
            half_spread_bp=float(spread / mid * BP / 2),
            maker_fee_bp=float(want.fees.maker * BP),
            taker_fee_bp=float(want.fees.taker * BP),
            adverse_bp=float(self.adverse_bp),
            drift_bp=float(self.drift_bp),
        )
        return weighed.cost_bp >= weighed.cross_now_bp


def chance(want: Want, price: Decimal, turning: Instant) -> float:
    """How likely an offer at `price` is to be filled by `turning`, if nobody ahead of it cancels: a lower bound.

    One order of the queue is as large as ours, or larger where the queue would have more than `STEPS_MAX` of them.
    """
    queue = ahead(want, price)
    unit = max(want.quantity, queue / STEPS_MAX)
    if unit <= ZERO:
        return 0.0
    rate = BUYERS * float(want.flow / unit)
    return fill_prob(ceil(queue / unit), rate, 0.0, (turning - want.at) / SECOND)
