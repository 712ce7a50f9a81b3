"""Runs that people finish by firm quotes, over two venues with dealers, while messages to the desks are lost.

What the dealers' own books say is the measure: no quote is dealt twice, all is booked once, and nothing stays open.
"""

import asyncio
from collections.abc import Callable
from typing import Final

import pytest
from msgspec.structs import replace

from engine import VERSION
from engine.compose.methods import methods
from engine.core import state as states
from engine.core.state import State
from engine.drivers.audit import audit
from engine.drivers.clocks import VirtualClock
from engine.drivers.feeds import Feeds
from engine.drivers.live import Live
from engine.drivers.recovery import fold, restart
from engine.drivers.simulated import Simulated, Time
from engine.drivers.virtual import VirtualLoop, run
from engine.events import Instructed, Opened, Restarted, decode, kind
from engine.journal.record import Record
from engine.journal.store import MemoryStore
from engine.kernel import codec
from engine.kernel.clock import SECOND, Instant, Span
from engine.kernel.ids import PersonName, VenueName
from engine.kernel.money import ZERO
from engine.ledger import accounts
from engine.mandate.instructions import By, Finish
from engine.orders import commands as c
from engine.orders.reports import Acceptance, Quote
from tests.simulation.market import ACCOUNT, capabilities_for, exchanges_for
from tests.simulation.plans import SCENARIOS, SimulationPlan
from tests.simulation.world import NoTape, configured, opening, pairs_by_venue
from venues.sandbox.dealer import Dealer, DealerTerms
from venues.sandbox.faults import Channel, Do, Fault, FaultPlan, Faults, Rule
from venues.sandbox.inprocess import Counter, Ticker
from venues.sandbox.listings import START
from venues.sandbox.venue import InProcessMarket, InProcessVenue

TERMS: Final = DealerTerms(spread_min=1, spread_max=60, refusals=0.2)
"""Spreads below the book's own, or nothing would ever be dealt; and desks that refuse now and then."""
TOLD: Final = Span(10 * SECOND)
"""When people ask for it."""
SEEDS: Final = range(12)


class Died(Exception):
    """The process is gone."""


class Fair:
    """Two exchanges with a dealer each, which outlive the processes that trade on them."""

    def __init__(self, seed: int, now: Callable[[], Instant], rate: float = 0.3) -> None:
        self.plan = plan_of(seed, rate)
        self.config = configured(SCENARIOS[self.plan.scenario])
        self.journal = MemoryStore()
        self.dealers: dict[VenueName, Dealer] = {}
        self.counters: dict[VenueName, Counter] = {}
        for name, exchange in exchanges_for(self.plan, self.config, watched=False).items():
            self.dealers[name] = Dealer(exchange, seed=seed, venue=name, terms=TERMS)
            self.counters[name] = Counter(exchange, ACCOUNT, name, Faults(self.plan.faults, name), now, seed)
            self.counters[name].dealer = self.dealers[name]

    def opened(self) -> Opened:
        """The first row, on record."""
        desks = {name: replace(one, quotes=True) for name, one in capabilities_for(self.plan).items()}
        first = replace(opening(self.plan, self.config, self.counters, START), capabilities=desks)
        self.journal.append(START, START, [(kind(first), codec.encode(first))], urgent=True)
        return first

    def taken(self) -> list[Quote]:
        """Every quote that the engine ever took."""
        rows = [decode(record.payload) for record in self.journal.records if record.kind == "accept_quote"]
        return [row.quote for row in rows if isinstance(row, c.AcceptQuote)]

    def dealt(self) -> list[str]:
        """Every quote that the dealers' books show as dealt."""
        return [deal.quote.id for dealer in self.dealers.values() for deal in dealer.history(ACCOUNT) if deal.done]


class Mortal(InProcessVenue):
    """Tells `struck` of each answer to an acceptance, before anybody else learns of it."""

    struck: Callable[[], bool] = staticmethod(lambda: False)

    async def accept(self, quote: Quote) -> Acceptance:
        outcome = await super().accept(quote)
        if self.struck():
            await asyncio.Event().wait()
        return outcome


def plan_of(seed: int, rate: float) -> SimulationPlan:
    """So large a part of all messages to the desks is lost on its way, and as many answers are."""
    dropped = Fault(Do.DROP)
    rules = [
        Rule(channel=channel, op=op, fault=dropped, rate=rate, until=20)
        for channel in (Channel.REQUEST, Channel.ANSWER)
        for op in ("rfq.quote", "rfq.accept", "rfq.history")
        if rate
    ]
    faults = FaultPlan(seed=seed, rules=tuple(rules))
    return SimulationPlan(seed=seed, scenario="apart_cross", faults=faults, held=(60, 40), fees=("0.001", "0.001"))


def finished(seed: int, deaths: int = 0) -> tuple[Fair, State]:
    """The run from its start to its end; its process dies after each of the first `deaths` acceptances."""
    loop = VirtualLoop()
    clock = VirtualClock(loop, START)
    fair = Fair(seed, clock.market)
    left = [deaths]

    async def process() -> State:
        first = not fair.journal.records
        state = states.opened(fair.opened()) if first else fold(fair.journal.records)
        markets = {name: InProcessMarket(counter) for name, counter in fair.counters.items()}
        for name, market in markets.items():
            await market.start(pairs_by_venue(state.opened.plan, name))
        desks = state.opened.capabilities
        venues = {name: Mortal(counter, desks[name], clock) for name, counter in fair.counters.items()}
        feeds = Feeds([pair for leg in state.opened.plan.legs for pair in leg.pairs], markets, NoTape())
        live = Live(state, methods(state.opened.plan, START), fair.journal, clock, venues, feeds, NoTape())

        def struck() -> bool:
            left[0] -= 1
            if left[0] >= 0:
                live.fail(Died())
            return left[0] >= 0

        for venue in venues.values():
            venue.struck = struck
        if first:
            loop.call_at(TOLD / 1e9, live.tell, told(clock.market))
        try:
            return await live.run(restart(state, clock.market(), first=first))
        except Died:
            await clock.sleep(SECOND)
            return await process()

    return fair, run(process(), loop)


def told(now: Callable[[], Instant]) -> Instructed:
    return Instructed(
        at=Instant(now() + TOLD),
        instruction=Finish(By.RFQ),
        by=PersonName("li"),
        agreed=(),
        reason="the mandate ends early",
        paper_sha256="a" * 64,
        book_seq=1,
    )


def in_order(fair: Fair, state: State) -> None:
    """Whatever was lost: all that the dealers dealt is booked once, and all that was not is not."""
    taken, dealt = [quote.quote_id for quote in fair.taken()], fair.dealt()
    assert (state.conflict, state.halted, state.live) == ("", "", {})
    assert len(set(taken)) == len(taken)
    assert len(set(dealt)) == len(dealt)
    assert set(dealt) <= set(taken)
    for name, counter in fair.counters.items():
        held = {balance.asset: balance.total for balance in counter.balances() if balance.total}
        books = state.ledger.assets(accounts.venue(name))
        assert {asset: units for asset, units in books.items() if units} == held
    booked = [order for order, quote in state.taken.items() if state.ended[order].filled > ZERO]
    assert {state.taken[order].quote_id for order in booked} == set(dealt)
    audit(fair.journal.records, lambda first: methods(first.plan, START))


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_is_lost_each_deal_is_booked_once_and_no_quote_is_taken_twice(seed: int) -> None:
    fair, state = finished(seed)
    in_order(fair, state)
    assert fair.dealt() != []


@pytest.mark.parametrize("seed", SEEDS)
def test_a_process_that_dies_before_it_hears_of_a_deal_finds_it_again(seed: int) -> None:
    """It dies after the first acceptance and after the second."""
    fair, state = finished(seed, deaths=2)
    in_order(fair, state)
    assert state.epoch > 1


def test_both_drivers_write_the_same_rows() -> None:
    for seed in SEEDS:
        ours, theirs = driven_live(seed), driven_simulated(seed)
        first = next((a.seq for a, b in zip(ours, theirs, strict=False) if a.hash != b.hash), None)
        assert (first, len(ours)) == (None, len(theirs)), seed
        assert any(record.kind == "acceptance_came" for record in ours), seed


def driven_live(seed: int) -> list[Record]:
    """Finishing by quotes from the first moment on, under an event loop."""
    loop = VirtualLoop()
    clock = VirtualClock(loop, START)
    fair = Fair(seed, clock.market)
    state = _finishing(fair)
    markets = {name: InProcessMarket(counter) for name, counter in fair.counters.items()}
    feeds = Feeds([pair for leg in state.opened.plan.legs for pair in leg.pairs], markets, NoTape())
    desks = state.opened.capabilities
    venues = {name: InProcessVenue(counter, desks[name], clock) for name, counter in fair.counters.items()}

    async def main() -> None:
        for name, market in markets.items():
            await market.start(pairs_by_venue(state.opened.plan, name))
        way = methods(state.opened.plan, START)
        await Live(state, way, fair.journal, clock, venues, feeds, NoTape()).run(Restarted(START, 1, VERSION))

    run(main(), loop)
    return fair.journal.records


def driven_simulated(seed: int) -> list[Record]:
    """The same without one."""
    time = Time(START)
    fair = Fair(seed, time)
    state = _finishing(fair)
    tickers = {name: Ticker(counter) for name, counter in fair.counters.items()}
    for name, ticker in tickers.items():
        ticker.start(pairs_by_venue(state.opened.plan, name))
    feeds = Feeds([pair for leg in state.opened.plan.legs for pair in leg.pairs], tickers, NoTape())
    way = methods(state.opened.plan, START)
    driver = Simulated(state, way, fair.journal, time, fair.counters, feeds, NoTape())
    driver.run(Restarted(START, 1, VERSION))
    return fair.journal.records


def _finishing(fair: Fair) -> State:
    state = states.opened(fair.opened())
    state.finishing = By.RFQ
    return state
