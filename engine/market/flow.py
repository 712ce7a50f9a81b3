"""What is traded of one pair, as far as its feed shows it, and how much of that is ours.

A running total, changed only by the fold over the journal: see `engine.core.flows`.
"""

from dataclasses import dataclass
from decimal import Decimal

from engine.kernel.money import ZERO
from engine.market.footprint import Minutes


@dataclass(slots=True)
class Flow:
    """Quantities in the asset sold, since the run began."""

    seen: Decimal = ZERO
    """What the last view showed, counted from when its feed began."""
    unclear: Decimal = ZERO
    """Of what was shown, what may be ours; below zero where prints of known fills are still to come."""
    others: Decimal = ZERO
    """What is known to be others'; never falls."""
    minutes: Minutes | None = None
    """The same minute by minute, where shares of it are limited."""
