"""HashKey's sockets over loopback, with both clocks moved by hand: topics, editions, sequences, silence, keys."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import aiohttp
import msgspec
import pytest

from engine.kernel.clock import HOUR, MILLISECOND, SECOND
from tests.unit.venues.sandbox.hashkey_client import ALL, BTCUSD, ORIGIN, Hours
from venues.sandbox import dialect
from venues.sandbox.clock import MarketClock
from venues.sandbox.door import Account
from venues.sandbox.exchange import Exchange
from venues.sandbox.faults import FaultPlan, Faults
from venues.sandbox.model import Kind, OrderRequest, OrderRow, Side
from venues.sandbox.server import SandboxServer

ENDED = (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)


class Floor:
    """A listening exchange where two accounts trade, and nothing moves unless it is told to."""

    def __init__(self, server: SandboxServer, url: str, session: aiohttp.ClientSession, hours: Hours) -> None:
        self.server, self.url, self.session, self.hours = server, url, session, hours

    def order(self, name: str, side: Side, quantity: str, price: str) -> OrderRow:
        """Placed from inside, by an account of its own for each side."""
        account = "desk" if side is Side.SELL else "other"
        request = OrderRequest("BTCUSD", side, Kind.GTC, Decimal(quantity), Decimal(price), name)
        done = self.server.exchange.place(account, request)
        assert isinstance(done, OrderRow), done
        return done

    async def ask(self, method: str, path: str, **params: object) -> Any:
        text = "&".join(
            f"{name}={value}" for name, value in {"timestamp": self.hours.wall() // 10**6, **params}.items()
        )
        text += f"&signature={dialect.sign('s1', text)}"
        url = f"{self.url}{path}" + (f"?{text}" if method == "GET" else "")
        body = None if method == "GET" else text
        async with self.session.request(method, url, data=body, headers={"X-HK-APIKEY": "k1"}) as answer:
            return msgspec.json.decode(await answer.read())

    def public(self, edition: int = 1) -> Any:
        return self.session.ws_connect(f"{self.url}/quote/ws/v{edition}", autoping=False)

    async def private(self) -> aiohttp.ClientWebSocketResponse:
        key = (await self.ask("POST", "/api/v1/userDataStream"))["listenKey"]
        return await self.session.ws_connect(f"{self.url}/api/v1/ws/{key}")


@asynccontextmanager
async def floor() -> AsyncIterator[Floor]:
    hours = Hours()
    held = {"desk": {"BTC": Decimal(100)}, "other": {"USD": Decimal(10_000_000)}}
    server = SandboxServer(
        Exchange([BTCUSD], held, [], start=ORIGIN),
        {"k1": Account("desk", "s1", ALL)},
        MarketClock(ORIGIN, Decimal(1), mono=hours.mono, wall=hours.wall),
        Faults(FaultPlan()),
    )
    url = await server.start()
    try:
        async with aiohttp.ClientSession() as session:
            yield Floor(server, url, session, hours)
    finally:
        await server.stop()


async def heard(socket: aiohttp.ClientWebSocketResponse) -> Any:
    return await socket.receive_json(timeout=3)


async def subscribe(socket: aiohttp.ClientWebSocketResponse, topic: str, **params: object) -> Any:
    await socket.send_json({"symbol": "BTCUSD", "topic": topic, "event": "sub", "params": params})
    return await heard(socket)


async def quiet(socket: aiohttp.ClientWebSocketResponse) -> bool:
    """Nothing is on its way: the answer to a ping is the next thing heard."""
    await socket.send_json({"ping": 1})
    return "pong" in await heard(socket)


async def test_a_book_is_shown_whole_and_no_more_often_than_its_pace() -> None:
    async with floor() as on, on.public() as socket:
        on.order("a", Side.SELL, "1", "60000")
        first = await subscribe(socket, "depth")
        assert (first["f"], first["data"][0]["a"], first["data"][0]["o"]) == (True, [["60000.00", "1.00000"]], 0)
        on.order("b", Side.SELL, "1", "60001")
        await asyncio.sleep(0.06)
        assert await quiet(socket)
        on.hours.passed += 300 * MILLISECOND
        second = await heard(socket)
        assert (second["f"], len(second["data"][0]["a"])) == (False, 2)


async def test_changes_are_counted_and_tell_only_what_changed() -> None:
    async with floor() as on, on.public() as socket:
        on.order("a", Side.SELL, "1", "60000.26")
        on.order("b", Side.SELL, "1", "60000.29")
        whole = await subscribe(socket, "diffMergedDepth", dumpScale=1)
        assert (whole["f"], whole["data"][0]["o"], whole["data"][0]["s"]) == (True, 0, "BTCUSD")
        assert (whole["data"][0]["a"], whole["params"]["dumpScale"]) == ([["60000.3", "2.00000"]], "1")
        on.order("c", Side.SELL, "1", "60001.55")
        on.hours.passed += SECOND
        (more,) = (await heard(socket))["data"]
        assert (more["o"], more["a"], more["b"], "s" in more) == (1, [["60001.6", "1.00000"]], [], False)
        on.server.exchange.cancel("desk", client_id="c")
        on.hours.passed += SECOND
        (less,) = (await heard(socket))["data"]
        assert (less["o"], less["a"]) == (2, [["60001.6", "0"]])


async def test_each_client_counts_its_own_changes() -> None:
    async with floor() as on, on.public() as early, on.public() as late:
        await subscribe(early, "diffMergedDepth", dumpScale=2)
        on.order("a", Side.SELL, "1", "60000")
        on.hours.passed += SECOND
        assert (await heard(early))["data"][0]["o"] == 1
        whole = await subscribe(late, "diffMergedDepth", dumpScale=2)
        assert (whole["f"], whole["data"][0]["o"], len(whole["data"][0]["a"])) == (True, 0, 1)


async def test_levels_merge_away_from_the_other_side() -> None:
    async with floor() as on, on.public() as socket:
        on.order("a", Side.SELL, "1", "60000.21")
        on.order("b", Side.BUY, "2", "59999.88")
        (book,) = (await subscribe(socket, "mergedDepth", dumpScale=0))["data"]
        assert (book["a"], book["b"]) == ([["60001", "1.00000"]], [["59999", "2.00000"]])


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ({"symbol": "BTCUSD", "topic": "diffMergedDepth", "event": "sub"}, "-100013"),
        ({"symbol": "BTCUSD", "topic": "kline_7m", "event": "sub"}, "-10004"),
        ({"symbol": "BTCUSD", "topic": "weather", "event": "sub"}, "-10004"),
        ({"symbol": "NIX", "topic": "trade", "event": "sub"}, "-100010"),
        ({"symbol": 7}, "-10001"),
    ],
)
async def test_a_frame_that_asks_for_nothing_known_is_answered_with_a_code(frame: dict[str, Any], code: str) -> None:
    async with floor() as on, on.public() as socket:
        await socket.send_json(frame)
        assert (await heard(socket))["code"] == code
        assert await quiet(socket)


async def test_candles_and_the_day_are_shown_when_somebody_trades() -> None:
    async with floor() as on, on.public() as socket:
        assert (await subscribe(socket, "kline_1m"))["data"] == []
        assert (await subscribe(socket, "realtimes"))["data"][0]["c"] == "0"
        on.order("a", Side.SELL, "1", "60000")
        on.order("b", Side.BUY, "0.4", "60000")
        on.hours.passed += 2 * SECOND
        frames = {frame["topic"]: frame for frame in [await heard(socket), await heard(socket)]}
        assert (frames["kline"]["params"]["klineType"], frames["kline"]["data"][0]["v"]) == ("1m", "0.40000")
        assert (frames["realtimes"]["data"][0]["c"], frames["realtimes"]["data"][0]["m"]) == ("60000.00", "0")


async def test_every_print_is_shown_once() -> None:
    async with floor() as on, on.public() as socket:
        on.order("a", Side.SELL, "1", "60000")
        on.order("b", Side.BUY, "0.1", "60000")
        before = (await subscribe(socket, "trade"))["data"]
        on.order("c", Side.BUY, "0.2", "60000")
        after = (await heard(socket))["data"]
        assert [one["q"] for one in before + after] == ["0.10000", "0.20000"]
        assert await quiet(socket)


async def test_the_second_edition_acknowledges_and_shows_a_book_only_when_it_changes() -> None:
    async with floor() as on, on.public(2) as socket:
        on.order("a", Side.SELL, "1", "60000")
        ask = {"topic": "depth", "event": "sub", "params": {"symbol": "BTCUSD"}}
        await socket.send_json(ask)
        assert await heard(socket) == {**ask, "code": "0", "msg": "Success", "site": "hk"}
        await asyncio.sleep(0.06)
        assert await quiet(socket)
        on.order("b", Side.SELL, "1", "60001")
        frame = await heard(socket)
        assert (frame["topic"], len(frame["data"]["a"])) == ("depth", 2)


async def test_the_second_edition_shows_the_best_prices_whenever_they_change() -> None:
    async with floor() as on, on.public(2) as socket:
        await socket.send_json({"topic": "bbo", "event": "sub", "params": {"symbol": "BTCUSD"}})
        assert (await heard(socket))["code"] == "0"
        on.order("a", Side.SELL, "1", "60000")
        best = (await heard(socket))["data"]
        assert (best["b"], best["bz"], best["a"], best["az"]) == ("0", "0", "60000.00", "1.00000")
        on.order("b", Side.SELL, "1", "60001")
        await asyncio.sleep(0.06)
        assert await quiet(socket)


@pytest.mark.parametrize(("topic", "symbol", "code"), [("depth", "NIX", "-100011"), ("trade", "BTCUSD", "-10004")])
async def test_the_second_edition_refuses_in_its_own_words(topic: str, symbol: str, code: str) -> None:
    async with floor() as on, on.public(2) as socket:
        await socket.send_json({"topic": topic, "event": "sub", "params": {"symbol": symbol}})
        assert (await heard(socket))["code"] == code


async def test_a_request_for_quotes_is_heard_by_everybody_who_listens() -> None:
    async with floor() as on, on.public() as listener, on.public() as other:
        await listener.send_json({"event": "SUBSCRIBE", "topic": "rfqs"})
        await listener.send_json({"event": "sub", "topic": "quotes"})
        assert await quiet(listener)
        on.order("a", Side.SELL, "1", "60100")
        on.order("b", Side.BUY, "1", "60000")
        asked = {"sellCcy": "BTC", "buyCcy": "USD", "sellAmount": "2", "rfqMode": "real-time"}
        made = await on.ask("POST", "/api/v1/market-place/create-rfq", **asked)
        created, quoted = await heard(listener), await heard(listener)
        assert (created["event"], created["data"]["rfqId"]) == ("rfqCreated", made["rfqId"])
        assert (created["data"]["sellCcy"], created["data"]["sellAmount"]) == ("BTC", "2")
        assert (quoted["event"], quoted["data"]["rfqId"]) == ("quotesCreated", made["rfqId"])
        assert await quiet(other)
        await listener.send_json({"event": "UNSUBSCRIBE", "topic": "rfqs"})
        assert await quiet(listener)
        await on.ask("POST", "/api/v1/market-place/create-rfq", **asked)
        assert (await heard(listener))["event"] == "quotesCreated"


async def test_a_public_socket_without_traffic_is_closed_without_a_farewell() -> None:
    async with floor() as on, on.public() as silent, on.public() as speaking, on.public(2) as pinging:
        on.hours.passed += 59 * SECOND
        assert await quiet(speaking)
        await pinging.ping(b"here")
        assert (await pinging.receive(timeout=3)).data == b"here"
        on.hours.passed += SECOND
        ended = await silent.receive(timeout=3)
        assert (ended.type in ENDED, silent.close_code) == (True, 1006)
        assert await quiet(speaking)
        assert await quiet(pinging)


async def test_a_private_socket_is_pinged_and_ends_with_its_key_and_no_sooner() -> None:
    async with floor() as on:
        socket = await on.private()
        for _ in range(119):
            on.hours.passed += 30 * SECOND
            assert "ping" in await heard(socket)
        on.hours.passed += 30 * SECOND
        last = await socket.receive(timeout=3)
        assert last.type in ENDED
        assert on.hours.passed == HOUR


async def test_a_key_that_is_kept_keeps_its_socket() -> None:
    async with floor() as on:
        key = (await on.ask("POST", "/api/v1/userDataStream"))["listenKey"]
        async with on.session.ws_connect(f"{on.url}/api/v1/ws/{key}") as socket:
            on.hours.passed += HOUR - SECOND
            assert "ping" in await heard(socket)
            assert await on.ask("PUT", "/api/v1/userDataStream", listenKey=key) == {}
            on.hours.passed += HOUR - SECOND
            assert "ping" in await heard(socket)


async def test_each_private_frame_holds_one_event_and_others_hear_nothing() -> None:
    async with floor() as on:
        socket = await on.private()
        on.order("a", Side.SELL, "1", "60000")
        on.order("b", Side.BUY, "0.4", "60000")
        frames = [await heard(socket) for _ in range(5)]
        assert [len(frame) for frame in frames] == [1] * 5
        kinds = ["executionReport", "outboundAccountInfo", "executionReport", "ticketInfo", "outboundAccountInfo"]
        assert [frame[0]["e"] for frame in frames] == kinds
        assert {frame[0].get("c", "a") for frame in frames} == {"a"}
        await socket.send_json({"ping": 77})
        assert (await heard(socket))["pong"] == 77


async def test_keys_can_be_made_to_end_all_at_once() -> None:
    async with floor() as on:
        socket = await on.private()
        on.server.dialect.expire()
        assert (await socket.receive(timeout=3)).type in ENDED
