"""The protocols of when and how. A strategy sees values from here, `market` and `kernel`, and nothing else."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Protocol

from msgspec import Struct

from engine.kernel.clock import Instant
from engine.kernel.money import ZERO
from engine.market.instrument import Instrument
from engine.market.traded import Traded
from engine.market.view import MarketView
from engine.orders.order import Order, TimeInForce


class Progress(Struct, frozen=True):
    """How far a leg is: what a schedule may look at. Quantities in the asset sold."""

    total: Decimal
    """All that the leg may sell as known now: for a leg fed by others, what they have really received so far."""
    sold: Decimal
    closing: bool
    """Nothing more will be added to `total`."""
    oldest: Instant | None
    """When the oldest unsold unit arrived; `None` when there is none, or all were there from the start."""
    at: Instant
    lot: Decimal
    traded: Traded = Traded()
    """What others have traded since the leg began, on all its venues."""
    before: Decimal = ZERO
    """Of `sold`, what was sold before the slice of `at` began."""


class Schedule(Protocol):
    """When: the cumulative quantity that should have been sold by now, and the instants at which to look."""

    def target(self, progress: Progress) -> Decimal:
        """In the asset sold; never above `progress.total`."""

    def slice(self, at: Instant) -> int:
        """The index of the slice that `at` falls into; a slice has one order at a time."""

    def following(self, at: Instant) -> Instant:
        """The first slice time strictly after `at`."""

    def step(self, progress: Progress) -> Decimal | None:
        """What the slice of `progress.at` is planned to sell, for the catch-up cap; `None` where no cap makes sense."""


class Fees(Struct, frozen=True):
    """What a venue takes of a sale, as fractions of what is received."""

    maker: Decimal = ZERO
    taker: Decimal = ZERO


class Want(Struct, frozen=True):
    """What a tactic is asked: sell `quantity`, not below `floor`, before `until`."""

    quantity: Decimal
    floor: Decimal
    """The lowest limit that may be used, already on the tick."""
    at: Instant
    until: Instant
    view: MarketView
    instrument: Instrument
    resting: Order | None
    """Our order in the book, if one stands."""
    fees: Fees = Fees()
    flow: Decimal = ZERO
    """What others trade of the pair there in a second of market time, of late; 0 where nothing is known."""
    slice: int = 0
    attempt: int = 1
    """One more than the orders that the slice has had, were all its venues sent as many as this one: a counter for
    budgets, which venues share, and for seeded draws."""
    met: bool = False
    """The market has done what the leg's condition wants, for this slice; not said where there is no condition."""


class Post(Struct, frozen=True):
    """Place an order."""

    quantity: Decimal
    price: Decimal
    tif: TimeInForce


class Pull(Struct, frozen=True):
    """Cancel the resting order."""


class Look(Struct, frozen=True):
    """Ask me again then."""

    at: Instant


Move = Post | Pull | Look


class Tactic(Protocol):
    """How: from a deficit and a book to orders. It can only want too much; the gate decides."""

    def act(self, want: Want) -> Sequence[Move]:
        """At most one `Post`, and none while an order rests."""
