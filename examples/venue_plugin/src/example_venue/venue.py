"""Our account on the Village Exchange, as `engine.ports.Venue`.

The exchange has no stream: its ledger is asked again and again, and what is new in it is told. One answer holds orders,
trades and balances of one moment, so one answer is a complete round.
"""

from collections.abc import AsyncIterator, Sequence
from typing import Final, TypeVar

import msgspec

from engine.kernel.clock import MILLISECOND, SECOND, Instant, Span, of_millis
from engine.kernel.ids import ClientOrderId, Symbol
from engine.market.instrument import Instrument
from engine.orders.order import Approved, OrderType, TimeInForce
from engine.orders.reports import (
    Answer,
    Balance,
    Done,
    Found,
    Mode,
    NotFound,
    NoWord,
    Outcome,
    Permissions,
    Refused,
    Survey,
    Transient,
    Unknown,
    Wire,
)
from engine.ports import ModeSeen, StreamDown, StreamUp, VenueFact
from example_venue import wire
from venues.adapter import NoQuotes, Site
from venues.secrets import keys_of
from venues.transport import HttpRequest, HttpResponse, NoAnswer, NotSent, Transport

T = TypeVar("T")
OVERLAP: Final = Span(5 * SECOND)
"""The exchange's clock and ours may differ by so much."""
BAN: Final = Span(60 * SECOND)
"""How long nothing is asked once the exchange wants nothing from us."""
LIVES: Final = {TimeInForce.GTC: "stay", TimeInForce.IOC: "now"}


class Unread(Exception):
    """A question that brought no answer that can be used."""


class VillageVenue(NoQuotes):
    """One account. A write is sent once; a read succeeds whole or raises `Unread`."""

    def __init__(self, site: Site, transport: Transport) -> None:
        self.name, self.capabilities = site.name, site.capabilities
        self._site, self._transport, self._keys = site, transport, keys_of(site)
        self._mode, self._banned_until = Mode.NORMAL, 0

    async def instruments(self) -> Sequence[Instrument]:
        """Every pair; `Unread` when the list could not be had."""
        rows, _ = await self._read("/pairs", list[wire.Pair])
        return [wire.instrument(self.name, row) for row in rows]

    async def place(self, approved: Approved) -> Outcome:
        """Send the order once."""
        order = approved.order
        if order.type is not OrderType.LIMIT or order.tif not in LIVES:
            return Refused("unsendable", f"{order.type} {order.tif} does not exist here", stop_venue=True)
        asked = {
            "ref": order.client_id,
            "pair": order.symbol,
            "size": f"{order.quantity:f}",
            "limit": f"{order.price:f}",
            "life": LIVES[order.tif],
        }
        if why := self._site.withheld():
            return Transient(f"withheld: {why}")
        outcome = await self._write("POST", "/orders", msgspec.json.encode(asked), wire.NOT_PLACED)
        told = outcome.report if isinstance(outcome, Done) else None
        if told is not None and (told.client_id, told.symbol, told.quantity, told.price) != (
            order.client_id,
            order.symbol,
            order.quantity,
            order.price,
        ):
            return Unknown("the answer describes another order")
        return outcome

    async def cancel(self, symbol: Symbol, client_id: ClientOrderId) -> Outcome:
        """Ask once for a cancel."""
        return await self._write("DELETE", f"/orders/{client_id}", b"", wire.NOT_CANCELLED)

    async def lookup(self, symbol: Symbol, client_id: ClientOrderId, since: Instant) -> Answer:
        """The whole ledger, and what it says of the order."""
        try:
            ledger, digest = await self._ledger()
            fills = tuple(wire.fill(self.name, row) for row in ledger.trades if row.ref == client_id)
            for row in ledger.orders:
                if row.ref == client_id:
                    return Found(wire.report(self.name, row), fills)
            return NotFound(wire.balances(ledger), (digest,))
        except (Unread, ValueError) as error:
            return NoWord(str(error))

    async def survey(self, since: Instant) -> Survey:
        """The whole account; raises when it could not be read."""
        ledger, _ = await self._ledger()
        opened = tuple(wire.report(self.name, row) for row in ledger.orders if row.state == "open")
        recent = (row for row in ledger.trades if of_millis(row.ms) >= since - OVERLAP)
        return Survey(
            self.name, since, opened, tuple(wire.fill(self.name, row) for row in recent), wire.balances(ledger)
        )

    async def holdings(self) -> Sequence[Balance]:
        """All balances; raises when they could not be read."""
        ledger, _ = await self._ledger()
        return wire.balances(ledger)

    async def server_time(self) -> Instant:
        """The exchange's wall clock."""
        shown, _ = await self._read("/clock", dict[str, int])
        return of_millis(shown["ms"])

    async def permissions(self) -> Permissions:
        """What the key may do."""
        may, _ = await self._read("/key", dict[str, bool])
        return Permissions(trade=may["sell"], withdraw=may["withdraw"])

    async def facts(self) -> AsyncIterator[VenueFact]:
        """What is new in the ledger, for ever. What happened before the first answer is for `survey` to read."""
        count: int | None = None
        up, mode = False, Mode.NORMAL
        while True:
            try:
                ledger, _ = await self._ledger(after=count)
                told = self._told(ledger)
            except (Unread, ValueError) as error:
                if up:
                    yield StreamDown(str(error))
                up = False
            else:
                if not up:
                    yield StreamUp()
                for fact in told if count is not None else ():
                    yield fact
                count, up = ledger.count, True
            if mode is not self._mode:
                mode = self._mode
                yield ModeSeen(mode)
            await self._site.clock.sleep(self.capabilities.poll)

    async def aclose(self) -> None:
        """Let go of connections."""
        await self._transport.aclose()

    def _told(self, ledger: wire.Ledger) -> list[VenueFact]:
        """Fills before the orders that they belong to."""
        fills = [wire.fill(self.name, row) for row in ledger.trades]
        return [*fills, *(wire.report(self.name, row) for row in ledger.orders)]

    async def _ledger(self, after: int | None = None) -> tuple[wire.Ledger, str]:
        return await self._read("/ledger" if after is None else f"/ledger?after={after}", wire.Ledger)

    async def _read(self, target: str, shape: type[T]) -> tuple[T, str]:
        """The answer in its shape, and the digest of its bytes."""
        try:
            response = await self._call(self._request("GET", target))
        except (NotSent, NoAnswer) as error:
            raise Unread(f"{target}: {error}") from None
        if response.status != 200:
            raise Unread(f"{target}: HTTP {response.status}")
        try:
            return wire.parsed(response.body, shape), response.digest
        except ValueError as error:
            raise Unread(f"{target}: {error}") from None

    async def _write(self, method: str, target: str, body: bytes, refusals: frozenset[str]) -> Outcome:
        request = self._request(method, target, body)
        sent = Wire(request=request.digest)
        try:
            response = await self._call(request)
        except NotSent as error:
            return Transient(f"not sent: {error}", wire.BUSY_WAIT, sent)
        except NoAnswer as error:
            return Unknown(f"no answer: {error}", sent)
        both = Wire(sent.request, response.digest)
        if response.status != 200:
            return wire.judged(response.status, response.body, both, refusals)
        try:
            return Done(wire.report(self.name, wire.parsed(response.body, wire.Order)), both)
        except ValueError as error:
            return Unknown(str(error), both)

    async def _call(self, request: HttpRequest) -> HttpResponse:
        """Send once, and note how the exchange receives us. While it wants nothing from us nothing is sent."""
        if self._site.clock.mono() < self._banned_until:
            raise NotSent("the exchange wants nothing from us for a while")
        response = await self._transport.call(request)
        if response.status == 418:
            self._mode, self._banned_until = Mode.BANNED, self._site.clock.mono() + BAN
        elif response.status == 200:
            self._mode = Mode.NORMAL
        elif wire.shut(response.status, response.body):
            self._mode = Mode.MAINTENANCE
        return response

    def _request(self, method: str, target: str, body: bytes = b"") -> HttpRequest:
        ms = self._site.clock.wall() // MILLISECOND
        headers = {
            "Village-Key": self._keys.key.reveal(),
            "Village-Time": str(ms),
            "Village-Seal": wire.seal(self._keys.secret.reveal(), method, target, ms, body),
        }
        return HttpRequest(method, self._site.address + target, headers, body)
