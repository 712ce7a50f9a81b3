"""A market that is too restless to sell into: the leg waits, says so, and goes on by itself."""

from collections.abc import Mapping
from typing import Any

import pytest
from msgspec.structs import replace

from engine.alarms import Cause, alarms
from engine.core.turn import Method
from engine.kernel.clock import MINUTE, SECOND, Span
from engine.kernel.ids import LegId, Symbol, VenueName
from engine.mandate.instructions import By, Finish
from engine.orders import commands as c
from engine.orders.reports import Done
from engine.risk.calm import PauseRules
from engine.status import status
from strategies.tactics.peg import Peg
from tests.support.builders import (
    BTC,
    BTCUSDT,
    CAPABILITIES,
    ONE,
    VENUE,
    at,
    book,
    d,
    leg_one,
    leg_two,
    limits,
    methods,
    opened,
    plan,
    ticket,
)
from tests.support.by_hand import Run, again, only, placed, turned
from tests.unit.core.test_guarding import folded, minute, sent

RULES = PauseRules(move=d("0.02"), over=Span(5 * MINUTE), spread_bp=d("50"), calm=Span(2 * MINUTE))


def ready(methods: Mapping[LegId, Method] | None = None, **changes: Any) -> Run:
    long = plan(leg_one(window=Span(40 * MINUTE)), leg_two())
    return Run(opened(plan=long, limits=limits(pause=RULES), **changes), methods).ready()


def priced(run: Run, mid: str, half: str = "0.01", venue: VenueName = VENUE) -> None:
    pair = "" if venue == VENUE else "BTC/USDT"
    run.books[venue, BTCUSDT] = book(BTCUSDT, str(d(mid) - d(half)), str(d(mid) + d(half)), venue=venue, pair=pair)


def pauses(run: Run) -> list[bool]:
    """What stands in the journal: waits, goes on."""
    return [row.waits for row in run.rows if isinstance(row, c.MarketPause)]


def test_a_fall_within_the_span_pauses_the_leg_at_once_and_is_a_row_with_its_numbers() -> None:
    """From 100 to 98 in twenty seconds, between two samples."""
    run = ready()
    assert sent(run, at("00:00")) == [BTC]
    priced(run, "98")
    (row,) = only(c.MarketPause, run.due("00:00:20"))
    assert row == c.MarketPause(
        leg=ONE,
        waits=True,
        price=d("98"),
        move=d("0.02"),
        spread_bp=d("2.04"),
        why="moved 2 % within 5m, and 2 % pauses",
    )
    assert sent(run, at("00:01")) == []


def test_a_rise_counts_like_a_fall() -> None:
    run = ready()
    sent(run, at("00:00"))
    priced(run, "102")
    sent(run, at("00:00:20"))
    assert pauses(run) == [True]


def test_a_move_that_took_longer_than_the_span_pauses_nothing() -> None:
    """A tenth of a per cent each minute: half a per cent in any five of them, and three per cent in all."""
    run = ready()
    for number in range(30):
        priced(run, str(100 - d("0.1") * number))
        run.due_at(minute(number))
    assert pauses(run) == []


def test_a_fall_and_a_rise_back_within_the_span_are_both_moves() -> None:
    run = ready()
    for number, mid in enumerate(("100", "98.5", "100.6")):
        priced(run, mid)
        run.due_at(minute(number))
    assert pauses(run) == [True]


def test_a_gaping_spread_pauses_and_the_closest_venue_counts() -> None:
    run = ready()
    priced(run, "100", half="0.26")
    (row,) = only(c.MarketPause, run.due("00:00"))
    assert (row.spread_bp, row.why) == (d("52.00"), "spread 52 bp, and more than 50 bp pauses")


def test_it_goes_on_by_itself_when_both_bounds_were_kept_long_enough() -> None:
    """The old price is five minutes old at 00:05, and for two minutes more both have to hold."""
    run = ready()
    sent(run, at("00:00"))
    priced(run, "98")
    sold = [sent(run, minute(number)) for number in range(1, 9)]
    assert [number for number, assets in enumerate(sold, 1) if BTC in assets] == [7, 8]
    assert pauses(run) == [True, False]


def test_a_market_that_nobody_can_see_is_not_calm() -> None:
    run = ready()
    sent(run, at("00:00"))
    priced(run, "98")
    for number in range(1, 6):
        sent(run, minute(number))
    run.price("97.99", "98.01", live=False)
    for number in range(6, 12):
        sent(run, minute(number))
    assert pauses(run) == [True]
    priced(run, "98")
    assert [sent(run, minute(number)) for number in (12, 13)] == [[], [BTC]]


def test_one_venue_that_shows_another_price_is_no_move() -> None:
    """The price is that of all who show the pair; what stands apart from them is left out."""
    run = ready()
    for name in ("kraken", "coinbase"):
        priced(run, "100", venue=VenueName(name))
    sent(run, at("00:00"))
    priced(run, "97")
    run.due("00:01")
    assert pauses(run) == []


def test_what_rests_is_pulled_when_the_pause_begins() -> None:
    standard = methods()
    patient = Method(standard[ONE].schedule, Peg(every=Span(10 * SECOND), before=Span(15 * SECOND)))
    run = ready(methods={**standard, ONE: patient})
    (order,) = placed(run.due("00:00"))
    run.answer(order, Done())
    priced(run, "97")
    assert [cancel.client_id for cancel in only(c.Cancel, run.due("00:00:20"))] == [order.client_id]


def test_the_stablecoin_is_sold_on_meanwhile() -> None:
    run = ready()
    (order,) = placed(run.due("00:00"))
    run.sold(order)
    priced(run, "97")
    assert sent(run, at("00:00:20")) == [Symbol("USDT")]


def test_alarm_and_status_say_what_the_leg_waits_for() -> None:
    run = ready()
    sent(run, at("00:00"))
    priced(run, "97")
    run.due("00:00:20")
    why = "its market is restless: moved 3 % within 5m, and 2 % pauses"
    (alarm,) = alarms(run.state)
    assert (alarm.cause, alarm.key, alarm.text) == (Cause.MARKET_PAUSE, "1", f"leg 1 sells no BTC: {why}")
    assert status(run.state)["legs"][0]["hindrance"] == why


def test_prices_are_kept_no_further_back_than_the_rule_looks() -> None:
    run = ready()
    for number in range(60):
        run.due_at(minute(number))
    assert len(run.state.calms[ONE].prices) == 6


def test_what_was_decided_is_decided_again_and_a_fold_that_skips_books_knows_the_same() -> None:
    run = ready()
    for number in range(12):
        priced(run, "98" if number == 3 else "100")
        sent(run, minute(number))
        run.due_at(at(f"00:{number:02}:30"))
    assert pauses(run) == [True, False]
    assert again(run) == turned(run)
    assert folded(run).calms == run.state.calms


def test_without_a_rule_nothing_is_kept() -> None:
    run = Run().ready()
    run.due("00:00")
    assert run.state.calms == {}


def test_a_deal_that_people_struck_is_booked_all_the_same() -> None:
    run = ready()
    sent(run, at("00:00"))
    priced(run, "97")
    run.due("00:00:20")
    commands = [*run.people(ticket(dealt_at=at("00:00"))), *run.due("00:00:40")]
    assert (only(c.Unheeded, commands), len(only(c.Book, commands))) == ([], 1)


@pytest.mark.parametrize(("mid", "asked"), [("100", 1), ("97", 0)])
def test_no_desk_is_asked_meanwhile(mid: str, asked: int) -> None:
    run = ready(capabilities={VENUE: replace(CAPABILITIES, quotes=True)})
    sent(run, at("00:00"))
    priced(run, mid)
    sent(run, at("00:00:20"))
    run.people(Finish(By.RFQ))
    assert len(only(c.AskQuote, run.due("00:00:40"))) == asked
