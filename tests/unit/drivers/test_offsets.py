"""A venue's clock against ours: measured with its own uncertainty, and a reason to send nothing."""

import asyncio
from typing import Any

import pytest

from engine.drivers.clocks import VirtualClock
from engine.drivers.offsets import AGAIN, EVERY, Offsets
from engine.drivers.perform import Switch, place
from engine.drivers.virtual import VirtualLoop, run
from engine.kernel.clock import MILLISECOND, SECOND, Instant, Span
from engine.orders import commands as c
from engine.orders.order import Approved
from engine.orders.reports import Done, Transient
from tests.support.builders import START, VENUE, child


class Distant:
    """A venue whose clock is off by `skew` and that takes `way` each way to answer."""

    name = VENUE

    def __init__(self, clock: VirtualClock, skew: int = 0, way: int = 0, failing: int = 0) -> None:
        self.clock, self.skew, self.way, self.failing = clock, skew, way, failing
        self.asked: list[Instant] = []
        self.sent = 0

    async def server_time(self) -> Instant:
        self.asked.append(self.clock.wall())
        await self.clock.sleep(Span(self.way))
        shown = Instant(self.clock.wall() + self.skew)
        await self.clock.sleep(Span(self.way))
        if len(self.asked) <= self.failing:
            raise ConnectionError
        return shown

    async def place(self, approved: Approved) -> Done:
        self.sent += 1
        return Done()


def measured(skew: int = 0, way: int = 0, failing: int = 0, span: int = 1) -> tuple[Offsets, Distant]:
    """What stands after `span` nanoseconds of watching."""
    loop = VirtualLoop()
    clock = VirtualClock(loop, START)
    venue, offsets = Distant(clock, skew, way, failing), Offsets(clock)

    async def main() -> None:
        watching = asyncio.ensure_future(offsets.watch(venue))  # type: ignore[arg-type]
        await clock.sleep(Span(span))
        watching.cancel()

    run(main(), loop)
    return offsets, venue


@pytest.mark.parametrize("skew", [0, 300 * MILLISECOND, -700 * MILLISECOND])
def test_the_way_there_and_back_is_taken_out(skew: int) -> None:
    offsets, _ = measured(skew, way=40 * MILLISECOND, span=SECOND)
    assert offsets.of(VENUE) == skew


@pytest.mark.parametrize(
    ("skew", "way", "fine"), [(SECOND, 0, True), (SECOND + 1, 0, False), (2 * SECOND, SECOND, True)]
)
def test_beyond_a_second_and_its_own_uncertainty_a_clock_is_wrong(skew: int, way: int, fine: bool) -> None:
    offsets, _ = measured(skew, way, span=3 * SECOND)
    assert (offsets.hindrance(VENUE) == "") is fine


def test_it_is_measured_again_every_minute_and_soon_after_a_failure() -> None:
    _, venue = measured(failing=1, span=AGAIN + EVERY + 1)
    assert [at - START for at in venue.asked] == [0, AGAIN, AGAIN + EVERY]


def test_nothing_is_sent_before_the_first_measurement_or_to_a_clock_that_is_wrong() -> None:
    answers: list[Any] = []
    for skew, span in ((0, 0), (5 * SECOND, 1), (20 * MILLISECOND, 1)):
        offsets, venue = measured(skew, span=span)
        command = c.Place(Approved(child(), ()))
        offsets = offsets if span else Offsets(venue.clock)
        answers.append(
            (asyncio.run(place(command, venue, venue.clock, venue.clock.mono(), Switch(), offsets)), venue.sent)
        )  # type: ignore[arg-type]
    (early, _), (wrong, _), (fine, sent) = answers
    assert early.outcome == Transient("withheld: the venue's clock has not been measured yet")
    assert wrong.outcome == Transient("withheld: the venue's clock differs from ours by 5s")
    assert (fine.outcome, fine.offset, sent) == (Done(), 20 * MILLISECOND, 1)
    assert [sent for _, sent in answers] == [0, 0, 1]
