"""The other end of an order: an HTTP server on loopback, in a process of its own, that fills whatever it is sent.

It speaks just enough of HashKey's answer to a new order for the adapter to believe it.
"""

import asyncio
import sys
from urllib.parse import parse_qs

import msgspec
import uvloop
from aiohttp import web


async def place(request: web.Request) -> web.Response:
    """The order as sent, filled."""
    sent = {name: values[0] for name, values in parse_qs(await request.text()).items()}
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
    return web.Response(body=msgspec.json.encode(row), content_type="application/json")


async def serve() -> None:
    """Say which port was taken, and serve until standard input ends."""
    app = web.Application()
    app.router.add_post("/api/v1/spot/order", place)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await runner.cleanup()


if __name__ == "__main__":
    uvloop.run(serve())
