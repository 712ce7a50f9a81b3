"""A floor on more than one fill: an average is kept whichever of the orders trade, and to whatever part."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.kernel.money import ZERO, times
from engine.risk.reserve import Charge, Tally, Working, brings, keeps, lowest
from tests.support.builders import COIN, d

BOUND = d("100")
FREE = Charge()


def sold(quantity: str, price: str, *working: Working, floor: Decimal = BOUND) -> Tally:
    return Tally(times(d(quantity), d(price)), times(d(quantity), floor), working)


@pytest.mark.parametrize(("price", "kept"), [("99.99", False), ("100", True), ("100.01", True)])
def test_alone_an_order_has_to_reach_the_floor(price: str, kept: bool) -> None:
    assert keeps(d("1"), d(price), BOUND, Tally(), FREE) is kept


@pytest.mark.parametrize(("price", "kept"), [("97.99", False), ("98", True)])
def test_what_was_sold_above_the_floor_lets_an_order_go_below_it(price: str, kept: bool) -> None:
    """2 at 101 were 2 more than was wanted: 1 at 98 uses that up."""
    assert keeps(d("1"), d(price), BOUND, sold("2", "101"), FREE) is kept


def test_a_live_order_above_the_floor_counts_as_at_the_floor() -> None:
    """It may be cancelled, and then its excess never comes."""
    dear = Working(d("1100"), d("1000"))
    assert not keeps(d("1"), d("99.99"), BOUND, Tally(working=(dear,)), FREE)


def test_a_live_order_below_the_floor_uses_up_what_there_was() -> None:
    cheap = Working(d("98"), d("100"))
    assert not keeps(d("1"), d("99.99"), BOUND, sold("2", "101", cheap), FREE)
    assert keeps(d("1"), d("100"), BOUND, sold("2", "101", cheap), FREE)


def test_an_order_at_the_floor_may_go_although_the_average_is_below_it() -> None:
    """The floor was raised over night: what was sold before can't be undone, and this can only mend it."""
    assert keeps(d("1"), d("100"), BOUND, sold("5", "95"), FREE)
    assert not keeps(d("1"), d("99.99"), BOUND, sold("5", "95"), FREE)


@pytest.mark.parametrize(("price", "kept"), [("100.20", False), ("100.21", True)])
def test_after_fees_the_price_has_to_be_higher_by_what_the_venue_keeps(price: str, kept: bool) -> None:
    """0.2 % of 100.21 is a fifth of a dollar."""
    assert keeps(d("1"), d(price), BOUND, Tally(), Charge(d("0.002"))) is kept


def test_the_least_fee_weighs_on_a_small_order() -> None:
    charge = Charge(d("0.002"), d("1"))
    assert not keeps(d("0.5"), d("101.99"), BOUND, Tally(), charge)
    assert keeps(d("0.5"), d("102"), BOUND, Tally(), charge)


def test_a_floor_that_has_fallen_since_makes_nothing_spare() -> None:
    """2 were sold at 105 under a floor of 105; today's is 100."""
    assert not keeps(d("1"), d("99.99"), BOUND, sold("2", "105", floor=d("105")), FREE)


def test_what_is_shown_is_the_limit_with_what_is_spare() -> None:
    """2 over 2 and 1 at 98; a live order at 99 may take 1 of it."""
    tally = sold("2", "101", Working(d("99"), d("100")))
    assert brings(d("1"), d("98"), tally, FREE) == d("99")


prices = st.integers(9_000, 11_000).map(lambda cents: Decimal(cents).scaleb(-2))
sizes = st.integers(1, 5_000).map(lambda lots: Decimal(lots).scaleb(-3))
rates = st.sampled_from([d("0"), d("0.0005"), d("0.002")])
floors = st.integers(9_500, 10_500).map(lambda cents: Decimal(cents).scaleb(-2))
posts = st.tuples(st.just("post"), sizes, prices, floors)
fills = st.tuples(st.just("fill"), sizes, st.integers(0, 5))
cancels = st.tuples(st.just("cancel"), st.integers(0, 5))


class Book:
    """Orders that were let go, and what they have sold so far, with nobody's help."""

    def __init__(self, rate: Decimal) -> None:
        self.charge, self.live = Charge(rate), list[list[Decimal]]()
        self.net = self.wanted = ZERO

    def post(self, quantity: Decimal, price: Decimal, floor: Decimal) -> None:
        working = tuple(Working(self.charge.net(q, p), times(q, f)) for q, p, f in self.live)
        if keeps(quantity, price, floor, Tally(self.net, self.wanted, working), self.charge):
            self.live.append([quantity, price, floor])

    def fill(self, quantity: Decimal, index: int) -> None:
        """At its limit, which is the worst that can happen, whole or in part."""
        for order in self.live[index : index + 1]:
            part = min(order[0], quantity)
            order[0] -= part
            self.net += self.charge.net(part, order[1])
            self.wanted += times(part, order[2])

    def cancel(self, index: int) -> None:
        del self.live[index : index + 1]


@given(rate=rates, played=st.lists(st.one_of(posts, fills, cancels), min_size=1, max_size=40))
def test_no_order_that_may_go_lets_the_average_fall_below_the_floors(
    rate: Decimal, played: list[tuple[Any, ...]]
) -> None:
    """Whatever is posted, filled in part or whole, or cancelled in between, and however the floor moves."""
    book = Book(rate)
    for what, *how in played:
        getattr(book, what)(*how)
        assert book.net >= book.wanted


@given(
    rate=rates,
    least=st.sampled_from([d("0"), d("1")]),
    before=st.tuples(sizes, prices),
    quantities=st.tuples(sizes, sizes).map(lambda pair: (min(pair), max(pair))),
    part=st.integers(0, 10),
)
def test_the_lowest_limit_lets_an_order_of_any_size_go_that_it_was_made_for(
    rate: Decimal, least: Decimal, before: tuple[Decimal, Decimal], quantities: tuple[Decimal, Decimal], part: int
) -> None:
    """So that planning never asks for what the gate withholds."""
    charge, counted = Charge(rate, least), Tally(times(*before), times(before[0], BOUND))
    limit = lowest(BOUND, counted, charge, quantities, COIN)
    between = quantities[0] + (quantities[1] - quantities[0]) * part / 10
    assert keeps(between, limit, BOUND, counted, charge)
    assert limit % COIN.tick == 0


def test_the_lowest_limit_of_an_order_alone_is_the_floor_itself() -> None:
    assert lowest(BOUND, Tally(), FREE, (d("0.1"), d("5")), COIN) == BOUND


def test_the_lowest_limit_goes_below_the_floor_by_what_is_spare() -> None:
    """2 to spare over at most 4."""
    assert lowest(BOUND, sold("2", "101"), FREE, (d("0.1"), d("4")), COIN) == d("99.50")
