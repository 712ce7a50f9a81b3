"""A leg that waits for a price: what sets it off, what does not, and what becomes of it at the end."""

from typing import Any

import pytest
from msgspec.structs import replace

from engine.core.pursuing import Method
from engine.kernel.clock import MINUTE, SECOND, Instant, Span
from engine.kernel.ids import VenueName
from engine.mandate.instructions import By, Finish
from engine.orders import commands as c
from engine.orders.condition import Stage
from engine.orders.order import ChildOrder
from engine.planning.plan import AtEnd, Recipe
from engine.status import status
from strategies.tactics.stop import Stop
from tests.support.builders import (
    BTC,
    BTCUSDT,
    ONE,
    START,
    VENUE,
    at,
    book,
    d,
    leg_one,
    leg_two,
    limits,
    methods,
    opened,
    plan,
)
from tests.support.by_hand import Run, again, only, placed, turned
from tests.unit.core.test_guarding import folded

FALL = {"below": "95", "persist": "1m", "every": "10s", "at_sweep": "sell"}
WIDE = limits(minute_notional_max=d("100000"))


def ready(recipe: dict[str, str] = FALL, **changes: Any) -> Run:
    """10 BTC in four slices of a minute, of which none is sold before the price was at 95 or below for a minute."""
    leg = leg_one(tactic=Recipe("stop", recipe), **{"window": Span(4 * MINUTE), "at_end": AtEnd.EXTEND, **changes})
    schedule = methods()[ONE].schedule
    stop = Method(schedule, Stop(Span(10 * SECOND)))
    return Run(opened(plan=plan(leg, leg_two()), limits=WIDE), methods() | {ONE: stop}).ready()


def priced(run: Run, mid: str, last: str | None = "as the mid", venue: VenueName = VENUE) -> None:
    """A cent either side of `mid`; the last trades were at `last`."""
    pair = "" if venue == VENUE else "BTC/USDT"
    prints = d(mid if last == "as the mid" else last) if last is not None else None
    low, high = (str(d(mid) + cent) for cent in (d("-0.01"), d("0.01")))
    run.books[venue, BTCUSDT] = book(BTCUSDT, low, high, venue=venue, pair=pair, last=prints)


def looks(run: Run, begins: str, ends: str, every: int = 10) -> list[ChildOrder]:
    """Every order of the leg that these looks bring, the last instant included; none of them finds a buyer."""
    found = []
    for when in range(at(begins), at(ends) + 1, every * SECOND):
        for order in placed(run.due_at(Instant(when))):
            run.expired(order)
            found += [order] if order.sell == BTC else []
    return found


def stages(run: Run) -> list[Stage]:
    return [row.stage for row in run.rows if isinstance(row, c.ConditionTurn)]


def test_nothing_is_offered_before_the_price_was_there_for_so_long_and_then_it_crosses() -> None:
    """At 95 and below from 00:00:30 on; a minute later what two slices lack is sold, within the catch-up."""
    run = ready()
    priced(run, "95.02")
    assert looks(run, "00:00:10", "00:00:20") == []
    priced(run, "95")
    assert looks(run, "00:00:30", "00:01:20") == []
    (order,) = looks(run, "00:01:30", "00:01:30")
    assert (order.tif, order.quantity, order.price) == ("ioc", d("5"), d("94.62"))
    assert stages(run) == ["waits", "holds", "met"]


def test_its_turns_stand_in_the_journal_with_price_bound_and_whose_word_it_is() -> None:
    run = ready()
    priced(run, "94.90", last="94.95")
    looks(run, "00:00:10", "00:01:10")
    told = [(row.slice, row.price, row.bound, row.why) for row in run.rows if isinstance(row, c.ConditionTurn)]
    alone = "94.9 by hashkey alone, bid 94.89, last trades 94.95"
    assert told == [
        (0, d("94.90"), d("95"), "until it was at or below 95 USDT for 1m"),
        (0, d("94.90"), d("95"), alone),
        (1, d("94.90"), d("95"), f"since 00:00:10: {alone}"),
    ]


@pytest.mark.parametrize("side", ["below", "above"])
def test_the_bound_itself_is_there_and_a_cent_on_the_other_side_is_not(side: str) -> None:
    """Of one venue the bid has to be there too: of a rise it is what comes last."""
    run = ready({"persist": "1m", "every": "10s", "at_sweep": "sell", side: "95"})
    priced(run, "95" if side == "below" else "95.01")
    assert len(looks(run, "00:00:10", "00:01:10")) == 1
    other = ready({"persist": "1m", "every": "10s", "at_sweep": "sell", side: "95"})
    priced(other, "95.01" if side == "below" else "95.00")
    assert looks(other, "00:00:10", "00:01:10") == []


def test_a_price_that_comes_back_before_the_time_is_up_begins_anew() -> None:
    run = ready()
    priced(run, "94")
    looks(run, "00:00:10", "00:01:00")
    priced(run, "95.50")
    looks(run, "00:01:05", "00:01:05")
    priced(run, "94")
    assert looks(run, "00:01:10", "00:02:00") == []
    assert len(looks(run, "00:02:10", "00:02:10")) == 1
    assert stages(run) == ["waits", "holds", "waits", "holds", "met"]


def test_one_print_far_below_sets_nothing_off() -> None:
    """The book stands at 100 and the last trades are said to be at 60: nobody is believed, and nothing is sold."""
    run = ready()
    priced(run, "100", last="60")
    assert looks(run, "00:00:10", "00:02:10") == []
    assert stages(run) == ["waits"]


@pytest.mark.parametrize("last", ["95.01", None])
def test_a_book_alone_that_its_trades_do_not_follow_sets_nothing_off(last: str | None) -> None:
    """Mid and bid are at 95 and below for two minutes, and nobody traded there."""
    run = ready()
    priced(run, "94.90", last=last)
    assert looks(run, "00:00:10", "00:02:10") == []


def test_of_several_venues_the_median_counts_and_a_wick_of_ours_does_not() -> None:
    """Ours falls to 94.9 and its trades with it, and two others stay at 95.5; then one of them falls too."""
    run = ready()
    for name in ("kraken", "coinbase"):
        priced(run, "95.50", venue=VenueName(name))
    priced(run, "94.90")
    assert looks(run, "00:00:10", "00:02:10") == []
    priced(run, "94.80", venue=VenueName("kraken"))
    (order, *_) = looks(run, "00:02:20", "00:03:20")
    assert order.decided_at == at("00:03:20")
    (row,) = [row for row in run.rows if isinstance(row, c.ConditionTurn) and row.stage is Stage.MET]
    assert row.why == "since 00:02:20: 94.9 by the median of 3: coinbase, hashkey, kraken"


def test_a_slice_that_was_set_off_stays_so_and_the_next_asks_again() -> None:
    """Set off at 00:01:10; the price recovers at 00:01:20, and slice two is sold on until it ends."""
    run = ready()
    priced(run, "94.90")
    looks(run, "00:00:10", "00:01:10")
    priced(run, "96")
    assert len(looks(run, "00:01:20", "00:01:50")) == 4
    assert looks(run, "00:02:00", "00:02:50") == []


def test_while_the_price_stays_there_the_next_slice_need_not_wait_again() -> None:
    run = ready()
    priced(run, "94.90")
    looks(run, "00:00:10", "00:01:10")
    assert len(looks(run, "00:01:20", "00:02:00")) == 5
    assert stages(run) == ["waits", "holds", "met", "met"]


def test_what_a_slice_did_not_sell_is_made_up_as_fast_as_catch_up_lets_it() -> None:
    """Three slices of 2.5 BTC went by; twice the plan of one is the most that the fourth may send."""
    run = ready()
    looks(run, "00:00:10", "00:02:50")
    priced(run, "94.90")
    looks(run, "00:03:00", "00:03:50")
    (order,) = placed(run.due("00:04:00"))
    assert order.quantity == d("5")


@pytest.mark.parametrize(("late", "sold"), [(30, 1), (31, 0)])
def test_looks_that_lie_too_far_apart_prove_nothing(late: int, sold: int) -> None:
    """Half of the time that it has to persist is the most that may go by unseen."""
    run = ready()
    priced(run, "94.90")
    looks(run, "00:00:10", "00:00:40")
    begins = Instant(at("00:00:40") + late * SECOND)
    orders = [order for order in placed(run.due_at(begins)) if order.sell == BTC]
    assert len(orders) == sold


def test_while_nobody_can_be_believed_it_is_not_there_and_is_looked_for_soon() -> None:
    run = ready()
    priced(run, "94.90")
    looks(run, "00:00:10", "00:00:50")
    run.price("94.89", "94.91", live=False)
    commands = run.due("00:01:00")
    assert [row.why for row in only(c.ConditionTurn, commands)] == [
        "no venue can be believed; hashkey: the feed is not continuous"
    ]
    assert at("00:01:05") in [wake.at for wake in only(c.WakeAt, commands)]


def test_a_new_process_begins_anew_but_goes_on_with_a_slice_that_was_set_off() -> None:
    run = ready()
    priced(run, "94.90")
    looks(run, "00:00:10", "00:01:00")
    fresh = ready()
    priced(fresh, "94.90")
    looks(fresh, "00:00:10", "00:01:10")
    for one in (run, fresh):
        one.restart(2)
        one.survey()
        one.stream(up=True)
        one.survey()
    assert looks(run, "00:01:10", "00:01:10") == []
    assert len(looks(fresh, "00:01:20", "00:01:20")) == 1


def test_a_share_is_one_of_the_price_at_which_the_leg_began() -> None:
    """95 % of 100 USDT."""
    run = ready(FALL | {"below": "95%"})
    looks(run, "00:00:10", "00:00:10")
    priced(run, "95")
    looks(run, "00:00:20", "00:01:10")
    assert [order.decided_at for order in looks(run, "00:01:20", "00:01:20")] == [at("00:01:20")]
    priced(run, "95.01")
    assert run.state.watches[ONE].why.startswith("since 00:00:20: 95 by hashkey alone")


@pytest.mark.parametrize(("said", "sold"), [("sell", 1), ("wait", 0)])
def test_a_sweep_at_the_end_does_what_the_config_says(said: str, sold: int) -> None:
    """The price was never there, and the window is over."""
    run = ready(FALL | {"at_sweep": said}, at_end=AtEnd.SWEEP)
    assert looks(run, "00:00:10", "00:03:50") == []
    assert len(looks(run, "00:04:10", "00:04:10")) == sold


@pytest.mark.parametrize(("said", "sold"), [("sell", 1), ("wait", 0)])
def test_and_so_does_a_sweep_that_people_ask_for(said: str, sold: int) -> None:
    run = ready(FALL | {"at_sweep": said})
    looks(run, "00:00:10", "00:01:00")
    run.people(Finish(By.SWEEP))
    assert len(looks(run, "00:01:10", "00:01:10")) == sold


def test_without_a_sweep_nothing_is_sold_and_the_reason_is_told() -> None:
    run = ready()
    looks(run, "00:00:10", "00:05:00")
    (row, _) = only(c.Residue, run.due("01:00"))
    assert (row.leg, run.state.legs[ONE].sold) == (ONE, 0)
    assert row.reason == "deadline; its price has to be at or below 95 USDT for 1m"


def test_nor_where_the_end_of_the_window_is_the_end() -> None:
    run = ready(at_end=AtEnd.STOP)
    looks(run, "00:00:10", "00:03:50")
    (row, _) = only(c.Residue, run.due("00:04:10"))
    assert row.reason == "end of the window of 4m, as approved"


def test_what_it_waits_for_is_shown_while_it_waits() -> None:
    run = ready()
    looks(run, "00:00:10", "00:00:10")
    assert status(run.state)["legs"][0]["hindrance"] == "its price has to be at or below 95 USDT for 1m"
    priced(run, "94.90")
    looks(run, "00:00:20", "00:01:20")
    assert status(run.state)["legs"][0]["hindrance"] == ""


def test_two_folds_of_the_same_rows_are_equal_and_every_decision_is_taken_again_alike() -> None:
    run = ready()
    for second, mid in enumerate(("94", "94", "95.5", "94", "94", "94", "94", "94", "94", "94", "96")):
        priced(run, mid)
        looks(run, f"00:01:{second * 5:02}", f"00:01:{second * 5:02}")
    assert folded(run).watches == run.state.watches
    assert again(run) == turned(run)


def test_a_leg_without_a_condition_has_no_row_of_it() -> None:
    run = Run(replace(opened())).ready()
    run.due_at(START)
    assert run.state.watches == {}
    assert stages(run) == []
