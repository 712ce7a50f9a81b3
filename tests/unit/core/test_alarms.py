"""What is wrong or wanted, cause by cause; and that an ordinary run has nothing to tell but its end."""

from typing import Any

from msgspec.structs import replace

from engine.alarms import Alarm, Cause, alarms, compare
from engine.events import CaseChanged, Opened
from engine.kernel.clock import DAY, Instant
from engine.kernel.ids import VenueName
from engine.mandate.deposit import DepositRule, Valuation
from engine.mandate.standing import CaseStanding
from engine.mandate.terms import Floor, FloorScope
from engine.market.instrument import Instrument
from engine.orders import events as e
from engine.orders import reports as r
from engine.orders.events import Wish
from tests.support.builders import (
    BTC,
    CAPABILITIES,
    COIN,
    LICENCE,
    START,
    USD,
    USDTUSD,
    VENUE,
    d,
    leg_one,
    leg_two,
    limits,
    opened,
    plan,
    terms,
)
from tests.support.by_hand import Run, placed

OTHER = VenueName("osl")


def standing(run: Run) -> list[tuple[Cause, str]]:
    return [(alarm.cause, alarm.key) for alarm in alarms(run.state)]


def the(run: Run) -> Alarm:
    (alarm,) = alarms(run.state)
    return alarm


def floored(price: str, *instruments: Instrument, currency: str = "USDT", **changes: Any) -> Opened:
    one = leg_one(floor=Floor(d(price), type(USD)(currency), FloorScope.FILL), instruments=instruments or (COIN,))
    return opened(plan=plan(one, leg_two()), **changes)


def two() -> Opened:
    """10 BTC at each of two venues."""
    coin = replace(COIN, venue=OTHER)
    return floored(
        "105",
        COIN,
        coin,
        terms=terms(venues=(VENUE, OTHER)),
        licences={VENUE: LICENCE, OTHER: replace(LICENCE, venue=OTHER)},
        capabilities={VENUE: CAPABILITIES, OTHER: CAPABILITIES},
        balances={name: (r.Balance(BTC, d("10"), d("0")),) for name in (VENUE, OTHER)},
    )


def test_a_run_without_faults_has_nothing_to_tell_until_it_is_done() -> None:
    """Looked at after every event of four slices, their sweeps, and the last survey."""
    run, seen = Run().ready(), set[tuple[Cause, str]]()
    for when in ("00:00", "00:01", "00:02", "00:03", "00:04", "00:06", "00:08"):
        for order in placed(run.due(when)):
            seen |= set(standing(run))
            run.sold(order)
            seen |= set(standing(run))
    for order in placed(run.due("00:10")):
        run.sold(order)
    run.survey()
    assert seen == set()
    assert run.state.finished == "done"
    run.state.closed = "done"
    assert the(run) == Alarm(
        Cause.DONE, run.opened.run, "done: BTC sold 10 of 10; USDT sold 996 of 996; hashkey confirmed flat", grave=False
    )


def test_a_floor_that_no_venue_pays_is_told_for_its_leg_with_the_distance() -> None:
    run = Run(floored("105")).ready()
    run.due("00:00")
    alarm = the(run)
    told = "leg 1 waits for its floor: hashkey: the floor of 105 USDT (BTC, fixed) is 5.01 % above the best bid 99.99"
    assert (alarm.cause, alarm.key, alarm.grave, alarm.text[: len(told)]) == (Cause.FLOOR_BLOCK, "1", False, told)


def test_a_floor_in_dollars_is_held_against_what_the_stablecoin_brings() -> None:
    """100 dollars are 100.02 USDT at a bid of 0.9999, and the book bids 99.99."""
    run = Run(floored("100", currency="USD")).ready()
    run.due("00:00")
    assert standing(run) == [(Cause.FLOOR_BLOCK, "1")]


def test_a_floor_that_one_of_two_venues_pays_blocks_nothing() -> None:
    run = Run(two()).ready()
    run.price("106", "106.02", venue=OTHER)
    run.due("00:00")
    assert standing(run) == []


def test_a_floor_block_is_over_when_the_price_comes_back() -> None:
    run = Run(floored("105")).ready()
    run.due("00:00")
    run.price("105.01", "105.03")
    run.due("00:01")
    assert standing(run) == []


def test_what_the_last_decision_showed_stands_until_the_next_however_old_it_is() -> None:
    """Ten minutes between two decisions, in which an account is read: nobody looked at a book, and that is no fault."""
    paid, blocked = Run(floored("90")).ready(), Run(floored("105")).ready()
    for run in (paid, blocked):
        run.due("00:00")
        run.later(600)
        run.survey()
    assert (standing(paid), standing(blocked)) == ([], [(Cause.FLOOR_BLOCK, "1")])


def test_a_stablecoin_that_left_its_peg_is_told_by_its_name() -> None:
    """Three minutes, 79 bp under par."""
    run = Run().ready()
    run.price("0.9920", "0.9922", USDTUSD)
    for when in ("00:00", "00:01", "00:02"):
        run.due(when)
    assert the(run) == Alarm(
        Cause.DEPEG,
        "USDT",
        "USDT stands at -79 bp by 1 source, par is 1 USD: no more of it is made, and what is there is still sold: "
        "3 minutes in a row off its peg: -79 bp by 1 source",
        grave=True,
    )


def test_an_order_without_an_answer_is_told_with_the_quantity_that_stays_frozen() -> None:
    run = Run().ready()
    (order,) = placed(run.due("00:00"))
    run.unanswered(order)
    assert the(run).text == (
        f"what became of order {order.client_id} at hashkey? 2.5 BTC stay frozen until the venue's records tell"
    )
    run.not_found(order)
    run.not_found(order)
    assert standing(run) == []


def test_a_stream_that_breaks_makes_a_venue_dark_and_nothing_of_the_other() -> None:
    run = Run(two()).ready()
    run.price("106", "106.02")
    run.due("00:00")
    run.stream(up=False, venue=OTHER)
    assert standing(run) == [(Cause.VENUE_DARK, OTHER)]


def test_a_stream_that_is_not_up_yet_has_a_minute_before_it_counts_as_dark() -> None:
    run = Run()
    run.restart(1)
    first = standing(run)
    run.later(61)
    run.asked(Wish.RESUME)
    assert (first, standing(run)) == ([], [(Cause.VENUE_DARK, VENUE)])


def test_a_venue_without_a_continuous_book_is_dark() -> None:
    run = Run().ready()
    run.price("100", "100.02", live=False)
    run.due("00:00")
    assert the(run).text == "hashkey is dark: no continuous book of BTCUSDT"


def test_a_venue_that_is_closed_says_so_in_one_alarm_whatever_else_is_missing() -> None:
    run = Run().ready()
    run.feed(e.ModeChanged(run.now, VENUE, r.Mode.MAINTENANCE))
    run.stream(up=False)
    assert the(run).text == "hashkey is dark: maintenance; its private stream is down"


def test_a_venue_that_refuses_our_keys_is_grave() -> None:
    run = Run().ready()
    (order,) = placed(run.due("00:00"))
    run.answer(order, r.Refused("-2015", "invalid key", stop_venue=True))
    assert (the(run).cause, the(run).grave) == (Cause.VENUE_DARK, True)


def test_an_order_that_the_gate_withheld_at_a_bound_is_told_with_the_bound() -> None:
    """One order a minute is allowed, and the second leg wants a second one."""
    run = Run(opened(limits=limits(minute_orders_max=1))).ready()
    (order,) = placed(run.due("00:00"))
    run.sold(order)
    run.due("00:00:20")
    assert the(run).text == "leg 2: an order was withheld at hashkey: minute orders: 2 against 1"


def test_an_order_that_was_withheld_because_the_account_was_out_of_step_hit_no_bound() -> None:
    run = Run()
    run.restart(1)
    run.due("00:00")
    assert run.state.legs[leg_one().id].denied
    assert standing(run) == []


def test_a_difference_of_balances_is_told_once_it_was_read_twice() -> None:
    run = Run().ready()
    run.survey(USDT="0.01")
    once = standing(run)
    run.survey(USDT="0.01")
    assert (once, standing(run)) == ([], [(Cause.DIFFERENCE, VENUE)])
    assert "0.01 USDT" in the(run).text


def test_a_halt_is_told_with_its_reason_and_outlasts_the_run() -> None:
    run = Run().ready()
    run.due("00:00")
    run.asked(Wish.HALT)
    assert the(run).text == "halted: asked by operator; nothing new is sent"
    run.state.finished = run.state.closed = "halted"
    assert [cause for cause, _ in standing(run)] == [Cause.HALT, Cause.DONE]


def test_the_end_of_an_unresolved_run_names_what_is_frozen_and_what_is_unverified() -> None:
    run = Run().ready()
    (order,) = placed(run.due("00:00"))
    run.unanswered(order)
    run.stream(up=False)
    run.asked(Wish.HALT)
    run.due("00:10:01")
    run.state.closed = run.state.finished
    told = {alarm.cause: alarm for alarm in alarms(run.state)}
    assert set(told) == {Cause.UNKNOWN, Cause.HALT, Cause.DONE}
    assert told[Cause.DONE].text == (
        "unresolved: BTC sold 0 of 10; USDT sold 0 of 0; 2.5 BTC unknown at hashkey; hashkey unverified"
    )
    assert told[Cause.DONE].grave


def test_a_deposit_that_covers_too_little_is_told_with_what_is_lacking_until_it_is_topped_up() -> None:
    """10 BTC are out of custody, worth 1,000 dollars; 1,040 are there, and 1.05 times the value is wanted."""
    rule = DepositRule(currency=USD, ratio=d("1.05"), limit=d("1"), valuation=Valuation.CURRENT)
    run = Run(opened(limits=limits(deposit=rule), standing=CaseStanding(deposit={USD: d("1040")}))).ready()
    run.due("00:00")
    run.later(600)
    run.survey()
    low = [alarm for alarm in alarms(run.state) if alarm.cause is Cause.COVER_LOW]
    run.feed(CaseChanged(run.now, CaseStanding(deposit={USD: d("1050")})))
    assert [(alarm.key, alarm.grave) for alarm in low] == [("USD", True)]
    assert low[0].text.endswith("; 10 USD more is wanted")
    assert Cause.COVER_LOW not in [cause for cause, _ in standing(run)]


def test_a_hold_and_a_suspension_of_the_case_are_two_things() -> None:
    run = Run().ready()
    run.feed(CaseChanged(run.now, CaseStanding(held="court order 7", suspended="stocktaking")))
    assert standing(run) == [(Cause.HELD, "held"), (Cause.HELD, "suspended")]
    run.feed(CaseChanged(run.now, CaseStanding()))
    assert standing(run) == []


def test_a_licence_that_runs_out_within_three_days_is_told_in_production_alone() -> None:
    soon = replace(LICENCE, valid_until=Instant(START + 2 * DAY))
    later = replace(LICENCE, valid_until=Instant(START + 4 * DAY))
    production = [Run(opened(environment="production", licences={VENUE: held})) for held in (soon, later)]
    assert [standing(run) for run in production] == [[(Cause.KEY_EXPIRING, VENUE)], []]
    assert standing(Run(opened(licences={VENUE: soon}))) == []


def test_the_same_cause_and_key_with_another_text_is_the_same_alarm() -> None:
    before = [Alarm(Cause.DEPEG, "USDT", "0.99", grave=True), Alarm(Cause.HALT, "run", "why", grave=True)]
    now = [Alarm(Cause.DEPEG, "USDT", "0.98", grave=True), Alarm(Cause.DEPEG, "USDC", "0.98", grave=True)]
    assert compare(before, now) == ((now[1],), (before[1],))
