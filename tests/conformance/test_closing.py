"""Letting go: nothing runs on, nothing is sent any more, and nobody is left waiting."""

import asyncio

import pytest

from engine.orders.reports import Done
from tests.conformance.case import PATIENCE, Case
from tests.conformance.rig import Op


async def settled() -> set[asyncio.Task[object]]:
    """Every task, after those that were ending have ended."""
    for _ in range(20):
        await asyncio.sleep(0.005)
    return asyncio.all_tasks()


@pytest.mark.lever("bid")
async def test_a_closed_adapter_leaves_no_task_behind(case: Case) -> None:
    before = await settled()
    async with case.listening() as heard:
        await case.told(heard, await case.sell(), case.unit)
    await case.venue.aclose()
    assert {t for t in await settled() if t not in before and _of_adapter(t)} == set()


@pytest.mark.lever("bid")
async def test_a_closed_feed_leaves_no_task_behind(case: Case) -> None:
    await case.rig.bid(case.price, case.unit)
    before = await settled()
    await case.market.start([case.symbol])
    await case.market.aclose()
    assert {t for t in await settled() if t not in before and _of_adapter(t)} == set()


async def test_closing_twice_does_no_harm(case: Case) -> None:
    for _ in range(2):
        await case.venue.aclose()
        await case.market.aclose()


@pytest.mark.wire
async def test_a_closed_adapter_sends_nothing_any_more(case: Case) -> None:
    await case.rest()
    await case.venue.aclose()
    before = case.rig.sent(Op.CREATE)
    assert not isinstance(await case.place(case.sale()), Done)
    assert case.rig.sent(Op.CREATE) == before


@pytest.mark.wire
async def test_nobody_who_listens_is_left_waiting_when_the_adapter_closes(case: Case) -> None:
    """The stream ends, or whoever listens can end it; it does not hold the loop."""
    async with case.listening():
        async with asyncio.timeout(PATIENCE):
            await case.venue.aclose()


async def test_a_feed_that_never_started_closes(case: Case) -> None:
    await case.market.aclose()


def _of_adapter(task: asyncio.Task[object]) -> bool:
    """Not of the exchange's side, which lives in this loop too and ends with the case."""
    frame = task.get_coro()
    code = getattr(frame, "cr_code", None)
    return (
        code is not None
        and "venues/sandbox/" not in code.co_filename
        and "/aiohttp/" not in code.co_filename
        and "/conformance/rigs/" not in code.co_filename
    )
