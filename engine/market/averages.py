"""The average of the N days before a trading day: what a floor rests on, and what a report is held against.

No public rule says which days, which zone, which price of a day, which sources, or what becomes of a day that is
missing. So each of them is a rule here without a default, and the result names the days and sources that it used, those
that it missed, and a digest by which anybody can show that they averaged the same numbers.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from msgspec import Struct

from engine.kernel.clock import Span
from engine.kernel.codec import digest
from engine.kernel.money import EXACT, times, total, trimmed
from engine.market.consolidated import median
from engine.market.daily import Daily, DayValue, Kind


class Calendar(StrEnum):
    """Which days count."""

    CALENDAR = "calendar"
    """Every day: the market never closes."""
    TRADING = "trading"
    """Not those on which the institution rests."""


class Missing(StrEnum):
    """What becomes of a day that has no value."""

    REFUSE = "refuse"
    """There is no average."""
    SHORTEN = "shorten"
    """The average is taken of fewer days, but of `days_min` at least."""
    EXTEND = "extend"
    """An older day takes its place, no more than `days_back_max` days before the trading day."""


class AverageRules(Struct, frozen=True, kw_only=True):
    """All that has to be settled before an average means something; `ValueError` where it does not add up."""

    days: int
    calendar: Calendar
    offset: Span
    """Local time less UTC: where a day begins."""
    kind: Kind
    sources: tuple[str, ...]
    """A day's value is the median of those that have one."""
    sources_min: int
    """A day with fewer is missing."""
    coverage_min: Decimal
    """Of a day's bars a source needs this share; with less, the day is missing there."""
    missing: Missing
    days_min: int = 0
    days_back_max: int = 0
    """In days that count."""
    weekdays_off: tuple[int, ...] = ()
    """Days that don't count, with `trading`: 0 is Monday."""
    holidays: tuple[str, ...] = ()
    """ISO dates that don't count, with `trading`, sorted."""
    places: int = 8
    """The average is rounded up to so many: a floor that rests on it is never below the true mean."""

    def __post_init__(self) -> None:
        if faults := list(_faults(self)):
            raise ValueError("; ".join(faults))


class DayUsed(Struct, frozen=True):
    """A day in the average, and whose values its median was taken of."""

    day: str
    value: Decimal
    sources: tuple[str, ...]


class DayMissing(Struct, frozen=True):
    """A day that counts and had no value."""

    day: str
    reason: str
    """Source by source."""


class Average(Struct, frozen=True):
    """The mean of the days used, with all that it rests on. The latest day comes first."""

    value: Decimal
    """Rounded up to the rules' `places`."""
    days: tuple[DayUsed, ...]
    missing: tuple[DayMissing, ...]
    digest: str
    """SHA-256 of the rules, the trading day, and the values and bars of every day looked at, canonically encoded."""


class NoAverage(Struct, frozen=True):
    """Why there is no average of these days."""

    reason: str
    missing: tuple[DayMissing, ...]


def n_day_average(values: Iterable[Daily], day: str, rules: AverageRules) -> Average | NoAverage:
    """The average of the `rules.days` days before `day`, an ISO date; the day itself never counts, nor any later one.

    `ValueError` for values of another zone or kind than the rules', or two of one source: they can't be compared.
    """
    by_source = _by_source(values, rules)
    used: list[DayUsed] = []
    missing: list[DayMissing] = []
    seen: list[tuple[str, dict[str, DayValue]]] = []
    back = rules.days_back_max if rules.missing is Missing.EXTEND else rules.days
    for _, name in zip(range(back), _before(day, rules), strict=False):
        seen.append((name, {source: days[name] for source, days in by_source.items() if name in days}))
        found = _joined(*seen[-1], rules)
        if isinstance(found, DayUsed):
            used.append(found)
        else:
            missing.append(found)
        if len(used) == rules.days:
            break
    needed = rules.days_min if rules.missing is Missing.SHORTEN else rules.days
    if len(used) < needed:
        reason = f"{len(used)} of {needed} days before {day} have a value, of {len(seen)} looked at"
        return NoAverage(reason, tuple(missing))
    mean = _mean_up([one.value for one in used], rules.places)
    return Average(mean, tuple(used), tuple(missing), _digest(rules, day, seen))


def _by_source(values: Iterable[Daily], rules: AverageRules) -> dict[str, Mapping[str, DayValue]]:
    found: dict[str, Mapping[str, DayValue]] = {}
    for one in values:
        if one.source not in rules.sources:
            continue
        if one.source in found:
            raise ValueError(f"{one.source} stands there twice")
        if (one.offset, one.kind) != (rules.offset, rules.kind):
            raise ValueError(f"the days of {one.source} are of another zone or kind than the rules'")
        found[one.source] = one.days
    return found


def _before(day: str, rules: AverageRules) -> Iterator[str]:
    """The days that count, from the one before `day` back."""
    now = date.fromisoformat(day)
    trading, holidays = rules.calendar is Calendar.TRADING, frozenset(rules.holidays)
    while True:
        now -= timedelta(days=1)
        if not trading or (now.weekday() not in rules.weekdays_off and now.isoformat() not in holidays):
            yield now.isoformat()


def _joined(day: str, values: Mapping[str, DayValue], rules: AverageRules) -> DayUsed | DayMissing:
    good: dict[str, Decimal] = {}
    told = []
    for source in rules.sources:
        one = values.get(source)
        if one is None:
            told.append(f"{source}: no bars")
        elif one.bars < times(rules.coverage_min, Decimal(one.bars_all)):
            told.append(f"{source}: {one.bars} of {one.bars_all} bars")
        elif one.value is None:
            told.append(f"{source}: {one.lack}")
        else:
            good[source] = one.value
    if len(good) < rules.sources_min:
        return DayMissing(day, "; ".join((f"{len(good)} of {rules.sources_min} sources", *told)))
    return DayUsed(day, median(list(good.values())), tuple(good))


def _mean_up(values: list[Decimal], places: int) -> Decimal:
    step = Decimal(1).scaleb(-places)
    whole, rest = EXACT.divmod(total(values), EXACT.multiply(step, Decimal(len(values))))
    return EXACT.multiply(whole + bool(rest), step)


def _digest(rules: AverageRules, day: str, seen: list[tuple[str, dict[str, DayValue]]]) -> str:
    """Numbers without trailing zeros, so that two files which write the same number differently agree."""
    told = [
        (
            name,
            {source: (trimmed(one.value) if one.value else "", one.bars, one.bars_all) for source, one in of.items()},
        )
        for name, of in seen
    ]
    return digest((rules, day, told))


def _faults(rules: AverageRules) -> Iterator[str]:
    if rules.days < 1:
        yield f"days: {rules.days} is no number of days"
    if not 1 <= rules.sources_min <= len(set(rules.sources)) == len(rules.sources):
        yield f"sources_min: {rules.sources_min} of {len(rules.sources)} sources, each named once"
    if not 0 < rules.coverage_min <= 1:
        yield f"coverage_min: {rules.coverage_min} is no share above nothing"
    if rules.missing is Missing.SHORTEN and not 1 <= rules.days_min <= rules.days:
        yield f"days_min: {rules.days_min} does not lie between 1 and days, {rules.days}"
    if rules.missing is Missing.EXTEND and rules.days_back_max < rules.days:
        yield f"days_back_max: {rules.days_back_max} is below days, {rules.days}"
    if rules.calendar is Calendar.TRADING and set(rules.weekdays_off) >= set(range(7)):
        yield "weekdays_off: no day is left"
    if not 0 <= rules.places <= 12:
        yield f"places: {rules.places} does not lie between 0 and 12"
