"""OSL as `engine.ports.Venue`: the order book of v4, and firm quotes of v3.

A write is sent once and ends in one of four ways. A read either succeeds whole or is no word at all. Nothing is left
to the venue's own rule on equal client ids, since nobody knows it: after an unclear outcome every list is read.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial

import structlog
from msgspec import Struct

from engine.kernel.clock import SECOND, Instant, Span
from engine.kernel.ids import ClientOrderId, Symbol, VenueName
from engine.kernel.money import total
from engine.market.instrument import Instrument
from engine.orders.order import Approved
from engine.orders.reports import (
    Acceptance,
    Answer,
    Balance,
    Capabilities,
    DealAnswer,
    Done,
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
from venues.osl import listings, mock, outcomes, wire
from venues.osl.calls import Calls, Pacers, Unread
from venues.osl.endpoints import Endpoints
from venues.osl.listings import Listed
from venues.osl.polling import Polling
from venues.osl.reads import Reads
from venues.osl.rfq import Rfq
from venues.secrets import Keys
from venues.stream import Backoff
from venues.transport import Transport

log = structlog.get_logger(__name__)


class Timing(Struct, frozen=True):
    """A span that a caller may want otherwise."""

    patience: Span = Span(2 * SECOND)
    """How long an order or a cancel may wait for its turn (wall time) before it is given back: its price ages."""


class OslVenue:
    """One account on OSL Hong Kong."""

    def __init__(
        self,
        endpoints: Endpoints,
        keys: Keys,
        transport: Transport,
        clock: Clock,
        pacers: Pacers,
        *,
        capabilities: Capabilities,
        name: VenueName = wire.NAME,
        withheld: Callable[[], str] = lambda: "",
        timing: Timing = Timing(),  # noqa: B008 - frozen
        backoff: Backoff = Backoff("osl polling"),  # noqa: B008 - frozen
    ) -> None:
        """`withheld` says why a new order or deal may not leave; it is asked last of all, when its turn has come."""
        self.name, self.capabilities = name, capabilities
        self._withheld, self._transport, self._timing = withheld, transport, timing
        self._calls = Calls(endpoints, keys, transport, clock, pacers, validity=capabilities.validity)
        self._reads = Reads(name, self._calls)
        self._polling = Polling(name, self._calls, self._reads, clock, every=capabilities.poll, backoff=backoff)
        self._rfq = Rfq(
            name,
            self._calls,
            clock,
            read_lag=capabilities.read_lag,
            patience=timing.patience,
            withheld=withheld,
        )

    async def instruments(self) -> Sequence[Instrument]:
        """Every pair with usable steps, narrowed by the catalogue of v5; `Unread` when the list could not be had."""
        reply = await self._calls.read(wire.INSTRUMENT_PATH, signs=False)
        listed = self._calls.understood(partial(listings.usable, self.name), reply)
        known = await self._catalogue()
        return [listings.narrowed(each, known) for each in listed]

    async def place(self, approved: Approved) -> Outcome:
        """Send the order once. Never raises for what the venue or the network does."""
        try:
            body = wire.order_body(approved.order)
        except ValueError as error:
            return Refused("unsendable", str(error), stop_venue=True)
        judge = partial(outcomes.placed, approved.order)
        outcome = await self._calls.write(
            "POST", wire.ORDER_PATH, body, judge, urgent=False, patience=self._timing.patience, withheld=self._withheld
        )
        if isinstance(outcome, Done) and outcome.report is not None:
            self._polling.watch(outcome.report)
        return outcome

    async def cancel(self, symbol: Symbol, client_id: ClientOrderId) -> Outcome:
        """Ask once for a cancel; `Done` says that the request was taken, not that the order has ended."""
        try:
            body = wire.cancel_body(client_id)
        except ValueError as error:
            return Refused("unsendable", str(error), stop_venue=True)
        judge = partial(outcomes.cancelled, client_id)
        return await self._calls.write(
            "DELETE", wire.ORDER_PATH, body, judge, urgent=True, patience=self._timing.patience
        )

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
        opened, _ = await self._reads.opened()
        executed, _ = await self._reads.fills(since=since)
        held, _ = await self._reads.balances()
        return Survey(self.name, since, tuple(opened), tuple(executed), tuple(held))

    async def holdings(self) -> Sequence[Balance]:
        """All balances of the exchange wallet; `Unread` when they could not be had."""
        held, _ = await self._reads.balances()
        return held

    async def server_time(self) -> Instant:
        """The venue's wall clock, which only v5 tells; `Unread` when it did not say."""
        reply = await self._calls.read(wire.TIME_PATH, signs=False, pacer=self._calls.pacers.v3)
        return self._calls.understood(wire.server_time, reply)

    async def permissions(self) -> Permissions:
        """What our key may do, by an invented path; `Unread` where it does not exist."""
        rights, _ = await self._calls.ask(wire.permissions, mock.KEY_PATH)
        return rights

    async def quote(self, request: QuoteRequest) -> Quoted:
        """Ask for a firm price of a sale."""
        return await self._rfq.quote(request)

    async def accept(self, quote: Quote) -> Acceptance:
        """Take the quote, once."""
        return await self._rfq.accept(quote)

    async def deal(self, quote: Quote) -> DealAnswer:
        """What became of a quote; no word before it is dead by any clock, unless the venue lists its deal."""
        return await self._rfq.deal(quote)

    def facts(self) -> AsyncIterator[VenueFact]:
        """Polls in the place of a private stream, for ever: recovers by itself and says so. One consumer."""
        return self._polling.facts()

    async def aclose(self) -> None:
        """Let go of connections; nothing is asked any more."""
        self._polling.close()
        await self._transport.aclose()

    async def _catalogue(self) -> dict[Symbol, Listed]:
        """What v5 adds; nothing when it can't be read, since v4 says enough to trade by."""
        try:
            reply = await self._calls.read(wire.CATALOGUE_PATH, signs=False, pacer=self._calls.pacers.v3)
            return self._calls.understood(listings.catalogue, reply)
        except Unread as error:
            log.warning("catalogue_unread", venue=self.name, reason=str(error))
            return {}

    async def _lookup(self, symbol: Symbol, client_id: ClientOrderId, since: Instant) -> Found | NotFound:
        here, ours = ("symbol", symbol), ("clOrdID", client_id)
        named, named_digests = await self._reads.every([here, ours], urgent=True)
        opened, opened_digests = await self._reads.opened([here], urgent=True)
        ended, ended_digests = await self._reads.every([here], since, urgent=True)
        for report in (*named, *opened, *ended):
            if report.client_id == client_id:
                return await self._found(report, symbol)
        executed, fill_digests = await self._reads.fills([here], since, urgent=True)
        for fill in executed:
            if fill.client_id == client_id:  # no list has the order and yet it traded: ask by the venue's own id
                by_id = await self._reads.by_order_id(fill.venue_order_id, urgent=True)
                if by_id is None or by_id.client_id != client_id:
                    raise Unread(f"order {fill.venue_order_id} traded and no list shows it")
                return await self._found(by_id, symbol)
        held, held_digest = await self._reads.balances(urgent=True)
        digests = (*named_digests, *opened_digests, *ended_digests, *fill_digests, held_digest)
        return NotFound(tuple(held), digests)

    async def _found(self, report: OrderReport, symbol: Symbol) -> Found:
        if report.symbol != symbol:
            raise Unread(f"asked for {report.client_id} in {symbol}, told of it in {report.symbol}")
        if not report.filled:
            return Found(report, ())
        own = await self._reads.fills_of(report.venue_order_id, urgent=True)
        if any((fill.symbol, fill.client_id) != (symbol, report.client_id) for fill in own):
            raise Unread(f"executions of order {report.venue_order_id} carry another name")
        if total(fill.quantity for fill in own) < report.filled:
            raise Unread(f"order {report.venue_order_id} sold {report.filled}, and its executions less")
        return Found(report, tuple(own))
