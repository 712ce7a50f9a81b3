"""What the guards did, as sentences."""

import pytest

from engine.evidence import guards
from engine.evidence.story import Moment
from engine.orders import commands as c
from engine.orders.condition import Stage
from tests.support.builders import ONE, START, USDT, d


def test_a_stop_says_from_where_to_where_by_which_numbers_and_why() -> None:
    row = c.PegLevel(
        asset=USDT, level=2, was=1, off_bp=d("-57.0000"), z=d("-4.03"), sources=3, why="3 minutes in a row off its peg"
    )
    assert guards.peg(row) == (
        "peg",
        "USDT, level 1 to 2: -57 bp by 3 sources, z -4.03: no more of it is made, what is there is still sold; "
        "3 minutes in a row off its peg",
    )


def test_a_warning_and_its_end_need_no_reason() -> None:
    warned = c.PegLevel(asset=USDT, level=1, was=0, off_bp=d("-12.5"), z=d("-5.94"), sources=1, why="-12.5 bp")
    calm = c.PegLevel(asset=USDT, level=0, was=1, off_bp=None, z=d("0.00"), sources=0, why="no price by 0 sources")
    assert guards.peg(warned)[1] == "USDT, level 0 to 1: -12.5 bp by 1 source, z -5.94: its peg is watched"
    assert guards.peg(calm)[1] == "USDT, level 1 to 0: too few prices: 0 sources, z 0.00: its peg holds"


def test_a_pause_says_what_was_measured() -> None:
    why = "moved 2.1 % within 5m, and 2 % pauses"
    row = c.MarketPause(leg=ONE, waits=True, price=d("97.90"), move=d("0.021000"), spread_bp=d("2.04"), why=why)
    assert guards.pause(row) == (
        "market too restless",
        f"leg 1 waits: {why}; price 97.9, moved 2.1 %, spread 2.04 bp",
    )


def test_an_end_without_numbers_says_so_much() -> None:
    row = c.MarketPause(leg=ONE, waits=False, price=None, move=None, spread_bp=None, why="both bounds were kept")
    assert guards.pause(row) == ("market calm again", "leg 1 goes on: both bounds were kept")


@pytest.mark.parametrize(
    ("stage", "told"),
    [(Stage.WAITS, "waits for its price"), (Stage.HOLDS, "sees its price"), (Stage.MET, "sells on its price")],
)
def test_a_turn_of_what_a_leg_waits_for_says_which_price_and_by_whom(stage: Stage, told: str) -> None:
    row = c.ConditionTurn(
        at=START, leg=ONE, stage=stage, slice=3, price=d("94.9"), bound=d("95.00"), why="94.9 by the median of 2"
    )
    assert guards.condition(row) == ("condition", f"leg 1 {told}, 95: 94.9 by the median of 2")


def test_of_a_timeline_only_the_guards_are_told() -> None:
    moments = [Moment(START, "peg", "a"), Moment(START, "halted", "b"), Moment(START, "market calm again", "c")]
    assert [moment.detail for moment in guards.moments(moments)] == ["a", "c"]
