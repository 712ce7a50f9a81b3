"""Carrying a run out: from a request to the folder that it leaves behind, and from a folder to its continuation."""

import asyncio
import signal
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final, Protocol

import structlog

from engine import VERSION
from engine.compose import places, products
from engine.compose import request as requests
from engine.compose.methods import methods
from engine.compose.places import OwnSandbox, Place
from engine.compose.preparing import Prepared, prepare
from engine.compose.request import Request
from engine.drivers import control, keys, recovery, telemetry
from engine.drivers.feeds import Feeds
from engine.drivers.folder import SUMMARY, Lock, Locked, Origin, RunFolder
from engine.drivers.live import Live
from engine.drivers.outbox import Outbox
from engine.drivers.recording import Recording
from engine.drivers.register import CaseRegister, Entered, Refusal
from engine.drivers.tape import TapeWriter, read_prints
from engine.events import Approval, Entry, Note, Opened, TapeSealed, decode
from engine.journal.record import Record
from engine.journal.store import SqliteStore
from engine.kernel.errors import BadInput, ExitCode, Mistake
from engine.kernel.ids import CaseId, LegId, VenueName
from engine.kernel.money import ZERO
from engine.orders.events import Wish
from engine.orders.order import OrderState
from engine.orders.strategy import Schedule
from engine.planning.plan import Plan
from engine.state import State, opened
from engine.status import status

log = structlog.get_logger()
EXITS: Final = {
    "done": ExitCode.DONE,
    "short": ExitCode.SHORT,
    "halted": ExitCode.SHORT,
    "unresolved": ExitCode.UNRESOLVED,
}
LOOK_EVERY_S: Final = 0.25


class Screen(Protocol):
    """Who watches the run."""

    def show(self, shown: Mapping[str, Any]) -> None:
        """The status as of now."""

    def row(self, record: Record, entry: Entry) -> None:
        """One durable row."""

    def say(self, line: str) -> None:
        """One line that is not about the market."""


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
        place = await reach(request, stack, remaining)
        name = place.venue.name
        prepared = await prepare(config, remaining, {name: place.venue}, place.clock)
        await _watch_market(place, prepared.plan)
        claimed = register.claim(
            config.environment, config.terms.case, request.released, request.out, Path(requests.RUNS)
        )
        if isinstance(claimed, Refusal):
            raise BadInput([Mistake("mandate.case", claimed.reason)])
        entered, _ = claimed
        folder = RunFolder(Path(entered.folder))
        telemetry.to_folder(folder.create(Origin(kind=request.kind, home=str(home), addresses={name: place.address})))
        stack.callback(folder.lock().release)
        first = opening(request, entered, prepared, place)
        journal = SqliteStore.create(folder.journal)
        stack.callback(journal.close)
        outbox = Outbox(folder.path)
        screen.say(f"run {entered.run} in {folder.path}")
        session = Session(folder, register, home, place, screen, outbox, TapeWriter(folder.path), journal)
        state = await session.drive(opened(first), begin=(first, Approval(first.at, first.plan.digest)))
    return finish(folder, state, screen)


async def resume(entered: Entered, home: Path, screen: Screen, *, halt: bool = False) -> ExitCode:
    """Continue a run that no process carries on; with `halt`, only to cancel, verify and close it."""
    folder = RunFolder(Path(entered.folder))
    async with AsyncExitStack() as stack:
        stack.callback(_case_lock(home, entered.environment, entered.case).release)
        stack.callback(_folder_lock(folder).release)
        if not folder.born:
            what = "its process ended before its first row, so nothing was sent: begin again with `steelyard run`"
            raise BadInput([Mistake(str(entered.run), what)])
        register = CaseRegister(home)
        stack.callback(register.close)
        fold, outbox, seals = recovery.Fold(), Outbox(folder.path), list[TapeSealed]()

        def take(record: Record) -> None:
            fold.take(record)
            entry = decode(record.payload)
            outbox(record, entry)
            if isinstance(entry, TapeSealed):
                seals.append(entry)

        _remember(folder, outbox)
        journal = SqliteStore.reopen(folder.journal, take)
        stack.callback(journal.close)
        state = fold.state
        telemetry.to_folder(folder.path)
        if state.closed:
            screen.say(f"run {entered.run} has ended already: {state.closed}")
            settle(register, state)
            return EXITS[state.closed] if (folder.path / SUMMARY).exists() else finish(folder, state, screen)
        if halt and folder.origin().kind == "own":
            return _abandon(register, folder, state, screen)
        place = await _reach_again(folder.origin(), state, stack)
        tape = TapeWriter(folder.path, seals)
        await _watch_market(place, state.opened.plan)
        session = Session(folder, register, home, place, screen, outbox, tape, journal)
        state = await session.drive(state, halt=halt)
    return finish(folder, state, screen)


class Session:
    """One process carrying a run on."""

    def __init__(
        self,
        folder: RunFolder,
        register: CaseRegister,
        home: Path,
        place: Place,
        screen: Screen,
        outbox: Outbox,
        tape: TapeWriter,
        journal: SqliteStore,
    ) -> None:
        self._folder, self._register, self._home = folder, register, home
        self._place, self._screen, self._outbox, self._tape, self._journal = place, screen, outbox, tape, journal

    async def drive(self, state: State, *, begin: Sequence[Note] = (), halt: bool = False) -> State:
        """Until the core has finished. `begin` are the first rows of a new journal; without them it is continued."""
        place, name = self._place, self._place.venue.name
        made = methods(state.opened.plan, state.opened.at)
        recording = Recording(self._tape, self._outbox)
        feeds = Feeds(_pairs(state.opened.plan), {name: place.market}, recording)
        observers = (self._outbox, self._screen.row)
        live = Live(
            state, made, self._journal, place.clock, {name: place.venue}, feeds, recording, observers, asyncio.to_thread
        )
        at = place.clock.market()
        live.begin(begin)
        for sealed in self._tape.recover(at):
            live.note(sealed)
        schedules = {leg: method.schedule for leg, method in made.items()}
        server = control.Control(
            control.address(self._home, state.opened.run), live.ask, lambda: status(live.state, schedules)
        )
        await server.start()
        watching = asyncio.create_task(self._watch(live, feeds, schedules))
        undo = _on_interrupt(live, self._screen)
        try:
            if halt or (state.paused and not begin):
                live.ask(Wish.HALT if halt else Wish.RESUME, "steelyard halt" if halt else "steelyard resume")
            await live.run(recovery.restart(state, at, first=bool(begin)))
        finally:
            undo()
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
            await server.stop()
            settle(self._register, live.state)
            self._screen.show(status(live.state, schedules))
            self._tape.close()
            self._outbox.close()
        return live.state

    async def _watch(self, live: Live, feeds: Feeds, schedules: Mapping[LegId, Schedule]) -> None:
        """The screen, the register and the tape, several times a second."""
        while not live.state.finished:  # what came after the last seal would lie on the tape without one
            self._screen.show(status(live.state, schedules))
            settle(self._register, live.state)
            feeds.gather(self._place.clock.market())
            await asyncio.sleep(LOOK_EVERY_S)


def opening(request: Request, entered: Entered, prepared: Prepared, place: Place) -> Opened:
    """The first row of a run's journal."""
    config = request.config
    return Opened(
        at=place.clock.market(),
        run=entered.run,
        case=entered.case,
        environment=config.environment,
        config_sha256=config.sha256,
        code=VERSION,
        terms=config.terms,
        plan=prepared.plan,
        limits=config.limits,
        capabilities={place.venue.name: place.venue.capabilities},
        balances=prepared.balances,
        seed=request.seed if request.seed is not None else config.seed,
    )


def settle(register: CaseRegister, state: State) -> None:
    """Tell the register what the run has sold, has working, and does not know; and that it has ended, if it has."""
    for holding in state.opened.terms.holdings:
        sold = working = unknown = ZERO
        for plan in state.opened.plan.legs:
            if plan.sell != holding.asset:
                continue
            sold += min(state.legs[plan.id].sold, plan.quantity)
            for order in state.live.values():
                if order.child.leg == plan.id and order.state is OrderState.UNKNOWN:
                    unknown += order.committed
                elif order.child.leg == plan.id:
                    working += order.committed
        register.update(state.opened.run, holding.asset, sold, working, unknown)
    if state.closed:
        register.end(state.opened.run, state.closed)


def finish(folder: RunFolder, state: State, screen: Screen) -> ExitCode:
    """Derive everything else that the folder holds, and say how it ended."""
    products.write(folder.path)
    screen.say(f"{state.closed}: see {folder.path / 'report.html'}")
    return EXITS[state.closed]


def _abandon(register: CaseRegister, folder: RunFolder, state: State, screen: Screen) -> ExitCode:
    """Close the books of a run whose exchange is gone: what may have been sold there counts as taken for good."""
    settle(register, state)
    register.end(state.opened.run, "unresolved")
    products.write(folder.path)
    screen.say("its sandbox is gone, so nothing can be verified: what was working or unknown counts as taken")
    return ExitCode.UNRESOLVED


def void_unborn(register: CaseRegister, environment: str, case: CaseId) -> None:
    """A run that was granted something but never got its first row can have sent nothing: strike it out."""
    other = register.unfinished(environment, case)
    if other is not None and not (folder := RunFolder(Path(other.folder))).born:
        folder.clear()
        register.end(other.run, "void")


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
        for symbol in dict.fromkeys(leg.symbol for leg in first[1].plan.legs):
            outbox.saw(read_prints(folder.path, symbol))


async def _watch_market(place: Place, plan: Plan) -> None:
    """Nothing is begun before every pair has shown a first book."""
    try:
        await place.market.start([symbol for _, symbol in _pairs(plan)])
    except TimeoutError as error:
        raise BadInput([Mistake(f"venues.{place.venue.name}", str(error))]) from None


async def reach(request: Request, stack: AsyncExitStack, remaining: Mapping[Any, Any]) -> Place:
    """Start the sandbox that the request asks for, or find the one that it points at."""
    name = request.config.terms.venues[0]
    if request.sandbox:
        wanted = places.Wanted(
            seed=request.seed if request.seed is not None else request.config.seed,
            speed=request.speed,
            faults=request.faults,
            recorded=not request.synthetic,
            strict_tif=request.strict_tif,
            account=request.config.terms.account,
            balances=remaining,
        )
        sandbox = await OwnSandbox.start(wanted)
        stack.push_async_callback(sandbox.stop)
        return await _reached(sandbox.address, sandbox.keys, stack, ioc=not request.strict_tif)
    pair = keys.find(request.config.environment, name)
    assert isinstance(pair, tuple), "missing keys are found before"
    return await _reached(places.sandbox_address(request.addresses[name]), pair, stack, ioc=not request.strict_tif)


async def _reach_again(origin: Origin, state: State, stack: AsyncExitStack) -> Place:
    """The venue of a run that is continued, where it still is."""
    name = next(iter(state.opened.balances))
    if origin.kind != "pointed":
        what = "its sandbox ended with the process that started it, so nothing is left to continue"
        raise BadInput([Mistake(str(state.opened.run), what)])
    pair = keys.find(state.opened.environment, name)
    if isinstance(pair, list):
        raise BadInput(pair)
    return await _reached(origin.addresses[name], pair, stack, ioc=state.opened.capabilities[name].ioc)


async def _reached(address: str, pair: tuple[str, str], stack: AsyncExitStack, *, ioc: bool) -> Place:
    place = await places.reach_sandbox(address, pair, ioc=ioc)
    stack.push_async_callback(place.venue.aclose)
    stack.push_async_callback(place.market.aclose)
    return place


def _pairs(plan: Plan) -> list[tuple[VenueName, Any]]:
    return list(dict.fromkeys((leg.venue, leg.symbol) for leg in plan.legs))


def _on_interrupt(live: Live, screen: Screen) -> Any:
    """The first Ctrl-C pauses, the second halts; returns what takes that back."""
    loop, presses = asyncio.get_running_loop(), [0]

    def pressed() -> None:
        presses[0] += 1
        if presses[0] == 1:
            screen.say("pausing: resting orders are cancelled, proceeds are sold on; press Ctrl-C again to halt")
            live.ask(Wish.PAUSE, "Ctrl-C")
        else:
            screen.say("halting: nothing new is sent, everything is cancelled and verified")
            live.ask(Wish.HALT, "Ctrl-C")

    loop.add_signal_handler(signal.SIGINT, pressed)
    return lambda: loop.remove_signal_handler(signal.SIGINT)
