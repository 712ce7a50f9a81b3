"""A venue's rate limits are kept on our side: in order, by weight, evenly, and with room left for what is urgent."""

import asyncio
from collections.abc import Coroutine
from heapq import heappop, heappush
from itertools import count, pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.kernel.clock import MILLISECOND, SECOND, Instant, Span
from venues.pacing import ClockThrottle, FreePacer, Kind, Limit, Pacer

LIMITS: dict[Kind, Limit] = {"order": Limit(20, 10), "query": Limit(5, 4)}


class Virtual:
    """A clock on which time passes only while everybody waits."""

    def __init__(self) -> None:
        self.now = 0
        self._sleepers: list[tuple[int, int, asyncio.Future[None]]] = []
        self._numbers = count()

    def market(self) -> Instant:
        return Instant(self.now)

    def wall(self) -> Instant:
        return Instant(self.now)

    def mono(self) -> int:
        return self.now

    async def sleep(self, span: Span) -> None:
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heappush(self._sleepers, (self.now + span, next(self._numbers), woken))
        await woken

    async def until(self, at: Instant) -> None:
        await self.sleep(Span(at - self.now))

    async def run(self, *work: Coroutine[None, None, None]) -> None:
        tasks = [asyncio.ensure_future(each) for each in work]
        while not all(task.done() for task in tasks):
            for _ in range(20):
                await asyncio.sleep(0)
            if self._sleepers:
                self.now, _, woken = heappop(self._sleepers)
                if not woken.done():
                    woken.set_result(None)
        await asyncio.gather(*tasks)


class Log:
    """When each named call was let through, in milliseconds."""

    def __init__(self, *, headroom: int = 0) -> None:
        self.clock = Virtual()
        self.pacer = Pacer(
            self.clock, LIMITS, throttle=lambda spacing: ClockThrottle(self.clock, spacing), headroom_percent=headroom
        )
        self.passed: list[tuple[str, int]] = []

    async def call(
        self, name: str, kind: Kind = "order", weight: int = 1, *, urgent: bool = False, at_ms: int = 0
    ) -> None:
        if at_ms:
            await self.clock.sleep(Span(at_ms * MILLISECOND))
        await self.pacer.acquire(kind, weight, urgent=urgent)
        self.passed.append((name, self.clock.now // MILLISECOND))


async def test_urgent_calls_are_spent_evenly_and_in_the_order_in_which_they_came() -> None:
    """Twenty a second is one every 50 ms, from the first one on: no burst at the start."""
    log = Log()
    await log.clock.run(*(log.call(name, urgent=True) for name in "abcde"))
    assert log.passed == [("a", 0), ("b", 50), ("c", 100), ("d", 150), ("e", 200)]


async def test_a_reserve_is_left_by_what_is_not_urgent() -> None:
    """New orders may use 10 of 20 a second."""
    log = Log()
    await log.clock.run(*(log.call(name) for name in "abcd"))
    assert log.passed == [("a", 0), ("b", 100), ("c", 200), ("d", 300)]


async def test_a_cancel_goes_before_orders_that_came_earlier() -> None:
    """Six orders wait when a cancel comes after 110 ms; it takes the next turn that the venue allows."""
    log = Log()
    await log.clock.run(*(log.call(name) for name in "abcdef"), log.call("cancel", urgent=True, at_ms=110))
    assert log.passed[2] == ("cancel", 150)
    assert [name for name, _ in log.passed if name != "cancel"] == list("abcdef")


async def test_orders_and_queries_do_not_wait_for_each_other() -> None:
    """They are counted apart by the venue."""
    log = Log()
    await log.clock.run(log.call("survey", "query", 5), log.call("order"))
    assert log.passed[0] == ("order", 0)


async def test_a_heavy_query_takes_a_whole_second() -> None:
    """Weight 5 of 5 a second, three times: the venue sees at most one of them in any second."""
    log = Log()
    await log.clock.run(*(log.call(name, "query", 5, urgent=True) for name in "abc"))
    times = [at for _, at in log.passed]
    assert [later - earlier for earlier, later in pairwise(times)] == [1000, 1000]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    calls=st.lists(
        st.tuples(st.integers(1, 5), st.booleans(), st.integers(0, 3000)),
        min_size=1,
        max_size=12,
    )
)
def test_no_second_wherever_it_begins_holds_more_than_the_limit(calls: list[tuple[int, bool, int]]) -> None:
    """Any mixture of weights and urgencies at any times; the venue's own windows are not documented."""
    log = Log()
    spent: list[tuple[int, int]] = []

    async def call(weight: int, urgent: bool, at_ms: int) -> None:
        await log.clock.sleep(Span(at_ms * MILLISECOND + 1))
        await log.pacer.acquire("query", weight, urgent=urgent)
        spent.append((log.clock.now, weight))

    asyncio.run(log.clock.run(*(call(*each) for each in calls)))
    assert len(spent) == len(calls)
    for start, _ in spent:
        assert sum(weight for at, weight in spent if start <= at < start + SECOND) <= 5


async def test_a_class_that_the_venue_stopped_lets_nothing_through_until_its_time_is_over() -> None:
    """Two seconds for orders; queries go on."""
    log = Log()
    log.pacer.hold("order", Span(2 * SECOND))
    await log.clock.run(log.call("order"), log.call("cancel", urgent=True, at_ms=100), log.call("query", "query"))
    assert log.passed == [("query", 0), ("cancel", 2000), ("order", 2050)]


async def test_an_order_that_would_wait_too_long_is_given_back() -> None:
    """Its price ages: nothing is kept in a queue across a minute's stop."""
    log = Log()
    log.pacer.hold("order", Span(60 * SECOND))
    assert not await log.pacer.acquire("order", patience=Span(2 * SECOND))
    assert log.clock.now == 0


async def test_a_caller_who_gave_up_leaves_the_queue_to_the_others() -> None:
    """The second of three is cancelled while it waits."""
    log = Log()
    tasks = [asyncio.create_task(log.call(name, urgent=True)) for name in "abc"]
    await asyncio.sleep(0)
    tasks[1].cancel()
    await log.clock.run(*(_settled(task) for task in tasks))
    assert log.passed == [("a", 0), ("c", 50)]


async def _settled(task: "asyncio.Task[None]") -> None:
    await asyncio.wait([task])


async def test_patience_runs_out_while_others_are_served() -> None:
    """Real time, asyncio-throttle itself: a heavy query takes a second, and the next one has 20 ms."""
    pacer = Pacer(_Wall(), {"order": Limit(20, 20), "query": Limit(5, 5)})
    assert await pacer.acquire("query")
    assert not await pacer.acquire("query", 5, patience=Span(20 * MILLISECOND))


async def test_asyncio_throttle_spaces_calls_in_real_time() -> None:
    """Four calls at 100 a second take at least 30 ms, and keep their order."""
    pacer = Pacer(_Wall(), {"order": Limit(100, 100), "query": Limit(5, 5)})
    began, passed = asyncio.get_running_loop().time(), []

    async def call(name: str) -> None:
        assert await pacer.acquire("order")
        passed.append(name)

    await asyncio.gather(*(call(name) for name in "abcd"))
    assert asyncio.get_running_loop().time() - began >= 0.03
    assert passed == list("abcd")


def test_a_weight_that_never_fits_is_a_bug_of_ours() -> None:
    """And so is a reserve larger than the whole."""
    with pytest.raises(ValueError, match="never fits"):
        asyncio.run(Log().pacer.acquire("query", 6))
    with pytest.raises(ValueError, match="not a rate limit"):
        Limit(5, 6)


async def test_where_there_are_no_limits_nothing_waits() -> None:
    """For simulations whose exchange has none."""
    free = FreePacer()
    free.hold("order", Span(60 * SECOND))
    assert await free.acquire("order")


class _Wall(Virtual):
    """Monotonic time of the event loop."""

    def mono(self) -> int:
        return int(asyncio.get_running_loop().time() * SECOND)

    async def sleep(self, span: Span) -> None:
        await asyncio.sleep(span / SECOND)
