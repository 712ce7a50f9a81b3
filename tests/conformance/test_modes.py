"""A venue that is closed for a while: nothing is done, nothing is proven, and afterwards all is as before."""

from collections.abc import Callable

import pytest

from engine.kernel.ids import ClientOrderId
from engine.orders.reports import Done, Found, Mode, NotFound, NoWord
from engine.ports import ModeSeen, StreamDown, StreamUp, VenueFact
from tests.conformance.case import Case
from tests.conformance.rig import Op, Spoil

NEVER = ClientOrderId("abcdefgh-9-9-9-9")
pytestmark = pytest.mark.lever("close_down", "open_again")


async def test_a_closed_venue_takes_no_sale(case: Case) -> None:
    await case.rig.close_down()
    sale = case.sale()
    assert not isinstance(await case.place(sale), Done)
    await case.rig.open_again()
    assert await case.standing(sale.order.client_id) is None


async def test_a_closed_venue_proves_no_order_absent(case: Case) -> None:
    await case.rig.close_down()
    answer = await case.venue.lookup(case.symbol, NEVER, case.since)
    assert isinstance(answer, NoWord)


async def test_a_closed_venue_has_no_account_to_survey(case: Case) -> None:
    await case.rest()
    await case.rig.close_down()
    with pytest.raises(Exception):  # noqa: B017, PT011 - which one is the adapter's affair
        await case.venue.survey(case.since)


async def test_a_closed_venue_cancels_nothing(case: Case) -> None:
    client_id = await case.rest()
    await case.rig.close_down()
    assert not isinstance(await case.cancel(client_id), Done)
    await case.rig.open_again()
    assert (await case.standing(client_id)).open


async def test_a_venue_that_opened_again_is_as_it_was(case: Case) -> None:
    client_id = await case.rest()
    await case.rig.close_down()
    await case.place(case.sale())
    await case.rig.open_again()
    assert isinstance(await case.venue.lookup(case.symbol, client_id, case.since), Found)
    assert isinstance(await case.place(case.sale()), Done)
    assert isinstance(await case.venue.lookup(case.symbol, NEVER, case.since), NotFound)


@pytest.mark.wire
async def test_a_closed_venue_is_told_as_closed_and_later_as_open(case: Case) -> None:
    """A mode, or at the least a break."""
    closed, opened = _said(case, Mode.MAINTENANCE, StreamDown), _said(case, Mode.NORMAL, StreamUp)
    async with case.listening() as heard:
        await case.rig.close_down()
        await case.place(case.sale())
        await case.venue.lookup(case.symbol, NEVER, case.since)
        await heard.until(lambda: any(map(closed, heard.facts)))
        await case.rig.open_again()
        await case.venue.lookup(case.symbol, NEVER, case.since)
        await heard.until(lambda: [opened(f) for f in heard.facts if opened(f) or closed(f)][-1])


@pytest.mark.wire
@pytest.mark.lever("spoil")
async def test_a_ban_is_told_as_one_and_nothing_was_done(case: Case) -> None:
    async with case.listening() as heard:
        await case.rig.spoil(Op.CREATE, Spoil.BANNED)
        sale = case.sale()
        assert not isinstance(await case.place(sale), Done)
        assert await case.standing(sale.order.client_id) is None
        if "modes" not in case.vague:
            await heard.until(lambda: any(map(_said(case, Mode.BANNED, StreamDown), heard.facts)))


def _said(case: Case, mode: Mode, at_the_least: type) -> Callable[[VenueFact], bool]:
    """Does a fact say that the venue is in this mode? Where modes are not told, a break or its end says so."""

    def said(fact: VenueFact) -> bool:
        if "modes" in case.vague:
            return isinstance(fact, at_the_least)
        return isinstance(fact, ModeSeen) and fact.mode is mode

    return said
