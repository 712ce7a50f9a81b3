"""Books that are built from frames of which several make one change, and held against snapshots of other moments."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.kernel.clock import SECOND, Instant, of_millis
from engine.kernel.ids import VenueName
from engine.market.facts import BookSeen, FeedDown, Level, MarketFact, Print
from tests.unit.venues.osl.stub import BTCUSD, SINCE
from venues.osl import frames
from venues.osl.book import Book
from venues.osl.checks import suspects
from venues.osl.frames import Change, Side, Snapshot
from venues.osl.wire import Odd

V = VenueName("osl")
AT = of_millis(1_790_000_000_966)


def frame(action: str, version: int, *rows: tuple[str, str, str], **changed: Any) -> bytes:
    """Rows are side, price, size."""
    told = {
        "table": "orderBookL2",
        "action": action,
        "symbol": "BTCUSD",
        "bookVersionId": version,
        "sendTime": 1790000000966,
        "data": [{"symbol": "BTCUSD", "side": side, "size": size, "price": price} for side, price, size in rows],
    }
    return json.dumps({**told, **changed}).encode()


class Feed:
    """A book, and the time at which each frame comes: one a second."""

    def __init__(self) -> None:
        self.book, self.now = Book(V, BTCUSD), 0

    def take(self, action: str, version: int, *rows: tuple[str, str, str]) -> list[MarketFact]:
        self.now += SECOND
        change = frames.frame(frame(action, version, *rows))
        assert isinstance(change, Change)
        return self.book.take(change, Instant(SINCE + self.now), self.now)

    def quiet(self) -> list[MarketFact]:
        return self.book.quiet(Instant(SINCE + self.now))


def begun() -> Feed:
    feed = Feed()
    feed.take("partial", 1, ("Buy", "99", "1"), ("Buy", "98", "2"), ("Sell", "101", "1"), ("Sell", "102", "2"))
    [first] = feed.quiet()
    assert isinstance(first, BookSeen)
    return feed


def shown(facts: list[MarketFact]) -> tuple[dict[str, str], dict[str, str]]:
    [book] = facts
    assert isinstance(book, BookSeen)
    bids, asks = ({str(level.price): str(level.size) for level in side} for side in (book.bids, book.asks))
    return bids, asks


def test_a_partial_is_the_book_best_first() -> None:
    """Its time is the arrival, since what it carries may be long ago."""
    feed = Feed()
    assert feed.take("partial", -5, ("Buy", "98", "2"), ("Sell", "102", "2"), ("Buy", "99", "1")) == []
    [book] = feed.quiet()
    assert book == BookSeen(
        venue=V,
        symbol=BTCUSD,
        changed_at=Instant(SINCE + SECOND),
        seen_at=Instant(SINCE + SECOND),
        bids=(Level(Decimal(99), Decimal(1)), Level(Decimal(98), Decimal(2))),
        asks=(Level(Decimal(102), Decimal(2)),),
        version="-5",
    )


def test_a_change_of_three_frames_is_shown_when_the_version_moves_on() -> None:
    """In between the book is crossed: 101 is bid before the offer there is gone."""
    feed = begun()
    assert feed.take("insert", 2, ("Buy", "101", "3")) == []
    assert feed.quiet() == []
    assert feed.take("update", 2, ("Sell", "102", "5")) == []
    assert feed.take("delete", 2, ("Sell", "101", "1"), ("Buy", "77", "9")) == []
    assert shown(feed.take("insert", 3, ("Buy", "97", "1"))) == ({"101": "3", "99": "1", "98": "2"}, {"102": "5"})


def test_a_change_is_shown_when_the_stream_has_gone_quiet() -> None:
    """Nothing more will come of it; shown once, with the venue's time of it."""
    feed = begun()
    feed.take("update", 2, ("Buy", "99", "7"))
    [book] = feed.quiet()
    assert isinstance(book, BookSeen)
    assert (book.bids[0].size, book.changed_at, book.version) == (Decimal(7), AT, "2")
    assert feed.quiet() == []


def test_a_level_that_is_not_there_is_removed_without_harm() -> None:
    """The row still carries its old size."""
    feed = begun()
    feed.take("delete", 2, ("Buy", "50", "9"))
    assert shown(feed.quiet()) == ({"99": "1", "98": "2"}, {"101": "1", "102": "2"})


def test_a_book_that_stays_crossed_when_its_change_is_whole_is_odd() -> None:
    """A frame must have been lost."""
    feed = begun()
    feed.take("insert", 2, ("Buy", "101", "3"))
    with pytest.raises(Odd, match="crossed"):
        feed.take("insert", 3, ("Buy", "97", "1"))


@pytest.mark.parametrize(("before", "after"), [(2, 1), (-5, -6), (-(2**31), 2**31 - 1)])
def test_a_version_that_goes_back_is_odd(before: int, after: int) -> None:
    """The counter jumps, and wraps at 32 bits; it never turns round."""
    feed = Feed()
    feed.take("partial", before, ("Buy", "99", "1"))
    with pytest.raises(Odd, match="came after"):
        feed.take("insert", after, ("Buy", "98", "1"))


def test_a_version_that_wraps_goes_on() -> None:
    """From the largest number of 32 bits to the smallest."""
    feed = Feed()
    feed.take("partial", 2**31 - 1, ("Buy", "99", "1"))
    assert len(feed.take("insert", -(2**31), ("Buy", "98", "1"))) == 1


def test_a_change_before_the_first_book_is_passed_over() -> None:
    """There is nothing that it could change."""
    feed = Feed()
    assert feed.take("insert", 1, ("Buy", "99", "1")) == []
    assert feed.quiet() == []
    assert not feed.book.live


def test_a_feed_that_is_lost_says_so_once_and_begins_anew() -> None:
    """The next book may have any version, and holds nothing of the one before."""
    feed = begun()
    assert [type(fact) for fact in feed.book.lose(SINCE, "gone")] == [FeedDown]
    assert feed.book.lose(SINCE, "gone") == []
    feed.take("partial", -9, ("Buy", "10", "1"))
    assert shown(feed.quiet()) == ({"10": "1"}, {})


@given(st.data())
def test_however_frames_are_grouped_the_last_book_is_the_same(data: st.DataObject) -> None:
    """Bids below the offers, set and removed at will: the book is what a dictionary holds."""
    feed, held = Feed(), {}
    feed.take("partial", 0, ("Sell", "1000", "1"))
    for version in range(1, data.draw(st.integers(1, 8)) + 1):
        for action in ("insert", "update", "delete"):
            for price in data.draw(st.lists(st.integers(1, 6), max_size=3)):
                feed.take(action, version, ("Buy", str(price), str(version)))
                held[price] = version
                if action == "delete":
                    del held[price]
    told = feed.quiet()
    if told:
        bids, _ = shown(told)
        assert bids == {str(price): str(size) for price, size in held.items()}
    assert feed.book.levels(Side.BUY) == {Decimal(price): Decimal(size) for price, size in held.items()}


def snapshot(bids: dict[str, str], asks: dict[str, str]) -> Snapshot:
    def levels(side: dict[str, str], *, reverse: bool) -> tuple[Level, ...]:
        return tuple(
            sorted((Level(Decimal(p), Decimal(s)) for p, s in side.items()), key=lambda x: x.price, reverse=reverse)
        )

    return Snapshot(SINCE, levels(bids, reverse=True), levels(asks, reverse=False))


BIDS, ASKS = {"99": "1", "98": "2"}, {"101": "1", "102": "2"}


@pytest.mark.parametrize(
    ("bids", "asks", "place"),
    [
        (BIDS, ASKS, None),
        (BIDS, {"102": "2"}, (Side.SELL, Decimal(101))),
        ({**BIDS, "98.5": "1"}, ASKS, (Side.BUY, Decimal("98.5"))),
        ({**BIDS, "98": "1"}, ASKS, (Side.BUY, Decimal(98))),
    ],
    ids=["equal", "a delete was lost", "an insert was lost", "an update was lost"],
)
def test_a_snapshot_shows_what_was_lost(bids: dict[str, str], asks: dict[str, str], place: Any) -> None:
    """A level that stood still in the stream and stands otherwise in the snapshot."""
    feed = begun()
    assert suspects(feed.book, snapshot(bids, asks), set()) == ({place} if place else set())


def test_what_moved_about_the_time_of_the_snapshot_proves_nothing() -> None:
    """The two are of different moments; only what the stream did not speak of counts."""
    feed = begun()
    feed.take("update", 2, ("Buy", "98", "9"))
    moved = feed.book.moved_since(feed.now)
    assert moved == {(Side.BUY, Decimal(98))}
    assert suspects(feed.book, snapshot({**BIDS, "98": "3"}, ASKS), moved) == set()
    assert feed.book.moved_since(feed.now + 1) == set()


def test_a_book_younger_than_the_snapshot_is_not_compared() -> None:
    """A new connection began meanwhile."""
    feed = begun()
    assert feed.book.moved_since(SECOND // 2) is None


def test_only_the_depth_that_both_show_is_compared() -> None:
    """The snapshot ends at its 25th level, the stream goes on; a stream of one level against 25 has lost something."""
    feed, thin = Feed(), Feed()
    deep = {str(100 - number): "1" for number in range(40)}
    feed.take("partial", 1, *(("Buy", price, size) for price, size in deep.items()))
    thin.take("partial", 1, ("Buy", "100", "1"))
    shot = snapshot(dict(list(deep.items())[:25]), {})
    assert suspects(feed.book, shot, set()) == set()
    assert len(suspects(thin.book, shot, set())) == 24


@pytest.mark.parametrize(
    "raw",
    [
        b'{"event":"error","code":30001}',
        frame("frob", 1),
        frame("insert", 2**31),
        frame("insert", 1, ("Buy", "0", "1")),
        frame("insert", 1, ("Buy", "1", "0")),
        frame("insert", 1, ("Buy", "NaN", "1")),
        frame("insert", 1, ("Buy", "1", "Infinity")),
        frame("insert", 1, ("Buy", "1e14", "1")),
        frame("insert", 1, ("Sideways", "1", "1")),
        frame("insert", 1, sendTime=-1),
        frame("insert", 1, symbol=None),
        b"[7]",
        b"nonsense",
    ],
)
def test_a_frame_that_can_not_be_believed_is_odd(raw: bytes) -> None:
    """An error, an unknown action, a version of more than 32 bits, a level of no size or price."""
    with pytest.raises(Odd):
        frames.frame(raw)


@pytest.mark.parametrize(
    "raw",
    [
        b'{"event":"subscribe","arg":{"channel":"depthDiff","instId":"BTCUSD"},"sessionId":"s"}',
        b'{"action":"heartbeat"}',
        b'{"table":"other","action":"insert"}',
    ],
)
def test_frames_that_say_nothing_of_a_book_are_passed_over(raw: bytes) -> None:
    """An acknowledgement, the documented heartbeat that nobody saw, another table."""
    assert frames.frame(raw) is None


@pytest.mark.parametrize(
    "changed",
    [
        {"symbol": "ETHUSD"},
        {"bids": [["1", "1"], ["2", "1"]]},
        {"asks": [["2", "1"], ["2", "1"]]},
        {"bids": [["1", "0"]]},
        {"updateTime": "yesterday"},
    ],
)
def test_a_snapshot_that_no_exchange_shows_is_odd(changed: dict[str, Any]) -> None:
    """Another pair, out of order, twice the same price, no size, no time."""
    body = {"symbol": "BTCUSD", "asks": [], "bids": [], "updateTime": "2026-09-22T14:05:42.365Z"}
    assert frames.snapshot(BTCUSD, json.dumps(body).encode()).bids == ()
    with pytest.raises(Odd):
        frames.snapshot(BTCUSD, json.dumps({**body, **changed}).encode())


def test_trades_are_told_oldest_first_with_the_side_that_rested() -> None:
    """The sample of section 4.5 is a sale: whoever bought was there before."""
    row = {"trdMatchID": "87ZPV", "symbol": "BTCUSD", "side": "Sell", "size": "0.60000000", "price": "62000.00000000",
           "grossValue": "37200.00000000", "transactTime": "2026-09-22T00:06:04.000Z"}  # fmt: skip
    later = {**row, "trdMatchID": "87ZPW", "side": "Buy", "transactTime": "2026-09-22T00:06:05.000Z"}
    first, second = frames.prints(V, BTCUSD, json.dumps([later, row]).encode(), SINCE)
    assert isinstance(first, Print)
    assert (first.trade_id, first.quantity, first.buyer_is_maker) == ("87ZPV", Decimal("0.6"), True)
    assert (second.trade_id, second.buyer_is_maker) == ("87ZPW", False)
    with pytest.raises(Odd):
        frames.prints(V, BTCUSD, json.dumps([{**row, "symbol": "ETHUSD"}]).encode(), SINCE)
