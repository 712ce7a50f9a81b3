"""Mistakes in whose prices count: sources that are no venues, and a quorum that can't be had or is not enough.

In production an exchange counts once, whatever names it is given: it would be held against itself.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from engine.config.schema import ConfigFile, VenueSection
from engine.config.venue_checks import REFERENCE
from engine.kernel.errors import Mistake

PRODUCTION_MIN: Final = 2
"""No real coin is sold by what a single venue shows."""


def mistakes(file: ConfigFile) -> Iterator[Mistake]:
    """All that is wrong with `[reference]`."""
    named, quorum = file.reference.sources, file.reference.quorum
    for index, name in enumerate(named):
        where = f"reference.sources[{index}]"
        if name in named[:index]:
            yield Mistake(where, f"{name} stands here twice")
        elif name not in file.venues:
            yield Mistake(where, f"{name} is none of the venues: {', '.join(file.venues)}")
    there = sources(file)
    if quorum > len(there) > 0:  # a mandate without a venue is told of where it stands
        right = f'add venues with use = "{REFERENCE}" that list the pairs'
        if len(there) >= PRODUCTION_MIN or file.environment != "production":
            right += f", or say at most {len(there)}"
        yield Mistake("reference.quorum", f"{quorum} can't agree among {len(there)}: {', '.join(there)}; {right}")
    if file.environment == "production":
        yield from _twins(file, there)
    if file.environment == "production" and quorum < PRODUCTION_MIN:
        yield Mistake(
            "reference.quorum",
            f"is {quorum}; in production at least {PRODUCTION_MIN} sources have to agree, and a venue with "
            f'use = "{REFERENCE}" is one',
        )


def _twins(file: ConfigFile, there: Sequence[str]) -> Iterator[Mistake]:
    """Sources that are one exchange under two names."""
    named, known = file.reference.sources, dict[str, str]()
    for name in (name for name in there if name in file.venues):
        exchange = _exchange(file.venues[name])
        first = known.setdefault(exchange, name)
        if first != name:
            where = f"reference.sources[{named.index(name)}]" if named else f"venues.{name}"
            yield Mistake(
                where,
                f"{name} is {exchange}, and so is {first}: in production one exchange counts once, so name only one of "
                f"them in reference.sources",
            )


def _exchange(section: VenueSection) -> str:
    """Whose prices they are: an adapter's own, or for one that speaks to many, the one it was told."""
    return section.options.get("exchange", section.adapter)


def sources(file: ConfigFile) -> tuple[str, ...]:
    """The venues whose prices count: those that are named, else the mandate's and then those for reference."""
    named = file.reference.sources
    onlookers = [name for name, section in file.venues.items() if section.use == REFERENCE]
    return tuple(dict.fromkeys(named or (*file.mandate.venues, *onlookers)))
