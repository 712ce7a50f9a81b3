"""Two drivers, one run: the live one in virtual time and the simulated one write the same rows, hash by hash."""

from collections.abc import Callable
from typing import Final

import pytest
from msgspec.structs import replace

from engine import VERSION
from engine import state as states
from engine.compose.methods import methods
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
from engine.state import State
from tests.simulation.plans import LONG, SCENARIOS, SimulationPlan, drawn
from tests.simulation.world import ACCOUNT, CAPABILITIES, VENUE, NoTape, configured, exchange_for, opening
from venues.sandbox.exchange import Exchange
from venues.sandbox.faults import Faults
from venues.sandbox.inprocess import Counter, Ticker
from venues.sandbox.listings import START
from venues.sandbox.venue import InProcessMarket, InProcessVenue

RESTARTED: Final = Restarted(START, 1, VERSION)


def simulated(plan: SimulationPlan) -> list[Record]:
    """The rows that the synchronous driver writes."""
    time = Time(START)
    counter, state, journal = _begun(plan, time)
    ticker = Ticker(counter)
    ticker.start(leg.symbol for leg in state.opened.plan.legs)
    feeds = Feeds([(leg.venue, leg.symbol) for leg in state.opened.plan.legs], {VENUE: ticker}, NoTape())
    way = methods(state.opened.plan, START)
    Simulated(state, way, journal, time, {VENUE: counter}, feeds, NoTape()).run(RESTARTED)
    return journal.records


def live(plan: SimulationPlan) -> list[Record]:
    """The rows that the live driver writes while an event loop's time jumps."""
    loop = VirtualLoop()
    clock = VirtualClock(loop, START)
    counter, state, journal = _begun(plan, clock.market)
    market = InProcessMarket(counter)
    feeds = Feeds([(leg.venue, leg.symbol) for leg in state.opened.plan.legs], {VENUE: market}, NoTape())
    way = methods(state.opened.plan, START)

    async def main() -> None:
        await market.start([leg.symbol for leg in state.opened.plan.legs])
        venue = InProcessVenue(counter, CAPABILITIES, clock)
        await Live(state, way, journal, clock, {VENUE: venue}, feeds, NoTape()).run(RESTARTED)

    run(main(), loop)
    return journal.records


def _begun(plan: SimulationPlan, now: Callable[[], Instant]) -> tuple[Counter, State, MemoryStore]:
    config = configured(SCENARIOS[plan.scenario])
    counter = Counter(exchange_for(plan, config, Exchange), ACCOUNT, VENUE, Faults(plan.faults), now, plan.seed)
    opened = opening(plan, config, counter, START)
    journal = MemoryStore()
    journal.append(START, START, [(kind(opened), codec.encode(opened))], urgent=True)
    return counter, states.opened(opened), journal


@pytest.mark.parametrize("scenario", LONG)
def test_the_two_drivers_write_the_same_journal(scenario: str) -> None:
    """With the faults of ten seeds: each row has the same hash in both, and the chain the same head."""
    for seed in range(10):
        plan = replace(drawn(seed), scenario=scenario, crashes=())
        ours, theirs = live(plan), simulated(plan)
        first = next((a.seq for a, b in zip(ours, theirs, strict=False) if a.hash != b.hash), None)
        assert first is None, f"row {first} differs; plan: {plan.show()}"
        assert ours[-1].hash == theirs[-1].hash
