"""A day's volume as a seasonal curve times a residual that fades, and orders that follow the VWAP by it.

Symbols: s_b, the seasonal volume of bin b; v_b, what is really traded in it; e_b = ln(v_b / s_b), which follows an
AR(1) with coefficient rho and innovations of variance s2. Volumes are in any one unit, shares are fractions. After
Bialkowski, Darolles and Le Fol (2008), with the conditional mean of the log-normal law in the place of its median.
"""

from collections.abc import Sequence
from math import exp, log

from msgspec import Struct


def forecast(seasonal: Sequence[float], residual: float | None, rho: float, s2: float) -> list[float]:
    """The expected volumes of the coming bins, whose seasonal ones are given, by the residual of the bin before them.

    `None` is where no bin was seen: the seasonal volumes themselves. The term with `s2` makes a mean of a median.
    """
    if residual is None:
        return list(seasonal)
    volumes, fade, spread = [], 1.0, 0.0
    for volume in seasonal:
        spread += s2 * fade * fade  # after h bins it is s2 (1 - rho^2h) / (1 - rho^2), which also holds for rho = 1
        fade *= rho
        volumes.append(volume * exp(fade * residual + spread / 2))
    return volumes


def due(traded: float, ahead: Sequence[float]) -> float:
    """The share of the order that should be gone after the next bin: its cumulative target.

    `traded` is the volume of all bins so far, `ahead` the forecast of those to come, the next one first.
    """
    return (traded + ahead[0]) / (traded + sum(ahead))


class Dynamic(Struct, frozen=True):
    """The same order by three rules: what each bin sells."""

    static: tuple[float, ...]
    remaining_fraction: tuple[float, ...]
    cumulative_target: tuple[float, ...]


def vwap_dynamic(
    quantity: float, seasonal: Sequence[float], realised: Sequence[float], rho: float, s2: float = 0.0
) -> Dynamic:
    """`quantity` over bins, each decided at its begin by what was realised before it; the last bin takes the rest.

    The static rule follows the seasonal curve. By the remaining fraction a bin sells its forecast share of what is left
    to be traded; by the cumulative target it catches up with the share of the day that is expected to be over with it.
    `ValueError` for bins of no volume, and where there are not as many realised as seasonal ones.
    """
    if not seasonal or len(seasonal) != len(realised) or min(*seasonal, *realised) <= 0:
        raise ValueError(f"as many seasonal as realised volumes, each above zero: {seasonal} and {realised}")
    if quantity < 0 or not -1 <= rho <= 1 or s2 < 0:
        raise ValueError(f"no order or no process: {quantity}, rho {rho}, s2 {s2}")
    last, traded = len(seasonal) - 1, 0.0
    residual: float | None = None
    remaining: list[float] = []
    cumulative: list[float] = []
    for bin_ in range(last):
        ahead = forecast(seasonal[bin_:], residual, rho, s2)
        remaining.append((quantity - sum(remaining)) * ahead[0] / sum(ahead))
        left = quantity - sum(cumulative)
        cumulative.append(min(max(quantity * due(traded, ahead) - sum(cumulative), 0.0), left))
        traded += realised[bin_]
        residual = log(realised[bin_] / seasonal[bin_])
    return Dynamic(
        static=tuple(quantity * volume / sum(seasonal) for volume in seasonal),
        remaining_fraction=(*remaining, quantity - sum(remaining)),
        cumulative_target=(*cumulative, quantity - sum(cumulative)),
    )


class Losses(Struct, frozen=True):
    """How far allocations were from the VWAP of their windows; fractions, but for the list."""

    slippage_bp: tuple[float, ...]
    """Of each window, in basis points of its VWAP; above zero is a higher price than the market's."""
    absolute: float
    """Mean absolute slippage."""
    quadratic: float
    """Mean squared slippage."""
    curve: float
    """Mean squared difference of the shares of the bins from the market's."""


def vwap_losses(
    allocations: Sequence[Sequence[float]], volumes: Sequence[Sequence[float]], prices: Sequence[Sequence[float]]
) -> Losses:
    """A row is a window and a column a bin: what was allotted, what the market traded, and its price. No impact.

    `ValueError` where the tables differ in shape, or a window has no volume or no allocation.
    """
    import numpy as np  # only a study asks; the live schedule needs none of it

    allotted, traded, paid = (np.asarray(table, dtype=float) for table in (allocations, volumes, prices))
    if not allotted.shape == traded.shape == paid.shape or allotted.ndim != 2 or not allotted.size:
        raise ValueError(f"three tables of one shape: {allotted.shape}, {traded.shape}, {paid.shape}")
    whole, market = allotted.sum(axis=1), traded.sum(axis=1)
    if not (whole > 0).all() or not (market > 0).all():
        raise ValueError("a window without volume or without an allocation has no average price")
    slippage = ((allotted * paid).sum(axis=1) / whole) / ((traded * paid).sum(axis=1) / market) - 1
    apart = allotted / whole[:, None] - traded / market[:, None]
    return Losses(
        slippage_bp=tuple((slippage * 10_000).tolist()),
        absolute=float(np.abs(slippage).mean()),
        quadratic=float((slippage**2).mean()),
        curve=float((apart**2).mean()),
    )
