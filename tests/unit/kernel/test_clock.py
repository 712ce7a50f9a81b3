"""Lengths of time and instants as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.kernel.clock import DAY, HOUR, MILLISECOND, MINUTE, SECOND, iso, parse_instant, parse_span, show_span
from engine.kernel.clock import of_millis as instant_of_millis


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("30m", 30 * MINUTE),
        ("1h30m", HOUR + 30 * MINUTE),
        ("250ms", 250 * MILLISECOND),
        ("3d", 3 * DAY),
        ("90s", 90 * SECOND),
        ("0s", 0),
    ],
)
def test_a_length_of_time_reads_as_it_is_said(text: str, span: int) -> None:
    assert parse_span(text) == span


@pytest.mark.parametrize("text", ["", "30", "m", "30 m", "1.5h", "-30m", "30m!", "30min", "m30"])
def test_what_is_no_length_of_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a length of time"):
        parse_span(text)


@given(st.integers(0, 10**12))
def test_a_span_is_shown_as_it_is_read(millis: int) -> None:
    assert parse_span(show_span(millis * MILLISECOND)) == millis * MILLISECOND


@pytest.mark.parametrize("text", ["2026-05-02T00:00:00", "2026-05-02", "2026-05-02 10:00"])
def test_a_time_without_a_zone_is_no_instant(text: str) -> None:
    with pytest.raises(ValueError, match="needs its zone"):
        parse_instant(text)


@pytest.mark.parametrize("text", ["9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+12:00"])
def test_an_instant_off_the_calendar_of_utc_is_none(text: str) -> None:
    """Nobody could write it down afterwards."""
    with pytest.raises(ValueError, match="no instant that can be written"):
        parse_instant(text)


def test_zones_are_honoured() -> None:
    """Eight in the morning of Hong Kong is midnight UTC."""
    assert parse_instant("2026-05-02T08:00:00+08:00") == parse_instant("2026-05-02T00:00:00Z")


@given(st.integers(0, 4 * 10**15))
def test_an_instant_is_shown_to_the_microsecond_and_read_back(micros: int) -> None:
    assert parse_instant(iso(micros * 1000)) == micros * 1000


def test_milliseconds_of_a_venue_are_instants() -> None:
    assert iso(instant_of_millis(1_777_680_000_001)) == "2026-05-02T00:00:00.001000Z"
    assert iso(instant_of_millis(1000)) == "1970-01-01T00:00:01.000000Z"
