"""No schedule looks ahead: what it decided up to an instant is the same whether or not the tape goes on."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.kernel import chance, codec
from engine.kernel.clock import HOUR, MINUTE, SECOND, Instant
from engine.kernel.money import ZERO
from engine.market.traded import Traded
from engine.orders.strategy import Progress, Schedule
from strategies import registry
from tests.support.builders import START, d, progress
from tests.support.schedules import EVERY, made

LOT = d("0.001")
every_schedule = pytest.mark.parametrize("name", EVERY)
Looks = Sequence[tuple[int, Decimal]]


def steady(seed: int) -> Looks:
    """A look every 80 seconds, since a schedule by volumes needs one soon after each slice has begun.

    0.9 BTC on average is the pace of the learned model; surprised beyond all measure, it would not care by how much.
    """
    begin = chance.below(seed, "begin", 0, 80) * SECOND
    return [(begin + i * 80 * SECOND, Decimal(chance.below(seed, "volume", i, 1800)) / 1000) for i in range(90)]


looks = st.integers(0, 10**6).map(steady) | st.lists(
    st.tuples(st.integers(0, 2 * HOUR), st.decimals(0, 400, places=3)), max_size=40, unique_by=lambda look: look[0]
)


def tape(found: Looks) -> Traded:
    """A running total of what was traded between these looks, in the order of time."""
    ordered, total, volume = sorted(found), ZERO, []
    for _, traded in ordered:
        total += traded
        volume.append(total)
    return Traded([Instant(START + after) for after, _ in ordered], volume)


def cut(traded: Traded, at: Instant) -> Traded:
    """What had been looked at by then."""
    known = [i for i, when in enumerate(traded.at) if when <= at]
    return Traded([traded.at[i] for i in known], [traded.volume[i] for i in known])


def decided(schedule: Schedule, at: Instant, traded: Traded, sold: Decimal) -> bytes:
    """All that a schedule says at an instant."""
    seen = progress("300", at=at, traded=traded, lot=LOT, before=sold, sold=str(sold), oldest=START)
    said: list[Any] = [schedule.target(seen), schedule.slice(at), schedule.following(at), schedule.step(seen)]
    return codec.encode(said)


@every_schedule
@given(looks, st.integers(0, 2 * HOUR), st.decimals(0, 300, places=3))
def test_what_is_traded_later_changes_no_decision(name: str, found: Looks, after: int, sold: Decimal) -> None:
    at, whole = Instant(START + after), tape(found)
    assert decided(made(name), at, whole, sold) == decided(made(name), at, cut(whole, at), sold)


@every_schedule
@settings(max_examples=15)
@given(looks, st.integers(0, 20))
def test_a_run_over_half_a_tape_decides_as_the_run_over_all_of_it(name: str, found: Looks, times: int) -> None:
    """Every four minutes until the tape was cut; one schedule is used twice, and remembers nothing of the first run."""
    schedule, whole, end = made(name), tape(found), Instant(START + times * 4 * MINUTE)
    when = [Instant(START + i * 4 * MINUTE) for i in range(times + 1)]
    after_all = [decided(schedule, at, whole, ZERO) for at in when]
    assert after_all == [decided(schedule, at, cut(whole, end), ZERO) for at in when]
    assert after_all == [decided(made(name), at, cut(whole, at), ZERO) for at in when]


BUSIER = dict.fromkeys(("pov", "pov, jittered"), ("30", "90")) | dict.fromkeys(
    ("dynamic_vwap", "dynamic_vwap, jittered", "dynamic_vwap, ar1"), ("0.9", "2.5")
)
"""What is traded from look to look, and in ten minutes that are busier."""


@pytest.mark.parametrize("name", BUSIER)
def test_what_was_traded_before_does_change_them(name: str) -> None:
    """Or the above would say nothing: the ten minutes before the half were busy, or they were not."""
    usual, more = BUSIER[name]
    at, calm = Instant(START + 32 * MINUTE), [(when, d(usual)) for when, _ in steady(0)]
    busy = [(when, d(more) if 20 * MINUTE < when <= 30 * MINUTE else volume) for when, volume in calm]
    assert decided(made(name), at, tape(calm), ZERO) != decided(made(name), at, tape(busy), ZERO)


class Prophet:
    """Sells by all the volume on the tape, that of later as well."""

    def __init__(self, plain: Schedule) -> None:
        self.slice, self.following, self.step = plain.slice, plain.following, plain.step

    def target(self, progress: Progress) -> Decimal:
        return min(progress.total, progress.traded.total)


def test_a_schedule_that_looks_ahead_is_seen() -> None:
    found, at = tape(steady(0)), Instant(START + 4 * MINUTE)
    prophet = Prophet(made("twap"))
    assert decided(prophet, at, found, ZERO) != decided(prophet, at, cut(found, at), ZERO)


def test_every_registered_schedule_is_held_to_this() -> None:
    assert {name.split(",")[0] for name in EVERY} == set(registry.SCHEDULES)
