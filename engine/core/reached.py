"""Which caps leave a leg no room, and when they will: what is asked where it is told, waited for or given up."""

from collections.abc import Iterator
from decimal import Decimal

from engine.core import caps
from engine.core.state import State
from engine.core.world import lowest_price, reference_of, room, view_of
from engine.kernel.clock import Instant
from engine.kernel.ids import ClientOrderId
from engine.kernel.money import times
from engine.market.instrument import Instrument
from engine.market.reference import NoReference
from engine.planning.plan import LegPlan
from engine.risk.caps import TOTAL_CAP, Cap, dearest


def full(state: State, plan: LegPlan, instrument: Instrument) -> list[tuple[Cap, Instant | None]]:
    """The caps that leave no room for the smallest order there, each with when it will; `None` where nobody can say.

    What another live order holds comes free when its fate is known.
    """
    if state.limits.caps is None:
        return []
    resting = state.legs[plan.id].live.get(instrument.venue)
    whole, here = caps.caps(state, plan, instrument.venue, resting)
    if not whole and not here:
        return []
    needed = _needed(state, plan, instrument, resting)
    return [
        (cap, caps.reopens(state, plan, where, cap, needed))
        for where, found in ((caps.EVERYWHERE, whole), (instrument.venue, here))
        for cap in found
        if cap.room < needed
    ]


def spent(state: State, plan: LegPlan) -> bool:
    """Does the cap on all that is sold leave nothing that any venue would take?"""
    found = [[cap.name for cap, _ in full(state, plan, instrument)] for instrument in plan.instruments]
    return bool(found) and all(TOTAL_CAP in names for names in found)


def wakes(state: State, plan: LegPlan) -> Iterator[Instant]:
    """When a venue of the leg, where caps leave no room now, will have it again."""
    if state.limits.caps is None:
        return
    for instrument in plan.instruments:
        found = full(state, plan, instrument)
        opens = [at for _, at in found if at is not None]
        if opens and len(opens) == len(found):
            yield max(opens)


def _needed(state: State, plan: LegPlan, instrument: Instrument, resting: ClientOrderId | None) -> Decimal:
    """What the smallest order that the leg would send there counts at.

    It is as large as the lowest limit makes it, and counts at the highest price: were it told by one price, there
    would be room by this word and none for the order, and nobody would wake for it.
    """
    ref, view = reference_of(state, plan, instrument), view_of(state, instrument)
    lowest = None if isinstance(ref, NoReference) else lowest_price(state, plan, instrument, ref.price)
    if isinstance(ref, NoReference) or lowest is None or view is None:
        return instrument.notional_min
    order = state.live.get(resting) if resting is not None else None
    smallest = max(instrument.smallest(lowest), room(state, plan, instrument, ref.price, order).worth)
    return max(instrument.notional_min, times(smallest, dearest(ref.price, view.bids, state.limits.collar_bp)))
