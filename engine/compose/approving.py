"""Before a run: is the case free to be sold, and was exactly this plan approved. After it: what the book is told.

What people sign is the plan's paper: everything that decides what a run does, in canonical bytes. A run makes the paper
again from its own config, code and venues; one byte more or less is another paper, and another name.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from engine.compose import noting
from engine.config import Config
from engine.config import people as people_of
from engine.core.state import State
from engine.drivers.casebook import CaseBook, place
from engine.drivers.code import identity
from engine.drivers.folder import Origin
from engine.events import Agreed, Approval, Note, Opened
from engine.forecast.prospect import Prospect
from engine.kernel import codec
from engine.kernel.clock import Span
from engine.kernel.errors import BadInput, Mistake
from engine.kernel.ids import CaseId, RunId
from engine.kernel.money import ZERO, plain, total
from engine.mandate import approvals
from engine.mandate.case import Case, sellable
from engine.mandate.folding import fold
from engine.mandate.people import People, Policy
from engine.mandate.statements import Declined, Why
from engine.mandate.terms import Terms
from engine.planning.plan import Plan
from engine.risk.limits import Limits

PLAN: Final = "plan"
SHOWN: Final = 6
"""So many differences between two plans are named."""


class PlanPaper(Struct, frozen=True, kw_only=True):
    """What is approved before a run."""

    schema: int = 1
    case: CaseId
    run: RunId
    """The run that it is for: the next of its case. A run that sold nothing needs another paper, and can have one."""
    environment: str
    code: str
    config_sha256: str
    policy: Policy
    terms: Terms
    limits: Limits
    plan: Plan
    prospect: Prospect | None = None
    """What people were shown of its costs and chances. It instructs nobody: see `as_approved`."""

    @property
    def text(self) -> str:
        """Canonical JSON; `plan.json` holds exactly these bytes."""
        return codec.encode(self).decode()

    @property
    def sha256(self) -> str:
        """The name by which people approve it."""
        return codec.sha256_hex(self.text.encode())


def paper_of(config: Config, plan: Plan, run: RunId, prospect: Prospect | None = None) -> PlanPaper:
    """The paper of a plan that was drafted from `config`; where nobody approves it names a policy of nobody."""
    policy = config.people.policy if config.people is not None else Policy(approvals=0, lasts=Span(0))
    return PlanPaper(
        case=config.terms.case,
        run=run,
        environment=config.environment,
        code=identity(),
        config_sha256=config.sha256,
        policy=policy,
        terms=config.terms,
        limits=config.limits,
        plan=decided(plan),
        prospect=prospect,
    )


def decided(plan: Plan) -> Plan:
    """What of a plan people decide. A venue's price band moves with its prices: it is read anew when a run begins."""
    legs = (replace(leg, instruments=tuple(replace(i, band=None) for i in leg.instruments)) for leg in plan.legs)
    return replace(plan, legs=tuple(legs))


def book_of(config: Config, home: Path | None, people_file: Path | None = None) -> CaseBook | None:
    """The case's book; `None` where the config names nobody who could write in it. `BadInput` where it has to.

    Who keeps it open names the people's file, which is read anew whenever it changes; without it they stay as they
    were when the config was read.
    """
    if home is None:
        return None
    environment, case, people = config.environment, config.terms.case, config.people
    if people is not None:
        return CaseBook(home, environment, case, reread(people_file) if people_file is not None else lambda: people)
    if place(home, environment, case).exists():
        what = "is missing: the case has a book, and what people said in it binds every run"
        raise BadInput([Mistake("people", what)])
    return None


def book_again(origin: Origin, state: State, home: Path, *, halt: bool = False) -> CaseBook | None:
    """The book of a run that is continued, with the people as their file names them now.

    It is `patient`: a row that nobody proves keeps no run from being looked at, cancelled and closed. To `halt` one
    does not even need the people's file; without it the book hears how the run ends, and nobody is listened to.
    """
    if not origin.people:
        return None
    environment, case = state.opened.environment, state.opened.case
    try:
        book = CaseBook(home, environment, case, reread(Path(origin.people)))
    except BadInput:
        if not halt:
            raise
        book = CaseBook(home, environment, case)
    book.patient = True
    return book


def reread(path: Path) -> Callable[[], People]:
    """Everybody in a signed people file, read anew whenever it or its signature has changed; `BadInput` as it reads."""
    seen: list[tuple[object, People]] = []

    def people() -> People:
        stamp = [_stamp(each) for each in (path, Path(f"{path}.sig"))]
        if not seen or seen[0][0] != stamp:
            seen[:] = [(stamp, people_of.read(path))]
        return seen[0][1]

    return people


def _stamp(path: Path) -> tuple[int, ...] | None:
    try:
        now = path.stat()
    except OSError:
        return None  # whoever reads it says why
    return now.st_ino, now.st_size, now.st_mtime_ns


def reopens(state: State, book: CaseBook | None) -> bool:
    """Is there something left to do for a run that had ended: an open question, or people who let it go on?"""
    if state.closed == "unresolved":
        return True
    if book is None or state.closed != "halted" or book.restored:
        return False
    papers = [p for p in book.docket.papers.values() if p.run == state.opened.run and p.kind == "go_on"]
    return any(isinstance(book.agreed(paper.sha256), approvals.Agreed) for paper in papers)


def mistakes(config: Config, book: CaseBook | None) -> Iterator[Mistake]:
    """What the case's book says against selling what the config wants to sell."""
    if book is None:
        return
    case = fold(book.rows())
    if case.case is None:
        if config.environment == "production":
            yield Mistake("mandate.case", f"the book of {config.terms.case} was never opened: `steelyard case open`")
        return
    yield from (Mistake("mandate.case", f"held {mark}") for mark in case.holds)
    if case.suspension is not None:
        yield Mistake("mandate.case", f"suspended {case.suspension}")
    if (config.terms.authority, config.terms.document_sha256) != (case.authority, case.document_sha256):
        what = f"the book says {case.authority}, document {case.document_sha256}; the config says otherwise"
        yield Mistake("mandate.authority", what)
    yield from _quantities(config, case)


def _quantities(config: Config, case: Case) -> Iterator[Mistake]:
    may = sellable(case)
    for index, holding in enumerate(config.terms.holdings):
        where = f"mandate.assets[{index}]"
        entrusted = total(lot.quantity for lot in case.of(holding.asset))
        if holding.entrusted != entrusted:
            yield Mistake(
                f"{where}.entrusted", f"{plain(holding.entrusted)}, and the book's lots are {plain(entrusted)}"
            )
        if holding.released > may.get(holding.asset, ZERO):
            released = plain(may.get(holding.asset, ZERO))
            yield Mistake(f"{where}.released", f"{plain(holding.released)}, and the book has released {released}")


def as_approved(book: CaseBook | None, paper: PlanPaper) -> PlanPaper:
    """The paper with the prospect that people were shown, where they were asked about it with one.

    A run makes its paper anew, and by then prices have moved and files have grown. What people judged is information
    and no instruction, so it is taken over; everything else has to be the same to the byte. Of several papers that
    differ in their prospect alone, one that is agreed on now is taken, or else the last that was proposed.
    """
    if book is None:
        return paper
    same = [
        found
        for known in book.docket.papers.values()
        if known.kind == PLAN and (found := _read(known.text)) is not None and _bare(found).text == _bare(paper).text
    ]
    ready = [found for found in same if isinstance(book.agreed(found.sha256), approvals.Agreed)]
    return next(reversed(ready or same), paper)


def _read(text: str) -> PlanPaper | None:
    """A paper that this code could have written; `None` for any other, which no run can be of."""
    try:
        found = msgspec.json.decode(text, type=PlanPaper)
    except (msgspec.DecodeError, ValueError):
        return None
    return found if found.text == text else None


def _bare(paper: PlanPaper) -> PlanPaper:
    return replace(paper, prospect=None)


def check(book: CaseBook | None, paper: PlanPaper) -> None:
    """Raise `BadInput` unless the paper is approved now; why it is not becomes a row of the book where it is a fact."""
    if book is None:
        return
    result = book.agreed(paper.sha256)
    declined = _declined(book, paper, result)
    if declined is not None:
        book.note(declined)
        reason = declined.detail
    elif isinstance(result, approvals.Lacking):
        reason = result.reason
    else:
        return
    raise BadInput([Mistake("approval", f"the plan {paper.sha256} may not run: {reason}")])


def _declined(book: CaseBook, paper: PlanPaper, result: approvals.Agreed | approvals.Lacking) -> Declined | None:
    """What the book is told of the attempt; `None` where it is allowed, or where the paper merely waits."""
    if gap := book.restored:
        return Declined(why=Why.RESTORED, detail=gap, paper_sha256=paper.sha256)
    if isinstance(result, approvals.Agreed):
        return None
    if paper.sha256 not in book.docket.papers:
        return _other(book, paper)
    if result.why is None:
        return None
    return Declined(why=result.why, detail=result.reason, paper_sha256=paper.sha256)


def _other(book: CaseBook, paper: PlanPaper) -> Declined | None:
    """Where another plan was approved instead: what is different in it."""
    plans = [known for known in book.docket.papers.values() if known.kind == PLAN and known.approvals]
    if not plans:
        return None
    if (used := plans[-1].taken) is not None:
        detail = f"what was approved, {plans[-1].sha256}, was used already, by run {used}; this is for run {paper.run}"
        return Declined(why=Why.REPLAYED, detail=detail, paper_sha256=paper.sha256)
    before, now = msgspec.json.decode(plans[-1].text), msgspec.json.decode(paper.text)
    if isinstance(before, dict):
        before["prospect"] = now["prospect"]  # a run has none of its own
    changes = list(_changes("", before, now))
    other = isinstance(before, Mapping) and before.get("code") != now["code"]
    detail = "; ".join(changes[:SHOWN]) + (f"; and {len(changes) - SHOWN} more" if len(changes) > SHOWN else "")
    return Declined(
        why=Why.OTHER_CODE if other else Why.CHANGED_PLAN,
        detail=f"what was approved is {plans[-1].sha256}: {detail}",
        paper_sha256=paper.sha256,
    )


def _changes(where: str, before: Any, now: Any) -> Iterator[str]:
    """Every place at which two papers differ."""
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        for key in dict.fromkeys((*before, *now)):
            yield from _changes(f"{where}.{key}" if where else str(key), before.get(key), now.get(key))
    elif isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
        for index, pair in enumerate(zip(before, now, strict=True)):
            yield from _changes(f"{where}[{index}]", *pair)
    elif before != now:
        yield f"{where} was {before} and is {now}"


def approval(book: CaseBook | None, paper: PlanPaper, first: Opened) -> Note:
    """The row with which a run begins: the approval that it used up, or that nobody asked for one.

    `BadInput` where the case can't have granted what the plan sells; then the approval is not used up.
    """
    if book is None:
        return Approval(first.at, first.plan.digest)
    granted = noting.granted_by(first.plan)
    names = book.take(paper.sha256, first.run, lambda rows: noting.objection(rows, first.run, granted)).names
    known = book.docket.papers[paper.sha256]
    return Agreed(
        at=first.at,
        plan_sha256=first.plan.digest,
        paper_sha256=paper.sha256,
        by=known.by,
        agreed=names,
        book_seq=len(book.rows()),
    )
