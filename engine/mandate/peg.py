"""When the peg of a stablecoin is in doubt, as terms; the statistic is in `engine.science.stable`."""

from decimal import Decimal
from typing import Final

from msgspec import Struct

from engine.kernel.clock import MINUTE, Span

VARIANCE_MIN: Final = 4
"""In square basis points: a coin that never moves would otherwise be alarmed by its first half basis point."""


class PegRules(Struct, frozen=True, kw_only=True, cache_hash=True):
    """Distances from par in basis points, on either side; one sample is one minute of market time.

    What a config does not say is as section 9 of the execution page suggests; `blind` and `calm` are our own.
    """

    warn_bp: Decimal = Decimal(10)
    """Farther from par than this is level 1: told, and nothing is stopped."""
    halt_bp: Decimal = Decimal(50)
    """Farther than this is a breach."""
    hard_bp: Decimal = Decimal(100)
    """Farther than this, by most of several sources, stops at once; and no order passes the gate while it lasts."""
    z_halt: Decimal = Decimal(6)
    """So many standard deviations from the recent mean are a breach too, once beyond `warn_bp`."""
    persist: int = 3
    """So many breaches in a row stop the leg that makes more of the coin."""
    half_life: Span = Span(30 * MINUTE)
    """Time after which a sample weighs half in mean and variance."""
    blind: int = 3
    """So many minutes in a row without a price stop it too: no price is not par."""
    calm: int = 5
    """So many minutes in a row, each with a price and none of them a breach, let it go on."""
