"""What is typed after `amend --floor`: a price, another share of what there is, or none."""

import pytest
from msgspec.structs import replace

from engine.cli.casework import Typed
from engine.cli.instructing import Terms
from engine.core.state import State
from engine.core.state import opened as state_of
from engine.kernel.clock import SECOND
from engine.mandate.floors import typed as as_typed
from engine.mandate.terms import Floor, FloorFees, FloorScope, Holding, QuoteFloor
from tests.support.builders import BTC, USDT, average_floor, d, leg_one, leg_two, opened, plan, terms

FIXED = Floor(d("70000"), USDT, FloorScope.SLICE, FloorFees.IN)
AVERAGE = Floor(d("0"), USDT, FloorScope.AVERAGE, FloorFees.IN, average=average_floor())
QUOTE = Floor(d("0"), USDT, FloorScope.FILL, quote=QuoteFloor(share=d("1"), desks=1, age=SECOND, every=SECOND))


def state(floor: Floor | None) -> State:
    holding = Holding(BTC, d("10"), d("10"), floor, None)
    return state_of(opened(terms=terms(holdings=(holding,)), plan=plan(leg_one(floor=floor), leg_two())))


def typed(text: str, was: Floor | None) -> tuple[Floor | None, list[str]]:
    """The floor that is meant, and every mistake."""
    notes = Typed()
    amend = Terms(None, None, [f"BTC={text}"], [], None).amendment(state(was), notes)
    assert amend.floors is not None
    return amend.floors[BTC], [str(mistake) for mistake in notes.mistakes]


@pytest.mark.parametrize(
    ("text", "was", "meant"),
    [
        ("61013:USDT", None, Floor(d("61013"), USDT, FloorScope.FILL, FloorFees.OUT)),
        ("61013:USDT", FIXED, Floor(d("61013"), USDT, FloorScope.SLICE, FloorFees.IN)),
        ("61013:USDT:fill", FIXED, Floor(d("61013"), USDT, FloorScope.FILL, FloorFees.IN)),
        ("61013:USDT:fill:out", FIXED, Floor(d("61013"), USDT, FloorScope.FILL, FloorFees.OUT)),
        ("61013:USDT", AVERAGE, Floor(d("61013"), USDT, FloorScope.AVERAGE, FloorFees.IN)),
        ("none", AVERAGE, None),
    ],
)
def test_a_price_and_what_is_not_named_stays_as_it_is(text: str, was: Floor | None, meant: Floor | None) -> None:
    assert typed(text, was) == (meant, [])


def test_another_share_of_the_same_average() -> None:
    meant = replace(AVERAGE, average=replace(average_floor(), share=d("0.90")))
    assert typed("90%", AVERAGE) == (meant, [])


def test_another_share_of_the_best_quote() -> None:
    floor, mistakes = typed("99.5%", QUOTE)
    assert floor is not None
    assert floor.quote is not None
    assert (floor.quote.share, mistakes) == (d("0.995"), [])


def test_what_is_prepared_is_what_is_understood() -> None:
    """The command in alarms and status, typed as it stands there."""
    assert typed(as_typed(BTC, FIXED).removeprefix("BTC="), AVERAGE) == (FIXED, [])


@pytest.mark.parametrize(
    ("text", "was", "mistake"),
    [
        ("90%", FIXED, "is a share, and the floor is no average and no quote"),
        ("90%", None, "is a share, and the floor is no average and no quote"),
        ("0%", AVERAGE, "0 is not above zero"),
        ("61013:USDT:day", FIXED, "'day' is none of: fill, slice, average"),
        ("61013:USDT:fill:some", FIXED, "'some' is none of: in, out"),
        ("61013:USDT:fill:in:more", FIXED, "'in:more' is none of: in, out"),
        ("61013:EUR", FIXED, "is not PRICE:CURRENCY in USDT or USD"),
    ],
)
def test_what_is_not_understood_is_told(text: str, was: Floor | None, mistake: str) -> None:
    _, mistakes = typed(text, was)
    assert [mistake in told for told in mistakes] == [True]
