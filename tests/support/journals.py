"""A small journal, written row by row, for everything that reads one.

`two_legs` tells of one run: 1 BTC is sold for USDT and the USDT for USD, with partial fills, a fill told twice, an
order without an answer that a look-up finds after a restart, fills that only a survey shows, and a residue in each leg.
"""

from decimal import Decimal

from engine.events import Approval, Closed, Entry, Opened, Restarted, TapeSealed, decode, kind
from engine.journal.record import GENESIS, Record, chained
from engine.kernel import codec
from engine.kernel.clock import MINUTE, SECOND, Instant, Span, parse_instant
from engine.kernel.errors import Denied
from engine.kernel.ids import (
    CaseId,
    ClientOrderId,
    LegId,
    OrderName,
    RunId,
    Symbol,
    TradeId,
    VenueName,
    VenueOrderId,
    client_order_id,
    run_tag,
)
from engine.kernel.money import Amount, Asset, AssetClass
from engine.mandate.register import Licence
from engine.mandate.terms import Deadline, Edge, Floor, FloorScope, Holding, Terms
from engine.market.facts import Level, Print
from engine.market.instrument import Instrument
from engine.market.reference import ReferenceRules
from engine.market.view import MarketView
from engine.orders import commands as c
from engine.orders import events as e
from engine.orders import reports as r
from engine.orders.order import Approved, ChildOrder, TimeInForce
from engine.planning.plan import LegPlan, Plan, Recipe
from engine.risk.limits import Limits

RUN = RunId("20260502-case-7")
VENUE = VenueName("hashkey")
BTC, USDT, USD = Asset("BTC"), Asset("USDT"), Asset("USD")
BTCUSDT, USDTUSD = Symbol("BTCUSDT"), Symbol("USDTUSD")
FIRST, SECOND_LEG = LegId("a"), LegId("b")


def at(text: str) -> Instant:
    """A time of the day of the run."""
    return parse_instant(f"2026-05-02T{text}+00:00")


def instrument(symbol: Symbol, base: Asset, quote: Asset) -> Instrument:
    small, large = Decimal("0.00001"), Decimal(10000000)
    return Instrument(VENUE, symbol, base, quote, Decimal("0.0001"), small, small, large, small, large, mock=True)


def leg_plan(leg: LegId, quantity: str, fed_by: tuple[LegId, ...] = (), floor: Floor | None = None) -> LegPlan:
    pair = {FIRST: (BTCUSDT, BTC, USDT), SECOND_LEG: (USDTUSD, USDT, USD)}[leg]
    return LegPlan(
        id=leg,
        sell=pair[1],
        buy=pair[2],
        instruments=(instrument(*pair),),
        quantity=Decimal(quantity),
        fed_by=fed_by,
        window=Span(10 * MINUTE),
        tail=Span(MINUTE),
        schedule=Recipe("twap", {"slices": "10"}),
        tactic=Recipe("cross"),
        catch_up=Decimal(2),
        floor=floor,
        participation_max=None,
    )


LICENCE = Licence(
    venue=VENUE,
    entity="Hash Blockchain Limited",
    authority="SFC Hong Kong",
    reference="Type 1 and 7",
    status="licensed",
    licensed_on=None,
    seen_at=Instant(0),
    valid_until=Instant(2**62),
    source="a public register",
)


def opened(balances: tuple[r.Balance, ...] | None = None) -> Opened:
    floor = Floor(Decimal(60000), USDT, FloorScope.FILL)
    deadline = Deadline(after=Span(30 * MINUTE))
    return Opened(
        at=at("10:00:00"),
        run=RUN,
        case=CaseId("CASE-7"),
        environment="sandbox",
        config_sha256="c0" * 32,
        code="0.1.0",
        terms=Terms(
            case=CaseId("CASE-7"),
            authority="Public Security Bureau <No. 7>",
            document_sha256="d0" * 32,
            holdings=(Holding(BTC, Decimal(1), Decimal(1), floor, None),),
            venues=(VENUE,),
            account="custody-7",
            deadline=deadline,
            settlement=USD,
            edges=(Edge(BTC, USDT), Edge(USDT, USD)),
            classes={BTC: AssetClass.VOLATILE, USDT: AssetClass.STABLE, USD: AssetClass.FIAT},
            stables=(),
        ),
        plan=Plan(
            legs=(leg_plan(FIRST, "1", floor=floor), leg_plan(SECOND_LEG, "0", fed_by=(FIRST,))), deadline=deadline
        ),
        limits=Limits(
            collar_bp=Decimal(50),
            order_notional_max=Decimal(100000),
            minute_notional_max=Decimal(100000),
            minute_orders_max=60,
            reference=ReferenceRules(5 * SECOND, Decimal(50)),
            reconcile_every=Span(MINUTE),
            unknown_patience=Span(MINUTE),
        ),
        licences={VENUE: LICENCE},
        capabilities={VENUE: r.Capabilities(tifs=tuple(TimeInForce), validity=Span(5 * SECOND), read_lag=Span(SECOND))},
        balances={VENUE: balances or (r.Balance(BTC, Decimal(1), Decimal(0)),)},
        seed=7,
    )


class Journal:
    """Rows in the making; each write goes through the codec, as the real journal's does."""

    def __init__(self) -> None:
        self.rows: list[tuple[Record, Entry]] = []
        self._head = GENESIS

    def write(self, when: Instant, entry: Entry) -> None:
        payload, seq = codec.encode(entry), len(self.rows) + 1
        self._head = chained(self._head, seq, when, when, kind(entry), payload)
        self.rows.append((Record(seq, when, when, kind(entry), payload, self._head), decode(payload)))

    def due(self, time: str, *views: MarketView) -> None:
        self.write(at(time), e.Due(at(time), views))

    def place(self, order: ChildOrder) -> ChildOrder:
        self.write(order.decided_at, c.Place(Approved(order, ())))
        return order

    def placed(self, time: str, order: ChildOrder, outcome: r.Outcome) -> None:
        self.write(at(time), e.Placed(at(time), order.client_id, outcome))

    def filled(self, time: str, fill: r.Fill) -> None:
        self.write(at(time), e.Filled(at(time), fill))

    def found(self, time: str, order: ChildOrder, report: r.OrderReport, *fills: r.Fill) -> None:
        self.write(at(time), e.LookedUp(at(time), order.client_id, r.Found(report, fills)))

    def surveyed(self, time: str, *fills: r.Fill) -> None:
        survey = r.Survey(VENUE, at("10:00:00"), (), fills, ())
        self.write(at(time), e.Surveyed(at(time), VENUE, survey))


def view(time: str, symbol: Symbol, bid: str = "", ask: str = "", *, live: bool = True) -> MarketView:
    """A book of one level a side; without a price that side is empty."""
    return MarketView(
        VENUE,
        symbol,
        at(time),
        at(time),
        at(time),
        bids=(Level(Decimal(bid), Decimal(2)),) if bid else (),
        asks=(Level(Decimal(ask), Decimal(2)),) if ask else (),
        live=live,
    )


def order(leg: LegId, index: int, time: str, quantity: str, price: str, epoch: int = 1) -> ChildOrder:
    plan = leg_plan(leg, "0")
    return ChildOrder(
        client_id=client_order_id(OrderName(run_tag(RUN), leg, index, 1, epoch)),
        leg=leg,
        slice=index,
        attempt=1,
        venue=VENUE,
        symbol=plan.instruments[0].symbol,
        sell=plan.sell,
        buy=plan.buy,
        quantity=Decimal(quantity),
        price=Decimal(price),
        tif=TimeInForce.IOC,
        decided_at=at(time),
    )


def fill(child: ChildOrder, trade: str, time: str, quantity: str, price: str, ticket: str = "") -> r.Fill:
    """An execution with a fee of a thousandth of the proceeds."""
    fee = Decimal(quantity) * Decimal(price) / 1000
    return r.Fill(
        venue=VENUE,
        symbol=child.symbol,
        client_id=child.client_id,
        venue_order_id=VenueOrderId(f"v-{child.client_id[-7:]}"),
        trade_id=TradeId(trade),
        quantity=Decimal(quantity),
        price=Decimal(price),
        fee=Amount(fee, child.buy),
        maker=False,
        at=at(time),
        ticket=ticket,
    )


def report(child: ChildOrder, status: r.OrderStatus, filled: str, time: str) -> r.OrderReport:
    venue_id = VenueOrderId(f"v-{child.client_id[-7:]}")
    return r.OrderReport(
        VENUE, child.symbol, child.client_id, venue_id, status, child.quantity, child.price, Decimal(filled), at(time)
    )


def trade(symbol: Symbol, trade_id: str, time: str, price: str, quantity: str) -> Print:
    """One public trade."""
    return Print(VENUE, symbol, at(time), at(time), trade_id, Decimal(price), Decimal(quantity), buyer_is_maker=True)


def stranger(time: str) -> r.Fill:
    """A fill on the account by an order that is not ours."""
    foreign = order(FIRST, 9, time, "5", "64000")
    return r.Fill(
        VENUE, BTCUSDT, ClientOrderId("by-hand"), VenueOrderId("v-x"), TradeId("t-x"), foreign.quantity, foreign.price,
        Amount(Decimal(0), USDT), maker=False, at=at(time),
    )  # fmt: skip


def two_legs(*, closed: bool = True) -> Journal:
    """The run that this module's first words describe."""
    j = Journal()
    j.write(at("10:00:00"), opened())
    j.write(at("10:00:00"), Approval(at("10:00:00"), "e0" * 32))
    j.due("10:00:01", view("10:00:01", BTCUSDT, ask="65010"), view("10:00:01", USDTUSD, "0.9990", "0.9996"))
    j.due("10:00:02", view("10:00:02", BTCUSDT, "64990", "65010"))
    a1 = j.place(order(FIRST, 1, "10:00:02", "0.4", "64980"))
    j.placed("10:00:03", a1, r.Done(report(a1, r.OrderStatus.WORKING, "0", "10:00:02")))
    j.filled("10:00:04", fill(a1, "t1", "10:00:03", "0.3", "64990", "k1"))
    j.filled("10:00:04", fill(a1, "t1", "10:00:03", "0.3", "64990", "k1"))
    j.write(at("10:00:05"), e.Reported(at("10:00:05"), report(a1, r.OrderStatus.CANCELLED, "0.3", "10:00:04")))
    j.due("10:01:00", view("10:01:00", BTCUSDT, "64970", "64990"))
    a2 = j.place(order(FIRST, 2, "10:01:00", "0.5", "64960"))
    j.placed("10:01:05", a2, r.Unknown("timeout"))
    j.write(at("10:01:10"), Restarted(at("10:01:10"), 2, "0.1.0"))
    filled = report(a2, r.OrderStatus.FILLED, "0.5", "10:01:02")
    j.found("10:01:20", a2, filled, fill(a2, "t2", "10:01:02", "0.5", "64965"))
    j.due("10:01:30", view("10:01:30", BTCUSDT, "64960", "64980"), view("10:01:30", USDTUSD, "0.9994", "0.9996"))
    b1 = j.place(order(SECOND_LEG, 1, "10:01:30", "40000", "0.9990", epoch=2))
    j.placed("10:01:31", b1, r.Done())
    j.filled("10:01:32", fill(b1, "t3", "10:01:31", "30000", "0.9994", "k3"))
    j.write(at("10:02:00"), e.Asked(at("10:02:00"), e.Wish.PAUSE, "socket"))
    j.write(at("10:02:30"), e.Asked(at("10:02:30"), e.Wish.RESUME, "socket"))
    denied = Denied("collar_bp", "80", "50")
    j.write(at("10:03:00"), c.Withheld(order(FIRST, 3, "10:03:00", "0.2", "64400", epoch=2), (denied,)))
    j.surveyed(
        "10:04:00",
        fill(b1, "t3", "10:01:31", "30000", "0.9994", "k3"),
        fill(b1, "t4", "10:01:31", "10000", "0.9993"),
        stranger("10:03:30"),
    )
    if closed:
        seal = TapeSealed(at("10:05:00"), "tape/000001.parquet", "f0" * 32, 6, at("10:00:01"), at("10:01:31"), "1 gap")
        j.write(at("10:05:00"), seal)
        j.write(at("10:30:00"), c.Residue(FIRST, "deadline"))
        j.write(at("10:30:00"), c.Residue(SECOND_LEG, "deadline"))
        j.write(at("10:30:00"), c.Finish("short"))
        j.write(at("10:30:01"), Closed(at("10:30:01"), "short", 0, 1))
    return j


def tape() -> tuple[Print, ...]:
    """The prints of that run: four of others, three of our four fills."""
    return (
        trade(BTCUSDT, "k0", "10:00:02", "65000", "1"),
        trade(BTCUSDT, "k1", "10:00:03", "64990", "0.3"),
        trade(BTCUSDT, "x1", "10:00:30", "64980", "3"),
        trade(BTCUSDT, "x2", "10:01:02", "64965", "0.5"),
        trade(USDTUSD, "k2", "10:01:31", "0.9994", "30000"),
        trade(USDTUSD, "k3", "10:01:31", "0.9994", "30000"),
        trade(BTCUSDT, "x9", "10:20:00", "64000", "2"),
    )
