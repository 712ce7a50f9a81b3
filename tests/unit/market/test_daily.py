"""Bars become days in one zone; a day that can't have a value says why."""

from decimal import Decimal

import pytest

from engine.kernel.clock import HOUR, MINUTE, Instant, Span, parse_instant
from engine.market.bars import Bar
from engine.market.daily import DayValue, Kind, daily
from tests.support.builders import d

SIX = Span(6 * HOUR)
HONG_KONG = Span(8 * HOUR)
UTC = Span(0)


def bar(when: str, close: str, volume: str = "2", paid: str | None = None, **prices: str) -> Bar:
    high, low = prices.get("high", close), prices.get("low", close)
    quote = None if paid is None else d(paid)
    return Bar(parse_instant(when), d(close), d(high), d(low), d(close), d(volume), quote)


def day_of(*closes: str, first: str = "2026-05-01T00:00:00Z") -> list[Bar]:
    """Bars of six hours, one after the other."""
    start = parse_instant(first)
    return [
        Bar(Instant(start + index * SIX), d(close), d(close), d(close), d(close), d("2"))
        for index, close in enumerate(closes)
    ]


def test_a_close_is_that_of_the_last_bar_of_the_day() -> None:
    found = daily("osl", day_of("1", "2", "3", "4", "5"), SIX, UTC, Kind.CLOSE)
    assert (found.source, found.offset, found.kind) == ("osl", UTC, Kind.CLOSE)
    assert found.days["2026-05-01"] == DayValue(d("4"), d("8"), 4, 4)
    assert found.days["2026-05-02"].value is None
    assert found.days["2026-05-02"].lack == "its last bar is missing, so its close is not known"


def test_a_day_in_hong_kong_ends_at_four_in_the_afternoon_utc() -> None:
    """Bars of four hours, since one of six would reach over midnight there."""
    rows = [bar(f"2026-05-01T{hour:02}:00:00Z", str(hour + 1)) for hour in range(0, 24, 4)]
    days = daily("osl", rows, Span(4 * HOUR), HONG_KONG, Kind.CLOSE).days
    assert days["2026-05-01"] == DayValue(d("13"), d("8"), 4, 6)
    assert days["2026-05-02"].lack.startswith("its last bar is missing")


def test_a_vwap_is_what_was_paid_by_what_was_traded() -> None:
    """3 at 100 and 1 at 104, and a bar in which nothing happened and which says nothing of it."""
    rows = [
        bar("2026-05-01T00:00:00Z", "100", "3", "300"),
        bar("2026-05-01T06:00:00Z", "104", "1", "104"),
        bar("2026-05-01T12:00:00Z", "104", "0"),
    ]
    assert daily("x", rows, SIX, UTC, Kind.VWAP).days["2026-05-01"] == DayValue(d("101"), d("4"), 3, 4)


@pytest.mark.parametrize(
    ("rows", "lack"),
    [
        ([bar("2026-05-01T00:00:00Z", "100")], "a bar does not say what was paid for its volume"),
        ([bar("2026-05-01T00:00:00Z", "100", "0", "0")], "nothing was traded"),
    ],
)
def test_a_vwap_that_can_not_be_known_is_not_guessed(rows: list[Bar], lack: str) -> None:
    day = daily("x", rows, SIX, UTC, Kind.VWAP).days["2026-05-01"]
    assert (day.value, day.lack) == (None, lack)


def test_a_typical_price_is_the_mean_of_all_bars_rounded_half_even_to_twelve_places() -> None:
    """(110 + 90 + 100 + 100 + 100 + 101) / 6."""
    rows = [
        bar("2026-05-01T00:00:00Z", "100", high="110", low="90"),
        bar("2026-05-01T06:00:00Z", "101", high="100", low="100"),
    ]
    assert daily("x", rows, SIX, UTC, Kind.TYPICAL).days["2026-05-01"].value == d("100.166666666667")


@pytest.mark.parametrize(
    ("rows", "span", "offset", "told"),
    [
        (day_of("1"), Span(7 * HOUR), UTC, "do not divide a day"),
        (day_of("1"), Span(0), UTC, "do not divide a day"),
        (day_of("1"), SIX, HONG_KONG, "not cut at the midnight of UTC[+]8h"),
        (day_of("1"), HOUR, Span(-30 * MINUTE), "not cut at the midnight of UTC-30m"),
        (day_of("1", "2")[::-1], SIX, UTC, "does not come after"),
        (day_of("1") * 2, SIX, UTC, "does not come after"),
    ],
)
def test_bars_of_which_no_day_can_be_told_are_refused(rows: list[Bar], span: Span, offset: Span, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        daily("x", rows, span, offset, Kind.CLOSE)


def test_no_bars_make_no_days() -> None:
    assert daily("x", [], SIX, UTC, Kind.CLOSE).days == {}


def test_values_are_decimals_throughout() -> None:
    assert type(daily("x", day_of(*"1234"), SIX, UTC, Kind.CLOSE).days["2026-05-01"].value) is Decimal
