"""No number is a float, none is rounded, and none loses a digit on its way there and back."""

from decimal import Decimal
from typing import Any

import pytest

from tests.conformance.case import Case, numbers, proceeds


def exact(*values: Any) -> None:
    """There are numbers in these values, and none of them is a float."""
    found = [number for value in values for number in numbers(value)]
    assert found
    assert all(type(number) in (Decimal, int) for number in found), found


async def test_no_instrument_holds_a_float(case: Case) -> None:
    exact(*await case.venue.instruments())


@pytest.mark.lever("bid")
async def test_no_report_no_fill_and_no_balance_holds_a_float(case: Case) -> None:
    client_id = await case.sell()
    exact(await case.found(client_id))
    exact(await case.venue.survey(case.since))
    exact(*await case.venue.holdings())


@pytest.mark.lever("take")
async def test_nothing_that_the_stream_tells_holds_a_float(case: Case) -> None:
    async with case.listening() as heard:
        client_id = await case.rest(2)
        await case.rig.take(client_id, case.unit)
        await case.told(heard, client_id, case.unit)
        exact(*heard.facts)


@pytest.mark.lever("bid")
async def test_nothing_that_the_feed_shows_holds_a_float(case: Case) -> None:
    await case.rig.bid(case.price, case.unit)
    await case.market.start([case.symbol])
    exact(await case.shown(lambda b: bool(b.bids)))


@pytest.mark.parametrize("lots", [1, 3, 7, 9, 11, 99, 12_345])
async def test_a_quantity_comes_back_as_it_went(case: Case, lots: int) -> None:
    """Among these are quantities that no binary fraction equals."""
    quantity = case.unit + lots * case.instrument.lot
    client_id = await case.rest(quantity=quantity)
    found = await case.found(client_id)
    assert found.report.quantity == quantity == (await case.standing(client_id)).quantity


@pytest.mark.parametrize("ticks", [1, 3, 7, 9, 11, 99, 12_345])
async def test_a_price_comes_back_as_it_went(case: Case, ticks: int) -> None:
    price = case.price + ticks * case.instrument.tick
    client_id = await case.rest(price=price)
    found = await case.found(client_id)
    assert found.report.price == price == (await case.standing(client_id)).price


@pytest.mark.lever("take")
async def test_many_small_fills_add_up_to_the_last_digit(case: Case) -> None:
    part = case.unit + case.instrument.lot
    client_id = await case.rest(quantity=10 * part)
    for _ in range(10):
        await case.rig.take(client_id, part)
    found = await case.found(client_id)
    assert sum(fill.quantity for fill in found.fills) == found.report.filled == 10 * part


@pytest.mark.lever("bid")
async def test_price_times_quantity_less_fee_is_what_the_account_got(case: Case) -> None:
    quantity, price = case.unit + 7 * case.instrument.lot, case.price + 3 * case.instrument.tick
    before = (await case.rig.truth()).balances[case.instrument.quote].free
    client_id = await case.sell(quantity=quantity, price=price)
    (fill,) = (await case.found(client_id)).fills
    got = (await case.rig.truth()).balances[case.instrument.quote].free - before
    assert fill.quantity * fill.price - fill.fee.units == got == proceeds(await case.sold(client_id))
