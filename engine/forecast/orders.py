"""The orders that a course comes to: what is carried for being too small, what they cost in fees, what is left over.

Exact, as the venues count. One order a slice, as though each were filled at once; whoever rests or chases sends more.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Final

from msgspec import Struct

from engine.kernel.ids import VenueName
from engine.kernel.money import ZERO, down_to, times, total
from engine.market.instrument import Instrument
from engine.orders.reports import Capabilities

_WHOLE: Final = Fraction(999_999_999, 1_000_000_000)
"""Shares are floats: from here on they add up to all of it."""


class Orders(Struct, frozen=True, kw_only=True):
    """Of one course."""

    sizes: tuple[Decimal, ...]
    """In the asset sold."""
    carried: int
    """Slices whose quantity alone was too small, and went with a later one."""
    longest: int
    """So many such slices in a row."""
    fees: Decimal
    """In what is received."""
    floored: int
    """Orders for which the venue's least fee is more than its rate."""
    residue: Decimal
    """What no order could take: finer than the lot, or too little alone."""


class Outlet(Struct, frozen=True):
    """One venue of the leg, and the part of the orders that is thought to go there."""

    instrument: Instrument
    capabilities: Capabilities
    part: Fraction


def orders(
    quantity: Decimal, shares: Sequence[float], outlets: Sequence[Outlet], price: Decimal, ceiling: Decimal
) -> Orders:
    """`quantity` by `shares` of the slices, at `price`. What is too small for any venue waits for the next slice.

    `ceiling` is the most that an order may be worth by the limits: what a minimum fee would rather gather goes no
    further than that.
    """
    lot = min(outlet.instrument.lot for outlet in outlets)
    least = min(_least(outlet, price, ceiling) for outlet in outlets)
    smallest = min(outlet.instrument.smallest(price) for outlet in outlets)
    complete = sum(map(Fraction, shares)) > _WHOLE
    whole, sent, gone = down_to(quantity, lot), ZERO, Fraction(0)
    sizes, carried, waiting, longest = list[Decimal](), 0, 0, 0
    for index, share in enumerate(shares):
        gone += Fraction(share)
        last = index == len(shares) - 1
        goal = whole if last and complete else _cut(whole, gone, lot)
        lacking = goal - sent
        if lacking >= (smallest if last else least):
            if complete and whole - goal < smallest:
                goal, lacking = whole, whole - sent  # a rest that could never be sold alone joins this order
            sizes.append(lacking)
            sent, waiting = goal, 0
        elif lacking > 0:
            carried, waiting = carried + 1, waiting + 1
            longest = max(longest, waiting)
    costs = [_fee(times(size, price), outlets) for size in sizes]
    return Orders(
        sizes=tuple(sizes),
        carried=carried,
        longest=longest,
        fees=total(fee for fee, _ in costs),
        floored=sum(floored for _, floored in costs),
        residue=quantity - sent if complete else quantity - whole,
    )


def _cut(whole: Decimal, share: Fraction, lot: Decimal) -> Decimal:
    """A share of the whole, down to the lot."""
    lots = Fraction(whole) * min(share, Fraction(1)) // Fraction(lot)
    return times(Decimal(lots), lot)


def _least(outlet: Outlet, price: Decimal, ceiling: Decimal) -> Decimal:
    """The smallest order that the run would send there before it is over."""
    worth = min(outlet.capabilities.worthwhile, ceiling) / price
    return max(outlet.instrument.smallest(price), down_to(worth, outlet.instrument.lot))


def _fee(notional: Decimal, outlets: Sequence[Outlet]) -> tuple[Decimal, bool]:
    """Of an order, and whether it is a venue's least: divided by parts, or at the cheapest where those are small."""
    parts = [(outlet, notional * outlet.part.numerator / outlet.part.denominator) for outlet in outlets if outlet.part]
    if all(part >= _worth(outlet) for outlet, part in parts):
        return total(_rounded(outlet.capabilities.fee(_rounded(part))) for outlet, part in parts), False
    cheapest = min(outlets, key=lambda outlet: outlet.capabilities.fee(notional))
    fee = cheapest.capabilities.fee(notional)
    return fee, notional < cheapest.capabilities.worthwhile


def _worth(outlet: Outlet) -> Decimal:
    return max(outlet.capabilities.worthwhile, outlet.instrument.notional_min)


def _rounded(value: Decimal) -> Decimal:
    """To 8 places: parts of an order are a forecast."""
    return value.quantize(Decimal("0.00000001"))


def parts_of(weights: Mapping[VenueName, float]) -> dict[VenueName, Fraction]:
    """Weights as parts that add up to one, to the millionth; what rounding leaves goes to the largest."""
    whole = sum(weights.values())
    found = {name: Fraction(round(1_000_000 * weight / whole), 1_000_000) for name, weight in weights.items()}
    largest = max(found, key=lambda name: found[name])
    found[largest] += 1 - sum(found.values())
    return found
