"""How likely a deposit is to be outrun by the price before the money arrives.

The price is a geometric Brownian motion without drift, watched all the time. Real markets jump, so for a fixed deposit
on the full amount read this as a lower bound.
"""

from math import erfc, inf, log1p, sqrt
from typing import Final

DAYS_A_YEAR: Final = 365.0
"""Crypto-assets trade every day; annual volatilities are scaled by it."""


def cover_break(headroom: float, annual_volatility: float, days: float) -> float:
    """The chance, from 0 to 1, that the price rises to `1 + headroom` times today's within `days`.

    Closed form by reflection. `headroom` is a fraction (0.10 is ten per cent) and so is `annual_volatility`; a headroom
    of zero or less is broken already. `ValueError` for a negative volatility or time.
    """
    if not 0 <= annual_volatility < inf or not 0 <= days < inf or headroom != headroom:
        raise ValueError(f"no volatility and time: {annual_volatility}, {days} days, headroom {headroom}")
    if headroom <= 0:
        return 1.0
    spread = annual_volatility * sqrt(days / DAYS_A_YEAR)  # of the log price, one standard deviation
    if spread == 0:
        return 0.0
    barrier = log1p(headroom)
    drift = -spread * spread / 2  # of the log price, so that the price itself has none
    ends_above = _normal((drift - barrier) / spread)
    fell_back = _normal((-drift - barrier) / spread) / (1 + headroom)
    return min(1.0, ends_above + fell_back)


def headroom(cover: float, limit: float) -> float:
    """By what fraction the price may rise until cover falls from `cover` to `limit`; `inf` when nothing is exposed."""
    if limit <= 0:
        raise ValueError(f"a limit of cover lies above zero: {limit}")
    return cover / limit - 1


def _normal(x: float) -> float:
    return erfc(-x / sqrt(2)) / 2
