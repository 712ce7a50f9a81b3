"""Reading the whole account in one go: everything that is there, or an exception; never a part of it."""

import asyncio
from decimal import Decimal

import pytest

from tests.conformance.case import Case, told_as_kept
from tests.conformance.rig import Op, Spoil


async def test_an_account_without_orders_is_surveyed_as_one(case: Case) -> None:
    survey = await case.venue.survey(case.since)
    assert (survey.venue, survey.since, survey.open_orders, survey.fills) == (case.venue.name, case.since, (), ())


async def test_every_open_order_is_shown_whatever_its_pair(case: Case) -> None:
    second = case.rig.second
    price = second.at_least(case.price / 2)
    sale = case.sale(of=second, price=price, quantity=20 * second.smallest(price))
    await case.place(sale)
    ours = {await case.rest() for _ in range(3)} | {sale.order.client_id}
    survey = await case.venue.survey(case.since)
    assert {report.client_id for report in survey.open_orders} == ours
    assert {report.symbol for report in survey.open_orders} == {case.symbol, second.symbol}


@pytest.mark.lever("take")
async def test_an_order_that_has_ended_is_not_shown_as_open(case: Case) -> None:
    stays, sold, cancelled = [await case.rest() for _ in range(3)]
    await case.rig.take(sold)
    await case.cancel(cancelled)
    survey = await case.venue.survey(case.since)
    assert [report.client_id for report in survey.open_orders] == [stays]


@pytest.mark.lever("take")
async def test_every_fill_since_then_is_shown_once(case: Case) -> None:
    client_id = await case.rest(6)
    for part in (1, 2, 3):
        await case.rig.take(client_id, case.quantity(part))
    survey = await case.venue.survey(case.since)
    told_as_kept(survey.fills, await case.sold(client_id))


@pytest.mark.lever("take")
async def test_more_fills_than_fit_on_a_page_are_all_shown(case: Case) -> None:
    client_id = await case.rest(quantity=1100 * case.instrument.smallest(case.price))
    for _ in range(1050):
        await case.rig.take(client_id, case.instrument.smallest(case.price))
    survey = await case.venue.survey(case.since)
    told_as_kept(survey.fills, await case.sold(client_id))


@pytest.mark.lever("bid")
async def test_the_balances_are_the_exchanges_own(case: Case) -> None:
    await case.sell()
    await case.rest(2)
    survey = await case.venue.survey(case.since)
    kept = (await case.rig.truth()).balances
    assert {b.asset: (b.free, b.locked) for b in survey.balances if b.total} == {
        asset: (purse.free, purse.locked) for asset, purse in kept.items() if purse.free or purse.locked
    }


@pytest.mark.lever("take")
async def test_an_open_order_is_shown_with_what_it_has_sold(case: Case) -> None:
    client_id = await case.rest(3)
    await case.rig.take(client_id, case.unit)
    (report,) = (await case.venue.survey(case.since)).open_orders
    assert (report.quantity, report.filled, report.price) == (case.quantity(3), case.unit, case.price)


@pytest.mark.lever("spoil")
@pytest.mark.parametrize("how", [Spoil.LOST_ANSWER, Spoil.TURNED_AWAY, Spoil.SERVER_ERROR])
async def test_a_survey_of_which_a_part_could_not_be_read_raises(case: Case, how: Spoil) -> None:
    before = case.rig.sent(Op.READ)
    await case.venue.survey(case.since)
    for nth in range(case.rig.sent(Op.READ) - before):
        await case.rig.spoil(Op.READ, how, after=nth)
        with pytest.raises(Exception):  # noqa: B017, PT011 - which one is the adapter's affair
            await case.venue.survey(case.since)


@pytest.mark.lever("spoil")
async def test_what_is_raised_by_a_survey_is_no_cancellation(case: Case) -> None:
    """A task that is cancelled from below would end without a word."""
    await case.rig.spoil(Op.READ, Spoil.LOST_ANSWER)
    try:
        await case.venue.survey(case.since)
    except asyncio.CancelledError:
        pytest.fail("a failed read looks like a cancelled task")
    except Exception:  # noqa: BLE001 - any other will do
        pass


@pytest.mark.lever("bid")
async def test_the_fills_of_another_pair_are_shown_as_its_own(case: Case) -> None:
    await case.sell()
    (fill,) = (await case.venue.survey(case.since)).fills
    assert (fill.symbol, fill.fee.asset) == (case.symbol, case.instrument.quote)
    assert fill.fee.units >= Decimal(0)
