"""What of others' volume counts: bursts never raise it, and what is ordinary is learned minute by minute."""

from decimal import Decimal
from itertools import accumulate

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from engine.kernel.clock import MINUTE, SECOND, Instant
from engine.kernel.money import ZERO
from engine.market.footprint import LEARNED, LONGEST, REMEMBERED, SPANS, Footing, Minutes, Ordinary, market
from tests.support.builders import START, d


def counted(volumes: list[int]) -> list[Decimal]:
    """What counts of minutes that follow one another."""
    ordinary = Ordinary()
    return [ordinary.counted(Decimal(volume)) for volume in volumes]


def begun() -> Minutes:
    return Minutes(START // MINUTE, START)


def after(minutes: Minutes, count: int, volume: str) -> None:
    """So many whole minutes pass, and others trade so much in each."""
    for _ in range(count):
        minutes.look(Instant((minutes.minute + 1) * MINUTE), d(volume))


def test_the_first_minute_counts_nothing_and_the_second_as_much_as_the_first() -> None:
    assert counted([5, 5, 5]) == [0, 5, 5]


def test_a_minute_counts_up_to_the_mean_of_the_quieter_nine_in_ten() -> None:
    """Of 1 to 10 the quieter nine have a mean of 5."""
    assert counted([*range(1, 11), 7])[-1] == 5
    assert counted([*range(1, 11), 4])[-1] == 4


def test_more_than_three_times_the_loudest_of_these_counts_nothing() -> None:
    assert counted([*range(1, 11), 27])[-1] == 5
    assert counted([*range(1, 11), 28])[-1] == 0


def test_a_burst_is_remembered_as_an_empty_minute() -> None:
    """After ten minutes of 6 and one burst, the quieter nine of eleven are the burst's nothing and eight of 6."""
    assert counted([6] * 10 + [1000, 6])[-2:] == [0, d("5.333333333333")]


def test_while_few_minutes_are_known_nothing_is_a_burst() -> None:
    assert counted([1] * (LEARNED - 1) + [1000])[-1] == 1


def test_a_market_that_grew_for_good_is_believed_when_half_of_what_is_remembered_says_so() -> None:
    """From 10 to 1000 at once: ninety minutes count nothing, then what was seen stands for what was remembered."""
    found = counted([10] * REMEMBERED + [1000] * REMEMBERED)
    assert set(found[REMEMBERED : REMEMBERED + 90]) == {ZERO}
    assert found[REMEMBERED + 90] > 400
    assert found[-1] > 900


def test_only_the_last_minutes_are_remembered() -> None:
    assert counted([1000] * 20 + [1] * REMEMBERED + [1000])[-1] == 0


TAPES = st.lists(st.integers(1, 40), min_size=LEARNED + 1, max_size=400)


@settings(max_examples=150, deadline=None)
@given(tape=TAPES, data=st.data())
def test_bursts_in_up_to_a_twentieth_of_the_minutes_never_raise_what_counts(
    tape: list[int], data: st.DataObject
) -> None:
    """Each by any amount that makes it a burst, any of them beside one another; every later minute is looked at."""
    some = st.sets(st.integers(LEARNED, len(tape) - 1), max_size=max(1, len(tape) // 20))
    by = {index: data.draw(st.integers(200, 10**9)) for index in data.draw(some)}
    swollen = [volume + by.get(index, 0) for index, volume in enumerate(tape)]
    fair, foul = Ordinary(), Ordinary()
    for volume, shown in zip(tape, swollen, strict=True):
        more, less = fair.counted(Decimal(volume)), foul.counted(Decimal(shown))
        assume(2 * foul.bursts < REMEMBERED - 1)
        assert less <= more


@pytest.mark.parametrize("begins", [20, 200, 700, 1300])
def test_a_twentieth_of_a_day_of_bursts_side_by_side_never_raises_what_counts(begins: int) -> None:
    """72 minutes in a row, each swollen a hundredfold."""
    tape = [5 + index * 7 % 13 for index in range(1440)]
    swollen = [volume * 100 if begins <= i < begins + 72 else volume for i, volume in enumerate(tape)]
    fair, foul = counted(tape), counted(swollen)
    assert all(less <= more for less, more in zip(foul, fair, strict=True))
    assert sum(foul) < sum(fair)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 30), max_size=300), st.integers(1, 300))
def test_what_will_be_traded_changes_nothing_that_was_counted(tape: list[int], until: int) -> None:
    assert counted(tape)[:until] == counted(tape[:until])


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 1000), max_size=400))
def test_never_more_counts_than_was_traded(tape: list[int]) -> None:
    assert all(0 <= part <= volume for part, volume in zip(counted(tape), tape, strict=True))


def test_no_print_is_too_large_to_be_weighed() -> None:
    """A venue that prints nonsense stops nobody."""
    ordinary = Ordinary()
    assert [ordinary.counted(d("7E25")) for _ in range(2)] == [0, d("7E25")]


def test_what_swells_slowly_is_believed_in_the_end() -> None:
    """A venue that adds a half every half hour is a market that grows, for all that can be told from its prints."""
    found = counted([int(10 * 1.5 ** (minute // 30)) for minute in range(600)])
    assert found[-1] > 100 * found[20]


@pytest.mark.parametrize(
    ("venues", "whole"),
    [
        ([], "0"),
        (["7"], "7"),
        (["0", "0"], "0"),
        (["90", "10"], "20"),
        (["5", "4", "2"], "11"),
        (["9", "4", "2"], "12"),
    ],
)
def test_no_venue_counts_for_more_than_all_others_together(venues: list[str], whole: str) -> None:
    assert market(map(d, venues)) == d(whole)


@given(st.lists(st.integers(0, 100), min_size=2, max_size=6).filter(any), st.integers(0, 10**9))
def test_one_venue_can_no_more_than_double_what_the_others_show(others: list[int], shown: int) -> None:
    """As long as they show anything."""
    assert market(map(Decimal, [*others, shown])) <= 2 * sum(others)


@given(st.lists(st.integers(0, 100), max_size=6), st.integers(0, 6))
def test_a_venue_that_shows_nothing_takes_nothing_away(shown: list[int], where: int) -> None:
    dark = [*shown[:where], 0, *shown[where:]]
    assert market(map(Decimal, dark)) == market(map(Decimal, shown))


def test_where_only_one_venue_shows_anything_it_counts_whole() -> None:
    assert market([d("7"), ZERO]) == 7


def test_complete_minutes_count_and_the_one_under_way_does_not() -> None:
    minutes = begun()
    after(minutes, 3, "6")
    minutes.look(Instant(minutes.looked_at + 30 * SECOND), d("6"))
    assert [minutes.counted(span) for span in (1, 2, 60)] == [6, 12, 12]


def test_what_is_ours_counts_from_the_minute_under_way_backwards() -> None:
    minutes = begun()
    minutes.sell(START, d("4"))
    after(minutes, 1, "6")
    minutes.sell(minutes.looked_at, d("1"))
    assert [minutes.ours(span) for span in (1, 2, 60)] == [1, 5, 5]


def test_a_sale_that_is_told_late_counts_in_its_own_minute() -> None:
    minutes = begun()
    after(minutes, 3, "6")
    minutes.sell(Instant(START + MINUTE), d("2"))
    assert [minutes.ours(span) for span in (1, 2, 3, 4)] == [0, 0, 2, 2]


def test_what_is_seen_after_several_minutes_is_taken_to_have_come_evenly() -> None:
    """Learned at 6 a minute; then nobody looks for three minutes, in which 18 are traded."""
    minutes = begun()
    after(minutes, 5, "6")
    minutes.look(Instant(minutes.looked_at + 3 * MINUTE), d("18"))
    assert (minutes.counted(1), minutes.counted(3)) == (6, 18)


def test_what_passed_while_nobody_looked_counts_nothing_and_teaches_nothing() -> None:
    minutes = begun()
    after(minutes, 5, "6")
    minutes.wake(Instant(minutes.looked_at + 10 * MINUTE))
    assert (minutes.counted(10), minutes.ordinary.level) == (0, 6)
    after(minutes, 1, "6")
    assert minutes.counted(1) == 6


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 9)), min_size=1, max_size=200))
def test_each_span_is_the_sum_of_its_minutes(days: list[tuple[int, int]]) -> None:
    minutes, others, ours = begun(), [], []
    ordinary = Ordinary()
    for volume, sold in days:
        minutes.sell(minutes.looked_at, Decimal(sold))
        after(minutes, 1, str(volume))
        others.append(ordinary.counted(Decimal(volume)))
        ours.append(Decimal(sold))
    for span in SPANS.values():
        assert minutes.counted(span) == sum(others[-span:])
        assert minutes.ours(span + 1) == sum(ours[-span:])


def test_a_day_and_no_more_is_kept() -> None:
    minutes = begun()
    after(minutes, LONGEST + 500, "6")
    assert (len(minutes.others), len(minutes.own), minutes.counted(LONGEST)) == (LONGEST + 1, LONGEST + 1, 6 * LONGEST)
    assert list(accumulate([d("6")] * LONGEST))[-1] == minutes.counted(LONGEST)


@pytest.mark.parametrize(
    ("ours", "others", "share", "room"),
    [("0", "90", "0.1", "10"), ("4", "90", "0.1", "6"), ("11", "90", "0.1", "0"), ("0", "0", "0.1", "0")],
)
def test_the_room_is_what_may_still_be_ours(ours: str, others: str, share: str, room: str) -> None:
    footing = Footing("venue", "hour", d(ours), d(others), d(share))
    assert footing.room == d(room)


def test_a_share_of_everything_is_no_limit() -> None:
    assert Footing("venue", "hour", d("5"), d("0"), d("1")).room is None


@given(st.integers(0, 10**6), st.integers(0, 10**9), st.integers(1, 99_999))
def test_what_the_room_allows_holds(ours: int, others: int, share: int) -> None:
    footing = Footing("venue", "hour", Decimal(ours), Decimal(others) / 1000, Decimal(share) / 100_000)
    room = footing.room
    assert room is not None
    assert room == 0 or footing.holds(room)
    assert not footing.holds(room + 1)
