"""The lowest price at which a leg may sell, always rounded upwards to the tick."""

import pytest

from engine.risk.floor import band_bottom, collar, price_in_quote
from tests.support.builders import COIN, POLICY, STABLE, USD, USDT, USDTUSD, book, d


@pytest.mark.parametrize(("floor", "limit"), [("99.60", "99.60"), ("99.601", "99.61")])
def test_a_floor_in_the_asset_bought_stands_as_it_is(floor: str, limit: str) -> None:
    assert price_in_quote(d(floor), USDT, COIN, None) == d(limit)


@pytest.mark.parametrize(("bid", "limit"), [("1.0000", "70000.00"), ("0.9995", "70035.02"), ("1.0010", "69930.07")])
def test_a_floor_in_fiat_is_divided_by_what_a_buyer_of_the_stablecoin_really_pays(bid: str, limit: str) -> None:
    view = book(USDTUSD, bid, "1.0100")
    assert price_in_quote(d("70000"), USD, COIN, view) == d(limit)


def test_a_floor_in_fiat_kept_in_stablecoin_brings_the_floor_in_fiat() -> None:
    """Whatever the bid: the limit times the bid is not below the floor."""
    floor = d("77500")
    bids = [d("0.9") + d("0.0007") * n for n in range(300)]
    limits = [price_in_quote(floor, USD, COIN, book(USDTUSD, str(bid), "2")) for bid in bids]
    assert all(limit is not None and limit * bid >= floor for limit, bid in zip(limits, bids, strict=True))


@pytest.mark.parametrize(
    ("mid", "bp", "limit"), [("100", "40", "99.60"), ("100.003", "40", "99.61"), ("7", "1", "7.00")]
)
def test_a_collar_is_counted_from_the_reference_and_rounded_upwards(mid: str, bp: str, limit: str) -> None:
    assert collar(d(mid), d(bp), COIN) == d(limit)


def test_a_band_ends_so_many_basis_points_under_par() -> None:
    assert band_bottom(POLICY, STABLE) == d("0.9950")
