"""An iceberg shows a portion at a time, in sizes that nobody can foretell, and crosses what is left in the end."""

from decimal import Decimal
from typing import Any

import pytest

from engine.kernel.clock import SECOND, Span
from engine.orders.strategy import Look, Pull
from strategies.tactics.iceberg import Iceberg
from strategies.tactics.portion import parse_portion
from tests.support.builders import START, at, d, view
from tests.support.wants import BIDS, levels, maker, posts, resting, taker, want

LOOK = Look(at("00:00:10"))


def iceberg(display: str = "0.5", vary: int = 0, **changes: Any) -> Iceberg:
    """Half a BTC at a time, looked at every ten seconds, crossing in the last fifteen."""
    return Iceberg(parse_portion(display), vary, Span(10 * SECOND), Span(15 * SECOND), **changes)


def size(tactic: Iceberg, **changes: Any) -> Decimal:
    (post,) = posts(tactic.act(want(**changes)))
    return post.quantity


def test_a_portion_rests_at_the_best_offer_and_not_the_whole() -> None:
    assert iceberg().act(want()) == (maker("0.5", "100.01"), LOOK)


def test_while_a_portion_rests_there_is_no_other() -> None:
    assert iceberg().act(want(resting=resting("100.01", "0.5"))) == (LOOK,)


def test_the_next_portion_comes_when_the_last_is_gone() -> None:
    assert iceberg().act(want(quantity=d("1.5"), attempt=2)) == (maker("0.5", "100.01"), LOOK)


def test_a_share_is_a_share_of_what_is_left() -> None:
    assert size(iceberg("25%")) == d("0.5")
    assert size(iceberg("25%"), quantity=d("1.5")) == d("0.375")


def test_a_portion_is_never_too_small_for_the_venue() -> None:
    """At the floor of 99.60 five USDT are 0.051 BTC."""
    assert size(iceberg("1%")) == d("0.051")


def test_what_could_not_be_sold_alone_joins_the_last_portion() -> None:
    assert size(iceberg(), quantity=d("0.55")) == d("0.55")
    assert size(iceberg(), quantity=d("0.551")) == d("0.5")


@pytest.mark.parametrize(("inside", "price"), [(0, "100.05"), (1, "100.04"), (3, "100.02"), (9, "100.00")])
def test_it_may_rest_some_ticks_inside_the_best_offer_and_always_above_the_best_bid(inside: int, price: str) -> None:
    wide = view(bids=BIDS, asks=levels("100.05 x 3"))
    assert iceberg(inside=inside).act(want(view=wide)) == (maker("0.5", price), LOOK)


def test_sizes_differ_from_portion_to_portion_within_what_was_said() -> None:
    tactic = iceberg(vary=200_000, seed=7)
    drawn = [size(tactic, attempt=n) for n in range(1, 41)]
    assert len(set(drawn)) > 30
    assert d("0.4") <= min(drawn) < d("0.42")
    assert d("0.58") < max(drawn) <= d("0.6")


@pytest.mark.parametrize("other", [{"slice": 4}, {"attempt": 2}])
def test_sizes_are_those_of_this_seed_this_slice_and_this_order(other: dict[str, int]) -> None:
    tactic = iceberg(vary=200_000, seed=7)
    assert size(tactic, slice=3) == size(tactic, slice=3)
    assert size(tactic, slice=3) != size(tactic, **({"slice": 3} | other))
    assert size(tactic, slice=3) != size(iceberg(vary=200_000, seed=8), slice=3)


def test_it_moves_when_others_offer_for_less_and_not_when_it_is_the_best_itself() -> None:
    ours, beaten = resting("100.04", "0.5"), view(bids=BIDS, asks=levels("100.03 x 1", "100.04 x 0.5"))
    alone = view(bids=BIDS, asks=levels("100.04 x 0.5", "100.05 x 3"))
    assert iceberg(inside=1).act(want(resting=ours, view=beaten)) == (Pull(), LOOK)
    assert iceberg(inside=1).act(want(resting=ours, view=alone)) == (LOOK,)


def test_before_the_slice_is_over_it_pulls_the_portion_and_crosses_all_that_is_left() -> None:
    late = at("00:00:45")
    assert iceberg().act(want(at=late, resting=resting("100.01", "0.5"))) == (Pull(),)
    assert iceberg().act(want(at=late, attempt=45)) == (taker("2", "99.60"),)


def test_some_orders_of_a_slice_are_kept_for_its_end() -> None:
    """The gate stops a slice after fifty."""
    beaten = resting("100.04", "0.5")
    assert posts(iceberg().act(want(attempt=40))) == [maker("0.5", "100.01")]
    assert iceberg().act(want(attempt=41)) == (LOOK,)
    assert iceberg().act(want(attempt=41, resting=beaten)) == (LOOK,)


def test_below_the_floor_nothing_stays_however_many_orders_there_were() -> None:
    assert iceberg().act(want(attempt=41, resting=resting("99.50"))) == (Pull(), LOOK)


def test_the_last_look_is_when_it_crosses() -> None:
    assert iceberg().act(want(at=at("00:00:44")))[-1] == Look(at("00:00:45"))
    assert iceberg().act(want(at=START))[-1] == LOOK
