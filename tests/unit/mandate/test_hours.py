"""When may be sold: Hong Kong hours with a lunch pause, holidays, blackouts, and arithmetic in open time."""

from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from engine.kernel.clock import DAY, HOUR, MINUTE, Instant, Span, parse_instant
from engine.mandate.hours import (
    Blackout,
    Hours,
    Window,
    after,
    closed,
    day,
    day_ends,
    elapsed,
    opening,
    pauses,
    turning,
)

WEEKDAYS = (0, 1, 2, 3, 4)
EVERY_DAY = (*WEEKDAYS, 5, 6)


def window(opens: str, closes: str, days: tuple[int, ...] = WEEKDAYS) -> Window:
    return Window(days=days, opens=clock(opens), closes=clock(closes))


def clock(text: str) -> Span:
    hours, minutes = map(int, text.split(":"))
    return Span(hours * HOUR + minutes * MINUTE)


def hk(text: str) -> Instant:
    """`2026-11-23 09:30` in Hong Kong."""
    return parse_instant(f"{text.replace(' ', 'T')}+08:00")


def blackout(begins: str, ends: str) -> Blackout:
    return Blackout(begins=hk(begins), ends=hk(ends), reason="announcement")


def hours(*windows: Window, closed_days: tuple[str, ...] = (), blackouts: tuple[Blackout, ...] = ()) -> Hours:
    return Hours(
        offset=Span(8 * HOUR),
        windows=windows or (window("09:30", "12:00"), window("13:00", "16:00")),
        closed_days=closed_days,
        blackouts=blackouts,
        covers_until="2027-12-31",
    )


DESK = hours(closed_days=("2026-12-25",), blackouts=(blackout("2026-12-01 10:00", "2026-12-01 11:00"),))
"""Monday to Friday, 09:30 to 12:00 and 13:00 to 16:00; Christmas; an hour without selling on the first of December."""


@pytest.mark.parametrize(
    ("when", "why"),
    [
        ("2026-11-23 09:29", "outside trading hours until 2026-11-23T01:30:00Z"),
        ("2026-11-23 09:30", ""),
        ("2026-11-23 11:59", ""),
        ("2026-11-23 12:00", "outside trading hours until 2026-11-23T05:00:00Z"),
        ("2026-11-23 13:00", ""),
        ("2026-11-23 16:00", "outside trading hours until 2026-11-24T01:30:00Z"),
        ("2026-11-27 16:00", "outside trading hours until 2026-11-30T01:30:00Z"),
        ("2026-12-01 10:00", "blackout: announcement until 2026-12-01T03:00:00Z"),
        ("2026-12-01 11:00", ""),
        ("2026-12-25 10:00", "holiday: 2026-12-25; closed until 2026-12-28T01:30:00Z"),
        ("2028-01-03 10:00", "holidays after 2027-12-31 are not known: closed for good"),
    ],
)
def test_why_nothing_is_sold_is_said_together_with_when_it_goes_on(when: str, why: str) -> None:
    assert closed(DESK, hk(when)) == why


def test_the_nanosecond_before_the_closing_is_open_and_the_one_before_the_opening_is_not() -> None:
    assert closed(DESK, Instant(hk("2026-11-23 12:00") - 1)) == ""
    assert closed(DESK, Instant(hk("2026-11-23 13:00") - 1)) != ""


@pytest.mark.parametrize(
    ("when", "next_one"),
    [
        ("2026-11-23 09:29", "2026-11-23 09:30"),
        ("2026-11-23 09:30", "2026-11-23 12:00"),
        ("2026-11-23 12:00", "2026-11-23 13:00"),
        ("2026-11-27 16:00", "2026-11-30 09:30"),
        ("2026-12-01 09:45", "2026-12-01 10:00"),
        ("2026-12-24 15:00", "2026-12-24 16:00"),
        ("2026-12-24 16:00", "2026-12-28 09:30"),
        ("2028-02-28 09:00", None),
    ],
)
def test_the_next_turn_is_strictly_later(when: str, next_one: str | None) -> None:
    assert turning(DESK, hk(when)) == (hk(next_one) if next_one else None)


def test_windows_that_meet_at_midnight_are_one() -> None:
    """Monday from 20:00 through the night to Tuesday, 04:00."""
    night = hours(window("20:00", "24:00", (0,)), window("00:00", "04:00", (1,)))
    assert turning(night, hk("2026-11-23 21:00")) == hk("2026-11-24 04:00")
    assert elapsed(night, hk("2026-11-23 00:00"), hk("2026-11-25 00:00")) == 8 * HOUR


def test_what_is_always_open_turns_where_holidays_are_no_longer_known() -> None:
    assert turning(hours(window("00:00", "24:00", EVERY_DAY)), hk("2026-01-01 00:00")) == hk("2028-01-01 00:00")


def test_what_never_opens_is_closed_for_good_and_says_so() -> None:
    never = hours(window("09:30", "09:30"))
    assert turning(never, hk("2026-11-23 00:00")) is None
    assert closed(never, hk("2026-11-23 00:00")) == "outside trading hours for good"
    assert after(never, hk("2026-11-23 00:00"), Span(1)) is None
    assert opening(never, hk("2026-11-23 00:00")) is None


def test_a_week_has_twenty_seven_and_a_half_hours() -> None:
    assert elapsed(DESK, hk("2026-11-23 00:00"), hk("2026-11-30 00:00")) == 5 * Span(5 * HOUR + 30 * MINUTE)


def test_a_year_is_exact_with_its_holiday_and_its_blackout() -> None:
    """261 weekdays lie in 2026; one is Christmas, and one lacks an hour."""
    year = elapsed(DESK, hk("2026-01-01 00:00"), hk("2027-01-01 00:00"))
    assert year == 260 * Span(5 * HOUR + 30 * MINUTE) - HOUR


def test_the_29th_of_february_is_a_day_like_others() -> None:
    leap = Hours(
        offset=Span(0), windows=(window("10:00", "11:00", EVERY_DAY),), closed_days=(), covers_until="2030-12-31"
    )
    assert elapsed(leap, parse_instant("2028-02-28T00:00:00Z"), parse_instant("2028-03-02T00:00:00Z")) == 3 * HOUR
    assert day(leap, parse_instant("2028-02-29T10:30:00Z")) == "2028-02-29"


def test_open_time_is_counted_on_past_lunch_and_past_the_night() -> None:
    start = hk("2026-11-23 11:00")
    assert after(DESK, start, Span(30 * MINUTE)) == hk("2026-11-23 11:30")
    assert after(DESK, start, Span(90 * MINUTE)) == hk("2026-11-23 13:30")
    assert after(DESK, start, Span(5 * HOUR)) == hk("2026-11-24 10:30")


def test_what_is_full_at_a_closing_is_full_then_and_not_at_the_opening_after_it() -> None:
    assert after(DESK, hk("2026-11-23 11:00"), Span(HOUR)) == hk("2026-11-23 12:00")
    assert opening(DESK, hk("2026-11-23 12:00")) == hk("2026-11-23 13:00")


def test_a_local_day_begins_at_local_midnight() -> None:
    assert day(DESK, parse_instant("2026-11-22T16:00:00Z")) == "2026-11-23"
    assert day_ends(DESK, parse_instant("2026-11-22T16:00:00Z")) == parse_instant("2026-11-23T16:00:00Z")
    assert day_ends(DESK, parse_instant("2026-11-22T15:59:59Z")) == parse_instant("2026-11-22T16:00:00Z")


FIRST, DAYS = hk("2026-12-21 00:00"), 21
MINUTES = st.integers(0, DAYS * 24 * 60).map(lambda minute: Instant(FIRST + minute * MINUTE))
INSTANTS = st.integers(FIRST, FIRST + DAYS * DAY).map(Instant)
SPANS = st.integers(0, 40 * HOUR).map(Span)


@st.composite
def some_hours(draw: st.DrawFn) -> Hours:
    """Whole minutes; windows may overlap, meet or be empty; what is covered ends within the three weeks or after."""
    bound = st.integers(0, 24 * 60)
    windows = []
    for _ in range(draw(st.integers(0, 3))):
        opens, closes = sorted((draw(bound), draw(bound)))
        days = tuple(sorted(draw(st.sets(st.integers(0, 6)))))
        windows.append(Window(days=days, opens=Span(opens * MINUTE), closes=Span(closes * MINUTE)))
    blackouts = []
    for begins, ends in draw(st.lists(st.tuples(MINUTES, MINUTES), max_size=3)):
        blackouts.append(Blackout(begins=min(begins, ends), ends=max(begins, ends), reason="drawn"))
    return Hours(
        offset=Span(draw(st.integers(-12 * 60, 14 * 60)) * MINUTE),
        windows=tuple(windows),
        closed_days=tuple(sorted(draw(st.sets(st.sampled_from([f"2026-12-{n}" for n in range(21, 32)]))))),
        blackouts=tuple(blackouts),
        covers_until=draw(st.sampled_from(["2026-12-28", "2027-01-05", "2027-02-28"])),
    )


def open_by_hand(each: Hours, at: Instant) -> bool:
    """Read off the definition, one question after the other."""
    name = day(each, at)
    since_midnight = (at + each.offset) % DAY
    weekday = ((at + each.offset) // DAY + 3) % 7
    return (
        name <= each.covers_until
        and name not in each.closed_days
        and not any(b.begins <= at < b.ends for b in each.blackouts)
        and any(weekday in w.days and w.opens <= since_midnight < w.closes for w in each.windows)
    )


@given(some_hours(), MINUTES, st.integers(0, 3 * 24 * 60))
def test_open_time_is_what_a_count_of_minutes_gives(each: Hours, start: Instant, length: int) -> None:
    minutes = [Instant(start + n * MINUTE) for n in range(length)]
    assert elapsed(each, start, Instant(start + length * MINUTE)) == MINUTE * sum(
        open_by_hand(each, m) for m in minutes
    )


@given(some_hours(), MINUTES)
def test_open_and_closed_are_what_the_definition_says_until_the_next_turn(each: Hours, at: Instant) -> None:
    """Nothing changes before it, and something at it; where none comes, nothing changes for a month."""
    turn = turning(each, at)
    last = turn if turn is not None else Instant(at + 31 * DAY)
    now = open_by_hand(each, at)
    assert (closed(each, at) == "") is now
    assert turn is None or (closed(each, turn) == "") is not now
    assert all(open_by_hand(each, Instant(m)) is now for m in range(at, last, 7 * MINUTE))


@given(some_hours(), INSTANTS, SPANS)
def test_after_is_the_inverse_of_elapsed(each: Hours, start: Instant, span: Span) -> None:
    there = after(each, start, span)
    assume(there is not None)
    assert elapsed(each, start, there) == span
    assert span == 0 or elapsed(each, start, Instant(there - 1)) == span - 1


@given(some_hours(), INSTANTS, INSTANTS)
def test_open_time_that_has_passed_is_reached_again_no_later(each: Hours, one: Instant, other: Instant) -> None:
    start, at = sorted((one, other))
    there = after(each, start, elapsed(each, start, at))
    assert there is not None
    assert start <= there <= at


@given(some_hours(), st.lists(INSTANTS, min_size=3, max_size=6))
def test_open_time_adds_up_and_never_runs_backwards(each: Hours, instants: list[Instant]) -> None:
    instants.sort()
    spans = [elapsed(each, a, b) for a, b in pairwise(instants)]
    assert all(0 <= span <= b - a for span, (a, b) in zip(spans, pairwise(instants), strict=True))
    assert sum(spans) == elapsed(each, instants[0], instants[-1])


@given(some_hours(), INSTANTS)
def test_an_opening_is_open_and_nothing_was_open_before_it(each: Hours, at: Instant) -> None:
    opens = opening(each, at)
    assume(opens is not None)
    assert closed(each, opens) == ""
    assert elapsed(each, at, opens) == 0


@given(some_hours(), INSTANTS, INSTANTS)
def test_pauses_are_all_that_is_not_open_time(each: Hours, one: Instant, other: Instant) -> None:
    begins, ends = sorted((one, other))
    stretches = pauses(each, begins, ends)
    assert sum(b - a for a, b in stretches) == ends - begins - elapsed(each, begins, ends)
    assert all(a < b and elapsed(each, a, b) == 0 for a, b in stretches)
    assert all(b < c for (_, b), (c, _) in pairwise(stretches))
