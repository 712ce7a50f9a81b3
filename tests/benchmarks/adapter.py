"""E1: an order and a book through our adapter, against the least that aiohttp can do, and against ccxt.

All three ask the same server in another process, in turns, on uvloop. Processor time is that of the client alone.
"""

from functools import partial

from tests.benchmarks.beside import beside
from tests.benchmarks.clients import Ccxt, Client, Minimal, Ours, timed
from tests.benchmarks.rows import Row, Spread, percentile, taking_turns

CALLS = 200
MINIMAL_MAX, CCXT_MAX = 1.5, 0.7
Taken = list[tuple[list[float], float]]


def rows(rounds: int) -> list[Row]:
    """Latency at the median with its musts, and processor time to look at."""
    import uvloop

    with beside("tests.benchmarks.peer") as server:
        orders, books = uvloop.run(_all(f"http://127.0.0.1:{server.ready}", rounds))
    return [*_compared("create order", orders), *_compared("fetch book of 20 levels", books)]


async def _all(root: str, rounds: int) -> tuple[list[Taken], list[Taken]]:
    clients: list[Client] = [Ours(root), Minimal(root), Ccxt(root)]
    orders = [partial(timed, client.order, CALLS) for client in clients]
    books = [partial(timed, client.book, CALLS) for client in clients]
    await taking_turns(1, [*orders, *books])
    found = await taking_turns(rounds, orders), await taking_turns(rounds, books)
    for client in clients:
        await client.aclose()
    return found


def _compared(what: str, sides: list[Taken]) -> list[Row]:
    ours, minimal, ccxt = (percentile((taken for taken, _ in side), 50, "us") for side in sides)
    busy, busy_minimal, busy_ccxt = (Spread(tuple(cost for _, cost in side), "us") for side in sides)
    over, part = ours.over(minimal), ours.over(ccxt)
    name, cost = f"{what}, our adapter, p50", f"{what}, processor time"
    return [
        Row(name, ours, f"minimal {minimal}", over, f"<= {MINIMAL_MAX}x", over.middle <= MINIMAL_MAX),
        Row(name, ours, f"ccxt {ccxt}", part, f"<= {CCXT_MAX}x", part.middle <= CCXT_MAX),
        Row(cost, busy, f"minimal {busy_minimal}", busy.over(busy_minimal)),
        Row(cost, busy, f"ccxt {busy_ccxt}", busy.over(busy_ccxt)),
    ]
