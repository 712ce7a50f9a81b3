"""Cutting a whole into parts: exactly, by weights; and what irregular cutting costs."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from math import sqrt

from msgspec import Struct

from engine.kernel.money import BP, EXACT, is_multiple


def largest_remainder(quantity: Decimal, weights: Sequence[int | Decimal], lot: Decimal) -> tuple[Decimal, ...]:
    """`quantity` in whole lots by `weights`, to the last lot: each share is rounded down, and the lots that are left go
    to the largest fractions, of equal ones to the earlier. No part is a lot or more away from its exact share.

    Exact, and so takes no floats. `ValueError` where the quantity is not in whole lots, or no weight is above zero.
    """
    if lot <= 0 or quantity < 0 or not is_multiple(quantity, lot):
        raise ValueError(f"{quantity} is no whole number of lots of {lot}")
    shares = [Fraction(weight) for weight in weights]
    if not shares or min(shares) < 0 or not any(shares):
        raise ValueError("weights can't be below zero, and one has to be above it")
    lots, whole = int(EXACT.divide_int(quantity, lot)), sum(shares)
    exact = [share * lots / whole for share in shares]
    floors = [int(part) for part in exact]
    by_fraction = sorted(range(len(exact)), key=lambda i: floors[i] - exact[i])  # stable: ties to the earlier
    for index in by_fraction[: lots - sum(floors)]:
        floors[index] += 1
    return tuple(EXACT.multiply(Decimal(part), lot) for part in floors)


class Irregularity(Struct, frozen=True):
    """What random sizes and times do to an equal slicing."""

    size_deviation: float
    """Of one slice's share of the whole, one standard deviation."""
    timing_deviation_bp: float
    """Of the average price against the regular schedule's, one standard deviation, in basis points of the price."""


def jitter(slices: int, concentration: float, sigma: float, half_window: float) -> Irregularity:
    """Sizes drawn from a Dirichlet law of `concentration`, times uniformly within `half_window` either way.

    `sigma` is a fraction of the price a root of the unit in which `half_window` is told. Slices are taken to be
    independent. `ValueError` without a slice, or for what is below zero.
    """
    if slices < 1 or concentration <= 0 or sigma < 0 or half_window < 0:
        raise ValueError(f"no slicing: {slices} slices, {concentration}, {sigma}, {half_window}")
    return Irregularity(
        size_deviation=sqrt(slices - 1) / (slices * sqrt(slices * concentration + 1)),
        timing_deviation_bp=float(BP) * sigma * sqrt(half_window / (2 * slices)),  # a shift is d / 2 on average
    )
