"""Looks at what others trade: by another clock, counted in part, and with the stretches that nobody saw."""

from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from engine.kernel.clock import MINUTE, SECOND, Instant
from engine.market.traded import Gap, Traded
from tests.support.builders import START, d


def at(minute: int) -> Instant:
    return Instant(START + minute * MINUTE)


def steady(minutes: int, each: str = "6") -> Traded:
    """A look at every minute, `each` traded between two."""
    return Traded([at(i) for i in range(minutes + 1)], [i * d(each) for i in range(minutes + 1)])


def grown(traded: Traded) -> list[Decimal]:
    return [after - before for before, after in pairwise(traded.volume)]


def test_what_was_traded_between_two_instants_counts_in_part_and_before_and_after_whole() -> None:
    """A third, of six a minute."""
    weighed = steady(6).weighed(at(2), at(4), 1, 3)
    assert grown(weighed) == [6, 6, 2, 2, 6, 6]
    assert (weighed.total, weighed.by(at(3)), list(weighed.at)) == (28, 14, [at(i) for i in range(7)])


def test_or_a_multiple_of_it_counts() -> None:
    assert grown(steady(4).weighed(at(1), at(3), 2, 1)) == [6, 12, 12, 6]


def test_what_came_between_two_looks_came_evenly() -> None:
    """Half counts from 20 s after a look until 20 s before another: 2 + 2, then 6 / 2, then 2 + 2."""
    weighed = steady(3).weighed(Instant(at(0) + 20 * SECOND), Instant(at(3) - 20 * SECOND), 1, 2)
    assert grown(weighed) == [4, 3, 4]
    assert grown(steady(1).weighed(Instant(at(0) + 20 * SECOND), Instant(at(1) - 20 * SECOND), 1, 2)) == [5]


def test_a_stretch_that_no_look_has_reached_changes_nothing() -> None:
    seen = steady(3)
    assert seen.weighed(Instant(at(3) + 1), at(9), 1, 2) is seen
    assert grown(seen.weighed(at(3), at(9), 1, 2)) == [6, 6, 6]


def test_parts_are_rounded_down_and_never_gather_digits() -> None:
    seen = steady(4, "1")
    for _ in range(8):
        seen = seen.weighed(at(1), at(3), 1, 3)
    assert seen.volume[2] == d("1.000152415790")
    assert seen.total == d("2.000304831580")


LOOKS = st.lists(st.tuples(st.integers(0, 600), st.integers(0, 10**6)), min_size=1, max_size=40)
EDGES = st.tuples(st.integers(0, 600), st.integers(0, 600)).filter(lambda pair: pair[0] < pair[1])


def looks(found: Sequence[tuple[int, int]]) -> Traded:
    when = sorted({second for second, _ in found})
    total, totals = d("0"), []
    for _, (_, grew) in zip(when, found, strict=False):
        total += Decimal(grew).scaleb(-3)
        totals.append(total)
    return Traded([Instant(START + second * SECOND) for second in when], totals)


@given(LOOKS, EDGES, st.integers(1, 50), st.integers(1, 50))
def test_totals_never_fall_and_looks_to_come_change_none_of_them(
    found: list[tuple[int, int]], edges: tuple[int, int], numerator: int, denominator: int
) -> None:
    since, until = (Instant(START + edge * SECOND) for edge in edges)
    whole = looks(found)
    weighed = list(whole.weighed(since, until, numerator, denominator).volume)
    assert weighed == sorted(weighed)
    for count in range(len(weighed) + 1):
        known = Traded(whole.at[:count], whole.volume[:count])
        assert list(known.weighed(since, until, numerator, denominator).volume) == weighed[:count]


@given(LOOKS, EDGES)
def test_the_whole_of_it_is_what_it_was(found: list[tuple[int, int]], edges: tuple[int, int]) -> None:
    since, until = (Instant(START + edge * SECOND) for edge in edges)
    assert list(looks(found).weighed(since, until, 3, 3).volume) == list(looks(found).volume)


# What nobody saw


GAPS: list[Gap] = [(at(2), at(4)), (at(6), at(7))]


def test_a_stretch_was_seen_whole_unless_a_gap_lies_in_it() -> None:
    seen = Traded(gaps=GAPS)
    assert [seen.unseen(at(a), at(b)) for a, b in [(0, 2), (4, 6), (7, 9)]] == [False] * 3
    assert [seen.unseen(at(a), at(b)) for a, b in [(0, 3), (2, 4), (3, 6), (5, 9), (0, 9)]] == [True] * 5


def test_gaps_go_by_the_clock_that_looks_go_by() -> None:
    seen = Traded(gaps=GAPS).through(lambda instant: Instant(instant + 10 * MINUTE))
    assert [seen.unseen(at(a), at(b)) for a, b in [(2, 7), (12, 14), (14, 16), (16, 17)]] == [False, True, False, True]


def test_a_gap_in_which_no_time_passed_is_none() -> None:
    """A night in trading time: what is traded then is counted by nobody."""
    overnight = Traded(gaps=GAPS).through(lambda instant: min(instant, at(2)) if instant < at(6) else instant)
    assert (overnight.unseen(at(0), at(5)), overnight.unseen(at(0), at(8))) == (False, True)
