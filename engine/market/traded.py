"""What others have traded of a pair or of a leg's pairs, as it was known at each look; our own prints are not in it.

A total that stands still says that nobody traded, or that nobody saw it: `gaps` tells the two apart.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from decimal import ROUND_FLOOR, Context, Decimal
from typing import Final, TypeVar, overload

from msgspec import Struct
from msgspec.structs import replace

from engine.kernel.clock import SECOND, Instant, Span
from engine.kernel.money import EXACT, ZERO, ratio, times

DIGITS: Final = 8
Gap = tuple[Instant, Instant]
"""From the last look before it to the first look after it."""
T = TypeVar("T")

_STEP: Final = Decimal("1E-12")
_FLOOR: Final = Context(prec=60, rounding=ROUND_FLOOR)
"""Wide enough for whatever a venue may print."""


class _Worked(Sequence[T]):
    """Values that are worked out by their place when they are asked for: a search asks for few."""

    def __init__(self, count: int, each: Callable[[int], T]) -> None:
        self._places, self._each = range(count), each

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[T]: ...
    def __getitem__(self, index: int | slice) -> T | Sequence[T]:
        if isinstance(index, slice):
            return [self._each(place) for place in self._places[index]]
        return self._each(self._places[index])


class Traded(Struct, frozen=True):
    """Looks at a running total, in the asset sold. Whoever holds one treats its sequences as read-only."""

    at: Sequence[Instant] = ()
    """When it was looked at; rising."""
    volume: Sequence[Decimal] = ()
    """The total at each look; never falling."""
    gaps: Sequence[Gap] = ()
    """When something may have been traded that nobody saw; rising, and apart from one another."""

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
        at, gaps = self.at, self.gaps
        return Traded(
            _Worked(len(at), lambda place: clock(at[place])),
            self.volume,
            _Worked(len(gaps), lambda place: (clock(gaps[place][0]), clock(gaps[place][1]))),
        )

    def weighed(self, since: Instant, until: Instant, numerator: int, denominator: int) -> "Traded":
        """The same looks, but of what was traded between the two only such a part counts, or a multiple of it.

        What came before and after counts whole. What was traded between two looks is taken to have come evenly. Each
        total is rounded down to a step of 12 places.
        """
        at, volume = self.at, self.volume
        first, last = bisect_left(at, since), bisect_left(at, until)
        if first == len(at):
            return self
        begun = self._evenly(first, since)
        ended = self._evenly(last, until) if last < len(at) else ZERO

        def each(place: int) -> Decimal:
            if place < first:
                return volume[place]
            within = volume[place] if place < last else ended
            counted = _part(within - begun, numerator, denominator)
            return begun + counted + (volume[place] - within)

        return replace(self, volume=_Worked(len(volume), each))

    def unseen(self, begins: Instant, ends: Instant) -> bool:
        """May something have been traded between the two that nobody saw?"""
        place = bisect_right(self.gaps, begins, key=_end)
        while place < len(self.gaps) and self.gaps[place][0] < ends:
            if self.gaps[place][0] < self.gaps[place][1]:  # by trading time a gap overnight is none
                return True
            place += 1
        return False

    def _evenly(self, place: int, instant: Instant) -> Decimal:
        """The total at `instant`, after which the look of that place is the first; rounded down."""
        after = self.volume[place]
        if not place or self.at[place] == instant:
            return after
        before, since = self.volume[place - 1], self.at[place - 1]
        return before + _part(after - before, instant - since, self.at[place] - since)

    def pace(self, at: Instant, over: Span) -> Decimal:
        """What was traded a second, on the average of the last `over`, or as long as is known; 0 before two looks."""
        since = bisect_left(self.at, at - over)
        if since >= len(self.at) - 1:
            return ZERO
        grown = EXACT.subtract(self.total, self.volume[since])
        return ratio(times(grown, Decimal(SECOND)), Decimal(self.at[-1] - self.at[since]), DIGITS)


def _part(whole: Decimal, numerator: int, denominator: int) -> Decimal:
    """So much of it, rounded down to a step that every later sum keeps exactly."""
    return _FLOOR.quantize(_FLOOR.divide(_FLOOR.multiply(whole, numerator), denominator), _STEP)


def _end(gap: Gap) -> Instant:
    return gap[1]
