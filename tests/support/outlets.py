"""Several venues' books for specifications of the router, and the plainest possible reading of what they pay."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import product
from random import Random

from engine.kernel.ids import VenueName
from engine.kernel.money import ZERO
from engine.market.facts import Level
from engine.routing.curve import Outlet

TICKS = ("0.01", "0.1", "0.5", "1")
LOTS = ("0.00001", "0.0001", "0.0001", "0.001", "0.01", "0.0025", "0.0003")
ODD = ("0.03", "0.05", "0.07", "0.011", "0.013")
"""None divides another, and together they come out even only in large numbers."""
RATES = ("0", "0.0005", "0.001", "0.002", "0.0029")
FLOORS = ("0", "0", "0.5", "1.99")


def outlet(
    venue: str,
    *bids: tuple[str, str],
    lowest: str = "1",
    room: str = "1000",
    lot: str = "0.01",
    least: str = "0",
    notional: str = "0",
    rate: str = "0",
    fee_min: str = "0",
    shunned: bool = False,
) -> Outlet:
    """A venue that takes anything in hundredths, for nothing, down to 1, unless it is said otherwise."""
    return Outlet(
        venue=VenueName(venue),
        bids=tuple(Level(Decimal(price), Decimal(size)) for price, size in bids),
        lowest=Decimal(lowest),
        room=Decimal(room),
        lot=Decimal(lot),
        quantity_min=Decimal(least),
        notional_min=Decimal(notional),
        fee_rate=Decimal(rate),
        fee_min=Decimal(fee_min),
        shunned=shunned,
    )


def markets(seed: int, count: int, lots: Sequence[str] = LOTS) -> Iterator[tuple[Decimal, list[Outlet]]]:
    """So many quantities with two to five venues: of different ticks, lots, fees, minima and rooms; some are empty."""
    chance = Random(seed)
    for _ in range(count):
        venues = [_venue(chance, name, lots) for name in "abcde"[: chance.randint(2, 5)]]
        yield Decimal(chance.randint(1, 1_000_000)) / 100_000, venues


def _venue(chance: Random, name: str, lots: Sequence[str]) -> Outlet:
    tick, lot = Decimal(chance.choice(TICKS)), Decimal(chance.choice(lots))
    price = Decimal(60_000 + chance.randint(-30, 30))
    lowest, bids = (price - chance.randint(0, 100)) // tick * tick, []
    for _ in range(chance.choice((0, *[20] * 15)) and chance.randint(1, 20)):
        bids.append(Level(price, lot * chance.randint(1, 20_000)))
        price -= tick * chance.randint(1, 40)
    return Outlet(
        venue=VenueName(name),
        bids=tuple(bids),
        lowest=lowest,
        room=Decimal(chance.randint(0, 2_000_000)) / 100_000,
        lot=lot,
        quantity_min=lot * chance.choice((1, 10, 100)),
        notional_min=Decimal(chance.choice((0, 5, 10, 100))),
        fee_rate=Decimal(chance.choice(RATES)),
        fee_min=Decimal(chance.choice(FLOORS)),
    )


def nets(venue: Outlet, quantity: Decimal) -> Decimal | None:
    """What an order there brings after its fee, read off the book; `None` where it may not be sent or finds no bids."""
    left, gross = quantity, ZERO
    for level in venue.bids:
        if left > 0 and level.price >= venue.lowest:
            part = min(left, level.size)
            left, gross = left - part, gross + part * level.price
    small = quantity < venue.quantity_min or quantity * venue.lowest < venue.notional_min
    if left or small or quantity <= 0 or quantity > venue.room or quantity % venue.lot:
        return None
    return gross - max(gross * venue.fee_rate, venue.fee_min)


def alone(venue: Outlet, quantity: Decimal) -> tuple[Decimal, Decimal]:
    """All the lots that the venue takes of it and what they bring: what one would do without a router."""
    depth = sum((level.size for level in venue.bids if level.price >= venue.lowest), ZERO)
    lots = min(quantity, venue.room, depth) // venue.lot * venue.lot
    found = nets(venue, lots)
    return (ZERO, ZERO) if found is None else (lots, found)


def brute_force(quantity: Decimal, venues: Sequence[Outlet], unsold: Decimal) -> tuple[Decimal, Decimal]:
    """The greatest worth of all allocations of lots, and the most that any allocation of that worth sells."""
    return max(
        (sum(net for _, net in chosen) + unsold * (quantity - sold), sold)
        for chosen in product(*(_orders(venue, quantity) for venue in venues))
        if (sold := sum((size for size, _ in chosen), ZERO)) <= quantity
    )


def _orders(venue: Outlet, quantity: Decimal) -> list[tuple[Decimal, Decimal]]:
    sizes = [venue.lot * lots for lots in range(1, int(quantity // venue.lot) + 1)]
    return [(ZERO, ZERO), *((size, net) for size in sizes if (net := nets(venue, size)) is not None)]
