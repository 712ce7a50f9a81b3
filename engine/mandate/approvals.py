"""Decisions on papers: what was proposed, who agreed, and whether that is enough at this moment.

The docket is a fold over a case's book and trusts nothing that it finds there: whether a paper is agreed on is worked
out anew each time, from roles, keys and expiries as they are now. So a row that should never have been written
can't make a paper pass.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from engine.kernel.clock import Instant, Span, iso
from engine.kernel.codec import sha256_hex
from engine.kernel.ids import PersonName, RunId
from engine.mandate.instructions import kind_of
from engine.mandate.people import People, may
from engine.mandate.statements import (
    Allocated,
    AllocationUndone,
    Approved,
    BookEntry,
    Proposed,
    Refused,
    Signed,
    Statement,
    Taken,
    Why,
    Withdrawn,
)

Row = tuple[int, Instant, BookEntry]
"""A row of the book: its number, the desk's wall time when it was written, and what it says."""


class Approval(Struct, frozen=True, kw_only=True):
    """One person's agreement, as it stands in the book."""

    by: PersonName
    at: Instant
    """When the desk wrote it down; nobody's own clock makes an approval last longer."""
    expires: Instant
    nonce: str
    reason: str

    def until(self, lasts: Span) -> Instant:
        """It is good before this instant: its own expiry, and never longer than the policy allows."""
        return min(self.expires, Instant(self.at + lasts))


class Paper(Struct, frozen=True, kw_only=True):
    """A proposal and all that was decided of it."""

    sha256: str
    kind: str
    """By its own bytes; who proposed it may call it what they like."""
    run: RunId | None
    text: str
    by: PersonName
    at: Instant
    """When the desk wrote it down."""
    reason: str
    seq: int
    authors: frozenset[PersonName]
    """Whoever has ever proposed it: none of them may agree to it."""
    approvals: Mapping[PersonName, Approval] = {}
    refused: str = ""
    """Who refused it and why; empty while nobody has."""
    withdrawn: bool = False
    taken: RunId | None = None
    entered: int = 0
    """The row that used it, where no run does: an allocation counts from that row on. Zero while there is none."""

    @property
    def used(self) -> str:
        """By what it was used up; empty while it was not."""
        return f"run {self.taken}" if self.taken is not None else f"row {self.entered}" if self.entered else ""

    def lapses(self, lasts: Span) -> Instant:
        """Who has not agreed by then agrees too late."""
        return Instant(self.at + lasts)


class Docket(Struct, frozen=True):
    """All papers of a case, by the SHA-256 of their bytes, and every nonce that was used."""

    papers: Mapping[str, Paper] = {}
    nonces: frozenset[str] = frozenset()


class Agreed(Struct, frozen=True, kw_only=True):
    """Enough people agree, now."""

    paper_sha256: str
    names: tuple[PersonName, ...]
    """Everybody whose approval counts, in alphabetical order."""
    expires: Instant
    """From then on there are too few."""


class Lacking(Struct, frozen=True, kw_only=True):
    """Not agreed on, and why not."""

    reason: str
    have: int
    need: int
    left: Span
    """How long the proposal still waits for approvals; zero when it waits for none."""
    why: Why | None = None
    """What the desk notes when somebody wants to use it all the same; `None` while it merely waits."""


class Open(Struct, frozen=True, kw_only=True):
    """A paper that is still waiting: for approvals, or to be used."""

    paper: Paper
    names: tuple[PersonName, ...]
    need: int
    agreed: bool
    left: Span
    """Until the proposal lapses; once it is agreed, until it no longer is."""


def follow(docket: Docket, row: Row) -> Docket:
    """The docket after one more row."""
    seq, wall, entry = row
    match entry:
        case Signed():
            statement = entry.read()
            if statement.nonce in docket.nonces:
                return docket
            docket = replace(docket, nonces=docket.nonces | {statement.nonce})
            return _said(docket, seq, wall, statement)
        case Taken(paper_sha256=name, run=run) if name in docket.papers:
            return _with(docket, replace(docket.papers[name], taken=run))
    return docket


def fold(rows: Iterable[Row]) -> Docket:
    """The docket of a whole book."""
    docket = Docket()
    for row in rows:
        docket = follow(docket, row)
    return docket


def _said(docket: Docket, seq: int, wall: Instant, statement: Statement) -> Docket:
    says = statement.says
    if isinstance(says, Proposed):
        return _with(docket, _proposed(docket, seq, wall, statement, says))
    if isinstance(says, Allocated | AllocationUndone) and says.paper_sha256 in docket.papers:
        return _with(docket, replace(docket.papers[says.paper_sha256], entered=seq))
    if not isinstance(says, Approved | Refused | Withdrawn) or says.paper_sha256 not in docket.papers:
        return docket
    paper = docket.papers[says.paper_sha256]
    match says:
        case Approved(expires=expires):
            given = Approval(by=statement.by, at=wall, expires=expires, nonce=statement.nonce, reason=statement.reason)
            return _with(docket, replace(paper, approvals={**paper.approvals, statement.by: given}))
        case Refused():
            return _with(docket, replace(paper, refused=f"{statement.by}: {statement.reason}"))
        case Withdrawn() if statement.by == paper.by:
            return _with(docket, replace(paper, withdrawn=True))
        case Withdrawn():
            left = {name: given for name, given in paper.approvals.items() if name != statement.by}
            return _with(docket, replace(paper, approvals=left))


def _proposed(docket: Docket, seq: int, wall: Instant, statement: Statement, says: Proposed) -> Paper:
    """Proposed again, a paper has to be agreed on again, but nobody who ever proposed it may do so."""
    name = sha256_hex(says.paper.encode())
    before = docket.papers.get(name)
    return Paper(
        sha256=name,
        kind=kind_of(says.paper, says.kind),
        run=says.run,
        text=says.paper,
        by=statement.by,
        at=wall,
        reason=statement.reason,
        seq=seq,
        authors=frozenset({statement.by}) | (before.authors if before else frozenset()),
        refused=before.refused if before else "",
        taken=before.taken if before else None,
        entered=before.entered if before else 0,
    )


def _with(docket: Docket, paper: Paper) -> Docket:
    return replace(docket, papers={**docket.papers, paper.sha256: paper})


def counting(paper: Paper, people: People, now: Instant) -> list[Approval]:
    """The approvals that count at `now`: in force, by people with the role, none of them an author; one a key."""
    found: dict[str, Approval] = {}
    for name, given in sorted(paper.approvals.items()):
        person = people.persons.get(name)
        if person is None or not may(person, Approved, paper.kind) or name in paper.authors:
            continue
        if now < given.until(people.policy.lasts):
            found.setdefault(person.key, given)
    return list(found.values())


def agreed(docket: Docket, people: People, paper_sha256: str, now: Instant) -> Agreed | Lacking:
    """Do enough people agree to exactly this paper, at `now`?"""
    need, lasts = people.policy.approvals, people.policy.lasts
    paper = docket.papers.get(paper_sha256)
    if paper is None:
        reason = f"nobody has proposed the paper {paper_sha256[:12]}…: what is approved is approved to the byte"
        return Lacking(reason=reason, have=0, need=need, left=Span(0), why=Why.UNKNOWN_PAPER)
    approvals = counting(paper, people, now)
    have = len(approvals)
    over = _over(paper)
    if over is not None:
        return Lacking(reason=over[1], have=have, need=need, left=Span(0), why=over[0])
    if have >= need:
        ends = sorted((given.until(lasts) for given in approvals), reverse=True)
        names = tuple(sorted(given.by for given in approvals))
        return Agreed(paper_sha256=paper_sha256, names=names, expires=ends[need - 1])
    left = Span(max(0, paper.lapses(lasts) - now))
    expired = sorted(name for name, given in paper.approvals.items() if now >= given.until(lasts))
    return Lacking(
        reason=_too_few(paper, have, need, left, expired, lasts),
        have=have,
        need=need,
        left=left,
        why=Why.LATE if expired or not left else None,
    )


_TOO_FEW: Final = "{kind} {name}… has {have} of {need} approvals"


def _too_few(paper: Paper, have: int, need: int, left: Span, expired: list[PersonName], lasts: Span) -> str:
    reason = _TOO_FEW.format(kind=paper.kind, name=paper.sha256[:12], have=have, need=need)
    if expired:
        reason += f"; expired: {', '.join(expired)}"
    return reason if left else f"{reason}; the proposal lapsed on {iso(paper.lapses(lasts))}"


def _over(paper: Paper) -> tuple[Why, str] | None:
    """Why nothing can come of this paper any more."""
    called = f"{paper.kind} {paper.sha256[:12]}…"
    if paper.refused:
        return Why.REFUSED, f"{called} was refused by {paper.refused}"
    if paper.used:
        return Why.REPLAYED, f"{called} was used already, by {paper.used}; an approval is used once"
    if paper.withdrawn:
        return Why.WITHDRAWN, f"{called} was withdrawn by {paper.by}"
    return None


def free_for(docket: Docket, paper_sha256: str, run: RunId) -> Docket:
    """The docket as the run sees it that may have taken the paper itself: to it, the paper is not used yet."""
    paper = docket.papers.get(paper_sha256)
    return docket if paper is None or paper.taken != run else _with(docket, replace(paper, taken=None))


def inbox(docket: Docket, people: People, now: Instant) -> list[Open]:
    """Every paper that still waits, oldest first."""
    return list(_waiting(docket, people, now))


def _waiting(docket: Docket, people: People, now: Instant) -> Iterator[Open]:
    need = people.policy.approvals
    for paper in sorted(docket.papers.values(), key=lambda paper: paper.seq):
        result = agreed(docket, people, paper.sha256, now)
        names = tuple(sorted(given.by for given in counting(paper, people, now)))
        if isinstance(result, Agreed):
            yield Open(paper=paper, names=names, need=need, agreed=True, left=Span(result.expires - now))
        elif result.left:
            yield Open(paper=paper, names=names, need=need, agreed=False, left=result.left)
