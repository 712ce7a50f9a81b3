"""HashKey's adapter and the sandbox's server, wire and all, in one process and in virtual time.

The other simulations have no wire. Here every byte is encoded, signed, paced, sent, lost, answered and decoded, and
the run must still end with what the exchange knows.
"""

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from unittest.mock import patch

import pytest

from engine import VERSION
from engine.compose.methods import methods
from engine.compose.preparing import prepare
from engine.config import Config, load
from engine.core.state import State, opened
from engine.drivers.clocks import VirtualClock
from engine.drivers.feeds import Feeds
from engine.drivers.live import Live
from engine.drivers.recovery import restart
from engine.events import Approval, Opened, decode
from engine.journal.store import MemoryStore
from engine.kernel import chance
from engine.kernel.ids import RunId
from engine.ledger import accounts, posting
from engine.ledger.balances import Balances
from engine.orders import commands as c
from engine.orders import events as e
from engine.orders.reports import Unknown
from tests.support import memory_network
from tests.support.configs import PEG, written
from venues import transport
from venues.hashkey.adapter import ADAPTER
from venues.hashkey.calls import LIMITS
from venues.hashkey.endpoints import Endpoints
from venues.hashkey.market import HashKeyMarket
from venues.hashkey.venue import HashKeyVenue
from venues.pacing import ClockThrottle, Pacer
from venues.sandbox.clock import MarketClock
from venues.sandbox.faults import Channel, Do, Fault, FaultPlan, Faults, Rule
from venues.sandbox.limits import Limits
from venues.sandbox.listings import START, sandbox_exchange
from venues.sandbox.server import SandboxServer
from venues.secrets import Keys, Secret
from venues.transport import AiohttpTransport, HttpRequest, HttpResponse

SEEDS: Final = range(15)
PATHS: Final = {"POST": "order.create", "DELETE": "order.cancel"}
SPAN: Final = 300_000_000

FAMILIES: Final[tuple[tuple[Channel, str, float, Fault], ...]] = (
    (Channel.REQUEST, "order.create", 0.15, Fault(Do.DROP)),
    (Channel.REQUEST, "order.create", 0.10, Fault(Do.LATE, span=SPAN * 2)),
    (Channel.REQUEST, "*", 0.03, Fault(Do.STATUS, status=429)),
    (Channel.REQUEST, "order.cancel", 0.40, Fault(Do.RACE)),
    (Channel.REQUEST, "order.cancel", 0.30, Fault(Do.DROP)),
    (Channel.ANSWER, "order.create", 0.20, Fault(Do.DROP)),
    (Channel.ANSWER, "order.create", 0.15, Fault(Do.STATUS, status=502)),
    (Channel.ANSWER, "*", 0.05, Fault(Do.DELAY, span=SPAN)),
    (Channel.PRIVATE, "fill", 0.20, Fault(Do.DROP)),
    (Channel.PRIVATE, "*", 0.20, Fault(Do.DUP)),
    (Channel.PRIVATE, "*", 0.20, Fault(Do.REORDER, count=2, span=SPAN)),
    (Channel.PRIVATE, "order", 0.10, Fault(Do.CUT)),
    (Channel.PUBLIC, "depth", 0.02, Fault(Do.CUT)),
)
CALM_FROM: Final = 60
"""Messages of a kind after which nothing goes wrong any more."""


PREFLIGHT: Final = 2
"""So many messages of a kind belong to the preflight, which gives up at the first thing that is wrong."""


def drawn(seed: int) -> FaultPlan:
    """Which families of faults are on, by the seed; and in every plan one stream is cut and one answer lost."""
    rules = [
        Rule(channel=channel, op=op, fault=fault, rate=rate, first=PREFLIGHT if op == "*" else 0, until=CALM_FROM)
        for n, (channel, op, rate, fault) in enumerate(FAMILIES)
        if chance.draw(seed, "family", n) < 0.5
    ]
    lost = Rule(channel=Channel.ANSWER, op="order.create", at=1, fault=Fault(Do.DROP))
    cut = Rule(channel=Channel.PRIVATE, op="order", at=3, fault=Fault(Do.CUT))
    return FaultPlan(seed, (*rules, lost, cut))


class Counted(AiohttpTransport):
    """The adapter's own transport, with a tally of what it was asked to send and what came back."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: Counter[str] = Counter()
        self.statuses: Counter[int] = Counter()

    async def call(self, request: HttpRequest) -> HttpResponse:
        if request.url.endswith("/api/v1/spot/order"):
            self.sent[PATHS[request.method]] += 1
        answer = await super().call(request)
        self.statuses[answer.status] += 1
        return answer


class NoTape:
    """Raw market data is not what these runs are about."""

    def append(self, facts: Any) -> None:
        pass

    def seal(self, at: Any) -> None:
        return None


class Played:
    """A run that is over."""

    def __init__(self, state: State, journal: MemoryStore, server: SandboxServer, transport: Counted) -> None:
        self.state, self.journal, self.server, self.transport = state, journal, server, transport
        self.rows = [decode(record.payload) for record in journal.records]
        self.truth = server.truth()["accounts"]["main"]


@cache
def campaign(seed: int) -> Played:
    """The run of a seed; every test of it looks at the same one."""
    return play(seed, drawn(seed))


def play(seed: int, plan: FaultPlan, **changes: Any) -> Played:
    """One short run from its preflight to its closing row."""
    tactic = PEG if seed % 2 else {"kind": "cross"}
    with TemporaryDirectory() as folder:
        config = load(written(Path(folder), tactic=tactic, **changes), START)
    with memory_network.network(seed) as loop:
        return memory_network.run(loop, _played(config, seed, plan, VirtualClock(loop, START)))


async def _played(config: Config, seed: int, plan: FaultPlan, clock: VirtualClock) -> Played:
    held = {"main": {str(h.asset): h.released for h in config.terms.holdings}}
    server = SandboxServer(
        sandbox_exchange(seed, balances=held, recorded=False),
        {"key": ("main", "secret")},
        MarketClock(START, mono=clock.mono, wall=clock.wall),
        Faults(plan),
        limits=Limits(),
        seed=seed,
    )
    root = await server.start()
    streams, wire = root.replace("http", "ws", 1), Counted()
    endpoints = Endpoints(root, f"{streams}/quote/ws/v1", f"{streams}/api/v1/ws")
    pacer = Pacer(clock, LIMITS, throttle=lambda spacing: ClockThrottle(clock, spacing))
    venue = HashKeyVenue(
        endpoints, Keys(Secret("key"), Secret("secret")), wire, clock, pacer, capabilities=ADAPTER.sandbox
    )
    market = HashKeyMarket(endpoints, AiohttpTransport(), clock)
    try:
        remaining = {h.asset: h.released for h in config.terms.holdings}
        prepared = await prepare(config, remaining, {venue.name: venue}, clock)
        symbols = [symbol for leg in prepared.plan.legs for _, symbol in leg.pairs]
        await market.start(symbols)
        first = Opened(
            at=clock.market(),
            run=RunId(f"wire-{seed}"),
            case=config.terms.case,
            environment=config.environment,
            config_sha256=config.sha256,
            code=VERSION,
            terms=config.terms,
            plan=prepared.plan,
            limits=config.limits,
            licences=config.licences,
            capabilities={venue.name: venue.capabilities},
            balances=prepared.balances,
            seed=seed,
        )
        state, journal = opened(first), MemoryStore()
        feeds = Feeds([(venue.name, symbol) for symbol in symbols], {venue.name: market}, NoTape())
        made = methods(prepared.plan, first.at)
        live = Live(state, made, journal, clock, {venue.name: venue}, feeds, NoTape())
        await live.begin([first, Approval(first.at, first.plan.digest)])
        await live.run(restart(state, first.at, first=True))
        return Played(live.state, journal, server, wire)
    finally:
        await market.aclose()
        await venue.aclose()
        await server.stop()


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_the_wire_does_the_ledger_is_what_the_exchange_knows(seed: int) -> None:
    run = campaign(seed)
    assert run.state.closed in ("done", "short"), f"replay: seed {seed}"
    books = Balances()
    for name, rows in run.state.opened.balances.items():
        books.post(posting.opening(run.state.opened.at, name, rows))
    plans = {plan.instruments[0].symbol: plan for plan in run.state.opened.plan.legs}
    seen: dict[tuple[str, str], Any] = {}
    for fill in _fills(run.rows):
        seen.setdefault((fill.venue_order_id, fill.trade_id), fill)
    for fill in seen.values():
        books.post(posting.sale(fill, plans[fill.symbol].sell, plans[fill.symbol].buy))
    here = accounts.venue(run.state.opened.plan.legs[0].instruments[0].venue)
    ours = {str(asset): units for asset, units in books.assets(here).items()}
    theirs = {name: Decimal(row["free"]) + Decimal(row["locked"]) for name, row in run.truth["balances"].items()}
    assert {a: u for a, u in ours.items() if u} == {a: u for a, u in theirs.items() if u}, f"replay: seed {seed}"
    assert len(seen) == len(run.truth["trades"])
    assert run.state.legs[run.state.opened.plan.legs[0].id].sold == Decimal("0.2") - ours["BTC"]


def _fills(rows: list[Any]) -> Iterator[Any]:
    """Every fill that reached us, by whichever way."""
    for row in rows:
        match row:
            case e.Filled(fill=fill):
                yield fill
            case e.LookedUp(answer=answer):
                yield from getattr(answer, "fills", ())
            case e.Surveyed(survey=survey) if survey is not None:
                yield from survey.fills


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_is_sent_twice_and_the_exchange_never_has_to_ask_for_patience(seed: int) -> None:
    """No HTTP library repeats a lost request for us; no request leaves faster than the venue allows."""
    run = campaign(seed)
    for op in PATHS.values():
        assert run.server.faults.seen[Channel.REQUEST, op] <= run.transport.sent[op], f"replay: seed {seed}"
    places = [row for row in run.rows if isinstance(row, c.Place)]
    assert run.transport.sent["order.create"] <= len(places)
    assert len({row.approved.order.client_id for row in places}) == len(places)
    planned = sum(n for (_, _, do), n in run.server.faults.injected.items() if do is Do.STATUS)
    assert run.transport.statuses[429] + run.transport.statuses[418] <= planned


def test_a_library_that_repeats_a_lost_request_would_be_noticed() -> None:
    """The guard in the transport taken away: aiohttp sends a DELETE again on its own, and the tally shows it."""

    async def careless(request: Any, handler: Any) -> Any:
        return await handler(request)

    plan = FaultPlan(0, (Rule(channel=Channel.REQUEST, op="order.cancel", rate=1.0, until=2, fault=Fault(Do.DROP)),))
    with patch.object(transport, "_once", careless):
        run = play(1, plan)
    assert run.server.faults.seen[Channel.REQUEST, "order.cancel"] > run.transport.sent["order.cancel"]


def test_a_stream_that_is_cut_comes_back_and_is_caught_up_with() -> None:
    rules = [Rule(channel=Channel.PRIVATE, op="fill", at=n, fault=Fault(Do.CUT)) for n in (0, 2, 4)]
    run = play(0, FaultPlan(0, tuple(rules)))
    changes = [row.up for row in run.rows if isinstance(row, e.StreamChanged)]
    assert changes == [True, False, True, False, True, False, True]
    assert run.state.closed == "done"
    assert len(run.truth["trades"]) == len({(f.venue_order_id, f.trade_id) for f in _fills(run.rows)})


def test_an_answer_that_is_lost_is_looked_up_and_never_sent_again() -> None:
    plan = FaultPlan(0, (Rule(channel=Channel.ANSWER, op="order.create", at=0, fault=Fault(Do.DROP)),))
    run = play(0, plan)
    unknown = [row for row in run.rows if isinstance(row, e.Placed) and isinstance(row.outcome, Unknown)]
    assert len(unknown) == 1
    assert [row["client_id"] for row in run.truth["orders"]].count(unknown[0].client_id) == 1
    assert run.state.closed == "done"


def test_the_same_seed_gives_the_same_rows_over_the_wire_as_well() -> None:
    assert play(4, drawn(4)).journal.head == play(4, drawn(4)).journal.head
