"""How far a sale moves the price: empirical laws, in fractions of the price and daily measures of the market.

Sigma is a fraction a day here (0.0275), and not a price; volumes are coins a day. All results are basis points of the
price at the start, positive when they cost us.
"""

from typing import Final

from msgspec import Struct

from engine.kernel.money import BP

_BP: Final = float(BP)
PERMANENT: Final = 0.314
"""Almgren, Thum, Hauptmann and Li (2005): plus or minus 0.041."""
TEMPORARY: Final = 0.142
"""Plus or minus 0.0062."""


class SquareRoot(Struct, frozen=True):
    """What a sale does by the law of the (square) root."""

    peak_bp: float
    """The move of the price when the last coin is sold."""
    average_bp: float
    """What all its coins pay on average: the peak divided by one plus the exponent."""


def sqrt_impact(
    prefactor: float, sigma_daily: float, quantity: float, volume: float, exponent: float = 0.5
) -> SquareRoot:
    """I = Y sigma (Q / V)^delta, for a sale within a day or so; no time appears in it.

    Measured prefactors (Y) lie between 0.3 and 1.5, exponents near 0.5. `volume` is that of all the places that are
    sold at. `ValueError` where a volume or an exponent is not above zero, or something else is below it.
    """
    if volume <= 0 or exponent <= 0 or min(prefactor, sigma_daily, quantity) < 0:
        raise ValueError(f"no impact: {prefactor}, {sigma_daily}, {quantity} of {volume}, exponent {exponent}")
    peak = prefactor * sigma_daily * (quantity / volume) ** exponent * _BP
    return SquareRoot(peak, peak / (1 + exponent))


class Direct(Struct, frozen=True):
    """What an even sale over part of a day does by the direct estimate of 2005, for shares."""

    permanent_bp: float
    temporary_bp: float

    @property
    def cost_bp(self) -> float:
        """The expected cost: half of the permanent move, since it comes evenly, and all of the temporary one."""
        return self.permanent_bp / 2 + self.temporary_bp


def athl_impact(quantity: float, volume: float, outstanding: float, sigma_daily: float, days: float) -> Direct:
    """Almgren, Thum, Hauptmann and Li, Risk 18(7), 58-62 (2005): a second opinion on the law of the root.

    permanent / sigma = 0.314 (X / V) (Theta / V)^(1/4), temporary / sigma = 0.142 (X / (V T))^(3/5). Crypto-assets have
    no shares outstanding: of a coin only the temporary part says something, and `outstanding` 0 leaves the other out.
    `ValueError` where volume or days are not above zero, or something else is below it.
    """
    if volume <= 0 or days <= 0 or min(quantity, outstanding, sigma_daily) < 0:
        raise ValueError(f"no impact: {quantity} of {volume} in {days} days, {outstanding}, {sigma_daily}")
    return Direct(
        permanent_bp=_BP * sigma_daily * PERMANENT * (quantity / volume) * (outstanding / volume) ** 0.25,
        temporary_bp=_BP * sigma_daily * TEMPORARY * (quantity / (volume * days)) ** 0.6,
    )
