"""The hand on the wheel: an instruction is judged by the run's own journal before anybody signs it.

The journal is folded as it stands, whether or not a process carries the run on, and the core's own judges answer. What
they would refuse is a mistake that is told at once, and nothing is written.
"""

from collections.abc import Callable, Iterator
from copy import deepcopy
from decimal import Decimal
from pathlib import Path
from typing import Final

import typer
from msgspec import Struct
from msgspec.structs import replace

from engine.cli.casework import Typed
from engine.cli.finding import entered
from engine.cli.instructing import Terms
from engine.cli.proposing import Proposal, what_then
from engine.core import dealing
from engine.core.evolve import evolve
from engine.core.state import State
from engine.drivers import recovery
from engine.drivers.folder import RunFolder
from engine.drivers.register import Entered
from engine.events import Instructed
from engine.journal import reading
from engine.kernel.clock import SECOND, iso, show_span
from engine.kernel.errors import BadInput, Denied, ExitCode, Mistake
from engine.kernel.ids import PersonName
from engine.kernel.money import trimmed
from engine.mandate.floors import in_words
from engine.mandate.instructions import GoOn, Instruction, Paper, Scope, Stop, Ticket
from engine.mandate.statements import Stopped
from engine.mandate.terms import Floor
from engine.orders import commands as c

OLD: Final = 44
"""Columns for what was."""
PLACES: Final = {
    "amended plan": "amend", "end": "--end", "rate": "--rate", "venues": "--venues", "asset": "amend",
    "participation": "--participation", "unknown order": "CLIENT_ID", "filled": "--filled", "price": "--price",
    "difference": "--delta", "finish": "--by", "ticket": "--ticket",
}  # fmt: skip
"""Where a judge's word is about one option, that option."""


class Hand(Struct, frozen=True, kw_only=True):
    """Who asks, why, and of which run."""

    run: str
    by: str
    reason: str
    people: Path | None
    home: Path | None


class Held(Struct, frozen=True):
    """A run that was found: its entry, its state folder, the people who decide in it, and its state as journaled."""

    entered: Entered
    home: Path
    people: Path
    state: State


def ask(hand: Hand, made: Callable[[State, Typed], Instruction]) -> ExitCode:
    """Propose an instruction that takes more than one person."""
    held = _held(hand)
    state, typed = held.state, Typed()
    instruction = made(state, typed)
    proposal = _opened(hand, held, typed)
    paper = proposal.paper(held.entered.run, instruction)
    for line in _side_by_side(state, _judged(state, paper, hand.by)):
        typer.echo(line)
    proposal.put(str(instruction.__struct_config__.tag), paper.run, paper.text)
    typer.echo(f"  after the last of them: {what_then(held.home, held.entered.run)}")
    return ExitCode.DONE


def amend(hand: Hand, terms: Terms) -> ExitCode:
    """Propose other terms."""
    return ask(hand, terms.amendment)


def go_on(hand: Hand, venue: str | None, asset: str | None) -> ExitCode:
    """Propose to go on at a venue, with an asset, or with the run."""
    if venue is not None and asset is not None:
        raise BadInput([Mistake("go-on", "one thing at a time: --venue or --asset, or neither after a halt")])
    if venue is not None:
        return ask(hand, lambda state, typed: GoOn(Scope.VENUE, venue))
    if asset is not None:
        return ask(hand, lambda state, typed: GoOn(Scope.ASSET, asset))
    return ask(hand, lambda state, typed: GoOn(Scope.RUN))


def stop(hand: Hand, venue: str | None, asset: str | None, child: str | None) -> ExitCode:
    """Stop a part of a run: signed by one, and no paper."""
    named = [(Scope.VENUE, venue), (Scope.ASSET, asset), (Scope.CHILD, child)]
    given = [(scope, name) for scope, name in named if name is not None]
    held = _held(hand)
    typed = Typed()
    if len(given) != 1:
        what = "name one of --venue, --asset, --child; the whole run is stopped by `steelyard pause` or `halt`"
        typed.mistakes.append(Mistake("stop", what))
    proposal = _opened(hand, held, typed)
    ((scope, name),) = given
    run = held.entered.run
    _judged(held.state, Paper(run=run, instruction=Stop(scope, name)), hand.by)
    row = proposal.say(Stopped(run=run, scope=scope, name=name))
    typer.echo(f"row {row} of {held.entered.case}: {scope} {name} of run {run} is stopped, by {hand.by}")
    typer.echo(f"  {what_then(held.home, held.entered.run)}")
    if scope is not Scope.CHILD:
        typer.echo(f"  to go on: steelyard go-on {run} --{scope} {name} --as NAME --reason TEXT")
    return ExitCode.DONE


def _held(hand: Hand) -> Held:
    """The run, as far as people may steer it."""
    found, home = entered(hand.run, hand.home)
    folder = RunFolder(Path(found.folder))
    if not folder.born:
        raise BadInput([Mistake(hand.run, f"its journal is not in {folder.path}")])
    origin = folder.origin()
    if not origin.people:
        what = "this run waived approvals, so nobody may steer it; `steelyard pause` and `halt` stop it"
        raise BadInput([Mistake(hand.run, what)])
    state = recovery.fold(reading.read(folder.journal))
    return Held(found, home, Path(origin.people), state)


def _opened(hand: Hand, held: Held, typed: Typed) -> Proposal:
    """The key of who asks, ready to sign; `BadInput` with that and whatever else was wrong so far."""
    proposal = Proposal(
        case=held.entered.case,
        environment=held.entered.environment,
        home=held.home,
        people=hand.people if hand.people is not None else held.people,
        by=hand.by,
        reason=hand.reason,
    )
    try:
        proposal.open()
    except BadInput as error:
        raise BadInput([*typed.mistakes, *error.mistakes]) from error
    if typed.mistakes:
        raise BadInput(typed.mistakes)
    return proposal


def _judged(state: State, paper: Paper, by: str) -> State:
    """The state as it would be once enough people had agreed; `BadInput` with all that speaks against it."""
    if over := _over(state, paper.instruction):
        raise BadInput([Mistake(str(paper.run), over)])
    after = deepcopy(state)  # a fold changes its state in place, and the one before is still shown
    after.pending, wanted = [], paper.instruction
    if isinstance(wanted, Ticket) and state.due_at:
        after.at = state.due_at  # by the prices of the last decision: the engine takes a fresh look, at its own time
        wanted = replace(wanted, dealt_at=min(wanted.dealt_at, after.at))
    approvers = tuple(PersonName(f"approver {number + 1}") for number in range(state.opened.approvals))
    entry = Instructed(
        at=after.at,
        instruction=wanted,
        by=PersonName(by),
        agreed=approvers,
        reason="judged before it is signed",
        paper_sha256=paper.sha256,
        book_seq=after.heard,
    )
    evolve(after, entry)
    refused = [one for one in dealing.answers(after, seen=True) if isinstance(one, c.Unheeded)]
    if refused:
        raise BadInput([_mistake(paper, denied) for one in refused for denied in one.denied])
    return after


def _over(state: State, instruction: Instruction) -> str:
    """Why nothing can be asked of a run that has ended; empty where something can."""
    again = state.closed == "halted" and instruction == GoOn(Scope.RUN)
    if state.closed in ("", "unresolved") or again:
        return ""
    return f"the run is over: {state.closed}"


def _mistake(paper: Paper, denied: Denied) -> Mistake:
    return Mistake(PLACES.get(denied.limit, str(paper.instruction.__struct_config__.tag)), str(denied))


def _side_by_side(was: State, now: State) -> Iterator[str]:
    """Old terms and new ones, as far as they differ; nothing where only something else was asked."""
    rows = [row for row in _rows(was, now) if row[1] != row[2]]
    if rows:
        wide = max(len(name) for name, _, _ in rows)
        yield f"{'':{wide}}  {'as it is':{OLD}}  as it would be"
        yield from (f"{name:{wide}}  {old:{OLD}}  {new}" for name, old, new in rows)


def _rows(was: State, now: State) -> Iterator[tuple[str, str, str]]:
    yield "end", iso(was.deadline), iso(now.deadline)
    yield "venues", ", ".join(was.terms.venues), ", ".join(now.terms.venues)
    for old, new in zip(was.terms.holdings, now.terms.holdings, strict=True):
        yield f"floor of {old.asset}", _price(old.floor), _price(new.floor)
        yield f"share of {old.asset}", _share(old.participation_max), _share(new.participation_max)
    for leg in now.plan.legs:
        made = now.stretches.get(leg.id, ())
        if len(made) > len(was.stretches.get(leg.id, ())):
            last = made[-1]
            before, after = (show_span((end - last.since) // SECOND * SECOND) for end in (last.was, last.ends))
            yield f"leg {leg.id}, what is left", f"in {before} of open time", f"in {after} of open time"
    yield "plan", was.plan.digest[:16] + "…", now.plan.digest[:16] + "…"


def _price(floor: Floor | None) -> str:
    return in_words(floor) if floor is not None else "none"


def _share(share: Decimal | None) -> str:
    return f"{trimmed(share * 100)} % of the volume" if share is not None else "no cap"
