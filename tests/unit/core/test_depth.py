"""The share of the bids that one order may take: orders are made to fit it, and other books take the rest."""

import pytest

from engine.risk.caps import CapRules
from tests.support.builders import (
    STABLE,
    START,
    USDT,
    VENUE,
    d,
    limits,
    opened,
)
from tests.support.by_hand import Run, placed
from tests.support.capped import OTHER, coins, thin, through, two_venues, waits, withheld


def test_an_order_is_made_to_fit_its_share_of_the_bids() -> None:
    """1.2 BTC are bid at the collar or above; of the slice of 2.5 half of them goes."""
    run = Run(opened(limits=limits(depth_share_max=d("0.5")))).ready()
    run.price("99.99", "100.01", bids=thin("1.2"))
    assert [order.quantity for order in coins(run.due("00:00"))] == [d("0.6")]
    assert withheld(run) == []


def test_what_one_venue_may_not_take_of_its_bids_is_there_for_another() -> None:
    run = Run(two_venues(CapRules(), depth_share_max=d("0.5"))).ready()
    run.price("99.99", "100.01", bids=thin("1.2"))
    run.price("99.98", "100.01", venue=OTHER, bids=thin("100", "99.98"))
    assert {o.venue: o.quantity for o in coins(run.due("00:00"))} == {VENUE: d("0.6"), OTHER: d("1.9")}


def test_a_book_too_thin_for_its_share_is_named() -> None:
    """A tenth of 0.4 BTC is 4 USDT, and the venue takes no order under 5."""
    run = Run(opened(limits=limits(depth_share_max=d("0.1")))).ready()
    run.price("99.99", "100.01", bids=thin("0.4"))
    assert coins(run.due("00:00")) == []
    assert waits(run) == "10% of the 0.4 BTC bid at 99.6 or above is below the venue's minimum"


@pytest.mark.parametrize("share", ["0.01", "0.2"])
def test_stablecoin_is_held_to_the_depth_as_well(share: str) -> None:
    """A sweep of 100 dollars' worth into 300 that are bid."""
    run = Run(opened(limits=limits(depth_share_max=d(share)))).ready()
    through(run, START, 1)
    run.price("0.9999", "1.0001", symbol=STABLE.symbol, bids=thin("300", "0.9999"))
    swept = [order for order in placed(run.due("00:00:20")) if order.sell == USDT]
    assert [order.quantity for order in swept] == [300 * d(share)]
