"""Recorded bars, as days and as the average of the days before a sale."""

import os
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest

from backtests.data.bars import load
from engine.kernel.clock import HOUR, Span
from engine.market.averages import Average, AverageRules, Calendar, Missing, NoAverage, n_day_average
from engine.market.daily import Daily, Kind, daily

SHARED: Final = Path(os.environ.get("STEELYARD_DATA") or Path(__file__).parents[4] / "shared" / "data") / "ohlcv"
pytestmark = pytest.mark.skipif(
    not SHARED.is_dir(), reason="real bars for development are not here (name their folder in STEELYARD_DATA)"
)
UTC: Final = Span(0)
HONG_KONG: Final = Span(8 * HOUR)
D = Decimal


def days(file: str, offset: Span, kind: Kind) -> Daily:
    bars = load(SHARED / file)
    return daily(file, bars.rows, bars.span, offset, kind)


@pytest.fixture(scope="module")
def half_hours() -> Any:
    return load(SHARED / "binance_spot_BTCUSDT_30m_2024.parquet")


def rules(*sources: str, **changes: Any) -> AverageRules:
    standard: dict[str, Any] = {
        "days": 20,
        "calendar": Calendar.CALENDAR,
        "offset": UTC,
        "kind": Kind.CLOSE,
        "sources": sources,
        "sources_min": len(sources),
        "coverage_min": D(1),
        "missing": Missing.REFUSE,
        "places": 2,
    }
    return AverageRules(**(standard | changes))


def test_five_and_thirty_minutes_of_one_market_have_the_same_days() -> None:
    """Closes of a day in Hong Kong, by two files of different origin: the German sale's first day, 19 June 2024."""
    five = days("binance_spot_BTCUSDT_5m_2024-01-01_2024-09-24.parquet", HONG_KONG, Kind.CLOSE)
    thirty = days("binance_spot_BTCUSDT_30m_2024.parquet", HONG_KONG, Kind.CLOSE)
    both = rules(five.source, thirty.source, offset=HONG_KONG)
    found = n_day_average([five, thirty], "2024-06-19", both)
    assert isinstance(found, Average)
    assert (found.days[0].day, found.days[-1].day, len(found.days)) == ("2024-06-18", "2024-05-30", 20)
    assert {one.day: one.value for one in found.days} == {one.day: five.days[one.day].value for one in found.days}
    alone = n_day_average([thirty], "2024-06-19", rules(thirty.source, offset=HONG_KONG))
    assert isinstance(alone, Average)
    assert alone.value == found.value


def test_a_zone_and_a_kind_make_a_difference_that_a_floor_would_feel(half_hours: Any) -> None:
    """The same twenty days of one market: none of the four averages equals another, so each rule has to be written."""
    values = set()
    for offset in (UTC, HONG_KONG):
        for kind in (Kind.CLOSE, Kind.VWAP):
            made = daily("b", half_hours.rows, half_hours.span, offset, kind)
            found = n_day_average([made], "2024-06-19", rules("b", offset=offset, kind=kind))
            assert isinstance(found, Average)
            values.add(found.value)
    assert len(values) == 4
    assert max(values) / min(values) < D("1.01")


def test_a_day_s_vwap_lies_within_its_prices(half_hours: Any) -> None:
    made = daily("b", half_hours.rows, half_hours.span, UTC, Kind.VWAP)
    assert len(made.days) == 366
    bars = [half_hours.rows[first : first + 48] for first in range(0, len(half_hours.rows), 48)]
    for rows, found in zip(bars, made.days.values(), strict=True):
        assert found.value is not None
        assert min(bar.low for bar in rows) < found.value < max(bar.high for bar in rows)


def test_the_day_on_which_the_exchange_stood_still_is_missing() -> None:
    """24 March 2023: 23 of 24 hours. With all bars asked for there is no average; with nine in ten there is."""
    made = days("binance_spot_BTCUSDT_1h_2022-2024.parquet", UTC, Kind.CLOSE)
    strict = n_day_average([made], "2023-03-31", rules(made.source))
    assert isinstance(strict, NoAverage)
    assert [one.day for one in strict.missing] == ["2023-03-24"]
    assert strict.missing[0].reason.endswith("23 of 24 bars")
    assert isinstance(n_day_average([made], "2023-03-31", rules(made.source, coverage_min=D("0.9"))), Average)
