"""Fading: every slice sells the same share of what is left, so most goes early and the last coins wait longest."""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

from msgspec import Struct

from engine.kernel.clock import SECOND, Instant, Span
from engine.kernel.money import ZERO, part
from engine.orders.strategy import Progress


class Fading(Struct, frozen=True):
    """So many slices of `every`; from the last one on, all that is left."""

    start: Instant
    every: Span
    slices: int
    share: Fraction

    def slice(self, at: Instant) -> int:
        """Slices count from 0, and go on after the window."""
        return max(0, at - self.start) // self.every

    def following(self, at: Instant) -> Instant:
        """The first slice time after `at`."""
        return Instant(self.start + (self.slice(at) + 1) * self.every) if at >= self.start else self.start

    def target(self, progress: Progress) -> Decimal:
        """What earlier slices sold, and this one's share of what they left."""
        if progress.at < self.start:
            return ZERO
        if self.slice(progress.at) >= self.slices - 1:
            return progress.total
        left = progress.total - progress.before
        return progress.before + part(left, self.share.numerator, self.share.denominator, progress.lot)

    def step(self, progress: Progress) -> Decimal | None:
        """No slice is planned to sell more than the first."""
        return part(progress.total, self.share.numerator, self.share.denominator, progress.lot)


def fading(start: Instant, end: Instant, parameters: Mapping[str, str]) -> Fading:
    """`slices`, and what the `first` of them sells; the engine adds `quantity`, all that the leg is to sell."""
    slices, first, whole = int(parameters["slices"]), Fraction(parameters["first"]), Fraction(parameters["quantity"])
    if not 1 <= slices <= (end - start) // SECOND:
        raise ValueError("slices of a second or more are what the window is cut into")
    if not 0 < first <= whole:
        raise ValueError(f"no first slice sells {parameters['first']} of {parameters['quantity']}")
    return Fading(start, Span((end - start) // slices), slices, first / whole)
