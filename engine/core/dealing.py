"""What people proved by a paper, as a sale: a deal by voice passes the gate first, a lost fill is a fact.

A deal is held against the same mandate, path, licences and prices as any order.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from msgspec.structs import replace

from engine.core import hand
from engine.core.state import State
from engine.core.world import world_of
from engine.kernel.clock import iso
from engine.kernel.errors import Denied
from engine.kernel.ids import OrderName, client_order_id
from engine.kernel.money import ZERO, down_to, times
from engine.mandate.instructions import SettleUnknown, Ticket
from engine.orders import commands as c
from engine.orders.order import Check, ChildOrder, TimeInForce
from engine.planning.plan import LegPlan
from engine.risk import gate

CRUMB: Final = Decimal("0.00000001")


def answers(state: State, *, seen: bool) -> Iterator[c.Book | c.Unheeded]:
    """To what people asked for and the fold could not simply do.

    A deal by voice is judged by fresh books: where the last ones are too old, it waits until they have been `seen`.
    """
    for entry, denied in list(state.pending):
        match entry.instruction:
            case _ if denied:
                yield c.Unheeded(entry.paper_sha256, denied)
            case Ticket():
                verdict = _judged(state, entry.instruction, entry.paper_sha256)
                if seen or not _blind(verdict):
                    yield verdict
            case SettleUnknown(client_id=client_id):
                order = state.live[client_id]
                fill = hand.proven(order, entry.instruction, entry.paper_sha256, entry.at)
                yield c.Book(paper_sha256=entry.paper_sha256, order=order.child, fill=fill)
            case _:
                pass


def _blind(verdict: c.Book | c.Unheeded) -> bool:
    """Was it refused for want of a price?"""
    return isinstance(verdict, c.Unheeded) and any(
        denied.limit == "reference" or denied.value.startswith("no price") for denied in verdict.denied
    )


def _judged(state: State, ticket: Ticket, paper: str) -> c.Book | c.Unheeded:
    """Hold the ticket against the gate, as the order that it would have been."""
    if denied := tuple(_odd(state, ticket)):
        return c.Unheeded(paper, denied)
    plan = next((leg for leg in state.plan.legs if (leg.sell, leg.buy) == (ticket.sell, ticket.buy)), None)
    if plan is None or ticket.venue not in {i.venue for i in plan.instruments}:
        legs = (f"{leg.sell}>{leg.buy} on {'/'.join(i.venue for i in leg.instruments)}" for leg in state.plan.legs)
        what = f"{ticket.sell}>{ticket.buy} on {ticket.venue}"
        return c.Unheeded(paper, (Denied("ticket", what, ", ".join(legs)),))
    child = _as_order(state, plan, ticket)
    net = replace(child, price=_net(ticket))  # floor and collar are held against what we are left with
    verdicts = gate.check_deal(net, world_of(state, plan, child), gross=ticket.price)
    if denied := tuple(verdict for verdict in verdicts if isinstance(verdict, Denied)):
        return c.Unheeded(paper, denied)
    checks = tuple(verdict for verdict in verdicts if isinstance(verdict, Check))
    return c.Book(paper_sha256=paper, order=child, fill=hand.dealt(ticket, plan, child.client_id), checks=checks)


def _odd(state: State, ticket: Ticket) -> Iterator[Denied]:
    """What is wrong with it before any market is looked at."""
    numbers = (ticket.quantity, ticket.price, ticket.fee.units)
    if not all(number.is_finite() for number in numbers) or ticket.quantity <= 0 or ticket.fee.units < 0:
        yield Denied("numbers", ", ".join(map(str, numbers)), "a quantity above zero, and no fee below")
        return
    if ticket.fee.units and ticket.fee.asset not in (ticket.sell, ticket.buy):
        yield Denied("fee", f"{ticket.fee.units} {ticket.fee.asset}", f"in {ticket.sell} or {ticket.buy}")
    if ticket.dealt_at < state.opened.at:
        yield Denied("ticket", iso(ticket.dealt_at), "a deal of this run: what came before is in its balances")
    if ticket.dealt_at > state.at:
        yield Denied("ticket", iso(ticket.dealt_at), "a deal that has been struck")
    known = (ticket.venue, ticket.ticket) in state.tickets or (ticket.venue, ticket.document_sha256) in state.documents
    if known:
        yield Denied("ticket", f"{ticket.ticket}, {ticket.document_sha256[:12]}", "a deal that was not booked before")


def _net(ticket: Ticket) -> Decimal:
    """What a unit that leaves us brings after the fee, rounded down; a fee in coin leaves as well."""
    fee = ticket.fee.units
    kept = times(ticket.quantity, ticket.price) - (fee if ticket.fee.asset == ticket.buy else ZERO)
    return down_to(kept / (ticket.quantity + (fee if ticket.fee.asset == ticket.sell else ZERO)), CRUMB)


def _as_order(state: State, plan: LegPlan, ticket: Ticket) -> ChildOrder:
    """Slice 999999 is no slice of any schedule: an id that no order of ours ever has."""
    name = OrderName(state.tag, plan.id, 999_999, len(state.tickets) + 1, state.epoch)
    return ChildOrder(
        client_id=client_order_id(name),
        leg=plan.id,
        slice=name.slice,
        attempt=name.attempt,
        venue=ticket.venue,
        symbol=plan.at(ticket.venue).symbol,
        sell=ticket.sell,
        buy=ticket.buy,
        quantity=ticket.quantity,
        price=ticket.price,
        tif=TimeInForce.FOK,
        decided_at=state.at,
    )
