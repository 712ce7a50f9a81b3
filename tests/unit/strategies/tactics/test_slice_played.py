"""A slice from its first order to its last, on a venue that cuts, delays, loses and crosses what it can."""

from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from engine.orders.order import TimeInForce
from engine.orders.strategy import Move, Tactic, Want
from engine.planning.plan import Recipe
from strategies import registry
from strategies.tactics.cross import Cross
from tests.support.builders import ONE, d
from tests.support.slice_play import KIND, SLICE, USUAL, Mischief, SlicePlay
from tests.support.wants import posts

WAITS = {"every": "3s", "before": "15s"}
EVERY = {
    "cross": {},
    "peg": WAITS,
    "peg, weighing": {**WAITS, "urgency": "cost", "adverse_bp": "1", "drift_bp": "1"},
    "iceberg": {**WAITS, "display": "20%", "vary": "0.3", "inside": "1", "seed": "5"},
    "chase": {**WAITS, "step_bp": "0.5", "replaces": "10", "inside": "0"},
    "snipe": {**WAITS, "size": "20%", "within_bp": "8", "cross_at_end": "yes"},
    "stop": {"above": "1", "persist": "4s", "every": "1s", "at_sweep": "wait"},
}
every_tactic = pytest.mark.parametrize("name", EVERY)


def made(name: str) -> Tactic:
    return registry.tactic(name.split(",")[0], EVERY[name])


def play_of(name: str, seed: int, mischief: Mischief = USUAL) -> SlicePlay:
    """Played to its end, as the plan says it."""
    return SlicePlay(made(name), seed, mischief, Recipe(name.split(",")[0], EVERY[name])).played()


def test_every_registered_tactic_is_played() -> None:
    assert {name.split(",")[0] for name in EVERY} == set(registry.TACTICS)


@every_tactic
@pytest.mark.parametrize("seed", range(20))
def test_what_is_open_unknown_or_sold_never_exceeds_the_slice(name: str, seed: int) -> None:
    """By our books and by the venue's own; and never do two orders stand in its book at once."""
    play = play_of(name, seed)
    assert play.orders
    assert play.believed <= SLICE, f"seed {seed}"
    assert play.exposed <= SLICE, f"seed {seed}"
    assert play.together <= 1, f"seed {seed}"


class Greedy(Cross):
    """Wants half as much again as it was asked for."""

    def act(self, want: Want) -> Sequence[Move]:
        return [replace(post, quantity=post.quantity * 3 / 2) for post in posts(super().act(want))]


def test_the_play_would_see_a_tactic_that_wants_more_than_it_was_asked_for() -> None:
    play = SlicePlay(Greedy(), 0, KIND).played()
    assert SLICE < play.exposed == play.believed


@every_tactic
@pytest.mark.parametrize("seed", range(5))
def test_on_a_venue_without_mischief_the_slice_is_sold_but_for_what_is_too_small(name: str, seed: int) -> None:
    """The smallest order at any of these prices is 0.051 BTC."""
    play = play_of(name, seed, KIND)
    assert play.sold == play.run.state.legs[ONE].sold
    assert SLICE - play.sold < d("0.051")


@pytest.mark.parametrize("seed", range(5))
def test_a_snipe_that_does_not_cross_leaves_the_rest_to_the_next_slices(seed: int) -> None:
    tactic = registry.tactic("snipe", {**WAITS, "size": "2.5", "within_bp": "1", "cross_at_end": "no"})
    play = SlicePlay(tactic, seed, KIND).played()
    assert play.sold in (0, SLICE)


@pytest.mark.parametrize("seed", range(5))
def test_an_iceberg_shows_many_small_orders_and_a_peg_few_large_ones(seed: int) -> None:
    resting = {
        name: [o.quantity for o in SlicePlay(made(name), seed, KIND).played().orders if o.tif is TimeInForce.POST_ONLY]
        for name in ("iceberg", "peg")
    }
    assert max(resting["iceberg"]) <= SLICE * 26 / 100
    assert resting["peg"][0] == SLICE
