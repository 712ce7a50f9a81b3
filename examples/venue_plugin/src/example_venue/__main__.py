"""`python -m example_venue`: the Village Exchange until Ctrl-C. The first line says where it is and who may trade."""

import argparse
import asyncio
import contextlib
import json
import time
from decimal import Decimal

from aiohttp import web

from engine.kernel.clock import Instant
from example_venue.exchange import Village
from example_venue.server import Town
from venues.sandbox.clock import MarketClock

KEY, SECRET = "villager", "the mill at dawn"


async def serve(town: Town, port: int) -> tuple[web.AppRunner, str]:
    """The town on loopback; who lets it go calls `cleanup`."""
    runner = web.AppRunner(town.app(), access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    port = runner.addresses[0][1]
    return runner, f"http://127.0.0.1:{port}"


async def main(port: int, speed: str, seed: int, purse: dict[str, Decimal]) -> None:
    """Serve for ever."""
    clock = MarketClock(Instant(time.time_ns()), Decimal(speed))
    runner, address = await serve(Town(Village(purse, clock.market, seed=seed), clock, KEY, SECRET), port)
    print(json.dumps({"address": address, "key": KEY, "secret": SECRET}), flush=True)  # noqa: T201
    try:
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()


def _purse(text: str) -> tuple[str, Decimal]:
    asset, _, units = text.partition("=")
    return asset, Decimal(units)


if __name__ == "__main__":
    options = argparse.ArgumentParser(description="The Village Exchange, on loopback.")
    options.add_argument("--port", type=int, default=0)
    options.add_argument("--speed", default="1", help="market seconds a second")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--balance", type=_purse, action="append", default=[], metavar="ASSET=UNITS")
    given = options.parse_args()
    held = dict(given.balance) or {"BTC": Decimal(2), "ETH": Decimal(20), "USDT": Decimal(0), "USD": Decimal(0)}
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main(given.port, given.speed, given.seed, held))
