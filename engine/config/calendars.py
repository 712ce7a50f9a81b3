"""Public holidays by the library `holidays`, as dates. Weekends are not among them: windows name their weekdays."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Final

CALENDARS: Final[Mapping[str, tuple[str, ...]]] = {"CN": ("public",), "HK": ("optional", "public")}
"""By the library's categories. CN: as the State Council arranges them, which banks follow. HK: the general holidays, on
which banks are shut; "public" alone is what employers owe, and Good Friday is missing from it."""
LAST: Final = "2100-12-31"
"""Nobody's windows reach further."""


def closed_days(names: Iterable[str], first: str, last: str) -> tuple[str, ...]:
    """The holidays of all these calendars from `first` to `last`, ISO dates, sorted; `KeyError` for another name.

    They are only as good as `known_until`: ask that first.
    """
    years = range(date.fromisoformat(first).year, date.fromisoformat(last).year + 1)
    days = {day.isoformat() for name in names for year in years for day in _year(name, year)}
    return tuple(sorted(day for day in days if first <= day <= last))


def known_until(names: Iterable[str]) -> str:
    """The last date for which all these calendars are known.

    The mainland's days off and its working weekends are arranged anew each year, some weeks before it begins; the
    library guesses beyond the last arrangement that it has read, and we don't. Hong Kong's are set by ordinance.
    """
    return min((_known(name) for name in names), default=LAST)


def _known(name: str) -> str:
    if name != "CN":
        return LAST
    from holidays import country_holidays

    arranged = max(country_holidays("CN").special_public_holidays)
    return f"{arranged}-12-31"


def _year(name: str, year: int) -> Iterable[date]:
    from holidays import country_holidays

    return country_holidays(name, years=year, categories=CALENDARS[name])
