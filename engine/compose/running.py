"""Carrying a run out: from a request to the folder that it leaves behind, and from a folder to its continuation."""

from contextlib import AsyncExitStack, ExitStack
from pathlib import Path
from typing import Final

import structlog

from engine import VERSION
from engine.compose import approving, confirming, noting, products, reaching, tariffs
from engine.compose import request as requests
from engine.compose.places import Places
from engine.compose.preparing import Prepared, prepare
from engine.compose.request import Request
from engine.compose.session import Interrupts, Screen, Session, close_books, pairs, settle
from engine.core.state import State, opened
from engine.drivers import recovery, telemetry
from engine.drivers.casebook import CaseBook
from engine.drivers.desk import Desk
from engine.drivers.folder import Lock, Locked, Origin, RunFolder
from engine.drivers.outbox import Outbox
from engine.drivers.register import CLAIMED, OPEN, VOID, CaseRegister, Entered, Refusal
from engine.drivers.tape import TapeWriter, read_prints
from engine.events import Opened, TapeSealed, decode
from engine.journal.record import Record
from engine.journal.store import SqliteStore
from engine.kernel.errors import BadInput, ExitCode, Mistake
from engine.kernel.ids import CaseId
from engine.mandate.case import standing
from engine.mandate.folding import fold as fold_case
from engine.mandate.standing import CaseStanding
from engine.reports import openings

log = structlog.get_logger()
EXITS: Final = {
    "done": ExitCode.DONE,
    "short": ExitCode.SHORT,
    "halted": ExitCode.SHORT,
    "unresolved": ExitCode.UNRESOLVED,
}
LOOK_EVERY_S: Final = 0.25


async def run(request: Request, screen: Screen) -> ExitCode:
    """Carry out a new run; raises `BadInput` with every mistake while nothing has been started."""
    config, home = request.config, _home(request)
    async with AsyncExitStack() as stack:
        outermost = stack.enter_context(ExitStack())  # the log: whatever is closed before it may have a line for it
        stack.callback(_case_lock(home, config.environment, config.terms.case).release)
        register = CaseRegister(home)
        stack.callback(register.close)
        void_unborn(register, config.environment, config.terms.case)
        book = approving.book_of(config, home, request.people_file)
        if book is not None:
            stack.callback(book.close)
            noting.void(book, register)
        if found := [*requests.mistakes(request, register), *approving.mistakes(config, book)]:
            raise BadInput(found)
        remaining = register.remaining(config.environment, config.terms.case, request.released)
        reached = await reaching.reach(request, stack, remaining)
        prepared = await prepare(config, remaining, reached.venues, reached.clock, reached.custody, reached.references)
        made = approving.paper_of(config, prepared.plan, register.upcoming(config.terms.case))
        paper = approving.as_approved(book, made)
        approving.check(book, paper)
        await reaching.watch_markets(reached, prepared.plan)
        reached = await confirming.confirm(request, prepared.plan, reached, screen.say)
        stack.enter_context(interrupts := Interrupts(screen))
        if (taken := _occupied(request, register, reached)) is not None:
            raise BadInput([Mistake("mandate.account", taken.reason)])
        claimed = register.claim(
            config.environment, config.terms.case, request.released, request.out, Path(requests.RUNS)
        )
        if isinstance(claimed, Refusal):
            raise BadInput([Mistake("mandate.case", claimed.reason)])
        entered, granted = claimed
        folder = RunFolder(Path(entered.folder))
        origin = Origin(
            kind=request.kind,
            home=str(home),
            venues=reached.whereabouts,
            receivers=config.receivers,
            custody=reached.custodian,
            people=str(request.people_file or ""),
            prices=request.price_files,
        )
        outermost.enter_context(telemetry.to_folder(folder.create(origin)))
        stack.callback(folder.lock().release)
        onlookers = await reaching.look_on(reached, prepared.plan, config.limits.reference, stack, screen)
        first = opening(request, entered, prepared, reached, book)
        begin = (first, approving.approval(book, paper, first))
        if book is not None:
            noting.begin(book, entered.run, granted)
        journal = SqliteStore.create(folder.journal)
        screen.say(f"run {entered.run} in {folder.path}")
        for line in prepared.fees:
            screen.say(line)
        desk = Desk(book, entered.run, first.standing, first.standing.book_seq) if book is not None else None
        session = Session(folder, register, home, reached, onlookers, screen, interrupts, desk)
        state = await session.drive(opened(first), journal, Outbox(folder.path), TapeWriter(folder.path), begin=begin)
        return finish(folder, state, screen, book)


async def resume(entered: Entered, home: Path, screen: Screen, *, halt: bool = False) -> ExitCode:
    """Continue a run that no process carries on; with `halt`, only to cancel, verify and close it."""
    folder = RunFolder(Path(entered.folder))
    async with AsyncExitStack() as stack:
        stack.callback(_case_lock(home, entered.environment, entered.case).release)
        _there(entered, folder)
        stack.callback(_folder_lock(folder).release)
        register = CaseRegister(home)
        stack.callback(register.close)
        stack.enter_context(telemetry.to_folder(folder.path))
        fold, outbox, seals = recovery.Fold(), Outbox(folder.path), list[TapeSealed]()

        def take(record: Record) -> None:
            fold.take(record)
            entry = decode(record.payload)
            outbox(record, entry)
            if isinstance(entry, TapeSealed):
                seals.append(entry)

        _remember(folder, outbox)
        journal = SqliteStore.reopen(folder.journal, take)
        state, origin = fold.state, folder.origin()
        gone = origin.kind == "own"
        book = approving.book_again(origin, state, home, halt=halt)
        if book is not None:
            stack.callback(book.close)
        if not (halt or state.finished or state.closed):
            _known(book)
        again = bool(state.closed) and not (halt or gone) and approving.reopens(state, book)
        spent = _alone(register, entered) if again else bool(_later(register, entered))
        register.begin(entered.run)
        if (state.closed and not again) or (state.finished and not state.closed) or (halt and gone):
            close_books(state, journal, TapeWriter(folder.path, seals))
            settle(register, state)
            say = (
                "its sandbox is gone: what was working or unknown counts as taken" if halt and gone else "ended already"
            )
            screen.say(f"run {entered.run}: {state.closed}; {say}")
            return finish(folder, state, screen, book)
        stack.callback(journal.close)
        reached = await reaching.reach_again(origin, state, stack)
        await reaching.watch_again(reached, state.plan, stack)
        onlookers = await reaching.look_on(reached, state.plan, state.limits.reference, stack, screen)
        stack.enter_context(interrupts := Interrupts(screen))
        desk = None
        if book is not None and book.judges:
            desk = Desk(book, entered.run, state.case, state.heard, state.papers)
        session = Session(folder, register, home, reached, onlookers, screen, interrupts, desk)
        tape = TapeWriter(folder.path, seals)
        state = await session.drive(state, journal, outbox, tape, halt=halt, spent=spent)
        return finish(folder, state, screen, book)


def opening(
    request: Request, entered: Entered, prepared: Prepared, reached: Places, book: CaseBook | None = None
) -> Opened:
    """The first row of a run's journal."""
    config = request.config
    people = config.people if book is not None else None
    return Opened(
        at=reached.clock.market(),
        run=entered.run,
        case=entered.case,
        environment=config.environment,
        config_sha256=config.sha256,
        code=VERSION,
        terms=config.terms,
        plan=prepared.plan,
        limits=config.limits,
        licences=config.licences,
        capabilities=tariffs.under(reached.capabilities, config.fees, reached.clock.market()),
        balances=prepared.balances,
        seed=request.chosen_seed,
        custody=prepared.custody,
        approvals=people.policy.approvals if people is not None else 0,
        standing=standing(fold_case(book.rows())) if book is not None else CaseStanding(),
    )


def finish(folder: RunFolder, state: State, screen: Screen, book: CaseBook | None = None) -> ExitCode:
    """Derive everything else that the folder holds, say how it ended, and tell the book of the case."""
    products.write(folder.path)
    screen.say(f"{state.closed}: see {folder.path / 'report.html'}")
    for line in openings.lines(state, gone=folder.origin().kind in ("own", "virtual")):
        screen.say(line)
    if book is not None:
        noting.end(book, state)  # last: a book that can't be written keeps nobody from hearing how it ended
    return EXITS[state.closed]


def void_unborn(register: CaseRegister, environment: str, case: CaseId) -> None:
    """A claim whose run never got its first row can have sent nothing: strike it out."""
    other = register.unfinished(environment, case)
    if other is None or other.status != CLAIMED:
        return
    if (folder := RunFolder(Path(other.folder))).born:
        register.begin(other.run)
        return
    folder.clear()
    register.end(other.run, VOID)


def _there(entered: Entered, folder: RunFolder) -> None:
    """Its journal has to be where the register says; without it nobody knows what the run has sent."""
    if folder.born:
        return
    what = f"its journal is not in {folder.path}: bring the folder back, for nobody else knows what the run has sent"
    if entered.status == CLAIMED:
        what = "its process ended before its first row, so nothing was sent: begin again with `steelyard run`"
    raise BadInput([Mistake(str(entered.run), what)])


def _occupied(request: Request, register: CaseRegister, reached: Places) -> Refusal | None:
    """A sandbox of our own is nobody else's; everywhere else an account belongs to one case at a time."""
    if request.sandbox:
        return None
    terms = request.config.terms
    there = ((name, place.whereabouts.address) for name, place in reached.places.items())
    return register.occupy(request.config.environment, terms.case, terms.account, there)


def _alone(register: CaseRegister, entered: Entered) -> bool:
    """A run that had ended is opened again where no other run of its case goes on; was a later one granted its rest?

    Then it may look, count and close, and sells nothing more; a halted one has nothing else to be opened for.
    """
    later = _later(register, entered)
    if later and entered.status == "halted":
        what = f"run {later[-1].run} was granted what this one left: it can't go on selling"
        raise BadInput([Mistake(str(entered.run), what)])
    if any(run.status in (CLAIMED, OPEN) for run in later):
        raise BadInput([Mistake(str(entered.run), f"run {later[-1].run} of this case has not ended; resume it first")])
    return bool(later)


def _later(register: CaseRegister, entered: Entered) -> list[Entered]:
    """The runs of its case that were granted something after it."""
    runs = register.entered(entered.environment, entered.case)
    names = [run.run for run in runs]
    after = runs[names.index(entered.run) + 1 :] if entered.run in names else []
    return [run for run in after if run.status != VOID]


def _known(book: CaseBook | None) -> None:
    """A book from a backup may have lost a hold; nobody goes on selling by it."""
    if book is not None and (gap := book.restored):
        what = f"its book came back from a backup ({gap}): bring the right one back; until then only `steelyard halt`"
        raise BadInput([Mistake(str(book.case), what)])


def _home(request: Request) -> Path:
    home = request.state_folder
    assert home is not None, "only a virtual run keeps its register in memory, and it has a driver of its own"
    return home


def _case_lock(home: Path, environment: str, case: CaseId) -> Lock:
    try:
        return Lock(home / "cases" / f"{environment}-{case}.lock")
    except Locked:
        what = f"a run of case {case} is going on in another process; `steelyard status` shows it"
        raise BadInput([Mistake("mandate.case", what)]) from None


def _folder_lock(folder: RunFolder) -> Lock:
    try:
        return folder.lock()
    except Locked:
        raise BadInput([Mistake(str(folder.path), "a process is carrying this run on already")]) from None


def _remember(folder: RunFolder, outbox: Outbox) -> None:
    """What the tape has of public trades, so that late lines of the outbox are weighed against it."""
    first = next(iter(products.entries(folder.journal)), None)
    if first is not None and isinstance(first[1], Opened):
        for symbol in dict.fromkeys(symbol for _, symbol in pairs(first[1].plan)):
            outbox.saw(read_prints(folder.path, symbol))
