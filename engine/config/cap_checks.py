"""Mistakes in the caps on all that is sold and in the share of the depth, and what they mean."""

from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from typing import Final

from engine.config.schema import ConfigFile, LimitsSection, VenueSection
from engine.config.venue_checks import REFERENCE
from engine.config.words import percent
from engine.kernel.errors import Mistake
from engine.kernel.ids import VenueName
from engine.risk.caps import Bounds, CapRules

SPANS: Final = ("hour_notional_max", "day_notional_max")
ALL: Final = (*SPANS, "total_notional_max")
"""From the shortest to the longest: each may be as large as the next, and no larger."""


def mistakes(file: ConfigFile) -> Iterator[Mistake]:
    """All that is wrong with the caps of `[limits]` and of the venues, and with `depth_share_max`."""
    yield from _rising("limits", _given(file.limits))
    share = file.limits.depth_share_max
    if share is not None and not 0 < percent(share) <= 1:
        yield Mistake("limits.depth_share_max", f"{share} is not above 0% and at most 100%")
    for name, section in file.venues.items():
        where, given = f"venues.{name}", _given(section)
        yield from _rising(where, given)
        for key, bound in given.items():
            if section.use == REFERENCE:
                yield Mistake(f"{where}.{key}", "a venue for reference sells nothing")
            elif (whole := getattr(file.limits, key)) is not None and bound > whole:
                what = f"{bound} is above the {whole} of all venues together, and would never bind"
                yield Mistake(f"{where}.{key}", what)


def _given(section: LimitsSection | VenueSection) -> dict[str, Decimal]:
    return {key: bound for key in ALL if (bound := getattr(section, key, None)) is not None}


def _rising(where: str, given: dict[str, Decimal]) -> Iterator[Mistake]:
    for key, bound in given.items():
        if bound <= 0:
            yield Mistake(f"{where}.{key}", "has to be above zero")
    for (key, bound), (longer, more) in pairwise(given.items()):
        if bound > more > 0:
            yield Mistake(f"{where}.{key}", f"{bound} is above {longer}, {more}, and would never bind")


def caps(file: ConfigFile) -> CapRules | None:
    """What the caps mean; `None` where the file names none. They have no mistakes."""
    venues = {VenueName(name): _bounds(section) for name, section in file.venues.items() if _given(section)}
    if not venues and not _given(file.limits):
        return None
    return CapRules(all=_bounds(file.limits), total=file.limits.total_notional_max, venues=venues)


def depth_share(file: ConfigFile) -> Decimal | None:
    """`depth_share_max` as a fraction."""
    share = file.limits.depth_share_max
    return None if share is None else percent(share)


def _bounds(section: LimitsSection | VenueSection) -> Bounds:
    return Bounds(hour=section.hour_notional_max, day=section.day_notional_max)
