"""What a conditional leg waits for: a row whenever its market begins to keep to the price, ceases to, or has for long.

Only those rows are state, so that a journal of months is read back quickly. A look at which nobody can be believed, and
looks too far apart, break it like a price on the wrong side; so does a new process, which can't know what it missed.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Final

from engine.core.state import NEVER, State, Watch
from engine.core.world import leg_stopped, out_of_hours, schedule_of, sweeping, views_of
from engine.kernel.clock import SECOND, Instant, Span, iso, show_span
from engine.kernel.ids import LegId
from engine.kernel.money import trimmed
from engine.market.consolidated import Consolidated, consolidated
from engine.market.reference import NoReference
from engine.orders import commands as c
from engine.orders.condition import Condition, Seen, Stage
from engine.orders.strategy import Schedule
from engine.planning.plan import LegPlan

BLIND: Final = Span(5 * SECOND)
"""While no price can be believed, it is looked for again so soon: on a grid, so that looks do not multiply."""


def turns(state: State, schedules: Mapping[LegId, Schedule]) -> Iterator[c.ConditionTurn | c.WakeAt]:
    """What this look changes, leg by leg."""
    for plan in state.plan.legs:
        rule, leg = plan.condition, state.legs[plan.id]
        if rule is None or leg.closed or (rule.of_arrival and leg.arrival is None):
            continue
        if (bound := _bound(state, plan, rule)) is None:
            yield _soon(state)
            continue
        index = schedule_of(state, plan, schedules[plan.id]).slice(state.at)
        if unasked := leg_stopped(state, plan) or out_of_hours(state, plan):
            if plan.id in state.watches and state.watches[plan.id].since != NEVER:  # from here on nobody looks
                yield _row(state, plan, Stage.WAITS, index, None, bound, unasked)
        else:
            yield from _turn(state, plan, rule, bound, index)


def _turn(
    state: State, plan: LegPlan, rule: Condition, bound: Decimal, index: int
) -> Iterator[c.ConditionTurn | c.WakeAt]:
    watch, lost = state.watches.get(plan.id), _lost(state, plan, rule)
    match _seen(state, plan):
        case NoReference(reason=reason):
            price, told, kept = None, reason, False
            yield _soon(state)
        case Seen(price=price) as seen:
            told, kept = _shown(seen), rule.kept(seen, bound)
    if watch is None:
        yield _row(state, plan, Stage.WAITS, index, price, bound, f"until it was {rule.wanted(bound, plan.buy)}")
    elif watch.since != NEVER and (lost or not kept):
        yield _row(state, plan, Stage.WAITS, index, price, bound, told if not kept else lost)
    if not kept:
        return
    if state.watches[plan.id].since == NEVER:
        yield _row(state, plan, Stage.HOLDS, index, price, bound, told)
    since = state.watches[plan.id].since
    if state.at - since >= rule.persist and state.watches[plan.id].met != index:
        yield _row(state, plan, Stage.MET, index, price, bound, f"since {iso(since)[11:19]}: {told}")


def turned(state: State, entry: c.ConditionTurn) -> None:
    """It is on record."""
    watch = state.watches.setdefault(entry.leg, Watch())
    watch.stage, watch.why, watch.bound = entry.stage, entry.why, entry.bound
    match entry.stage:
        case Stage.WAITS:
            watch.since = NEVER
        case Stage.HOLDS:
            watch.since = entry.at
        case Stage.MET:
            watch.met = entry.slice


def restarted(state: State) -> None:
    """Nobody looked for a while; a slice that may be sold may still be."""
    for watch in state.watches.values():
        watch.since, watch.stage = NEVER, Stage.WAITS


def met(state: State, plan: LegPlan, index: int) -> bool:
    """May the slice be sold as far as the leg's condition goes? Not said of a leg without one."""
    rule, watch = plan.condition, state.watches.get(plan.id)
    if rule is None:
        return False
    return (rule.sweeps and sweeping(state, plan)) or (watch is not None and watch.met == index)


def waits(state: State, plan: LegPlan) -> str:
    """What the leg waits for, in words; empty where it may sell."""
    rule, watch = plan.condition, state.watches.get(plan.id)
    if rule is None or watch is None or met(state, plan, state.legs[plan.id].slice) or watch.stage is Stage.MET:
        return ""
    wanted = rule.wanted(watch.bound, plan.buy)
    return f"its price has to be {wanted}" + (f"; it is, {watch.why}" if watch.stage is Stage.HOLDS else "")


def _bound(state: State, plan: LegPlan, rule: Condition) -> Decimal | None:
    """As on record; else a share is one of the first price that can be believed: `None` while there is none."""
    if (watch := state.watches.get(plan.id)) is not None:
        return watch.bound
    seen = _seen(state, plan)
    return rule.price(seen.price if isinstance(seen, Seen) else None)


def _soon(state: State) -> c.WakeAt:
    return c.WakeAt(Instant((state.at // BLIND + 1) * BLIND))


def _lost(state: State, plan: LegPlan, rule: Condition) -> str:
    """Why nobody can say what the price was since the look before; empty where that was soon enough."""
    looked_at = state.legs[plan.id].looked_at
    apart = Span(looked_at[-1] - looked_at[-2] if len(looked_at) > 1 else 0)
    return f"nobody looked for {show_span(Span(apart // SECOND * SECOND))}" if apart > rule.patience else ""


def _seen(state: State, plan: LegPlan) -> Seen | NoReference:
    """The price of all who can be believed, and where that is one alone, what else of it has to agree."""
    shown = views_of(state, plan)
    found = consolidated(shown, state.at, state.limits.reference)
    if not isinstance(found, Consolidated):
        return found
    if len(found.sources) > 1:
        return Seen(found.price, found.label)
    (alone,) = found.sources
    view = next(view for view in shown if (view.venue, view.symbol) == (alone.venue, alone.symbol))
    return Seen(found.price, f"{alone.venue} alone", (view.bids[0].price, view.last))


def _shown(seen: Seen) -> str:
    """`66480 by hashkey alone, bid 66479.5, last trades 66481`."""
    if not seen.agreeing:
        return f"{trimmed(seen.price)} by the {seen.label}"
    bid, last = (trimmed(price) if price is not None else "none" for price in seen.agreeing)
    return f"{trimmed(seen.price)} by {seen.label}, bid {bid}, last trades {last}"


def _row(
    state: State, plan: LegPlan, stage: Stage, index: int, price: Decimal | None, bound: Decimal, why: str
) -> c.ConditionTurn:
    return c.ConditionTurn(at=state.at, leg=plan.id, stage=stage, slice=index, price=price, bound=bound, why=why)
