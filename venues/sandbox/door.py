"""What a venue's dialect is to the sandbox server: the one interface between wire and words.

The server owns sockets, ports, clocks and whatever goes wrong on purpose; it knows no venue's paths, codes or frames.
A dialect owns these and nothing else: it gets a `House` to stand on, turns each `Call` into an `Answer`, and serves
the sockets of its streams. `dialects.py` lists who speaks what.

One port serves one dialect. The server keeps `/sandbox/...` for itself; every other path is the dialect's. A call goes
through the fault plan under the name that `Dialect.op` gives it (the names stand in `faults.OPS`), and only then to
`answer`, which may be asked twice (a request that came twice) or late (one that was held up), but never by two at
once. Nothing in a dialect waits, except `stream` and `close`.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final, Protocol

from aiohttp import web
from msgspec import Struct, field

from engine.kernel.clock import Instant
from venues.sandbox.clock import MarketClock
from venues.sandbox.dealer import Dealer
from venues.sandbox.exchange import Exchange
from venues.sandbox.faults import Faults
from venues.sandbox.limits import Limits
from venues.sandbox.model import OrderRow, PrivateEvent, PublicTrade

JSON: Final = "application/json"


class Right(StrEnum):
    """What an API key may do. A key that may trade or withdraw may also read."""

    READ = "read"
    TRADE = "trade"
    WITHDRAW = "withdraw"


TRADER: Final = frozenset({Right.READ, Right.TRADE})


class Account(Struct, frozen=True):
    """What an API key opens."""

    name: str
    secret: str
    rights: frozenset[Right] = TRADER
    expires: Instant | None = None
    """Wall time from which on the key opens nothing."""


class Call(Struct, frozen=True):
    """A request as it came over the wire, nothing decoded. Undecodable bytes of the body are surrogate escapes."""

    method: str
    path: str
    """Without the query and the question mark before it."""
    query: str = ""
    body: str = ""
    key: str = ""
    """The value of the first of `Dialect.key_headers` that the request has; empty without any."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """By name in lower case."""
    address: str = ""
    """The caller's IP address, for limits that are counted by it."""


class Answer(Struct, frozen=True):
    """What goes back."""

    status: int
    body: bytes
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)


class House(Struct, frozen=True, kw_only=True):
    """What a dialect stands on: one venue of the hall."""

    exchange: Exchange
    """It is brought to the present with `exchange.advance(clock.market())` before it is asked."""
    dealer: Dealer
    """Quotes on request, over the same accounts."""
    accounts: Mapping[str, Account]
    """By API key; several keys may open one account."""
    clock: MarketClock
    """`market()` is the time of trades and orders, `wall()` that of signatures, keys and limits."""
    faults: Faults
    """The plan as far as it concerns this venue; the dialect only hands it to its outboxes."""
    limits: Limits | None = None
    """`None`: anybody may ask at any pace."""
    seed: int = 0
    options: Mapping[str, str] = field(default_factory=dict)
    """Switches of this dialect alone, from `--option NAME.KEY=VALUE`; the dialect refuses what it does not know with
    `ValueError` when it is made."""


class Dialect(Protocol):
    """One venue on its own port, in its own words."""

    name: str
    """The venue's, as in configs and in the ready line."""
    streams: Mapping[str, str]
    """Paths of the sockets under their names in the ready line, such as `ws_public` and `ws_private`."""
    key_headers: Sequence[str]
    """Headers that may carry an API key, in lower case."""

    def op(self, call: Call) -> str | None:
        """The kind of message that this call is to a fault plan; `None` for what is not served at all."""

    def answer(self, call: Call) -> Answer:
        """Do what the call asks, if it may. Refusals are answers too; nothing that a client sends raises."""

    def named_order(self, call: Call) -> OrderRow | None:
        """The order that this cancel names, for those who want to take it first; `None` if there is no one such."""

    def coded(self, code: str) -> Answer:
        """The venue's own error of this code or name, with the status that it has there."""

    def limited(self, status: int) -> Answer:
        """What a caller hears who asked too often: 429, or 418 for one who is banned."""

    def closed(self) -> Answer:
        """What every caller hears during maintenance."""

    def is_stream(self, path: str) -> bool:
        """Is a socket to be opened here?"""

    async def stream(self, request: web.BaseRequest, call: Call) -> web.StreamResponse:
        """Serve one socket until it ends; what it sends goes through an `Outbox`."""

    def show(self, events: Sequence[PrivateEvent], trades: Sequence[PublicTrade]) -> None:
        """Tell open sockets what has happened since the last time, and what books look like now.

        Asked many times a second, mostly with nothing new: pings and depth of one's own pace belong here as well.
        """

    def expire(self) -> None:
        """Every key or session of a private stream ends now, as it would have ended in its time."""

    async def close(self) -> None:
        """End every socket in an orderly way. After maintenance others may be opened."""
