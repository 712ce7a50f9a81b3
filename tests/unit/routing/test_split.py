"""How a quantity that waits is spread over several venues."""

from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.kernel.money import ZERO
from engine.routing.curve import Outlet
from engine.routing.split import spread
from engine.science.slicing import largest_remainder
from tests.support.builders import d
from tests.support.outlets import outlet


def shown(quantity: str, *venues: Outlet) -> dict[str, str]:
    return {venue: f"{share.normalize():f}" for venue, share in spread(d(quantity), venues).items()}


def test_what_waits_is_spread_as_the_books_are_deep_where_fees_are_alike() -> None:
    assert shown("10", outlet("A", ("100", "30")), outlet("B", ("100", "10"))) == {"A": "7.5", "B": "2.5"}


def test_a_dearer_venue_gets_its_part_only_once_the_cheaper_is_asked_for_too_much() -> None:
    """15 bp dearer: selling all that A shows costs 10 bp there on the average, and 15 for the last unit."""
    cheap, dear = outlet("A", ("100", "10")), outlet("B", ("100", "10"), rate="0.0015")
    assert shown("9", cheap, dear) == {"A": "9"}
    assert shown("20", cheap, dear) == {"A": "18.66", "B": "1.34"}


def test_nothing_above_the_room_of_a_venue_is_sent_there() -> None:
    venues = (outlet("A", ("100", "30"), room="2.005"), outlet("B", ("100", "10")), outlet("C", ("100", "10")))
    assert shown("10", *venues) == {"A": "2", "B": "4", "C": "4"}
    assert shown("10", venues[0], outlet("B", ("100", "10"), room="1")) == {"A": "2", "B": "1"}


def test_what_would_be_too_small_for_a_venue_goes_to_the_others() -> None:
    venues = (outlet("A", ("100", "30")), outlet("B", ("100", "10"), least="1"))
    assert shown("3", *venues) == {"A": "3"}
    assert shown("4", *venues) == {"A": "3", "B": "1"}


def test_a_venue_gets_the_least_that_it_takes_where_the_others_have_no_room() -> None:
    """1.5 of which A has room for 1, and B takes 1 at the least."""
    venues = (outlet("A", ("100", "30"), room="1"), outlet("B", ("100", "1"), least="1"))
    assert shown("1.5", *venues) == {"A": "0.5", "B": "1"}


def test_no_share_is_so_small_that_its_minimum_fee_is_above_the_rate() -> None:
    """At 90 and the rate of 1 % the minimum fee of 2 is reached by 2.23."""
    venues = [outlet(name, ("100", "10"), rate="0.01", fee_min="2", lowest="90") for name in "AB"]
    assert shown("4", *venues) == {"B": "4"}
    assert shown("6", *venues) == {"A": "3", "B": "3"}
    assert shown("1", venues[0]) == {"A": "1"}


def test_what_is_finer_than_one_venue_s_lot_goes_to_a_finer_one() -> None:
    venues = (outlet("A", ("100", "10"), lot="0.5"), outlet("B", ("100", "10"), lot="0.001"))
    assert shown("3.1234", *venues) == {"A": "1.5", "B": "1.623"}


def test_a_venue_without_bids_gets_nothing_while_another_has_some() -> None:
    assert shown("2", outlet("A"), outlet("B", ("100", "1"))) == {"B": "2"}
    assert shown("2", outlet("A"), outlet("B")) == {"A": "1", "B": "1"}


def test_a_venue_that_turned_us_away_gets_only_what_the_others_can_t_take() -> None:
    venues = (outlet("A", ("100", "30"), shunned=True), outlet("B", ("100", "10"), room="3"))
    assert shown("2", *venues) == {"B": "2"}
    assert shown("5", *venues) == {"A": "2", "B": "3"}


@pytest.mark.parametrize("quantity", ["0", "0.001"])
def test_nothing_is_spread_where_no_lot_is_asked_for(quantity: str) -> None:
    assert shown(quantity, outlet("A", ("100", "10"))) == {}


@given(lots=st.integers(1, 10_000), depths=st.lists(st.integers(1, 50), min_size=2, max_size=5), odd=st.integers(0, 9))
def test_equal_lots_are_given_out_by_the_largest_remainder(lots: int, depths: list[int], odd: int) -> None:
    """Fees alike and no bounds: the shares are those of the depths, and what is finer than a lot stays.

    A share below one lot would be too small for its venue, and goes to the others as a whole.
    """
    assume(lots * min(depths) >= sum(depths))
    venues = [outlet(str(at), ("100", str(depth)), room="1000000") for at, depth in enumerate(depths)]
    expected = largest_remainder(Decimal(lots) / 100, [Decimal(depth) for depth in depths], d("0.01"))
    found = spread(Decimal(lots) / 100 + Decimal(odd) / 1000, venues)
    shares = [found.get(venue.venue, ZERO) for venue in venues]
    assert sum(shares) == Decimal(lots) / 100
    assert all(abs(share - exact) <= d("0.01") for share, exact in zip(shares, expected, strict=True))


@st.composite
def venues(draw: st.DrawFn) -> Outlet:
    depth = draw(st.integers(0, 500))
    return replace(
        outlet(
            "?",
            *([("100", str(depth))] if depth else []),
            lot=draw(st.sampled_from(("0.001", "0.01", "0.5", "0.03"))),
            least=draw(st.sampled_from(("0", "0.02", "1"))),
            rate=draw(st.sampled_from(("0", "0.001", "0.0029"))),
            fee_min=draw(st.sampled_from(("0", "1.99"))),
        ),
        room=Decimal(draw(st.integers(0, 5_000))) / 100,
        lowest=Decimal(draw(st.integers(80, 100))),
        shunned=draw(st.booleans()),
    )


@given(st.integers(0, 100_000), st.lists(venues(), min_size=1, max_size=5))
def test_every_share_is_in_lots_within_its_room_and_above_its_minimum(number: int, some: list[Outlet]) -> None:
    quantity = Decimal(number) / 1000
    named = {name: replace(venue, venue=name) for name, venue in zip("abcde", some, strict=False)}
    found = spread(quantity, list(named.values()))
    assert sum(found.values()) <= quantity
    assert all(share % named[venue].lot == 0 for venue, share in found.items())
    assert all(named[venue].smallest() <= share <= named[venue].room for venue, share in found.items())


@given(st.integers(1, 100_000), st.lists(st.integers(1, 50), min_size=1, max_size=5))
def test_all_of_it_is_spread_where_one_venue_alone_has_the_room(number: int, depths: list[int]) -> None:
    """Each has room for everything, and takes thousandths."""
    quantity = Decimal(number) / 1000
    some = [outlet(str(at), ("100", str(depth)), lot="0.001", least="0.5") for at, depth in enumerate(depths)]
    assert sum(spread(quantity, some).values()) == (quantity if quantity >= d("0.5") else 0)
