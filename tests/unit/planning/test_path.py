"""The lawful way from what was seized to what is paid out."""

import pytest

from engine.kernel.errors import Mistake
from engine.kernel.money import Asset, AssetClass
from engine.mandate.terms import Edge
from engine.planning.path import route

CLASSES = {
    Asset(name): klass
    for name, klass in (
        ("BTC", AssetClass.VOLATILE),
        ("ETH", AssetClass.VOLATILE),
        ("USDT", AssetClass.STABLE),
        ("USDC", AssetClass.STABLE),
        ("USD", AssetClass.FIAT),
        ("HKD", AssetClass.FIAT),
    )
}


def edges(*hops: str) -> list[Edge]:
    return [Edge(*map(Asset, hop.split(">"))) for hop in hops]


def way(asset: str, *hops: str) -> list[str] | Mistake:
    found = route(Asset(asset), Asset("USD"), edges(*hops), CLASSES)
    return found if isinstance(found, Mistake) else [f"{edge.sell}>{edge.buy}" for edge in found]


def test_a_volatile_asset_takes_two_hops_and_a_stablecoin_one() -> None:
    assert way("BTC", "BTC>USDT", "USDT>USD") == ["BTC>USDT", "USDT>USD"]
    assert way("USDT", "BTC>USDT", "USDT>USD") == ["USDT>USD"]


def test_hops_of_other_assets_do_not_matter() -> None:
    assert way("BTC", "ETH>USDC", "USDC>USD", "BTC>USDT", "USDT>USD") == ["BTC>USDT", "USDT>USD"]


@pytest.mark.parametrize(
    "hops",
    [
        ("BTC>USD",),
        ("BTC>USD", "USDT>USD"),
        ("BTC>USDT",),
        ("BTC>USDT", "USDT>HKD"),
        ("BTC>USDT", "USDT>USDC", "USDC>USD"),
        ("BTC>ETH", "ETH>USDT", "USDT>USD"),
        ("USDT>BTC", "USDT>USD"),
        (),
    ],
)
def test_where_no_lawful_way_leads_on_the_mistake_names_the_place(hops: tuple[str, ...]) -> None:
    """Straight to fiat, ending early, elsewhere, through a second coin, backwards, or not at all."""
    found = way("BTC", *hops)
    assert isinstance(found, Mistake)
    assert found.where == "path.BTC"
    assert "no lawful hop" in found.what


def test_two_ways_on_are_a_mistake_and_both_are_named() -> None:
    found = way("BTC", "BTC>USDT", "BTC>USDC", "USDT>USD", "USDC>USD")
    assert isinstance(found, Mistake)
    assert "BTC>USDT, BTC>USDC" in found.what
