"""HashKey as `engine.ports.Venue`.

A write is sent once and ends in one of four ways. A read either succeeds whole or is no word at all: a list that may
have been cut is not a list. What is signed carries wall time; every time in the venue's records is market time.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from functools import partial
from typing import Final

from msgspec import Struct

from engine.kernel.clock import MILLISECOND, SECOND, Instant, Span
from engine.kernel.ids import ClientOrderId, Symbol, VenueName, VenueOrderId
from engine.kernel.money import total
from engine.market.fees import StatedFees, StatedRate
from engine.market.instrument import Instrument
from engine.orders.order import Approved
from engine.orders.reports import (
    Acceptance,
    Answer,
    Balance,
    Capabilities,
    DealAnswer,
    Fill,
    Found,
    NotFound,
    NoWord,
    OrderReport,
    Outcome,
    Permissions,
    Quote,
    Quoted,
    QuoteRequest,
    Refused,
    Survey,
)
from engine.ports import Clock, VenueFact
from venues.hashkey import listings, orders, outcomes, routes, wire
from venues.hashkey.account import Account
from venues.hashkey.bulk import Bulk
from venues.hashkey.calls import PATIENCE, Calls, Unread
from venues.hashkey.conversion import Conversion
from venues.hashkey.endpoints import Endpoints
from venues.hashkey.marketplace import MarketPlace
from venues.hashkey.modes import merged
from venues.hashkey.private import PrivateStream
from venues.hashkey.public import Public
from venues.hashkey.rfq import Rfq
from venues.hashkey.routes import Route
from venues.hashkey.signing import Pairs
from venues.hashkey.statement import Statement
from venues.pacing import Pacing
from venues.secrets import Keys
from venues.stream import Backoff, Pulse
from venues.transport import Transport

ORDER_ROWS: Final = 1000
TRADE_ROWS: Final = 500
PAGES_MAX: Final = 200

Parameters = list[tuple[str, str]]
Enough = Callable[[Sequence[Fill]], bool]


class Timing(Struct, frozen=True):
    """Two spans that a caller may want otherwise."""

    overlap: Span = Span(5 * SECOND)
    """How far before `since` records are read, in market time: the venue's clock and ours may differ."""
    patience: Span = PATIENCE
    """How long an order or a cancel may wait for its turn (wall time) before it is given back: its price ages."""


class HashKeyVenue:
    """One spot account on HashKey Exchange Hong Kong. Beside the port: what only this venue has, by its subject."""

    def __init__(
        self,
        endpoints: Endpoints,
        keys: Keys,
        transport: Transport,
        clock: Clock,
        pacer: Pacing,
        *,
        capabilities: Capabilities,
        name: VenueName = wire.NAME,
        slow: Pacing | None = None,
        withheld: Callable[[], str] = lambda: "",
        market_place: bool = False,
        timing: Timing = Timing(),  # noqa: B008 - frozen
        pulse: Pulse = Pulse(),  # noqa: B008 - frozen
        backoff: Backoff = Backoff("hashkey private stream"),  # noqa: B008 - frozen
    ) -> None:
        """`withheld` says why nothing that sells or moves may leave; it is asked last of all, when its turn has come.

        `slow` paces what the venue allows once a second. `market_place` permits requests that the venue publishes.
        """
        self.name, self.capabilities = name, capabilities
        self._transport, self._timing = transport, timing
        self._calls = calls = Calls(
            endpoints,
            keys,
            transport,
            clock,
            pacer,
            window=capabilities.validity,
            slow=slow,
            withheld=withheld,
            patience=timing.patience,
        )
        self._stream = PrivateStream(name, calls, transport, clock, pulse=pulse, backoff=backoff)
        self._closed = asyncio.Event()
        self._bulk = Bulk(name, calls)
        self._rfq = Rfq(name, calls, settled=Span(capabilities.validity + capabilities.read_lag))
        self.account, self.statement, self.conversion = Account(calls), Statement(calls), Conversion(calls)
        self.market_place = MarketPlace(calls, transport, permitted=market_place, pulse=pulse)
        self.public = Public(name, calls)

    async def instruments(self) -> Sequence[Instrument]:
        """Every pair that the venue lists with usable filters; `Unread` when the list could not be had."""
        answer = await self._calls.read(routes.INFO, signs=False)
        return self._calls.understood(partial(listings.usable, self.name), answer)

    async def place(self, approved: Approved) -> Outcome:
        """Send the order once. Never raises for what the venue or the network does."""
        try:
            pairs = orders.parameters(approved.order)
        except ValueError as error:
            return Refused("unsendable", str(error), stop_venue=True)
        return await self._calls.write(orders.route(approved.order), pairs, partial(outcomes.placed, approved.order))

    async def cancel(self, symbol: Symbol, client_id: ClientOrderId) -> Outcome:
        """Ask once for a cancel; `Done` says that the request was taken, not that the order has ended."""
        pairs = [("clientOrderId", client_id)]
        judge = partial(outcomes.cancelled, self.name, symbol, client_id)
        return await self._calls.write(routes.CANCEL, pairs, judge, urgent=True, withholds=False)

    async def place_many(self, approved: Sequence[Approved]) -> Mapping[ClientOrderId, Outcome]:
        """Up to twenty orders of one pair in one call, each with its own outcome."""
        return await self._bulk.place_many(approved)

    async def cancel_many(self, ids: Sequence[VenueOrderId]) -> Mapping[VenueOrderId, Outcome]:
        """Ask for many cancels by the venue's ids, each with its own outcome."""
        return await self._bulk.cancel_many(ids)

    async def cancel_all(self, symbol: Symbol) -> Outcome:
        """Ask for a cancel of every sale of a pair, whoever placed it; `Done` says that the request was taken."""
        return await self._bulk.cancel_all(symbol)

    async def lookup(self, symbol: Symbol, client_id: ClientOrderId, since: Instant) -> Answer:
        """One complete round over all that the venue keeps; never raises for what the venue or the network does."""
        try:
            return await self._lookup(symbol, client_id, since)
        except (Unread, ValueError) as error:
            return NoWord(self._calls.redact(str(error)))
        except Exception as error:  # noqa: BLE001 - a question that failed, however it failed, proves nothing
            return NoWord(f"the look-up failed: {type(error).__name__}")

    async def survey(self, since: Instant) -> Survey:
        """The whole account; `Unread` when any part could not be read."""
        opened, _ = await self._orders(routes.OPEN, [], urgent=False)
        trades, _ = await self._trades([("startTime", self._start(since))], urgent=False)
        held, _ = await self._balances(urgent=False)
        return Survey(self.name, since, tuple(opened), tuple(trades), tuple(held))

    async def holdings(self) -> Sequence[Balance]:
        """All balances of the account; `Unread` when they could not be had."""
        held, _ = await self._balances(urgent=False)
        return held

    async def stated_fees(self) -> StatedFees:
        """Our tier and its rates for each pair; `Unread` when the venue does not say."""
        tier = await self.account.fees()
        return StatedFees(tier.level, tuple(StatedRate(pair.symbol, pair.maker, pair.taker) for pair in tier.pairs))

    async def server_time(self) -> Instant:
        """The venue's wall clock; `Unread` when it did not say."""
        return self._calls.understood(wire.server_time, await self._calls.read(routes.TIME, signs=False))

    async def permissions(self) -> Permissions:
        """What our key may do; `Unread` in production, where no document says how to ask."""
        allowed, _ = await self._calls.ask(wire.permissions, routes.KEY_PERMISSIONS)
        return allowed

    async def quote(self, request: QuoteRequest) -> Quoted:
        """Ask for a firm price; nobody but the venue's desk sees it."""
        return await self._rfq.quote(request)

    async def accept(self, quote: Quote) -> Acceptance:
        """Take the quote, once. After `Unknown` only `deal` is asked."""
        return await self._rfq.accept(quote)

    async def deal(self, quote: Quote) -> DealAnswer:
        """What became of a quote, by the venue's history."""
        return await self._rfq.deal(quote)

    def facts(self) -> AsyncIterator[VenueFact]:
        """The private stream and the venue's modes, until closed: reconnects by itself and says so. One consumer."""
        return merged(self._stream.facts(), self._calls.modes, self._closed)

    async def aclose(self) -> None:
        """Give the listen key back and let go of connections; `facts` ends."""
        self._closed.set()
        self._calls.modes.close()
        await self._stream.close()
        await self._transport.aclose()

    async def _lookup(self, symbol: Symbol, client_id: ClientOrderId, since: Instant) -> Found | NotFound:
        named = await self._calls.read(routes.ORDER, [("origClientOrderId", client_id)], urgent=True)
        if not named.absent:
            return await self._found(self._calls.understood(self._order, named), symbol, client_id, since)
        here, started = ("symbol", symbol), ("startTime", self._start(since))
        opened, opened_digest = await self._orders(routes.OPEN, [here], urgent=True)
        closed, closed_digest = await self._orders(routes.HISTORY, [here, started], urgent=True)
        for report in (*opened, *closed):
            if report.client_id == client_id:
                return await self._found(report, symbol, client_id, since)
        trades, trade_digests = await self._trades([here, ("clientOrderId", client_id), started], urgent=True)
        own = [fill for fill in trades if fill.client_id == client_id]
        if own:  # no list has the order and yet it traded: ask for it by the venue's own id
            by_id = [("orderId", own[0].venue_order_id)]
            report, _ = await self._calls.ask(self._order, routes.ORDER, by_id, urgent=True)
            return await self._found(report, symbol, client_id, since)
        held, held_digest = await self._balances(urgent=True)
        return NotFound(tuple(held), (named.digest, opened_digest, closed_digest, *trade_digests, held_digest))

    async def _found(self, report: OrderReport, symbol: Symbol, client_id: ClientOrderId, since: Instant) -> Found:
        if (report.symbol, report.client_id) != (symbol, client_id):
            raise Unread(f"asked for {client_id} in {symbol}, told of {report.client_id} in {report.symbol}")
        if not report.filled:
            return Found(report, ())
        pairs = [("symbol", symbol), ("clientOrderId", client_id), ("startTime", self._start(since))]

        def own(rows: Sequence[Fill]) -> list[Fill]:
            return [fill for fill in rows if fill.client_id == client_id]

        trades, _ = await self._trades(
            pairs, urgent=True, enough=lambda rows: total(f.quantity for f in own(rows)) >= report.filled
        )
        return Found(report, tuple(own(trades)))

    def _order(self, body: bytes) -> OrderReport:
        return wire.order_report(self.name, body)

    def _start(self, since: Instant) -> str:
        return str(max(0, since - self._timing.overlap) // MILLISECOND)

    async def _orders(self, route: Route, pairs: Pairs, *, urgent: bool) -> tuple[list[OrderReport], str]:
        parse = partial(wire.order_reports, self.name)
        rows, digest = await self._calls.ask(parse, route, [*pairs, ("limit", str(ORDER_ROWS))], urgent=urgent)
        if len(rows) >= ORDER_ROWS:
            raise Unread(f"{route.path} is full at {len(rows)} rows and may have been cut")
        return rows, digest

    async def _trades(
        self, pairs: Pairs, *, urgent: bool, enough: Enough = lambda _: False
    ) -> tuple[list[Fill], list[str]]:
        """Pages by id until one is not full; a page may begin with the row that it continues from, or after it."""
        seen: dict[tuple[str, str], Fill] = {}
        ids: set[str] = set()
        digests: list[str] = []
        cursor: Parameters = []
        for _ in range(PAGES_MAX):
            page = [*pairs, *cursor, ("limit", str(TRADE_ROWS))]
            (rows, fills), digest = await self._calls.ask(self._page, routes.TRADES, page, urgent=urgent)
            digests.append(digest)
            seen.update(((fill.venue_order_id, fill.trade_id), fill) for fill in fills)
            if len(rows) < TRADE_ROWS or enough(list(seen.values())):
                return list(seen.values()), digests
            if ids.issuperset(row for row, _ in rows):
                raise Unread("the pages of the trades don't come to an end")
            ids.update(row for row, _ in rows)
            newest_first = rows[0][1] > rows[-1][1]  # which way the list runs is not documented
            cursor = [("toId" if newest_first else "fromId", rows[-1][0])]
        raise Unread(f"the trades go on after {PAGES_MAX} pages")

    def _page(self, body: bytes) -> tuple[list[tuple[str, int]], list[Fill]]:
        return wire.page_ids(body), wire.fills(self.name, body)

    async def _balances(self, *, urgent: bool) -> tuple[list[Balance], str]:
        return await self._calls.ask(wire.balances, routes.BALANCES, urgent=urgent)
