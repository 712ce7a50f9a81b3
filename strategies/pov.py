"""POV: a steady share of what is traded. It is the schedule of somebody who would rather be late than be seen.

The share counts our own sales in the volume: for a unit of others' it sells rate / (1 - rate). A slice sells for what
was traded before it began, so nobody's volume is foretold.
"""

from decimal import Decimal
from fractions import Fraction

from msgspec import Struct

from engine.kernel import chance
from engine.kernel.clock import Instant, Span
from engine.kernel.money import ZERO, part
from engine.orders.strategy import Progress
from strategies.observed import volume_by

_DRAWS = 2**53


class Pov(Struct, frozen=True, kw_only=True):
    """Sells `rate` of all volume in slices of `every`; after `end` it goes on in the same way."""

    start: Instant
    end: Instant
    every: Span
    rate: Fraction
    """Of all volume, ours included; below 1."""
    slice_max: Fraction
    """Of the whole: no slice sells more, so that a burst of volume is not chased."""
    least: Fraction = Fraction(0)
    """Of the straight line from `start` to `end`: kept at the least, whatever others trade."""
    time_jitter: Fraction = Fraction(0)
    """A slice begins up to this share of `every` later."""
    size_jitter: Fraction = Fraction(0)
    """A slice holds back up to this share of the whole, until the next; the rate is never passed."""
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.rate < 1 or not 0 < self.slice_max <= 1 or not 0 <= self.least <= 1:
            raise ValueError("a rate lies between 0 and 1, a slice's most and the line's least are shares of the whole")
        if self.every <= 0 or self.end <= self.start or not 0 <= self.time_jitter < 1 or self.size_jitter < 0:
            raise ValueError("slices need a length, a window, and begin within themselves")

    def slice(self, at: Instant) -> int:
        """Slices count from 0, and go on after the end."""
        index = max(0, (at - self.start) // self.every)
        return index - 1 if index > 0 and at < self._begin(index) else index

    def following(self, at: Instant) -> Instant:
        """The next slice time after `at`."""
        first = self._begin(0)
        return first if at < first else self._begin(self.slice(at) + 1)

    def target(self, progress: Progress) -> Decimal:
        """What the share and the line ask for, and no more than a slice's most above what earlier slices sold."""
        index = self.slice(progress.at)
        if progress.at < self._begin(index):
            return ZERO
        share, line = self._share(progress, index), self._line(progress, index)
        # Held back is a part of this slice's own volume: so what is asked for never falls, and comes with the next.
        band = part(progress.total, self.size_jitter.numerator, self.size_jitter.denominator, progress.lot)
        own = min(share - self._share(progress, index - 1), band)
        held_back = part(own, chance.integer(self.seed, "slice size", index), _DRAWS, progress.lot)
        asked = min(max(share - held_back, line), progress.before + self._most(progress))
        return asked if asked < _lots(progress) else progress.total  # what is finer than a lot goes with the last

    def step(self, progress: Progress) -> Decimal | None:
        """What this slice adds to those before it, or the mean of all so far where that is more; at most its most.

        So what a burst or an outage left behind is sold over the slices that follow, and dry ones don't put it off.
        """
        index = self.slice(progress.at)
        planned, prior = (max(self._share(progress, i), self._line(progress, i)) for i in (index, index - 1))
        return min(max(planned - prior, part(planned, 1, index + 1, progress.lot)), self._most(progress))

    def _share(self, progress: Progress, index: int) -> Decimal:
        """What the rate asks for, by what others had traded when a slice began."""
        if index < 0:
            return ZERO
        volume = volume_by(progress.traded, self._begin(index), progress.at)
        ratio = self.rate / (1 - self.rate)
        return min(part(volume, ratio.numerator, ratio.denominator, progress.lot), _lots(progress))

    def _line(self, progress: Progress, index: int) -> Decimal:
        """The least of the straight line, once a slice is over."""
        gone = min(Fraction(1), self.least * (index + 1) * self.every / (self.end - self.start))
        return part(progress.total, gone.numerator, gone.denominator, progress.lot)

    def _most(self, progress: Progress) -> Decimal:
        return max(
            part(progress.total, self.slice_max.numerator, self.slice_max.denominator, progress.lot), progress.lot
        )

    def _begin(self, index: int) -> Instant:
        slack = int(self.every * self.time_jitter)
        late = slack * chance.integer(self.seed, "slice time", index) // _DRAWS
        return Instant(self.start + index * self.every + late)


def _lots(progress: Progress) -> Decimal:
    """The total in whole lots."""
    return part(progress.total, 1, 1, progress.lot)
