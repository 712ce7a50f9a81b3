"""A rehearsal: the whole run at the venues' public prices, sold on mirrors of them in memory. No order leaves.

It needs no key and reads none, claims nothing of the case, and is told apart from a run everywhere: by its name, by
`origin.json`, and by the title of its report. It lasts as long as the run would.
"""

from contextlib import AsyncExitStack, ExitStack
from itertools import count
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from msgspec.structs import replace

from engine.compose import products, reaching
from engine.compose.mirroring import mirrored
from engine.compose.preparing import prepare
from engine.compose.request import RUNS, Request, out_mistakes
from engine.compose.running import EXITS, opening
from engine.compose.session import Interrupts, Screen, Session
from engine.config import Config
from engine.core.state import opened
from engine.drivers import telemetry
from engine.drivers.folder import REPORT, Origin, RunFolder
from engine.drivers.outbox import Outbox
from engine.drivers.register import OPEN, CaseRegister, Entered
from engine.drivers.tape import TapeWriter
from engine.events import Approval
from engine.journal.store import SqliteStore
from engine.kernel.errors import BadInput, ExitCode, Mistake
from engine.kernel.ids import RunId
from engine.reports.html import NOT_SHOWN
from venues import registry

TITLE: Final = "REHEARSAL: nothing was sold"
NAME: Final = "{case}.rehearsal"
FOLDER: Final = "rehearsal-{case}"
"""Where it is put under `runs` when nobody says where."""
ASSUMPTIONS: Final = (
    "Prices, books and trades are those of the venues' public feeds at the time. Our orders met copies of these books "
    "in memory; no order left this machine, and no account was looked at.",
    "No impact: the market did not feel our sales, and nobody learnt of them. What we took from a level stayed taken "
    "until the public book showed less there.",
    "No latency of the venue: our own messages took 5 to 60 ms each way, drawn evenly; the venue's queues, limits on "
    "requests, refusals and outages were not played.",
    "An order that rested was filled by public trades alone, behind what stood at its price when it came. Where the "
    "public book does not reach, nobody stood.",
    "Fees are those of our tier as the adapter knows it. Every venue held all that is released, with no custody. "
    "Nobody was asked to approve, and no deposit was looked at.",
)
NOT_SHOWN_HERE: Final = (*NOT_SHOWN, "Whether the same hour will come again: a rehearsal is one path of prices.")


def mistakes(request: Request) -> list[Mistake]:
    """Everything that speaks against rehearsing, before anybody is asked anything."""
    config, found = request.config, list[Mistake]()
    if not config.rehearsal:
        what = "is missing: --rehearse looks at public prices there, and nowhere else"
        found.append(Mistake("rehearsal.hosts", what))
    beside = {
        "--sandbox": request.sandbox,
        "--in-process": request.in_process,
        "--venue": request.addresses,
        "--faults": request.faults,
        "--synthetic": request.synthetic,
        "--strict-tif": request.strict_tif,
        "--confirm": request.confirm or request.confirmed is not None,
    }
    found += [
        Mistake(option, "not with --rehearse, which starts nothing and sends nothing")
        for option in beside
        if beside[option]
    ]
    if config.environment == "production":
        found += _elsewhere(config)
    return [*found, *out_mistakes(request)]


def _elsewhere(config: Config) -> list[Mistake]:
    """In production an adapter goes to its own addresses: hosts of the config that are not those."""
    found = []
    for name, address in config.rehearsal.items():
        adapter, host = config.venues[name].adapter, urlsplit(address).hostname
        own = registry.adapter(adapter).public_hosts
        if host not in own:
            what = (
                f"{host} is not where the adapter {adapter} has its public data: {', '.join(own) or 'it names no host'}"
            )
            found.append(Mistake(f"rehearsal.hosts.{name}", what))
    return found


async def run(request: Request, screen: Screen) -> ExitCode:
    """Rehearse; raises `BadInput` with every mistake while nothing has been started."""
    if found := mistakes(request):
        raise BadInput(found)
    async with AsyncExitStack() as stack:
        outermost = stack.enter_context(ExitStack())  # the log: whatever is closed before it may have a line for it
        reached = await mirrored(request, stack)
        config = _played(request.config)
        prepared = await prepare(config, request.released, reached.venues, reached.clock, references=reached.references)
        await reaching.watch_markets(reached, prepared.plan)
        stack.enter_context(interrupts := Interrupts(screen))
        entered = _entered(request)
        folder = RunFolder(Path(entered.folder))
        origin = Origin(kind=request.kind, home=entered.folder, venues=reached.whereabouts, prices=request.price_files)
        outermost.enter_context(telemetry.to_folder(folder.create(origin)))
        stack.callback(folder.lock().release)
        register = CaseRegister(None)
        stack.callback(register.close)
        onlookers = await reaching.look_on(reached, prepared.plan, config.limits.reference, stack, screen)
        first = opening(replace(request, config=config), entered, prepared, reached)
        begin = (first, Approval(first.at, first.plan.digest))
        journal = SqliteStore.create(folder.journal)
        screen.say(f"{TITLE}; {entered.run} in {folder.path}")
        session = Session(folder, register, folder.path, reached, onlookers, screen, interrupts)
        state = await session.drive(opened(first), journal, Outbox(folder.path), TapeWriter(folder.path), begin=begin)
    products.write(folder.path, title=TITLE, assumptions=ASSUMPTIONS, not_shown=NOT_SHOWN_HERE)
    screen.say(f"rehearsal, {state.closed}: see {folder.path / REPORT}")
    return EXITS[state.closed]


def _played(config: Config) -> Config:
    """The config without what only the case's book could answer for."""
    return replace(config, environment="sandbox", limits=replace(config.limits, deposit=None))


def _entered(request: Request) -> Entered:
    """What a register would say of it; there is none, so the case never hears of it."""
    case = request.config.terms.case
    run, folder = RunId(NAME.format(case=case)), request.out or _free(FOLDER.format(case=case))
    return Entered(run, case, "sandbox", str(folder.absolute()), OPEN)


def _free(name: str) -> Path:
    """A folder of that name under `runs` that does not exist yet."""
    names = (name if number == 1 else f"{name}-{number}" for number in count(1))
    return next(path for path in (Path(RUNS) / each for each in names) if not path.exists())
