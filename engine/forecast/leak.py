"""What somebody who watches the chain learns of a sale from the coin that goes to the venues.

Deposits and sales in, findings out, whether a plan foretells them or a journal has them. A watcher is taken to know the
venues' addresses, and to find out which deposits are ours as soon as anything labels them: a size, a time, a place in
a row. All bounds are rules of thumb, each with its reason in its words; nobody has measured from where on watchers act.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise
from math import fsum, inf, sqrt
from typing import Final

from msgspec import Struct

from engine.forecast import words
from engine.forecast.prospect import Finding
from engine.forecast.trail import AT_ONCE, Deposit, Trail, moments, peak, waits
from engine.kernel.clock import HOUR, Instant, Span, show_span
from engine.kernel.ids import VenueName
from engine.kernel.money import total, trimmed
from engine.mandate.hours import Hours, day, elapsed

DAY_SHARE: Final = (0.01, 0.04)
"""Of a usual day at the venue: from where on a note, and from where on a warning. So are all pairs below."""
HOUR_SHARE: Final = (0.25, 1.0)
ALIKE: Final = (0.25, 0.5)
ALIKE_MIN: Final = 3
"""Fewer deposits of a size are no pattern."""
DIGITS: Final = 3
"""Two sizes that agree to so many are alike."""
ROUND: Final = (0.25, 0.5)
ROUND_DIGITS: Final = 2
SPACING: Final = (0.5, 0.25)
"""Here less is worse."""
GAPS_MIN: Final = 3
TOGETHER: Final = (0.25, 0.5)
LEAD: Final = (HOUR, Span(4 * HOUR))
FORESEEN: Final = (0.1, 0.33)
LARGEST: Final = (0.25, 0.5)
SOONER: Final = "smaller slices_ahead, or a smaller tranche_min"


class Level(StrEnum):
    """How much a finding matters."""

    FINE = "fine"
    NOTE = "note"
    WARN = "warn"
    UNTOLD = "not told"


class Usual(Struct, frozen=True, kw_only=True):
    """What others trade, in coins, by which a deposit is large or small."""

    daily: Mapping[VenueName, float]
    hourly: Callable[[VenueName, Instant], float | None]
    """In such an hour; `None` where nobody knows."""


def findings(trail: Trail, usual: Usual, hours: Hours | None, asset: str) -> tuple[Finding, ...]:
    """All that was looked at, whatever it came to; where nothing is deposited, what the coin at the venues shows."""
    if not trail.deposits:
        return (at_venues(trail, usual, asset),)
    return tuple(_findings(trail, usual, hours, asset))


def _findings(trail: Trail, usual: Usual, hours: Hours | None, asset: str) -> Iterator[Finding]:
    yield _of_day(trail, usual, hours, asset)
    yield _of_hour(trail, usual, asset)
    yield _alike(trail, asset)
    yield _round(trail)
    yield _spacing(trail, hours)
    yield _together(trail)
    yield _lead(trail)
    yield _foreseen(trail, asset)
    yield _largest(trail, asset)


def at_venues(trail: Trail, usual: Usual, asset: str) -> Finding:
    """No coin leaves custody for this sale: all of it can be seen from the start, and no pattern tells more."""
    lying = {venue: units for venue, units in trail.there.items() if units}
    shares = {venue: float(units) / usual.daily[venue] for venue, units in lying.items() if usual.daily.get(venue)}
    places = ", ".join(
        f"{trimmed(units)} {asset} at {venue}"
        + (f" ({words.percent(shares[venue])} % of a usual day there)" if venue in shares else "")
        for venue, units in lying.items()
    )
    worst = max(shares.values(), default=0.0)
    return Finding(
        name="coin at the venues already",
        level=Level.WARN if worst >= DAY_SHARE[1] else Level.NOTE,
        measure=f"{places or 'nothing lies there'}; no tranche is asked for, so nothing new appears on the chain. Who "
        "saw that coin arrive knows the whole of the sale before it begins, and not when it is sold",
        bound=f"always a note; a warning from {_percent(DAY_SHARE[1])} of a usual day at one venue",
        remedy="a [custody] section: only the coin of the next slices then stands at a venue",
    )


def _of_day(trail: Trail, usual: Usual, hours: Hours | None, asset: str) -> Finding:
    known = [(float(each.quantity) / usual.daily[each.venue], each) for each in trail.deposits if _daily(usual, each)]
    bound = _bound(
        DAY_SHARE,
        "of a usual day at the venue",
        "by the law of the root a sale of 1 % moves the price by about a tenth of its daily deviation, of 4 % by a "
        "fifth: that is what there is to earn by selling first",
    )
    if not known:
        return _untold("size against a day", "nobody said how much is traded at the venues", bound)
    worst, largest = max(known, key=lambda pair: pair[0])
    told = f"the largest is {words.percent(worst)} % of a usual day: {_named(largest, asset)}, where "
    told += f"{words.number(usual.daily[largest.venue])} {asset} are traded a day; all of a day to one venue come to "
    told += f"{words.percent(_day_in_all([each for _, each in known], usual, hours))} % at most"
    if len(known) < len(trail.deposits):
        told += f"; {len(trail.deposits) - len(known)} of {len(trail.deposits)} go to venues of which nobody said it"
    return _judged("size against a day", worst, DAY_SHARE, told, bound, "smaller slices_ahead, or a longer window")


def _day_in_all(known: Sequence[Deposit], usual: Usual, hours: Hours | None) -> float:
    """The largest sum of a day's deposits to one venue, as a share of its usual day."""
    sums: dict[tuple[VenueName, str], float] = {}
    for each in known:
        key = each.venue, day(hours, each.at) if hours is not None else words.day(each.at)
        sums[key] = sums.get(key, 0.0) + float(each.quantity) / usual.daily[each.venue]
    return max(sums.values())


def _of_hour(trail: Trail, usual: Usual, asset: str) -> Finding:
    name = "size against its hour"
    bound = _bound(
        HOUR_SHARE, "of what others usually trade in such an hour", "at 100 % it is as much as all others trade"
    )
    hourly = ((usual.hourly(each.venue, each.at), each) for each in trail.deposits)
    known = [(_of(each.quantity, volume), volume, each) for volume, each in hourly if volume is not None]
    if not known:
        return _untold(name, "no bars show the hours in which coin goes out", bound)
    worst, volume, largest = max(known, key=lambda found: found[0])
    if volume:
        told = f"the largest is {words.percent(worst)} % of its hour: {_named(largest, asset)}, where others usually "
        told += f"trade {words.number(volume)} {asset} in that hour"
    else:
        told = f"{_named(largest, asset)}, where others usually trade nothing in that hour"
    if len(known) < len(trail.deposits):
        told += f"; {len(trail.deposits) - len(known)} of {len(trail.deposits)} fall in hours that no bars show"
    remedy = "smaller slices_ahead, or hours of more volume (see the heat map)"
    return _judged(name, worst, HOUR_SHARE, told, bound, remedy)


def _of(quantity: Decimal, volume: float) -> float:
    """As a multiple; of nothing, more than any bound."""
    return float(quantity) / volume if volume else inf


def _alike(trail: Trail, asset: str) -> Finding:
    name, count = "sizes that repeat", len(trail.deposits)
    bound = _bound(
        ALIKE, f"of all, and at least {ALIKE_MIN}", "a size that comes back labels the deposits as one seller's"
    )
    if count < ALIKE_MIN:
        return _untold(name, f"{_counted(count)}: too few to repeat", bound)
    sizes = Counter(_leading(each.quantity) for each in trail.deposits)
    size, times = sizes.most_common(1)[0]
    told = f"{times} of {count} are alike to {DIGITS} digits: {trimmed(size)} {asset}"
    remedy = "size_jitter in the strategy; no tranche_min, or one below what a slice needs"
    if times < ALIKE_MIN:
        return _fine(name, f"no size comes more than {'twice' if times == 2 else 'once'} in {count} deposits", bound)
    return _judged(name, times / count, ALIKE, told, bound, remedy)


def _round(trail: Trail) -> Finding:
    sizes = [each.quantity for each in trail.deposits]
    found = [size for size in sizes if len(_digits(size)) <= ROUND_DIGITS]
    told = f"{len(found)} of {len(sizes)} have at most {ROUND_DIGITS} digits that count"
    if found:
        told += f", such as {trimmed(found[0])}"
    bound = _bound(ROUND, "of all", "of sizes of four digits one in a hundred is round by chance: others were chosen")
    remedy = "a tranche_min of odd digits or none; size_jitter in the strategy"
    return _judged("round sizes", len(found) / len(sizes), ROUND, told, bound, remedy)


def _spacing(trail: Trail, hours: Hours | None) -> Finding:
    """By the coefficient of variation of the times between them, in open time: nights are known to everybody."""
    name = "regular times"
    bound = (
        f"a note below {SPACING[0]}, a warning below {SPACING[1]}: deviation over mean of the times between deposits "
        "is 1 where they come by chance, and 0 by a clock"
    )
    times = [group[0].at for group in moments(trail)]
    gaps = [float(elapsed(hours, a, b) if hours is not None else b - a) for a, b in pairwise(times)]
    if len(gaps) < GAPS_MIN or not fsum(gaps):
        return _untold(name, f"{_counted(len(times), 'moment')} at which coin goes out: too few to be regular", bound)
    mean = fsum(gaps) / len(gaps)
    varies = sqrt(fsum((gap - mean) ** 2 for gap in gaps) / len(gaps)) / mean
    level = Level.WARN if varies < SPACING[1] else Level.NOTE if varies < SPACING[0] else Level.FINE
    told = f"{len(times)} moments, {words.span(round(mean))} of open time apart on average; they vary by "
    told += f"{words.fixed(varies, 2)} of that"
    remedy = "more time_jitter in the strategy; a custodian who sends at odd times"
    return Finding(name=name, level=level, measure=told, bound=bound, remedy="" if level is Level.FINE else remedy)


def _together(trail: Trail) -> Finding:
    name = "several at one moment"
    bound = _bound(TOGETHER, "of all", "what leaves one custodian for two venues at once belongs together")
    if len({each.venue for each in trail.deposits}) < 2:
        return _fine(name, "one venue, so none", bound)
    found = sum(len(group) for group in moments(trail) if len({each.venue for each in group}) > 1)
    told = f"{found} of {len(trail.deposits)} leave within {show_span(AT_ONCE)} of one for another venue"
    remedy = "a custodian who sends them apart, each from an address of its own"
    return _judged(name, found / len(trail.deposits), TOGETHER, told, bound, remedy)


def _lead(trail: Trail) -> Finding:
    """Weighted by coin, from the deposit to its sale; the first coin to arrive is the first that is sold."""
    name = "lead before the sale"
    bound = (
        f"a note from {show_span(LEAD[0])} on average, a warning from {show_span(LEAD[1])}: six confirmations of "
        "bitcoin take about an hour, in which nobody can sell yet; what is longer is given away"
    )
    leads = list(waits(trail))
    if not leads:
        return _untold(name, "nothing of it is sold", bound)
    mean = fsum(float(units) * span for units, span in leads) / float(total(units for units, _ in leads))
    longest = max(span for _, span in leads)
    told = f"a coin lies at its venue for {words.span(round(mean))} before it is sold, on average; at most for "
    told += words.span(longest)
    return _judged(name, mean, LEAD, told, bound, SOONER)


def _foreseen(trail: Trail, asset: str) -> Finding:
    most, at = peak(trail)
    share = float(most / trail.whole)
    told = f"at most {trimmed(most)} {asset} that are not sold yet stand at the venues, {words.percent(share)} % of "
    told += f"the whole ({words.moment(at)} UTC)"
    bound = _bound(FORESEEN, "of the whole", "it is what others can sell ahead of us while they can see it")
    return _judged("what can be foreseen", share, FORESEEN, told, bound, SOONER)


def _largest(trail: Trail, asset: str) -> Finding:
    largest = max(trail.deposits, key=lambda each: each.quantity)
    share = float(largest.quantity / trail.whole)
    large = [each for each in trail.deposits if float(each.quantity / trail.whole) >= LARGEST[0]]
    told = f"{_counted(len(trail.deposits))}; the largest is {words.percent(share)} % of the whole: "
    told += _named(largest, asset)
    if share >= 1:
        told = f"one deposit of the whole: {_named(largest, asset)}"
    elif len(large) > 1:
        told += f", and {len(large) - 1} more give away {_percent(LARGEST[0])} or more"
    bound = _bound(LARGEST, "of the whole in one", "who sees it knows the order of magnitude of all that comes")
    remedy = "more tranches: smaller slices_ahead, more slices, a smaller tranche_min"
    return _judged("the total given away", share, LARGEST, told, bound, remedy)


def _judged(name: str, value: float, bounds: tuple[float, float], measure: str, bound: str, remedy: str) -> Finding:
    level = Level.WARN if value >= bounds[1] else Level.NOTE if value >= bounds[0] else Level.FINE
    return Finding(name=name, level=level, measure=measure, bound=bound, remedy="" if level is Level.FINE else remedy)


def _fine(name: str, measure: str, bound: str) -> Finding:
    return Finding(name=name, level=Level.FINE, measure=measure, bound=bound, remedy="")


def _untold(name: str, why: str, bound: str) -> Finding:
    return Finding(name=name, level=Level.UNTOLD, measure=why, bound=bound, remedy="")


def _bound(bounds: tuple[float, float], of: str, why: str) -> str:
    return f"a note from {_percent(bounds[0])}, a warning from {_percent(bounds[1])} {of}: {why}"


def _percent(share: float) -> str:
    return f"{100 * share:g} %"


def _counted(count: int, of: str = "deposit") -> str:
    return f"one {of}" if count == 1 else f"{count} {of}s"


def _named(each: Deposit, asset: str) -> str:
    return f"{trimmed(each.quantity)} {asset} to {each.venue} at {words.moment(each.at)} UTC"


def _daily(usual: Usual, each: Deposit) -> bool:
    return bool(usual.daily.get(each.venue))


def _digits(size: Decimal) -> Sequence[int]:
    """Those that count: neither leading nor trailing zeros."""
    return size.normalize().as_tuple().digits


def _leading(size: Decimal) -> Decimal:
    """To `DIGITS` of them; a statistic, and never a quantity that is moved."""
    return round(size, DIGITS - 1 - size.adjusted())
