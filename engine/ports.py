"""What the outside does for us. Adapters implement these; drivers hold them; nothing below a driver sees them."""

from collections.abc import AsyncIterator, Sequence
from typing import Protocol, runtime_checkable

from msgspec import Struct

from engine.kernel.clock import Instant, Span
from engine.kernel.ids import ClientOrderId, Symbol, VenueName
from engine.market.facts import MarketFact
from engine.market.fees import StatedFees
from engine.market.instrument import Instrument
from engine.orders.order import Approved
from engine.orders.reports import (
    Acceptance,
    Answer,
    Balance,
    Capabilities,
    DealAnswer,
    Fill,
    Mode,
    OrderReport,
    Outcome,
    Permissions,
    Quote,
    Quoted,
    QuoteRequest,
    Survey,
)
from engine.orders.tranche import CustodyStatement, Tranche, TrancheId, TrancheState


class Clock(Protocol):
    """Three times (decision 13). In production market and wall agree; a sandbox may play an hour in a minute."""

    def market(self) -> Instant:
        """Schedules, market data, records and reports."""

    def wall(self) -> Instant:
        """Signatures, listen keys, rate limits."""

    def mono(self) -> int:
        """Nanoseconds of a clock that never steps: spans and validity windows."""

    async def sleep(self, span: Span) -> None:
        """Let `span` of monotonic time pass."""

    async def until(self, at: Instant) -> None:
        """Wait for an instant of market time; returns at once when it has passed."""


class StreamUp(Struct, frozen=True, tag="up"):
    """The private stream, or the polling in its place, works; what happened before it has to be read."""


class StreamDown(Struct, frozen=True, tag="down"):
    """The private stream broke, fell silent, or its key ended."""

    reason: str


class ModeSeen(Struct, frozen=True, tag="mode"):
    """The venue receives us in another way than before."""

    mode: Mode
    reason: str = ""


VenueFact = OrderReport | Fill | StreamUp | StreamDown | ModeSeen


class Venue(Protocol):
    """One account on one exchange.

    `place`, `cancel` return how the call ended and never raise for what a venue or a network does. Whatever an
    adapter raises all the same counts as `Unknown`.
    """

    name: VenueName
    capabilities: Capabilities

    async def instruments(self) -> Sequence[Instrument]:
        """Every pair that the venue lists now."""

    async def place(self, approved: Approved) -> Outcome:
        """Send once. No retry of any kind below this call."""

    async def cancel(self, symbol: Symbol, client_id: ClientOrderId) -> Outcome:
        """Ask for a cancel by client id. Send once."""

    async def lookup(self, symbol: Symbol, client_id: ClientOrderId, since: Instant) -> Answer:
        """One complete round: by client id, open orders, closed orders since, trades since, balances."""

    async def survey(self, since: Instant) -> Survey:
        """The whole account; raises when any part could not be read."""

    async def holdings(self) -> Sequence[Balance]:
        """All balances of the account."""

    async def server_time(self) -> Instant:
        """The venue's wall clock."""

    async def permissions(self) -> Permissions:
        """What our key may do there; raises when the venue does not say."""

    async def quote(self, request: QuoteRequest) -> Quoted:
        """Ask for a firm price. `Refused` where the venue gives none."""

    async def accept(self, quote: Quote) -> Acceptance:
        """Take the quote, once. After `Unknown` only `deal` is asked; nothing is accepted again."""

    async def deal(self, quote: Quote) -> DealAnswer:
        """What became of a quote, by the venue's own records."""

    def facts(self) -> AsyncIterator[VenueFact]:
        """The private stream, or polls in its place, for ever: recovers by itself and says so. One consumer."""

    async def aclose(self) -> None:
        """Let go of connections."""


@runtime_checkable
class StatesFees(Protocol):
    """A venue that can be asked what it charges us; few can, so it is no part of `Venue`."""

    async def stated_fees(self) -> StatedFees:
        """Our tier and its rates; raises when the venue does not say."""


class Market(Protocol):
    """Public market data of one venue, whether or not we may trade there."""

    name: VenueName

    async def listed(self) -> Sequence[Instrument]:
        """Every pair that the venue lists now, asked without a key; raises when the list could not be had."""

    async def start(self, symbols: Sequence[Symbol]) -> None:
        """Begin to watch; returns when each pair has had its first book, or raises `TimeoutError` and goes on."""

    def drain(self, at: Instant) -> Sequence[MarketFact]:
        """Everything that has been seen up to `at` and was not drained before, in order of arrival."""

    async def aclose(self) -> None:
        """Let go of connections."""


class Custody(Protocol):
    """The custodian of a case's coin. The engine has no key of it: it asks, and reads what became of it.

    `ask` and `look` return how the call ended and never raise for what a custodian or a network does.
    """

    name: str

    async def holdings(self) -> CustodyStatement:
        """What the custodian says lies there for this case; raises when it does not say, or not clearly."""

    async def ask(self, tranche: Tranche) -> Outcome:
        """Lodge a request. `Done` is lodged and not yet sent; a second request under one id makes no second movement.

        After `Unknown` or `Transient` the same tranche may therefore be asked for again.
        """

    async def look(self, tranche: TrancheId) -> TrancheState:
        """How far the custodian has come with it."""

    async def aclose(self) -> None:
        """Let go of connections and files."""


class Signer(Protocol):
    """A person's Ed25519 key, wherever it is kept: in an encrypted file, or in a device that signs by itself."""

    name: str

    def public_key(self) -> bytes:
        """The 32 raw bytes that `people.toml` names."""

    def sign(self, text: bytes) -> bytes:
        """The 64 bytes of the signature over `text`."""
