"""Public prices: exact books by stream or by asking, and a feed that breaks aloud."""

import asyncio
import json
from collections.abc import Iterator
from decimal import Decimal
from itertools import count
from typing import Any

import pytest

from engine.kernel.clock import MILLISECOND, Span, of_millis
from engine.market.facts import BookSeen, FeedDown, Level, MarketFact, Print
from tests.unit.venues.generic.stand import BTCUSDT, EVER, MILLIS, SINCE, THERE, Stand, body, client, prices
from venues.generic import hardening
from venues.generic.mapping import Odd
from venues.generic.pair import Pair

DEPTH, PUBLIC = ("GET", "/quote/v1/depth"), ("GET", "/quote/v1/trades")
FINE = "62000.123456789012"
"""More digits than a binary float has."""
BOOK: dict[str, Any] = {"t": MILLIS, "b": [[FINE, "0.3"], ["9999.5", "1"]], "a": [["62001", "0.00000001"]]}
BIDS = (Level(Decimal(FINE), Decimal("0.3")), Level(Decimal("9999.5"), Decimal(1)))


def depth(**changed: Any) -> str:
    """A frame of the depth topic."""
    return json.dumps({"symbol": "BTCUSDT", "topic": "depth", "data": [{"s": "BTCUSDT", **BOOK, **changed}]})


def public_trades(*numbers: int) -> str:
    rows = [{"v": str(n), "t": 4 * 10**12 + n, "p": FINE, "q": "0.1", "m": n % 2 == 0} for n in numbers]
    return json.dumps({"symbol": "BTCUSDT", "topic": "trade", "data": rows})


async def seen(market: Any, wanted: int) -> list[MarketFact]:
    """What a market tells, until it has told so much."""
    told: list[MarketFact] = []
    async with asyncio.timeout(5):
        while len(told) < wanted:
            told += market.drain(EVER)
            await asyncio.sleep(0.005)
    return told


async def watched(stand: Stand, wanted: int, **changed: Any) -> list[MarketFact]:
    market = prices(client(stand.root), **changed)
    await market.start([BTCUSDT])
    told = await seen(market, wanted)
    await market.aclose()
    return told


async def test_a_book_is_exact_by_stream() -> None:
    """ccxt makes floats of a book even in its string mode."""
    async with Stand({}, {"depth": lambda: [depth()], "trade": lambda: [public_trades(1)]}) as stand:
        book, trade = sorted(await watched(stand, 2), key=lambda fact: type(fact).__name__)
    assert isinstance(book, BookSeen)
    assert (book.bids, book.asks) == (BIDS, (Level(Decimal(62001), Decimal("0.00000001")),))
    assert (book.venue, book.symbol, book.changed_at) == (THERE, BTCUSDT, SINCE)
    assert isinstance(trade, Print)
    assert (trade.trade_id, trade.price, trade.buyer_is_maker) == ("1", Decimal(FINE), False)


async def test_a_book_is_exact_by_asking() -> None:
    """9,999.5 stands below 62,000 though its text is the greater."""
    numbers = f'{{"t":{MILLIS},"b":[[{FINE},0.3],[9999.5,1]],"a":[[62001,0.00000001]]}}'
    async with Stand({DEPTH: lambda _: body(numbers), PUBLIC: []}) as stand:
        book, *_ = await watched(stand, 1, streams=False)
    assert isinstance(book, BookSeen)
    assert (book.bids, book.asks[0].size) == (BIDS, Decimal("0.00000001"))


async def test_prints_without_ids_are_told_once() -> None:
    """Two that look alike are two."""
    now = 4 * 10**12
    row = {"t": now, "p": FINE, "q": "0.1", "ibm": True}
    async with Stand({DEPTH: BOOK, PUBLIC: [row, row, {**row, "t": now + 1}]}) as stand:
        facts = await watched(stand, 9, streams=False)
    prints = [fact for fact in facts if isinstance(fact, Print)]
    assert len(prints) == len({each.trade_id for each in prints}) == 3
    assert all(each.buyer_is_maker and each.price == Decimal(FINE) for each in prints)


def frames(*first: str) -> Any:
    """Something else with every subscription; and then the first again."""
    waiting = count()

    def next_one() -> Iterator[str]:
        yield from (first[next(waiting) % len(first)],)

    return next_one


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param(
            '{"topic":"depth","code":"-100010","desc":"Invalid Symbols!"}', id="an error that kills ccxt's loop"
        ),
        pytest.param("{half", id="half a frame"),
        pytest.param(depth(b=[["1", "1"], ["2", "NaN"]]), id="no number"),
        pytest.param(depth(b=[["-1", "1"]]), id="below nothing"),
        pytest.param('{"topic":"depth","symbol":"BTCUSDT"}', id="no book at all"),
    ],
)
async def test_a_frame_that_cannot_be_believed_ends_the_feed_aloud_and_it_comes_back(bad: str) -> None:
    """In ccxt the socket would fall silent, and every watch would wait for ever."""
    first = frames(depth(), depth(t=MILLIS + 1))

    def spoiled() -> list[str]:
        return [*first(), bad]

    async with Stand({}, {"depth": spoiled, "trade": list}) as stand:
        facts = await watched(stand, 3)
    kinds = [type(fact) for fact in facts]
    assert kinds[:3] == [BookSeen, FeedDown, BookSeen]


async def test_a_stream_that_brings_no_book_is_given_up_for_questions() -> None:
    script = {DEPTH: BOOK, PUBLIC: []}
    async with Stand(script, {"depth": lambda: ["{half"], "trade": list}) as stand:
        market = prices(client(stand.root))
        await market.start([BTCUSDT])
        [book, *_] = market.drain(EVER)
        await market.aclose()
    assert isinstance(book, BookSeen)
    assert stand.subscribed.count("depth") == 3


async def test_silence_is_a_broken_feed() -> None:
    async with Stand({}, {"depth": lambda: [depth()], "trade": list}) as stand:
        facts = await watched(stand, 2, silence=Span(50 * MILLISECOND))
    assert [type(fact) for fact in facts[:2]] == [BookSeen, FeedDown]


async def test_a_pair_that_shows_no_book_is_named() -> None:
    async with Stand({DEPTH: lambda _: body("", 503)}) as stand:
        market = prices(client(stand.root), streams=False, first_book=Span(80 * MILLISECOND))
        with pytest.raises(TimeoutError, match="there showed no first book of BTCUSDT"):
            await market.start([BTCUSDT])
        await market.aclose()


async def test_a_page_in_place_of_a_book_is_no_empty_book() -> None:
    answers = iter([json.dumps(BOOK), "{}", "<html>"])
    async with Stand({DEPTH: lambda _: body(next(answers, json.dumps(BOOK))), PUBLIC: []}) as stand:
        facts = await watched(stand, 2, streams=False)
    assert [type(fact) for fact in facts[:2]] == [BookSeen, FeedDown]


def book(**changed: Any) -> dict[str, Any]:
    return {"bids": [[Decimal(10), Decimal(1)]], "asks": [], "timestamp": MILLIS, "nonce": None} | changed


def pair() -> Pair:
    return Pair(THERE, BTCUSDT, SINCE)


def test_an_older_book_is_dropped_until_the_feed_has_begun_anew() -> None:
    watching = pair()
    assert watching.book(book(), SINCE)
    assert watching.book(book(timestamp=MILLIS - 1), SINCE) == []
    assert watching.lose(SINCE, "gone") == [FeedDown(THERE, BTCUSDT, SINCE, "gone")]
    assert watching.lose(SINCE, "gone") == []
    assert watching.book(book(timestamp=MILLIS - 1), SINCE)


def test_a_book_without_a_time_is_as_old_as_its_arrival() -> None:
    [fact] = pair().book(book(timestamp=None, nonce=7), of_millis(MILLIS + 5))
    assert isinstance(fact, BookSeen)
    assert (fact.changed_at, fact.version) == (of_millis(MILLIS + 5), "7")


@pytest.mark.parametrize(
    "changed",
    [
        {"bids": [[Decimal(10), Decimal(1)], [Decimal(11), Decimal(1)]]},
        {"bids": [[Decimal(10), Decimal(1)], [Decimal(10), Decimal(2)]]},
        {"asks": [[Decimal(10), Decimal(0)]]},
        {"asks": [[10.5, Decimal(1)]]},
        {"asks": [[None, Decimal(1)]]},
        {"timestamp": 1.5},
        {"timestamp": None, "bids": []},
    ],
    ids=str,
)
def test_a_book_that_no_exchange_could_show_is_odd(changed: dict[str, Any]) -> None:
    with pytest.raises(Odd):
        pair().book(book(**changed), SINCE)


def test_a_print_from_before_the_watch_is_left_out_and_an_absurd_one_is_odd() -> None:
    row = {"id": "1", "timestamp": MILLIS - 1, "price": "1", "amount": "1", "side": "sell"}
    assert pair().prints([row], SINCE) == []
    for changed in ({"price": "0"}, {"amount": 0.1}, {"side": None}, {"timestamp": None}):
        with pytest.raises(Odd):
            pair().prints([row | changed], SINCE)


def test_json_keeps_fractions_as_text_and_knows_no_infinity() -> None:
    assert hardening.exact_json('{"p":0.10000000000000000001,"n":12345678901234567890}') == {
        "p": "0.10000000000000000001",
        "n": 12345678901234567890,
    }
    with pytest.raises(ValueError, match="no number"):
        hardening.exact_json('{"p":NaN}')


def test_a_field_is_a_decimal_or_its_default_and_a_float_is_odd() -> None:
    assert hardening.exact_field({"p": "1.10"}, "p") == Decimal("1.10")
    assert hardening.exact_field(["1", 2], 1) == Decimal(2)
    assert hardening.exact_field({"p": ""}, "p") is hardening.exact_field({}, "p") is None
    for wrong in (1.5, "many"):
        with pytest.raises(Odd):
            hardening.exact_field({"p": wrong}, "p")
