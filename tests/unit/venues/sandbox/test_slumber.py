"""A market that dozes in given stretches: the same people and the same acts, only later."""

import json
from collections.abc import Sequence
from decimal import Decimal
from itertools import islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.kernel.clock import HOUR, MINUTE, SECOND, Instant, Span
from engine.kernel.ids import VenueName
from engine.ports import StreamUp
from venues.sandbox.crowd import SyntheticFlow
from venues.sandbox.faults import FaultPlan, Faults
from venues.sandbox.hall import Hall, sandbox_hall
from venues.sandbox.inprocess import TICK, Counter
from venues.sandbox.listings import START
from venues.sandbox.slumber import PACE, Dozing, Slumber

D = Decimal
HELD = {name: {"a": {"BTC": D(50)}} for name in ("hashkey", "osl")}


def after(span: float) -> Instant:
    """So many minutes after the market began."""
    return Instant(START + int(span * MINUTE))


NIGHT = (after(1), after(601))
"""Ten hours, from the second minute on: ten minutes of market."""


def crowd() -> SyntheticFlow:
    return SyntheticFlow("BTCUSDT", START, 7, D(78_300))


def hall(*stretches: tuple[Instant, Instant], recorded: bool = False) -> Hall:
    slumber = Slumber(stretches) if stretches else None
    return sandbox_hall(7, venues=("hashkey", "osl"), balances=HELD, recorded=recorded, slumber=slumber)


def test_a_night_of_ten_hours_holds_ten_minutes_of_what_people_do() -> None:
    awake = list(crowd().until(after(11)))
    dozing = list(Dozing(crowd(), Slumber([NIGHT])).until(NIGHT[1]))
    assert [(a.act, a.key, a.ticks, a.lots) for a in dozing] == [(a.act, a.key, a.ticks, a.lots) for a in awake]
    assert {b.at - a.at for a, b in zip(awake, dozing, strict=True) if a.at < after(1)} == {0}
    assert dozing[-1].at > after(600)


def test_before_the_first_stretch_nothing_is_different() -> None:
    told = []
    for market in (hall(), hall(NIGHT)):
        market.advance(NIGHT[0])
        told.append(json.dumps(market.truth()))
    assert told[0] == told[1]


@pytest.mark.parametrize("recorded", [False, True])
def test_the_same_stretches_give_the_same_bytes_however_time_is_cut(recorded: bool) -> None:
    told = []
    for steps in ((603,), (0.5, 1, 1.7, 30, 412.25, 601, 602.5, 603)):
        market = hall(NIGHT, recorded=recorded)
        for step in steps:
            market.advance(after(step))
        told.append((json.dumps(market.truth()), str(market.exchange("osl").depth("BTCUSDT"))))
    assert told[0] == told[1]


def test_after_a_night_the_book_stands_and_both_venues_agree_on_the_price() -> None:
    market = hall(NIGHT)
    market.advance(after(602))
    here, there = (market.exchange(name).depth("BTCUSDT", 5) for name in ("hashkey", "osl"))
    assert len(here.bids) == len(there.bids) == 5
    assert abs(here.bids[0][0] / there.bids[0][0] - 1) < D("0.002")


def test_an_account_s_stream_looks_as_much_more_seldom_as_the_market_is_slower() -> None:
    """Five times a second by day, every twelve seconds by night."""
    now = [after(0)]
    market = hall(NIGHT)
    counter = Counter(
        market.exchange("hashkey"), "a", VenueName("hashkey"), Faults(FaultPlan()), lambda: now[0], 7, Slumber([NIGHT])
    )
    stream, looks = counter.facts(), []
    for item in islice((item for item in stream if not isinstance(item, StreamUp)), 400):
        assert isinstance(item, int)
        now[0] = Instant(now[0] + item)
        looks.append(now[0])
    by_night = [b - a for a, b in pairwise(looks) if a >= NIGHT[0]]
    by_day = [b - a for a, b in pairwise(looks) if b < NIGHT[0]]
    assert set(by_day) == {TICK}
    assert set(by_night) == {TICK * PACE}


@st.composite
def some_slumber(draw: st.DrawFn) -> Slumber:
    corners = sorted(draw(st.sets(st.integers(0, 1000), min_size=2, max_size=8)))
    pairs: Sequence[tuple[Instant, Instant]] = [
        (Instant(a), Instant(b)) for a, b in zip(corners[::2], corners[1::2], strict=False)
    ]
    return Slumber(pairs, draw(st.integers(1, 70)))


@given(some_slumber(), st.integers(0, 1100), st.integers(0, 1100))
def test_their_time_never_runs_backwards_nor_faster_than_ours(slumber: Slumber, one: int, other: int) -> None:
    first, then = sorted((one, other))
    assert 0 <= slumber.inner(then) - slumber.inner(first) <= then - first


@given(some_slumber(), st.integers(0, 1100))
def test_outer_is_the_first_of_our_instants_at_which_it_is_so_late_for_them(slumber: Slumber, at: int) -> None:
    ours = slumber.outer(at)
    assert slumber.inner(ours) >= at
    assert slumber.inner(ours - 1) < at


def test_stretches_that_overlap_are_refused() -> None:
    with pytest.raises(ValueError, match="overlap"):
        Slumber([(after(0), after(2)), (after(1), after(3))])
    with pytest.raises(ValueError, match="overlap"):
        Slumber([(after(1), after(1))])


def test_three_days_cost_what_their_open_hours_cost() -> None:
    """Two hours a day are awake: of 72 hours the crowd lives through less than eight."""
    nights = [(Instant(START + d * 24 * HOUR + 2 * HOUR), Instant(START + (d + 1) * 24 * HOUR)) for d in range(3)]
    slumber = Slumber(nights)
    lived = Span(slumber.inner(START + 72 * HOUR) - START)
    assert lived == 6 * HOUR + 66 * HOUR // PACE
    assert lived < 8 * HOUR
    assert slumber.inner(START + 30 * SECOND) == START + 30 * SECOND
