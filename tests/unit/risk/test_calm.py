"""How restless a market is, and when that is too much."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.kernel.clock import MINUTE, Span
from engine.risk.calm import PauseRules, Pulse, known, pulse, restless
from tests.support.builders import d

RULES = PauseRules(move=d("0.02"), over=Span(5 * MINUTE), spread_bp=d("40"), calm=MINUTE)
PRICES = st.decimals(d("0.01"), d("100000"), places=2)


@given(price=PRICES, earlier=st.lists(PRICES, max_size=8))
def test_the_move_is_the_longest_way_from_any_earlier_price(price: Decimal, earlier: list[Decimal]) -> None:
    longest = max((abs(price - one) / one for one in earlier), default=d("0"))
    assert pulse(price, earlier, ()).move == longest.quantize(d("0.000001"))


def test_the_spread_is_that_of_the_closest_book() -> None:
    assert pulse(None, (), [(d("1"), d("100")), (d("0.1"), d("100"))]) == Pulse(None, None, d("10.00"))


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (Pulse(d("1"), d("0.019999"), d("40.00")), ""),
        (Pulse(d("1"), d("0.020000"), d("40.00")), "moved 2 % within 5m, and 2 % pauses"),
        (Pulse(d("1"), d("0"), d("40.01")), "spread 40.01 bp, and more than 40 bp pauses"),
        (Pulse(None, None, None), ""),
    ],
)
def test_a_bound_is_broken_from_the_move_on_and_beyond_the_spread(found: Pulse, why: str) -> None:
    assert restless(found, RULES) == why


def test_what_is_bounded_has_to_be_seen_to_count_as_calm() -> None:
    spread_only = PauseRules(spread_bp=d("40"), calm=MINUTE)
    unpriced = Pulse(None, None, d("5"))
    assert (known(unpriced, RULES), known(unpriced, spread_only)) == (False, True)
