"""Values for specifications: one instrument of each leg, one plan, one picture for the gate, one of every entry.

Numbers are chosen to be read: a BTC costs 100 USDT, a USDT a dollar. Nothing here decides anything.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from engine.core.pursuing import Method
from engine.events import Agreed, Approval, CaseChanged, Closed, FloorSet, Instructed, Opened, Restarted, TapeSealed
from engine.kernel.clock import DAY, HOUR, MILLISECOND, MINUTE, SECOND, Instant, Span, parse_instant
from engine.kernel.codec import digest
from engine.kernel.errors import Denied
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
from engine.mandate.standing import CaseStanding
from engine.mandate.terms import AverageFloor, Deadline, Edge, Floor, FloorScope, Holding, StablePolicy, Terms, Without
from engine.market.averages import AverageRules, Calendar, DayUsed, Missing
from engine.market.daily import Kind
from engine.market.facts import Level
from engine.market.instrument import Instrument
from engine.market.reference import ReferenceRules
from engine.market.view import MarketView
from engine.orders import commands as c
from engine.orders import events as e
from engine.orders import reports as r
from engine.orders.condition import Stage
from engine.orders.order import Approved, Check, ChildOrder, TimeInForce
from engine.orders.strategy import Progress
from engine.orders.tranche import NoTidings, Sent, Tranche, TrancheId, TurnedDown, Unheard
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


def one_of_every_entry() -> Mapping[str, Any]:
    """At least one example of every kind of row, and of every way in which an outcome or an answer can end."""
    working, ended = report(r.OrderStatus.WORKING, "0.4"), report(r.OrderStatus.CANCELLED, "0.4")
    told = fill("t1", "0.4", fee=Amount(d("0.03984"), USDT), ticket="77")
    balances = (r.Balance(BTC, d("9.6"), d("0")), r.Balance(USDT, d("39.80016"), d("0")))
    floored = leg_one(floor=Floor(d("70000"), USD, FloorScope.FILL), participation_max=d("0.25"), tail=Span(MINUTE))
    wire = r.Wire("a" * 64, "b" * 64)
    asked = r.QuoteRequest(BTC, USDT, d("4"))
    quote = r.Quote(VENUE, "q1", BTC, USDT, d("4"), d("400"), at("00:01"), wire)
    block = child(client_id=name(index=900_001), slice=900_001, quantity=d("4"), price=d("100"), tif=TimeInForce.FOK)
    struck = r.Dealt(r.Deal(VENUE, "q1", "d1", BTC, USDT, d("4"), d("400"), START), wire)
    whole = programme(
        ("09:30", "12:00"), bank=hours(), quota=d("0.3"), maintenance={VENUE: (blackout("02:00", "03:00"),)}
    )
    amended = i.Amend(
        was_sha256="d" * 64,
        ends=at("02:00"),
        rate=d("1.5"),
        floors={BTC: Floor(d("70000"), USD, FloorScope.FILL), USDT: None},
        shares={BTC: d("0.25"), USDT: None},
        venues=(VENUE,),
    )
    of = tranche().id
    return {
        "opened": opened(plan=plan(floored, leg_two())),
        "opened with a fixed deadline": opened(terms=terms(deadline=Deadline(at=at("01:00")))),
        "opened with a programme": opened(plan=days(whole), approvals=2, standing=CaseStanding(deposit={USD: d("1")})),
        "approved": Agreed(
            at=START,
            plan_sha256="d" * 64,
            paper_sha256="e" * 64,
            by=PersonName("li"),
            agreed=(PersonName("wang"), PersonName("chen")),
            book_seq=7,
        ),
        "approval_waived": Approval(START, "d" * 64),
        "restarted": Restarted(START, 2, "test"),
        "tape_sealed": TapeSealed(START, "tape/1.parquet", "e" * 64, 1000, START, at("00:05"), "3s before row 1"),
        "closed": Closed(START, "short", 1, 2),
        "due": e.Due(START, (view(), view(USDTUSD, last=None), view(bids=(), asks=(), live=False))),
        "placed, done": e.Placed(START, name(), r.Done(working, wire)),
        "placed, done without a description": e.Placed(START, name(), r.Done()),
        "placed, refused": e.Placed(START, name(), r.Refused("-2010", "insufficient", stop_venue=True, wire=wire)),
        "placed, transient": e.Placed(START, name(), r.Transient("too many requests", SECOND, wire)),
        "placed, unknown": e.Placed(START, name(), r.Unknown("504", wire)),
        "cancelled": e.Cancelled(START, name(), r.Done()),
        "reported": e.Reported(START, ended),
        "filled": e.Filled(START, told),
        "looked_up, found": e.LookedUp(START, name(), r.Found(ended, (told,))),
        "looked_up, not found": e.LookedUp(START, name(), r.NotFound(balances, ("f" * 64,))),
        "looked_up, no word": e.LookedUp(START, name(), r.NoWord("timeout")),
        "surveyed": e.Surveyed(START, VENUE, r.Survey(VENUE, START, (working,), (told,), balances)),
        "surveyed in vain": e.Surveyed(START, VENUE, None, "timeout"),
        "quote_came": e.QuoteCame(START, 1, quote, at("00:01")),
        "quote_came, refused": e.QuoteCame(START, 2, r.Refused("too_large", "100 BTC"), START),
        "quote_came, transient": e.QuoteCame(START, 3, r.Transient("timeout"), START),
        "acceptance_came, dealt": e.AcceptanceCame(START, block.client_id, struck, Span(MILLISECOND)),
        "acceptance_came, unknown": e.AcceptanceCame(START, block.client_id, r.Unknown("timeout")),
        "deal_seen": e.DealSeen(START, block.client_id, struck),
        "deal_seen, no deal": e.DealSeen(START, block.client_id, r.NoDeal(("f" * 64,))),
        "deal_seen, no word": e.DealSeen(START, block.client_id, r.NoWord("timeout")),
        "stream_changed": e.StreamChanged(START, VENUE, up=False, reason="silent"),
        "mode_changed": e.ModeChanged(START, VENUE, r.Mode.BANNED, "418"),
        "asked": e.Asked(START, e.Wish.PAUSE, "operator"),
        "instructed, stop": instructed(i.Stop(i.Scope.VENUE, VENUE), agreed=()),
        "instructed, go on": instructed(i.GoOn(i.Scope.RUN)),
        "instructed, amend": instructed(amended),
        "instructed, amend nothing": instructed(i.Amend(was_sha256="d" * 64)),
        "instructed, finish": instructed(i.Finish(i.By.SWEEP)),
        "instructed, ticket": instructed(ticket()),
        "instructed, settle": instructed(settle_unknown(name(), "1", "99.90", fee=Amount(d("0.1"), USDT))),
        "instructed, settle with nothing": instructed(settle_unknown(name(), "0")),
        "instructed, explain": instructed(explain("-0.01")),
        "case_changed": CaseChanged(START, CaseStanding(held="court order 7", received={USD: d("12.5")}, book_seq=9)),
        "tranche_asked": e.TrancheAsked(START, of, r.Done()),
        "tranche_asked, unknown": e.TrancheAsked(START, of, r.Unknown("504")),
        "tranche_seen, sent": e.TrancheSeen(START, of, Sent("tx 1", START, "f" * 64)),
        "tranche_seen, turned down": e.TrancheSeen(START, of, TurnedDown("not on the list")),
        "tranche_seen, unheard": e.TrancheSeen(START, of, Unheard()),
        "tranche_seen, no tidings": e.TrancheSeen(START, of, NoTidings("timeout")),
        "place": c.Place(Approved(child(fleeting=True), (Check("collar", "99.60", "99.60"),))),
        "cancel": c.Cancel(VENUE, BTCUSDT, name()),
        "lookup": c.Lookup(VENUE, BTCUSDT, name(), START, Span(5200 * MILLISECOND)),
        "survey_account": c.Survey(VENUE, START, Span(0)),
        "ask_tranche": c.AskTranche(tranche(), Span(SECOND)),
        "look_tranche": c.LookTranche(of, Span(SECOND)),
        "landed": c.Landed(tranche()),
        "unheeded": c.Unheeded("a" * 64, (Denied("approvals", "1", "2 people besides li"),)),
        "book": c.Book(
            paper_sha256="a" * 64, order=child(), fill=fill("OTC-1", "1"), checks=(Check("collar", "99.60", "99.60"),)
        ),
        "floor_set": FloorSet(at=START, asset=BTC, day="2026-05-02", version=floor_version()),
        "floor_set, none": FloorSet(at=START, asset=BTC, day="2026-05-02", version=None, lack="btc.csv can't be read"),
        "floor_blocked": c.FloorBlocked(
            at=START, leg=ONE, floor="the floor of 100 USDT (BTC, fixed)", wanted=d("100"), bid=d("99.99")
        ),
        "floor_blocked, no price": c.FloorBlocked(
            at=START, leg=ONE, floor="no price", wanted=None, bid=None, lack="nobody has set it"
        ),
        "floor_cleared": c.FloorCleared(at=START, leg=ONE, wanted=d("100"), bid=d("100.01")),
        "peg_level": c.PegLevel(
            asset=USDT, level=2, was=1, off_bp=d("-57"), z=d("-4.03"), sources=3, why="3 minutes in a row off its peg"
        ),
        "peg_level, no price": c.PegLevel(
            asset=USDT, level=2, was=0, off_bp=None, z=d("0.00"), sources=0, why="no price for 3 minutes"
        ),
        "market_pause": c.MarketPause(
            leg=ONE, waits=True, price=d("97.9"), move=d("0.021"), spread_bp=d("2.04"), why="moved 2.1 % within 5m"
        ),
        "market_pause, over": c.MarketPause(
            leg=ONE, waits=False, price=None, move=None, spread_bp=None, why="both bounds were kept long enough"
        ),
        "condition_turn": c.ConditionTurn(
            at=START, leg=ONE, stage=Stage.MET, slice=3, price=d("94.9"), bound=d("95"), why="since 00:02:00: 94.9"
        ),
        "condition_turn, no price": c.ConditionTurn(
            at=START, leg=ONE, stage=Stage.WAITS, slice=3, price=None, bound=d("95"), why="the feed is not continuous"
        ),
        "ask_quote": c.AskQuote(1, ONE, VENUE, asked),
        "accept_quote": c.AcceptQuote(quote, Approved(block, (Check("book", "400", "399.96"),))),
        "look_deal": c.LookDeal(block.client_id, quote, SECOND),
        "wake_at": c.WakeAt(at("00:01")),
        "withheld": c.Withheld(child(), (Denied("collar", "99.00", "99.60"), Denied("running", "halted", "nothing"))),
        "residue": c.Residue(ONE, "finer than the venue's lot of 0.001 BTC"),
        "halt": c.Halt("asked by operator"),
        "finish": c.Finish("done"),
    }
