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
    shown: Decimal = ZERO
    """By all feeds of the run one after another, our own prints included."""
    own: Decimal = ZERO
    """Of that, our own prints: what is known to be sold in the pair's book."""
    others: Decimal = ZERO
    """Of that, what is known to be others'; never falls."""
    minutes: Minutes | None = None
    """The same minute by minute, where shares of it are limited."""
