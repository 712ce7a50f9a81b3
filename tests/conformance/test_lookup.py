"""Looking an order up: found with all that it sold, proven absent by a whole round, or no word at all."""

import pytest

from engine.kernel.ids import ClientOrderId
from engine.orders.order import TimeInForce
from engine.orders.reports import NotFound, NoWord, OrderStatus
from tests.conformance.case import Case, summed, told_as_kept
from tests.conformance.rig import Op, Spoil

NEVER = ClientOrderId("abcdefgh-9-9-9-9")


async def test_a_resting_order_is_found_working_and_unsold(case: Case) -> None:
    client_id = await case.rest()
    found = await case.found(client_id)
    told = (found.report.status, found.report.quantity, found.report.price, found.report.filled)
    assert told == (OrderStatus.WORKING, case.unit, case.price, 0)
    assert found.fills == ()


@pytest.mark.lever("bid")
async def test_a_sold_order_is_found_with_its_fill(case: Case) -> None:
    client_id = await case.sell()
    found = await case.found(client_id)
    assert (found.report.status, found.report.filled) == (OrderStatus.FILLED, case.unit)
    told_as_kept(found.fills, await case.sold(client_id))


@pytest.mark.lever("take")
async def test_a_partly_sold_order_is_found_working_with_what_it_sold(case: Case) -> None:
    client_id = await case.rest(3)
    await case.rig.take(client_id, case.unit)
    found = await case.found(client_id)
    assert (found.report.status, found.report.filled) == (OrderStatus.WORKING, case.unit)
    told_as_kept(found.fills, await case.sold(client_id))


async def test_a_cancelled_order_is_found_ended(case: Case) -> None:
    client_id = await case.rest()
    await case.cancel(client_id)
    assert (await case.found(client_id)).report.status is OrderStatus.CANCELLED


@pytest.mark.needs("ioc")
async def test_an_immediate_order_that_sold_nothing_is_found_ended(case: Case) -> None:
    sale = case.sale(tif=TimeInForce.IOC)
    await case.place(sale)
    assert (await case.found(sale.order.client_id)).report.status.ended


@pytest.mark.lever("take")
async def test_the_fills_of_an_order_add_up_to_what_the_venue_says_it_sold(case: Case) -> None:
    client_id = await case.rest(9)
    for part in (1, 2, 3):
        await case.rig.take(client_id, case.quantity(part))
        found = await case.found(client_id)
        assert summed(found.fills) == found.report.filled
    assert len(found.fills) == 3


@pytest.mark.lever("take")
async def test_an_order_of_many_fills_is_found_with_every_one(case: Case) -> None:
    """More than any venue shows on one page."""
    client_id = await case.rest(quantity=1100 * case.instrument.smallest(case.price))
    for _ in range(1050):
        await case.rig.take(client_id, case.instrument.smallest(case.price))
    found = await case.found(client_id)
    told_as_kept(found.fills, await case.sold(client_id))


async def test_an_order_that_never_was_is_proven_absent_with_evidence_and_balances(case: Case) -> None:
    answer = await case.absent(NEVER)
    assert answer.evidence
    assert all(len(digest) == 64 for digest in answer.evidence)
    kept = (await case.rig.truth()).balances
    assert {b.asset: (b.free, b.locked) for b in answer.balances if b.total} == {
        asset: (purse.free, purse.locked) for asset, purse in kept.items() if purse.free or purse.locked
    }


@pytest.mark.lever("take")
async def test_an_order_that_never_was_is_absent_among_many_that_are(case: Case) -> None:
    for _ in range(3):
        await case.rig.take(await case.rest())
        await case.rest()
    await case.absent(NEVER)


@pytest.mark.lever("spoil")
@pytest.mark.parametrize("how", [Spoil.LOST_REQUEST, Spoil.LOST_ANSWER, Spoil.TURNED_AWAY, Spoil.SERVER_ERROR])
async def test_no_round_with_a_read_that_failed_proves_an_order_absent(case: Case, how: Spoil) -> None:
    """Each read of the round fails once, one round at a time."""
    before = case.rig.sent(Op.READ)
    await case.absent(NEVER)
    for nth in range(case.rig.sent(Op.READ) - before):
        await case.rig.spoil(Op.READ, how, after=nth)
        answer = await case.venue.lookup(case.symbol, NEVER, case.since)
        assert isinstance(answer, NoWord), f"read {nth} failed: {answer}"
    await case.absent(NEVER)


@pytest.mark.wire
@pytest.mark.lever("spoil")
@pytest.mark.parametrize("how", [Spoil.NOT_JSON, Spoil.EMPTY, Spoil.TRUNCATED, Spoil.TORN, Spoil.OTHER_WORDS])
async def test_no_round_with_an_answer_that_makes_no_sense_proves_an_order_absent(case: Case, how: Spoil) -> None:
    before = case.rig.sent(Op.READ)
    await case.absent(NEVER)
    for nth in range(case.rig.sent(Op.READ) - before):
        await case.rig.spoil(Op.READ, how, after=nth)
        answer = await case.venue.lookup(case.symbol, NEVER, case.since)
        assert not isinstance(answer, NotFound), f"read {nth} made no sense"


@pytest.mark.lever("spoil", "bid")
async def test_an_order_whose_fills_could_not_be_read_is_never_found_without_them(case: Case) -> None:
    client_id = await case.sell()
    before = case.rig.sent(Op.READ)
    await case.found(client_id)
    for nth in range(case.rig.sent(Op.READ) - before):
        await case.rig.spoil(Op.READ, Spoil.LOST_ANSWER, after=nth)
        assert isinstance(await case.venue.lookup(case.symbol, client_id, case.since), NoWord)


@pytest.mark.lever("take")
async def test_a_look_up_brings_no_other_orders_fills(case: Case) -> None:
    first, second = await case.rest(), await case.rest(2)
    await case.rig.take(first)
    await case.rig.take(second)
    assert {fill.client_id for fill in (await case.found(second)).fills} == {second}


async def test_the_same_question_has_the_same_answer(case: Case) -> None:
    client_id = await case.rest()
    assert await case.found(client_id) == await case.found(client_id)


@pytest.mark.lever("bid")
async def test_every_fill_names_its_order_its_pair_and_its_venue(case: Case) -> None:
    client_id = await case.sell()
    found = await case.found(client_id)
    for fill in found.fills:
        assert (fill.venue, fill.symbol, fill.client_id) == (case.venue.name, case.symbol, client_id)
        assert (fill.venue_order_id, bool(fill.trade_id)) == (found.report.venue_order_id, True)


async def test_asking_moves_nothing(case: Case) -> None:
    client_id = await case.rest()
    before = await case.rig.truth()
    await case.found(client_id)
    await case.absent(NEVER)
    after = await case.rig.truth()
    assert (after.orders, after.trades, after.balances) == (before.orders, before.trades, before.balances)
