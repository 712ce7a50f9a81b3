"""Courses over one grid: who sells how much when, and where nights lie."""

import pytest

from engine.forecast.course import Bin, by_holdings, by_rate, by_targets, by_volume, even, grid
from engine.forecast.market import EVEN
from engine.kernel.clock import DAY, HOUR, Instant, Span
from tests.support.builders import START, at, d, hours


def bins(*volumes: float) -> list[Bin]:
    """Of an hour each."""
    return [
        Bin(Instant(START + i * HOUR), Instant(START + (i + 1) * HOUR), 1 / 24, 1 / 24, v)
        for i, v in enumerate(volumes)
    ]


def test_without_hours_bins_are_equal_parts_of_the_window() -> None:
    found = grid(START, Span(4 * HOUR), None, 4, EVEN, 240.0)
    assert [each.begins for each in found] == [START + i * HOUR for i in range(4)]
    assert [each.volume for each in found] == pytest.approx([10.0] * 4)
    assert {each.open for each in found} == {1 / 24}


def test_a_night_belongs_to_the_bin_before_it_and_sells_nothing() -> None:
    """Open from 09:00 to 12:00; four bins of an hour and a half from 09:00 on reach into the next day."""
    open_hours = hours(("09:00", "12:00"))
    found = grid(at("09:00"), Span(6 * HOUR), open_hours, 4, EVEN, 240.0)
    assert [each.begins for each in found] == [
        at("09:00"),
        at("10:30"),
        Instant(at("09:00") + DAY),
        Instant(at("10:30") + DAY),
    ]
    assert [round(each.until_next * 24, 6) for each in found] == [1.5, 22.5, 1.5, 1.5]
    assert [each.open * 24 for each in found] == [1.5] * 4
    assert [each.volume for each in found] == pytest.approx([15.0] * 4)


def test_a_bin_over_lunch_counts_what_is_open_alone() -> None:
    found = grid(at("09:00"), Span(4 * HOUR), hours(("09:00", "11:00"), ("12:00", "14:00")), 1, EVEN, 240.0)
    assert (found[0].open * 24, found[0].volume) == (pytest.approx(4.0), pytest.approx(40.0))


def test_a_grid_ends_where_hours_are_no_longer_known() -> None:
    short = hours(("09:00", "10:00"), covers_until="2026-05-02")
    assert len(grid(at("09:00"), Span(4 * HOUR), short, 4, EVEN, None)) == 1


def test_each_way_has_its_own_shares() -> None:
    assert even(bins(1, 2, 5)).shares == pytest.approx((1 / 3, 1 / 3, 1 / 3))
    assert by_volume(bins(1, 2, 5)).shares == pytest.approx((1 / 8, 2 / 8, 5 / 8))
    assert by_holdings([8.0, 2.0, 0.0]).shares == (0.75, 0.25)


def test_a_rate_stops_when_all_is_sold_or_leaves_a_rest() -> None:
    """A fifth of all volume is a quarter of others': 2.5 coins for every 10."""
    early, late = by_rate(bins(10, 10, 10), 4.0, 0.2), by_rate(bins(10, 10, 10), 10.0, 0.2)
    assert early.shares == pytest.approx((0.625, 0.375, 0.0))
    assert (early.unsold, early.last) == (0.0, 1)
    assert late.unsold == pytest.approx(0.25)


def test_a_schedule_is_read_at_the_end_of_each_bin() -> None:
    """The slice of the second hour begins late in it and wants 7 of 10 gone; the last one sells the rest."""
    targets = [(START, d("3")), (Instant(START + HOUR + HOUR // 2), d("7")), (Instant(START + 2 * HOUR), d("10"))]
    assert by_targets(bins(1, 1, 1), targets, d("10")).shares == pytest.approx((0.3, 0.4, 0.3))


def test_no_volume_is_no_course() -> None:
    with pytest.raises(ValueError, match="no volume"):
        by_volume(bins(0, 0))
