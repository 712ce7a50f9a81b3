"""What is wrong, or wanted of a person, now: from the state alone, one alarm for each cause and whatever it befell.

An alarm stands as long as its condition holds. Who is told of it, and how often, is decided elsewhere
(`drivers.notices`). What belongs to an ordinary run (a slice held back by its share of the volume, a pause that
somebody asked for) is none.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from enum import StrEnum
from typing import Final

from msgspec import Struct

from engine.core import flooring, guarding, pausing
from engine.core.exposure import cover_of
from engine.core.hindering import below_floor
from engine.core.state import State
from engine.core.world import fiat_view, out_of_hours, stopped, view_of
from engine.kernel.clock import DAY, HOUR, MINUTE, Span, iso
from engine.kernel.ids import VenueName
from engine.kernel.money import trimmed
from engine.mandate.deposit import Covered, shown, top_up
from engine.mandate.programme import serviced
from engine.market.footprint import NAMES as FOOTPRINT
from engine.market.instrument import Instrument
from engine.market.reference import fresh
from engine.market.view import MarketView
from engine.orders.order import OrderState
from engine.orders.reports import Mode
from engine.planning.plan import LegPlan
from engine.risk.caps import NAMES as CAPS
from engine.risk.depth import NAME as DEPTH
from engine.risk.stable import shown as peg_seen

STARTING: Final = MINUTE
"""Market time that a new process has for bringing its streams up, before one that is down counts as dark."""
LATE: Final = HOUR
"""Market time in which a custodian's people should have sent what was asked for."""
SOON: Final = Span(3 * DAY)
"""Before a licence runs out."""
LIMITS: Final = (
    "mandate quantity", "plan quantity", "order notional", "minute notional", "basket notional", "minute orders",
    "participation", *FOOTPRINT, *CAPS, DEPTH, "daily quota", "stable inventory", "stable age", "attempts",
    "venue licensed",
)  # fmt: skip
"""Of all that the gate may hold against an order: its bounds. The rest are other causes, or a bad fit."""


class Cause(StrEnum):
    """Why somebody is called."""

    FLOOR_BLOCK = "floor_block"
    """No venue pays a leg's floor."""
    DEPEG = "depeg"
    """The peg of a stablecoin is in doubt; where that is grave, no more of it is made."""
    MARKET_PAUSE = "market_pause"
    """A leg waits for its market to calm down."""
    UNKNOWN = "unknown"
    """An order may or may not have been taken; its quantity is frozen."""
    VENUE_DARK = "venue_dark"
    """Nothing can be sold on a venue: no stream, no books, closed, or it turns us away."""
    LIMIT_HIT = "limit_hit"
    """The gate withheld an order at one of its bounds."""
    COVER_LOW = "cover_low"
    """The deposit covers less than it has to."""
    APPROVAL_WANTED = "approval_wanted"
    """Nothing goes on before somebody has signed."""
    HALT = "halt"
    """The run was stopped for good, by a person or by itself."""
    DONE = "done"
    """The run is over, however it ended."""
    HELD = "held"
    """The case is suspended, or a court holds it."""
    KEY_EXPIRING = "key_expiring"
    """What lets us sell on a venue runs out soon."""
    DIFFERENCE = "difference"
    """A venue's balances do not agree with the ledger, and go on not to."""
    CUSTODY_LATE = "custody_late"
    """Coin that was asked of a custodian is overdue."""


class Alarm(Struct, frozen=True):
    """One thing that is wrong or wanted."""

    cause: Cause
    key: str
    """What it befell: a venue, a leg, an asset, an order. With the cause it tells one alarm from another."""
    text: str
    grave: bool
    """A person has to look; without it, it is enough that one knows."""


def alarms(state: State) -> tuple[Alarm, ...]:
    """All that stand now. A run that is over keeps only what it leaves behind."""
    causes = LASTING if state.finished or state.closed else (*TRANSIENT, *LASTING)
    return tuple(alarm for found in causes for alarm in found(state))


def compare(before: Iterable[Alarm], now: Iterable[Alarm]) -> tuple[tuple[Alarm, ...], tuple[Alarm, ...]]:
    """Which alarms began, and which ended. Another text for the same cause and key is the same alarm."""
    old, new = ({(alarm.cause, alarm.key): alarm for alarm in some} for some in (before, now))
    raised = tuple(alarm for name, alarm in new.items() if name not in old)
    return raised, tuple(alarm for name, alarm in old.items() if name not in new)


def flat(state: State, venue: VenueName) -> bool:
    """Is it proven that nothing of ours stands there: no live order, and all was read after the last one?"""
    standing = state.venues[venue]
    unsure = not standing.surveyed or bool(standing.differences)
    here = any(order.child.venue == venue for order in state.live.values())
    return not here and not unsure and standing.surveyed_at > standing.changed_at


def _custody_late(state: State) -> Iterator[Alarm]:
    for shipment in state.shipments.values():
        tranche = shipment.tranche
        if state.at - tranche.asked_at > LATE:
            where = "sent and not at the venue" if shipment.sent else "not sent"
            what = (
                f"{trimmed(tranche.quantity)} {tranche.asset} for {tranche.venue}, asked for at {iso(tranche.asked_at)}"
            )
            yield Alarm(Cause.CUSTODY_LATE, tranche.id, f"{what}: {where}", grave=True)


def _open_legs(state: State) -> Iterator[LegPlan]:
    return (plan for plan in state.plan.legs if not state.legs[plan.id].closed)


def _floor_block(state: State) -> Iterator[Alarm]:
    for plan in _open_legs(state):
        if out_of_hours(state, plan):
            continue
        found = {i.venue: told for i in plan.instruments if (told := _below(state, plan, i)) is not None}
        if found and all(found.values()):
            told = "; ".join(f"{venue}: {words}" for venue, words in found.items())
            asks = f"; other terms are asked for by: {command}" if (command := flooring.command(state, plan)) else ""
            yield Alarm(Cause.FLOOR_BLOCK, plan.id, f"leg {plan.id} waits for its floor: {told}{asks}", grave=False)


def _below(state: State, plan: LegPlan, instrument: Instrument) -> str | None:
    """How far the venue pays less than the floor, empty where it pays it; `None` where nobody can tell."""
    view = _seen(state, view_of(state, instrument))
    if plan.floor is None or view is None or not view.bids or stopped(state, plan, instrument.venue):
        return None
    fiat = _seen(state, fiat_view(state, plan, instrument.venue))
    return None if plan.floor.currency != plan.buy and fiat is None else below_floor(state, plan, instrument)


def _seen(state: State, view: MarketView | None) -> MarketView | None:
    """The view if it could be believed when it was shown: between two decisions nobody looks, and that is no fault."""
    return fresh(view, view.at, state.limits.reference) if view is not None else None


def _depeg(state: State) -> Iterator[Alarm]:
    """A warning has a name of its own, so that the stop after it is told as well."""
    for policy, peg in guarding.doubts(state, state.terms.stables):
        where = f"{policy.asset} stands at {peg_seen(peg.seen)}, par is {trimmed(policy.par)} {policy.fiat}"
        if peg.level < guarding.STOPPED:
            text = f"{where}: beyond {trimmed(policy.guard.warn_bp)} bp"
            yield Alarm(Cause.DEPEG, f"{policy.asset} warning", text, grave=False)
        else:
            text = f"{where}: no more of it is made, and what is there is still sold: {peg.stopped}"
            yield Alarm(Cause.DEPEG, policy.asset, text, grave=True)


def _market_pause(state: State) -> Iterator[Alarm]:
    for plan in _open_legs(state):
        if why := pausing.waits(state, plan):
            yield Alarm(Cause.MARKET_PAUSE, plan.id, f"leg {plan.id} sells no {plan.sell}: {why}", grave=False)


def _cover_low(state: State) -> Iterator[Alarm]:
    """By the prices of the last decision; where one is missing cover can't be told, and a dark venue says why."""
    rule, there = state.limits.deposit, cover_of(replace(state, at=state.due_at))
    if rule is not None and isinstance(there, Covered) and not there.reaches(rule.ratio):
        wanted = f"{trimmed(top_up(there, rule))} {rule.currency} more is wanted"
        yield Alarm(Cause.COVER_LOW, rule.currency, f"{shown(there, rule)}; {wanted}", grave=True)


def _unknown(state: State) -> Iterator[Alarm]:
    for name, order in state.live.items():
        if order.state is OrderState.UNKNOWN:
            child = order.child
            text = f"what became of order {name} at {child.venue}? {trimmed(order.committed)} {child.sell} stay frozen"
            yield Alarm(Cause.UNKNOWN, name, f"{text} until the venue's records tell", grave=True)


def _venue_dark(state: State) -> Iterator[Alarm]:
    for venue, standing in state.venues.items():
        why = list(_dark(state, venue))
        if why:
            yield Alarm(Cause.VENUE_DARK, venue, f"{venue} is dark: {'; '.join(why)}", grave=bool(standing.refused))


def _dark(state: State, venue: VenueName) -> Iterator[str]:
    """What keeps us from selling there; a maintenance that the programme knows of is no surprise."""
    standing = state.venues[venue]
    if standing.refused:
        yield f"it turns all of us away: {standing.refused}"
    if state.plan.programme is not None and serviced(state.plan.programme, venue, state.at):
        return
    if standing.mode is not Mode.NORMAL:
        yield standing.mode.value
    began = max(state.began_at, state.opened.at)
    starting = standing.surveyed_at <= began and state.at - began < STARTING
    if not standing.up and not starting:
        yield "its private stream is down"
    views = [view_of(state, i) for plan in _open_legs(state) for i in plan.instruments if i.venue == venue]
    torn = dict.fromkeys(view.symbol for view in views if view is not None and not view.live)
    if torn:
        yield f"no continuous book of {', '.join(torn)}"


def _limit_hit(state: State) -> Iterator[Alarm]:
    for plan in _open_legs(state):
        for venue, denied in state.legs[plan.id].denied.items():
            hit = [reason for reason in denied.split("; ") if reason.partition(": ")[0] in LIMITS]
            if hit:
                text = f"leg {plan.id}: an order was withheld at {venue}: {'; '.join(hit)}"
                yield Alarm(Cause.LIMIT_HIT, f"{plan.id}@{venue}", text, grave=False)


def _held(state: State) -> Iterator[Alarm]:
    for name, why in (("held", state.case.held), ("suspended", state.case.suspended)):
        if why:
            yield Alarm(Cause.HELD, name, f"case {state.opened.case} is {name}: {why}; nothing new is sent", grave=True)


def _key_expiring(state: State) -> Iterator[Alarm]:
    """A sandbox plays at any date, so nothing of it runs out."""
    if state.opened.environment != "production":
        return
    for venue, licence in state.opened.licences.items():
        if licence.valid_until - state.at < SOON:
            until = iso(licence.valid_until)
            text = f"the licence entry of {venue} is good until {until}; nothing is sent there from then on"
            yield Alarm(Cause.KEY_EXPIRING, venue, text, grave=False)


def _difference(state: State) -> Iterator[Alarm]:
    for venue, standing in state.venues.items():
        lasting = standing.repeats > 0 or bool(state.closed)  # one reading may only be earlier than its fill
        if standing.differences and lasting:
            off = ", ".join(map(str, standing.differences))
            yield Alarm(Cause.DIFFERENCE, venue, f"{venue} and the ledger differ by {off}", grave=True)


def _halt(state: State) -> Iterator[Alarm]:
    why = state.halted or state.conflict
    if why:
        yield Alarm(Cause.HALT, state.opened.run, f"halted: {why}; nothing new is sent", grave=True)


def _done(state: State) -> Iterator[Alarm]:
    if not state.closed:
        return
    legs = [(plan.sell, state.legs[plan.id]) for plan in state.plan.legs]
    sold = [f"{asset} sold {trimmed(leg.sold)} of {trimmed(leg.total)}" for asset, leg in legs]
    frozen = [f"{trimmed(o.committed)} {o.child.sell} unknown at {o.child.venue}" for o in state.live.values()]
    venues = [f"{venue} {'confirmed flat' if flat(state, venue) else 'unverified'}" for venue in state.venues]
    text = f"{state.closed}: {'; '.join([*sold, *frozen, *venues])}"
    yield Alarm(Cause.DONE, state.opened.run, text, grave=state.closed == "unresolved")


Condition = Callable[[State], Iterator[Alarm]]

TRANSIENT: Final[tuple[Condition, ...]] = (
    _floor_block,
    _depeg,
    _market_pause,
    _venue_dark,
    _limit_hit,
    _cover_low,
    _held,
    _key_expiring,
    _custody_late,
)
"""What only matters while the run may still sell. A cause that the state learns of is one function more in a table."""
LASTING: Final[tuple[Condition, ...]] = (_unknown, _difference, _halt, _done)
"""What a run that is over leaves behind."""
