"""A legal hold or a suspension of the case: everything is cancelled at once, on both legs, and nothing new is sent."""

import pytest

from engine.core.pursuing import Method
from engine.kernel.clock import SECOND, Span
from engine.orders import commands as c
from engine.orders import reports as r
from engine.orders.order import ChildOrder
from strategies.tactics.peg import Peg
from tests.support.builders import BTC, ONE, TWO, USD, VENUE, d, methods
from tests.support.by_hand import Commands, Run, again, only, placed, turned

EITHER = pytest.mark.parametrize(
    "how", [{"held": "court order 7"}, {"suspended": "stocktaking"}], ids=["held", "suspended"]
)


def both_legs() -> tuple[Run, ChildOrder, ChildOrder]:
    """An order of each leg waits in its book."""
    peg = Peg(Span(10 * SECOND), Span(0))
    patient = {leg: Method(method.schedule, peg) for leg, method in methods().items()}
    run = Run(methods=patient).ready()
    (first,) = placed(run.due("00:00"))
    run.answer(first, r.Done())
    run.fill(first, "2.4")
    orders = placed(run.due("00:00:10"))
    for order in orders:
        run.answer(order, r.Done())
    (onward,) = [order for order in orders if order.leg == TWO]
    return run, first, onward


def cancelled(commands: Commands) -> set[str]:
    return {cancel.client_id for cancel in only(c.Cancel, commands)}


@EITHER
def test_what_rests_is_cancelled_in_the_same_turn_on_both_legs(how: dict[str, str]) -> None:
    run, first, onward = both_legs()
    assert cancelled(run.case(**how)) == {first.client_id, onward.client_id}


@EITHER
@pytest.mark.parametrize("when", ["00:00:20", "00:01", "00:30"])
def test_nothing_new_is_sent_by_either_leg(how: dict[str, str], when: str) -> None:
    run, first, onward = both_legs()
    run.case(**how)
    run.report(first, r.OrderStatus.CANCELLED, "2.4")
    run.report(onward, r.OrderStatus.CANCELLED, "0")
    assert placed(run.due(when)) == []


@EITHER
def test_what_is_unknown_stays_frozen_and_is_cancelled_as_well(how: dict[str, str]) -> None:
    run = Run().ready()
    (order,) = placed(run.due("00:00"))
    run.unanswered(order)
    assert cancelled(run.case(**how)) == {order.client_id}
    assert run.state.committed_of(BTC) == d("2.5")


@EITHER
def test_a_fill_that_crosses_the_cancel_is_booked(how: dict[str, str]) -> None:
    run, first, _ = both_legs()
    run.case(**how)
    run.fill(first, "0.1")
    run.report(first, r.OrderStatus.FILLED, "2.5")
    assert run.state.legs[ONE].sold == d("2.5")


@EITHER
def test_when_it_is_lifted_the_run_goes_on_at_no_more_than_the_capped_pace(how: dict[str, str]) -> None:
    """Held over three slices: 10 are lacking, and a slice may make up 5."""
    run = Run().ready()
    run.case(**how)
    assert placed(run.due("00:00:10")) == []
    run.due("00:03")
    run.case()
    (order,) = placed(run.due("00:03:10"))
    assert order.quantity == 5


def test_a_hold_that_outlasts_the_deadline_is_why_the_run_is_short() -> None:
    run = Run().ready()
    run.case(held="court order 7")
    run.due("01:00")
    run.survey()
    assert run.state.finished == "short"
    assert run.state.legs[ONE].residue_reason == "deadline; court order 7"


def test_a_suspension_that_is_lifted_under_a_hold_sets_nothing_free() -> None:
    run = Run().ready()
    run.case(held="court order 7", suspended="stocktaking")
    run.case(held="court order 7")
    assert placed(run.due("00:01")) == []


def test_money_that_was_received_stops_and_starts_nothing() -> None:
    run, first, onward = both_legs()
    assert cancelled(run.case(received={USD: d("100")})) == set()
    assert {first.client_id, onward.client_id} <= set(run.state.live)


def test_a_hold_is_kept_over_a_restart() -> None:
    run = Run().ready()
    run.case(held="court order 7")
    run.restart(2)
    run.stream(up=True, venue=VENUE)
    run.survey()
    assert placed(run.due("00:01")) == []


def test_holds_are_decided_again_from_the_rows_alone() -> None:
    run, first, onward = both_legs()
    run.case(held="court order 7")
    run.report(first, r.OrderStatus.CANCELLED, "2.4")
    run.report(onward, r.OrderStatus.CANCELLED, "0")
    run.case()
    run.due("00:02")
    assert again(run) == turned(run)
