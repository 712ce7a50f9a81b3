"""Many calls at once, as they come when several legs trade on one account."""

import asyncio

import pytest

from engine.orders.reports import Done, Found, OrderStatus
from tests.conformance.case import Case, summed, told_as_kept
from tests.conformance.rig import Op


async def test_twenty_sales_at_once_are_twenty_orders(case: Case) -> None:
    sales = [case.sale(1 + n % 3) for n in range(20)]
    outcomes = await asyncio.gather(*map(case.place, sales))
    assert all(isinstance(outcome, Done) for outcome in outcomes)
    kept = {row.client_id: row.quantity for row in (await case.rig.truth()).orders}
    assert kept == {sale.order.client_id: sale.order.quantity for sale in sales}


async def test_each_of_many_answers_belongs_to_its_own_question(case: Case) -> None:
    sales = [case.sale(1 + n) for n in range(10)]
    outcomes = await asyncio.gather(*map(case.place, sales))
    answers = await asyncio.gather(*(case.found(sale.order.client_id) for sale in sales))
    for sale, outcome, found in zip(sales, outcomes, answers, strict=True):
        assert isinstance(outcome, Done)
        assert outcome.report is None or outcome.report.client_id == sale.order.client_id
        assert (found.report.client_id, found.report.quantity) == (sale.order.client_id, sale.order.quantity)


async def test_cancels_at_once_end_every_order(case: Case) -> None:
    ids = [await case.rest() for _ in range(10)]
    await asyncio.gather(*map(case.cancel, ids))
    assert [row for row in (await case.rig.truth()).orders if row.open] == []


async def test_a_cancel_and_a_sale_at_once_do_not_disturb_each_other(case: Case) -> None:
    client_id, sale = await case.rest(), case.sale(2)
    cancelled, placed = await asyncio.gather(case.cancel(client_id), case.place(sale))
    assert (type(cancelled), type(placed)) == (Done, Done)
    assert (await case.found(client_id)).report.status is OrderStatus.CANCELLED
    assert (await case.standing(sale.order.client_id)).open


async def test_two_rounds_at_once_agree(case: Case) -> None:
    client_id = await case.rest()
    first, second = await asyncio.gather(case.found(client_id), case.found(client_id))
    assert first == second


@pytest.mark.lever("bid")
async def test_the_totals_of_many_sales_at_once_are_the_exchanges_own(case: Case) -> None:
    await case.rig.bid(case.price, case.quantity(12))
    before = (await case.rig.truth()).balances[case.instrument.base]
    sales = [case.sale(1 + n % 2) for n in range(8)]
    await asyncio.gather(*map(case.place, sales))
    survey = await case.venue.survey(case.since)
    truth = await case.rig.truth()
    told_as_kept(survey.fills, list(truth.trades))
    after = truth.balances[case.instrument.base]
    assert summed(survey.fills) == before.free + before.locked - after.free - after.locked == case.quantity(12)


async def test_the_same_id_sent_twice_at_once_is_one_order(case: Case) -> None:
    sale = case.sale()
    outcomes = await asyncio.gather(case.place(sale), case.place(sale))
    assert sum(isinstance(outcome, Done) for outcome in outcomes) == 1
    assert len((await case.rig.truth()).orders) == 1


async def test_a_caller_who_goes_away_in_the_middle_leaves_the_adapter_usable(case: Case) -> None:
    """Whoever cancels a call has to look it up; the next call is not harmed."""
    sale = case.sale()
    task = asyncio.create_task(case.place(sale))
    async with asyncio.timeout(5):
        while not case.rig.sent(Op.CREATE):  # noqa: ASYNC110 - it is on its way in another task
            await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    assert await case.rest() != sale.order.client_id
    assert isinstance(await case.venue.lookup(case.symbol, (await case.rest()), case.since), Found)
