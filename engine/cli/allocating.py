"""`steelyard allocate`: from journals and the case's book to a paper, and from an approved paper to a row of the book.

The paper is worked out anew each time, from the journals as they lie there: what is entered is what was approved to the
byte, or it is not entered. Nothing is ever deleted; an allocation ends by another row.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import assert_never

import typer
from msgspec import Struct
from msgspec.structs import replace

from engine.cli import saying
from engine.cli.allocationview import as_table
from engine.cli.casework import rows_of
from engine.cli.finding import entered, run_folder
from engine.cli.proposing import Proposal, what_then
from engine.compose.request import default_home
from engine.drivers.register import VOID
from engine.evidence.story import Story
from engine.evidence.takings import steps
from engine.kernel.codec import sha256_hex
from engine.kernel.errors import BadInput, ExitCode, Mistake
from engine.kernel.ids import CaseId, RunId
from engine.mandate import allotting, approvals
from engine.mandate.allocation import (
    Allocation,
    AllocationPaper,
    Basis,
    Share,
    Taken,
    Undoing,
    awarded,
    kind_of,
    payable,
)
from engine.mandate.approvals import Docket, Lacking
from engine.mandate.case import Allotted, Case, open_runs
from engine.mandate.folding import fold
from engine.mandate.judging import judge
from engine.mandate.people import People
from engine.mandate.statements import Allocated, AllocationUndone
from engine.ports import Signer


class Wish(Struct, frozen=True, kw_only=True):
    """What was typed."""

    case: CaseId
    run: str | None
    basis: str | None
    shares: Path | None
    undo: str | None
    show: str | None
    out: Path | None
    propose: bool
    by: str
    reason: str
    environment: str
    people: Path | None
    home: Path | None


def allocate(wish: Wish) -> ExitCode:
    """Show it; then propose it, or enter what was approved, or neither. `BadInput` with all that speaks against it."""
    home = wish.home if wish.home is not None else default_home()
    rows = rows_of(wish.case, wish.environment, home)
    case, docket = fold(rows), approvals.fold(rows)
    mistakes = _typed(wish)
    paper, speaker = None, None
    if not mistakes:
        try:
            paper = _paper(wish, case)
        except BadInput as error:
            mistakes += error.mistakes
    if wish.by or wish.propose:
        try:
            speaker = saying.speaker(wish.by, wish.reason, wish.environment, wish.people)
        except BadInput as error:
            mistakes += error.mistakes
    if mistakes or paper is None:
        raise BadInput(mistakes)
    found = _known_as(paper, case, docket) if wish.show is None else paper
    _show(case, found)
    if speaker is not None and wish.propose:
        _proposal(wish).put(kind_of(found), None, found.text)
        typer.echo(f"  after the last of them: {what_then(home, None, kind_of(found))}")
    elif speaker is not None:
        _enter(wish, found, *speaker)
        case = fold(rows_of(wish.case, wish.environment, home))
    elif wish.show is not None:
        _warn(case, found)
    else:
        typer.echo("nothing was entered: --propose asks for approval, --as NAME enters what was approved")
    if wish.out is not None and isinstance(found, Allocation):
        _write(wish, wish.out, found, _standing(case, found))
    return ExitCode.DONE


def _typed(wish: Wish) -> list[Mistake]:
    asked = [wish.basis, wish.shares, wish.undo, wish.show]
    mistakes = []
    if sum(each is not None for each in asked) != 1:
        mistakes.append(Mistake("allocate", "one of --by lots, --shares FILE, --undo HASH, --show HASH"))
    if wish.basis not in (None, Basis.LOTS):
        mistakes.append(Mistake("--by", f"{wish.basis!r} is not lots; portfolios come from --shares FILE"))
    if wish.run is not None and (wish.undo is not None or wish.show is not None):
        mistakes.append(Mistake("RUN", "an allocation is named by its hash alone"))
    if wish.show is not None and (wish.propose or wish.by):
        mistakes.append(Mistake("--show", "writes nothing into the book; leave --propose and --as out"))
    if wish.undo is not None and wish.out is not None:
        mistakes.append(Mistake("--out", "to undo an allocation makes no files; --show HASH does, before and after"))
    if wish.out is not None and wish.out.exists() and not wish.out.is_dir():
        mistakes.append(Mistake("--out", f"{wish.out} is no folder"))
    return mistakes


def _paper(wish: Wish, case: Case) -> AllocationPaper:
    if wish.show is not None:
        among = [paper for paper in case.papers.values() if isinstance(paper, Allocation)]
        shown = _one("--show", wish.show, case, among)
        if (why := allotting.unsound(shown)) is not None:  # anybody may propose anything
            raise BadInput([Mistake("--show", f"{shown.sha256} is no allocation: {why}")])
        return shown
    if wish.undo is not None:
        which = _one("--undo", wish.undo, case, [each.paper for each in case.allocations])
        return _sound(case, Undoing(case=wish.case, number=0, allocation_sha256=which.sha256))
    runs = _runs(wish, case)
    stories = _stories(wish, runs)
    try:
        found = steps(stories, allotting.sold_by(case, runs))
        shares, sha256 = _shares(wish, case, runs)
        awards = awarded(found, shares)
    except ValueError as error:
        raise BadInput([Mistake(wish.run or wish.case, str(error))]) from error
    paper = Allocation(
        case=wish.case,
        number=0,
        basis=Basis.LOTS if wish.shares is None else Basis.SHARES,
        shares_sha256=sha256,
        runs=tuple(Taken(run=s.opened.run, rows=s.rows, head=s.head) for s in stories),
        shares=shares,
        steps=found,
        awards=awards,
        payments=payable(awards),
    )
    return _sound(case, paper)


def _sound(case: Case, paper: AllocationPaper) -> AllocationPaper:
    """Said now, before anybody signs what the book would not take."""
    why = allotting.objection(case, paper)
    if why is not None:
        raise BadInput([Mistake(paper.case, why)])
    return paper


def _one(where: str, digits: str, case: Case, among: Sequence[Allocation]) -> Allocation:
    found = {paper.sha256: paper for paper in among if paper.sha256.startswith(digits)}
    if len(found) != 1 or len(digits) < 8:
        what = f"{len(found)} allocations of case {case.case} begin with {digits!r}; at least 8 digits name one"
        raise BadInput([Mistake(where, what)])
    return next(iter(found.values()))


def _runs(wish: Wish, case: Case) -> list[RunId]:
    """The run that was named, or all that have ended and sold something; `BadInput` with all that is in the way."""
    if wish.run is not None and wish.run in case.runs:
        runs = [RunId(wish.run)]
    elif wish.run is not None:
        entry, _ = entered(wish.run, wish.home)
        if (entry.case, entry.environment) != (wish.case, wish.environment):
            raise BadInput([Mistake(wish.run, f"is a run of the {entry.environment} case {entry.case}")])
        runs = [entry.run]
    else:
        ended = [run.run for run in case.runs.values() if run.status not in (None, VOID)]
        runs = [name for name in ended if any(portion.used for portion in case.runs[name].portions)]
        for run in open_runs(case):
            typer.echo(f"run {run.run} has not ended, and is left out")
    gaps = allotting.gaps(case, runs)
    if gaps:
        raise BadInput([Mistake(wish.case, gap) for gap in gaps])
    return runs


def _stories(wish: Wish, runs: Sequence[RunId]) -> list[Story]:
    """What the journals tell, each of them closed."""
    from engine.compose.products import entries
    from engine.events import Closed
    from engine.evidence.reading import tell
    from engine.journal import reading

    stories, mistakes = [], []
    for run in runs:
        rows = list(entries(run_folder(run, wish.home) / reading.FILE))
        last = rows[-1][1] if rows else None
        if not isinstance(last, Closed):
            mistakes.append(
                Mistake(run, "its journal is not closed: a process carries the run on, or it has to be resumed")
            )
        elif last.unknown:
            mistakes.append(Mistake(run, f"{last.unknown} of its orders are unknown; that is settled first"))
        else:
            stories.append(tell(rows))
    if mistakes:
        raise BadInput(mistakes)
    return stories


def _shares(wish: Wish, case: Case, runs: Sequence[RunId]) -> tuple[tuple[Share, ...], str]:
    """The shares, and the SHA-256 of the file that they come from."""
    if wish.shares is None:
        return allotting.lot_shares(case, runs), ""
    from engine.config import shares_file

    try:
        raw = wish.shares.read_bytes()
        text = raw.decode()
    except OSError as error:
        raise BadInput([Mistake("--shares", f"{wish.shares} can't be read: {error.strerror}")]) from error
    except UnicodeDecodeError as error:
        raise BadInput([Mistake("--shares", f"{wish.shares} is not text: {error}")]) from error
    return shares_file.parse(text, allotting.sold_by(case, runs)), sha256_hex(raw)


def _known_as(paper: AllocationPaper, case: Case, docket: Docket) -> AllocationPaper:
    """The paper that was proposed for exactly this and can still be used, or else this one with the next number."""
    for name in reversed(list(case.papers)):
        at, other = docket.papers[name], case.papers[name]
        if not at.refused and not at.used and _numbered(other, 0) == paper:
            return other
    return _numbered(paper, len(case.papers))


def _numbered(paper: AllocationPaper, number: int) -> AllocationPaper:
    match paper:
        case Allocation():
            return replace(paper, number=number)
        case Undoing():
            return replace(paper, number=number)
    assert_never(paper)


def _show(case: Case, paper: AllocationPaper) -> None:
    standing = _standing(case, paper)
    table = paper if isinstance(paper, Allocation) else _entered(standing).paper
    for line in as_table(table, standing):
        typer.echo(line)


def _warn(case: Case, paper: AllocationPaper) -> None:
    """Of a draft: what the book would say to it now. Whoever approves should know."""
    why = allotting.objection(case, paper) if _standing(case, paper) is None else None
    if why is not None:
        typer.echo(f"it can't be entered as the book stands: {why}")


def _standing(case: Case, paper: AllocationPaper) -> Allotted | None:
    """The entered allocation that the paper is or speaks of; `None` while it is a draft."""
    name = paper.sha256 if isinstance(paper, Allocation) else paper.allocation_sha256
    return next((each for each in case.allocations if each.sha256 == name), None)


def _write(wish: Wish, out: Path, paper: Allocation, standing: Allotted | None) -> None:
    """Last of all: what was refused leaves no files, and what was entered does not lie there as a draft."""
    from engine.drivers.folder import write_whole
    from engine.reports import allocations

    try:
        out.mkdir(parents=True, exist_ok=True)
        write_whole(out / allocations.CSV, allocations.allocation_csv(paper, standing).encode())
        write_whole(out / allocations.JSON, allocations.allocation_json(paper, standing, wish.environment).encode())
    except OSError as error:
        raise BadInput([Mistake("--out", f"{out} can't be written: {error.strerror}")]) from error


def _entered(standing: Allotted | None) -> Allotted:
    assert standing is not None, "what is to be undone stands"
    return standing


def _proposal(wish: Wish) -> Proposal:
    return Proposal(
        case=wish.case,
        environment=wish.environment,
        home=wish.home,
        people=wish.people,
        by=wish.by,
        reason=wish.reason,
    )


def _enter(wish: Wish, paper: AllocationPaper, known: People, signer: Signer) -> None:
    """Carry out what enough people agreed to: one signed row."""
    fact: Allocated | AllocationUndone = (
        Allocated(paper_sha256=paper.sha256)
        if isinstance(paper, Allocation)
        else AllocationUndone(paper_sha256=paper.sha256)
    )
    with saying.opened(wish.case, wish.environment, wish.home, known) as book:
        standing = book.agreed(paper.sha256)
        if paper.sha256 not in book.docket.papers:
            raise BadInput([Mistake(wish.case, "nobody has proposed this; --propose asks for its approval")])
        if isinstance(standing, Lacking) and standing.why is None:
            raise BadInput([Mistake(wish.case, standing.reason)])
        row = saying.said(book, signer, fact, wish.reason, lambda rows: judge(fold(rows), fact))
    done = "stands" if isinstance(paper, Allocation) else "is undone"
    name = paper.sha256 if isinstance(paper, Allocation) else paper.allocation_sha256
    typer.echo(f"row {row} of {wish.case}: allocation {name} {done}, by {wish.by}")
