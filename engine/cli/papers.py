"""`propose`, `approve`, `refuse`, `withdraw`, `inbox`: papers that people have to agree on.

A paper is named by the SHA-256 of its bytes. Whatever is shown of one comes from the book and not from the file that
somebody has open, so that what is read is what is signed.
"""

import re
import time
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import msgspec
import typer
from msgspec import Struct

from engine.cli.proposing import what_then
from engine.cli.saying import opened, said, speaker
from engine.compose.request import default_home
from engine.drivers import casebook
from engine.drivers.casebook import CaseBook
from engine.kernel.clock import SECOND, Instant, Span, iso, parse_span, show_span
from engine.kernel.codec import sha256_hex
from engine.kernel.errors import BadInput, ExitCode, Mistake
from engine.kernel.ids import CaseId, RunId
from engine.mandate.approvals import Agreed, Paper
from engine.mandate.instructions import kind_of
from engine.mandate.people import People
from engine.mandate.statements import Approved as Agrees  # the risk gate alone makes a value called `Approved`
from engine.mandate.statements import Proposed, Refused, Says, Withdrawn

_HASH: Final = re.compile(r"[0-9a-f]{8,64}")
_HIDDEN: Final = ("Cc", "Cf", "Co", "Cs", "Zl", "Zp")
"""Characters that a terminal obeys instead of showing them, and that turn text around."""


class Desk(Struct, frozen=True, kw_only=True):
    """Who speaks, for what reason, and where the books and the people are."""

    by: str
    reason: str
    environment: str
    home: Path | None
    people: Path | None


def propose(desk: Desk, path: Path, kind: str, run: str | None, case: str) -> ExitCode:
    """Ask for approval of a file, exactly as it stands."""
    known, signer = speaker(desk.by, desk.reason, desk.environment, desk.people)
    text = _paper(path)
    says = Proposed(kind=kind_of(text, kind), run=RunId(run) if run else None, paper=text)
    with opened(CaseId(case), desk.environment, desk.home, known) as book:
        said(book, signer, says, desk.reason)
        _echo_standing(book, sha256_hex(says.paper.encode()), f"proposed by {desk.by}")
    return ExitCode.DONE


def approve(desk: Desk, paper: str, case: str | None, expires: str | None) -> ExitCode:
    """Agree to a paper, for so long."""
    return _decide(desk, paper, case, "approved", lambda name, known: _agrees(name, known, expires))


def refuse(desk: Desk, paper: str, case: str | None) -> ExitCode:
    """Say no to a paper, for good."""
    return _decide(desk, paper, case, "refused", lambda name, known: Refused(paper_sha256=name))


def withdraw(desk: Desk, paper: str, case: str | None) -> ExitCode:
    """Take back a proposal or an approval of one's own."""
    return _decide(desk, paper, case, "withdrawn", lambda name, known: Withdrawn(paper_sha256=name))


def inbox(case: str, environment: str, home: Path | None, known: People, show: str | None) -> ExitCode:
    """What waits, or one paper whole."""
    from engine.mandate import approvals

    with opened(CaseId(case), environment, home, known) as book:
        if show is not None:
            typer.echo("\n".join(_whole(book, known, _one(book, show))))
            return ExitCode.DONE
        if book.restored:
            typer.echo(f"nothing can be approved by this book: {book.restored}", err=True)
        waiting = approvals.inbox(book.docket, known, Instant(time.time_ns()))
        for open_ in waiting:
            typer.echo(f"{visible(open_.paper.kind)} {open_.paper.sha256}{_meant_for(open_.paper)}")
            typer.echo(f"  proposed by {open_.paper.by} on {iso(open_.paper.at)}: {visible(open_.paper.reason)}")
            names = f" ({', '.join(open_.names)})" if open_.names else ""
            left = show_span(open_.left // SECOND * SECOND)
            wants = "approved, not used yet" if open_.agreed else "waits"
            typer.echo(f"  {len(open_.names)} of {open_.need} approvals{names}; {wants}; {left} left")
        if not waiting:
            typer.echo(f"nothing waits in {environment} case {case}")
    return ExitCode.DONE


def visible(text: str) -> str:
    """Text that others wrote, with every character shown that could make a terminal show something else."""
    return "".join(c if c == "\n" or unicodedata.category(c) not in _HIDDEN else f"\\u{ord(c):04x}" for c in text)


def _decide(desk: Desk, paper: str, case: str | None, word: str, says: Callable[[str, People], Says]) -> ExitCode:
    known, signer = speaker(desk.by, desk.reason, desk.environment, desk.people)
    found, name = _found(desk, known, paper, case)
    with opened(found, desk.environment, desk.home, known) as book:
        said(book, signer, says(name, known), desk.reason)
        _echo_standing(book, name, f"{word} by {desk.by}")
    return ExitCode.DONE


def _agrees(name: str, known: People, expires: str | None) -> Agrees:
    lasts = known.policy.lasts
    try:
        span = parse_span(expires) if expires else lasts
    except ValueError as error:
        raise BadInput([Mistake("--expires", str(error))]) from error
    if not 0 < span <= lasts:
        what = f"{expires} is not within the policy: an approval lasts more than nothing and at most {show_span(lasts)}"
        raise BadInput([Mistake("--expires", what)])
    return Agrees(paper_sha256=name, expires=Instant(time.time_ns() + span))


def _paper(path: Path) -> str:
    """The text of a paper; JSON, so that it can be shown, and the bytes as they are."""
    raw = _read(path)
    try:
        msgspec.json.decode(raw)
        return raw.decode()
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadInput([Mistake(str(path), f"is not JSON: {error}")]) from error


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadInput([Mistake(str(path), f"can't be read: {error.strerror}")]) from error


def _found(desk: Desk, known: People, paper: str, case: str | None) -> tuple[CaseId, str]:
    """The case whose book holds the paper, and the paper's whole name.

    A paper that no book holds is left to the only book that it can be meant for, which then says no on record.
    """
    path = Path(paper)
    wanted = sha256_hex(_read(path)) if path.is_file() else paper
    if not _HASH.fullmatch(wanted):
        raise BadInput([Mistake(paper, "is neither a file nor the hash of a proposal (at least its first 8 digits)")])
    home = desk.home if desk.home is not None else default_home()
    books = [CaseId(case)] if case else casebook.cases(home, desk.environment)
    found = []
    for each in books:
        with opened(each, desk.environment, desk.home, known) as book:
            found += [(each, name) for name in book.docket.papers if name.startswith(wanted)]
    if len(found) > 1:
        listed = ", ".join(f"{name[:16]}… in case {each}" for each, name in found)
        raise BadInput([Mistake(paper, f"fits several papers: {listed}; write more of the hash, or --case")])
    if found:
        return found[0]
    if len(books) == 1 and len(wanted) == 64:
        return books[0], wanted
    where = f"case {case}" if case else f"any {desk.environment} book in {home}"
    raise BadInput([Mistake(paper, f"no proposal of that hash is in {where}")])


def _one(book: CaseBook, name: str) -> Paper:
    found = [paper for full, paper in book.docket.papers.items() if full.startswith(name)]
    if len(found) != 1:
        raise BadInput([Mistake("--show", f"{len(found)} papers of case {book.case} begin with {name!r}")])
    return found[0]


def _echo_standing(book: CaseBook, name: str, done: str) -> None:
    """What has just been done, and how the paper stands now."""
    paper = book.docket.papers[name]
    typer.echo(f"{visible(paper.kind)} {name}{_meant_for(paper)} of case {book.case}: {done}")
    typer.echo(f"  {_standing(book, name)}")
    if isinstance(book.agreed(name), Agreed):
        typer.echo(f"  {what_then(book.path.parents[1], paper.run, paper.kind)}")


def _standing(book: CaseBook, name: str) -> str:
    result = book.agreed(name)
    if isinstance(result, Agreed):
        return f"approved by {', '.join(result.names)}; good until {iso(result.expires)}"
    left = f"; {show_span(result.left // SECOND * SECOND)} left" if result.left else ""
    return visible(result.reason) + left


def _meant_for(paper: Paper) -> str:
    return f" for run {visible(paper.run)}" if paper.run is not None else ""


def _whole(book: CaseBook, known: People, paper: Paper) -> Iterator[str]:
    """One paper as it stands in the book, with every decision on it."""
    what = f"{visible(paper.kind)}{_meant_for(paper)}"
    yield f"{what}, proposed by {paper.by} on {iso(paper.at)}: {visible(paper.reason)}"
    for given in paper.approvals.values():
        until = iso(given.until(Span(known.policy.lasts)))
        yield f"approved by {given.by} on {iso(given.at)}, good until {until}: {visible(given.reason)}"
    yield _standing(book, paper.sha256)
    yield ""
    yield visible(msgspec.json.format(paper.text, indent=2))
    yield ""
    yield f"sha256 {paper.sha256}"
