"""One process carrying a run on: the live driver, and what attends to it several times a second."""

import asyncio
import signal
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Protocol

import structlog

from engine.alarms import Alarm
from engine.compose import products
from engine.compose.alarming import Bell
from engine.compose.daily import Evenings
from engine.compose.floor_requests import FloorRequests
from engine.compose.methods import methods
from engine.compose.places import Places
from engine.compose.pricefiles import PriceFiles
from engine.compose.references import Onlookers
from engine.core.evolve import evolve
from engine.core.state import State
from engine.core.turn import Methods
from engine.drivers import control, recovery
from engine.drivers.clocks import WallClock
from engine.drivers.daybreak import Daybreak
from engine.drivers.desk import Desk
from engine.drivers.feeds import Feeds
from engine.drivers.folder import HALT_FILE, RunFolder
from engine.drivers.live import Live
from engine.drivers.outbox import Outbox
from engine.drivers.recording import Recording
from engine.drivers.register import CaseRegister
from engine.drivers.tape import TapeWriter
from engine.events import Closed, Entry, Note, kind
from engine.journal.record import Record
from engine.journal.store import SqliteStore
from engine.kernel import codec
from engine.kernel.ids import LegId, Symbol, VenueName
from engine.kernel.money import ZERO
from engine.ledger import accounts
from engine.orders.events import Wish
from engine.orders.order import OrderState
from engine.orders.strategy import Schedule
from engine.planning.plan import Plan
from engine.status import status

log = structlog.get_logger()
LOOK_EVERY_S: Final = 0.25


class Screen(Protocol):
    """Who watches the run."""

    def show(self, shown: Mapping[str, Any]) -> None:
        """The status as of now."""

    def row(self, record: Record, entry: Entry) -> None:
        """One durable row."""

    def say(self, line: str) -> None:
        """One line that is not about the market."""


class Interrupts:
    """Ctrl-C from the claim to the last file: the first pauses, the second halts, and none breaks anything off."""

    def __init__(self, screen: Screen) -> None:
        self.live: Live | None = None
        self._screen, self._presses = screen, 0

    def __enter__(self) -> "Interrupts":
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, self._pressed)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.get_running_loop().remove_signal_handler(signal.SIGINT)

    def _pressed(self) -> None:
        if self.live is None or self.live.state.finished:
            self._screen.say("the run is being opened or closed; a moment")
            return
        self._presses += 1
        if self._presses == 1:
            self._screen.say("pausing: resting orders are cancelled, proceeds are sold on; press Ctrl-C again to halt")
            self.live.ask(Wish.PAUSE, "Ctrl-C")
        else:
            self._screen.say("halting: nothing new is sent, everything is cancelled and verified")
            self.live.ask(Wish.HALT, "Ctrl-C")


class Session:
    """One process, one run."""

    def __init__(
        self,
        folder: RunFolder,
        register: CaseRegister,
        home: Path,
        places: Places,
        onlookers: Onlookers,
        screen: Screen,
        interrupts: Interrupts,
        desk: Desk | None = None,
    ) -> None:
        """`desk` follows the book of the case; without one nobody but the control socket is listened to."""
        self._desk = desk
        self._folder, self._register, self._home = folder, register, home
        self._places, self._onlookers = places, onlookers
        self._screen, self._interrupts = screen, interrupts
        self._settled: object = None
        self._wanted: list[Alarm] = []
        """Papers on which people have yet to agree, as of the last look."""
        self._deaf = ""
        """Why the book of the case can't be followed; empty while it can."""

    async def drive(
        self,
        state: State,
        journal: SqliteStore,
        outbox: Outbox,
        tape: TapeWriter,
        *,
        begin: Sequence[Note] = (),
        halt: bool = False,
        spent: bool = False,
    ) -> State:
        """Until the core has finished. `begin` are the first rows of a new journal; without them it is continued.

        `spent`: a later run was granted what this one left, so it only looks.
        """
        places = self._places
        made = methods(state.plan, state.opened.at)
        recording = Recording(tape, outbox)
        feeds = Feeds(pairs(state.plan), places.markets, recording, self._onlookers.sources)
        live = self._live(state, made, journal, feeds, recording, outbox)
        schedules = {leg: method.schedule for leg, method in made.items()}
        async with AsyncExitStack() as stack:
            self._bell = Bell(self._folder.origin().receivers, self._folder, places.clock, state.opened.environment)
            stack.push_async_callback(self._bell.aclose)
            evenings = Evenings(self._folder.path, products.write_days)
            stack.push_async_callback(evenings.aclose)
            stack.callback(journal.close)
            stack.callback(outbox.close)
            stack.callback(tape.close)
            await live.begin(begin)
            self._register.begin(state.opened.run)
            for sealed in tape.recover(places.clock.market()):
                live.note(sealed)
            server = control.Control(
                control.address(self._home, state.opened.run), live.ask, lambda: status(live.state, schedules)
            )
            await server.start()
            stack.push_async_callback(server.stop)
            stack.callback(self._look, live, schedules)
            watching = asyncio.create_task(self._watch(live, feeds, schedules, evenings))
            stack.callback(watching.cancel)
            self._interrupts.live = live
            self._hear(live)  # what was said while no process carried the run on comes before all else
            if halt or (state.paused and not begin):
                live.ask(Wish.HALT if halt else Wish.RESUME, "steelyard halt" if halt else "steelyard resume")
            await live.run(recovery.restart(state, places.clock.market(), first=bool(begin), spent=spent))
        return live.state

    def _live(
        self, state: State, made: Methods, journal: SqliteStore, feeds: Feeds, recording: Recording, outbox: Outbox
    ) -> Live:
        """The driver, which asks before every order whether somebody has pulled the switch."""
        places = self._places
        places.switch.file = self._folder.path / HALT_FILE
        return Live(
            state,
            made,
            journal,
            places.clock,
            places.venues,
            feeds,
            recording,
            (outbox, self._screen.row, FloorRequests(self._folder.path, state, self._screen.say)),
            aside=asyncio.to_thread,
            switch=places.switch,
            custody=places.custody,
            daybreak=Daybreak(PriceFiles.at(self._folder.origin().prices)),
        )

    async def _watch(self, live: Live, feeds: Feeds, schedules: Mapping[LegId, Schedule], evenings: Evenings) -> None:
        """Screen, register, tape and days, several times a second; the run ends with whatever fails here."""
        try:
            while not live.state.finished:  # what came after the last seal would lie on the tape without one
                self._look(live, schedules)
                feeds.gather(self._places.clock.market())
                evenings.look(live.state, self._places.clock.market())
                await asyncio.sleep(LOOK_EVERY_S)
        except Exception as error:  # noqa: BLE001 - passed on to the run, which raises it
            live.fail(error)

    def _look(self, live: Live, schedules: Mapping[LegId, Schedule]) -> None:
        self._hear(live)
        self._screen.show(status(live.state, schedules))
        self._bell.look(live.state, self._wanted)
        numbers = (live.state.changed_at, live.state.closed, len(live.state.live))
        if numbers != self._settled:  # each update is synced to disk, so only when something has changed
            self._settled = numbers
            settle(self._register, live.state)

    def _hear(self, live: Live) -> None:
        """What people put into the book of the case, or left in the folder, since the last look."""
        if (self._folder.path / HALT_FILE).exists() and not live.state.halted:
            live.ask(Wish.HALT, "steelyard-kill")
        if self._desk is None:
            return
        clock = self._places.clock
        try:
            for event in self._desk.look(clock.market(), clock.wall()):
                live.tell(event)
            self._desk.flat(live.state, clock.wall())
            self._wanted, self._deaf = self._desk.wanted(clock.wall()), ""
        except Exception as error:  # noqa: BLE001 - whatever it is, a hold may stand there: stop, and live to cancel
            self._stop_unheard(live, error)

    def _stop_unheard(self, live: Live, error: Exception) -> None:
        """The book can't be followed, so nobody could stop the run by it. It is halted, and not broken off."""
        if repr(error) != self._deaf:
            self._deaf = repr(error)
            log.error("book_not_followed", error=self._deaf)
            self._screen.say(f"halting, since the book of the case can't be followed: {error}")
        if not live.state.halted:
            live.ask(Wish.HALT, "the engine, which can't follow the book of the case")


def settle(register: CaseRegister, state: State) -> None:
    """Tell the register what the run has sold, has working, and does not know; and that it has ended, if it has.

    Of what was granted: a leg that sells on what another brought has more in its orders, and sells the grant first.
    """
    for holding in state.terms.holdings:
        sold = working = unknown = ZERO
        for plan in state.plan.legs:
            if plan.sell != holding.asset:
                continue
            sold += (gone := min(state.legs[plan.id].sold, plan.quantity))
            perhaps = standing = ZERO
            for order in state.live.values():
                if order.child.leg == plan.id and order.state is OrderState.UNKNOWN:
                    perhaps += order.committed
                elif order.child.leg == plan.id:
                    standing += order.committed
            unknown += (frozen := min(perhaps, plan.quantity - gone))
            working += min(standing, plan.quantity - gone - frozen)
        register.update(state.opened.run, holding.asset, sold, working, unknown)
        if state.opened.custody is not None:
            transit = state.ledger.of(accounts.TRANSIT, holding.asset)
            kept = state.ledger.of(accounts.CUSTODY, holding.asset)
            granted = next((plan.quantity for plan in state.opened.plan.legs if plan.sell == holding.asset), ZERO)
            register.lies(state.opened.run, holding.asset, transit, granted - sold - working - unknown - transit - kept)
    if state.closed:
        register.end(state.opened.run, state.closed)


def close_books(state: State, journal: SqliteStore, tape: TapeWriter) -> None:
    """Write the closing rows of a run that is over but for them, or whose exchange is gone; then close its journal."""
    if not state.closed:
        differences = sum(len(standing.differences) for standing in state.venues.values())
        last = Closed(state.at, state.finished or "unresolved", len(state.live), differences)
        notes: list[Note] = [*tape.recover(state.at), last]
        for note in notes:
            evolve(state, note)
        rows = [(kind(note), codec.encode(note)) for note in notes]
        journal.append(state.at, WallClock().wall(), rows, urgent=True)
    tape.close()
    journal.close()


def pairs(plan: Plan) -> list[tuple[VenueName, Symbol]]:
    """Every pair of the plan, once."""
    return list(dict.fromkeys(pair for leg in plan.legs for pair in leg.pairs))
