"""How a call that may have moved something ends: what is not certain is `Unknown`, and nothing is sent twice."""

import asyncio

import pytest

from engine.kernel.clock import MILLISECOND, SECOND, Span
from engine.orders.reports import Done, Found, NotFound, OrderStatus, Refused, Transient, Unknown
from tests.conformance.case import PATIENCE, Case
from tests.conformance.rig import Op, Spoil

pytestmark = pytest.mark.lever("spoil")

AFTER = (Spoil.LOST_ANSWER, Spoil.SERVER_ERROR, Spoil.TIMED_OUT)
"""The venue acted, and its answer was lost or replaced."""
NONSENSE = (
    Spoil.NOT_JSON, Spoil.EMPTY, Spoil.TRUNCATED, Spoil.TORN, Spoil.RESET, Spoil.NO_OBJECT, Spoil.OTHER_WORDS,
)  # fmt: skip
"""The venue acted, and what came back makes no sense."""
BEFORE = (Spoil.LOST_REQUEST, Spoil.TURNED_AWAY)
"""The venue never saw the request; from here it looks like the others."""


@pytest.mark.parametrize("how", AFTER)
async def test_an_order_whose_answer_was_lost_is_unknown_and_not_refused(case: Case, how: Spoil) -> None:
    sale = case.sale()
    await case.rig.spoil(Op.CREATE, how)
    assert isinstance(await case.place(sale), Unknown)
    assert (await case.standing(sale.order.client_id)).open


@pytest.mark.wire
@pytest.mark.parametrize("how", NONSENSE)
async def test_an_order_whose_answer_makes_no_sense_is_unknown_and_not_refused(case: Case, how: Spoil) -> None:
    sale = case.sale()
    await case.rig.spoil(Op.CREATE, how)
    assert isinstance(await case.place(sale), Unknown)
    assert (await case.standing(sale.order.client_id)).open


@pytest.mark.parametrize("how", BEFORE)
async def test_an_order_that_was_lost_on_its_way_is_not_called_refused_or_done(case: Case, how: Spoil) -> None:
    sale = case.sale()
    await case.rig.spoil(Op.CREATE, how)
    assert isinstance(await case.place(sale), Unknown | Transient)
    assert await case.standing(sale.order.client_id) is None


async def test_an_order_that_was_lost_and_one_whose_answer_was_lost_look_alike(case: Case) -> None:
    """An adapter that tells them apart is guessing."""
    ended = []
    for how in (Spoil.LOST_REQUEST, Spoil.LOST_ANSWER):
        await case.rig.spoil(Op.CREATE, how)
        ended.append(type(await case.place(case.sale())))
    assert ended == [Unknown, Unknown]


async def test_an_order_that_takes_effect_late_was_unknown_and_is_found_afterwards(case: Case) -> None:
    sale = case.sale()
    await case.rig.spoil(Op.CREATE, Spoil.LATE)
    assert isinstance(await case.place(sale), Unknown)
    async with asyncio.timeout(PATIENCE):
        while not isinstance(await case.venue.lookup(case.symbol, sale.order.client_id, case.since), Found):
            await case.rig.clock.sleep(MILLISECOND)


@pytest.mark.parametrize("how", [*AFTER, *BEFORE])
async def test_a_sale_is_sent_once_whatever_becomes_of_it(case: Case, how: Spoil) -> None:
    """Counted at the exchange's door."""
    await case.rest()
    before = case.rig.sent(Op.CREATE)
    await case.rig.spoil(Op.CREATE, how)
    await case.place(case.sale())
    assert case.rig.sent(Op.CREATE) == before + 1


@pytest.mark.wire
@pytest.mark.parametrize("how", NONSENSE)
async def test_a_sale_is_sent_once_even_when_its_answer_makes_no_sense(case: Case, how: Spoil) -> None:
    await case.rest()
    before = case.rig.sent(Op.CREATE)
    await case.rig.spoil(Op.CREATE, how)
    await case.place(case.sale())
    assert case.rig.sent(Op.CREATE) == before + 1


@pytest.mark.parametrize("how", [*AFTER, *BEFORE])
async def test_a_cancel_is_sent_once_whatever_becomes_of_it(case: Case, how: Spoil) -> None:
    """A kept-alive connection that breaks under a `DELETE` tempts libraries to send it again."""
    client_id = await case.rest()
    before = case.rig.sent(Op.CANCEL)
    await case.rig.spoil(Op.CANCEL, how)
    await case.cancel(client_id)
    assert case.rig.sent(Op.CANCEL) == before + 1


@pytest.mark.wire
async def test_a_cancel_is_sent_once_even_when_the_connection_is_reset(case: Case) -> None:
    client_id = await case.rest()
    before = case.rig.sent(Op.CANCEL)
    await case.rig.spoil(Op.CANCEL, Spoil.RESET)
    await case.cancel(client_id)
    assert case.rig.sent(Op.CANCEL) == before + 1


@pytest.mark.parametrize("how", AFTER)
async def test_a_cancel_whose_answer_was_lost_is_unknown_and_has_happened(case: Case, how: Spoil) -> None:
    client_id = await case.rest()
    await case.rig.spoil(Op.CANCEL, how)
    assert isinstance(await case.cancel(client_id), Unknown)
    assert (await case.found(client_id)).report.status is OrderStatus.CANCELLED


@pytest.mark.wire
@pytest.mark.parametrize("how", NONSENSE)
async def test_a_cancel_whose_answer_makes_no_sense_is_unknown(case: Case, how: Spoil) -> None:
    client_id = await case.rest()
    await case.rig.spoil(Op.CANCEL, how)
    assert isinstance(await case.cancel(client_id), Unknown)


@pytest.mark.parametrize("how", BEFORE)
async def test_a_cancel_that_was_lost_on_its_way_is_not_called_done(case: Case, how: Spoil) -> None:
    client_id = await case.rest()
    await case.rig.spoil(Op.CANCEL, how)
    assert isinstance(await case.cancel(client_id), Unknown | Transient)
    assert (await case.standing(client_id)).open


async def test_a_venue_that_is_asked_too_often_has_done_nothing(case: Case) -> None:
    sale = case.sale()
    await case.rig.spoil(Op.CREATE, Spoil.LIMITED)
    outcome = await case.place(sale)
    assert isinstance(outcome, Transient | Unknown if "refusals" in case.vague else Transient)
    assert await case.standing(sale.order.client_id) is None


async def test_a_sale_that_arrives_twice_is_one_order(case: Case) -> None:
    sale = case.sale()
    await case.rig.spoil(Op.CREATE, Spoil.DOUBLED)
    await case.place(sale)
    assert (await case.standing(sale.order.client_id)).open
    assert len((await case.rig.truth()).orders) == 1


@pytest.mark.parametrize(("how", "there"), [(Spoil.LOST_ANSWER, True), (Spoil.LOST_REQUEST, False)])
async def test_a_look_up_clears_up_what_is_unknown(case: Case, how: Spoil, there: bool) -> None:
    sale = case.sale()
    await case.rig.spoil(Op.CREATE, how)
    await case.place(sale)
    answer = await case.venue.lookup(case.symbol, sale.order.client_id, case.since)
    assert isinstance(answer, Found if there else NotFound)


@pytest.mark.lever("bid")
async def test_an_order_that_was_sold_at_once_and_whose_answer_was_lost_is_found_with_its_fill(case: Case) -> None:
    """It stands in no list of open orders any more."""
    sale = case.sale()
    await case.rig.bid(case.price, case.unit)
    await case.rig.spoil(Op.CREATE, Spoil.LOST_ANSWER)
    assert isinstance(await case.place(sale), Unknown)
    assert (await case.found(sale.order.client_id)).report.filled == case.unit


async def test_a_lost_answer_spoils_no_order_after_it(case: Case) -> None:
    await case.rig.spoil(Op.CREATE, Spoil.LOST_ANSWER)
    await case.place(case.sale())
    for _ in range(3):
        await case.rest()


@pytest.mark.lever("skew")
async def test_a_clock_that_is_far_off_leaves_no_order_that_nobody_knows_of(case: Case) -> None:
    """Where requests are signed for a moment they are refused, and the adapter says that nothing else will work."""
    await case.rig.skew(Span(-60 * SECOND))
    sale = case.sale()
    outcome = await case.place(sale)
    assert isinstance(outcome, Done) == (await case.standing(sale.order.client_id) is not None)
    if isinstance(outcome, Refused):
        assert outcome.stop_venue


async def test_no_call_raises_for_what_a_network_does(case: Case) -> None:
    client_id = await case.rest()
    for how in (*AFTER, *BEFORE):
        await case.rig.spoil(Op.CREATE, how)
        await case.rig.spoil(Op.CANCEL, how)
        await case.place(case.sale())
        await case.cancel(client_id)
