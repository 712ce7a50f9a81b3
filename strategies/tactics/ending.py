"""The end of a slice: what rests is pulled, and what is left is crossed while there is time."""

from collections.abc import Sequence
from typing import Final

from engine.kernel.clock import Instant, Span
from engine.kernel.money import ZERO
from engine.orders.strategy import Look, Move, Pull, Want
from strategies.tactics.cross import crossing

TRIES_MAX: Final = 40
"""Orders that a patient tactic sends in one slice. The gate stops a slice after fifty: the others are for its end."""


def turning(want: Want, before: Span) -> Instant:
    """When waiting is over: so long before the slice ends."""
    return Instant(want.until - before)


def ending(want: Want, before: Span) -> Sequence[Move] | None:
    """Pull what rests, then cross what is left; `None` while there is still time to wait."""
    if want.at < turning(want, before):
        return None
    if want.resting is not None:
        return (Pull(),)
    return crossing(want) if want.quantity > ZERO else ()


def looking(want: Want, every: Span, before: Span) -> Look:
    """So soon again, and no later than when waiting is over."""
    return Look(min(Instant(want.at + every), turning(want, before)))
