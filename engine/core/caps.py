"""What was sold for each asset, and what its caps leave: the part of the fold that counts, and pictures of it.

Bound are legs that sell what was entrusted. Legs that pass on the stablecoin of others are not: they sell no more than
was received, and stablecoin that a cap kept from being sold would grow old.
"""

from collections.abc import Iterator
from decimal import Decimal

from engine.core.state import State
from engine.kernel.clock import Instant, Span, iso
from engine.kernel.ids import ClientOrderId, VenueName
from engine.kernel.money import ZERO, AssetClass, times, total, trimmed
from engine.market.instrument import Instrument
from engine.market.view import MarketView
from engine.planning.plan import LegPlan
from engine.risk.caps import (
    DAY_CAP,
    HOUR_CAP,
    TOTAL_CAP,
    VENUE,
    Account,
    Bounds,
    Cap,
    day_ends,
    dearest,
    fitting,
)

EVERYWHERE = VenueName("")
"""The account of all venues together."""
_NONE = Account()


def sold(state: State, plan: LegPlan, venue: VenueName, at: Instant, notional: Decimal) -> None:
    """The leg sold so much at `venue`. Changes the state: for the fold alone."""
    if state.limits.caps is None or plan.fed_by:
        return
    at, offset = min(at, state.at), offset_of(state)  # a venue whose clock is ahead moves no hour
    for where in (EVERYWHERE, venue):
        account = state.accounts.get((where, plan.buy))
        if account is None:
            account = state.accounts[where, plan.buy] = Account()
        account.sell(at, offset, notional)


def caps(
    state: State, plan: LegPlan, venue: VenueName, besides: ClientOrderId | None = None
) -> tuple[tuple[Cap, ...], tuple[Cap, ...]]:
    """Those on all venues together, and those on `venue`, as they stand without the order `besides`."""
    rules = state.limits.caps
    if rules is None or plan.fed_by:
        return (), ()
    working = _working(state, plan, besides)
    everywhere = total(working.values())
    whole = [*_of(state, plan, EVERYWHERE, rules.all, everywhere)]
    if rules.total is not None:
        whole.append(Cap(TOTAL_CAP, _in_all(state, plan), everywhere, rules.total))
    here = _of(state, plan, venue, rules.venues.get(venue, Bounds()), working.get(venue, ZERO))
    return tuple(whole), tuple(here)


def room(
    state: State,
    plan: LegPlan,
    instrument: Instrument,
    price: Decimal,
    view: MarketView | None,
    besides: ClientOrderId | None = None,
) -> tuple[Decimal | None, Decimal | None]:
    """How much more may be sold at `price`, in whole lots: on all venues together, and on the instrument's."""
    if state.limits.caps is None:
        return None, None
    unit = _unit(state, price, view)
    whole, here = (
        [fitting(cap.room, unit, instrument.lot) for cap in found]
        for found in caps(state, plan, instrument.venue, besides)
    )
    return min(whole, default=None), min(here, default=None)


def largest(
    state: State, plan: LegPlan, instrument: Instrument, price: Decimal, view: MarketView | None
) -> Decimal | None:
    """The most that one order at `price` may be while nothing is sold: more can't be gathered; `None` without a cap."""
    bounds = [cap.bound for found in caps(state, plan, instrument.venue) for cap in found]
    return fitting(min(bounds), _unit(state, price, view), instrument.lot) if bounds else None


def in_words(state: State, plan: LegPlan, cap: Cap, opens: Instant | None) -> str:
    """`day cap of 400000 USDT is reached: 399998.5 sold; resets at 2026-05-03 00:00 +08:00`."""
    done = f"{trimmed(cap.sold)} sold"
    if cap.working:
        done += f", {trimmed(cap.working)} may still be"
    if cap.name == TOTAL_CAP:
        then = f"all that {_scope(state, plan)} may sell"
    elif opens is None:
        then = "room again when it is known what became of that"
    else:
        local, offset = Instant(opens + offset_of(state)), offset_of(state)
        verb = "resets" if cap.name.endswith(DAY_CAP) else "room again"
        then = f"{verb} at {iso(local)[:16].replace('T', ' ')} {_zone(offset)}"
    return f"{cap.name} of {trimmed(cap.bound)} {plan.buy} is reached: {done}; {then}"


def offset_of(state: State) -> Span:
    """Local time less UTC: the programme's, and none without one."""
    programme = state.plan.programme
    return programme.hours.offset if programme is not None else Span(0)


def reopens(state: State, plan: LegPlan, where: VenueName, cap: Cap, needed: Decimal) -> Instant | None:
    """When a cap that leaves less than `needed` will leave so much; `None` where nobody can say."""
    if cap.name == TOTAL_CAP or cap.bound - cap.working < needed:
        return None
    if cap.name.endswith(DAY_CAP):
        return day_ends(state.at, offset_of(state))
    lacking = needed + cap.sold + cap.working - cap.bound
    return state.accounts.get((where, plan.buy), _NONE).frees(state.at, lacking)


def _unit(state: State, price: Decimal, view: MarketView | None) -> Decimal:
    return dearest(price, view.bids if view is not None else (), state.limits.collar_bp)


def _of(state: State, plan: LegPlan, where: VenueName, bounds: Bounds, working: Decimal) -> Iterator[Cap]:
    account, prefix = state.accounts.get((where, plan.buy), _NONE), VENUE if where else ""
    if bounds.hour is not None:
        yield Cap(prefix + HOUR_CAP, account.hour(state.at), working, bounds.hour)
    if bounds.day is not None:
        yield Cap(prefix + DAY_CAP, account.day(state.at, offset_of(state)), working, bounds.day)


def _in_all(state: State, plan: LegPlan) -> Decimal:
    """What the run has sold for the same asset, and earlier runs of the case as far as its book has that."""
    ours = total(
        state.legs[other.id].proceeds for other in state.plan.legs if other.buy == plan.buy and not other.fed_by
    )
    return ours + state.case.proceeds_before.get(plan.buy, ZERO) if _by_book(state, plan) else ours


def _by_book(state: State, plan: LegPlan) -> bool:
    """Does the book of the case keep what was sold for the asset? It does for money, not for stablecoin."""
    return state.terms.classes.get(plan.buy) is AssetClass.FIAT


def _scope(state: State, plan: LegPlan) -> str:
    return "the case" if _by_book(state, plan) else "the run"


def _working(state: State, plan: LegPlan, besides: ClientOrderId | None) -> dict[VenueName, Decimal]:
    """Per venue, the most that live orders of legs which are bound may still bring of the asset."""
    found: dict[VenueName, Decimal] = {}
    for name, order in state.live.items():
        child = order.child
        if child.buy == plan.buy and name != besides and not state.plan.leg(child.leg).fed_by:
            unit = order.most if order.most is not None else child.price
            found[child.venue] = found.get(child.venue, ZERO) + times(order.committed, unit)
    return found


def _zone(offset: int) -> str:
    """`+08:00`, or `UTC`."""
    minutes = abs(offset) // (60 * 10**9)
    return f"{'-' if offset < 0 else '+'}{minutes // 60:02d}:{minutes % 60:02d}" if offset else "UTC"
