"""Assets and exact numbers. Rounding has a name and a direction here, and happens nowhere else.

Quantities and prices are `Decimal`; a float is refused at the door. Products go through `times`, which raises
rather than rounds.
"""

from collections.abc import Iterable
from decimal import (
    ROUND_CEILING,
    ROUND_FLOOR,
    ROUND_HALF_EVEN,
    Context,
    Decimal,
    DivisionByZero,
    Inexact,
    InvalidOperation,
    Overflow,
)
from enum import StrEnum
from typing import Final, NewType

from msgspec import Struct

Asset = NewType("Asset", str)

EXACT: Final = Context(prec=60, traps=[Inexact, InvalidOperation, DivisionByZero, Overflow])
ZERO: Final = Decimal(0)
BP: Final = Decimal(10_000)
"""Basis points in one."""

# With these two bounds every sum of quantities fits Python's 28-digit context without rounding.
DIGITS_BEFORE_POINT: Final = 13
DIGITS_AFTER_POINT: Final = 12


class AssetClass(StrEnum):
    """What the lawful path asks of an asset: volatile becomes stable, stable becomes fiat."""

    VOLATILE = "volatile"
    STABLE = "stable"
    FIAT = "fiat"


class Amount(Struct, frozen=True, array_like=True):
    """So much of one asset. Where assets can mix (fees, postings, holdings), the number carries its name."""

    units: Decimal
    asset: Asset


def exact(text: str) -> Decimal:
    """A finite decimal within our digit bounds, or `ValueError`; `exact("1E3")` is `1000`."""
    if type(text) is not str:
        raise ValueError(f"not text: {text!r}")
    if not text.isascii() or "_" in text or text.strip() != text:  # `Decimal` reads 1_0, and digits of other scripts
        raise ValueError(f"not a decimal number: {text!r}")
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"not a decimal number: {text!r}") from None
    if not value.is_finite():
        raise ValueError(f"not a finite number: {text!r}")
    if len(value.as_tuple().digits) > EXACT.prec or (
        value and (value.adjusted() >= DIGITS_BEFORE_POINT or decimals(value) > DIGITS_AFTER_POINT)
    ):
        raise ValueError(f"more digits than are kept exactly: {text!r}")
    return Decimal(plain(value))


def plain(value: Decimal) -> str:
    """Without an exponent: what venues, CSV files and people read."""
    return format(value, "f")


def trimmed(value: Decimal) -> str:
    """`plain` without trailing zeros, for people and for wires that want the shortest form."""
    text = plain(value)
    return text.rstrip("0").rstrip(".") if "." in text else text


def decimals(value: Decimal) -> int:
    """Digits after the point that carry information: `0.10` has one."""
    exponent = value.normalize(EXACT).as_tuple().exponent
    assert isinstance(exponent, int), value
    return max(0, -exponent)


def times(left: Decimal, right: Decimal) -> Decimal:
    """The exact product; raises `decimal.Inexact` rather than round."""
    return EXACT.multiply(left, right)


def total(values: Iterable[Decimal]) -> Decimal:
    """The exact sum."""
    result = ZERO
    for value in values:
        result = EXACT.add(result, value)
    return result


def down_to(value: Decimal, step: Decimal) -> Decimal:
    """The largest multiple of `step` not above `value`: how a quantity to sell is rounded."""
    return EXACT.multiply((value / step).to_integral_value(ROUND_FLOOR), step)


def up_to(value: Decimal, step: Decimal) -> Decimal:
    """The smallest multiple of `step` not below `value`: how the limit of a sale is rounded."""
    return EXACT.multiply((value / step).to_integral_value(ROUND_CEILING), step)


def is_multiple(value: Decimal, step: Decimal) -> bool:
    """Is `value` a whole number of `step`s?"""
    return EXACT.remainder(value, step) == 0


def part(whole: Decimal, numerator: int, denominator: int, step: Decimal) -> Decimal:
    """`numerator / denominator` of `whole`, rounded down to `step`. Exact in between."""
    scaled = EXACT.multiply(whole, Decimal(numerator))
    steps = EXACT.divide_int(scaled, EXACT.multiply(step, Decimal(denominator)))
    return EXACT.multiply(steps, step)


def ratio(numerator: Decimal, denominator: Decimal, places: int) -> Decimal:
    """A statistic (an average price, a share) rounded half-even to `places`; never a quantity that is moved."""
    return (numerator / denominator).quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN)
