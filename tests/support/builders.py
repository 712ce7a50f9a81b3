"""Values for specifications: one instrument of each leg, one plan, one picture for the gate.

Numbers are chosen to be read: a BTC costs 100 USDT, a USDT a dollar. Nothing here decides anything.
"""

from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from engine.core.pursuing import Method
from engine.events import Instructed, Opened
from engine.kernel.clock import DAY, HOUR, MINUTE, SECOND, Instant, Span, parse_instant
from engine.kernel.codec import digest
from engine.kernel.ids import (
    CaseId,
    ClientOrderId,
    LegId,
    OrderName,
    PersonName,
    RunId,
    Symbol,
    TradeId,
    VenueName,
    VenueOrderId,
    client_order_id,
    run_tag,
)
from engine.kernel.money import Amount, Asset, AssetClass
from engine.mandate import instructions as i
from engine.mandate.floors import FloorVersion
from engine.mandate.hours import Blackout, Hours, Window
from engine.mandate.programme import Programme
from engine.mandate.register import Licence
from engine.mandate.terms import AverageFloor, Deadline, Edge, Holding, StablePolicy, Terms, Without
from engine.market.averages import AverageRules, Calendar, DayUsed, Missing
from engine.market.daily import Kind
from engine.market.facts import Level
from engine.market.instrument import Instrument
from engine.market.reference import ReferenceRules
from engine.market.view import MarketView
from engine.orders import reports as r
from engine.orders.order import ChildOrder, TimeInForce
from engine.orders.strategy import Progress
from engine.orders.tranche import Tranche, TrancheId
from engine.planning.plan import LegPlan, Plan, Recipe
from engine.risk.limits import Limits
from engine.risk.world import World
from strategies.fiat_sweep import FiatSweep
from strategies.tactics.cross import Cross
from strategies.twap import twap

RUN = RunId("20260502-specification")
TAG = run_tag(RUN)
VENUE = VenueName("hashkey")
BTC, USDT, USD = Asset("BTC"), Asset("USDT"), Asset("USD")
BTCUSDT, USDTUSD = Symbol("BTCUSDT"), Symbol("USDTUSD")
ONE, TWO = LegId("1"), LegId("2")
START = parse_instant("2026-05-02T00:00:00Z")


def d(text: str) -> Decimal:
    return Decimal(text)


def at(text: str) -> Instant:
    """A time of the day on which every specification takes place: `"00:01"`, `"00:01:30"`."""
    return parse_instant(f"2026-05-02T{text}+00:00")


COIN = Instrument(
    VENUE, BTCUSDT, BTC, USDT, d("0.01"), d("0.001"), d("0.01"), d("1000"), d("5"), d("100000"), mock=False
)
"""At 100 USDT the smallest order is 0.05 BTC, by notional."""
STABLE = Instrument(
    VENUE, USDTUSD, USDT, USD, d("0.0001"), d("0.01"), d("1"), d("1000000"), d("1"), d("1000000"), mock=True
)

POLICY = StablePolicy(USDT, USD, d("1"), d("50"), d("1000"), Span(6 * MINUTE))


def terms(**changes: Any) -> Terms:
    """10 BTC, to USDT, to USD, on one venue, within an hour."""
    standard: dict[str, Any] = {
        "case": CaseId("CASE-1"),
        "authority": "Authority",
        "document_sha256": "",
        "holdings": (Holding(BTC, d("10"), d("10"), None, None),),
        "venues": (VENUE,),
        "account": "main",
        "deadline": Deadline(after=HOUR),
        "settlement": USD,
        "edges": (Edge(BTC, USDT), Edge(USDT, USD)),
        "classes": {BTC: AssetClass.VOLATILE, USDT: AssetClass.STABLE, USD: AssetClass.FIAT},
        "stables": (POLICY,),
    }
    return Terms(**(standard | changes))


def limits(**changes: Any) -> Limits:
    standard: dict[str, Any] = {
        "collar_bp": d("40"),
        "order_notional_max": d("600"),
        "minute_notional_max": d("900"),
        "minute_orders_max": 30,
        "reference": ReferenceRules(60 * SECOND, d("200")),
        "reconcile_every": Span(5 * MINUTE),
        "unknown_patience": Span(10 * MINUTE),
    }
    return Limits(**(standard | changes))


def leg_one(**changes: Any) -> LegPlan:
    """10 BTC for USDT, in four slices of a minute."""
    standard: dict[str, Any] = {
        "id": ONE,
        "sell": BTC,
        "buy": USDT,
        "instruments": (COIN,),
        "quantity": d("10"),
        "fed_by": (),
        "window": Span(4 * MINUTE),
        "tail": Span(0),
        "schedule": Recipe("twap", {"slices": "4"}),
        "tactic": Recipe("cross"),
        "catch_up": d("2"),
        "floor": None,
        "participation_max": None,
    }
    return LegPlan(**(standard | changes))


def leg_two(**changes: Any) -> LegPlan:
    """What leg one brings, for USD."""
    standard: dict[str, Any] = {
        "id": TWO,
        "sell": USDT,
        "buy": USD,
        "instruments": (STABLE,),
        "quantity": d("0"),
        "fed_by": (ONE,),
        "schedule": Recipe("fiat_sweep", {"every": "10s", "amount": "200", "age": "2m"}),
        "to_fiat": True,
    }
    return leg_one(**(standard | changes))


def plan(*legs: LegPlan) -> Plan:
    return Plan(legs=legs or (leg_one(), leg_two()), deadline=Deadline(after=HOUR))


CAPABILITIES = r.Capabilities(tifs=tuple(TimeInForce), validity=Span(5 * SECOND), read_lag=SECOND)


LICENCE = Licence(
    venue=VENUE,
    entity="Hash Blockchain Limited",
    authority="SFC Hong Kong",
    reference="Type 1 and 7",
    status="licensed",
    licensed_on=None,
    seen_at=START,
    valid_until=Instant(START + HOUR),
    source="a public register",
)


def opened(**changes: Any) -> Opened:
    """The first row of a run that holds 10 BTC."""
    standard: dict[str, Any] = {
        "at": START,
        "run": RUN,
        "case": CaseId("CASE-1"),
        "environment": "sandbox",
        "config_sha256": "c" * 64,
        "code": "test",
        "terms": terms(),
        "plan": plan(),
        "limits": limits(),
        "licences": {VENUE: LICENCE},
        "capabilities": {VENUE: CAPABILITIES},
        "balances": {VENUE: (r.Balance(BTC, d("10"), d("0")),)},
        "seed": 1,
    }
    return Opened(**(standard | changes))


def methods() -> dict[LegId, Method]:
    return {
        ONE: Method(twap(START, at("00:04"), 4), Cross()),
        TWO: Method(FiatSweep(START, Span(10 * SECOND), d("200"), Span(2 * MINUTE)), Cross()),
    }


def view(symbol: Symbol = BTCUSDT, when: Instant = START, **changes: Any) -> MarketView:
    """A live book, a cent either side of 100 USDT (or a basis point either side of a dollar), deep enough for all."""
    low, high = ("99.99", "100.01") if symbol == BTCUSDT else ("0.9999", "1.0001")
    standard: dict[str, Any] = {
        "venue": VENUE,
        "symbol": symbol,
        "at": when,
        "book_at": when,
        "seen_at": when,
        "bids": (Level(d(low), d("100000")),),
        "asks": (Level(d(high), d("100000")),),
        "last": d("100") if symbol == BTCUSDT else d("1"),
        "volume": d("0"),
        "prints": 0,
        "live": True,
    }
    return MarketView(**(standard | changes))


def book(symbol: Symbol, bid: str, ask: str, when: Instant = START, **changes: Any) -> MarketView:
    """A view with these two prices, and no prints that could contradict them."""
    sides = {"bids": (Level(d(bid), d("100000")),), "asks": (Level(d(ask), d("100000")),), "last": None}
    return view(symbol, when, **(sides | changes))


def name(leg: LegId = ONE, index: int = 0, attempt: int = 1, epoch: int = 1) -> ClientOrderId:
    return client_order_id(OrderName(TAG, leg, index, attempt, epoch))


def child(**changes: Any) -> ChildOrder:
    """1 BTC at 99.60 or better, in the first slice."""
    standard: dict[str, Any] = {
        "client_id": name(),
        "leg": ONE,
        "slice": 0,
        "attempt": 1,
        "venue": VENUE,
        "symbol": BTCUSDT,
        "sell": BTC,
        "buy": USDT,
        "quantity": d("1"),
        "price": d("99.60"),
        "tif": TimeInForce.IOC,
        "decided_at": START,
    }
    return ChildOrder(**(standard | changes))


def sweep(**changes: Any) -> ChildOrder:
    """100 USDT at 0.9960 or better."""
    standard: dict[str, Any] = {
        "client_id": name(TWO),
        "leg": TWO,
        "symbol": USDTUSD,
        "sell": USDT,
        "buy": USD,
        "quantity": d("100"),
        "price": d("0.9960"),
    }
    return child(**(standard | changes))


def world(**changes: Any) -> World:
    """A picture in which `child()` passes the gate."""
    standard: dict[str, Any] = {
        "at": START,
        "deadline": at("01:00"),
        "terms": terms(),
        "limits": limits(),
        "instrument": COIN,
        "floor": None,
        "participation_max": None,
        "view": view(),
        "fiat_view": view(USDTUSD),
        "total": d("10"),
        "received": d("0"),
        "sold": d("0"),
        "committed": d("0"),
        "free": d("10"),
        "volume": d("0"),
        "minute_notional": d("0"),
        "minute_orders": 0,
        "live": None,
        "seen": False,
        "stable_waiting": d("0"),
        "stable_since": None,
        "unlicensed": "",
        "continuous": True,
        "stopped": "",
    }
    return World(**(standard | changes))


def report(status: r.OrderStatus, filled: str, of: ChildOrder | None = None, when: Instant = START) -> r.OrderReport:
    order = of or child()
    venue_id = VenueOrderId(f"v-{order.client_id}")
    return r.OrderReport(
        order.venue, order.symbol, order.client_id, venue_id, status, order.quantity, order.price, d(filled), when
    )


def fill(trade: str, quantity: str, of: ChildOrder | None = None, **changes: Any) -> r.Fill:
    """One execution at the order's own price, without a fee."""
    order = of or child()
    told = r.Fill(
        venue=order.venue,
        symbol=order.symbol,
        client_id=order.client_id,
        venue_order_id=VenueOrderId(f"v-{order.client_id}"),
        trade_id=TradeId(trade),
        quantity=d(quantity),
        price=order.price,
        fee=Amount(d("0"), order.buy),
        maker=False,
        at=START,
    )
    return replace(told, **changes)


def progress(total: str = "10", sold: str = "0", **changes: Any) -> Progress:
    standard: dict[str, Any] = {"closing": False, "oldest": None, "at": START, "lot": d("0.001")}
    return Progress(total=d(total), sold=d(sold), **(standard | changes))


def window(opens: str, closes: str) -> Window:
    """Open from `"00:10"` until `"00:20"` of every day; `"24:00"` is midnight."""
    hours, minutes = closes.split(":")
    return Window(
        days=tuple(range(7)), opens=Span(at(opens) - START), closes=Span(int(hours) * HOUR + int(minutes) * MINUTE)
    )


def hours(*windows: tuple[str, str], **changes: Any) -> Hours:
    """Open on every day within these windows, or from midnight to midnight, where local time is UTC."""
    standard: dict[str, Any] = {
        "offset": Span(0),
        "windows": tuple(window(*each) for each in windows or (("00:00", "24:00"),)),
        "closed_days": (),
        "covers_until": "2026-12-31",
    }
    return Hours(**(standard | changes))


def blackout(begins: str, ends: str, reason: str = "announcement") -> Blackout:
    return Blackout(begins=at(begins), ends=at(ends), reason=reason)


def programme(*windows: tuple[str, str], **changes: Any) -> Programme:
    """Sells within these windows of every day."""
    return Programme(**({"hours": hours(*windows)} | changes))


def days(programme: Programme | None, *legs: LegPlan) -> Plan:
    """The standard plan under a programme, with four days to its deadline."""
    return Plan(legs=legs or (leg_one(), leg_two()), deadline=Deadline(after=Span(4 * DAY)), programme=programme)


def ticket(**changes: Any) -> i.Ticket:
    """1 BTC, sold by voice at 99.90 without a fee."""
    standard: dict[str, Any] = {
        "ticket": "OTC-1",
        "venue": VENUE,
        "sell": BTC,
        "buy": USDT,
        "quantity": d("1"),
        "price": d("99.90"),
        "fee": Amount(d("0"), USDT),
        "counterparty": "a desk",
        "dealt_at": START,
        "document_sha256": "d" * 64,
    }
    return i.Ticket(**(standard | changes))


def settle_unknown(order: ClientOrderId, filled: str, price: str | None = None, **changes: Any) -> i.SettleUnknown:
    """By a paper the order sold `filled` in all; what is new of it at `price`."""
    standard: dict[str, Any] = {"fee": None, "document_sha256": "d" * 64}
    return i.SettleUnknown(client_id=order, filled=d(filled), price=d(price) if price else None, **(standard | changes))


def explain(delta: str, asset: Asset = USDT, venue: VenueName = VENUE) -> i.ExplainDifference:
    return i.ExplainDifference(venue=venue, asset=asset, delta=d(delta), document_sha256="d" * 64)


def instructed(instruction: i.Instruction, when: Instant = START, **changes: Any) -> Instructed:
    """What li asked and wang and chen agreed to."""
    standard: dict[str, Any] = {
        "at": when,
        "instruction": instruction,
        "by": PersonName("li"),
        "agreed": (PersonName("wang"), PersonName("chen")),
        "reason": "said so",
        "paper_sha256": i.Paper(run=RUN, instruction=instruction).sha256,
        "book_seq": 1,
    }
    return Instructed(**(standard | changes))


def average_floor(share: str = "0.95", **changes: Any) -> AverageFloor:
    """So much of the closes of the two days before, by one source, in UTC."""
    standard: dict[str, Any] = {
        "days": 2,
        "calendar": Calendar.CALENDAR,
        "offset": Span(0),
        "kind": Kind.CLOSE,
        "sources": ("desk",),
        "sources_min": 1,
        "coverage_min": d("1"),
        "missing": Missing.REFUSE,
    }
    without = changes.pop("without", Without.STOP)
    rules = AverageRules(**(standard | changes))
    return AverageFloor(share=d(share), rules=rules, without=without, covers_until="2030-12-31")


def floor_version(of: AverageFloor | None = None, **changes: Any) -> FloorVersion:
    """On the day of every specification: 95 USDT, 95 % of an average of 100."""
    rule = of or average_floor()
    standard: dict[str, Any] = {
        "number": 1,
        "day": "2026-05-02",
        "price": d("95"),
        "currency": USDT,
        "share": rule.share,
        "average": d("100"),
        "days": (DayUsed("2026-05-01", d("101"), ("desk",)), DayUsed("2026-04-30", d("99"), ("desk",))),
        "missing": (),
        "digest": "a" * 64,
        "rules_sha256": digest(rule.rules),
        "files": {"desk": "b" * 64},
    }
    return FloorVersion(**(standard | changes))


def tranche(**changes: Any) -> Tranche:
    """5 BTC, asked of the custodian for the venue."""
    standard: dict[str, Any] = {
        "id": TrancheId(f"{TAG}-hashkey-0"),
        "asset": BTC,
        "quantity": d("5"),
        "venue": VENUE,
        "account": "main",
        "asked_at": START,
    }
    return Tranche(**(standard | changes))
