"""What a venue accepts for a pair: nothing is rounded in the buyer's favour, and every broken rule is named."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import COIN, d


@given(st.decimals("0.0001", 1000, places=8))
def test_what_is_sellable_is_whole_lots_and_never_more_than_there_is(quantity: Decimal) -> None:
    lots = COIN.sellable(quantity)
    assert lots % COIN.lot == 0
    assert lots <= quantity < lots + COIN.lot


@given(st.decimals("0.0001", 10**6, places=8))
def test_the_limit_of_a_sale_is_never_rounded_below_its_bound(price: Decimal) -> None:
    limit = COIN.at_least(price)
    assert limit % COIN.tick == 0
    assert limit - COIN.tick < price <= limit


@pytest.mark.parametrize(("quantity", "price"), [("0.01", "500"), ("1000", "100"), ("0.05", "100.00")])
def test_an_order_on_the_very_edge_of_the_filters_is_taken(quantity: str, price: str) -> None:
    assert COIN.faults(d(quantity), d(price)) == []


@pytest.mark.parametrize(
    ("quantity", "price", "fault"),
    [
        ("1", "100.001", "tick"),
        ("1", "0", "positive multiple of the tick"),
        ("1.0001", "100", "multiple of the lot"),
        ("0.009", "1000", "outside 0.01..1000"),
        ("1000.001", "10", "outside 0.01..1000"),
        ("0.04", "100", "notional"),
        ("1000", "100.01", "notional"),
    ],
)
def test_an_order_beyond_a_filter_is_faulted_with_the_rule(quantity: str, price: str, fault: str) -> None:
    assert any(fault in found for found in COIN.faults(d(quantity), d(price)))


def test_every_broken_rule_is_listed_at_once() -> None:
    assert len(COIN.faults(d("0.0005"), d("0.005"))) == 4


@pytest.mark.parametrize(("quantity", "price", "small"), [("0.05", "100", False), ("0.049", "100", True)])
def test_a_minimum_may_be_of_quantity_or_of_notional(quantity: str, price: str, small: bool) -> None:
    assert COIN.too_small(d(quantity), d(price)) is small
    assert COIN.too_small(d("0.009"), d("1000"))


@pytest.mark.parametrize(("price", "largest"), [("10", "1000"), ("100", "1000"), ("300", "333.333")])
def test_the_largest_order_keeps_both_maxima(price: str, largest: str) -> None:
    assert COIN.largest(d(price)) == d(largest)
    assert COIN.faults(COIN.largest(d(price)), d(price)) == []
