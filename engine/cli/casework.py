"""`steelyard case …`: what people on the authority's side say of a case, and the wait until a hold has taken effect.

A verb gathers every mistake in what was typed, opens the speaker's key, and writes one signed row; whether the fact can
be is judged in the transaction that writes it.
"""

import time
from collections.abc import Callable, Sequence
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Final, TypeVar

import typer
from msgspec import Struct

from engine.cli import saying
from engine.cli.papers import visible
from engine.compose.request import default_home
from engine.drivers.casebook import CaseBook, place
from engine.drivers.register import CLAIMED, FILE, OPEN, VOID, CaseRegister
from engine.kernel.clock import MILLISECOND, iso, show_span
from engine.kernel.codec import sha256_hex
from engine.kernel.errors import BadInput, ExitCode, Mistake
from engine.kernel.ids import CaseId, RunId
from engine.kernel.money import exact, plain
from engine.mandate.approvals import Row
from engine.mandate.case import Case, open_runs
from engine.mandate.folding import fold
from engine.mandate.judging import judge
from engine.mandate.numbers import Use, doubts, numbers
from engine.mandate.statements import Fact, Held, Seen

PATIENCE_S: Final = 30.0
"""So long a hold waits for the running engine: it polls the book four times a second, and venues answer in seconds."""
_POLL_S: Final = 0.1
_Word = TypeVar("_Word", bound=StrEnum)


class Speaker(Struct, frozen=True, kw_only=True):
    """Who says something, why, and where the book lies; the options that every writing verb has."""

    case: CaseId
    by: str
    reason: str
    environment: str
    home: Path | None
    people: Path | None


class Typed:
    """What somebody typed, read with every mistake remembered."""

    def __init__(self) -> None:
        self.mistakes: list[Mistake] = []

    def amount(self, where: str, text: str) -> Decimal:
        """An exact decimal; whether it fits its asset is judged later, against the book."""
        try:
            return exact(text)
        except ValueError as error:
            self.mistakes.append(Mistake(where, str(error)))
            return Decimal(0)

    def document(self, path: Path) -> str:
        """The SHA-256 of the file. The file itself stays where it is."""
        try:
            text = path.read_bytes()
        except OSError as error:
            self.mistakes.append(Mistake("--document", f"{path} can't be read: {error.strerror}"))
            return ""
        if not text:
            self.mistakes.append(Mistake("--document", f"{path} is empty"))
        return sha256_hex(text)

    def word(self, where: str, text: str, words: type[_Word]) -> _Word:
        """One of a few words."""
        try:
            return words(text)
        except ValueError:
            self.mistakes.append(Mistake(where, f"{text!r} is none of: {', '.join(words)}"))
            return next(iter(words))


def tell(speaker: Speaker, made: Callable[[Typed], Fact]) -> ExitCode:
    """Sign one fact and write it down; says which row it is and what the numbers are now."""
    seq, case, fact = _written(speaker, made)
    typer.echo(f"row {seq} of {speaker.case}: {str(fact.__struct_config__.tag).replace('_', ' ')}, by {speaker.by}")
    home = speaker.home if speaker.home is not None else default_home()
    _say_sums(case, _uses(speaker.case, speaker.environment, home))
    return ExitCode.DONE


def hold(speaker: Speaker, made: Callable[[Typed], Held]) -> ExitCode:
    """Write the hold down, and wait until the running engine has noticed it and stands in no book any more.

    Exit 3 when a run goes on and that is not proven within `PATIENCE_S`.
    """
    seq, case, _ = _written(speaker, made)
    typer.echo(f"row {seq} of {speaker.case}: held at {iso(case.holds[-1].at)}, by {speaker.by}")
    home = speaker.home if speaker.home is not None else default_home()
    going_on = _going_on(case, speaker.environment, home)
    if not going_on:
        typer.echo("no run of this case is open; none can begin until the hold is lifted")
        return ExitCode.DONE
    book = CaseBook(home, speaker.environment, speaker.case)
    try:
        return _wait(book, seq, going_on)
    finally:
        book.close()


def show(case: CaseId, environment: str, home: Path | None, *, as_json: bool) -> ExitCode:
    """The numbers of a case, its lots, deposit and holds; exit 3 when something in it does not fit together."""
    from engine.cli.caseview import as_data, as_text

    home = home if home is not None else default_home()
    folded, uses = fold(rows_of(case, environment, home)), _uses(case, environment, home)
    if as_json:
        import json

        typer.echo(json.dumps(as_data(folded, uses, environment), ensure_ascii=False))
    else:
        for line in as_text(folded, uses, environment):
            typer.echo(visible(line).replace("\n", "\\n"))
    return ExitCode.UNRESOLVED if doubts(folded, uses) else ExitCode.DONE


def verify(case: CaseId, environment: str, home: Path | None, people: Path | None) -> ExitCode:
    """Check the chain, every signature and the witness of a book, and that its numbers add up; exit 4 otherwise."""
    home = home if home is not None else default_home()
    rows_of(case, environment, home)
    with saying.opened(case, environment, home, saying.everybody(people)) as book:
        verified = book.verify()
        folded = fold(book.rows())
    uses = _uses(case, environment, home)
    typer.echo(f"{case}: {verified.rows} rows, {verified.statements} of them signed, every signature and hash right")
    typer.echo(f"head {verified.head}")
    _say_sums(folded, uses)
    for doubt in doubts(folded, uses):
        typer.echo(f"doubt: {doubt}", err=True)
    if verified.restored:
        typer.echo(f"the witness does not know this book: {verified.restored}", err=True)
        return ExitCode.VERIFICATION_FAILED
    return ExitCode.UNRESOLVED if doubts(folded, uses) else ExitCode.DONE


def _written(speaker: Speaker, made: Callable[[Typed], Fact]) -> tuple[int, Case, Fact]:
    typed = Typed()
    fact = made(typed)
    mistakes = list(typed.mistakes)
    try:
        known, signer = saying.speaker(speaker.by, speaker.reason, speaker.environment, speaker.people)
    except BadInput as error:
        raise BadInput([*mistakes, *error.mistakes]) from error
    if mistakes:
        raise BadInput(mistakes)
    with saying.opened(speaker.case, speaker.environment, speaker.home, known) as book:
        seq = saying.said(book, signer, fact, speaker.reason, lambda rows: judge(fold(rows), fact))
        return seq, fold(book.rows()), fact


def _wait(book: CaseBook, seq: int, runs: Sequence[RunId]) -> ExitCode:
    """Say when each run noticed row `seq` and when it was flat, as these rows come."""
    until, read = time.monotonic() + PATIENCE_S, seq
    held_at = book.rows()[seq - 1][1]
    waiting, unnoticed = dict.fromkeys(runs), set(runs)
    while waiting and time.monotonic() < until:
        for row, _, entry in book.after(read):
            read = row
            if isinstance(entry, Seen) and entry.statement_seq >= seq:
                unnoticed.discard(entry.run)
                if _say_seen(entry, held_at):
                    waiting.pop(entry.run, None)
        time.sleep(_POLL_S if waiting else 0)
    for run in waiting:
        what = (
            "has not noticed it, perhaps since its engine is gone"
            if run in unnoticed
            else "noticed it and is not proven flat"
        )
        advice = f"orders may stand: `steelyard halt {run}` cancels and verifies"
        typer.echo(f"after {PATIENCE_S:g} s run {run} {what}; {advice}", err=True)
    return ExitCode.UNRESOLVED if waiting else ExitCode.DONE


def _say_seen(seen: Seen, held: int) -> bool:
    """Is it flat?"""
    at, what = (seen.noticed, "noticed it") if seen.flat is None else (seen.flat, "stood in no venue's book any more")
    later = show_span((at - held) // MILLISECOND * MILLISECOND)
    typer.echo(f"run {seen.run} {what} at {iso(at)}, {later} after the hold")
    return seen.flat is not None


def _going_on(case: Case, environment: str, home: Path) -> list[RunId]:
    """Runs that may have orders: by the book, or by the register while the book does not have them yet."""
    by_book = [run.run for run in open_runs(case)]
    if case.case is None or not (home / FILE).exists():
        return by_book
    register = CaseRegister(home)
    try:
        by_register = [e.run for e in register.entered(environment, case.case) if e.status in (CLAIMED, OPEN)]
    finally:
        register.close()
    return list(dict.fromkeys([*by_book, *by_register]))


def _uses(case: CaseId, environment: str, home: Path) -> list[Use]:
    """What the register of runs has of the case; nothing where there is no register."""
    if not (home / FILE).exists():
        return []
    register = CaseRegister(home)
    try:
        takings = register.takings(environment, case)
    finally:
        register.close()
    return [
        Use(
            run=t.run,
            asset=t.asset,
            granted=t.granted,
            sold=t.sold,
            working=t.working,
            unknown=t.unknown,
            in_transit=t.in_transit,
            at_venue=t.at_venue,
        )
        for t in takings
        if t.status != VOID
    ]


def rows_of(case: CaseId, environment: str, home: Path) -> list[Row]:
    """The rows of a case's book, unjudged and with no signature checked; `BadInput` where there is no such book."""
    if environment not in saying.ENVIRONMENTS:
        what = f"{environment!r} is none of: {', '.join(saying.ENVIRONMENTS)}"
        raise BadInput([Mistake("--environment", what)])
    if not place(home, environment, case).exists():
        what = f"there is no book of this {environment} case in {home}; `steelyard case open` begins one"
        raise BadInput([Mistake(case, what)])
    book = CaseBook(home, environment, case)
    try:
        return book.rows()
    finally:
        book.close()


def _say_sums(case: Case, uses: Sequence[Use]) -> None:
    for asset, n in numbers(case, uses).items():
        typer.echo(f"{asset}: {plain(n.entrusted)} entrusted = {n.sum}; {plain(n.sellable)} may be sold")
