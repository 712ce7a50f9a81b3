"""C1: an order over HTTP, through HashKey's adapter to our own exchange, against bare aiohttp with bodies of that size.

The exchange is `steelyard sandbox` as anybody starts it, in a process of its own, with the market going on. Every order
is an IOC sale that trades. Both clients run on uvloop, and the bare server does as well.
"""

import time
from collections.abc import Callable, Coroutine
from decimal import Decimal
from functools import partial
from itertools import count
from typing import Any

import aiohttp
import msgspec
from msgspec.structs import replace

from engine.kernel.ids import LegId, OrderName, client_order_id
from engine.kernel.money import down_to, times
from engine.orders.order import Approved
from engine.orders.reports import Done
from tests.benchmarks.beside import beside
from tests.benchmarks.books import SYMBOL
from tests.benchmarks.rows import Row, percentile, taking_turns
from tests.benchmarks.stand import hashkey, intent
from tests.support import builders as b
from venues.hashkey.venue import HashKeyVenue
from venues.transport import AiohttpTransport, HttpRequest, HttpResponse

SANDBOX = ("sandbox", "--port", "0", "--synthetic", "--no-rate-limit", "--balance", "BTC=1000", "--until-eof")
ORDERS = 300
P50_MAX = 1.6
SIZE, BELOW = Decimal("0.0002"), Decimal("0.97")
"""Of one sale, and how far below the bid its limit lies."""
Call = Callable[[], Coroutine[Any, Any, None]]


def rows(rounds: int) -> list[Row]:
    """The round trip at the median and at the 99th percentile."""
    import uvloop

    with beside("engine", *SANDBOX) as sandbox, beside("tests.benchmarks.bare") as bare:
        ours, theirs = uvloop.run(_both(sandbox.ready, int(bare.ready), rounds))
    middle, floor = percentile(ours, 50, "us"), percentile(theirs, 50, "us")
    late, late_floor = percentile(ours, 99, "us"), percentile(theirs, 99, "us")
    ratio, name = middle.over(floor), "HTTP order, our adapter and our exchange"
    return [
        Row(f"{name}, p50", middle, f"bare aiohttp {floor}", ratio, f"<= {P50_MAX}x", ratio.middle <= P50_MAX),
        Row(f"{name}, p99", late, f"bare aiohttp {late_floor}", late.over(late_floor)),
    ]


class Weighed(AiohttpTransport):
    """Remembers how large the last bodies were, there and back."""

    sizes = (0, 0)

    async def call(self, request: HttpRequest) -> HttpResponse:
        answer = await super().call(request)
        self.sizes = (len(request.body), len(answer.body))
        return answer


async def _both(ready: str, port: int, rounds: int) -> list[list[list[float]]]:
    weighed = Weighed()
    trial, venue = sandbox(ready, weighed), sandbox(ready)
    sale = await sales(venue)
    await sold(trial, sale)
    sent, answered = weighed.sizes
    await trial.aclose()
    async with aiohttp.ClientSession() as session:
        bare = partial(posted, session, f"http://127.0.0.1:{port}/{answered}", b"x" * sent)
        sides = [partial(latencies, partial(sold, venue, sale), ORDERS), partial(latencies, bare, ORDERS)]
        await taking_turns(1, sides)
        found = await taking_turns(rounds, sides)
    await venue.aclose()
    return found


def sandbox(ready: str, transport: AiohttpTransport | None = None) -> HashKeyVenue:
    """Our adapter at the exchange that said this when it was ready."""
    place = msgspec.json.decode(ready)["venues"]["hashkey"]
    account = place["accounts"][0]
    return hashkey(place["rest"], (account["key"], account["secret"]), transport=transport)


async def sales(venue: HashKeyVenue) -> Callable[[], Approved]:
    """Makes sales that the book takes at once, each under a name of its own."""
    bid = (await venue.public.book(b.BTCUSDT)).bids[0].price
    price, numbers = down_to(times(bid, BELOW), Decimal("0.01")), count()

    def sale() -> Approved:
        name = client_order_id(OrderName(b.TAG, LegId("1"), next(numbers), 1, 1))
        approved = intent(0).approved
        return replace(approved, order=replace(approved.order, client_id=name, quantity=SIZE, price=price))

    return sale


async def sold(venue: HashKeyVenue, sale: Callable[[], Approved]) -> None:
    outcome = await venue.place(sale())
    if not isinstance(outcome, Done) or outcome.report is None or not outcome.report.filled:
        raise SystemExit(f"the exchange did not sell in {SYMBOL}: {outcome}")


async def posted(session: aiohttp.ClientSession, url: str, body: bytes) -> None:
    async with session.post(url, data=body) as answer:
        await answer.read()


async def latencies(call: Call, times: int) -> list[float]:
    """Microseconds of each of so many calls, one after another."""
    taken = []
    for _ in range(times):
        began = time.perf_counter_ns()
        await call()
        taken.append((time.perf_counter_ns() - began) / 1000)
    return taken
