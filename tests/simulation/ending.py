"""How a run may end: what has to be true of its last state, against what the exchanges know."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Protocol

from engine.core.settling import DUST
from engine.core.state import State
from engine.kernel.ids import ClientOrderId, Symbol, TradeId, VenueName
from engine.kernel.money import ZERO, Asset
from engine.market.instrument import Instrument
from engine.orders.order import Approved, OrderState
from engine.planning.plan import LegPlan
from tests.simulation.proofs import Proofs, open_quantity
from tests.simulation.truth import Truth

Claim = tuple[str, bool, str]
NOWHERE = "no venue account holds"


class Evidence(Protocol):
    """What was seen on the way."""

    truth: Truth
    proofs: Proofs
    places: dict[ClientOrderId, Approved]

    def entrusted(self, asset: Asset) -> Decimal: ...


class Ending:
    """The claims, each with its number. `dark` are the venues that could not be asked when the run ended."""

    def __init__(self, state: State, seen: Evidence, dark: frozenset[VenueName], *, halted: bool) -> None:
        self._state, self._seen, self._dark, self._halted = state, seen, dark, halted
        self._truth = seen.truth

    def claims(self) -> Iterator[Claim]:
        """I04, I09, I12, I25, I26, I42."""
        yield from self._status()
        for venue in self._truth.venues:
            yield from self._orders(venue)
        for plan in self._state.opened.plan.legs:
            yield from self._leg(plan)
            yield from self._reason(plan)

    def _status(self) -> Iterator[Claim]:
        """Unresolved where a venue that can't be asked left something open, and nowhere else."""
        state = self._state
        open_at = {venue for venue in self._truth.venues if self._open(venue)}
        yield (
            "I42",
            open_at <= self._dark,
            f"open at {open_at}, where all but {set(self._dark)} could be asked",
        )
        if open_at:
            yield "I42", state.finished == "unresolved", f"something is open at {open_at}"
            return
        allowed = ("halted", "done", "short") if self._halted else ("done", "short")
        yield "I42", state.finished in allowed, f"nothing is open anywhere ({state.halted!r})"

    def _open(self, venue: VenueName) -> bool:
        live = any(order.child.venue == venue for order in self._state.live.values())
        return live or bool(self._state.venues[venue].differences) or self._seen.proofs.unread(venue)

    def _orders(self, venue: VenueName) -> Iterator[Claim]:
        """Where everything could be asked, nothing is missing; elsewhere, no more than is still counted as open."""
        state, truth = self._state, self._truth
        orders = [o for o in (*state.live.values(), *state.ended.values()) if o.child.venue == venue]
        booked = {t for order in orders for t in order.trades}
        missing = [t for t in truth.trades(venue) if TradeId(t.trade_id) not in booked]
        unknown = {o.child.client_id: open_quantity(o) for o in orders}
        for trade in missing:
            unknown[ClientOrderId(trade.client_id)] -= trade.quantity
        yield "I26", not missing or venue in self._dark, f"not booked: {missing}"
        yield "I24", min(unknown.values(), default=ZERO) >= 0, f"more was sold at {venue} than was left open"
        accepted = {row.client_id for row in truth.orders(venue)}
        believed = {o.child.client_id for o in orders if o.state is OrderState.SETTLED}
        live = {o.child.client_id for o in orders if o.live}
        yield "I25", believed <= accepted <= believed | live, f"orders that one side lacks: {accepted ^ believed}"
        left = {row.client_id for row in truth.open_orders(venue)}
        yield "I25", left <= live, f"left in the book at {venue}: {left - live}"

    def _leg(self, plan: LegPlan) -> Iterator[Claim]:
        """Sold and residue make up what was entrusted and received, in truth and on record."""
        state, truth, leg = self._state, self._truth, self._state.legs[plan.id]
        booked = {(o.child.venue, t) for o in (*state.live.values(), *state.ended.values()) for t in o.trades}
        told = [(v, t) for v, t in truth.all_trades() if (v, TradeId(t.trade_id)) in booked]
        mine = [(v, t) for v, t in told if (v, Symbol(t.symbol)) in plan.pairs]
        sold = sum((t.quantity for _, t in mine), ZERO)
        brought = sum((t.quote for _, t in mine), ZERO)
        fees = sum((t.fee for _, t in mine), ZERO)
        came = sum((t.quote - t.fee for v, t in told if truth.quote[v, Symbol(t.symbol)] == plan.sell), ZERO)
        had = self._seen.entrusted(plan.sell) + came
        yield "I09", sold == leg.sold, f"leg {plan.id} sold {sold}, and says {leg.sold}"
        yield "I09", had == leg.total, f"leg {plan.id} had {had}, and says {leg.total}"
        yield "I08", brought == leg.proceeds, f"leg {plan.id} brought {brought}, and says {leg.proceeds}"
        yield "I07", fees == sum(leg.fees.values(), ZERO), f"leg {plan.id} paid {fees}, and says {leg.fees}"
        named = bool(leg.residue_reason) or not leg.remaining
        yield "I04", leg.closed and named, f"leg {plan.id} left {leg.remaining} without a reason"
        places = self._seen.places
        worst = min((t.price - places[ClientOrderId(t.client_id)].order.price for _, t in mine), default=ZERO)
        yield "I12", worst >= 0, f"leg {plan.id} sold {-worst} under a limit"

    def _reason(self, plan: LegPlan) -> Iterator[Claim]:
        """A reason is true: dust is dust at every venue, and what is nowhere is nowhere."""
        leg = self._state.legs[plan.id]
        there = {i: min(leg.remaining, self._truth.held(i.venue).get(plan.sell, ZERO)) for i in plan.instruments}
        if leg.residue_reason.startswith(DUST):
            odd = {i.venue: units for i, units in there.items() if not self._dust(i, units)}
            yield "I42", not odd, f"leg {plan.id} left {odd} as dust: {leg.residue_reason}"
        if leg.residue_reason.startswith(NOWHERE):
            yield "I42", not any(there.values()), f"leg {plan.id}: {leg.residue_reason}, and there is {there.values()}"

    def _dust(self, instrument: Instrument, units: Decimal) -> bool:
        """Twice the minimum, since prices move after the reason was given."""
        pair = (instrument.venue, instrument.symbol)
        prices = [t.price for v, t in self._truth.all_trades() if (v, Symbol(t.symbol)) == pair]
        small = units < instrument.quantity_min or instrument.sellable(units) == 0
        best = max(prices, default=Decimal(80_000) if instrument.base == "BTC" else Decimal(1))
        return small or units * best < 2 * instrument.notional_min
