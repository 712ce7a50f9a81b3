"""A whole run in virtual time: the live driver, the exchange in memory, no sockets, no threads, no waiting.

The same request gives the same rows, and so the same summary to the byte. Its journal is kept in memory and written
to the run folder at the end: nothing real can be lost in between.
"""

from contextlib import ExitStack
from pathlib import Path

from engine.compose import request as requests
from engine.compose import running
from engine.compose.methods import methods
from engine.compose.places import Place
from engine.compose.preparing import prepare
from engine.compose.rehearsal import START, stage
from engine.compose.request import Request
from engine.compose.running import Screen, finish, opening, settle
from engine.drivers import recovery
from engine.drivers import virtual as loops
from engine.drivers.clocks import VirtualClock
from engine.drivers.feeds import Feeds
from engine.drivers.folder import Origin, RunFolder
from engine.drivers.live import Live
from engine.drivers.outbox import Outbox
from engine.drivers.recording import Recording
from engine.drivers.register import CaseRegister, Refusal
from engine.drivers.tape import TapeWriter
from engine.events import Approval
from engine.journal.store import MemoryStore
from engine.kernel.errors import BadInput, ExitCode, Mistake
from engine.state import State, opened
from venues.sandbox.venue import InProcessMarket, InProcessVenue


def run(request: Request, screen: Screen) -> ExitCode:
    """Carry the request out in virtual time; raises `BadInput` with every mistake while nothing has been started."""
    config = request.config
    with ExitStack() as stack:
        register = CaseRegister(request.state_folder)
        stack.callback(register.close)
        running.void_unborn(register, config.environment, config.terms.case)
        if found := requests.mistakes(request, register):
            raise BadInput(found)
        loop = loops.VirtualLoop()
        folder, state, journal = loops.run(_virtually(request, register, screen, VirtualClock(loop, START)), loop)
        journal.save(folder.journal)
    return finish(folder, state, screen)


async def _virtually(
    request: Request, register: CaseRegister, screen: Screen, clock: VirtualClock
) -> tuple[RunFolder, State, MemoryStore]:
    config = request.config
    remaining = register.remaining(config.environment, config.terms.case, request.released)
    set_up = stage(request, remaining, clock.market)
    venue = InProcessVenue(set_up.counter, set_up.capabilities, clock)
    place = Place(venue, InProcessMarket(set_up.counter), clock, "memory")
    prepared = await prepare(config, remaining, {venue.name: venue}, clock)
    symbols = list(dict.fromkeys(leg.symbol for leg in prepared.plan.legs))
    await place.market.start(symbols)
    claimed = register.claim(config.environment, config.terms.case, request.released, request.out, Path(requests.RUNS))
    if isinstance(claimed, Refusal):
        raise BadInput([Mistake("mandate.case", claimed.reason)])
    entered, _ = claimed
    folder = RunFolder(Path(entered.folder))
    folder.create(Origin(kind=request.kind, home=str(request.state_folder or ""), addresses={}))
    first = opening(request, entered, prepared, place)
    state, journal = opened(first), MemoryStore()
    outbox, tape = Outbox(folder.path), TapeWriter(folder.path)
    recording = Recording(tape, outbox)
    feeds = Feeds([(venue.name, symbol) for symbol in symbols], {venue.name: place.market}, recording)
    made = methods(prepared.plan, first.at)
    live = Live(state, made, journal, clock, {venue.name: venue}, feeds, recording, (outbox, screen.row))
    live.begin([first, Approval(first.at, first.plan.digest)])
    await live.run(recovery.restart(state, first.at, first=True))
    settle(register, live.state)
    tape.close()
    outbox.close()
    return folder, live.state, journal
