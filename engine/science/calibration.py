"""From what people measure of a market to the coefficients of a model: the law of the root, and a line of its cost."""

from typing import Final, Literal

from msgspec import Struct

from engine.kernel.money import BP
from engine.science.almgren_chriss import Sale
from engine.science.impact import sqrt_impact

Law = Literal["linear", "power"]
LAWS: Final[tuple[Law, ...]] = ("linear", "power")
_BP: Final = float(BP)


class Market(Struct, frozen=True, kw_only=True):
    """One asset's market, in days, coins and the currency that it is sold for."""

    price: float
    sigma_daily: float
    """A fraction."""
    volume_daily: float
    """Coins, of all the places that are sold at."""
    prefactor: float
    """Y of the law of the root."""
    exponent: float
    """Delta, near one half."""
    spread_bp: float
    permanent: float = 0.0
    """The fraction of the price by which a whole day's volume, sold, would move it for good."""


def sale(market: Market, quantity: float, days: float, slices: int, law: Law) -> Sale:
    """The problem to be solved for `quantity` coins within `days`: amounts of money, not fractions.

    - `power`: h(v) = Y sigma S (v / V)^delta: selling at a day's rate for a day costs the peak of the law of the root.
      Nothing is calibrated at a rate. `Sale.eta` goes with v^delta.
    - `linear`: h(v) = eta v, with eta such that selling evenly costs what the law of the root says that this quantity
      costs on average: eta X / T = Y sigma S (X / V)^delta / (1 + delta). So a schedule that hurries is charged by a
      straight line through the one point that was measured; it is charged too much, since the law is concave.

    `ValueError` where no optimum exists: see `Sale`.
    """
    if law == "power":
        eta = market.prefactor * market.sigma_daily * market.price * market.volume_daily**-market.exponent
    else:
        cost = sqrt_impact(market.prefactor, market.sigma_daily, quantity, market.volume_daily, market.exponent)
        eta = cost.average_bp / _BP * market.price * days / quantity
    return Sale(
        quantity=quantity,
        horizon=days,
        slices=slices,
        sigma=market.sigma_daily * market.price,
        eta=eta,
        gamma=market.permanent * market.price / market.volume_daily if law == "linear" else 0.0,
        eps=market.spread_bp / 2 / _BP * market.price,
    )
