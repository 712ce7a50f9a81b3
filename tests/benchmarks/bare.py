"""aiohttp and nothing else, in a process of its own: the server that ours are measured against.

Whatever is posted to `/SIZE` is answered with so many bytes. A socket opened at `/echo` says everything back; at any
other path it pushes `FRAMES` books once the topic `depth` is asked for.
"""

import asyncio
import sys
import time

import uvloop
from aiohttp import WSMsgType, web

from tests.benchmarks import books

FRAMES = 4_000


async def handle(request: web.BaseRequest) -> web.StreamResponse:
    """One request, or one socket."""
    if request.headers.get("Upgrade", "").lower() == "websocket":
        return await stream(request)
    await request.read()
    return web.Response(body=b"x" * int(request.path[1:]), content_type="application/json")


async def stream(request: web.BaseRequest) -> web.StreamResponse:
    """Echo, or push."""
    socket = web.WebSocketResponse(compress=False)
    await socket.prepare(request)
    async for message in socket:
        if request.path == "/echo":
            await socket.send_str(message.data)
        elif '"depth"' in message.data:
            frames = [books.frame(1, time.time_ns() // 1_000_000, seed) for seed in range(16)]
            for number in range(FRAMES):
                await socket.send_frame(frames[number % 16], WSMsgType.TEXT)
    return socket


async def serve() -> None:
    """Say which port was taken, and serve until standard input ends."""
    runner = web.ServerRunner(web.Server(handle, access_log=None))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await runner.cleanup()


if __name__ == "__main__":
    uvloop.run(serve())
