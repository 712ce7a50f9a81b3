"""The schedule of least cost and risk where temporary impact is a power of the rate, over a finite horizon.

Selling at rate v is paid eta v^k less a coin. Permanent impact is left out: in continuous time it costs the same on any
schedule. After Almgren, Appl. Math. Finance 10, 1-18 (2003); the program is convex for every k > 0.
"""

from itertools import pairwise
from math import exp, fsum, inf, log
from typing import Final

from msgspec import Struct

from engine.science.almgren_chriss import Sale

_LEAST: Final = 1e-290
"""Of the whole: what is held below this share is not held."""
_HALVINGS: Final = 200


class PowerPath(Struct, frozen=True, kw_only=True):
    """The optimum: what is held after each slice, its expected cost and its variance (as in `almgren_chriss`)."""

    holdings: tuple[float, ...]
    cost: float
    variance: float


def powerlaw_plan(sale: Sale, exponent: float, risk_aversion: float) -> PowerPath:
    """Least eta tau^-k sum n^(1+k) + lambda sigma^2 tau sum x^2, where `exponent` is k and `sale.eta` goes with v^k.

    `sale.gamma` is not looked at. The optimum obeys h'(n_j) - h'(n_j+1) = 2 lambda sigma^2 tau x_j. So what the last
    slice sells decides all slices before it, by sums of positive terms, and is found by halving an interval of its
    logarithm. Exponents from 0.3 to 2 are tested. `ValueError` for an exponent or an aversion that leaves no optimum.
    """
    if not 0 < exponent < inf or not 0 <= risk_aversion < inf:
        raise ValueError(f"no exponent above zero and no aversion from zero up: {exponent}, {risk_aversion}")
    count, whole = sale.slices, sale.quantity
    pull = 2 * risk_aversion * sale.sigma**2 * sale.tau / ((1 + exponent) * sale.eta * sale.tau**-exponent)
    if pull == 0:
        holdings = [whole * (count - j) / count for j in range(count + 1)]
    else:
        trading = sum(x < whole for x in _backwards(_LEAST * whole, count, pull, exponent)[1:])
        low, high = log(_LEAST), 0.0
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            if not low < middle < high:
                break
            reached = _backwards(whole * exp(middle), trading, pull, exponent)[-1]
            low, high = (middle, high) if reached < whole else (low, middle)
        path = _backwards(whole * exp(high), trading, pull, exponent)
        holdings = [whole, *path[-2::-1], *[0.0] * (count - trading)]
    trades = [a - b for a, b in pairwise(holdings)]
    return PowerPath(
        holdings=tuple(holdings),
        cost=sale.eps * whole + sale.eta * sale.tau**-exponent * fsum(n ** (1 + exponent) for n in trades),
        variance=sale.sigma**2 * sale.tau * fsum(x * x for x in holdings[1:]),
    )


def _backwards(last: float, slices: int, pull: float, exponent: float) -> list[float]:
    """What was held, from nothing at the end to the start, if the last slice sells `last`; infinity once it overflows.

    `pull` is what a coin held adds to n^k from one slice to the one before.
    """
    held, power, path = last, last**exponent, [0.0, last]
    for _ in range(slices - 1):
        try:
            power += pull * held
            held += power ** (1 / exponent)
        except OverflowError:
            held = inf
        path.append(held)
    return path
