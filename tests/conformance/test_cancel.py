"""Asking for a cancel: it ends the order that it names or says that it did not, and proves nothing about fills."""

import pytest

from engine.kernel.ids import ClientOrderId
from engine.orders.reports import Done, OrderStatus
from tests.conformance.case import Case, summed
from tests.conformance.rig import Op, Spoil


async def test_a_resting_sale_is_cancelled(case: Case) -> None:
    client_id = await case.rest()
    assert isinstance(await case.cancel(client_id), Done)
    assert not (await case.standing(client_id)).open
    assert (await case.found(client_id)).report.status is OrderStatus.CANCELLED


@pytest.mark.lever("take")
async def test_a_partly_sold_order_is_cancelled_and_keeps_what_it_sold(case: Case) -> None:
    client_id = await case.rest(3)
    await case.rig.take(client_id, case.unit)
    assert isinstance(await case.cancel(client_id), Done)
    found = await case.found(client_id)
    assert (found.report.status, found.report.filled) == (OrderStatus.CANCELLED, case.unit)
    assert summed(found.fills) == case.unit


@pytest.mark.lever("bid")
async def test_a_sold_order_is_not_cancelled(case: Case) -> None:
    client_id = await case.sell()
    assert not isinstance(await case.cancel(client_id), Done)
    assert (await case.found(client_id)).report.status is OrderStatus.FILLED


async def test_an_order_that_never_was_is_not_cancelled(case: Case) -> None:
    assert not isinstance(await case.cancel(ClientOrderId("abcdefgh-9-9-9-9")), Done)


async def test_a_second_cancel_changes_nothing(case: Case) -> None:
    client_id = await case.rest()
    await case.cancel(client_id)
    await case.cancel(client_id)
    found = await case.found(client_id)
    assert (found.report.status, found.report.filled) == (OrderStatus.CANCELLED, 0)


@pytest.mark.lever("spoil", "take")
async def test_a_cancel_that_lost_the_race_is_not_done(case: Case) -> None:
    client_id = await case.rest()
    await case.rig.spoil(Op.CANCEL, Spoil.RACED)
    assert not isinstance(await case.cancel(client_id), Done)
    found = await case.found(client_id)
    assert (found.report.status, summed(found.fills)) == (OrderStatus.FILLED, case.unit)


async def test_a_cancel_ends_no_other_order(case: Case) -> None:
    first, second, third = [await case.rest() for _ in range(3)]
    await case.cancel(second)
    open_ = [row.client_id for row in (await case.rig.truth()).orders if row.open]
    assert open_ == [first, third]


async def test_a_cancel_gives_back_what_was_locked(case: Case) -> None:
    client_id = await case.rest(2)
    await case.cancel(client_id)
    (held,) = [balance for balance in await case.venue.holdings() if balance.asset == case.instrument.base]
    assert held.locked == 0


async def test_a_cancel_is_asked_for_by_client_id_alone(case: Case) -> None:
    """No look-up in between: one call leaves, and the order is gone."""
    client_id = await case.rest()
    before = case.rig.sent(Op.CANCEL)
    await case.cancel(client_id)
    assert case.rig.sent(Op.CANCEL) == before + 1
