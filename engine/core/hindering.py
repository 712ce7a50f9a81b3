"""What keeps a leg from selling now, in words."""

from engine.core.exposure import cover_of
from engine.core.state import State
from engine.core.world import empty, lowest_price, out_of_hours, stopped, today, view_of
from engine.kernel.money import plain
from engine.mandate.deposit import shown as cover_in_words
from engine.market.instrument import Instrument
from engine.market.reference import NoReference, reference
from engine.planning import pursue
from engine.planning.plan import LegPlan


def hindrance(state: State, plan: LegPlan) -> str:
    """What keeps a leg from selling now, in words, venue by venue; empty when it may sell somewhere."""
    found = {i.venue: _hindrance(state, plan, i) for i in plan.instruments}
    if len(found) == 1:
        return next(iter(found.values()))
    for instrument in plan.instruments:
        if not found[instrument.venue] and empty(state, plan, instrument):
            found[instrument.venue] = f"holds no {plan.sell} that it would take"
    return "; ".join(f"{venue}: {why}" for venue, why in found.items()) if all(found.values()) else ""


def _hindrance(state: State, plan: LegPlan, instrument: Instrument) -> str:
    view, leg = view_of(state, instrument), state.legs[plan.id]
    if (why := stopped(state, plan, instrument.venue) or out_of_hours(state, plan)) or view is None:
        return why or "no view of the market yet"
    ref = reference(view, state.at, state.limits.reference)
    if isinstance(ref, NoReference):
        return ref.reason
    lowest = lowest_price(state, plan, instrument, ref.price)
    if lowest is None:
        return f"no price of {plan.buy} in {plan.floor.currency if plan.floor else 'fiat'} for the floor"
    if not view.bids or view.bids[0].price < lowest:
        best = plain(view.bids[0].price) if view.bids else "none"
        return f"best bid {best} is below the lowest price allowed, {plain(lowest)}"
    rule, there = state.limits.deposit, None if plan.fed_by else cover_of(state)
    if rule is not None and there is not None and not there.reaches(rule.ratio):
        return f"the deposit: {cover_in_words(there, rule)}"
    if instrument.venue in leg.denied:
        return leg.denied[instrument.venue]
    if (quota := today(state, plan)) is not None and quota[1] - quota[0] < instrument.quantity_min:
        return f"the day's quota of {plain(quota[1])} {plan.sell} is used"
    share = pursue.participation_room(leg, plan.participation_max)
    if share is not None and share - leg.sold < instrument.quantity_min:
        return f"our share of the volume is at its cap of {plan.participation_max}"
    return ""
