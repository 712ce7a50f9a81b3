"""One person says one thing of a case: key, signature, book. What every command that decides anything ends in."""

import base64
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import typer

from engine.compose.request import default_home
from engine.drivers import personal
from engine.drivers.casebook import CaseBook, Judge
from engine.kernel.clock import Instant
from engine.kernel.errors import BadInput, Mistake
from engine.kernel.ids import CaseId, PersonName
from engine.mandate.people import People
from engine.mandate.statements import Says, Statement
from engine.ports import Signer

PEOPLE_NAME: Final = "STEELYARD_PEOPLE"
ENVIRONMENTS: Final = ("sandbox", "production")
NONCE_BYTES: Final = 16


def say(
    *,
    case: CaseId,
    environment: str,
    home: Path | None,
    people: Path | None,
    by: str,
    says: Says,
    reason: str,
    judge: Judge | None = None,
) -> int:
    """Sign it as `by` and write it into the case's book; returns its row.

    `home` and `people` are found as for every command when they are `None`. `judge` is asked while nobody else can
    append. `BadInput` names all that is missing; `NotCounted` is a refusal that stands in the book.
    """
    known, signer = speaker(by, reason, environment, people)
    with opened(case, environment, home, known) as book:
        return said(book, signer, says, reason, judge)


def speaker(by: str, reason: str, environment: str, people: Path | None) -> tuple[People, Signer]:
    """Everybody, and the key of who speaks; `BadInput` with whatever of reason, people file and key is missing."""
    mistakes: list[Mistake] = []
    if not reason.strip():
        mistakes.append(Mistake("--reason", "is empty; nothing is decided without one"))
    if environment not in ENVIRONMENTS:
        mistakes.append(Mistake("--environment", f"{environment!r} is none of: {', '.join(ENVIRONMENTS)}"))
    known, signer = None, None
    try:
        known = everybody(people)
    except BadInput as error:
        mistakes += error.mistakes
    try:
        signer = key_of(by)
    except BadInput as error:
        mistakes += error.mistakes
    if known is not None and signer is not None:
        mistakes += _stranger(known, signer)
    if mistakes or known is None or signer is None:
        raise BadInput(mistakes)
    return known, signer


def said(book: CaseBook, signer: Signer, says: Says, reason: str, judge: Judge | None = None) -> int:
    """Sign it and write it into an open book; returns its row."""
    statement = Statement(
        case=book.case,
        environment=book.environment,
        by=PersonName(signer.name),
        at=Instant(time.time_ns()),
        nonce=secrets.token_hex(NONCE_BYTES),
        reason=reason.strip(),
        says=says,
    )
    return book.say(personal.signed(statement, signer), judge)


def everybody(path: Path | None) -> People:
    """The people file that was named, or else the one in `STEELYARD_PEOPLE`."""
    from engine.config import people

    named = path if path is not None else os.environ.get(PEOPLE_NAME)
    if not named:
        raise BadInput([Mistake("people", f"no people file is named: use --people FILE or {PEOPLE_NAME}")])
    return people.read(Path(named))


def key_of(name: str) -> Signer:
    """The personal key of that name, opened."""
    return personal.open_key(name, personal.folder(), personal.passphrase_of(name))


@contextmanager
def opened(case: CaseId, environment: str, home: Path | None, people: People | None) -> Iterator[CaseBook]:
    """The case's book; at the end, whatever has to be said of its witness goes to standard error."""
    book = CaseBook(home if home is not None else default_home(), environment, case, people)
    try:
        yield book
    finally:
        for remark in book.remarks:
            typer.echo(f"note: {remark}", err=True)
        book.close()


def _stranger(people: People, signer: Signer) -> Iterator[Mistake]:
    """The file has to be of somebody, and of nobody else."""
    person = people.persons.get(PersonName(signer.name))
    if person is None:
        yield Mistake("--as", f"the people file names nobody {signer.name}")
    elif person.key != base64.b64encode(signer.public_key()).decode():
        yield Mistake("--as", f"the key {signer.name} is not the one that the people file gives for {signer.name}")
