"""From the schedule to what a leg should have in the market now. It can only ask; the gate decides."""

from collections.abc import Iterable
from decimal import Decimal

from msgspec import Struct

from engine.kernel.clock import Instant
from engine.kernel.ids import VenueName
from engine.kernel.money import ZERO, times
from engine.market.instrument import Instrument
from engine.orders.leg import Leg
from engine.orders.order import Order
from engine.orders.strategy import Progress, Schedule


class Room(Struct, frozen=True, kw_only=True):
    """How much each limit leaves for one more order, each `None` where there is no such limit."""

    participation: Decimal | None
    """Of the whole leg, what is sold included."""
    inventory: Decimal | None
    """In the asset sold, at the price of the moment."""
    minute: Decimal
    footprint: Decimal | None = None
    """Of the venue and the market, what our shares leave, what works elsewhere included."""
    today: Decimal | None = None
    """Of the leg, what the day's quota leaves, what works included."""
    cap: Decimal | None = None
    """Of all venues together, what the caps per hour, per day and in all leave, what works included."""
    venue_cap: Decimal | None = None
    """Of the venue, likewise."""
    order: Decimal
    account: Decimal
    """What stands at the venue and no other order may take."""
    elsewhere: Decimal
    """What other orders of the leg may still sell, unknown ones included."""
    worth: Decimal
    """Below this the venue's minimum fee costs more than its rate; waiting for company is cheaper."""


def progress(
    leg: Leg, closing: bool, at: Instant, lot: Decimal, venues: Iterable[VenueName], index: int = -1
) -> Progress:
    """What a schedule may see of a leg, as far as it lies on `venues`, in the slice `index`."""
    before = leg.slice_before if leg.slice == index else leg.sold
    oldest = min((age for venue in venues if (age := leg.oldest(venue)) is not None), default=None)
    return Progress(leg.total, leg.sold, closing, oldest, at, lot, traded=leg.traded, before=before)


def participation_room(others: Decimal, share_max: Decimal | None) -> Decimal | None:
    """How much the leg may have sold in all, if `others`' volume so far is to keep us under our share."""
    if share_max is None:
        return None
    return times(share_max, others) / (1 - share_max)


def wanted(
    leg: Leg,
    seen: Progress,
    schedule: Schedule,
    instrument: Instrument,
    price: Decimal,
    least: Decimal,
    catch_up: Decimal,
    room: Room,
    resting: Order | None,
) -> Decimal:
    """The deficit of the schedule, capped; in whole lots, or nothing when it is below the venue's minimum.

    What is below a minimum is carried over to the next slice. A remainder that could never be sold alone joins this
    order instead, where the leg will receive nothing more.
    """
    lacking = deficit(leg, seen, schedule, room.elsewhere)
    hard = min(_hard_bounds(leg, instrument, price, room))
    smallest = max(instrument.smallest(least), room.worth)
    quantity = instrument.sellable(
        min(lacking, hard, _catch_up(leg, seen, schedule, catch_up, resting, hard, smallest))
    )
    if instrument.too_small(quantity, least):
        return ZERO
    left = min(leg.remaining - room.elsewhere, room.account)
    last = seen.closing and lacking >= leg.remaining - room.elsewhere
    if quantity < room.worth and not last:
        return ZERO
    rest = instrument.sellable(left) - quantity
    stranded = seen.closing and rest > 0 and instrument.too_small(rest, least)
    return quantity + rest if stranded and quantity + rest <= hard else quantity


def lacking(leg: Leg, seen: Progress, schedule: Schedule, catch_up: Decimal, working: Decimal) -> Decimal:
    """The deficit of the schedule on all venues together, no faster than `catch_up` allows; not yet in lots."""
    behind = deficit(leg, seen, schedule, working)
    return min(behind, _catch_up(leg, seen, schedule, catch_up, None, behind, seen.lot))


def deficit(leg: Leg, seen: Progress, schedule: Schedule, working: Decimal) -> Decimal:
    """What should have been sold by now and neither is nor works."""
    return max(ZERO, min(schedule.target(seen), leg.total) - leg.sold - working)


def spare(seen: Progress, schedule: Schedule, catch_up: Decimal) -> Decimal | None:
    """How much of a slice can be made up in a next one of the same size; `None` where nothing bounds that."""
    step = schedule.step(seen)
    return None if step is None else times(catch_up - 1, step)


def shared(leg: Leg, room: Room) -> Decimal:
    """What the limits on the whole leg leave, wherever it is sold."""
    bounds = [room.minute]
    if room.participation is not None:
        bounds.append(room.participation - leg.sold - room.elsewhere)
    if room.inventory is not None:
        bounds.append(room.inventory)
    if room.today is not None:
        bounds.append(room.today - room.elsewhere)
    if room.cap is not None:
        bounds.append(room.cap)
    return max(ZERO, min(bounds))


def _hard_bounds(leg: Leg, instrument: Instrument, price: Decimal, room: Room) -> list[Decimal]:
    """What no order may exceed, whatever the schedule wants."""
    bounds = [room.order, instrument.largest(price), room.account, shared(leg, room)]
    return bounds + [bound for bound in (room.footprint, room.venue_cap) if bound is not None]


def _catch_up(
    leg: Leg,
    seen: Progress,
    schedule: Schedule,
    factor: Decimal,
    resting: Order | None,
    otherwise: Decimal,
    smallest: Decimal,
) -> Decimal:
    """So many times the slice's plan, less what the slice has used; what rests now may be replaced by this order."""
    step = schedule.step(seen)
    if step is None:
        return otherwise
    same = leg.slice == schedule.slice(seen.at)
    used = leg.slice_used - (resting.committed if resting else ZERO) if same else ZERO
    return max(ZERO, max(times(factor, step), smallest) - used)


def residue(rest: Decimal, instrument: Instrument, price: Decimal | None) -> str | None:
    """Why `rest` can never be sold there, or `None` when it can: finer than a lot, or below a minimum."""
    if rest <= 0:
        return ""
    if rest < instrument.lot:
        return f"finer than the venue's lot of {instrument.lot} {instrument.base}"
    lots = instrument.sellable(rest)
    if lots < instrument.quantity_min:
        return f"below the venue's minimum quantity of {instrument.quantity_min} {instrument.base}"
    if price is not None and times(lots, price) < instrument.notional_min:
        return f"below the venue's minimum notional of {instrument.notional_min} {instrument.quote}"
    return None
