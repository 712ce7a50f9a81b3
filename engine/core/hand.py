"""What an instruction of people changes in the state, or why it can't: the part of the fold that hands steer.

Who may ask is judged before, by the case's book, and counted once more here: a row without enough names changes
nothing, whoever wrote it.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from msgspec.structs import replace

from engine.core import booking, caps, shipping
from engine.core.state import State
from engine.events import CaseChanged, Instructed
from engine.kernel import codec
from engine.kernel.clock import Instant, iso
from engine.kernel.errors import Denied
from engine.kernel.ids import ClientOrderId, TradeId, VenueOrderId
from engine.kernel.money import BP, ZERO, Amount, times
from engine.ledger import posting
from engine.mandate import instructions as i
from engine.mandate.floors import in_words
from engine.mandate.hours import day, elapsed
from engine.mandate.programme import Programme
from engine.orders import commands as c
from engine.orders import lifecycle
from engine.orders.order import Order, OrderState, floor_of
from engine.orders.reports import Fill
from engine.planning.pace import Stretch
from engine.planning.plan import LegPlan, Plan


def case_changed(state: State, entry: CaseChanged) -> None:
    """The case stands otherwise than before."""
    state.case = entry.standing
    state.heard = max(state.heard, entry.standing.book_seq)


def instructed(state: State, entry: Instructed) -> None:
    """Followed, or kept with what speaks against it: the core answers either way."""
    state.heard = max(state.heard, entry.book_seq)
    state.papers.add(entry.paper_sha256)
    denied = refusal(state, entry)
    if denied or isinstance(entry.instruction, i.Ticket):
        state.pending.append((entry, denied))
        return
    followed(state, entry)
    if isinstance(entry.instruction, i.SettleUnknown):
        order = state.live[entry.instruction.client_id]
        if entry.instruction.filled > order.filled:
            state.pending.append((entry, ()))
        booking.keep(state, lifecycle.proven(order, entry.instruction.filled, entry.paper_sha256))


def unheeded(state: State, entry: c.Unheeded) -> None:
    """It was answered."""
    _answered(state, entry.paper_sha256)


def booked(state: State, entry: c.Book) -> None:
    """A lost fill of ours; or a deal struck by voice, which no order of ours was."""
    for waiting, _ in state.pending:
        if waiting.paper_sha256 == entry.paper_sha256 and isinstance(waiting.instruction, i.Ticket):
            state.documents.add((waiting.instruction.venue, waiting.instruction.document_sha256))
    _answered(state, entry.paper_sha256)
    if state.order(entry.order.client_id) is not None:
        booking.book(state, entry.fill)
        return
    state.venues[entry.fill.venue].changed_at = state.changed_at = state.at
    state.tickets.add((entry.fill.venue, entry.fill.trade_id))
    floor, plan = floor_of(entry.checks), state.plan.leg(entry.order.leg)
    booking.credit(state, plan, entry.fill, entry.order.slice, floor)
    # it counts as of now: an order that was let through since it was struck did not know of it
    caps.sold(state, plan, entry.fill.venue, state.at, times(entry.fill.quantity, entry.fill.price))


def _answered(state: State, paper_sha256: str) -> None:
    state.pending = [waiting for waiting in state.pending if waiting[0].paper_sha256 != paper_sha256]


_SPENT: Final = Denied("granted", "what this run left was granted to a later one", "the last run of its case")


def refusal(state: State, entry: Instructed) -> tuple[Denied, ...]:
    """Why the instruction can't be followed, as the state is before it; empty when it can."""
    names = set(entry.agreed) - {entry.by}
    needed = 0 if i.alone(entry.instruction) else state.opened.approvals
    if len(names) < needed:
        return (Denied("approvals", str(len(names)), f"{needed} people besides {entry.by}"),)
    judge = _JUDGES.get(type(entry.instruction))
    return judge(state, entry.instruction) if judge is not None else ()


def _stop(state: State, wanted: i.Stop) -> tuple[Denied, ...]:
    known = _known(state, wanted.scope)
    return () if wanted.name in known else (Denied("stop", f"{wanted.scope} {wanted.name}", ",".join(known) or "none"),)


def _go_on(state: State, wanted: i.GoOn) -> tuple[Denied, ...]:
    if wanted.scope is i.Scope.RUN and state.spent:
        return (_SPENT,)
    if wanted.scope is i.Scope.RUN:
        stands = state.halted or state.looking
        return () if stands else (Denied("go on", "the run is not halted", "a halt"),)
    stopped = [name for scope, name in state.stops if scope is wanted.scope]
    if wanted.name in stopped:
        return ()
    return (Denied("go on", f"{wanted.scope} {wanted.name}", ",".join(stopped) or "nothing is stopped"),)


def _amend(state: State, wanted: i.Amend) -> tuple[Denied, ...]:
    found = [_SPENT] if state.spent else []
    if wanted.was_sha256 != (now := in_force(state)):
        found.append(Denied("amended plan", wanted.was_sha256, now))
    if wanted.ends is not None and wanted.ends <= state.at:
        found.append(Denied("end", iso(wanted.ends), f"after {iso(state.at)}"))
    if wanted.rate is not None and not (wanted.rate.is_finite() and wanted.rate > 0):
        found.append(Denied("rate", str(wanted.rate), "above zero"))
    if wanted.venues is not None and (strangers := set(wanted.venues) - set(state.opened.terms.venues)):
        found.append(Denied("venues", ",".join(sorted(strangers)), ",".join(state.opened.terms.venues)))
    if wanted.venues is not None and not wanted.venues:
        found.append(Denied("venues", "none", "one at the least"))
    if wanted.collar_bp is not None and not (wanted.collar_bp.is_finite() and 0 < wanted.collar_bp < BP):
        found.append(Denied("collar", str(wanted.collar_bp), "between 0 and 10000 bp"))
    if wanted.quota is not None and state.plan.programme is None:
        found.append(Denied("quota", str(wanted.quota), "a plan with a programme"))
    if wanted.quota is not None and not (wanted.quota.is_finite() and 0 < wanted.quota <= 1):
        found.append(Denied("quota", str(wanted.quota), "above 0 and at most 1"))
    found += _floors(state, wanted)
    entrusted = [holding.asset for holding in state.terms.holdings]
    named = (*(wanted.floors or {}), *(wanted.shares or {}))
    found += [Denied("asset", asset, ",".join(entrusted)) for asset in named if asset not in entrusted]
    shares = [share for share in (wanted.shares or {}).values() if share is not None]
    found += [
        Denied("participation", str(share), "between 0 and 1")
        for share in shares
        if not (share.is_finite() and 0 < share < 1)
    ]
    return tuple(found)


def _floors(state: State, wanted: i.Amend) -> list[Denied]:
    """A floor is in what the asset is sold for, or in what everything is settled in; of whatever kind, above zero."""
    found = []
    for asset, floor in (wanted.floors or {}).items():
        currencies = [*(plan.buy for plan in state.plan.legs if plan.sell == asset), state.terms.settlement]
        if floor is None:
            continue
        if floor.quote is not None:
            currencies = currencies[:-1]  # quotes are in what the asset is sold for
        if floor.currency not in currencies:
            found.append(Denied("floor", in_words(floor), " or ".join(currencies)))
        moving = floor.average or floor.quote
        number = moving.share if moving is not None else floor.price
        if not (number.is_finite() and number > 0):
            found.append(Denied("floor", str(number), "above zero"))
    return found


def _settle(state: State, wanted: i.SettleUnknown) -> tuple[Denied, ...]:
    order = state.live.get(wanted.client_id)
    if order is None or order.state not in (OrderState.UNKNOWN, OrderState.CLOSING):
        unsettled = [n for n, o in state.live.items() if o.state in (OrderState.UNKNOWN, OrderState.CLOSING)]
        return (Denied("unknown order", wanted.client_id, ",".join(unsettled) or "none"),)
    numbers = [n for n in (wanted.filled, wanted.price, wanted.fee.units if wanted.fee else None) if n is not None]
    if not all(number.is_finite() for number in numbers):
        return (Denied("numbers", ", ".join(map(str, numbers)), "finite ones"),)
    if not order.filled <= wanted.filled <= order.child.quantity:
        return (Denied("filled", str(wanted.filled), f"from {order.filled} to {order.child.quantity}"),)
    if (wanted.filled > order.filled) != (wanted.price is not None and wanted.price > 0):
        return (Denied("price", str(wanted.price), "one where something was sold that was not known, none elsewhere"),)
    return ()


def _explain(state: State, wanted: i.ExplainDifference) -> tuple[Denied, ...]:
    standing = state.venues.get(wanted.venue)
    shown = [(d.asset, d.delta) for d in standing.differences] if standing is not None else []
    if (wanted.asset, wanted.delta) in shown:
        return ()
    return (
        Denied(
            "difference", f"{wanted.delta} {wanted.asset}", ", ".join(f"{delta} {a}" for a, delta in shown) or "none"
        ),
    )


def _finish(state: State, wanted: i.Finish) -> tuple[Denied, ...]:
    if state.stopped or state.looking:
        return (Denied("finish", "the run is over", "a run that goes on"),)
    if wanted.by is i.By.RFQ and not any(state.opened.capabilities[venue].quotes for venue in state.venues):
        return (Denied("finish", "no venue gives firm quotes", "a venue that does"),)
    return ()


_JUDGES: Final[Mapping[type, Callable[[State, Any], tuple[Denied, ...]]]] = {
    i.Stop: _stop,
    i.GoOn: _go_on,
    i.Amend: _amend,
    i.SettleUnknown: _settle,
    i.ExplainDifference: _explain,
    i.Finish: _finish,
}
"""A ticket is not here: the gate judges it."""


def _known(state: State, scope: i.Scope) -> list[str]:
    match scope:
        case i.Scope.VENUE:
            return list(state.venues)
        case i.Scope.ASSET:
            return [plan.sell for plan in state.plan.legs]
        case i.Scope.CHILD:
            return list(state.live)
        case i.Scope.RUN:
            return []


def followed(state: State, entry: Instructed) -> None:
    """Change the state as the instruction says. A ticket and a proven quantity are booked by the fold itself."""
    match entry.instruction:
        case i.Stop(scope=scope, name=name):
            state.stops[scope, name] = entry.by
            if scope is i.Scope.CHILD:
                child = state.live[ClientOrderId(name)].child
                state.legs[child.leg].skipped = child.slice
        case i.GoOn(scope=i.Scope.RUN):
            _reopen(state)
        case i.GoOn(scope=scope, name=name):
            del state.stops[scope, name]
            if scope is i.Scope.CHILD:
                for leg in state.legs.values():
                    leg.skipped = -1
        case i.Amend():
            _amended(state, entry.instruction)
            state.amended = (*state.amended, entry.paper_sha256)
        case i.Finish(by=by):
            state.finishing = by
        case i.ExplainDifference(venue=venue, asset=asset, delta=delta):
            state.ledger.post(posting.explained(entry.at, venue, asset, delta, entry.paper_sha256))
            standing = state.venues[venue]
            standing.differences = tuple(d for d in standing.differences if d.asset != asset)
            standing.repeats, standing.changed_at = 0, state.at
            standing.doubted = standing.doubted and bool(standing.differences)
            shipping.ended(state, venue, asset, entry.paper_sha256)
        case i.SettleUnknown() | i.Ticket():
            pass


def _reopen(state: State) -> None:
    """After a halt: every leg goes on; what has nothing left to sell, or no time, is closed again by itself."""
    state.halted, state.conflict, state.recorded, state.looking, state.paused = "", "", "", "", False
    for leg in state.legs.values():
        leg.closed, leg.residue_reason = False, ""
    for standing in state.venues.values():
        standing.repeats, standing.doubted = 0, bool(standing.differences)


def _amended(state: State, wanted: i.Amend) -> None:
    for plan in state.plan.legs:
        _repaced(state, plan, wanted)
    if wanted.ends is not None:
        state.deadline = wanted.ends
    if wanted.venues is not None:
        state.terms = replace(state.terms, venues=wanted.venues)
    if wanted.collar_bp is not None:
        state.limits = replace(state.limits, collar_bp=wanted.collar_bp)
    if wanted.quota is not None and state.plan.programme is not None:
        state.plan = replace(state.plan, programme=_another_quota(state, state.plan.programme, wanted.quota))
    if wanted.floors or wanted.shares:
        state.terms = replace(
            state.terms,
            holdings=tuple(
                replace(
                    holding,
                    floor=(wanted.floors or {}).get(holding.asset, holding.floor),
                    participation_max=(wanted.shares or {}).get(holding.asset, holding.participation_max),
                )
                for holding in state.terms.holdings
            ),
        )
    state.plan = _replanned(state)


def _another_quota(state: State, programme: Programme, quota: Decimal) -> Programme:
    """It holds from today on; what days before have left is counted by what held then."""
    before = programme.quota if programme.quota is not None else Decimal(1)
    today = day(programme.hours, state.at)
    return replace(programme, quota=quota, earlier=(*programme.earlier, (today, before)))


def _replanned(state: State) -> Plan:
    """The plan under the terms as they are now."""
    legs = []
    for plan in state.plan.legs:
        holding = state.terms.holding(plan.sell)
        if holding is not None:
            plan = replace(plan, floor=holding.floor, participation_max=holding.participation_max)
        legs.append(plan)
    deadline = replace(state.plan.deadline, at=state.deadline, after=None)
    return replace(state.plan, legs=tuple(legs), deadline=deadline)


def in_force(state: State) -> str:
    """What an amendment names: the digest of the plan, with the papers that have amended it since, in their order."""
    return codec.digest((state.opened.plan, state.amended)) if state.amended else state.plan.digest


def trading(state: State, plan: LegPlan, at: Instant) -> Instant:
    """`at` on the clock that schedules live by: only open time passes on it."""
    hours = state.plan.hours(plan)
    if hours is None:
        return at
    return Instant(state.opened.at + elapsed(hours, state.opened.at, at))


def _repaced(state: State, plan: LegPlan, wanted: i.Amend) -> None:
    """The rest of a leg's schedule, fitted into what it has now."""
    now, was = trading(state, plan, state.at), Instant(state.opened.at + plan.window)
    for stretch in state.stretches.get(plan.id, ()):
        was = stretch.forth(was)
    if was <= now:
        return
    ends = was if wanted.ends is None else _fitted(state, plan, was, now, wanted.ends)
    if wanted.rate is not None:
        ends = Instant(now + int((ends - now) / wanted.rate))
    if ends != was:
        stretch = Stretch(now, was, Instant(max(ends, now + 1)))
        state.stretches[plan.id] = (*state.stretches.get(plan.id, ()), stretch)


def _fitted(state: State, plan: LegPlan, was: Instant, now: Instant, deadline: Instant) -> Instant:
    """When the schedule ends under another deadline. What still fits stays; else it keeps its distance to the end."""
    ends, over = trading(state, plan, deadline), trading(state, plan, state.deadline)
    if ends < over and was <= ends - plan.tail:
        return was
    moved = Instant(ends - (over - was))
    return moved if moved > now else Instant(ends - plan.tail)


def proven(order: Order, wanted: i.SettleUnknown, paper: str, at: Instant) -> Fill:
    """What the paper shows of an order beyond what its venue told, as one fill of its own."""
    child, new = order.child, wanted.filled - order.filled
    assert wanted.price is not None, "a quantity without a price is refused"
    return Fill(
        venue=child.venue,
        symbol=child.symbol,
        client_id=child.client_id,
        venue_order_id=order.venue_order_id or VenueOrderId(booking.BY_HAND),
        trade_id=TradeId(f"{booking.BY_HAND}-{paper[:12]}"),
        quantity=new,
        price=wanted.price,
        fee=wanted.fee or Amount(ZERO, child.buy),
        maker=False,
        at=at,
    )


def dealt(ticket: i.Ticket, plan: LegPlan, client_id: ClientOrderId) -> Fill:
    """A ticket as a fill of the leg that sells its asset."""
    return Fill(
        venue=ticket.venue,
        symbol=plan.at(ticket.venue).symbol,
        client_id=client_id,
        venue_order_id=VenueOrderId(ticket.ticket),
        trade_id=TradeId(ticket.ticket),
        quantity=ticket.quantity,
        price=ticket.price,
        fee=ticket.fee,
        maker=False,
        at=ticket.dealt_at,
    )
