"""A fill is reality: booked once, from whichever side it comes, even when it should not be."""

from itertools import permutations
from typing import Any

import pytest
from msgspec.structs import replace

from engine.kernel.ids import ClientOrderId, TradeId
from engine.kernel.money import Amount, Asset
from engine.ledger import accounts
from engine.orders import commands as c
from engine.orders import events as e
from engine.orders.order import OrderState
from engine.orders.reports import Done, Found, OrderStatus
from tests.support.builders import BTC, ONE, TAG, TWO, USDT, VENUE, at, d, fill, name, report
from tests.support.by_hand import Run, only, placed

HERE = accounts.venue(VENUE)


def started() -> tuple[Run, Any]:
    run = Run().ready()
    (order,) = placed(run.due("00:00"))
    run.answer(order, Done())
    return run, order


def test_a_fill_from_the_stream_and_from_a_look_up_is_counted_once() -> None:
    run, order = started()
    told = run.execution(order, "2.5", fee="0.249")
    run.told(told)
    run.looked_up(order, Found(report(OrderStatus.FILLED, "2.5", order), (told,)))
    run.told(told)
    run.survey(fills=[told])
    leg = run.state.legs[ONE]
    assert (leg.sold, leg.fills, leg.fees) == (d("2.5"), 1, {USDT: d("0.249")})
    assert run.state.ledger.assets(HERE) == {BTC: d("7.5"), USDT: d("248.751")}
    assert run.state.conflict == ""


@pytest.mark.parametrize("way", list(permutations(["stream", "look-up", "survey", "report"])))
def test_whichever_way_tells_first_the_books_are_the_same(way: tuple[str, ...]) -> None:
    run, order = started()
    told = run.execution(order, "2.5")
    ended = report(OrderStatus.FILLED, "2.5", order)
    tell = {
        "stream": lambda: run.told(told),
        "look-up": lambda: run.looked_up(order, Found(ended, (told,))),
        "survey": lambda: run.survey(fills=[told]),
        "report": lambda: run.report(order, OrderStatus.FILLED, "2.5"),
    }
    for one in way:
        tell[one]()
    assert run.state.ended[order.client_id].state is OrderState.SETTLED
    assert (run.state.legs[ONE].sold, run.state.conflict) == (d("2.5"), "")


def test_one_trade_id_on_two_of_our_orders_is_two_fills() -> None:
    """Both sides of a book count their trades for themselves on some venues."""
    run, order = started()
    run.fill(order, "1")
    run.report(order, OrderStatus.CANCELLED, "1")
    (second,) = placed(run.due("00:01"))
    run.told(replace(run.execution(second, "1"), trade_id=TradeId("t1")))
    assert run.state.legs[ONE].sold == 2


def test_a_fee_in_the_asset_received_is_taken_off_what_the_next_leg_may_sell() -> None:
    run, order = started()
    run.fill(order, "2.5", fee="0.25")
    assert run.state.legs[TWO].total == d("248.75")


def test_a_fee_in_a_third_asset_is_not() -> None:
    run, order = started()
    told = replace(run.execution(order, "2.5"), fee=Amount(d("3"), Asset("HSK")))
    run.told(told)
    assert run.state.legs[TWO].total == d("249")


def test_a_fill_that_comes_after_all_was_settled_is_booked_and_stops_the_run() -> None:
    """The venue said: cancelled after 1. Then another one arrives."""
    run, order = started()
    run.fill(order, "1")
    run.report(order, OrderStatus.CANCELLED, "1")
    (halt,) = only(c.Halt, run.fill(order, "0.5"))
    assert order.client_id in halt.reason
    assert run.state.legs[ONE].sold == d("1.5")
    assert run.state.ledger.of(HERE, BTC) == d("8.5")


def test_a_fill_of_an_order_that_never_was_is_booked_and_stops_the_run() -> None:
    """Proven absent, and then it trades."""
    run = Run().ready()
    (order,) = placed(run.due("00:00"))
    run.unanswered(order)
    run.not_found(order)
    run.not_found(order)
    assert len(only(c.Halt, run.fill(order, "1"))) == 1
    assert run.state.ledger.of(HERE, BTC) == 9


def test_more_than_was_asked_for_is_booked_and_stops_the_run() -> None:
    run, order = started()
    (halt,) = only(c.Halt, run.fill(order, "2.6"))
    assert "was filled 2.6 of 2.5" in halt.reason
    assert run.state.legs[ONE].sold == d("2.6")


def test_an_order_that_was_filled_beyond_its_quantity_by_a_second_trade_stops_the_run() -> None:
    run, order = started()
    assert only(c.Halt, run.fill(order, "2.4")) == []
    assert len(only(c.Halt, run.fill(order, "0.2"))) == 1


@pytest.mark.parametrize("stranger", ["", "web-17", name(epoch=7)])
def test_a_trade_that_no_order_of_ours_explains_stops_the_run(stranger: str) -> None:
    run, _ = started()
    told = replace(fill("t9", "1"), client_id=ClientOrderId(stranger))
    (halt,) = only(c.Halt, run.told(told))
    assert "t9" in halt.reason


@pytest.mark.parametrize("stranger", ["", "web-17", f"{TAG}-1-0-9-9"])
def test_an_order_that_no_record_of_ours_explains_stops_the_run_and_is_not_cancelled(stranger: str) -> None:
    run, order = started()
    foreign = replace(report(OrderStatus.WORKING, "0", order), client_id=ClientOrderId(stranger))
    commands = run.survey(open_orders=[foreign])
    assert len(only(c.Halt, commands)) == 1
    assert [cancel.client_id for cancel in only(c.Cancel, commands)] in ([], [order.client_id])
    assert placed(run.due("00:02")) == []


def test_an_answer_for_an_order_that_was_never_sent_stops_the_run() -> None:
    run, _ = started()
    commands = run.feed(e.Placed(run.now, name(attempt=9), Done()))
    assert len(only(c.Halt, commands)) == 1


def test_a_report_of_another_price_than_was_sent_stops_the_run() -> None:
    run, order = started()
    wrong = replace(report(OrderStatus.WORKING, "0", order), price=d("1"))
    assert len(only(c.Halt, run.feed(e.Reported(run.now, wrong)))) == 1


def test_fills_that_a_report_announced_are_asked_for() -> None:
    """The venue says it is over after 2.5; nobody has told us of the trades."""
    run = Run().ready()
    (order,) = placed(run.due("00:00"))
    (look,) = only(c.Lookup, run.report(order, OrderStatus.FILLED, "2.5"))
    assert look.client_id == order.client_id
    assert run.state.committed(VENUE, BTC) == d("2.5")


def test_proceeds_of_many_digits_are_kept_to_the_last_one() -> None:
    """Twelve decimals times twelve, as the smallest unit of ETH allows: the books of leg and ledger agree."""
    run, order = started()
    for price in ("98765.432109876543", "99999.999999999999"):
        run.told(run.execution(order, "1.123456789012", price))
    assert run.state.legs[ONE].proceeds == run.state.ledger.of(accounts.MARKET, USDT).copy_negate()
    assert run.state.legs[TWO].received == run.state.ledger.of(HERE, USDT)


def test_after_a_fill_the_next_decision_is_a_second_away_and_not_at_once() -> None:
    run, order = started()
    (wake,) = only(c.WakeAt, run.fill(order, "1"))
    assert wake.at == run.state.due_at + 1_000_000_000
    assert wake.at < at("00:00:02")
