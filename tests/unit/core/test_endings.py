"""How a run ends: done, short with its reason, halted or unresolved; and never before the account says so too."""

import pytest

from engine.events import Closed
from engine.mandate.terms import Floor, FloorScope
from engine.orders import commands as c
from engine.orders.reports import NoWord
from tests.support.builders import ONE, TWO, USD, USDT, USDTUSD, VENUE, d, leg_one, leg_two, opened, plan
from tests.support.by_hand import Run, only, placed


def sold_out(run: Run) -> Run:
    """Every slice and every sweep is filled at once."""
    for second in range(0, 280, 10):
        for order in placed(run.due(f"00:{second // 60:02d}:{second % 60:02d}")):
            run.sold(order)
    return run


def floored(price: str, currency: str = "USDT") -> Run:
    asset = USDT if currency == "USDT" else USD
    limit = Floor(d(price), asset, FloorScope.FILL)
    return Run(opened(plan=plan(leg_one(floor=limit), leg_two()))).ready()


def test_a_run_that_sold_everything_asks_for_the_account_once_more_and_is_done() -> None:
    run = sold_out(Run().ready())
    assert (run.state.finished, run.state.live) == ("", {})
    assert only(c.Finish, run.survey()) == [c.Finish("done")]


def test_a_leg_that_has_nothing_left_is_over_without_a_reason() -> None:
    run = sold_out(Run().ready())
    assert [run.state.legs[leg].residue_reason for leg in (ONE, TWO)] == ["", ""]
    assert run.state.legs[ONE].closed


def test_what_is_finer_than_a_lot_is_named_and_leaves_the_run_done() -> None:
    """0.0004 BTC are finer than the venue's lot of 0.001."""
    run = sold_out(Run(opened(plan=plan(leg_one(quantity=d("9.5004")), leg_two()))).ready())
    assert run.state.legs[ONE].residue_reason == "finer than the venue's lot of 0.001 BTC"
    run.survey()
    assert run.state.finished == "done"


def test_a_second_leg_is_not_over_before_the_first() -> None:
    run = Run().ready()
    run.due("00:00")
    assert not run.state.legs[TWO].closed


def test_at_the_deadline_what_is_left_is_residue_with_the_reason() -> None:
    """Nobody bid."""
    run = Run().ready()
    run.price("99.99", "100.01", bids=())
    for when in ("00:00", "00:30", "00:59:59"):
        assert placed(run.due(when)) == []
    commands = run.due("01:00")
    assert only(c.Residue, commands)[0] == c.Residue(ONE, "deadline; the book has an empty side or is crossed")
    run.survey()
    assert run.state.finished == "short"


def test_at_the_deadline_what_still_rests_is_cancelled_and_waited_for() -> None:
    run = Run().ready()
    (order,) = placed(run.due("00:59"))
    run.unanswered(order)
    commands = run.due("01:00")
    assert [cancel.client_id for cancel in only(c.Cancel, commands)] == [order.client_id]
    assert only(c.Residue, commands) == []


@pytest.mark.parametrize("when", ["01:00", "01:05"])
def test_from_the_deadline_on_nothing_is_sent(when: str) -> None:
    assert placed(Run().ready().due(when)) == []


def test_a_floor_above_the_market_waits_and_ends_short_with_the_distance() -> None:
    run = floored("100.50")
    for when in ("00:00", "00:10", "00:59"):
        assert placed(run.due(when)) == []
    (residue, _) = only(c.Residue, run.due("01:00"))
    distance = "the floor of 100.5 USDT (BTC, fixed) is 0.51 % above the best bid 99.99"
    assert residue.reason.startswith(f"deadline; {distance}")
    run.survey()
    assert run.state.finished == "short"


def test_a_floor_that_the_market_reaches_again_is_sold_at() -> None:
    run = floored("100.50")
    run.due("00:00")
    run.price("100.60", "100.62")
    (order,) = placed(run.due("00:01"))
    assert order.price == d("100.50")


def test_a_floor_in_dollars_is_held_at_what_the_stablecoin_fetches() -> None:
    """99.90 USD at a bid of 0.9980 are 100.11 USDT, which nobody pays; at a bid of 1.0000 they are 99.90."""
    run = floored("99.90", "USD")
    run.price("0.9980", "0.9982", USDTUSD)
    assert placed(run.due("00:00")) == []
    run.price("1.0000", "1.0002", USDTUSD)
    (order,) = placed(run.due("00:00:10"))
    assert order.price == d("99.90")


def test_a_run_that_could_only_sell_a_part_is_short() -> None:
    run = Run().ready()
    (order,) = placed(run.due("00:00"))
    run.sold(order)
    (swept,) = placed(run.due("00:00:10"))
    run.sold(swept)
    run.due("01:00")
    run.survey()
    assert (run.state.finished, run.state.legs[ONE].remaining) == ("short", d("7.5"))


def test_stablecoin_that_could_not_be_sold_leaves_the_run_short() -> None:
    run = Run().ready()
    run.price("0.9880", "0.9882", USDTUSD)
    run.due("00:00")
    run.price("0.9999", "1.0001", USDTUSD)
    (order,) = placed(run.due("00:00:10"))
    run.sold(order)
    run.price("0.9900", "0.9902", USDTUSD)
    run.due("01:00")
    run.survey()
    assert run.state.finished == "short"
    assert "below the lowest price allowed, 0.995" in run.state.legs[TWO].residue_reason


def test_a_run_is_not_finished_on_a_survey_from_before_its_last_change() -> None:
    run = sold_out(Run().ready())
    assert run.state.venues[VENUE].surveyed_at <= run.state.changed_at
    assert run.state.finished == ""


def test_a_run_whose_account_cannot_be_read_any_more_ends_unresolved() -> None:
    run = sold_out(Run().ready())
    assert only(c.Finish, run.due("01:09")) == []
    assert only(c.Finish, run.due("01:10:01")) == [c.Finish("unresolved")]


def test_what_is_finished_says_nothing_more() -> None:
    run = sold_out(Run().ready())
    run.survey()
    assert run.due("00:30") == run.stream(up=False) == run.survey(USDT="5") == []
    run.feed(Closed(run.now, "done", 0, 0))  # type: ignore[arg-type]
    assert run.state.closed == "done"


def test_a_run_that_is_open_never_falls_asleep() -> None:
    """After every event some decision is wanted, at the deadline at the latest."""
    run = Run().ready()
    for second in range(0, 280, 10):
        for order in placed(run.due(f"00:{second // 60:02d}:{second % 60:02d}")):
            assert run.state.at < run.state.wakes[0] <= run.state.deadline
            run.unanswered(order)
            run.looked_up(order, NoWord("timeout"))
            assert run.state.at < run.state.wakes[0] <= run.state.deadline
            run.sold(order)
            assert run.state.at < run.state.wakes[0] <= run.state.deadline
