"""The reports of the days: made each evening beside the run that goes on, and again by `steelyard report`."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path
from typing import Final

import structlog

from engine.alarms import Alarm, alarms, compare
from engine.core.evolve import evolve
from engine.core.state import State, opened
from engine.drivers import folder
from engine.events import Entry, Opened
from engine.evidence.benchmarks import FillEvidence
from engine.evidence.dayrecord import day_json
from engine.evidence.days import DayStory, days, spans
from engine.evidence.recoveryrecord import recovery_json
from engine.evidence.story import Moment, Story
from engine.journal.record import Record
from engine.kernel.clock import DAY, HOUR, MINUTE, SECOND, Instant, Span
from engine.kernel.errors import BadInput, Mistake
from engine.mandate.hours import closed, day
from engine.mandate.programme import Programme
from engine.orders.events import Due
from engine.orders.order import OrderState
from engine.reports import tables
from engine.reports.daypage import render_day

log = structlog.get_logger()
FOLDER: Final = "days"
FILLS: Final = "fills.csv"
SETTLING: Final = MINUTE
"""Market time after midnight before a day is told: its last public trades have to reach the tape."""
PATIENCE: Final = HOUR
"""Where hours are open at midnight, how long their end is waited for."""
GLANCE: Final = Span(10 * SECOND)
"""How often alarms are looked for between rows that are no decision."""


def write_days(
    run: Path,
    story: Story,
    evidence: Sequence[FillEvidence],
    rung: Sequence[Moment],
    only: Collection[str] | None = None,
) -> list[DayStory]:
    """Write the reports of all days, or of those of these names; whatever stood there is replaced whole."""
    told = list(days(story, evidence, only=only))
    for each in told:
        there, of_day = run / FOLDER / each.span.name, [moment for moment in rung if each.span.holds(moment.at)]
        mine = [e for e in evidence if each.span.holds(e.sold.learned_at)]
        there.mkdir(parents=True, exist_ok=True)
        for name, content in (
            (FILLS, tables.fills_csv(mine).encode()),
            (folder.REPORT, render_day(story, each, mine, of_day).encode()),
            (folder.SUMMARY, day_json(story, each, of_day)),  # the last: where it lies, the day has been told
        ):
            folder.write_whole(there / name, content)
    return told


def write_recoveries(run: Path, story: Story) -> None:
    """One file for each time that a process took the run over."""
    for told in story.recoveries:
        folder.write_whole(run / f"recovery-{told.epoch}.json", recovery_json(story, told))


def check(story: Story, wanted: Collection[str]) -> None:
    """Raise `BadInput` with every wanted day that the run does not have."""
    names = [span.name for span in spans(story)]
    has = f"the run has {names[0]} to {names[-1]}" if names else "the run has no programme, and so no days"
    if strange := [Mistake("--day", f"{name}: {has}") for name in wanted if name not in names]:
        raise BadInput(strange)


def rung_by(rows: Iterable[tuple[Record, Entry]]) -> list[Moment]:
    """Every alarm that began or ended, by folding the journal once more; decisions are looked at now and then."""
    state: State | None = None
    standing: tuple[Alarm, ...] = ()
    found: list[Moment] = []
    looked_at = Instant(0)
    for record, entry in rows:
        if isinstance(entry, Opened):
            state = opened(entry)
            continue
        assert state is not None, "the first row opens a run"
        evolve(state, entry)
        if isinstance(entry, Due) and record.at < looked_at + GLANCE:
            continue
        looked_at = record.at
        now = alarms(state)
        raised, over = compare(standing, now)
        found += [Moment(record.at, alarm.cause.value, alarm.text) for alarm in raised]
        found += [Moment(record.at, f"{alarm.cause.value} over", alarm.text) for alarm in over]
        standing = now
    return found


class Evenings:
    """Tells a run's days and its restarts while it goes on: in a thread, one at a time, and no turn waits for it."""

    def __init__(self, run: Path, make: Callable[[Path, Collection[str]], None]) -> None:
        self._run, self._make = run, make
        self._today = ""
        self._told_epoch = 1
        self._task: asyncio.Task[None] | None = None

    def look(self, state: State, now: Instant) -> None:
        """Begin with what is due: the days that are over, or a restart after which all has been read."""
        if self._task is not None and not self._task.done():
            return
        whole = state.epoch > self._told_epoch and _whole(state)
        names = self._due(state.plan.programme, state.opened.at, now)
        if whole:
            self._told_epoch = state.epoch
        if names or whole:
            self._task = asyncio.create_task(self._tell(names))

    def _due(self, programme: Programme | None, since: Instant, now: Instant) -> list[str]:
        """The local days that are over and have not been told; nobody asks twice on one day."""
        if programme is None or (today := day(programme.hours, now)) == self._today or not _quiet(programme, now):
            return []
        self._today = today
        return [name for name in _before(programme, since, now) if not self._told(name)]

    async def aclose(self) -> None:
        """Wait for the report that is being made."""
        if self._task is not None:
            await self._task

    async def _tell(self, names: Sequence[str]) -> None:
        try:
            await asyncio.to_thread(self._make, self._run, names)
        except Exception as error:  # noqa: BLE001 - a report that can't be made stops no sale; it can be made again
            log.error("days_not_told", days=list(names), error=repr(error))

    def _told(self, name: str) -> bool:
        return (self._run / FOLDER / name / folder.SUMMARY).exists()


def _quiet(programme: Programme, now: Instant) -> bool:
    """Is nothing sold now, and has the tape settled? What never closes is not waited for in vain."""
    since_midnight = (now + programme.hours.offset) % DAY
    return since_midnight >= SETTLING and (bool(closed(programme.hours, now)) or since_midnight >= PATIENCE)


def _whole(state: State) -> bool:
    """Has every account been read since the start, and is no order in doubt?"""
    read = all(standing.surveyed for standing in state.venues.values())
    return read and not any(order.state is OrderState.UNKNOWN for order in state.live.values())


def _before(programme: Programme, since: Instant, now: Instant) -> list[str]:
    """The local days of the run that are over."""
    found, at = list[str](), since
    today = day(programme.hours, now)
    while (name := day(programme.hours, at)) < today:
        found.append(name)
        at = Instant(at + DAY)
    return found
