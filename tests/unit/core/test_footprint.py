"""Our share of what is traded: limited by venue and market, made to fit before the gate, and said where it hinders."""

from typing import Any

from msgspec.structs import replace

from engine.core.footing import footings, others
from engine.core.hindering import hindrance
from engine.core.state import State
from engine.events import Opened
from engine.kernel.clock import MINUTE, Instant, Span
from engine.kernel.ids import VenueName
from engine.kernel.money import ZERO
from engine.mandate.terms import Holding
from engine.market.footprint import FootprintRule, Shares
from engine.orders import commands as c
from engine.orders.reports import Balance, Done, OrderStatus
from tests.support.builders import (
    BTC,
    BTCUSDT,
    CAPABILITIES,
    COIN,
    LICENCE,
    ONE,
    STABLE,
    START,
    TWO,
    VENUE,
    book,
    d,
    leg_one,
    leg_two,
    limits,
    opened,
    plan,
    terms,
    ticket,
)
from tests.support.by_hand import Commands, Run, again, only, placed, turned

OTHER, ASIDE = VenueName("osl"), VenueName("kraken")
NONE, TENTH = Shares(), Shares(minute=d("0.1"))


def limited(venue: Shares = NONE, market: Shares = NONE, **changes: Any) -> Opened:
    return opened(limits=limits(footprint=FootprintRule(venue=venue, market=market)), **changes)


class Tape:
    """A run whose pair others trade in every minute; time goes on by whole minutes."""

    def __init__(self, first: Opened) -> None:
        self.run, self.shown = Run(first).ready(), ZERO

    def minute(self, volume: str, own: str = "0") -> Commands:
        """A minute ends in which so much was traded, and of ours so much was printed."""
        self.shown += d(volume) + d(own)
        self.run.price("99.99", "100.01", volume=self.shown)
        return self.run.due_at(Instant((self.run.now // MINUTE + 1) * MINUTE))

    @property
    def state(self) -> State:
        return self.run.state


def learned(first: Opened) -> Tape:
    """The first minute has passed: it taught that 9 a minute are ordinary, and counted nothing."""
    tape = Tape(first)
    assert placed(tape.run.due("00:00")) == []
    assert placed(tape.minute("9")) == []
    return tape


def test_what_is_sold_in_a_minute_fits_what_counted_of_the_minute_before() -> None:
    """A tenth of all: 9 of others' allow 1 of ours."""
    tape = learned(limited(TENTH))
    (order,) = placed(tape.minute("9"))
    assert order.quantity == 1


def test_what_live_orders_may_still_sell_counts_as_sold() -> None:
    tape = learned(limited(TENTH))
    (order,) = placed(tape.minute("9"))
    (footing,) = footings(tape.state, tape.state.plan.leg(ONE), VENUE)
    assert (footing.ours, footing.others, footing.room) == (1, 9, 0)
    (without,) = footings(tape.state, tape.state.plan.leg(ONE), VENUE, besides=order.client_id)
    assert without.room == 1


def test_the_next_minute_has_room_of_its_own() -> None:
    tape = learned(limited(TENTH))
    (first,) = placed(tape.minute("9"))
    tape.run.sold(first)
    assert placed(tape.run.due("00:02:30")) == []
    (second,) = placed(tape.minute("9", own="1"))
    assert second.quantity == 1


def test_an_hour_that_is_used_up_holds_the_sale_back_and_says_so() -> None:
    """A fortieth of an hour: of four minutes of 9 three count, which allows 0.692 of ours."""
    tape = learned(limited(Shares(hour=d("0.025"))))
    sold = [ZERO]
    for _ in range(3):
        (order,) = placed(tape.minute("9", own=str(sold[-1])))
        tape.run.sold(order)
        sold.append(order.quantity)
    assert sum(sold) == d("0.692")
    assert hindrance(tape.state, tape.state.plan.leg(ONE)) == (
        "our share of what counts of the venue per hour is at its cap of 2.5%"
    )


def test_a_burst_sells_nothing() -> None:
    tape = learned(limited(TENTH))
    for _ in range(12):
        for order in placed(tape.minute("9")):
            tape.run.expired(order)
    assert placed(tape.minute("9000")) == []


def test_nothing_is_withheld_since_every_intent_is_made_to_fit() -> None:
    tape = learned(limited(TENTH, Shares(hour=d("0.05"))))
    withheld = [one for _ in range(10) for one in only(c.Withheld, tape.minute("9"))]
    assert withheld == []


def test_a_run_under_a_footprint_looks_every_minute() -> None:
    slow = leg_one(window=Span(400 * MINUTE))
    run = Run(limited(TENTH, plan=plan(slow))).ready()
    run.due("00:00")
    assert run.state.wakes[0] == START + MINUTE


def test_a_deal_by_voice_is_no_part_of_a_footprint() -> None:
    tape = learned(limited(TENTH))
    tape.run.people(ticket(dealt_at=tape.run.now))
    (order,) = placed(tape.minute("9"))
    assert order.quantity == 1


def test_stablecoin_is_passed_on_without_a_footprint() -> None:
    run = Run(limited(TENTH)).ready()
    assert footings(run.state, run.state.plan.leg(TWO), VENUE) == ()


def two_venues(rule: FootprintRule) -> Opened:
    coin, stable, both = replace(COIN, venue=OTHER), replace(STABLE, venue=OTHER), (VENUE, OTHER)
    return opened(
        limits=limits(footprint=rule),
        terms=terms(venues=both, holdings=(Holding(BTC, d("20"), d("20"), None, None),)),
        plan=plan(leg_one(instruments=(COIN, coin), quantity=d("20")), leg_two(instruments=(STABLE, stable))),
        licences={venue: replace(LICENCE, venue=venue) for venue in both},
        capabilities=dict.fromkeys(both, CAPABILITIES),
        balances={venue: (Balance(BTC, d("10"), d("0")),) for venue in both},
    )


def test_each_venue_has_a_limit_of_its_own() -> None:
    """9 a minute here and 4.5 there: a tenth of all is 1 here and half of it there."""
    run = Run(two_venues(FootprintRule(venue=TENTH))).ready()
    for minute in range(1, 3):
        run.price("99.99", "100.01", volume=d("9") * minute)
        run.price("99.99", "100.01", volume=d("4.5") * minute, venue=OTHER)
        orders = placed(run.due_at(Instant(START + minute * MINUTE)))
    assert {order.venue: order.quantity for order in orders} == {VENUE: 1, OTHER: d("0.5")}


def test_the_market_is_every_venue_that_is_shown_and_none_counts_for_more_than_the_others() -> None:
    """9 here, 4.5 on a venue for reference: 4.5 and 4.5 count, and a tenth of all is 1."""
    run = Run(limited(market=TENTH)).ready()
    for minute in range(1, 3):
        run.price("99.99", "100.01", volume=d("9") * minute)
        run.books[ASIDE, BTCUSDT] = replace(
            book(BTCUSDT, "99.99", "100.01", venue=ASIDE, volume=d("4.5") * minute), pair="BTC/USDT"
        )
        orders = placed(run.due_at(Instant(START + minute * MINUTE)))
    assert [order.quantity for order in orders] == [1]
    (footing,) = footings(run.state, run.state.plan.leg(ONE), VENUE)
    assert (footing.scope, footing.others) == ("market", 9)


def test_a_venue_that_is_shown_no_more_counts_nothing_and_takes_nothing_away() -> None:
    """9 a minute here, 4.5 there: the other bounds this one while it is shown. Then this one is alone."""
    run = Run(limited(market=Shares(hour=d("0.1")))).ready()
    for minute in range(1, 4):
        run.price("99.99", "100.01", volume=d("9") * minute)
        aside = book(BTCUSDT, "99.99", "100.01", venue=ASIDE, volume=d("4.5") * minute)
        run.books[ASIDE, BTCUSDT] = replace(aside, pair="BTC/USDT")
        run.due_at(Instant(START + minute * MINUTE))
    (before,) = footings(run.state, run.state.plan.leg(ONE), VENUE)
    del run.books[ASIDE, BTCUSDT]
    run.due_at(Instant(START + 4 * MINUTE))
    (after,) = footings(run.state, run.state.plan.leg(ONE), VENUE)
    flow = run.state.flows[VENUE, BTCUSDT]
    assert flow.minutes is not None
    assert (before.others, after.others) == (18, flow.minutes.counted(60))


def test_a_share_of_the_whole_sale_is_held_against_what_counts() -> None:
    """Of 9, 9 and a burst, the first minute teaches, the second counts and the last does not."""
    tape = learned(limited(TENTH, plan=plan(leg_one(participation_max=d("0.25")), leg_two())))
    tape.minute("9")
    assert (others(tape.state, tape.state.plan.leg(ONE)), tape.state.legs[ONE].volume > 9) == (9, True)


def test_after_a_restart_what_was_known_stands_and_what_nobody_saw_counts_nothing() -> None:
    tape = learned(limited(Shares(hour=d("0.1"))))
    for order in placed(tape.minute("9")):
        tape.run.expired(order)
    tape.run.later(600)
    tape.run.restart(2)
    tape.shown = ZERO
    tape.minute("4")
    (footing,) = footings(tape.state, tape.state.plan.leg(ONE), VENUE)
    assert footing.others == 9 + 4


def test_a_run_under_a_footprint_is_decided_again_as_it_was() -> None:
    tape = learned(limited(TENTH, Shares(hour=d("0.05"))))
    for volume in ("9", "8", "9000", "7", "0", "9"):
        for order in placed(tape.minute(volume)):
            tape.run.answer(order, Done())
            tape.run.fill(order, str(order.quantity))
            tape.run.report(order, OrderStatus.FILLED, str(order.quantity))
    assert again(tape.run) == turned(tape.run)
