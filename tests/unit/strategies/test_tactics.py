"""Two ways to turn a deficit and a book into orders: cross the spread, or wait at the best offer and then cross."""

from typing import Any

import pytest

from engine.kernel.clock import SECOND, Span
from engine.market.facts import Level
from engine.orders.order import Order, TimeInForce
from engine.orders.strategy import Look, Move, Post, Pull, Want
from strategies.tactics.cross import Cross
from strategies.tactics.peg import Peg
from tests.support.builders import COIN, START, at, child, d, view

BIDS = (Level(d("99.99"), d("1")), Level(d("99.80"), d("2")), Level(d("99.00"), d("50")))
PEG = Peg(every=Span(10 * SECOND), before=Span(15 * SECOND))
LOOK = Look(at("00:00:10"))


def want(**changes: Any) -> Want:
    """2 BTC, not below 99.60, before the minute is over; nothing rests."""
    standard: dict[str, Any] = {
        "quantity": d("2"),
        "floor": d("99.60"),
        "at": START,
        "until": at("00:01"),
        "view": view(bids=BIDS),
        "instrument": COIN,
        "resting": None,
    }
    return Want(**(standard | changes))


def resting(price: str) -> Order:
    return Order(child(price=d(price), tif=TimeInForce.POST_ONLY))


def test_crossing_takes_what_is_wanted_at_the_lowest_price_allowed() -> None:
    assert Cross().act(want()) == (Post(d("2"), d("99.60"), TimeInForce.IOC),)


def test_crossing_asks_for_no_more_than_stands_there_at_the_limit_or_better() -> None:
    """3 BTC are bid for at 99.80 or better; the 50 at 99.00 are below the limit."""
    assert Cross().act(want(quantity=d("10"))) == (Post(d("3"), d("99.60"), TimeInForce.IOC),)


@pytest.mark.parametrize(
    "nothing",
    [
        {"quantity": d("0")},
        {"floor": d("100.00")},
        {"view": view(bids=())},
        {"view": view(bids=(Level(d("99.99"), d("0.0499")),))},
        {"resting": resting("100.01")},
    ],
)
def test_crossing_does_nothing_where_nothing_is_wanted_or_nobody_pays_enough(nothing: dict[str, Any]) -> None:
    """Nothing lacks, no buyer at the limit, too little bid for, or an order still rests."""
    assert Cross().act(want(**nothing)) == ()


def test_depth_is_taken_in_whole_lots() -> None:
    odd = view(bids=(Level(d("99.99"), d("1.23456")),))
    assert Cross().act(want(view=odd)) == (Post(d("1.234"), d("99.60"), TimeInForce.IOC),)


def test_a_peg_waits_at_the_best_offer_and_looks_again() -> None:
    assert PEG.act(want()) == (Post(d("2"), d("100.01"), TimeInForce.POST_ONLY), LOOK)


def test_a_peg_never_offers_below_what_is_allowed() -> None:
    assert PEG.act(want(floor=d("100.50"))) == (Post(d("2"), d("100.50"), TimeInForce.POST_ONLY), LOOK)


@pytest.mark.parametrize(
    ("price", "floor", "moves"),
    [
        ("100.01", "99.60", (LOOK,)),
        ("100.02", "99.60", (Pull(), LOOK)),
        ("100.00", "99.60", (LOOK,)),
        ("100.01", "100.02", (Pull(), LOOK)),
    ],
)
def test_a_peg_follows_the_offer_down_and_leaves_what_has_become_too_cheap(
    price: str, floor: str, moves: tuple[Move, ...]
) -> None:
    """The best offer is 100.01."""
    assert PEG.act(want(resting=resting(price), floor=d(floor))) == moves


def test_a_peg_crosses_what_is_left_shortly_before_the_slice_is_over() -> None:
    late = at("00:00:45")
    assert PEG.act(want(at=late, resting=resting("100.01"))) == (Pull(),)
    assert PEG.act(want(at=late)) == (Post(d("2"), d("99.60"), TimeInForce.IOC),)
    assert PEG.act(want(at=late, quantity=d("0"))) == ()


def test_a_peg_does_not_sleep_through_the_moment_to_cross() -> None:
    assert PEG.act(want(at=at("00:00:40")))[-1] == Look(at("00:00:45"))


def test_a_peg_posts_nothing_that_the_venue_would_find_too_small() -> None:
    assert PEG.act(want(quantity=d("0.04"))) == (LOOK,)


CASES = [want(resting=r, at=at(t)) for r in (None, resting("100.01"), resting("120")) for t in ("00:00", "00:00:50")]


@pytest.mark.parametrize("tactic", [Cross(), PEG])
@pytest.mark.parametrize("case", range(len(CASES)))
def test_a_tactic_posts_once_at_the_most_and_never_while_an_order_rests(tactic: Cross | Peg, case: int) -> None:
    posts = [move for move in tactic.act(CASES[case]) if isinstance(move, Post)]
    assert len(posts) <= (0 if CASES[case].resting else 1)
