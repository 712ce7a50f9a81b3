"""A daily quota over several days: by the local day of the fills' own times, with unknown orders counted."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.core.hindering import hindrance
from engine.core.world import today
from engine.events import Opened
from engine.kernel.clock import DAY, HOUR, MINUTE, Instant, Span
from engine.kernel.ids import VenueName
from engine.kernel.money import ZERO, total
from engine.mandate.hours import day
from engine.mandate.programme import Carry
from engine.mandate.terms import Deadline
from engine.orders import commands as c
from engine.orders import events as e
from engine.orders import reports as r
from engine.orders.order import ChildOrder
from engine.planning.plan import Plan
from tests.support.builders import (
    BTC,
    CAPABILITIES,
    COIN,
    LICENCE,
    ONE,
    STABLE,
    START,
    VENUE,
    d,
    days,
    hours,
    leg_one,
    leg_two,
    opened,
    programme,
    report,
    terms,
    ticket,
)
from tests.support.by_hand import Run, again, placed, turned

OTHER = VenueName("osl")
MIDNIGHT = Instant(START + 16 * HOUR)
"""Eight hours ahead of UTC; the run begins at eight in the morning."""


def quota(carry: Carry = Carry.NONE, share: str = "0.3") -> Run:
    hong_kong = hours(offset=Span(8 * HOUR))
    return Run(opened(plan=days(programme(hours=hong_kong, quota=d(share), carry=carry)))).ready()


def of_one(orders: list[ChildOrder]) -> list[ChildOrder]:
    return [order for order in orders if order.leg == ONE]


def through(run: Run, begins: Instant, minutes: int = 10) -> Decimal:
    """A decision every minute, in which everything is sold; how much of it was BTC."""
    before = run.state.legs[ONE].sold
    for minute in range(minutes):
        for order in placed(run.due_at(Instant(begins + minute * MINUTE))):
            run.sold(order)
    return run.state.legs[ONE].sold - before


def test_a_day_sells_its_quota_and_not_a_lot_more() -> None:
    """The schedule wants all 10 within four minutes."""
    assert through(quota(), START) == 3


def test_what_the_quota_holds_back_is_said_and_nothing_is_withheld() -> None:
    """An order is made to fit before the gate judges it."""
    run = quota()
    through(run, START)
    assert [row for row in run.rows if isinstance(row, c.Withheld)] == []
    assert hindrance(run.state, run.state.plan.leg(ONE)).startswith("the day's quota of 3")


def test_a_new_day_begins_at_local_midnight() -> None:
    run = quota()
    through(run, START)
    assert through(run, Instant(MIDNIGHT - 5 * MINUTE), 5) == 0
    assert through(run, MIDNIGHT) == 3


@pytest.mark.parametrize(
    ("carry", "sold"), [(Carry.NONE, ["3", "3"]), (Carry.NEXT, ["6", "3"]), (Carry.ALL, ["6", "3"])]
)
def test_what_an_idle_day_left_lapses_or_comes_on_top(carry: Carry, sold: list[str]) -> None:
    """Nobody bids on the first day."""
    run = quota(carry)
    run.price("99.99", "100.01", bids=())
    through(run, START)
    run.price("99.99", "100.01")
    assert [through(run, MIDNIGHT, 30), through(run, Instant(MIDNIGHT + DAY), 30)] == [d(units) for units in sold]


def test_a_fill_counts_for_the_day_on_which_it_was_made_though_we_learn_of_it_later() -> None:
    """1 BTC sold at five to midnight, told at one minute past: the new day has all of its 3 left."""
    run = quota()
    (order,) = of_one(placed(run.due_at(Instant(MIDNIGHT - 5 * MINUTE))))
    run.answer(order, r.Done())
    late = run.execution(order, "1")
    run.now = Instant(MIDNIGHT + MINUTE)
    run.told(late)
    run.report(order, r.OrderStatus.CANCELLED, "1")
    assert run.state.legs[ONE].days == {"2026-05-02": d("1")}
    assert through(run, Instant(MIDNIGHT + 2 * MINUTE)) == 3


def test_what_is_told_a_day_late_still_takes_from_the_day_of_its_own() -> None:
    """2.5 were lost sight of in the morning and are found in the evening: 0.5 are left of the day."""
    run = quota()
    (order,) = of_one(placed(run.due_at(START)))
    run.unanswered(order)
    run.later(10 * 3600)
    fills = (replace(run.execution(order, "2.5"), at=START),)
    run.looked_up(order, r.Found(report(r.OrderStatus.FILLED, "2.5", order), fills))
    assert through(run, Instant(START + 11 * HOUR)) == d("0.5")


def two_venues() -> Opened:
    """10 BTC at each of two venues, 3 a day."""
    coin, stable = replace(COIN, venue=OTHER), replace(STABLE, venue=OTHER)
    legs = (leg_one(instruments=(COIN, coin)), leg_two(instruments=(STABLE, stable)))
    both = (VENUE, OTHER)
    return opened(
        terms=terms(venues=both),
        plan=Plan(legs=legs, deadline=Deadline(after=Span(4 * DAY)), programme=programme(quota=d("0.3"))),
        licences={venue: replace(LICENCE, venue=venue) for venue in both},
        capabilities=dict.fromkeys(both, CAPABILITIES),
        balances={venue: (r.Balance(BTC, d("10"), d("0")),) for venue in both},
    )


def test_an_unknown_order_counts_towards_the_quota_until_its_fate_is_known() -> None:
    """2.5 have no answer at the first venue; the other may sell 0.5, and all 3 once nothing was ever sold."""
    run = Run(two_venues()).ready()
    (lost,) = placed(run.due_at(START))
    run.unanswered(lost)
    others = through(run, Instant(START + MINUTE))
    run.not_found(lost)
    run.not_found(lost)
    assert (others, through(run, Instant(START + 20 * MINUTE))) == (d("0.5"), d("2.5"))


def test_a_deal_by_voice_is_not_held_to_the_quota_and_uses_it_up() -> None:
    """4 by voice on a day of 3: the book gets nothing more today, and its whole quota tomorrow."""
    run = quota()
    run.due_at(START)
    (order,) = [o.child for o in run.state.live.values()]
    run.expired(order)
    run.people(ticket(quantity=d("4"), dealt_at=run.now))
    run.totals[VENUE, BTC] -= d("4")
    run.totals[VENUE, leg_one().buy] = d("399.60")
    assert run.state.legs[ONE].sold == 4
    assert through(run, Instant(START + 10 * MINUTE)) == 0
    assert through(run, MIDNIGHT) == 3


def test_a_run_without_a_programme_has_no_quota() -> None:
    run = Run().ready()
    assert today(run.state, run.state.plan.leg(ONE)) is None


def test_the_leg_that_sells_stablecoin_on_has_no_quota() -> None:
    """What leg one brings is swept whole."""
    run = quota()
    through(run, START)
    (onward,) = [leg for name, leg in run.state.legs.items() if name != ONE]
    assert (onward.total, onward.remaining) == (d("298.80"), 0)


FATES = ("sold", "sold", "half", "nothing", "lost", "late")
WALKS = st.lists(st.tuples(st.integers(1, 260), st.sampled_from(FATES)), min_size=5, max_size=50)


@settings(max_examples=80)
@given(WALKS, st.sampled_from([Carry.NONE, Carry.NEXT, Carry.ALL]))
def test_over_three_days_no_local_day_ever_sells_more_than_its_quota(walk: list[tuple[int, str]], carry: Carry) -> None:
    """Minutes go by; orders are filled, in part or whole, lost and found again a turn later, or told at once."""
    run, when, owed = quota(carry), START, list[tuple[ChildOrder, r.Fill]]()
    for minutes, fate in walk:
        when = Instant(when + minutes * MINUTE)
        for order, fill in owed:
            run.told(fill)
            run.report(order, r.OrderStatus.FILLED, str(order.quantity))
        owed.clear()
        for order in placed(run.due_at(when)):
            _met(run, order, fate, owed)
    sold = dict[str, Decimal]()
    for fill in (row.fill for row in run.rows if isinstance(row, e.Filled) and row.fill.symbol == COIN.symbol):
        local = day(hours(offset=Span(8 * HOUR)), fill.at)
        sold[local] = sold.get(local, ZERO) + fill.quantity
    assert sold == run.state.legs[ONE].days
    bounds = {Carry.NONE: 3, Carry.NEXT: 6, Carry.ALL: 10}
    assert all(units <= bounds[carry] for units in sold.values())
    ordered = sorted(sold)
    assert all(total(sold[name] for name in ordered[:n]) <= 3 * _number(ordered[n - 1]) for n in range(1, len(ordered)))


def _number(name: str) -> int:
    """The first day is 1."""
    return int(name[-2:]) - 1


def _met(run: Run, order: ChildOrder, fate: str, owed: list[tuple[ChildOrder, r.Fill]]) -> None:
    match fate:
        case "sold":
            run.sold(order)
        case "half":
            run.answer(order, r.Done())
            half = COIN.sellable(order.quantity / 2)
            _ = run.fill(order, str(half)) if half else None
            run.report(order, r.OrderStatus.CANCELLED, str(half))
        case "late":
            run.answer(order, r.Done())
            owed.append((order, run.execution(order, str(order.quantity))))
        case "lost":
            run.unanswered(order)
            owed.append((order, run.execution(order, str(order.quantity))))
        case _:
            run.expired(order)


def test_days_with_a_quota_are_decided_again_from_the_rows_alone() -> None:
    run = quota(Carry.NEXT)
    through(run, START)
    through(run, MIDNIGHT)
    assert again(run) == turned(run)
