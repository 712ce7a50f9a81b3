"""Mistakes in where: the mandate's venues, their adapters and options, and who is licensed on the day."""

from collections.abc import Iterator
from typing import Final

from engine.config.known import Known
from engine.config.schema import ConfigFile, VenueSection
from engine.config.words import parse_deadline
from engine.kernel.clock import Instant, parse_instant
from engine.kernel.errors import Mistake
from engine.kernel.ids import VenueName
from engine.mandate.register import gap
from engine.mandate.terms import Deadline

EXECUTION: Final = "execution"
REFERENCE: Final = "reference"
PERMITTED: Final = "permitted"
REFUSED: Final = "refused"


def mistakes(file: ConfigFile, now: Instant, known: Known) -> Iterator[Mistake]:
    """All that is wrong with the venues. `now` is the day of the trade."""
    yield from _mandated(file, now, known)
    for name, section in file.venues.items():
        yield from _section(file, name, section, known, now)


def _mandated(file: ConfigFile, now: Instant, known: Known) -> Iterator[Mistake]:
    if not file.mandate.venues:
        yield Mistake("mandate.venues", "names no venue")
    for index, name in enumerate(file.mandate.venues):
        where = f"mandate.venues[{index}]"
        if name in file.mandate.venues[:index]:
            yield Mistake(where, f"{name} stands here twice")
        elif reason := gap(known.register, VenueName(name), now):
            yield Mistake(where, reason)
        elif name not in file.venues:
            yield Mistake(where, f"[venues.{name}] is missing")


def _key_until(file: ConfigFile, where: str, until: str, now: Instant) -> Iterator[Mistake]:
    """A key that runs out before the sale is over would leave orders that nobody may cancel."""
    if not until:
        return
    try:
        ends = parse_instant(until)
    except ValueError as error:
        yield Mistake(f"{where}.key_until", str(error))
        return
    deadline = parse_deadline(file.mandate.deadline)
    if isinstance(deadline, Deadline) and deadline.from_start(now) > ends:
        yield Mistake(f"{where}.key_until", f"{until} comes before the deadline: renew the key first")


def _section(file: ConfigFile, name: str, section: VenueSection, known: Known, now: Instant) -> Iterator[Mistake]:
    where = f"venues.{name}"
    if section.use not in (EXECUTION, REFERENCE):
        yield Mistake(f"{where}.use", f"{section.use!r} is neither of: {EXECUTION}, {REFERENCE}")
    elif section.use == REFERENCE and name in file.mandate.venues:
        yield Mistake(f"{where}.use", f"{name} is for reference only, and mandate.venues names it to sell on")
    elif section.use == EXECUTION and name not in file.mandate.venues:
        yield Mistake(where, f'is not among mandate.venues; for its prices alone say use = "{REFERENCE}"')
    if section.withdraw_key not in (PERMITTED, REFUSED):
        yield Mistake(f"{where}.withdraw_key", f"{section.withdraw_key!r} is neither of: {PERMITTED}, {REFUSED}")
    elif section.withdraw_key == PERMITTED and section.use == REFERENCE:
        yield Mistake(f"{where}.withdraw_key", "a venue for reference is given no key")
    yield from _key_until(file, where, section.key_until, now)
    options = known.adapters.get(section.adapter)
    if options is None:
        yield Mistake(f"{where}.adapter", f"{section.adapter!r} is none of: {', '.join(known.adapters)}")
        return
    for option in section.options:
        if option not in options:
            takes = ", ".join(options) or "none"
            yield Mistake(f"{where}.options.{option}", f"is no option of {section.adapter}; it takes: {takes}")
