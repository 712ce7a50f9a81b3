"""The state as a person or a script wants to see it: one mapping of plain values."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

import msgspec

from engine.alarms import alarms, flat
from engine.core import flooring, floors
from engine.core.hindering import hindrance
from engine.core.state import Peg, State
from engine.core.world import feeding, schedule_of, view_of
from engine.kernel.clock import iso
from engine.kernel.ids import ClientOrderId, LegId, VenueName
from engine.kernel.money import BP, ZERO, Asset, plain, ratio, times
from engine.mandate.floors import manner
from engine.orders.leg import Leg
from engine.orders.order import OrderState
from engine.orders.strategy import Schedule
from engine.planning.plan import LegPlan
from engine.planning.pursue import progress

SCHEMA: Final = 1


def status(state: State, schedules: Mapping[LegId, Schedule] | None = None) -> dict[str, Any]:
    """Everything about a run as of its last turn; decimals as strings, instants in ISO 8601."""
    return {
        "schema": SCHEMA,
        "run": state.opened.run,
        "case": state.opened.case,
        "environment": state.opened.environment,
        "phase": phase(state),
        "reason": state.halted or state.conflict,
        "at": iso(state.at),
        "started": iso(state.opened.at),
        "deadline": iso(state.deadline),
        "epoch": state.epoch,
        "legs": [_leg(state, plan, (schedules or {}).get(plan.id)) for plan in state.plan.legs],
        "stable_waiting": {asset: plain(units) for asset, units in _stable(state).items()},
        "pegs": {asset: _peg(peg) for asset, peg in state.pegs.items()},
        "orders_open": [_order(state, name) for name in state.live],
        "venues": {name: _venue(state, name) for name in state.venues},
        "alarms": [msgspec.to_builtins(alarm) for alarm in alarms(state)],
    }


def phase(state: State) -> str:
    """One word for where the run is."""
    if state.closed or state.finished:
        return state.closed or state.finished
    if state.halted or state.conflict:
        return "halting"
    return "paused" if state.paused else "running"


def average(leg: Leg) -> Decimal | None:
    """What a unit brought before fees; `None` before the first sale."""
    return ratio(leg.proceeds, leg.sold, 8) if leg.sold else None


def slippage_bp(leg: Leg) -> Decimal | None:
    """How far the average lies below the arrival price; positive is bad for us."""
    price = average(leg)
    if price is None or leg.arrival is None:
        return None
    return ratio(times(leg.arrival - price, BP), leg.arrival, 2)


def _stable(state: State) -> dict[Asset, Decimal]:
    """Stablecoin that legs of this run brought in and that is unsold."""
    return {
        plan.sell: min(state.legs[plan.id].remaining, state.legs[plan.id].received)
        for plan in state.plan.legs
        if plan.fed_by
    }


def _leg(state: State, plan: LegPlan, schedule: Schedule | None) -> dict[str, Any]:
    leg = state.legs[plan.id]
    working = sum((o.committed for o in state.live.values() if o.child.leg == plan.id), ZERO)
    target = None
    if schedule is not None:
        closing = not feeding(state, plan)
        target = schedule_of(state, plan, schedule).target(progress(leg, closing, state.at, plan.lot, leg.waiting))
    views = [view for i in plan.instruments if (view := view_of(state, i)) is not None]
    share = ratio(leg.sold, leg.volume + leg.sold, 4) if leg.sold else ZERO
    return {
        "id": plan.id,
        "sell": plan.sell,
        "buy": plan.buy,
        "venues": {i.venue: i.symbol for i in plan.instruments},
        "total": plain(leg.total),
        "target": _maybe(target),
        "sold": plain(leg.sold),
        "working": plain(working),
        "deficit": _maybe(None if target is None else max(ZERO, target - leg.sold - working)),
        "remaining": plain(leg.remaining),
        "received": plain(leg.proceeds - leg.fees.get(plan.buy, ZERO)),
        "fees": {asset: plain(units) for asset, units in leg.fees.items()},
        "fills": leg.fills,
        "average": _maybe(average(leg)),
        "arrival": _maybe(leg.arrival),
        "slippage_bp": _maybe(slippage_bp(leg)),
        "participation": plain(share),
        "bid": _maybe(max((view.bids[0].price for view in views if view.bids), default=None)),
        "floor": _floor(state, plan),
        "closed": leg.closed,
        "residue_reason": leg.residue_reason,
        "hindrance": "" if leg.closed else hindrance(state, plan),
    }


def _floor(state: State, plan: LegPlan) -> dict[str, Any] | None:
    """What the leg's floor comes to, since when none has paid it, and how other terms are asked for."""
    now, block = floors.bottom(state, plan), floors.standing_block(state, plan.id)
    if plan.floor is None or now is None:
        return None
    return {
        "price": None if now.lack else plain(now.price),
        "currency": now.currency,
        "words": now.words,
        "held": manner(plan.floor),
        "lack": now.lack,
        "blocked_since": iso(block.since) if block is not None else None,
        "stretches": state.blocks[plan.id].number if plan.id in state.blocks else 0,
        "request": flooring.command(state, plan) if block is not None and not state.legs[plan.id].closed else "",
    }


def _peg(peg: Peg) -> dict[str, Any]:
    """A stablecoin that is made, as of the last minute that was sampled."""
    return {
        "level": peg.level,
        "off_bp": _maybe(peg.seen.off_bp),
        "z": f"{peg.guard.z:.2f}",
        "sources": peg.seen.sources,
        "stopped": peg.stopped,
    }


def _order(state: State, name: ClientOrderId) -> dict[str, Any]:
    order = state.live[name]
    return {
        "client_id": order.child.client_id,
        "leg": order.child.leg,
        "venue": order.child.venue,
        "state": order.state.value,
        "quantity": plain(order.child.quantity),
        "price": plain(order.child.price),
        "filled": plain(order.filled),
        "unknown": order.state is OrderState.UNKNOWN,
    }


def _venue(state: State, name: VenueName) -> dict[str, Any]:
    standing = state.venues[name]
    return {
        "stream": "up" if standing.up else "down",
        "mode": standing.mode.value,
        "surveyed_at": iso(standing.surveyed_at),
        "differences": [str(d) for d in standing.differences],
        "refused": standing.refused,
        "flat": "confirmed flat" if flat(state, name) else "unverified",
    }


def _maybe(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)
