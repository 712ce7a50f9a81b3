"""What waiting at the offer costs against crossing now, and how likely a queue lets an order through.

Costs are expectations in basis points of the mid at the start; positive is bad for us. They weigh two ways of trading
against each other and are never booked.
"""

from math import exp, expm1, inf, isfinite, log

from msgspec import Struct


class PassiveCross(Struct, frozen=True):
    """Waiting first, against crossing at once."""

    cost_bp: float
    """Expected, of waiting at the offer and crossing where nobody came."""
    cross_now_bp: float
    breakeven_p: float
    """The chance of a fill from which waiting is no worse; `inf` where a fill gains nothing over crossing late."""


def passive_cross(
    p_fill: float,
    half_spread_bp: float,
    maker_fee_bp: float,
    taker_fee_bp: float,
    adverse_bp: float,
    drift_bp: float,
) -> PassiveCross:
    """Wait at the best offer, then cross what is left: expected cost of one unit.

        wait  = p (-h + f_m + a) + (1 - p) (h + f_t + d)
        cross = h + f_t
        break-even  p = d / (2 h + f_t - f_m - a + d)

    `p_fill` is p, from 0 to 1; `half_spread_bp` h; the fees f_m (a rebate is negative) and f_t; `adverse_bp` a, how far
    the mid goes against us just after a fill; `drift_bp` d, how far it goes against us while nobody comes. All but p in
    bp of the mid at the start. A market without drift gives nothing for waiting before fees: take a and d from
    measured fills, not from hope.

    `ValueError` for a p outside 0..1, a negative half spread, or a number that is none.
    """
    numbers = (half_spread_bp, maker_fee_bp, taker_fee_bp, adverse_bp, drift_bp)
    if not 0 <= p_fill <= 1 or half_spread_bp < 0 or not all(map(isfinite, numbers)):
        raise ValueError(f"no chance of a fill and costs in bp: {p_fill}, {numbers}")
    cross_now = half_spread_bp + taker_fee_bp
    filled = -half_spread_bp + maker_fee_bp + adverse_bp
    missed = cross_now + drift_bp
    won = missed - filled  # by a fill, against having waited for nothing
    cost = p_fill * filled + (1 - p_fill) * missed
    if won <= 0:
        return PassiveCross(cost, cross_now, inf)
    return PassiveCross(cost, cross_now, max(0.0, drift_bp / won))


def fill_prob(n_ahead: int, mu: float, th: float, T: float) -> float:  # noqa: N803 - the symbols of the source
    """The chance, from 0 to 1, that an order in a queue is filled within `T`.

    `n_ahead` unit orders stand before ours; buyers take one unit at a time at the rate `mu`, and each order ahead is
    cancelled at the rate `th`, both per unit of time of `T`. Ours stays. The time to our fill is a sum of exponentials
    with the rates mu + n th, ..., mu + th, mu (Cont, Stoikov & Talreja 2010, best quote only). With x = exp(-th T)
    exp(-sum) is Beta(mu/th, n + 1), so that the chance of *no* fill is a negative binomial sum of positive terms,

        exp(-mu T) sum_{i=0..n} prod_{k<i} (mu + k th)/(k + 1) * ((1 - x)/th)^i ,

    which loses no digits and becomes Erlang's as th goes to 0. At most `n_ahead` steps.

    From aggregated books it is not known where cancels stand: `th` as measured is the upper bound (all of them ahead),
    `th = 0` the lower (all of them behind). `ValueError` for a negative or infinite number.
    """
    if n_ahead < 0 or not all(isfinite(number) and number >= 0 for number in (mu, th, T)):
        raise ValueError(f"no queue, rates and time: {n_ahead} ahead, mu {mu}, th {th}, T {T}")
    if mu * T == 0:
        return 0.0
    reach = -expm1(-th * T) / th if th * T > 1e-12 else T
    weight = -mu * T  # the logarithm of the term: its first may be smaller than any float
    unfilled = exp(weight)
    for i in range(n_ahead):
        rate = (mu + i * th) * reach / (i + 1)
        weight += log(rate)
        term = exp(weight)
        unfilled += term
        if rate < 1 and term < 1e-18 * unfilled:  # terms only shrink from here on
            break
    return min(1.0, max(0.0, 1 - unfilled))
