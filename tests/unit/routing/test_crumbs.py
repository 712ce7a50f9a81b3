"""What a slice leaves is kept in lots that every venue takes."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.kernel.money import down_to
from engine.routing.crumbs import even
from tests.support.builders import d

LOTS = [d("0.00001"), d("0.0000001")]


@pytest.mark.parametrize(
    ("quantity", "left", "sold"),
    [
        ("0.1234567", "1", "0.12345"),
        ("0.12345", "1", "0.12345"),
        ("0.1234567", "0.9999933", "0.1234533"),
        ("0.0000033", "1.0000067", "0"),
        ("0.0000067", "1.0000067", "0.0000067"),
        ("0.1234567", "1.00000005", "0.12345"),
    ],
)
def test_what_stays_is_whole_lots_of_the_coarser_venue(quantity: str, left: str, sold: str) -> None:
    """HashKey counts in 0.00001 BTC and OSL in a hundredth of that; what is finer than both can be sold nowhere."""
    assert even(d(quantity), d(left), LOTS) == d(sold)


def test_where_all_count_alike_nothing_changes() -> None:
    assert even(d("0.12345"), d("1"), LOTS[:1]) == d("0.12345")


@given(left=st.integers(1, 10**9), share=st.integers(0, 100))
def test_it_is_less_by_under_a_lot_and_never_odd(left: int, share: int) -> None:
    whole = Decimal(left).scaleb(-7)
    quantity = down_to(whole * share / 100, LOTS[1])
    sold = even(quantity, whole, LOTS)
    assert 0 <= sold <= quantity
    assert sold == 0 or (quantity - sold < LOTS[0] and (whole - sold) % LOTS[0] == 0)
