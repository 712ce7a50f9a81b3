"""A chase stays near the best offer, and its limits keep anybody from leading it on."""

from typing import Any

import pytest

from engine.kernel.clock import SECOND, Span
from engine.market.view import MarketView
from engine.orders.strategy import Look, Pull
from strategies.tactics.chase import Chase
from tests.support.builders import at, d, view
from tests.support.wants import BIDS, levels, maker, resting, taker, want

LATER = at("00:00:10")
LOOK, AGAIN = Look(at("00:00:10")), Look(at("00:00:20"))
OURS = resting("100.01", "2")


def chase(**changes: Any) -> Chase:
    """Every ten seconds, by 5 bp or more, three times; crossing in the last fifteen seconds."""
    standard: dict[str, Any] = {
        "every": Span(10 * SECOND),
        "before": Span(15 * SECOND),
        "step_bp": d("5"),
        "replaces": 3,
    }
    return Chase(**(standard | changes))


def offered(*asks: str, **changes: Any) -> MarketView:
    return view(bids=levels("99.50 x 5"), asks=levels(*asks), **changes)


def test_all_that_is_wanted_rests_at_the_best_offer() -> None:
    assert chase().act(want()) == (maker("2", "100.01"), LOOK)


@pytest.mark.parametrize(("inside", "price"), [(1, "100.04"), (4, "100.01"), (50, "100.00")])
def test_or_some_ticks_inside_it_but_above_the_best_bid(inside: int, price: str) -> None:
    wide = view(bids=BIDS, asks=levels("100.05 x 3"))
    assert chase(inside=inside).act(want(view=wide)) == (maker("2", price), LOOK)


@pytest.mark.parametrize(
    ("best", "moves"),
    [
        ("99.95", (Pull(), AGAIN)),
        ("99.96", (AGAIN,)),
        ("100.06", (AGAIN,)),
        ("100.07", (Pull(), AGAIN)),
    ],
)
def test_it_follows_down_and_up_when_the_offer_has_moved_far_enough(best: str, moves: Any) -> None:
    """5 bp of 100.01 are 0.050005."""
    book = offered(f"{best} x 3", "100.50 x 1")
    assert chase().act(want(at=LATER, view=book, resting=OURS)) == moves


def test_it_does_not_run_after_its_own_offer() -> None:
    """Nobody but us offers below 100.04, which is too near to move."""
    assert chase().act(want(at=LATER, view=offered("100.01 x 2", "100.04 x 1"), resting=OURS)) == (AGAIN,)
    assert chase(inside=1).act(want(at=LATER, view=offered("100.01 x 2", "100.02 x 1"), resting=OURS)) == (AGAIN,)


def test_it_moves_no_more_often_than_it_may() -> None:
    fallen = offered("99.80 x 3")
    assert chase().act(want(at=at("00:00:09"), view=fallen, resting=OURS)) == (Look(at("00:00:19")),)
    assert chase().act(want(at=at("00:00:10"), view=fallen, resting=OURS)) == (Pull(), AGAIN)


def test_when_it_has_moved_often_enough_it_stands_still_and_crosses_in_the_end() -> None:
    """The order of `attempt` would be the fourth that replaces another."""
    fallen = offered("99.80 x 3")
    assert chase().act(want(at=LATER, view=fallen, resting=OURS, attempt=4)) == (Pull(), AGAIN)
    assert chase().act(want(at=LATER, view=fallen, resting=OURS, attempt=5)) == (AGAIN,)
    assert chase().act(want(at=LATER, view=fallen, attempt=4)) == (maker("2", "99.80"), AGAIN)
    assert chase().act(want(at=LATER, view=fallen, attempt=5)) == (AGAIN,)
    assert chase().act(want(at=at("00:00:45"), resting=OURS, attempt=5)) == (Pull(),)
    assert chase().act(want(at=at("00:00:45"), attempt=5)) == (taker("2", "99.60"),)


def test_below_the_floor_it_does_not_stay_however_often_it_has_moved() -> None:
    assert chase().act(want(floor=d("100.02"), resting=OURS, attempt=9)) == (Pull(), LOOK)


def test_it_never_follows_below_the_floor() -> None:
    assert chase().act(want(view=offered("99.55 x 1"))) == (maker("2", "99.60"), LOOK)


def test_where_quotes_fall_and_nobody_trades_it_stops() -> None:
    """The last prints were at 100: 20 bp below are 99.80."""
    fallen = offered("99.70 x 1")
    assert chase(reach_bp=d("20")).act(want(view=fallen)) == (maker("2", "99.80"), LOOK)
    assert chase().act(want(view=fallen)) == (maker("2", "99.70"), LOOK)
    assert chase(reach_bp=d("20")).act(want(view=offered("99.70 x 1", last=None))) == (maker("2", "99.70"), LOOK)


def test_what_is_too_small_is_not_offered() -> None:
    assert chase().act(want(quantity=d("0.04"))) == (LOOK,)
