"""Floors of every kind and scope, from the rows that set them to the orders that they let through."""

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from engine.core.world import least_price
from engine.events import FloorSet, Opened
from engine.kernel.clock import DAY, SECOND, Instant, Span
from engine.mandate.instructions import Amend
from engine.mandate.terms import Floor, FloorFees, FloorScope, Holding, Without
from engine.orders import commands as c
from engine.orders import reports as r
from engine.orders.leg import Held
from engine.orders.order import ChildOrder
from tests.support.builders import (
    BTC,
    CAPABILITIES,
    COIN,
    ONE,
    START,
    USD,
    USDT,
    VENUE,
    average_floor,
    d,
    floor_version,
    leg_one,
    leg_two,
    opened,
    plan,
    terms,
)
from tests.support.by_hand import Commands, Run, again, placed, turned

PAID = replace(CAPABILITIES, taker_fee=d("0.001"), maker_fee=d("0.0005"))


def floored(floor: Floor, **changes: Any) -> Opened:
    """The standard run under a floor: 10 BTC in four slices of a minute, at a bid of 99.99."""
    holding = Holding(BTC, d("10"), d("10"), floor, None)
    standard: dict[str, Any] = {"terms": terms(holdings=(holding,)), "plan": plan(leg_one(floor=floor), leg_two())}
    return opened(**(standard | changes))


def moving(scope: FloorScope = FloorScope.FILL, **kind: Any) -> Floor:
    return Floor(d("0"), USDT, scope, kind.pop("fees", FloorFees.OUT), **kind)


def fixed(price: str, scope: FloorScope, fees: FloorFees = FloorFees.OUT) -> Floor:
    return Floor(d(price), USDT, scope, fees)


def setting(run: Run, day: str = "2026-05-02", price: str | None = "99.95", **changes: Any) -> None:
    """The shell tells that day's floor; `None` that there is none."""
    rule = run.state.plan.leg(ONE).floor
    assert rule is not None
    made = floor_version(rule.average, day=day, price=d(price), **changes) if price is not None else None
    lack = "" if made is not None else "19 of 20 days have a value"
    run.feed(FloorSet(at=run.now, asset=BTC, day=day, version=made, lack=lack))


def coins(commands: Commands) -> list[ChildOrder]:
    """The orders of the leg that has the floor."""
    return [order for order in placed(commands) if order.leg == ONE]


def limits(orders: list[ChildOrder]) -> list[Decimal]:
    return [order.price for order in orders]


# By average


def test_before_anybody_has_set_it_nothing_is_sold() -> None:
    run = Run(floored(moving(average=average_floor()))).ready()
    assert coins(run.due("00:00")) == []


def test_the_version_of_the_day_is_the_floor() -> None:
    run = Run(floored(moving(average=average_floor()))).ready()
    setting(run, price="99.95")
    assert limits(coins(run.due("00:00"))) == [d("99.95")]


def test_with_the_day_the_version_is_over() -> None:
    """At midnight nothing is sold until there is one of the new day."""
    run = Run(floored(moving(average=average_floor()), plan=_days())).ready()
    setting(run)
    run.expired(coins(run.due("00:00"))[0])
    assert coins(run.due_at(Instant(START + DAY))) == []
    setting(run, "2026-05-03", "99.97", number=2)
    assert limits(coins(run.due_at(Instant(START + DAY + SECOND)))) == [d("99.97")]


def _days() -> Any:
    long = Span(3 * DAY)
    legs = leg_one(floor=moving(average=average_floor()), window=long), leg_two(window=long)
    return replace(plan(*legs), deadline=replace(plan().deadline, after=long))


def test_a_day_without_an_average_sells_nothing_and_keeps_what_was_said() -> None:
    run = Run(floored(moving(average=average_floor()))).ready()
    setting(run, price=None)
    assert coins(run.due("00:00")) == []
    assert run.state.floors[BTC].lack == "19 of 20 days have a value"


def test_where_that_is_the_rule_the_version_of_yesterday_holds() -> None:
    run = Run(floored(moving(average=average_floor(without=Without.PREVIOUS)))).ready()
    setting(run, "2026-05-01", "99.96")
    setting(run, "2026-05-02", None)
    assert limits(coins(run.due("00:00"))) == [d("99.96")]


def test_a_version_of_other_rules_counts_for_nothing() -> None:
    run = Run(floored(moving(average=average_floor()))).ready()
    run.feed(FloorSet(at=run.now, asset=BTC, day="2026-05-02", version=floor_version(average_floor(days=3))))
    assert coins(run.due("00:00")) == []


def test_a_version_in_another_currency_counts_for_nothing() -> None:
    run = Run(floored(moving(average=average_floor()))).ready()
    setting(run, currency=USD)
    assert coins(run.due("00:00")) == []


def test_a_lowered_share_counts_at_once_and_of_the_same_average() -> None:
    """99.95 was the price of the day; 99.9 % of 100 are 99.90."""
    run = Run(replace(floored(moving(average=average_floor())), approvals=2)).ready()
    setting(run)
    lower = moving(average=replace(average_floor(), share=d("0.999")))
    run.people(Amend(was_sha256=run.state.plan.digest, floors={BTC: lower}))
    assert limits(coins(run.due("00:00"))) == [d("99.90")]


def test_a_floor_by_average_can_be_made_a_fixed_one() -> None:
    run = Run(replace(floored(moving(average=average_floor())), approvals=2)).ready()
    run.people(Amend(was_sha256=run.state.plan.digest, floors={BTC: fixed("99.90", FloorScope.FILL)}))
    assert limits(coins(run.due("00:00"))) == [d("99.90")]


# On the average of a slice, or of all


@pytest.mark.parametrize("scope", [FloorScope.SLICE, FloorScope.AVERAGE])
def test_on_an_average_the_first_order_stands_alone(scope: FloorScope) -> None:
    run = Run(floored(fixed("99.95", scope))).ready()
    assert limits(coins(run.due("00:00"))) == [d("99.95")]


def test_on_the_average_of_all_what_was_sold_dearly_lets_later_slices_go_lower() -> None:
    """2.5 at 100.35 are 1 above the floor; the next order has at most 6 to spread it over."""
    run = Run(floored(fixed("99.95", FloorScope.AVERAGE))).ready()
    run.sold(coins(run.due("00:00"))[0], "100.35")
    (later,) = coins(run.due("00:01"))
    assert d("99.70") < later.price < d("99.95")
    assert later.quantity * (d("99.95") - later.price) <= d("1")


def test_on_the_average_of_a_slice_the_slice_before_counts_for_nothing() -> None:
    run = Run(floored(fixed("99.95", FloorScope.SLICE))).ready()
    run.sold(coins(run.due("00:00"))[0], "100.35")
    assert limits(coins(run.due("00:01"))) == [d("99.95")]


def test_what_a_slice_sold_is_counted_for_that_slice_and_begun_anew_with_the_next() -> None:
    run = Run(floored(fixed("99.95", FloorScope.SLICE))).ready()
    run.sold(coins(run.due("00:00"))[0], "100.35", fee="0.25")
    leg = run.state.legs[ONE]
    assert leg.slice_held == Held(proceeds=d("250.875"), fees=d("0.25"), wanted=d("249.875"))
    run.due("00:01")
    assert (leg.slice_held, leg.held.proceeds) == (Held(), d("250.875"))


def test_a_fill_that_comes_late_counts_for_no_later_slice() -> None:
    run = Run(floored(fixed("99.95", FloorScope.SLICE))).ready()
    (first,) = coins(run.due("00:00"))
    run.answer(first, r.Done())
    leg = run.state.legs[ONE]
    leg.slice = 1  # another venue has begun with the next
    run.fill(first, "1", "101")
    assert (leg.held.proceeds, leg.slice_held) == (d("101"), Held())


def test_a_dearer_floor_than_what_was_sold_keeps_nobody_from_selling_at_it() -> None:
    """All that is sold from now on reaches it; what was sold before can't be undone."""
    run = Run(replace(floored(fixed("99.90", FloorScope.AVERAGE)), approvals=2)).ready()
    run.sold(coins(run.due("00:00"))[0])
    run.people(Amend(was_sha256=run.state.plan.digest, floors={BTC: fixed("99.97", FloorScope.AVERAGE)}))
    assert limits(coins(run.due("00:01"))) == [d("99.97")]


# After fees


def test_after_fees_the_limit_is_higher_by_the_dearer_rate() -> None:
    """99.80 / 0.999 is 99.8998…"""
    run = Run(floored(fixed("99.80", FloorScope.FILL, FloorFees.IN), capabilities={VENUE: PAID})).ready()
    assert limits(coins(run.due("00:00"))) == [d("99.90")]


# For all of them


@pytest.mark.parametrize("scope", FloorScope)
def test_what_planning_takes_for_the_lowest_price_is_let_through_by_the_gate(scope: FloorScope) -> None:
    """No order is asked for and withheld, slice after slice."""
    run = Run(floored(fixed("99.95", scope, FloorFees.IN), capabilities={VENUE: PAID})).ready()
    run.price("100.20", "100.22")
    for minute in range(4):
        orders = coins(run.due(f"00:0{minute}"))
        assert len(orders) == 1
        run.sold(orders[0], "100.20", fee="0.25")
    assert [row for row in run.rows if isinstance(row, c.Withheld)] == []


@pytest.mark.parametrize("scope", FloorScope)
def test_every_turn_is_decided_again_from_the_rows_alone(scope: FloorScope) -> None:
    run = Run(floored(moving(scope, average=average_floor(), fees=FloorFees.IN))).ready()
    setting(run)
    for minute in range(3):
        for order in coins(run.due(f"00:0{minute}")):
            run.sold(order, "99.99")
    assert again(run) == turned(run)


def test_the_least_price_says_nothing_while_the_floor_has_none() -> None:
    run = Run(floored(moving(average=average_floor()))).ready()
    run.due("00:00")
    assert least_price(run.state, run.state.plan.leg(ONE), COIN) is None
