"""One exchange that outlives the processes which trade on it: the run of a `SimulationPlan` from its start to its end.

A process is a live driver on a virtual event loop. When it dies, its ports fall silent at once, market time goes on for
a while, and the next process takes the run over from what the journal holds. Nothing here forgives: whatever an
invariant says ends the run.
"""

import asyncio
import gc
from collections import Counter as Tally
from collections.abc import Callable, Coroutine, Mapping, Sequence
from decimal import Decimal
from functools import cache
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, Final

from engine import VERSION
from engine.compose.methods import manner
from engine.compose.methods import methods as methods_of
from engine.config import Config, load
from engine.core import state as states
from engine.core.state import State
from engine.drivers.clocks import VirtualClock
from engine.drivers.feeds import Feeds
from engine.drivers.recovery import fold, restart
from engine.events import Approval, Opened, TapeSealed, kind
from engine.kernel import chance, codec
from engine.kernel.clock import MILLISECOND, SECOND, Instant, Span
from engine.kernel.ids import RunId, Symbol, VenueName
from engine.market.facts import MarketFact
from engine.orders.events import Wish
from engine.planning.draft import draft
from engine.planning.plan import Plan
from tests.simulation.dark import DimCounter
from tests.simulation.disk import CrashingStore, Died, Disk
from tests.simulation.invariants import Checker, Violation
from tests.simulation.market import ACCOUNT, VENUE, capabilities_for, exchanges_for
from tests.simulation.plans import SCENARIOS, Scenario, SimulationPlan
from tests.simulation.truth import Truth
from tests.simulation.wire import MortalMarket, MortalVenue, ShuffledLoop, WatchedExchange, WatchedLive
from venues.sandbox.exchange import Exchange
from venues.sandbox.faults import Channel, Do, Faults
from venues.sandbox.inprocess import Counter, Script
from venues.sandbox.listings import START
from venues.sandbox.model import Kind, OrderRequest, OrderRow, Side

DOWN_MIN, DOWN_MAX = 50 * MILLISECOND, 12 * SECOND
PATIENCE: Final = Span(60 * SECOND)
"""As the scenarios' configs say."""
ROUNDS: Final = Span(20 * SECOND)
"""What it may take to find out about an order, once its venue answers again."""


class NoTape:
    """Raw market data is not what these runs are about."""

    def append(self, facts: Sequence[MarketFact]) -> None:
        """Forget them."""

    def seal(self, at: Instant) -> TapeSealed | None:
        return None


@cache
def configured(scenario: Scenario) -> Config:
    """The scenario's config, read and understood as any other."""
    with NamedTemporaryFile(suffix=".toml") as file:
        path = Path(file.name)
        path.write_text(scenario.toml)
        return load(path, START)


def opening(plan: SimulationPlan, config: Config, counters: Mapping[VenueName, Counter], at: Instant) -> Opened:
    """The first row, as planning drafts it."""
    released = {h.asset: h.released for h in config.terms.holdings}
    listed = [instrument for counter in counters.values() for instrument in counter.listed()]
    drafted = draft(config.terms, released, listed, manner(config))
    assert isinstance(drafted, Plan), drafted
    return Opened(
        at=at,
        run=RunId(f"sim-{plan.seed}"),
        case=config.terms.case,
        environment=config.environment,
        config_sha256=config.sha256,
        code=VERSION,
        terms=config.terms,
        plan=drafted,
        limits=config.limits,
        licences=config.licences,
        capabilities=capabilities_for(plan),
        balances={name: counter.balances() for name, counter in counters.items()},
        seed=plan.seed,
    )


def counters_for(
    plan: SimulationPlan, exchanges: Mapping[VenueName, Exchange], now: Callable[[], Instant]
) -> dict[VenueName, DimCounter]:
    """Our account at each exchange, with that venue's faults and dark spells."""
    return {
        name: DimCounter(exchange, ACCOUNT, name, Faults(plan.faults, name), now, plan.seed, plan.spells)
        for name, exchange in exchanges.items()
    }


def pairs_by_venue(plan: Plan, venue: VenueName) -> list[Symbol]:
    """What is watched there."""
    return [symbol for leg in plan.legs for where, symbol in leg.pairs if where == venue]


class World:
    """A run in the making. `run` plays it; afterwards `state`, `disk` and `exchange` can be read."""

    def __init__(self, plan: SimulationPlan) -> None:
        self.plan, self.config = plan, configured(SCENARIOS[plan.scenario])
        self.exchanges = exchanges_for(plan, self.config, watched=True)
        self._at = START
        self._clock: VirtualClock | None = None
        self.counters = counters_for(plan, self.exchanges, self.now)
        truth = Truth(self.exchanges, ACCOUNT)
        self.checker = Checker(truth, self.config.terms, self.config.limits, self.now)
        for name, exchange in self.exchanges.items():
            assert isinstance(exchange, WatchedExchange)
            exchange.name, exchange.watch = name, self.checker
        self.disk = Disk(plan.crashes, self.checker.durable)
        self.processes = 0
        self.state: State | None = None
        self._strays: dict[Script[Any], Instant] = {}
        self._strange = False

    def now(self) -> Instant:
        """Market time, which no process owns."""
        return self._at if self._clock is None else self._clock.market()

    @property
    def exchange(self) -> Exchange:
        """The first of them."""
        return self.exchanges[VENUE]

    @property
    def injected(self) -> Tally[tuple[Channel, str, Do]]:
        """Faults that have happened, at whichever venue."""
        return sum((counter.faults.injected for counter in self.counters.values()), Tally())

    @property
    def limit(self) -> Instant:
        """By when the run has to be over."""
        away = self.plan.away or Span(0)
        return Instant(START + SCENARIOS[self.plan.scenario].length + PATIENCE + away + 60 * SECOND)

    def run(self) -> "World":
        """Processes one after another until one of them ends the run; then everything is added up."""
        _tidy()
        gc.disable()  # nothing of a dead process may be finalised in the middle of a later one
        try:
            while not self._process():
                self._down()
            self._aftermath()
            assert self.state is not None
            self.checker.at_end(
                self.state, self.disk.records, strange=self._strange, halted=self._halted, dark=self._dark
            )
        except Violation as broken:
            raise AssertionError(
                f"{broken}\nreplay: STEELYARD_SEEDS={self.plan.seed}..{self.plan.seed} "
                f"pytest tests/simulation/{self._suite}\nplan: {self.plan.show()}"
            ) from broken
        finally:
            gc.enable()
        return self

    @property
    def _suite(self) -> str:
        return "test_seeds.py" if len(self.exchanges) == 1 else "test_apart.py"

    @property
    def _halted(self) -> bool:
        return any(asking.wish is Wish.HALT for asking in self.plan.askings)

    @property
    def _dark(self) -> set[VenueName]:
        """The venues that could not be asked any more, or came back too late for two rounds of questions."""
        last = Span((self.state.at if self.state is not None else START) - START)
        before = range(max(0, last - ROUNDS), last + 1, SECOND)
        return {VenueName(spell.venue) for spell in self.plan.spells if any(spell.covers(after) for after in before)}

    # One process

    def _process(self) -> bool:
        """True when the run came to its end in this process, false when the process died."""
        self.processes += 1
        assert self.processes < 50, "more processes than any plan has crashes"
        loop = ShuffledLoop(self.plan.seed + self.processes if self.plan.shuffled else None)
        clock = self._clock = VirtualClock(loop, self._at)
        promised = capabilities_for(self.plan)
        ports = {
            name: (MortalVenue(counter, promised[name], clock, self.checker), MortalMarket(counter))
            for name, counter in self.counters.items()
        }

        def die() -> None:
            for venue, market in ports.values():
                venue.dead = market.dead = True
            store.dead = True
            loop.stop()

        store = CrashingStore(self.disk, loop, self.plan.seed, die)
        self.checker.began(self.disk.records, store, die)
        for script, due in self._strays.items():
            loop.call_at((due - self._at) / 1e9, self._step, script, loop)
        loop.call_at((self.limit - self._at) / 1e9, self.checker.overdue)
        self._calm_at(loop)
        self._stranger_at(loop)
        try:
            ended = _run(loop, self._life(loop, clock, ports, store))
        finally:
            self._at, self._clock = Instant(max(clock.market(), self.exchange.now)), None
            if store.dead:
                for venue, _ in ports.values():
                    self._lose(venue)
            _bury(loop)
        if self.checker.violation is not None:
            raise self.checker.violation
        return ended

    async def _life(
        self,
        loop: asyncio.AbstractEventLoop,
        clock: VirtualClock,
        ports: Mapping[VenueName, tuple[MortalVenue, MortalMarket]],
        store: CrashingStore,
    ) -> None:
        first = not self.disk.records
        if first:
            entry = opening(self.plan, self.config, self.counters, clock.market())
            rows = (entry, Approval(entry.at, entry.plan.digest))
            store.append(entry.at, clock.wall(), [(kind(row), codec.encode(row)) for row in rows], urgent=True)
            state = states.opened(entry)
        else:
            state = fold(self.disk.records)
        self.state = state
        if state.closed:
            return
        markets = {name: market for name, (_, market) in ports.items()}
        for name, market in markets.items():
            await market.start(pairs_by_venue(state.opened.plan, name))
        methods = methods_of(state.opened.plan, state.opened.at)
        feeds = Feeds([pair for leg in state.opened.plan.legs for pair in leg.pairs], markets, NoTape())
        venues = {name: venue for name, (venue, _) in ports.items()}
        live = WatchedLive(state, methods, store, clock, venues, feeds, NoTape())
        live.watch = self.checker
        for asking in self.plan.askings:
            at = START + asking.after - clock.origin
            if at > 0:
                loop.call_at(at / 1e9, live.ask, asking.wish, "simulation")
        await live.run(restart(state, clock.market(), first=first))

    def _calm_at(self, loop: asyncio.AbstractEventLoop) -> None:
        if self.plan.calm_after is not None:
            for counter in self.counters.values():
                loop.call_at(max(0, START + self.plan.calm_after - self._at) / 1e9, counter.faults.calm)

    def _stranger_at(self, loop: asyncio.AbstractEventLoop) -> None:
        if self.plan.stranger_after is not None and self.now() <= START + self.plan.stranger_after:
            loop.call_at((START + self.plan.stranger_after - self._at) / 1e9, self._trade_by_hand)

    def _trade_by_hand(self) -> None:
        """Somebody with the account's password sells a little of what we were entrusted with."""
        counter = self.counters[VENUE]
        counter.reach()
        exchange, instrument = (
            self.exchange,
            opening(self.plan, self.config, self.counters, START).plan.legs[0].at(VENUE),
        )
        assert isinstance(exchange, WatchedExchange)
        bid = exchange.depth(instrument.symbol, 1).bids[0][0]
        quantity = instrument.sellable(Decimal(20) / bid)
        request = OrderRequest(instrument.symbol, Side.SELL, Kind.GTC, quantity, instrument.at_least(bid), "by-hand")
        self._strange = isinstance(exchange.place_by_hand(ACCOUNT, request), OrderRow)

    # Between processes

    def _lose(self, venue: MortalVenue) -> None:
        """What the dead process had sent is lost, or is still on its way."""
        for script, due in venue.flying.items():
            if chance.draw(self.plan.seed, "stray", due) < 0.5:
                self._strays[script] = due

    def _down(self) -> None:
        """Market time goes on while nobody runs."""
        if self.processes == 1 and self.plan.away is not None:
            self._pass(Instant(self._at + self.plan.away))
            return
        spell = DOWN_MIN + chance.below(self.plan.seed, "down", self.processes, DOWN_MAX - DOWN_MIN)
        self._pass(Instant(self._at + spell))

    def _pass(self, until: Instant) -> None:
        while self._strays:
            script, due = min(self._strays.items(), key=lambda item: item[1])
            if due > until:
                break
            self._at = max(self._at, due)
            self._step(script, None)
        self._at = until

    def _step(self, script: Script[Any], loop: asyncio.AbstractEventLoop | None) -> None:
        """Let a stray request come one wait further."""
        if script not in self._strays:
            return
        try:
            self._strays[script] = Instant(self.now() + next(script))
        except StopIteration:
            del self._strays[script]
            return
        if loop is not None and self._clock is not None:
            loop.call_at((self._strays[script] - self._clock.origin) / 1e9, self._step, script, loop)

    def _aftermath(self) -> None:
        """Whatever is still on its way arrives."""
        self._pass(Instant(self._at + 30 * SECOND))
        for counter in self.counters.values():
            counter.reach()
        if self.checker.violation is not None:
            raise self.checker.violation


@cache
def _freeze() -> None:
    """Once: what stands before the first run is never looked through again, which makes the runs a third faster."""
    gc.collect()
    gc.freeze()


def _tidy() -> None:
    """Finalise what an earlier run has left."""
    _freeze()
    gc.collect()


def _run(loop: ShuffledLoop, life: Coroutine[Any, Any, None]) -> bool:
    asyncio.set_event_loop(loop)
    task = loop.create_task(life)
    try:
        loop.run_until_complete(task)
    except Died:
        return False
    except RuntimeError:
        if task.done():
            raise
        return False  # the loop was stopped under it
    return True


def _bury(loop: ShuffledLoop) -> None:
    """Everything that was left is cancelled; it can do nothing more, since all its ports are dead."""
    loop.set_exception_handler(lambda loop, context: None)
    try:
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        if left:
            loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        loop.run_until_complete(loop.shutdown_asyncgens())
    except Died:
        pass
    finally:
        asyncio.set_event_loop(None)
        loop.close()
