"""Hours and nights: nothing is placed while closed, resting orders go or stay, and no opening makes a burst."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.core.pursuing import Method
from engine.events import Opened
from engine.kernel.clock import DAY, MINUTE, SECOND, Instant, Span
from engine.kernel.ids import VenueName
from engine.kernel.money import ZERO
from engine.mandate.hours import Hours, closed
from engine.mandate.programme import Overnight, Programme
from engine.mandate.terms import Deadline
from engine.orders import commands as c
from engine.orders import reports as r
from engine.orders.order import ChildOrder
from engine.planning.plan import Plan
from strategies.fiat_sweep import FiatSweep
from strategies.tactics.cross import Cross
from strategies.tactics.peg import Peg
from strategies.twap import twap
from tests.support.builders import (
    BTC,
    CAPABILITIES,
    COIN,
    LICENCE,
    ONE,
    STABLE,
    START,
    TWO,
    VENUE,
    at,
    blackout,
    d,
    days,
    hours,
    leg_one,
    leg_two,
    methods,
    name,
    opened,
    programme,
    terms,
)
from tests.support.by_hand import Commands, Run, again, only, placed, turned

OTHER = VenueName("osl")
LUNCH = programme(("00:00", "00:02"), ("00:10", "00:30"))
PAUSES = {
    "a lunch": (LUNCH.hours, at("00:10")),
    "a night": (hours(("00:00", "00:02")), Instant(START + DAY)),
    "a holiday": (hours(("00:00", "00:02"), closed_days=("2026-05-03", "2026-05-04")), Instant(START + 3 * DAY)),
    "a blackout": (hours(blackouts=(blackout("00:02", "05:00"),)), at("05:00")),
}
every_pause = pytest.mark.parametrize(("open_hours", "opens"), PAUSES.values(), ids=PAUSES)


def run_with(plan: Programme | None, **changes: object) -> Run:
    return Run(opened(plan=days(plan), **changes)).ready()


def patient(plan: Programme) -> Run:
    """Leg one waits in the book at the best offer, and never crosses before the end of its slice."""
    peg = Peg(every=Span(10 * SECOND), before=Span(0))
    return Run(opened(plan=days(plan)), methods() | {ONE: Method(twap(START, at("00:04"), 4), peg)}).ready()


def of(leg: object, orders: list[ChildOrder]) -> list[ChildOrder]:
    return [order for order in orders if order.leg == leg]


def cancelled(commands: Commands) -> list[str]:
    return [cancel.client_id for cancel in only(c.Cancel, commands)]


def sold_at(run: Run, *times: str) -> None:
    """All orders of these times are filled whole."""
    for when in times:
        for order in placed(run.due(when)):
            run.sold(order)


# Closed


@pytest.mark.parametrize("when", ["00:02", "00:03", "00:09:59.999"])
def test_while_closed_nothing_is_placed(when: str) -> None:
    run = run_with(LUNCH)
    assert only(c.Withheld, commands := run.due(when)) == []
    assert placed(commands) == []


def test_the_opening_instant_is_open_and_the_closing_instant_is_not() -> None:
    before, after = run_with(LUNCH), run_with(LUNCH)
    assert len(placed(before.due("00:01:59.999"))) == 1
    assert len(placed(after.due("00:10"))) == 1


@every_pause
def test_a_decision_is_due_at_the_closing_and_at_the_opening(open_hours: Hours, opens: Instant) -> None:
    """Leg two looks once a week, so that what wakes us is leg one and its hours."""
    seldom = Method(FiatSweep(START, Span(7 * DAY), d("200"), Span(MINUTE)), Cross())
    run = Run(opened(plan=days(programme(hours=open_hours))), methods() | {TWO: seldom}).ready()
    for order in placed(run.due("00:01:10")):
        run.expired(order)
    run.due("00:01:30")
    closing = run.state.wakes[0]
    run.due("00:02")
    assert (closing, run.state.wakes[0]) == (at("00:02"), opens)


def test_a_run_without_a_programme_sells_at_any_hour() -> None:
    run = run_with(None)
    assert len(placed(run.due("00:03"))) == 1


def test_after_the_last_holiday_that_was_looked_up_nothing_is_sold() -> None:
    run = run_with(programme(hours=hours(covers_until="2026-05-01")))
    assert placed(run.due("00:00")) == []


# What rests


def test_what_rests_is_cancelled_at_the_closing() -> None:
    run = patient(LUNCH)
    (order,) = placed(run.due("00:01"))
    run.answer(order, r.Done())
    assert cancelled(run.due("00:01:59")) == []
    assert cancelled(run.due("00:02")) == [order.client_id]


def test_what_is_still_unknown_at_the_closing_is_cancelled_too() -> None:
    run = patient(LUNCH)
    (order,) = placed(run.due("00:01"))
    run.unanswered(order)
    assert cancelled(run.due("00:02")) == [order.client_id]


def test_what_may_rest_overnight_stays_in_the_book() -> None:
    run = patient(replace(LUNCH, overnight=Overnight.REST))
    (order,) = placed(run.due("00:01"))
    run.answer(order, r.Done())
    closing = [run.due(when) for when in ("00:02", "00:05", "00:09:59")]
    assert [cancelled(commands) for commands in closing] == [[], [], []]
    assert [placed(commands) for commands in closing] == [[], [], []]


def test_what_is_filled_while_we_are_closed_is_sold() -> None:
    run = patient(replace(LUNCH, overnight=Overnight.REST))
    (order,) = placed(run.due("00:01"))
    run.answer(order, r.Done())
    run.due("00:02")
    run.fill(order, "2.5")
    run.report(order, r.OrderStatus.FILLED, "2.5")
    assert run.state.legs[ONE].sold == d("2.5")
    assert of(ONE, placed(run.due("00:05"))) == []


# No burst


@every_pause
def test_a_leg_that_was_in_step_at_the_closing_goes_on_with_one_slice(open_hours: Hours, opens: Instant) -> None:
    """5 of 10 were sold in two slices; the third is 2.5 however long the pause was."""
    run = run_with(programme(hours=open_hours))
    sold_at(run, "00:00", "00:01", "00:01:30")
    (order,) = of(ONE, placed(run.due_at(opens)))
    assert order.quantity == d("2.5")


@every_pause
@pytest.mark.parametrize(("catch_up", "most"), [("1", "2.5"), ("2", "5")])
def test_a_leg_that_was_behind_makes_up_no_more_than_its_cap(
    open_hours: Hours, opens: Instant, catch_up: str, most: str
) -> None:
    """Nothing was sold before the pause, so 7.5 are lacking at the opening."""
    plan = days(programme(hours=open_hours), leg_one(catch_up=d(catch_up)), leg_two())
    run = Run(opened(plan=plan)).ready()
    for when in ("00:00", "00:01"):
        for order in placed(run.due(when)):
            run.expired(order)
    (order,) = placed(run.due_at(opens))
    assert order.quantity == d(most)


def test_what_a_cancel_at_the_closing_left_unsold_is_offered_again_at_the_opening_and_no_more() -> None:
    """0.5 of the second slice's 2.5 were filled; the third slice has begun, and may catch up."""
    run = patient(LUNCH)
    sold_at(run, "00:00", "00:00:30")
    (order,) = of(ONE, placed(run.due("00:01")))
    run.answer(order, r.Done())
    run.fill(order, "0.5")
    sold_at(run, "00:02")
    run.report(order, r.OrderStatus.CANCELLED, "0.5")
    (after,) = of(ONE, placed(run.due("00:10")))
    assert after.quantity == d("4.5")


FATES = {"sold": "1", "half": "0.5", "nothing": "0"}
TURNS = st.lists(st.tuples(st.integers(1, 40), st.sampled_from(list(FATES))), max_size=60)
THREE_DAYS = days(programme(("00:00", "00:01"), ("00:10", "00:11")))


@settings(max_examples=60)
@given(TURNS)
def test_whatever_happened_no_slice_sells_more_than_its_plan_times_the_cap(turns: list[tuple[int, str]]) -> None:
    """Two minutes of every day are open: a slice of 2.5 in each half of it, and twice as much to catch up."""
    run, when, sold = Run(opened(plan=THREE_DAYS)).ready(), START, dict[int, Decimal]()
    for halves, fate in turns:
        when = Instant(when + halves * 30 * SECOND)
        for order in placed(run.due_at(when)):
            filled = COIN.sellable(order.quantity * d(FATES[fate]))
            _ = run.fill(order, str(filled)) if filled else None
            run.expired(order, str(filled))
            sold[order.slice] = sold.get(order.slice, ZERO) + (filled if order.leg == ONE else ZERO)
            assert order.leg == TWO or closed(THREE_DAYS.programme.hours, when) == ""  # type: ignore[union-attr]
    assert all(units <= 5 for units in sold.values())


# The bank


def test_the_hours_of_the_bank_bind_the_sale_for_fiat_alone() -> None:
    """The bank opens at 00:05; BTC is sold from midnight on."""
    run = run_with(programme(bank=hours(("00:05", "20:00"))))
    sold_at(run, "00:00")
    assert of(TWO, placed(run.due("00:00:30"))) == []
    (swept,) = of(TWO, placed(run.due("00:05")))
    assert swept.quantity == 249


def test_trading_hours_do_not_bind_the_sale_for_fiat() -> None:
    """49.80 USDT came before lunch; however little that is, nothing more comes until ten past, so it is swept."""
    run = run_with(LUNCH)
    sold_at(run, "00:00", "00:00:30")
    (order,) = of(ONE, placed(run.due("00:01:50")))
    run.fill(order, "0.5")
    run.expired(order, "0.5")
    (swept,) = placed(run.due("00:02"))
    assert (swept.leg, swept.quantity) == (TWO, d("49.80"))


def test_stablecoin_does_not_rest_beyond_the_banks_hours() -> None:
    run = run_with(programme(bank=hours(("00:00", "00:01"))))
    sold_at(run, "00:00")
    (swept,) = of(TWO, placed(run.due("00:00:30")))
    run.answer(swept, r.Done())
    assert swept.client_id in cancelled(run.due("00:01"))
    run.report(swept, r.OrderStatus.CANCELLED, "0")
    assert of(TWO, placed(run.due("00:01:30"))) == []


# Maintenance


def two_venues(plan: Programme) -> Opened:
    """10 BTC at each of two venues."""
    coin, stable = replace(COIN, venue=OTHER), replace(STABLE, venue=OTHER)
    legs = (leg_one(instruments=(COIN, coin)), leg_two(instruments=(STABLE, stable)))
    both = (VENUE, OTHER)
    return opened(
        terms=terms(venues=both),
        plan=Plan(legs=legs, deadline=Deadline(after=Span(4 * DAY)), programme=plan),
        licences={venue: replace(LICENCE, venue=venue) for venue in both},
        capabilities=dict.fromkeys(both, CAPABILITIES),
        balances={venue: (r.Balance(BTC, d("10"), d("0")),) for venue in both},
    )


SERVICED = programme(maintenance={VENUE: (blackout("00:01", "00:03", "new release"),)})


def test_a_venue_under_maintenance_is_sent_nothing_and_the_other_takes_what_is_due() -> None:
    run = Run(two_venues(SERVICED)).ready()
    sent = []
    for when in ("00:00", "00:01", "00:02", "00:03"):
        for order in of(ONE, placed(run.due(when))):
            sent.append((when, order.venue))
            run.sold(order)
    assert {venue for when, venue in sent if when in ("00:01", "00:02")} == {OTHER}
    assert (sent[0][1], len(sent)) == (VENUE, 4)


def test_what_rests_at_a_venue_whose_maintenance_begins_is_pulled_and_nothing_else_is() -> None:
    peg = Method(twap(START, at("00:04"), 4), Peg(every=Span(10 * SECOND), before=Span(0)))
    run = Run(two_venues(SERVICED), methods() | {ONE: peg}).ready()
    here, first = placed(run.due("00:00"))
    run.answer(here, r.Done())
    run.sold(first)
    assert (here.venue, first.venue) == (VENUE, OTHER)
    run.due("00:00:50")
    assert run.state.wakes[0] <= at("00:01")
    commands = run.due("00:01")
    (there,) = of(ONE, placed(commands))
    assert cancelled(commands) == [here.client_id]
    run.report(here, r.OrderStatus.CANCELLED, "0")
    run.answer(there, r.Done())
    assert there.venue == OTHER
    assert cancelled(run.due("00:01:20")) == []


def test_an_order_at_one_venue_outlives_the_maintenance_of_the_other() -> None:
    peg = Method(twap(START, at("00:04"), 4), Peg(every=Span(10 * SECOND), before=Span(0)))
    elsewhere = programme(maintenance={OTHER: (blackout("00:00:30", "00:03"),)})
    run = Run(two_venues(elsewhere), methods() | {ONE: peg}).ready()
    order, there = placed(run.due("00:00"))
    run.answer(order, r.Done())
    run.sold(there)
    assert [cancelled(run.due(when)) for when in ("00:00:30", "00:00:40")] == [[], []]


def test_the_end_of_a_maintenance_makes_a_decision_due() -> None:
    run = Run(opened(plan=days(SERVICED))).ready()
    for when in ("00:01", "00:02:10"):
        assert placed(run.due(when)) == []
    assert run.state.wakes[0] <= at("00:03")
    assert len(of(ONE, placed(run.due("00:03")))) == 1


def test_days_with_pauses_are_decided_again_from_the_rows_alone() -> None:
    run = patient(LUNCH)
    sold_at(run, "00:00")
    for when in ("00:01", "00:02", "00:05", "00:10"):
        for order in placed(run.due(when)):
            run.answer(order, r.Done())
    assert again(run) == turned(run)
    assert name() in run.sent()
