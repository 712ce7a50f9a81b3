"""The changes of a book as OSL's v4 socket tells them."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.kernel.clock import MILLISECOND, Instant
from venues.sandbox.model import Depth
from venues.sandbox.osl_deltas import changes, partial, wrapped

CHANGED = Instant(1_790_000_000_966 * MILLISECOND)
Side = dict[str, str]


def book(bids: Side, asks: Side) -> Depth:
    def levels(side: Side) -> tuple[tuple[Decimal, Decimal], ...]:
        return tuple((Decimal(price), Decimal(size)) for price, size in side.items())

    return Depth("BTCUSD", levels(bids), levels(asks), CHANGED, 1)


@pytest.mark.parametrize(
    ("count", "version_id"),
    [(0, 0), (2**31 - 1, 2**31 - 1), (2**31, -(2**31)), (2**32 - 1, -1), (2**32, 0), (2_172_568_390, -2_122_398_906)],
)
def test_the_counter_overflows_into_the_negative(count: int, version_id: int) -> None:
    assert wrapped(count) == version_id


def test_the_first_message_is_the_whole_book() -> None:
    """The specification's own example, to the letter."""
    assert partial(book({"61999.9": "0.5"}, {"62000.6": "0.4"}), -2122398906) == {
        "table": "orderBookL2", "action": "partial", "symbol": "BTCUSD", "bookVersionId": -2122398906,
        "sendTime": 1790000000966,
        "data": [
            {"symbol": "BTCUSD", "side": "Buy", "size": "0.50000000", "price": "61999.9"},
            {"symbol": "BTCUSD", "side": "Sell", "size": "0.40000000", "price": "62000.6"},
        ],
    }  # fmt: skip


def test_one_change_is_told_as_insert_update_and_delete_under_one_id() -> None:
    """A level that is gone is named with the size that it had."""
    before = book({"61999.9": "0.5", "61998.0": "0.9"}, {"62000.6": "0.4"})
    after = book({"61999.9": "0.5", "61999.5": "0.3"}, {"62000.6": "0.2"})
    told = changes(before, after, -2122396955, 1790000001345)
    common = {"table": "orderBookL2", "symbol": "BTCUSD", "bookVersionId": -2122396955, "sendTime": 1790000001345}
    assert told == [
        {**common, "action": "insert", "data": [row("Buy", "0.30000000", "61999.5")]},
        {**common, "action": "update", "data": [row("Sell", "0.20000000", "62000.6")]},
        {**common, "action": "delete", "data": [row("Buy", "0.90000000", "61998.0")]},
    ]


def row(side: str, size: str, price: str) -> dict[str, str]:
    return {"symbol": "BTCUSD", "side": side, "size": size, "price": price}


def test_what_did_not_change_is_not_told() -> None:
    assert changes(book({"1.0": "1"}, {}), book({"1.0": "1"}, {}), 1, 1) == []


SIDES = st.dictionaries(st.integers(1, 9).map(lambda n: f"{n}.0"), st.integers(1, 3).map(str), max_size=6)


@given(SIDES, SIDES, SIDES, SIDES)
def test_the_changes_turn_one_book_into_the_other(bids: Side, asks: Side, later_bids: Side, later_asks: Side) -> None:
    before, after = book(bids, asks), book(later_bids, later_asks)
    held = {(one["side"], one["price"]): one["size"] for one in partial(before, 1)["data"]}
    for message in changes(before, after, 2, 2):
        for one in message["data"]:
            key = (one["side"], one["price"])
            if message["action"] == "delete":
                del held[key]
            else:
                assert (key in held) is (message["action"] == "update")
                held[key] = one["size"]
    assert held == {(one["side"], one["price"]): one["size"] for one in partial(after, 2)["data"]}
