"""The generic adapter sells in our own sandbox, through ccxt's `hashkey`, over real sockets."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from decimal import Decimal

import pytest

from engine.drivers.clocks import WallClock
from engine.kernel.clock import Instant, parse_instant
from engine.kernel.ids import ClientOrderId
from engine.kernel.money import Amount, Asset
from engine.market.facts import BookSeen, Level, Print
from engine.orders.order import TimeInForce
from engine.orders.reports import Balance, Done, Found, NotFound, OrderReport, OrderStatus, Unknown
from engine.ports import StreamUp
from tests.unit.venues.generic.stand import BTCUSDT, EVER, OURS, THERE, account, approved, client, prices
from venues.adapter import Site
from venues.generic.adapter import ADAPTER
from venues.generic.client import Client
from venues.generic.market import GenericMarket
from venues.generic.venue import GenericVenue
from venues.sandbox.clock import MarketClock
from venues.sandbox.exchange import Exchange
from venues.sandbox.faults import Channel, Do, Fault, FaultPlan, Faults, Rule
from venues.sandbox.model import Kind, Listing, OrderRequest, Side
from venues.sandbox.server import SandboxServer

ORIGIN = parse_instant("2026-05-02T02:36:20.521Z")
PAIR = Listing(
    "BTCUSDT", "BTC", "USDT", Decimal("0.01"), Decimal("0.00001"), Decimal("0.00001"), Decimal(16), Decimal(10),
    Decimal(400_000), Decimal("0.0029"), Decimal("0.0029"), Decimal("0.0000001"),
)  # fmt: skip
BTC, USDT = Asset("BTC"), Asset("USDT")


class MarketTime(WallClock):
    """The sandbox's own market time; wall time is everybody's."""

    def __init__(self, inner: MarketClock) -> None:
        self._inner = inner

    def market(self) -> Instant:
        return self._inner.market()


class Scene:
    """A sandbox in which we hold 2 BTC and somebody else 1,000,000 USDT."""

    def __init__(self, *rules: Rule) -> None:
        held = {"desk": {"BTC": Decimal(2)}, "other": {"USDT": Decimal(1_000_000)}}
        self.exchange = Exchange([PAIR], held, [], start=ORIGIN)
        clock = MarketClock(ORIGIN, Decimal(30))
        faults = Faults(FaultPlan(rules=rules))
        self.server = SandboxServer(self.exchange, {"key": ("desk", "secret")}, clock, faults)
        self.clock = MarketTime(clock)
        self.root = ""

    def client(self) -> Client:
        return client(self.root, clock=self.clock, keys=("key", "secret"))

    def bid(self, name: str, quantity: str, price: str) -> None:
        """Somebody else's order to buy."""
        request = OrderRequest("BTCUSDT", Side.BUY, Kind.GTC, Decimal(quantity), Decimal(price), name)
        self.exchange.place("other", request)

    def ours(self) -> dict[str, str]:
        """Our orders as the exchange keeps them: id and state."""
        return {row.client_id: str(row.status) for row in self.exchange.orders("desk", "BTCUSDT", Instant(0), 100)}


@asynccontextmanager
async def opened(*rules: Rule) -> AsyncIterator[tuple[Scene, GenericVenue]]:
    scene = Scene(*rules)
    scene.root = await scene.server.start()
    venue = account(scene.client(), clock=scene.clock)
    try:
        yield scene, venue
    finally:
        await venue.aclose()
        await scene.server.stop()


@asynccontextmanager
async def watching(scene: Scene, *, streams: bool) -> AsyncIterator[GenericMarket]:
    market = prices(scene.client(), scene.clock, streams=streams)
    await market.start([BTCUSDT])
    try:
        yield market
    finally:
        await market.aclose()


def once(channel: Channel, op: str, fault: Fault) -> Rule:
    return Rule(channel=channel, op=op, fault=fault, at=0)


async def test_it_lists_sells_finds_cancels_and_accounts_for_it() -> None:
    """0.5 BTC offered at 60,000, of which 0.2 is sold at once; the rest is cancelled."""
    async with opened() as (scene, venue):
        scene.bid("bid-1", "0.2", "60000.01")
        [coin] = await venue.instruments()
        assert (coin.tick, coin.lot, coin.notional_min) == (Decimal("0.01"), Decimal("0.00001"), Decimal(10))
        assert (coin.quantity_max, coin.notional_max) == (Decimal(16), Decimal(400_000))
        placed = await venue.place(approved())
        assert isinstance(placed, Done)
        assert placed.report is not None
        assert (placed.report.status, placed.report.filled) == (OrderStatus.WORKING, Decimal("0.2"))
        found = await venue.lookup(BTCUSDT, OURS, ORIGIN)
        assert isinstance(found, Found)
        [fill] = found.fills
        assert (fill.quantity, fill.price, fill.maker) == (Decimal("0.2"), Decimal("60000.01"), False)
        assert fill.fee == Amount(Decimal("34.8000058"), USDT)
        assert isinstance(await venue.cancel(BTCUSDT, OURS), Done)
        ended = await venue.lookup(BTCUSDT, OURS, ORIGIN)
        assert isinstance(ended, Found)
        assert (ended.report.status, ended.fills) == (OrderStatus.CANCELLED, (fill,))
        held = {balance.asset: balance for balance in await venue.holdings()}
        assert held[BTC] == Balance(BTC, Decimal("1.8"), Decimal(0))
        assert held[USDT].free == Decimal("0.2") * Decimal("60000.01") - fill.fee.units
        survey = await venue.survey(ORIGIN)
        assert (survey.open_orders, survey.fills) == ((), (fill,))
        assert abs(await venue.server_time() - scene.clock.wall()) < 2_000_000_000


async def test_an_order_that_never_was_leaves_evidence_of_its_absence() -> None:
    async with opened() as (_, venue):
        answer = await venue.lookup(BTCUSDT, ClientOrderId("never"), ORIGIN)
    assert isinstance(answer, NotFound)
    assert len(answer.evidence) == 5
    assert Balance(BTC, Decimal(2), Decimal(0)) in answer.balances


@pytest.mark.parametrize(
    ("fault", "exists"),
    [
        pytest.param(once(Channel.REQUEST, "order.create", Fault(Do.DROP)), False, id="lost on its way"),
        pytest.param(once(Channel.ANSWER, "order.create", Fault(Do.DROP)), True, id="the answer is lost"),
        pytest.param(once(Channel.REQUEST, "order.create", Fault(Do.STATUS, status=500)), False, id="500 before"),
        pytest.param(once(Channel.ANSWER, "order.create", Fault(Do.STATUS, status=500)), True, id="500 after"),
        pytest.param(once(Channel.ANSWER, "order.create", Fault(Do.STATUS, status=504)), True, id="504 after"),
        pytest.param(once(Channel.ANSWER, "order.create", Fault(Do.CODE, code="-1006")), True, id="-1006 after"),
        pytest.param(once(Channel.REQUEST, "order.create", Fault(Do.CODE, code="-1007")), False, id="-1007 before"),
    ],
)
async def test_a_new_order_whose_answer_proves_nothing_is_looked_up(fault: Rule, exists: bool) -> None:
    """Whether it exists is for the records to say; it is sent once either way."""
    async with opened(fault) as (scene, venue):
        assert isinstance(await venue.place(approved()), Unknown)
        answer = await venue.lookup(BTCUSDT, OURS, ORIGIN)
        assert len(scene.ours()) == exists
    assert isinstance(answer, Found if exists else NotFound)


async def test_an_id_that_exists_is_unknown_and_makes_no_second_order() -> None:
    async with opened() as (scene, venue):
        assert isinstance(await venue.place(approved()), Done)
        assert isinstance(await venue.place(approved()), Unknown)
        assert len(scene.ours()) == 1


async def test_what_the_exchange_turns_down_is_unknown_until_its_records_are_read() -> None:
    """3 BTC where 2 are held."""
    async with opened() as (_, venue):
        outcome = await venue.place(approved(quantity=Decimal(3)))
        answer = await venue.lookup(BTCUSDT, OURS, ORIGIN)
    assert outcome == Unknown("create_order: InsufficientFunds, HTTP 400, code 0401", outcome.wire)
    assert isinstance(answer, NotFound)


async def test_a_cancel_that_lost_the_race_leaves_the_order_to_the_records() -> None:
    """Somebody takes the order just before its cancel arrives."""
    async with opened(once(Channel.REQUEST, "order.cancel", Fault(Do.RACE))) as (_, venue):
        await venue.place(approved())
        outcome = await venue.cancel(BTCUSDT, OURS)
        answer = await venue.lookup(BTCUSDT, OURS, ORIGIN)
    assert not isinstance(outcome, Done) or outcome.report is None
    assert isinstance(answer, Found)
    assert (answer.report.status, answer.report.filled) == (OrderStatus.FILLED, Decimal("0.5"))
    assert sum(fill.quantity for fill in answer.fills) == Decimal("0.5")


async def test_an_order_that_ends_at_once_is_described_by_its_answer() -> None:
    async with opened() as (scene, venue):
        scene.bid("bid-1", "0.2", "60000")
        outcome = await venue.place(approved(tif=TimeInForce.IOC))
    assert isinstance(outcome, Done)
    assert outcome.report is not None
    assert (outcome.report.status, outcome.report.filled) == (OrderStatus.CANCELLED, Decimal("0.2"))


async def test_the_facts_follow_an_order_to_its_end() -> None:
    """It stands, somebody buys it, and the records say so; the price is for a look-up to read."""
    async with opened() as (scene, venue):
        told: list[OrderReport] = []
        async with asyncio.timeout(5), aclosing(venue.facts()) as facts:
            assert await anext(facts) == StreamUp()
            await venue.place(approved())
            scene.bid("bid-1", "0.1", "60000")
            async for fact in facts:
                assert isinstance(fact, OrderReport)
                told.append(fact)
                if fact.status.ended:
                    break
                scene.bid("bid-2", "0.4", "60000")
    assert told[-1].status is OrderStatus.FILLED
    assert [report.filled for report in told] == sorted(report.filled for report in told)


async def test_a_word_on_the_private_stream_makes_the_next_poll_prompt() -> None:
    """Polls are ten seconds apart here."""
    async with opened() as (scene, venue):
        venue._polling._every = 10_000_000_000
        async with asyncio.timeout(5), aclosing(venue.facts()) as facts:
            assert await anext(facts) == StreamUp()
            waiting = asyncio.ensure_future(anext(facts))
            await _listening(venue)
            await venue.place(approved())
            scene.bid("bid-1", "0.1", "60000")
            fact = await waiting
            assert isinstance(fact, OrderReport)
            assert fact.filled == Decimal("0.1")


async def test_a_private_stream_whose_key_has_ended_opens_with_another() -> None:
    """ccxt would go on with the key that it has."""
    async with opened() as (_, venue), asyncio.timeout(5), aclosing(venue.facts()) as facts:
        assert await anext(facts) == StreamUp()
        waiting = asyncio.ensure_future(anext(facts))
        first = await _listening(venue)
        await venue._client.call("privateDeleteApiV1UserDataStream", {"listenKey": first})
        while await _listening(venue) == first:  # noqa: ASYNC110 - ccxt tells nobody
            await asyncio.sleep(0.005)
        await venue.place(approved())
        await venue.cancel(BTCUSDT, OURS)
        assert isinstance(await waiting, OrderReport)


async def _listening(venue: GenericVenue) -> str:
    """The key of the private stream, once that is open."""
    exchange = venue._client.exchange
    while True:
        key = str(exchange.options.get("listenKey"))
        stream = exchange.clients.get(f"{exchange.urls['api']['ws']['private']}/{key}")
        if stream is not None and stream.isConnected:
            return key
        await asyncio.sleep(0.005)


@pytest.mark.parametrize("streams", [True, False], ids=["by stream", "by asking"])
async def test_books_and_prints_are_exact_and_in_market_time(streams: bool) -> None:
    async with opened() as (scene, venue):
        scene.bid("bid-1", "0.3", "60000.01")
        scene.bid("bid-2", "1", "9999.99")
        async with watching(scene, streams=streams) as market:
            [book] = [fact for fact in market.drain(EVER) if isinstance(fact, BookSeen)][:1]
            assert (book.venue, book.symbol) == (THERE, BTCUSDT)
            assert book.bids == (Level(Decimal("60000.01"), Decimal("0.3")), Level(Decimal("9999.99"), Decimal(1)))
            assert ORIGIN <= book.changed_at <= book.seen_at
            await venue.place(approved(quantity=Decimal("0.1")))
            facts = list(market.drain(EVER))
            async with asyncio.timeout(5):
                while not any(isinstance(fact, Print) for fact in facts):
                    await asyncio.sleep(0.005)
                    facts += market.drain(EVER)
    [trade] = [fact for fact in facts if isinstance(fact, Print)]
    assert (trade.price, trade.quantity, trade.buyer_is_maker) == (Decimal("60000.01"), Decimal("0.1"), True)


async def test_a_stream_that_is_cut_comes_back() -> None:
    cut = Rule(channel=Channel.PUBLIC, op="depth", fault=Fault(Do.CUT), at=1)
    async with opened(cut) as (scene, _), watching(scene, streams=True) as market:
        facts = list(market.drain(EVER))
        async with asyncio.timeout(5):
            while [type(fact).__name__ for fact in facts if not isinstance(fact, Print)][1:3] != [
                "FeedDown",
                "BookSeen",
            ]:
                scene.bid(f"bid-{len(facts)}-{scene.clock.mono()}", "0.1", "100")
                await asyncio.sleep(0.02)
                facts += market.drain(EVER)


async def test_the_adapter_as_it_is_offered_sells_at_its_own_pace() -> None:
    """Through the registry's door: own session, own pace, prices without a key; a few seconds by the pace alone."""
    scene = Scene()
    scene.root = await scene.server.start()
    options = {"exchange": "hashkey", "key_permissions": "trade"}
    site = Site(
        name=THERE,
        capabilities=ADAPTER.sandbox,
        clock=scene.clock,
        address=scene.root,
        key=("key", "secret"),
        options=options,
    )
    venue = ADAPTER.venue(site)
    try:
        assert isinstance(await venue.place(approved()), Done)
        assert scene.ours().keys() == {OURS}
        assert (await venue.permissions()).trade
    finally:
        await venue.aclose()
        await scene.server.stop()
