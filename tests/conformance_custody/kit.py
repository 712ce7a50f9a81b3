"""What every way to a custodian has to do, as cases over a rig. A case raises `AssertionError` where it does not."""

from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal
from typing import Any, Final, Protocol

from msgspec.structs import replace

from engine.kernel.clock import HOUR, Instant
from engine.kernel.ids import RunId, VenueName, run_tag
from engine.kernel.money import Asset
from engine.orders.reports import Done, Refused, Transient, Unknown
from engine.orders.tranche import (
    Confirmed,
    NoTidings,
    Requested,
    Sent,
    Tranche,
    TrancheId,
    TurnedDown,
    Unheard,
    tranche_id,
)
from engine.ports import Custody

BTC: Final = Asset("BTC")
HELD: Final = Decimal("1.5")
"""What lies in custody when a case begins."""
NOON: Final = Instant(1_777_680_000_000_000_000)
ODD_IDS: Final = ("", "..", "../../elsewhere", "a/b", "a b", "a.json", "x" * 33, "naïve", "nul\0")


class Rig(Protocol):
    """A custodian within reach, its people, and a line to it that can be cut."""

    custody: Custody

    def refuse(self, reason: str) -> None:
        """The custodian's people turn down whatever they find from now on."""

    def answer(self) -> None:
        """They answer all that was asked for."""

    def confirm(self) -> None:
        """What was sent becomes final."""

    def lose_request(self) -> None:
        """The next request never arrives."""

    def lose_answer(self) -> None:
        """The next request arrives, and its answer does not come back."""

    def movements(self) -> list[Decimal]:
        """What the custodian has sent or will send, by its own books."""


def tranche(number: int = 0, **changed: Any) -> Tranche:
    """Half a coin for HashKey; `changed` are fields of it."""
    named = tranche_id(run_tag(RunId("run-1")), VenueName("hashkey"), number)
    values: dict[str, Any] = {
        "id": named, "asset": BTC, "quantity": Decimal("0.5"), "venue": VenueName("hashkey"), "account": "main",
        "asked_at": NOON,
    }  # fmt: skip
    return Tranche(**{**values, **changed})


async def the_statement_says_exactly_what_lies_there(rig: Rig) -> None:
    said = await rig.custody.holdings()
    assert said.holdings == {BTC: HELD}
    assert all(type(units) is Decimal for units in said.holdings.values())
    assert len(said.sha256) == 64


async def what_was_never_asked_for_is_unheard(rig: Rig) -> None:
    assert await rig.custody.look(tranche().id) == Unheard()


async def what_was_asked_for_is_requested_and_not_sent(rig: Rig) -> None:
    assert isinstance(await rig.custody.ask(tranche()), Done)
    assert await rig.custody.look(tranche().id) == Requested()
    assert (await rig.custody.holdings()).holdings == {BTC: HELD}


async def asking_twice_moves_once(rig: Rig) -> None:
    """The second time it is asked an hour later, as after a restart."""
    assert isinstance(await rig.custody.ask(tranche()), Done)
    assert isinstance(await rig.custody.ask(tranche(asked_at=Instant(NOON + HOUR))), Done)
    rig.answer()
    assert isinstance(await rig.custody.ask(tranche()), Done)
    assert rig.movements() == [Decimal("0.5")]


async def an_id_with_other_terms_is_refused_and_the_first_stands(rig: Rig) -> None:
    await rig.custody.ask(tranche())
    for changed in (
        {"quantity": Decimal("0.50000001")},
        {"asset": Asset("ETH")},
        {"venue": VenueName("osl")},
        {"account": "other"},
    ):
        assert isinstance(await rig.custody.ask(replace(tranche(), **changed)), Refused), changed
    assert rig.movements() == [Decimal("0.5")]


async def two_ids_are_two_movements(rig: Rig) -> None:
    await rig.custody.ask(tranche(0))
    await rig.custody.ask(tranche(1, quantity=Decimal("0.25")))
    assert sorted(rig.movements()) == [Decimal("0.25"), Decimal("0.5")]


async def a_quantity_arrives_with_every_digit(rig: Rig) -> None:
    await rig.custody.ask(tranche(quantity=Decimal("0.12345678")))
    assert rig.movements() == [Decimal("0.12345678")]


async def nothing_and_less_are_refused(rig: Rig) -> None:
    for units in ("0", "-0.5", "NaN", "Infinity"):
        assert isinstance(await rig.custody.ask(tranche(quantity=Decimal(units))), Refused), units
    assert rig.movements() == []


async def what_is_sent_is_told_with_reference_and_time_and_is_gone(rig: Rig) -> None:
    await rig.custody.ask(tranche())
    rig.answer()
    state = await rig.custody.look(tranche().id)
    assert isinstance(state, Sent)
    assert state.reference
    assert state.at >= NOON
    assert len(state.evidence) == 64
    assert (await rig.custody.holdings()).holdings == {BTC: Decimal("1.0")}


async def what_is_final_is_confirmed_under_the_same_reference(rig: Rig) -> None:
    await rig.custody.ask(tranche())
    rig.answer()
    sent = await rig.custody.look(tranche().id)
    rig.confirm()
    final = await rig.custody.look(tranche().id)
    assert isinstance(sent, Sent)
    assert isinstance(final, Confirmed)
    assert (final.reference, final.at >= sent.at) == (sent.reference, True)


async def what_is_turned_down_says_why_and_stays(rig: Rig) -> None:
    rig.refuse("the court's order is missing")
    await rig.custody.ask(tranche())
    rig.answer()
    state = await rig.custody.look(tranche().id)
    assert isinstance(state, TurnedDown)
    assert state.reason == "the court's order is missing"
    assert rig.movements() == []
    assert (await rig.custody.holdings()).holdings == {BTC: HELD}


async def a_lost_request_is_no_refusal_and_may_be_asked_again(rig: Rig) -> None:
    rig.lose_request()
    assert isinstance(await rig.custody.ask(tranche()), Transient | Unknown)
    assert await rig.custody.look(tranche().id) == Unheard()
    assert isinstance(await rig.custody.ask(tranche()), Done)
    assert rig.movements() == [Decimal("0.5")]


async def a_lost_answer_is_unknown_and_asking_again_moves_once(rig: Rig) -> None:
    rig.lose_answer()
    assert isinstance(await rig.custody.ask(tranche()), Unknown)
    assert await rig.custody.look(tranche().id) == Requested()
    assert isinstance(await rig.custody.ask(tranche()), Done)
    assert rig.movements() == [Decimal("0.5")]


async def an_odd_id_is_refused_and_proves_nothing(rig: Rig) -> None:
    for named in map(TrancheId, ODD_IDS):
        assert isinstance(await rig.custody.ask(tranche(id=named)), Refused), named
        assert isinstance(await rig.custody.look(named), Unheard | NoTidings), named
    assert rig.movements() == []


Check = Callable[[Rig], Awaitable[None]]
CASES: Final[Mapping[str, Check]] = {
    case.__name__: case
    for case in (
        the_statement_says_exactly_what_lies_there,
        what_was_never_asked_for_is_unheard,
        what_was_asked_for_is_requested_and_not_sent,
        asking_twice_moves_once,
        an_id_with_other_terms_is_refused_and_the_first_stands,
        two_ids_are_two_movements,
        a_quantity_arrives_with_every_digit,
        nothing_and_less_are_refused,
        what_is_sent_is_told_with_reference_and_time_and_is_gone,
        what_is_final_is_confirmed_under_the_same_reference,
        what_is_turned_down_says_why_and_stays,
        a_lost_request_is_no_refusal_and_may_be_asked_again,
        a_lost_answer_is_unknown_and_asking_again_moves_once,
        an_odd_id_is_refused_and_proves_nothing,
    )
}
