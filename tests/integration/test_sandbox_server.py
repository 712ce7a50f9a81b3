"""The sandbox over real loopback sockets: streams, faults, and the process that serves it."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from engine.kernel.clock import MILLISECOND, Span, parse_instant
from engine.kernel.errors import BadInput
from venues.sandbox import dialect
from venues.sandbox.clock import MarketClock
from venues.sandbox.exchange import Exchange
from venues.sandbox.faults import Faults, load
from venues.sandbox.model import Kind, Listing, OrderRequest, Side, Status
from venues.sandbox.server import SandboxServer

ORIGIN = parse_instant("2026-05-02T02:36:20.521Z")
PAIR = Listing(
    "BTCUSDT", "BTC", "USDT", Decimal("0.01"), Decimal("0.00001"), Decimal("0.00001"), Decimal(16), Decimal(10),
    Decimal(400_000), Decimal("0.0029"), Decimal("0.0029"), Decimal("0.0000001"),
)  # fmt: skip
GONE = (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError)
PRIVATE_KINDS = {"executionReport", "ticketInfo", "outboundAccountInfo"}


class Client:
    """A client that signs with its own few lines."""

    def __init__(self, server: SandboxServer, url: str, session: aiohttp.ClientSession) -> None:
        self.server, self.url, self.session = server, url, session

    async def ask(self, method: str, path: str, key: str = "k1", **params: Any) -> tuple[int, Any]:
        text = "&".join(f"{name}={value}" for name, value in {"timestamp": time.time_ns() // 10**6, **params}.items())
        text += f"&signature={dialect.sign(key.replace('k', 's'), text)}"
        url = f"{self.url}{path}" + (f"?{text}" if method == "GET" else "")
        headers = {"X-HK-APIKEY": key, "Content-Type": "application/x-www-form-urlencoded"}
        body = None if method == "GET" else text
        async with self.session.request(method, url, data=body, headers=headers) as answer:
            raw = await answer.read()
            return answer.status, msgspec.json.decode(raw) if answer.content_type == "application/json" else raw

    async def place(self, client_id: str, quantity: str = "1", price: str = "60000", key: str = "k1") -> Any:
        side = "BUY" if key == "k2" else "SELL"
        order = {"symbol": "BTCUSDT", "side": side, "type": "LIMIT", "quantity": quantity, "price": price}
        return await self.ask("POST", "/api/v1/spot/order", key, **order, newClientOrderId=client_id)

    async def query(self, client_id: str) -> tuple[int, Any]:
        return await self.ask("GET", "/api/v1/spot/order", origClientOrderId=client_id)

    @asynccontextmanager
    async def private(self) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        key = (await self.ask("POST", "/api/v1/userDataStream"))[1]["listenKey"]
        async with self.session.ws_connect(f"{self.url}/api/v1/ws/{key}") as socket:
            yield socket

    def public(self) -> Any:
        return self.session.ws_connect(f"{self.url}/quote/ws/v1")


@asynccontextmanager
async def sandbox(
    *rules: str, more: str = "", speed: int = 1, exchange: type[Exchange] = Exchange
) -> AsyncIterator[Client]:
    """A server with two accounts and nobody else in the book; `rules` is the inside of a fault plan's list.

    `more` is what stands in the plan besides.
    """
    held = {"desk": {"BTC": Decimal(2)}, "other": {"USDT": Decimal(1_000_000)}}
    server = SandboxServer(
        exchange([PAIR], held, [], start=ORIGIN),
        {"k1": ("desk", "s1"), "k2": ("other", "s2")},
        MarketClock(ORIGIN, Decimal(speed)),
        Faults(load(f'{{"rules":[{",".join(rules)}]{more}}}'.encode())),
        hang=Span(20 * MILLISECOND),
    )
    url = await server.start()
    try:
        async with aiohttp.ClientSession() as session:
            yield Client(server, url, session)
    finally:
        await server.stop()


async def frames(
    socket: aiohttp.ClientWebSocketResponse, count: int, among: set[str] = PRIVATE_KINDS
) -> list[dict[str, Any]]:
    """The next events of these kinds; each frame holds exactly one."""
    found: list[dict[str, Any]] = []
    async with asyncio.timeout(3):
        while len(found) < count:
            said = await socket.receive_json()
            if isinstance(said, list):
                (event,) = said
                found += [event] if event["e"] in among else []
    return found


async def eventually(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110 - what is waited for is in another task or process
            await asyncio.sleep(0.005)


async def test_a_fill_is_told_as_report_ticket_and_balances_one_event_a_frame() -> None:
    async with sandbox() as client, client.private() as stream:
        await client.place("ord-1")
        assert [event["e"] for event in await frames(stream, 2)] == ["executionReport", "outboundAccountInfo"]
        await client.place("buy-1", "0.4", key="k2")
        report, ticket, account = await frames(stream, 3)
        assert (report["X"], report["l"], report["z"]) == ("PARTIALLY_FILLED", "0.40000", "0.40000")
        (trade,) = (await client.ask("GET", "/api/v1/account/trades"))[1]
        assert (ticket["T"], report["d"]) == (trade["ticketId"], trade["id"])
        assert {line["a"]: Decimal(line["l"]) for line in account["B"]}["BTC"] == Decimal("0.6")


async def test_a_book_is_shown_on_subscription_and_again_after_it_changes() -> None:
    async with sandbox(speed=100) as client, client.public() as stream:
        await client.place("ord-1")
        await stream.send_json({"symbol": "BTCUSDT", "topic": "depth", "event": "sub"})
        first = await stream.receive_json(timeout=3)
        assert (first["f"], first["symbol"], first["data"][0]["a"]) == (True, "BTCUSDT", [["60000.00", "1.00000"]])
        await client.place("ord-2", "0.5", "61000")
        await eventually(lambda: client.server.exchange.depth("BTCUSDT").version == 2)
        shown = await stream.receive_json(timeout=3)
        while len(shown["data"][0]["a"]) < 2:  # the first book may be shown once more before the second is there
            shown = await stream.receive_json(timeout=3)
        assert shown["f"] is False
        assert shown["data"][0]["a"] == [["60000.00", "1.00000"], ["61000.00", "0.50000"]]


async def test_prints_are_shown_to_those_who_asked_for_them_and_cancelled() -> None:
    async with sandbox() as client, client.public() as stream, client.public() as left:
        for socket in (stream, left):
            await socket.send_json({"symbol": "BTCUSDT", "topic": "trade", "event": "sub"})
            assert (await socket.receive_json(timeout=3))["data"] == []
        await left.send_json({"symbol": "BTCUSDT", "topic": "trade", "event": "cancel"})
        await left.send_json({"ping": 1})
        assert "pong" in await left.receive_json(timeout=3)
        await client.place("ord-1")
        await client.place("buy-1", "0.4", key="k2")
        shown = await stream.receive_json(timeout=3)
        assert [(print_["p"], print_["q"], print_["m"]) for print_ in shown["data"]] == [("60000.00", "0.40000", False)]
        await left.send_json({"ping": 2})
        assert "pong" in await left.receive_json(timeout=3)


async def test_pings_are_answered_and_nonsense_closes_no_socket() -> None:
    async with sandbox() as client, client.public() as stream, client.private() as own:
        await stream.send_str("{nonsense")
        assert (await stream.receive_json(timeout=3))["code"] == "-10001"
        await stream.send_json({"symbol": "NIX", "topic": "depth", "event": "sub"})
        assert (await stream.receive_json(timeout=3))["code"] == "-100010"
        await stream.send_json({"symbol": "BTCUSDT", "topic": "weather", "event": "sub"})
        assert (await stream.receive_json(timeout=3))["code"] == "-10004"
        await own.send_json({"ping": 77})
        assert (await own.receive_json(timeout=3))["pong"] == 77
        await stream.ping()
        await own.ping()


async def test_a_private_stream_needs_a_living_key_and_ends_with_it() -> None:
    async with sandbox() as client:
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await client.session.ws_connect(f"{client.url}/api/v1/ws/{'0' * 64}")
        async with client.private() as stream:
            (key,) = client.server.dialect.desk.listen_keys
            await client.ask("DELETE", "/api/v1/userDataStream", listenKey=key)
            ended = await stream.receive(timeout=3)
            assert ended.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)


async def test_a_lost_request_was_never_applied() -> None:
    async with sandbox('{"at":["rest.req","order.create",0],"do":"drop"}') as client:
        with pytest.raises(GONE):
            await client.place("ord-1")
        assert (await client.query("ord-1"))[1]["code"] == "0211"


async def test_an_answer_that_is_lost_leaves_an_order_behind() -> None:
    async with sandbox('{"at":["rest.resp","order.create",0],"do":"drop"}') as client:
        with pytest.raises(GONE):
            await client.place("ord-1")
        assert (await client.query("ord-1"))[1]["status"] == "NEW"


@pytest.mark.parametrize(
    ("fault", "heard"),
    [
        ('"do":"status","status":502', (502, b"<html><head><title>502 Bad Gateway")),
        ('"do":"code","code":"-1006"', (400, {"code": "-1006", "msg": "Execution status unknown"})),
    ],
)
async def test_an_answer_that_is_replaced_leaves_an_order_behind(fault: str, heard: tuple[int, Any]) -> None:
    async with sandbox(f'{{"at":["rest.resp","order.create",0],{fault}}}') as client:
        status, said = await client.place("ord-1")
        assert (status, said[:34] if isinstance(said, bytes) else said) == heard
        assert (await client.query("ord-1"))[1]["status"] == "NEW"


async def test_a_request_turned_away_was_never_applied() -> None:
    async with sandbox('{"at":["rest.req","order.create",0],"do":"status","status":429}') as client:
        assert await client.place("ord-1") == (429, {"code": "0003", "msg": "Rate limit exceeded"})
        assert (await client.query("ord-1"))[0] == 400


async def test_a_late_request_is_applied_after_its_caller_has_given_up() -> None:
    async with sandbox('{"at":["rest.req","order.create",0],"do":"late","span":"150ms"}') as client:
        with pytest.raises(GONE):
            await client.place("ord-1")
        assert (await client.query("ord-1"))[1]["code"] == "0211"
        await eventually(lambda: client.server.exchange.order("desk", client_id="ord-1") is not None)


async def test_a_late_request_older_than_its_window_is_refused() -> None:
    async with sandbox('{"at":["rest.req","order.create",0],"do":"late","span":"150ms"}') as client:
        with pytest.raises(GONE):
            await client.ask(
                "POST", "/api/v1/spot/order", recvWindow=50, symbol="BTCUSDT", side="SELL", type="LIMIT",
                quantity="1", price="60000", newClientOrderId="ord-1",
            )  # fmt: skip
        await asyncio.sleep(0.25)
        assert client.server.exchange.orders("desk") == []


async def test_a_request_that_arrives_twice_makes_one_order() -> None:
    async with sandbox('{"at":["rest.req","order.create",0],"do":"dup"}') as client:
        assert (await client.place("ord-1"))[0] == 200
        assert len(client.server.exchange.orders("desk")) == 1


async def test_delays_are_waited_out() -> None:
    async with sandbox('{"channel":"rest.resp","op":"account","rate":1.0,"do":"delay","span":"80ms"}') as client:
        began = time.monotonic()
        assert (await client.ask("GET", "/api/v1/account"))[0] == 200
        assert time.monotonic() - began >= 0.08


class Raced(Exchange):
    """With a passer-by, who buys what an order still offers."""

    def hit(self, account: str, client_id: str) -> None:
        row = self.order(account, client_id=client_id)
        assert row is not None
        self.place(
            "other", OrderRequest(row.symbol, Side.BUY, Kind.IOC, row.quantity - row.filled, row.price, "passer-by")
        )


async def test_a_cancel_can_lose_the_race_against_a_fill() -> None:
    async with sandbox('{"at":["rest.req","order.cancel",0],"do":"race"}', exchange=Raced) as client:
        await client.place("ord-1")
        assert (await client.ask("DELETE", "/api/v1/spot/order", clientOrderId="ord-1"))[1]["code"] == "-1139"
        assert (await client.query("ord-1"))[1]["status"] == "FILLED"


async def test_private_frames_are_lost_doubled_and_overtaken_as_planned() -> None:
    """Three orders: the first's report is lost, the second's comes twice, the third's after its balances."""
    rules = (
        '{"at":["ws.private","order",0],"do":"drop"}',
        '{"at":["ws.private","order",1],"do":"dup"}',
        '{"at":["ws.private","order",2],"do":"reorder"}',
    )
    async with sandbox(*rules) as client, client.private() as stream:
        for n in range(3):
            await client.place(f"ord-{n}", "0.1")
        told = [event.get("c", "account") for event in await frames(stream, 6)]
        assert told == ["account", "ord-1", "ord-1", "account", "account", "ord-2"]


async def test_an_overtaken_frame_comes_even_when_nothing_follows_it() -> None:
    rule = '{"at":["ws.private","account",0],"do":"reorder","count":5,"span":"50ms"}'
    async with sandbox(rule) as client, client.private() as stream:
        await client.place("ord-1")
        assert [event["e"] for event in await frames(stream, 2)] == ["executionReport", "outboundAccountInfo"]


async def test_a_stream_can_be_cut_and_opened_again() -> None:
    async with sandbox('{"at":["ws.private","order",0],"do":"cut"}') as client:
        async with client.private() as stream:
            await client.place("ord-1")
            ended = await stream.receive(timeout=3)
            assert ended.type is not aiohttp.WSMsgType.TEXT
        async with client.private() as stream:
            await client.ask("DELETE", "/api/v1/spot/order", clientOrderId="ord-1")
            assert (await frames(stream, 1))[0]["X"] == Status.CANCELED


async def test_a_taken_port_is_bad_input() -> None:
    async with sandbox() as client:
        port = int(client.url.rsplit(":", 1)[1])
        second = SandboxServer(Exchange([PAIR], {}, [], start=ORIGIN), {}, MarketClock(ORIGIN), Faults(load(b"{}")))
        with pytest.raises(BadInput, match=f"port: 127.0.0.1:{port}"):
            await second.start(port)


class Failing(Exchange):
    """Comes to a stop after it was opened."""

    def take_public(self) -> Any:
        raise RuntimeError("out of paper")


async def test_a_server_whose_exchange_stands_still_says_why() -> None:
    async with sandbox(exchange=Failing) as client, asyncio.timeout(3):
        with pytest.raises(RuntimeError, match="out of paper"):
            await client.server.until_broken()


SERVE = """
import asyncio, sys
from decimal import Decimal
from pathlib import Path
from venues.sandbox.serving import ServeOptions, serve
options = ServeOptions(recorded=False, speed=Decimal(30), balances={"BTC": Decimal(1)}, truth=Path(sys.argv[1]))
asyncio.run(serve(options))
"""


async def test_a_served_sandbox_says_once_that_it_is_ready_and_leaves_its_truth(tmp_path: Path) -> None:
    """A process of its own: one line on its output, orders over the wire, SIGUSR1, SIGTERM, exit 0."""
    truth = tmp_path / "truth.json"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SERVE, str(truth), stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONPATH": "."},
    )  # fmt: skip
    assert process.stdout is not None
    try:
        async with asyncio.timeout(20):
            ready = msgspec.json.decode(await process.stdout.readline())
            venue, (account,) = ready["venues"]["hashkey"], ready["venues"]["hashkey"]["accounts"]
            assert ready["clock"] == {"origin": "2026-05-02T02:36:20.521000Z", "speed": "30"}
            text = f"timestamp={time.time_ns() // 10**6}"
            text += f"&signature={dialect.sign(account['secret'], text)}"
            async with (
                aiohttp.ClientSession(headers={"X-HK-APIKEY": account["key"]}) as session,
                session.get(f"{venue['rest']}/api/v1/account?{text}") as answer,
            ):
                assert (await answer.json())["balances"][0]["asset"] == "BTC"
            assert not truth.exists()
            process.send_signal(signal.SIGUSR1)
            await eventually(truth.exists)
            process.send_signal(signal.SIGTERM)
            rest = await process.stdout.read()
            assert (await process.wait(), rest) == (0, b"")
        said = msgspec.json.decode(truth.read_bytes())
        assert said["accounts"].keys() == {"desk"}
        assert said["faults_injected"] == {}
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
