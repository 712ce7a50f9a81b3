"""The live driver: an event comes in, the core turns, both are journaled, and what is durable is acted upon.

One task turns; nothing else touches the state. Venue calls, streams and timers run beside it and speak to it only by
putting events into its inbox.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from typing import Any, Final

import structlog

from engine.core.evolve import evolve
from engine.core.state import State
from engine.core.turn import Methods, turn
from engine.drivers import perform
from engine.drivers.daybreak import Daybreak, NoSource
from engine.drivers.feeds import Feeds, Tape
from engine.drivers.offsets import Offsets
from engine.drivers.perform import ACTING, Acting, Switch
from engine.events import CaseChanged, Closed, Entry, FloorSet, Instructed, Note, Restarted, TapeSealed, Turning, kind
from engine.journal.record import Record
from engine.journal.store import Journal, Row
from engine.kernel import codec
from engine.kernel.clock import SECOND, Instant, Span
from engine.kernel.ids import VenueName
from engine.mandate.instructions import GoOn, Scope
from engine.orders import commands as c
from engine.orders.events import Asked, Due, Filled, ModeChanged, Reported, StreamChanged, Wish
from engine.orders.reports import Fill, OrderReport
from engine.ports import Clock, Custody, ModeSeen, StreamDown, StreamUp, Venue

log = structlog.get_logger()

SEAL_EVERY: Final = Span(120 * SECOND)
"""Market time between two seals of the tape."""
Aside = Callable[[Callable[[Instant], TapeSealed | None], Instant], Awaitable[TapeSealed | None]]
"""Runs a function with its argument beside the event loop: `asyncio.to_thread`."""
Observer = Callable[[Record, Entry], None]
"""Told of every row, in order, once it is durable."""


class JournalFailed(Exception):
    """The disk would not take a row; nothing was sent from then on."""


class _Wake:
    """In the inbox: a decision is due."""


class Live:
    """One run, from its journal to its end."""

    def __init__(
        self,
        state: State,
        methods: Methods,
        journal: Journal,
        clock: Clock,
        venues: Mapping[VenueName, Venue],
        feeds: Feeds,
        tape: Tape,
        observers: Sequence[Observer] = (),
        aside: Aside | None = None,
        switch: Switch | None = None,
        custody: Custody | None = None,
        daybreak: Daybreak | None = None,
    ) -> None:
        """`aside` runs slow work in a thread; without it, such as in virtual time, it is done at once.

        `switch` is shared with whoever else withholds orders after a halt.
        """
        self.state, self.switch = state, switch or Switch()
        self._methods, self._journal, self._clock = methods, journal, clock
        self._venues, self._feeds, self._tape, self._observers = venues, feeds, tape, observers
        self._offsets = Offsets(clock)
        self._inbox: asyncio.Queue[Turning | _Wake] = asyncio.Queue()
        self._tasks: set[asyncio.Task[None]] = set()
        self._alarm: tuple[Instant, asyncio.Task[None]] | None = None
        self._told: list[tuple[Record, Entry]] = []
        self._reached = asyncio.Event()
        self._sealed_at = state.at
        self._aside, self._custody = aside, custody
        self._daybreak = daybreak or Daybreak(NoSource())
        self._sealing: asyncio.Task[None] | None = None
        self._failure: BaseException | None = None

    def ask(self, wish: Wish, by: str) -> None:
        """A person wants something. A halt takes hold of what has not left yet, before it is on record."""
        if wish is Wish.HALT:
            self.switch.reason = f"halt asked by {by}"
        self._inbox.put_nowait(Asked(self._clock.market(), wish, by))

    def tell(self, event: Instructed | CaseChanged) -> None:
        """The book of the case says something new. A hold takes hold of what has not left yet, like a halt."""
        if isinstance(event, CaseChanged):
            self.switch.held = event.standing.held or event.standing.suspended
        self._inbox.put_nowait(event)

    async def begin(self, notes: Sequence[Note]) -> None:
        """Put the first rows of a new journal on record, durably; the state was made from them."""
        self._attend()
        if notes:
            await self._durable(self._record(notes, urgent=True))
            self._tell()

    def fail(self, error: BaseException) -> None:
        """Something that the run can't do without has failed; it ends, and is continued by recovery."""
        self._failure = self._failure or error
        self._inbox.put_nowait(_Wake())

    def _attend(self) -> None:
        loop = asyncio.get_running_loop()
        self._journal.notify = lambda: _signal(loop, self._reached)

    async def run(self, restarted: Restarted) -> State:
        """Turn until the core has finished; returns the state, with the journal closed."""
        self._attend()
        try:
            self._turn(restarted)
            for floor in self._daybreak.look(self.state, self._now()):
                self._turn(floor)
            self._start(self._follow_days())
            for venue in self._venues.values():
                self._start(self._offsets.watch(venue))
                self._start(self._listen(venue))
            while not self.state.finished:
                self._set_alarm()
                event = await self._inbox.get()
                if self._failure is not None:
                    raise self._failure
                self._turn(self._due() if isinstance(event, _Wake) else event)
            await self._end()
        finally:
            await self._stop()
        return self.state

    def _now(self) -> Instant:
        return Instant(max(self._clock.market(), self.state.at))

    def _due(self) -> Due:
        at = self._now()
        return Due(at, self._feeds.views(at))

    async def _follow_days(self) -> None:
        """Floors of the days to come, and of this one while it has none. Files are read beside the event loop."""
        source = self._daybreak.source
        while (at := self._daybreak.following(self.state, self._now())) is not None:
            await self._clock.until(at)
            now, taken = self._now(), list[FloorSet]()
            for owed in self._daybreak.owed(self.state, now):
                beside = self._aside is not None
                taken.append(await asyncio.to_thread(source.take, owed, now) if beside else source.take(owed, now))
            for event in self._daybreak.news(self.state, taken):
                self._inbox.put_nowait(event)

    def _turn(self, event: Turning) -> None:
        """The heart: decide, journal both, act on what will be durable."""
        if self._journal.failure:
            raise JournalFailed(self._journal.failure)
        commands = turn(self.state, event, self._methods)
        self.switch.reason = self.state.halted or ("" if _goes_on(event) else self.switch.reason)
        acting = [command for command in commands if isinstance(command, ACTING)]
        last = self._record([event, *commands], urgent=bool(acting))
        decided = self._clock.mono()
        for command in acting:
            self._start(self._act(command, last, decided))
        if isinstance(event, Due) and event.at - self._sealed_at >= SEAL_EVERY:
            self._seal(event.at)

    def _record(self, entries: Sequence[Entry], *, urgent: bool) -> int:
        rows: list[Row] = [(kind(entry), codec.encode(entry)) for entry in entries]
        at = Instant(max(self.state.at, self._clock.market()))
        records = self._journal.append(at, self._clock.wall(), rows, urgent=urgent)
        self._told.extend(zip(records, entries, strict=True))
        self._tell()
        return records[-1].seq

    def _tell(self) -> None:
        """Let observers know of what has become durable."""
        durable, ready = self._journal.durable, 0
        while ready < len(self._told) and self._told[ready][0].seq <= durable:
            ready += 1
        told, self._told = self._told[:ready], self._told[ready:]
        for record, entry in told:
            for observer in self._observers:
                observer(record, entry)

    def note(self, entry: Note) -> None:
        """Put a row of the shell's own on record."""
        evolve(self.state, entry)
        self._record([entry], urgent=True)

    def _seal(self, at: Instant) -> None:
        self._sealed_at = at
        if self._aside is None:
            self._sealed(self._tape.seal(at))
        elif self._sealing is None or self._sealing.done():
            self._sealing = self._start(self._seal_aside(at, self._aside))

    async def _seal_aside(self, at: Instant, aside: Aside) -> None:
        self._sealed(await aside(self._tape.seal, at))

    def _sealed(self, sealed: TapeSealed | None) -> None:
        if sealed is not None:
            self.note(sealed)

    async def _durable(self, seq: int) -> None:
        """Wait until row `seq` survives a power cut; raises `JournalFailed` if it never will."""
        while self._journal.durable < seq:
            if self._journal.failure:
                raise JournalFailed(self._journal.failure)
            self._reached.clear()
            if self._journal.durable < seq and not self._journal.failure:
                await self._reached.wait()

    async def _act(self, command: Acting, seq: int, decided: int) -> None:
        """Nothing reaches a venue before its row is durable."""
        await self._durable(seq)
        self._tell()
        match command:
            case c.Place():
                venue = self._venues[command.approved.order.venue]
                placed = await perform.place(command, venue, self._clock, decided, self.switch, self._offsets)
                self._inbox.put_nowait(placed)
            case c.Cancel():
                self._inbox.put_nowait(await perform.cancel(command, self._venues[command.venue], self._clock))
            case c.Lookup():
                await self._clock.sleep(command.wait)
                order = self.state.order(command.client_id)
                if order is not None and order.live:  # the stream may have told meanwhile
                    self._inbox.put_nowait(await perform.lookup(command, self._venues[command.venue], self._clock))
            case c.AskTranche():
                await self._clock.sleep(command.wait)
                self._inbox.put_nowait(await perform.ask_tranche(command, self._custodian(), self._clock, self.switch))
            case c.LookTranche():
                await self._clock.sleep(command.wait)
                self._inbox.put_nowait(await perform.look_tranche(command, self._custodian(), self._clock))
            case c.Survey():
                await self._clock.sleep(command.wait)
                self._inbox.put_nowait(await perform.survey(command, self._venues[command.venue], self._clock))
            case c.AskQuote():
                self._inbox.put_nowait(await perform.ask_quote(command, self._venues[command.venue], self._clock))
            case c.AcceptQuote():
                venue = self._venues[command.quote.venue]
                taken = await perform.accept(command, venue, self._clock, decided, self.switch, self._offsets)
                self._inbox.put_nowait(taken)
            case c.LookDeal():
                await self._clock.sleep(command.wait)
                self._inbox.put_nowait(await perform.look_deal(command, self._venues[command.quote.venue], self._clock))

    def _custodian(self) -> Custody:
        assert self._custody is not None, "a run without a custodian asks for no tranche"
        return self._custody

    async def _listen(self, venue: Venue) -> None:
        """The private stream, as events."""
        async for fact in venue.facts():
            at = self._clock.market()
            match fact:
                case OrderReport():
                    self._inbox.put_nowait(Reported(at, fact))
                case Fill():
                    self._inbox.put_nowait(Filled(at, fact))
                case StreamUp():
                    self._inbox.put_nowait(StreamChanged(at, venue.name, up=True))
                case StreamDown(reason=reason):
                    self._inbox.put_nowait(StreamChanged(at, venue.name, up=False, reason=reason))
                case ModeSeen(mode=mode, reason=reason):
                    self._inbox.put_nowait(ModeChanged(at, venue.name, mode, reason))

    def _set_alarm(self) -> None:
        """One timer, for the earliest instant at which a decision is wanted."""
        at = self.state.wakes[0] if self.state.wakes else None
        if self._alarm is not None and self._alarm[0] == at and not self._alarm[1].done():
            return
        if self._alarm is not None:
            self._alarm[1].cancel()
            self._alarm = None
        if at is not None:
            self._alarm = (at, self._start(self._ring(at)))

    async def _ring(self, at: Instant) -> None:
        await self._clock.until(at)
        self._inbox.put_nowait(_Wake())

    async def _end(self) -> None:
        """The last rows: what is left of the tape, and the record that closes the run."""
        self._feeds.gather(self._clock.market())
        at = Instant(max(self.state.at, self._clock.market()))
        if self._sealing is not None:
            await self._sealing
        self._seal(at)
        if self._sealing is not None:
            await self._sealing
        differences = sum(len(standing.differences) for standing in self.state.venues.values())
        self.note(Closed(at, self.state.finished, len(self.state.live), differences))
        await self._durable(self._journal.seq)
        self._tell()

    def _start(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: "asyncio.Task[None]") -> None:
        """No task dies in silence: its exception ends the run, and recovery is the ordinary start."""
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("task_died", error=repr(error))
            self.fail(error)

    async def _stop(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _goes_on(event: Turning) -> bool:
    """Did people let a halted run go on?"""
    return isinstance(event, Instructed) and event.instruction == GoOn(Scope.RUN)


def _signal(loop: asyncio.AbstractEventLoop, reached: asyncio.Event) -> None:
    try:
        running = asyncio.get_running_loop()
    except RuntimeError:
        running = None
    if running is loop:
        reached.set()
    elif not loop.is_closed():
        loop.call_soon_threadsafe(reached.set)
