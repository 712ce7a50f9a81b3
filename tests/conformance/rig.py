"""What the conformance kit needs of an exchange beside the port: somebody to trade with, things to go wrong, the truth.

A rig is one fresh exchange with one account of ours and nobody else in the book, opened for one case and closed after
it. Its types are protocols: an adapter of somebody else's need not import anything from here, and may give plain
texts where a `StrEnum` stands. It is found by the entry-point group `steelyard.conformance` under the adapter's name;
the entry is called without arguments and returns an asynchronous context manager whose value is the rig.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from engine.kernel.clock import Instant, Span
from engine.market.instrument import Instrument
from engine.ports import Clock, Market, Venue


class Op(StrEnum):
    """The kinds of call that a spoil can meet."""

    CREATE = "create"
    CANCEL = "cancel"
    READ = "read"
    """Any private read of orders, trades or balances."""
    QUOTE = "quote"
    ACCEPT = "accept"


class Spoil(StrEnum):
    """What goes wrong with one call. *Before*: the venue never acted on it. *After*: it did."""

    LOST_REQUEST = "lost request"
    """Before: the connection ends without an answer."""
    LATE = "late"
    """The connection ends without an answer, and the request takes effect a moment later."""
    TURNED_AWAY = "turned away"
    """Before: HTTP 503 from something in between."""
    LIMITED = "limited"
    """Before: the venue says that we ask too often (HTTP 429)."""
    BANNED = "banned"
    """Before, on a wire: the venue wants nothing from us any more for a while (HTTP 418)."""
    LOST_ANSWER = "lost answer"
    """After: the connection ends without an answer."""
    SERVER_ERROR = "server error"
    """After: HTTP 502 from something in between."""
    TIMED_OUT = "timed out"
    """After: HTTP 504 from something in between."""
    DOUBLED = "doubled"
    """The request arrives twice; the first answer comes back."""
    RACED = "raced"
    """Of a cancel: somebody takes the order that it names just before it arrives."""
    NOT_JSON = "not json"
    """After, on a wire: status 200 and a page for people."""
    EMPTY = "empty"
    """After, on a wire: status 200 and nothing."""
    TRUNCATED = "truncated"
    """After, on a wire: status 200 and the first half of the answer, as if it were all."""
    TORN = "torn"
    """After, on a wire: the connection ends in the middle of the answer."""
    RESET = "reset"
    """After, on a wire: the connection is reset before the answer."""
    NO_OBJECT = "no object"
    """After, on a wire: status 200 and `[]`, which no order is."""
    OTHER_WORDS = "other words"
    """After, on a wire: status 200 and JSON of another kind."""


class Sold(Protocol):
    """One execution of a sale of ours, as the exchange keeps it."""

    client_id: str
    trade_id: str
    quantity: Decimal
    price: Decimal
    fee: Decimal
    fee_asset: str
    maker: bool


class Standing(Protocol):
    """One order of ours, as the exchange keeps it."""

    client_id: str
    symbol: str
    quantity: Decimal
    price: Decimal
    filled: Decimal
    open: bool


class Money(Protocol):
    """One asset of our account, as the exchange keeps it."""

    free: Decimal
    locked: Decimal


class Truth(Protocol):
    """What the exchange knows at this moment of our account."""

    orders: Sequence[Standing]
    trades: Sequence[Sold]
    balances: Mapping[str, Money]
    deals: Sequence[str]
    """Ids of the quotes that were executed."""
    wall: Instant
    """The venue's own clock."""


class Rig(Protocol):
    """One exchange, opened for one case."""

    venue: Venue
    market: Market
    clock: Clock
    """The adapter's own."""
    instrument: Instrument
    """The pair to trade, as the exchange lists it, under the adapter's name."""
    second: Instrument
    """Another pair that the same account may sell."""
    price: Decimal
    """A price on the grid at which `instrument` can be offered; nobody bids when the rig opens. Half of it will do as
    a price at which `second` can be offered."""
    vague: frozenset[str]
    """What the adapter leaves open on purpose, of `VAGUE`; may be left out by one that leaves nothing open."""
    levers: frozenset[str]
    """Which of the methods below do what they say."""

    async def bid(self, price: Decimal, quantity: Decimal) -> None:
        """Somebody else rests a purchase of `instrument`."""

    async def take(self, client_id: str, quantity: Decimal | None = None) -> None:
        """Somebody else buys so much of our resting order, or all of it."""

    async def halt(self) -> None:
        """The exchange stops trading `instrument`."""

    async def spoil(self, op: Op, how: Spoil, after: int = 0) -> None:
        """The next call of this kind goes wrong, or the one that follows `after` others; one call only."""

    async def cut_stream(self) -> None:
        """The private stream breaks off, or polls in its place fail until it is noticed."""

    async def double_stream(self) -> None:
        """From here on the private stream tells everything twice; for a poll nothing changes."""

    async def cut_feed(self) -> None:
        """The public feed breaks off, or polls in its place fail until it is noticed."""

    async def close_down(self) -> None:
        """The venue closes for maintenance."""

    async def open_again(self) -> None:
        """The maintenance is over."""

    async def skew(self, span: Span) -> None:
        """Our own wall clock is ahead of the venue's by so much from here on."""

    async def expire_quotes(self) -> None:
        """So much time passes, for us and for the venue, that every quote has expired."""

    async def truth(self) -> Truth:
        """What the exchange knows."""

    def sent(self, op: Op) -> int:
        """How many calls of this kind have arrived at the exchange's door, spoilt ones included."""


VAGUE = frozenset({"refusals", "fills", "modes"})
"""What an adapter may leave open, if a library between it and the venue mixes up what it would have to tell apart.

`refusals`: each failed create or cancel is `Unknown`. `fills`: the stream tells cumulative quantities, and a look-up
the executions. `modes`: a closed venue is `StreamDown` like any other break. All of it costs time and no money.
"""
LEVERS = frozenset(
    {
        "bid", "take", "halt", "spoil", "cut_stream", "double_stream", "cut_feed", "close_down", "open_again", "skew",
        "expire_quotes",
    }
)  # fmt: skip
"""Every lever that there is. `truth` and `sent` are none: without them there is no kit."""
