"""Can the price that an order is held against be had at all? Told from what the venues list, before anything starts.

Where fewer sources than the quorum list a pair of the plan, a run would begin and sell nothing. That is refused. A
venue that does not say what it lists may still come: then nobody is refused, and people hear what the sale waits for.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Final

from msgspec import Struct

from engine.compose.references import Sight
from engine.config.reference_checks import PRODUCTION_MIN
from engine.kernel.errors import Mistake
from engine.kernel.ids import Symbol, VenueName
from engine.kernel.money import Asset
from engine.market.reference import ReferenceRules
from engine.planning.plan import Plan

WHERE: Final = "reference.quorum"


class Standing(StrEnum):
    """What one source can say of one pair."""

    SHOWS = "shows"
    SILENT = "silent"
    """Nobody knows yet: it has not said what it lists, or shows no book."""
    LACKS = "lacks"


class Voice(Struct, frozen=True):
    """One source and one pair."""

    venue: VenueName
    standing: Standing
    reason: str = ""
    """Why it says nothing; empty where it does."""


class Quorum(Struct, frozen=True):
    """One pair of a plan, and what every source can say of it. A venue has one voice."""

    pair: str
    """`BTC/USDT`."""
    needed: int
    voices: tuple[Voice, ...]

    @property
    def sources(self) -> list[VenueName]:
        """Those that list the pair, or list it in the fiat that the proceeds become where that can be converted."""
        return [voice.venue for voice in self.voices if voice.standing is Standing.SHOWS]

    @property
    def missing(self) -> int:
        """So many are lacking even if everybody who is silent comes."""
        silent = sum(voice.standing is Standing.SILENT for voice in self.voices)
        return max(0, self.needed - len(self.sources) - silent)

    @property
    def met(self) -> bool:
        """Is there a price as long as nobody falls silent?"""
        return len(self.sources) >= self.needed


def quorums(
    plan: Plan, rules: ReferenceRules, sights: Sequence[Sight], dark: Collection[tuple[VenueName, Symbol]] = ()
) -> list[Quorum]:
    """Every pair that the plan sells. `dark` are pairs of the plan itself that show no book."""
    found: dict[str, Quorum] = {}
    for leg in sorted(plan.legs, key=lambda leg: not leg.to_fiat):  # what the others are converted by comes first
        pair = _pair(leg.sell, leg.buy)
        onward = {_pair(leg.sell, next_.buy): _pair(leg.buy, next_.buy) for next_ in plan.legs if next_.sell == leg.buy}
        rates = {abroad: found[between] for abroad, between in onward.items() if between in found}
        own = [Voice(i.venue, *_own((i.venue, i.symbol) in dark)) for i in leg.instruments]
        beside = [Voice(sight.venue, *_beside(sight, pair, rates)) for sight in sights]
        voices = {voice.venue: voice for voice in (*own, *beside)}
        names = rules.sources or tuple(voices)
        unsold = "does not sell it in this plan"
        found[pair] = Quorum(
            pair, rules.quorum, tuple(voices.get(name, Voice(name, Standing.LACKS, unsold)) for name in names)
        )
    return [found[pair] for pair in dict.fromkeys(_pair(leg.sell, leg.buy) for leg in plan.legs)]


def needs_others(plan: Plan, rules: ReferenceRules) -> bool:
    """Is there a pair that the plan's own venues can't make a price of by themselves?"""
    return not all(quorum.met for quorum in quorums(plan, rules, ()))


def mistakes(found: Sequence[Quorum], *, production: bool) -> Iterator[Mistake]:
    """Every pair that could never be sold: who lists it, who does not, and what would be right."""
    least = PRODUCTION_MIN if production else 1
    for quorum in found:
        if quorum.missing:
            there = quorum.needed - quorum.missing
            more = "a venue" if quorum.missing == 1 else f"{quorum.missing} venues"
            right = f'add {more} with use = "reference" where {quorum.pair} is listed'
            right += f", or say quorum = {there}" if there >= least else ""
            yield Mistake(WHERE, f"{_told(quorum)}. None of it would be sold: {right}")


def doubts(found: Sequence[Quorum]) -> Iterator[str]:
    """A line for every pair whose price waits for a source that is silent."""
    for quorum in found:
        if not (quorum.met or quorum.missing):
            yield f"warning: {_told(quorum)}. None of it is sold before enough of them are heard"


def _own(dark: bool) -> tuple[Standing, str]:
    return (Standing.SILENT, "shows no book") if dark else (Standing.SHOWS, "")


def _beside(sight: Sight, pair: str, rates: Mapping[str, Quorum]) -> tuple[Standing, str]:
    """What a venue for reference has, by the rules of `engine.core.world.views_of`."""
    if sight.silent:
        return Standing.SILENT, f"is silent: {sight.lack}" if sight.lack else "is silent"
    if pair in sight.pairs.values():
        return Standing.SHOWS, ""
    abroad = next((name for name in sight.pairs.values() if name in rates), "")
    if not abroad:
        return Standing.LACKS, "does not list it" if sight.pairs or not sight.lack else f"is left out: {sight.lack}"
    rate = rates[abroad]
    if rate.met:
        return Standing.SHOWS, ""
    what = f"lists {abroad}, and {rate.pair} has {len(rate.sources)} of the {rate.needed} sources that a rate needs"
    return Standing.LACKS if rate.missing else Standing.SILENT, what


def _pair(sell: Asset, buy: Asset) -> str:
    return f"{sell}/{buy}"


def _told(quorum: Quorum) -> str:
    """`BTC/USDT has 1 of the 2 sources needed: hashkey. osl does not list it`."""
    named = f": {', '.join(quorum.sources)}" if quorum.sources else ""
    told = f"{quorum.pair} has {len(quorum.sources)} of the {quorum.needed} sources needed{named}"
    others = [f"{voice.venue} {voice.reason}" for voice in quorum.voices if voice.reason]
    return f"{told}. {'; '.join(others)}" if others else told
