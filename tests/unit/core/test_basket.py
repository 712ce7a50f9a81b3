"""Two assets for one stablecoin: each leg has its own minute, and both share the basket's."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from engine.kernel.ids import LegId, Symbol
from engine.kernel.money import Asset, AssetClass
from engine.mandate.terms import Edge, Holding
from engine.orders import commands as c
from engine.orders import reports as r
from engine.orders.events import Surveyed
from engine.orders.order import ChildOrder
from tests.support.builders import (
    BTC,
    BTCUSDT,
    COIN,
    ONE,
    START,
    TWO,
    USD,
    USDT,
    VENUE,
    d,
    leg_one,
    leg_two,
    limits,
    methods,
    opened,
    plan,
    terms,
)
from tests.support.by_hand import Run, again, only, placed, turned

ETH, ETHUSDT, THREE = Asset("ETH"), Symbol("ETHUSDT"), LegId("3")
HELD = tuple(r.Balance(asset, d("10"), d("0")) for asset in (BTC, ETH))


def basket(most: str | None) -> Run:
    """10 BTC and 10 ETH for USDT, both at 100, in slices of 2.5; 4.5 of a minute's 900 USDT a leg."""
    coin = replace(COIN, base=ETH, symbol=ETHUSDT)
    first = opened(
        terms=terms(
            holdings=tuple(Holding(asset, d("10"), d("10"), None, None) for asset in (BTC, ETH)),
            edges=(Edge(BTC, USDT), Edge(ETH, USDT), Edge(USDT, USD)),
            classes={**terms().classes, ETH: AssetClass.VOLATILE},
        ),
        plan=plan(leg_one(), leg_one(id=THREE, sell=ETH, instruments=(coin,)), leg_two(fed_by=(ONE, THREE))),
        limits=limits(basket_minute_max=d(most) if most else None),
        balances={VENUE: HELD},
    )
    run = Run(first, methods() | {THREE: methods()[ONE]})
    run.books[VENUE, ETHUSDT] = replace(run.books[VENUE, BTCUSDT], symbol=ETHUSDT)
    run.restart(1)
    run.stream(up=True)
    run.feed(Surveyed(run.now, VENUE, r.Survey(VENUE, START, (), (), HELD)))
    return run


def coin(orders: list[ChildOrder]) -> list[tuple[LegId, Decimal]]:
    return [(order.leg, order.quantity) for order in orders if order.leg != TWO]


def test_without_a_budget_each_leg_has_its_own_minute() -> None:
    assert coin(placed(basket(None).due("00:00"))) == [(ONE, d("2.5")), (THREE, d("2.5"))]


def test_what_one_leg_has_sent_is_not_there_for_the_other() -> None:
    """400 USDT a minute for both: 250 at the reference go to BTC, and what is left of it to ETH."""
    (first, second) = coin(placed(basket("400").due("00:00")))
    assert first == (ONE, d("2.5"))
    assert second[0] == THREE
    assert d("1.45") <= second[1] <= d("1.51")


def test_a_budget_that_is_used_up_leaves_the_other_nothing_until_the_minute_is_over() -> None:
    run = basket("250")
    orders = placed(run.due("00:00"))
    assert coin(orders) == [(ONE, d("2.5"))]
    run.expired(orders[0])
    assert coin(placed(run.due("00:00:30"))) == []
    assert coin(placed(run.due("00:01:01"))) != []


@pytest.mark.parametrize("most", ["180", "300", "420", "610"])
def test_over_any_minute_no_more_is_sent_than_the_budget(most: str) -> None:
    """A decision every five seconds for four minutes, and nothing is ever filled."""
    run = basket(most)
    sent = list[tuple[int, Decimal]]()
    for second in range(0, 240, 5):
        for order in placed(run.due(f"00:{second // 60:02d}:{second % 60:02d}")):
            sent.append((second, order.quantity * order.price))
            run.expired(order)
    assert sent
    for begins in range(240):
        assert sum(worth for second, worth in sent if begins <= second < begins + 60) <= d(most)


def test_an_order_is_made_to_fit_so_the_gate_withholds_nothing() -> None:
    run = basket("400")
    run.due("00:00")
    assert [row for row in run.rows if isinstance(row, c.Withheld)] == []


def test_the_gate_has_the_budget_on_record_of_every_order() -> None:
    (place, *_) = only(c.Place, basket("400").due("00:00"))
    assert "basket notional" in {check.limit for check in place.approved.checks}


def test_what_sells_for_another_asset_has_no_part_in_it() -> None:
    """Leg two sells USDT for dollars, and 250 USDT were just sent for."""
    run = basket("250")
    for order in placed(run.due("00:00")):
        run.answer(order, r.Done())
        run.told(replace(run.execution(order, "2.5")))
        run.report(order, r.OrderStatus.FILLED, "2.5")
    swept = [order for order in placed(run.due("00:00:10")) if order.leg == TWO]
    assert [order.quantity for order in swept] == [d("249")]


def test_a_basket_is_decided_again_from_the_rows_alone() -> None:
    run = basket("400")
    for when in ("00:00", "00:00:30", "00:01:01"):
        for order in placed(run.due(when)):
            run.expired(order)
    assert again(run) == turned(run)
