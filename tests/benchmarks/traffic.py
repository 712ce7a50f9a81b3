"""One live process under load: it sells on every stall once a second, and notes when each message was decided on.

Everything is what a run has: adapters with their streams, feeds, tape, outbox, and the live driver with its journal on
a disk. Only two things are added: a stamp when a private frame is received, and one when its turn has been taken.
"""

import asyncio
import time
from collections import deque
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from engine.compose.methods import methods
from engine.core.state import opened
from engine.drivers import recovery
from engine.drivers.clocks import WallClock
from engine.drivers.feeds import Feeds
from engine.drivers.live import Live
from engine.drivers.outbox import Outbox
from engine.drivers.recording import Recording
from engine.drivers.tape import TapeWriter
from engine.events import Opened, Restarted
from engine.journal.store import SqliteStore
from engine.kernel.clock import HOUR, SECOND, Instant, Span
from engine.kernel.ids import LegId, TradeId, VenueName
from engine.mandate.terms import Deadline, Edge, Holding
from engine.market.facts import BookSeen, MarketFact
from engine.market.instrument import Instrument
from engine.orders.events import Due, Event, Filled
from engine.orders.reports import Balance
from engine.planning.plan import LegPlan, Plan, Recipe
from tests.benchmarks import stalls
from tests.benchmarks.beside import Beside
from tests.benchmarks.stand import endpoints, hashkey
from tests.support import builders as b
from venues.hashkey.market import HashKeyMarket
from venues.hashkey.venue import HashKeyVenue
from venues.sandbox.venue import CAPABILITIES as SANDBOX
from venues.transport import AiohttpTransport, Socket

GATHER_S = 0.25
"""As often as a run's session does."""
QUIET_S = 1.0
"""After the last message has been sent."""
FIRST_FILL_S = 20.0
SPARE_S = 60
"""The plan is longer than the load, so that it does not end by itself."""
A_SLICE = Decimal("0.34")
"""BTC that is sold on each venue every second."""


class Taken(Struct):
    """What reached us, and when it had been decided on; times in nanoseconds."""

    books: int = 0
    books_a_second: float = 0.0
    private_a_second: float = 0.0
    private: set[tuple[VenueName, TradeId]] = msgspec.field(default_factory=set)
    from_sent: list[int] = msgspec.field(default_factory=list)
    from_receipt: list[int] = msgspec.field(default_factory=list)
    decisions: list[int] = msgspec.field(default_factory=list)
    """The age of each book by which was decided."""
    seconds: float = 0.0
    busy: float = 0.0
    """Processor time, in seconds."""
    halted: str = ""


async def under_load(server: Beside, folder: Path, seconds: float) -> tuple[stalls.Sent, Taken]:
    """Sell for so many seconds; then wait until everything that was sent has had its time to come."""
    desk = Desk([f"http://127.0.0.1:{port}" for port in server.ready.split()], folder, seconds)
    await desk.start()
    await desk.trading()
    taken = desk.taken
    began, busy, books, private = time.perf_counter(), time.process_time(), taken.books, len(taken.private)
    await asyncio.sleep(seconds)
    taken.seconds, taken.busy = time.perf_counter() - began, time.process_time() - busy
    taken.books_a_second = (taken.books - books) / taken.seconds
    taken.private_a_second = (len(taken.private) - private) / taken.seconds
    sent = msgspec.json.decode(await asyncio.to_thread(server.ask, "stop"), type=stalls.Sent)
    await asyncio.sleep(QUIET_S)
    await desk.stop()
    return sent, taken


class Desk:
    """One run over all stalls."""

    def __init__(self, roots: Sequence[str], folder: Path, seconds: float) -> None:
        self.taken, clock = Taken(), WallClock()
        addresses = {VenueName(f"hashkey{number}"): root for number, root in enumerate(roots, start=1)}
        receipts = {name: deque[int]() for name in addresses}
        self._venues: dict[VenueName, HashKeyVenue] = {
            name: hashkey(root, transport=Stamping(receipts[name]), name=name) for name, root in addresses.items()
        }
        self._markets = {
            name: HashKeyMarket(endpoints(root), AiohttpTransport(), clock, name=name)
            for name, root in addresses.items()
        }
        first = opening(list(addresses), clock.market(), seconds + SPARE_S)
        self._state, self._clock, self._first = opened(first), clock, first
        self._tape, self._outbox = TapeWriter(folder), Outbox(folder)
        self._journal = SqliteStore.create(folder / "journal.sqlite")
        recording = Counting(self._tape, self._outbox, self.taken)
        self._feeds = Feeds([(name, b.BTCUSDT) for name in addresses], self._markets, recording)
        self._live = Watched(
            self._state,
            methods(first.plan, first.at),
            self._journal,
            clock,
            self._venues,
            self._feeds,
            recording,
            [self._outbox],
            aside=asyncio.to_thread,
        )
        self._live.taken, self._live.receipts, self._live.trading = self.taken, receipts, asyncio.Event()
        self._tasks: list[asyncio.Task[object]] = []

    async def start(self) -> None:
        """First books, then the run."""
        await asyncio.gather(*(market.start([b.BTCUSDT]) for market in self._markets.values()))
        await self._live.begin([self._first])
        restarted = recovery.restart(self._state, self._clock.market(), first=True)
        self._tasks = [asyncio.create_task(self._live.run(restarted)), asyncio.create_task(self._gather())]

    async def trading(self) -> None:
        """Until the first fill: the accounts have been read, and the first slice is sold."""
        async with asyncio.timeout(FIRST_FILL_S):
            await self._live.trading.wait()

    async def _gather(self) -> None:
        while True:
            self._feeds.gather(self._clock.market())
            await asyncio.sleep(GATHER_S)

    async def stop(self) -> None:
        """Leave everything where it is; what went wrong meanwhile is raised."""
        self.taken.halted = self._state.halted
        for task in self._tasks:
            if task.done():
                task.result()
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for venue in self._venues.values():
            await venue.aclose()
        for market in self._markets.values():
            await market.aclose()
        self._journal.close()
        self._outbox.close()
        self._tape.close()


class Watched(Live):
    """The live driver, which notes when a turn has been taken."""

    taken: Taken
    receipts: Mapping[VenueName, deque[int]]
    trading: asyncio.Event
    """Set by the first fill."""

    def _turn(self, event: Event | Restarted) -> None:
        super()._turn(event)
        match event:
            case Filled(fill=fill):
                now = time.monotonic_ns()
                self.trading.set()
                self.taken.private.add((fill.venue, fill.trade_id))
                self.taken.from_sent.append(now - int(fill.trade_id))
                self.taken.from_receipt.append(now - self.receipts[fill.venue].popleft())
            case Due(views=views):
                now = self._clock.market()
                self.taken.decisions.extend(now - view.seen_at for view in views)
            case _:
                pass


class Counting(Recording):
    """Counts the books that go to the tape."""

    def __init__(self, tape: TapeWriter, outbox: Outbox, taken: Taken) -> None:
        super().__init__(tape, outbox)
        self._taken = taken

    def append(self, facts: Sequence[MarketFact]) -> None:
        super().append(facts)
        self._taken.books += sum(isinstance(fact, BookSeen) for fact in facts)


class Stamping(AiohttpTransport):
    """Stamps every execution that comes in on a socket."""

    def __init__(self, receipts: deque[int]) -> None:
        super().__init__()
        self._receipts = receipts

    async def connect(self, url: str) -> Socket:
        return StampingSocket(await super().connect(url), self._receipts)


class StampingSocket:
    """See `Stamping`."""

    def __init__(self, socket: Socket, receipts: deque[int]) -> None:
        self._receipts = receipts
        self.send, self.close, self._receive = socket.send, socket.close, socket.receive

    async def receive(self, within: Span) -> bytes | None:
        raw = await self._receive(within)
        if raw is not None and b"executionReport" in raw:
            self._receipts.append(time.monotonic_ns())
        return raw


def opening(venues: Sequence[VenueName], at: Instant, seconds: float) -> Opened:
    """The first row of a run that sells bitcoin on each of these venues, a slice a second, as long as it is asked."""
    slices = int(seconds)
    units = A_SLICE * slices
    legs = [_leg(number, venue, units, slices) for number, venue in enumerate(venues, start=1)]
    deadline = Deadline(after=Span((slices + SPARE_S) * SECOND))
    many = Decimal(10) ** 12
    terms = b.terms(
        holdings=(Holding(b.BTC, units * len(venues), units * len(venues), None, None),),
        venues=tuple(venues), deadline=deadline, settlement=b.USDT, edges=(Edge(b.BTC, b.USDT),), stables=(),
    )  # fmt: skip
    limits = b.limits(order_notional_max=many, minute_notional_max=many, minute_orders_max=10**6, reconcile_every=HOUR)
    return b.opened(
        at=at,
        terms=terms,
        limits=limits,
        plan=Plan(legs=tuple(legs), deadline=deadline),
        licences={venue: replace(b.LICENCE, venue=venue) for venue in venues},
        capabilities=dict.fromkeys(venues, SANDBOX),
        balances={venue: (Balance(b.BTC, Decimal(stalls.HELD), Decimal(0)),) for venue in venues},
    )


def _leg(number: int, venue: VenueName, units: Decimal, slices: int) -> LegPlan:
    many = Decimal(10) ** 12
    pair = Instrument(
        venue, b.BTCUSDT, b.BTC, b.USDT, tick=Decimal("0.01"), lot=Decimal("0.00001"), quantity_min=Decimal("0.00001"),
        quantity_max=many, notional_min=Decimal(1), notional_max=many,
    )  # fmt: skip
    schedule = Recipe("twap", {"slices": str(slices)})
    return b.leg_one(
        id=LegId(str(number)), instruments=(pair,), quantity=units, window=Span(slices * SECOND), schedule=schedule
    )
