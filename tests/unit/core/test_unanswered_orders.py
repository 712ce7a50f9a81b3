"""Nobody knows whether it exists: nothing else is sent for the leg until the venue's own records tell."""

import pytest

from engine.orders import commands as c
from engine.orders.order import ChildOrder, OrderState
from engine.orders.reports import Done, Found, NoWord, OrderStatus, Refused
from tests.support.builders import BTC, CAPABILITIES, ONE, TWO, d, name, report
from tests.support.by_hand import Run, only, placed


def unanswered() -> tuple[Run, ChildOrder]:
    """The first slice was sent, and the call timed out."""
    run = Run().ready()
    (order,) = placed(run.due("00:00"))
    run.unanswered(order)
    return run, order


def test_an_unanswered_order_is_looked_up_after_its_request_can_no_longer_take_effect() -> None:
    run = Run().ready()
    (order,) = placed(run.due("00:00"))
    (look,) = only(c.Lookup, run.unanswered(order))
    assert look.client_id == order.client_id
    assert look.wait >= CAPABILITIES.validity


@pytest.mark.parametrize("when", ["00:00:10", "00:01", "00:02:30", "00:30"])
def test_nothing_more_is_sent_for_the_leg_while_its_order_is_unknown(when: str) -> None:
    run, _ = unanswered()
    assert placed(run.due(when)) == []


def test_its_quantity_stays_committed() -> None:
    run, order = unanswered()
    run.due("00:05")
    assert run.state.committed(order.venue, BTC) == d("2.5")


def test_one_negative_answer_proves_nothing_and_the_next_waits_for_reads_that_lag() -> None:
    run, order = unanswered()
    (again,) = only(c.Lookup, run.not_found(order))
    assert again.wait >= CAPABILITIES.read_lag
    assert placed(run.due("00:01")) == []


def test_two_negative_answers_free_the_quantity_and_a_new_attempt_has_a_new_name() -> None:
    run, order = unanswered()
    run.not_found(order)
    run.not_found(order)
    assert run.state.ended[order.client_id].state is OrderState.ABSENT
    (again,) = placed(run.due("00:00:20"))
    assert (again.client_id, again.quantity) == (name(attempt=2), d("2.5"))


def test_a_question_that_failed_counts_for_nothing() -> None:
    run, order = unanswered()
    run.not_found(order)
    assert len(only(c.Lookup, run.looked_up(order, NoWord("timeout")))) == 1
    assert placed(run.due("00:00:20")) == []
    run.not_found(order)
    assert len(placed(run.due("00:00:40"))) == 1


def test_absence_is_not_believed_while_the_balance_says_that_something_is_reserved() -> None:
    run, order = unanswered()
    for _ in range(4):
        run.not_found(order, locked="2.5")
    assert placed(run.due("00:01")) == []
    run.not_found(order)
    assert len(placed(run.due("00:01:20"))) == 1


def test_an_order_that_is_found_is_adopted_with_its_fills_and_no_second_one_follows() -> None:
    """It was filled whole while nobody knew."""
    run, order = unanswered()
    fills = (run.execution(order, "2.5"),)
    run.looked_up(order, Found(report(OrderStatus.FILLED, "2.5", order), fills))
    assert (run.state.legs[ONE].sold, run.state.live) == (d("2.5"), {})
    assert [order.leg for order in placed(run.due("00:00:30"))] == [TWO]


def test_an_order_that_is_found_standing_is_adopted_and_still_stands_for_its_quantity() -> None:
    run, order = unanswered()
    run.looked_up(order, Found(report(OrderStatus.WORKING, "0", order), ()))
    assert run.state.live[order.client_id].state is OrderState.OPEN
    assert placed(run.due("00:01")) == []


def test_a_fill_between_two_negative_answers_overrules_them() -> None:
    """Reads lag; the stream has seen it trade."""
    run, order = unanswered()
    run.not_found(order)
    run.fill(order, "1")
    run.not_found(order)
    run.not_found(order)
    assert run.state.live[order.client_id].state is OrderState.OPEN
    assert run.state.legs[ONE].sold == 1


def test_negative_answers_are_counted_anew_once_the_order_was_seen() -> None:
    run, order = unanswered()
    run.not_found(order)
    run.report(order, OrderStatus.WORKING, "0")
    run.not_found(order)
    assert run.state.live[order.client_id].state is OrderState.OPEN


def test_an_answer_that_arrives_after_all_is_believed() -> None:
    run, order = unanswered()
    run.answer(order, Done(report(OrderStatus.WORKING, "0", order)))
    assert run.state.live[order.client_id].state is OrderState.OPEN


def test_a_refusal_of_what_has_traded_stops_the_run() -> None:
    run = Run().ready()
    (order,) = placed(run.due("00:00"))
    run.fill(order, "1")
    (halt,) = only(c.Halt, run.answer(order, Refused("-1", "no such pair")))
    assert order.client_id in halt.reason


def test_the_other_leg_goes_on_meanwhile() -> None:
    """Leg one's second order is unknown; what its first one brought is swept."""
    run = Run().ready()
    (first,) = placed(run.due("00:00"))
    run.sold(first)
    (second,) = [order for order in placed(run.due("00:01")) if order.leg == ONE]
    run.unanswered(second)
    swept = [order for row in run.rows if isinstance(row, c.Place) for order in [row.approved.order]]
    assert [order.quantity for order in swept if order.leg == TWO] == [d("249")]
