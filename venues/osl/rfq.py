"""Firm quotes over v3: ask, accept once, and find out what became of an acceptance whose answer was lost.

v3 wants rising tonces, so its calls are sent one after another. A quote id is good for one deal. Once a quote is dead
by any clock, accepting it again can only tell: the venue knows a trade for it, or it doesn't. That also shuts out the
first acceptance, should it still be on its way.
"""

import asyncio
from collections.abc import Callable

from msgspec.structs import replace

from engine.kernel.clock import Span
from engine.kernel.ids import VenueName
from engine.orders.reports import (
    Acceptance,
    Deal,
    DealAnswer,
    Dealt,
    NoDeal,
    NoWord,
    Quote,
    Quoted,
    QuoteRequest,
    Refused,
    Transient,
    Unknown,
)
from engine.ports import Clock
from venues.osl import mock, quotes
from venues.osl.calls import Calls, Unread, Unsent
from venues.osl.outcomes import Reply
from venues.pacing import Kind
from venues.transport import HttpRequest


class Rfq:
    """The quote side of one account."""

    def __init__(
        self,
        name: VenueName,
        calls: Calls,
        clock: Clock,
        *,
        read_lag: Span,
        patience: Span,
        withheld: Callable[[], str],
    ) -> None:
        """`read_lag` and `patience` in wall time; `withheld` says why nothing may be accepted, asked last of all."""
        self._name, self._calls, self._clock = name, calls, clock
        self._read_lag, self._patience, self._withheld = read_lag, patience, withheld
        self._one_by_one = asyncio.Lock()

    async def quote(self, request: QuoteRequest) -> Quoted:
        """Ask for a firm price of a sale; never raises for what the venue or the network does."""
        try:
            quotes.quote_body(request, 0)
        except ValueError as error:
            return Refused("unsendable", str(error), stop_venue=True)
        reply = await self._send(quotes.QUOTE_PATH, lambda tonce: quotes.quote_body(request, tonce), "query")
        match reply:
            case Reply():
                outcome = quotes.quoted(self._name, request, reply, self._clock.wall())
            case Unknown():
                outcome = Transient(reply.reason, wire=reply.wire)
            case _:
                outcome = reply
        return outcome if isinstance(outcome, Quote) else replace(outcome, reason=self._calls.redact(outcome.reason))

    async def accept(self, quote: Quote) -> Acceptance:
        """Take the quote, once; never raises for what the venue or the network does."""

        def guard() -> Unsent | None:
            if why := self._withheld():
                return Transient(f"withheld: {why}")
            if self._clock.wall() >= quote.expires_at:
                return Refused("QUOTE_EXPIRED", "it had run out before it was sent")
            return None

        try:
            quotes.accept_body(quote.quote_id, 0)
        except ValueError as error:
            return Refused("unsendable", str(error), stop_venue=True)
        reply = await self._accept(quote, guard)
        outcome = quotes.accepted(quote, reply, self._clock.market()) if isinstance(reply, Reply) else reply
        return outcome if isinstance(outcome, Dealt) else replace(outcome, reason=self._calls.redact(outcome.reason))

    async def deal(self, quote: Quote) -> DealAnswer:
        """What became of the quote: by the list, and once it is dead by asking for it again."""
        try:
            return await self._deal(quote)
        except (Unread, ValueError) as error:
            return NoWord(self._calls.redact(str(error)))
        except Exception as error:  # noqa: BLE001 - a question that failed, however it failed, proves nothing
            return NoWord(f"the look-up failed: {type(error).__name__}")

    async def _deal(self, quote: Quote) -> DealAnswer:
        found, first = await self._listed(quote)
        if found is not None:
            return Dealt(found, first.wire)
        if self._clock.wall() < quote.expires_at + quotes.MARGIN + self._read_lag:
            return NoWord("the quote may still be executed")
        asked = await self._accept(quote, lambda: None)
        if not isinstance(asked, Reply):
            return NoWord(asked.reason)
        outcome, said = quotes.accepted(quote, asked, self._clock.market()), quotes.verdict(asked)
        if isinstance(outcome, Dealt):
            return outcome
        if said is None or said.code not in mock.QUOTE_DEAD | {mock.DEALT_ALREADY}:
            return NoWord(outcome.reason or "the venue does not say what became of the quote")
        found, again = await self._listed(quote)
        if found is not None:
            return Dealt(found, again.wire)
        if said.code == mock.DEALT_ALREADY:  # dealt at the quote's own terms; the list trails behind
            return Dealt(quotes.deal(quote, quote.quote_id, self._clock.market()), asked.wire)
        return NoDeal((first.wire.answer, asked.wire.answer, again.wire.answer))

    async def _listed(self, quote: Quote) -> tuple[Deal | None, Reply]:
        reply = await self._send(quotes.TRANSACTIONS_PATH, quotes.transactions_body, "query", urgent=True)
        if not isinstance(reply, Reply):
            raise Unread(reply.reason)
        if reply.status != 200:
            raise Unread(f"{quotes.TRANSACTIONS_PATH}: HTTP {reply.status}")
        return quotes.listed(quote, reply.body), reply

    async def _accept(self, quote: Quote, guard: Callable[[], Unsent | None]) -> Reply | Unsent | Unknown:
        def body(tonce: int) -> bytes:
            return quotes.accept_body(quote.quote_id, tonce)

        return await self._send(quotes.ACCEPT_PATH, body, "order", guard=guard, urgent=True)

    async def _send(
        self,
        path: str,
        body: Callable[[int], bytes],
        kind: Kind,
        *,
        guard: Callable[[], Unsent | None] = lambda: None,
        urgent: bool = False,
    ) -> Reply | Unsent | Unknown:
        def request() -> HttpRequest | Unsent:
            return guard() or self._calls.v3(path, body)

        async with self._one_by_one:
            return await self._calls.once(self._calls.pacers.v3, kind, request, urgent=urgent, patience=self._patience)
