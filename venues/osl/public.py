"""Public reads over REST, of prices and pairs, within the share of the address's budget that is kept for them."""

from typing import Final

import structlog

from engine.kernel.clock import SECOND, Instant, Span
from engine.kernel.ids import Symbol, VenueName
from engine.market.facts import Print
from engine.market.instrument import Instrument
from engine.orders.reports import Wire
from engine.ports import Clock
from venues.osl import frames, listings, outcomes, signing, wire
from venues.osl.calls import Unread
from venues.osl.checks import DEPTH
from venues.osl.endpoints import Endpoints
from venues.osl.listings import Listed
from venues.osl.outcomes import Reply
from venues.osl.signing import Pairs
from venues.pacing import Pacing
from venues.transport import HttpRequest, NoAnswer, NotSent, Transport

log = structlog.get_logger(__name__)

_PATIENCE: Final = Span(SECOND)


class PublicReads:
    """Snapshots of books, lists of trades, and the pairs; `Unread` when one could not be had."""

    def __init__(
        self, name: VenueName, endpoints: Endpoints, transport: Transport, clock: Clock, pacer: Pacing
    ) -> None:
        self._name, self._endpoints, self._transport = name, endpoints, transport
        self._clock, self._pacer = clock, pacer

    async def instruments(self) -> list[Instrument]:
        """Every pair with usable steps, narrowed by the catalogue of v5 where that can be read."""
        body = await self._get(wire.INSTRUMENT_PATH, [])
        try:
            listed = listings.usable(self._name, body)
        except wire.Odd as odd:
            raise Unread(str(odd)) from None
        known = await self._catalogue()
        return [listings.narrowed(each, known) for each in listed]

    async def snapshot(self, symbol: Symbol) -> frames.Snapshot:
        """The top of the book now."""
        body = await self._get(wire.BOOK_PATH, [("symbol", symbol), ("depth", str(DEPTH))])
        try:
            return frames.snapshot(symbol, body)
        except wire.Odd as odd:
            raise Unread(str(odd)) from None

    async def prints(self, symbol: Symbol, since: Instant) -> list[Print]:
        """Trades since then, oldest first."""
        pairs = [("symbol", symbol), ("reverse", "false"), ("startTime", wire.written(since))]
        body = await self._get(wire.TRADE_PATH, pairs)
        try:
            return frames.prints(self._name, symbol, body, self._clock.market())
        except wire.Odd as odd:
            raise Unread(str(odd)) from None

    async def _catalogue(self) -> dict[Symbol, Listed]:
        try:
            return listings.catalogue(await self._get(wire.CATALOGUE_PATH, []))
        except (Unread, wire.Odd) as error:
            log.warning("catalogue_unread", venue=self._name, reason=str(error))
            return {}

    async def _get(self, path: str, pairs: Pairs) -> bytes:
        if not await self._pacer.acquire("query", patience=_PATIENCE):
            raise Unread(f"{path}: no room in the venue's rate limits")
        request = HttpRequest("GET", self._endpoints.rest + signing.joined(path, pairs), {})
        try:
            response = await self._transport.call(request)
        except (NotSent, NoAnswer) as error:
            raise Unread(f"{path}: {error}") from None
        reply = Reply(response.status, response.body, response.headers, Wire())
        if (wait := outcomes.pause(reply)) is not None:
            self._pacer.hold("query", wait)
        if response.status != 200:
            raise Unread(f"{path}: HTTP {response.status}")
        return response.body
