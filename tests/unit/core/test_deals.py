"""A quote that was taken: what becomes of it, and what holds while nobody knows whether it was dealt."""

import pytest

from engine.kernel.clock import SECOND
from engine.orders import commands as c
from engine.orders import events as e
from engine.orders import reports as r
from engine.orders.order import OrderState
from tests.support.builders import (
    ONE,
    TWO,
    USDT,
    VENUE,
    d,
    settle_unknown,
)
from tests.support.by_hand import Commands, again, only, turned
from tests.support.desks import Desks, finishing, one, taking

# What becomes of it


def test_a_deal_is_booked_to_the_last_unit_and_the_venues_books_agree() -> None:
    """299.99 USDT for 3 BTC: a price for one that does not end."""
    run, taken = taking("299.99", one(coins="3"))
    run.accepts(taken, run.dealt(taken))
    leg = run.state.legs[ONE]
    assert (leg.sold, leg.live, run.state.live) == (d("3"), {}, {})
    assert leg.proceeds - leg.fees[USDT] == d("299.99")
    run.survey()
    assert run.state.venues[VENUE].differences == ()


def test_what_a_deal_brought_is_there_for_the_next_leg_which_asks_for_a_quote_of_its_own() -> None:
    run, taken = taking()
    run.accepts(taken, run.dealt(taken))
    (ask,) = only(c.AskQuote, run.due("00:00:04"))
    assert (ask.leg, ask.request.sell, ask.request.quantity) == (TWO, USDT, d("999.95"))


def test_after_a_deal_the_rest_is_asked_for_at_once() -> None:
    run, (ask,) = finishing()
    run.declines(ask)
    (half,) = only(c.AskQuote, run.due("00:00:12"))
    run.quotes(half, "499.97")
    (taken,) = only(c.AcceptQuote, run.due("00:00:13"))
    run.accepts(taken, run.dealt(taken))
    asked = [(a.leg, a.request.quantity) for a in only(c.AskQuote, run.due("00:00:15"))]
    assert asked == [(ONE, d("5")), (TWO, d("499.97"))]


def test_a_deal_told_twice_is_counted_once() -> None:
    run, taken = taking()
    dealt = run.dealt(taken)
    run.accepts(taken, dealt)
    run.shown(taken, dealt)
    assert (run.state.legs[ONE].sold, run.state.conflict) == (d("10"), "")


def test_a_deal_on_other_terms_than_the_quote_is_booked_and_halts_the_run() -> None:
    run, taken = taking()
    run.accepts(taken, run.dealt(taken, proceeds=d("999")))
    assert "otherwise than quoted" in run.state.halted
    assert run.state.legs[ONE].sold == d("10")


@pytest.mark.parametrize("outcome", [r.Refused("expired", "too late"), r.Transient("withheld: the quote has ended")])
def test_a_quote_that_was_certainly_not_dealt_frees_its_quantity(outcome: r.Acceptance) -> None:
    run, taken = taking()
    run.accepts(taken, outcome)
    assert (run.state.live, run.state.legs[ONE].sold) == ({}, d("0"))
    assert [ask.request.quantity for ask in only(c.AskQuote, run.due("00:00:12"))] == [d("10")]


def test_a_desk_that_says_our_keys_are_wrong_is_asked_no_more() -> None:
    run, taken = taking()
    run.accepts(taken, r.Refused("-1022", "wrong signature", stop_venue=True))
    assert only(c.AskQuote, run.due("00:00:12")) == []


# When nobody knows


def unknown() -> tuple[Desks, c.AcceptQuote, Commands]:
    run, taken = taking()
    return run, taken, run.accepts(taken, r.Unknown("timeout"))


def test_what_was_taken_without_an_answer_stays_committed_and_is_looked_for() -> None:
    """The venue's window, a second of skew and a margin, as after an unknown order."""
    run, taken, commands = unknown()
    (look,) = only(c.LookDeal, commands)
    name = taken.approved.order.client_id
    assert (look.client_id, look.quote, look.wait) == (name, taken.quote, 6_200_000_000)
    assert run.state.live[name].state is OrderState.UNKNOWN
    assert run.state.working(ONE) == d("10")


def test_while_it_is_unknown_nothing_is_asked_taken_or_cancelled() -> None:
    run, _, at_once = unknown()
    later = [*at_once, *(command for when in ("00:00:12", "00:05", "00:30") for command in run.due(when))]
    assert [x for x in later if isinstance(x, c.AskQuote | c.AcceptQuote | c.Place | c.Cancel | c.Lookup)] == []


def test_a_look_that_proves_nothing_is_repeated() -> None:
    run, taken, _ = unknown()
    (look,) = only(c.LookDeal, run.shown(taken, r.NoWord("the quote still stands")))
    assert look.wait == SECOND


def test_the_venues_records_prove_the_deal_and_it_is_counted_once() -> None:
    run, taken, _ = unknown()
    dealt = run.dealt(taken)
    run.shown(taken, dealt)
    run.shown(taken, dealt)
    run.survey()
    assert (run.state.legs[ONE].sold, run.state.live, run.state.venues[VENUE].differences) == (d("10"), {}, ())


def test_only_when_the_records_prove_that_there_was_no_deal_are_desks_asked_again() -> None:
    run, taken, _ = unknown()
    run.shown(taken, r.NoDeal(("e" * 64,)))
    assert [ask.request.quantity for ask in only(c.AskQuote, run.due("00:00:12"))] == [d("10")]


def test_a_survey_that_shows_the_deal_before_its_answer_is_no_difference_that_halts() -> None:
    run, taken, _ = unknown()
    run.dealt(taken)
    for _ in range(5):
        run.survey()
    assert run.state.halted == ""


def test_a_crash_between_taking_and_the_answer_leaves_it_unknown() -> None:
    run, taken = taking()
    (look,) = only(c.LookDeal, run.restart(2))
    assert look.client_id == taken.approved.order.client_id
    assert run.state.live[look.client_id].state is OrderState.UNKNOWN


def test_after_a_crash_the_desks_are_asked_afresh_and_an_old_quote_is_not_taken() -> None:
    run, (ask,) = finishing()
    run.quotes(ask, "999.95")
    run.restart(2)
    run.stream(up=True)
    run.survey()
    commands = run.due("00:00:03")
    assert only(c.AcceptQuote, commands) == []
    assert [again.number for again in only(c.AskQuote, commands)] == [2]


def test_a_paper_settles_what_the_venue_cannot_tell() -> None:
    run, taken, _ = unknown()
    run.people(settle_unknown(taken.approved.order.client_id, "10", "99.99"))
    assert (run.state.live, run.state.legs[ONE].sold) == ({}, d("10"))


def test_at_the_deadline_the_run_waits_for_what_is_unknown_and_says_so() -> None:
    run, taken, _ = unknown()
    run.due("01:00")
    run.survey()
    assert run.state.finished == ""
    run.due("01:11")
    run.survey()
    assert (run.state.finished, list(run.state.live)) == ("unresolved", [taken.approved.order.client_id])


def test_at_the_deadline_a_leg_without_a_good_quote_ends_short() -> None:
    run, (ask,) = finishing()
    run.quotes(ask, "990")
    run.due("00:00:02")
    run.due("01:00")
    run.survey()
    assert run.state.finished == "short"
    assert run.state.legs[ONE].residue_reason.startswith("deadline")


def test_after_a_halt_no_desk_is_asked_and_no_quote_taken() -> None:
    run, (ask,) = finishing()
    run.quotes(ask, "999.95")
    run.asked(e.Wish.HALT)
    commands = run.due("00:00:02")
    assert [x for x in commands if isinstance(x, c.AskQuote | c.AcceptQuote)] == []


def test_the_same_rows_decide_the_same_again() -> None:
    run, taken, _ = unknown()
    run.restart(2)
    run.shown(taken, run.dealt(taken))
    run.due("00:01")
    assert again(run) == turned(run)
