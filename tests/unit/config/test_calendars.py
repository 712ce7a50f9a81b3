"""Public holidays as dates, from a library that is kept up by others."""

import pytest

from engine.config.calendars import closed_days, known_until


def test_hong_kong_s_are_the_general_holidays_on_which_banks_are_shut() -> None:
    """The Government's list for 2026, and the Sundays which those holidays fell on."""
    assert closed_days(["HK"], "2026-01-01", "2026-12-31") == (
        "2026-01-01", "2026-02-17", "2026-02-18", "2026-02-19", "2026-04-03", "2026-04-04", "2026-04-05", "2026-04-06",
        "2026-04-07", "2026-05-01", "2026-05-24", "2026-05-25", "2026-06-19", "2026-07-01", "2026-09-26", "2026-10-01",
        "2026-10-18", "2026-10-19", "2026-12-25", "2026-12-26",
    )  # fmt: skip


def test_the_mainland_s_contain_the_days_off_that_the_state_council_moved() -> None:
    """20 and 23 February 2026, worked off on two Saturdays; no calendar of feasts would know them."""
    assert {"2026-02-20", "2026-02-23"} <= set(closed_days(["CN"], "2026-02-01", "2026-02-28"))


def test_two_calendars_close_on_the_days_of_either_and_name_each_once() -> None:
    both = closed_days(["CN", "HK"], "2026-04-01", "2026-05-31")
    either = {*closed_days(["CN"], "2026-04-01", "2026-05-31"), *closed_days(["HK"], "2026-04-01", "2026-05-31")}
    assert list(both) == sorted(either)


def test_only_days_between_first_and_last_are_named_both_included() -> None:
    assert closed_days(["HK"], "2026-12-25", "2027-01-01") == ("2026-12-25", "2026-12-26", "2027-01-01")


def test_the_mainland_is_known_to_the_end_of_a_year_that_was_arranged_and_no_further() -> None:
    """What the library says of later years is its guess. The year moves on with the library."""
    known = known_until(["CN", "HK"])
    assert known.endswith("-12-31")
    assert "2026-12-31" <= known < known_until(["HK"])


def test_without_a_calendar_there_is_no_holiday() -> None:
    assert closed_days([], "2026-01-01", "2028-12-31") == ()


def test_a_calendar_of_another_name_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        closed_days(["XX"], "2026-01-01", "2026-12-31")
