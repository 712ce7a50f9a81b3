"""OSL's two public sockets, server side, over a loopback connection and a clock that is moved by hand."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import ClientWebSocketResponse, WSMsgType, WSServerHandshakeError, web
from aiohttp.test_utils import RawTestServer, TestClient

from engine.kernel.clock import MILLISECOND, SECOND
from tests.unit.venues.sandbox.osl_client import ORIGIN, Client
from venues.sandbox.door import Call
from venues.sandbox.faults import Channel, Do, Fault, FaultPlan, Rule

V4 = "/ws/v4?subscribe=orderBook:"
V5 = "/ws/v5/public"
Dial = Callable[[str], Any]


@asynccontextmanager
async def served(client: Client) -> AsyncIterator[TestClient[Any, Any]]:
    """The dialect's sockets on a port of this machine."""

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        path, _, query = request.raw_path.partition("?")
        return await client.dialect.stream(request, Call("GET", path, query))

    async with TestClient(RawTestServer(handle)) as dialled:
        try:
            yield dialled
        finally:
            await client.dialect.close()


async def hear(socket: ClientWebSocketResponse, count: int = 1) -> list[Any]:
    """So many messages."""
    return [json.loads((await socket.receive(timeout=2)).data) for _ in range(count)]


async def silence(socket: ClientWebSocketResponse) -> bool:
    """Was nothing more sent?"""
    try:
        await socket.receive(timeout=0.05)
    except TimeoutError:
        return True
    return False


def later(client: Client, span: int = SECOND) -> None:
    """Time passes, and the server looks after its sockets."""
    client.hours.passed += span
    client.exchange.advance(client.house.clock.market())
    client.dialect.show([], [])


async def test_each_pair_is_acknowledged_and_its_book_told_as_a_whole() -> None:
    client = Client()
    async with served(client) as dialled, dialled.ws_connect(V4 + "BTCUSDT,orderBook:USDTUSD") as socket:
        first, second, btc, usdt = await hear(socket, 4)
    session = first["sessionId"]
    assert first == {
        "event": "subscribe", "arg": {"channel": "depthDiff", "instId": "BTCUSDT"}, "sessionId": session,
    }  # fmt: skip
    assert (second["arg"]["instId"], second["sessionId"]) == ("USDTUSD", session)
    assert (btc["action"], usdt["action"], usdt["data"]) == ("partial", "partial", [])
    assert btc["data"] == [
        {"symbol": "BTCUSDT", "side": "Buy", "size": "3.00000000", "price": "61999.9"},
        {"symbol": "BTCUSDT", "side": "Sell", "size": "3.00000000", "price": "62000.1"},
    ]
    assert -(2**31) <= btc["bookVersionId"] < 0
    assert btc["sendTime"] == ORIGIN // MILLISECOND


async def test_changes_of_half_a_second_come_together_under_one_growing_id() -> None:
    client = Client()
    async with served(client) as dialled, dialled.ws_connect(V4 + "BTCUSDT") as socket:
        _, partial = await hear(socket, 2)
        client.take("SELL", "61999.9", "1")
        client.stand("SELL", "62000.2", "1")
        later(client, SECOND // 4)
        assert await silence(socket)
        later(client, SECOND // 4)
        insert, update = await hear(socket, 2)
        client.take("SELL", "61999.9", "2")
        later(client)
        (delete,) = await hear(socket)
    assert [one["action"] for one in (insert, update, delete)] == ["insert", "update", "delete"]
    assert partial["bookVersionId"] < insert["bookVersionId"] == update["bookVersionId"] < delete["bookVersionId"]
    assert update["data"] == [{"symbol": "BTCUSDT", "side": "Buy", "size": "2.00000000", "price": "61999.9"}]
    assert delete["data"] == [{"symbol": "BTCUSDT", "side": "Buy", "size": "2.00000000", "price": "61999.9"}]


async def test_a_book_that_stands_still_is_not_told_again() -> None:
    client = Client()
    async with served(client) as dialled, dialled.ws_connect(V4 + "BTCUSDT") as socket:
        await hear(socket, 2)
        later(client)
        assert await silence(socket)


async def test_the_id_is_one_counter_of_all_books() -> None:
    """A change of another pair makes this one's next id jump."""
    client = Client()
    async with served(client) as dialled, dialled.ws_connect(V4 + "BTCUSDT") as socket:
        _, partial = await hear(socket, 2)
        for _ in range(5):
            client.stand("BUY", "1.0000", "100", "USDTUSD")
        client.stand("SELL", "62000.2", "1")
        later(client)
        (insert,) = await hear(socket)
    assert insert["bookVersionId"] == partial["bookVersionId"] + 6


async def test_whoever_comes_later_gets_the_book_of_then_and_the_same_changes() -> None:
    client = Client()
    async with served(client) as dialled, dialled.ws_connect(V4 + "BTCUSDT") as early:
        await hear(early, 2)
        client.stand("SELL", "62000.2", "1")
        async with dialled.ws_connect(V4 + "BTCUSDT") as late:
            (told,) = await hear(early)
            _, partial = await hear(late, 2)
            client.stand("SELL", "62000.3", "1")
            later(client)
            assert await hear(early) == await hear(late)
    assert told["action"] == "insert"
    assert [row["price"] for row in partial["data"]] == ["61999.9", "62000.1", "62000.2"]


async def test_the_server_pings_every_five_seconds_and_hears_the_pong() -> None:
    client = Client()
    async with served(client) as dialled, dialled.ws_connect(V4 + "BTCUSDT") as socket:
        await hear(socket, 2)
        later(client, 4 * SECOND)
        assert await silence(socket)
        for _ in range(2):
            later(client, 5 * SECOND)
            assert await hear(socket) == [{"action": "ping"}]
            await socket.send_json({"action": "pong"})
        assert await silence(socket)


async def test_an_unknown_pair_is_acknowledged_and_then_silent() -> None:
    client = Client()
    async with served(client) as dialled, dialled.ws_connect(V4 + "NOPEUSD") as socket:
        (said,) = await hear(socket)
        assert said["arg"]["instId"] == "NOPEUSD"
        later(client)
        assert await silence(socket)


async def test_under_the_switch_an_unknown_pair_refuses_the_socket() -> None:
    client = Client(options={"unknown_symbol": "404"})
    async with served(client) as dialled:
        with pytest.raises(WSServerHandshakeError) as refused:
            await dialled.ws_connect(V4 + "BTCUSDT,orderBook:NOPEUSD")
        assert refused.value.status == 404


async def test_a_lost_message_leaves_no_trace() -> None:
    """Of the insert and the update of one change only the update arrives, under the id of both."""
    plan = FaultPlan(rules=(Rule(channel=Channel.PUBLIC, op="depth", at=1, fault=Fault(Do.DROP)),))
    client = Client(faults=plan)
    async with served(client) as dialled, dialled.ws_connect(V4 + "BTCUSDT") as socket:
        await hear(socket, 2)
        client.stand("SELL", "62000.2", "1")
        client.take("SELL", "61999.9", "1")
        later(client)
        (told,) = await hear(socket)
        assert told["action"] == "update"
        assert await silence(socket)


async def test_private_events_are_told_to_nobody() -> None:
    client = Client()
    async with served(client) as dialled, dialled.ws_connect(V4 + "BTCUSDT") as socket:
        await hear(socket, 2)
        client.dialect.show(client.exchange.take_private(), client.exchange.take_public())
        assert await silence(socket)
    assert "ws_private" not in client.dialect.streams


def subscription(channel: str, symbol: str = "BTCUSDT") -> Mapping[str, str]:
    return {"instType": "SPOT", "channel": channel, "instId": symbol}


async def test_v5_tells_whole_books_once_a_second_even_unchanged() -> None:
    client = Client()
    arg = subscription("books15")
    async with served(client) as dialled, dialled.ws_connect(V5) as socket:
        await socket.send_json({"op": "subscribe", "args": [arg]})
        (said,) = await hear(socket)
        assert (said["event"], said["arg"]) == ("subscribe", arg)
        for _ in range(2):
            later(client)
            (told,) = await hear(socket)
            assert (told["action"], told["arg"]) == ("snapshot", arg)
            assert told["data"] == [
                {"ts": ORIGIN // MILLISECOND, "bids": [["61999.9", "3"]], "asks": [["62000.1", "3"]]}
            ]
        later(client, SECOND // 2)
        assert await silence(socket)


async def test_v5_tells_tickers_and_prints() -> None:
    client = Client()
    client.take("BUY", "62000.1", "0.5")
    args = [subscription("ticker"), subscription("trade"), subscription("books5")]
    async with served(client) as dialled, dialled.ws_connect(V5) as socket:
        await socket.send_json({"op": "subscribe", "args": args})
        await hear(socket, 3)
        later(client)
        ticker, trades, book = await hear(socket, 3)
    assert ticker["data"][0]["lastPrice"] == "62000.1"
    assert [(row["price"], row["size"], row["side"]) for row in trades["data"]] == [("62000.1", "0.5", "buy")]
    assert book["data"][0]["asks"] == [["62000.1", "2.5"]]


async def test_v5_answers_a_text_ping_and_says_what_it_does_not_understand() -> None:
    client = Client()
    async with served(client) as dialled, dialled.ws_connect(V5) as socket:
        await socket.send_str("ping")
        message = await socket.receive(timeout=2)
        assert (message.type, message.data) == (WSMsgType.TEXT, "pong")
        for sent, code in (
            ("nonsense", 30002), ('{"op":"login","args":[]}', 30002),
            (json.dumps({"op": "subscribe", "args": [subscription("books7")]}), 30001),
            (json.dumps({"op": "subscribe", "args": [subscription("trade", "NOPEUSD")]}), 30001),
        ):  # fmt: skip
            await socket.send_str(sent)
            (said,) = await hear(socket)
            assert (said["event"], said["code"]) == ("error", code)


async def test_v5_lets_go_of_who_subscribes_to_nothing_for_a_minute() -> None:
    client = Client()
    async with served(client) as dialled, dialled.ws_connect(V5) as idle, dialled.ws_connect(V5) as busy:
        await busy.send_json({"op": "subscribe", "args": [subscription("ticker")]})
        await hear(busy)
        later(client, 59 * SECOND)
        assert await silence(idle)
        later(client)
        assert (await idle.receive(timeout=2)).type in (WSMsgType.CLOSED, WSMsgType.ERROR, WSMsgType.CLOSE)
        await asyncio.sleep(0)
        assert not busy.closed
