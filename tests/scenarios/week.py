"""Days of a run in virtual time, over exchanges and a custodian that outlive the processes which trade there.

As `tests.simulation.world`, but with a whole config: venues, custody, programme, and people who steer. A process dies
at a given instant with whatever its journal had not written; the next one takes over from what the disk holds.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from itertools import accumulate
from pathlib import Path
from typing import Final

from engine import VERSION
from engine.compose import products
from engine.compose.floor_requests import FloorRequests
from engine.compose.methods import methods
from engine.compose.preparing import prepare
from engine.compose.pricefiles import PriceFiles
from engine.compose.rehearsal import Stage, stage
from engine.compose.request import Request
from engine.compose.session import pairs
from engine.config import load
from engine.core import state as states
from engine.core.state import State
from engine.drivers import recovery
from engine.drivers.casebook import CaseBook
from engine.drivers.clocks import VirtualClock
from engine.drivers.daybreak import Daybreak
from engine.drivers.desk import Desk
from engine.drivers.feeds import Feeds
from engine.drivers.folder import Origin, RunFolder
from engine.drivers.live import Live
from engine.events import Approval, CaseChanged, Entry, Instructed, Note, Opened, Turning, decode
from engine.journal.store import MemoryStore
from engine.kernel.clock import MINUTE, Instant, Span
from engine.kernel.ids import RunId, Symbol, VenueName
from engine.kernel.money import ZERO, Asset
from engine.mandate.case import standing
from engine.mandate.folding import fold
from engine.mandate.standing import CaseStanding
from tests.scenarios.wire import Wire
from tests.simulation.dark import DimCounter
from tests.simulation.disk import CrashingStore, Disk
from tests.simulation.plans import Spell
from tests.simulation.truth import Truth
from tests.simulation.wire import MortalMarket, MortalVenue, ShuffledLoop
from tests.simulation.world import NoTape, _bury, _run
from venues.sandbox.custodian import Movement
from venues.sandbox.custody import InProcessCustody
from venues.sandbox.flow import Flow
from venues.sandbox.listings import START

ACCOUNT: Final = "main"
SEED: Final = 7
DOWN: Final = Span(2 * MINUTE)
"""From a death to the next process."""
LOOK: Final = 1.0
"""Seconds between two looks into the book of the case."""
Saying = Callable[[State, Instant], Instructed | CaseChanged | None]
"""What people say at some instant, given the state that they see; `None` where they say it in the book."""


class Steered(Live):
    """The live driver, and people who speak to it."""

    after_turn: Callable[[State], None] | None = None

    def _turn(self, event: Turning) -> None:
        super()._turn(event)
        if self.after_turn is not None:
            self.after_turn(self.state)


class Week:
    """A run in the making: `play` carries it out; afterwards `state`, `truth`, `wire` and the folder can be read."""

    def __init__(
        self,
        config: Path,
        folder: Path,
        *,
        crashes: Sequence[Instant] = (),
        spells: Sequence[Spell] = (),
        says: Mapping[Instant, Saying] | None = None,
        approvals: int = 2,
        book: CaseBook | None = None,
        played: Flow | None = None,
    ) -> None:
        self.config, self.folder = load(config, START), folder
        self._crashes, self._says, self.spells = sorted(crashes), dict(says or {}), tuple(spells)
        self._approvals, self._book = approvals, book
        self._request = Request(
            config=self.config, config_path=config, sandbox=True, in_process=True, synthetic=True, seed=SEED
        )
        self._at = START
        self._clock: VirtualClock | None = None
        self.begins: list[Instant] = []
        """When each process began."""
        released = self._request.released
        set_up: Stage = stage(self._request, released, self.now, played=played)
        assert set_up.custody is not None or self.config.custody is None
        self._stage, self.custodian = set_up, set_up.custody.custodian if set_up.custody else None
        self.counters = {name: self._dim(name) for name in set_up.counters}
        self.exchanges = {name: counter.exchange for name, counter in self.counters.items()}
        self.truth = Truth(self.exchanges, ACCOUNT)
        self.wire = Wire(self.truth, self.config, self.exchanges)
        self.disk = Disk((), lambda records: None)
        self.state: State | None = None
        self.looks: Callable[[State], None] | None = None

    def now(self) -> Instant:
        """Market time, which no process owns."""
        return self._at if self._clock is None else self._clock.market()

    def play(self) -> "Week":
        """Processes one after another, until one of them ends the run."""
        while not self._process():
            self._at = Instant(self._at + DOWN)
        return self

    @property
    def rows(self) -> list[Entry]:
        """The journal, in order."""
        return [decode(record.payload) for record in self.disk.records]

    @property
    def movements(self) -> list[Movement]:
        """What left custody and has arrived."""
        moved = self.custodian._movements.values() if self.custodian is not None else ()
        return [one for one in moved if not one.refused and one.arrives_at <= self.now()]

    @property
    def departed(self) -> list[Movement]:
        """What left custody and is still on its way."""
        moved = self.custodian._movements.values() if self.custodian is not None else ()
        return [one for one in moved if not one.refused and one.answered_at <= self.now() < one.arrives_at]

    def most_at_venues(self, asset: Asset) -> Decimal:
        """The most of an asset that ever stood at all venues together."""
        steps = [(one.arrives_at, one.quantity) for one in self.movements if one.wish.asset == asset]
        steps += [
            (trade.at, -trade.quantity)
            for venue, trade in self.truth.all_trades()
            if self.truth.base[venue, Symbol(trade.symbol)] == asset
        ]
        return max(accumulate(units for _, units in sorted(steps)), default=ZERO)

    def write(self) -> Path:
        """The run folder, with all that is derived from the journal."""
        where = RunFolder(self.folder)
        where.create(Origin(kind="virtual", home=""))
        MemoryStore(self.disk.records).save(where.journal)
        products.write(self.folder)
        return self.folder

    def _dim(self, name: VenueName) -> DimCounter:
        bright = self._stage.counters[name]
        dim = DimCounter(bright.exchange, ACCOUNT, name, bright.faults, self.now, SEED, self.spells)
        dim._slumber, dim.dealer = bright._slumber, bright.dealer
        return dim

    def _process(self) -> bool:
        loop = ShuffledLoop(None)
        clock = self._clock = VirtualClock(loop, self._at)
        self.begins.append(self._at)
        markets = {name: MortalMarket(counter) for name, counter in self.counters.items()}
        venues = {
            name: MortalVenue(counter, self._stage.capabilities[name], clock, self.wire)
            for name, counter in self.counters.items()
        }

        def die() -> None:
            for venue in venues.values():
                venue.dead = True
            for market in markets.values():
                market.dead = True
            store.dead = True
            loop.stop()

        store = CrashingStore(self.disk, loop, SEED, die)
        if self._crashes and self._crashes[0] > self._at:
            loop.call_at((self._crashes.pop(0) - self._at) / 1e9, die)
        try:
            return _run(loop, self._life(loop, clock, venues, markets, store))
        finally:
            self._at, self._clock = Instant(clock.market()), None
            _bury(loop)

    async def _life(
        self,
        loop: asyncio.AbstractEventLoop,
        clock: VirtualClock,
        venues: Mapping[VenueName, MortalVenue],
        markets: Mapping[VenueName, MortalMarket],
        store: CrashingStore,
    ) -> None:
        custody = InProcessCustody(self._stage.custody, clock) if self._stage.custody else None
        first, begin = not self.disk.records, list[Note]()
        if first:
            entry = await self._opening(clock, venues, custody)
            begin, state = [entry, Approval(entry.at, entry.plan.digest)], states.opened(entry)
        else:
            state = recovery.fold(self.disk.records)
        self.state = state
        plan = state.plan
        for name, market in markets.items():
            await market.start([symbol for where, symbol in pairs(plan) if where == name])
        live = Steered(
            state,
            methods(plan, state.opened.at),
            store,
            clock,
            venues,
            Feeds(pairs(plan), markets, NoTape()),
            NoTape(),
            observers=(FloorRequests(self.folder, state),),
            custody=custody,
            daybreak=Daybreak(PriceFiles.at(self._request.price_files)),
        )
        live.after_turn = self.looks
        for at in [at for at in self._says if at >= self._at]:
            loop.call_at((at - clock.origin) / 1e9, self._say, live, at, clock)
        if self._book is not None:
            desk = Desk(self._book, state.opened.run, state.case, state.heard, state.papers)
            loop.call_later(LOOK, self._hear, loop, live, desk, clock)
        await live.begin(begin)
        await live.run(recovery.restart(state, clock.market(), first=first))

    def _say(self, live: Live, at: Instant, clock: VirtualClock) -> None:
        said = self._says[at](live.state, clock.market())
        if said is not None:
            live.tell(said)

    def _hear(self, loop: asyncio.AbstractEventLoop, live: Live, desk: Desk, clock: VirtualClock) -> None:
        """What the book says since the last look, as a process at work looks for it."""
        for event in desk.look(clock.market(), clock.wall()):
            live.tell(event)
        desk.flat(live.state, clock.wall())
        loop.call_later(LOOK, self._hear, loop, live, desk, clock)

    async def _opening(
        self, clock: VirtualClock, venues: Mapping[VenueName, MortalVenue], custody: InProcessCustody | None
    ) -> Opened:
        config = self.config
        prepared = await prepare(config, self._request.released, venues, clock, custody)
        return Opened(
            at=clock.market(),
            run=RunId("week-1"),
            case=config.terms.case,
            environment=config.environment,
            config_sha256=config.sha256,
            code=VERSION,
            terms=config.terms,
            plan=prepared.plan,
            limits=config.limits,
            licences=config.licences,
            capabilities={name: venue.capabilities for name, venue in venues.items()},
            balances=prepared.balances,
            seed=SEED,
            custody=prepared.custody,
            approvals=self._approvals,
            standing=standing(fold(self._book.rows())) if self._book is not None else CaseStanding(),
        )


__all__ = ["ACCOUNT", "START", "Saying", "Week"]
