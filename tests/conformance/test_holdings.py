"""What the account holds: free and locked apart, exact, and the venue's word at the moment of asking."""

from decimal import Decimal

import pytest

from engine.orders.reports import Balance
from tests.conformance.case import Case, proceeds
from tests.conformance.rig import Op, Spoil


async def held(case: Case, asset: str) -> Balance:
    """One asset of the account, as the adapter shows it; nothing of what it does not show."""
    shown = [balance for balance in await case.venue.holdings() if balance.asset == asset]
    assert len(shown) <= 1, f"{asset} is shown {len(shown)} times"
    return shown[0] if shown else Balance(case.instrument.base, Decimal(0), Decimal(0))


async def test_what_is_held_is_shown_exactly(case: Case) -> None:
    kept = (await case.rig.truth()).balances
    shown = {b.asset: (b.free, b.locked) for b in await case.venue.holdings() if b.total}
    assert shown == {asset: (p.free, p.locked) for asset, p in kept.items() if p.free or p.locked}


async def test_what_rests_is_locked_and_not_free(case: Case) -> None:
    before = await held(case, case.instrument.base)
    await case.rest(3)
    after = await held(case, case.instrument.base)
    assert (before.free - after.free, after.locked - before.locked) == (case.quantity(3), case.quantity(3))


async def test_resting_changes_no_total(case: Case) -> None:
    before = await held(case, case.instrument.base)
    await case.rest(3)
    assert (await held(case, case.instrument.base)).total == before.total


@pytest.mark.lever("bid")
async def test_a_sale_brings_its_price_less_its_fee(case: Case) -> None:
    before = await held(case, case.instrument.quote)
    client_id = await case.sell(3)
    after = await held(case, case.instrument.quote)
    assert after.total - before.total == proceeds(await case.sold(client_id))


@pytest.mark.lever("bid")
async def test_a_sale_takes_what_it_sold(case: Case) -> None:
    before = await held(case, case.instrument.base)
    await case.sell(3)
    assert before.total - (await held(case, case.instrument.base)).total == case.quantity(3)


@pytest.mark.wire
@pytest.mark.lever("spoil")
@pytest.mark.parametrize("how", [Spoil.LOST_ANSWER, Spoil.SERVER_ERROR, Spoil.TRUNCATED, Spoil.EMPTY, Spoil.NOT_JSON])
async def test_balances_that_could_not_be_read_are_no_balances(case: Case, how: Spoil) -> None:
    await case.rig.spoil(Op.READ, how)
    with pytest.raises(Exception):  # noqa: B017, PT011 - which one is the adapter's affair
        await case.venue.holdings()
