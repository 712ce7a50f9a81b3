"""Doubts about the core that people steer: each is an invariant that a reader could break."""

from typing import Any

import pytest
from msgspec.structs import replace

from engine.core.exposure import exposed
from engine.drivers.audit import audit
from engine.events import Closed, Opened, kind
from engine.journal.record import Record
from engine.kernel import codec
from engine.kernel.clock import DAY, MINUTE, Instant, Span
from engine.kernel.ids import LegId, Symbol, TradeId
from engine.kernel.money import Amount, Asset, AssetClass
from engine.mandate.custody import CustodyPlan
from engine.mandate.deposit import DepositRule, FixedRate, Valuation
from engine.mandate.instructions import Amend, GoOn, Scope, Stop
from engine.mandate.programme import Carry
from engine.mandate.standing import CaseStanding
from engine.mandate.terms import Edge, Floor, FloorScope, Holding
from engine.orders import commands as c
from engine.orders import events as e
from engine.orders import reports as r
from engine.orders.events import Wish
from engine.orders.tranche import Sent
from engine.planning.days import allowed
from tests.support.builders import (
    BTC,
    COIN,
    ONE,
    START,
    USD,
    USDT,
    VENUE,
    at,
    d,
    explain,
    leg_one,
    leg_two,
    limits,
    methods,
    opened,
    plan,
    programme,
    report,
    settle_unknown,
    terms,
    ticket,
)
from tests.support.by_hand import Run, only, placed
from tests.support.desks import OTHER, taking, two

ETH = Asset("ETH")
THREE = LegId("3")
RULE = DepositRule(currency=USD, ratio=d("1.05"), limit=d("1.00"), valuation=Valuation.CURRENT)


def vault(units: str = "10", **changes: Any) -> CustodyPlan:
    """10 BTC lie with the custodian; the next slice may leave."""
    standard: dict[str, Any] = {
        "holdings": {BTC: d(units)},
        "statement_sha256": "00" * 32,
        "account": "main",
        "slices_ahead": 4,
    }
    return CustodyPlan(**(standard | changes))


def kept(**changes: Any) -> Run:
    """Nothing stands at the venue yet: all 10 BTC lie with the custodian."""
    return Run(opened(**({"custody": vault(), "balances": {VENUE: ()}} | changes))).ready()


def asked(commands: list[c.Command]) -> list[c.AskTranche]:
    return only(c.AskTranche, commands)


def basket(**changes: Any) -> Opened:
    """10 BTC and 10 ETH at 100 each, on one venue."""
    coin = replace(COIN, base=ETH, symbol=Symbol("ETHUSDT"))
    ether = leg_one(id=THREE, sell=ETH, instruments=(coin,))
    of = terms(
        holdings=tuple(Holding(asset, d("10"), d("10"), None, None) for asset in (BTC, ETH)),
        edges=(Edge(BTC, USDT), Edge(ETH, USDT), Edge(USDT, USD)),
        classes={**terms().classes, ETH: AssetClass.VOLATILE},
    )
    return opened(**({"terms": of, "plan": plan(leg_one(), ether, leg_two(fed_by=(ONE, THREE)))} | changes))


def basket_run(**changes: Any) -> Run:
    run = Run(basket(**changes), methods() | {THREE: methods()[ONE]})
    ethusdt = Symbol("ETHUSDT")
    run.books[VENUE, ethusdt] = replace(run.books[VENUE, COIN.symbol], symbol=ethusdt)
    run.restart(1)
    run.stream(up=True)
    seen = r.Survey(VENUE, START, (), (), run.opened.balances[VENUE])
    run.feed(e.Surveyed(run.now, VENUE, seen))
    return run


# What leaves custody


def test_two_venues_are_not_both_given_what_the_deposit_covers_once() -> None:
    """Deposit 420: 400 dollars of coin may be outside. 10 BTC at 100 are wanted, half at each venue."""
    of = two()
    run = Run(
        replace(
            of,
            balances={VENUE: (), OTHER: ()},
            custody=vault(),
            limits=limits(deposit=RULE),
            standing=CaseStanding(deposit={USD: d("420")}),
        )
    ).ready()
    run.later(200)
    there = asked(run.due("00:03:30"))
    worth = sum(one.tranche.quantity for one in there) * 100
    assert there
    assert worth <= 400, [one.tranche.quantity for one in there]


def test_two_assets_are_not_both_given_the_same_room_at_one_venue() -> None:
    """At most 500 dollars may stand at the venue."""
    run = basket_run(
        balances={VENUE: ()},
        custody=vault(holdings={BTC: d("10"), ETH: d("10")}, exposure_max={VENUE: d("500")}),
    )
    there = asked(run.due("00:03:30"))
    assert there
    assert sum(one.tranche.quantity for one in there) * 100 <= 500, [one.tranche for one in there]


def test_a_tranche_is_counted_against_the_deposit_at_the_rule_s_own_prices() -> None:
    """Coin counts as on the day of the handover, at 200; the market pays 100. 420 of deposit cover two coins."""
    worth = FixedRate(worth=d("200"), source="a report", day=START)
    usdt = FixedRate(worth=d("1"), source="a report", day=START)
    rule = replace(RULE, valuation=Valuation.HANDOVER, rates={BTC: worth, USDT: usdt})
    run = kept(limits=limits(deposit=rule), standing=CaseStanding(deposit={USD: d("420")}))
    (one,) = asked(run.due("00:03:30"))
    assert one.tranche.quantity <= 2


def lost_request(**changes: Any) -> tuple[Run, c.AskTranche]:
    """A tranche was asked for, and the custodian certainly never saw the request."""
    run = kept(**changes)
    (one,) = asked(run.due("00:00"))
    return run, one


@pytest.mark.parametrize("how", [{"held": "court order 7"}, {"suspended": "stocktaking"}])
def test_no_coin_is_asked_for_again_once_the_case_is_held(how: dict[str, str]) -> None:
    run, one = lost_request()
    run.case(**how)
    again = run.feed(e.TrancheAsked(run.now, one.tranche.id, r.Transient("not sent")))
    assert asked(again) == []


def test_no_coin_is_asked_for_again_after_a_halt() -> None:
    run, one = lost_request()
    run.asked(Wish.HALT)
    assert asked(run.feed(e.TrancheAsked(run.now, one.tranche.id, r.Transient("not sent")))) == []


def test_no_coin_is_asked_for_again_for_a_venue_that_was_stopped() -> None:
    run, one = lost_request()
    run.people(Stop(Scope.VENUE, VENUE))
    assert asked(run.feed(e.TrancheAsked(run.now, one.tranche.id, r.Transient("not sent")))) == []


def test_a_start_after_the_halt_asks_for_no_coin_either() -> None:
    """Continued to be looked at and closed; nobody agreed to anything."""
    run, _ = lost_request()
    run.asked(Wish.HALT)
    assert asked(run.restart(2)) == []


def test_a_refusal_of_the_second_asking_does_not_prove_that_the_first_moved_nothing() -> None:
    """The answer to the first request was lost; the custodian refuses a second one under that name."""
    run, one = lost_request()
    run.feed(e.TrancheAsked(run.now, one.tranche.id, r.Unknown("timeout")))
    run.feed(e.TrancheAsked(run.now, one.tranche.id, r.Refused("duplicate", "known already")))
    run.feed(e.TrancheSeen(run.now, one.tranche.id, Sent("tx-1", run.now)))
    run.survey(BTC=str(one.tranche.quantity))
    assert run.state.venues[VENUE].differences == (), "what arrived is the tranche that was asked for"


def test_what_people_explain_of_a_tranche_is_not_on_its_way_any_more() -> None:
    """5 were sent, 4.9 arrived, and people say by a paper that the network kept the rest."""
    run = kept(custody=vault("5"))
    (one,) = asked(run.due("00:03:30"))
    run.feed(e.TrancheAsked(run.now, one.tranche.id, r.Done()))
    run.feed(e.TrancheSeen(run.now, one.tranche.id, Sent("tx-1", run.now)))
    arrived = str(one.tranche.quantity - d("0.1"))
    run.survey(BTC=arrived)
    run.people(explain(arrived, BTC))
    assert exposed(run.state)[BTC] <= one.tranche.quantity, "the same coin is counted in transit and at the venue"


# A go-on, and what the machine itself needs


def test_a_go_on_does_not_wipe_out_what_was_found_while_a_person_had_halted_the_run() -> None:
    """Halted by a person. Then the venue tells a trade of no order of ours; nobody who agreed could read of it."""
    run = Run(opened(approvals=2)).ready()
    (order,) = placed(run.due("00:00"))
    run.answer(order, r.Done())
    run.asked(Wish.HALT)
    fill = run.execution(order, "0.1")
    run.told(replace(fill, client_id=None, trade_id=TradeId("stranger")))
    assert run.state.conflict
    run.people(GoOn(Scope.RUN))
    halts = [row.reason for row in run.rows if isinstance(row, c.Halt)]
    assert run.state.stopped or halts, "a trade that nobody ordered is on no record, and the run goes on"


def test_after_a_go_on_nothing_is_sent_while_the_difference_that_halted_the_run_still_stands() -> None:
    run = Run().ready()
    for _ in range(4):
        run.survey(USDT="-0.01")
    assert run.state.halted
    run.feed(Closed(run.now, run.state.finished or "unresolved", 0, 1))  # type: ignore[arg-type]
    run.restart(2)
    run.people(GoOn(Scope.RUN))
    run.stream(up=True)
    run.survey(USDT="-0.01")
    run.survey(USDT="-0.01")
    assert placed(run.due("00:00:10")) == []


# Amendments


def test_a_run_that_was_opened_again_only_to_look_does_not_sell_on_by_an_amendment() -> None:
    """It ended unresolved after its deadline, and a later run was granted the rest; nobody agreed to a go-on."""
    run = Run(opened(approvals=2)).ready()
    (order,) = placed(run.due("00:59"))
    run.unanswered(order)
    run.due("01:00")
    run.due("01:10:02")
    run.feed(Closed(run.now, run.state.finished, 1, 0))  # type: ignore[arg-type]
    run.restart(2)
    run.people(Amend(was_sha256=run.state.plan.digest, ends=at("03:00")))
    run.stream(up=True)
    run.survey()
    run.not_found(order)
    run.not_found(order)
    sold = [o for minute in range(11, 20) for o in placed(run.due(f"01:{minute}"))]
    assert sold == []


def test_a_higher_daily_quota_does_not_reach_back_into_the_days_before() -> None:
    """2 of 10 a day, all carried; on the third day people agree to 3 a day. Two were sold on each day before."""
    of = programme(quota=d("0.3"), earlier=(("2026-05-04", d("0.2")),), carry=Carry.ALL)
    sold = {"2026-05-02": d("2"), "2026-05-03": d("2")}
    today = allowed(of, d("10"), sold, START, Instant(START + 2 * DAY))
    assert today <= 3, today


def test_what_rested_and_was_filled_on_a_closed_day_counts_against_what_is_carried() -> None:
    """Friday's order rests over the holiday and is filled there; Friday's quota is not left over for Sunday."""
    shut = replace(programme().hours, closed_days=("2026-05-03",))
    of = replace(programme(quota=d("0.3"), carry=Carry.ALL), hours=shut)
    sold = {"2026-05-03": d("3")}
    assert allowed(of, d("10"), sold, START, Instant(START + 2 * DAY)) == 3


# Tickets


def idle(first: Opened | None = None) -> Run:
    run = Run(first).ready()
    for order in placed(run.due("00:00")):
        run.expired(order)
    return run


def test_a_fee_does_not_carry_a_deal_under_the_floor() -> None:
    """99.80 at the least; 99.90 less a fee of 20 for one coin is 79.90."""
    floor = Floor(d("99.80"), USDT, FloorScope.FILL)
    holding = Holding(BTC, d("10"), d("10"), floor, None)
    run = idle(opened(terms=terms(holdings=(holding,)), plan=plan(leg_one(floor=floor), leg_two())))
    assert only(c.Book, run.people(ticket(fee=Amount(d("20"), USDT)))) == []


def test_a_fee_below_nothing_makes_no_stablecoin() -> None:
    run = idle()
    assert only(c.Book, run.people(ticket(fee=Amount(d("-50"), USDT)))) == []


def test_a_deal_that_has_not_been_struck_yet_is_refused() -> None:
    """Dated tomorrow: it would count against tomorrow's quota, and none of today's."""
    run = idle()
    assert only(c.Book, run.people(ticket(dealt_at=Instant(START + DAY)))) == []


def test_two_desks_may_both_call_a_deal_by_the_same_number() -> None:
    run = Run(two()).ready()
    for order in placed(run.due("00:00")):
        run.expired(order)
    first = only(c.Book, run.people(ticket(ticket="1001")))
    second = only(c.Book, run.people(ticket(ticket="1001", venue=OTHER)))
    assert (len(first), len(second)) == (1, 1)


def test_one_confirmation_is_one_deal_whatever_number_is_typed() -> None:
    """The same document, and a slip in the number."""
    run = idle()
    run.people(ticket())
    assert only(c.Book, run.people(ticket(ticket="OTC-l"))) == []


def test_a_deal_that_waits_for_a_price_is_answered_before_the_run_ends() -> None:
    """The books were too old; then somebody halts, and the run is over. The paper is used up."""
    run = idle(opened(limits=limits(reconcile_every=Span(60 * MINUTE))))
    run.later(300)
    run.people(ticket())
    run.asked(Wish.HALT)
    run.survey()
    assert run.state.finished
    assert [row for row in run.rows if isinstance(row, c.Book | c.Unheeded)] != []


# A paper against a venue's own word


def test_a_look_up_that_was_under_way_when_a_paper_settled_the_order_is_not_dropped() -> None:
    """The paper says nothing was sold; the venue's answer, a second later, shows the execution."""
    run = Run(opened(approvals=2)).ready()
    (order,) = placed(run.due("00:00"))
    run.unanswered(order)
    fill = run.execution(order, "1")
    run.people(settle_unknown(order.client_id, "0"))
    run.looked_up(order, r.Found(report(r.OrderStatus.CANCELLED, "1", order), (fill,)))
    assert run.state.halted or run.state.legs[ONE].sold == 1


def test_a_deal_that_the_venue_shows_after_a_paper_denied_it_is_not_dropped() -> None:
    run, taken = taking()
    run.accepts(taken, r.Unknown("timeout"))
    run.people(settle_unknown(taken.approved.order.client_id, "0"))
    run.shown(taken, run.dealt(taken))
    assert run.state.halted or run.state.legs[ONE].sold > 0


# The journal


def test_what_is_missing_of_a_price_is_named_alike_by_who_has_only_the_rows() -> None:
    """The config names its assets in another order than canonical rows do; the audit reads the rows."""
    kinds = {ETH: AssetClass.VOLATILE, USDT: AssetClass.STABLE, BTC: AssetClass.VOLATILE, USD: AssetClass.FIAT}
    run = basket_run(
        limits=limits(deposit=RULE),
        standing=CaseStanding(deposit={USD: d("9000")}),
        balances={VENUE: tuple(r.Balance(asset, d("10"), d("0")) for asset in (BTC, ETH, USDT))},
        terms=replace(basket().terms, classes=kinds),
    )
    run.books = {key: replace(view, live=view.symbol == COIN.symbol) for key, view in run.books.items()}
    run.due("00:00")
    rows = (Record(n, START, START, kind(row), codec.encode(row), "") for n, row in enumerate(run.rows, 1))
    assert audit(rows, lambda _: run.methods).turns > 0
