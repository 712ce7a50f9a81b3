"""Whether we could have met ourselves: within a run, on an account, and across runs."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from engine.evidence.conduct import of_run
from engine.evidence.measure import Measure, Verdict, What
from engine.evidence.selftrade import meeting
from engine.evidence.stood import in_books
from engine.evidence.story import Story
from engine.kernel.clock import SECOND, Span
from engine.kernel.ids import RunId
from engine.orders import events as e
from engine.orders import reports as r
from tests.support.journals import BTCUSDT, RUN, VENUE, fill
from tests.support.resting import OSL, Rested, after, clock, told_twice

NONE = Span(0)


def measure(story: Story, what: What) -> Measure:
    return next(each for each in of_run(story).measures if each.what is what)


def renamed(story: Story, name: str) -> Story:
    return replace(story, opened=replace(story.opened, run=RunId(name)))


def test_one_trade_that_is_told_for_two_orders_had_both_sides_here() -> None:
    run = Rested()
    first, second = run.pulled(0, 60), run.pulled(100, 160)
    for entry in told_twice(first, second, 30):
        run.also(31, entry)
    found = measure(run.story(), What.BOTH_SIDES)
    assert (found.value, found.verdict) == (1, Verdict.OVER)
    assert set(found.orders) == {first.client_id, second.client_id}
    assert found.detail == "hashkey BTCUSDT both"


def test_it_is_found_where_the_other_order_was_nobody_s_we_know() -> None:
    """The other side stands on the account as a fill by no order of this run."""
    run = Rested()
    ours = run.pulled(0, 60)
    one, other = told_twice(ours, ours, 30)
    run.also(31, one)
    run.also(32, e.Filled(after(32), replace(other.fill, client_id="by-hand")))
    assert measure(run.story(), What.BOTH_SIDES).value == 1


def test_ids_that_a_venue_counts_anew_for_each_order_are_no_such_trade() -> None:
    run = Rested()
    for number, child in enumerate((run.pulled(0, 60), run.pulled(100, 160))):
        run.also(30 + 100 * number, e.Filled(after(30), fill(child, "1", clock(30 + 100 * number), "0.005", "65000")))
    assert measure(run.story(), What.BOTH_SIDES).value == 0


def test_a_fill_that_is_told_twice_for_the_same_order_is_one_trade() -> None:
    run = Rested()
    child = run.pulled(0, 60)
    run.also(31, told_twice(child, child, 30)[0])
    run.also(32, told_twice(child, child, 30)[0])
    assert measure(run.story(), What.BOTH_SIDES).verdict is Verdict.WITHIN


def test_two_orders_of_ours_in_one_book_are_one_too_many() -> None:
    run = Rested()
    named = {run.pulled(0, 60).client_id, run.pulled(30, 90).client_id}
    found = measure(run.story(), What.SIDE_BY_SIDE)
    assert (found.value, found.verdict, set(found.orders), found.at) == (2, Verdict.OVER, named, after(30))


def test_orders_one_after_the_other_or_on_two_venues_are_not_side_by_side() -> None:
    run = Rested(OSL)
    run.pulled(0, 60)
    run.pulled(60, 90)
    run.pulled(0, 90, venue=OSL)
    assert measure(run.story(), What.SIDE_BY_SIDE).value == 1


@pytest.mark.parametrize("status", [r.OrderStatus.CANCELLED, r.OrderStatus.REJECTED])
def test_an_order_that_the_venue_ended_by_itself_is_named(status: r.OrderStatus) -> None:
    """As self-trade prevention does, which ends an order that nobody cancelled."""
    run = Rested()
    run.pulled(0, 60)
    ended = run.ended(100, 130, status)
    found = measure(run.story(), What.UNASKED)
    assert (found.value, found.verdict, found.orders, found.at) == (1, Verdict.OVER, (ended.client_id,), after(130))


@pytest.mark.parametrize(
    "words",
    ["SELF_TRADE_PREVENTION", "order would self-match", "Self trade is forbidden", "EXPIRED_IN_MATCH", "STP: taker"],
)
def test_a_venue_that_speaks_of_self_trading_is_heard(words: str) -> None:
    run = Rested()
    refused = run.refused(0, words)
    found = measure(run.story(), What.PREVENTED)
    assert (found.value, found.orders) == (1, (refused.client_id,))
    assert words in found.detail


@pytest.mark.parametrize("words", ["insufficient balance", "price out of band", "itself busy", "stopped"])
def test_other_refusals_are_none(words: str) -> None:
    run = Rested()
    run.refused(0, words)
    assert measure(run.story(), What.PREVENTED).verdict is Verdict.WITHIN


def test_orders_of_two_runs_that_stood_in_one_book_together_are_listed() -> None:
    mine, theirs = Rested(), Rested()
    first = mine.pulled(0, 60)
    second = theirs.pulled(40, 90, price="65010")
    mine.pulled(200, 210)
    orders = [*in_books(mine.story()), *in_books(renamed(theirs.story(), "other"))]
    (found,) = meeting(orders, near=NONE)
    assert (found.book, found.begins, found.ends) == ((VENUE, BTCUSDT), after(40), after(60))
    assert [(run, name, price) for run, name, price in found.orders] == [
        (RUN, first.client_id, Decimal(65000)), ("other", second.client_id, Decimal(65010)),
    ]  # fmt: skip


def test_how_near_two_runs_may_come_is_for_the_reader_to_say() -> None:
    mine, theirs = Rested(), Rested()
    mine.pulled(0, 60)
    theirs.pulled(65, 90)
    orders = [*in_books(mine.story()), *in_books(renamed(theirs.story(), "other"))]
    assert [len(meeting(orders, near=Span(s * SECOND))) for s in (0, 4, 6)] == [0, 0, 1]


def test_one_run_never_meets_itself_and_other_books_are_no_meeting() -> None:
    mine, theirs = Rested(OSL), Rested(OSL)
    mine.pulled(0, 60)
    mine.pulled(30, 60)
    theirs.pulled(0, 60, venue=OSL)
    assert meeting([*in_books(mine.story()), *in_books(renamed(theirs.story(), "other"))], near=NONE) == []
