"""A floor that is a share of the best firm quote: who is asked, how often, and what holds when nobody answers."""

from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from engine.core.world import least_price
from engine.kernel.clock import SECOND, Instant, Span
from engine.mandate.instructions import By, Finish
from engine.mandate.terms import Floor, FloorScope, Holding, QuoteFloor
from engine.orders import commands as c
from engine.orders import events as e
from engine.orders import reports as r
from tests.support.builders import (
    BTC,
    CAPABILITIES,
    COIN,
    ONE,
    USDT,
    VENUE,
    at,
    d,
    leg_one,
    leg_two,
    opened,
    plan,
    terms,
)
from tests.support.by_hand import Commands, Run, again, only, placed, turned

RULE = QuoteFloor(share=d("0.99"), desks=1, age=Span(30 * SECOND), every=Span(10 * SECOND))


def quoting(**changes: Any) -> Run:
    """The standard run at a venue whose desk quotes, under 99 % of what it quotes."""
    floor = Floor(d("0"), USDT, FloorScope.FILL, quote=replace(RULE, **changes))
    holding = Holding(BTC, d("10"), d("10"), floor, None)
    return Run(
        opened(
            terms=terms(holdings=(holding,)),
            plan=plan(leg_one(floor=floor), leg_two()),
            capabilities={VENUE: replace(CAPABILITIES, quotes=True)},
        )
    ).ready()


def asked(commands: Commands) -> list[c.AskQuote]:
    return only(c.AskQuote, commands)


def answered(run: Run, ask: c.AskQuote, price: str) -> None:
    proceeds = ask.request.quantity * d(price)
    until = Instant(run.now + 5 * SECOND)
    quote = r.Quote(VENUE, f"q{ask.number}", BTC, USDT, ask.request.quantity, proceeds, until)
    run.feed(e.QuoteCame(run.now, ask.number, quote, until))


def lowest(run: Run) -> Decimal | None:
    return least_price(run.state, run.state.plan.leg(ONE), COIN)


def test_without_a_quote_nothing_is_sold_and_the_desk_is_asked_for_all_that_is_left() -> None:
    run = quoting()
    commands = run.due("00:00")
    (ask,) = asked(commands)
    assert placed(commands) == []
    assert (ask.leg, ask.venue, ask.request) == (ONE, VENUE, r.QuoteRequest(BTC, USDT, d("10")))


def test_the_floor_is_a_share_of_the_best_quote() -> None:
    """99 % of 100.90 are 99.891, and the tick is a cent."""
    run = quoting()
    answered(run, asked(run.due("00:00"))[0], "100.90")
    assert [order.price for order in placed(run.due("00:00:02"))] == [d("99.90")]


def test_a_quote_that_is_too_old_is_none() -> None:
    """It counts from the question on."""
    run = quoting()
    run.due("00:00")
    (ask,) = [row for row in run.rows if isinstance(row, c.AskQuote)]
    answered(run, ask, "100.90")
    run.due("00:00:29")
    assert lowest(run) == d("99.90")
    run.due("00:00:31")
    assert lowest(run) is None


def test_fewer_desks_than_are_wanted_are_none() -> None:
    run = quoting(desks=2)
    answered(run, asked(run.due("00:00"))[0], "100.90")
    assert placed(run.due("00:00:02")) == []


def test_a_desk_that_refuses_has_not_quoted() -> None:
    run = quoting()
    (ask,) = asked(run.due("00:00"))
    run.feed(e.QuoteCame(run.now, ask.number, r.Refused("too_large", "10 BTC"), run.now))
    assert placed(run.due("00:00:02")) == []


def test_a_desk_is_asked_again_when_it_is_time_and_has_answered() -> None:
    run = quoting()
    (first,) = asked(run.due("00:00"))
    assert asked(run.due("00:00:05")) == []
    assert asked(run.due("00:00:11")) == []  # it owes us an answer
    answered(run, first, "100")
    assert [ask.number for ask in asked(run.due("00:00:12"))] == [2]


def test_while_a_desk_is_asked_anew_its_last_quote_counts() -> None:
    run = quoting()
    answered(run, asked(run.due("00:00"))[0], "100.90")
    assert len(asked(run.due("00:00:11"))) == 1
    assert lowest(run) == d("99.90")


def test_a_decision_is_wanted_when_the_next_question_is_due() -> None:
    run = quoting()
    wakes = only(c.WakeAt, run.due("00:00"))
    assert [wake.at for wake in wakes] == [at("00:00:10")]


def test_a_leg_that_is_finished_by_quotes_asks_in_its_own_way() -> None:
    """Then every quote may be taken, and the rounds are its own."""
    run = quoting()
    answered(run, asked(run.due("00:00"))[0], "100.90")
    run.people(Finish(By.RFQ))
    assert len(asked(run.due("00:00:12"))) <= 1


def test_questions_are_decided_again_from_the_rows_alone() -> None:
    run = quoting()
    answered(run, asked(run.due("00:00"))[0], "100.90")
    run.due("00:00:11")
    run.restart(2)
    assert again(run) == turned(run)
