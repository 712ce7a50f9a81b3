"""Carrying a run out: from a request to the folder that it leaves behind, and from a folder to its continuation."""

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final

import structlog

from engine import VERSION
from engine.compose import places, products
from engine.compose import request as requests
from engine.compose.places import OwnSandbox, Places, Target
from engine.compose.preparing import Prepared, prepare
from engine.compose.request import Request
from engine.compose.session import Interrupts, Screen, Session, close_books, pairs, settle
from engine.config import VenueUse
from engine.drivers import keys, recovery, telemetry
from engine.drivers.folder import Lock, Locked, Origin, RunFolder
from engine.drivers.outbox import Outbox
from engine.drivers.register import CLAIMED, VOID, CaseRegister, Entered, Refusal
from engine.drivers.tape import TapeWriter, read_prints
from engine.events import Approval, Opened, TapeSealed, decode
from engine.journal.record import Record
from engine.journal.store import SqliteStore
from engine.kernel.errors import BadInput, ExitCode, Mistake
from engine.kernel.ids import CaseId, VenueName
from engine.planning.plan import Plan
from engine.state import State, opened
from venues import registry

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
        stack.callback(_case_lock(home, config.environment, config.terms.case).release)
        register = CaseRegister(home)
        stack.callback(register.close)
        void_unborn(register, config.environment, config.terms.case)
        if found := requests.mistakes(request, register):
            raise BadInput(found)
        remaining = register.remaining(config.environment, config.terms.case, request.released)
        reached = await reach(request, stack, remaining)
        prepared = await prepare(config, remaining, reached.venues, reached.clock)
        await watch_markets(reached, prepared.plan)
        stack.enter_context(interrupts := Interrupts(screen))
        claimed = register.claim(
            config.environment, config.terms.case, request.released, request.out, Path(requests.RUNS)
        )
        if isinstance(claimed, Refusal):
            raise BadInput([Mistake("mandate.case", claimed.reason)])
        entered, _ = claimed
        folder = RunFolder(Path(entered.folder))
        telemetry.to_folder(folder.create(Origin(kind=request.kind, home=str(home), venues=reached.whereabouts)))
        stack.callback(folder.lock().release)
        first = opening(request, entered, prepared, reached)
        journal = SqliteStore.create(folder.journal)
        screen.say(f"run {entered.run} in {folder.path}")
        session = Session(folder, register, home, reached, screen, interrupts)
        begin = (first, Approval(first.at, first.plan.digest))
        state = await session.drive(opened(first), journal, Outbox(folder.path), TapeWriter(folder.path), begin=begin)
        return finish(folder, state, screen)


async def resume(entered: Entered, home: Path, screen: Screen, *, halt: bool = False) -> ExitCode:
    """Continue a run that no process carries on; with `halt`, only to cancel, verify and close it."""
    folder = RunFolder(Path(entered.folder))
    async with AsyncExitStack() as stack:
        stack.callback(_case_lock(home, entered.environment, entered.case).release)
        _there(entered, folder)
        stack.callback(_folder_lock(folder).release)
        register = CaseRegister(home)
        stack.callback(register.close)
        telemetry.to_folder(folder.path)
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
        register.begin(entered.run)
        gone = origin.kind == "own"
        if state.closed or state.finished or (halt and gone):
            close_books(state, journal, TapeWriter(folder.path, seals))
            settle(register, state)
            say = (
                "its sandbox is gone: what was working or unknown counts as taken" if halt and gone else "ended already"
            )
            screen.say(f"run {entered.run}: {state.closed}; {say}")
            return finish(folder, state, screen)
        stack.callback(journal.close)
        reached = await _reach_again(origin, state, stack)
        await watch_markets(reached, state.opened.plan, all_of_them=False)
        stack.enter_context(interrupts := Interrupts(screen))
        session = Session(folder, register, home, reached, screen, interrupts)
        state = await session.drive(state, journal, outbox, TapeWriter(folder.path, seals), halt=halt)
        return finish(folder, state, screen)


def opening(request: Request, entered: Entered, prepared: Prepared, reached: Places) -> Opened:
    """The first row of a run's journal."""
    config = request.config
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
        capabilities=reached.capabilities,
        balances=prepared.balances,
        seed=request.chosen_seed,
    )


def finish(folder: RunFolder, state: State, screen: Screen) -> ExitCode:
    """Derive everything else that the folder holds, and say how it ended."""
    products.write(folder.path)
    screen.say(f"{state.closed}: see {folder.path / 'report.html'}")
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


async def watch_markets(reached: Places, plan: Plan, *, all_of_them: bool = True) -> None:
    """Nothing is begun before every pair has shown a first book; to go on, those of one venue are enough."""
    asked = {name: [symbol for venue, symbol in pairs(plan) if venue == name] for name in reached.markets}
    starting = [reached.markets[name].start(symbols) for name, symbols in asked.items()]
    answers = await asyncio.gather(*starting, return_exceptions=True)
    mistakes = []
    for name, answer in zip(asked, answers, strict=True):
        if isinstance(answer, TimeoutError):
            mistakes.append(Mistake(f"venues.{name}", str(answer)))
        elif isinstance(answer, BaseException):
            raise answer
    if len(mistakes) > (0 if all_of_them else len(asked) - 1):
        raise BadInput(mistakes)


async def reach(request: Request, stack: AsyncExitStack, remaining: Mapping[Any, Any]) -> Places:
    """Start the sandbox that the request asks for, or find the one that it points at."""
    config = request.config
    found = {name: config.venues[name] for name in config.terms.venues}
    if request.sandbox:
        wanted = places.Wanted(
            dialects=[dialect_of(use) for use in found.values()],
            seed=request.chosen_seed,
            speed=request.speed,
            faults=request.faults,
            recorded=not request.synthetic,
            strict_tif=request.strict_tif,
            account=config.terms.account,
            balances=remaining,
        )
        sandbox = await OwnSandbox.start(wanted)
        stack.push_async_callback(sandbox.stop)
        where = {name: (sandbox.address(dialect_of(use)), sandbox.key(dialect_of(use))) for name, use in found.items()}
    else:
        where = {name: (places.loopback(request.addresses[name]), _key(config.environment, name)) for name in found}
    targets = [
        Target(name=name, adapter=use.adapter, address=where[name][0], key=where[name][1], options=use.options)
        for name, use in found.items()
    ]
    promised = {name: places.strict(registry.adapter(use.adapter)) for name, use in found.items()}
    reached = await places.reach_sandboxes(
        targets, seed=request.chosen_seed, capabilities=promised if request.strict_tif else {}
    )
    stack.push_async_callback(reached.aclose)
    return reached


async def _reach_again(origin: Origin, state: State, stack: AsyncExitStack) -> Places:
    """The venues of a run that is continued, where they still are."""
    if origin.kind != "pointed":
        what = "its sandbox ended with the process that started it, so nothing is left to continue"
        raise BadInput([Mistake(str(state.opened.run), what)])
    opened = state.opened
    targets = [
        Target(
            name=VenueName(name),
            adapter=there.adapter,
            address=there.address,
            key=_key(opened.environment, VenueName(name)),
            options=there.options,
        )
        for name, there in origin.venues.items()
    ]
    reached = await places.reach_sandboxes(targets, seed=opened.seed, capabilities=opened.capabilities)
    stack.push_async_callback(reached.aclose)
    return reached


def dialect_of(use: VenueUse) -> str:
    """What a sandbox has to speak for this adapter: for one that speaks many, the exchange that it was told."""
    return use.options.get("exchange", use.adapter)


def _key(environment: str, name: VenueName) -> tuple[str, str]:
    found = keys.find(environment, name)
    if isinstance(found, list):
        raise BadInput(found)
    return found
