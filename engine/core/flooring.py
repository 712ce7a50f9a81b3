"""What the core does about floors: it says since when one blocks, offers other terms, and asks desks for quotes.

It never sells below one. A stretch in which no venue pays a leg's floor is on record from its first decision to the
last, so that anybody can count it; what people may ask for instead is prepared, and is theirs to propose.
"""

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Final

from msgspec import Struct

from engine.core import floors
from engine.core.hand import in_force
from engine.core.state import State
from engine.core.world import (
    by_quotes,
    fiat_view,
    guarded,
    leg_stopped,
    out_of_hours,
    reference_of,
    sober_fiat,
    unlicensed,
    venue_stopped,
    view_of,
)
from engine.kernel.clock import SECOND, Instant
from engine.kernel.money import EXACT, ZERO
from engine.ledger import accounts
from engine.mandate.floors import STEP, typed
from engine.mandate.instructions import Amend, Paper
from engine.mandate.terms import Floor
from engine.market.instrument import Instrument
from engine.market.reference import NoReference, fresh
from engine.orders import commands as c
from engine.orders import quotes
from engine.orders.reports import QuoteRequest
from engine.planning.plan import LegPlan
from engine.risk.floor import collar

SOONEST: Final = SECOND
"""Where a desk could not be asked, it is tried again after this much market time."""


class Look(Struct, frozen=True):
    """One venue's best bid beside what the floor wants there."""

    wanted: Decimal | None
    """The lowest limit that the floor lets through; `None` while it has no price."""
    bid: Decimal
    lack: str = ""

    @property
    def pays(self) -> bool:
        return self.wanted is not None and self.bid >= self.wanted


def turns(state: State) -> Iterator[c.FloorBlocked | c.FloorCleared]:
    """For each leg whose floor began to block, or ended to, with this decision: the word for it.

    Where nobody can tell (no fresh price, a venue that is stopped, hours that are over), it stays as it was.
    """
    for plan in state.plan.legs:
        if plan.floor is None or not _sells(state, plan):
            continue
        looks = [look for i in plan.instruments if (look := look_at(state, plan, i)) is not None]
        block = floors.standing_block(state, plan.id)
        paying = next((look for look in looks if look.pays), None)
        if paying is not None and block is not None and paying.wanted is not None:
            yield c.FloorCleared(at=state.at, leg=plan.id, wanted=paying.wanted, bid=paying.bid)
        elif paying is None and looks and block is None:
            yield _blocked(state, plan, max(looks, key=lambda look: look.bid))


def _blocked(state: State, plan: LegPlan, look: Look) -> c.FloorBlocked:
    now = floors.bottom(state, plan)
    assert now is not None, "only a leg with a floor is blocked by one"
    return c.FloorBlocked(
        at=state.at, leg=plan.id, floor=floors.in_words(now), wanted=look.wanted, bid=look.bid, lack=look.lack
    )


def look_at(state: State, plan: LegPlan, instrument: Instrument) -> Look | None:
    """What is bid there and what the floor wants; `None` where no fresh price tells, or where the collar blocks."""
    now, ref = floors.bottom(state, plan), reference_of(state, plan, instrument)
    view = fresh(view_of(state, instrument), state.at, state.limits.reference)
    stopped = venue_stopped(state, instrument.venue)
    if now is None or stopped or isinstance(ref, NoReference) or view is None or not view.bids:
        return None
    bid = view.bids[0].price
    if now.lack:
        return Look(None, bid, now.lack)
    fiat = sober_fiat(state, plan, instrument.venue)
    collared = collar(ref.price, state.limits.collar_bp, instrument)
    wanted = floors.lowest_limit(state, plan, instrument, fiat, collared=collared)
    if wanted is None or bid < collared:
        return None
    return Look(wanted, bid)


def _sells(state: State, plan: LegPlan) -> bool:
    """Would the leg sell now, as far as its floor is concerned?"""
    leg = state.legs[plan.id]
    over = leg.closed or leg.remaining < plan.lot or state.at >= state.deadline_of(plan)
    kept = state.stopped or leg_stopped(state, plan) or guarded(state, plan) or out_of_hours(state, plan)
    return not (over or kept)


# What people may ask for instead


def other_terms(state: State, plan: LegPlan) -> Floor | None:
    """A fixed floor at what the best bid brings now, held as the present one; `None` while nobody bids.

    It takes no decision away from anybody: it is proposed, judged and approved like any amendment. Nothing is offered
    for a floor that has no price yet: what it lacks is a file, or a quote.
    """
    floor, found, now = plan.floor, list[Fraction](), floors.bottom(state, plan)
    if floor is None or now is None or now.lack:
        return None
    for instrument in plan.instruments:
        view = view_of(state, instrument)
        fiat = fiat_view(state, plan, instrument.venue)
        worth = Fraction(1) if floor.currency == instrument.quote else None
        if worth is None and fiat is not None and fiat.bids:
            worth = Fraction(fiat.bids[0].price)
        if view is None or not view.bids or worth is None:
            continue
        kept = floors.charge(floor, state.opened.capabilities[instrument.venue].at(state.at, instrument))
        found.append(Fraction(view.bids[0].price) * (1 - Fraction(kept.rate)) * worth)
    if not found:
        return None
    steps = max(found) / Fraction(STEP)
    price = EXACT.multiply(Decimal(steps.numerator // steps.denominator), STEP)
    return Floor(price, floor.currency, floor.scope, floor.fees) if price > ZERO else None


def request(state: State, plan: LegPlan) -> Paper | None:
    """The paper with which people may ask for it; `None` where nothing is to be offered, or nobody may amend."""
    wanted = other_terms(state, plan)
    if wanted is None or not state.opened.approvals:
        return None
    amend = Amend(was_sha256=in_force(state), floors={plan.sell: wanted})
    return Paper(run=state.opened.run, number=len(state.papers), instruction=amend)


def command(state: State, plan: LegPlan) -> str:
    """What somebody types to ask for it; empty where nobody may."""
    wanted = other_terms(state, plan)
    if wanted is None or not state.opened.approvals:
        return ""
    return f"steelyard amend {state.opened.run} --floor {typed(plan.sell, wanted)} --as NAME --reason TEXT"


# Quotes that a floor rests on


def inquiries(state: State, plan: LegPlan) -> Iterator[c.AskQuote]:
    """The questions to desks that are due for a leg whose floor is a share of the best quote; nobody is bound."""
    if plan.floor is None or plan.floor.quote is None or not _sells(state, plan) or by_quotes(state, plan):
        return
    for instrument in plan.instruments:
        if state.questions >= quotes.NUMBER_MAX or _next(state, plan, instrument) > state.at:
            continue
        quantity = _quantity(state, plan, instrument)
        if quantity > ZERO and _answers(state, plan, instrument):
            yield c.AskQuote(
                state.questions + 1, plan.id, instrument.venue, QuoteRequest(plan.sell, plan.buy, quantity)
            )


def wakes(state: State) -> Iterator[Instant]:
    """When the next of these questions is due."""
    for plan in state.plan.legs:
        if plan.floor is None or plan.floor.quote is None or not _sells(state, plan) or by_quotes(state, plan):
            continue
        asked = [i for i in plan.instruments if state.opened.capabilities[i.venue].quotes]
        yield from (Instant(max(_next(state, plan, i), state.at + SOONEST)) for i in asked)


def _next(state: State, plan: LegPlan, instrument: Instrument) -> Instant:
    assert plan.floor is not None
    assert plan.floor.quote is not None
    last = state.asks.get((plan.id, instrument.venue))
    return Instant(last.at + plan.floor.quote.every) if last is not None else state.at


def _answers(state: State, plan: LegPlan, instrument: Instrument) -> bool:
    """Has the venue a desk that owes us no answer, and might a deal be struck with it?"""
    venue = instrument.venue
    last = state.asks.get((plan.id, venue))
    owing = last is not None and last.waited_for
    barred = venue not in state.terms.venues or bool(unlicensed(state, venue) or venue_stopped(state, venue))
    return state.opened.capabilities[venue].quotes and not owing and not barred and state.venues[venue].continuous


def _quantity(state: State, plan: LegPlan, instrument: Instrument) -> Decimal:
    """All that is left there, what works included: that is what the leg has to be worth."""
    view = view_of(state, instrument)
    there = state.ledger.of(accounts.venue(instrument.venue), instrument.base)
    quantity = instrument.sellable(min(state.legs[plan.id].remaining, there))
    if view is None or not view.bids or instrument.too_small(quantity, view.bids[0].price):
        return ZERO
    return quantity
