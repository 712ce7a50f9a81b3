"""Floors by average, day by day: whoever drives a run asks here what is owed, and tells the core.

At the start, at each local midnight, and now and then while a day has none: people may bring a file up to date late.
"""

from collections.abc import Iterable, Sequence
from typing import Final, Protocol

from msgspec import Struct

from engine.core.state import State
from engine.events import FloorSet
from engine.kernel.clock import MINUTE, Instant, Span
from engine.kernel.money import Asset
from engine.mandate.floors import local_day, midnight
from engine.mandate.terms import Floor

AGAIN: Final = Span(5 * MINUTE)
"""Market time after which a day that has no floor is tried again."""


class Owed(Struct, frozen=True, kw_only=True):
    """An asset whose floor is to be taken for a local day."""

    asset: Asset
    floor: Floor
    day: str
    number: int
    """That the version will have."""


class FloorSource(Protocol):
    """Where the prices are that floors rest on."""

    def take(self, owed: Owed, at: Instant) -> FloorSet:
        """Read whatever it rests on, and average; a file that can't be used is a word in the event, and no error."""
        ...


class NoSource:
    """For a run that was given no prices."""

    def take(self, owed: Owed, at: Instant) -> FloorSet:
        """There is none."""
        lack = f"no file of prices of {owed.asset} is named"
        return FloorSet(at=at, asset=owed.asset, day=owed.day, version=None, lack=lack)


class Daybreak:
    """What is owed when, of one run."""

    def __init__(self, source: FloorSource) -> None:
        self.source = source

    def owed(self, state: State, at: Instant) -> list[Owed]:
        """Every floor that has no version of this local day, made by the rules in force."""
        return [] if state.closed or state.finished else list(_owed(state, at))

    def news(self, state: State, events: Iterable[FloorSet]) -> list[FloorSet]:
        """Without those that say again that there is none, for the same reason."""
        return [event for event in events if event.version is not None or not _known(state, event)]

    def look(self, state: State, at: Instant) -> Sequence[FloorSet]:
        """Take all that is owed, here and now."""
        return self.news(state, [self.source.take(each, at) for each in self.owed(state, at)])

    def following(self, state: State, at: Instant) -> Instant | None:
        """When to look again; `None` for a run whose floors are no averages."""
        offsets = [plan.floor.average.rules.offset for plan in state.plan.legs if plan.floor and plan.floor.average]
        if not offsets:
            return None
        return min([midnight(offset, at) for offset in offsets] + [Instant(at + AGAIN)] * bool(self.owed(state, at)))


def _owed(state: State, at: Instant) -> Iterable[Owed]:
    for plan in state.plan.legs:
        floor = plan.floor
        if floor is None or floor.average is None or state.legs[plan.id].closed:
            continue
        day, standing = local_day(floor.average.rules.offset, at), state.floors.get(plan.sell)
        version = standing.version if standing is not None else None
        if version is None or version.day != day or not version.under(floor.average):
            number = version.number + 1 if version is not None else 1
            yield Owed(asset=plan.sell, floor=floor, day=day, number=number)


def _known(state: State, event: FloorSet) -> bool:
    standing = state.floors.get(event.asset)
    return standing is not None and (standing.day, standing.lack) == (event.day, event.lack)
