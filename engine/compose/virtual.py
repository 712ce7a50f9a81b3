"""A whole run in memory: the exchange, no sockets, no threads, no waiting. In virtual time, or as a backtest.

Both begin in the same way and write the same rows; what differs is who turns. A run in virtual time is carried out by
the live driver on an event loop that jumps; a backtest by the simulated driver, over whatever market it is given.

The same request gives the same rows, and so the same summary to the byte. Their journal is kept in memory and written
to the run folder at the end: nothing real can be lost in between.
"""

from contextlib import ExitStack
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from backtests import single
from engine.compose import approving, noting, products, reaching, running
from engine.compose import request as requests
from engine.compose.floor_requests import FloorRequests
from engine.compose.methods import methods
from engine.compose.places import Places
from engine.compose.preparing import prepare
from engine.compose.pricefiles import PriceFiles
from engine.compose.references import Onlookers
from engine.compose.rehearsal import START, Stage, in_process, stage
from engine.compose.request import Request
from engine.compose.running import EXITS, finish, opening
from engine.compose.session import Screen, pairs, settle
from engine.core.state import State, opened
from engine.core.turn import Methods
from engine.drivers import recovery
from engine.drivers import virtual as loops
from engine.drivers.casebook import CaseBook
from engine.drivers.clocks import VirtualClock
from engine.drivers.daybreak import Daybreak
from engine.drivers.feeds import Feeds
from engine.drivers.folder import REPORT, Origin, RunFolder
from engine.drivers.live import Live, Observer
from engine.drivers.outbox import Outbox
from engine.drivers.recording import Recording
from engine.drivers.register import CaseRegister, Refusal
from engine.drivers.simulated import Simulated, Time
from engine.drivers.tape import TapeWriter
from engine.events import Entry, Note, Restarted, kind
from engine.journal.record import Record
from engine.journal.store import MemoryStore
from engine.kernel import codec
from engine.kernel.errors import BadInput, ExitCode, Mistake
from engine.kernel.money import Asset
from engine.orders.events import Due
from engine.status import status

FOLDER: Final = "backtest-{case}"
"""Where a backtest is put under `runs` when nobody says where."""


class _Begun(Struct):
    """All that a driver is handed, with nothing on record yet."""

    folder: RunFolder
    places: Places
    notes: tuple[Note, ...]
    """The first rows."""
    state: State
    methods: Methods
    journal: MemoryStore
    feeds: Feeds
    recording: Recording
    tape: TapeWriter
    outbox: Outbox

    @property
    def restarted(self) -> Restarted:
        return recovery.restart(self.state, self.state.opened.at, first=True)

    def close(self) -> None:
        """Everything is written."""
        self.journal.save(self.folder.journal)
        self.tape.close()
        self.outbox.close()


def run(request: Request, screen: Screen) -> ExitCode:
    """Carry the request out in virtual time; raises `BadInput` with every mistake while nothing has been started."""
    with ExitStack() as stack:
        book = _book(request, stack)
        register = _register(request, stack, book)
        loop = loops.VirtualLoop()
        clock = VirtualClock(loop, START)
        begun = loops.run(_virtually(request, register, book, screen, clock), loop)
        begun.close()
        settle(register, begun.state)
        return finish(begun.folder, begun.state, screen, book)


def backtest(request: Request, bars: Path | None, since: str | None, screen: Screen) -> ExitCode:
    """Carry the request out in simulated time, over bars or over order flow, without any case's register."""
    seed = request.chosen_seed
    request = replace(request, home=None, out=request.out or _free(FOLDER.format(case=request.config.terms.case)))
    with ExitStack() as stack:
        register = _register(request, stack)
        if bars is not None:
            scene = single.over_bars(request.config, bars, seed=seed, since=since)
        elif since is not None:
            raise BadInput([Mistake("--from", "goes with --bars; recorded flow has its own start")])
        else:
            scene = single.over_flow(request.config, seed=seed, recorded=not request.synthetic)
        screen.say(scene.banner)
        begun = _simulated(request, register, screen, scene)
        begun.close()
    assumptions = (*scene.assumptions, *_asked(request))
    products.write(begun.folder.path, title=single.TITLE, assumptions=assumptions, not_shown=scene.not_shown)
    screen.say(f"{begun.state.closed}: see {begun.folder.path / REPORT}")
    return EXITS[begun.state.closed]


def _book(request: Request, stack: ExitStack) -> CaseBook | None:
    """The case's book, where the config names people: without it nobody could know what they agreed to."""
    if request.config.people is not None and request.state_folder is None:
        what = "the config names people who approve: say in which state folder the case's book lies"
        raise BadInput([Mistake("--home", what)])
    book = approving.book_of(request.config, request.state_folder)
    if book is not None:
        stack.callback(book.close)
    return book


def _register(request: Request, stack: ExitStack, book: CaseBook | None = None) -> CaseRegister:
    """The register that the request is held against, with nothing that speaks against starting."""
    config = request.config
    register = CaseRegister(request.state_folder)
    stack.callback(register.close)
    running.void_unborn(register, config.environment, config.terms.case)
    if found := [*requests.mistakes(request, register), *approving.mistakes(config, book)]:
        raise BadInput(found)
    return register


async def _virtually(
    request: Request, register: CaseRegister, book: CaseBook | None, screen: Screen, clock: VirtualClock
) -> _Begun:
    set_up = stage(request, _remaining(request, register), clock.market)
    begun = await _begin(request, register, clock, set_up, screen, book)
    requested = FloorRequests(begun.folder.path, begun.state, screen.say)
    venues, observers = begun.places.venues, (begun.outbox, screen.row, requested)
    live = Live(
        begun.state,
        begun.methods,
        begun.journal,
        clock,
        venues,
        begun.feeds,
        begun.recording,
        observers,
        custody=begun.places.custody,
        daybreak=Daybreak(PriceFiles.at(request.price_files)),
    )
    await live.begin(begun.notes)
    await live.run(begun.restarted)
    return begun


def _simulated(request: Request, register: CaseRegister, screen: Screen, scene: single.Scene) -> _Begun:
    time = Time(scene.start)
    remaining = _remaining(request, register)
    set_up = stage(request, remaining, time, start=scene.start, played=scene.played)
    loop = loops.VirtualLoop()  # what is asked before the start takes no time
    begun = loops.run(_begin(request, register, VirtualClock(loop, scene.start), set_up, screen), loop)
    observers: tuple[Observer, ...] = (begun.outbox, screen.row, _progress(begun, screen))
    rows = [(kind(note), codec.encode(note)) for note in begun.notes]
    first = begun.journal.append(scene.start, scene.start, rows, urgent=True)
    for record, note in zip(first, begun.notes, strict=True):
        for observer in observers:
            observer(record, note)
    counters = set_up.counters
    Simulated(
        begun.state,
        begun.methods,
        begun.journal,
        time,
        counters,
        begun.feeds,
        begun.recording,
        observers,
        custody=set_up.custody,
        daybreak=Daybreak(PriceFiles.at(request.price_files)),
    ).run(begun.restarted)
    return begun


async def _begin(
    request: Request,
    register: CaseRegister,
    clock: VirtualClock,
    set_up: Stage,
    screen: Screen,
    book: CaseBook | None = None,
) -> _Begun:
    """Preflight, claim, folder, and the first rows; the same for both."""
    config = request.config
    reached = in_process(set_up, clock)
    remaining = _remaining(request, register)
    prepared = await prepare(config, remaining, reached.venues, clock, reached.custody, reached.references)
    made = approving.paper_of(config, prepared.plan, register.upcoming(config.terms.case))
    paper = approving.as_approved(book, made)
    approving.check(book, paper)
    await reaching.watch_markets(reached, prepared.plan)
    claimed = register.claim(config.environment, config.terms.case, request.released, request.out, Path(requests.RUNS))
    if isinstance(claimed, Refusal):
        raise BadInput([Mistake("mandate.case", claimed.reason)])
    entered, granted = claimed
    folder = RunFolder(Path(entered.folder))
    folder.create(
        Origin(
            kind=request.kind,
            home=str(request.state_folder or ""),
            venues=reached.whereabouts,
            people=str(request.people_file or "") if book is not None else "",
            prices=request.price_files,
        )
    )
    onlookers = Onlookers(reached.references, prepared.plan, screen.say)
    await onlookers.settle()
    first = opening(request, entered, prepared, reached, book)
    notes = (first, approving.approval(book, paper, first))
    if book is not None:
        noting.begin(book, entered.run, granted)
    outbox, tape = Outbox(folder.path), TapeWriter(folder.path)
    recording = Recording(tape, outbox)
    return _Begun(
        folder=folder,
        places=reached,
        notes=notes,
        state=opened(first),
        methods=methods(prepared.plan, first.at),
        journal=MemoryStore(),
        feeds=Feeds(pairs(prepared.plan), reached.markets, recording, onlookers.sources),
        recording=recording,
        tape=tape,
        outbox=outbox,
    )


def _remaining(request: Request, register: CaseRegister) -> dict[Asset, Decimal]:
    return register.remaining(request.config.environment, request.config.terms.case, request.released)


def _progress(begun: _Begun, screen: Screen) -> Observer:
    """How far it is, at each decision; the screen chooses how often it says so."""
    schedules = {leg: method.schedule for leg, method in begun.methods.items()}

    def saw(_: Record, entry: Entry) -> None:
        if isinstance(entry, Due):
            screen.show(status(begun.state, schedules))

    return saw


def _asked(request: Request) -> list[str]:
    """What the command line added to the market."""
    said = []
    if request.faults is not None:
        said.append(f"Faults of messages are played after {request.faults.name}.")
    if request.strict_tif:
        said.append("The market refuses IOC; such orders are placed, cancelled and read back.")
    return said


def _free(name: str) -> Path:
    """A folder of that name under `runs` that does not exist yet."""
    names = (name if number == 1 else f"{name}-{number}" for number in count(1))
    return next(path for path in (Path(requests.RUNS) / each for each in names) if not path.exists())
