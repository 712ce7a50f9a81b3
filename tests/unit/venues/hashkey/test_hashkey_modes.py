"""How the venue receives us, told beside the stream, once for each change; and what is left behind at the end."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from engine.kernel.clock import SECOND, Span
from engine.orders.order import TimeInForce
from engine.orders.reports import Capabilities, Mode
from engine.ports import ModeSeen, StreamUp, VenueFact
from tests.unit.venues.hashkey.stub import BTCUSD, OURS, Turns, adapter, approved, bad, ok, order_row
from tests.unit.venues.hashkey.test_hashkey_streams import HERE, LISTEN_KEY, Jumping, Network, execution
from venues.hashkey.modes import Modes
from venues.hashkey.venue import HashKeyVenue
from venues.pacing import FreePacer
from venues.secrets import Keys, Secret
from venues.stream import Backoff
from venues.transport import HttpRequest, HttpResponse, Lost


async def changes(modes: Modes, count: int) -> list[ModeSeen]:
    async with asyncio.timeout(1):
        return [await modes.next() for _ in range(count)]


async def shut() -> bool:
    return False


async def test_a_ban_is_told_once_and_its_end_when_the_time_is_over() -> None:
    """Two answers of 418 within it; the second makes it longer."""
    clock = Jumping()
    modes = Modes(clock, shut)
    modes.banned(Span(60 * SECOND), "HTTP 418")
    clock.now += 10 * SECOND
    modes.banned(Span(60 * SECOND), "HTTP 418")
    assert await changes(modes, 2) == [ModeSeen(Mode.BANNED, "HTTP 418"), ModeSeen(Mode.NORMAL)]
    assert clock.now == 70 * SECOND


async def test_a_closed_venue_is_asked_with_growing_waits_until_it_is_open() -> None:
    clock, asked = Jumping(), list[int]()

    async def opened() -> bool:
        asked.append(clock.now)
        return len(asked) == 5

    modes = Modes(clock, opened, Backoff("x"))
    modes.closed("-2001 platform closed")
    modes.closed("-2001 platform closed")
    assert await changes(modes, 2) == [ModeSeen(Mode.MAINTENANCE, "-2001 platform closed"), ModeSeen(Mode.NORMAL)]
    waits = [later - earlier for earlier, later in zip([0, *asked], asked, strict=False)]
    assert all(SECOND * 2**n / 4 <= wait <= SECOND * 2**n / 2 for n, wait in enumerate(waits))


async def test_a_venue_that_closes_again_at_once_is_asked_less_and_less_often() -> None:
    """It answers pings and refuses orders: not a second's rest between two changes would help nobody."""
    clock = Jumping()

    async def opened() -> bool:
        return True

    modes = Modes(clock, opened, Backoff("x"))
    lasted = []
    for _ in range(6):
        modes.closed("-2001")
        closed_at = clock.now
        await changes(modes, 2)
        lasted.append(clock.now - closed_at)
    assert lasted[-1] > 8 * SECOND
    clock.now += 120 * SECOND
    modes.closed("-2001")
    closed_at = clock.now
    await changes(modes, 2)
    assert clock.now - closed_at <= SECOND


async def test_a_ban_while_the_venue_is_closed_ends_in_maintenance() -> None:
    clock = Jumping()
    answers = iter([False, True])

    async def opened() -> bool:
        return next(answers)

    modes = Modes(clock, opened)
    modes.closed("HTTP 503")
    modes.banned(Span(SECOND), "HTTP 418")
    assert [seen.mode for seen in await changes(modes, 4)] == [
        Mode.MAINTENANCE,
        Mode.BANNED,
        Mode.MAINTENANCE,
        Mode.NORMAL,
    ]


@pytest.mark.parametrize(
    ("answer", "mode"),
    [
        (bad("0003", 418), Mode.BANNED),
        (bad("-2001"), Mode.MAINTENANCE),
        (HttpResponse(503, {}, b"<html>"), Mode.MAINTENANCE),
    ],
)
async def test_any_call_may_show_how_the_venue_receives_us(answer: HttpResponse, mode: Mode) -> None:
    """A sale, a cancel or a read; beside the stream, with the outcome as before."""
    calls = (
        lambda venue: venue.place(approved()),
        lambda venue: venue.cancel(BTCUSD, OURS),
        lambda venue: venue.lookup(BTCUSD, OURS, approved().order.decided_at),
    )
    for call in calls:
        venue, _ = adapter(lambda request: answer, Turns())
        await call(venue)
        async with asyncio.timeout(1):
            assert (await venue._calls.modes.next()).mode is mode
        await venue.aclose()


@pytest.mark.parametrize("answer", [bad("0003", 429), HttpResponse(502, {}, b""), bad("0401"), ok(order_row())])
async def test_a_venue_that_is_only_busy_or_says_no_is_not_closed(answer: HttpResponse) -> None:
    venue, _ = adapter(lambda request: answer)
    await venue.place(approved())
    assert venue._calls.modes._changes.empty()


def streaming(*scripts: list[tuple[float, str | None]]) -> tuple[HashKeyVenue, Network, Jumping]:
    clock = Jumping()
    network = Network(clock, *scripts)
    venue = HashKeyVenue(
        HERE,
        Keys(Secret("key"), Secret("secret")),
        network,
        clock,
        FreePacer(),
        capabilities=Capabilities(tifs=tuple(TimeInForce), validity=Span(5 * SECOND), read_lag=Span(SECOND)),
    )
    return venue, network, clock


async def told(facts: AsyncIterator[VenueFact], count: int) -> list[VenueFact]:
    async with asyncio.timeout(1):
        return [await anext(facts) for _ in range(count)]


async def test_modes_come_out_of_the_facts_beside_the_stream() -> None:
    venue, _, _ = streaming([(1, json.dumps([execution("NEW", l="0", z="0", d="", n="", N="")]))])
    facts = venue.facts()
    assert await told(facts, 1) == [StreamUp()]
    venue._calls.modes.banned(Span(SECOND), "HTTP 418")
    seen = await told(facts, 3)
    assert ModeSeen(Mode.BANNED, "HTTP 418") in seen
    assert ModeSeen(Mode.NORMAL) in seen
    await venue.aclose()


async def test_closing_ends_the_facts_gives_the_listen_key_back_and_leaves_nothing_running() -> None:
    beats = [(10.0 * n, '{"pong":1}') for n in range(1, 300)]
    venue, network, _ = streaming(beats)
    facts = venue.facts()
    assert await told(facts, 1) == [StreamUp()]
    venue._calls.modes.closed("HTTP 503")
    await venue.aclose()
    async with asyncio.timeout(1):
        rest = [fact async for fact in facts]
    assert not any(isinstance(fact, StreamUp) for fact in rest)
    assert [method for _, method in network.called] == ["POST", "DELETE"]
    assert network.sockets[0].closed
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_goodbye_that_nobody_hears_is_no_error() -> None:
    class Deaf(Network):
        async def call(self, request: HttpRequest) -> HttpResponse:
            if request.method == "DELETE":
                return HttpResponse(500, {}, b"")
            return await super().call(request)

    venue, _, clock = streaming()
    venue._calls._transport = Deaf(clock)
    facts = venue.facts()
    await told(facts, 1)
    await venue.aclose()


async def test_a_second_consumer_of_the_stream_is_a_bug_and_a_later_one_is_not() -> None:
    """Two listen keys for one account would each tell half of what happens."""
    venue, _, _ = streaming([], [])
    first, second = venue.facts(), venue.facts()
    await told(first, 1)
    with pytest.raises(RuntimeError, match="consumer"):
        await anext(second)
    await first.aclose()  # type: ignore[attr-defined]
    assert await told(venue.facts(), 1) == [StreamUp()]
    await venue.aclose()


async def test_the_published_quotes_are_heard_and_a_break_is_not_hidden() -> None:
    """Two frames of other kinds first; then the socket closes."""
    quote = {"quoteId": "Q1", "rfqId": "R1", "buyCcy": "USD", "sellCcy": "BTC", "buyAmount": "1", "sellAmount": "2"}
    frames = [
        (1.0, json.dumps({"event": "rfqCreated", "topic": "rfqs", "data": {"rfqId": "R1"}})),
        (2.0, '{"ping":17}'),
        (3.0, json.dumps({"event": "quotesCreated", "topic": "quotes", "data": {**quote, "expireTime": 1790000600}})),
        (4.0, None),
    ]
    venue, network, _ = streaming(frames)
    offers = venue.market_place.offers()
    assert (await anext(offers)).quote_id == "Q1"
    with pytest.raises(Lost):
        await anext(offers)
    assert [json.loads(text) for _, text in network.sockets[0].sent] == [
        {"event": "SUBSCRIBE", "topic": "quotes"},
        {"pong": 17},
    ]
    assert LISTEN_KEY not in network.opened[0][1]
