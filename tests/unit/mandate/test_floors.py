"""Versions of floors by average: on which day one holds, under which rules, and how it is written."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.kernel.clock import HOUR, SECOND, Instant, Span, parse_instant
from engine.mandate.floors import STEP, holds, in_words, local_day, manner, midnight, rules_in_words, share_of, typed
from engine.mandate.terms import Floor, FloorFees, FloorScope, QuoteFloor, Without
from engine.market.averages import Missing
from tests.support.builders import BTC, USDT, average_floor, d, floor_version

EAST = Span(8 * HOUR)


@pytest.mark.parametrize(
    ("at", "day"),
    [
        ("2026-05-02T15:59:59Z", "2026-05-02"),
        ("2026-05-02T16:00:00Z", "2026-05-03"),
        ("2026-05-01T16:00:00Z", "2026-05-02"),
    ],
)
def test_a_local_day_begins_at_local_midnight(at: str, day: str) -> None:
    assert local_day(EAST, parse_instant(at)) == day


def test_the_next_midnight_comes_strictly_later() -> None:
    here = parse_instant("2026-05-02T16:00:00Z")
    assert midnight(EAST, here) == parse_instant("2026-05-03T16:00:00Z")
    assert midnight(EAST, Instant(here - 1)) == here


@pytest.mark.parametrize(
    ("without", "at", "why"),
    [
        (Without.STOP, "2026-05-02T23:59:59Z", ""),
        (Without.STOP, "2026-05-03T00:00:00Z", "there is none of 2026-05-03; version 1 is of 2026-05-02"),
        (Without.PREVIOUS, "2026-05-03T23:59:59Z", ""),
        (Without.PREVIOUS, "2026-05-04T00:00:00Z", "there is none of 2026-05-04; version 1 is of 2026-05-02"),
    ],
)
def test_a_version_holds_on_its_day_and_where_that_is_the_rule_on_the_next(without: Without, at: str, why: str) -> None:
    rule = average_floor(without=without)
    assert holds(rule, floor_version(rule), parse_instant(at)) == why


def test_a_version_holds_under_the_rules_that_it_was_made_by_and_no_others() -> None:
    """Another share is no other rule: it is taken of the same average."""
    made, noon = floor_version(average_floor()), parse_instant("2026-05-02T12:00:00Z")
    assert holds(average_floor("0.8"), made, noon) == ""
    assert holds(average_floor(days=3), made, noon) == "version 1 was made by other rules"


@given(
    price=st.integers(1, 10**15).map(lambda n: Decimal(n).scaleb(-7)),
    share=st.integers(1, 20_000).map(lambda n: Decimal(n).scaleb(-4)),
)
def test_a_share_is_rounded_up_and_by_less_than_a_step(price: Decimal, share: Decimal) -> None:
    assert price * share <= share_of(price, share) < price * share + STEP


def test_floors_in_words() -> None:
    fixed = Floor(d("70000"), USDT, FloorScope.FILL)
    average = Floor(d("0"), USDT, FloorScope.AVERAGE, FloorFees.IN, average=average_floor())
    quote = Floor(d("0"), USDT, FloorScope.SLICE, quote=QuoteFloor(share=d("0.99"), desks=2, age=SECOND, every=SECOND))
    assert in_words(fixed) == "70000 USDT"
    assert in_words(average) == "95 % of the 2-day average in USDT, on the average of all that is sold, after fees"
    assert in_words(quote) == "99 % of the best quote in USDT, on the average of a slice, before fees"
    assert manner(fixed) == "for each fill, before fees"


def test_the_rules_of_an_average_in_words_leave_nothing_out() -> None:
    rule = average_floor(offset=EAST, missing=Missing.EXTEND, days_back_max=5, without=Without.PREVIOUS)
    assert rules_in_words(rule) == (
        "2 calendar days before, close of the day in UTC+8h, the median of 1 at least of desk, 100 % of a day's bars; "
        "an older day for a missing one, 5 back at most; without an average yesterday's holds"
    )


def test_a_fixed_floor_as_it_is_typed() -> None:
    assert typed(BTC, Floor(d("61013.50"), USDT, FloorScope.SLICE, FloorFees.IN)) == "BTC=61013.5:USDT:slice:in"


def test_a_floor_is_one_thing_only() -> None:
    with pytest.raises(ValueError, match="one of them"):
        Floor(d("70000"), USDT, FloorScope.FILL, average=average_floor())
