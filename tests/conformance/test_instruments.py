"""What the adapter says of the pairs that its venue lists."""

from decimal import Decimal

import pytest

from engine.market.instrument import Instrument
from tests.conformance.case import Case


async def listed(case: Case) -> Instrument:
    """Our pair, as the adapter shows it."""
    (found,) = [pair for pair in await case.venue.instruments() if pair.symbol == case.symbol]
    return found


async def test_a_pair_is_listed_once_and_may_be_traded(case: Case) -> None:
    symbols = [pair.symbol for pair in await case.venue.instruments()]
    assert len(symbols) == len(set(symbols))
    assert {case.symbol, case.rig.second.symbol} <= set(symbols)
    assert (await listed(case)).trading


async def test_tick_lot_and_limits_are_the_exchanges_own(case: Case) -> None:
    shown, true = await listed(case), case.instrument
    for name in ("base", "quote", "tick", "lot", "quantity_min", "quantity_max", "notional_min", "notional_max"):
        assert getattr(shown, name) == getattr(true, name), name


@pytest.mark.needs("band")
@pytest.mark.lever("bid")
async def test_the_price_band_is_the_exchanges_own(case: Case) -> None:
    """Some venues say it as two prices around the last one, so there has to be a last one."""
    await case.sell()
    assert (await listed(case)).band == case.instrument.band


async def test_every_filter_is_an_exact_decimal_that_an_order_can_be_fitted_to(case: Case) -> None:
    for pair in await case.venue.instruments():
        for name in ("tick", "lot", "quantity_min", "quantity_max", "notional_min", "notional_max"):
            assert type(getattr(pair, name)) is Decimal, (pair.symbol, name)
        assert min(pair.tick, pair.lot) > 0
        assert pair.quantity_min <= pair.quantity_max
        assert pair.notional_min <= pair.notional_max


async def test_every_pair_bears_the_name_of_its_venue(case: Case) -> None:
    assert {pair.venue for pair in await case.venue.instruments()} == {case.venue.name}


async def test_who_only_watches_and_has_no_key_is_shown_the_same_pairs(case: Case) -> None:
    assert list(await case.market.listed()) == list(await case.venue.instruments())


@pytest.mark.lever("halt")
async def test_a_halted_pair_is_shown_as_not_trading(case: Case) -> None:
    await case.rig.halt()
    assert not (await listed(case)).trading


async def test_the_same_question_has_the_same_answer(case: Case) -> None:
    assert list(await case.venue.instruments()) == list(await case.venue.instruments())
