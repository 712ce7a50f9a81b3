"""No crumbs: what a slice leaves is kept in lots that every venue of the leg takes, while nothing hurries.

A venue of fine lots takes what one of coarse lots can't. If it does so in every slice, what is left in the end is odd,
and where it is away then, nobody takes it.
"""

from collections.abc import Sequence
from decimal import Decimal

from engine.kernel.money import ZERO, down_to


def even(quantity: Decimal, left: Decimal, lots: Sequence[Decimal]) -> Decimal:
    """So much of `quantity` that what stays of `left` is whole lots of the venue that counts in the coarsest ones.

    Less by under one of those lots; what is finer than every lot stays in any case, and is not counted. What `left` has
    that is odd is in it, so that the venue of fine lots sells it first.
    """
    coarse = max(lots)
    odd = (down_to(left, min(lots)) - quantity) % coarse
    return max(ZERO, quantity - (coarse - odd) % coarse)
