"""C4: a hundred calls a second with two hundred callers waiting, beside asyncio-throttle and aiolimiter on their own.

What counts is how many any window holds, in which order they come through, how often somebody wakes for nothing, and
what it costs.
"""

import asyncio
import time
from bisect import bisect_left
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from itertools import count
from typing import Any, Final

from asyncio_throttle import throttler
from msgspec import Struct

from engine.drivers.clocks import WallClock
from tests.benchmarks.peers import peer
from tests.benchmarks.rows import Row, Spread, taking_turns
from venues.pacing import Limit, Pacer

LIMIT, WAITING = 100, 200
SPAN_S: Final = 2.5
HEAVY: Final = 50
FREE = 20_000
"""Acquires that need not wait, for their cost."""
COST_AIM = 3.0
Acquire = Callable[[], Awaitable[Any]]
"""Waits until the next call may leave."""


class Let(Struct, frozen=True):
    """What one pacer let through."""

    at: tuple[float, ...]
    """Seconds from the start of each unit of weight."""
    order: tuple[int, ...]
    """Who came through, by the order in which they had asked."""
    busy: float
    """Processor time a second."""
    sleeps: float
    """Times that somebody woke to look whether it was his turn, for each that was let through."""

    def worst(self, span: float) -> int:
        """The most that any window of so many seconds held."""
        return max(bisect_left(self.at, since + span) - index for index, since in enumerate(self.at))

    @property
    def overtaken(self) -> int:
        """How many came through after somebody who had asked later."""
        latest, count = -1, 0
        for who in self.order:
            count += who < latest
            latest = max(latest, who)
        return count


def rows(rounds: int) -> list[Row]:
    """Windows, order and cost of ours, with the peers beside them."""
    import uvloop

    return uvloop.run(_rows(rounds))


async def _rows(rounds: int) -> list[Row]:
    sides = _sides(LIMIT)
    watched = await taking_turns(min(2, rounds), [partial(_watched, make) for make in sides.values()])
    ours, *others = watched
    found = dict(zip(list(sides)[1:], others, strict=True))
    served = Spread((await _heavy(),), "s")
    return [
        _window("let through in the first second", ours, found, lambda let: bisect_left(let.at, 1.0), LIMIT + 1),
        _window("worst second", ours, found, lambda let: let.worst(1.0), LIMIT + 1),
        _window("worst 100 ms", ours, found, lambda let: let.worst(0.1), LIMIT // 10 + 1),
        _window("overtaken", ours, found, lambda let: let.overtaken, 0),
        Row(f"a call of weight {HEAVY} behind {WAITING} others", served, "all of them, evenly 2.5 s"),
        _window("looks whether it is time, each", ours, found, lambda let: let.sleeps, 1, "calls"),
        _window("processor time a second", ours, found, lambda let: let.busy * 1000, None, "ms"),
        *await _costs(max(rounds, 5)),
    ]


def _window(
    what: str,
    ours: Sequence[Let],
    others: Mapping[str, Sequence[Let]],
    figure: Callable[[Let], float],
    most: float | None,
    unit: str = "",
) -> Row:
    mine = Spread(tuple(figure(let) for let in ours), unit)
    peers = ", ".join(f"{name} {Spread(tuple(figure(let) for let in lets), unit)}" for name, lets in others.items())
    must = "" if most is None else f"<= {most:g}"
    return Row(
        f"paced at {LIMIT}/s: {what}", mine, peers, None, must, None if most is None else max(mine.values) <= most
    )


def _sides(limit: int) -> dict[str, Callable[[], Acquire]]:
    """Makers of pacers of so many calls a second, ours first."""
    sides: dict[str, Callable[[], Acquire]] = {
        "ours": lambda: partial(_pacer(limit).acquire, "order"),
        "asyncio-throttle": lambda: throttler.Throttler(limit, 1.0).acquire,
    }
    if (limiters := peer("aiolimiter")) is not None:
        sides["aiolimiter"] = lambda: limiters.AsyncLimiter(limit, 1.0).acquire
    return sides


def _pacer(limit: int) -> Pacer:
    return Pacer(WallClock(), {"order": Limit(limit, limit), "query": Limit(limit, limit)}, headroom_percent=0)


class Counting:
    """asyncio, as asyncio-throttle sees it: how often does it go to sleep?"""

    def __init__(self) -> None:
        self.sleeps = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(asyncio, name)

    async def sleep(self, delay: float) -> None:
        self.sleeps += 1
        await asyncio.sleep(delay)


async def _watched(make: Callable[[], Acquire]) -> Let:
    """Let callers through for a while; each asks again at once."""
    acquire, asked = make(), count()
    at: list[float] = []
    order: list[int] = []
    counting = throttler.asyncio = Counting()
    began, busy = time.perf_counter(), time.process_time()

    async def caller() -> None:
        while True:
            who = next(asked)
            await acquire()
            at.append(time.perf_counter() - began)
            order.append(who)

    callers = [asyncio.create_task(caller()) for _ in range(WAITING)]
    await asyncio.sleep(SPAN_S)
    spent = (time.process_time() - busy) / (time.perf_counter() - began)
    for task in callers:
        task.cancel()
    await asyncio.gather(*callers, return_exceptions=True)
    throttler.asyncio = asyncio
    return Let(tuple(at), tuple(order), spent, counting.sleeps / len(at))


async def _heavy() -> float:
    """How long a heavy call waits that asks after all the others."""
    pacer = _pacer(LIMIT)
    others = [asyncio.create_task(pacer.acquire("order")) for _ in range(WAITING)]
    await asyncio.sleep(0)
    began = time.perf_counter()
    await pacer.acquire("order", HEAVY)
    took = time.perf_counter() - began
    await asyncio.gather(*others)
    return took


async def _costs(rounds: int) -> list[Row]:
    """What asking costs where nobody has to wait."""
    sides = _sides(1_000_000_000)
    ours, *others = await taking_turns(rounds, [partial(_cost, make) for make in sides.values()])
    mine, name = Spread(tuple(ours), "us"), "an acquire that need not wait"
    theirs = [(peer, Spread(tuple(costs), "us")) for peer, costs in zip(list(sides)[1:], others, strict=True)]
    return [
        Row(name, mine, f"{peer} {spread}", mine.over(spread), f"aim <= {COST_AIM:g} us") for peer, spread in theirs
    ]


async def _cost(make: Callable[[], Acquire]) -> float:
    acquire = make()
    began = time.perf_counter()
    for _ in range(FREE):
        await acquire()
    return (time.perf_counter() - began) / FREE * 1e6
