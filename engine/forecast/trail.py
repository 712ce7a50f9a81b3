"""What one leg leaves on the chain, foretold or out of a journal: deposits to venues, and sales that use them up."""

from collections import deque
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Final

from msgspec import Struct

from engine.kernel.clock import MINUTE, Instant
from engine.kernel.ids import VenueName
from engine.kernel.money import ZERO

AT_ONCE: Final = MINUTE
"""Far less than a block of bitcoin takes: within it nobody tells one moment from another."""


class Deposit(Struct, frozen=True):
    """So much coin that anybody can see go to a venue."""

    venue: VenueName
    at: Instant
    """When it left custody; in a forecast, when it is asked for."""
    quantity: Decimal


class Sale(Struct, frozen=True):
    """So much that was sold there."""

    venue: VenueName
    at: Instant
    quantity: Decimal


class Trail(Struct, frozen=True, kw_only=True):
    """Deposits and sales of one leg, each in the order of time."""

    whole: Decimal
    """All that is to be sold."""
    there: Mapping[VenueName, Decimal]
    """What lay at the venues before; it counts as sold first."""
    deposits: tuple[Deposit, ...]
    sales: tuple[Sale, ...]


def waits(trail: Trail) -> Iterator[tuple[Decimal, int]]:
    """Coins of deposits that were sold, and how long each lay at its venue, in nanoseconds: first in, first sold."""
    for venue in dict.fromkeys(each.venue for each in trail.deposits):
        queue = deque((each.at, each.quantity) for each in trail.deposits if each.venue == venue)
        before = trail.there.get(venue, ZERO)
        for sale in (each for each in trail.sales if each.venue == venue):
            old = min(before, sale.quantity)
            before, left = before - old, sale.quantity - old
            while left and queue and queue[0][0] <= sale.at:
                at, units = queue.popleft()
                sold = min(units, left)
                yield sold, sale.at - at
                left -= sold
                if units > sold:
                    queue.appendleft((at, units - sold))


def moments(trail: Trail) -> list[list[Deposit]]:
    """Deposits that a watcher sees at once: those within `AT_ONCE` of the first of them, in the order of time."""
    found: list[list[Deposit]] = []
    for each in sorted(trail.deposits, key=lambda deposit: deposit.at):
        if found and each.at - found[-1][0].at <= AT_ONCE:
            found[-1].append(each)
        else:
            found.append([each])
    return found


def peak(trail: Trail) -> tuple[Decimal, Instant]:
    """The most unsold coin that stands at all venues at once after a deposit, and when; a trail has to have one."""
    moves = sorted(
        [(each.at, 0, each.quantity) for each in trail.deposits]
        + [(each.at, 1, -each.quantity) for each in trail.sales]
    )
    now, most, when = sum(trail.there.values(), ZERO), ZERO, trail.deposits[0].at
    for at, _, units in moves:
        now += units
        if units > 0 and now > most:
            most, when = now, at
    return most, when
