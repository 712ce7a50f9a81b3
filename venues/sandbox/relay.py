"""One flow after another: when a recording is over, somebody else carries the market on.

A book that stands still for ever would be a stale one, and a run that starts late or lasts longer than the recording
could sell nothing in it. The second flow is made at the instant at which the first ends, around the price that the
first left behind; all orders of the first go at that instant, so that the two books never stand across each other.

The price is what other people's orders alone make of it. What accounts did to the book is not known here, and a
recording would not have minded it either; so the same flows hand over at the same price whatever was sold meanwhile.
"""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Protocol, runtime_checkable

from engine.kernel.clock import Instant
from engine.kernel.money import EXACT, times
from venues.sandbox.flow import Act, Flow, FlowAction
from venues.sandbox.matching import Book, Resting


class Ending(Flow, Protocol):
    """A flow that knows when it is over."""

    end: Instant
    """Its last moment."""


@runtime_checkable
class Pressed(Protocol):
    """A flow whose opinion gives way to what is taken in other markets."""

    def press(self, sold: bool, units: float) -> None:
        """So much base was taken there."""


@runtime_checkable
class Shifted(Protocol):
    """A flow whose opinion a script can move."""

    def shift(self, by_bp: float) -> None:
        """By so many basis points, from this moment on."""


class Relay:
    """Plays `first` to its end, and from there on whatever `then` makes at that instant around that mid."""

    def __init__(self, first: Ending, then: Callable[[Instant, Decimal], Flow], tick: Decimal) -> None:
        self.symbol, self.origin = first.symbol, first.origin
        self._first, self._then, self._tick = first, then, tick
        self._second: Flow | None = None
        self._standing: dict[int, FlowAction] = {}
        """Orders that the first flow let stand, oldest first."""
        self._left: Iterator[FlowAction] = iter(())

    @property
    def opinion(self) -> float | None:
        """The second flow's opinion of the price; a recording has none but its book."""
        return getattr(self._second, "opinion", None)

    def shift(self, by_bp: float) -> None:
        """A recording has no opinion to move; a crowd has."""
        if isinstance(self._second, Shifted):
            self._second.shift(by_bp)

    def press(self, sold: bool, units: float) -> None:
        """A recording does not mind; a crowd does."""
        if isinstance(self._second, Pressed):
            self._second.press(sold, units)

    def until(self, to: Instant) -> Iterator[FlowAction]:
        """See `Flow.until`."""
        if self._second is None:
            for action in self._first.until(to):
                self._note(action)
                yield action
            if to < self._first.end:
                return
            self._hand_over()
        assert self._second is not None
        yield from self._left
        yield from self._second.until(to)

    def felt(self, at: Instant, sold: bool, lots: int) -> None:
        """Whoever plays feels it."""
        (self._second or self._first).felt(at, sold, lots)

    def _note(self, action: FlowAction) -> None:
        if action.act is Act.ADD:
            self._standing[action.key] = action
        elif action.act is Act.LEAVE:
            self._standing.pop(action.key, None)

    def _hand_over(self) -> None:
        end, standing = self._first.end, self._standing
        self._second = self._then(end, times(self._tick, self._mid()))
        self._left = iter([FlowAction(end, self.symbol, Act.LEAVE, a.key, a.bid, 0, 0) for a in standing.values()])
        self._standing = {}

    def _mid(self) -> Decimal:
        """In ticks, from the orders that stand, the younger of two that cross being believed."""
        book, last = Book(), None
        for order in self._standing.values():
            last = order.ticks
            book.arrive(Resting(order.bid, order.ticks, order.lots, order.key), order.patient)
        bid, ask = book.bids.best(), book.asks.best()
        if bid is None or ask is None:
            if last is None:
                raise ValueError(f"nothing stands in {self.symbol} at the end: no price to go on from")
            return Decimal(last)
        return EXACT.divide(Decimal(bid + ask), Decimal(2))
