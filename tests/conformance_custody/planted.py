"""Deliberately wrong ways to a custodian, each a right one with one fault, to see that the kit finds it."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from msgspec.structs import replace

from engine.kernel.money import down_to
from engine.orders.reports import Done, Outcome, Refused, Unknown
from engine.orders.tranche import (
    Confirmed,
    CustodyStatement,
    Requested,
    Sent,
    Tranche,
    TrancheId,
    TrancheState,
    TurnedDown,
    Unheard,
)
from engine.ports import Custody


class Wrapped:
    """Passes everything on to the right one; a fault overrides one verb."""

    def __init__(self, right: Custody) -> None:
        self.right = right
        self.name = right.name

    async def holdings(self) -> CustodyStatement:
        return await self.right.holdings()

    async def ask(self, tranche: Tranche) -> Outcome:
        return await self.right.ask(tranche)

    async def look(self, tranche: TrancheId) -> TrancheState:
        return await self.right.look(tranche)

    async def aclose(self) -> None:
        await self.right.aclose()


class NamesEachRequestAnew(Wrapped):
    """A retry under another id: two movements of one need."""

    asked = 0

    async def ask(self, tranche: Tranche) -> Outcome:
        self.asked += 1
        named = tranche.id if self.asked == 1 else TrancheId(f"{tranche.id}x")
        return await self.right.ask(replace(tranche, id=named))


class TakesSilenceForANo(Wrapped):
    """What was lodged counts as refused, so that another tranche would be asked for."""

    async def ask(self, tranche: Tranche) -> Outcome:
        outcome = await self.right.ask(tranche)
        return Refused("timeout", "no answer") if isinstance(outcome, Unknown) else outcome


class SaysDoneToOtherTerms(Wrapped):
    """Somebody believes that the second quantity is on its way."""

    async def ask(self, tranche: Tranche) -> Outcome:
        outcome = await self.right.ask(tranche)
        return Done() if isinstance(outcome, Refused) and outcome.code == "other_terms" else outcome


class Rounds(Wrapped):
    """Four digits, as on a form."""

    async def ask(self, tranche: Tranche) -> Outcome:
        return await self.right.ask(replace(tranche, quantity=down_to(tranche.quantity, Decimal("0.0001"))))


class CountsAsSentWhatWasAskedFor(Wrapped):
    """Lodged and left are one to it."""

    async def look(self, tranche: TrancheId) -> TrancheState:
        state = await self.right.look(tranche)
        return Sent("soon", (await self.right.holdings()).at) if isinstance(state, Requested) else state


class HidesARefusal(Wrapped):
    """Waits for ever for what will never come."""

    async def look(self, tranche: TrancheId) -> TrancheState:
        state = await self.right.look(tranche)
        return Requested() if isinstance(state, TurnedDown) else state


class NeverConfirms(Wrapped):
    """Stops reading once something was sent."""

    async def look(self, tranche: TrancheId) -> TrancheState:
        state = await self.right.look(tranche)
        return Sent(state.reference, state.at, state.evidence) if isinstance(state, Confirmed) else state


class CallsTheUnheardRequested(Wrapped):
    """A request that never arrived is waited for."""

    async def look(self, tranche: TrancheId) -> TrancheState:
        state = await self.right.look(tranche)
        return Requested() if isinstance(state, Unheard) else state


class SpeaksInFloats(Wrapped):
    """A statement whose last digits are gone."""

    async def holdings(self) -> CustodyStatement:
        said = await self.right.holdings()
        floats: Any = {asset: float(units) for asset, units in said.holdings.items()}
        return replace(said, holdings=floats)


FAULTS: Final[Mapping[type[Wrapped], str]] = {
    NamesEachRequestAnew: "asking_twice_moves_once",
    TakesSilenceForANo: "a_lost_answer_is_unknown_and_asking_again_moves_once",
    SaysDoneToOtherTerms: "an_id_with_other_terms_is_refused_and_the_first_stands",
    Rounds: "a_quantity_arrives_with_every_digit",
    CountsAsSentWhatWasAskedFor: "what_was_asked_for_is_requested_and_not_sent",
    HidesARefusal: "what_is_turned_down_says_why_and_stays",
    NeverConfirms: "what_is_final_is_confirmed_under_the_same_reference",
    CallsTheUnheardRequested: "what_was_never_asked_for_is_unheard",
    SpeaksInFloats: "the_statement_says_exactly_what_lies_there",
}
"""For each fault one case that must see it."""
