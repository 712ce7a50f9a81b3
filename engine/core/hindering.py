"""What keeps a leg from selling now, in words."""

from decimal import Decimal

from engine.core import caps, conditions, floors, footing, reached
from engine.core.exposure import cover_of
from engine.core.state import State
from engine.core.world import (
    empty,
    fiat_view,
    guarded,
    leg_stopped,
    lowest_price,
    out_of_hours,
    reference_of,
    stopped,
    today,
    view_of,
)
from engine.kernel.clock import SECOND, Span, iso, show_span
from engine.kernel.money import plain, ratio, times, trimmed
from engine.mandate.deposit import shown as cover_in_words
from engine.market.instrument import Instrument
from engine.market.reference import NoReference
from engine.market.view import MarketView
from engine.orders.order import TimeInForce
from engine.planning import pursue
from engine.planning.plan import LegPlan
from engine.risk import depth


def hindrance(state: State, plan: LegPlan) -> str:
    """What keeps a leg from selling now, in words, venue by venue; empty when it may sell somewhere."""
    if why := guarded(state, plan) or conditions.waits(state, plan):
        return leg_stopped(state, plan) or why
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
    ref = reference_of(state, plan, instrument)
    if isinstance(ref, NoReference):
        return ref.reason
    lowest = lowest_price(state, plan, instrument, ref.price)
    if lowest is None:
        now = floors.bottom(state, plan)
        if now is not None and now.lack:
            return f"{floors.in_words(now)}{since(state, plan)}"
        return f"no price of {plan.buy} in {plan.floor.currency if plan.floor else 'fiat'} for the floor"
    if view.bids and (below := below_floor(state, plan, instrument)):
        return below
    if not view.bids or view.bids[0].price < lowest:
        best = plain(view.bids[0].price) if view.bids else "none"
        return f"best bid {best} is below the lowest price allowed, {plain(lowest)}"
    rule, there = state.limits.deposit, None if plan.fed_by else cover_of(state)
    if rule is not None and there is not None and not there.reaches(rule.ratio):
        return f"the deposit: {cover_in_words(there, rule)}"
    if full := reached.full(state, plan, instrument):
        return "; ".join(caps.in_words(state, plan, cap, opens) for cap, opens in full)
    if shallow := _shallow(state, instrument, view, lowest):
        return shallow
    if instrument.venue in leg.denied:
        return leg.denied[instrument.venue]
    if (quota := today(state, plan)) is not None and quota[1] - quota[0] < instrument.quantity_min:
        return f"the day's quota of {plain(quota[1])} {plan.sell} is used"
    share = pursue.participation_room(footing.others(state, plan), plan.participation_max)
    if share is not None and share - leg.sold < instrument.quantity_min:
        return f"our share of the volume is at its cap of {plan.participation_max}"
    return _footprint(state, plan, instrument)


def _shallow(state: State, instrument: Instrument, view: MarketView, lowest: Decimal) -> str:
    """The share of the bids that one order may take, where the venue would take no order as small; else empty."""
    share = state.limits.depth_share_max
    most = depth.most(view, lowest, TimeInForce.IOC, share)
    if share is None or most is None or not instrument.too_small(instrument.sellable(most), lowest):
        return ""
    there = f"{trimmed(view.bid_depth(lowest))} {instrument.base} bid at {trimmed(lowest)} or above"
    return f"{trimmed(share * 100)}% of the {there} is below the venue's minimum"


def _footprint(state: State, plan: LegPlan, instrument: Instrument) -> str:
    """Which of our shares of what is traded leaves no room, resting orders put aside."""
    resting = state.legs[plan.id].live.get(instrument.venue)
    found = footing.footings(state, plan, instrument.venue, resting)
    full = [limit for limit in found if limit.room is not None and limit.room < instrument.quantity_min]
    return "; ".join(
        f"our share of what counts of the {limit.scope} per {limit.span} is at its cap of {trimmed(limit.share * 100)}%"
        for limit in full
    )


def below_floor(state: State, plan: LegPlan, instrument: Instrument) -> str:
    """How far the venue pays less than the floor wants, and since when none pays it; empty where that is not so.

    The book counts as it was last shown: between two decisions nobody looks.
    """
    now, view = floors.bottom(state, plan), view_of(state, instrument)
    if now is None or view is None or not view.live or not view.bids:
        return ""
    if now.lack:
        return f"{floors.in_words(now)}{since(state, plan)}"
    fiat = fiat_view(state, plan, instrument.venue)
    wanted, best = floors.lowest_limit(state, plan, instrument, fiat), view.bids[0].price
    if wanted is None or best >= wanted:
        return ""
    far = ratio(times(wanted - best, Decimal(100)), best, 2)
    here = "" if wanted == now.price else f", here {trimmed(wanted)} {instrument.quote},"
    return f"{floors.in_words(now)}{here} is {trimmed(far)} % above the best bid {trimmed(best)}{since(state, plan)}"


def since(state: State, plan: LegPlan) -> str:
    """From when on no venue has paid the floor; empty where that is not on record."""
    block = floors.standing_block(state, plan.id)
    if block is None:
        return ""
    lasted = show_span(Span((state.at - block.since) // SECOND * SECOND))
    return f", since {iso(block.since)[:16].replace('T', ' ')} UTC ({lasted})"
