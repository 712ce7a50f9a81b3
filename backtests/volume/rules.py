"""The rules of `engine.science` over many windows at once: shares of the order, each decided when its bin begins."""

from collections.abc import Sequence

import numpy as np

from backtests.volume.history import Floats
from engine.science import direct


def twap(seasonal: Floats) -> Floats:
    """The same share in each bin."""
    return np.full_like(seasonal, 1 / seasonal.shape[1])


def static(seasonal: Floats) -> Floats:
    """By the season alone."""
    return seasonal / _sum(seasonal)[:, None]


def ar1(seasonal: Floats, residuals: Floats, centre: float, rho: float, s2: float) -> Floats:
    """The cumulative target of `engine.science.volume`, with the conditional mean.

    Residuals are counted from `centre`; where the bin before is none of the window, its season is expected.
    """
    usual = seasonal * np.exp(centre)
    shares = np.zeros_like(seasonal)
    done, traded = np.zeros(len(seasonal)), np.zeros(len(seasonal))
    last = seasonal.shape[1] - 1
    for bin_ in range(last):
        ahead = usual[:, bin_:].copy()
        if bin_:
            steps = np.arange(1, ahead.shape[1] + 1)
            spread = s2 * np.cumsum(rho ** (2 * (steps - 1)))
            ahead *= np.exp(residuals[:, bin_ - 1, None] * rho**steps + spread / 2)
        shares[:, bin_] = np.clip((traded + ahead[:, 0]) / (traded + _sum(ahead)) - done, 0, 1 - done)
        done += shares[:, bin_]
        traded += usual[:, bin_] * np.exp(residuals[:, bin_])
    shares[:, last] = 1 - done
    return shares


def direct_linear(seasonal: Floats, residuals: Floats, coefficients: Sequence[Sequence[float]]) -> Floats:
    """The direct rule, cut to what is left at each bin."""
    shares = np.zeros_like(seasonal)
    done = np.zeros(len(seasonal))
    last = seasonal.shape[1] - 1
    for bin_, found in enumerate(features(seasonal, residuals)):
        shares[:, bin_] = np.clip(direct.weight(last + 1, coefficients[bin_], found), 0, 1 - done)
        done += shares[:, bin_]
    shares[:, last] = 1 - done
    return shares


def features(seasonal: Floats, residuals: Floats) -> list[list[Floats]]:
    """Of each bin but the last."""
    usual, bins = static(seasonal), seasonal.shape[1]
    return [
        direct.features(bin_, bins, usual[:, bin_], [residuals[:, i] for i in range(bin_)]) for bin_ in range(bins - 1)
    ]


def _sum(table: Floats) -> Floats:
    """Of each row, column after column: the same however many rows there are."""
    total = np.zeros(len(table))
    for column in range(table.shape[1]):
        total = total + table[:, column]
    return total
