"""Caps per hour, per local day, per venue and in all: what was filled counts, and what live orders may still bring."""

from decimal import Decimal
from typing import Any

from msgspec import json
from msgspec.structs import replace

from engine.core import caps as core_caps
from engine.core import reached
from engine.core.pursuing import Method
from engine.core.state import State
from engine.core.state import opened as state_of
from engine.drivers.recovery import Fold
from engine.events import kind
from engine.journal.record import GENESIS, Record, chained
from engine.kernel import codec
from engine.kernel.clock import DAY, HOUR, MINUTE, Instant, Span
from engine.kernel.ids import LegId, Symbol, VenueName
from engine.kernel.money import ZERO, Amount, Asset, AssetClass
from engine.mandate.terms import Edge, Holding
from engine.orders import commands as c
from engine.orders import reports as r
from engine.orders.events import Surveyed
from engine.risk.caps import CapRules
from engine.risk.limits import Limits
from strategies.tactics.cross import Cross
from strategies.twap import twap
from tests.support.builders import (
    BTC,
    COIN,
    ONE,
    STABLE,
    START,
    TWO,
    USD,
    USDT,
    VENUE,
    at,
    d,
    leg_one,
    leg_two,
    limits,
    methods,
    opened,
    plan,
    report,
    terms,
    ticket,
)
from tests.support.by_hand import Run, again, only, placed, turned
from tests.support.capped import (
    LONG,
    MIDNIGHT,
    OTHER,
    capped,
    coins,
    rules,
    through,
    two_venues,
    waits,
    withheld,
)
from tests.support.desks import DEAR, finishing, one, why

# An hour


def test_in_an_hour_no_more_is_sold_than_its_cap_and_little_less() -> None:
    """What is left of 300 is less than the smallest order, 5 USDT, and the 40 bp that a price may still rise."""
    assert d("294") < through(capped(rules(hour="300")), START, 60) <= d("300")


def test_what_a_cap_holds_back_is_said_and_nothing_is_withheld() -> None:
    run = capped(rules(hour="300"))
    sold = through(run, START)
    assert waits(run) == (
        f"hour cap of 300 USDT is reached: {sold.normalize():f} sold; room again at 2026-05-02 09:01 +08:00"
    )
    assert withheld(run) == []


def test_the_next_decision_is_due_when_the_hour_has_room_again() -> None:
    """The sale of the first minute leaves it with the minute of 01:01."""
    run = capped(rules(hour="300"))
    through(run, START)
    assert list(reached.wakes(run.state, run.state.plan.leg(ONE))) == [at("01:01")]


def test_an_hour_slides() -> None:
    """250 in the first minute and about 50 in the second: the third hour's first minute has room for 250 again."""
    run = capped(rules(hour="300"))
    through(run, START)
    assert through(run, at("00:50"), 11) == 0
    assert d("244") < through(run, at("01:01"), 1) <= d("250.1")


def test_no_cap_no_account() -> None:
    run = capped(None)
    through(run, START)
    assert run.state.accounts == {}
    assert {order.most for order in run.state.ended.values()} == {None}


# A day, and in all


def test_a_day_begins_at_the_local_midnight_of_the_programme() -> None:
    run = capped(rules(day="300"))
    assert d("294") < through(run, START) <= d("300")
    assert waits(run).endswith("sold; resets at 2026-05-03 00:00 +08:00")
    assert through(run, Instant(MIDNIGHT - 5 * MINUTE), 5) == 0
    assert d("294") < through(run, MIDNIGHT) <= d("300")


def test_without_a_programme_a_day_is_one_of_utc() -> None:
    run = capped(rules(day="300"), plan())
    through(run, START)
    assert waits(run).endswith("sold; resets at 2026-05-03 00:00 UTC")


def test_the_next_decision_is_due_at_the_midnight_that_resets_the_day() -> None:
    run = capped(rules(day="300"))
    through(run, START)
    assert list(reached.wakes(run.state, run.state.plan.leg(ONE))) == [MIDNIGHT]


def test_where_the_next_slice_is_far_away_a_cap_wakes_the_run() -> None:
    """25 USDT of seized stablecoin are wanted every three hours, and 20 dollars an hour may be sold."""
    run = of_stablecoin(rules(hour="20"), 12 * HOUR)
    (order,) = placed(run.due("00:00"))
    run.sold(order, "0.9999")
    run.due("00:00:02")
    assert at("01:01") in run.state.wakes


def test_what_the_run_has_sold_for_an_asset_is_capped_in_all() -> None:
    run = capped(rules(total="300"))
    sold = through(run, START, 30)
    assert d("294") < sold <= d("300")
    assert through(run, Instant(MIDNIGHT + DAY), 5) == 0
    assert waits(run).endswith("sold; all that the run may sell")


def test_where_the_book_of_the_case_has_earlier_proceeds_of_the_same_money_they_count() -> None:
    """100 USDT of seized stablecoin are to go for dollars; runs before this one brought 950 of at most 1,000."""
    run = of_stablecoin(rules(total="1000"))
    run.case(proceeds_before={USD: d("950")})
    for minute in range(4):
        for order in placed(run.due(f"00:0{minute}")):
            run.sold(order, "0.9999")
    assert d("49") <= run.state.legs[ONE].proceeds <= d("50")
    assert waits(run).endswith("all that the case may sell")


def test_only_what_is_sold_for_good_keeps_coin_in_custody() -> None:
    """A day that is full passes; a run that has sold all that it may needs no more coin."""
    today, in_all = capped(rules(day="300")), capped(rules(total="300"))
    for run in (today, in_all):
        through(run, START)
    assert not reached.spent(today.state, today.state.plan.leg(ONE))
    assert reached.spent(in_all.state, in_all.state.plan.leg(ONE))


def of_stablecoin(bound: CapRules, window: int = 4 * MINUTE) -> Run:
    """100 USDT that were seized as such, to be sold for dollars in four slices."""
    alone = leg_two(id=ONE, fed_by=(), quantity=d("100"), schedule=leg_one().schedule, window=Span(window))
    mandate = terms(holdings=(Holding(USDT, d("100"), d("100"), None, None),), edges=(Edge(USDT, USD),))
    balances = {VENUE: (r.Balance(USDT, d("100"), d("0")),)}
    first = opened(
        terms=mandate, plan=replace(LONG, legs=(alone,), programme=None), limits=limits(caps=bound), balances=balances
    )
    return Run(first, {ONE: Method(twap(START, Instant(START + window), 4), Cross())}).ready()


# Whose it is


def test_what_may_have_been_sold_counts_until_its_fate_is_known() -> None:
    """250 may have been sold: 50 are left for others, and all of it once the venue never had the order."""
    run = Run(two_venues(rules(day="300"))).ready()
    lost, *_ = coins(run.due("00:00"))
    run.unanswered(lost)
    others = through(run, at("00:01"), 5)
    run.not_found(lost)
    run.not_found(lost)
    assert others < d("50")
    assert d("294") < others + through(run, at("00:20"), 10) <= d("300")


def test_what_an_order_left_unsold_does_not_count() -> None:
    run = capped(rules(day="300"))
    (order,) = coins(run.due("00:00"))
    run.answer(order, r.Done())
    run.fill(order, "0.5", "99.99")
    run.report(order, r.OrderStatus.CANCELLED, "0.5")
    assert d("244") < through(run, at("00:01")) <= d("250.1")


def test_a_fill_that_is_told_late_counts_in_the_hour_in_which_it_was_made() -> None:
    """250 of 300 in the morning, told two hours later: the hour of then is empty."""
    run = capped(rules(hour="300"))
    (order,) = coins(run.due("00:00"))
    run.unanswered(order)
    late = run.execution(order, "2.5", "99.99")
    run.later(2 * 3600)
    run.looked_up(order, r.Found(report(r.OrderStatus.FILLED, "2.5", order), (late,)))
    run.survey()
    assert d("294") < through(run, at("02:10"), 10)


def test_a_sale_dearer_than_was_thought_counts_at_what_it_brought() -> None:
    """2.5 BTC at 110: 25 of the 300 are left, not 50."""
    run = capped(rules(day="300"))
    (order,) = coins(run.due("00:00"))
    run.sold(order, "110")
    assert d("19") < through(run, at("00:01")) <= d("25")


def test_what_passes_stablecoin_on_is_not_capped() -> None:
    """Leg one stops at 300 USDT; leg two sells all of them for dollars, though they come to more than 100 an hour."""
    run = capped(rules(hour="100", day="300"))
    through(run, START, 240)
    for minute in range(4, 8):
        for order in placed(run.due(f"0{minute}:00")):
            run.sold(order)
    onward = run.state.legs[TWO]
    assert onward.total > d("290")
    assert onward.remaining < STABLE.lot


def test_legs_that_sell_for_the_same_asset_share_a_cap() -> None:
    eth, other = Asset("ETH"), Symbol("ETHUSDT")
    third = replace(leg_one(), id=LegId("3"), sell=eth, instruments=(replace(COIN, base=eth, symbol=other),))
    held = tuple(r.Balance(asset, d("10"), d("0")) for asset in (BTC, eth))
    first = opened(
        terms=terms(
            holdings=tuple(Holding(asset, d("10"), d("10"), None, None) for asset in (BTC, eth)),
            edges=(Edge(BTC, USDT), Edge(eth, USDT), Edge(USDT, USD)),
            classes={**terms().classes, eth: AssetClass.VOLATILE},
        ),
        plan=plan(leg_one(), third, leg_two(fed_by=(ONE, third.id))),
        limits=limits(caps=rules(hour="300")),
        balances={VENUE: held},
    )
    run = Run(first, methods() | {third.id: methods()[ONE]})
    run.books[VENUE, other] = replace(run.books[VENUE, COIN.symbol], symbol=other)
    run.totals[VENUE, eth] = d("10")
    run.restart(1)
    run.stream(up=True)
    run.feed(Surveyed(run.now, VENUE, r.Survey(VENUE, START, (), (), held)))
    assert [(o.sell, o.quantity) for o in placed(run.due("00:00"))] == [(BTC, d("2.5")), (eth, d("0.488"))]


# Venues


def brought(run: Run, venue: VenueName) -> Decimal:
    orders = [o for o in run.state.ended.values() if (o.child.venue, o.child.sell) == (venue, BTC)]
    return sum((o.filled * d("99.99") for o in orders), ZERO)


def test_a_venue_that_has_had_its_share_leaves_the_rest_to_others() -> None:
    """OSL pays a cent less."""
    run = Run(two_venues(rules(hour="500", hashkey={"hour": "100"}))).ready()
    run.price("99.98", "100.01", venue=OTHER)
    through(run, START)
    assert d("94") < brought(run, VENUE) <= d("100")
    assert d("394") < brought(run, OTHER) <= d("406")
    assert withheld(run) == []


def test_each_venue_says_which_cap_it_has_reached() -> None:
    run = Run(two_venues(rules(hashkey={"day": "100"}, osl={"hour": "200"}))).ready()
    through(run, START)
    here, there = waits(run).split("; osl: ")
    assert here.startswith("hashkey: venue day cap of 100 USDT is reached: ")
    assert there.startswith("venue hour cap of 200 USDT is reached: ")


# Quotes and deals


def test_no_more_is_asked_of_a_desk_than_the_caps_leave() -> None:
    _, (ask,) = finishing(one(limits=limits(caps=rules(day="300"))))
    assert ask.request.quantity == d("2.988")


def test_a_quote_above_the_cap_is_refused() -> None:
    """Somebody pays 10 % more than the market: the block would bring 328 of at most 300."""
    run, (ask,) = finishing(one(limits=limits(caps=rules(day="300"))))
    run.quotes(ask, "328.68")
    assert why(run.due("00:00:02")) == [["day cap"]]


def test_a_quote_that_was_taken_counts_while_nobody_knows_what_became_of_it() -> None:
    run, (ask,) = finishing(one(limits=limits(caps=rules(day="300"))))
    run.quotes(ask, "298.80")
    (taken,) = only(c.AcceptQuote, run.due("00:00:02"))
    (cap,), _ = core_caps.caps(run.state, run.state.plan.leg(ONE), VENUE)
    assert (cap.sold, cap.working) == (ZERO, d("298.80"))
    run.accepts(taken, run.dealt(taken))
    (cap,), _ = core_caps.caps(run.state, run.state.plan.leg(ONE), VENUE)
    assert (cap.sold, cap.working) == (d("298.80"), ZERO)


def test_a_quote_whose_price_does_not_end_counts_as_its_deal_will_be_booked() -> None:
    """298.41 USDT for 2.988 BTC do not divide: a crumb more is held than is paid, and booked as a fee."""
    run, (ask,) = finishing(one(DEAR, limits=limits(caps=rules(day="300"))))
    run.quotes(ask, "298.41")
    (taken,) = only(c.AcceptQuote, run.due("00:00:02"))
    (held,), _ = core_caps.caps(run.state, run.state.plan.leg(ONE), VENUE)
    run.accepts(taken, run.dealt(taken))
    (booked,), _ = core_caps.caps(run.state, run.state.plan.leg(ONE), VENUE)
    assert d("298.41") < held.working == booked.sold < d("298.42")


def voiced(run: Run, quantity: str, **changes: Any) -> list[c.Command]:
    for order in coins(run.due_at(run.now)):
        run.expired(order)
    return run.people(ticket(quantity=d(quantity), **changes))


def test_a_deal_by_voice_is_held_to_the_cap() -> None:
    """It stands before the institution as any other sale; beyond the cap people have to change the mandate first."""
    (answer,) = only(c.Unheeded, voiced(capped(rules(day="300")), "3.01"))
    assert [str(denied) for denied in answer.denied] == ["day cap: 300.6990 against 300"]


def test_a_deal_by_voice_uses_the_cap_up() -> None:
    run = capped(rules(day="300"))
    assert only(c.Book, voiced(run, "2.5"))
    run.totals[VENUE, BTC] -= d("2.5")
    run.totals[VENUE, USDT] = d("249.75")
    assert d("44") < through(run, Instant(run.now + MINUTE)) <= d("50.25")


def test_a_deal_counts_from_when_it_is_booked() -> None:
    """Struck in the first minute and told two hours later: nobody could reckon with it before."""
    run = capped(rules(hour="300"))
    run.later(2 * 3600)
    assert only(c.Book, voiced(run, "2.5", dealt_at=run.opened.at))
    (cap,), _ = core_caps.caps(run.state, run.state.plan.leg(ONE), VENUE)
    assert cap.sold == d("249.75")


def test_a_fee_makes_a_deal_no_smaller() -> None:
    run = capped(rules(day="300"))
    (answer,) = only(c.Unheeded, voiced(run, "3.01", fee=Amount(d("0.9"), USDT)))
    assert answer.denied[0].value == "300.6990"


# Recovery


def folded(run: Run) -> State:
    """The state of somebody who has only the journal's bytes."""
    fold, last = Fold(), GENESIS
    for seq, row in enumerate(run.rows, 1):
        payload, name = codec.encode(row), kind(row)
        last = chained(last, seq, START, START, name, payload)
        fold.take(Record(seq, START, START, name, payload, last))
    return fold.state


def test_a_run_that_is_taken_up_again_knows_what_was_sold() -> None:
    run = capped(rules(hour="300", day="500", total="900"))
    through(run, START)
    (order,) = coins(run.due("01:10"))
    run.unanswered(order)
    taken_over = folded(run)
    assert taken_over.accounts == run.state.accounts
    assert taken_over.live == run.state.live
    assert taken_over.live[order.client_id].most == d("100.38996")


def test_a_restart_changes_nothing_of_what_is_left() -> None:
    run = capped(rules(hour="300"))
    through(run, START)
    run.restart(2)
    run.stream(up=True)
    run.survey()
    assert through(run, at("00:20"), 10) == 0


def test_what_was_decided_under_caps_is_decided_again() -> None:
    run = Run(two_venues(rules(hour="300", day="500", hashkey={"hour": "90"}))).ready()
    through(run, START, 70)
    assert again(run) == turned(run)


def test_limits_of_an_older_journal_have_no_caps() -> None:
    old = codec.encode(limits()).replace(b'"caps":null,', b"").replace(b'"depth_share_max":null,', b"")
    assert b"caps" not in old
    assert json.decode(old, type=Limits) == limits()
    assert state_of(opened()).limits.caps is None
