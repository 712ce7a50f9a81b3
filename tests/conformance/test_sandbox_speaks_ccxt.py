"""An independent witness: ccxt's `hashkey` classes, unmodified and pointed at the sandbox, can trade there."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest

from engine.kernel.clock import parse_instant
from venues.sandbox.clock import MarketClock
from venues.sandbox.exchange import Exchange
from venues.sandbox.faults import FaultPlan, Faults
from venues.sandbox.model import Kind, Listing, OrderRequest, Side
from venues.sandbox.server import SandboxServer

ORIGIN = parse_instant("2026-05-02T02:36:20.521Z")
ORIGIN_MS = ORIGIN // 1_000_000
PAIR = Listing(
    "BTCUSDT", "BTC", "USDT", Decimal("0.01"), Decimal("0.00001"), Decimal("0.00001"), Decimal(16), Decimal(10),
    Decimal(400_000), Decimal("0.0029"), Decimal("0.0029"), Decimal("0.0000001"),
)  # fmt: skip


def bid(server: SandboxServer, name: str, quantity: str, price: str) -> None:
    """Somebody else's order to buy."""
    request = OrderRequest("BTCUSDT", Side.BUY, Kind.GTC, Decimal(quantity), Decimal(price), name)
    server.exchange.place("other", request)


@pytest.fixture
async def server() -> AsyncIterator[SandboxServer]:
    held = {"desk": {"BTC": Decimal(2)}, "other": {"USDT": Decimal(1_000_000)}}
    server = SandboxServer(
        Exchange([PAIR], held, [], start=ORIGIN),
        {"key": ("desk", "secret")},
        MarketClock(ORIGIN, Decimal(30)),
        Faults(FaultPlan()),
    )
    yield server
    await server.stop()


@pytest.fixture
async def client(server: SandboxServer) -> AsyncIterator[Any]:
    import ccxt.pro

    rest = await server.start()
    streams = rest.replace("http", "ws", 1)
    addresses = {
        "public": rest,
        "private": rest,
        "ws": {"public": f"{streams}/quote/ws/v1", "private": f"{streams}/api/v1/ws"},
    }
    client = ccxt.pro.hashkey(
        {
            "apiKey": "key",
            "secret": "secret",
            "enableRateLimit": False,  # its own pace would take seconds
            "urls": {"api": addresses},
            "options": {"recvWindow": 5000, "listenKeyRefreshRate": 1_200_000},
        }
    )
    told = client.urls["api"]
    assert all("//127.0.0.1:" in url for url in (told["public"], told["private"], *told["ws"].values()))
    yield client
    await client.close()


async def test_ccxt_lists_sells_queries_cancels_and_accounts(server: SandboxServer, client: Any) -> None:
    """2 BTC held; 0.5 offered at 60,000 of which 0.2 is sold at once, and the rest is cancelled."""
    bid(server, "bid-1", "0.2", "60000")
    bid(server, "bid-2", "1", "59000")
    markets = await client.load_markets()
    assert markets["BTC/USDT"]["precision"] == {"amount": 0.00001, "price": 0.01}
    book = await client.fetch_order_book("BTC/USDT", 20)
    assert book["bids"] == [[60000.0, 0.2], [59000.0, 1.0]]
    placed = await client.create_order("BTC/USDT", "limit", "sell", 0.5, 60000, {"clientOrderId": "ord-1"})
    assert (placed["status"], placed["filled"]) == ("open", 0.2)
    found = await client.fetch_order(placed["id"], "BTC/USDT")
    assert (found["clientOrderId"], found["filled"], found["average"], found["cost"]) == ("ord-1", 0.2, 60000, 12000)
    assert (await client.fetch_open_orders("BTC/USDT"))[0]["id"] == placed["id"]
    cancelled = await client.cancel_order(placed["id"], "BTC/USDT")
    assert cancelled["info"]["status"] == "PARTIALLY_CANCELED"
    (trade,) = await client.fetch_my_trades("BTC/USDT", ORIGIN_MS, 50)
    assert (trade["amount"], trade["price"], trade["takerOrMaker"]) == (0.2, 60000, "taker")
    assert trade["fee"] == {"currency": "USDT", "cost": pytest.approx(34.8)}
    balance = await client.fetch_balance()
    assert (balance["BTC"]["total"], balance["BTC"]["used"]) == (1.8, 0)
    assert balance["USDT"]["free"] == pytest.approx(12000 - 34.8)


async def test_ccxt_reads_the_venues_refusals_as_what_they_are(client: Any) -> None:
    import ccxt

    await client.load_markets()
    with pytest.raises(ccxt.OrderNotFound):
        await client.fetch_order("1", "BTC/USDT")
    with pytest.raises(ccxt.InsufficientFunds):
        await client.create_order("BTC/USDT", "limit", "sell", 3, 60000)
    await client.create_order("BTC/USDT", "limit", "sell", 0.1, 60000, {"clientOrderId": "ord-1"})
    with pytest.raises(ccxt.DuplicateOrderId):
        await client.create_order("BTC/USDT", "limit", "sell", 0.1, 60000, {"clientOrderId": "ord-1"})
    client.secret = "another"
    with pytest.raises(ccxt.AuthenticationError):
        await client.fetch_balance()


async def test_ccxt_watches_the_book_and_its_own_orders(server: SandboxServer, client: Any) -> None:
    bid(server, "bid-1", "0.2", "60000")
    await client.load_markets()
    book = await client.watch_order_book("BTC/USDT")
    assert book["bids"][0] == [60000.0, 0.2]
    bid(server, "bid-2", "0.3", "60001")
    while book["bids"][0] != [60001.0, 0.3]:
        book = await client.watch_order_book("BTC/USDT")
    first = asyncio.create_task(client.watch_orders("BTC/USDT"))
    async with asyncio.timeout(5):
        while not server._streams._private:  # noqa: ASYNC110 - no frame says that the stream is up
            await asyncio.sleep(0.005)
    await client.create_order("BTC/USDT", "limit", "sell", 0.1, 61000, {"clientOrderId": "ord-1"})
    assert (await first)[0]["clientOrderId"] == "ord-1"
