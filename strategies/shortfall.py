"""Implementation shortfall after Almgren and Chriss: faster than a straight line, by how much risk is disliked.

A slice sells its part of what was really left when it began. So a run that is behind, or ahead, goes on from where it
is, as a new plan would tell it to: nothing is caught up all at once.
"""

from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from msgspec import Struct
from msgspec.structs import replace

from engine.kernel import chance
from engine.kernel.clock import DAY, Instant
from engine.kernel.money import ZERO, part
from engine.orders.strategy import Progress
from engine.science.almgren_chriss import Sale, ac_plan
from engine.science.calibration import Law, Market, sale
from engine.science.powerlaw import powerlaw_plan
from strategies import jitter
from strategies.stepped import WHOLE, Stepped

_DRAWS = 2**53


class Power(Struct, frozen=True):
    """The problem as it was at the start, where impact is a power of the rate and each rest has a curve of its own."""

    sale: Sale
    exponent: float
    risk_aversion: float


class Shortfall(Struct, frozen=True, kw_only=True):
    """The curve that was planned, and how to go on from another place than where it is.

    With linear impact the best curve is X sinh(kappa (T - t)) / sinh(kappa T): of any amount the same part is left
    from one instant to the next, so the planned curve, scaled, is the best one for what is really left. With a power
    of the rate a larger rest hurries more, by a third and more where a run is behind: there each slice is solved anew.
    """

    line: Stepped
    power: Power | None = None
    size_jitter: Fraction = Fraction(0)
    """A slice sells its part as though up to this share of the whole more, or less, were left."""
    seed: int = 0

    def slice(self, at: Instant) -> int:
        return self.line.slice(at)

    def following(self, at: Instant) -> Instant:
        return self.line.following(at)

    def target(self, progress: Progress) -> Decimal:
        """What earlier slices sold, and this slice's part of the rest; everything with the last slice."""
        if progress.at < self.line.times[0]:
            return ZERO
        index = self.line.slice(progress.at)
        if index >= len(self.line.shares) - 1:
            return progress.total
        left = max(ZERO, progress.total - progress.before)
        # Its part of a deviation, and not the deviation: so the running total stays within the band of the curve.
        drawn = 2 * chance.integer(self.seed, "slice size", index) - _DRAWS
        moved = self.size_jitter * drawn
        shift = part(progress.total, moved.numerator, moved.denominator * _DRAWS, progress.lot)
        parts = self._parts(left, index)
        asked = part(max(ZERO, left + shift), parts.numerator, parts.denominator, progress.lot)
        return progress.before + min(left, asked)

    def step(self, progress: Progress) -> Decimal | None:
        """What was planned of this slice from the start, or a mean slice where that is more.

        The curve from where a late run is may end in one large slice; held against this, that one is cut as well.
        """
        planned = self.line.step(progress)
        assert planned is not None
        return max(planned, part(progress.total, 1, len(self.line.shares), progress.lot))

    def _parts(self, left: Decimal, index: int) -> Fraction:
        """Of what is left when a slice begins, what it sells."""
        if self.power is not None:
            return Fraction(_first(self.power, float(left), len(self.line.shares) - index), WHOLE)
        gone = self.line.shares[index - 1] if index else 0
        return Fraction(self.line.shares[index] - gone, WHOLE - gone) if gone < WHOLE else Fraction(1)


@lru_cache(maxsize=1024)
def _first(power: Power, left: float, slices: int) -> int:
    """Of `WHOLE`, what the first of so many slices sells. The same question is asked at every look within a slice."""
    if left <= 0:
        return 0
    rest = replace(power.sale, quantity=left, slices=slices, horizon=power.sale.tau * slices)
    after = powerlaw_plan(rest, power.exponent, power.risk_aversion).holdings[1]
    return WHOLE - int(WHOLE * (after / left))


def shortfall(
    start: Instant,
    end: Instant,
    slices: int,
    *,
    market: Market,
    quantity: float,
    risk_aversion: float,
    law: Law,
    time_jitter: Fraction = Fraction(0),
    size_jitter: Fraction = Fraction(0),
    seed: int = 0,
) -> Shortfall:
    """The curve for `quantity` from `start` to `end` in equal slices, each optionally moved by a seeded draw.

    `risk_aversion` is an inverse of the currency that is received; 0 is the straight line. Nothing to sell is sold
    evenly. `ValueError` where the market leaves no optimum.
    """
    shares, power = tuple(WHOLE * (i + 1) // slices for i in range(slices)), None
    if quantity > 0:
        problem = sale(market, quantity, (end - start) / DAY, slices, law)
        if law == "power":
            power = Power(problem, market.exponent, risk_aversion)
            held = powerlaw_plan(problem, market.exponent, risk_aversion).holdings
        else:
            held = ac_plan(problem, risk_aversion).holdings
        shares = tuple(WHOLE - int(WHOLE * (left / quantity)) for left in held[1:])
    regular = tuple(Instant(start + (end - start) * i // slices) for i in range(slices))
    times = jitter.times(regular, end, time_jitter, seed)
    return Shortfall(line=Stepped(times, shares, end), power=power, size_jitter=size_jitter, seed=seed)
