"""The venue's clock, by which ours is judged."""

import asyncio

import pytest

from engine.kernel.clock import SECOND, Span
from tests.conformance.case import Case


async def test_the_venues_clock_is_read_as_it_stands(case: Case) -> None:
    read = await case.venue.server_time()
    assert abs(read - (await case.rig.truth()).wall) < SECOND


async def test_the_venues_clock_goes_forward(case: Case) -> None:
    first = await case.venue.server_time()
    await asyncio.sleep(0.05)
    assert await case.venue.server_time() > first


@pytest.mark.lever("skew")
@pytest.mark.parametrize("seconds", [-90, 90])
async def test_a_wrong_clock_of_ours_does_not_colour_what_the_venues_says(case: Case, seconds: int) -> None:
    await case.rig.skew(Span(seconds * SECOND))
    apart = case.rig.clock.wall() - await case.venue.server_time()
    assert abs(apart - seconds * SECOND) < 2 * SECOND
