"""A case's book: what people said of the case and what the desk noted, in one chain that never forks.

Every append is one transaction that reads the end, judges and writes, so two at once come one after the other.
Nothing is judged on rows that were not checked: each row's hash and each statement's signature, when it is first read.
A `Witness` outside the folder tells a book that came back from a backup.
"""

import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Final

from msgspec import Struct

from engine.drivers import bookrow, witness
from engine.drivers.bookfile import BookFile
from engine.drivers.hearing import genuine
from engine.drivers.witness import Witness
from engine.journal.record import Record
from engine.kernel import codec
from engine.kernel.clock import Instant
from engine.kernel.errors import BadInput, Damaged, Mistake
from engine.kernel.ids import CaseId, RunId
from engine.mandate.approvals import Agreed, Docket, Lacking, Open, Row, agreed, follow, free_for, inbox
from engine.mandate.people import STOPS, People
from engine.mandate.statements import (
    BookEntry,
    Declined,
    RunBegan,
    RunEnded,
    Seen,
    Signed,
    Statement,
    Taken,
    Why,
)
from engine.mandate.weighing import paper_of, weigh

CASES: Final = "cases"
"""The folder of all books, in the state folder."""
SUFFIX: Final = ".book.sqlite"
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

Judge = Callable[[Sequence[Row]], str | None]
"""Told all rows while nobody else can append: why a statement can't be, or `None`."""


class NotCounted(BadInput):
    """The desk understood a decision and did not let it count; that stands in the book as a row of its own."""

    def __init__(self, declined: Declined, where: str) -> None:
        super().__init__([Mistake(where, f"not counted ({declined.why}): {declined.detail}")])
        self.declined = declined


class Verified(Struct, frozen=True, kw_only=True):
    """A book that was read again from its first row."""

    rows: int
    statements: int
    """So many of them were signed, and each signature is right."""
    head: str
    restored: str
    """Why its witness does not know it; empty when it does."""


def place(home: Path, environment: str, case: CaseId) -> Path:
    """Where the book of a case lies in a state folder."""
    return home / CASES / f"{environment}-{case}{SUFFIX}"


def cases(home: Path, environment: str) -> list[CaseId]:
    """Every case that has a book there."""
    found = (home / CASES).glob(f"{environment}-*{SUFFIX}")
    return sorted(CaseId(path.name.removeprefix(f"{environment}-").removesuffix(SUFFIX)) for path in found)


class CaseBook:
    """One case's book. Made for one thread; whoever only reads may leave `people` out, and no signature is checked.

    Who keeps it open for long gives a function that reads the people anew: a role that was taken away is then gone at
    once, and what somebody new says is understood.
    """

    patient = False
    """For a running engine, which must not fall over a row that nobody proves: such a row is left out of all decisions
    and stands in `doubts`. To everybody else it is `Damaged`."""
    era = 0
    """Grows whenever the rows are read anew from the first one: another book lies there, or other people are known."""

    def __init__(
        self,
        home: Path,
        environment: str,
        case: CaseId,
        people: People | Callable[[], People] | None = None,
        *,
        wall: Callable[[], int] = time.time_ns,
    ) -> None:
        if not _NAME.fullmatch(case):
            raise BadInput([Mistake("case", f"{case!r} is no name of a case: letters, digits, . _ -")])
        self.environment, self.case = environment, case
        self.path = place(home, environment, case)
        self._wall = wall
        self._read_people = people if callable(people) else None
        self._people = people() if callable(people) else people
        genesis = sha256(f"steelyard book 1\n{environment}\n{case}".encode()).hexdigest()
        self._file = BookFile(self.path, genesis)
        self._doubted_by: People | None = None
        self._loose = ""
        """While it is written and the witness can't be held against a copy of the book: why."""
        self._witness = Witness(witness.folder() / f"{environment}-{case}.json", strict=environment == "production")
        self._forget()

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    @property
    def remarks(self) -> list[str]:
        """What the operator should hear of the book's witness."""
        return self._witness.remarks

    @property
    def judges(self) -> bool:
        """Is it known here who may say what? Else the book is only read, and told what the desk notes."""
        return self._people is not None

    def rows(self) -> list[Row]:
        """The whole book. `Damaged` when a row or a signature in it is not what it should be."""
        return self.after(0)

    def after(self, seq: int) -> list[Row]:
        """The rows behind row `seq`; cheap when there are none, and none when there is no book yet."""
        self._catch_up()
        return self._rows[seq:]

    @property
    def docket(self) -> Docket:
        """All papers and decisions as they stand now."""
        self._catch_up()
        return self._docket

    @property
    def restored(self) -> str:
        """Why nothing may be approved or used by this book, in words; empty when its witness knows it.

        It reads the witness at every call.
        """
        return self._gap()

    def agreed(self, paper_sha256: str) -> Agreed | Lacking:
        """Is this paper approved now? To use that, `take` it."""
        return agreed(self.docket, self._known(), paper_sha256, self._now())

    def inbox(self, now: Instant) -> list[Open]:
        """Papers that still wait, oldest first."""
        return inbox(self.docket, self._known(), now)

    def say(self, signed: Signed, judge: Judge | None = None) -> int:
        """Write down what somebody says, if it counts; returns its row.

        `BadInput` when it is not what it pretends to be, or when `judge` speaks against it: then nothing is written.
        `NotCounted` when it is genuine and may not count: then that is written.
        """
        people = self._known()
        statement = genuine(signed, self.case, self.environment, people, self._now())
        with self._writing():
            declined = self._declined(people, statement)
            if declined is None and judge is not None and (objection := judge(self._rows)):
                raise BadInput([Mistake(self.case, objection)])
            seq = self._append(declined or signed)
        if declined is not None:
            raise NotCounted(declined, self.case)
        return seq

    def note(self, noted: Declined | RunBegan | RunEnded | Seen) -> int:
        """Write down what the desk itself saw or did; returns its row. An approval is used by `take` alone."""
        with self._writing():
            return self._append(noted)

    def take(self, paper_sha256: str, run: RunId, judge: Judge | None = None) -> Agreed:
        """Use the approval of a paper for this run, once: the check and the row are one transaction.

        The same run may take it again, so that a crash in between costs nothing. `NotCounted` when the paper may not be
        used, which is written down; `BadInput` when it merely waits for more approvals, or when `judge` speaks against
        it: then it is not used up.
        """
        people = self._known()
        with self._writing():
            result = self._usable(people, paper_sha256, run)
            if isinstance(result, Lacking):
                raise BadInput([Mistake(self.case, result.reason)])
            again = not isinstance(result, Declined) and self._docket.papers[paper_sha256].taken == run
            if isinstance(result, Agreed) and not again and judge is not None and (objection := judge(self._rows)):
                raise BadInput([Mistake(self.case, objection)])
            if not again:
                row = result if isinstance(result, Declined) else Taken(paper_sha256=paper_sha256, run=run)
                self._append(row)
        if isinstance(result, Declined):
            raise NotCounted(result, self.case)
        return result

    def verify(self) -> Verified:
        """Read it again from the first row; `Damaged` at the first row or signature that is wrong."""
        self._known()
        self._forget()
        restored = self._gap()
        statements = sum(isinstance(entry, Signed) for _, _, entry in self._rows)
        return Verified(rows=len(self._rows), statements=statements, head=self._head, restored=restored)

    # What is known of the file, and how it grows

    def _forget(self) -> None:
        self.era += 1
        self.doubts: dict[int, str] = {}
        """Rows that are signed by nobody who is known, and why."""
        self._rows: list[Row] = []
        self._hashes: list[str] = []
        self._docket = Docket()

    @property
    def _head(self) -> str:
        return self._hashes[-1] if self._hashes else self._file.genesis

    def _catch_up(self) -> None:
        """Take in what others have written. Where the file is not the one that we read, all of it is read anew."""
        if not self._file.holds(len(self._rows), self._head) or self._others_are_known():
            self._forget()
        for record in self._file.read(len(self._rows), self._head):
            self._take_in(record, *self._decoded(record))
        if self.doubts and not self.patient:
            raise Damaged(f"{self.path}: {next(iter(self.doubts.values()))}")

    def _others_are_known(self) -> bool:
        """Has somebody been named since a row could not be proven?"""
        return bool(self.doubts) and self._read_people is not None and self._latest() != self._doubted_by

    def _gap(self) -> str:
        """What the witness says against the book as it is now; reads both, the witness first."""
        if self._loose:
            self._catch_up()
            return self._loose
        try:
            mark = self._witness.read()
        except Damaged as error:
            self._catch_up()
            return str(error)
        self._catch_up()
        return self._witness.gap(mark, self._hashes)

    def _take_in(self, record: Record, entry: BookEntry, doubt: str = "") -> None:
        row = (record.seq, record.wall, entry)
        self._rows.append(row)
        self._hashes.append(record.hash)
        if doubt:
            self.doubts[record.seq], self._doubted_by = doubt, self._people
        else:
            self._docket = follow(self._docket, row)

    def _decoded(self, record: Record) -> tuple[BookEntry, str]:
        """The row's entry, and what speaks against its signature by whoever is known; they are read anew at a doubt."""
        entry, statement = bookrow.decoded(record, str(self.path), self.environment, self.case)
        if self._people is None or statement is None or not isinstance(entry, Signed):
            return entry, ""
        before = bookrow.doubt(self._people, record.seq, entry, statement)
        return entry, before and bookrow.doubt(self._latest(), record.seq, entry, statement)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Nobody else appends meanwhile, here or to a copy; then all is durable, and the witness has been told."""
        with self._witness.held() as self._loose:
            try:
                if not self.path.exists():
                    self._witness.begin(self._file.genesis)
                with self._file.writing():
                    sound = not self._gap()
                    yield
                if sound and self._hashes:
                    self._witness.mark(self._hashes)
            finally:
                self._loose = ""

    def _append(self, entry: BookEntry) -> int:
        """Behind the last row, inside a transaction that has caught up."""
        kind = str(type(entry).__struct_config__.tag)
        payload = codec.encode(entry)
        record = self._file.append(len(self._rows), self._head, self._now(), kind, payload)
        self._take_in(record, entry)
        return record.seq

    # Judging

    def _known(self) -> People:
        """Everybody, as they are now."""
        if self._read_people is not None:
            self._people = self._read_people()
        assert self._people is not None, "a book is written and judged with people.toml at hand"
        return self._people

    def _latest(self) -> People:
        """Everybody, as far as the file can be read: it is replaced in two steps, itself and its signature."""
        try:
            return self._known()
        except BadInput:
            assert self._people is not None
            return self._people

    def _now(self) -> Instant:
        return Instant(self._wall())

    def _declined(self, people: People, statement: Statement) -> Declined | None:
        """Why it may not count. To stop is possible by any book."""
        gap = "" if isinstance(statement.says, STOPS) else self._gap()
        if gap:
            return Declined(why=Why.RESTORED, detail=gap, by=statement.by, paper_sha256=paper_of(statement))
        return weigh(self._docket, people, statement, self._now())

    def _usable(self, people: People, paper_sha256: str, run: RunId) -> Agreed | Lacking | Declined:
        gap = self._gap()
        if gap:
            return Declined(why=Why.RESTORED, detail=gap, paper_sha256=paper_sha256)
        paper = self._docket.papers.get(paper_sha256)
        if paper is not None and paper.run not in (None, run):
            detail = f"this {paper.kind} was approved for run {paper.run}, and not for {run}"
            return Declined(why=Why.OUTSIDE, detail=detail, paper_sha256=paper_sha256)
        result = agreed(free_for(self._docket, paper_sha256, run), people, paper_sha256, self._now())
        if isinstance(result, Lacking) and result.why is not None:
            return Declined(why=result.why, detail=result.reason, paper_sha256=paper_sha256)
        return result
