"""What is to be done where: journals, key file and origins together, judged as a whole before anything is sent."""

import binascii
import time
from base64 import b64decode
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from engine.kill import places
from engine.kill.desks import DESKS
from engine.kill.journal import Journal, read
from engine.kill.keyfile import PRODUCTION, Keys
from engine.kill.mistakes import BadInput, Mistake
from engine.kill.orders import WINDOW_NS, OwnOrder, run_tag
from engine.kill.places import Origin, Place
from engine.kill.sweep import Task

FILE: Final = "journal.sqlite"


class Case(NamedTuple):
    """One run: its journal, and how it reached its venues."""

    journal: Journal
    origin: Origin
    tags: frozenset[str]

    @property
    def folder(self) -> Path:
        return self.journal.path.parent


class Errand(NamedTuple):
    """One account at one venue, and what is to be done there; without a place nothing can be sent."""

    task: Task
    place: Place | None
    why: str


def cases(paths: Sequence[Path], runs: Sequence[str]) -> list[Case]:
    """Every journal, read; a folder stands for the journal in it. `BadInput` with each that can't be used."""
    found: list[Case] = []
    mistakes: list[Mistake] = []
    named = frozenset(run_tag(run) for run in runs)
    for path in paths:
        file = path / FILE if path.is_dir() else path
        try:
            journal = read(file)
            origin = places.origin(file)
            if origin.kind == "virtual":
                raise BadInput([Mistake(str(file), "a run in virtual time had no venue outside its process")])
            found.append(Case(journal, origin, journal.told.tags | named))
        except BadInput as error:
            mistakes += error.mistakes
    if mistakes:
        raise BadInput(mistakes)
    return found


def errands(every: Iterable[Case], keys: Mapping[str, Keys]) -> list[Errand]:
    """What is to be done at each account, those of several runs at the same one together."""
    mistakes: list[Mistake] = []
    merged: dict[tuple[str, str], Errand] = {}
    for case in every:
        for venue in _venues(case, keys):
            errand = _errand(case, venue, keys, mistakes)
            if errand is not None:
                where = (venue, errand.place.root if errand.place else errand.why)
                merged[where] = _both(merged[where], errand) if where in merged else errand
    if not mistakes and not any(errand.place for errand in merged.values()):
        mistakes = [Mistake(e.task.venue, e.why) for e in merged.values()] or [Mistake("journal", "names no venue")]
    if mistakes:
        raise BadInput(list(dict.fromkeys(mistakes)))
    return list(merged.values())


def _venues(case: Case, keys: Mapping[str, Keys]) -> list[str]:
    known = {there.venue for there in case.origin.venues} | case.journal.told.venues
    return sorted(known or keys)  # with neither rows nor origin, the key file says where to look


def _errand(case: Case, venue: str, keys: Mapping[str, Keys], mistakes: list[Mistake]) -> Errand | None:
    task = task_of(case, venue)
    if venue not in keys:
        return Errand(task, None, "the key file holds no key of it")
    there = next((one for one in case.origin.venues if one.venue == venue), places.by_key_file(venue, keys[venue]))
    if there.adapter not in DESKS:
        return Errand(task, None, f"the adapter {there.adapter} is not spoken here")
    if case.journal.told.environment and (case.journal.told.environment == PRODUCTION) != (
        case.origin.kind == PRODUCTION
    ):
        what = f"its journal is of {case.journal.told.environment}, and its origin is {case.origin.kind or 'lost'}"
        mistakes.append(Mistake(str(case.folder), f"{what}: nothing is sent"))
        return None
    if there.adapter == "osl" and not _base64(keys[venue].secret):
        mistakes.append(Mistake(f"{venue}.secret", "is not base64"))
        return None
    try:
        return Errand(task, places.place(case.origin.kind, there, keys[venue]), "")
    except BadInput as error:
        mistakes += error.mistakes
        return None


def task_of(case: Case, venue: str) -> Task:
    """What the journal knows of one venue. Where it is torn, orders may be on their way that it does not show."""
    told = case.journal.told
    live = tuple(order for order in told.live if order.venue == venue)
    sure = max((order.sure_ns for order in live), default=0)
    if case.journal.torn or not told.environment:
        sure = max(sure, time.time_ns() + told.windows.get(venue, WINDOW_NS))
    return Task(venue, live, case.tags, sure)


def _both(one: Errand, other: Errand) -> Errand:
    task = Task(
        one.task.venue,
        _distinct(one.task.live + other.task.live),
        one.task.tags | other.task.tags,
        max(one.task.sure_ns, other.task.sure_ns),
    )
    return Errand(task, one.place, one.why)


def _distinct(orders: Iterable[OwnOrder]) -> tuple[OwnOrder, ...]:
    return tuple({order.client_id: order for order in orders}.values())


def _base64(secret: str) -> bool:
    try:
        b64decode(secret, validate=True)
    except (binascii.Error, ValueError):
        return False
    return True
