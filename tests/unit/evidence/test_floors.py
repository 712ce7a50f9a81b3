"""Floors as a journal tells them: versions, stretches, and whether sales kept what they were sent under."""

import pytest

from engine.events import FloorSet
from engine.evidence.floors import FloorNotes, HeldSale, fair_price, of_leg
from engine.kernel.ids import LegId
from engine.mandate.terms import FloorFees, FloorScope
from engine.orders import commands as c
from engine.orders.order import Check, floor_of
from tests.support.builders import BTC, ONE, START, at, d, floor_version


def blocked(when: str = "00:01", leg: LegId = ONE) -> c.FloorBlocked:
    return c.FloorBlocked(at=at(when), leg=leg, floor="the floor of 100 USDT", wanted=d("100"), bid=d("98.50"))


def cleared(when: str, leg: LegId = ONE) -> c.FloorCleared:
    return c.FloorCleared(at=at(when), leg=leg, wanted=d("100"), bid=d("100.01"))


def sale(quantity: str, price: str, bound: str | None = "100", index: int = 0, fee: str = "0") -> HeldSale:
    return HeldSale(d(quantity), d(price), d(fee), index, d(bound) if bound else None)


def test_a_version_is_told_with_its_numbers() -> None:
    told = FloorNotes().take(FloorSet(at=START, asset=BTC, day="2026-05-02", version=floor_version()))
    assert told == (
        START,
        "floor set",
        f"BTC, version 1 of 2026-05-02: 95 USDT, 95 % of 100 over 2 days; digest {'a' * 16}",
    )


def test_a_day_without_one_is_told_with_its_reason() -> None:
    lack = "desk.csv can't be read"
    told = FloorNotes().take(FloorSet(at=START, asset=BTC, day="2026-05-02", version=None, lack=lack))
    assert told[1:] == ("no floor could be set", "BTC, 2026-05-02: desk.csv can't be read")


def test_each_stretch_ends_with_the_next_word_of_its_own_leg() -> None:
    notes, other = FloorNotes(), LegId("3")
    for row in (blocked("00:01"), blocked("00:02", other), cleared("00:03"), blocked("00:04"), cleared("00:05", other)):
        notes.take(row)
    assert [(s.began.at, s.ended) for s in of_leg(notes.stretches, ONE)] == [
        (at("00:01"), at("00:03")),
        (at("00:04"), None),
    ]
    assert [(s.began.at, s.ended) for s in of_leg(notes.stretches, other)] == [(at("00:02"), at("00:05"))]


@pytest.mark.parametrize(
    ("scope", "kept", "judged", "worst"),
    [
        (FloorScope.FILL, False, 3, "-100.00"),
        (FloorScope.SLICE, False, 2, "-100.00"),
        (FloorScope.AVERAGE, True, 1, "33.33"),
    ],
)
def test_sales_are_judged_in_the_scope_of_the_floor(scope: FloorScope, kept: bool, judged: int, worst: str) -> None:
    """Two of slice 0 above the floor by 1 each, and one of slice 1 below it by 1."""
    sales = [sale("1", "101"), sale("1", "101"), sale("1", "99", index=1)]
    stated = fair_price(sales, scope, FloorFees.OUT)
    assert stated is not None
    assert (stated.kept, stated.judged, stated.worst_bp) == (kept, judged, d(worst))


def test_each_sale_is_held_against_the_floor_that_it_was_sent_under() -> None:
    """105 under a floor of 105, then 100 under one of 100: nothing is spare, and nothing is lacking."""
    stated = fair_price([sale("1", "105", "105"), sale("1", "100", "100")], FloorScope.AVERAGE, FloorFees.OUT)
    assert stated is not None
    assert (stated.kept, stated.worst_bp) == (True, d("0.00"))


def test_after_fees_what_was_kept_is_taken_off() -> None:
    sales = [sale("1", "100.10", fee="0.20")]
    before, after = (fair_price(sales, FloorScope.FILL, fees) for fees in (FloorFees.OUT, FloorFees.IN))
    assert before is not None
    assert after is not None
    assert (before.kept, after.kept) == (True, False)


def test_where_nothing_was_sold_under_a_floor_nothing_is_stated() -> None:
    assert fair_price([sale("1", "99", None)], FloorScope.FILL, FloorFees.OUT) is None


def test_the_floor_of_an_order_is_read_from_its_approval() -> None:
    assert floor_of([Check("collar", "99", "98"), Check("floor", "99.95", "99.90")]) == d("99.90")
    assert floor_of([Check("collar", "99", "98")]) is None
