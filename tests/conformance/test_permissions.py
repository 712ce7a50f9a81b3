"""What a key may do: enough to trade, and never enough to carry anything away."""

from tests.conformance.case import Case


async def test_the_key_may_trade(case: Case) -> None:
    assert (await case.venue.permissions()).trade


async def test_the_key_may_not_withdraw(case: Case) -> None:
    assert not (await case.venue.permissions()).withdraw
