"""Waiting at the best offer, following it down, and crossing before the slice is over."""

import pytest

from engine.kernel.clock import SECOND, Span
from engine.orders.strategy import Look, Move, Pull
from strategies.tactics.peg import Peg
from strategies.tactics.urgency import Urgency
from tests.support.builders import at, d, view
from tests.support.wants import ASKS, BIDS, levels, maker, resting, taker, want

PEG = Peg(every=Span(10 * SECOND), before=Span(15 * SECOND))
LOOK = Look(at("00:00:10"))


def test_a_peg_waits_at_the_best_offer_and_looks_again() -> None:
    assert PEG.act(want()) == (maker("2", "100.01"), LOOK)


def test_a_peg_never_offers_below_what_is_allowed() -> None:
    assert PEG.act(want(floor=d("100.50"))) == (maker("2", "100.50"), LOOK)


@pytest.mark.parametrize(
    ("price", "floor", "moves"),
    [
        ("100.01", "99.60", (LOOK,)),
        ("100.02", "99.60", (Pull(), LOOK)),
        ("100.00", "99.60", (LOOK,)),
        ("100.01", "100.02", (Pull(), LOOK)),
        ("100.02", "100.02", (LOOK,)),
    ],
)
def test_a_peg_follows_the_offer_down_and_leaves_what_has_become_too_cheap(
    price: str, floor: str, moves: tuple[Move, ...]
) -> None:
    """The best offer is 100.01."""
    assert PEG.act(want(resting=resting(price), floor=d(floor))) == moves


def test_a_peg_is_not_beaten_by_itself() -> None:
    """All that is offered at 100.01 is ours; of the 3 at 100.05 none is."""
    alone = view(bids=BIDS, asks=levels("100.01 x 1", "100.05 x 3"))
    assert PEG.act(want(view=alone, resting=resting("100.01"))) == (LOOK,)


def test_a_peg_crosses_what_is_left_shortly_before_the_slice_is_over() -> None:
    late = at("00:00:45")
    assert PEG.act(want(at=late, resting=resting("100.01"))) == (Pull(),)
    assert PEG.act(want(at=late)) == (taker("2", "99.60"),)
    assert PEG.act(want(at=late, quantity=d("0"))) == ()


def test_a_peg_does_not_sleep_through_the_moment_to_cross() -> None:
    assert PEG.act(want(at=at("00:00:40")))[-1] == Look(at("00:00:45"))


def test_a_peg_posts_nothing_that_the_venue_would_find_too_small() -> None:
    assert PEG.act(want(quantity=d("0.04"))) == (LOOK,)


def test_where_nobody_offers_a_peg_rests_a_tick_above_the_best_bid() -> None:
    """At the floor it would trade at once, and a post-only order be refused."""
    assert PEG.act(want(view=view(bids=BIDS, asks=()))) == (maker("2", "100.00"), LOOK)
    assert PEG.act(want(view=view(bids=(), asks=()))) == (maker("2", "99.60"), LOOK)


def test_where_bids_and_offers_touch_a_peg_stays_above_the_bids() -> None:
    assert PEG.act(want(view=view(bids=levels("100.01 x 1"), asks=ASKS))) == (maker("2", "100.02"), LOOK)


def test_a_peg_that_was_led_on_often_enough_stands_still_and_crosses_in_the_end() -> None:
    """The gate stops a slice after fifty; the order of `attempt` would be the forty-first."""
    beaten = resting("100.02")
    assert PEG.act(want(resting=beaten, attempt=40)) == (Pull(), LOOK)
    assert PEG.act(want(resting=beaten, attempt=41)) == (LOOK,)
    assert PEG.act(want(attempt=40)) == (maker("2", "100.01"), LOOK)
    assert PEG.act(want(attempt=41)) == (LOOK,)
    assert PEG.act(want(at=at("00:00:45"), resting=beaten, attempt=41)) == (Pull(),)
    assert PEG.act(want(at=at("00:00:45"), attempt=41)) == (taker("2", "99.60"),)


def test_below_the_floor_a_peg_does_not_stay_however_often_it_has_moved() -> None:
    assert PEG.act(want(floor=d("100.02"), resting=resting("100.01"), attempt=49)) == (Pull(), LOOK)


def test_a_peg_that_is_urgent_is_no_exception() -> None:
    """Nothing is known of the flow, so waiting is worth nothing; the tries that are left are for the end."""
    urgent = Peg(Span(10 * SECOND), Span(15 * SECOND), Urgency(d("1"), d("1")))
    assert urgent.act(want(attempt=40)) == (taker("2", "99.60"), LOOK)
    assert urgent.act(want(attempt=41)) == (LOOK,)
    assert urgent.act(want(resting=resting("100.01"), attempt=41)) == (LOOK,)
