"""The custodian in process, without sockets: scripts as in `inprocess`, and the port that plays them."""

from collections.abc import Callable, Generator
from typing import Final, TypeVar

from engine.kernel import chance, codec
from engine.kernel.clock import MILLISECOND, Instant, Span
from engine.kernel.money import Asset, plain
from engine.orders.reports import Done, Outcome, Refused, Transient, Unknown
from engine.orders.tranche import (
    Confirmed,
    CustodyStatement,
    NoTidings,
    Requested,
    Sent,
    Tranche,
    TrancheId,
    TrancheState,
    TurnedDown,
    Unheard,
)
from engine.ports import Clock
from venues.sandbox.custodian import NAME, Custodian, CustodyReason, CustodyState, Movement, Wish, row, state
from venues.sandbox.faults import Channel, Do, Fault, Faults

T = TypeVar("T")
Script = Generator[Span, None, T]

TIMEOUT: Final = Span(2_000 * MILLISECOND)
"""How long a caller waits for an answer that does not come."""


class CustodyCounter:
    """The custodian as one owner sees it, with faults, and a drawn latency each way."""

    def __init__(
        self,
        custodian: Custodian,
        owner: str,
        faults: Faults,
        now: Callable[[], Instant],
        seed: int,
        *,
        name: str = NAME,
    ) -> None:
        self.custodian, self.owner, self.faults, self.name = custodian, owner, faults, name
        self._now, self._seed = now, seed
        self._calls = 0
        self._late: list[tuple[Instant, Wish]] = []

    def ask(self, tranche: Tranche) -> Script[Outcome]:
        """Lodge a request."""
        wish = Wish(self.owner, tranche.id, tranche.asset, plain(tranche.quantity), tranche.venue, tranche.account)
        yield self._latency()
        before = self.faults.at(Channel.REQUEST, "custody.ask")
        yield from _delays(before)
        if (lost := _lost(before)) is not None:
            self._late += [(Instant(self._now() + f.span), wish) for f in before if f.do is Do.LATE]
            yield TIMEOUT if isinstance(lost, Unknown) else self._latency()
            return lost
        self._come()
        for _ in range(1 + sum(f.count for f in before if f.do is Do.DUP)):
            done = self.custodian.ask(wish, self._now())
        after = self.faults.at(Channel.ANSWER, "custody.ask")
        yield from _delays(after)
        if (lost := _lost(after)) is not None:
            yield TIMEOUT
            return Unknown(lost.reason)
        yield self._latency()
        return Refused(done.value, wish.id) if isinstance(done, CustodyReason) else Done()

    def look(self, tranche: TrancheId) -> Script[TrancheState]:
        """Ask what became of a request."""
        yield self._latency()
        if (why := self._unread("custody.look")) is not None:
            yield TIMEOUT
            return NoTidings(why)
        self._come()
        found, at = self.custodian.movement(tranche), self._now()
        yield self._latency()
        return Unheard() if found is None else shown(found, at)

    def holdings(self) -> Script[CustodyStatement | NoTidings]:
        """What lies in the vault."""
        yield self._latency()
        if (why := self._unread("custody.holdings")) is not None:
            yield TIMEOUT
            return NoTidings(why)
        self._come()
        at = self._now()
        held = self.custodian.holdings(self.owner, at)
        yield self._latency()
        if held is None:
            return NoTidings(CustodyReason.UNKNOWN_OWNER)
        units = {Asset(name): amount for name, amount in held.items()}
        return CustodyStatement(at, units, codec.digest((self.owner, at, units)))

    def _come(self) -> None:
        """Let in what was held up on its way until now."""
        due = [one for one in self._late if one[0] <= self._now()]
        self._late = [one for one in self._late if one[0] > self._now()]
        for at, wish in sorted(due, key=lambda one: one[0]):
            self.custodian.ask(wish, at)

    def _unread(self, op: str) -> str | None:
        """Why a read brings nothing, if a fault says so."""
        for channel in (Channel.REQUEST, Channel.ANSWER):
            for fault in self.faults.at(channel, op):
                if fault.do not in (Do.DELAY, Do.DUP, Do.SPLIT):
                    return f"{op}: {fault.do}"
        return None

    def _latency(self) -> Span:
        """Five to sixty milliseconds, drawn to the nanosecond."""
        self._calls += 1
        drawn = chance.below(self._seed, f"latency {NAME} {self.owner}", self._calls, 55 * MILLISECOND)
        return Span(5 * MILLISECOND + drawn)


class InProcessCustody:
    """`engine.ports.Custody` over a `CustodyCounter`."""

    def __init__(self, counter: CustodyCounter, clock: Clock) -> None:
        self.name = counter.name
        self._counter, self._clock = counter, clock

    async def holdings(self) -> CustodyStatement:
        """What lies in the vault now; `ConnectionError` when it is not said."""
        said = await self._play(self._counter.holdings())
        if isinstance(said, NoTidings):
            raise ConnectionError(said.reason)
        return said

    async def ask(self, tranche: Tranche) -> Outcome:
        """Lodge a request, once."""
        return await self._play(self._counter.ask(tranche))

    async def look(self, tranche: TrancheId) -> TrancheState:
        """Ask what became of a request."""
        return await self._play(self._counter.look(tranche))

    async def aclose(self) -> None:
        """Nothing to let go of."""

    async def _play(self, script: Script[T]) -> T:
        while True:
            try:
                span = next(script)
            except StopIteration as ended:
                result: T = ended.value
                return result
            await self._clock.sleep(span)


def shown(movement: Movement, at: Instant) -> TrancheState:
    """A movement in the engine's words."""
    evidence = codec.digest(row(movement, at))
    match state(movement, at):
        case CustodyState.REQUESTED:
            return Requested()
        case CustodyState.REFUSED:
            return TurnedDown(movement.refused, evidence)
        case CustodyState.SENT:
            return Sent(movement.reference, movement.answered_at, evidence)
        case CustodyState.CONFIRMED:
            return Confirmed(movement.reference, movement.arrives_at, evidence)


def _delays(faults: tuple[Fault, ...]) -> Generator[Span, None, None]:
    for fault in faults:
        if fault.do is Do.DELAY:
            yield fault.span


def _lost(faults: tuple[Fault, ...]) -> Transient | Unknown | None:
    """How a call ends that meets these, if not by an answer."""
    for fault in faults:
        if fault.do is Do.BAN or (fault.do is Do.STATUS and fault.status in (418, 429)):
            return Transient(f"HTTP {fault.status or 418}")
        if fault.do not in (Do.DELAY, Do.DUP, Do.SPLIT):
            return Unknown("no answer" if fault.do in (Do.DROP, Do.LATE) else fault.do)
    return None
