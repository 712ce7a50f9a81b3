"""What selling an asset is thought to do to its price, since when, and on whose word: people approve it with a plan."""

from decimal import Decimal

from msgspec import Struct

from engine.kernel.money import plain
from engine.science.calibration import Market


class Impact(Struct, frozen=True, kw_only=True):
    """One asset's market. The numbers weigh; they are never counted in money."""

    price: Decimal
    """At which the rest was measured, in the currency that it is sold for."""
    sigma_daily: Decimal
    """Of the price in a day, as a fraction."""
    volume_daily: Decimal
    """Coins a day, in the market that is sold into."""
    prefactor: Decimal
    """Y of the law of the root."""
    exponent: Decimal
    spread_bp: Decimal
    permanent: Decimal
    """The fraction of the price by which a whole day's volume would move it for good."""
    desk_bp: Decimal | None = None
    """What a desk is thought to take below the mid; no schedule goes by it, a plan compares with it."""
    calibrated: str
    """The day: 2026-11-20."""
    source: str

    @property
    def market(self) -> Market:
        """For the formulas, which are in floats."""
        return Market(
            price=float(self.price),
            sigma_daily=float(self.sigma_daily),
            volume_daily=float(self.volume_daily),
            prefactor=float(self.prefactor),
            exponent=float(self.exponent),
            spread_bp=float(self.spread_bp),
            permanent=float(self.permanent),
        )

    @property
    def parameters(self) -> dict[str, str]:
        """For a recipe: the numbers, their day and their source, so that what is signed covers all of them."""
        numbers = {name: getattr(self, name) for name in self.__struct_fields__ if name != "desk_bp"}
        return {name: plain(value) if isinstance(value, Decimal) else value for name, value in numbers.items()}
