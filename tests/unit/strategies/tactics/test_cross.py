"""Crossing: what stands in the book is taken, down to the limit and no deeper than was said."""

from typing import Any

import pytest

from strategies.tactics.cross import Cross
from tests.support.builders import d, view
from tests.support.wants import levels, resting, taker, want


def test_crossing_takes_what_is_wanted_at_the_lowest_price_allowed() -> None:
    assert Cross().act(want()) == (taker("2", "99.60"),)


def test_crossing_asks_for_no_more_than_stands_there_at_the_limit_or_better() -> None:
    """3 BTC are bid for at 99.80 or better; the 50 at 99.00 are below the limit."""
    assert Cross().act(want(quantity=d("10"))) == (taker("3", "99.60"),)


@pytest.mark.parametrize(
    "nothing",
    [
        {"quantity": d("0")},
        {"floor": d("100.00")},
        {"view": view(bids=())},
        {"view": view(bids=levels("99.99 x 0.0499"))},
        {"resting": resting("100.01")},
    ],
)
@pytest.mark.parametrize("reach", [None, d("20")])
def test_crossing_does_nothing_where_nothing_is_wanted_or_nobody_pays_enough(
    nothing: dict[str, Any], reach: Any
) -> None:
    """Nothing lacks, no buyer at the limit, too little bid for, or an order still rests."""
    assert Cross(reach).act(want(**nothing)) == ()


def test_depth_is_taken_in_whole_lots() -> None:
    odd = view(bids=levels("99.99 x 1.23456"))
    assert Cross().act(want(view=odd)) == (taker("1.234", "99.60"),)


def test_one_order_is_never_larger_than_the_venue_takes() -> None:
    """Its largest order is 1,000 BTC."""
    deep = view(bids=levels("99.99 x 5000"))
    assert Cross().act(want(quantity=d("1000"), view=deep)) == (taker("1000", "99.60"),)
    assert Cross().act(want(quantity=d("4000"), view=deep)) == (taker("1000", "99.60"),)


@pytest.mark.parametrize(
    ("reach", "order"),
    [
        ("0", taker("1", "99.99")),
        ("10", taker("1", "99.90")),
        ("19", taker("2", "99.81")),
        ("20", taker("2", "99.80")),
        ("500", taker("2", "99.60")),
    ],
)
def test_a_reach_bounds_how_deep_it_goes_where_the_collar_allows_more(reach: str, order: Any) -> None:
    """The best bid is 99.99: 20 bp below are 99.79002, which is 99.80 on the tick; 500 bp lie below the floor."""
    thick = view(bids=levels("99.99 x 1", "99.81 x 5", "99.80 x 2"))
    assert Cross(d(reach)).act(want(view=thick)) == (order,)
