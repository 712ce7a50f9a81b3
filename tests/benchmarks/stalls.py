"""Six venues in one process, for the load: books pushed at a steady pace, and orders that fill in many small parts.

Each has a port of its own and speaks as much of HashKey as the adapter asks for. Fills come in the first third of a
second after an order, so that private messages come in bursts. A trade's id is the time at which it was sent, on the
clock that both processes share. `stop` ends the fills, and is answered with what was sent.
"""

import asyncio
import sys
import time
from collections.abc import Coroutine, Mapping
from decimal import Decimal
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec
import uvloop
from aiohttp import WSMsgType, web
from msgspec import Struct

from tests.benchmarks import books

VENUES: Final = 6
BOOKS_A_SECOND: Final = 5_000
PRIVATE_A_SECOND: Final = 200
PARTS: Final = -(-PRIVATE_A_SECOND // VENUES)
"""In how many parts an order fills; every venue is sold on once a second."""
FILLING_S: Final = 0.3
HELD: Final = "100000000"
Row = dict[str, Any]


class Sent(Struct):
    """What one or all of them have sent."""

    books: int = 0
    private: int = 0
    seconds: float = 0.0
    """Processor time of the process."""


class Order:
    """An order with its fills so far."""

    def __init__(self, number: int, sent: Mapping[str, str]) -> None:
        self.number, self.sent = number, sent
        self.filled = Decimal(0)
        self.trades: list[Row] = []

    @property
    def row(self) -> Row:
        """As REST shows it."""
        whole = self.filled == Decimal(self.sent["quantity"])
        return {
            "symbol": self.sent["symbol"], "clientOrderId": self.sent["newClientOrderId"],
            "orderId": str(10**18 + self.number), "transactTime": _millis(), "price": self.sent["price"],
            "origQty": self.sent["quantity"], "executedQty": str(self.filled), "side": "SELL",
            "status": "FILLED" if whole else "PARTIALLY_FILLED" if self.filled else "NEW",
        }  # fmt: skip

    def fill(self, part: Decimal) -> bytes:
        """One more execution, as the stream tells it."""
        self.filled += part
        row, trade = self.row, str(time.monotonic_ns())
        self.trades.append(
            {"id": trade, "orderId": row["orderId"], "clientOrderId": row["clientOrderId"], "symbol": row["symbol"],
             "price": row["price"], "qty": str(part), "time": _millis(), "isBuyer": False, "isMaker": False,
             "commission": "0", "commissionAsset": "USDT"}
        )  # fmt: skip
        told = {
            "e": "executionReport", "E": _millis(), "s": row["symbol"], "c": row["clientOrderId"], "S": "SELL",
            "o": "LIMIT", "f": "IOC", "q": row["origQty"], "p": row["price"], "X": row["status"], "i": row["orderId"],
            "l": str(part), "z": str(self.filled), "L": row["price"], "n": "0", "N": "USDT", "m": False, "d": trade,
        }  # fmt: skip
        return msgspec.json.encode([told])


class Stall:
    """One venue."""

    def __init__(self) -> None:
        self.sent = Sent()
        self.orders: dict[str, Order] = {}
        self.working: set[asyncio.Task[None]] = set()
        self.open = True
        self._private: web.WebSocketResponse | None = None

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """One request, or one socket."""
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._stream(request)
        said = dict(parse_qsl(await request.text() or request.query_string))
        return web.Response(body=msgspec.json.encode(self._answer(request, said)), content_type="application/json")

    def _answer(self, request: web.BaseRequest, said: Mapping[str, str]) -> Any:
        match request.method, request.path:
            case "POST", "/api/v1/spot/order":
                order = self.orders[said["newClientOrderId"]] = Order(len(self.orders) + 1, said)
                if self.open:
                    self._start(self._fill(order))
                return order.row
            case "GET", "/api/v1/spot/order":
                return self.orders[said["origClientOrderId"]].row
            case "GET", "/api/v1/account/trades":
                order = self.orders.get(said.get("clientOrderId", ""))
                return order.trades if order is not None else []
            case "GET", "/api/v1/account":
                return {"balances": [{"asset": "BTC", "free": HELD, "locked": "0"}]}
            case "GET", "/api/v1/time":
                return {"serverTime": _millis()}
            case _, "/api/v1/userDataStream":
                return {"listenKey": "a-key-of-the-benchmark"}
        return []

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self.working.add(task)
        task.add_done_callback(self.working.discard)

    async def _fill(self, order: Order) -> None:
        """In equal parts, the last of which makes the whole."""
        whole, began = Decimal(order.sent["quantity"]), time.monotonic()
        part = (whole / PARTS).quantize(Decimal("0.00001"))
        for number in range(1, PARTS + 1):
            await asyncio.sleep(max(0.0, began + FILLING_S * number / PARTS - time.monotonic()))
            assert self._private is not None, "nobody trades before his private stream is up"
            await self._private.send_frame(order.fill(part if number < PARTS else whole - order.filled), WSMsgType.TEXT)
            self.sent.private += 1

    async def _stream(self, request: web.BaseRequest) -> web.StreamResponse:
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        if request.path.startswith("/api/"):
            self._private = socket
        async for message in socket:
            if '"depth"' in message.data:
                self._start(self._push(socket))
        return socket

    async def _push(self, socket: web.WebSocketResponse) -> None:
        """Books at their pace; one that is late is sent at once."""
        frames = [books.frame(0, 0, seed) for seed in range(16)]
        every, due = VENUES / BOOKS_A_SECOND, time.monotonic()
        while self.open:
            due += every
            if (wait := due - time.monotonic()) > 0:
                await asyncio.sleep(wait)
            self.sent.books += 1
            frame = frames[self.sent.books % 16].replace(b'"v":"0_18"', b'"v":"%d_18"' % self.sent.books)
            await socket.send_frame(frame.replace(b'"t":0', b'"t":%d' % _millis()), WSMsgType.TEXT)


def _millis() -> int:
    return time.time_ns() // 1_000_000


async def serve() -> None:
    """Say which ports were taken; on the first line that is heard, stop and say what was sent."""
    stalls, runners, ports = [Stall() for _ in range(VENUES)], [], []
    for stall in stalls:
        runner = web.ServerRunner(web.Server(stall.handle, access_log=None))
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        runners.append(runner)
        ports.append(runner.addresses[0][1])
    print(*ports, flush=True)
    loop = asyncio.get_running_loop()
    await loop.run_in_executor(None, sys.stdin.readline)
    for stall in stalls:
        stall.open = False
    for stall in stalls:
        await asyncio.gather(*stall.working)
    books_sent, private = sum(stall.sent.books for stall in stalls), sum(stall.sent.private for stall in stalls)
    print(msgspec.json.encode(Sent(books_sent, private, time.process_time())).decode(), flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    for runner in runners:
        await runner.cleanup()


if __name__ == "__main__":
    uvloop.run(serve())
