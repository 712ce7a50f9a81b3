"""Where a crossing order goes when several venues bid."""

import os
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.kernel.ids import VenueName
from engine.kernel.money import ZERO
from engine.market.facts import Level
from engine.orders.reason import Alternative, Rule
from engine.routing import search
from engine.routing.curve import Outlet
from engine.routing.sweep import Division, divide
from tests.support.builders import d
from tests.support.outlets import ODD, alone, brute_force, markets, nets, outlet

DATA = Path(os.environ.get("STEELYARD_DATA") or Path(__file__).parents[4] / "shared" / "data")
SPOT = DATA / "l2" / "binance_spot_BTCUSDT_book1000_2026-02-16T0400.parquet"
PERPETUAL = DATA / "l2" / "binance_usdm_BTCUSDT_book1000_2026-02-16T0400.parquet"


def sent(division: Division) -> dict[str, str]:
    return {part.venue: f"{part.quantity.normalize():f}" for part in division.parts}


def test_the_best_bids_of_all_venues_are_taken_first_net_of_each_venue_s_fee() -> None:
    """B bids most and keeps most of it: of 10, A's first level and C's two are better after fees."""
    venues = [
        outlet("A", ("100", "2"), ("99.98", "3"), ("99.9", "10"), rate="0.0010", lowest="99"),
        outlet("B", ("100.02", "1"), ("99.97", "4"), rate="0.0014", lowest="99"),
        outlet("C", ("99.99", "2.5"), ("99.95", "5"), rate="0.0005", lowest="99"),
    ]
    found = divide(d("10"), venues)
    assert sent(found) == {"A": "2.5", "C": "7.5"}
    assert found.proceeds == d("999.0901475")
    assert [part.worst for part in found.parts] == [d("99.98"), d("99.95")]
    assert (found.unplaced, found.rule) == (0, Rule.SWEEP)


def test_of_venues_that_pay_the_same_one_alone_is_enough_and_else_the_one_listed_first_sells_first() -> None:
    venues = [outlet("A", ("100", "2")), outlet("B", ("100", "4")), outlet("C", ("100", "4"))]
    assert sent(divide(d("3"), venues)) == {"B": "3"}
    assert sent(divide(d("5"), venues)) == {"A": "2", "B": "3"}


def test_each_venue_alone_is_told_beside_the_division() -> None:
    venues = [outlet("A", ("100", "2"), rate="0.01"), outlet("B", ("99", "9")), outlet("C")]
    assert divide(d("5"), venues).alternatives == (
        Alternative(VenueName("A"), d("2"), d("198")),
        Alternative(VenueName("B"), d("5"), d("495")),
        Alternative(VenueName("C"), d("0"), d("0")),
    )


def test_no_more_is_sent_than_is_bid_for_at_the_limit_or_better() -> None:
    """Two units stand at 99 or better, and five more below."""
    found = divide(d("5"), [outlet("A", ("100", "1"), ("99", "1"), ("98.99", "5"), lowest="99")])
    assert (sent(found), found.unplaced, found.rule) == ({"A": "2"}, 3, Rule.ONLY)


def test_a_bid_at_the_limit_itself_is_taken() -> None:
    """Selling there is worth exactly what not selling is; of equals, the one that sells more."""
    venues = [outlet(name, ("99", "1"), rate="0.001", lowest="99") for name in "AB"]
    assert sent(divide(d("2"), venues)) == {"A": "1", "B": "1"}


def test_a_venue_takes_no_more_than_there_is_room_for_and_only_whole_lots() -> None:
    venues = [outlet("A", ("100", "9"), room="2.345", lot="0.1"), outlet("B", ("90", "9"))]
    assert sent(divide(d("5"), venues)) == {"A": "2.3", "B": "2.7"}


def test_what_is_finer_than_one_venue_s_lot_goes_to_a_venue_of_finer_lots() -> None:
    """15 of which A takes tens: the rest to B, although it pays less and C would pay more for ten."""
    venues = [
        outlet("A", ("100", "50"), lot="10"),
        outlet("B", ("98", "50"), lot="1"),
        outlet("C", ("99", "50"), lot="10"),
    ]
    assert sent(divide(d("15"), venues)) == {"A": "10", "B": "5"}


def test_what_is_below_a_venue_s_minimum_moves_to_the_others() -> None:
    """B pays more for its one unit, and takes nothing below two; or nothing below a worth of 150."""
    first = outlet("A", ("100", "9"))
    assert sent(divide(d("5"), [first, outlet("B", ("101", "1"), least="2")])) == {"A": "5"}
    assert sent(divide(d("5"), [first, outlet("B", ("101", "1"), notional="150", lowest="90")])) == {"A": "5"}


def test_a_minimum_of_notional_is_held_against_the_lowest_limit() -> None:
    """At the bid of 100 one unit would do; the order may carry the limit of 90."""
    venue = outlet("A", ("100", "9"), notional="100", lowest="90", lot="1")
    assert sent(divide(d("1"), [venue])) == {}
    assert sent(divide(d("2"), [venue])) == {"A": "2"}


def test_an_order_is_not_split_where_a_second_minimum_fee_costs_more_than_the_better_price_brings() -> None:
    """A pays 101 for one unit and 100 for more, B 101 for one; each takes 2 at the least for an order."""
    venues = [
        outlet("A", ("101", "1"), ("100", "9"), rate="0.001", fee_min="2"),
        outlet("B", ("101", "1"), rate="0.001", fee_min="2"),
    ]
    assert sent(divide(d("3"), venues, unsold=ZERO)) == {"A": "3"}
    dear = replace(venues[1], bids=(Level(d("103"), d("1")),))
    assert sent(divide(d("3"), [venues[0], dear], unsold=ZERO)) == {"A": "2", "B": "1"}


def test_a_crumb_waits_where_its_minimum_fee_is_more_than_it_brings_above_the_lowest_price() -> None:
    """0.1 at 100 brings 10, less 2 of fee; at the limit of 90 and the rate it would bring 8.91 later."""
    venue = outlet("A", ("100", "9"), rate="0.01", fee_min="2", lowest="90")
    found = divide(d("0.1"), [venue])
    assert (found.parts, found.unplaced, found.rule, found.worth) == ((), d("0.1"), Rule.NONE, d("8.91"))


def test_with_no_later_everything_is_sold_that_nets_anything() -> None:
    """The same crumb, when what stays is worth nothing; one that costs more than it brings still stays."""
    venue = outlet("A", ("100", "9"), rate="0.01", fee_min="2", lowest="90")
    assert sent(divide(d("0.1"), [venue], unsold=ZERO)) == {"A": "0.1"}
    assert sent(divide(d("0.01"), [venue], unsold=ZERO)) == {}


def test_nothing_large_is_moved_to_a_bad_book_for_the_sake_of_one_more_lot() -> None:
    """A takes 10.00 of 10.005 at 100; B would take the last 0.005 only with a whole unit, at 90."""
    venues = [outlet("A", ("100", "20"), lowest="89"), outlet("B", ("90", "20"), lot="0.001", least="1", lowest="89")]
    assert sent(divide(d("10.005"), venues)) == {"A": "10"}


def test_a_venue_that_turned_us_away_gets_only_what_no_other_can_take() -> None:
    better = outlet("A", ("101", "9"), shunned=True)
    found = divide(d("3"), [better, outlet("B", ("100", "2"))])
    assert (sent(found), found.rule) == ({"A": "1", "B": "2"}, Rule.LEFT)
    assert found.alternatives[0] == Alternative(VenueName("A"), d("3"), d("303"), shunned=True)
    assert sent(divide(d("3"), [better, outlet("B", ("100", "3"))])) == {"B": "3"}


@pytest.mark.parametrize("venues", [[], [outlet("A")], [outlet("A", ("100", "1"), room="0")]])
def test_nothing_is_sent_where_nobody_can_take_it(venues: list[Outlet]) -> None:
    found = divide(d("1"), venues)
    assert (found.parts, found.unplaced, found.proceeds, found.rule) == ((), 1, 0, Rule.NONE)


def test_one_venue_is_named_as_the_only_one_or_as_the_best_of_several() -> None:
    first, second = outlet("A", ("100", "9")), outlet("B", ("90", "9"))
    assert divide(d("1"), [first]).rule is Rule.ONLY
    assert divide(d("1"), [first, outlet("B")]).rule is Rule.ONLY
    assert divide(d("1"), [first, second]).rule is Rule.ONE


@st.composite
def small_markets(draw: st.DrawFn) -> tuple[Decimal, list[Outlet], Decimal | None]:
    """Up to four venues with up to four levels; lots that divide one another and lots that don't; every kind of fee."""
    half = st.integers(0, 60).map(lambda number: Decimal(number) / 2)

    def venue(name: str) -> Outlet:
        prices = sorted(draw(st.lists(st.integers(360, 420), max_size=4, unique=True)), reverse=True)
        sizes = draw(st.lists(st.integers(1, 24), min_size=len(prices), max_size=len(prices)))
        return Outlet(
            venue=VenueName(name),
            bids=tuple(Level(Decimal(p) / 4, Decimal(size) / 2) for p, size in zip(prices, sizes, strict=True)),
            lowest=Decimal(draw(st.integers(90, 104))),
            room=draw(half),
            lot=Decimal(draw(st.sampled_from((1, 1, 2, 3, 5, 10)))),
            quantity_min=Decimal(draw(st.sampled_from((0, 1, 4, 7)))),
            notional_min=Decimal(draw(st.sampled_from((0, 0, 100, 450)))),
            fee_rate=Decimal(draw(st.sampled_from(("0", "0.004", "0.01", "0.03")))),
            fee_min=Decimal(draw(st.sampled_from((0, 0, 2, 5, 25)))),
        )

    venues = [venue(name) for name in "abcd"[: draw(st.integers(1, 4))]]
    return draw(half), venues, draw(st.sampled_from((None, None, ZERO, Decimal(99), Decimal(120))))


@settings(max_examples=400, deadline=None)
@given(small_markets())
def test_it_is_exactly_what_trying_every_allocation_of_lots_finds(
    market: tuple[Decimal, list[Outlet], Decimal | None],
) -> None:
    quantity, venues, unsold = market
    found = divide(quantity, venues, unsold)
    assert (found.worth, found.placed) == brute_force(quantity, venues, found.unsold)


def holds(quantity: Decimal, venues: list[Outlet]) -> None:
    """Every promise of a division, read off the books anew."""
    found, named = divide(quantity, venues), {venue.venue: venue for venue in venues}
    assert len({part.venue for part in found.parts}) == len(found.parts)
    assert sum((part.quantity for part in found.parts), found.unplaced) == quantity
    assert found.unplaced >= 0
    assert [nets(named[part.venue], part.quantity) for part in found.parts] == [part.proceeds for part in found.parts]
    assert sum((part.proceeds for part in found.parts), ZERO) == found.proceeds
    assert all(part.worst >= named[part.venue].lowest for part in found.parts)
    singles = [alone(venue, quantity) for venue in venues]
    assert all(found.worth >= net + found.unsold * (quantity - sold) for sold, net in singles)


def all_hold(cases: Iterable[tuple[Decimal, list[Outlet]]]) -> int:
    """How many were looked at."""
    return sum(holds(quantity, venues) is None for quantity, venues in cases)


def test_on_thousands_of_books_no_single_venue_is_better_and_every_bound_is_kept() -> None:
    """`nets` is nothing for an order that is not in lots, below a minimum, above the room or deeper than the book."""
    assert all_hold(markets(seed=5, count=5_000)) == 5_000


@pytest.mark.slow
def test_on_a_hundred_thousand_books_no_single_venue_is_better_and_every_bound_is_kept() -> None:
    assert all_hold(markets(seed=100, count=100_000)) == 100_000


def test_a_search_that_is_cut_short_is_still_no_worse_than_any_single_venue(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lots that don't divide one another may be searched for long; after one look the best so far is taken."""
    monkeypatch.setattr(search, "LOOKS_MAX", 1)
    assert all_hold(markets(seed=8, count=500)) == 500


@pytest.mark.parametrize(("seed", "at", "placed"), [(2, 89, "9.404"), (24, 169, "0.565")])
def test_what_promises_most_is_looked_at_first_so_that_a_cut_costs_nothing_here(
    seed: int, at: int, placed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lots of 11, 13 and 50 thousandths. One promise followed to its end after the other, 256 looks left 0.78 USDT."""
    quantity, venues = list(markets(seed, at + 1, ODD))[at]
    monkeypatch.setattr(search, "LOOKS_MAX", 256)
    short = divide(quantity, venues)
    monkeypatch.setattr(search, "LOOKS_MAX", 100_000)
    assert short == divide(quantity, venues)
    assert short.placed == d(placed)


def recorded(path: Path, index: int, levels: int = 200) -> tuple[Level, ...]:
    """The bids of one snapshot, as the file's decimal numbers."""
    import pyarrow.parquet as pq

    row = pq.read_table(path, columns=["bids_px", "bids_qty"]).slice(index, 1).to_pydict()
    pairs = zip(row["bids_px"][0][:levels], row["bids_qty"][0][:levels], strict=True)
    return tuple(Level(Decimal(repr(price)), Decimal(repr(size))) for price, size in pairs)


@pytest.mark.skipif(not SPOT.is_file(), reason=f"no recorded books in {DATA}; set STEELYARD_DATA")
@pytest.mark.parametrize("quantity", ["0.01", "1", "12.34567", "80"])
@pytest.mark.parametrize("index", [0, 700, 1400, 2100, 2558])
def test_on_recorded_books_no_single_venue_is_better(quantity: str, index: int) -> None:
    """Spot and perpetual of one exchange at one moment, as if they were two venues with their own fees and lots."""
    kinds = [(SPOT, "0.00001", "0.001", "0"), (PERPETUAL, "0.001", "0.0005", "1.99")]
    venues = [
        replace(
            outlet(path.name, lowest="1000", lot=lot, rate=rate, fee_min=fee_min, notional="5"),
            bids=recorded(path, index),
        )
        for path, lot, rate, fee_min in kinds
    ]
    holds(d(quantity), venues)
    assert divide(d(quantity), venues).parts
