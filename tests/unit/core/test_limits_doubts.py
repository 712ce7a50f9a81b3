"""Limits, conditions and schedules of fees, doubted: what could sleep for ever, wake for ever, or sell too cheaply."""

import pytest
from msgspec.structs import replace

from engine.core import reached
from engine.core.pursuing import Method
from engine.kernel.clock import HOUR, MINUTE, SECOND, Instant, Span
from engine.kernel.ids import VenueName
from engine.mandate.terms import Floor, FloorFees, FloorScope
from engine.market.fees import FeeRow
from engine.orders import commands as c
from engine.orders import events as e
from engine.orders import reports as r
from engine.orders.condition import Stage
from engine.orders.order import ChildOrder
from engine.planning.plan import Recipe
from strategies.tactics.cross import Cross
from strategies.tactics.peg import Peg
from strategies.tactics.stop import Stop
from strategies.twap import twap
from tests.support.builders import (
    BTC,
    CAPABILITIES,
    COIN,
    LICENCE,
    ONE,
    START,
    USDT,
    VENUE,
    at,
    blackout,
    d,
    hours,
    leg_one,
    leg_two,
    limits,
    methods,
    opened,
    plan,
    programme,
    terms,
)
from tests.support.by_hand import Run, again, only, placed, turned
from tests.support.capped import LONG, capped, coins, rules, through
from tests.unit.core.test_conditions import FALL, looks, priced, ready, stages

OTHER = VenueName("osl")


def woken(run: Run, until: str, survey_every: int = 0) -> list[Instant]:
    """Decisions as they are asked for, and an account that is read at odd instants meanwhile; when they were."""
    found, last = list[Instant](), at(until)
    surveys = iter(range(run.now, last, survey_every * SECOND + 237_000_003) if survey_every else ())
    survey = next(surveys, last)
    while min(survey, run.state.wakes[0]) < last:
        if survey < run.state.wakes[0]:
            run.now = max(run.now, Instant(survey))
            run.survey()
            survey = next(surveys, last)
        else:
            found.append(run.state.wakes[0])
            run.due_at(found[-1])
    return found


def test_while_nobody_can_be_believed_looks_do_not_multiply() -> None:
    """One look every five seconds, one more for each survey, and one for each minute's guard at the most."""
    run = ready()
    run.price("94.89", "94.91", live=False)
    run.due("00:00:10")
    assert len(woken(run, "00:20", survey_every=61)) <= 20 * (12 + 1 + 1)


def test_nor_do_those_of_a_slice_that_waits_for_its_price() -> None:
    """One slice of most of an hour that looks every ten seconds."""
    run = ready(window=Span(55 * MINUTE))
    run.methods = {**run.methods, ONE: Method(twap(START, at("00:55"), 1), Stop(Span(10 * SECOND)))}
    priced(run, "100")
    run.due("00:00:10")
    assert len(woken(run, "00:50", survey_every=61)) <= 50 * (6 + 1 + 1)


def test_what_a_price_did_while_the_leg_was_paused_counts_as_unseen() -> None:
    """It rose to 99 during the pause, in which decisions were due for others, and fell back before its end."""
    run = ready()
    priced(run, "94.90")
    looks(run, "00:00:10", "00:00:30")
    run.asked(e.Wish.PAUSE)
    priced(run, "99")
    looks(run, "00:00:35", "00:01:05")
    run.asked(e.Wish.RESUME)
    priced(run, "94.90")
    assert looks(run, "00:01:10", "00:02:00") == []
    assert len(looks(run, "00:02:10", "00:02:10")) == 1
    assert stages(run) == ["waits", "holds", "waits", "holds", "met"]
    assert again(run) == turned(run)


def test_and_so_does_what_it_did_when_hours_were_over() -> None:
    """The account is read all night; the row of the evening says why nobody looks."""
    leg = leg_one(tactic=Recipe("stop", FALL))
    night = replace(plan(leg, leg_two()), programme=programme(hours=hours(("00:00", "00:01"), ("00:02", "24:00"))))
    run = Run(opened(plan=night), methods() | {ONE: Method(methods()[ONE].schedule, Stop(Span(10 * SECOND)))}).ready()
    priced(run, "94.90")
    looks(run, "00:00:10", "00:01:50")
    told = [(row.stage, row.why) for row in run.rows if isinstance(row, c.ConditionTurn)]
    assert [stage for stage, _ in told] == [Stage.WAITS, Stage.HOLDS, Stage.WAITS]
    assert looks(run, "00:02:00", "00:02:50") == []


def test_a_share_is_not_one_of_a_price_that_nobody_believes() -> None:
    """At the first look the book stands at 200 and its trades at 100: 95 % of 200 would be reached at once."""
    run = ready(FALL | {"below": "95%"})
    priced(run, "200", last="100")
    assert looks(run, "00:00:10", "00:00:20") == []
    assert at("00:00:25") in run.state.wakes
    priced(run, "100")
    assert looks(run, "00:00:30", "00:02:30") == []
    assert {row.bound for row in run.rows if isinstance(row, c.ConditionTurn)} == {d("95")}
    assert again(run) == turned(run)


def slow(run: Run) -> Run:
    """250 USDT an hour, for four hours."""
    run.methods = {**run.methods, ONE: Method(twap(START, Instant(START + 4 * HOUR), 4), Cross())}
    return run


@pytest.mark.parametrize("hour", ["100", "301"])
def test_an_order_that_is_worth_its_fee_need_not_be_larger_than_a_cap_lets_one_be(hour: str) -> None:
    """Below 300 USDT the least fee binds. A cap counts a unit dearer than its price, so 301 are never quite 300."""
    dear = replace(CAPABILITIES, taker_fee=d("0.001"), fee_min=d("0.3"))
    run = slow(capped(rules(hour=hour), capabilities={VENUE: dear}))
    sold = [through(run, Instant(START + number * HOUR), 60) for number in range(3)]
    assert sum(sold) > d("95")
    assert max(sold) <= d(hour)


def test_a_leg_that_what_is_left_of_a_cap_is_too_small_for_wakes_when_there_is_more() -> None:
    """The least order is worth 5 USDT at its limit of 95 and counts at 104.99 a coin: 5.26 that are left are too few.

    By the best bid alone 5.25997 would do, and nobody would wake when a minute has left the hour.
    """
    fine = replace(COIN, lot=d("0.0001"), quantity_min=d("0.0001"))
    wide = limits(caps=rules(hour="262.48"), collar_bp=d("500"))
    run = Run(opened(plan=replace(LONG, legs=(leg_one(instruments=(fine,)), leg_two())), limits=wide)).ready()
    (order,) = coins(run.due("00:00:10"))
    run.sold(order, "102.888")
    leg = run.state.plan.leg(ONE)
    assert order.quantity == d("2.5")
    assert coins(run.due("00:01")) == []
    assert list(reached.wakes(run.state, leg)) == [at("01:01")]


def coarse(catch_up: str, lot: str, quantity: str) -> list[ChildOrder]:
    """All that a leg sells in twenty slices whose coin lies at a venue of fine lots, beside one of coarse lots."""
    pair = replace(COIN, lot=d(lot), quantity_min=d(lot))
    leg = leg_one(
        instruments=(pair, replace(COIN, venue=OTHER)),
        quantity=d(quantity),
        window=Span(20 * MINUTE),
        catch_up=d(catch_up),
    )
    run = Run(
        opened(
            terms=terms(venues=(VENUE, OTHER)),
            plan=plan(leg, leg_two()),
            licences={VENUE: LICENCE, OTHER: replace(LICENCE, venue=OTHER)},
            capabilities={VENUE: CAPABILITIES, OTHER: CAPABILITIES},
            balances={VENUE: (), OTHER: (r.Balance(BTC, d("10"), d("0")),)},
        ),
        methods() | {ONE: Method(twap(START, at("00:20"), 20), Cross())},
    ).ready()
    found = []
    for minute in range(20):
        for order in placed(run.due_at(Instant(at("00:00:10") + minute * MINUTE))):
            run.sold(order)
            found += [order] if order.sell == BTC else []
    return found


@pytest.mark.parametrize(
    ("catch_up", "lot", "quantity"), [("2", "1", "5"), ("2", "0.1", "1"), ("1", "0.1", "3.8"), ("1.5", "1", "9")]
)
def test_a_venue_of_coarse_lots_puts_nothing_off_that_can_not_be_made_up(
    catch_up: str, lot: str, quantity: str
) -> None:
    """A quarter of a lot a slice, half a lot, nearly two and nearly half: all is sold within the window."""
    orders = coarse(catch_up, lot, quantity)
    assert sum(order.quantity for order in orders) == d(quantity)
    assert max(order.quantity for order in orders) <= d(quantity) / 20 * d(catch_up)


def test_what_rests_below_a_floor_that_a_higher_fee_raises_is_pulled_at_that_very_instant() -> None:
    """100.20 leaves 100 after 0.1 %, and not after 0.5 %, in force from 00:00:33 on; the next look is at 00:00:41."""
    low = FeeRow(since=START, tier="1", maker=d("0.001"), taker=d("0.001"), source="a notice")
    high = replace(low, since=at("00:00:33"), tier="0", maker=d("0.005"), taker=d("0.005"))
    floor = Floor(d("100"), USDT, FloorScope.FILL, FloorFees.IN)
    first = opened(
        plan=plan(leg_one(floor=floor), leg_two()), capabilities={VENUE: CAPABILITIES.under((low, high), START)}
    )
    peg = Method(methods()[ONE].schedule, Peg(Span(20 * SECOND), Span(10 * SECOND)))
    run = Run(first, methods() | {ONE: peg}).ready()
    run.price("99.90", "100.20")
    (order,) = placed(run.due("00:00:01"))
    run.answer(order, r.Done())
    run.report(order, r.OrderStatus.WORKING, "0")
    woken(run, "00:00:40")
    assert [(row.client_id, run.state.live[row.client_id].cancel_wanted) for row in cancels(run)] == [
        (order.client_id, True)
    ]
    assert at("00:00:33") in [row.at for row in run.rows if isinstance(row, e.Due)]


def cancels(run: Run) -> list[c.Cancel]:
    return [row for row in run.rows if isinstance(row, c.Cancel)]


@pytest.mark.parametrize("when", ["00:01", "00:03"])
def test_a_decision_at_the_very_instant_of_a_maintenance_asks_for_none_at_the_same(when: str) -> None:
    """In virtual time nothing would ever come after it."""
    serviced = programme(maintenance={VENUE: (blackout("00:01", "00:03", "new release"),)})
    run = Run(opened(plan=replace(plan(), programme=serviced))).ready()
    run.due("00:00:50")
    assert [wake.at for wake in only(c.WakeAt, run.due(when)) if wake.at <= at(when)] == []
