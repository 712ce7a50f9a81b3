"""What one local day may sell: the quota, what the carry rule adds, and days that have none."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.kernel.clock import DAY, HOUR, Instant, Span
from engine.mandate.programme import Carry, Programme
from engine.planning.days import allowed
from tests.support.builders import START, d, hours, programme

FIRST, SECOND, THIRD, FOURTH = (f"2026-05-0{n}" for n in (2, 3, 4, 5))


def quota(carry: Carry, share: str = "0.3", **changes: Any) -> Programme:
    return programme(hours=hours(**changes), quota=d(share), carry=carry)


def day_number(which: Programme, number: int, sold: dict[str, str]) -> Decimal:
    """What may be sold of 10 on this day, the first being 0, at noon; the run began at the first midnight."""
    noon = Instant(START + number * DAY + 12 * HOUR)
    return allowed(which, d("10"), {day: d(units) for day, units in sold.items()}, START, noon)


@pytest.mark.parametrize("carry", list(Carry))
def test_the_first_day_may_sell_its_share(carry: Carry) -> None:
    assert day_number(quota(carry), 0, {}) == 3


@pytest.mark.parametrize("carry", list(Carry))
def test_what_was_sold_today_is_part_of_what_today_may_sell_in_all(carry: Carry) -> None:
    assert day_number(quota(carry), 0, {FIRST: "2"}) == 3


def test_without_a_quota_a_day_may_sell_everything() -> None:
    assert day_number(programme(), 0, {}) == 10


@pytest.mark.parametrize(
    ("carry", "second", "third"),
    [(Carry.NONE, "3", "3"), (Carry.NEXT, "5", "3"), (Carry.ALL, "5", "4")],
)
def test_what_a_day_leaves_lapses_or_comes_on_top(carry: Carry, second: str, third: str) -> None:
    """1 of 3 on the first day; then 4 on the second, which is more than its own share."""
    assert day_number(quota(carry), 1, {FIRST: "1"}) == d(second)
    assert day_number(quota(carry), 2, {FIRST: "1", SECOND: "4"}) == d(third)


@pytest.mark.parametrize(("carry", "third"), [(Carry.NONE, "3"), (Carry.NEXT, "6"), (Carry.ALL, "9")])
def test_what_is_carried_to_the_next_day_lapses_there_and_what_is_carried_for_good_does_not(
    carry: Carry, third: str
) -> None:
    """Two days sold nothing at all."""
    assert day_number(quota(carry), 2, {}) == d(third)


@pytest.mark.parametrize("carry", list(Carry))
def test_a_day_that_sold_more_than_it_might_takes_nothing_from_the_next(carry: Carry) -> None:
    """A deal by voice: 5 where 3 were the quota. The next day has its own."""
    assert day_number(quota(carry), 1, {FIRST: "5"}) == 3


@pytest.mark.parametrize(("carry", "fourth"), [(Carry.NEXT, "5"), (Carry.ALL, "5")])
def test_a_holiday_has_no_quota_to_leave(carry: Carry, fourth: str) -> None:
    """The second and third are holidays; what the first left comes to the fourth, and theirs does not."""
    closed = quota(carry, closed_days=(SECOND, THIRD))
    assert day_number(closed, 3, {FIRST: "1"}) == d(fourth)


def test_a_run_that_begins_after_the_last_window_of_its_day_has_not_had_that_day() -> None:
    evening = Instant(START + 20 * HOUR)
    which = programme(("09:00", "16:00"), quota=d("0.3"), carry=Carry.ALL)
    assert allowed(which, d("10"), {}, evening, Instant(evening + 14 * HOUR)) == 3


def test_a_day_is_a_local_day() -> None:
    """Eight hours ahead of UTC, the second day begins at 16:00."""
    which = quota(Carry.NEXT, offset=Span(8 * HOUR))
    sold = {FIRST: d("1")}
    assert allowed(which, d("10"), sold, START, Instant(START + 16 * HOUR - 1)) == 3
    assert allowed(which, d("10"), sold, START, Instant(START + 16 * HOUR)) == 5


DAYS = st.lists(st.fractions(0, 1), min_size=1, max_size=12)


@given(DAYS)
def test_no_carry_rule_ever_sells_more_than_the_quota_of_the_days_so_far(shares: list[Any]) -> None:
    """Each day sells some part of what it may."""
    for carry in Carry:
        which, sold = quota(carry, "0.1"), dict[str, Decimal]()
        for number, share in enumerate(shares):
            now = Instant(START + number * DAY)
            may = allowed(which, d("10"), sold, START, now)
            sold[f"2026-05-{number + 2:02d}"] = may * share.numerator // share.denominator
            assert sum(sold.values()) <= number + 1
            assert may >= 1


@given(DAYS)
def test_with_no_carry_no_day_sells_more_than_its_quota(shares: list[Any]) -> None:
    which = quota(Carry.NONE)
    assert {day_number(which, n, {FIRST: str(float(s))}) for n, s in enumerate(shares)} == {d("3.0")}
