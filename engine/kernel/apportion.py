"""A whole divided among several, exactly: the one place where a division of money or coin rounds.

Everybody gets their exact share rounded down to a step; the steps that this leaves over go one each to the largest
remainders, of equal remainders to the first. So the parts add up to the whole, and nobody is a whole step off.
"""

from collections.abc import Sequence
from decimal import Decimal

from engine.kernel.money import EXACT, decimals, total


def apportion(whole: Decimal, weights: Sequence[Decimal], places: int) -> list[Decimal]:
    """`whole` in proportion to `weights`, in steps of the digit `places` after the point; in their order.

    A negative whole is divided like its opposite. Raises `AssertionError` where the whole is finer
    than a step, a weight is negative, or nobody has a share: then there is no exact answer.
    """
    assert decimals(whole) <= places, f"{whole} is finer than {places} digits"
    assert all(weight >= 0 for weight in weights), f"a weight below zero: {weights}"
    steps, scale = int(whole.scaleb(places, EXACT)), max((decimals(weight) for weight in weights), default=0)
    shares = [int(weight.scaleb(scale, EXACT)) for weight in weights]
    divisor = int(total(weights).scaleb(scale, EXACT))
    assert divisor or not steps, "nobody has a share of it"
    if not steps:
        return [Decimal(0)] * len(shares)
    halves = [divmod(abs(steps) * share, divisor) for share in shares]
    over = abs(steps) - sum(part for part, _ in halves)
    first = set(sorted(range(len(halves)), key=lambda index: (-halves[index][1], index))[:over])
    counts = [part + (index in first) for index, (part, _) in enumerate(halves)]
    return [Decimal(count if steps >= 0 else -count).scaleb(-places, EXACT) for count in counts]
