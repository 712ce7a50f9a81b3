"""What has to hold, checked against the exchange's own truth and the durable rows alone; numbers as in the catalogue.

Three moments: at the wire (a request leaves, a request arrives), after each turn of the engine, and at the end. End
states alone would not do: an engine that sends before its journal is safe ends well nearly always.
"""

from collections.abc import Callable, Sequence
from dataclasses import fields, is_dataclass
from decimal import Decimal
from typing import Any, Final, NoReturn

from engine.drivers.recovery import fold
from engine.events import Entry, Opened, decode
from engine.evolve import evolve
from engine.journal.record import GENESIS, Record, chained
from engine.kernel import codec
from engine.kernel.clock import MINUTE, Instant, iso
from engine.kernel.ids import ClientOrderId, TradeId, parse_client_order_id
from engine.kernel.money import BP, ZERO, Asset
from engine.ledger import accounts
from engine.ledger.balances import Balances
from engine.mandate.terms import Terms
from engine.market.view import MarketView
from engine.orders import commands as c
from engine.orders import events as e
from engine.orders.order import Approved, OrderState, TimeInForce
from engine.orders.reports import Outcome, Refused, Transient
from engine.risk.limits import Limits
from engine.state import State
from engine.state import opened as state_of
from tests.simulation.disk import CrashingStore, Died
from venues.sandbox.exchange import Exchange
from venues.sandbox.inprocess import VALIDITY
from venues.sandbox.model import Kind, OrderRequest, OrderRow, Rejection, Side, TradeRow

FOLD_EVERY: Final = 60
"""Turns between two comparisons of the state with a fresh fold of the journal."""
TURNS_MAX: Final = 200
"""Turns at one instant; more is a loop."""
_KINDS: Final = {Kind.GTC: TimeInForce.GTC, Kind.IOC: TimeInForce.IOC, Kind.MAKER: TimeInForce.POST_ONLY}
_ALL: Final = 1_000_000


class Violation(Exception):
    """An invariant did not hold."""

    def __init__(self, number: str, text: str, at: Instant) -> None:
        super().__init__(f"{number}: {text} (at {iso(at)})")
        self.number = number


class Checker:
    """Looks on; the first violation ends the run."""

    def __init__(
        self, exchange: Exchange, account: str, terms: Terms, limits: Limits, now: Callable[[], Instant]
    ) -> None:
        self.violation: Violation | None = None
        self.turns = 0
        self._exchange, self._account, self._terms, self._limits, self._now = exchange, account, terms, limits, now
        self._opening = {Asset(row.asset): row.free + row.locked for row in exchange.balances(account)}
        self._quote = {s: Asset(listing.quote) for s, listing in exchange.listings.items()}
        self._base = {s: Asset(listing.base) for s, listing in exchange.listings.items()}
        self._last = GENESIS
        self._rows = 0
        self._safe: State | None = None
        self._places: dict[ClientOrderId, Approved] = {}
        self._views: dict[str, MarketView] = {}
        self._sent: dict[ClientOrderId, Instant] = {}
        self._flying: dict[ClientOrderId, tuple[Approved, Instant]] = {}
        self._looked: object = None
        self._turned_at, self._busy = Instant(0), 0
        self._state: State | None = None
        self._store: CrashingStore | None = None
        self._records: Sequence[Record] = ()
        self._die: Callable[[], None] = lambda: None

    def began(self, records: Sequence[Record], store: CrashingStore, die: Callable[[], None]) -> None:
        """A process begins over these durable rows."""
        self._records, self._store, self._die = records, store, die
        self._state, self._looked = None, None

    def overdue(self) -> None:
        """I42: faults are over, and the run is not."""
        self._note("I42", f"the run is not over; {self._where()}")

    def _where(self) -> str:
        if self._state is None:
            return "no turn was made"
        state = self._state
        live = {name: (order.state, order.cancel_wanted) for name, order in state.live.items()}
        return f"live {live}, halted {state.halted!r}, legs {[(x.closed, x.remaining) for x in state.legs.values()]}"

    def _note(self, number: str, text: str) -> None:
        """Keep the first violation, and stop the process; for those who must not raise."""
        if self.violation is None:
            self.violation = Violation(number, text, self._now())
        self._die()

    def _fail(self, number: str, text: str) -> NoReturn:
        self._note(number, text)
        raise Died

    def _hold(self, number: str, holds: bool, text: str) -> None:
        if not holds:
            self._fail(number, text)

    # The journal

    def durable(self, records: Sequence[Record]) -> None:
        """I30: rows are chained; and what they say is kept for the wire's sake."""
        for record in records:
            self._rows += 1
            self._last = chained(self._last, record.seq, record.at, record.wall, record.kind, record.payload)
            if record.seq != self._rows or record.hash != self._last:
                self._note("I30", f"row {record.seq} is not chained to row {self._rows - 1}")
            entry = decode(record.payload)
            if codec.encode(entry) != record.payload:
                self._note("I30", f"row {record.seq} is not in canonical form")
            self._take(entry)

    def _take(self, entry: Entry) -> None:
        if isinstance(entry, Opened):
            self._safe = state_of(entry)
            return
        assert self._safe is not None, "the first row opens the run"
        evolve(self._safe, entry)
        if isinstance(entry, e.Due):
            self._views.update({str(view.symbol): view for view in entry.views})
        elif isinstance(entry, c.Place):
            self._price(entry.approved)
            self._pace(entry.approved)
            self._places[entry.approved.order.client_id] = entry.approved

    def _price(self, approved: Approved) -> None:
        """I12: never below the collar under the mid that was seen, nor below the mandate's floor."""
        order = approved.order
        mid = self._views[order.symbol].mid
        if mid is None or order.price * BP < mid * (BP - self._limits.collar_bp):
            self._note("I12", f"{order.client_id} at {order.price} under a mid of {mid}")
        holding = self._terms.holding(order.sell)
        if holding is None or holding.floor is None:
            return
        floor, bid = holding.floor, Decimal(1)
        if floor.currency != order.buy:
            onward = next(s for s in self._quote if self._base[s] == order.buy)
            bid = self._views[onward].bids[0].price
        if order.price * bid < floor.price:
            self._note("I12", f"{order.client_id} at {order.price} under the floor of {floor.price}")

    def _pace(self, approved: Approved) -> None:
        """I13: orders and notionals of any minute."""
        since = approved.order.decided_at - MINUTE
        recent = [a.order for a in (*self._places.values(), approved) if a.order.decided_at > since]
        same = [o.quantity * o.price for o in recent if o.leg == approved.order.leg]
        if len(recent) > self._limits.minute_orders_max or sum(same, ZERO) > self._limits.minute_notional_max:
            self._note("I13", f"{len(recent)} orders, {sum(same, ZERO)} in a minute")

    # The wire

    def sent(self, approved: Approved) -> None:
        """A request is about to leave: nothing but durable rows may speak for it."""
        order, safe = approved.order, self._safe
        known = self._places.get(order.client_id)
        if known is None or safe is None:
            self._fail("I19", f"{order.client_id} leaves, and no durable row says so")
        self._hold("I19", codec.digest(known) == codec.digest(approved), f"{order.client_id} is not as journaled")
        self._hold("I21", order.client_id not in self._sent, f"{order.client_id} is sent twice")
        name = parse_client_order_id(order.client_id)
        said = name and (name.tag, name.leg, name.slice, name.attempt)
        self._hold("I21", said == (safe.tag, order.leg, order.slice, order.attempt), f"{order.client_id} misnames")
        others = [o for o in safe.live.values() if o.child.leg == order.leg and o.child.client_id != order.client_id]
        self._hold("I20", not others, f"{order.client_id} leaves while {[o.child.client_id for o in others]} may live")
        self._hold("I17", not safe.halted, f"{order.client_id} leaves after a durable halt: {safe.halted}")
        self._hold("I16", (order.sell, order.buy) in [tuple(x) for x in self._edges()], f"{order.symbol} is no hop")
        self._hold("I10", order.venue in self._terms.venues, f"{order.venue} is not in the mandate")
        self._hold("I11", bool(approved.checks), "an approval without checks")
        self._sent[order.client_id] = self._now()
        self._flying[order.client_id] = (approved, self._now())
        self._cover(order.sell)

    def _edges(self) -> list[tuple[Asset, Asset]]:
        return [(edge.sell, edge.buy) for edge in self._terms.edges]

    def answered(self, client_id: ClientOrderId, outcome: Outcome) -> None:
        """The engine learns how a request ended."""
        if isinstance(outcome, Refused | Transient):
            self._flying.pop(client_id, None)

    def arriving(self, request: OrderRequest) -> None:
        """A request is at the exchange: it is what was journaled, and nothing more than the mandate allows."""
        known = self._places.get(ClientOrderId(request.client_id))
        if known is None:
            self._fail("I19", f"{request.client_id} arrives, and no durable row says so")
        o = known.order
        journaled = (o.symbol, Side.SELL, o.quantity, o.price, o.tif)
        wire = (request.symbol, request.side, request.quantity, request.price, _KINDS[request.kind])
        self._hold("I19", codec.digest(wire) == codec.digest(journaled), f"{wire} arrives, and {journaled} was sent")
        self._hold("I21", request.client_id in self._sent, f"{request.client_id} arrives and never left")

    def arrived(self, request: OrderRequest, result: OrderRow | Rejection) -> None:
        """The exchange has judged it."""
        name = ClientOrderId(request.client_id)
        self._flying.pop(name, None)
        if isinstance(result, Rejection):
            return
        believed = self._state.order(name) if self._state is not None else None
        gone = believed is not None and believed.state is OrderState.ABSENT
        self._hold("I23", not gone, f"{name} was proven absent, and is accepted now")
        self._cover(self._base[request.symbol])
        leg = self._places[name].order.leg
        open_now = [row.client_id for row in self._exchange.open_orders(self._account) if self._of(row) == leg]
        self._hold("I20", len(open_now) <= 1, f"one leg has {open_now} in the book")

    def _of(self, row: OrderRow) -> str:
        known = self._places.get(ClientOrderId(row.client_id))
        return known.order.leg if known is not None else ""

    def _cover(self, asset: Asset) -> None:
        """I09: sold, open, and still able to arrive, together never more than there was to sell."""
        rows = self._exchange.orders(self._account, limit=_ALL)
        possible = ZERO
        for row in rows:
            if self._base[row.symbol] == asset and ClientOrderId(row.client_id) in self._places:
                possible += row.filled if row.status.ended else row.quantity
        oldest = self._now() - VALIDITY - VALIDITY // 10
        flying = [a.order for a, at in self._flying.values() if at >= oldest and a.order.sell == asset]
        possible += sum((order.quantity for order in flying), ZERO)
        cap = self._opening.get(asset, ZERO)
        for trade in self._trades():
            if self._quote[trade.symbol] == asset:
                cap += trade.quote - trade.fee
        self._hold("I09", possible <= cap, f"{possible} {asset} sold or sellable of {cap}")

    def _trades(self) -> list[TradeRow]:
        return self._exchange.trades(self._account, limit=_ALL)

    # After a turn

    def turned(self, state: State) -> None:
        """The engine made a turn, and its rows are appended."""
        self._state = state
        self.turns += 1
        self._busy = self._busy + 1 if state.at == self._turned_at else 0
        self._turned_at = state.at
        self._hold("I43", self._busy < TURNS_MAX, f"{self._busy} turns, and no time passes")
        trades = self._trades()
        mark = (len(trades), state.changed_at, len(state.live), len(state.ended))
        if mark != self._looked:
            self._looked = mark
            self._fills(state, trades)
            self._orders(state)
        if self.turns % FOLD_EVERY == 0:
            self._same(state)

    def _fills(self, state: State, trades: Sequence[TradeRow]) -> None:
        """I01, I03, I26: each truth trade is booked at most once, and nothing else is; the rest is exactly the lag."""
        crooked = {asset: units for asset, units in state.ledger.trial().items() if units}
        self._hold("I01", not crooked, f"the ledger is out of balance by {crooked}")
        truth = {TradeId(t.trade_id): t for t in trades}
        booked: set[TradeId] = set()
        for order in (*state.live.values(), *state.ended.values()):
            extra = order.trades - truth.keys() | order.trades & booked
            self._hold("I26", not extra, f"{order.child.client_id} booked {extra}, which is none or another's")
            named = sum((truth[t].quantity for t in order.trades), ZERO)
            self._hold("I26", named == order.filled, f"{order.child.client_id}: {order.filled} booked of {named}")
            booked |= order.trades
        lag: dict[Asset, Decimal] = {}
        for name, trade in truth.items():
            if name not in booked:
                base, quote = self._base[trade.symbol], self._quote[trade.symbol]
                lag[base] = lag.get(base, ZERO) - trade.quantity
                lag[quote] = lag.get(quote, ZERO) + trade.quote - trade.fee
        custody = state.ledger.assets(accounts.venue(self._terms.venues[0]))
        for row in self._exchange.balances(self._account):
            asset = Asset(row.asset)
            apart = row.free + row.locked - custody.get(asset, ZERO)
            due = lag.get(asset, ZERO)
            self._hold("I03", apart == due, f"{asset}: truth less ledger is {apart}, and {due} is on its way")

    def _orders(self, state: State) -> None:
        """I23, I24: an ended order has ended in truth, with everything booked; an absent one never was."""
        for name, order in state.ended.items():
            row = self._exchange.order(self._account, client_id=name)
            if order.state is OrderState.ABSENT:
                self._hold("I23", row is None, f"{name} counts as absent, and the exchange has it")
                continue
            settled = row is not None and row.status.ended and row.filled == order.filled
            self._hold("I24", settled, f"{name} counts as settled with {order.filled}, and in truth is {row}")

    def _same(self, state: State) -> None:
        """I31: the state is a fold of the rows."""
        waiting = self._store.waiting if self._store is not None else []
        again = dump(fold([*self._records, *waiting]))
        now = dump(state)
        apart = [key for key in now if now[key] != again[key]]
        self._hold("I31", not apart, f"a fold of the journal differs in {apart}")

    # At the end

    def at_end(self, state: State, records: Sequence[Record], *, strange: bool, halted: bool) -> None:
        """The run is over, and everything that was on its way has arrived."""
        self._die = lambda: None
        try:
            self._same_at_end(state, records)
            self._fills(state, self._trades())
            self._orders(state)
            if strange:
                self._hold(
                    "E", state.finished in ("halted", "unresolved"), f"a stranger traded, and it ended {state.finished}"
                )
            else:
                self._complete(state, halted=halted)
        except Died:
            assert self.violation is not None
            raise self.violation from None

    def _same_at_end(self, state: State, records: Sequence[Record]) -> None:
        self._hold("I30", records[-1].kind == "closed" and self._rows == len(records), "the journal is not closed")
        again, now = dump(fold(records)), dump(state)
        self._hold("I31", again == now, f"a fold differs in {[key for key in now if now[key] != again[key]]}")

    def _complete(self, state: State, *, halted: bool) -> None:
        """I04, I25, I26: nothing is open, nothing is missing, and ledger, legs and exchange agree to the last unit."""
        allowed = ("halted", "done", "short") if halted else ("done", "short")
        self._hold("I42", state.finished in allowed, f"it ended {state.finished}: {state.halted}; {self._where()}")
        still = self._exchange.open_orders(self._account)
        self._hold("I25", not still, f"left in the book: {still}")
        self._hold("I25", not state.live, f"left unknown: {list(state.live)}")
        odd = [x for standing in state.venues.values() for x in standing.differences]
        self._hold("I04", not odd, f"differences: {odd}")
        truth = {t.trade_id for t in self._trades()}
        booked = {t for order in state.ended.values() for t in order.trades}
        self._hold("I26", truth == booked, f"not booked: {truth - booked}")
        accepted = {row.client_id for row in self._exchange.orders(self._account, limit=_ALL)}
        believed = {name for name, order in state.ended.items() if order.state is OrderState.SETTLED}
        self._hold("I25", accepted == believed, f"orders that one side lacks: {accepted ^ believed}")
        self._legs(state)

    def _legs(self, state: State) -> None:
        """Sold and residue make up what was entrusted and received, in truth and on record."""
        held = {Asset(r.asset): r.free + r.locked for r in self._exchange.balances(self._account)}
        for plan in state.opened.plan.legs:
            leg = state.legs[plan.id]
            mine = [t for t in self._trades() if t.symbol == plan.symbol]
            sold = sum((t.quantity for t in mine), ZERO)
            came = sum((t.quote - t.fee for t in self._trades() if self._quote[t.symbol] == plan.sell), ZERO)
            there = self._opening.get(plan.sell, ZERO)
            self._hold("I09", sold == leg.sold, f"leg {plan.id} sold {sold}, and says {leg.sold}")
            self._hold("I09", there + came == leg.total, f"leg {plan.id} had {there + came}, and says {leg.total}")
            rest = held.get(plan.sell, ZERO)
            self._hold("I09", rest == leg.remaining, f"leg {plan.id} left {rest}, and says {leg.remaining}")
            named = bool(leg.residue_reason) or not rest
            self._hold("I04", leg.closed and named, f"leg {plan.id} left {rest} without a reason")
            worst = min((t.price - self._places[ClientOrderId(t.client_id)].order.price for t in mine), default=ZERO)
            self._hold("I12", worst >= 0, f"leg {plan.id} sold {-worst} under a limit")
            if state.finished == "done":
                dust = (
                    rest < plan.instrument.quantity_min
                    or rest * max(t.price for t in mine) < 2 * plan.instrument.notional_min
                )
                self._hold("I42", dust, f"done, and leg {plan.id} left {rest}")


def dump(state: State) -> dict[str, bytes]:
    """The state field by field, in canonical bytes."""
    return {field.name: codec.encode(_plain(getattr(state, field.name))) for field in fields(state)}


def _plain(value: Any) -> Any:
    """Containers that the codec does not know, as lists of pairs."""
    if isinstance(value, Balances):
        return _plain(value._units)
    if is_dataclass(value):
        return [_plain(getattr(value, field.name)) for field in fields(value)]
    if isinstance(value, dict):
        return [[str(key), _plain(item)] for key, item in value.items()]
    if isinstance(value, set):
        return sorted(value)
    if not isinstance(value, str | bytes) and isinstance(value, Sequence):
        return [_plain(item) for item in value]
    return value
