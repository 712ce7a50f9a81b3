"""A crossing order takes no more than a share of the bids that are shown."""

from typing import Any

import pytest

from engine.kernel.errors import Denied
from engine.market.facts import Level
from engine.orders.order import Approved, TimeInForce
from engine.risk import gate
from engine.risk.world import World
from tests.support.builders import child, d, limits, view, world

BIDS = (Level(d("99.99"), d("1")), Level(d("99.70"), d("1.5")), Level(d("99.50"), d("50")))
"""At 99.60 or above 2.5 BTC are bid."""


def picture(share: str | None = "40%", **changes: Any) -> World:
    fraction = d(share.removesuffix("%")) / 100 if share else None
    return world(limits=limits(depth_share_max=fraction), view=view(bids=BIDS), **changes)


def broken(picture: World, **changes: Any) -> list[str]:
    verdict = gate.check(child(**changes), picture)
    return [] if isinstance(verdict, Approved) else [denied.limit for denied in verdict]


@pytest.mark.parametrize(("quantity", "found"), [("1", []), ("1.001", ["visible depth"])])
def test_an_order_takes_its_share_of_what_is_bid_at_its_limit_or_above(quantity: str, found: list[str]) -> None:
    """40 % of 2.5 BTC; the 50 below its limit are not for it."""
    assert broken(picture(), quantity=d(quantity)) == found


def test_a_denial_names_the_quantity_and_the_most() -> None:
    assert gate.check(child(quantity=d("2")), picture()) == (Denied("visible depth", "2", "1.00"),)


def test_without_the_limit_an_order_may_take_all() -> None:
    assert broken(picture(None), quantity=d("2.5")) == []


def test_what_takes_no_bid_is_not_limited() -> None:
    """One that stands above the best bid, and one that the venue lets only make."""
    assert broken(picture(), quantity=d("5"), price=d("100"), tif=TimeInForce.GTC) == []
    assert broken(picture(), quantity=d("5"), tif=TimeInForce.POST_ONLY) == []


def test_a_deal_by_voice_takes_no_bids() -> None:
    found = gate.check_deal(child(quantity=d("9")), picture())
    assert [verdict for verdict in found if isinstance(verdict, Denied)] == []
