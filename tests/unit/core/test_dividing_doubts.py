"""When, how and where, read by somebody who means it ill: each of these is a way in which a sale goes wrong."""

from msgspec.structs import replace

from engine.core.pursuing import Method
from engine.kernel.clock import DAY, MINUTE, SECOND, Instant, Span
from engine.kernel.ids import VenueName
from engine.kernel.money import ZERO, Amount, total
from engine.mandate.instructions import By, Finish
from engine.mandate.terms import Deadline, Floor, FloorScope, Holding
from engine.market.facts import Level
from engine.orders import commands as c
from engine.orders import reports as r
from engine.planning.plan import AtEnd
from strategies.tactics.chase import Chase
from strategies.tactics.cross import Cross
from strategies.tactics.peg import Peg
from strategies.twap import twap
from tests.support.both import BOTH, coins, two
from tests.support.builders import (
    BTC,
    CAPABILITIES,
    ONE,
    START,
    USD,
    USDT,
    USDTUSD,
    VENUE,
    at,
    d,
    leg_one,
    leg_two,
    limits,
    methods,
    opened,
    plan,
    programme,
    terms,
    ticket,
)
from tests.support.by_hand import Run, only, placed
from tests.support.desks import DESK, OTHER, Desks, finishing
from tests.support.desks import two as two_desks

MINUTES = tuple(f"00:{minute:02d}" for minute in range(59))
LOOKERS = (VenueName("kraken"), VenueName("coinbase"))


def test_what_a_cap_on_the_whole_leg_leaves_is_sold_where_most_is_paid() -> None:
    """Two slices are behind, 5 BTC; a minute takes 250 USDT. The second venue pays half a percent more."""
    run = Run(two(limits=limits(minute_notional_max=d("250"))), methods()).ready()
    run.price("99.99", "100.01", live=False)
    run.price("99.99", "100.01", venue=OTHER, live=False)
    run.due("00:00")
    run.price("99.70", "99.72")
    run.price("100.20", "100.22", venue=OTHER)
    assert [venue for venue, _ in coins(run.due("00:01"))] == [OTHER]


def test_the_days_quota_is_sold_where_most_is_paid() -> None:
    """A quarter a day may be sold, and all is wanted at once; the first of the mandate pays half a percent less."""
    day = programme(quota=d("0.25"))
    first = two()
    run = Run(replace(first, plan=replace(first.plan, programme=day)), methods()).ready()
    run.people(Finish(By.SWEEP))
    run.price("99.70", "99.72")
    run.price("100.20", "100.22", venue=OTHER)
    assert [venue for venue, _ in coins(run.due("00:01"))] == [OTHER]


def test_the_last_order_pays_the_minimum_fee_on_two_venues_as_it_does_on_one() -> None:
    """As with one venue: 2 BTC are left at the end, and no company will ever come."""
    dear = replace(CAPABILITIES, taker_fee=d("0.002"), fee_min=d("1.6"))
    first = two(leg={"quantity": d("2"), "window": Span(0)}, capabilities=dict.fromkeys(BOTH, dear))
    run = Run(first, methods()).ready()
    assert total(o.quantity for when in MINUTES for o in placed(run.due(when))) == 2


def test_a_little_stablecoin_at_each_of_two_venues_does_not_grow_old_and_stop_the_sale() -> None:
    """Two orders are filled in part, 40 USDT each; a sweep of 40 is not worth its minimum fee of half a dollar."""
    dear = replace(CAPABILITIES, taker_fee=d("0.002"), fee_min=d("0.5"))
    first = two(leg={"window": Span(40 * MINUTE)}, capabilities=dict.fromkeys(BOTH, dear))
    run = Run(first, methods() | {ONE: Method(twap(START, at("00:40"), 2), Cross())}).ready()
    for venue in BOTH:
        run.price("99.99", "100.01", venue=venue, bids=(Level(d("99.99"), d("2.6")),))
    for order in placed(run.due("00:00")):
        run.answer(order, r.Done())
        run.fill(order, "0.4")
        run.report(order, r.OrderStatus.CANCELLED, "0.4")
    for venue in BOTH:
        run.price("99.99", "100.01", venue=venue, live=False)
    for when in MINUTES[1:]:
        if when == "00:10":
            for venue in BOTH:
                run.price("99.99", "100.01", venue=venue)
        for order in placed(run.due(when)):
            run.sold(order)
    assert run.state.legs[ONE].sold == 10


def test_a_bid_that_is_never_there_when_it_is_taken_does_not_keep_the_others_from_buying() -> None:
    """The first venue shows a cent more than the second, and every order that goes there expires unfilled."""
    run = Run(two(), methods()).ready()
    run.price("100.00", "100.02")
    for when in MINUTES:
        for order in placed(run.due(when)):
            _ = run.expired(order) if (order.venue, order.sell) == (VENUE, BTC) else run.sold(order)
    assert run.state.legs[ONE].sold == 10


def test_what_is_shared_among_venues_is_posted_on_each_of_them() -> None:
    """A chase that never moves: one order on each of two venues, 1.25 BTC each."""
    chase = Chase(every=Span(10 * SECOND), before=Span(10 * SECOND), step_bp=d("1"), replaces=0)
    run = Run(two(), methods() | {ONE: Method(twap(START, at("00:04"), 4), chase)}).ready()
    assert total(o.quantity for o in placed(run.due("00:00"))) == d("2.5")


def test_a_slice_that_is_named_beyond_a_million_does_not_end_the_core() -> None:
    """Slices of a second, all of the window and the days after it blocked by a dark book; then it is light."""
    legs = (leg_one(), leg_two())
    long = replace(plan(*legs), deadline=Deadline(after=Span(30 * DAY)))
    run = Run(opened(plan=long), methods() | {ONE: Method(twap(START, at("00:04"), 240), Cross())}).ready()
    assert placed(run.due_at(Instant(START + 12 * DAY)))


def test_a_floor_in_fiat_is_not_lowered_by_one_venues_wick_in_the_stablecoin() -> None:
    """100 USD a BTC, and 99 USDT are bid. One book bids 1.05 for a USDT; two others say that it is worth a dollar."""
    floor = Floor(d("100"), USD, FloorScope.FILL)
    first = opened(
        terms=terms(holdings=(Holding(BTC, d("10"), d("10"), floor, None),)), plan=plan(leg_one(floor=floor), leg_two())
    )
    run = Run(first, methods()).ready()
    for venue in LOOKERS:
        run.price("0.9999", "1.0001", USDTUSD, venue=venue, pair="USDT/USD")
    run.price("98.99", "99.01")
    run.price("1.0500", "1.0502", USDTUSD)
    assert [o.price for o in placed(run.due("00:00")) if o.sell == BTC] == []


def test_a_quote_that_was_taken_is_not_cancelled_when_people_choose_to_sweep_after_all() -> None:
    """The outcome is unknown, the tactic sees something of ours at the venue, and pulls it."""
    peg = Method(twap(START, at("00:04"), 4), Peg(Span(5 * SECOND), Span(50 * SECOND)))
    run = Desks(two_desks(), methods() | {ONE: peg})
    run.ready()
    asks = run.finish()
    for ask in asks:
        run.quotes(ask, "999.95")
    (taken,) = only(c.AcceptQuote, run.due("00:00:02"))
    run.accepts(taken, r.Unknown("timeout"))
    run.people(Finish(By.SWEEP))
    cancels = [cancel for when in ("00:00:30", "00:00:55") for cancel in only(c.Cancel, run.due(when))]
    assert [cancel.client_id for cancel in cancels] == []


def test_a_quote_that_is_taken_is_not_said_to_have_lost() -> None:
    """The desk pays to the cent what the books do: 10 at 99.99."""
    run, (ask, *_) = finishing()
    run.quotes(ask, "999.9")
    taken = only(c.AcceptQuote, run.due("00:00:02"))
    told = [(t.comparison.judged[0].lost if t.comparison else "nothing was compared") for t in taken]
    assert told in ([], [""])


def test_quotes_at_the_end_of_the_window_do_not_keep_coins_that_no_desk_can_reach_from_the_books() -> None:
    """All coins lie at a venue without a desk; the other has one, and nothing to sell there."""
    leg = {"at_end": AtEnd.RFQ}
    first = two(there="0", leg=leg, capabilities={VENUE: CAPABILITIES, OTHER: DESK})
    run = Run(first, methods()).ready()
    for when in ("00:00", "00:01", "00:02"):
        for order in placed(run.due(when)):
            run.sold(order)
    for when in MINUTES[4:]:
        for order in placed(run.due(when)):
            run.sold(order)
    assert run.state.legs[ONE].remaining == ZERO


def test_a_peg_that_follows_the_market_keeps_an_order_for_the_end_of_its_slice() -> None:
    """A slice of ten minutes, and an offer that falls by a cent every five seconds: fifty orders last for eight."""
    wide = limits(minute_notional_max=d("100000"))
    peg = Method(twap(START, at("00:30"), 3), Peg(Span(5 * SECOND), Span(10 * SECOND)))
    run = Run(opened(limits=wide, plan=plan(leg_one(window=Span(30 * MINUTE)), leg_two())), methods() | {ONE: peg})
    run.ready()
    withheld = []
    for step in range(119):
        price = d("100") - step * d("0.01")
        run.price(str(price - d("0.01")), str(price + d("0.01")))
        commands = run.due_at(Instant(START + step * 5 * SECOND))
        withheld += [denied.limit for one in only(c.Withheld, commands) for denied in one.denied]
        for order in placed(commands):
            run.answer(order, r.Done())
        for cancel in only(c.Cancel, commands):
            run.report(run.state.live[cancel.client_id].child, r.OrderStatus.CANCELLED, "0")
    assert withheld == []


def test_quotes_that_nobody_can_give_are_not_silently_the_pace_of_before() -> None:
    """`at_end = "rfq"` was approved, and the only venue has no desk: the plan should never have been made."""
    run = Run(opened(plan=plan(leg_one(at_end=AtEnd.RFQ), leg_two())), methods()).ready()
    run.price("99.99", "100.01", live=False)
    for minute in range(4):
        run.due(f"00:{minute:02d}")
    run.price("99.99", "100.01")
    assert coins(run.due("00:04")) == []


def test_two_venues_sell_into_a_falling_market_as_one_does() -> None:
    """Both books fall by two cents a second, and by as much while an order is on its way; the collar allows forty."""
    run = Run(two(), methods()).ready()
    for second in range(240):
        bid = d("99.99") - second * d("0.02")
        for venue in BOTH:
            run.price(str(bid), str(bid + d("0.02")), venue=venue)
        there = bid - d("0.02")
        for order in placed(run.due_at(Instant(START + second * SECOND))):
            if order.sell != BTC:
                run.sold(order)
            elif order.price <= there:
                run.sold(order, str(there))
            else:
                run.expired(order)
    assert run.state.legs[ONE].sold == 10


def test_a_deal_whose_fee_is_taken_in_coin_is_held_against_the_floor_after_that_fee() -> None:
    """1 BTC for 99.90, and 2 more as a fee: 33.30 a coin. The floor is 99."""
    floor = Floor(d("99"), USDT, FloorScope.FILL)
    held = terms(holdings=(Holding(BTC, d("10"), d("10"), floor, None),))
    run = Run(opened(terms=held, plan=plan(leg_one(floor=floor), leg_two())), methods()).ready()
    run.due("00:00:30")
    told = [*run.people(ticket(fee=Amount(d("2"), BTC))), *run.due("00:00:40")]
    assert only(c.Book, told) == []


def test_people_who_choose_to_sweep_are_heard_though_quotes_were_approved_for_the_end() -> None:
    """The desks bring nothing, and two people say: sell it in the books. The plan's own rule goes on asking."""
    first = opened(plan=plan(leg_one(at_end=AtEnd.RFQ), leg_two()), capabilities={VENUE: DESK})
    run = Run(first, methods()).ready()
    run.price("99.99", "100.01", live=False)
    for minute in range(4):
        run.due(f"00:{minute:02d}")
    run.due("00:05")
    run.people(Finish(By.SWEEP))
    run.price("99.99", "100.01")
    assert coins(run.due("00:06")) == [(VENUE, "6")]
