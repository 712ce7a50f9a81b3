"""Deliberately wrong adapters: the right one in process with one fault planted, to see that the kit finds it.

`pytest --venue planted.takes_silence_for_a_no` runs the whole kit against one of them by hand.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any, Final

from msgspec.structs import replace

from engine.kernel.clock import Instant
from engine.kernel.ids import TradeId
from engine.kernel.money import ZERO, down_to
from engine.market.facts import BookSeen
from engine.orders.reports import Balance, Done, Fill, Found, NotFound, NoWord, Outcome, Refused, Survey, Unknown
from engine.ports import StreamDown, VenueFact
from tests.conformance.rigs import in_process

BASE: Final = in_process.rig


class Wrapped:
    """Passes everything on to the right adapter; a fault overrides one verb."""

    def __init__(self, right: Any) -> None:
        self.right = right

    def __getattr__(self, name: str) -> Any:
        return getattr(self.right, name)


class TakesSilenceForANo(Wrapped):
    """A timeout is called a refusal, so the quantity would be offered again."""

    async def place(self, approved: Any) -> Outcome:
        outcome: Outcome = await self.right.place(approved)
        return Refused("timeout", "no answer") if isinstance(outcome, Unknown) else outcome


class SendsAgainWhatHadNoAnswer(Wrapped):
    """A retry below the call."""

    async def place(self, approved: Any) -> Outcome:
        outcome: Outcome = await self.right.place(approved)
        return await self.right.place(approved) if isinstance(outcome, Unknown) else outcome  # type: ignore[no-any-return]


class SaysDoneToEveryCancel(Wrapped):
    """The order that could not be cancelled counts as ended."""

    async def cancel(self, *arguments: Any) -> Outcome:
        outcome: Outcome = await self.right.cancel(*arguments)
        return Done() if isinstance(outcome, Refused) else outcome


class ForgetsTheLastFill(Wrapped):
    """A page of trades that was not asked for."""

    async def lookup(self, *arguments: Any) -> Any:
        answer = await self.right.lookup(*arguments)
        return replace(answer, fills=answer.fills[:-1]) if isinstance(answer, Found) else answer


class TellsEveryFillTwice(Wrapped):
    """The same execution under two ids."""

    async def facts(self) -> AsyncIterator[VenueFact]:
        async for fact in self.right.facts():
            yield fact
            if isinstance(fact, Fill):
                yield replace(fact, trade_id=TradeId(f"{fact.trade_id}+"))


class LosesTheFirstFill(Wrapped):
    """A frame that was read while somebody looked the other way."""

    async def facts(self) -> AsyncIterator[VenueFact]:
        lost = False
        async for fact in self.right.facts():
            if isinstance(fact, Fill) and not lost:
                lost = True
                continue
            yield fact


class HidesEveryBreak(Wrapped):
    """A stream that reconnects and tells nobody."""

    async def facts(self) -> AsyncIterator[VenueFact]:
        async for fact in self.right.facts():
            if not isinstance(fact, StreamDown):
                yield fact


class RoundsQuantities(Wrapped):
    """Fits the order to a coarser lot by itself."""

    async def place(self, approved: Any) -> Outcome:
        order = approved.order
        coarse = down_to(order.quantity, Decimal("0.0001"))
        return await self.right.place(replace(approved, order=replace(order, quantity=coarse)))  # type: ignore[no-any-return]


class SpeaksInFloats(Wrapped):
    """A price that went through a binary fraction."""

    async def lookup(self, *arguments: Any) -> Any:
        answer = await self.right.lookup(*arguments)
        if isinstance(answer, Found):
            return replace(answer, report=replace(answer.report, price=float(answer.report.price)))
        return answer


class ProvesAbsenceWithoutReading(Wrapped):
    """A question that failed is taken for a no."""

    async def lookup(self, *arguments: Any) -> Any:
        answer = await self.right.lookup(*arguments)
        return NotFound((), ("0" * 64,)) if isinstance(answer, NoWord) else answer


class SurveysWhatItCan(Wrapped):
    """A part that could not be read is left empty."""

    async def survey(self, since: Instant) -> Survey:
        try:
            return await self.right.survey(since)  # type: ignore[no-any-return]
        except ConnectionError:
            return Survey(self.right.name, since, (), (), ())


class LeavesAnOpenOrderOut(Wrapped):
    """An off-by-one in a list."""

    async def survey(self, since: Instant) -> Survey:
        survey: Survey = await self.right.survey(since)
        return replace(survey, open_orders=survey.open_orders[1:])


class CallsWhatIsLockedFree(Wrapped):
    """The total in the place of the free part."""

    async def holdings(self) -> Sequence[Balance]:
        return [Balance(b.asset, b.total, ZERO) for b in await self.right.holdings()]


class KeepsItsOwnTime(Wrapped):
    """Our clock is held against itself."""

    async def server_time(self) -> Instant:
        return Instant(1_000_000_000)


class SaysDoneToAUsedId(Wrapped):
    """The older order is taken for the new one."""

    async def place(self, approved: Any) -> Outcome:
        outcome: Outcome = await self.right.place(approved)
        return Done() if isinstance(outcome, Unknown) and "of this id" in outcome.reason else outcome


class TakesAUsedIdForARefusal(Wrapped):
    """The order exists, and the engine is told that it does not."""

    async def place(self, approved: Any) -> Outcome:
        outcome: Outcome = await self.right.place(approved)
        used = isinstance(outcome, Unknown) and "of this id" in outcome.reason
        return Refused("duplicate", "the id is taken") if used else outcome


class SortsBidsTheWrongWay(Wrapped):
    """The worst bid first."""

    def drain(self, at: Instant) -> list[Any]:
        facts = self.right.drain(at)
        return [replace(f, bids=f.bids[::-1]) if isinstance(f, BookSeen) else f for f in facts]


_VENUES: Final = (
    TakesSilenceForANo, SendsAgainWhatHadNoAnswer, SaysDoneToEveryCancel, ForgetsTheLastFill, TellsEveryFillTwice,
    LosesTheFirstFill, HidesEveryBreak, RoundsQuantities, SpeaksInFloats, ProvesAbsenceWithoutReading,
    SurveysWhatItCan, LeavesAnOpenOrderOut, CallsWhatIsLockedFree, KeepsItsOwnTime, SaysDoneToAUsedId,
    TakesAUsedIdForARefusal,
)  # fmt: skip
_MARKETS: Final = (SortsBidsTheWrongWay,)


def _named(kind: type) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in kind.__name__).lstrip("_")


FAULTS: Final[Mapping[str, tuple[str, type[Wrapped]]]] = {
    **{_named(kind): ("venue", kind) for kind in _VENUES},
    **{_named(kind): ("market", kind) for kind in _MARKETS},
}
"""By name: which side of the adapter is wrong, and how. `nothing` stands beside them for the right one."""


class _Opening:
    """A rig of the right exchange behind a wrong adapter."""

    wire = BASE.wire

    def __init__(self, fault: str) -> None:
        self._fault = fault

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator[Any]:
        async with BASE() as rig:
            if self._fault != "nothing":
                side, wrong = FAULTS[self._fault]
                setattr(rig, side, wrong(getattr(rig, side)))
            yield rig


def planted(fault: str) -> Callable[[], Any]:
    """How the adapter with this fault is opened; `KeyError` for a fault that nobody planted."""
    if fault != "nothing":
        FAULTS[fault]
    return _Opening(fault)
