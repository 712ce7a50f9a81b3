"""One account of the exchange, asked directly, without sockets.

Every conversation is a script: a generator that says how long to wait and, at its end, how the call ended. It reads no
clock but the one it is given and awaits nothing, so that an asyncio driver and a synchronous one can play the same
script to the nanosecond. Faults meet it at the same coordinates as on the wire.
"""

import sys
from collections.abc import Callable, Generator, Iterable, Mapping
from decimal import Decimal
from typing import Final, TypeVar

from engine.kernel import chance, codec
from engine.kernel.clock import MILLISECOND, SECOND, Instant, Span
from engine.kernel.ids import ClientOrderId, Symbol, TradeId, VenueName, VenueOrderId
from engine.kernel.money import Amount, Asset
from engine.market.facts import BookSeen, Level, MarketFact, Print
from engine.market.instrument import Instrument
from engine.orders.order import Approved, TimeInForce
from engine.orders.reports import (
    Answer,
    Balance,
    Done,
    Fill,
    Found,
    NotFound,
    NoWord,
    OrderReport,
    OrderStatus,
    Outcome,
    Refused,
    Survey,
    Unknown,
)
from engine.ports import StreamDown, StreamUp, VenueFact
from venues.sandbox.desk_scripts import DeskScripts
from venues.sandbox.exchange import Exchange
from venues.sandbox.faults import Do, Fault, Faults
from venues.sandbox.hall import HASHKEY
from venues.sandbox.line import Line
from venues.sandbox.model import (
    Kind,
    Listing,
    OrderChanged,
    OrderRequest,
    OrderRow,
    Reason,
    Rejection,
    Side,
    Status,
    TradeRow,
)
from venues.sandbox.slumber import Slumber
from venues.sandbox.unheard import SPOILING, delays, unanswered, unasked

T = TypeVar("T")
Script = Generator[Span, None, T]
Stream = Generator[Span | VenueFact, None, None]

TIMEOUT: Final = Span(2 * SECOND)
"""How long a caller waits for an answer that does not come."""
VALIDITY: Final = Span(2 * SECOND)
"""A request older than this is refused."""
TICK: Final = Span(200 * MILLISECOND)
"""How often the private stream looks for what happened."""
PHASE: Final = Span(7_654_321)
"""Ticks never coincide with whole seconds, at which decisions fall due."""
OUTAGE: Final = SECOND
"""How long a cut stream stays down."""

_KINDS: Final = {
    TimeInForce.GTC: Kind.GTC,
    TimeInForce.IOC: Kind.IOC,
    TimeInForce.FOK: Kind.FOK,
    TimeInForce.POST_ONLY: Kind.MAKER,
}
_OVERTAKEN_FOR: Final = Span(250 * MILLISECOND)
"""By others, where the plan does not say for how long."""
_LOSING: Final = (Do.DROP, Do.GAP, Do.HALF_OPEN, Do.CORRUPT, Do.TRUNCATE)
_ENDED: Final = {
    Status.FILLED: OrderStatus.FILLED,
    Status.CANCELED: OrderStatus.CANCELLED,
    Status.PARTIALLY_CANCELED: OrderStatus.CANCELLED,
    Status.REJECTED: OrderStatus.REJECTED,
}


class Counter(DeskScripts):
    """The exchange as one account sees it, with faults, and a drawn latency each way."""

    def __init__(
        self,
        exchange: Exchange,
        account: str,
        name: VenueName,
        faults: Faults,
        now: Callable[[], Instant],
        seed: int,
        slumber: Slumber | None = None,
    ) -> None:
        """While the market slumbers, the private stream looks as much more seldom as the market is slower."""
        self._slumber = slumber
        self.exchange, self.account, self.name, self.faults = exchange, account, name, faults
        self._now, self._seed = now, seed
        self._calls = 0
        # Several venues of one run answer at moments of their own; HashKey's are those that runs of one venue had.
        self._purpose = f"latency {account}" if name == HASHKEY else f"latency {account} {name}"

    def listed(self) -> list[Instrument]:
        """Every pair of the exchange."""
        return [instrument(self.name, listing) for listing in self.exchange.listings.values()]

    def balances(self) -> tuple[Balance, ...]:
        """All balances, as of now."""
        rows = self.exchange.balances(self.account)
        return tuple(Balance(Asset(r.asset), r.free, r.locked) for r in rows)

    def reach(self) -> None:
        """Let the exchange come to now."""
        self.exchange.advance(self._now())

    def place(self, approved: Approved) -> Script[Outcome]:
        """Send one sale."""
        order = approved.order
        request = OrderRequest(order.symbol, Side.SELL, _KINDS[order.tif], order.quantity, order.price, order.client_id)
        yield self._latency()
        faults = self.faults.at("rest.req", "order.create")
        if (spoilt := unasked(faults)) is not None:
            late = next((f for f in faults if f.do is Do.LATE), None)
            if late is not None and late.span <= VALIDITY:
                self.exchange.expect(Instant(self._now() + late.span), self.account, request)
            yield TIMEOUT if isinstance(spoilt, Unknown) else self._latency()
            return spoilt
        yield from delays(faults)
        self.reach()
        result = self.exchange.place(self.account, request)
        if any(f.do is Do.DUP for f in faults):
            self.exchange.place(self.account, request)
        after = self.faults.at("rest.resp", "order.create")
        yield from delays(after)
        if (lost := unanswered(after)) is not None:
            yield TIMEOUT if lost.reason == "no answer" else self._latency()
            return lost
        yield self._latency()
        return self._outcome(result)

    def cancel(self, client_id: ClientOrderId) -> Script[Outcome]:
        """Ask for a cancel."""
        yield self._latency()
        faults = self.faults.at("rest.req", "order.cancel")
        if (spoilt := unasked(faults)) is not None:
            yield TIMEOUT if isinstance(spoilt, Unknown) else self._latency()
            return spoilt
        yield from delays(faults)
        self.reach()
        if any(f.do is Do.RACE for f in faults):
            self.exchange.hit(self.account, client_id)
        result = self.exchange.cancel(self.account, client_id=client_id)
        after = self.faults.at("rest.resp", "order.cancel")
        yield from delays(after)
        if (lost := unanswered(after)) is not None:
            yield TIMEOUT if lost.reason == "no answer" else self._latency()
            return lost
        yield self._latency()
        return Refused(result.reason, result.detail) if isinstance(result, Rejection) else Done()

    def lookup(self, client_id: ClientOrderId) -> Script[Answer]:
        """One complete round about one order."""
        yield self._latency()
        for op in ("order.query", "trades"):
            if (why := self._unread(op)) is not None:
                yield TIMEOUT
                return NoWord(why)
        self.reach()
        row = self.exchange.order(self.account, client_id=client_id)
        trades = self.exchange.trades(self.account, client_id=client_id, limit=sys.maxsize)
        balances = self.balances()
        yield self._latency()
        if row is None:
            return NotFound(balances, (codec.digest(balances),))
        return Found(report(self.name, row), tuple(fill(self.name, t) for t in trades))

    def survey(self, since: Instant) -> Script[Survey | NoWord]:
        """The whole account."""
        yield self._latency()
        for op in ("order.open", "trades", "account"):
            if (why := self._unread(op)) is not None:
                yield TIMEOUT
                return NoWord(why)
        self.reach()
        rows = self.exchange.open_orders(self.account)
        trades = self.exchange.trades(self.account, since=since, limit=sys.maxsize)
        balances = self.balances()
        yield self._latency()
        return Survey(
            self.name,
            since,
            tuple(report(self.name, r) for r in rows),
            tuple(fill(self.name, t) for t in trades),
            balances,
        )

    def facts(self) -> Stream:
        """The private stream, for ever. What happened while nobody listened is not replayed."""
        self.exchange.take_private()
        started = self._now()
        yield StreamUp()
        tick = Instant(started + TICK - started % TICK + PHASE)
        line = Line()
        while True:
            until = tick if line.due is None else min(tick, line.due)
            yield Span(max(0, until - self._now()))
            while (fact := line.arrived(self._now())) is not None:
                yield fact
            if self._now() < tick:
                continue
            tick = self._tick_after(tick)
            self.reach()
            if not self._send(line):
                line = Line()
                yield StreamDown("the stream was cut")
                yield OUTAGE
                tick = Instant(self._now() + TICK)  # no look at the instant at which others begin to ask as well
                self.exchange.take_private()
                yield StreamUp()

    def _tick_after(self, tick: Instant) -> Instant:
        if self._slumber is None:
            return Instant(tick + TICK)
        return self._slumber.outer(self._slumber.inner(tick) + TICK)

    def _send(self, line: Line) -> bool:
        """Send all that happened since the last look, and say whether the connection outlived it."""
        for event in self.exchange.take_private():
            if not isinstance(event, OrderChanged) or event.order.account != self.account:
                continue
            faults = self.faults.at("ws.private", "fill" if event.trade is not None else "order")
            acts = {f.do: f for f in faults}
            if Do.CUT in acts:
                return False
            if not acts.keys().isdisjoint(_LOSING):
                continue
            at = Instant(self._now() + self._latency() + _span(acts, Do.DELAY))
            told: list[VenueFact] = [report(self.name, event.order)]
            if event.trade is not None:
                told.insert(0, fill(self.name, event.trade))
            for repeat in range(1 + (acts[Do.DUP].count if Do.DUP in acts else 0)):
                for fact in told:
                    line.send(fact, Instant(at + repeat * MILLISECOND), _span(acts, Do.REORDER))
        return True

    def _unread(self, op: str) -> str | None:
        """Why a read brings nothing, if a fault says so."""
        for channel in ("rest.req", "rest.resp"):
            for f in self.faults.at(channel, op):
                if f.do in (Do.DROP, Do.LATE, Do.BAN, *SPOILING):
                    return f"{op}: {f.do}"
        return None

    def _outcome(self, result: OrderRow | Rejection) -> Outcome:
        if isinstance(result, Rejection):
            if result.reason is Reason.DUPLICATE_ID:
                return Unknown("the venue has an order of this id")
            return Refused(result.reason, result.detail)
        return Done(report(self.name, result))

    def _latency(self) -> Span:
        """Five to sixty milliseconds, drawn to the nanosecond, so that no two messages arrive at once."""
        self._calls += 1
        drawn = chance.below(self._seed, self._purpose, self._calls, 55 * MILLISECOND)
        return Span(5 * MILLISECOND + drawn)


class Ticker:
    """The public feed of the exchange, asked directly."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter
        self._symbols: tuple[Symbol, ...] = ()
        self._versions: dict[Symbol, int] = {}

    def start(self, symbols: Iterable[Symbol]) -> None:
        """Begin to watch; prints before now are not shown."""
        self._symbols = tuple(symbols)
        self._versions.clear()
        self._counter.reach()
        self._counter.exchange.take_public()

    def drain(self, at: Instant) -> list[MarketFact]:
        """Every print since the last call, and each book that changed since."""
        self._counter.reach()
        exchange, name = self._counter.exchange, self._counter.name
        facts: list[MarketFact] = [
            Print(name, Symbol(t.symbol), t.at, at, t.trade_id, t.price, t.quantity, t.buyer_is_maker)
            for t in exchange.take_public()
            if t.symbol in self._symbols
        ]
        for symbol in self._symbols:
            depth = exchange.depth(symbol, 20)
            facts.append(
                BookSeen(
                    name, symbol, depth.changed_at, at, _levels(depth.bids), _levels(depth.asks), str(depth.version)
                )
            )
        return facts


def instrument(name: VenueName, listing: Listing) -> Instrument:
    """A listing in the engine's words."""
    return Instrument(
        venue=name,
        symbol=Symbol(listing.symbol),
        base=Asset(listing.base),
        quote=Asset(listing.quote),
        tick=listing.tick,
        lot=listing.lot,
        quantity_min=listing.quantity_min,
        quantity_max=listing.quantity_max,
        notional_min=listing.notional_min,
        notional_max=listing.notional_max,
        trading=listing.trading,
        mock=listing.mock,
    )


def report(name: VenueName, row: OrderRow) -> OrderReport:
    """An order in the engine's words."""
    return OrderReport(
        venue=name,
        symbol=Symbol(row.symbol),
        client_id=ClientOrderId(row.client_id),
        venue_order_id=VenueOrderId(row.order_id),
        status=_ENDED.get(row.status, OrderStatus.WORKING),
        quantity=row.quantity,
        price=row.price,
        filled=row.filled,
        at=row.updated_at,
    )


def fill(name: VenueName, row: TradeRow) -> Fill:
    """An execution in the engine's words."""
    return Fill(
        venue=name,
        symbol=Symbol(row.symbol),
        client_id=ClientOrderId(row.client_id),
        venue_order_id=VenueOrderId(row.order_id),
        trade_id=TradeId(row.trade_id),
        quantity=row.quantity,
        price=row.price,
        fee=Amount(row.fee, Asset(row.fee_asset)),
        maker=row.maker,
        at=row.at,
        ticket=row.ticket,
    )


def _span(acts: Mapping[Do, Fault], act: Do) -> Span:
    """For how long this fault keeps a frame back; not at all where it is not among them."""
    return (acts[act].span or _OVERTAKEN_FOR) if act in acts else Span(0)


def _levels(rows: Iterable[tuple[Decimal, Decimal]]) -> tuple[Level, ...]:
    return tuple(Level(price, size) for price, size in rows)
