"""Costs and deviations by hand, and against Almgren and Chriss where both say the same thing."""

import pytest

from engine.forecast.cost import Cost, best_rate, deviation_bp, impact_bp
from engine.forecast.course import Bin, Course, even
from engine.science.almgren_chriss import Sale, ac_plan
from engine.science.calibration import Market
from tests.support.courses import day_in

MARKET = Market(price=1.0, sigma_daily=0.02, volume_daily=1000.0, prefactor=1.0, exponent=0.5, spread_bp=4.0)


def test_an_even_share_of_the_volume_costs_the_average_of_the_law() -> None:
    """40 of 1000: the root of 0.04 is 0.2, the peak 0.02 x 0.2 = 40 bp, the average two thirds of it."""
    assert impact_bp(even(day_in(4)), day_in(4), MARKET, 40.0) == pytest.approx(26.6667, abs=1e-4)


def test_who_sells_all_in_a_quarter_of_the_volume_pays_twice() -> None:
    """Its share of that quarter is four times the even one, and the root of four is two."""
    assert impact_bp(Course((1.0, 0.0, 0.0, 0.0)), day_in(4), MARKET, 40.0) == pytest.approx(53.3333, abs=1e-4)


def test_of_lasting_impact_half_is_paid_by_everybody() -> None:
    """A tenth of the price a day's volume: 40 of 1000 move it by 40 bp, and pay 20."""
    lasting = Market(**{name: getattr(MARKET, name) for name in MARKET.__struct_fields__} | {"permanent": 0.1})
    assert impact_bp(even(day_in(4)), day_in(4), lasting, 40.0) == pytest.approx(46.6667, abs=1e-4)


def test_nothing_is_sold_where_nothing_is_traded() -> None:
    with pytest.raises(ValueError, match="no volume"):
        impact_bp(even(day_in(2)), day_in(2, 1.0, 0.0), MARKET, 40.0)


def test_the_deviation_is_that_of_what_is_held() -> None:
    """3/4, 1/2, 1/4 and nothing over a quarter of a day each: 200 bp times the root of 0.21875."""
    assert deviation_bp(even(day_in(4)), day_in(4), 0.02) == pytest.approx(93.5414, abs=1e-4)


def test_almgren_and_chriss_have_the_same_deviation_for_the_same_course() -> None:
    plan = ac_plan(Sale(quantity=40.0, horizon=1.0, slices=8, sigma=0.02, eta=0.01), 0.3)
    course = Course(tuple(n / 40.0 for n in plan.trades))
    assert deviation_bp(course, day_in(8), 0.02) == pytest.approx(plan.deviation / 40.0 * 10_000, rel=1e-9)


def test_a_night_with_coin_in_hand_is_a_risk() -> None:
    """Half is held over a gap of three quarters of a day."""
    first, second = day_in(2)
    late = Bin(first.begins, first.ends, first.open, 1.25, first.volume)
    assert deviation_bp(even([late, second]), [late, second], 0.02) == pytest.approx(200 * (0.25 * 1.25) ** 0.5)


def test_a_cost_without_one_of_its_parts_is_not_told() -> None:
    known = Cost(spread_bp=1.0, fees_bp=5.0, impact_bp=10.0, deviation_bp=100.0)
    assert (known.total_bp, known.worst_bp) == (16.0, pytest.approx(180.5))
    assert Cost(spread_bp=1.0, fees_bp=5.0, impact_bp=None, deviation_bp=100.0).total_bp is None
    assert Cost(spread_bp=1.0, fees_bp=5.0, impact_bp=1.0, deviation_bp=None).worst_bp is None


def test_the_best_share_by_hand() -> None:
    """100 of 1000 a day: eta is 0.02 sqrt(0.1) / 1.5 over sqrt(0.1), gamma is 1, and the share (0.1)^(2/3)."""
    found = best_rate(MARKET, 100.0, 1000.0, 1.0, 0.5)
    assert found.rate == pytest.approx(0.1 ** (2 / 3), rel=1e-9)
    assert found.duration == pytest.approx(100 / (found.rate * 1000))
