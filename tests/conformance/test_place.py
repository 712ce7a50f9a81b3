"""Sending a sale: what arrives is what was meant, and what is turned down is certainly not there."""

from decimal import Decimal

import pytest

from engine.kernel.ids import ClientOrderId, Symbol
from engine.orders.order import OrderType, TimeInForce
from engine.orders.reports import Done, OrderStatus, Unknown
from tests.conformance.case import Case, summed


async def test_a_sale_that_nobody_bids_for_rests_whole(case: Case) -> None:
    sale = case.sale()
    outcome = await case.place(sale)
    assert isinstance(outcome, Done)
    kept = await case.standing(sale.order.client_id)
    assert (kept.open, kept.filled, kept.quantity, kept.price) == (True, 0, sale.order.quantity, case.price)


async def test_what_the_answer_describes_is_the_order_that_was_sent(case: Case) -> None:
    sale = case.sale()
    outcome = await case.place(sale)
    assert isinstance(outcome, Done)
    if outcome.report is not None:
        told = outcome.report
        assert (told.venue, told.symbol, told.client_id) == (case.venue.name, case.symbol, sale.order.client_id)
        assert (told.quantity, told.price, told.filled) == (sale.order.quantity, case.price, 0)
        assert (told.status, bool(told.venue_order_id)) == (OrderStatus.WORKING, True)


@pytest.mark.lever("bid")
async def test_a_sale_at_the_bid_is_sold_at_once(case: Case) -> None:
    client_id = await case.sell()
    kept = await case.standing(client_id)
    assert (kept.open, kept.filled) == (False, case.unit)


@pytest.mark.lever("bid")
async def test_a_sale_takes_the_better_price_that_is_bid(case: Case) -> None:
    better = case.price + 10 * case.instrument.tick
    await case.rig.bid(better, case.unit)
    sale = case.sale()
    assert isinstance(await case.place(sale), Done)
    (fill,) = (await case.found(sale.order.client_id)).fills
    assert fill.price == better


@pytest.mark.lever("bid")
async def test_a_sale_larger_than_the_bid_sells_that_much_and_rests_with_the_remainder(case: Case) -> None:
    await case.rig.bid(case.price, case.unit)
    client_id = await case.rest(3)
    assert (await case.standing(client_id)).filled == case.unit


@pytest.mark.needs("ioc")
@pytest.mark.lever("bid")
async def test_an_immediate_sale_sells_what_is_bid_and_rests_nothing(case: Case) -> None:
    await case.rig.bid(case.price, case.unit)
    sale = case.sale(3, tif=TimeInForce.IOC)
    assert isinstance(await case.place(sale), Done)
    kept = await case.standing(sale.order.client_id)
    assert (kept.open, kept.filled) == (False, case.unit)
    assert (await case.found(sale.order.client_id)).report.status is OrderStatus.CANCELLED


@pytest.mark.needs("ioc")
async def test_an_immediate_sale_that_nobody_bids_for_ends_unsold(case: Case) -> None:
    sale = case.sale(tif=TimeInForce.IOC)
    await case.place(sale)
    kept = await case.standing(sale.order.client_id)
    assert kept is None or (kept.open, kept.filled) == (False, 0)


@pytest.mark.needs("fok")
@pytest.mark.lever("bid")
async def test_an_all_or_nothing_sale_is_sold_whole(case: Case) -> None:
    await case.rig.bid(case.price, case.unit)
    await case.rig.bid(case.price, case.unit)
    sale = case.sale(2, tif=TimeInForce.FOK)
    assert isinstance(await case.place(sale), Done)
    assert (await case.standing(sale.order.client_id)).filled == case.quantity(2)


@pytest.mark.needs("fok")
@pytest.mark.lever("bid")
async def test_an_all_or_nothing_sale_that_is_not_bid_for_whole_sells_nothing(case: Case) -> None:
    await case.rig.bid(case.price, case.unit)
    sale = case.sale(2, tif=TimeInForce.FOK)
    await case.place(sale)
    kept = await case.standing(sale.order.client_id)
    assert kept is None or (kept.open, kept.filled) == (False, 0)
    assert await case.sold(sale.order.client_id) == []


@pytest.mark.needs("post_only")
async def test_a_sale_that_may_only_be_posted_rests(case: Case) -> None:
    await case.rest(tif=TimeInForce.POST_ONLY)


@pytest.mark.needs("post_only")
@pytest.mark.lever("bid")
async def test_a_sale_that_may_only_be_posted_and_would_take_sells_nothing(case: Case) -> None:
    await case.rig.bid(case.price, case.unit)
    sale = case.sale(tif=TimeInForce.POST_ONLY)
    await case.place(sale)
    kept = await case.standing(sale.order.client_id)
    assert kept is None or (kept.open, kept.filled) == (False, 0)
    assert await case.sold(sale.order.client_id) == []


@pytest.mark.needs("market_orders")
@pytest.mark.lever("bid")
async def test_a_sale_at_any_price_takes_what_is_bid(case: Case) -> None:
    lower = case.price - 10 * case.instrument.tick
    await case.rig.bid(case.price, case.unit)
    await case.rig.bid(lower, case.unit)
    sale = case.sale(2, type=OrderType.MARKET, tif=TimeInForce.IOC)
    assert isinstance(await case.place(sale), Done)
    assert sorted(row.price for row in await case.sold(sale.order.client_id)) == [lower, case.price]


async def test_the_smallest_sale_that_the_venue_takes_is_taken(case: Case) -> None:
    smallest = case.instrument.smallest(case.price)
    client_id = await case.rest(quantity=smallest)
    assert (await case.standing(client_id)).quantity == smallest


async def test_a_sale_smaller_than_the_venue_takes_is_refused(case: Case) -> None:
    sale = case.sale(quantity=case.instrument.smallest(case.price) - case.instrument.lot)
    await case.never_came(sale, await case.place(sale))


async def test_a_sale_larger_than_the_venue_takes_is_refused(case: Case) -> None:
    sale = case.sale(quantity=case.instrument.largest(case.price) + case.instrument.lot)
    await case.never_came(sale, await case.place(sale))


async def test_a_price_between_two_ticks_is_refused_and_not_rounded(case: Case) -> None:
    sale = case.sale(price=case.price + case.instrument.tick / 2)
    await case.never_came(sale, await case.place(sale))


async def test_a_quantity_between_two_lots_is_refused_and_not_rounded(case: Case) -> None:
    sale = case.sale(quantity=case.unit + case.instrument.lot / 2)
    await case.never_came(sale, await case.place(sale))


@pytest.mark.needs("band")
@pytest.mark.lever("bid")
async def test_a_price_too_far_below_the_market_is_refused(case: Case) -> None:
    assert case.instrument.band is not None
    await case.sell()
    far = case.instrument.at_least(case.price * (1 - case.instrument.band) - 10 * case.instrument.tick)
    sale = case.sale(price=far, quantity=case.quantity(2))
    await case.never_came(sale, await case.place(sale))


async def test_more_than_is_held_is_refused(case: Case) -> None:
    held = (await case.rig.truth()).balances[case.instrument.base].free
    largest = case.instrument.largest(case.price)
    while held >= largest:
        await case.rest(quantity=largest)
        held -= largest
    sale = case.sale(quantity=largest)
    await case.never_came(sale, await case.place(sale))


async def test_a_pair_that_is_not_listed_is_refused(case: Case) -> None:
    sale = case.sale(symbol=Symbol("NIXNOX"))
    await case.never_came(sale, await case.place(sale))


async def test_an_id_that_was_used_makes_no_second_order_and_is_not_taken_for_a_refusal(case: Case) -> None:
    """The order of this id exists: a refusal would say that it does not."""
    client_id = await case.rest()
    again = case.sale(client_id=client_id)
    assert isinstance(await case.place(again), Unknown)
    assert len((await case.rig.truth()).orders) == 1


@pytest.mark.lever("bid")
async def test_the_id_of_an_order_that_has_ended_makes_no_second_order(case: Case) -> None:
    client_id = await case.sell()
    assert not isinstance(await case.place(case.sale(client_id=client_id)), Done)
    assert len((await case.rig.truth()).orders) == 1


@pytest.mark.lever("halt")
async def test_a_halted_pair_takes_no_sale(case: Case) -> None:
    await case.rig.halt()
    sale = case.sale()
    assert not isinstance(await case.place(sale), Done)
    assert await case.standing(sale.order.client_id) is None


async def test_an_id_of_full_length_arrives_whole(case: Case) -> None:
    client_id = ClientOrderId("abcdefgh-Leg2-123456-7890-123")
    long = ClientOrderId(client_id + "-" + "x" * (31 - len(client_id)))
    await case.rest(client_id=long)
    assert (await case.found(long)).report.client_id == long


@pytest.mark.lever("bid", "take")
async def test_two_sales_of_one_price_are_two_orders(case: Case) -> None:
    first, second = await case.rest(), await case.rest(2)
    await case.rig.take(first)
    assert summed((await case.found(first)).fills) == case.unit
    assert (await case.found(second)).fills == ()


async def test_a_sale_of_another_pair_goes_to_that_pair(case: Case) -> None:
    second = case.rig.second
    price = second.at_least(case.price / 2)
    sale = case.sale(of=second, price=price, quantity=20 * second.smallest(price))
    assert isinstance(await case.place(sale), Done)
    kept = await case.standing(sale.order.client_id)
    assert (kept.symbol, kept.price) == (second.symbol, price)


async def test_a_quantity_and_a_price_with_every_digit_arrive_to_the_last(case: Case) -> None:
    lot, tick = case.instrument.lot, case.instrument.tick
    quantity, price = case.unit + 7 * lot, case.price + 3 * tick
    kept = await case.standing(await case.rest(quantity=quantity, price=price))
    assert (kept.quantity, kept.price) == (quantity, price)
    assert all(type(each) is Decimal for each in (kept.quantity, kept.price))
