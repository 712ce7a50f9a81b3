"""What a conditional leg waits for: the rule, one look, and how it is told."""

import pytest

from engine.kernel.clock import MINUTE, Span
from engine.orders.condition import Condition, Seen, Side, of
from strategies import registry
from tests.support.builders import USDT, d

FALL = Condition(Side.BELOW, d("66500"), of_arrival=False, persist=Span(MINUTE), sweeps=True)
RISE = Condition(Side.ABOVE, d("1.1"), of_arrival=True, persist=Span(MINUTE), sweeps=False)


def test_it_is_read_from_what_the_plan_says() -> None:
    assert of({"below": "66500", "persist": "1m", "at_sweep": "sell"}) == FALL
    assert of({"above": "110%", "persist": "1m", "at_sweep": "wait"}) == RISE


def test_a_share_is_one_of_the_arrival_price_and_has_no_price_before() -> None:
    assert FALL.price(None) == FALL.price(d("70000")) == d("66500")
    assert (RISE.price(None), RISE.price(d("70000"))) == (None, d("77000.0"))


@pytest.mark.parametrize(
    ("price", "agreeing", "kept"),
    [
        ("66500", (), True),
        ("66500.01", (), False),
        ("66500", ("66499", "66500"), True),
        ("66500", ("66499", "66500.01"), False),
        ("66500", ("66500.01", "66499"), False),
        ("66500", ("66499", None), False),
    ],
)
def test_a_look_keeps_it_where_all_who_are_asked_say_so(
    price: str, agreeing: tuple[str | None, ...], kept: bool
) -> None:
    """A price that nobody knows is on no side."""
    seen = Seen(d(price), "somebody", tuple(None if one is None else d(one) for one in agreeing))
    assert FALL.kept(seen, d("66500")) is kept


def test_a_rise_is_the_same_the_other_way_round() -> None:
    assert RISE.kept(Seen(d("77000"), "somebody", (d("77000"), d("77001"))), d("77000"))
    assert not RISE.kept(Seen(d("77001"), "somebody", (d("76999"), d("77001"))), d("77000"))


def test_the_rule_is_told_with_what_a_sweep_and_a_desk_make_of_it() -> None:
    told = FALL.in_words(USDT)
    assert told.startswith("nothing of a slice is offered before the price was at or below 66500 USDT for 1m, by the")
    assert told.endswith("a sweep of what is left disregards it; deals with desks disregard it")
    assert "at or above 110 % of the arrival price for 1m" in RISE.in_words(USDT)
    assert "a sweep of what is left waits for it too" in RISE.in_words(USDT)


def test_a_recipe_that_lacks_something_makes_no_tactic() -> None:
    with pytest.raises(KeyError, match="above"):
        registry.tactic("stop", {"persist": "1m", "every": "5s", "at_sweep": "sell"})
