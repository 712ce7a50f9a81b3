"""One of every row that a journal may hold: for whoever has to read, write or fold all of them."""

from collections.abc import Mapping
from typing import Any

from engine.events import Agreed, Approval, CaseChanged, Closed, FloorSet, Restarted, TapeSealed
from engine.kernel.clock import MILLISECOND, MINUTE, SECOND, Span
from engine.kernel.errors import Denied
from engine.kernel.ids import (
    PersonName,
)
from engine.kernel.money import Amount
from engine.mandate import instructions as i
from engine.mandate.standing import CaseStanding
from engine.mandate.terms import Deadline, Floor, FloorScope
from engine.orders import commands as c
from engine.orders import events as e
from engine.orders import reports as r
from engine.orders.condition import Stage
from engine.orders.order import Approved, Check, TimeInForce
from engine.orders.tranche import NoTidings, Sent, TurnedDown, Unheard
from tests.support.builders import (
    BTC,
    BTCUSDT,
    ONE,
    START,
    USD,
    USDT,
    USDTUSD,
    VENUE,
    at,
    blackout,
    child,
    d,
    days,
    explain,
    fill,
    floor_version,
    hours,
    instructed,
    leg_one,
    leg_two,
    name,
    opened,
    plan,
    programme,
    report,
    settle_unknown,
    terms,
    ticket,
    tranche,
    view,
)


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
