"""A greedy sweep over visible books, and a division by convex costs."""

from decimal import Decimal
from math import inf, nan
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.science.routing import sor_sweep, split_convex
from tests.support.builders import d

BOOKS = {"A": [(d("100"), d("2")), (d("99"), d("9"))], "B": [(d("101"), d("1")), (d("99.5"), d("3"))]}
FREE = {"A": d("0"), "B": d("0")}


def test_decimals_stay_decimals_to_the_last_digit() -> None:
    found = sor_sweep(d("5"), BOOKS, {"A": d("10"), "B": d("20")})
    assert found.alloc == {"A": d("2"), "B": d("3")}  # B's 99.5 nets 99.301, A's 99 nets 98.901
    assert found.net_avg == (200 * d("0.999") + (101 + 199) * d("0.998")) / 5
    assert type(found.saving_bp) is Decimal


def test_of_levels_that_net_the_same_the_venue_listed_first_sells_first() -> None:
    same = {"B": [(100.0, 2.0)], "A": [(100.0, 2.0)]}
    assert sor_sweep(3.0, same, {"A": 0.0, "B": 0.0}).alloc == {"B": 2.0, "A": 1.0}


def test_the_best_single_venue_is_the_one_that_sells_most_and_then_the_one_that_nets_most() -> None:
    assert sor_sweep(d("2"), BOOKS, FREE).best_single == "B"
    assert sor_sweep(d("6"), BOOKS, FREE).best_single == "A"


def test_no_more_is_sold_than_is_bid_for() -> None:
    found = sor_sweep(d("100"), BOOKS, FREE)
    assert (found.filled, found.alloc) == (d("15"), {"A": d("11"), "B": d("4")})


@pytest.mark.parametrize("books", [{}, {"A": []}])
def test_where_nobody_bids_nothing_is_sold(books: dict[str, Any]) -> None:
    found = sor_sweep(d("1"), books, FREE)
    assert (found.filled, found.net_avg, found.best_single_net_avg, found.saving_bp) == (0, 0, 0, 0)


@pytest.mark.parametrize("fees", [{"A": d("0")}, {}])
def test_a_venue_whose_fee_is_not_known_is_refused(fees: dict[str, Decimal]) -> None:
    with pytest.raises(ValueError, match="without a fee"):
        sor_sweep(d("1"), BOOKS, fees)


def test_a_sale_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="no quantity"):
        sor_sweep(d("0"), BOOKS, FREE)


@st.composite
def venues(draw: st.DrawFn) -> tuple[float, list[float], list[float], float, list[float]]:
    count = draw(st.integers(1, 6))

    def some(low: float, high: float) -> list[float]:
        return draw(st.lists(st.floats(low, high), min_size=count, max_size=count))

    quantity = draw(st.floats(0.1, 1000))
    most = some(0, 1000)
    return quantity, some(-3, 30), some(0.01, 10), draw(st.floats(0.2, 2)), [*most[:-1], most[-1] + quantity]


@given(venues())
def test_it_sums_to_the_quantity_within_every_room(case: tuple[float, list[float], list[float], float, Any]) -> None:
    quantity, fee, a, expo, most = case
    found = split_convex(quantity, fee, a, expo, most)
    assert sum(found.q) == pytest.approx(quantity, rel=1e-9)
    assert all(0 <= share <= room for share, room in zip(found.q, most, strict=True))


@given(venues())
def test_every_venue_in_use_costs_the_same_at_the_margin_and_no_other_less(
    case: tuple[float, list[float], list[float], float, Any],
) -> None:
    """Karush, Kuhn and Tucker: below the margin only where a venue is full, above it only where it is unused."""
    quantity, fee, a, expo, most = case
    found = split_convex(quantity, fee, a, expo, most)
    margins = [f + (1 + expo) * each * q**expo for f, each, q in zip(fee, a, found.q, strict=True)]
    slack = 1e-6 * (1 + abs(found.marginal))
    used = [m for m, q in zip(margins, found.q, strict=True) if q > 1e-12 * quantity]
    free = [m for m, q, room in zip(margins, found.q, most, strict=True) if q < min(room, quantity) * (1 - 1e-9)]
    assert max(used) <= found.marginal + slack
    assert min(free, default=inf) >= found.marginal - slack


def test_a_venue_that_is_too_dear_is_not_used() -> None:
    found = split_convex(1.0, [5.0, 100.0], [1.0, 1.0], 0.5)
    assert found.q == (1.0, 0.0)


def test_equal_venues_save_what_the_square_root_says() -> None:
    """The impact part falls by 1 - K^(-1/2): 42 % for three."""
    found = split_convex(100.0, [0.0] * 3, [1.0] * 3, 0.5)
    assert found.saving_fraction == pytest.approx(1 - 3**-0.5)


def test_a_single_venue_without_the_room_is_no_alternative() -> None:
    assert split_convex(10.0, [0.0, 0.0], [1.0, 1.0], 0.5, [6.0, 6.0]).best_single_cost == inf


def test_nothing_is_divided_at_no_cost() -> None:
    found = split_convex(0.0, [5.0, 6.0], [1.0, 1.0], 0.5)
    assert (found.q, found.cost) == ((0.0, 0.0), 0.0)


@pytest.mark.parametrize(
    ("quantity", "fee", "a", "expo", "most", "why"),
    [
        (-1.0, [1.0], [1.0], 0.5, None, "no quantity"),
        (1.0, [], [], 0.5, None, "no quantity"),
        (1.0, [1.0], [1.0], 0.0, None, "no quantity"),
        (1.0, [1.0, 2.0], [1.0], 0.5, None, "no quantity"),
        (1.0, [nan], [1.0], 0.5, None, "finite"),
        (1.0, [1.0], [0.0], 0.5, None, "finite"),
        (1.0, [1.0], [1.0], 0.5, [-1.0], "finite"),
        (1.0, [1.0], [1.0], 0.5, [0.5], "more than all venues take"),
    ],
)
def test_what_can_t_be_divided_is_refused(
    quantity: float, fee: list[float], a: list[float], expo: float, most: list[float] | None, why: str
) -> None:
    with pytest.raises(ValueError, match=why):
        split_convex(quantity, fee, a, expo, most)
