"""When coin leaves custody: only what the next slices need, only while the deposit covers it, one tranche at a time."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Final

from msgspec.structs import replace

from engine.core import reached
from engine.core.exposure import exposed, prices
from engine.core.state import State
from engine.core.world import guarded, leg_stopped, schedule_of, venue_stopped
from engine.kernel.clock import HOUR, SECOND, Span
from engine.kernel.ids import LegId
from engine.kernel.money import ZERO, down_to, times, up_to
from engine.ledger import accounts
from engine.mandate.assets import KNOWN
from engine.mandate.custody import CustodyPlan, room_for, tranche_wanted
from engine.mandate.deposit import Unpriced, release_room, worth
from engine.market.instrument import Instrument
from engine.orders import commands as c
from engine.orders.strategy import Schedule
from engine.orders.tranche import Tranche, tranche_id
from engine.planning import pursue
from engine.planning.plan import LegPlan

LOOK_EVERY: Final = Span(5 * SECOND)
"""Monotonic time between two questions to the custodian."""
AGAIN: Final = HOUR
"""After a tranche was turned down, market time until another is asked for."""


def questions(state: State) -> Iterator[c.AskTranche | c.LookTranche]:
    """What is owed to the custodian: requests whose answer was lost, and how far the others are.

    Where nothing may leave any more, a request whose answer was lost is only looked for.
    """
    for shipment in list(state.shipments.values()):
        if shipment.asking:
            continue
        if shipment.unheard and not _kept_back(state, shipment.tranche):
            yield c.AskTranche(shipment.tranche, LOOK_EVERY)
        elif not (shipment.unheard and shipment.looked):
            yield c.LookTranche(shipment.tranche.id, LOOK_EVERY)


def _kept_back(state: State, tranche: Tranche) -> bool:
    """May no coin leave for it any more?"""
    plan = next(plan for plan in state.plan.legs if plan.sell == tranche.asset)
    over = state.stopped or leg_stopped(state, plan) or venue_stopped(state, tranche.venue)
    return bool(over) or state.at >= state.deadline_of(plan) or tranche.venue not in state.terms.venues


def releases(state: State, schedules: Mapping[LegId, Schedule]) -> Iterator[c.AskTranche]:
    """Tranches that are wanted now."""
    custody = state.opened.custody
    if custody is None:
        return
    for plan in state.plan.legs:
        kept = state.stopped or leg_stopped(state, plan) or guarded(state, plan)
        if plan.sell in custody.holdings and not kept:
            yield from _of_leg(state, custody, plan, schedules[plan.id])


def _of_leg(state: State, custody: CustodyPlan, plan: LegPlan, schedule: Schedule) -> Iterator[c.AskTranche]:
    leg = state.legs[plan.id]
    if leg.closed or state.at >= state.deadline_of(plan) or reached.spent(state, plan):
        return
    places = [i for i in plan.instruments if not venue_stopped(state, i.venue) and i.venue in state.terms.venues]
    needed = _needed(state, custody, plan, schedule)
    for instrument in places:
        share = up_to(needed / len(places), plan.lot)
        units = _wanted(state, custody, plan, instrument, share)
        if units > 0:
            number = tranche_id(state.tag, instrument.venue, state.shipped + 1)
            yield c.AskTranche(
                Tranche(
                    id=number,
                    asset=plan.sell,
                    quantity=units,
                    venue=instrument.venue,
                    account=custody.account,
                    asked_at=state.at,
                )
            )


def _needed(state: State, custody: CustodyPlan, plan: LegPlan, schedule: Schedule) -> Decimal:
    """What the next slices will sell: from what is sold by now to where the schedule wants to be by then.

    Slice by slice, each as though the one before had sold what it should. A schedule that does not know what the next
    will bring, since it follows others, is counted at what it plans for one.
    """
    now, leg = schedule_of(state, plan, schedule), state.legs[plan.id]
    seen = pursue.progress(leg, True, state.at, plan.lot, (), now.slice(state.at))
    wanted = max(leg.sold, now.target(seen))
    for _ in range(custody.slices_ahead):
        seen = replace(seen, at=now.following(seen.at), sold=wanted, before=wanted)
        there = now.target(seen)
        wanted = there if there > wanted else wanted + (now.step(seen) or ZERO)
    return max(ZERO, min(wanted, leg.total) - leg.sold)


def _wanted(state: State, custody: CustodyPlan, plan: LegPlan, instrument: Instrument, needed: Decimal) -> Decimal:
    venue, asset = instrument.venue, plan.sell
    moving = [s.tranche for s in state.shipments.values() if (s.tranche.venue, s.tranche.asset) == (venue, asset)]
    refused = state.turned_down.get((venue, asset))
    if moving or (refused is not None and state.at < refused + AGAIN):
        return ZERO
    asked = (s.tranche.quantity for s in state.shipments.values() if s.tranche.asset == asset and not s.sent)
    there = state.ledger.of(accounts.CUSTODY, asset) - sum(asked, ZERO)
    unit = KNOWN[asset].unit
    return tranche_wanted(
        needed_next=needed,
        at_venue=down_to(state.ledger.of(accounts.venue(venue), asset), unit),
        in_transit=ZERO,
        in_custody=there,
        released_left=there,
        unit=unit,
        minimum=custody.minimum.get(asset, ZERO),
        exposure_room=_exposure_room(state, custody, instrument, unit),
        cover_room=_cover_room(state, plan, unit),
    )


def _exposure_room(state: State, custody: CustodyPlan, instrument: Instrument, unit: Decimal) -> Decimal | None:
    """What the ceiling of the venue leaves; nothing where a price is missing."""
    most = custody.exposure_max.get(instrument.venue)
    if most is None:
        return None
    at_market, value = prices(state), ZERO
    coming = [s.tranche for s in state.shipments.values() if s.tranche.venue == instrument.venue]
    there = [*state.ledger.assets(accounts.venue(instrument.venue)).items(), *((t.asset, t.quantity) for t in coming)]
    for asset, units in there:
        if units and asset not in at_market:
            return ZERO
        value += times(units, at_market.get(asset, ZERO))
    return room_for(most - value, at_market.get(instrument.base, ZERO), unit)


def _cover_room(state: State, plan: LegPlan, unit: Decimal) -> Decimal | None:
    """What the deposit still covers, at the rule's own prices; what was asked for counts as outside already."""
    rule = state.limits.deposit
    if rule is None:
        return None
    market, outside = prices(state), exposed(state)
    for shipment in state.shipments.values():
        if not shipment.sent:
            outside[shipment.tranche.asset] = outside.get(shipment.tranche.asset, ZERO) + shipment.tranche.quantity
    left = release_room(state.case.deposit, rule, outside, market)
    return ZERO if isinstance(left, Unpriced) else room_for(left, worth(rule, plan.sell, market) or ZERO, unit)
