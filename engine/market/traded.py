"""What others have traded of a pair or of a leg's pairs, as it was known at each look; our own prints are not in it."""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Final, overload

from msgspec import Struct

from engine.kernel.clock import SECOND, Instant, Span
from engine.kernel.money import EXACT, ZERO, ratio, times

DIGITS: Final = 8


class _Through(Sequence[Instant]):
    """Instants by another clock, each worked out when it is asked for: a search asks for few."""

    def __init__(self, at: Sequence[Instant], clock: Callable[[Instant], Instant]) -> None:
        self._at, self._clock = at, clock

    def __len__(self) -> int:
        return len(self._at)

    @overload
    def __getitem__(self, index: int) -> Instant: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Instant]: ...
    def __getitem__(self, index: int | slice) -> Instant | Sequence[Instant]:
        if isinstance(index, slice):
            return [self._clock(each) for each in self._at[index]]
        return self._clock(self._at[index])


class Traded(Struct, frozen=True):
    """Looks at a running total, in the asset sold. Whoever holds one treats both sequences as read-only."""

    at: Sequence[Instant] = ()
    """When it was looked at; rising."""
    volume: Sequence[Decimal] = ()
    """The total at each look; never falling."""

    @property
    def total(self) -> Decimal:
        """All that is known now."""
        return self.volume[-1] if self.volume else ZERO

    def by(self, instant: Instant) -> Decimal:
        """The total at the first look that was not before `instant`; what is known now where none was since."""
        index = bisect_left(self.at, instant)
        return self.volume[index] if index < len(self.volume) else self.total

    def through(self, clock: Callable[[Instant], Instant]) -> "Traded":
        """The same looks by another clock that never runs backwards: trading time, or a stretched schedule's."""
        return Traded(_Through(self.at, clock), self.volume)

    def pace(self, at: Instant, over: Span) -> Decimal:
        """What was traded a second, on the average of the last `over`, or as long as is known; 0 before two looks."""
        since = bisect_left(self.at, at - over)
        if since >= len(self.at) - 1:
            return ZERO
        grown = EXACT.subtract(self.total, self.volume[since])
        return ratio(times(grown, Decimal(SECOND)), Decimal(self.at[-1] - self.at[since]), DIGITS)
