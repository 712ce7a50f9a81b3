"""What a person may ask of a run, and what stops it by itself."""

from engine.core.pursuing import Method
from engine.kernel.clock import SECOND, Span
from engine.orders import commands as c
from engine.orders.events import Cancelled, Wish
from engine.orders.order import ChildOrder, TimeInForce
from engine.orders.reports import Done, Found, OrderStatus
from strategies.tactics.peg import Peg
from tests.support.builders import ONE, START, TWO, VENUE, d, methods, report
from tests.support.by_hand import Commands, Run, only, placed


def waiting() -> tuple[Run, ChildOrder]:
    """Leg one waits in the book: 2.5 BTC at the best offer, open."""
    patient = Peg(every=Span(10 * SECOND), before=Span(15 * SECOND))
    standard = methods()
    run = Run(methods={**standard, ONE: Method(standard[ONE].schedule, patient)}).ready()
    (order,) = placed(run.due("00:00"))
    assert order.tif is TimeInForce.POST_ONLY
    run.answer(order, Done())
    return run, order


def cancelled(commands: Commands) -> list[str]:
    return [cancel.client_id for cancel in only(c.Cancel, commands)]


def gone(run: Run, order: ChildOrder, filled: str = "0") -> Commands:
    """The cancel is accepted, and the venue says that the order is over."""
    acknowledged(run, order)
    return run.report(order, OrderStatus.CANCELLED, filled)


def acknowledged(run: Run, order: ChildOrder) -> Commands:
    """The venue took note of the cancel."""
    return run.feed(Cancelled(run.now, order.client_id, Done()))


def test_a_pause_cancels_what_rests_for_the_first_leg() -> None:
    run, order = waiting()
    assert cancelled(run.asked(Wish.PAUSE)) == [order.client_id]


def test_while_paused_the_first_leg_sends_nothing() -> None:
    run, order = waiting()
    run.asked(Wish.PAUSE)
    gone(run, order)
    assert placed(run.due("00:01")) == []


def test_while_paused_the_second_leg_sells_all_that_it_holds_however_little() -> None:
    """Stablecoin is not left lying about: 49.80 USDT are below what is swept otherwise."""
    run, order = waiting()
    run.fill(order, "0.5", "99.60")
    run.asked(Wish.PAUSE)
    gone(run, order, "0.5")
    (swept,) = placed(run.due("00:00:20"))
    assert (swept.leg, swept.quantity) == (TWO, d("49.80"))


def test_a_resume_goes_on_where_the_pause_began() -> None:
    run, order = waiting()
    run.asked(Wish.PAUSE)
    gone(run, order)
    run.due("00:00:30")
    run.asked(Wish.RESUME)
    (again,) = placed(run.due("00:00:35"))
    assert (again.leg, again.quantity) == (ONE, d("2.5"))


def test_after_a_long_pause_what_is_behind_is_made_up_only_at_the_capped_rate() -> None:
    """Three slices were missed; twice the planned rate is 5 of the 10 that lack."""
    run, order = waiting()
    run.asked(Wish.PAUSE)
    gone(run, order)
    run.later(200)
    run.asked(Wish.RESUME)
    (again,) = placed(run.due("00:03:30"))
    assert again.quantity == 5


def test_a_cancel_that_came_too_late_is_only_an_answer_and_the_venue_is_asked() -> None:
    """The order is over when the venue's records say so, and its fills are booked."""
    run, order = waiting()
    run.asked(Wish.PAUSE)
    assert [look.client_id for look in only(c.Lookup, acknowledged(run, order))] == [order.client_id]
    assert run.state.live[order.client_id].committed == d("2.5")
    told = run.execution(order, "2.5")
    run.looked_up(order, Found(report(OrderStatus.FILLED, "2.5", order), (told,)))
    assert run.state.legs[ONE].sold == d("2.5")


def test_a_cancel_of_an_order_that_still_stands_is_asked_for_again() -> None:
    run, order = waiting()
    run.asked(Wish.PAUSE)
    acknowledged(run, order)
    commands = run.looked_up(order, Found(report(OrderStatus.WORKING, "0", order), ()))
    assert cancelled(commands) == [order.client_id]


def test_an_unknown_order_may_be_cancelled_but_stays_unknown() -> None:
    run = Run().ready()
    (order,) = placed(run.due("00:00"))
    run.unanswered(order)
    assert cancelled(run.asked(Wish.PAUSE)) == [order.client_id]
    acknowledged(run, order)
    assert run.state.committed(VENUE, order.sell) == d("2.5")


def test_a_halt_cancels_reads_the_account_and_finishes_halted() -> None:
    run, order = waiting()
    assert cancelled(run.asked(Wish.HALT)) == [order.client_id]
    commands = gone(run, order)
    assert len(only(c.Survey, commands)) == 1
    assert only(c.Finish, commands) == []
    assert only(c.Finish, run.survey()) == [c.Finish("halted")]
    assert run.state.legs[ONE].residue_reason == "halted: asked by operator"


def test_a_halt_is_not_finished_while_an_order_may_still_trade() -> None:
    run, order = waiting()
    run.asked(Wish.HALT)
    assert only(c.Finish, run.survey(open_orders=[report(OrderStatus.WORKING, "0", order)])) == []


def test_after_a_halt_nothing_is_placed_and_a_resume_changes_nothing() -> None:
    run = Run().ready()
    (order,) = placed(run.due("00:00"))
    run.sold(order)
    run.asked(Wish.HALT)
    run.asked(Wish.RESUME)
    assert [placed(run.due(when)) for when in ("00:00:30", "00:01", "00:02")] == [[], [], []]


def test_what_was_sold_before_a_halt_and_not_swept_is_named_as_residue() -> None:
    """Never sell on kill: the USDT stays USDT."""
    run = Run().ready()
    (order,) = placed(run.due("00:00"))
    run.sold(order)
    run.asked(Wish.HALT)
    run.survey()
    assert run.state.legs[TWO].residue_reason.startswith("halted")
    assert (run.state.legs[TWO].remaining, run.state.finished) == (d("249"), "halted")


def test_an_order_that_stays_unknown_after_a_halt_ends_the_run_unresolved_once_patience_is_over() -> None:
    """Ten minutes after the deadline."""
    run = Run().ready()
    (order,) = placed(run.due("00:00"))
    run.unanswered(order)
    run.asked(Wish.HALT)
    assert only(c.Finish, run.due("00:09:59")) == []
    assert only(c.Finish, run.due("00:10:01")) == [c.Finish("unresolved")]


def test_a_difference_of_balances_is_read_again_before_anybody_believes_it() -> None:
    run = Run().ready()
    (again,) = only(c.Survey, run.survey(USDT="0.01"))
    assert again.wait > 0
    assert run.state.halted == ""


def test_a_difference_that_goes_away_stops_nothing() -> None:
    run = Run().ready()
    run.survey(USDT="0.01")
    run.survey(USDT="0.01")
    run.survey()
    assert (run.state.halted, run.state.venues[VENUE].differences) == ("", ())


def test_a_difference_that_stays_stops_the_run_by_its_name_and_leaves_it_unresolved() -> None:
    run = Run().ready()
    halts = [halt for _ in range(5) for halt in only(c.Halt, run.survey(USDT="-0.01"))]
    assert [halt.reason for halt in halts] == [
        "balances at hashkey do not agree with the ledger: -0.01 USDT",
    ]
    assert placed(run.due("00:01")) == []
    run.survey(USDT="-0.01")
    assert run.state.finished == "unresolved"


def test_a_difference_while_an_order_may_be_trading_is_no_evidence_yet() -> None:
    """Its fill has not reached us; the balance already shows it."""
    run, order = waiting()
    for _ in range(6):
        run.survey(USDT="249", BTC="-2.5")
    assert run.state.halted == ""
    run.fill(order, "2.5", "99.60")
    assert run.state.halted == ""


def test_a_difference_that_no_order_of_ours_can_be_stops_the_run_though_one_rests() -> None:
    run, _ = waiting()
    for _ in range(5):
        run.survey(BTC="-9")
    assert run.state.halted.endswith("-9 BTC")


def test_the_account_is_read_every_so_often_though_all_is_quiet() -> None:
    run = Run().ready()
    (order,) = placed(run.due("00:00"))
    run.sold(order)
    assert only(c.Survey, run.due("00:04:59")) == []
    assert len(only(c.Survey, run.due("00:05:01"))) == 1


def test_a_survey_reads_fills_from_before_the_last_one() -> None:
    """No edge of a page can lose one."""
    run = Run().ready()
    run.later(400)
    (survey,) = only(c.Survey, run.due("00:06:40"))
    assert survey.since <= run.state.venues[VENUE].surveyed_at
    assert survey.since >= START


def test_a_pause_is_kept_over_a_restart() -> None:
    run, order = waiting()
    run.asked(Wish.PAUSE)
    gone(run, order)
    run.restart(2)
    run.survey()
    run.stream(up=True)
    run.survey()
    assert placed(run.due("00:02")) == []
