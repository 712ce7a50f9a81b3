"""What has to hold, checked against the exchange's own truth and the durable rows alone; numbers as in the catalogue.

Three moments: at the wire (a request leaves, a request arrives), after each turn of the engine, and at the end. End
states alone would not do: an engine that sends before its journal is safe ends well nearly always.
"""

from collections.abc import Callable, Collection, Sequence
from decimal import Decimal
from statistics import median
from typing import Final, NoReturn

from engine.core.evolve import evolve
from engine.core.state import State
from engine.core.state import opened as state_of
from engine.drivers.recovery import fold
from engine.events import Entry, Opened, decode
from engine.journal.record import GENESIS, Record, chained
from engine.kernel import codec
from engine.kernel.clock import MINUTE, Instant, iso
from engine.kernel.ids import ClientOrderId, Symbol, TradeId, VenueName, parse_client_order_id
from engine.kernel.money import BP, ZERO, Asset
from engine.ledger import accounts
from engine.mandate.terms import Terms
from engine.market.view import MarketView
from engine.orders import commands as c
from engine.orders import events as e
from engine.orders.order import Approved, OrderState, TimeInForce
from engine.orders.reports import Outcome, Refused, Transient
from engine.risk.limits import Limits
from tests.simulation import proofs
from tests.simulation.disk import CrashingStore, Died
from tests.simulation.dump import dump
from tests.simulation.ending import Ending
from tests.simulation.proofs import Proofs
from tests.simulation.truth import Truth
from venues.sandbox.inprocess import VALIDITY
from venues.sandbox.model import Kind, OrderRequest, OrderRow, Rejection, Side

FOLD_EVERY: Final = 60
"""Turns between two comparisons of the state with a fresh fold of the journal."""
TURNS_MAX: Final = 200
"""Turns at one instant; more is a loop."""
_KINDS: Final = {Kind.GTC: TimeInForce.GTC, Kind.IOC: TimeInForce.IOC, Kind.MAKER: TimeInForce.POST_ONLY}


class Violation(Exception):
    """An invariant did not hold."""

    def __init__(self, number: str, text: str, at: Instant) -> None:
        super().__init__(f"{number}: {text} (at {iso(at)})")
        self.number = number


class Checker:
    """Looks on; the first violation ends the run."""

    def __init__(self, truth: Truth, terms: Terms, limits: Limits, now: Callable[[], Instant]) -> None:
        self.violation: Violation | None = None
        self.turns = 0
        self.truth, self.terms = truth, terms
        self.proofs = Proofs()
        self._limits, self._now = limits, now
        self._last = GENESIS
        self._rows = 0
        self._safe: State | None = None
        self.places: dict[ClientOrderId, Approved] = {}
        self._views: dict[tuple[VenueName, Symbol], MarketView] = {}
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
        down = [venue for venue, standing in state.venues.items() if not standing.up]
        legs = [(leg.closed, leg.remaining, leg.residue_reason) for leg in state.legs.values()]
        return f"live {live}, down {down}, halted {state.halted!r}, legs {legs}"

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
        safe = self._safe
        assert safe is not None, "the first row opens the run"
        if isinstance(entry, c.Place):
            for number, text in proofs.of_order(entry.approved, safe):
                self._note(number, text)
        elif isinstance(entry, c.Withheld):
            for number, text in proofs.of_withheld(entry):
                self._note(number, text)
        evolve(safe, entry)
        for number, text in self.proofs.take(entry, safe):
            self._note(number, text)
        if isinstance(entry, e.Due):
            self._views.update({(view.venue, view.symbol): view for view in entry.views})
        elif isinstance(entry, c.Place):
            self._price(entry.approved)
            self._pace(entry.approved)
            self.places[entry.approved.order.client_id] = entry.approved

    def _price(self, approved: Approved) -> None:
        """I12: never below the collar under the mids that were seen, nor below the mandate's floor."""
        order = approved.order
        view = self._views[order.venue, order.symbol]
        if not view.live:
            self._note("I37", f"{order.client_id} is priced by a feed that is down")
        market = self._market(approved)
        if view.mid is None or market is None or order.price * BP < market * (BP - self._limits.collar_bp):
            self._note("I12", f"{order.client_id} at {order.price} under a market of {market}")
        holding = self.terms.holding(order.sell)
        if holding is None or holding.floor is None:
            return
        floor, bid = holding.floor, Decimal(1)
        if floor.currency != order.buy:
            onward = next(x for x, base in self.truth.base.items() if x[0] == order.venue and base == order.buy)
            bid = self._views[onward].bids[0].price
        if order.price * bid < floor.price:
            self._note("I12", f"{order.client_id} at {order.price} under the floor of {floor.price}")

    def _market(self, approved: Approved) -> Decimal | None:
        """The median of all live, fresh mids of what is sold, wherever it is shown."""
        order, rules = approved.order, self._limits.reference
        seen = [view for pair, view in self._views.items() if self.truth.base.get(pair) == order.sell]
        fresh = [v for v in seen if v.live and order.decided_at - min(v.seen_at, v.book_at) <= rules.age_ns_max]
        mids = [view.mid for view in fresh if view.mid is not None]
        return median(mids) if mids else None

    def _pace(self, approved: Approved) -> None:
        """I13: orders and notionals of any minute."""
        since = approved.order.decided_at - MINUTE
        recent = [a.order for a in (*self.places.values(), approved) if a.order.decided_at > since]
        same = [o.quantity * o.price for o in recent if o.leg == approved.order.leg]
        if len(recent) > self._limits.minute_orders_max or sum(same, ZERO) > self._limits.minute_notional_max:
            self._note("I13", f"{len(recent)} orders, {sum(same, ZERO)} in a minute")

    # The wire

    def sent(self, approved: Approved) -> None:
        """A request is about to leave: nothing but durable rows may speak for it."""
        order, safe = approved.order, self._safe
        known = self.places.get(order.client_id)
        if known is None or safe is None:
            self._fail("I19", f"{order.client_id} leaves, and no durable row says so")
        self._hold("I19", codec.digest(known) == codec.digest(approved), f"{order.client_id} is not as journaled")
        self._hold("I21", order.client_id not in self._sent, f"{order.client_id} is sent twice")
        name = parse_client_order_id(order.client_id)
        said = name and (name.tag, name.leg, name.slice, name.attempt)
        self._hold("I21", said == (safe.tag, order.leg, order.slice, order.attempt), f"{order.client_id} misnames")
        here = (order.leg, order.venue)
        others = [o for n, o in safe.live.items() if (o.child.leg, o.child.venue) == here and n != order.client_id]
        self._hold("I20", not others, f"{order.client_id} leaves while {[o.child.client_id for o in others]} may live")
        self._hold("I17", not safe.halted, f"{order.client_id} leaves after a durable halt: {safe.halted}")
        self._hold("I16", (order.sell, order.buy) in [tuple(x) for x in self._edges()], f"{order.symbol} is no hop")
        self._hold("I10", order.venue in self.terms.venues, f"{order.venue} is not in the mandate")
        self._hold("I11", bool(approved.checks), "an approval without checks")
        self._sent[order.client_id] = self._now()
        self._flying[order.client_id] = (approved, self._now())
        self._cover(order.sell)

    def _edges(self) -> list[tuple[Asset, Asset]]:
        return [(edge.sell, edge.buy) for edge in self.terms.edges]

    def answered(self, client_id: ClientOrderId, outcome: Outcome) -> None:
        """The engine learns how a request ended."""
        if isinstance(outcome, Refused | Transient):
            self._flying.pop(client_id, None)

    def arriving(self, venue: VenueName, request: OrderRequest) -> None:
        """A request is at the exchange: it is what was journaled, and nothing more than the mandate allows."""
        known = self.places.get(ClientOrderId(request.client_id))
        if known is None:
            self._fail("I19", f"{request.client_id} arrives, and no durable row says so")
        o = known.order
        journaled = (o.symbol, Side.SELL, o.quantity, o.price, o.tif)
        wire = (request.symbol, request.side, request.quantity, request.price, _KINDS[request.kind])
        self._hold("I19", codec.digest(wire) == codec.digest(journaled), f"{wire} arrives, and {journaled} was sent")
        self._hold("I21", request.client_id in self._sent, f"{request.client_id} arrives and never left")
        self._hold("I21", o.venue == venue, f"{request.client_id} arrives at {venue} and was sent to {o.venue}")

    def arrived(self, venue: VenueName, request: OrderRequest, result: OrderRow | Rejection) -> None:
        """The exchange has judged it."""
        name = ClientOrderId(request.client_id)
        self._flying.pop(name, None)
        if isinstance(result, Rejection):
            return
        believed = self._state.order(name) if self._state is not None else None
        gone = believed is not None and believed.state is OrderState.ABSENT
        self._hold("I23", not gone, f"{name} was proven absent, and is accepted now")
        self._cover(self.truth.base[venue, Symbol(request.symbol)])
        leg = self.places[name].order.leg
        open_now = [row.client_id for row in self.truth.open_orders(venue) if self._of(row) == leg]
        self._hold("I20", len(open_now) <= 1, f"one leg has {open_now} in the book at {venue}")

    def _of(self, row: OrderRow) -> str:
        known = self.places.get(ClientOrderId(row.client_id))
        return known.order.leg if known is not None else ""

    def _cover(self, asset: Asset) -> None:
        """I09: sold, open, and still able to arrive, at all venues together, never more than there was to sell."""
        oldest = self._now() - VALIDITY - VALIDITY // 10
        flying = [a.order for a, at in self._flying.values() if at >= oldest and a.order.sell == asset]
        possible = self.truth.possible(asset, self.places) + sum((order.quantity for order in flying), ZERO)
        cap = self.entrusted(asset) + self.truth.came(asset)
        self._hold("I09", possible <= cap, f"{possible} {asset} sold or sellable of {cap}")

    def entrusted(self, asset: Asset) -> Decimal:
        """What the mandate lets us sell of it from the start, wherever it lies."""
        holding = self.terms.holding(asset)
        return holding.released if holding is not None else ZERO

    # After a turn

    def turned(self, state: State) -> None:
        """The engine made a turn, and its rows are appended."""
        self._state = state
        self.turns += 1
        self._busy = self._busy + 1 if state.at == self._turned_at else 0
        self._turned_at = state.at
        self._hold("I43", self._busy < TURNS_MAX, f"{self._busy} turns, and no time passes")
        counts = tuple(len(self.truth.trades(venue)) for venue in self.truth.venues)
        mark = (counts, state.changed_at, len(state.live), len(state.ended))
        if mark != self._looked:
            self._looked = mark
            self.fills(state)
            self.orders(state)
        if self.turns % FOLD_EVERY == 0:
            self._same(state)

    def fills(self, state: State) -> None:
        """I01, I03, I05, I26: each truth trade is booked at most once, and nothing else is; the rest is the lag."""
        crooked = {asset: units for asset, units in state.ledger.trial().items() if units}
        self._hold("I01", not crooked, f"the ledger is out of balance by {crooked}")
        for venue in self.truth.venues:
            self._fills(state, venue)

    def _fills(self, state: State, venue: VenueName) -> None:
        truth = {TradeId(t.trade_id): t for t in self.truth.trades(venue)}
        booked: set[TradeId] = set()
        for order in (*state.live.values(), *state.ended.values()):
            if order.child.venue != venue:
                continue
            extra = order.trades - truth.keys() | order.trades & booked
            self._hold("I26", not extra, f"{order.child.client_id} booked {extra}, which is none or another's")
            named = sum((truth[t].quantity for t in order.trades), ZERO)
            self._hold("I26", named == order.filled, f"{order.child.client_id}: {order.filled} booked of {named}")
            booked |= order.trades
        lag: dict[Asset, Decimal] = {}
        for name, trade in truth.items():
            if name not in booked:
                pair = (venue, Symbol(trade.symbol))
                base, quote = self.truth.base[pair], self.truth.quote[pair]
                lag[base] = lag.get(base, ZERO) - trade.quantity
                lag[quote] = lag.get(quote, ZERO) + trade.quote - trade.fee
        custody = state.ledger.assets(accounts.venue(venue))
        for asset, held in self.truth.held(venue).items():
            ours, due = custody.get(asset, ZERO), lag.get(asset, ZERO)
            said = f"{asset} at {venue}: truth less ledger is {held - ours}, and {due} is on its way"
            self._hold("I03", held - ours == due, said)
            self._hold("I05", ours >= 0, f"{ours} {asset} at {venue}")

    def orders(self, state: State) -> None:
        """I23, I24: an ended order has ended in truth, with everything booked; an absent one never was."""
        for name, order in state.ended.items():
            row = self.truth.order(order.child.venue, name)
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

    def at_end(
        self, state: State, records: Sequence[Record], *, strange: bool, halted: bool, dark: Collection[VenueName]
    ) -> None:
        """The run is over, and everything that was on its way has arrived; at `dark` venues nobody could ask."""
        self._die = lambda: None
        try:
            self._hold("I30", records[-1].kind == "closed" and self._rows == len(records), "the journal is not closed")
            again, now = dump(fold(records)), dump(state)
            self._hold("I31", again == now, f"a fold differs in {[key for key in now if now[key] != again[key]]}")
            self.fills(state)
            self.orders(state)
            if strange:
                noticed = state.finished in ("halted", "unresolved")
                self._hold("E", noticed, f"a stranger traded, and it ended {state.finished}")
            else:
                for number, holds, text in Ending(state, self, frozenset(dark), halted=halted).claims():
                    self._hold(number, holds, f"{text}; it ended {state.finished}; {self._where()}")
        except Died:
            assert self.violation is not None
            raise self.violation from None
