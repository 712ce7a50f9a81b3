"""The other end of an order: an HTTP server on loopback, in a process of its own, that fills whatever it is sent.

It speaks just enough of HashKey's words for an adapter to believe it: a new order, a book of twenty levels, the time.
"""

import asyncio
import sys
import time
from collections.abc import Mapping
from urllib.parse import parse_qsl

import msgspec
import uvloop
from aiohttp import web

from tests.benchmarks.books import levels

BOOK = msgspec.json.encode({"t": 1777689380521, "b": levels(bid=True), "a": levels(bid=False)})


def answer(sent: Mapping[str, str]) -> bytes:
    """An order as sent, filled."""
    row = {
        "accountId": "1",
        "symbol": sent["symbol"],
        "clientOrderId": sent["newClientOrderId"],
        "orderId": "1777689380521000023",
        "transactTime": sent["timestamp"],
        "price": sent["price"],
        "origQty": sent["quantity"],
        "executedQty": sent["quantity"],
        "status": "FILLED",
        "timeInForce": sent["timeInForce"],
        "type": sent["type"],
        "side": sent["side"],
        "reqAmount": "0",
    }
    return msgspec.json.encode(row)


async def place(request: web.Request) -> web.Response:
    """Whatever is sent is filled."""
    return web.Response(body=answer(dict(parse_qsl(await request.text()))), content_type="application/json")


async def depth(_: web.Request) -> web.Response:
    """Always the same book."""
    return web.Response(body=BOOK, content_type="application/json")


async def clock(_: web.Request) -> web.Response:
    return web.json_response({"serverTime": time.time_ns() // 1_000_000})


async def serve() -> None:
    """Say which port was taken, and serve until standard input ends."""
    app = web.Application()
    app.router.add_post("/api/v1/spot/order", place)
    app.router.add_get("/quote/v1/depth", depth)
    app.router.add_get("/api/v1/time", clock)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await runner.cleanup()


if __name__ == "__main__":
    uvloop.run(serve())
