"""What a floor comes to: the version that was set on a local day, and a floor in words.

A version is made from files that people keep up to date, once a day, outside of the core; the core only holds orders
against it. So it names all that it rests on, and anybody can take the same average again.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from math import ceil
from typing import Final

from msgspec import Struct

from engine.kernel.clock import DAY, Instant, Span, show_span
from engine.kernel.codec import digest
from engine.kernel.money import EXACT, Asset, trimmed
from engine.mandate.terms import AverageFloor, Floor, FloorFees, FloorScope, Without
from engine.market.averages import AverageRules, Calendar, DayMissing, DayUsed

STEP: Final = Decimal("0.00000001")
"""A share of an average, or of a quote, is rounded up to this."""
_EPOCH: Final = date(1970, 1, 1).toordinal()


class FloorVersion(Struct, frozen=True, kw_only=True):
    """What a floor by average was on one local day, and all that it rests on."""

    number: int
    """Of this run and asset, from 1."""
    day: str
    """The local date on which it holds, ISO."""
    price: Decimal
    """`share` of `average`, rounded up."""
    currency: Asset
    share: Decimal
    average: Decimal
    days: tuple[DayUsed, ...]
    missing: tuple[DayMissing, ...]
    digest: str
    """Of the rules and of every value that was looked at, as `n_day_average` makes it."""
    rules_sha256: str
    """Of the rules alone: a version counts under the rules that it was made by."""
    files: Mapping[str, str]
    """Per source the SHA-256 of the file as it was read."""

    def under(self, floor: AverageFloor) -> bool:
        """Was it made by the rules of this floor? Its share may be another: see `share_of`."""
        return self.rules_sha256 == digest(floor.rules)


def share_of(price: Decimal | Fraction, share: Decimal) -> Decimal:
    """`share` of a price, rounded up to `STEP`: a floor is never below what it says."""
    steps = ceil(Fraction(price) * Fraction(share) / Fraction(STEP))
    return EXACT.multiply(Decimal(steps), STEP)


def local_day(offset: Span, at: Instant) -> str:
    """The local date, ISO; `offset` is local time less UTC."""
    return _iso((at + offset) // DAY)


def midnight(offset: Span, at: Instant) -> Instant:
    """The next local midnight, strictly after `at`."""
    return Instant(((at + offset) // DAY + 1) * DAY - offset)


def holds(floor: AverageFloor, version: FloorVersion, at: Instant) -> str:
    """Why the version is no floor at `at`; empty where it is one."""
    today, before = (local_day(floor.rules.offset, Instant(at - back)) for back in (0, DAY))
    if not version.under(floor):
        return f"version {version.number} was made by other rules"
    if version.day == today or (floor.without is Without.PREVIOUS and version.day == before):
        return ""
    return f"there is none of {today}; version {version.number} is of {version.day}"


def in_words(floor: Floor) -> str:
    """A floor as people read it, without what it comes to now."""
    extra = "" if floor.scope is FloorScope.FILL and floor.fees is FloorFees.OUT else f", {manner(floor)}"
    return f"{amount(floor)}{extra}"


def amount(floor: Floor) -> str:
    """`70000 USDT`, or what it is a share of."""
    what = f"{basis(floor)} in" if basis(floor) else trimmed(floor.price)
    return f"{what} {floor.currency}"


def basis(floor: Floor) -> str:
    """Where a floor's price comes from; empty for a price that the authority named."""
    if floor.average is not None:
        return f"{percent(floor.average.share)} of the {floor.average.rules.days}-day average"
    return f"{percent(floor.quote.share)} of the best quote" if floor.quote is not None else ""


def manner(floor: Floor) -> str:
    """What is held against it."""
    what = {
        FloorScope.FILL: "for each fill",
        FloorScope.SLICE: "on the average of a slice",
        FloorScope.AVERAGE: "on the average of all that is sold",
    }[floor.scope]
    return f"{what}, {'after fees' if floor.fees is FloorFees.IN else 'before fees'}"


def typed(asset: Asset, floor: Floor) -> str:
    """A floor that the authority named, as `steelyard amend --floor` takes it."""
    return f"{asset}={trimmed(floor.price)}:{floor.currency}:{floor.scope.value}:{floor.fees.value}"


def rules_in_words(floor: AverageFloor) -> str:
    """All that public rules leave open, as the config settled it."""
    rules = floor.rules
    zone = f"UTC{'-' if rules.offset < 0 else '+'}{show_span(Span(abs(rules.offset)))}" if rules.offset else "UTC"
    missing = {
        "refuse": "a missing day is refused",
        "shorten": f"without missing days, {rules.days_min} at least",
        "extend": f"an older day for a missing one, {rules.days_back_max} back at most",
    }[rules.missing.value]
    sources = f"{rules.sources_min} at least of {', '.join(rules.sources)}"
    lapse = {Without.STOP: "nothing is sold", Without.PREVIOUS: "yesterday's holds"}[floor.without]
    days = f"{rules.days} {rules.calendar.value} days before{_off(rules)}, {rules.kind.value} of the day in {zone}"
    bars = f"{percent(rules.coverage_min)} of a day's bars"
    return f"{days}, the median of {sources}, {bars}; {missing}; without an average {lapse}"


def _off(rules: AverageRules) -> str:
    """Which days are none, where trading days count."""
    if rules.calendar is Calendar.CALENDAR:
        return ""
    names = [("mon", "tue", "wed", "thu", "fri", "sat", "sun")[number] for number in rules.weekdays_off]
    return f" (not {', '.join([*names, f'{len(rules.holidays)} listed holidays'])})"


def percent(share: Decimal) -> str:
    """`0.95` as `95 %`."""
    return f"{trimmed(share.scaleb(2))} %"


def _iso(number: int) -> str:
    return date.fromordinal(_EPOCH + number).isoformat()
