"""The parts of the benchmarks that hold no clock: what they print, and that every book they compare does the same."""

from decimal import Decimal

import msgspec
import pytest

from engine.core.state import opened
from engine.kernel.ids import VenueName
from tests.benchmarks import books, peer, stalls, traffic
from tests.benchmarks.crowd import LOTS, Crowd
from tests.benchmarks.exchanges import Matches, Naive, Ours
from tests.benchmarks.pacing import Let
from tests.benchmarks.rows import Row, Spread, table, taking_turns
from tests.support import builders as b
from venues.hashkey import events, wire
from venues.hashkey.market import check
from venues.hashkey.public import _Book


def test_a_ratio_is_taken_round_by_round() -> None:
    ours, theirs = Spread((2.0, 9.0, 3.0), "us"), Spread((1.0, 3.0, 3.0), "us")
    assert ours.over(theirs).values == (2.0, 3.0, 1.0)
    assert str(ours.over(theirs)) == "2 [1..3]"


def test_a_row_that_does_not_hold_says_so() -> None:
    row = Row("orders", Spread((3.0,), "us"), "peer 1 us", None, "<= 2x", holds=False)
    assert "<= 2x DOES NOT HOLD" in table([row])


async def test_every_other_round_is_measured_backwards() -> None:
    seen = []

    async def side(name: str) -> str:
        seen.append(name)
        return name

    found = await taking_turns(2, [lambda: side("ours"), lambda: side("theirs")])
    assert seen == ["ours", "theirs", "theirs", "ours"]
    assert found == [["ours", "ours"], ["theirs", "theirs"]]


@pytest.mark.parametrize("kind", [Ours, Naive])
def test_every_book_trades_what_the_crowd_expects(kind: type[Matches]) -> None:
    crowd, book = Crowd(resting=100, reach=20), kind()
    for operation in [*crowd.first, *crowd.next(400)]:
        book.do(operation)
    assert book.traded == crowd.taken >= 20 * LOTS


def test_a_crowd_comes_and_goes_in_equal_numbers() -> None:
    crowd = Crowd(resting=1000, reach=50)
    crowd.next(5000)
    assert 800 < len(crowd._live) < 1200


def test_the_book_that_is_shown_can_be_believed() -> None:
    book = wire.parsed(peer.BOOK, _Book)
    check(book.b, descending=True)
    check(book.a, descending=False)
    assert book.b[0].price < books.MID < book.a[0].price


def test_windows_and_order_are_counted_from_what_was_let_through() -> None:
    let = Let(at=(0.0, 0.01, 0.02, 0.5, 1.2), order=(0, 2, 1, 3, 4), busy=0.0, sleeps=0.0)
    assert let.worst(0.1) == 3
    assert let.worst(1.0) == 4
    assert let.overtaken == 1


def test_an_order_of_the_load_fills_in_its_parts_and_no_more() -> None:
    order = stalls.Order(
        1, {"symbol": "BTCUSDT", "newClientOrderId": b.name(), "quantity": "0.34", "price": "77990.01"}
    )
    told = [fact for _ in range(34) for fact in events.private_facts(b.VENUE, order.fill(Decimal("0.01")))]
    assert len(told) == 68
    assert wire.order_report(b.VENUE, msgspec.json.encode(order.row)).status == "filled"
    assert len(wire.fills(b.VENUE, msgspec.json.encode(order.trades))) == 34


def test_the_run_under_load_has_a_leg_on_each_venue() -> None:
    venues = [VenueName(f"hashkey{number}") for number in range(1, 7)]
    state = opened(traffic.opening(venues, b.START, 60))
    assert [leg.instruments[0].venue for leg in state.opened.plan.legs] == venues
