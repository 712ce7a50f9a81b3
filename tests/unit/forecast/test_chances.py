"""Chances by hand, and by paths where there is no formula."""

import math

import pytest

from engine.forecast import capacity
from engine.forecast.capacity import Valves, outcome
from engine.forecast.cells import Cell, cells, planned
from engine.forecast.course import Course, even
from engine.forecast.floors import first_passage, on_average
from engine.forecast.market import EVEN
from engine.kernel.clock import DAY, HOUR, Instant
from tests.support.builders import START, at, hours
from tests.support.courses import day_in


def test_the_floor_by_reflection() -> None:
    """Ten per cent below, a deviation of ten: N(-1.0036) + N(-1.1036) / 0.9."""
    found = first_passage(0.9, 0.1)
    assert found.at_end == pytest.approx(0.15778, abs=1e-5)
    assert found.at_all == pytest.approx(0.15778 + 0.13489 / 0.9, abs=1e-5)


@pytest.mark.parametrize("deviation", [0.001, 0.05, 0.5])
@pytest.mark.parametrize("level", [0.5, 0.9, 0.99, 1.0, 1.1])
def test_a_price_that_ends_below_has_been_below(level: float, deviation: float) -> None:
    found = first_passage(level, deviation)
    assert 0 <= found.at_end <= found.at_all <= 1


def test_a_floor_above_the_price_blocks_from_the_start() -> None:
    assert first_passage(1.05, 0.1).at_all == 1
    assert first_passage(1.05, 0.0).at_end == 1
    assert first_passage(0.95, 0.0).at_all == 0


def test_no_level_is_refused() -> None:
    with pytest.raises(ValueError, match="no level"):
        first_passage(0.0, 0.1)


def test_an_average_moves_less_than_its_price() -> None:
    """An even sale over a day: the deviation of its average is a root of three smaller, or nearly."""
    bins = day_in(96)
    found = on_average(0.98, even(bins), bins, 0.03)
    narrow = first_passage(0.98, 0.03 / math.sqrt(3))
    assert found.at_end == pytest.approx(narrow.at_end, abs=0.01)
    assert found.at_all < first_passage(0.98, 0.03).at_all


def test_paths_are_the_same_every_time() -> None:
    bins = day_in(8)
    assert on_average(0.98, even(bins), bins, 0.03) == on_average(0.98, even(bins), bins, 0.03)


def test_an_average_begins_where_the_price_is() -> None:
    """A floor above it blocks at once, and one far below never does."""
    bins = day_in(4)
    assert on_average(1.0001, Course((1.0, 0.0, 0.0, 0.0)), bins, 0.03).at_all == 1
    assert on_average(0.5, even(bins), bins, 0.03).at_all == 0


def two_hours() -> list[Cell]:
    """Ten coins an hour."""
    return cells(START, Instant(START + 2 * HOUR), None, EVEN, 240.0)


def valves(**changes: float) -> Valves:
    return Valves(**({"whole": math.inf, "hour": math.inf, "minute": 100.0, "day": math.inf} | changes))


def named(cell: Cell) -> str:
    return str(cell.begins // DAY)


def test_hours_are_those_of_the_clock_and_closed_time_is_left_out() -> None:
    found = cells(at("09:30"), at("12:00"), hours(("09:00", "10:15"), ("11:00", "12:00")), EVEN, 240.0)
    assert [(each.begins, each.open) for each in found] == [
        (at("09:30"), HOUR // 2),
        (at("10:00"), HOUR // 4),
        (at("11:00"), HOUR),
    ]
    assert [each.volume for each in found] == pytest.approx([5.0, 2.5, 10.0])


def test_what_bins_sell_is_found_in_the_hours_that_they_meet() -> None:
    """Six bins of four hours: the second hour of the day has a quarter of the first."""
    found = cells(START, Instant(START + DAY), None, EVEN, 240.0)
    shares = planned(found, day_in(6), (0.4, 0.2, 0.1, 0.1, 0.1, 0.1))
    assert shares[1] == pytest.approx(0.1)
    assert sum(shares) == pytest.approx(1.0)


def test_a_limit_in_money_alone_needs_no_draw() -> None:
    """A coin in ten minutes: 12 in two hours."""
    found = outcome(11.9, two_hours(), valves(minute=0.1), (), named)
    assert (found.late, found.typical) == (0.0, pytest.approx(12.0))
    assert outcome(12.1, two_hours(), valves(minute=0.1), (), named).late == 1.0


def test_a_quota_binds_each_local_day() -> None:
    assert outcome(3.0, two_hours(), valves(day=2.0), (), named).late == 1.0
    assert outcome(3.0, two_hours(), valves(day=2.0), (), lambda cell: str(cell.begins)).late == 0.0


def test_days_are_drawn_from_those_that_were_seen() -> None:
    """A fifth of all volume is a quarter of 20 coins; on one day in five only half of that gets through."""
    found = outcome(4.0, two_hours(), valves(whole=0.25), (0.5, 1.0, 1.0, 1.0, 2.0), named)
    assert found.typical == pytest.approx(5.0)
    assert found.late == pytest.approx(0.2, abs=0.015)
    assert "5 past days" in found.how


def test_without_bars_the_spread_of_days_is_assumed_and_said() -> None:
    """5 coins on an ordinary day: 4 do not get through below 0.8 of it, N(ln 0.8 / 0.5) = 0.3277."""
    found = outcome(4.0, two_hours(), valves(hour=0.25), (), named)
    assert found.late == pytest.approx(0.3277, abs=0.015)
    assert f"assumed spread of {capacity.SPREAD}" in found.how
