"""The private stream, or the polls in its place: each execution once, every break named, nothing of other people."""

import asyncio

import pytest

from engine.orders.reports import Fill, OrderStatus
from engine.ports import StreamDown, StreamUp
from tests.conformance.case import Case, summed, told_as_kept
from tests.conformance.rig import Op, Spoil


async def test_the_first_thing_that_is_told_is_that_the_stream_is_up(case: Case) -> None:
    async with case.listening() as heard:
        assert isinstance(heard.facts[0], StreamUp)


@pytest.mark.needs("private_stream")
async def test_an_order_that_came_to_rest_is_told(case: Case) -> None:
    async with case.listening() as heard:
        client_id = await case.rest()
        await heard.until(lambda: bool(heard.reports(client_id)))
        report = heard.reports(client_id)[-1]
        assert (report.status, report.quantity, report.filled) == (OrderStatus.WORKING, case.unit, 0)


@pytest.mark.lever("spoil")
async def test_an_order_whose_answer_was_lost_is_told_all_the_same(case: Case) -> None:
    async with case.listening() as heard:
        sale = case.sale()
        await case.rig.spoil(Op.CREATE, Spoil.LOST_ANSWER)
        await case.place(sale)
        await heard.until(lambda: bool(heard.reports(sale.order.client_id)))
        assert heard.reports(sale.order.client_id)[-1].status is OrderStatus.WORKING


@pytest.mark.lever("take")
async def test_a_fill_is_told_with_its_price_its_fee_and_its_side_of_the_book(case: Case) -> None:
    async with case.listening() as heard:
        client_id = await case.rest()
        await case.rig.take(client_id)
        fills = await case.told(heard, client_id, case.unit)
        told_as_kept(fills, await case.sold(client_id))
        assert fills[0].maker


@pytest.mark.lever("bid")
async def test_a_fill_of_an_order_that_took_is_told_as_one_that_took(case: Case) -> None:
    async with case.listening() as heard:
        client_id = await case.sell()
        assert not (await case.told(heard, client_id, case.unit))[0].maker


@pytest.mark.lever("take")
async def test_every_fill_of_an_order_is_told_and_each_once(case: Case) -> None:
    async with case.listening() as heard:
        client_id = await case.rest(6)
        for part in (1, 2, 3):
            await case.rig.take(client_id, case.quantity(part))
        await case.told(heard, client_id, case.quantity(6))
        await asyncio.sleep(0.1)
        told_as_kept(await case.told(heard, client_id, case.quantity(6)), await case.sold(client_id))


@pytest.mark.lever("take")
async def test_an_order_that_ended_is_told_as_ended(case: Case) -> None:
    async with case.listening() as heard:
        sold, cancelled = await case.rest(), await case.rest(2)
        await case.rig.take(sold)
        await case.cancel(cancelled)
        for client_id, status in ((sold, OrderStatus.FILLED), (cancelled, OrderStatus.CANCELLED)):
            await heard.until(lambda c=client_id, s=status: s in [r.status for r in heard.reports(c)])


@pytest.mark.lever("take")
async def test_what_is_told_twice_is_told_alike(case: Case) -> None:
    async with case.listening() as heard:
        client_id = await case.rest(3)
        await case.rig.take(client_id, case.unit)
        await case.rig.take(client_id, case.quantity(2))
        await heard.until(lambda: OrderStatus.FILLED in [r.status for r in heard.reports(client_id)])
        by_id = {(f.venue_order_id, f.trade_id): f for f in heard.fills(client_id)}
        assert all(fill == by_id[fill.venue_order_id, fill.trade_id] for fill in heard.fills(client_id))


@pytest.mark.lever("double_stream", "take")
async def test_a_frame_that_comes_twice_is_recognisable_as_one(case: Case) -> None:
    async with case.listening() as heard:
        await case.rig.double_stream()
        client_id = await case.rest(3)
        await case.rig.take(client_id, case.unit)
        await case.rig.take(client_id, case.quantity(2))
        await heard.until(lambda: OrderStatus.FILLED in [r.status for r in heard.reports(client_id)])
        fills = await case.told(heard, client_id, case.quantity(3))
        once = {(fill.venue_order_id, fill.trade_id): fill for fill in fills}
        told_as_kept(tuple(once.values()), await case.sold(client_id))


@pytest.mark.lever("cut_stream")
async def test_a_stream_that_was_cut_says_down_and_then_up(case: Case) -> None:
    async with case.listening() as heard:
        await case.rig.cut_stream()
        await case.rest()
        await heard.until(lambda: heard.kinds(StreamUp, StreamDown) == [StreamUp, StreamDown, StreamUp])


@pytest.mark.lever("cut_stream")
async def test_each_break_is_told_once(case: Case) -> None:
    async with case.listening() as heard:
        for breaks in (1, 2):
            await case.rig.cut_stream()
            await case.rest()
            wanted = [StreamUp] + breaks * [StreamDown, StreamUp]
            await heard.until(lambda w=wanted: heard.kinds(StreamUp, StreamDown) == w)


@pytest.mark.lever("cut_stream", "take")
async def test_what_happened_while_the_stream_was_down_is_found_by_a_survey(case: Case) -> None:
    async with case.listening() as heard:
        client_id = await case.rest()
        await case.rig.cut_stream()
        await case.rig.take(client_id)
        await heard.until(lambda: heard.kinds(StreamUp, StreamDown)[:3] == [StreamUp, StreamDown, StreamUp])
        told_as_kept((await case.venue.survey(case.since)).fills, await case.sold(client_id))


@pytest.mark.lever("cut_stream", "take")
async def test_a_stream_that_came_back_tells_what_happens_from_then_on(case: Case) -> None:
    async with case.listening() as heard:
        client_id = await case.rest(2)
        await case.rig.cut_stream()
        await case.rig.take(client_id, case.unit)
        await heard.until(lambda: heard.kinds(StreamUp, StreamDown)[:3] == [StreamUp, StreamDown, StreamUp])
        await case.rig.take(client_id)
        await heard.until(lambda: OrderStatus.FILLED in [report.status for report in heard.reports(client_id)])


@pytest.mark.lever("take")
async def test_nothing_is_lost_when_much_happens_at_once(case: Case) -> None:
    """Sixty orders are sold as fast as the exchange can."""
    async with case.listening() as heard:
        ids = [await case.rest(2) for _ in range(60)]
        for client_id in ids:
            await case.rig.take(client_id)
        fills = [fill for client_id in ids for fill in await case.told(heard, client_id, case.quantity(2))]
        told_as_kept(fills, list((await case.rig.truth()).trades))


@pytest.mark.lever("bid")
async def test_nothing_of_other_people_is_told(case: Case) -> None:
    """Somebody else's bid rests below ours and is a party to our trade."""
    async with case.listening() as heard:
        await case.rig.bid(case.price - 10 * case.instrument.tick, case.unit)
        client_id = await case.sell()
        await case.told(heard, client_id, case.unit)
        assert {f.client_id for f in heard.facts if not isinstance(f, StreamUp)} <= {client_id}


@pytest.mark.lever("take")
async def test_an_order_is_never_told_to_have_sold_more_than_its_fills_and_less_than_before(case: Case) -> None:
    async with case.listening() as heard:
        client_id = await case.rest(3)
        for _ in range(3):
            await case.rig.take(client_id, case.unit)
        await heard.until(lambda: OrderStatus.FILLED in [r.status for r in heard.reports(client_id)])
        filled = [report.filled for report in heard.reports(client_id)]
        assert filled == sorted(filled)
        assert summed(await case.told(heard, client_id, filled[-1])) == filled[-1]


@pytest.mark.lever("bid")
async def test_a_fill_is_told_as_it_is_read(case: Case) -> None:
    """Stream and look-up give the same execution the same id, price, fee and size."""
    async with case.listening() as heard:
        client_id = await case.sell()
        (told,) = await case.told(heard, client_id, case.unit)
        (read,) = (await case.found(client_id)).fills
        assert _known(told) == _known(read)


def _known(fill: Fill) -> tuple[object, ...]:
    return fill.venue_order_id, fill.trade_id, fill.symbol, fill.quantity, fill.price, fill.fee, fill.maker
