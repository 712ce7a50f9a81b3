"""What a course is expected to cost against the price at the start, and how far the price may carry it from there.

All ways are measured alike, so that they can be compared: half the spread on everything, the law of the root for the
impact, fees, and the variance of what is held. In basis points of the price at the start; positive is a loss.
"""

from collections.abc import Sequence
from math import fsum, sqrt
from typing import Final

from msgspec import Struct

from engine.forecast.course import Bin, Course
from engine.kernel.money import BP
from engine.science.calibration import Market
from engine.science.impact import sqrt_impact
from engine.science.participation import ConstantRate, gueant_pov

_BP: Final = float(BP)
CERTAINTY: Final = 1.645
"""Standard deviations within which 95 of 100 normal outcomes lie, on the bad side."""


class Cost(Struct, frozen=True, kw_only=True):
    """Of what the course sells; `None` is what nobody can tell."""

    spread_bp: float | None
    fees_bp: float
    impact_bp: float | None
    deviation_bp: float | None

    @property
    def total_bp(self) -> float | None:
        """Expected; of a cost that lacks a part nothing is said."""
        if self.spread_bp is None or self.impact_bp is None:
            return None
        return self.spread_bp + self.fees_bp + self.impact_bp

    @property
    def worst_bp(self) -> float | None:
        """Expected cost and `CERTAINTY` deviations: value at risk, with the cost of liquidation in it."""
        if self.total_bp is None or self.deviation_bp is None:
            return None
        return self.total_bp + CERTAINTY * self.deviation_bp


def impact_bp(course: Course, bins: Sequence[Bin], market: Market, quantity: float) -> float:
    """The law of the root at an even share of the volume, and by the share of each bin around it.

    What is sold at the same share of all volume throughout costs the law's average, whatever time it takes:
    Y sigma (Q / V)^d / (1 + d). A bin with another share pays that, times (its share / the even one)^d; so whoever
    hurries, or sells much where little is traded, pays more. Of permanent impact half is paid by any course. Volumes
    of bins are used for their proportions alone. `ValueError` for a course that sells where nothing is traded.
    """
    law = sqrt_impact(market.prefactor, market.sigma_daily, quantity, market.volume_daily, market.exponent)
    whole = fsum(each.volume for each in bins)
    weights = [each.volume / whole if whole else each.open / fsum(b.open for b in bins) for each in bins]
    if any(share > 0 and not weight for share, weight in zip(course.shares, weights, strict=True)):
        raise ValueError("something is sold where no volume is expected")
    pace = fsum(
        share * (share / weight) ** market.exponent
        for share, weight in zip(course.shares, weights, strict=True)
        if share > 0
    )
    sold = fsum(course.shares)
    lasting = market.permanent * quantity / market.volume_daily / 2 * _BP
    return law.average_bp * pace / sold + lasting if sold else 0.0


def deviation_bp(course: Course, bins: Sequence[Bin], sigma_daily: float) -> float:
    """The standard deviation of the average price by the price's own walk: sigma sqrt(sum of held^2 times time).

    As Almgren and Chriss count it: what is held after a bin, over the time until the next begins, nights included;
    without the risk within the first bin. What a course leaves unsold counts until the window is over.
    """
    return (
        _BP
        * sigma_daily
        * sqrt(fsum(held * held * each.until_next for held, each in zip(course.held, bins, strict=True)))
    )


def best_rate(market: Market, quantity: float, volume: float, days: float, aversion: float) -> ConstantRate:
    """The share of a flat market at which cost and risk are least, where `volume` is traded in `days`.

    `aversion` is lambda, of a variance; Guéant's gamma is twice that. Impact as in `impact_bp`: a coin costs the law's
    average at the share at which the window is used up, and by the power of the share elsewhere.
    """
    law = sqrt_impact(market.prefactor, market.sigma_daily, quantity, market.volume_daily, market.exponent)
    even = quantity / volume
    eta = law.average_bp / _BP * market.price / even**market.exponent
    sigma = market.sigma_daily * market.price
    return gueant_pov(quantity, volume / days, sigma, 2 * aversion, eta, market.exponent)
