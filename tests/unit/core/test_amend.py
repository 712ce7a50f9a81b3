"""An amendment: another end, pace, floor, share or list of venues, from that moment on and without a jump."""

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from engine.core import hand
from engine.core.pursuing import Method
from engine.events import Opened
from engine.kernel.clock import MINUTE, SECOND, Instant, Span
from engine.kernel.errors import Denied
from engine.kernel.ids import PersonName, VenueName
from engine.mandate.instructions import Amend
from engine.mandate.terms import Deadline, Floor, FloorScope, Holding
from engine.orders import commands as c
from engine.orders import reports as r
from engine.orders.order import ChildOrder
from strategies.tactics.peg import Peg
from tests.support.builders import (
    BTC,
    CAPABILITIES,
    COIN,
    LICENCE,
    ONE,
    STABLE,
    USD,
    USDT,
    VENUE,
    at,
    d,
    days,
    leg_one,
    leg_two,
    methods,
    opened,
    plan,
    programme,
    terms,
)
from tests.support.by_hand import Commands, Run, again, only, placed, turned

OTHER = VenueName("osl")
FLOOR = Floor(d("100.50"), USDT, FloorScope.FILL)


def amend(run: Run, agreed: tuple[str, ...] = ("wang", "chen"), **changes: Any) -> Commands:
    """An amendment of the plan as it is now."""
    wanted = Amend(**({"was_sha256": hand.in_force(run.state)} | changes))
    return run.people(wanted, agreed=tuple(PersonName(each) for each in agreed))


BRIEF = Deadline(after=Span(4 * MINUTE))
"""The mandate ends with the window of the schedule."""


def briefly(**changes: Any) -> Opened:
    return opened(plan=replace(plan(), deadline=BRIEF), **changes)


def half_way(first: Opened | None = None) -> Run:
    """Two slices of 2.5 are sold and swept, and 150 seconds of the four minutes are left: it is 00:01:30."""
    run = Run(first or briefly()).ready()
    sells(run, "00:00", "00:00:30", "00:01")
    sells(run, "00:01:30")
    return run


def sells(run: Run, *times: str) -> list[Decimal]:
    """What leg one sells at these times, when everything is filled."""
    found = []
    for when in times:
        orders = placed(run.due(when))
        for order in orders:
            run.sold(order)
        found.append(sum((order.quantity for order in orders if order.leg == ONE), Decimal(0)))
    return found


def of_one(orders: list[ChildOrder]) -> list[ChildOrder]:
    return [order for order in orders if order.leg == ONE]


def unheeded(commands: Commands) -> list[list[str]]:
    return [[denied.limit for denied in one.denied] for one in only(c.Unheeded, commands)]


# The end and the pace


def test_a_later_end_stretches_what_is_left() -> None:
    """240 seconds more are given to 150: the slices of 00:02 and 00:03 lie 2.6 times further ahead."""
    run = half_way()
    assert unheeded(amend(run, ends=at("00:08"))) == []
    assert run.state.deadline == at("00:08")
    assert sells(run, "00:02", "00:02:47") == [0, 0]
    assert sells(run, "00:02:49", "00:03:30", "00:05:23") == [d("2.5"), 0, 0]
    assert sells(run, "00:05:25") == [d("2.5")]


def test_an_earlier_end_presses_what_is_left() -> None:
    """75 of the 150 seconds are taken away: the slices come at 00:01:45 and 00:02:15."""
    run = half_way()
    amend(run, ends=at("00:02:45"))
    assert sells(run, "00:01:44", "00:01:46", "00:02:14", "00:02:16") == [0, d("2.5"), 0, d("2.5")]


def test_at_the_new_end_everything_is_sold_and_nothing_is_sent_from_it_on() -> None:
    run = half_way()
    amend(run, ends=at("00:02"))
    assert sum(sells(run, "00:01:40", "00:01:50", "00:01:59.900")) == 5
    late = half_way()
    amend(late, ends=at("00:02"))
    assert placed(late.due("00:02")) == []
    assert only(c.Residue, late.due("00:02:01")) + [row for row in late.rows if isinstance(row, c.Residue)]


@pytest.mark.parametrize(("rate", "third", "fourth"), [("2", "00:01:46", "00:02:16"), ("0.5", "00:02:31", "00:04:31")])
def test_a_rate_is_so_many_times_the_pace_of_what_is_left(rate: str, third: str, fourth: str) -> None:
    """30 and 90 seconds are left to the two slices."""
    run = half_way(opened())
    amend(run, rate=d(rate))
    before = [Instant(at(when) - 2 * SECOND) for when in (third, fourth)]
    found = []
    for pair in zip(before, (at(third), at(fourth)), strict=True):
        for when in pair:
            orders = placed(run.due_at(when))
            found.append([order.quantity for order in of_one(orders)])
            for order in orders:
                run.sold(order)
    assert found == [[], [d("2.5")], [], [d("2.5")]]


def test_a_rate_leaves_the_deadline_alone() -> None:
    run = half_way()
    amend(run, rate=d("2"))
    assert run.state.deadline == at("00:04")


@pytest.mark.parametrize("changes", [{"rate": d("3")}, {"ends": at("00:02:30")}, {"ends": at("03:00")}])
def test_at_the_moment_of_the_amendment_nothing_is_wanted_that_was_not_wanted_before(changes: dict[str, Any]) -> None:
    run = half_way()
    amend(run, **changes)
    assert sells(run, "00:01:30.100") == [0]


def test_an_earlier_end_that_the_schedule_keeps_anyway_makes_no_burst() -> None:
    """The window is over at 00:04; the mandate, which had until 01:00, has until 00:30 now."""
    run = half_way(opened())
    amend(run, ends=at("00:30"))
    assert sells(run, "00:01:30.100") == [0]


def test_two_amendments_in_a_row_end_when_the_second_says() -> None:
    """Twice as fast from 00:01:30, so slices at 00:01:45 and 00:02:15; after the first of them back to the old pace."""
    run = half_way()
    amend(run, rate=d("2"))
    assert sells(run, "00:01:46") == [d("2.5")]
    run.later(14)
    amend(run, rate=d("0.5"))
    assert sells(run, "00:02:16", "00:02:28") == [0, 0]
    assert sells(run, "00:02:32") == [d("2.5")]
    assert run.state.legs[ONE].remaining == 0


def test_a_decision_comes_soon_after_an_amendment() -> None:
    run = half_way()
    (wake,) = only(c.WakeAt, amend(run, rate=d("10"))) or [c.WakeAt(run.state.wakes[0])]
    assert wake.at <= run.now + 2 * SECOND


def test_a_leg_that_stops_before_the_deadline_still_does() -> None:
    """Leg one stops five minutes before the end, so that leg two can finish; also before another end."""
    first = opened(plan=plan(leg_one(tail=Span(5 * MINUTE)), leg_two()))
    run = half_way(first)
    amend(run, ends=at("00:10"))
    assert run.state.deadline_of(run.state.plan.leg(ONE)) == at("00:05")


def test_in_hours_a_later_end_counts_open_time_alone() -> None:
    """Lunch from 00:02 to 00:10 is no part of what is left: 240 seconds more are given to 150, as above."""
    whole = days(programme(("00:00", "00:02"), ("00:10", "20:00")))
    run = half_way(opened(plan=replace(whole, deadline=Deadline(at=at("00:12")))))
    amend(run, ends=at("00:16"))
    assert sells(run, "00:01:59", "00:10", "00:10:47") == [0, 0, 0]
    assert sells(run, "00:10:49", "00:13:23", "00:13:25") == [d("2.5"), 0, d("2.5")]


# Floor, share, venues


def floored(floor: Floor | None) -> Opened:
    """Plan and terms say the same, as they do outside of specifications."""
    holding = Holding(BTC, d("10"), d("10"), floor, None)
    return opened(terms=terms(holdings=(holding,)), plan=plan(leg_one(floor=floor), leg_two()))


def test_a_floor_that_is_set_holds_from_the_next_order_on() -> None:
    run = half_way(floored(None))
    amend(run, floors={BTC: FLOOR})
    assert sells(run, "00:02") == [0]
    run.price("100.60", "100.62")
    (order,) = of_one(placed(run.due("00:02:10")))
    assert order.price == d("100.50")


def test_a_floor_that_is_taken_away_no_longer_holds() -> None:
    run = Run(floored(FLOOR)).ready()
    assert sells(run, "00:00") == [0]
    amend(run, floors={BTC: None})
    assert sells(run, "00:00:10") == [d("2.5")]


def test_a_floor_that_is_not_named_stays_as_it_is() -> None:
    run = Run(floored(FLOOR)).ready()
    amend(run, rate=d("2"))
    assert run.state.plan.leg(ONE).floor == FLOOR


def test_a_share_of_the_volume_holds_from_the_next_order_on() -> None:
    """Others have traded 16 and we 5; with a quarter of all we may have sold 5.333 in all."""
    run = half_way(floored(None))
    run.price("99.99", "100.01", volume=d("21"))
    amend(run, shares={BTC: d("0.25")})
    (order,) = of_one(placed(run.due("00:02")))
    assert order.quantity == d("0.333")


def two_venues() -> Opened:
    """10 BTC at each of two venues."""
    coin, stable = replace(COIN, venue=OTHER), replace(STABLE, venue=OTHER)
    both = (VENUE, OTHER)
    return opened(
        terms=terms(venues=both),
        plan=plan(leg_one(instruments=(COIN, coin)), leg_two(instruments=(STABLE, stable))),
        licences={venue: replace(LICENCE, venue=venue) for venue in both},
        capabilities=dict.fromkeys(both, CAPABILITIES),
        balances={venue: (r.Balance(BTC, d("10"), d("0")),) for venue in both},
    )


def test_a_venue_that_is_taken_off_the_list_is_sent_nothing_and_what_rests_there_is_pulled() -> None:
    patient = {ONE: Method(methods()[ONE].schedule, Peg(Span(10 * SECOND), Span(0)))}
    run = Run(two_venues(), methods() | patient).ready()
    run.price("99.99", "100.01", venue=OTHER, live=False)
    (resting,) = placed(run.due("00:00"))
    run.price("99.99", "100.01", venue=OTHER)
    run.answer(resting, r.Done())
    commands = amend(run, venues=(OTHER,))
    assert [cancel.client_id for cancel in only(c.Cancel, commands)] == [resting.client_id]
    run.report(resting, r.OrderStatus.CANCELLED, "0")
    sent = [order for when in ("00:00:20", "00:01", "00:02") for order in placed(run.due(when))]
    assert resting.venue == VENUE
    assert {order.venue for order in sent} == {OTHER}


# Who may, and of what


def test_too_few_names_change_nothing_and_the_answer_says_so() -> None:
    run = half_way(briefly(approvals=2))
    before = run.state.plan.digest
    (answer,) = only(c.Unheeded, amend(run, agreed=("wang",), ends=at("02:00")))
    assert answer.denied == (Denied("approvals", "1", "2 people besides li"),)
    assert (run.state.deadline, run.state.plan.digest) == (at("00:04"), before)


def test_who_asked_does_not_count_among_those_who_agreed() -> None:
    run = half_way(briefly(approvals=2))
    assert unheeded(amend(run, agreed=("wang", "li"), ends=at("02:00"))) == [["approvals"]]


def test_a_name_counts_once() -> None:
    run = half_way(briefly(approvals=2))
    assert unheeded(amend(run, agreed=("wang", "wang"), ends=at("02:00"))) == [["approvals"]]


def test_enough_names_are_enough() -> None:
    run = half_way(briefly(approvals=2))
    assert unheeded(amend(run, ends=at("02:00"))) == []


CHANGES: dict[str, Any] = {
    "another end": {"ends": at("02:00")},
    "a rate": {"rate": d("2")},
    "a floor": {"floors": {BTC: FLOOR}},
    "a share": {"shares": {BTC: d("0.25")}},
    "a list of venues": {"venues": (VENUE,)},
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_an_amendment_of_a_plan_that_was_amended_meanwhile_is_refused(change: dict[str, Any]) -> None:
    """Two were signed over the same plan, the second without knowledge of the first."""
    run = half_way(briefly(approvals=2))
    amend(run, ends=at("01:30"))  # so that the deadline is an instant, and only `change` changes the plan
    known = hand.in_force(run.state)
    assert unheeded(amend(run, was_sha256=known, **change)) == []
    assert unheeded(amend(run, was_sha256=known, rate=d("3"))) == [["amended plan"]]


def test_an_amendment_of_another_plan_is_refused_and_named() -> None:
    run = half_way()
    (answer,) = only(c.Unheeded, amend(run, was_sha256="0" * 64, rate=d("2")))
    assert answer.denied == (Denied("amended plan", "0" * 64, run.state.plan.digest),)
    assert run.state.stretches == {}


def test_all_that_speaks_against_an_amendment_is_named_at_once() -> None:
    run = half_way()
    found = unheeded(
        amend(
            run,
            was_sha256="0" * 64,
            ends=at("00:01"),
            rate=d("0"),
            floors={USD: None},
            shares={BTC: d("1.5")},
            venues=(VenueName("binance"),),
        )
    )
    assert found == [["amended plan", "end", "rate", "venues", "asset", "participation"]]


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-1", "0"])
def test_what_is_no_rate_is_refused(number: str) -> None:
    """A paper is text that people signed: whatever it says, the row that holds it can be folded."""
    assert unheeded(amend(half_way(), rate=d(number))) == [["rate"]]


def test_the_plan_that_was_approved_at_the_start_stays_on_record() -> None:
    run = half_way()
    before = run.opened.plan.digest
    amend(run, ends=at("02:00"))
    assert run.state.opened.plan.digest == before
    assert run.state.plan.digest != before


def test_amendments_are_decided_again_from_the_rows_alone() -> None:
    run = half_way()
    amend(run, rate=d("2"))
    sells(run, "00:01:46", "00:02")
    amend(run, ends=at("00:30"), shares={BTC: d("0.5")})
    amend(run, was_sha256="0" * 64, rate=d("2"))
    sells(run, "00:05", "00:20", "00:30")
    assert again(run) == turned(run)
