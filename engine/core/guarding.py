"""The guard on the stable leg: a sample of the peg for each minute of market time, and what follows from it.

A sample is taken with the first decision of a minute, over every live and fresh book of the coin against its fiat,
those of venues for reference included. The statistic of `engine.science.stable` makes a level of the samples; here a
stop is added that outlasts it, and the two cases in which a stop does not wait for it: most of several sources beyond
the hard bound, and minutes without a price. What is stopped is making more of the coin. What is there is still sold.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from functools import lru_cache
from typing import Final

from engine.core.state import Peg, State
from engine.kernel.clock import MINUTE, Instant
from engine.kernel.ids import Symbol, VenueName
from engine.kernel.money import Asset, trimmed
from engine.mandate.peg import VARIANCE_MIN, PegRules
from engine.mandate.terms import StablePolicy
from engine.market.view import MarketView
from engine.orders import commands as c
from engine.planning.plan import LegPlan
from engine.risk import stable
from engine.risk.stable import PegSeen
from engine.science.stable import GuardRules, advance, begun

STOPPED: Final = 2
_Z: Final = 2
"""Digits of z that are journaled."""


@lru_cache(maxsize=64)
def rules_of(rules: PegRules) -> GuardRules:
    """The terms as the statistic takes them."""
    return GuardRules(
        half_life=rules.half_life / MINUTE,
        warn_bp=float(rules.warn_bp),
        halt_bp=float(rules.halt_bp),
        z_halt=float(rules.z_halt),
        persist=rules.persist,
        variance_min=float(VARIANCE_MIN),
    )


def watched(state: State, plan: LegPlan) -> bool:
    """Does a guard look at this leg's market or at what it makes, minute by minute?"""
    guarded = state.terms.stable(plan.buy) is not None or (state.limits.pause is not None and not plan.to_fiat)
    return guarded and not state.legs[plan.id].closed


def due(state: State, at: Instant) -> bool:
    """Is a decision at `at` the first of a minute that somebody has to look at?"""
    return at // MINUTE > state.minute and any(watched(state, plan) for plan in state.plan.legs)


def pairs(state: State) -> set[tuple[VenueName, Symbol]] | None:
    """The plan's own pairs whose best prices a sample needs; `None` for all of them."""
    if state.limits.pause is not None:
        return None
    return {pair for plan in state.plan.legs if plan.to_fiat for pair in plan.pairs}


def next_minute(at: Instant) -> Instant:
    """When the next sample is wanted."""
    return Instant((at // MINUTE + 1) * MINUTE)


def sampled(state: State, at: Instant) -> None:
    """Take the minute's sample of every coin that an open leg makes. Changes the state: for `evolve` alone."""
    for policy in state.terms.stables:
        if any(plan.buy == policy.asset and not state.legs[plan.id].closed for plan in state.plan.legs):
            peg = state.pegs.get(policy.asset)
            if peg is None:
                peg = state.pegs[policy.asset] = Peg(begun(rules_of(policy.guard)))
            _take(peg, stable.seen(policy, views(state, policy.asset), at, state.limits.reference), policy.guard)


def _take(peg: Peg, seen: PegSeen, rules: PegRules) -> None:
    peg.seen = seen
    off = seen.off_bp
    peg.guard = advance(peg.guard, None if off is None else float(off), rules_of(rules))
    peg.blind = peg.blind + 1 if off is None else 0
    fine = off is not None and peg.guard.breaches == 0 and abs(off) <= rules.hard_bp
    peg.calm = peg.calm + 1 if fine else 0
    why = _stops(peg, rules)
    if why and not peg.stopped:
        peg.stopped = why
    elif peg.calm >= rules.calm:
        peg.stopped = ""


def _stops(peg: Peg, rules: PegRules) -> str:
    """Why this minute stops the making of more; empty where it does not.

    One source beyond the hard bound may be a wick of that venue, so there the minutes have to add up; most of several
    can't be.
    """
    seen = peg.seen
    if seen.off_bp is None:
        return f"no price for {peg.blind} minutes" if peg.blind >= rules.blind else ""
    if seen.sources > 1 and 2 * seen.beyond > seen.sources:
        return f"{seen.beyond} of {seen.sources} sources beyond {trimmed(rules.hard_bp)} bp"
    if peg.guard.level == STOPPED:
        return f"{peg.guard.breaches} minutes in a row off its peg: {stable.shown(seen)}"
    return ""


def views(state: State, asset: Asset) -> tuple[MarketView, ...]:
    """The last books of a stablecoin against its fiat, wherever it is shown: those of the plan's own pairs first."""
    policy = state.terms.stable(asset)
    if policy is None:
        return ()
    pairs = dict.fromkeys(pair for plan in state.plan.legs if plan.sell == asset for pair in plan.pairs)
    name = f"{asset}/{policy.fiat}"
    own = [view for pair in pairs if (view := state.views.get(pair)) is not None]
    return (*own, *(view for view in state.views.values() if view.pair == name))


def turns(state: State) -> Iterator[c.PegLevel]:
    """Levels that have changed and do not stand in the journal yet."""
    for asset, peg in state.pegs.items():
        if peg.level != peg.told:
            yield c.PegLevel(
                asset=asset,
                level=peg.level,
                was=peg.told,
                off_bp=peg.seen.off_bp,
                z=Decimal(f"{peg.guard.z:.{_Z}f}"),
                sources=peg.seen.sources,
                why=peg.stopped or stable.shown(peg.seen),
            )


def turned(state: State, entry: c.PegLevel) -> None:
    """The level is on record."""
    peg = state.pegs.get(entry.asset)
    if peg is not None:
        peg.told = entry.level


def level(state: State, asset: Asset) -> int:
    """0, 1 or 2; 0 for what nobody guards."""
    peg = state.pegs.get(asset)
    return 0 if peg is None else peg.level


def stopped(state: State, plan: LegPlan) -> str:
    """Why the leg makes no more of its stablecoin; empty while it may."""
    peg = state.pegs.get(plan.buy)
    return f"the peg of {plan.buy}: {peg.stopped}" if peg is not None and peg.stopped else ""


def doubts(state: State, policies: Iterable[StablePolicy]) -> Iterator[tuple[StablePolicy, Peg]]:
    """The coins whose peg is in doubt and which an open leg makes."""
    for policy in policies:
        peg = state.pegs.get(policy.asset)
        making = any(plan.buy == policy.asset and not state.legs[plan.id].closed for plan in state.plan.legs)
        if peg is not None and peg.level and making:
            yield policy, peg
