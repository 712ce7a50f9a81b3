"""A leg's own arithmetic: what waits is struck off oldest first."""

from collections import deque

import pytest

from engine.kernel.clock import Instant
from engine.orders.leg import Leg
from tests.support.builders import TWO, VENUE, d


@pytest.mark.parametrize(
    ("units", "left"),
    [
        ("0", [(1, "100"), (2, "50")]),
        ("40", [(1, "60"), (2, "50")]),
        ("100", [(2, "50")]),
        ("120", [(2, "30")]),
        ("150", []),
        ("200", []),
    ],
)
def test_the_oldest_that_waits_is_sold_first(units: str, left: list[tuple[int, str]]) -> None:
    leg = Leg(TWO, d("0"), waiting={VENUE: deque([(Instant(1), d("100")), (Instant(2), d("50"))])})
    leg.take(VENUE, d(units))
    assert list(leg.waiting[VENUE]) == [(when, d(much)) for when, much in left]


def test_a_leg_may_sell_what_it_had_and_what_it_received() -> None:
    leg = Leg(TWO, d("5"), received=d("100"), sold=d("30"))
    assert (leg.total, leg.remaining) == (d("105"), d("75"))
