"""Asking for approval of a paper that a verb has made itself, and saying what has to be typed next."""

import shlex
import time
from pathlib import Path

import msgspec
import typer

from engine.cli import saying
from engine.compose.request import default_home
from engine.drivers import control
from engine.kernel.clock import Instant
from engine.kernel.codec import sha256_hex
from engine.kernel.ids import CaseId, RunId
from engine.mandate import instructions
from engine.mandate.allocation import KINDS
from engine.mandate.instructions import Instruction, Paper
from engine.mandate.people import People
from engine.mandate.statements import Proposed, Says
from engine.ports import Signer


def what_then(home: Path, run: RunId | None, kind: str = "plan") -> str:
    """How a paper that enough people agree to takes effect; `home` is the state folder, `None` the run of a plan."""
    if kind in KINDS:
        return "`steelyard allocate` with the same words, and without --propose, enters it"
    if run is None:
        return "`steelyard run` with the config of this plan uses it up"
    if control.call(control.address(home, run), "status", "steelyard") is not None:
        return "a running engine takes it within a second"
    return f"no process carries the run on: `steelyard resume {run}` takes it"


def _parsed(text: str) -> Paper | None:
    try:
        return instructions.parse(text)
    except msgspec.DecodeError:
        return None  # somebody proposed a file of their own for this run


class Proposal:
    """Who asks and why, and for which case. Opened first: a missing key is said before any venue is asked."""

    def __init__(
        self, *, case: CaseId, environment: str, home: Path | None, people: Path | None, by: str, reason: str
    ) -> None:
        self._case, self._environment, self._home = case, environment, home
        self._people, self._by, self._reason = people, by, reason
        self._opened: tuple[People, Signer] | None = None

    def open(self) -> None:
        """Read the people and the key; `BadInput` with all that is missing."""
        self._opened = saying.speaker(self._by, self._reason, self._environment, self._people)

    def say(self, says: Says) -> int:
        """Sign it and write it into the case's book; returns its row."""
        known, signer = self._ready
        with saying.opened(self._case, self._environment, self._home, known) as book:
            return saying.said(book, signer, says, self._reason)

    def paper(self, run: RunId, instruction: Instruction) -> Paper:
        """The paper for a wish: the one that still waits for exactly this, or else one with the next number."""
        known, _ = self._ready
        with saying.opened(self._case, self._environment, self._home, known) as book:
            waiting = [each.paper.text for each in book.inbox(Instant(time.time_ns())) if each.paper.run == run]
            number = sum(paper.run == run for paper in book.docket.papers.values())
        same = (paper for paper in map(_parsed, waiting) if paper is not None and paper.instruction == instruction)
        return next(same, Paper(run=run, number=number, instruction=instruction))

    def put(self, kind: str, run: RunId | None, text: str) -> None:
        """Propose the paper, and say what it takes."""
        known, _ = self._ready
        self.say(Proposed(kind=kind, run=run, paper=text))
        name = sha256_hex(text.encode())
        meant = f" for run {run}" if run is not None else ""
        typer.echo(f"{kind} {name}{meant} of case {self._case}: proposed by {self._by}")
        need = known.policy.approvals
        typer.echo(f"  it takes {need} approver{'' if need == 1 else 's'} besides {self._by}; each of them types:")
        typer.echo(f"  steelyard approve {name} --as NAME --reason TEXT{self._where}")

    @property
    def _ready(self) -> tuple[People, Signer]:
        if self._opened is None:
            self.open()
        assert self._opened is not None
        return self._opened

    @property
    def _where(self) -> str:
        """Options by which another shell finds the same book, as far as it would not by itself."""
        words = []
        if self._environment != saying.ENVIRONMENTS[0]:
            words += ["--environment", self._environment]
        if self._home is not None and self._home.absolute() != default_home().absolute():
            words += ["--home", str(self._home)]
        return "".join(f" {shlex.quote(word)}" for word in words)
