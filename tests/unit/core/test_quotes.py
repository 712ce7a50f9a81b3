"""`finish --by rfq`: who is asked, and which quote is taken."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.kernel.money import EXACT, times
from engine.mandate.instructions import By, Finish, Scope, Stop
from engine.market.facts import Level
from engine.orders import commands as c
from engine.orders import events as e
from engine.orders import quotes
from engine.orders import reports as r
from tests.support.builders import (
    BTC,
    BTCUSDT,
    CAPABILITIES,
    COIN,
    ONE,
    TWO,
    USDT,
    VENUE,
    at,
    child,
    d,
    leg_one,
    leg_two,
    methods,
    opened,
    plan,
    terms,
)
from tests.support.by_hand import Run, only, placed
from tests.support.desks import DEAR, DESK, OTHER, Desks, finishing, one, quote_for, taking, two, why

# Who is asked


def test_every_desk_is_asked_for_all_that_is_left_there() -> None:
    """1,000 USDT worth; an order in a book may not be worth more than 600."""
    _, asks = finishing(two())
    assert [(ask.venue, ask.request) for ask in asks] == [
        (VENUE, r.QuoteRequest(BTC, USDT, d("10"))),
        (OTHER, r.QuoteRequest(BTC, USDT, d("10"))),
    ]


def test_a_venue_that_gives_no_quotes_is_not_asked() -> None:
    _, asks = finishing(two(CAPABILITIES, DESK))
    assert [ask.venue for ask in asks] == [OTHER]


def test_a_venue_that_was_stopped_is_not_asked() -> None:
    run = Desks(two(), methods())
    run.ready()
    run.people(Stop(Scope.VENUE, VENUE))
    assert [ask.venue for ask in run.finish()] == [OTHER]


def test_a_venue_out_of_step_is_not_asked() -> None:
    run = Desks(two(), methods())
    run.ready()
    run.stream(up=False)
    assert [ask.venue for ask in run.finish()] == [OTHER]


def test_no_more_is_asked_for_than_stands_on_the_account() -> None:
    _, (ask,) = finishing(one(coins="3.0005"))
    assert ask.request.quantity == d("3")


def test_no_more_is_asked_for_than_the_stablecoin_ceiling_allows() -> None:
    """12 BTC would make 1,200 USDT, and no more than 1,000 may wait."""
    holding = replace(terms().holdings[0], entrusted=d("12"), released=d("12"))
    legs = plan(leg_one(quantity=d("12")), leg_two())
    _, (ask,) = finishing(one(coins="12", terms=terms(holdings=(holding,)), plan=legs))
    assert ask.request.quantity == d("10")


def test_no_desk_is_bothered_with_the_crumbs_that_the_ceiling_leaves() -> None:
    """950 USDT wait for a quote of their own; the 0.5 BTC that would fill the ceiling are not worth a question."""
    held = {VENUE: (r.Balance(BTC, d("9.5"), d("0")),), OTHER: (r.Balance(BTC, d("0.5"), d("0")),)}
    run, (here, there) = finishing(replace(two(), balances=held))
    run.quotes(here, "949.99")
    run.declines(there)
    (taken,) = only(c.AcceptQuote, run.due("00:00:02"))
    run.accepts(taken, run.dealt(taken))
    (ask,) = only(c.AskQuote, run.due("00:00:12"))
    assert ask.leg == TWO
    run.quotes(ask, "949.90")
    (sold,) = only(c.AcceptQuote, run.due("00:00:13"))
    run.accepts(sold, run.dealt(sold))
    assert [(a.leg, a.venue) for a in only(c.AskQuote, run.due("00:00:23"))] == [(ONE, OTHER)]


def test_where_no_venue_gives_quotes_the_wish_is_refused_with_the_reason() -> None:
    run = Run(opened(), methods()).ready()
    (unheeded,) = only(c.Unheeded, run.people(Finish(By.RFQ)))
    assert [str(denied.value) for denied in unheeded.denied] == ["no venue gives firm quotes"]


def test_nothing_more_is_placed_in_a_book() -> None:
    run, _ = finishing()
    assert placed(run.due("00:01")) == placed(run.due("00:02")) == []


def test_an_order_that_works_is_cancelled_and_nobody_is_asked_before_it_has_ended() -> None:
    run = Desks(one(), methods())
    run.ready()
    (order,) = placed(run.due("00:00"))
    run.answer(order, r.Done())
    wish = run.people(Finish(By.RFQ))
    assert [cancel.client_id for cancel in only(c.Cancel, wish)] == [order.client_id]
    assert only(c.AskQuote, run.due("00:00:01")) == []
    run.report(order, r.OrderStatus.CANCELLED, "0")
    assert [ask.request.quantity for ask in only(c.AskQuote, run.due("00:00:03"))] == [d("10")]


# Which is taken


def test_the_best_of_two_quotes_is_taken_and_the_other_stays_on_record() -> None:
    run, (here, there) = finishing(two())
    run.quotes(here, "999.91")
    run.quotes(there, "999.95")
    (taken,) = only(c.AcceptQuote, run.due("00:00:02"))
    assert (taken.quote.venue, taken.quote.proceeds) == (OTHER, d("999.95"))
    kept = [row.answer for row in run.rows if isinstance(row, e.QuoteCame)]
    assert [quote.proceeds for quote in kept if isinstance(quote, r.Quote)] == [d("999.91"), d("999.95")]


def test_of_quotes_for_different_quantities_the_better_price_is_the_better_one() -> None:
    run, (here, there) = finishing(replace(two(), balances={
        VENUE: (r.Balance(BTC, d("10"), d("0")),), OTHER: (r.Balance(BTC, d("4"), d("0")),),
    }))  # fmt: skip
    run.quotes(here, "999.91")
    run.quotes(there, "399.99")
    (taken,) = only(c.AcceptQuote, run.due("00:00:02"))
    assert (taken.quote.venue, taken.quote.quantity) == (OTHER, d("4"))


def test_a_desk_that_is_slow_is_waited_for_two_seconds() -> None:
    run, (here, _) = finishing(two())
    run.quotes(here, "999.95")
    assert only(c.AcceptQuote, run.due("00:00:02.5")) == []
    assert len(only(c.AcceptQuote, run.due("00:00:03.1"))) == 1


def test_a_decision_is_wanted_when_patience_with_a_slow_desk_ends() -> None:
    run, (here, _) = finishing(two())
    run.quotes(here, "999.95")
    run.due("00:00:02")
    assert run.state.wakes[0] == at("00:00:03")


def test_a_quote_that_pays_less_than_the_book_is_not_taken() -> None:
    """At 99.99 the book would pay 999.90 for all of it."""
    run, (ask,) = finishing()
    run.quotes(ask, "999.89")
    assert why(run.due("00:00:02")) == [["book"]]


def test_a_quote_that_pays_just_what_the_book_would_is_taken() -> None:
    _, taken = taking("999.90")
    assert [d(check.bound) for check in taken.approved.checks if check.limit == "book"] == [d("999.90")]


def test_what_the_visible_book_does_not_take_counts_at_the_lowest_price_allowed() -> None:
    """1 BTC is bid at 99.99; the other nine at 99.60, which is the collar: 996.39 in all."""
    run, (ask,) = finishing()
    run.books[VENUE, BTCUSDT] = replace(run.books[VENUE, BTCUSDT], bids=(Level(d("99.99"), d("1")),))
    run.quotes(ask, "996.38")
    assert why(run.due("00:00:02")) == [["book"]]
    (ask,) = only(c.AskQuote, run.due("00:00:12"))
    run.quotes(ask, "996.39")
    assert len(only(c.AcceptQuote, run.due("00:00:13"))) == 1


def test_a_quote_below_the_collar_is_not_taken_though_the_book_pays_less_still() -> None:
    run, (ask,) = finishing(one(DEAR))
    run.quotes(ask, "995.99999999")
    assert why(run.due("00:00:02")) == [["collar"]]


def test_a_quote_exactly_on_the_collar_is_taken() -> None:
    _, taken = taking("996.00", one(DEAR))
    assert taken.approved.order.price == d("99.60")


def test_a_price_that_does_not_end_is_held_against_the_collar_exactly() -> None:
    """For 7 BTC the collar asks 697.20: a hair less is below it, a hair more is not, and neither divides by seven."""
    run, (ask,) = finishing(one(DEAR, coins="7"))
    run.quotes(ask, "697.19999999")
    assert why(run.due("00:00:02")) == [["collar"]]
    run, taken = taking("697.20000001", one(DEAR, coins="7"))
    assert taken.approved.order.price == d("99.60")


def test_what_would_make_too_much_stablecoin_is_not_taken() -> None:
    """Whatever it pays: no more than 1,000 USDT may wait."""
    run, (ask,) = finishing()
    run.quotes(ask, "1000.01")
    assert why(run.due("00:00:02")) == [["stable proceeds", "stable inventory"]]


def test_a_quote_that_has_ended_is_never_taken() -> None:
    run, (ask,) = finishing()
    run.quotes(ask, "999.95", lasts=1)
    commands = run.due("00:00:03")
    assert (only(c.AcceptQuote, commands), only(c.Withheld, commands)) == ([], [])


def test_a_quote_that_might_end_on_its_way_is_not_taken() -> None:
    """It ends 0.2 s after the decision."""
    run, (ask,) = finishing()
    run.feed(e.QuoteCame(run.now, ask.number, quote_for(ask), at("00:00:02.2")))
    assert only(c.AcceptQuote, run.due("00:00:02")) == []


def test_a_quote_that_was_taken_before_is_not_taken_again() -> None:
    """The desk refused it, and gives the same one again."""
    run, taken = taking()
    run.accepts(taken, r.Refused("expired", "too late"))
    (ask,) = only(c.AskQuote, run.due("00:00:12"))
    run.quotes(ask, "999.95", quote_id=taken.quote.quote_id)
    assert why(run.due("00:00:13")) == [["quote untaken"]]


def test_a_quote_for_something_else_than_was_asked_is_not_taken() -> None:
    run, (ask,) = finishing()
    run.feed(e.QuoteCame(run.now, ask.number, replace(quote_for(ask), quantity=d("9")), at("00:30")))
    assert "quote terms" in why(run.due("00:00:02"))[0]


def test_only_one_quote_of_a_leg_is_taken_at_a_time() -> None:
    run, (here, there) = finishing(two())
    run.quotes(here, "999.95")
    run.quotes(there, "999.95")
    assert len(only(c.AcceptQuote, run.due("00:00:02"))) == 1
    later = [*run.due("00:00:03"), *run.due("00:00:14")]
    assert [x for x in later if isinstance(x, c.AcceptQuote | c.AskQuote)] == []


def test_when_none_is_good_enough_the_desks_are_asked_again_after_ten_seconds() -> None:
    run, (ask,) = finishing()
    run.quotes(ask, "990")
    run.due("00:00:02")
    assert only(c.AskQuote, run.due("00:00:10.9")) == []
    assert [again.number for again in only(c.AskQuote, run.due("00:00:11.1"))] == [2]


def test_the_decision_at_which_they_are_asked_again_is_wanted() -> None:
    run, (ask,) = finishing()
    run.quotes(ask, "990")
    for when in ("00:00:02", "00:00:10"):
        run.due(when)
    assert run.state.wakes[0] == at("00:00:11")


def test_a_desk_that_never_answers_causes_no_storm_of_decisions() -> None:
    run, _ = finishing()
    for when in ("00:00:03", "00:00:10"):
        run.due(when)
    assert run.state.wakes[0] == at("00:00:20")


def test_where_no_desk_can_be_asked_it_is_tried_again_after_ten_seconds() -> None:
    run = Desks(one(), methods())
    run.ready()
    run.stream(up=False)
    run.finish("00:00:01")
    run.due("00:00:10")
    run.due("00:00:12")
    assert run.state.wakes[0] == at("00:00:20")


def test_a_desk_that_refuses_is_asked_for_half() -> None:
    run, (ask,) = finishing()
    run.declines(ask)
    (half,) = only(c.AskQuote, run.due("00:00:12"))
    assert half.request.quantity == d("5")


def test_a_desk_that_owes_an_answer_is_not_asked_again_however_long_it_takes() -> None:
    """A venue's rate limit may hold our question back; more of them would queue up behind it."""
    run, _ = finishing()
    assert only(c.AskQuote, [*run.due("00:00:12"), *run.due("00:05")]) == []


def test_a_late_answer_is_taken_while_the_quote_stands() -> None:
    run, (ask,) = finishing()
    run.due("00:00:12")
    run.quotes(ask, "999.95")
    assert len(only(c.AcceptQuote, run.due("00:00:13"))) == 1


def test_the_others_are_asked_again_while_one_is_slow() -> None:
    run, (here, _) = finishing(two())
    run.declines(here)
    assert [ask.venue for ask in only(c.AskQuote, run.due("00:00:12"))] == [VENUE]


def test_an_answer_from_before_a_crash_is_not_looked_at() -> None:
    run, (ask,) = finishing()
    run.restart(2)
    run.stream(up=True)
    run.survey()
    run.quotes(ask, "999.95")
    assert only(c.AcceptQuote, run.due("00:00:03")) == []


# Arithmetic


@given(
    quantity=st.integers(1, 10**12).map(lambda n: Decimal(n).scaleb(-5)),
    proceeds=st.integers(1, 10**15).map(lambda n: Decimal(n).scaleb(-8)),
    bound=st.integers(1, 10**9).map(lambda n: Decimal(n).scaleb(-2)),
)
def test_the_price_rounded_down_keeps_a_bound_if_and_only_if_the_quote_does(
    quantity: Decimal, proceeds: Decimal, bound: Decimal
) -> None:
    quote = r.Quote(VENUE, "q", BTC, USDT, quantity, proceeds, at("00:30"))
    price = quotes.at_least(quote, quotes.price_step(COIN))
    assert (price >= bound) == (proceeds >= times(quantity, bound))


@given(
    quantity=st.integers(1, 10**12).map(lambda n: Decimal(n).scaleb(-5)),
    proceeds=st.integers(1, 10**15).map(lambda n: Decimal(n).scaleb(-8)),
)
def test_price_and_excess_of_a_deal_add_up_to_what_was_paid(quantity: Decimal, proceeds: Decimal) -> None:
    deal = r.Deal(VENUE, "q", "d", BTC, USDT, quantity, proceeds, at("00:00"))
    fill = quotes.execution(deal, child(quantity=quantity), quotes.price_step(COIN))
    assert EXACT.subtract(times(fill.quantity, fill.price), fill.fee.units) == proceeds
    assert 0 <= fill.fee.units < times(quantity, quotes.FINEST)
