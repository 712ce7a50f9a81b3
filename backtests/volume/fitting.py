"""What windows of the past teach: how surprises of volume fade, and the direct rule's coefficients."""

import numpy as np
from msgspec import Struct

from backtests.volume import rules
from backtests.volume.history import Floats
from backtests.volume.windows import Windows
from engine.science import direct

TAIL = 0.001
"""This part of the residuals at either end is not believed: it is cut to the rest's range."""


class Fit(Struct, frozen=True):
    """Numbers for `rules`, learned from windows."""

    centre: float
    reach: tuple[float, float]
    """Of residuals, the centre taken off."""
    rho: float
    s2: float
    direct: tuple[tuple[float, ...], ...]

    def residuals(self, seen: Windows) -> Floats:
        """Those of `seen`, from the centre and within reach."""
        cut: Floats = np.clip(seen.residuals - self.centre, *self.reach)
        return cut

    def shares(self, seen: Windows) -> dict[str, Floats]:
        """What each rule allots to each bin."""
        residuals = self.residuals(seen)
        return {
            "twap": rules.twap(seen.seasonal),
            "static": rules.static(seen.seasonal),
            "ar1": rules.ar1(seen.seasonal, residuals, self.centre, self.rho, self.s2),
            "direct": rules.direct_linear(seen.seasonal, residuals, self.direct),
        }


def fit(past: Windows) -> Fit:
    """`past` holds whole windows only, and none that overlaps what is to be judged."""
    residuals = past.residuals
    centre = float(residuals.mean())
    residuals = residuals - centre
    low, high = (float(edge) for edge in np.quantile(residuals, [TAIL, 1 - TAIL]))
    before, after = residuals[:, :-1].ravel(), residuals[:, 1:].ravel()
    rho = min(1.0, max(-1.0, float((before * after).mean() / (before**2).mean()))) if before.size else 0.0
    s2 = float(((after - rho * before) ** 2).mean()) if before.size else 0.0
    cut: Floats = np.clip(residuals, low, high)
    return Fit(centre, (low, high), rho, s2, direct.fit(rules.features(past.seasonal, cut), past.returns))
