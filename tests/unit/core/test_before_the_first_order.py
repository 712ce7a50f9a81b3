"""When a run may send at all: not before the account was read, not while its stream is down, not without a price."""

from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from engine.core.pursuing import Method
from engine.kernel.clock import SECOND, Instant
from engine.market.facts import Level
from engine.orders import commands as c
from engine.orders import events as e
from engine.orders.order import TimeInForce
from engine.orders.reports import Done, OrderStatus, Refused, Transient
from engine.orders.strategy import Move, Post, Want
from tests.support.builders import (
    BTC,
    BTCUSDT,
    CAPABILITIES,
    ONE,
    START,
    USDT,
    USDTUSD,
    VENUE,
    at,
    d,
    leg_one,
    leg_two,
    methods,
    name,
    opened,
    plan,
)
from tests.support.builders import limits as with_limits
from tests.support.by_hand import Run, only, placed


def test_a_decision_before_the_account_was_read_places_nothing() -> None:
    run = Run()
    run.restart(1)
    assert placed(run.due("00:00")) == []


def test_what_is_withheld_is_on_record_with_the_reason() -> None:
    run = Run()
    run.restart(1)
    withheld = only(c.Withheld, run.due("00:00"))
    assert [[denied.limit for denied in one.denied] for one in withheld] == [["account in step"]]


def test_a_stream_that_comes_up_asks_for_the_account_at_once() -> None:
    run = Run()
    run.restart(1)
    run.survey()
    assert [(survey.venue, survey.since, survey.wait) for survey in only(c.Survey, run.stream(up=True))] == [
        (VENUE, START, 0)
    ]


def test_an_account_that_was_read_is_not_in_step_while_its_stream_is_down() -> None:
    run = Run()
    run.restart(1)
    run.survey()
    assert placed(run.due("00:00")) == []


def test_a_stream_that_is_up_is_not_enough_until_the_account_was_read() -> None:
    run = Run()
    run.restart(1)
    run.survey()
    run.stream(up=True)
    assert placed(run.due("00:00")) == []


def test_once_the_account_is_in_step_a_decision_is_due_at_once_and_places_the_first_slice() -> None:
    """10 BTC in four slices: 2.5 at no less than 40 bp under the mid."""
    run = Run()
    run.restart(1)
    run.survey()
    run.due("00:00")
    run.stream(up=True)
    (wake,) = only(c.WakeAt, run.survey())
    assert wake.at <= run.state.at + SECOND
    (order,) = placed(run.due("00:00:02"))
    assert (order.leg, order.sell, order.buy, order.quantity, order.price) == (ONE, BTC, USDT, d("2.5"), d("99.60"))
    assert (order.client_id, order.tif) == (name(), TimeInForce.IOC)


def test_a_survey_that_failed_opens_nothing_and_is_tried_again() -> None:
    run = Run()
    run.restart(1)
    run.survey()
    run.stream(up=True)
    again = only(c.Survey, run.feed(e.Surveyed(run.now, VENUE, None, "timeout")))
    assert [survey.wait > 0 for survey in again] == [True]
    assert placed(run.due("00:00")) == []


def test_while_the_stream_is_down_nothing_new_is_sent() -> None:
    run = Run().ready()
    run.stream(up=False)
    assert placed(run.due("00:00")) == []


def test_a_stream_that_came_back_needs_another_survey() -> None:
    run = Run().ready()
    run.stream(up=False)
    assert len(only(c.Survey, run.stream(up=True))) == 1
    assert placed(run.due("00:00")) == []
    run.survey()
    assert len(placed(run.due("00:00:01"))) == 1


def test_no_survey_is_asked_for_before_the_stream_is_up() -> None:
    """What happened between its reading and the subscription, nobody would have seen."""
    run = Run()
    assert only(c.Survey, run.restart(1)) == []
    assert len(only(c.Survey, run.stream(up=True))) == 1


def test_a_survey_asked_for_before_a_gap_does_not_close_it() -> None:
    """It was read before the stream broke, and arrives after it is back."""
    run = Run()
    run.restart(1)
    run.survey()
    run.stream(up=True)
    run.stream(up=False)
    run.stream(up=True)
    run.survey()
    assert placed(run.due("00:00:01")) == []


def test_without_a_price_nothing_is_wanted() -> None:
    run = Run().ready()
    run.price("99.99", "100.01", live=False)
    commands = run.due("00:00")
    assert placed(commands) == []
    assert only(c.Withheld, commands) == []


def test_a_crossed_book_is_no_price() -> None:
    run = Run().ready()
    run.price("100.01", "99.99")
    assert placed(run.due("00:00")) == []


def test_a_slice_has_one_order_at_a_time() -> None:
    run = Run().ready()
    (order,) = placed(run.due("00:00"))
    assert placed(run.due("00:00:20")) == []
    run.answer(order, Done())
    assert placed(run.due("00:00:40")) == []


class Greedy:
    """Wants to sell, whatever rests."""

    def act(self, want: Want) -> Sequence[Move]:
        return [Post(d("1"), want.floor, TimeInForce.IOC)] * 3


def test_a_tactic_that_posts_while_an_order_may_live_is_not_listened_to() -> None:
    run = Run(methods={leg: Method(method.schedule, Greedy()) for leg, method in methods().items()}).ready()
    assert len(placed(run.due("00:00"))) == 1
    commands = run.due("00:00:20")
    assert (placed(commands), only(c.Withheld, commands)) == ([], [])


def test_an_order_that_sold_nothing_is_followed_by_another_under_a_new_name() -> None:
    run = Run().ready()
    (order,) = placed(run.due("00:00"))
    run.expired(order)
    (again,) = placed(run.due("00:00:20"))
    assert (again.quantity, again.client_id) == (d("2.5"), name(attempt=2))


def test_what_a_slice_leaves_unsold_is_asked_for_again_with_the_next() -> None:
    """The first slice sells 1 BTC of its 2.5; the next may catch up."""
    run = Run().ready()
    (order,) = placed(run.due("00:00"))
    run.fill(order, "1")
    run.expired(order, "1")
    (after,) = placed(run.due("00:01"))
    assert (after.quantity, after.client_id) == (d("4.0"), name(index=1))


@pytest.mark.parametrize("outcome", [Refused("-2010", "no"), Transient("busy")])
def test_what_was_certainly_not_done_may_be_tried_again_under_a_new_name(outcome: Refused | Transient) -> None:
    run = Run().ready()
    (order,) = placed(run.due("00:00"))
    run.answer(order, outcome)
    (again,) = placed(run.due("00:00:10"))
    assert again.client_id == name(attempt=2)


def test_a_venue_that_turns_all_of_us_away_is_sent_nothing_more() -> None:
    run = Run().ready()
    (order,) = placed(run.due("00:00"))
    run.answer(order, Refused("-1022", "bad signature", stop_venue=True))
    assert [placed(run.due(when)) for when in ("00:00:10", "00:01", "00:02")] == [[], [], []]


def test_where_a_venue_has_no_immediate_orders_one_is_made_of_a_standing_one_and_its_cancel() -> None:
    lacking = replace(CAPABILITIES, tifs=(TimeInForce.GTC, TimeInForce.POST_ONLY))
    run = Run(opened(capabilities={VENUE: lacking})).ready()
    (order,) = placed(run.due("00:00"))
    assert (order.tif, order.fleeting) == (TimeInForce.GTC, True)
    assert only(c.Cancel, run.answer(order, Done())) == [c.Cancel(VENUE, BTCUSDT, order.client_id)]


def test_no_more_is_sent_in_a_minute_than_the_limits_say() -> None:
    """600 USDT a minute, and none of the orders is filled: each is sent anew until the minute is used up."""
    run = Run(opened(limits=with_limits(minute_notional_max=d("600")))).ready()
    sent = []
    for second in range(0, 50, 10):
        for order in placed(run.due(f"00:00:{second:02d}")):
            run.expired(order)
            sent.append(order.quantity * order.price)
    assert len(sent) == 3
    assert sum(sent) <= 600


def test_a_share_of_the_volume_holds_the_sale_back() -> None:
    """A quarter of all volume: others have traded 3 BTC, so 1 may be sold, and then nothing until more trade."""
    run = Run(opened(plan=plan(leg_one(participation_max=d("0.25")), leg_two()))).ready()
    run.price("99.99", "100.01", volume=d("3"))
    (order,) = placed(run.due("00:00"))
    assert order.quantity == 1
    run.sold(order)
    run.price("99.99", "100.01", volume=d("4"))
    assert placed(run.due("00:00:20")) == []
    run.price("99.99", "100.01", volume=d("7"))
    (more,) = placed(run.due("00:00:40"))
    assert more.quantity == 1


def test_no_order_is_larger_than_what_is_bid_for() -> None:
    run = Run().ready()
    run.price("99.99", "100.01", bids=(Level(d("99.99"), d("0.7")),))
    (order,) = placed(run.due("00:00"))
    assert order.quantity == d("0.7")


def test_no_stablecoin_is_made_while_it_is_off_its_par() -> None:
    run = Run().ready()
    run.price("0.9880", "0.9890", USDTUSD)
    assert placed(run.due("00:00")) == []


def test_a_report_of_an_order_that_is_working_changes_nothing_that_is_wanted() -> None:
    run = Run().ready()
    (order,) = placed(run.due("00:00"))
    commands = run.report(order, OrderStatus.WORKING, "0")
    assert placed(commands) == []
    assert Instant(run.state.at) < at("00:01")
