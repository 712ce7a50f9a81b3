"""`finish --by rfq`: every desk is asked for a firm price, and the best that the limits and the book allow is taken.

Desks are asked in rounds, all that a leg can ask at once, so that their prices speak of one market. A quote is compared
with what the book would pay for the same quantity at the instant of the decision. What is not taken stays on record
with the reason. At most one deal of a leg is under way, and while its outcome is unknown nobody is asked.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Final

from engine.core import striking
from engine.core.outlets import outlet
from engine.core.state import State
from engine.core.world import (
    account,
    by_quotes,
    guarded,
    lowest_price,
    out_of_hours,
    reference_of,
    room,
    stopped,
    unlicensed,
    view_of,
    world_of,
)
from engine.kernel.clock import MILLISECOND, SECOND, Instant, Span
from engine.kernel.ids import OrderName, client_order_id
from engine.kernel.money import ZERO, times
from engine.market.consolidated import Consolidated
from engine.market.instrument import Instrument
from engine.market.reference import NoReference
from engine.market.view import MarketView
from engine.orders import commands as c
from engine.orders import quotes
from engine.orders.comparison import Comparison
from engine.orders.order import Approved, ChildOrder, TimeInForce
from engine.orders.quotes import Ask
from engine.orders.reports import Quote, QuoteRequest, Refused
from engine.planning.plan import LegPlan
from engine.risk import gate
from engine.routing.rfq import compare
from engine.routing.sweep import Division, divide

ANSWERS: Final = Span(2 * SECOND)
"""Market time that desks are given; then the best of those that have answered is taken."""
MARGIN: Final = Span(300 * MILLISECOND)
"""A quote with less time than this left is not taken: it might end on its way."""


CRUMBS: Final = 10
"""What the stablecoin's ceiling leaves room for is not asked for while it is less than the ceiling by this."""


def pursue(state: State, plan: LegPlan) -> Iterator[c.Command]:
    """One leg's decision: take a quote, wait for the others, or ask again."""
    if not _may(state, plan):
        return
    asks = _asks(state, plan)
    if any(ask.waited_for and state.at < ask.at + ANSWERS for ask in asks):
        return
    standing = [(ask, quote) for ask in asks if (quote := ask.standing(Instant(state.at + MARGIN))) is not None]
    comparison = _compared(state, plan, (quote for _, quote in standing))
    for ask, quote in sorted(standing, key=lambda one: _unit(one[1]), reverse=True):
        command = _judged(state, plan, ask, quote, comparison)
        yield command
        if isinstance(command, c.AcceptQuote):
            return
    if all(ask.again_at <= state.at for ask in _asks(state, plan) if not ask.waited_for):
        yield from _round(state, plan)


def wakes(state: State) -> Iterator[Instant]:
    """When a leg that finishes by quotes is to be looked at: patience with the desks ends, or it may ask again."""
    for plan in state.plan.legs:
        if not by_quotes(state, plan) or not _may(state, plan):
            continue
        asks = _asks(state, plan)
        waiting = [ends for ask in asks if ask.waited_for and (ends := ask.at + ANSWERS) > state.at]
        again = max((ask.again_at for ask in asks if not ask.waited_for), default=state.at)
        later = again if again > state.at else state.due_at + striking.PAUSE  # nobody could be asked
        yield Instant(max(state.at + 1, min([later, *waiting])))


def _may(state: State, plan: LegPlan) -> bool:
    """May the leg ask or take anything now?"""
    leg = state.legs[plan.id]
    over = bool(state.stopped) or state.at >= state.deadline_of(plan) or bool(out_of_hours(state, plan))
    over = over or bool(guarded(state, plan))
    return not over and not leg.closed and leg.total > 0 and not leg.live


def _asks(state: State, plan: LegPlan) -> list[Ask]:
    return [ask for ask in state.asks.values() if ask.leg == plan.id]


def _unit(quote: Quote) -> Fraction:
    """What one unit brings, exactly."""
    return Fraction(quote.proceeds) / Fraction(quote.quantity)


def _round(state: State, plan: LegPlan) -> Iterator[c.AskQuote]:
    for instrument in plan.instruments:
        if state.questions >= quotes.NUMBER_MAX or not _answers(state, plan, instrument):
            continue
        quantity = _quantity(state, plan, instrument)
        if quantity > 0:
            request = QuoteRequest(plan.sell, plan.buy, quantity)
            yield c.AskQuote(state.questions + 1, plan.id, instrument.venue, request)


def _answers(state: State, plan: LegPlan, instrument: Instrument) -> bool:
    """Has the venue a desk that owes us no answer, and may a deal be struck with it?"""
    venue = instrument.venue
    last = state.asks.get((plan.id, venue))
    if last is not None and last.waited_for:
        return False  # its answer may wait for the venue's rate limit; a second question would only queue behind
    allowed = venue in state.terms.venues and not unlicensed(state, venue) and not stopped(state, plan, venue)
    return state.opened.capabilities[venue].quotes and allowed and state.venues[venue].continuous


def _quantity(state: State, plan: LegPlan, instrument: Instrument) -> Decimal:
    """All that is left there, as far as the limits for a block leave room. A desk that refused is asked for half."""
    priced = _priced(state, plan, instrument)
    if priced is None:
        return ZERO
    _, ref, lowest = priced
    leg, space = state.legs[plan.id], room(state, plan, instrument, ref, None)
    bounds = [space.account, leg.remaining - space.elsewhere]
    bounds += [bound for bound in (space.inventory, space.today, space.cap, space.venue_cap) if bound is not None]
    quantity = instrument.sellable(max(ZERO, min(bounds)))
    making = state.terms.stable(plan.buy)
    if making is not None and quantity == space.inventory and times(quantity * CRUMBS, ref) < making.inventory_max:
        return ZERO
    last = state.asks.get((plan.id, instrument.venue))
    if last is not None and isinstance(last.answer, Refused):
        half = instrument.sellable(last.request.quantity / 2)
        quantity = min(quantity, max(half, instrument.smallest(lowest)))
    return ZERO if instrument.too_small(quantity, lowest) else quantity


def _priced(state: State, plan: LegPlan, instrument: Instrument) -> tuple[MarketView, Decimal, Decimal] | None:
    """The book, its reference price and the lowest price allowed; `None` while there is no price to decide by."""
    view = view_of(state, instrument)
    ref = reference_of(state, plan, instrument)
    if view is None or isinstance(ref, NoReference):
        return None
    lowest = lowest_price(state, plan, instrument, ref.price)
    return None if lowest is None else (view, ref.price, lowest)


def _judged(
    state: State, plan: LegPlan, ask: Ask, quote: Quote, comparison: Comparison | None
) -> c.AcceptQuote | c.Withheld:
    """Name the order that the quote would be, and hold both against the gate."""
    child = _as_order(state, plan, ask, quote)
    division = _books(state, plan, quote.quantity)
    offered = gate.Offered(
        quote=quote,
        until=Instant(ask.until - MARGIN),
        book=division.worth if division is not None else ZERO,
        taken=striking.took(state, quote.venue, quote.quote_id) is not None,
        working=next(iter(state.legs[plan.id].live.values()), None),
    )
    verdict = gate.check_quote(child, offered, world_of(state, plan, child))
    return c.AcceptQuote(quote, verdict, comparison) if isinstance(verdict, Approved) else c.Withheld(child, verdict)


def _as_order(state: State, plan: LegPlan, ask: Ask, quote: Quote) -> ChildOrder:
    instrument = plan.at(ask.venue)
    name = OrderName(state.tag, plan.id, quotes.FIRST + ask.number, 1, state.epoch)
    return ChildOrder(
        client_id=client_order_id(name),
        leg=plan.id,
        slice=name.slice,
        attempt=name.attempt,
        venue=ask.venue,
        symbol=instrument.symbol,
        sell=plan.sell,
        buy=plan.buy,
        quantity=ask.request.quantity,
        price=quotes.at_least(quote, quotes.price_step(instrument)),
        tif=TimeInForce.FOK,
        decided_at=state.at,
    )


def _books(state: State, plan: LegPlan, quantity: Decimal) -> Division | None:
    """The best division of `quantity` over all books that could be sold into; `None` where there is none.

    What they do not take counts at the lowest price that is allowed, net of its fee: an order left standing for the
    rest would bring no less.
    """
    outlets = []
    for instrument in plan.instruments:
        priced, there = _priced(state, plan, instrument), account(state, instrument)
        if priced is not None and not stopped(state, plan, instrument.venue) and there > 0:
            view, _, lowest = priced
            outlets.append(outlet(state, instrument, view, lowest, there))
    return divide(quantity, outlets) if outlets else None


def _compared(state: State, plan: LegPlan, standing: Iterable[Quote]) -> Comparison | None:
    """All desks' quotes against the books and the market's price, as of now; `None` while there is no such price."""
    found = [ref for i in plan.instruments if isinstance(ref := reference_of(state, plan, i), Consolidated)]
    quotes = list(standing)
    if not found or not quotes:
        return None
    books = {q.quantity: division for q in quotes if (division := _books(state, plan, q.quantity)) is not None}
    return compare(quotes, books, found[0].price)
