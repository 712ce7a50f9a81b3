"""Selling as a share of what is traded. The share counts our own sales in what it is a share of."""

from collections.abc import Sequence

from msgspec import Struct


def pov_children(rate: float, quantity: float, others: Sequence[float]) -> tuple[float, ...]:
    """What is sold after each bin to be `rate` of all volume, if others trade `others` in it; at most `quantity`.

    Own sales are part of the volume, so each unit of others' asks for rate / (1 - rate) of ours; `rate` itself would
    come to less. `ValueError` for a rate outside 0 to 1, or what is below zero.
    """
    if not 0 <= rate < 1 or quantity < 0 or min(others, default=0.0) < 0:
        raise ValueError(f"no participation: {rate} of {others}, up to {quantity}")
    children, done, seen = [], 0.0, 0.0
    for volume in others:
        seen += volume
        target = min(quantity, rate / (1 - rate) * seen)
        children.append(target - done)
        done = target
    return tuple(children)


class ConstantRate(Struct, frozen=True):
    """The best constant share of volume, and what it costs."""

    rate: float
    """Rho, of all volume; above 1 it can't be had, and waiting risks more than trading costs."""
    execution_cost: float
    """In quote currency; at the optimum phi times this is the cost of risk."""
    risk_cost: float
    """The risk of the price while it lasts, in quote currency."""
    duration: float
    """In the unit of time of `volume`."""


def gueant_pov(quantity: float, volume: float, sigma: float, aversion: float, eta: float, phi: float) -> ConstantRate:
    """The share of a flat market at which cost and risk of a sale are least together.

    `quantity` (q0) coins; `volume` (V) coins a unit of time; `sigma` quote currency a coin and root of time;
    `aversion` (gamma) an inverse of quote currency; a coin costs `eta` rho^`phi` in quote currency. Source: Guéant, J.
    Math. Finance (2014), re-derived: the square of q0 stands in rho*. `ValueError` for what is not above zero.
    """
    given = (quantity, volume, sigma, aversion, eta, phi)
    if min(given) <= 0:
        raise ValueError(f"quantity, volume, sigma, aversion, eta and phi have to be above zero: {given}")
    rate = (aversion * (sigma * quantity) ** 2 / (6 * eta * phi * volume)) ** (1 / (1 + phi))
    return ConstantRate(
        rate=rate,
        execution_cost=eta * rate**phi * quantity,
        risk_cost=aversion * sigma**2 * quantity**3 / (6 * rate * volume),
        duration=quantity / (rate * volume),
    )
