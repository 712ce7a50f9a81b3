"""Two drivers, one run: the live one in virtual time and the simulated one write the same rows, hash by hash."""

from collections.abc import Callable
from typing import Final

import pytest
from msgspec.structs import replace

from engine import VERSION
from engine.compose.methods import methods
from engine.core import state as states
from engine.core.state import State
from engine.drivers.clocks import VirtualClock
from engine.drivers.feeds import Feeds
from engine.drivers.live import Live
from engine.drivers.simulated import Simulated, Time
from engine.drivers.virtual import VirtualLoop, run
from engine.events import Restarted, kind
from engine.journal.record import Record
from engine.journal.store import MemoryStore
from engine.kernel import codec
from engine.kernel.clock import Instant
from engine.kernel.ids import VenueName
from tests.simulation.dark import DimCounter, DimMarket, DimTicker
from tests.simulation.market import capabilities_for, exchanges_for
from tests.simulation.plans import APART, LONG, SCENARIOS, SimulationPlan, drawn, drawn_apart
from tests.simulation.world import NoTape, configured, counters_for, opening, pairs_by_venue
from venues.sandbox.listings import START
from venues.sandbox.venue import InProcessVenue

RESTARTED: Final = Restarted(START, 1, VERSION)


def simulated(plan: SimulationPlan) -> list[Record]:
    """The rows that the synchronous driver writes."""
    time = Time(START)
    counters, state, journal = _begun(plan, time)
    tickers = {name: DimTicker(counter) for name, counter in counters.items()}
    for name, ticker in tickers.items():
        ticker.start(pairs_by_venue(state.opened.plan, name))
    feeds = Feeds([pair for leg in state.opened.plan.legs for pair in leg.pairs], tickers, NoTape())
    way = methods(state.opened.plan, START)
    Simulated(state, way, journal, time, counters, feeds, NoTape()).run(RESTARTED)
    return journal.records


def live(plan: SimulationPlan) -> list[Record]:
    """The rows that the live driver writes while an event loop's time jumps."""
    loop = VirtualLoop()
    clock = VirtualClock(loop, START)
    counters, state, journal = _begun(plan, clock.market)
    markets = {name: DimMarket(counter) for name, counter in counters.items()}
    feeds = Feeds([pair for leg in state.opened.plan.legs for pair in leg.pairs], markets, NoTape())
    way, promised = methods(state.opened.plan, START), capabilities_for(plan)
    venues = {name: InProcessVenue(counter, promised[name], clock) for name, counter in counters.items()}

    async def main() -> None:
        for name, market in markets.items():
            await market.start(pairs_by_venue(state.opened.plan, name))
        await Live(state, way, journal, clock, venues, feeds, NoTape()).run(RESTARTED)

    run(main(), loop)
    return journal.records


def _begun(plan: SimulationPlan, now: Callable[[], Instant]) -> tuple[dict[VenueName, DimCounter], State, MemoryStore]:
    config = configured(SCENARIOS[plan.scenario])
    counters = counters_for(plan, exchanges_for(plan, config, watched=False), now)
    opened = opening(plan, config, counters, START)
    journal = MemoryStore()
    journal.append(START, START, [(kind(opened), codec.encode(opened))], urgent=True)
    return counters, states.opened(opened), journal


def agree(plan: SimulationPlan) -> None:
    """Each row has the same hash in both, and the chain the same head."""
    ours, theirs = live(plan), simulated(plan)
    first = next((a.seq for a, b in zip(ours, theirs, strict=False) if a.hash != b.hash), None)
    assert first is None, f"row {first} differs; plan: {plan.show()}"
    assert ours[-1].hash == theirs[-1].hash


@pytest.mark.parametrize("scenario", LONG)
def test_the_two_drivers_write_the_same_journal(scenario: str) -> None:
    """With the faults of ten seeds."""
    for seed in range(10):
        agree(replace(drawn(seed), scenario=scenario, crashes=()))


@pytest.mark.parametrize("scenario", APART)
def test_the_two_drivers_write_the_same_journal_over_two_venues(scenario: str) -> None:
    """With the faults and dark spells of ten seeds."""
    for seed in range(10):
        agree(replace(drawn_apart(seed), scenario=scenario, crashes=()))
