"""May this statement count? Asked before it is written into the book; whatever speaks against it has a name.

Every refusal is another fact (`Why`), because they mean different things: who approves too late was careless, who
approves their own paper was not.
"""

from msgspec import Struct

from engine.kernel.clock import Instant, iso
from engine.kernel.codec import sha256_hex
from engine.mandate.approvals import Docket, Lacking, Paper, agreed
from engine.mandate.instructions import PARTS
from engine.mandate.people import STOPS, People, Person, may, roles_for
from engine.mandate.statements import (
    Allocated,
    AllocationUndone,
    Approved,
    Declined,
    Proposed,
    Refused,
    Statement,
    Stopped,
    Why,
    Withdrawn,
)


class _Against(Struct, frozen=True):
    why: Why
    detail: str


def weigh(docket: Docket, people: People, statement: Statement, now: Instant) -> Declined | None:
    """`None` when the statement counts, or why it does not. `now` is the desk's wall clock."""
    against = _against(docket, people, statement, now)
    if against is None:
        return None
    return Declined(why=against.why, detail=against.detail, by=statement.by, paper_sha256=paper_of(statement))


def paper_of(statement: Statement) -> str:
    """The SHA-256 of the paper that a statement is about; empty when it is about none."""
    says = statement.says
    if isinstance(says, Proposed):
        return sha256_hex(says.paper.encode())
    names = Approved | Refused | Withdrawn | Allocated | AllocationUndone
    return says.paper_sha256 if isinstance(says, names) else ""


def _against(docket: Docket, people: People, statement: Statement, now: Instant) -> _Against | None:
    if statement.nonce in docket.nonces:
        return _Against(Why.REPLAYED, f"this very statement of {statement.by} stands in the book already")
    person = people.persons.get(statement.by)
    if person is None:
        return _Against(Why.NO_ROLE, f"{statement.by} is nobody whom people.toml names")
    says = statement.says
    if not isinstance(says, Approved | Refused | Withdrawn):
        return (
            _role(person, statement)
            or _stale(people, statement, now)
            or _part(statement)
            or _proposal(docket, people, statement, now)
            or _agreement(docket, people, statement, now)
        )
    paper = docket.papers.get(says.paper_sha256)
    if paper is None:
        detail = f"nobody has proposed {says.paper_sha256[:12]}…; a paper with one byte changed is another paper"
        return _Against(Why.UNKNOWN_PAPER, detail)
    match says:
        case Approved(expires=expires):
            return _approval(paper, people, person, statement, expires, now)
        case Refused():
            return _role(person, statement, paper.kind) or _refusal(paper)
        case Withdrawn():
            return _withdrawal(paper, person)


def _role(person: Person, statement: Statement, kind: str = "") -> _Against | None:
    says = type(statement.says)
    if may(person, says, kind):
        return None
    needed = " or ".join(sorted(roles_for(says, kind)))
    has = ", ".join(sorted(person.roles)) or "none"
    return _Against(Why.NO_ROLE, f"{person.name} may not say {says.__name__}: it takes {needed}, and theirs is {has}")


def _stale(people: People, statement: Statement, now: Instant) -> _Against | None:
    """Something signed long ago and handed in today; what stops is never too old."""
    if isinstance(statement.says, STOPS) or now < statement.at + people.policy.lasts:
        return None
    return _Against(Why.LATE, f"it was signed on {iso(statement.at)}, longer ago than the policy lets a statement wait")


def _part(statement: Statement) -> _Against | None:
    """A stop of something that no run has. Whoever typed it has to hear that nothing was stopped."""
    says = statement.says
    if not isinstance(says, Stopped) or says.scope in PARTS:
        return None
    return _Against(Why.OUTSIDE, f"{says.scope!r} is no part of a run that can be stopped: {', '.join(PARTS)}")


def _proposal(docket: Docket, people: People, statement: Statement, now: Instant) -> _Against | None:
    paper = docket.papers.get(paper_of(statement)) if isinstance(statement.says, Proposed) else None
    if paper is None:
        return None
    if paper.refused or paper.used:
        return _finished(paper, "proposed again")
    if not paper.withdrawn and now < paper.lapses(people.policy.lasts):
        return _Against(Why.REPLAYED, f"{paper.by} has proposed exactly this paper, and it still waits")
    return None


def _agreement(docket: Docket, people: People, statement: Statement, now: Instant) -> _Against | None:
    """What only carries out a paper counts when enough people agree to that paper now."""
    says = statement.says
    if not isinstance(says, Allocated | AllocationUndone):
        return None
    result = agreed(docket, people, says.paper_sha256, now)
    return _Against(result.why or Why.TOO_FEW, result.reason) if isinstance(result, Lacking) else None


def _approval(
    paper: Paper, people: People, person: Person, statement: Statement, expires: Instant, now: Instant
) -> _Against | None:
    if person.name in paper.authors:
        return _Against(Why.SELF_APPROVAL, f"{person.name} proposed this {paper.kind} and may not approve it as well")
    ended = _role(person, statement, paper.kind) or _finished(paper, "approved")
    if ended is not None:
        return ended
    lasts = people.policy.lasts
    if now >= paper.lapses(lasts):
        return _Against(Why.LATE, f"the proposal lapsed on {iso(paper.lapses(lasts))}; it has to be proposed again")
    if now >= expires:
        return _Against(Why.LATE, f"the approval was good until {iso(expires)}, which is past")
    return _stale(people, statement, now)


def _refusal(paper: Paper) -> _Against | None:
    return _finished(paper, "refused")


def _withdrawal(paper: Paper, person: Person) -> _Against | None:
    if person.name != paper.by and person.name not in paper.approvals:
        detail = f"{person.name} has neither proposed this {paper.kind} nor has an approval of it standing"
        return _Against(Why.NO_ROLE, detail)
    if paper.used or paper.withdrawn:
        return _finished(paper, "withdrawn")
    return None


def _finished(paper: Paper, wish: str) -> _Against | None:
    """A paper of which nothing more can come."""
    if paper.refused:
        return _Against(Why.REFUSED, f"this {paper.kind} was refused by {paper.refused}; it can't be {wish}")
    if paper.used:
        return _Against(Why.REPLAYED, f"this {paper.kind} was used by {paper.used}; it can't be {wish}")
    if paper.withdrawn:
        return _Against(Why.WITHDRAWN, f"this {paper.kind} was withdrawn by {paper.by}; it can't be {wish}")
    return None
