"""What a course comes to as orders: minima, fees with a least, and what is left over."""

from fractions import Fraction

from msgspec.structs import replace

from engine.forecast.orders import Orders, Outlet, orders, parts_of
from engine.kernel.ids import VenueName
from tests.support.builders import CAPABILITIES, COIN, VENUE, d

OSL = VenueName("osl")
QUARTERS = (0.25, 0.25, 0.25, 0.25)
LARGE = replace(COIN, quantity_min=d("3"))
FEE = replace(CAPABILITIES, taker_fee=d("0.001"))
LEAST = replace(FEE, fee_min=d("2"))
ALL = Fraction(1)


def sent(quantity: str, *outlets: Outlet, shares: tuple[float, ...] = QUARTERS, ceiling: str = "100000") -> Orders:
    return orders(d(quantity), shares, outlets, d("100"), d(ceiling))


def test_an_order_a_slice_and_a_fee_for_each() -> None:
    """Four of 2.5 coins, 250 USDT each, at a thousandth."""
    found = sent("10", Outlet(COIN, FEE, ALL))
    assert found.sizes == (d("2.5"),) * 4
    assert (found.fees, found.carried, found.residue) == (d("1"), 0, 0)


def test_what_is_below_the_minimum_goes_with_the_next_slice() -> None:
    """No order below 3: the first and the third slice wait."""
    found = sent("10", Outlet(LARGE, FEE, ALL))
    assert found.sizes == (d("5"), d("5"))
    assert (found.carried, found.longest) == (2, 1)


def test_a_least_fee_gathers_slices_until_it_is_worth_paying() -> None:
    """2 USDT are a thousandth of 2000, which is more than all of it: one order at the end, and its least fee."""
    found = sent("10", Outlet(LARGE, LEAST, ALL))
    assert (found.sizes, found.fees, found.floored) == ((d("10"),), d("2"), 1)
    assert (found.carried, found.longest) == (3, 3)


def test_no_limit_is_gathered_past() -> None:
    """Where an order may be worth 600 at most, 6 coins are gathered and no more; 2.5 would be left, and join."""
    found = sent("10", Outlet(LARGE, LEAST, ALL), ceiling="600")
    assert found.sizes == (d("10"),)
    assert sent("20", Outlet(LARGE, LEAST, ALL), ceiling="600").sizes == (d("10"), d("10"))


def test_what_is_finer_than_a_lot_is_left() -> None:
    found = sent("10.0004", Outlet(COIN, FEE, ALL))
    assert (sum(found.sizes), found.residue) == (d("10"), d("0.0004"))


def test_all_of_too_little_is_left() -> None:
    found = sent("2", Outlet(LARGE, FEE, ALL))
    assert (found.sizes, found.residue, found.longest) == ((), d("2"), 4)


def test_a_course_that_ends_early_leaves_no_residue_of_its_own() -> None:
    """What it does not want sold is no residue."""
    found = sent("10", Outlet(COIN, FEE, ALL), shares=(0.25, 0.25))
    assert (sum(found.sizes), found.residue) == (d("5"), 0)


def test_an_order_that_is_divided_pays_at_each_venue() -> None:
    """Half at a thousandth, half at two: 0.375 of 250."""
    there = Outlet(COIN, FEE, Fraction(1, 2)), Outlet(COIN, replace(FEE, taker_fee=d("0.002")), Fraction(1, 2))
    assert sent("10", *there).fees == d("1.5")


def test_parts_too_small_for_their_least_fee_go_to_the_cheapest_venue_whole() -> None:
    there = Outlet(COIN, LEAST, Fraction(1, 2)), Outlet(COIN, replace(LEAST, fee_min=d("1")), Fraction(1, 2))
    found = sent("10", *there, ceiling="100")
    assert (len(found.sizes), found.fees, found.floored) == (4, d("4"), 4)


def test_parts_add_up_to_one() -> None:
    assert parts_of({VENUE: 1.0, OSL: 2.0}) == {VENUE: Fraction(333333, 1000000), OSL: Fraction(666667, 1000000)}
