"""Other people's orders, as data in time order. A flow says what they do; only the exchange knows what comes of it.

Prices and sizes are whole ticks and lots of the listing that the flow was made for. A flow holds no book.
"""

from collections.abc import Iterable
from enum import Enum
from typing import Protocol

from msgspec import Struct

from engine.kernel.clock import Instant


class Act(Enum):
    """What another participant does."""

    ADD = "add"
    """Comes to rest; see `Book.arrive` for what happens where it crosses."""
    LESSEN = "lessen"
    """Keeps its place with at most `lots` left; never grows."""
    LEAVE = "leave"
    TAKE = "take"
    """Takes what stands up to `lots`, no further than `ticks`, and rests nothing."""


class FlowAction(Struct, frozen=True, gc=False):
    """One action. `LESSEN` and `LEAVE` of an order that is gone already mean nothing and harm nothing."""

    at: Instant
    symbol: str
    act: Act
    key: int
    """Names a resting order within its flow; unused by `TAKE`."""
    bid: bool
    """The side of the order; a `TAKE` with `bid` buys."""
    ticks: int
    lots: int
    patient: bool = True
    """An `ADD` that was meant to stand; see `Book.arrive`."""


class Flow(Protocol):
    """A source of background flow for one symbol. Lazy: what is not pulled has not happened yet."""

    symbol: str
    origin: Instant
    """Market time of its first moment."""

    def until(self, to: Instant) -> Iterable[FlowAction]:
        """All actions with `at <= to` that were not pulled before, in order; pulled one by one."""

    def felt(self, at: Instant, sold: bool, lots: int) -> None:
        """An account took `lots` from the book. Whoever generates the flow may change their mind about the price."""
