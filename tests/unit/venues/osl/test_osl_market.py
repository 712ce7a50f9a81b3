"""The public feed in virtual time: heartbeats, silence, breaks that are named, and books that are held to snapshots."""

import asyncio
import json
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import pytest

from engine.drivers import virtual
from engine.drivers.clocks import VirtualClock
from engine.kernel.clock import SECOND, Instant, Span, of_millis
from engine.kernel.ids import Symbol
from engine.market.facts import BookSeen, FeedDown, MarketFact, Print
from engine.ports import Market
from tests.unit.venues.osl.stub import BTCUSD, ETHUSD, HERE, Answer, path, query
from tests.unit.venues.osl.test_osl_book import frame
from venues.osl.market import OslMarket
from venues.osl.wire import written
from venues.transport import HttpRequest, HttpResponse, Lost, NoAnswer, Socket

BEGAN = of_millis(1_790_000_000_000)
Line = tuple[float, bytes | None]
"""After so many seconds, this frame; `None` closes the socket."""

FIRST = frame("partial", 1, ("Buy", "99", "1"), ("Sell", "101", "1"))
PINGS = [(5.0 * number, b'{"action":"ping"}') for number in range(1, 100)]
BOOK = {"symbol": "BTCUSD", "bids": [["99", "1"]], "asks": [["101", "1"]]}


class Scripted:
    """A socket that says its lines at their times and is silent afterwards."""

    def __init__(self, clock: VirtualClock, lines: Sequence[Line]) -> None:
        self._clock, self.sent, self.closed = clock, list[tuple[float, str]](), False
        opened = clock.mono()
        self._lines = sorted([(opened + int(after * SECOND), text) for after, text in lines], key=lambda line: line[0])

    async def send(self, text: str) -> None:
        self.sent.append(((self._clock.mono() - BEGAN) / SECOND, text))

    async def receive(self, within: Span) -> bytes | None:
        now = self._clock.mono()
        if not self._lines or self._lines[0][0] > now + within:
            await self._clock.sleep(within)
            return None
        at, text = self._lines.pop(0)
        await self._clock.sleep(Span(max(0, at - now)))
        if text is None:
            raise Lost("the socket was closed (1006)")
        return text

    async def close(self) -> None:
        self.closed = True


class Network:
    """Opens one scripted socket after another, and answers what is asked beside them."""

    def __init__(self, clock: VirtualClock, scripts: Sequence[Sequence[Line]], rest: Callable[..., Answer]) -> None:
        self._clock, self._scripts, self._rest = clock, list(scripts), rest
        self.sockets: list[Scripted] = []
        self.opened: list[str] = []
        self.asked: list[HttpRequest] = []

    async def call(self, request: HttpRequest) -> HttpResponse:
        self.asked.append(request)
        await self._clock.sleep(Span(SECOND // 100))
        answer = self._rest(request, self._clock.market())
        if isinstance(answer, BaseException):
            raise answer
        return answer

    async def connect(self, url: str) -> Socket:
        self.opened.append(url)
        self.sockets.append(Scripted(self._clock, self._scripts.pop(0) if self._scripts else ()))
        return self.sockets[-1]

    async def aclose(self) -> None:
        pass


def answer(body: Any) -> HttpResponse:
    return HttpResponse(200, {}, json.dumps(body).encode())


def rest(
    *, book: dict[str, Any] = BOOK, trades: Callable[[Instant], list[Any]] = lambda at: [], until: float = 1e9
) -> Callable[[HttpRequest, Instant], Answer]:
    """Snapshots and trades; after `until` seconds no snapshot can be had."""

    def told(request: HttpRequest, at: Instant) -> Answer:
        if path(request) == "/api/v4/trade":
            return answer(trades(at))
        if at - BEGAN > until * SECOND:
            return NoAnswer("reset")
        return answer({**book, "updateTime": written(at)})

    return told


def watched(
    *scripts: Sequence[Line],
    until: float,
    told: Callable[[HttpRequest, Instant], Answer] | None = None,
    symbols: Sequence[Symbol] = (BTCUSD,),
) -> tuple[list[MarketFact], Network]:
    """Everything that a market has seen after so many seconds."""

    async def watch() -> tuple[list[MarketFact], Network]:
        clock = VirtualClock(asyncio.get_running_loop(), BEGAN)
        network = Network(clock, scripts, told or rest())
        market = OslMarket(HERE, network, clock)
        typed: Market = market  # the port, checked by the type checker
        await typed.start(symbols)
        await clock.until(Instant(BEGAN + int(until * SECOND)))
        facts = list(market.drain(clock.market()))
        await market.aclose()
        return facts, network

    return virtual.run(watch())


def kinds(facts: Sequence[MarketFact]) -> list[str]:
    return [type(fact).__name__ for fact in facts]


def test_the_address_carries_the_subscription_and_pings_are_answered() -> None:
    """Both pairs in one; a ping every five seconds, and nothing sent unasked."""
    eth = FIRST.replace(b"BTCUSD", b"ETHUSD")
    _, network = watched([(1, FIRST), (1, eth), *PINGS], until=12, symbols=(BTCUSD, ETHUSD))
    assert network.opened == ["ws://127.0.0.1:9/ws/v4?subscribe=orderBook:BTCUSD,orderBook:ETHUSD"]
    assert network.sockets[0].sent == [(5.0, '{"action":"pong"}'), (10.0, '{"action":"pong"}')]


def test_a_group_of_frames_is_shown_as_one_book() -> None:
    """Three frames within a hundredth of a second; in between the book was crossed."""
    group = [
        (2.000, frame("insert", 2, ("Buy", "101", "1"))),
        (2.005, frame("insert", 2, ("Sell", "102", "1"))),
        (2.010, frame("delete", 2, ("Sell", "101", "1"))),
    ]
    facts, _ = watched([(1, FIRST), *group], until=3)
    first, second = facts
    assert isinstance(first, BookSeen)
    assert isinstance(second, BookSeen)
    assert (second.bids[0].price, second.asks[0].price) == (Decimal(101), Decimal(102))
    assert BEGAN + 2.05 * SECOND < second.seen_at < BEGAN + 2.07 * SECOND


def test_a_busy_pair_does_not_hold_back_a_quiet_one() -> None:
    """One changes every 20 ms, so the socket is never quiet; the other changed once."""
    eth = FIRST.replace(b"BTCUSD", b"ETHUSD")
    busy = [(1 + 0.02 * number, frame("update", number + 2, ("Buy", "99", "1"))) for number in range(200)]
    facts, _ = watched([(1, FIRST), (1, eth), *busy], until=2, symbols=(BTCUSD, ETHUSD))
    [quiet] = [fact for fact in facts if fact.symbol == ETHUSD]
    assert quiet.seen_at < BEGAN + 1.1 * SECOND


def test_a_snapshot_that_agrees_confirms_a_book_that_does_not_move() -> None:
    """A quiet market is not an old one: every check shows the same book again, with the time of the snapshot."""
    facts, _ = watched([(1, FIRST), *PINGS], until=30)
    assert set(kinds(facts)) == {"BookSeen"}
    assert len(facts) >= 4
    last = facts[-1]
    assert isinstance(last, BookSeen)
    assert last.changed_at > BEGAN + 20 * SECOND
    assert last.seen_at - last.changed_at <= 2 * SECOND


def test_a_lost_frame_shows_in_two_snapshots_and_is_repaired_by_a_new_connection() -> None:
    """A delete of 98 never came; nothing in the stream says so."""
    ghost = frame("partial", 1, ("Buy", "99", "1"), ("Buy", "98", "1"), ("Sell", "101", "1"))
    facts, network = watched([(1, ghost), *PINGS], [(0.1, FIRST), *PINGS], until=40)
    [down] = [fact for fact in facts if isinstance(fact, FeedDown)]
    assert "disagrees with two snapshots, first at buy 98" in down.reason
    assert network.sockets[0].closed
    assert len(network.opened) == 2
    after = [fact for fact in facts if isinstance(fact, BookSeen) and fact.seen_at > down.seen_at]
    assert [level.price for level in after[0].bids] == [Decimal(99)]


def test_a_difference_that_is_gone_at_the_next_snapshot_was_timing() -> None:
    """A level is in one snapshot and in none after it."""
    shots = iter([[["99", "1"], ["98", "1"]]] + [[["99", "1"]]] * 100)

    def told(request: HttpRequest, at: Instant) -> Answer:
        if path(request) == "/api/v4/trade":
            return answer([])
        return answer({**BOOK, "bids": next(shots), "updateTime": written(at)})

    facts, network = watched([(1, FIRST), *PINGS], until=40, told=told)
    assert "FeedDown" not in kinds(facts)
    assert len(network.opened) == 1


def test_a_book_that_changes_all_the_time_is_not_taken_for_a_wrong_one() -> None:
    """The best bid is another one in each frame and in each snapshot."""
    busy = [(1 + 0.5 * number, frame("update", number + 2, ("Buy", "99", str(number + 1)))) for number in range(100)]

    def told(request: HttpRequest, at: Instant) -> Answer:
        if path(request) == "/api/v4/trade":
            return answer([])
        return answer({**BOOK, "bids": [["99", str(at % 977 + 1)]], "updateTime": written(at)})

    facts, network = watched([(1, FIRST), *busy, *PINGS], until=40, told=told)
    assert "FeedDown" not in kinds(facts)
    assert len(network.opened) == 1


def test_a_pair_that_is_silent_while_others_flow_is_found_out() -> None:
    """After a break its first book does not come; the acknowledgement says nothing, the snapshots do."""
    eth = FIRST.replace(b"BTCUSD", b"ETHUSD")

    def told(request: HttpRequest, at: Instant) -> Answer:
        if path(request) == "/api/v4/trade":
            return answer([])
        return answer({**BOOK, "symbol": query(request)["symbol"], "updateTime": written(at)})

    scripts = [[(1, FIRST), (1, eth), (2, None)], [(1, FIRST), *PINGS], [(1, FIRST), (1, eth), *PINGS]]
    facts, network = watched(*scripts, until=60, told=told, symbols=(BTCUSD, ETHUSD))
    assert len(network.opened) == 3
    assert any(isinstance(fact, FeedDown) and "ETHUSD" in fact.reason for fact in facts)
    assert [fact for fact in facts if fact.symbol == ETHUSD][-1].seen_at > BEGAN + 40 * SECOND


def test_snapshots_that_can_not_be_had_take_no_feed_down() -> None:
    """The stream flows; the books are unchecked for a while, and the log says so."""
    facts, network = watched([(1, FIRST), *PINGS], until=60, told=rest(until=3))
    assert "FeedDown" not in kinds(facts)
    assert len(network.opened) == 1


def test_a_stream_without_its_heartbeat_is_down_and_said_to_be_so_once() -> None:
    """One book and then nothing, on this connection and on all that follow."""
    facts, network = watched([(1, FIRST)], until=100, told=rest(until=0))
    assert kinds(facts) == ["BookSeen", "FeedDown"]
    assert isinstance(facts[1], FeedDown)
    assert facts[1].reason == "silent for 15s"
    assert len(network.opened) > 3


@pytest.mark.parametrize(
    "said",
    [b"nonsense", frame("frob", 2), frame("insert", 0, ("Buy", "1", "1")), frame("insert", 2, ("Buy", "1", "0")), None],
    ids=["noise", "unknown action", "version goes back", "no size", "closed"],
)
def test_a_feed_that_breaks_or_can_not_be_believed_is_down(said: bytes | None) -> None:
    """A new connection brings a new book."""
    facts, network = watched([(1, FIRST), (2, said)], [(0.1, FIRST)], until=4)
    assert kinds(facts) == ["BookSeen", "FeedDown", "BookSeen"]
    assert network.sockets[0].closed


def test_trades_are_asked_for_and_told_once_from_the_beginning_of_our_watch() -> None:
    """The list repeats what it showed before, and what was there before we came."""

    def trades(at: Instant) -> list[Any]:
        return [
            {"trdMatchID": str(number), "symbol": "BTCUSD", "side": "Buy", "size": "1", "price": "100",
             "transactTime": written(Instant(BEGAN + number * SECOND))}
            for number in range(-3, (at - BEGAN) // SECOND)
        ]  # fmt: skip

    facts, network = watched([(1, FIRST), *PINGS], until=10, told=rest(trades=trades))
    assert [fact.trade_id for fact in facts if isinstance(fact, Print)] == [str(number) for number in range(9)]
    asked = [query(request)["startTime"] for request in network.asked if path(request) == "/api/v4/trade"]
    assert (asked[0], asked[-1]) == (written(BEGAN), written(Instant(BEGAN + 2 * SECOND)))


def test_a_market_that_shows_no_book_does_not_start() -> None:
    """An unknown pair is acknowledged and then silent."""
    with pytest.raises(TimeoutError, match="showed no first book of ETHUSD"):
        watched([(1, FIRST), *PINGS], until=1, symbols=(BTCUSD, ETHUSD))


def test_a_bug_in_the_feed_does_not_look_like_a_quiet_market() -> None:
    """Whatever ended one of the reading tasks is raised to whoever drains."""

    def broken(request: HttpRequest, at: Instant) -> Answer:
        return ZeroDivisionError()

    with pytest.raises(ZeroDivisionError):
        watched([(1, FIRST)], until=3, told=broken)
