"""How much coin may leave custody now: what the next slices need, and no more.

The values that cross to a custodian are in `orders.tranche`; here is the one decision about them.
"""

from collections.abc import Mapping
from decimal import Decimal

from msgspec import Struct

from engine.kernel.ids import VenueName
from engine.kernel.money import EXACT, ZERO, Asset, down_to


def tranche_wanted(
    *,
    needed_next: Decimal,
    at_venue: Decimal,
    in_transit: Decimal,
    in_custody: Decimal,
    released_left: Decimal,
    unit: Decimal,
    minimum: Decimal = ZERO,
    exposure_room: Decimal | None = None,
    cover_room: Decimal | None = None,
) -> Decimal:
    """How much to ask for, for one asset at one venue; zero when nothing is needed or there is no room.

    All in units of the asset. `needed_next` is what the next slices will sell there. `in_transit` is all that was
    asked for and has not arrived, sent or not, and `in_custody` and `released_left` are already without it.
    `released_left` is what the mandate has released and nobody has asked for yet. The rooms are what the ceiling of
    the venue's exposure and the deposit's cover leave (`None`: no such bound); see `room_for`.

    What is lacking is raised to `minimum`, so that the venue holds at most `minimum` above its need; only the last of
    what is released may be less. Where room is what leaves less than `minimum`, nothing is asked for until there is
    more. Rounded down to `unit`, the asset's smallest.
    """
    lacking = needed_next - at_venue - in_transit
    if lacking <= 0:
        return ZERO
    there = down_to(max(min(in_custody, released_left), ZERO), unit)
    wanted = min(max(lacking, minimum), there)
    room = min((room for room in (exposure_room, cover_room) if room is not None), default=wanted)
    asked = down_to(max(min(wanted, room), ZERO), unit)
    return asked if asked >= min(minimum, there) else ZERO


def room_for(value: Decimal, price: Decimal, unit: Decimal) -> Decimal:
    """How much of an asset at `price` fits into `value` of the same currency: rounded down; nothing without a price."""
    if value <= 0 or price <= 0:
        return ZERO
    return EXACT.multiply(EXACT.divide_int(value, EXACT.multiply(price, unit)), unit)


class CustodyPlan(Struct, frozen=True, kw_only=True):
    """How coin goes from the custodian to the venues during a run. Without one, all of it lies at the venues."""

    holdings: Mapping[Asset, Decimal]
    """What lies there of what the run may sell, by the custodian's statement when it began."""
    statement_sha256: str
    account: str
    """Where at a venue it is to arrive."""
    slices_ahead: int
    minimum: Mapping[Asset, Decimal] = {}
    """Per asset the least that is asked for; only the last tranche may be less."""
    exposure_max: Mapping[VenueName, Decimal] = {}
    """Per venue the most that may stand there, in the settlement currency."""
