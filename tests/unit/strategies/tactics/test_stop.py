"""A stop: nothing until what the leg waits for is met, and then as a cross."""

from engine.kernel.clock import SECOND, Span
from engine.orders.strategy import Look
from strategies import registry
from strategies.tactics.cross import Cross
from strategies.tactics.stop import Stop
from tests.support.builders import at, d, view
from tests.support.wants import levels, resting, taker, want

STOP = Stop(Span(5 * SECOND))
LOOK = Look(at("00:00:05"))


def test_until_it_is_told_that_the_price_was_there_it_only_looks() -> None:
    """Whatever one book shows by itself."""
    assert STOP.act(want()) == (LOOK,)
    assert STOP.act(want(view=view(bids=levels("50.00 x 1")), floor=d("40"))) == (LOOK,)


def test_then_it_takes_what_is_bid_for_within_collar_and_floor_and_looks_on() -> None:
    """Of 3 BTC bid for at 99.60 or better it wants 2, and of 2.5 wanted only one stands at 99.90 or better."""
    assert STOP.act(want(met=True)) == (taker("2", "99.60"), LOOK)
    assert STOP.act(want(met=True, floor=d("99.90"), quantity=d("2.5"))) == (taker("1", "99.90"), LOOK)


def test_it_goes_no_deeper_than_it_was_told_to() -> None:
    """5 bp below 99.99."""
    assert Stop(Span(5 * SECOND), Cross(d("5"))).act(want(met=True)) == (taker("1", "99.95"), LOOK)


def test_while_an_order_of_its_own_may_live_it_waits() -> None:
    assert STOP.act(want(met=True, resting=resting("99.90"))) == (LOOK,)


def test_it_looks_no_later_than_when_the_slice_ends() -> None:
    assert STOP.act(want(at=at("00:00:58"))) == (Look(at("00:01")),)


def test_it_is_made_of_what_a_config_says() -> None:
    said = {"above": "110%", "persist": "2m", "every": "15s", "reach_bp": "20", "at_sweep": "wait"}
    assert registry.tactic("stop", said) == Stop(Span(15 * SECOND), Cross(d("20")))
