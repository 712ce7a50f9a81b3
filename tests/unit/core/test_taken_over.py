"""Another process takes the run over: what had no answer is unknown, waits begin anew, and no name comes twice."""

from engine.orders import commands as c
from engine.orders.order import ChildOrder, OrderState
from engine.orders.reports import Done, Found, OrderStatus
from tests.support.builders import CAPABILITIES, ONE, d, name, report
from tests.support.by_hand import Run, only, placed


def sent() -> tuple[Run, ChildOrder]:
    run = Run().ready()
    (order,) = placed(run.due("00:00"))
    return run, order


def in_step(run: Run) -> Run:
    run.survey()
    run.stream(up=True)
    run.survey()
    return run


def test_a_sent_order_without_an_answer_is_unknown() -> None:
    run, order = sent()
    (look,) = only(c.Lookup, run.restart(2))
    assert run.state.live[order.client_id].state is OrderState.UNKNOWN
    assert (look.client_id, look.wait >= CAPABILITIES.validity) == (order.client_id, True)


def test_nothing_is_sent_for_its_leg_until_it_is_known() -> None:
    run, order = sent()
    run.restart(2)
    in_step(run)
    assert placed(run.due("00:01")) == []
    run.not_found(order)
    run.not_found(order)
    assert len(placed(run.due("00:01:20"))) == 1


def test_an_order_that_was_answered_stays_what_it_was() -> None:
    run, order = sent()
    run.answer(order, Done())
    run.restart(2)
    assert run.state.live[order.client_id].state is OrderState.OPEN


def test_a_look_up_that_was_under_way_begins_anew() -> None:
    run, order = sent()
    run.unanswered(order)
    (look,) = only(c.Lookup, run.restart(2))
    assert (look.client_id, look.wait >= CAPABILITIES.validity) == (order.client_id, True)


def test_a_cancel_that_was_under_way_is_asked_for_anew() -> None:
    run, order = sent()
    run.unanswered(order)
    run.due("01:00")
    assert [cancel.client_id for cancel in only(c.Cancel, run.restart(2))] == [order.client_id]


def test_nothing_is_sent_before_the_account_is_in_step_again() -> None:
    run = Run().ready()
    run.restart(2)
    assert placed(run.due("00:00")) == []
    assert len(placed(in_step(run).due("00:00:10"))) == 1


def test_names_carry_the_epoch_of_their_process() -> None:
    run = Run().ready()
    run.restart(2)
    (order,) = placed(in_step(run).due("00:00"))
    assert order.client_id == name(epoch=2)


def test_no_name_ever_comes_twice() -> None:
    """Ten processes, each of which sends, loses the answer, and proves the order absent."""
    run = Run().ready()
    for epoch in range(2, 12):
        for order in placed(run.due(f"00:{epoch:02d}")):
            run.unanswered(order)
            run.not_found(order)
            run.not_found(order)
        run.restart(epoch)
        in_step(run)
    names = run.sent()
    assert len(names) == 10
    assert len(set(names)) == len(names)


def test_fills_that_nobody_told_us_of_are_found_by_the_survey() -> None:
    run, order = sent()
    run.answer(order, Done())
    told = run.execution(order, "2.5")
    run.restart(2)
    run.survey(fills=[told])
    assert run.state.legs[ONE].sold == d("2.5")
    run.looked_up(order, Found(report(OrderStatus.FILLED, "2.5", order), (told,)))
    assert (run.state.legs[ONE].sold, run.state.live) == (d("2.5"), {})


def test_the_volume_of_a_feed_that_began_anew_is_added_and_not_subtracted() -> None:
    """7 were traded before, and the new feed has seen 2."""
    run = Run().ready()
    run.price("99.99", "100.01", volume=d("7"))
    (order,) = placed(run.due("00:00"))
    run.expired(order)
    run.restart(2)
    run.price("99.99", "100.01", volume=d("2"))
    run.due("00:00:10")
    assert run.state.legs[ONE].volume == 9
