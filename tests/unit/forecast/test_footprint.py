"""Whose volume our orders meet: limits of shares, and the division among venues."""

from math import inf

import pytest

from engine.forecast.footprint import Bounds, bounds, odds, split
from engine.kernel.ids import VenueName
from engine.market.footprint import FootprintRule, Shares
from engine.science.calibration import Market
from tests.support.builders import VENUE, d

OSL = VenueName("osl")
MARKET = Market(price=1.0, sigma_daily=0.02, volume_daily=1000.0, prefactor=1.0, exponent=0.5, spread_bp=4.0)
RULE = FootprintRule(market=Shares(hour=d("0.1"), day=d("0.05")), venue=Shares(hour=d("0.2")))
EVEN = {VENUE: 500.0, OSL: 500.0}
FREE = {VENUE: 0.0, OSL: 0.0}


def test_limits_of_a_day_bind_a_short_sale_from_its_start() -> None:
    """Nothing counts that was traded before it."""
    assert bounds(0.08, RULE, by_day=False) == Bounds(run=0.05, market=0.1, venue=0.2)
    assert bounds(0.08, RULE, by_day=True) == Bounds(run=0.08, market=0.05, venue=inf)
    assert bounds(None, None, by_day=False) == Bounds(run=inf, market=inf, venue=inf)


def test_a_share_of_all_is_more_of_the_others() -> None:
    assert odds(0.2) == pytest.approx(0.25)
    assert odds(1.0) == inf


def test_like_venues_get_like_parts_and_a_dearer_one_less() -> None:
    assert split(100.0, EVEN, FREE, MARKET, {VENUE: inf, OSL: inf}) == pytest.approx({VENUE: 50.0, OSL: 50.0})
    dear = split(100.0, EVEN, {VENUE: 5.0, OSL: 0.0}, MARKET, {VENUE: inf, OSL: inf})
    assert 0 < dear[VENUE] < dear[OSL]


def test_a_venue_gets_no_more_than_our_share_of_it_allows() -> None:
    capped = split(100.0, EVEN, {VENUE: 50.0, OSL: 0.0}, MARKET, {VENUE: 80.0, OSL: 60.0})
    assert capped == pytest.approx({VENUE: 40.0, OSL: 60.0})


def test_where_limits_leave_no_room_for_all_of_it_they_divide_nothing() -> None:
    """That less will be sold is told by the deadline."""
    assert split(100.0, EVEN, FREE, MARKET, {VENUE: 10.0, OSL: 10.0}) == pytest.approx({VENUE: 50.0, OSL: 50.0})


def test_without_a_law_parts_go_by_volume() -> None:
    assert split(100.0, {VENUE: 1.0, OSL: 3.0}, FREE, None, FREE) == {VENUE: 1.0, OSL: 3.0}
