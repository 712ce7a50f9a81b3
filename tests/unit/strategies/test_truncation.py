"""No schedule looks ahead: what it decided up to an instant is the same whether or not the tape goes on."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.kernel import codec
from engine.kernel.clock import HOUR, MINUTE, Instant
from engine.kernel.money import ZERO
from engine.market.traded import Traded
from engine.orders.strategy import Schedule
from strategies import registry
from tests.support.builders import START, d, progress
from tests.support.schedules import END, EVERY, made

LOT = d("0.001")
every_schedule = pytest.mark.parametrize("name", EVERY)
looks = st.lists(
    st.tuples(st.integers(0, 2 * HOUR), st.decimals(0, 400, places=3)), max_size=40, unique_by=lambda look: look[0]
)


def tape(found: Sequence[tuple[int, Decimal]]) -> Traded:
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
def test_what_is_traded_later_changes_no_decision(
    name: str, found: list[tuple[int, Decimal]], after: int, sold: Decimal
) -> None:
    at, whole = Instant(START + after), tape(found)
    assert decided(made(name), at, whole, sold) == decided(made(name), at, cut(whole, at), sold)


@every_schedule
@settings(max_examples=15)
@given(looks, st.integers(0, 20))
def test_a_run_over_half_a_tape_decides_as_the_run_over_all_of_it(
    name: str, found: list[tuple[int, Decimal]], times: int
) -> None:
    """Every four minutes until the tape was cut; one schedule is used twice, and remembers nothing of the first run."""
    schedule, whole, end = made(name), tape(found), Instant(START + times * 4 * MINUTE)
    when = [Instant(START + i * 4 * MINUTE) for i in range(times + 1)]
    after_all = [decided(schedule, at, whole, ZERO) for at in when]
    assert after_all == [decided(schedule, at, cut(whole, end), ZERO) for at in when]
    assert after_all == [decided(made(name), at, cut(whole, at), ZERO) for at in when]


@pytest.mark.parametrize("name", ["pov", "pov, jittered"])
def test_what_was_traded_before_does_change_them(name: str) -> None:
    """Or the above would say nothing."""
    at = Instant(END - MINUTE)
    dry, wet = tape([]), tape([(i * MINUTE, d("30")) for i in range(60)])
    assert decided(made(name), at, dry, ZERO) != decided(made(name), at, wet, ZERO)


def test_every_registered_schedule_is_held_to_this() -> None:
    assert {name.split(",")[0] for name in EVERY} == set(registry.SCHEDULES)
