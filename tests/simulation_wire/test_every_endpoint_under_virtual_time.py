"""What the HashKey adapter has beside the six verbs, against a sandbox that somebody else wrote from the same page."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal
from typing import TypeVar

from engine.drivers.clocks import VirtualClock
from engine.kernel.clock import DAY, HOUR, SECOND, Instant, Span
from engine.kernel.ids import ClientOrderId, LegId, Symbol, VenueName, VenueOrderId
from engine.kernel.money import ZERO, Asset, total
from engine.orders.order import Approved, ChildOrder, OrderType, TimeInForce
from engine.orders.reports import (
    Acceptance,
    DealAnswer,
    Dealt,
    Done,
    Found,
    Mode,
    NoDeal,
    OrderStatus,
    Quote,
    QuoteRequest,
    Refused,
    Unknown,
)
from engine.ports import ModeSeen, StatesFees, StreamUp
from tests.support import memory_network
from venues.hashkey.adapter import ADAPTER
from venues.hashkey.calls import LIMITS, SLOW_LIMITS
from venues.hashkey.conversion import Converted
from venues.hashkey.endpoints import Endpoints
from venues.hashkey.marketplace import Created, RfqStatus, Taken
from venues.hashkey.statement import Entry
from venues.hashkey.venue import HashKeyVenue
from venues.pacing import ClockThrottle, Kind, Limit, Pacer
from venues.sandbox.clock import MarketClock
from venues.sandbox.faults import Channel, Do, Fault, FaultPlan, Faults, Rule
from venues.sandbox.limits import Limits
from venues.sandbox.listings import START, sandbox_exchange
from venues.sandbox.server import SandboxServer
from venues.secrets import Keys, Secret
from venues.transport import AiohttpTransport

PAIR, BTC, USDT, USD, HKD = Symbol("BTCUSDT"), Asset("BTC"), Asset("USDT"), Asset("USD"), Asset("HKD")
HELD = {"BTC": Decimal(5), "USDT": Decimal(1000), "USD": Decimal(5000)}
T = TypeVar("T")


def against(case: Callable[[HashKeyVenue, VirtualClock], Awaitable[T]], *rules: Rule) -> T:
    """Run `case` with an adapter and a sandbox of its own."""

    async def run(clock: VirtualClock) -> T:
        server = SandboxServer(
            sandbox_exchange(1, balances={"main": HELD}, recorded=False),
            {"key": ("main", "secret")},
            MarketClock(START, mono=clock.mono, wall=clock.wall),
            Faults(FaultPlan(0, rules)),
            limits=Limits(),
            seed=1,
        )
        root = await server.start()
        streams = root.replace("http", "ws", 1)

        def pacer(limits: Mapping[Kind, Limit]) -> Pacer:
            return Pacer(clock, limits, throttle=lambda spacing: ClockThrottle(clock, spacing))

        venue = HashKeyVenue(
            Endpoints(root, f"{streams}/quote/ws/v1", f"{streams}/api/v1/ws"),
            Keys(Secret("key"), Secret("secret")),
            AiohttpTransport(),
            clock,
            pacer(LIMITS),
            slow=pacer(SLOW_LIMITS),
            capabilities=ADAPTER.sandbox,
            market_place=True,
        )
        try:
            return await case(venue, clock)
        finally:
            await venue.aclose()
            await server.stop()

    with memory_network.network(1) as loop:
        return memory_network.run(loop, run(VirtualClock(loop, START)))


def sale(number: int, **changed: object) -> Approved:
    values: dict[str, object] = {
        "client_id": ClientOrderId(f"t-{number}"),
        "leg": LegId("L1"),
        "slice": 0,
        "attempt": 0,
        "venue": VenueName("hashkey"),
        "symbol": PAIR,
        "sell": BTC,
        "buy": USDT,
        "quantity": Decimal("0.01"),
        "price": Decimal(90000),
        "tif": TimeInForce.GTC,
        "decided_at": Instant(0),
    }
    return Approved(ChildOrder(**{**values, **changed}), ())  # type: ignore[arg-type]


def test_a_market_order_sells_and_is_found_with_its_fills() -> None:
    async def case(venue: HashKeyVenue, clock: VirtualClock) -> None:
        order = sale(1, type=OrderType.MARKET, tif=TimeInForce.IOC)
        assert isinstance(await venue.place(order), Done)
        found = await venue.lookup(PAIR, order.order.client_id, Instant(START))
        assert isinstance(found, Found)
        assert found.report.status is OrderStatus.FILLED
        assert total(fill.quantity for fill in found.fills) == Decimal("0.01")

    against(case)


def test_batches_and_bulk_cancels_end_order_by_order() -> None:
    async def case(venue: HashKeyVenue, clock: VirtualClock) -> None:
        ended = await venue.place_many([sale(1), sale(2, quantity=Decimal("0.000001")), sale(3), sale(4)])
        assert [type(each) for each in ended.values()] == [Done, Refused, Done, Done]
        first = (await venue.survey(Instant(START))).open_orders[0].venue_order_id
        cancels = await venue.cancel_many([first, VenueOrderId("999")])
        assert [type(each) for each in cancels.values()] == [Done, Refused]
        assert isinstance(await venue.cancel_all(PAIR), Done)
        await clock.sleep(ADAPTER.sandbox.read_lag)
        assert (await venue.survey(Instant(START))).open_orders == ()

    against(case)


def test_a_quote_is_dealt_once_and_the_balances_agree() -> None:
    async def case(venue: HashKeyVenue, clock: VirtualClock) -> None:
        quote = await venue.quote(QuoteRequest(BTC, USDT, Decimal("0.5")))
        assert isinstance(quote, Quote)
        answer: Acceptance | DealAnswer = await venue.accept(quote)
        while not isinstance(answer, Dealt):
            await clock.sleep(ADAPTER.sandbox.read_lag)
            answer = await venue.deal(quote)
        assert isinstance(await venue.accept(quote), Unknown)
        assert (answer.deal.quantity, answer.deal.proceeds) == (quote.quantity, quote.proceeds)
        held = {balance.asset: balance.total for balance in await venue.holdings()}
        assert (held[BTC], held[USDT]) == (Decimal("4.5"), 1000 + quote.proceeds)

    against(case)


def test_a_quote_that_nobody_took_is_no_deal_in_the_end() -> None:
    async def case(venue: HashKeyVenue, clock: VirtualClock) -> None:
        quote = await venue.quote(QuoteRequest(BTC, USDT, Decimal("0.5")))
        assert isinstance(quote, Quote)
        await clock.sleep(Span(HOUR))
        assert isinstance(await venue.accept(quote), Refused)
        assert isinstance(await venue.deal(quote), NoDeal)

    against(case)


def test_a_published_request_is_offered_taken_and_settled() -> None:
    async def case(venue: HashKeyVenue, clock: VirtualClock) -> None:
        place = venue.market_place
        assert any((pair.sell_ccy, pair.buy_ccy) == (BTC, USDT) for pair in await place.pairs())
        offers = place.offers()
        heard = asyncio.ensure_future(anext(offers))
        await clock.sleep(SECOND)  # for the topic to be open
        created = await place.create(ClientOrderId("r-1"), BTC, USDT, Decimal(1))
        assert isinstance(created, Created)
        offer = await heard
        assert (offer.rfq_id, offer.quantity) == (created.rfq_id, Decimal(1))
        assert isinstance(await place.accept(offer.rfq_id, offer.quote_id), Taken)
        await clock.sleep(Span(HOUR))
        history = await place.history(client_id="r-1")
        assert isinstance(history, list)
        assert [(row.quote_id, row.status) for row in history] == [(offer.quote_id, RfqStatus.SUCCESSFUL)]
        await offers.aclose()

    against(case)


def test_the_account_is_read_and_its_statement_adds_up() -> None:
    async def case(venue: HashKeyVenue, clock: VirtualClock) -> None:
        assert isinstance(await venue.place(sale(1, type=OrderType.MARKET, tif=TimeInForce.IOC)), Done)
        since, until = Instant(START - DAY), Instant(START + DAY)
        trades = await venue.statement.movements(Entry.TRADE, since, until)
        moved = {
            asset: total(c.amount.units for each in trades for c in each.changes if c.amount.asset == asset)
            for asset in (BTC, USDT)
        }
        held = {balance.asset: balance.total for balance in await venue.holdings()}
        assert moved == {BTC: held[BTC] - 5, USDT: held[USDT] - 1000}
        assert moved[BTC] < ZERO < moved[USDT]
        assert {"spot"} <= {each.kind for each in await venue.account.accounts()}
        assert (await venue.account.fees()).pairs[0].taker == ADAPTER.capabilities.taker_fee
        assert isinstance(venue, StatesFees)
        assert (await venue.stated_fees()).rates[0].taker == ADAPTER.capabilities.taker_fee
        assert (await venue.account.deposit_address(BTC, "Bitcoin")).can_deposit
        assert await venue.account.deposits(since, until) == []
        assert await venue.account.withdrawals(since, until) == []
        assert (await venue.permissions()).trade
        rate = await venue.conversion.rate(USD, HKD, Decimal(100))
        assert isinstance(await venue.conversion.convert(rate), Converted)

    against(case)


def test_public_prices_on_request_agree_with_one_another() -> None:
    async def case(venue: HashKeyVenue, clock: VirtualClock) -> None:
        assert isinstance(await venue.place(sale(1, type=OrderType.MARKET, tif=TimeInForce.IOC)), Done)
        book, summary = await venue.public.book(PAIR), await venue.public.summary(PAIR)
        assert book.bids[0].price < book.asks[0].price
        assert summary.low <= summary.last <= summary.high
        assert len(await venue.public.prints(PAIR)) > 0
        assert len(await venue.public.candles(PAIR, "1m", Instant(START - DAY), Instant(START + DAY))) > 0

    against(case)


def test_a_ban_and_a_closure_come_out_of_the_facts_with_their_end() -> None:
    async def case(venue: HashKeyVenue, clock: VirtualClock) -> None:
        facts = venue.facts()
        assert await anext(facts) == StreamUp()
        await venue.place(sale(1))
        await venue.place(sale(2))
        seen: list[Mode] = []
        while len(seen) < 4:
            fact = await anext(facts)
            seen.extend([fact.mode] if isinstance(fact, ModeSeen) else [])
            if seen == [Mode.MAINTENANCE, Mode.NORMAL]:
                await venue.place(sale(3))
        assert seen == [Mode.MAINTENANCE, Mode.NORMAL, Mode.BANNED, Mode.NORMAL]

    against(
        case,
        Rule(channel=Channel.REQUEST, op="order.create", at=0, fault=Fault(Do.STATUS, status=503)),
        Rule(channel=Channel.REQUEST, op="order.create", at=2, fault=Fault(Do.STATUS, status=418)),
    )
