"""C3: what one order costs us in processor time, from its decision to its journaled answer, with no network under it.

The core decides and the gate checks, the intent is made durable by the real journal, HashKey's adapter signs, encodes
and decodes over a transport in memory, and the answer is taken and journaled. All threads count. Beside it stands what
ccxt adds to a minimal client when it creates the same order. The market is the long journal's script.
"""

import heapq
import time
from collections import Counter
from collections.abc import Iterator
from functools import partial
from itertools import count
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl

import msgspec

from engine.compose.methods import methods
from engine.core.state import State, opened
from engine.core.turn import turn
from engine.drivers import perform
from engine.drivers.clocks import WallClock
from engine.drivers.feeds import Feeds
from engine.drivers.live import Live
from engine.drivers.offsets import Offsets
from engine.events import Opened, Restarted
from engine.journal.store import SqliteStore
from engine.kernel.clock import Instant
from engine.orders import commands as c
from engine.orders import events as e
from engine.orders.reports import Done
from tests.benchmarks import disk, long_run
from tests.benchmarks.beside import beside
from tests.benchmarks.clients import Ccxt, Client, Minimal, timed
from tests.benchmarks.folding import CONFIG
from tests.benchmarks.peer import answer
from tests.benchmarks.rows import Row, Spread, taking_turns
from tests.benchmarks.stand import NoTape, hashkey, measured
from venues.hashkey.venue import HashKeyVenue
from venues.transport import HttpRequest, HttpResponse, NotSent, Socket

ORDERS, CALLS = 200, 200
PART_MAX, AIM_US = 0.4, 100.0
ORDER: Final = ("decide and check", "journal, durably", "sign, send, decode", "take the answer")
"""The parts of one order, as they follow one another."""
AFTER: Final = "take its fills and reports"


def rows(rounds: int) -> list[Row]:
    """One order against what ccxt adds to one; and its parts."""
    import uvloop

    first = long_run.stretched(CONFIG, ORDERS * 2)
    with disk.scratch() as folder, beside("tests.benchmarks.peer") as server:
        runs = (folder / f"{number}.sqlite" for number in count())
        parts, minimal, ccxt = uvloop.run(_all(first, runs, f"http://127.0.0.1:{server.ready}", rounds))
    whole = Spread(tuple(sum(each[part] for part in ORDER) for each in parts), "us")
    added = Spread(tuple(theirs - least for theirs, least in zip(ccxt, minimal, strict=True)), "us")
    ratio, must = whole.over(added), f"<= {PART_MAX}x, aim {AIM_US:g} us"
    peer = f"ccxt adds {added}"
    found = [Row("our processor time for one order", whole, peer, ratio, must, ratio.middle <= PART_MAX)]
    for part in (*ORDER, AFTER):
        spent = Spread(tuple(each[part] for each in parts), "us")
        found.append(Row(f"{'of which' if part in ORDER else 'and after it'}: {part}", spent, ""))
    return found


async def _all(
    first: Opened, runs: Iterator[Path], root: str, rounds: int
) -> tuple[list[Counter[str]], list[float], list[float]]:
    clients: list[Client] = [Minimal(root), Ccxt(root)]
    ours, theirs = partial(_ours, first, runs), [partial(_spent, client) for client in clients]
    await ours()
    await taking_turns(1, theirs)
    parts = []
    costs: list[list[float]] = [[], []]
    for _ in range(rounds):
        parts.append(await ours())
        for each, found in zip(costs, await taking_turns(1, theirs), strict=True):
            each += found
    for client in clients:
        await client.aclose()
    return parts, costs[0], costs[1]


async def _spent(client: Client) -> float:
    _, cost = await timed(client.order, CALLS)
    return cost


async def _ours(first: Opened, runs: Iterator[Path]) -> Counter[str]:
    """Microseconds of each part of an order, on average over a fresh run."""
    run = OneByOne(next(runs), first)
    await run.to_the_end(ORDERS)
    return Counter({part: ns / 1000 / run.orders for part, ns in run.spent.items()})


class InMemory:
    """A network that fills every order at once; what it spends on that is known, since it is not ours."""

    def __init__(self) -> None:
        self.spent = 0

    async def call(self, request: HttpRequest) -> HttpResponse:
        """The answer of `peer`, without a socket."""
        began = time.thread_time_ns()
        if request.method == "GET":
            body = msgspec.json.encode({"serverTime": time.time_ns() // 1_000_000})
        else:
            body = answer(dict(parse_qsl(request.body.decode())))
        self.spent += time.thread_time_ns() - began
        return HttpResponse(200, {}, body)

    async def connect(self, url: str) -> Socket:
        """There are no sockets here."""
        raise NotSent("no sockets here")

    async def aclose(self) -> None:
        """There is nothing to let go of."""


class ScriptClock(WallClock):
    """Market time is the script's."""

    def __init__(self, state: State) -> None:
        self._state = state

    def market(self) -> Instant:
        return self._state.at


class OneByOne:
    """The live driver's own steps for one event after another, each timed by its part."""

    def __init__(self, path: Path, first: Opened) -> None:
        self._state, self._methods, self._script = opened(first), methods(first.plan, first.at), long_run.Script(first)
        self._network, tape = InMemory(), NoTape()
        self._clock, self._switch = ScriptClock(self._state), perform.Switch()
        self._venue: HashKeyVenue = hashkey("http://127.0.0.1:1", transport=self._network)
        self._offsets: Offsets | None = None
        self._journal = SqliteStore.create(path)
        feeds = Feeds([], {}, tape)
        self._live = Live(self._state, self._methods, self._journal, self._clock, {}, feeds, tape)
        self._inbox: list[tuple[Instant, int, e.Event | Restarted]] = []
        self._numbers = count()
        self._put(Restarted(first.at, 1, first.code))
        self._put(e.StreamChanged(first.at, self._script.venue, up=True))
        self.spent: Counter[str] = Counter()
        """Nanoseconds by part."""
        self.orders = 0

    async def to_the_end(self, orders: int) -> None:
        """Until so many orders have been placed."""
        self._offsets = await measured(self._venue, self._clock)
        await self._live.begin([])
        while self.orders < orders and not self._state.finished:
            await self._turned(self._next())
        self._journal.close()

    async def _turned(self, event: e.Event | Restarted) -> None:
        """One turn and what follows it. A decision that places nothing belongs to no order."""
        began = time.process_time_ns()
        commands = turn(self._state, event, self._methods)
        decided = time.process_time_ns()
        places = [command for command in commands if isinstance(command, c.Place)]
        seq = self._live._record([event, *commands], urgent=bool(places))
        if places:
            await self._live._durable(seq)
        kept = time.process_time_ns()
        if places:
            self.spent[ORDER[0]] += decided - began
            self.spent[ORDER[1]] += kept - decided
        elif isinstance(event, e.Reported | e.Filled):
            self.spent[AFTER] += kept - began
        for command in commands:
            for outcome in self._script.answers(command, self._state.at):
                if not isinstance(outcome, e.Placed):
                    self._put(outcome)
        for place in places:
            await self._placed(place)

    async def _placed(self, command: c.Place) -> None:
        assert self._offsets is not None
        self.orders += 1
        began, elsewhere = time.process_time_ns(), self._network.spent
        placed = await perform.place(command, self._venue, self._clock, self._clock.mono(), self._switch, self._offsets)
        answered = time.process_time_ns()
        if not isinstance(placed.outcome, Done):
            raise SystemExit(f"the answer was not understood: {placed.outcome}")
        self._live._record([placed, *turn(self._state, placed, self._methods)], urgent=False)
        self.spent[ORDER[2]] += answered - began - (self._network.spent - elsewhere)
        self.spent[ORDER[3]] += time.process_time_ns() - answered

    def _put(self, event: e.Event | Restarted) -> None:
        heapq.heappush(self._inbox, (Instant(event.at), next(self._numbers), event))

    def _next(self) -> e.Event | Restarted:
        wake = self._state.wakes[0] if self._state.wakes else None
        if wake is not None and (not self._inbox or wake <= self._inbox[0][0]):
            at = Instant(max(wake, self._state.at))
            return e.Due(at, self._script.views(at))
        return heapq.heappop(self._inbox)[2]
