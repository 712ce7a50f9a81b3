"""The sandbox in process. No bytes travel, so cases about bytes do not exist here."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from engine.kernel.clock import MILLISECOND, Span
from engine.kernel.ids import VenueName
from tests.conformance.rig import Op, Spoil
from tests.conformance.rigs.clocks import RigClock
from tests.conformance.rigs.floor import OURS, PRICE, Books, Floor
from venues.sandbox.faults import Channel, Do, Fault, FaultPlan, Faults
from venues.sandbox.inprocess import Counter
from venues.sandbox.listings import START
from venues.sandbox.venue import CAPABILITIES, InProcessMarket, InProcessVenue

NAME: Final = VenueName("hashkey")
SPEED: Final = 20
"""Its waits are drawn in a time of its own, so they may pass as fast as the machine can tell them apart."""
_ACTS: Final = {
    Spoil.LOST_REQUEST: (Channel.REQUEST, Fault(Do.DROP)),
    Spoil.LATE: (Channel.REQUEST, Fault(Do.LATE, span=Span(100 * MILLISECOND))),
    Spoil.TURNED_AWAY: (Channel.REQUEST, Fault(Do.STATUS, status=503)),
    Spoil.LIMITED: (Channel.REQUEST, Fault(Do.STATUS, status=429)),
    Spoil.DOUBLED: (Channel.REQUEST, Fault(Do.DUP)),
    Spoil.RACED: (Channel.REQUEST, Fault(Do.RACE)),
    Spoil.LOST_ANSWER: (Channel.ANSWER, Fault(Do.DROP)),
    Spoil.SERVER_ERROR: (Channel.ANSWER, Fault(Do.STATUS, status=502)),
    Spoil.TIMED_OUT: (Channel.ANSWER, Fault(Do.STATUS, status=504)),
}
_OPS: Final = {"order.create": Op.CREATE, "order.cancel": Op.CANCEL}


class Scripted(Faults):
    """Faults that a case asks for one at a time, in place of a plan."""

    def __init__(self) -> None:
        super().__init__(FaultPlan())
        self.sent: dict[Op, int] = dict.fromkeys(Op, 0)
        self.cut, self.doubled, self.closed = False, False, False
        self._due: list[tuple[Op, int, Channel, Fault]] = []

    def spoil(self, op: Op, how: Spoil, after: int) -> None:
        """One call to come goes wrong."""
        channel, fault = _ACTS[how]
        self._due.append((op, self.sent[op] + after, channel, fault))

    def at(self, channel: str, op: str) -> tuple[Fault, ...]:
        """What befalls the next message of this kind."""
        if channel == Channel.PRIVATE:
            return self._on_stream()
        kind = _OPS.get(op, Op.READ)
        number = self.sent[kind] - (channel == Channel.ANSWER)
        if channel == Channel.REQUEST:
            self.sent[kind] += 1
            if self.closed:
                return (Fault(Do.STATUS, status=503),)
        found = [due for due in self._due if due[:3] == (kind, number, channel)]
        self._due = [due for due in self._due if due not in found]
        return tuple(fault for *_, fault in found)

    def _on_stream(self) -> tuple[Fault, ...]:
        if self.cut:
            self.cut = False
            return (Fault(Do.CUT),)
        return (Fault(Do.DUP),) if self.doubled else ()


class InProcessRig(Floor):
    """An exchange that is asked directly."""

    def __init__(self) -> None:
        super().__init__()
        self._theirs = RigClock(START, SPEED)
        self.clock = self._theirs
        self.faults = Scripted()
        counter = Counter(self.exchange, OURS, NAME, self.faults, self._theirs.market, seed=1)
        self.venue: Any = InProcessVenue(counter, CAPABILITIES, self._theirs)
        self.market = InProcessMarket(counter)
        self.instrument, self.second = self.listed("BTCUSDT", NAME), self.listed("ETHUSDT", NAME)
        self.price = PRICE

    def arrive(self) -> None:
        """The exchange comes to the present."""
        self.exchange.advance(self._theirs.market())

    async def halt(self) -> None:
        """The exchange stops trading BTC."""
        self.exchange.halt("BTCUSDT")

    async def spoil(self, op: Op, how: Spoil, after: int = 0) -> None:
        """One call to come goes wrong."""
        self.faults.spoil(op, how, after)

    async def cut_stream(self) -> None:
        """The stream breaks off in place of the next thing that it would have told."""
        self.faults.cut = True

    async def double_stream(self) -> None:
        """Everything is told twice."""
        self.faults.doubled = True

    async def close_down(self) -> None:
        """Nobody is answered any more."""
        self.faults.closed = True

    async def open_again(self) -> None:
        """Everybody is answered again."""
        self.faults.closed = False

    async def skew(self, span: Span) -> None:
        """Our own wall clock goes wrong; the exchange's goes on."""
        wrong = RigClock(START, SPEED)
        wrong.skew = span
        self.clock = wrong

    async def truth(self) -> Books:
        """What the exchange knows."""
        return self.known(self._theirs.wall())

    def sent(self, op: Op) -> int:
        """How many calls of this kind were made."""
        return self.faults.sent[op]


@asynccontextmanager
async def _opened() -> AsyncIterator[InProcessRig]:
    rig = InProcessRig()
    try:
        yield rig
    finally:
        await rig.venue.aclose()
        await rig.market.aclose()


class _Opening:
    """A callable that says of itself that no bytes travel."""

    wire = False

    def __call__(self) -> Any:
        return _opened()


rig: Final = _Opening()
