"""Stablecoins: a price brought into dollars on the side that trades, and a guard that one venue can't trip."""

from collections.abc import Sequence
from decimal import Decimal, localcontext
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.kernel.money import EXACT
from engine.science.stable import (
    Guard,
    GuardRules,
    advance,
    at_par_error_bp,
    begun,
    off_par_bp,
    stable_guard,
    usd_leg,
)

D = Decimal
RULES = GuardRules(half_life=30.0, warn_bp=10.0, halt_bp=50.0, z_halt=6.0, persist=3, variance_min=4.0)
BOOKS = [(D("0.9995"), D("0.9997")), (D("0.9994"), D("0.9998")), (D("0.9996"), D("0.9997"))]


def levels(samples: Sequence[float | None], rules: GuardRules = RULES) -> list[int]:
    return [guard.level for guard in stable_guard(samples, rules)]


def test_decimals_are_counted_exactly() -> None:
    """60,000 USDT sold at the median bid of 0.9995, half a basis point of fee."""
    with localcontext(EXACT):
        leg = usd_leg(D(60_000), -1, BOOKS, D("0.5"))
    assert (leg.mid, leg.executable, leg.price) == (D("0.9996"), D("0.9995"), D("59967.0015"))


def test_what_is_bought_costs_the_ask_and_the_fee_on_top() -> None:
    with localcontext(EXACT):
        leg = usd_leg(D(60_000), 1, BOOKS[:2], D("0.5"))
    assert leg.executable == D("0.99975")
    assert leg.price == D(60_000) * D("0.99975") * D("1.00005")


def test_taking_a_coin_above_par_for_a_dollar_understates_the_price() -> None:
    assert at_par_error_bp(1.001) == pytest.approx(-9.99000999)
    assert off_par_bp(1.001) == pytest.approx(10.0)
    assert off_par_bp(7.797, par=7.8) == pytest.approx(-3.8461538)


@pytest.mark.parametrize(
    ("side", "books"), [(0, BOOKS), (-1, []), (-1, [(D("1.1"), D("1.0"))]), (-1, [(D(0), D("1.0"))])]
)
def test_no_side_or_no_book_is_no_conversion(side: int, books: list[tuple[Decimal, Decimal]]) -> None:
    with pytest.raises(ValueError, match=r"no (book|conversion)|a side is"):
        usd_leg(D(1), side, books, D(0))


def test_a_lasting_break_halts_within_three_minutes() -> None:
    """Calm, then 0.97 dollars from one minute to the next."""
    assert levels([0.0] * 60 + [-300.0] * 5)[60:] == [1, 1, 2, 2, 2]


def test_a_wick_of_one_venue_does_not_so_much_as_warn() -> None:
    """One of three prints 0.74; the median of the three is where it was."""
    wick = [off_par_bp(median([0.9999, 1.0001, venue])) for venue in (1.0, 0.74, 0.74, 0.80, 0.74, 1.0)]
    assert levels([0.0] * 60 + wick) == [0] * 66


def test_breaches_that_do_not_follow_one_another_do_not_halt() -> None:
    assert levels([-60.0, -60.0, 0.0, -60.0, -60.0, 0.0]) == [1, 1, 0, 1, 1, 0]


def test_a_minute_without_a_price_neither_raises_an_alarm_nor_ends_one() -> None:
    assert levels([None, -60.0, None, -60.0, None, None, -60.0, None]) == [0, 1, 1, 1, 1, 1, 2, 2]


def test_a_sudden_move_beyond_the_warning_counts_before_it_reaches_the_halt() -> None:
    """From par to 40 bp in a minute is twenty deviations: the first of three breaches. From a long 30 bp it is none."""
    assert levels([0.0, -40.0, -60.0, -60.0]) == [0, 1, 1, 2]
    assert levels([-30.0] * 300 + [-40.0, -60.0, -60.0])[-3:] == [1, 1, 1]


def test_many_deviations_within_the_warning_are_no_breach() -> None:
    """A coin that hardly ever moves, and moves 9 bp."""
    assert levels([0.0, -9.0, -9.0, -9.0], GuardRules(30.0, 10.0, 50.0, 1.0, 3, 4.0)) == [0, 0, 0, 0]


@given(st.lists(st.none() | st.floats(-2000, 2000), max_size=40))
def test_minute_by_minute_is_the_same_as_all_at_once(samples: list[float | None]) -> None:
    guard = begun(RULES)
    for x_bp, after in zip(samples, stable_guard(samples, RULES), strict=True):
        guard = advance(guard, x_bp, RULES)
        assert guard == after
    assert guard.variance >= RULES.variance_min
    assert guard.breaches >= RULES.persist or guard.level < 2


def test_before_the_first_sample_all_is_calm() -> None:
    assert begun(RULES) == Guard(mean=0.0, variance=4.0)


@pytest.mark.parametrize(
    "numbers", [(0.0, 10, 50, 6, 3, 4), (30, 60, 50, 6, 3, 4), (30, 10, 50, 6, 0, 4), (30, 10, 50, 6, 3, 0)]
)
def test_rules_that_guard_nothing_are_refused(numbers: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="no rules for a guard"):
        GuardRules(*numbers)  # type: ignore[arg-type]
