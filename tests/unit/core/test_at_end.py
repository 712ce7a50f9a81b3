"""What becomes of a remainder when the window ends: the rule that was approved, and no other."""

import pytest
from msgspec.structs import replace

from engine.core.hand import in_force
from engine.mandate.instructions import Amend
from engine.orders import commands as c
from engine.planning.plan import AtEnd
from tests.support.builders import ONE, VENUE, at, leg_one, leg_two, methods, opened, plan
from tests.support.by_hand import Run, only, placed
from tests.support.desks import OTHER, Desks, two


def late(at_end: AtEnd, **changes: object) -> Run:
    """Ten BTC in four slices of a minute; the book was dark until the last minute, so 10 are left at its end."""
    first = opened(plan=plan(leg_one(at_end=at_end, **changes), leg_two()))
    run = Run(first, methods()).ready()
    run.price("99.99", "100.01", live=False)
    for when in ("00:00", "00:01", "00:02", "00:03"):
        assert placed(run.due(when)) == []
    run.price("99.99", "100.01")
    return run


def of_one(run: Run, when: str) -> list[str]:
    return [str(order.quantity) for order in placed(run.due(when)) if order.leg == ONE]


def test_stop_leaves_it_and_says_so() -> None:
    run = late(AtEnd.STOP)
    (residue,) = [r for r in only(c.Residue, run.due("00:04")) if r.leg == ONE]
    assert (residue.reason, run.state.legs[ONE].remaining) == ("end of the window of 4m, as approved", 10)


def test_stop_pulls_what_still_stands_and_closes_when_that_is_known() -> None:
    run = late(AtEnd.STOP)
    (order,) = [o for o in placed(run.due("00:03:30")) if o.leg == ONE]
    run.unanswered(order)
    assert [r.leg for r in only(c.Residue, run.due("00:04"))] == []
    run.not_found(order)
    run.not_found(order)
    assert ONE in [r.leg for r in only(c.Residue, run.due("00:05"))] or run.state.legs[ONE].closed


def test_extend_goes_on_at_the_mean_pace_of_a_slice_times_catch_up() -> None:
    assert of_one(late(AtEnd.EXTEND), "00:04") == ["5.000"]


def test_sweep_wants_all_at_once_and_the_limits_hold_as_before() -> None:
    """600 USDT an order at the most, at 100: 6 BTC, and 900 a minute."""
    assert of_one(late(AtEnd.SWEEP), "00:04") == ["6"]


def test_what_was_sold_in_time_needs_no_rule() -> None:
    run = Run(opened(plan=plan(leg_one(at_end=AtEnd.STOP), leg_two())), methods()).ready()
    for when in ("00:00", "00:01", "00:02", "00:03"):
        for order in placed(run.due(when)):
            run.sold(order)
    assert run.state.legs[ONE].remaining == 0


def test_a_window_that_people_stretched_ends_when_they_said() -> None:
    run = late(AtEnd.STOP)
    run.people(Amend(was_sha256=in_force(run.state), ends=at("02:00")))
    assert [r.leg for r in only(c.Residue, run.due("00:04"))] == []


@pytest.mark.parametrize("at_end", [AtEnd.STOP, AtEnd.SWEEP])
def test_the_leg_of_a_stablecoin_has_no_such_end(at_end: AtEnd) -> None:
    run = Run(opened(plan=plan(leg_one(), leg_two(at_end=at_end))), methods()).ready()
    for when in ("00:00", "00:01", "00:02", "00:03"):
        for order in placed(run.due(when)):
            run.sold(order)
    assert not [r for r in only(c.Residue, run.due("00:04")) if r.reason.startswith("end of the window")]


def test_rfq_asks_the_desks_for_what_is_left_when_the_window_is_over() -> None:
    first = two()
    legs = [replace(leg, at_end=AtEnd.RFQ) if leg.id == ONE else leg for leg in first.plan.legs]
    run = Desks(replace(first, plan=replace(first.plan, legs=tuple(legs))), methods())
    run.ready()
    run.price("99.99", "100.01", live=False)
    run.price("99.99", "100.01", venue=OTHER, live=False)
    assert only(c.AskQuote, run.due("00:03")) == []
    run.price("99.99", "100.01")
    run.price("99.99", "100.01", venue=OTHER)
    assert [(ask.venue, ask.request.quantity) for ask in only(c.AskQuote, run.due("00:04"))] == [
        (VENUE, 10),
        (OTHER, 10),
    ]
