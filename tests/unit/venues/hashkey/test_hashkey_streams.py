"""Both sockets under virtual time: heartbeats, silence, renewal, breaks that are named, and books that are whole."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from engine.kernel.clock import MILLISECOND, SECOND, Instant, Span, of_millis
from engine.kernel.ids import Symbol, VenueName
from engine.market.facts import BookSeen, FeedDown, Level, MarketFact, Print
from engine.orders.order import TimeInForce
from engine.orders.reports import Capabilities, Fill, OrderReport
from engine.ports import Market, StreamDown, StreamUp, VenueFact
from venues.hashkey.endpoints import Endpoints
from venues.hashkey.market import HashKeyMarket
from venues.hashkey.venue import HashKeyVenue
from venues.pacing import FreePacer
from venues.secrets import Keys, Secret
from venues.stream import Backoff
from venues.transport import HttpRequest, HttpResponse, Lost, NoAnswer, Socket

HERE = Endpoints("http://127.0.0.1:9", "ws://127.0.0.1:9/quote/ws/v1", "ws://127.0.0.1:9/api/v1/ws")
BTCUSD, ETHUSD = Symbol("BTCUSD"), Symbol("ETHUSD")
BEGAN = of_millis(1_790_000_000_000)
LISTEN_KEY = "k" * 64

Line = tuple[float, str | None]
"""After so many seconds, this frame; `None` closes the socket."""


class Jumping:
    """Time passes only when somebody waits, and then at once."""

    def __init__(self) -> None:
        self.now = 0

    def market(self) -> Instant:
        return Instant(BEGAN + self.now)

    def wall(self) -> Instant:
        return Instant(BEGAN + self.now)

    def mono(self) -> int:
        return self.now

    async def sleep(self, span: Span) -> None:
        self.now += span
        await asyncio.sleep(0)

    async def until(self, at: Instant) -> None:
        await self.sleep(Span(max(0, at - self.market())))

    async def passed(self, seconds: float) -> None:
        """Let the others go on until it is later than that."""
        while self.now <= seconds * SECOND:  # noqa: ASYNC110 - time passes only by others' waiting
            await asyncio.sleep(0)


class Scripted:
    """A socket that says its lines at their times and is silent afterwards."""

    def __init__(self, clock: Jumping, lines: Sequence[Line]) -> None:
        self._clock, self.sent, self.closed = clock, list[tuple[float, str]](), False
        opened = clock.now
        self._lines = [(opened + int(after * SECOND), text) for after, text in lines]

    async def send(self, text: str) -> None:
        self.sent.append((self._clock.now / SECOND, text))

    async def receive(self, within: Span) -> bytes | None:
        assert within > 0
        if not self._lines or self._lines[0][0] > self._clock.now + within:
            await self._clock.sleep(within)
            return None
        at, text = self._lines.pop(0)
        self._clock.now = max(self._clock.now, at)
        await asyncio.sleep(0)
        if text is None:
            raise Lost("the socket was closed (1006)")
        return text.encode()

    async def close(self) -> None:
        self.closed = True


class Network:
    """Opens one scripted socket after another; a line that is text instead of a script fails to open."""

    def __init__(self, clock: Jumping, *scripts: Sequence[Line] | str, renewals: int = 1000) -> None:
        self._clock, self._scripts, self._renewals = clock, list(scripts), renewals
        self.sockets: list[Scripted] = []
        self.opened: list[tuple[float, str]] = []
        self.called: list[tuple[float, str]] = []

    async def call(self, request: HttpRequest) -> HttpResponse:
        self.called.append((self._clock.now / SECOND, request.method))
        if request.method == "PUT":
            self._renewals -= 1
            if self._renewals < 0:
                raise NoAnswer("reset")
            return HttpResponse(200, {}, b"{}")
        return HttpResponse(200, {}, json.dumps({"listenKey": LISTEN_KEY}).encode())

    async def connect(self, url: str) -> Socket:
        self.opened.append((self._clock.now / SECOND, url))
        script = self._scripts.pop(0) if self._scripts else ()
        if isinstance(script, str):
            raise Lost(script)
        self.sockets.append(Scripted(self._clock, script))
        return self.sockets[-1]

    async def aclose(self) -> None:
        pass


def private(*scripts: Sequence[Line] | str, renewals: int = 1000) -> tuple[AsyncIterator[VenueFact], Network, Jumping]:
    clock = Jumping()
    network = Network(clock, *scripts, renewals=renewals)
    venue = HashKeyVenue(
        HERE,
        Keys(Secret("key"), Secret("secret")),
        network,
        clock,
        FreePacer(),
        capabilities=Capabilities(tifs=tuple(TimeInForce), validity=Span(5 * SECOND), read_lag=Span(SECOND)),
    )
    return venue.facts(), network, clock


async def told(facts: AsyncIterator[VenueFact], count: int) -> list[VenueFact]:
    return [await anext(facts) for _ in range(count)]


def execution(status: str = "PARTIALLY_FILLED", **changed: Any) -> dict[str, Any]:
    event = {
        "e": "executionReport", "E": "1790000000900", "s": "BTCUSD", "c": "ord-1", "S": "SELL", "q": "0.01",
        "p": "62000.5", "X": status, "i": "1900000000000000001", "l": "0.004", "z": "0.004", "L": "62000.5",
        "n": "0.7192058", "N": "USD", "m": False, "d": "1900000000000000101",
    }  # fmt: skip
    return {**event, **changed}


async def test_the_stream_begins_with_up_and_tells_executions_before_orders() -> None:
    """Two events in one frame: an acceptance and an execution."""
    frame = json.dumps([execution("NEW", l="0", z="0", d="", n="", N=""), execution()])
    facts, network, _ = private([(1, frame)])
    first, accepted, fill, report = await told(facts, 4)
    assert first == StreamUp()
    assert isinstance(accepted, OrderReport)
    assert isinstance(fill, Fill)
    assert isinstance(report, OrderReport)
    assert (accepted.filled, report.filled) == (0, fill.quantity)
    assert network.opened == [(0.0, f"ws://127.0.0.1:9/api/v1/ws/{LISTEN_KEY}")]


async def test_heartbeats_are_sent_and_answered() -> None:
    """Ours every ten seconds; the venue's number comes back to it."""
    facts, network, _ = private([(9, '{"ping":17,"channelId":"c"}'), (21, json.dumps([execution()]))])
    await told(facts, 2)
    sent = [(at, json.loads(text)) for at, text in network.sockets[0].sent]
    assert sent == [
        (9.0, {"pong": 17}),
        (10.0, {"ping": 1790000010000}),
        (20.0, {"ping": 1790000020000}),
    ]


async def test_a_stream_that_falls_silent_is_given_up_and_opened_anew() -> None:
    """Replies to our heartbeat count as life until they cease; thirty seconds later the stream is down."""
    facts, network, _ = private([(10, '{"pong":1}'), (20, '{"pong":2}')], [(1, json.dumps([execution()]))])
    up, down, again, _ = await told(facts, 4)
    assert (up, down, again) == (StreamUp(), StreamDown("silent for 30s"), StreamUp())
    assert network.sockets[0].closed
    assert 50 < network.opened[1][0] < 51


@pytest.mark.parametrize(
    "frame",
    [
        None,
        "<html>",
        "[7]",
        json.dumps([execution("FROBBED")]),
        json.dumps([execution(q="-1")]),
        '{"code":"-10001","desc":"invalid"}',
    ],
    ids=["closed", "html", "no event", "unknown status", "no quantity", "error"],
)
async def test_what_breaks_or_cannot_be_believed_is_a_break(frame: str | None) -> None:
    """The account is read again after it, so nothing is lost by dropping the frame."""
    facts, network, _ = private([(1, json.dumps([execution()])), (2, frame)])
    *_, down, again = await told(facts, 5)
    assert isinstance(down, StreamDown)
    assert again == StreamUp()
    assert len(network.opened) == 2


async def test_one_break_is_told_once_however_many_attempts_it_takes() -> None:
    """The socket can't be opened three times; the waits grow, and no message names the listen key."""
    facts, network, _ = private("no connection: refused", "no connection: refused", "no connection: refused")
    down, up = await told(facts, 2)
    assert isinstance(down, StreamDown)
    assert LISTEN_KEY not in down.reason
    assert up == StreamUp()
    times = [at for at, _ in network.opened]
    waits = [later - earlier for earlier, later in pairwise(times)]
    assert all(0.25 * 2**n <= wait <= 0.5 * 2**n for n, wait in enumerate(waits))


async def test_the_listen_key_is_renewed_long_before_it_ends() -> None:
    """Every twenty minutes of wall time, on a stream that is quiet but alive; it lives for sixty."""
    beats = [(10.0 * n, '{"pong":1}') for n in range(1, 300)]
    facts, network, _ = private([*beats, (3000, json.dumps([execution()]))])
    await told(facts, 3)
    assert [(at // 60, method) for at, method in network.called] == [(0, "POST"), (20, "PUT"), (40, "PUT")]


async def test_a_renewal_that_fails_is_a_break_and_the_next_key_is_a_new_one() -> None:
    """Whether the key still lives is not known."""
    beats = [(10.0 * n, '{"pong":1}') for n in range(1, 300)]
    facts, network, _ = private(beats, renewals=0)
    _, down, again = await told(facts, 3)
    assert isinstance(down, StreamDown)
    assert again == StreamUp()
    assert [method for _, method in network.called] == ["POST", "PUT", "POST"]


def test_waits_between_attempts_double_up_to_a_cap_and_differ_by_seed() -> None:
    """Half a second at first and thirty at last; the same seed waits the same."""
    one, other = Backoff("x", seed=1), Backoff("x", seed=2)
    waits = [one.delay(attempt) for attempt in range(200)]
    assert 250 * MILLISECOND <= waits[0] <= 500 * MILLISECOND
    assert all(15 * SECOND <= wait <= 30 * SECOND for wait in waits[6:])
    assert waits == [one.delay(attempt) for attempt in range(200)]
    assert waits != [other.delay(attempt) for attempt in range(200)]


def depth(version: str = "10_1", symbol: str = "BTCUSD", **changed: Any) -> str:
    book = {
        "e": 301,
        "s": symbol,
        "t": 1790000000000,
        "v": version,
        "b": [["62000.1", "0.5"]],
        "a": [["62001.2", "0.4"]],
        "o": 0,
    }
    return json.dumps({"symbol": symbol, "topic": "depth", "data": [{**book, **changed}], "f": True, "sendTime": 1})


def trade(trade_id: str, at_ms: int = 1790000000500, **changed: Any) -> str:
    row = {"v": trade_id, "t": at_ms, "p": "62000.1", "q": "0.0132", "m": True, **changed}
    return json.dumps({"symbol": "BTCUSD", "topic": "trade", "data": [row], "f": False})


async def watched(*scripts: Sequence[Line] | str, until: float) -> tuple[list[MarketFact], Network]:
    """Everything that a market of one pair has seen after so many seconds."""
    clock = Jumping()
    network = Network(clock, *scripts)
    market = HashKeyMarket(HERE, network, clock)
    typed: Market = market  # the port, checked by the type checker
    await typed.start([BTCUSD])
    await clock.passed(until)
    await market.aclose()
    return list(market.drain(clock.market())), network


async def test_a_snapshot_is_the_book() -> None:
    """The sample of section 10.3, and the two subscriptions that asked for it."""
    facts, network = await watched([(1, depth())], until=1)
    assert facts[0] == BookSeen(
        venue=VenueName("hashkey"),
        symbol=BTCUSD,
        changed_at=of_millis(1790000000000),
        seen_at=Instant(BEGAN + SECOND),
        bids=(Level(Decimal("62000.1"), Decimal("0.5")),),
        asks=(Level(Decimal("62001.2"), Decimal("0.4")),),
        version="10_1",
    )
    assert [json.loads(text) for _, text in network.sockets[0].sent[:2]] == [
        {"symbol": "BTCUSD", "topic": topic, "event": "sub", "params": {"binary": False}}
        for topic in ("depth", "trade")
    ]


async def test_a_book_older_than_one_already_seen_is_dropped() -> None:
    """`10_9` is older than `10_10`, and `9_99` older than both; the same version again only shows that it stands."""
    frames = [(n + 1, depth(version)) for n, version in enumerate(["10_10", "10_9", "9_99", "10_10", "11_0"])]
    facts, _ = await watched(frames, until=6)
    assert [fact.version for fact in facts if isinstance(fact, BookSeen)] == ["10_10", "10_10", "11_0"]


async def test_after_a_break_the_next_book_is_a_new_one() -> None:
    """Its version may be lower; until it comes the feed is down."""
    facts, _ = await watched([(1, depth("50_1")), (2, None)], [(1, depth("3_1"))], until=5)
    first, down, second = facts[:3]
    assert isinstance(first, BookSeen)
    assert isinstance(down, FeedDown)
    assert isinstance(second, BookSeen)
    assert second.version == "3_1"


@pytest.mark.parametrize(
    "frame",
    [
        depth(v="x"),
        depth(b=[["1", "1"], ["2", "1"]]),
        depth(a=[["2", "1"], ["2", "1"]]),
        depth(b=[["1", "0"]]),
        depth(b=[["NaN", "1"]]),
        depth(b=[["1", "Infinity"]]),
        depth(b=[["1"]]),
        depth(t=-1),
        trade("1", p="0"),
        "nonsense",
        '{"code":"-100010","desc":"Invalid Symbols!","topic":"depth"}',
    ],
)
async def test_a_feed_that_shows_what_no_exchange_shows_is_down(frame: str) -> None:
    """Out of order, twice the same price, no size, no number, no time, an error."""
    facts, network = await watched([(1, depth()), (2, frame)], until=3)
    assert isinstance(facts[1], FeedDown)
    assert network.sockets[0].closed


async def test_a_silent_feed_is_down_and_said_to_be_so_once() -> None:
    """One book and then nothing, on this connection and on all that follow."""
    facts, _ = await watched([(1, depth())], until=200)
    assert [type(fact) for fact in facts] == [BookSeen, FeedDown]


async def test_prints_are_told_once_and_only_from_the_beginning_of_our_watch() -> None:
    """A first frame repeats recent prints: one from before we watched, and after a break some that were told."""
    before = [(1, depth()), (2, trade("7", 1789999999999)), (3, trade("8")), (4, trade("9")), (5, None)]
    after = [(1, depth()), (2, trade("9")), (3, trade("10"))]
    facts, _ = await watched(before, after, until=9)
    assert [fact.trade_id for fact in facts if isinstance(fact, Print)] == ["8", "9", "10"]


async def test_only_what_was_seen_by_then_is_drained_and_only_once() -> None:
    """Two books a second apart."""
    clock = Jumping()
    market = HashKeyMarket(HERE, Network(clock, [(1, depth("1_1")), (2, depth("2_2"))]), clock)
    await market.start([BTCUSD])
    await clock.passed(2)
    early, late, none = (market.drain(Instant(BEGAN + seconds * SECOND)) for seconds in (1, 2, 3))
    await market.aclose()
    assert [len(early), len(late)] == [1, 1]
    assert not any(isinstance(fact, BookSeen) for fact in none)


async def test_a_market_that_shows_no_book_does_not_start() -> None:
    """One pair of two is shown; the time for first books is real, and short here."""

    class Waiting(Jumping):
        async def sleep(self, span: Span) -> None:
            await asyncio.sleep(span / SECOND)
            self.now += span

    clock = Waiting()
    market = HashKeyMarket(HERE, Network(clock, [(0, depth())]), clock, first_book=Span(50 * MILLISECOND))
    with pytest.raises(TimeoutError, match="ETHUSD"):
        await market.start([BTCUSD, ETHUSD])
    await market.aclose()


async def test_a_bug_in_the_feed_does_not_look_like_a_quiet_market() -> None:
    """Whatever ended the reading task is raised to whoever drains."""

    class Broken(Network):
        async def connect(self, url: str) -> Socket:
            socket = await super().connect(url)
            if len(self.opened) > 1:
                raise ZeroDivisionError
            return socket

    clock = Jumping()
    market = HashKeyMarket(HERE, Broken(clock, [(1, depth()), (2, None)]), clock)
    await market.start([BTCUSD])
    for _ in range(100):
        await asyncio.sleep(0)
    with pytest.raises(ZeroDivisionError):
        market.drain(clock.market())
    await market.aclose()
