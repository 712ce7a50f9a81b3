"""Mistakes in `[footprint]`, and what it means."""

from collections.abc import Iterator
from itertools import pairwise

from engine.config.schema import ConfigFile, FootprintSection, SharesSection
from engine.config.words import percent
from engine.kernel.errors import Mistake
from engine.market.footprint import SPANS, FootprintRule, Shares


def mistakes(file: ConfigFile) -> Iterator[Mistake]:
    """All that is wrong with `[footprint]`."""
    section = file.footprint
    if section is None:
        return
    if section.venue is None and section.market is None:
        yield Mistake("footprint", "limits nothing: needs venue or market")
    for scope, shares in (("venue", section.venue), ("market", section.market)):
        if shares is not None:
            yield from _shares(f"footprint.{scope}", shares)


def _shares(where: str, shares: SharesSection) -> Iterator[Mistake]:
    given = [(span, share) for span in SPANS if (share := getattr(shares, span)) is not None]
    if not given:
        yield Mistake(where, f"limits nothing: needs one of {', '.join(SPANS)}")
    for span, share in given:
        if not 0 < percent(share) <= 1:
            yield Mistake(f"{where}.{span}", f"{share} is not above 0% and at most 100%")
    for (span, share), (longer, less) in pairwise(given):
        if percent(less) > percent(share):
            yield Mistake(f"{where}.{longer}", f"{less} is looser than the {share} per {span}, and would never bind")


def footprint(section: FootprintSection | None) -> FootprintRule | None:
    """What `[footprint]` means; it has no mistakes."""
    if section is None:
        return None
    return FootprintRule(venue=_meant(section.venue), market=_meant(section.market))


def _meant(shares: SharesSection | None) -> Shares:
    if shares is None:
        return Shares()
    given = {span: share for span in SPANS if (share := getattr(shares, span)) is not None}
    return Shares(**{span: percent(share) for span, share in given.items()})
