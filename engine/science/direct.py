"""Shares of an order straight from its slippage: the direct linear rule, with no forecast of volume in between.

With r_i = p_i / VWAP - 1 and shares w_i that add up to one, slippage is r_n + sum over i < n of w_i (r_i - r_n): linear
in the shares. Let w_i = 1/n + b_i . f_i with features f_i that are known when bin i begins; then the least absolute
slippage over a history is a regression. Residuals are ln(volume / seasonal volume), as in `engine.science.volume`.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from numpy.typing import NDArray

RECENT: Final = 3
"""So many of the last residuals are features of their own; of more only the mean is."""
FEATURES: Final = ("one", "seasonal share less 1/n", f"last {RECENT} residuals", "mean residual")
"""Of a bin, in this order, as far as its window has seen so many bins."""
PASSES: Final = 40
RIDGE: Final = 1e-3
"""Of the mean square of a feature, which are scaled to one before."""
FLAT: Final = 1e-5
"""Slippage below a tenth of a basis point counts as that, so that no window decides alone."""
STILL: Final = 1e-5
"""Passes end when no coefficient moves by more, in units of a share per standard size of its feature."""

X = TypeVar("X", float, "NDArray[Any]")


def needed(bin_: int) -> int:
    """How many of the last residuals have to be known for bin `bin_`; the mean is of those that are."""
    return min(bin_, RECENT)


def features(bin_: int, bins: int, share: X, residuals: Sequence[X]) -> list[X]:
    """The features of a bin but for the first, which is one; of one window, or of many as columns.

    `share` is the bin's share of the window's seasonal volume, `residuals` are those of the bins before it; where one
    of them was not seen it is left out, which only those older than `needed` may be.
    """
    found = [share - 1 / bins, *reversed(residuals[-RECENT:])]
    if bin_ > RECENT:
        total = residuals[0] * 0  # of the residuals' own kind
        for residual in residuals:
            total = total + residual
        found.append(total / len(residuals))
    return found


def weight(bins: int, coefficients: Sequence[float], found: Sequence[X]) -> X:
    """The share of the order for a bin, before it is cut to what is left; added in the order of the features."""
    share = found[0] * coefficients[1] + (1 / bins + coefficients[0])
    for coefficient, feature in zip(coefficients[2:], found[1:], strict=True):
        share = share + feature * coefficient
    return share


def fit(found: Sequence[Sequence["NDArray[Any]"]], returns: "NDArray[Any]") -> tuple[tuple[float, ...], ...]:
    """The coefficients of each bin but the last, which made the mean absolute slippage of a history least.

    `found` holds the `features` of each bin but the last, a number a window; `returns` is r, a row a window.
    Iteratively reweighted least squares with a small ridge, so the same history gives the same numbers. `ValueError`
    where there are fewer windows than coefficients.
    """
    import numpy as np  # only who learns a model needs it

    sizes = [len(columns) + 1 for columns in found]
    if len(returns) < sum(sizes):
        raise ValueError(f"{len(returns)} windows are too few for {sum(sizes)} coefficients")
    moves = returns[:, :-1] - returns[:, -1:]
    one = np.ones(len(returns))
    table = np.stack([column * moves[:, i] for i, columns in enumerate(found) for column in (one, *columns)], axis=1)
    goal = -returns.mean(axis=1)
    scale = np.sqrt((table**2).mean(axis=0))
    scale[scale == 0] = 1.0
    flat = _least_absolute(table / scale, goal) / scale
    edges = np.cumsum([0, *sizes])
    return tuple(tuple(flat[a:b].tolist()) for a, b in pairwise(edges))


def _least_absolute(table: "NDArray[Any]", goal: "NDArray[Any]") -> "NDArray[Any]":
    import numpy as np

    weights, solution = np.ones(len(goal)), np.zeros(table.shape[1])
    size = float(np.sqrt((goal**2).mean())) or 1.0
    for _ in range(PASSES):
        weighted = table * weights[:, None]
        squares = weighted.T @ table
        squares += RIDGE * np.trace(squares) / len(squares) * np.eye(len(squares))
        before, solution = solution, np.linalg.solve(squares, weighted.T @ goal)
        if float(np.abs(solution - before).max()) < STILL * size:
            break
        weights = 1 / np.maximum(np.abs(goal - table @ solution), FLAT)
    return solution
