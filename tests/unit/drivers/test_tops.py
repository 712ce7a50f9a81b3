"""The best prices of a journaled decision, read without the rest of its books."""

import pytest
from msgspec.structs import replace

from engine.drivers.tops import tops
from engine.kernel import codec
from engine.kernel.ids import VenueName
from engine.market.facts import Level
from engine.market.view import MarketView
from engine.orders.events import Due
from tests.support.builders import START, USDTUSD, VENUE, at, d, view

DEEP = view(bids=tuple(Level(d("99") - n, d("1")) for n in range(10)), asks=(Level(d("100"), d("2")),) * 5, prints=7)
KRAKEN = view(USDTUSD, at("00:01"), venue=VenueName("kraken"), pair="USDT/USD", last=None, live=False)


def best(seen: MarketView) -> MarketView:
    return replace(seen, bids=seen.bids[:1], asks=seen.asks[:1], volume=d("0"), prints=0)


@pytest.mark.parametrize("seen", [DEEP, KRAKEN, view(bids=()), view(asks=()), view(bids=(), asks=(), live=False)])
def test_all_but_depth_and_volume_is_there(seen: MarketView) -> None:
    due = Due(START, (seen, replace(seen, venue=VenueName("osl"))))
    assert tops(codec.encode(due)) == Due(START, tuple(map(best, due.views)))


def test_of_the_plan_only_the_pairs_that_are_wanted_are_read_and_all_that_is_shown_for_reference() -> None:
    due = Due(START, (DEEP, view(USDTUSD), KRAKEN))
    read = tops(codec.encode(due), {(VENUE, USDTUSD)})
    assert [(each.venue, each.symbol) for each in read.views] == [(VENUE, USDTUSD), ("kraken", USDTUSD)]
    assert tops(codec.encode(due), ()).views == (best(KRAKEN),)


def test_what_is_no_decision_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="wake_at"):
        tops(b'{"type":"wake_at","at":1}')
