"""What people say of a case while a run of it goes on, as events for the core; and what the engine notes of it.

The book is the only way in: a command line writes there and nowhere else, so that what happened to a run and who wanted
it can be read in one place. Each instruction is taken from the book once, by this run, before the core is told; a crash
in between is made good at the next start, since the journal knows which papers it has heard.
"""

import sqlite3
from collections.abc import Collection
from typing import Final

import msgspec
import structlog
from msgspec import Struct
from msgspec.structs import replace

from engine.alarms import Alarm, Cause
from engine.core.settling import settled
from engine.core.state import State
from engine.drivers.casebook import CaseBook, NotCounted
from engine.events import CaseChanged, Instructed
from engine.kernel.clock import SECOND, Instant, show_span
from engine.kernel.codec import sha256_hex
from engine.kernel.errors import BadInput
from engine.kernel.ids import RunId
from engine.mandate import instructions
from engine.mandate.approvals import Agreed, Open, Paper, Row
from engine.mandate.case import Case, standing
from engine.mandate.folding import fold
from engine.mandate.instructions import PARTS, Instruction, Scope, Stop
from engine.mandate.standing import CaseStanding
from engine.mandate.statements import Declined, Held, Seen, Signed, Stopped, Suspended, Taken, Why

log = structlog.get_logger()
STOPPING: Final = (Held, Suspended, Stopped)
"""Statements of which the book is told when they were noticed, and when nothing stood any more.

They count whoever signed them: to stop needs nobody's leave, and a key that is not known here yet may be a good one.
"""
BUSY: Final = (BadInput, OSError, sqlite3.Error)
"""The book, or the people's file, can't be used just now; what failed is tried again at the next look."""


class Owed(Struct, frozen=True, kw_only=True):
    """A stop that was noticed and not yet seen through."""

    statement: str
    seq: int
    says: Held | Suspended | Stopped
    noticed: Instant


class Desk:
    """The book of one run's case, as the run follows it. A row that nobody proves is left out, and never breaks it."""

    def __init__(
        self, book: CaseBook, run: RunId, told: CaseStanding, heard: int, papers: Collection[str] = frozenset()
    ) -> None:
        """`told` is the standing that the core knows; `heard` is the last row, and `papers` are all the papers, that
        are in the journal."""
        book.patient = True
        self._book, self._run, self._told, self._heard, self._papers = book, run, told, heard, set(papers)
        self._case, self._era, self._read = Case(), 0, 0
        self._rows: list[Row] = []
        """What was read, and the core has not been told of."""
        self._met: set[str] = set()
        """Statements that this desk, or the journal, has come across."""
        self._waiting = False
        """Something was put off, and is tried again though the book says nothing new."""
        self._unwritten: list[Declined | Seen] = []
        self._owed: list[Owed] = []
        self._said: set[str] = set()

    @property
    def case(self) -> Case:
        """As of the last look."""
        return self._case

    def look(self, at: Instant, wall: Instant) -> list[Instructed | CaseChanged]:
        """What is new since the last look, in the order of the book. Nothing is lost where it raises; halt then."""
        self._read_on()
        if not self._rows and not self._waiting:
            return []
        self._waiting = False
        gap = self._book.restored
        self._leave_out()
        self._notice(wall)
        found: list[Instructed | CaseChanged] = []
        found += [stop for row in self._rows if (stop := self._stop(row, at)) is not None]
        now = self._standing(gap)
        if replace(now, book_seq=0) != replace(self._told, book_seq=0):
            found.append(CaseChanged(at, now))
        found += self._agreed(at, gap)
        self._papers |= {event.paper_sha256 for event in found if isinstance(event, Instructed)}
        self._told, self._rows = now, []
        return found

    def _read_on(self) -> None:
        """What is behind the last row; all of it at the first look, and where another book lies there now."""
        rows = self._book.after(self._read)
        if self._book.era != self._era:
            self._era, self._case, self._read, self._rows = self._book.era, Case(), 0, []
            rows = self._book.rows()
            there = {entry.statement: seq for seq, _, entry in rows if isinstance(entry, Signed)}
            self._owed = [replace(o, seq=there[o.statement]) for o in self._owed if o.statement in there]
        self._read += len(rows)
        self._rows += rows
        self._case = fold([row for row in rows if self._counts(row)], self._case)

    def _counts(self, row: Row) -> bool:
        seq, _, entry = row
        return seq not in self._book.doubts or (isinstance(entry, Signed) and isinstance(entry.read().says, STOPPING))

    def _leave_out(self) -> None:
        """Say of each row that nobody proves that it is one."""
        for row in self._rows:
            seq, _, entry = row
            if seq in self._book.doubts and isinstance(entry, Signed):
                self._warn("row_not_proven", f"{self._book.doubts[seq]}; counts: {self._counts(row)}")
                if not self._counts(row):
                    name = sha256_hex(entry.statement.encode())
                    self._decline(name, Why.NO_ROLE, self._book.doubts[seq])

    def _standing(self, gap: str) -> CaseStanding:
        """Of a book from a backup only what stops is believed: it may have forgotten a hold, or a deposit's return."""
        now = standing(self._case, self._run)
        if not gap:
            return now
        held, suspended = now.held or self._told.held, now.suspended or self._told.suspended
        return replace(self._told, held=held, suspended=suspended, book_seq=now.book_seq)

    def _stop(self, row: Row, at: Instant) -> Instructed | None:
        """A stop that one person gave to this run."""
        seq, _, entry = row
        if not isinstance(entry, Signed):
            return None
        statement, name = entry.read(), sha256_hex(entry.statement.encode())
        says = statement.says
        if not isinstance(says, Stopped) or says.run != self._run or name in self._papers:
            return None
        if says.scope not in PARTS:
            self._decline(name, Why.OUTSIDE, f"row {seq} stops {says.scope!r}, which is no part of a run")
            return None
        return Instructed(
            at=at,
            instruction=Stop(Scope(says.scope), says.name),
            by=statement.by,
            agreed=(),
            reason=statement.reason,
            paper_sha256=name,
            book_seq=seq,
        )

    # Papers

    def _agreed(self, at: Instant, gap: str) -> list[Instructed]:
        """Papers for this run that enough people agree to now, and those that it took and never journaled."""
        found = []
        for paper in list(self._book.docket.papers.values()):
            if paper.run != self._run or paper.kind == "plan" or paper.sha256 in self._papers:
                continue
            try:
                entry = self._taken(paper, at, gap)
            except BUSY as error:  # what was taken and not told is told at the next look
                self._warn("paper_put_off", f"{paper.sha256}: {error}")
                self._waiting, entry = True, None
            found += [entry] if entry is not None else []
        return sorted(found, key=lambda entry: entry.book_seq)

    def _taken(self, paper: Paper, at: Instant, gap: str) -> Instructed | None:
        """Judged before it is taken: what can't be followed is not used up."""
        if paper.taken != self._run and not isinstance(self._book.agreed(paper.sha256), Agreed):
            return None
        wanted = self._followable(paper, gap)
        if wanted is None:
            return None
        try:
            names = self._book.take(paper.sha256, self._run).names
        except NotCounted as error:
            self._warn("paper_not_taken", f"{paper.sha256}: {error}")
            return None
        return Instructed(
            at=at,
            instruction=wanted,
            by=paper.by,
            agreed=tuple(name for name in names if name != paper.by),
            reason=paper.reason,
            paper_sha256=paper.sha256,
            book_seq=self._row_of_taking(paper.sha256),
        )

    def _followable(self, paper: Paper, gap: str) -> Instruction | None:
        """What it wants; `None`, and a row that says why, where nobody may use it."""
        if gap:
            self._decline(paper.sha256, Why.RESTORED, gap)
            return None
        try:
            wanted = instructions.parse(paper.text)
        except (msgspec.DecodeError, RecursionError) as error:
            self._decline(paper.sha256, Why.OUTSIDE, f"it is no instruction: {error}")
            return None
        if wanted.run != self._run:
            self._decline(paper.sha256, Why.OUTSIDE, f"it is for run {wanted.run}")
            return None
        return wanted.instruction

    def _row_of_taking(self, paper_sha256: str) -> int:
        rows = reversed(self._book.rows())
        return next(seq for seq, _, e in rows if isinstance(e, Taken) and e.paper_sha256 == paper_sha256)

    def _decline(self, paper_sha256: str, why: Why, detail: str) -> None:
        """Once for each paper and reason, however often it is looked at, and by however many processes."""
        entries = [*(entry for _, _, entry in self._book.rows()), *self._unwritten]
        before = ((e.paper_sha256, e.why) for e in entries if isinstance(e, Declined))
        if (paper_sha256, why) not in before:
            self._unwritten.append(Declined(why=why, detail=detail, paper_sha256=paper_sha256))

    # What the book is told

    def _notice(self, wall: Instant) -> None:
        """Stops that are new to the run: what was there before its journal began, or was noticed before, is not."""
        first = not self._met
        for seq, _, entry in self._rows:
            if not isinstance(entry, Signed) or entry.statement in self._met:
                continue
            self._met.add(entry.statement)
            says = entry.read().says
            if isinstance(says, STOPPING) and self._concerns(says) and not (first and seq <= self._heard):
                self._owed.append(Owed(statement=entry.statement, seq=seq, says=says, noticed=wall))
                self._unwritten.append(Seen(run=self._run, statement_seq=seq, noticed=wall, flat=None))

    def _concerns(self, says: Held | Suspended | Stopped) -> bool:
        return not isinstance(says, Stopped) or (says.run == self._run and says.scope in PARTS)

    def flat(self, state: State, wall: Instant) -> None:
        """Write down what was noticed, and, once it is proven, that nothing stood any more after a stop."""
        unsent = any(not shipment.sent for shipment in state.shipments.values())
        if self._owed and not state.live and not unsent and settled(state):
            proven = [one for one in self._owed if _taken_in(state, one)]
            self._owed = [one for one in self._owed if one not in proven]
            self._unwritten += [
                Seen(run=self._run, statement_seq=one.seq, noticed=one.noticed, flat=wall) for one in proven
            ]
        try:
            while self._unwritten:
                self._book.note(self._unwritten[0])
                del self._unwritten[0]
        except BUSY as error:  # the run has heard what it had to hear; the book is told later
            self._warn("book_not_told", str(error))

    def wanted(self, wall: Instant) -> list[Alarm]:
        """Papers for this run on which people have yet to agree."""
        try:
            waiting = self._book.inbox(wall)
        except BUSY as error:
            self._warn("inbox_not_read", str(error))
            return []
        mine = [each for each in waiting if each.paper.run == self._run and not each.agreed]
        return [Alarm(Cause.APPROVAL_WANTED, each.paper.sha256[:12], _in_words(each), grave=False) for each in mine]

    def _warn(self, what: str, why: str) -> None:
        """Once: a look comes several times a second."""
        if (line := f"{what} {why}") not in self._said:
            self._said.add(line)
            log.warning(what, why=why)


def _taken_in(state: State, owed: Owed) -> bool:
    """Has the core followed it? Between the look and the turn an order may still be decided."""
    says = owed.says
    if isinstance(says, Stopped):
        return (Scope(says.scope), says.name) in state.stops or state.heard >= owed.seq
    return bool(state.case.held or state.case.suspended) or state.case.book_seq >= owed.seq


def _in_words(waiting: Open) -> str:
    paper, left = waiting.paper, show_span(waiting.left - waiting.left % SECOND)
    agree = f"{len(waiting.names)} of {waiting.need} agree, {left} left"
    return f"{paper.kind} asked by {paper.by}: {agree}: steelyard approve {paper.sha256[:12]}"
