"""The kit for schedules: each registered one keeps every promise, and for each promise somebody breaks it."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import pytest

from engine.kernel.clock import MINUTE, SECOND, Instant, Span
from engine.orders.strategy import Progress
from strategies import registry
from strategies.conformance import schedule_faults
from strategies.conformance.schedules import PROMISES
from strategies.pov import Pov
from strategies.stepped import Stepped
from strategies.twap import twap
from tests.support.builders import d
from tests.support.schedules import EVERY, POV

QUARTER = {"slices": "4"}


@pytest.mark.parametrize("name", EVERY)
def test_a_registered_schedule_breaks_no_promise(name: str) -> None:
    make = registry.SCHEDULES[name.partition(",")[0]]
    assert schedule_faults(make, EVERY[name], seeds=range(60)) == []


class Overdone(Stepped, frozen=True):
    """Wants a coin more than there is."""

    def target(self, progress: Progress) -> Decimal:
        return progress.total + 1


class Weighed(Stepped, frozen=True):
    """Counts money in floats."""

    def target(self, progress: Progress) -> Any:
        return float(super().target(progress))


class Wavering(Stepped, frozen=True):
    """Wants half, and with the next slice nothing."""

    def target(self, progress: Progress) -> Decimal:
        return progress.total / 2 if self.slice(progress.at) % 2 == 0 else d("0")


class Backward(Stepped, frozen=True):
    """Counts what is left."""

    def slice(self, at: Instant) -> int:
        return 100 - super().slice(at)


class Endless(Stepped, frozen=True):
    """A slice each microsecond."""

    def slice(self, at: Instant) -> int:
        return max(0, at - self.times[0]) // 1000

    def following(self, at: Instant) -> Instant:
        return Instant(at + 1000 - (at - self.times[0]) % 1000)


class Standing(Stepped, frozen=True):
    """Stays where it is."""

    def following(self, at: Instant) -> Instant:
        return at


class Skipping(Stepped, frozen=True):
    """Forgets every second slice."""

    def following(self, at: Instant) -> Instant:
        return super().following(super().following(at))


class Loose(Stepped, frozen=True):
    """Plans in parts of a lot."""

    def step(self, progress: Progress) -> Decimal | None:
        return progress.total / 7


class Prophet(Pov, frozen=True, kw_only=True):
    """Sells as though all the volume that will be traded had been."""

    def target(self, progress: Progress) -> Decimal:
        return min(progress.total, progress.traded.total)


class Counting:
    """Every question makes it want more."""

    def __init__(self, plain: Stepped) -> None:
        self.slice, self.following, self.step, self.asked = plain.slice, plain.following, plain.step, 0

    def target(self, progress: Progress) -> Decimal:
        self.asked += 1
        return progress.total * min(self.asked, 1000) / 1000


def stepping(kind: type[Stepped]) -> Callable[[Instant, Instant, Mapping[str, str]], Stepped]:
    """Makes four slices of this kind."""

    def make(start: Instant, end: Instant, p: Mapping[str, str]) -> Stepped:
        plain = twap(start, end, int(p["slices"]))
        return kind(plain.times, plain.shares, plain.end)

    return make


def prophet(start: Instant, end: Instant, p: Mapping[str, str]) -> Prophet:
    plain = registry.SCHEDULES["pov"](start, end, POV)
    assert isinstance(plain, Pov)
    return Prophet(**{name: getattr(plain, name) for name in plain.__struct_fields__})


def counting(start: Instant, end: Instant, p: Mapping[str, str]) -> Counting:
    return Counting(twap(start, end, 4))


WRONG: dict[str, tuple[Any, str]] = {
    "overdone": (stepping(Overdone), "a target is a Decimal between nothing and the total"),
    "weighed": (stepping(Weighed), "a target is a Decimal between nothing and the total"),
    "wavering": (stepping(Wavering), "in a run that sells what it is asked for no target falls"),
    "backward": (stepping(Backward), "slices are counted upwards from 0, to 999999 at the most"),
    "endless": (stepping(Endless), "slices are counted upwards from 0, to 999999 at the most"),
    "standing": (stepping(Standing), "the following slice lies ahead, and none begins before it"),
    "skipping": (stepping(Skipping), "the following slice lies ahead, and none begins before it"),
    "loose": (stepping(Loose), "a step is a part of the total in whole lots"),
    "prophet": (prophet, "what is traded later changes nothing"),
    "counting": (counting, "a schedule remembers nothing"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_promise_that_is_broken_is_told_with_what_was_seen_and_its_seed(name: str) -> None:
    make, promise = WRONG[name]
    (told,) = [fault for fault in schedule_faults(make, QUARTER, seeds=range(60)) if fault.startswith(promise)]
    assert told.partition(": ")[2].rstrip(")").rpartition("(seed ")[2].isdigit()


def test_a_seed_that_was_told_shows_it_again() -> None:
    (told,) = schedule_faults(stepping(Loose), QUARTER)
    seed = int(told.rpartition("(seed ")[2].rstrip(")"))
    assert schedule_faults(stepping(Loose), QUARTER, seeds=[seed]) == [told]


def test_for_every_promise_there_is_somebody_who_breaks_it() -> None:
    assert {promise for _, promise in WRONG.values()} == set(PROMISES)


def test_a_schedule_is_made_with_the_quantity_and_window_of_its_leg() -> None:
    """As in a run; what it was given otherwise stands."""
    seen: list[tuple[Span, Mapping[str, str]]] = []

    def make(start: Instant, end: Instant, p: Mapping[str, str]) -> Stepped:
        seen.append((Span(end - start), p))
        return twap(start, end, 4)

    assert schedule_faults(make, {"size": "3"}, window=Span(10 * MINUTE + SECOND), seeds=[0]) == []
    assert seen[0] == (10 * MINUTE + SECOND, {"quantity": "300", "size": "3"})


def test_what_a_schedule_raises_is_its_own_to_explain() -> None:
    with pytest.raises(KeyError, match="slices"):
        schedule_faults(stepping(Loose), {})
