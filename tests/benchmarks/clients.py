"""Three clients of one server: our adapter, the least that aiohttp and an HMAC can do, and ccxt's HashKey.

Each places the same order and reads the same book; what comes back is understood, as far as that client goes.
"""

import hmac
import time
from collections.abc import Awaitable, Callable
from hashlib import sha256
from itertools import count
from typing import Any, Final, Protocol

import aiohttp
import msgspec

from engine.orders.reports import Done
from tests.benchmarks import books
from tests.benchmarks.stand import hashkey, intent
from tests.support import builders as b

KEY: Final = ("key-of-a-benchmark", "secret-of-a-benchmark")
QUANTITY, PRICE = "0.02052", "78009.21"
"""As in `stand.intent`."""


class Client(Protocol):
    """One of them."""

    async def order(self) -> None:
        """Place a limit sale, IOC."""

    async def book(self) -> None:
        """Read twenty levels a side."""

    async def aclose(self) -> None:
        """Let go of connections."""


class Ours:
    """HashKey's adapter, unpaced."""

    def __init__(self, root: str) -> None:
        self._venue, self._numbers = hashkey(root, KEY), count()

    async def order(self) -> None:
        outcome = await self._venue.place(intent(next(self._numbers)).approved)
        assert isinstance(outcome, Done), outcome

    async def book(self) -> None:
        seen = await self._venue.public.book(b.BTCUSDT)
        assert len(seen.bids) == books.LEVELS, seen

    async def aclose(self) -> None:
        await self._venue.aclose()


class Minimal:
    """A session, a signature, and JSON into dictionaries."""

    def __init__(self, root: str) -> None:
        self._root, self._session, self._numbers = root, aiohttp.ClientSession(), count()
        self._headers = {"X-HK-APIKEY": KEY[0], "Content-Type": "application/x-www-form-urlencoded"}

    async def order(self) -> None:
        text = (
            f"timestamp={time.time_ns() // 1_000_000}&recvWindow=2000&symbol={books.SYMBOL}&side=SELL&type=LIMIT"
            f"&quantity={QUANTITY}&price={PRICE}&newClientOrderId=minimal-{next(self._numbers)}&timeInForce=IOC"
        )
        signature = hmac.new(KEY[1].encode(), text.encode(), sha256).hexdigest()
        url, body = f"{self._root}/api/v1/spot/order", f"{text}&signature={signature}".encode()
        async with self._session.post(url, data=body, headers=self._headers) as answer:
            assert msgspec.json.decode(await answer.read())["orderId"]

    async def book(self) -> None:
        async with self._session.get(f"{self._root}/quote/v1/depth?symbol={books.SYMBOL}&limit=20") as answer:
            assert len(msgspec.json.decode(await answer.read())["b"]) == books.LEVELS

    async def aclose(self) -> None:
        await self._session.close()


class Ccxt:
    """ccxt's own HashKey, with its rate limiter off and its markets known."""

    def __init__(self, root: str) -> None:
        import ccxt.async_support as ccxt

        self._exchange: Any = ccxt.hashkey({"apiKey": KEY[0], "secret": KEY[1], "enableRateLimit": False})
        self._exchange.urls["api"] = {"public": root, "private": root}
        self._exchange.set_markets([self._exchange.safe_market_structure(_MARKET)])
        self._numbers = count()

    async def order(self) -> None:
        wanted = {"timeInForce": "IOC", "clientOrderId": f"ccxt-{next(self._numbers)}"}
        placed = await self._exchange.create_order("BTC/USDT", "limit", "sell", float(QUANTITY), float(PRICE), wanted)
        assert placed["id"], placed

    async def book(self) -> None:
        seen = await self._exchange.fetch_order_book("BTC/USDT", 20)
        assert len(seen["bids"]) == books.LEVELS, seen

    async def aclose(self) -> None:
        await self._exchange.close()


_MARKET: Final = {
    "id": books.SYMBOL, "symbol": "BTC/USDT", "base": "BTC", "quote": "USDT", "baseId": "BTC", "quoteId": "USDT",
    "type": "spot", "spot": True, "swap": False, "active": True, "precision": {"amount": 0.00001, "price": 0.01},
}  # fmt: skip


async def timed(call: Callable[[], Awaitable[None]], times: int) -> tuple[list[float], float]:
    """Microseconds of each of so many calls, and what one cost in processor time of this process."""
    taken, busy = [], time.process_time_ns()
    for _ in range(times):
        began = time.perf_counter_ns()
        await call()
        taken.append((time.perf_counter_ns() - began) / 1000)
    return taken, (time.process_time_ns() - busy) / 1000 / times
