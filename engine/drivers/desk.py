"""What people say of a case while a run of it goes on, as events for the core; and what the engine notes of it.

The book is the only way in: a command line writes there and nowhere else, so that what happened to a run and who wanted
it can be read in one place. Each instruction is taken from the book once, by this run, before the core is told; a crash
in between is made good at the next start, since the journal knows how far it has heard.
"""

import msgspec
import structlog
from msgspec.structs import replace

from engine.alarms import Alarm, Cause
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
from engine.mandate.instructions import Scope, Stop
from engine.mandate.standing import CaseStanding
from engine.mandate.statements import Declined, Held, Seen, Signed, Stopped, Suspended, Taken, Why
from engine.settling import settled
from engine.state import State

log = structlog.get_logger()
STOPPING = (Held, Suspended, Stopped)
"""Statements of which the book is told when they were noticed, and when nothing stood any more."""


class Desk:
    """The book of one run's case, as the run follows it."""

    def __init__(self, book: CaseBook, run: RunId, told: CaseStanding, heard: int) -> None:
        """`told` is the standing that the core knows, and `heard` the last row that is in the journal."""
        self._book, self._run, self._told, self._heard = book, run, told, heard
        self._case = fold(book.rows())
        self._read = len(book.rows())
        self._begun = False
        self._owed: list[tuple[int, Instant]] = []
        """Stops that were noticed and not yet seen through, with the wall time of notice."""

    @property
    def case(self) -> Case:
        """As of the last look."""
        return self._case

    def look(self, at: Instant, wall: Instant) -> list[Instructed | CaseChanged]:
        """What is new since the last look, in the order of the book."""
        rows = self._book.after(self._read)
        if self._begun and not rows:
            return []
        self._case = fold(rows, self._case)
        self._read += len(rows)
        if not self._begun:  # what the journal had not heard when the last process ended
            rows, self._begun = self._book.after(self._heard), True
        found: list[Instructed | CaseChanged] = []
        found += [stop for row in rows if (stop := self._stop(row, at)) is not None]
        self._notice(rows, wall)
        now = standing(self._case)
        if replace(now, book_seq=0) != replace(self._told, book_seq=0):
            found.append(CaseChanged(at, now))
            self._told = now
        found += self._papers(at)
        return found

    def _stop(self, row: Row, at: Instant) -> Instructed | None:
        """A stop that one person gave to this run."""
        seq, _, entry = row
        if not isinstance(entry, Signed):
            return None
        statement = entry.read()
        says = statement.says
        if not isinstance(says, Stopped) or says.run != self._run:
            return None
        return Instructed(
            at=at,
            instruction=Stop(Scope(says.scope), says.name),
            by=statement.by,
            agreed=(),
            reason=statement.reason,
            paper_sha256=sha256_hex(entry.statement.encode()),
            book_seq=seq,
        )

    def _papers(self, at: Instant) -> list[Instructed]:
        """Papers for this run that enough people agree to now, and those that it took and never journaled."""
        found = []
        for paper in list(self._book.docket.papers.values()):
            if paper.run == self._run and paper.kind != "plan":
                entry = self._taken(paper, at)
                if entry is not None:
                    found.append(entry)
                    self._heard = max(self._heard, entry.book_seq)
        return found

    def _taken(self, paper: Paper, at: Instant) -> Instructed | None:
        seq = self._seq_of_taking(paper.sha256) if paper.taken == self._run else None
        if seq is not None and seq <= self._heard:
            return None
        agreed = self._book.agreed(paper.sha256) if seq is None else None
        if seq is None and not isinstance(agreed, Agreed):
            return None
        try:
            wanted = instructions.parse(paper.text)
            names = self._book.take(paper.sha256, self._run).names
        except (NotCounted, BadInput) as error:
            log.warning("paper_not_taken", paper=paper.sha256, why=str(error))
            return None
        except msgspec.DecodeError as error:
            self._decline(paper, f"it is no instruction: {error}")
            return None
        if wanted.run != self._run:
            self._decline(paper, f"it is for run {wanted.run}")
            return None
        seq = self._seq_of_taking(paper.sha256)
        assert seq is not None, "a paper that was taken has a row that says so"
        return Instructed(
            at=at,
            instruction=wanted.instruction,
            by=paper.by,
            agreed=tuple(name for name in names if name != paper.by),
            reason=paper.reason,
            paper_sha256=paper.sha256,
            book_seq=seq,
        )

    def _decline(self, paper: Paper, detail: str) -> None:
        if not any(isinstance(e, Declined) and e.paper_sha256 == paper.sha256 for _, _, e in self._book.rows()):
            self._book.note(Declined(why=Why.OUTSIDE, detail=detail, paper_sha256=paper.sha256))

    def _seq_of_taking(self, paper_sha256: str) -> int | None:
        rows = reversed(self._book.rows())
        return next((seq for seq, _, e in rows if isinstance(e, Taken) and e.paper_sha256 == paper_sha256), None)

    def _notice(self, rows: list[Row], wall: Instant) -> None:
        for seq, _, entry in rows:
            says = entry.read().says if isinstance(entry, Signed) else None
            if isinstance(says, STOPPING) and (not isinstance(says, Stopped) or says.run == self._run):
                self._owed.append((seq, wall))
                self._book.note(Seen(run=self._run, statement_seq=seq, noticed=wall, flat=None))

    def wanted(self, wall: Instant) -> list[Alarm]:
        """Papers for this run on which people have yet to agree."""
        mine = [each for each in self._book.inbox(wall) if each.paper.run == self._run and not each.agreed]
        return [Alarm(Cause.APPROVAL_WANTED, each.paper.sha256[:12], _in_words(each), grave=False) for each in mine]

    def flat(self, state: State, wall: Instant) -> None:
        """Tell the book, once it is proven, that nothing stood any more after a stop."""
        if self._owed and not state.live and settled(state):
            for seq, noticed in self._owed:
                self._book.note(Seen(run=self._run, statement_seq=seq, noticed=noticed, flat=wall))
            self._owed.clear()


def _in_words(waiting: Open) -> str:
    paper, left = waiting.paper, show_span(waiting.left - waiting.left % SECOND)
    agree = f"{len(waiting.names)} of {waiting.need} agree, {left} left"
    return f"{paper.kind} asked by {paper.by}: {agree}: steelyard approve {paper.sha256[:12]}"
