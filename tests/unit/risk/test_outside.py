"""Whatever a plan wants outside of its mandate, the gate never approves: orders and pictures are drawn at random.

Each draw breaks the mandate in at least one way, knows which, and is free in everything else.
"""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.kernel.clock import DAY, SECOND, Instant
from engine.kernel.ids import ClientOrderId, Symbol, VenueName
from engine.kernel.money import Asset, AssetClass
from engine.mandate.deposit import Covered, DepositRule, Unpriced, Valuation
from engine.mandate.terms import Edge, Floor, FloorScope, Holding
from engine.orders.order import Approved, ChildOrder, OrderType, TimeInForce
from engine.risk import gate
from engine.risk.world import World
from tests.support.builders import (
    BTC,
    STABLE,
    USD,
    USDT,
    USDTUSD,
    child,
    d,
    limits,
    sweep,
    terms,
    view,
    world,
)

RULE = DepositRule(currency=USD, ratio=d("1.05"), limit=d("1.00"), valuation=Valuation.CURRENT)
ASSETS = [Asset(name) for name in ("BTC", "ETH", "USDT", "USDC", "USD", "HKD", "DOGE")]
CLASSES = {
    Asset("BTC"): AssetClass.VOLATILE, Asset("ETH"): AssetClass.VOLATILE, Asset("USDT"): AssetClass.STABLE,
    Asset("USDC"): AssetClass.STABLE, Asset("USD"): AssetClass.FIAT, Asset("HKD"): AssetClass.FIAT,
}  # fmt: skip
LAWFUL = {(AssetClass.VOLATILE, AssetClass.STABLE), (AssetClass.STABLE, AssetClass.FIAT)}
PATHS = [(sell, buy) for sell in ASSETS for buy in ASSETS if (CLASSES.get(sell), CLASSES.get(buy)) not in LAWFUL]
HOPS = [(sell, buy) for sell in ASSETS for buy in ASSETS if (CLASSES.get(sell), CLASSES.get(buy)) in LAWFUL]
UNITS = st.decimals(d("0.001"), d("5000"), places=3)
NANOS = st.integers(0, 400 * DAY)
WHYS = st.sampled_from(["held", "suspended", "paused by li", "halted", "BTC was stopped by li", "maintenance"])

QUOTED = Floor(d("98"), USDT, FloorScope.FILL)

Draw = Callable[..., Any]
Broken = tuple[ChildOrder, World]


def inside(draw: Draw) -> Broken:
    """An order of either leg that passes the gate."""
    own = {
        "tif": draw(st.sampled_from(list(TimeInForce))),
        "slice": draw(st.integers(0, 9999)),
        "attempt": draw(st.integers(1, 50)),
        "quantity": draw(st.decimals(d("2"), d("8"), places=2)),
    }
    bounds = limits(order_notional_max=d("1000000"), minute_notional_max=d("1000000"), collar_bp=d("150"))
    coin = child(**own, price=draw(st.decimals(d("98.50"), d("101"), places=2)))
    seen = world(limits=bounds, floor=draw(st.sampled_from([None, QUOTED])), free=d("10"))
    onward = sweep(**own, price=draw(st.decimals(d("0.9950"), d("1.0100"), places=4)))
    there = {"instrument": STABLE, "view": view(USDTUSD), "total": d("10"), "received": d("10")}
    found: Broken = draw(st.sampled_from([(coin, seen), (onward, replace(seen, fiat_view=None, floor=None, **there))]))
    return found


def wrong_venue(draw: Draw, order: ChildOrder, picture: World) -> Broken:
    other = VenueName(draw(st.sampled_from(["binance", "osl", "HashKey", "", "hashkey "])))
    return replace(order, venue=other), replace(picture, instrument=replace(picture.instrument, venue=other))


def amended_away(draw: Draw, order: ChildOrder, picture: World) -> Broken:
    """The venue is no longer on the mandate's list."""
    left = draw(st.sampled_from([(), (VenueName("osl"),)]))
    return order, replace(picture, terms=replace(picture.terms, venues=left))


def unlicensed(draw: Draw, order: ChildOrder, picture: World) -> Broken:
    return order, replace(picture, unlicensed=draw(st.sampled_from(["not on the register", "ran out"])))


def unlawful_path(draw: Draw, order: ChildOrder, picture: World) -> Broken:
    """Even where pair, edges and quantities are made to fit: a direct sale for fiat, a purchase, a swap."""
    sell, buy = draw(st.sampled_from(PATHS))
    return _along(order, picture, sell, buy, (Edge(sell, buy),))


def path_of_no_edge(draw: Draw, order: ChildOrder, picture: World) -> Broken:
    """Lawful by its classes, and not in the mandate."""
    sell, buy = draw(st.sampled_from(HOPS))
    edges = tuple(Edge(*hop) for hop in HOPS if hop != (sell, buy))
    return _along(order, picture, sell, buy, edges)


def _along(order: ChildOrder, picture: World, sell: Asset, buy: Asset, edges: tuple[Edge, ...]) -> Broken:
    pair = replace(picture.instrument, base=sell, quote=buy, symbol=Symbol(sell + buy))
    held = (Holding(sell, d("9999"), d("9999"), None, None),)
    of = terms(classes=CLASSES, edges=edges, holdings=held)
    moved = replace(order, sell=sell, buy=buy, symbol=pair.symbol)
    return moved, replace(picture, instrument=pair, terms=of)


def another_pair(draw: Draw, order: ChildOrder, picture: World) -> Broken:
    """The order names assets of the mandate, and goes to the book of others."""
    other = draw(st.sampled_from([asset for asset in ASSETS if asset not in (order.sell, order.buy)]))
    base = replace(picture.instrument, base=other, symbol=Symbol(other + order.buy))
    quote = replace(picture.instrument, quote=other, symbol=Symbol(order.sell + other))
    return order, replace(picture, instrument=draw(st.sampled_from([base, quote])))


def too_much(draw: Draw, order: ChildOrder, picture: World) -> Broken:
    """With what is sold and what may still be: beyond the release, whatever the plan says."""
    committed = d("10") - order.quantity + draw(st.decimals(d("0.01"), d("9"), places=2))
    sold = draw(st.sampled_from([d("0"), committed / 2]))
    plan = draw(st.sampled_from([d("10"), d("99999")]))
    return order, replace(picture, sold=sold, committed=committed - sold, total=plan)


def nothing(draw: Draw, order: ChildOrder, picture: World) -> Broken:
    return replace(order, quantity=draw(st.sampled_from([d("0"), d("-0.001"), d("-1"), d("-99999")]))), picture


def not_there(draw: Draw, order: ChildOrder, picture: World) -> Broken:
    """More than the ledger shows on the account."""
    less = draw(st.decimals(d("0.001"), d("5"), places=3))
    return order, replace(picture, free=order.quantity - less)


def too_late(draw: Draw, order: ChildOrder, picture: World) -> Broken:
    now = Instant(picture.deadline + draw(NANOS))
    return order, replace(picture, at=now, view=view(order.symbol, now), fiat_view=view(USDTUSD, now))


def stopped(draw: Draw, order: ChildOrder, picture: World) -> Broken:
    """Held, suspended, halted, or stopped by somebody."""
    return order, replace(picture, stopped=draw(WHYS))


def closed(draw: Draw, order: ChildOrder, picture: World) -> Broken:
    why = draw(st.sampled_from(["outside trading hours", "holiday: 2026-10-01", "blackout", "holidays are not known"]))
    return order, replace(picture, closed=why)


def over_quota(draw: Draw, order: ChildOrder, picture: World) -> Broken:
    """With what the day sold and what works, less than the order is left of it."""
    bound, working = draw(UNITS), draw(st.sampled_from([d("0"), d("1")]))
    sold = bound - order.quantity - working + draw(st.decimals(d("0.001"), d("9"), places=3))
    return order, replace(picture, today=(sold, bound), working=working)


def uncovered(draw: Draw, order: ChildOrder, picture: World) -> Broken:
    outside = draw(st.decimals(d("1"), d("1000000"), places=2))
    short = Covered(deposit=outside * d("1.05") - d("0.01"), exposed=outside)
    there = draw(st.sampled_from([short, Unpriced((BTC,)), Covered(deposit=d("0"), exposed=outside)]))
    return order, replace(picture, cover=there, limits=replace(picture.limits, deposit=RULE))


def over_the_basket(draw: Draw, order: ChildOrder, picture: World) -> Broken:
    budget = draw(st.decimals(d("1"), d("1000"), places=2))
    bounds = replace(picture.limits, basket_minute_max=budget)
    return order, replace(picture, limits=bounds, basket_notional=budget)


def no_price(draw: Draw, order: ChildOrder, picture: World) -> Broken:
    old = Instant(picture.at - draw(st.integers(61, 999999)) * SECOND)
    seen = [None, view(order.symbol, live=False), view(order.symbol, bids=()), view(order.symbol, seen_at=old)]
    return order, replace(picture, view=draw(st.sampled_from(seen)))


def too_cheap(draw: Draw, order: ChildOrder, picture: World) -> Broken:
    """Below the floor, or without any lowest price."""
    floor = Floor(order.price + draw(st.decimals(d("0.01"), d("50"), places=2)), order.buy, FloorScope.FILL)
    market = replace(order, type=OrderType.MARKET)
    found: Broken = draw(st.sampled_from([(order, replace(picture, floor=floor)), (market, picture)]))
    return found


def below_the_collar(draw: Draw, order: ChildOrder, picture: World) -> Broken:
    """150 bp under the mid are 98.50, and 0.9850 of a dollar."""
    under = draw(st.decimals(d("0.0001"), d("0.9849"), places=4))
    price = under if order.buy == USD else (under * 100).quantize(d("0.01"))
    return replace(order, price=price), picture


def again(draw: Draw, order: ChildOrder, picture: World) -> Broken:
    """The name was used, or another order of the leg may live there."""
    used = draw(st.sampled_from([{"seen": True}, {"live": ClientOrderId("another")}]))
    return order, replace(picture, **used)


def out_of_step(draw: Draw, order: ChildOrder, picture: World) -> Broken:
    return order, replace(picture, continuous=False)


def no_longer_sound(draw: Draw, order: ChildOrder, picture: World) -> Broken:
    """Coin is sold for a stablecoin that left its band, or of which too much waits."""
    made = child(slice=order.slice, tif=order.tif)
    low = view(USDTUSD, bids=(), asks=())
    worse = [{"fiat_view": None}, {"fiat_view": low}, {"stable_waiting": d("1000")}, {"stable_since": Instant(1)}]
    return made, world(limits=picture.limits, **draw(st.sampled_from(worse)))


WAYS = (
    wrong_venue, amended_away, unlicensed, unlawful_path, path_of_no_edge, another_pair, too_much, nothing, not_there,
    too_late, stopped, closed, over_quota, uncovered, over_the_basket, no_price, too_cheap, below_the_collar, again,
    out_of_step, no_longer_sound,
)  # fmt: skip


@st.composite
def outside(draw: Draw) -> Broken:
    """Broken in one way, and sometimes in a second as well: no two wrongs make a right."""
    order, picture = inside(draw)
    for way in draw(st.lists(st.sampled_from(WAYS), min_size=1, max_size=2)):
        order, picture = way(draw, order, picture)
    return order, picture


def refused(order: ChildOrder, picture: World) -> None:
    verdict = gate.check(order, picture)
    assert not isinstance(verdict, Approved)
    assert all(denied.limit for denied in verdict)
    assert len(verdict) > 0


@settings(max_examples=300)
@given(outside())
def test_what_is_outside_the_mandate_never_becomes_approved(broken: Broken) -> None:
    refused(*broken)


@pytest.mark.slow
@settings(max_examples=10_000)
@given(outside())
def test_ten_thousand_orders_outside_the_mandate_never_become_approved(broken: Broken) -> None:
    refused(*broken)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@settings(max_examples=25)
@given(data=st.data())
def test_each_way_of_being_outside_is_enough_for_what_passes_otherwise(
    way: Callable[..., Broken], data: st.DataObject
) -> None:
    order, picture = inside(data.draw)
    assert isinstance(gate.check(order, picture), Approved)
    refused(*way(data.draw, order, picture))
