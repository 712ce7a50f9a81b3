"""The simulated driver: the same turn, synchronous, over a heap of what is due.

No event loop and no tasks: a conversation with the exchange is a script that says how long to wait, and the heap plays
all of them. It journals what the live driver would, row by row; a test runs both over the same seeds.
"""

import heapq
from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any, Final, Protocol

from engine.core.evolve import evolve
from engine.core.state import State
from engine.core.turn import Methods, turn
from engine.drivers.daybreak import Daybreak, NoSource
from engine.drivers.feeds import Feeds, Tape
from engine.drivers.live import SEAL_EVERY, Observer
from engine.drivers.perform import ACTING, Acting, Quoting
from engine.events import Closed, Entry, Note, Restarted, Turning, kind
from engine.journal.store import Journal
from engine.kernel import codec
from engine.kernel.clock import Instant, Span
from engine.kernel.ids import ClientOrderId, VenueName
from engine.orders import commands as c
from engine.orders import events as e
from engine.orders.order import Approved
from engine.orders.reports import (
    Acceptance,
    Answer,
    DealAnswer,
    Fill,
    NoWord,
    OrderReport,
    Outcome,
    Quote,
    Quoted,
    QuoteRequest,
    Survey,
)
from engine.orders.tranche import Tranche, TrancheId, TrancheState
from engine.ports import ModeSeen, StreamDown, StreamUp

Script = Generator[Span, None, Any]


class Scripted(Protocol):
    """A venue whose conversations are scripts (see `venues.sandbox.inprocess.Counter`)."""

    def place(self, approved: Approved) -> Generator[Span, None, Outcome]: ...
    def cancel(self, client_id: ClientOrderId) -> Generator[Span, None, Outcome]: ...
    def lookup(self, client_id: ClientOrderId) -> Generator[Span, None, Answer]: ...
    def survey(self, since: Instant) -> Generator[Span, None, Survey | NoWord]: ...
    def quote(self, request: QuoteRequest) -> Generator[Span, None, Quoted]: ...
    def accept(self, quote: Quote) -> Generator[Span, None, Acceptance]: ...
    def deal(self, quote: Quote) -> Generator[Span, None, DealAnswer]: ...
    def facts(self) -> Generator[Any, None, None]: ...


class ScriptedCustody(Protocol):
    """A custodian whose conversations are scripts (see `venues.sandbox.custody.CustodyCounter`)."""

    def ask(self, tranche: Tranche) -> Generator[Span, None, Outcome]: ...
    def look(self, tranche: TrancheId) -> Generator[Span, None, TrancheState]: ...


class Time:
    """The simulated instant; venue and driver read the same one."""

    def __init__(self, start: Instant) -> None:
        self.now: Final[list[Instant]] = [start]

    def __call__(self) -> Instant:
        return self.now[0]


class Simulated:
    """One run in simulated time."""

    def __init__(
        self,
        state: State,
        methods: Methods,
        journal: Journal,
        time: Time,
        venues: Mapping[VenueName, Scripted],
        feeds: Feeds,
        tape: Tape,
        observers: Sequence[Observer] = (),
        custody: ScriptedCustody | None = None,
        daybreak: Daybreak | None = None,
    ) -> None:
        self.state, self._custody = state, custody
        self._daybreak = daybreak or Daybreak(NoSource())
        self._methods, self._journal, self._time = methods, journal, time
        self._venues, self._feeds, self._tape, self._observers = venues, feeds, tape, observers
        self._heap: list[tuple[Instant, int, Callable[[], None]]] = []
        self._count = 0
        self._sealed_at = state.at

    def run(self, restarted: Restarted) -> State:
        """Turn until the core has finished."""
        self._turn(restarted)
        self._follow_days()
        for name, venue in self._venues.items():
            self._listen(name, venue.facts())
        while not self.state.finished:
            wake = self.state.wakes[0] if self.state.wakes else None
            if wake is not None and (not self._heap or wake <= self._heap[0][0]):
                self._time.now[0] = Instant(max(wake, self._time()))
                at = Instant(max(self._time(), self.state.at))
                self._turn(e.Due(at, self._feeds.views(at)))
                continue
            if not self._heap:
                raise RuntimeError("nothing can ever happen again: nothing is due and no decision is wanted")
            self._time.now[0], _, work = heapq.heappop(self._heap)
            work()
        self._end()
        return self.state

    def _turn(self, event: Turning) -> None:
        commands = turn(self.state, event, self._methods)
        self._record([event, *commands])
        for command in commands:
            if isinstance(command, ACTING):
                self._act(command)
        if isinstance(event, e.Due) and event.at - self._sealed_at >= SEAL_EVERY:
            self._seal(event.at)

    def _record(self, entries: Sequence[Entry]) -> None:
        at = Instant(max(self.state.at, self._time()))
        rows = [(kind(entry), codec.encode(entry)) for entry in entries]
        for record, entry in zip(self._journal.append(at, self._time(), rows, urgent=True), entries, strict=True):
            for observer in self._observers:
                observer(record, entry)

    def _note(self, entry: Note) -> None:
        evolve(self.state, entry)
        self._record([entry])

    def _seal(self, at: Instant) -> None:
        self._sealed_at = at
        sealed = self._tape.seal(at)
        if sealed is not None:
            self._note(sealed)

    def _end(self) -> None:
        self._feeds.gather(self._time())
        at = Instant(max(self.state.at, self._time()))
        self._seal(at)
        differences = sum(len(standing.differences) for standing in self.state.venues.values())
        self._note(Closed(at, self.state.finished, len(self.state.live), differences))

    def _follow_days(self) -> None:
        """Floors of this day, and of those to come."""
        at = Instant(max(self._time(), self.state.at))
        for event in self._daybreak.look(self.state, at):
            self._turn(event)
        if (then := self._daybreak.following(self.state, at)) is not None:
            self._after(Span(then - self._time()), self._follow_days)

    def _custodian(self) -> ScriptedCustody:
        assert self._custody is not None, "a run without a custodian asks for no tranche"
        return self._custody

    def _act(self, command: Acting) -> None:
        def asked(name: TrancheId) -> Callable[[Outcome], None]:
            return lambda outcome: self._turn(e.TrancheAsked(self._time(), name, outcome))

        def seen(name: TrancheId) -> Callable[[TrancheState], None]:
            return lambda state: self._turn(e.TrancheSeen(self._time(), name, state))

        match command:
            case c.Place(approved=approved):
                name, venue = approved.order.client_id, self._venues[approved.order.venue]
                self._play(venue.place(approved), lambda r: self._turn(e.Placed(self._time(), name, r, Span(0))))
            case c.Cancel():
                script = self._venues[command.venue].cancel(command.client_id)
                self._play(script, lambda r: self._turn(e.Cancelled(self._time(), command.client_id, r)))
            case c.Lookup():
                self._after(command.wait, lambda: self._look(command))
            case c.AskTranche(tranche=tranche):
                self._after(command.wait, lambda: self._play(self._custodian().ask(tranche), asked(tranche.id)))
            case c.LookTranche(tranche=named):
                self._after(command.wait, lambda: self._play(self._custodian().look(named), seen(named)))
            case c.Survey():
                self._after(command.wait, lambda: self._survey(command))
            case c.AskQuote() | c.AcceptQuote() | c.LookDeal():
                self._quoting(command)

    def _quoting(self, command: Quoting) -> None:
        """Market and wall are one here, so a quote ends when it says."""
        match command:
            case c.AskQuote(number=number, venue=venue, request=request):
                self._play(self._venues[venue].quote(request), lambda r: self._turn(self._quoted(number, r)))
            case c.AcceptQuote(quote=quote, approved=approved):
                name, script = approved.order.client_id, self._venues[quote.venue].accept(quote)
                self._play(script, lambda r: self._turn(e.AcceptanceCame(self._time(), name, r, Span(0))))
            case c.LookDeal(client_id=name, quote=quote, wait=wait):
                looking = self._venues[quote.venue].deal(quote)
                self._after(wait, lambda: self._play(looking, lambda r: self._turn(e.DealSeen(self._time(), name, r))))

    def _quoted(self, number: int, answer: Quoted) -> e.QuoteCame:
        return e.QuoteCame(
            self._time(), number, answer, answer.expires_at if isinstance(answer, Quote) else self._time()
        )

    def _look(self, command: c.Lookup) -> None:
        order = self.state.order(command.client_id)
        if order is not None and order.live:
            script = self._venues[command.venue].lookup(command.client_id)
            self._play(script, lambda r: self._turn(e.LookedUp(self._time(), command.client_id, r)))

    def _survey(self, command: c.Survey) -> None:
        def told(result: Survey | NoWord) -> None:
            failed = isinstance(result, NoWord)
            reason = f"ConnectionError: {result.reason}" if isinstance(result, NoWord) else ""
            self._turn(e.Surveyed(self._time(), command.venue, None if failed else result, reason))  # type: ignore[arg-type]

        self._play(self._venues[command.venue].survey(command.since), told)

    def _play(self, script: Script, then: Callable[[Any], None]) -> None:
        """Run a script to its next wait, or to its end."""
        try:
            span = next(script)
        except StopIteration as ended:
            then(ended.value)
            return
        self._after(span, lambda: self._play(script, then))

    def _after(self, span: Span, work: Callable[[], None]) -> None:
        if span <= 0:
            work()
            return
        self._count += 1
        heapq.heappush(self._heap, (Instant(self._time() + span), self._count, work))

    def _listen(self, name: VenueName, stream: Generator[Any, None, None]) -> None:
        """Take the stream's facts as they come, until it says to wait."""
        for item in stream:
            at = self._time()
            match item:
                case OrderReport():
                    self._turn(e.Reported(at, item))
                case Fill():
                    self._turn(e.Filled(at, item))
                case StreamUp():
                    self._turn(e.StreamChanged(at, name, up=True))
                case StreamDown(reason=reason):
                    self._turn(e.StreamChanged(at, name, up=False, reason=reason))
                case ModeSeen(mode=mode, reason=reason):
                    self._turn(e.ModeChanged(at, name, mode, reason))
                case span:
                    if span > 0:
                        self._after(span, lambda: self._listen(name, stream))
                        return
            if self.state.finished:
                return
