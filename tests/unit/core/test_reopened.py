"""A journal that was closed is continued: what was open is looked up and counted once; only people let it sell on."""

from collections.abc import Callable

import pytest

from engine.events import Closed, Opened
from engine.mandate.instructions import GoOn, Scope, Stop
from engine.orders import commands as c
from engine.orders import reports as r
from engine.orders.events import Wish
from engine.orders.order import ChildOrder
from tests.support.builders import ONE, TWO, VENUE, d, leg_one, leg_two, opened, plan, report
from tests.support.by_hand import Run, again, only, placed, turned


def close(run: Run) -> Run:
    """The shell writes the last row."""
    assert run.state.finished
    run.feed(Closed(run.now, run.state.finished, len(run.state.live), 0))  # type: ignore[arg-type]
    return run


def halted_with_one_unknown() -> tuple[Run, ChildOrder]:
    """The first slice has no answer, somebody halts, and ten minutes later patience is over."""
    run = Run(opened(approvals=2)).ready()
    (order,) = placed(run.due("00:00"))
    run.unanswered(order)
    run.asked(Wish.HALT)
    run.due("00:10:02")
    assert run.state.finished == "unresolved"
    return close(run), order


def late_with_one_unknown(first: Opened | None = None) -> tuple[Run, ChildOrder]:
    """Nobody halted: the order was still unknown ten minutes after the deadline."""
    run = Run(first).ready()
    (order,) = placed(run.due("00:59"))
    run.unanswered(order)
    run.due("01:00")
    run.due("01:10:02")
    assert run.state.finished == "unresolved"
    return close(run), order


def halted() -> Run:
    """Nothing was open; a person halted it after the first slice, which was sold and swept."""
    run = Run(opened(approvals=2)).ready()
    for when in ("00:00", "00:00:10"):
        for order in placed(run.due(when)):
            run.sold(order)
    run.asked(Wish.HALT)
    run.survey()
    assert run.state.finished == "halted"
    return close(run)


def through(run: Run, when: str) -> list[ChildOrder]:
    """A decision in which all is sold that is sent."""
    orders = placed(run.due(when))
    for order in orders:
        run.sold(order)
    return orders


def in_step(run: Run) -> None:
    run.stream(up=True)
    run.survey()
    run.survey()


def found(run: Run, order: ChildOrder) -> r.Found:
    """The venue is back, and its records show that all was sold."""
    return r.Found(
        report(r.OrderStatus.FILLED, str(order.quantity), order), (run.execution(order, str(order.quantity)),)
    )


Ended = Callable[[], tuple[Run, ChildOrder]]
BOTH = pytest.mark.parametrize("ended", [halted_with_one_unknown, late_with_one_unknown])


@BOTH
def test_what_was_given_up_as_unknown_is_looked_up_again(ended: Ended) -> None:
    run, order = ended()
    assert [look.client_id for look in only(c.Lookup, run.restart(2))] == [order.client_id]
    assert (run.state.closed, run.state.finished) == ("", "")


@pytest.mark.parametrize(("ended", "status"), [(halted_with_one_unknown, "halted"), (late_with_one_unknown, "short")])
def test_a_late_fill_is_counted_once_and_the_run_ends_by_what_it_is(ended: Ended, status: str) -> None:
    """By look-up, by survey and by stream."""
    run, order = ended()
    run.restart(2)
    answer = found(run, order)
    run.stream(up=True)
    run.survey(fills=answer.fills)
    run.looked_up(order, answer)
    run.told(answer.fills[0])
    run.survey()
    run.survey()
    assert (run.state.legs[ONE].sold, run.state.finished) == (order.quantity, status)
    assert run.state.legs[TWO].total == order.quantity * order.price


def test_a_late_fill_that_nobody_may_sweep_any_more_leaves_the_run_short() -> None:
    """All coin is sold by it; the stablecoin that it brought is not."""
    run, order = late_with_one_unknown(opened(plan=plan(leg_one(quantity=d("2.5"), catch_up=d("4")), leg_two())))
    run.restart(2)
    run.looked_up(order, found(run, order))
    in_step(run)
    assert (run.state.legs[ONE].remaining, run.state.legs[TWO].remaining) == (0, d("249"))
    assert run.state.finished == "short"


@BOTH
def test_nothing_new_is_sold_before_people_say_so(ended: Ended) -> None:
    """Neither coin nor what the late fill brought."""
    run, order = ended()
    run.restart(2)
    run.looked_up(order, found(run, order))
    run.stream(up=True)
    run.survey()
    orders = [order for minutes in range(3) for order in placed(run.due(f"01:{20 + minutes}"))]
    assert orders == []


def test_what_is_still_unknown_ends_unresolved_again_once_patience_is_over() -> None:
    run, order = halted_with_one_unknown()
    run.restart(2)
    run.looked_up(order, r.NoWord("timeout"))
    run.later(601)
    run.due("00:25")
    assert run.state.finished == "unresolved"
    assert run.state.committed_of(order.sell) == order.quantity


def test_with_a_go_on_after_a_halt_it_sells_on() -> None:
    """The late fill first, then what is left, at no more than the capped pace."""
    run, order = halted_with_one_unknown()
    run.restart(2)
    run.people(GoOn(Scope.RUN))
    run.looked_up(order, found(run, order))
    in_step(run)
    orders = [order for when in ("00:11", "00:11:10") for order in through(run, when)]
    assert [(order.leg, order.quantity) for order in orders][:2] == [(ONE, 5), (TWO, d("249"))]


def test_a_go_on_finds_an_unknown_order_first() -> None:
    """Nothing is sent for its leg before its fate is known."""
    run, _ = halted_with_one_unknown()
    run.restart(2)
    run.people(GoOn(Scope.RUN))
    in_step(run)
    assert placed(run.due("00:20")) == []


def test_a_go_on_that_too_few_agreed_to_sets_nothing_free() -> None:
    run, order = halted_with_one_unknown()
    run.restart(2)
    (answer,) = only(c.Unheeded, run.people(GoOn(Scope.RUN), agreed=()))
    run.looked_up(order, found(run, order))
    in_step(run)
    assert [denied.limit for denied in answer.denied] == ["approvals"]
    assert placed(run.due("00:20")) == []


def test_a_run_that_was_closed_halted_waits_for_people_once_it_is_continued() -> None:
    """It was continued because people let it go on, and their paper comes right after the start."""
    run = halted()
    assert only(c.Finish, run.restart(2)) == []


def test_a_run_that_was_closed_halted_sells_on_after_a_go_on() -> None:
    run = halted()
    run.restart(2)
    run.people(GoOn(Scope.RUN))
    in_step(run)
    assert (run.state.halted, run.state.finished) == ("", "")
    assert [order.leg for when in ("00:01:30", "00:01:40") for order in through(run, when)] == [ONE, TWO]


def test_a_run_that_was_closed_halted_and_nobody_lets_go_on_is_halted_again() -> None:
    run = halted()
    run.restart(2)
    in_step(run)
    run.due("00:20")
    assert run.state.finished == "halted"


def test_a_difference_that_halted_it_halts_it_again_unless_it_is_explained() -> None:
    """A go-on alone does not make the account agree."""
    run = Run().ready()
    for _ in range(4):
        run.survey(USDT="-0.01")
    close(run).restart(2)
    run.people(GoOn(Scope.RUN))
    run.stream(up=True)
    for _ in range(5):
        run.survey(USDT="-0.01")
    assert run.state.halted == "balances at hashkey do not agree with the ledger: -0.01 USDT"
    assert run.state.finished == "unresolved"


def test_a_run_that_goes_on_in_the_same_process_after_a_halt_sells_on() -> None:
    run = Run().ready()
    (order,) = placed(run.due("00:00"))
    run.unanswered(order)
    run.asked(Wish.HALT)
    run.people(GoOn(Scope.RUN))
    run.looked_up(order, found(run, order))
    assert [o.leg for o in placed(run.due("00:01"))] == [ONE, TWO]


def test_a_leg_that_had_nothing_left_at_the_halt_sells_what_comes_after_the_go_on() -> None:
    """Leg two had swept everything; leg one sells on, and what it brings is swept as before."""
    run = Run().ready()
    for when in ("00:00", "00:00:10"):
        through(run, when)
    run.asked(Wish.HALT)
    run.people(GoOn(Scope.RUN))
    orders = [order for when in ("00:01", "00:01:10") for order in through(run, when)]
    assert [order.leg for order in orders] == [ONE, TWO]


def test_what_was_asked_of_a_run_that_had_finished_does_not_keep_it_from_being_continued() -> None:
    """One paper could not be followed, and nobody answered it any more; the one after it could."""
    run, _ = halted_with_one_unknown()
    run.people(GoOn(Scope.VENUE, VENUE))
    run.people(Stop(Scope.VENUE, VENUE), agreed=())
    run.restart(2)
    assert run.state.pending == []


def test_a_reopened_run_is_decided_again_from_the_rows_alone() -> None:
    run, order = halted_with_one_unknown()
    run.restart(2)
    run.people(GoOn(Scope.RUN))
    run.looked_up(order, found(run, order))
    in_step(run)
    run.due("00:20")
    assert again(run) == turned(run)
