"""A market that dozes while nobody looks, so that days of a rehearsal cost what its open hours cost.

In given stretches everything other people do happens `pace` times more slowly: their orders, their opinion's walk, and
how often an account hears of its orders. A night then holds no more than some minutes of market. No real market is
like that; it is for hours in which the run under rehearsal sells nothing, and a run without such hours never uses it.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import Final

from msgspec.structs import replace

from engine.kernel.clock import Instant
from venues.sandbox.flow import Flow, FlowAction
from venues.sandbox.relay import Pressed, Shifted

PACE: Final = 60


class Slumber:
    """Between the instants of each stretch `pace` nanoseconds of ours are one of the market's."""

    def __init__(self, stretches: Iterable[tuple[Instant, Instant]], pace: int = PACE) -> None:
        """In order, not overlapping, none before the market begins; `ValueError` for those that overlap."""
        self.pace = pace
        self._ours: list[int] = []
        self._theirs: list[int] = []
        """The corners of the map from our time to theirs: begin and end of each stretch, in turn."""
        slept, last = 0, None
        for begins, ends in stretches:
            if begins >= ends or (last is not None and begins < last):
                raise ValueError("stretches of slumber rise and do not overlap")
            length = -(-(ends - begins) // pace)
            self._ours += [begins, ends]
            self._theirs += [begins - slept, begins - slept + length]
            slept, last = slept + (ends - begins) - length, ends

    def inner(self, at: int) -> Instant:
        """Their time at this instant of ours; rounded down."""
        corner = bisect_right(self._ours, at) - 1
        if corner < 0:
            return Instant(at)
        gone = at - self._ours[corner]
        return Instant(self._theirs[corner] + (gone if corner % 2 else gone // self.pace))

    def outer(self, at: int) -> Instant:
        """The first instant of ours at which it is this late for them."""
        corner = bisect_right(self._theirs, at) - 1
        if corner < 0:
            return Instant(at)
        gone = at - self._theirs[corner]
        return Instant(self._ours[corner] + (gone if corner % 2 else gone * self.pace))


class Dozing:
    """A flow whose people doze in these stretches. Everything about it is as the flow has it, but later."""

    def __init__(self, flow: Flow, slumber: Slumber) -> None:
        self.symbol, self.origin = flow.symbol, slumber.outer(flow.origin)
        self._flow, self._slumber = flow, slumber

    @property
    def opinion(self) -> float | None:
        """What the flow holds the price to be, where it holds anything."""
        return getattr(self._flow, "opinion", None)

    def until(self, to: Instant) -> Iterator[FlowAction]:
        """See `Flow.until`."""
        outer = self._slumber.outer
        for action in self._flow.until(self._slumber.inner(to)):
            yield replace(action, at=outer(action.at))

    def felt(self, at: Instant, sold: bool, lots: int) -> None:
        """See `Flow.felt`."""
        self._flow.felt(self._slumber.inner(at), sold, lots)

    def shift(self, by_bp: float) -> None:
        """See `relay.Shifted`."""
        if isinstance(self._flow, Shifted):
            self._flow.shift(by_bp)

    def press(self, sold: bool, units: float) -> None:
        """See `relay.Pressed`."""
        if isinstance(self._flow, Pressed):
            self._flow.press(sold, units)
