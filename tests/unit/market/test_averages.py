"""The average of the N days before a trading day, with every rule that public rules leave open."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.kernel.clock import HOUR, Span
from engine.market.averages import Average, AverageRules, Calendar, DayMissing, DayUsed, Missing, NoAverage
from engine.market.averages import n_day_average as average
from engine.market.daily import Daily, DayValue, Kind
from tests.support.builders import d

UTC = Span(0)
DAY = "2026-05-08"
"""A Friday."""
RULES = AverageRules(
    days=3,
    calendar=Calendar.CALENDAR,
    offset=UTC,
    kind=Kind.CLOSE,
    sources=("osl", "kraken"),
    sources_min=1,
    coverage_min=d("0.9"),
    missing=Missing.REFUSE,
)


def days(source: str, closes: Mapping[int, str], **changes: Any) -> Daily:
    """Whole days of May with these closes, and others in `changes`."""
    made = {f"2026-05-{number:02}": DayValue(d(close), d("10"), 24, 24) for number, close in closes.items()}
    return Daily(source, UTC, Kind.CLOSE, made | changes)


OSL = days("osl", {1: "80", 2: "85", 3: "90", 4: "95", 5: "100", 6: "101", 7: "105", 8: "1000", 9: "2000"})


def found(*values: Daily, day: str = DAY, **changes: Any) -> Average:
    result = average(values, day, replace(RULES, **changes))
    assert isinstance(result, Average), result
    return result


def refused(*values: Daily, day: str = DAY, **changes: Any) -> NoAverage:
    result = average(values, day, replace(RULES, **changes))
    assert isinstance(result, NoAverage), result
    return result


def without(source: Daily, *numbers: int) -> Daily:
    gone = {f"2026-05-{number:02}" for number in numbers}
    return replace(source, days={day: value for day, value in source.days.items() if day not in gone})


def test_it_is_the_mean_of_the_days_before_and_names_them() -> None:
    """The fifth to the seventh; what the eighth itself and the ninth were worth is no part of it."""
    result = found(OSL)
    assert result.value == d("102")
    assert result.days == tuple(
        DayUsed(f"2026-05-{number:02}", d(close), ("osl",)) for number, close in ((7, "105"), (6, "101"), (5, "100"))
    )
    assert (result.missing, len(result.digest)) == ((), 64)


def test_it_is_rounded_up_so_that_no_floor_lies_below_the_true_mean() -> None:
    """301 / 3 is 100.333…"""
    values = days("osl", {5: "100", 6: "100", 7: "101"})
    assert found(values).value == d("100.33333334")
    assert found(values, places=0).value == d("101")
    assert found(days("osl", {5: "100", 6: "100", 7: "100"}), places=0).value == d("100")


def test_a_day_of_several_sources_is_their_median() -> None:
    """Of two, halfway between; of three, the one in the middle; whoever is not named does not count."""
    kraken, third = days("kraken", {5: "102", 6: "103", 7: "107"}), days("third", dict.fromkeys((5, 6, 7), "5000"))
    assert found(OSL, kraken, third).value == d("103")
    three = found(OSL, kraken, third, sources=("osl", "kraken", "third"))
    assert [one.value for one in three.days] == [d("107"), d("103"), d("102")]
    assert three.days[0].sources == ("osl", "kraken", "third")


def test_a_source_that_lacks_bars_lacks_the_day() -> None:
    """21 of 24 bars are 87.5 %; 22 are 91.7 %."""
    thin = days("osl", {5: "100", 6: "101"}, **{"2026-05-07": DayValue(d("105"), d("1"), 21, 24)})
    assert refused(thin).missing == (DayMissing("2026-05-07", "0 of 1 sources; osl: 21 of 24 bars; kraken: no bars"),)
    enough = days("osl", {5: "100", 6: "101"}, **{"2026-05-07": DayValue(d("105"), d("1"), 22, 24)})
    assert found(enough).value == d("102")


def test_a_source_without_a_value_says_why() -> None:
    late = days("osl", {5: "100", 6: "101"}, **{"2026-05-07": DayValue(None, d("1"), 24, 24, "nothing was traded")})
    assert "osl: nothing was traded" in refused(late).missing[0].reason


def test_too_few_sources_are_a_missing_day() -> None:
    kraken = days("kraken", {5: "102", 7: "107"})
    result = refused(OSL, kraken, sources_min=2)
    assert result.reason == "2 of 3 days before 2026-05-08 have a value, of 3 looked at"
    assert result.missing == (DayMissing("2026-05-06", "1 of 2 sources; kraken: no bars"),)


def test_refuse_lists_every_missing_day_at_once() -> None:
    assert [one.day for one in refused(without(OSL, 5, 7)).missing] == ["2026-05-07", "2026-05-05"]


def test_shorten_averages_what_there_is_down_to_its_least() -> None:
    result = found(without(OSL, 6), missing=Missing.SHORTEN, days_min=2)
    assert result.value == d("102.5")
    assert [one.day for one in result.missing] == ["2026-05-06"]
    assert "1 of 2 days" in refused(without(OSL, 6, 7), missing=Missing.SHORTEN, days_min=2).reason


def test_extend_takes_older_days_instead_up_to_its_bound() -> None:
    result = found(without(OSL, 6), missing=Missing.EXTEND, days_back_max=5)
    assert [one.day for one in result.days] == ["2026-05-07", "2026-05-05", "2026-05-04"]
    assert result.value == d("100")
    assert "2 of 3 days" in refused(without(OSL, 6, 5, 4), missing=Missing.EXTEND, days_back_max=5).reason


def test_trading_days_leave_out_weekends_and_holidays() -> None:
    """The fifth is a holiday, the second and third a weekend, the first a Friday."""
    trading: dict[str, Any] = {"calendar": Calendar.TRADING, "weekdays_off": (5, 6), "holidays": ("2026-05-05",)}
    result = found(OSL, days=4, **trading)
    assert [one.day for one in result.days] == ["2026-05-07", "2026-05-06", "2026-05-04", "2026-05-01"]
    assert result.value == d("95.25")


def test_the_digest_hangs_on_the_rules_and_on_what_was_looked_at_and_on_nothing_else() -> None:
    """How a number is written, whose days come first, and days that don't count make no difference."""
    kraken = days("kraken", {5: "102", 6: "103", 7: "107"})
    told = found(OSL, kraken).digest
    again = days("osl", {3: "1", 5: "100.00", 6: "101.0", 7: "105", 8: "7"})
    assert found(kraken, again).digest == told
    assert found(OSL, kraken, coverage_min=d("0.8")).digest != told
    assert found(OSL, days("kraken", {5: "102", 6: "103", 7: "107.01"})).digest != told
    assert found(OSL).digest != told


def test_what_becomes_known_later_changes_nothing() -> None:
    """Truncation: the trading day and all after it may be there or not."""
    assert found(OSL) == found(without(OSL, 8, 9))


def test_days_of_another_zone_or_kind_or_twice_the_same_source_can_not_be_joined() -> None:
    with pytest.raises(ValueError, match="another zone or kind"):
        found(replace(OSL, offset=Span(8 * HOUR)))
    with pytest.raises(ValueError, match="another zone or kind"):
        found(replace(OSL, kind=Kind.VWAP))
    with pytest.raises(ValueError, match="osl stands there twice"):
        found(OSL, OSL)
    with pytest.raises(ValueError, match="Invalid isoformat"):
        found(OSL, day="May 8th")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"days": 0, "places": 13}, "days: 0 is no number of days; places: 13"),
        ({"sources": ()}, "sources_min: 1 of 0 sources"),
        ({"sources": ("osl", "osl")}, "each named once"),
        ({"sources_min": 0}, "sources_min: 0 of 2"),
        ({"sources_min": 3}, "sources_min: 3 of 2"),
        ({"coverage_min": d("0")}, "coverage_min"),
        ({"coverage_min": d("1.1")}, "coverage_min"),
        ({"missing": Missing.SHORTEN}, "days_min: 0 does not lie between 1 and days, 3"),
        ({"missing": Missing.EXTEND, "days_back_max": 2}, "days_back_max: 2 is below days, 3"),
        ({"calendar": Calendar.TRADING, "weekdays_off": tuple(range(7))}, "no day is left"),
    ],
)
def test_rules_that_do_not_add_up_are_refused(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        replace(RULES, **changes)


@given(
    st.lists(st.integers(1, 10**9).map(lambda n: Decimal(n).scaleb(-4)), min_size=1, max_size=30), st.integers(0, 12)
)
def test_the_average_is_never_below_the_mean_and_never_a_step_above(closes: list[Decimal], places: int) -> None:
    values = days("osl", {31 - index: str(close) for index, close in enumerate(closes)})
    value = found(values, day="2026-06-01", days=len(closes), places=places).value
    over = value * len(closes) - sum(closes)
    assert 0 <= over < len(closes) * Decimal(1).scaleb(-places)
