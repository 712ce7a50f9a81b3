"""What an adapter is to whoever opens it: a name, what its venue can do, what in it is invented, and how to open it."""

from collections.abc import Callable, Mapping
from typing import Final

from msgspec import Struct

from engine.kernel.ids import VenueName
from engine.orders.reports import (
    Acceptance,
    Capabilities,
    DealAnswer,
    NoWord,
    Quote,
    Quoted,
    QuoteRequest,
    Refused,
)
from engine.ports import Clock, Market, Venue

NOT_OFFERED: Final = Refused("not_offered", "this venue gives no firm quotes")


class Mock(Struct, frozen=True):
    """One thing that the venue's documents do not say, and what we took it to be until somebody knows."""

    what: str
    chosen: str


class Site(Struct, frozen=True, kw_only=True):
    """Where a venue is, who we are there, and by which clock we live."""

    name: VenueName
    """The venue's name in the config; it stands in every record."""
    capabilities: Capabilities
    clock: Clock
    address: str = ""
    """The root of a sandbox on this machine."""
    production: bool = False
    """Speak to the venue itself, at its own addresses. Without it an adapter reaches nothing but this machine."""
    key: tuple[str, str] | None = None
    """Key and secret; without them only public data can be had."""
    options: Mapping[str, str] = {}
    """What else `[venues.NAME]` says, for the adapter alone."""
    withheld: Callable[[], str] = lambda: ""
    """Why a new order may not leave; asked last of all, when its turn has come. Empty when it may."""
    seed: int = 0
    """For the jitter of reconnects."""


class Adapter(Struct, frozen=True, kw_only=True):
    """One way of speaking, for `venues.registry` and for the entry-point group `steelyard.venues`."""

    name: str
    about: str
    """One line for `steelyard venues`: which exchange, by which interface."""
    capabilities: Capabilities
    """Of the venue itself."""
    sandbox: Capabilities
    """Of a sandbox that speaks its dialect: shorter windows, so that what is unknown is cleared up in seconds."""
    venue: Callable[[Site], Venue]
    """Our account there. Nothing is sent yet; `BadInput` with every mistake in address, key and options."""
    market: Callable[[Site], Market]
    """Its public prices; needs no key."""
    mocks: tuple[Mock, ...] = ()
    public_hosts: tuple[str, ...] = ()
    """Where its public prices come from in production; a rehearsal on live prices goes nowhere else."""
    options: Mapping[str, str] = {}
    """Every option that `[venues.NAME]` may carry, with a line of help."""


class NoQuotes:
    """The quote side of a venue that has none."""

    async def quote(self, request: QuoteRequest) -> Quoted:
        """There are none here."""
        return NOT_OFFERED

    async def accept(self, quote: Quote) -> Acceptance:
        """There are none here."""
        return NOT_OFFERED

    async def deal(self, quote: Quote) -> DealAnswer:
        """There are none here."""
        return NoWord(NOT_OFFERED.reason)
