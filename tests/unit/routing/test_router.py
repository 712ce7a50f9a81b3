"""Who is asked first."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from engine.market.facts import Level
from engine.orders.reports import Capabilities
from engine.routing.router import Offer, net_price, preference
from tests.support.builders import CAPABILITIES, d, view

DEAR = replace(CAPABILITIES, taker_fee=d("0.0029"), fee_min=d("1.99"))


def offer(bid: str = "100", quantity: str = "10", capabilities: Capabilities = CAPABILITIES) -> Offer:
    return Offer(d(quantity), view(bids=(Level(d(bid), d("5")),)), capabilities)


@pytest.mark.parametrize(
    ("quantity", "expected"),
    [("10", "99.71"), ("1", "98.01"), ("0.1", "80.1"), ("0", "100")],
    ids=["by the rate", "by the minimum", "a small order, by the minimum", "nothing asked for"],
)
def test_the_net_price_is_the_best_bid_less_the_fee_of_an_order_of_that_size(quantity: str, expected: str) -> None:
    assert net_price(offer(quantity=quantity, capabilities=DEAR)) == Decimal(expected)


def test_a_venue_where_nobody_bids_is_worth_nothing() -> None:
    assert net_price(Offer(d("1"), view(bids=()), CAPABILITIES)) == 0


def test_a_venue_that_turned_us_away_comes_after_every_other() -> None:
    shunned = replace(offer("101"), shunned=True)
    assert max([shunned, offer("1")], key=preference).view.bids[0].price == 1
