"""Portions: a share or a quantity, in orders that the venue takes, with nothing left over that it would not."""

import pytest

from strategies.tactics.portion import Portion, parse_portion, saleable
from tests.support.builders import d
from tests.support.wants import want


def test_a_portion_is_a_share_or_a_quantity() -> None:
    assert parse_portion("20%") == Portion(share=d("0.2"))
    assert parse_portion("0.05") == Portion(units=d("0.05"))
    assert (parse_portion("20%").of(want()), parse_portion("0.05").of(want())) == (d("0.4"), d("0.05"))


@pytest.mark.parametrize("text", ["", "%", "a fifth", "NaN", "20 %%"])
def test_what_is_neither_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a"):
        parse_portion(text)


@pytest.mark.parametrize(
    ("units", "wanted", "taken"),
    [
        ("0.5004", "2", "0.5"),
        ("0.0001", "2", "0.051"),
        ("1.96", "2", "2"),
        ("3", "2", "2"),
        ("0.02", "0.04", "0.04"),
    ],
)
def test_what_is_taken_is_in_lots_and_leaves_nothing_that_is_too_small(units: str, wanted: str, taken: str) -> None:
    """The smallest order at the floor of 99.60 is 0.051 BTC; 0.04 are for the venue to be found too small."""
    assert saleable(want(quantity=d(wanted)), d(units)) == d(taken)
