"""Stablecoins: what a price in one is worth in dollars, and when its peg can't be trusted.

After section 9 of the execution page. `usd_leg` counts in whatever it is given, floats or exact decimals; the guard's
statistics are floats. Both go by medians across venues, since a single venue's print must never stop a sale.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from math import sqrt
from statistics import median
from typing import Final, Generic, TypeVar

from msgspec import Struct

BP: Final = 10_000
N = TypeVar("N", float, Decimal)


class UsdLeg(Struct, Generic[N], frozen=True):
    """A price in a stablecoin, brought into dollars."""

    mid: N
    """Median of the venues' mids, in dollars for one coin."""
    executable: N
    """Median of the side that has to be traded: the bid when we sell."""
    price: N
    """The price in dollars, after the fee of the conversion."""


def usd_leg(price: N, side: int, books: Sequence[tuple[N, N]], fee_bp: N) -> UsdLeg[N]:
    """`price`, in a stablecoin, in dollars as they can be had: S = p x (bid or ask) x (1 + side x fee / 10,000).

    `side` is -1 for a sale (what is received is sold at the bid) and +1 for a purchase (what is paid is bought at the
    ask). `books` holds each venue's best bid and ask of the coin in dollars. `ValueError` without a book, with a
    crossed one, or for another side. With decimals, set a context that does not round (`engine.kernel.money.EXACT`).
    """
    if side not in (-1, 1):
        raise ValueError(f"a side is -1, to sell, or 1, to buy: {side}")
    if not books:
        raise ValueError("no book, no conversion")
    for bid, ask in books:
        if not 0 < bid <= ask:
            raise ValueError(f"no book of a coin: bid {bid}, ask {ask}")
    executable = median([book[(side + 1) // 2] for book in books])
    return UsdLeg(
        mid=median([(bid + ask) / 2 for bid, ask in books]),
        executable=executable,
        price=price * executable * (BP + side * fee_bp) / BP,
    )


def at_par_error_bp(mid: float) -> float:
    """By how much a price is overstated, in basis points of its true worth, when the coin is taken for a dollar."""
    return BP * (1 / mid - 1)


def off_par_bp(mid: float, par: float = 1.0) -> float:
    """How far the coin stands above its par (or below: negative), in basis points of par: what the guard is fed."""
    return BP * (mid / par - 1)


class GuardRules(Struct, frozen=True):
    """When the peg is in doubt. Distances from par in basis points; one sample is one minute."""

    half_life: float
    """Minutes after which a sample weighs half."""
    warn_bp: float
    halt_bp: float
    z_halt: float
    """So many standard deviations from the recent mean are a breach too, once beyond `warn_bp`."""
    persist: int
    """So many breaches in a row halt."""
    variance_min: float
    """In square basis points; also where the variance begins."""

    def __post_init__(self) -> None:
        positive = min(self.half_life, self.warn_bp, self.z_halt, self.variance_min) > 0
        if not positive or self.halt_bp < self.warn_bp or self.persist < 1:
            raise ValueError(f"no rules for a guard: {self}")


class Guard(Struct, frozen=True):
    """What the guard knows after a minute; begin with `begun(rules)`."""

    mean: float
    variance: float
    z: float = 0.0
    """How far the last sample stood from the mean before it, in standard deviations."""
    breaches: int = 0
    """In a row, up to the last sample."""
    level: int = 0
    """0 calm; 1 warn; 2 halt the leg that makes more of the coin, and keep converting what is there."""


def begun(rules: GuardRules) -> Guard:
    """Before the first sample: at par, as restless as the floor of the variance says."""
    return Guard(mean=0.0, variance=rules.variance_min)


def advance(guard: Guard, x_bp: float | None, rules: GuardRules) -> Guard:
    """The guard after the next minute. `x_bp` is `off_par_bp` of the venues' median; `None` where there was no price.

    Exponentially weighted mean and variance, with the weight 1 - 2^(-1 / half_life) for the newest. Level 1 while
    |x| > warn; a breach is |x| > halt, or |z| > z_halt beyond warn; level 2 from `persist` breaches in a row.
    The mean follows the stress that it should show, so z only warns early: the absolute bound is the real guard.
    A minute without a price neither raises an alarm nor ends one.
    """
    if x_bp is None:
        return guard
    keep = 2.0 ** (-1.0 / rules.half_life)
    away = x_bp - guard.mean
    z = away / sqrt(guard.variance)
    breach = abs(x_bp) > rules.halt_bp or (abs(z) > rules.z_halt and abs(x_bp) > rules.warn_bp)
    breaches = guard.breaches + 1 if breach else 0
    halted = breaches >= rules.persist
    return Guard(
        mean=keep * guard.mean + (1 - keep) * x_bp,
        variance=max(rules.variance_min, keep * guard.variance + (1 - keep) * away * away),
        z=z,
        breaches=breaches,
        level=2 if halted else int(abs(x_bp) > rules.warn_bp),
    )


def stable_guard(samples_bp: Iterable[float | None], rules: GuardRules) -> tuple[Guard, ...]:
    """The guard after each of these minutes."""
    guard, after = begun(rules), []
    for x_bp in samples_bp:
        guard = advance(guard, x_bp, rules)
        after.append(guard)
    return tuple(after)
