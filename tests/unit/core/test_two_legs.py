"""The second leg sells what the first has really brought, and no more."""

import pytest
from msgspec.structs import replace

from engine.kernel.clock import MINUTE, Span
from engine.kernel.ids import LegId
from engine.orders import commands as c
from engine.orders.order import ChildOrder
from engine.orders.reports import Balance, OrderStatus
from tests.support.builders import (
    BTC,
    ONE,
    POLICY,
    TWO,
    USD,
    USDT,
    USDTUSD,
    VENUE,
    d,
    leg_one,
    leg_two,
    methods,
    opened,
    plan,
    terms,
)
from tests.support.by_hand import Run, only, placed

THREE = LegId("3")
CRAMPED = terms(stables=(replace(POLICY, inventory_max=d("300")),))
"""Only 300 USDT may wait."""


def of(leg: str, orders: list[ChildOrder]) -> list[ChildOrder]:
    return [order for order in orders if order.leg == leg]


def test_before_anything_came_in_there_is_nothing_to_sweep() -> None:
    run = Run().ready()
    assert of(TWO, placed(run.due("00:00"))) == []


def test_too_little_waits_for_more() -> None:
    """0.5 BTC bring 49.80 USDT, and 200 are swept."""
    run = Run().ready()
    (order,) = placed(run.due("00:00"))
    run.fill(order, "0.5")
    assert of(TWO, placed(run.due("00:00:10"))) == []


def test_enough_is_swept_net_of_what_the_venue_kept() -> None:
    """2.5 BTC at 99.60 less a fee of 0.249, in whole cents."""
    run = Run().ready()
    (order,) = placed(run.due("00:00"))
    run.sold(order, fee="0.249")
    (swept,) = of(TWO, placed(run.due("00:00:10")))
    assert (swept.sell, swept.buy, swept.quantity) == (USDT, USD, d("248.75"))


def test_a_little_that_has_waited_long_is_swept_too() -> None:
    run = Run().ready()
    (order,) = placed(run.due("00:00"))
    run.fill(order, "0.5")
    assert of(TWO, placed(run.due("00:01:50"))) == []
    (swept,) = of(TWO, placed(run.due("00:02:10")))
    assert swept.quantity == d("49.80")


def test_what_stood_on_the_account_before_is_not_ours_to_sell() -> None:
    """1000 USDT lie there from another case."""
    both = {VENUE: (Balance(BTC, d("10"), d("0")), Balance(USDT, d("1000"), d("0")))}
    run = Run(opened(balances=both)).ready()
    (order,) = placed(run.due("00:00"))
    run.sold(order)
    (swept,) = of(TWO, placed(run.due("00:00:10")))
    assert swept.quantity == 249


def test_the_second_leg_never_sells_more_than_the_first_brought() -> None:
    """Through a whole run, at every moment."""
    run = Run().ready()
    for second in range(0, 300, 10):
        for order in placed(run.due(f"00:{second // 60:02d}:{second % 60:02d}")):
            run.sold(order, fee="0.013" if order.leg == ONE else "0.02")
        one, two = run.state.legs[ONE], run.state.legs[TWO]
        committed = run.state.committed(VENUE, USDT)
        assert two.sold + committed <= one.proceeds - one.fees.get(USDT, d("0"))
    assert run.state.legs[ONE].sold == 10
    assert run.state.legs[TWO].remaining < d("0.01")


def test_while_too_much_stablecoin_waits_no_more_is_made_of_it() -> None:
    """300 may wait; 249 do, and nobody buys them, so at the most 51 more are made."""
    run = Run(opened(terms=CRAMPED)).ready()
    run.price("0.9900", "1.0100", USDTUSD)
    (order,) = placed(run.due("00:00"))
    run.sold(order)
    (more,) = placed(run.due("00:01"))
    assert more.leg == ONE
    assert more.quantity * more.price <= 51


def test_while_some_stablecoin_has_waited_too_long_no_more_is_made_of_it() -> None:
    run = Run().ready()
    run.price("0.9900", "1.0100", USDTUSD)
    (order,) = placed(run.due("00:00"))
    run.sold(order)
    assert len(placed(run.due("00:05"))) == 1
    assert placed(run.due("00:07")) == []


def test_two_legs_that_make_one_stablecoin_never_use_the_same_room_twice() -> None:
    """Two sales of BTC are due at once; each alone would bring 249 USDT, and 300 may wait."""
    standard = methods()
    plan_of_three = plan(leg_one(), leg_one(id=TWO), leg_two(id=THREE, fed_by=(ONE, TWO)))
    three = {ONE: standard[ONE], TWO: standard[ONE], THREE: standard[TWO]}
    first = opened(plan=plan_of_three, terms=CRAMPED, balances={VENUE: (Balance(BTC, d("20"), d("0")),)})
    orders = placed(Run(first, three).ready().due("00:00"))
    assert [order.leg for order in orders] == [ONE, TWO]
    assert 250 < sum(order.quantity * order.price for order in orders) <= 300


def test_the_first_leg_stops_early_so_that_the_second_can_finish() -> None:
    """It has a tail of ten minutes before the deadline of an hour."""
    first = opened(plan=plan(leg_one(tail=Span(10 * MINUTE)), leg_two()))
    assert len(placed(Run(first).ready().due("00:49:59"))) == 1
    commands = Run(first).ready().due("00:50")
    assert placed(commands) == []
    assert [residue.leg for residue in only(c.Residue, commands)] == [ONE, TWO]
    assert only(c.Residue, commands)[0].reason.startswith("deadline")


def test_arrival_of_the_second_leg_is_the_mid_when_it_first_had_something() -> None:
    run = Run().ready()
    (order,) = placed(run.due("00:00"))
    run.sold(order)
    run.price("0.9989", "0.9991", USDTUSD)
    run.due("00:00:10")
    run.price("0.9979", "0.9981", USDTUSD)
    run.due("00:00:20")
    assert (run.state.legs[ONE].arrival, run.state.legs[TWO].arrival) == (d("100"), d("0.9990"))


@pytest.mark.parametrize("status", [OrderStatus.CANCELLED, OrderStatus.REJECTED])
def test_what_a_sweep_did_not_sell_is_swept_with_the_next(status: OrderStatus) -> None:
    run = Run().ready()
    (order,) = placed(run.due("00:00"))
    run.sold(order)
    (swept,) = of(TWO, placed(run.due("00:00:10")))
    run.fill(swept, "100")
    run.report(swept, status, "100")
    assert run.state.legs[TWO].remaining == 149
    (rest,) = of(TWO, placed(run.due("00:02:10")))
    assert rest.quantity == 149


def test_the_age_of_what_waits_is_that_of_the_oldest_that_is_unsold() -> None:
    """249 come and are swept at once; 49.80 come a minute later, and are old two minutes after that."""
    run = Run().ready()
    (order,) = placed(run.due("00:00"))
    run.sold(order)
    (swept,) = of(TWO, placed(run.due("00:00:10")))
    run.sold(swept)
    (second,) = of(ONE, placed(run.due("00:01")))
    run.fill(second, "0.5")
    assert of(TWO, placed(run.due("00:02:30"))) == []
    (rest,) = of(TWO, placed(run.due("00:03:10")))
    assert rest.quantity == d("49.80")
