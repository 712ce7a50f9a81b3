"""Sniping: nothing is shown, and what is bid for at a good price is taken when it is enough."""

from typing import Any

import pytest

from engine.kernel.clock import SECOND, Span
from engine.orders.strategy import Look
from strategies.tactics.portion import parse_portion
from strategies.tactics.snipe import Snipe
from tests.support.builders import at, d, view
from tests.support.wants import levels, resting, taker, want

LOOK = Look(at("00:00:02"))
LATE = at("00:00:45")


def snipe(size: str = "1", within_bp: str = "10", **changes: Any) -> Snipe:
    """1 BTC within 10 bp of the mid, which is 100: at 99.90 or better."""
    return Snipe(parse_portion(size), d(within_bp), Span(2 * SECOND), Span(15 * SECOND), **changes)


@pytest.mark.parametrize(
    ("bids", "moves"),
    [
        (("99.99 x 1",), (taker("1", "99.90"), LOOK)),
        (("99.99 x 1.5",), (taker("1.5", "99.90"), LOOK)),
        (("99.99 x 5",), (taker("2", "99.90"), LOOK)),
        (("99.99 x 0.4", "99.90 x 0.6"), (taker("1", "99.90"), LOOK)),
        (("99.99 x 0.4", "99.90 x 0.599"), (LOOK,)),
        (("99.99 x 0.4", "99.89 x 50"), (LOOK,)),
        ((), (LOOK,)),
    ],
)
def test_once_good_bids_hold_enough_it_takes_what_stands_there_and_is_wanted(bids: tuple[str, ...], moves: Any) -> None:
    assert snipe().act(want(view=view(bids=levels(*bids)))) == moves


@pytest.mark.parametrize(("bid", "moves"), [("0.8", (taker("0.8", "99.90"), LOOK)), ("0.799", (LOOK,))])
def test_a_share_is_a_share_of_what_is_left(bid: str, moves: Any) -> None:
    """Two fifths of 2 BTC."""
    assert snipe("40%").act(want(view=view(bids=levels(f"99.99 x {bid}")))) == moves


def test_what_is_left_is_enough_when_it_is_less_than_its_size() -> None:
    assert snipe("5").act(want(quantity=d("0.7"))) == (taker("0.7", "99.90"), LOOK)


def test_what_could_not_be_sold_alone_is_waited_for_together() -> None:
    """Of 1.02 BTC it would leave 0.02, and 1 is bid for."""
    assert snipe().act(want(quantity=d("1.02"))) == (LOOK,)
    assert snipe().act(want(quantity=d("1.02"), view=view())) == (taker("1.02", "99.90"), LOOK)


def test_a_good_price_is_never_below_the_floor() -> None:
    assert snipe().act(want(floor=d("99.95"))) == (taker("1", "99.95"), LOOK)
    assert snipe().act(want(floor=d("100.00"))) == (LOOK,)


def test_while_its_order_may_live_it_waits() -> None:
    assert snipe().act(want(resting=resting("99.90"))) == (LOOK,)


def test_before_the_slice_is_over_it_crosses_so_that_nothing_is_lost_silently() -> None:
    assert snipe().act(want(at=LATE)) == (taker("2", "99.60"),)


def test_or_leaves_it_to_the_next_slices_where_that_was_said() -> None:
    assert snipe(crosses=False).act(want(at=LATE)) == ()
    assert snipe(crosses=False).act(want(at=at("00:00:44"))) == (taker("1", "99.90"), Look(LATE))


def test_some_orders_of_a_slice_are_kept_for_its_end() -> None:
    """Bids that are gone whenever they are shot at must not use up the fifty that a slice may have."""
    assert snipe().act(want(attempt=40)) == (taker("1", "99.90"), LOOK)
    assert snipe().act(want(attempt=41)) == (LOOK,)
    assert snipe().act(want(at=LATE, attempt=41)) == (taker("2", "99.60"),)
