"""One leg's decision, by the book: schedule, tactic, router, gate.

Every venue is asked by itself what it could take now. Where several could, the router divides what is lacking among
them, and each order is made to fit once more with what the ones before it have left.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from engine.core import caps, conditions, settling
from engine.core.outlets import outlet
from engine.core.state import State
from engine.core.world import (
    basket_minute,
    feeding,
    lowest_price,
    minute,
    out_of_hours,
    reference_of,
    room,
    schedule_of,
    stopped,
    view_of,
    world_of,
)
from engine.kernel.clock import MINUTE, Instant, Span
from engine.kernel.ids import VenueName, client_order_id, order_name
from engine.kernel.money import ZERO, down_to, ratio, times
from engine.market.instrument import Instrument
from engine.market.reference import NoReference
from engine.orders import commands as c
from engine.orders.leg import Leg
from engine.orders.order import Approved, ChildOrder, TimeInForce
from engine.orders.reason import Reason
from engine.orders.strategy import Fees, Look, Post, Progress, Pull, Schedule, Tactic, Want
from engine.planning import pursue
from engine.planning.plan import LegPlan
from engine.risk import depth, gate
from engine.routing import crumbs, router
from engine.routing.router import Asked, Share

FLOW: Final = Span(5 * MINUTE)
"""What others trade is told a tactic as the mean of so long."""
RESTING: Final = (TimeInForce.GTC, TimeInForce.POST_ONLY)


class Method(Struct, frozen=True):
    """When and how one leg is sold."""

    schedule: Schedule
    tactic: Tactic


def pursue_leg(state: State, plan: LegPlan, approved: Method, at: Instant) -> Iterator[c.Command]:
    """What the leg wants done now."""
    leg = state.legs[plan.id]
    if leg.closed or leg.total <= 0 or settling.resting_must_go(state, plan) or out_of_hours(state, plan):
        return
    method = Method(schedule_of(state, plan, approved.schedule), approved.tactic)
    able = [i for i in plan.instruments if not stopped(state, plan, i.venue)]
    wants = [want for i in able if (want := _want(state, plan, i, method.schedule, at)) is not None]
    seen = [want.instrument.venue for want in wants]
    yield from settling.pulled(state, leg, [i.venue for i in able if i.venue not in seen])
    posting, moved = [want for want in wants if _posts(method.tactic, want)], False
    for want in wants:  # what stands in a book is looked after first: it frees or keeps what others may take
        if want not in posting:
            for command in _moved(state, plan, method, want, None):
                moved = True
                yield command
    yield from _placed(state, plan, method, _again(state, plan, method, posting) if moved else posting)


def _again(state: State, plan: LegPlan, method: Method, wants: Sequence[Want]) -> list[Want]:
    """The same as of now, after orders of this very decision."""
    found = (_want(state, plan, want.instrument, method.schedule, want.at) for want in wants)
    return [want for want in found if want is not None]


def _placed(state: State, plan: LegPlan, method: Method, posting: list[Want]) -> Iterator[c.Command]:
    """Orders on several venues: what one is not allowed to take is divided among those that are left."""
    while posting:
        sent = refused = False
        for venue, share in _shares(state, plan, method, posting).items():
            (asked,) = (want for want in posting if want.instrument.venue == venue)
            posting = [want for want in posting if want is not asked]
            for want in _again(state, plan, method, [asked]) if sent else [asked]:
                fitted = replace(want, quantity=min(want.quantity, share.quantity))
                for command in _moved(state, plan, method, fitted, share.reason):
                    sent, refused = True, refused or isinstance(command, c.Withheld)
                    yield command
            if refused:
                break
        if not refused:
            yield from _looks(method.tactic, posting)  # nothing goes there, and they may want to be asked again
            return
        posting = _again(state, plan, method, posting)


def _looks(tactic: Tactic, wants: Sequence[Want]) -> Iterator[c.WakeAt]:
    for want in wants:
        yield from (c.WakeAt(move.at) for move in tactic.act(want) if isinstance(move, Look) and move.at > want.at)


def _posts(tactic: Tactic, want: Want) -> bool:
    return any(isinstance(move, Post) for move in tactic.act(want))


def _rests(tactic: Tactic, want: Want) -> bool:
    return any(isinstance(move, Post) and move.tif in RESTING for move in tactic.act(want))


def _shares(state: State, plan: LegPlan, method: Method, posting: Sequence[Want]) -> Mapping[VenueName, Share]:
    """What each venue is to take of what is lacking, in the order in which they are asked."""
    leg, working = state.legs[plan.id], state.working(plan.id)
    venues, closing = [want.instrument.venue for want in posting], not feeding(state, plan)
    seen = pursue.progress(leg, closing, posting[0].at, plan.lot, venues, posting[0].slice)
    lacking = pursue.lacking(leg, seen, method.schedule, plan.catch_up, working)
    all_of_it = closing and pursue.deficit(leg, seen, method.schedule, working) >= leg.remaining - working
    last = all_of_it or state.terms.stable(plan.sell) is not None  # nothing is worth waiting for company
    if len(posting) > 1:
        lacking = min(lacking, _shared(state, plan, posting))
    left = max(lacking, *(want.quantity for want in posting))
    if not last:
        left = _evened(state, plan, method, seen, left)
    resting = [want for want in posting if _rests(method.tactic, want)]
    crossing = [_asked(state, _shallow(state, want), want.fees.taker) for want in posting if want not in resting]
    shares = router.crossing(left, crossing, unsold=ZERO if last else None)
    left -= sum((share.quantity for share in shares.values()), ZERO)
    return {**shares, **router.resting(left, [_asked(state, want, want.fees.maker) for want in resting])}


def _evened(state: State, plan: LegPlan, method: Method, seen: Progress, left: Decimal) -> Decimal:
    """Less what would be a crumb, as far as the next slice can make that up."""
    leg, working, lots = state.legs[plan.id], state.working(plan.id), [i.lot for i in plan.instruments]
    even = crumbs.even(left, leg.remaining - working, lots)
    late = pursue.deficit(leg, seen, method.schedule, working) - even
    spare = pursue.spare(seen, method.schedule, plan.catch_up)
    return even if late <= (max(lots) if spare is None else spare) else left


def _shared(state: State, plan: LegPlan, posting: Sequence[Want]) -> Decimal:
    """What the limits on the whole leg leave: no venue may use up what another pays more for."""
    leg, most = state.legs[plan.id], ZERO
    for want in posting:
        ref = reference_of(state, plan, want.instrument)
        if not isinstance(ref, NoReference):
            most = max(most, pursue.shared(leg, room(state, plan, want.instrument, ref.price, None)))
    return most


def _shallow(state: State, want: Want) -> Want:
    """As much of it as may be taken of the bids that are shown; what is beyond is there for others."""
    most = depth.most(want.view, want.floor, TimeInForce.IOC, state.limits.depth_share_max)
    return want if most is None or most >= want.quantity else replace(want, quantity=down_to(most, want.instrument.lot))


def _asked(state: State, want: Want, fee: Decimal) -> Asked:
    there = outlet(state, want.instrument, want.view, want.floor, want.quantity)
    return Asked(replace(there, fee_rate=fee), want.view)


def _moved(state: State, plan: LegPlan, method: Method, want: Want, reason: Reason | None) -> Iterator[c.Command]:
    """What the tactic does on one venue."""
    leg, at, venue = state.legs[plan.id], want.at, want.instrument.venue
    for move in method.tactic.act(want):
        match move:
            case Post() if venue not in leg.live and leg.skipped != want.slice:
                quantity = _fitting(state, plan, want, move)
                if not want.instrument.too_small(quantity, move.price):
                    yield _judged(state, plan, want, replace(move, quantity=quantity), reason)
            case Pull() if want.resting is not None and not want.resting.cancel_wanted:
                yield c.Cancel(venue, want.instrument.symbol, want.resting.child.client_id)
            case Look(at=then) if then > at:
                yield c.WakeAt(then)
            case _:
                pass  # a tactic can only want too much


def _fitting(state: State, plan: LegPlan, want: Want, post: Post) -> Decimal:
    """What of a post the caps on notional leave room for, and the bids that it would take.

    Room is told at the reference, and it may wait above.
    """
    limits, lot = state.limits, want.instrument.lot
    bounds = list(caps.room(state, plan, want.instrument, post.price, want.view))
    bounds.append(depth.most(want.view, post.price, post.tif, limits.depth_share_max))
    most = min((post.quantity, *(down_to(bound, lot) for bound in bounds if bound is not None)))
    left = [limits.order_notional_max, limits.minute_notional_max - minute(state, plan)[0]]
    if limits.basket_minute_max is not None:
        left.append(limits.basket_minute_max - basket_minute(state, plan))
    if times(most, post.price) <= min(left):
        return most
    return max(ZERO, down_to(min(left) / post.price, lot))


def _want(state: State, plan: LegPlan, instrument: Instrument, schedule: Schedule, at: Instant) -> Want | None:
    """What the tactic is asked for on one venue; `None` while there is no price to decide by."""
    leg, view, venue = state.legs[plan.id], view_of(state, instrument), instrument.venue
    ref = reference_of(state, plan, instrument)
    if view is None or isinstance(ref, NoReference):
        return None
    lowest = lowest_price(state, plan, instrument, ref.price, schedule.slice(at))
    if lowest is None:
        return None
    name = leg.live.get(venue)
    resting = state.live.get(name) if name is not None and name not in state.taken else None
    index, capabilities = schedule.slice(at), state.opened.capabilities[venue].at(at, instrument)
    seen = pursue.progress(leg, not feeding(state, plan), at, plan.lot, [venue], index)
    space = room(state, plan, instrument, ref.price, resting)
    return Want(
        quantity=pursue.wanted(leg, seen, schedule, instrument, ref.price, lowest, plan.catch_up, space, resting),
        floor=lowest,
        at=at,
        until=min(schedule.following(at), state.deadline_of(plan)),
        view=view,
        instrument=instrument,
        resting=resting,
        fees=Fees(capabilities.maker_fee, capabilities.taker_fee),
        flow=_flow(state, leg, instrument),
        slice=index,
        met=conditions.met(state, plan, index),
        attempt=leg.tries.get(venue, 0) * len(plan.instruments) + 1 if leg.slice == index else 1,
    )


def _flow(state: State, leg: Leg, instrument: Instrument) -> Decimal:
    """What others trade of the pair a second: its share of what the leg has seen, at the pace of the last minutes."""
    there = state.flows.get((instrument.venue, instrument.symbol))
    if there is None or not leg.volume:
        return ZERO
    return times(leg.traded.pace(state.at, FLOW), ratio(there.others, leg.volume, 4))


def _judged(state: State, plan: LegPlan, want: Want, post: Post, reason: Reason | None) -> c.Place | c.Withheld:
    """Name the order and hold it against the gate."""
    instrument, venue = want.instrument, want.instrument.venue
    leg = state.legs[plan.id]
    attempt = leg.attempt + 1 if leg.slice == want.slice else 1
    emulated = post.tif is TimeInForce.IOC and not state.opened.capabilities[venue].takes(TimeInForce.IOC)
    child = ChildOrder(
        client_id=client_order_id(order_name(state.tag, plan.id, want.slice, attempt, state.epoch)),
        leg=plan.id,
        slice=want.slice,
        attempt=attempt,
        venue=venue,
        symbol=instrument.symbol,
        sell=plan.sell,
        buy=plan.buy,
        quantity=post.quantity,
        price=post.price,
        tif=TimeInForce.GTC if emulated else post.tif,
        decided_at=state.at,
        fleeting=emulated,
    )
    verdict = gate.check(child, world_of(state, plan, child))
    return c.Place(verdict, reason) if isinstance(verdict, Approved) else c.Withheld(child, verdict)
