"""What questions to desks, taken quotes and deals change in the state: the part of the fold that is about quotes.

A quote that is taken stands among the live orders until its fate is known, as the order that it would have been. So all
that holds for orders holds for it: what it sells is committed, it is unknown after a crash, and it keeps its leg open.
"""

from collections.abc import Iterable

from msgspec.structs import replace

from engine.core import booking
from engine.core.state import State
from engine.kernel.clock import SECOND, Instant, Span
from engine.kernel.ids import ClientOrderId, LegId
from engine.orders import commands as c
from engine.orders import events as e
from engine.orders import lifecycle, quotes
from engine.orders.order import ChildOrder, Order, OrderFact, OrderState, floor_of
from engine.orders.quotes import Ask
from engine.orders.reports import Dealt, NoDeal, NoWord, Refused, Transient, Unknown
from engine.risk.caps import counted_at

PAUSE = Span(10 * SECOND)
"""Market time between two rounds of questions for one leg, where the first brought no deal."""


def asked(state: State, entry: c.AskQuote) -> None:
    """A question is on its way; it takes the place of the last one."""
    state.questions = max(state.questions, entry.number)
    state.asks[entry.leg, entry.venue] = Ask(
        number=entry.number,
        leg=entry.leg,
        venue=entry.venue,
        request=entry.request,
        at=state.at,
        again_at=Instant(state.at + PAUSE),
    )


def came(state: State, entry: e.QuoteCame) -> None:
    """An answer. One to a question that was overtaken by a new start is on record, and no more."""
    for key, ask in state.asks.items():
        if ask.number == entry.number:
            state.asks[key] = replace(ask, answer=entry.answer, until=entry.until)
            if isinstance(entry.answer, Refused) and entry.answer.stop_venue:
                state.venues[ask.venue].refused = entry.answer.reason


def taken(state: State, entry: c.AcceptQuote) -> None:
    """The quote may be a deal from here on."""
    child = entry.approved.order
    leg = state.legs[child.leg]
    checks = entry.approved.checks
    most = counted_at(checks) if state.limits.caps is not None else None
    state.live[child.client_id] = Order(child, floor=floor_of(checks), most=most)
    leg.live[child.venue] = child.client_id
    leg.denied.pop(child.venue, None)
    state.taken[child.client_id] = entry.quote
    _put_aside(state, _of_leg(state, child.leg))


def withheld(state: State, order: ChildOrder) -> None:
    """The quote that the order stands for is not looked at again."""
    _put_aside(state, [ask for ask in _of_leg(state, order.leg) if quotes.FIRST + ask.number == order.slice])


def accepted(state: State, entry: e.AcceptanceCame) -> None:
    """How the call ended; what it leaves open stays committed."""
    order = state.order(entry.client_id)
    if order is None or entry.client_id not in state.taken:
        state.conflict = state.conflict or f"an answer came for {entry.client_id}, which took no quote"
        return
    match entry.outcome:
        case Dealt():
            _dealt(state, order, entry.outcome)
        case Refused() | Transient() | Unknown():
            booking.keep(state, lifecycle.placed(order, entry.outcome))
            if isinstance(entry.outcome, Refused) and entry.outcome.stop_venue:
                state.venues[order.child.venue].refused = entry.outcome.reason


def looking(state: State, entry: c.LookDeal) -> None:
    """The venue is being asked."""
    state.live[entry.client_id] = replace(state.live[entry.client_id], looking=True)


def seen(state: State, entry: e.DealSeen) -> None:
    """What the venue's records say; only they end an acceptance whose answer was lost."""
    order = state.order(entry.client_id)
    if order is None or entry.client_id not in state.taken:
        state.conflict = state.conflict or f"a deal was looked for under {entry.client_id}, which took no quote"
        return
    state.failed_looks.discard(entry.client_id)
    if not order.live:
        if order.by_paper and isinstance(entry.answer, Dealt):
            told = f"deal {entry.answer.deal.deal_id}"
            state.conflict = state.conflict or booking.against_paper(order, order.child.venue, told)
        return
    order = replace(order, looking=False)
    state.live[entry.client_id] = order
    match entry.answer:
        case Dealt():
            _dealt(state, order, entry.answer)
        case NoDeal() if order.state is OrderState.UNKNOWN:
            booking.keep(state, lifecycle.moved(order, OrderFact.PROVEN_ABSENT))
        case NoDeal() | NoWord():
            state.failed_looks.add(entry.client_id)


def restarted(state: State) -> None:
    """Whoever was asked answered somebody who is gone."""
    _put_aside(state, state.asks.values(), again_at=state.at)


def _dealt(state: State, order: Order, dealt: Dealt) -> None:
    """Book the deal, whatever it is; then the leg may ask again at once, for what is left."""
    deal, child, quote = dealt.deal, order.child, state.taken[order.child.client_id]
    if not quotes.agrees(deal, quote):
        what = f"{deal.quantity} {deal.sell} for {deal.proceeds} {deal.buy}"
        state.conflict = state.conflict or f"{deal.venue} dealt quote {quote.quote_id} otherwise than quoted: {what}"
    if (deal.venue, deal.sell, deal.buy) != (child.venue, child.sell, child.buy):
        return  # of other assets there is nothing to book under this leg; the halt is about it
    step = quotes.price_step(state.plan.leg(child.leg).at(child.venue))
    booking.book(state, quotes.execution(deal, child, step))
    booking.report(state, quotes.ended(deal, child))
    _put_aside(state, _of_leg(state, child.leg), again_at=state.at)


def _of_leg(state: State, leg: LegId) -> list[Ask]:
    return [ask for ask in state.asks.values() if ask.leg == leg]


def _put_aside(state: State, asks: Iterable[Ask], again_at: Instant | None = None) -> None:
    for ask in list(asks):
        again = ask.again_at if again_at is None else again_at
        state.asks[ask.leg, ask.venue] = replace(ask, over=True, again_at=again)


def took(state: State, venue: str, quote_id: str) -> ClientOrderId | None:
    """The order under which the quote was taken before."""
    for name, quote in state.taken.items():
        if (quote.venue, quote.quote_id) == (venue, quote_id):
            return name
    return None
