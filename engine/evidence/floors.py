"""Floors as a run met them: every version, every stretch in which one blocked, and whether what was sold kept it.

What an order was held against stands in its approval, as the gate saw it at that moment. So a sale of the morning is
judged by the floor of the morning, whatever it was in the evening.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from engine.events import FloorSet
from engine.kernel.clock import Instant
from engine.kernel.ids import LegId
from engine.kernel.money import BP, ZERO, ratio, times, total, trimmed
from engine.mandate.floors import percent
from engine.mandate.terms import FloorFees, FloorScope
from engine.orders import commands as c

SET: Final = "floor set"
UNSET: Final = "no floor could be set"
BLOCKED: Final = "floor blocks"
CLEARED: Final = "floor is paid again"


class FloorStretch(Struct, frozen=True):
    """From when until when no venue paid a leg's floor."""

    began: c.FloorBlocked
    ended: Instant | None = None
    """`None` where it went on until the leg was over, or still goes on."""


class FloorNotes:
    """All that rows say of floors, gathered one by one."""

    def __init__(self) -> None:
        self.sets: list[FloorSet] = []
        self.stretches: list[FloorStretch] = []

    def take(self, entry: FloorSet | c.FloorBlocked | c.FloorCleared) -> tuple[Instant, str, str]:
        """When, what, and the detail, for the timeline."""
        match entry:
            case FloorSet():
                self.sets.append(entry)
            case c.FloorBlocked():
                self.stretches.append(FloorStretch(entry))
            case c.FloorCleared():
                last = next(i for i in reversed(range(len(self.stretches))) if self.stretches[i].began.leg == entry.leg)
                self.stretches[last] = replace(self.stretches[last], ended=entry.at)
        return entry.at, *told(entry)


def told(entry: FloorSet | c.FloorBlocked | c.FloorCleared) -> tuple[str, str]:
    """What happened, and the detail."""
    match entry:
        case FloorSet():
            return SET if entry.version is not None else UNSET, version_in_words(entry)
        case c.FloorBlocked():
            bid = f"; the best bid is {trimmed(entry.bid)}" if entry.bid is not None else ""
            return BLOCKED, f"leg {entry.leg}: {entry.floor}{bid}"
        case c.FloorCleared():
            return CLEARED, f"leg {entry.leg}: {trimmed(entry.bid)} is bid, and {trimmed(entry.wanted)} is wanted"


def version_in_words(entry: FloorSet) -> str:
    """`BTC, version 3 of 2026-05-02: 62,450 USDT, 95 % of 65,736.84 over 20 days, digest …`."""
    made = entry.version
    if made is None:
        return f"{entry.asset}, {entry.day}: {entry.lack}"
    missing = f", {len(made.missing)} missing" if made.missing else ""
    average = f"{percent(made.share)} of {trimmed(made.average)} over {len(made.days)} days{missing}"
    name = f"{entry.asset}, version {made.number} of {made.day}"
    return f"{name}: {trimmed(made.price)} {made.currency}, {average}; digest {made.digest[:16]}"


class HeldSale(Struct, frozen=True):
    """One execution, and the bound of the gate under which its order went; `None` without a floor."""

    quantity: Decimal
    price: Decimal
    fee: Decimal
    """In the asset bought."""
    slice: int
    bound: Decimal | None


class FairPrice(Struct, frozen=True, kw_only=True):
    """Whether what a leg sold kept the floor, each sale against the floor that it was sent under."""

    kept: bool
    worst_bp: Decimal
    """How far the worst fill, slice or the whole lies above its floor; below zero is under it."""
    sales: int
    judged: int
    """Fills, slices, or 1."""


def fair_price(sales: Sequence[HeldSale], scope: FloorScope, fees: FloorFees) -> FairPrice | None:
    """The statement on one leg; `None` where nothing was sold under a floor."""
    held = [sale for sale in sales if sale.bound is not None]
    if not held:
        return None
    groups: dict[int, list[HeldSale]] = {}
    for number, sale in enumerate(held):
        key = {FloorScope.FILL: number, FloorScope.SLICE: sale.slice, FloorScope.AVERAGE: 0}[scope]
        groups.setdefault(key, []).append(sale)
    found = [_above(group, fees) for group in groups.values()]
    worst = min(bp for _, bp in found)
    return FairPrice(kept=all(over >= 0 for over, _ in found), worst_bp=worst, sales=len(held), judged=len(groups))


def _above(group: Sequence[HeldSale], fees: FloorFees) -> tuple[Decimal, Decimal]:
    """What a group brought beyond its floors, in money and in basis points of them."""
    kept = total(sale.fee for sale in group) if fees is FloorFees.IN else ZERO
    brought = total(times(sale.quantity, sale.price) for sale in group) - kept
    wanted = total(times(sale.quantity, sale.bound) for sale in group if sale.bound is not None)
    return brought - wanted, ratio(times(brought - wanted, BP), wanted, 2)


def of_leg(stretches: Sequence[FloorStretch], leg: LegId) -> list[FloorStretch]:
    """Those of one leg."""
    return [stretch for stretch in stretches if stretch.began.leg == leg]
