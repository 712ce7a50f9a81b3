"""A rig over sockets: the adapter, a proxy that spoils what it carries, and behind it a dialect of the sandbox."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final
from unittest.mock import patch

from msgspec import Struct
from msgspec.structs import replace

from engine.kernel.clock import MILLISECOND, MINUTE, Span
from engine.kernel.ids import VenueName
from engine.orders.reports import Capabilities
from tests.conformance.rig import Op, Spoil
from tests.conformance.rigs.clocks import RigClock
from tests.conformance.rigs.floor import OURS, PRICE, Books, Floor
from tests.conformance.rigs.proxy import Kind, Proxy
from venues import pacing, registry
from venues.adapter import Site
from venues.sandbox.clock import MarketClock
from venues.sandbox.dealer import Dealer, DealerTerms
from venues.sandbox.exchange import Exchange
from venues.sandbox.faults import FaultPlan, Faults
from venues.sandbox.model import Listing, Mode
from venues.sandbox.server import SandboxServer

KEY: Final = ("key-of-the-kit", "c2VjcmV0LW9mLXRoZS1raXQtMDEyMzQ1Njc4OWFiY2RlZg==")
"""The secret is base64, which one of the venues wants of it."""

PASSING: Final = Span(10 * MINUTE)

DARK_S: Final = 0.6
"""How long polls go unanswered in place of a break: longer than an adapter can take for a stumble."""


class Front(Struct, frozen=True, kw_only=True):
    """What one venue's rig says of itself."""

    adapter: str
    """In the registry."""
    dialect: str
    """Of the sandbox."""
    listings: tuple[Listing, ...]
    kind: Kind
    private: Callable[[str], bool]
    """Is the socket at this path a private stream?"""
    named: Callable[[str, bytes], str]
    """The client id that a cancel names, by its path with query and its body."""
    terms: DealerTerms
    vague: frozenset[str] = frozenset()
    polls: bool = False
    """Facts are polled for, so a break is a read that fails."""
    options: Mapping[str, str] = {}
    poll: Span = Span(20 * MILLISECOND)


class ServedRig(Floor):
    """One exchange behind two sockets."""

    def __init__(self, front: Front) -> None:
        super().__init__(front.listings)
        self.vague = front.vague
        self.dealer = Dealer(self.exchange, seed=1, venue=front.dialect, terms=front.terms)
        self.server = at_rest(front.dialect, self.exchange, self.dealer)
        self.clock = RigClock(self.exchange.now, wall_is_real=True)
        self.instrument, self.second = (
            replace(self.listed(symbol, front.adapter), band=self.exchange.listings[symbol].band)
            for symbol in ("BTCUSDT", "ETHUSDT")
        )
        self.price = PRICE
        self.proxy: Proxy
        self.venue: Any = None
        self.market: Any = None
        self._front = front

    async def start(self) -> None:
        """The exchange, the proxy before it, and the adapter before that."""
        front, offered = self._front, registry.adapter(self._front.adapter)
        self.proxy = Proxy(await self.server.start(), front.kind, private=front.private, race=self._race)
        site = Site(
            name=VenueName(front.adapter),
            capabilities=_hurried(offered.sandbox, front.poll),
            clock=self.clock,
            address=await self.proxy.start(),
            key=KEY,
            options=front.options,
        )
        self.venue, self.market = offered.venue(site), offered.market(replace(site, key=None))

    async def stop(self) -> None:
        """From the adapter inwards."""
        if self.venue is not None:
            await self.venue.aclose()
            await self.market.aclose()
        await self.proxy.stop()
        await self.server.stop()
        assert self.server._broken is not None
        if self.server._broken.done():
            self.server._broken.result()  # the exchange itself came to a stop, by nobody's plan

    def arrive(self) -> None:
        """The exchange comes to the present."""
        self.exchange.advance(self.server.clock.market())

    def changed(self) -> None:
        """Open sockets hear of it at once."""
        self.server._show()

    async def halt(self) -> None:
        """The exchange stops trading BTC."""
        self.exchange.halt("BTCUSDT")

    async def spoil(self, op: Op, how: Spoil, after: int = 0) -> None:
        """One call to come goes wrong."""
        self.proxy.spoil(op, how, after)

    async def cut_stream(self) -> None:
        """The private stream breaks off, or no poll is answered for a while."""
        if self._front.polls:
            self.proxy.darken(Op.READ, DARK_S)
        else:
            self.proxy.cut(private=True)

    async def double_stream(self) -> None:
        """Every private frame comes twice."""
        self.proxy.doubled = True

    async def cut_feed(self) -> None:
        """The public sockets break off."""
        self.proxy.cut(private=False)

    async def close_down(self) -> None:
        """Maintenance begins."""
        self.server.switch(Mode.MAINTENANCE)

    async def open_again(self) -> None:
        """Maintenance is over."""
        self.server.switch(Mode.NORMAL)

    async def skew(self, span: Span) -> None:
        """Our own wall clock goes wrong; the venue's goes on."""
        self.clock.skew = span

    async def expire_quotes(self) -> None:
        """Both wall clocks go on by more than any quote lasts, and by less than a listen key does."""
        self.server.clock.skew += PASSING
        self.clock.skew = Span(self.clock.skew + PASSING)

    async def truth(self) -> Books:
        """What the exchange knows."""
        deals = tuple(deal.quote.id for deal in self.dealer.history(OURS) if deal.done)
        return replace(self.known(self.server.clock.wall()), deals=deals)

    def sent(self, op: Op) -> int:
        """How many calls of this kind have arrived."""
        return self.proxy.sent[op]

    def _race(self, path: str, body: bytes) -> None:
        self.exchange.hit(OURS, self._front.named(path, body))
        self.changed()


def at_rest(dialect: str, exchange: Exchange, dealer: Dealer | None = None) -> SandboxServer:
    """The sandbox's own server of one venue, not yet listening; no fault is planned there."""
    return SandboxServer(
        exchange,
        {KEY[0]: (OURS, KEY[1])},
        MarketClock(exchange.now),
        Faults(FaultPlan(), dialect),
        speaks=dialect,
        dealer=dealer,
    )


def _hurried(capabilities: Capabilities, poll: Span) -> Capabilities:
    """As the venue's, but asked as often as a test can wait for."""
    return replace(capabilities, poll=min(capabilities.poll, poll))


@asynccontextmanager
async def served(front: Front) -> AsyncIterator[ServedRig]:
    """The rig, opened. Nothing is paced, since a case would spend its time waiting for turns."""
    rig = ServedRig(front)

    async def at_once(self: pacing.Pacer, kind: str, weight: int = 1, **_: Any) -> bool:
        return True

    with patch.object(pacing.Pacer, "acquire", at_once):
        await rig.start()
        try:
            yield rig
        finally:
            await rig.stop()
