"""A floor that nobody pays: on record from when until when, in words with the distance, and with what may be asked."""

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from engine.alarms import Cause, alarms
from engine.core.flooring import command, other_terms, request
from engine.core.hindering import hindrance
from engine.events import FloorSet
from engine.mandate.instructions import Amend
from engine.mandate.terms import Floor, FloorFees, FloorScope, Holding
from engine.orders import commands as c
from engine.status import status
from tests.support.builders import (
    BTC,
    CAPABILITIES,
    ONE,
    USD,
    USDT,
    VENUE,
    at,
    average_floor,
    d,
    floor_version,
    leg_one,
    leg_two,
    opened,
    plan,
    terms,
)
from tests.support.by_hand import Run, again, only, placed, turned

ABOVE = Floor(d("100.50"), USDT, FloorScope.FILL)
"""The book bids 99.99."""


def run_under(floor: Floor, **changes: Any) -> Run:
    holding = Holding(BTC, d("10"), d("10"), floor, None)
    standard = {"terms": terms(holdings=(holding,)), "plan": plan(leg_one(floor=floor), leg_two()), "approvals": 2}
    return Run(opened(**(standard | changes))).ready()


def blocks(run: Run) -> list[c.FloorBlocked]:
    return [row for row in run.rows if isinstance(row, c.FloorBlocked)]


def cleared(run: Run) -> list[c.FloorCleared]:
    return [row for row in run.rows if isinstance(row, c.FloorCleared)]


def test_the_first_decision_at_which_nobody_pays_is_on_record_and_those_after_it_are_not() -> None:
    run = run_under(ABOVE)
    for when in ("00:00:10", "00:01", "00:02"):
        assert placed(run.due(when)) == []
    (block,) = blocks(run)
    assert (block.at, block.leg, block.wanted, block.bid) == (at("00:00:10"), ONE, d("100.50"), d("99.99"))
    assert block.floor == "the floor of 100.5 USDT (BTC, fixed)"


def test_the_stretch_ends_with_the_decision_that_sees_it_paid() -> None:
    run = run_under(ABOVE)
    run.due("00:00:10")
    run.price("100.60", "100.62")
    run.due("00:01")
    assert [(end.at, end.bid) for end in cleared(run)] == [(at("00:01"), d("100.60"))]


def test_a_second_stretch_has_a_number_of_its_own() -> None:
    run = run_under(ABOVE)
    run.due("00:00:10")
    run.price("100.60", "100.62")
    run.due("00:00:20")
    run.price("99.00", "99.02")
    run.due("00:00:30")
    assert (len(blocks(run)), len(cleared(run)), run.state.blocks[ONE].number) == (2, 1, 2)


def test_a_floor_that_is_lowered_by_people_blocks_no_more() -> None:
    run = run_under(ABOVE)
    run.due("00:00:10")
    run.people(Amend(was_sha256=run.state.plan.digest, floors={BTC: replace(ABOVE, price=d("99.90"))}))
    assert [order.price for order in placed(run.due("00:00:20"))] == [d("99.90")]
    assert len(cleared(run)) == 1


def test_a_floor_without_a_price_blocks_and_says_what_is_lacking() -> None:
    run = run_under(Floor(d("0"), USDT, FloorScope.FILL, average=average_floor()))
    run.feed(FloorSet(at=run.now, asset=BTC, day="2026-05-02", version=None, lack="desk.csv can't be read"))
    run.due("00:00:10")
    (block,) = blocks(run)
    assert (block.wanted, block.lack) == (None, "desk.csv can't be read")
    words = "the floor (BTC: 95 % of the 2-day average) has no price: desk.csv can't be read"
    assert hindrance(run.state, run.state.plan.leg(ONE)).startswith(words)


def test_while_the_stream_of_books_is_broken_nobody_can_tell() -> None:
    run = run_under(ABOVE)
    run.price("99.99", "100.01", live=False)
    run.due("00:00:10")
    assert blocks(run) == []


def test_a_pause_that_somebody_asked_for_is_no_block() -> None:
    run = run_under(ABOVE)
    run.people(_stop_coin())
    run.due("00:00:10")
    assert blocks(run) == []


def _stop_coin() -> Any:
    from engine.mandate.instructions import Scope, Stop

    return Stop(Scope.ASSET, BTC)


def test_the_words_name_price_origin_distance_bid_and_since_when() -> None:
    """20 minutes after it began."""
    run = run_under(Floor(d("0"), USDT, FloorScope.FILL, average=average_floor()))
    run.feed(FloorSet(at=run.now, asset=BTC, day="2026-05-02", version=floor_version(price=d("102"), number=3)))
    run.due("00:02")
    run.due("00:22")
    assert hindrance(run.state, run.state.plan.leg(ONE)) == (
        "the floor of 102 USDT (BTC, version 3: 95 % of the 2-day average) is 2.01 % above the best bid 99.99, "
        "since 2026-05-02 00:02 UTC (20m)"
    )


def test_the_leg_that_ends_under_its_floor_says_so() -> None:
    run = run_under(ABOVE)
    run.due("00:01")
    (residue, _) = only(c.Residue, run.due("01:00"))
    assert residue.reason == (
        "deadline; the floor of 100.5 USDT (BTC, fixed) is 0.51 % above the best bid 99.99, "
        "since 2026-05-02 00:01 UTC (59m)"
    )


def test_the_alarm_has_the_words_and_the_command_with_its_numbers() -> None:
    run = run_under(ABOVE)
    run.due("00:01")
    (alarm,) = [each for each in alarms(run.state) if each.cause is Cause.FLOOR_BLOCK]
    assert "is 0.51 % above the best bid 99.99, since 2026-05-02 00:01 UTC (0s)" in alarm.text
    typed = "steelyard amend 20260502-specification --floor BTC=99.99:USDT:fill:out --as NAME --reason TEXT"
    assert alarm.text.endswith(typed)
    assert status(run.state)["legs"][0]["floor"]["request"] == typed


def test_status_tells_the_floor_and_since_when_it_blocks() -> None:
    run = run_under(ABOVE)
    run.due("00:01")
    shown = status(run.state)["legs"][0]["floor"]
    assert (shown["price"], shown["currency"], shown["stretches"]) == ("100.50", "USDT", 1)
    assert shown["blocked_since"] == "2026-05-02T00:01:00.000000Z"


@pytest.mark.parametrize(
    ("floor", "price"),
    [
        (Floor(d("110"), USDT, FloorScope.SLICE, FloorFees.OUT), "99.99"),
        (Floor(d("110"), USDT, FloorScope.FILL, FloorFees.IN), "99.89001"),
        (Floor(d("110"), USD, FloorScope.FILL, FloorFees.OUT), "99.980001"),
        (Floor(d("0"), USDT, FloorScope.AVERAGE, FloorFees.OUT, average=average_floor()), "99.99"),
    ],
)
def test_what_is_prepared_is_a_fixed_floor_at_what_the_best_bid_brings(floor: Floor, price: str) -> None:
    """In the floor's currency, and after fees where it is held so; scope and fees as they are."""
    run = run_under(floor, capabilities={VENUE: replace(CAPABILITIES, taker_fee=d("0.001"))})
    run.feed(FloorSet(at=run.now, asset=BTC, day="2026-05-02", version=floor_version(price=d("110"))))
    run.due("00:01")
    wanted = other_terms(run.state, run.state.plan.leg(ONE))
    assert wanted == Floor(Decimal(price), floor.currency, floor.scope, floor.fees)


def test_the_paper_that_is_prepared_is_one_that_the_run_would_follow() -> None:
    run = run_under(ABOVE)
    run.due("00:01")
    paper = request(run.state, run.state.plan.leg(ONE))
    assert paper is not None
    assert only(c.Unheeded, run.people(paper.instruction)) == []
    assert run.state.plan.leg(ONE).floor == replace(ABOVE, price=d("99.99"))


def test_for_a_floor_without_a_price_nothing_is_offered() -> None:
    """What it lacks is a file, and no other terms."""
    run = run_under(Floor(d("0"), USDT, FloorScope.FILL, average=average_floor()))
    run.due("00:01")
    assert len(blocks(run)) == 1
    assert (request(run.state, run.state.plan.leg(ONE)), command(run.state, run.state.plan.leg(ONE))) == (None, "")


def test_where_nobody_may_amend_nothing_is_offered() -> None:
    run = run_under(ABOVE, approvals=0)
    run.due("00:01")
    assert (request(run.state, run.state.plan.leg(ONE)), command(run.state, run.state.plan.leg(ONE))) == (None, "")


def test_stretches_are_decided_again_from_the_rows_alone() -> None:
    run = run_under(ABOVE)
    run.due("00:00:10")
    run.price("100.60", "100.62")
    run.due("00:01")
    run.restart(2)
    assert again(run) == turned(run)
