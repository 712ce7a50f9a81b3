"""Whose fiat it is: one pool of a stablecoin, by the sales that fed it and by what was seized of it."""

from collections import defaultdict
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.evidence.attribution import attribute, divide, parts, pools
from engine.evidence.reading import tell
from engine.evidence.story import Story
from engine.kernel.clock import SECOND, Instant
from engine.kernel.ids import LegId, OrderName, Symbol, TradeId, VenueName, VenueOrderId, client_order_id, run_tag
from engine.kernel.money import Amount, Asset, AssetClass, times, total
from engine.orders import reports as r
from engine.orders.order import ChildOrder
from engine.planning.plan import LegPlan
from tests.support.journals import (
    BTC,
    FIRST,
    RUN,
    SECOND_LEG,
    USD,
    USDT,
    Journal,
    at,
    leg_plan,
    opened,
    order,
    two_legs,
)

D = Decimal
ETH, ETHUSDT = Asset("ETH"), Symbol("ETHUSDT")
THIRD = LegId("c")
HERE, THERE = VenueName("hashkey"), VenueName("osl")


def pooled(entrusted: str = "0") -> Journal:
    """A journal that has begun: BTC and ETH feed a leg that sells their USDT, and `entrusted` of its own."""
    first = opened()
    eth = replace(leg_plan(FIRST, "10"), id=THIRD, sell=ETH, floor=None)
    pool = replace(leg_plan(SECOND_LEG, entrusted, fed_by=(FIRST, THIRD)), to_fiat=True)
    legs: tuple[LegPlan, ...] = (leg_plan(FIRST, "1"), eth, pool)
    classes = {**first.terms.classes, ETH: AssetClass.VOLATILE}
    j = Journal()
    j.write(first.at, replace(first, plan=replace(first.plan, legs=legs), terms=replace(first.terms, classes=classes)))
    return j


def sell(j: Journal, leg: LegId, quantity: str, price: str, fee: str = "0", venue: VenueName = HERE) -> r.Fill:
    """An order that is sent and filled whole, one second after the row before."""
    number = len(j.rows)
    when = Instant(at("10:00:00") + number * SECOND)
    like = order(SECOND_LEG if leg == SECOND_LEG else FIRST, number, "10:00:01", quantity, price)
    name = client_order_id(OrderName(run_tag(RUN), leg, number, 1, 1))
    pairs = {FIRST: BTC, THIRD: ETH, SECOND_LEG: USDT}
    child: ChildOrder = replace(like, client_id=name, leg=leg, venue=venue, sell=pairs[leg], decided_at=when)
    j.place(child)
    fill = r.Fill(
        venue=venue,
        symbol=child.symbol,
        client_id=name,
        venue_order_id=VenueOrderId(f"v{number}"),
        trade_id=TradeId(f"t{number}"),
        quantity=D(quantity),
        price=D(price),
        fee=Amount(D(fee), child.buy),
        maker=False,
        at=when,
    )
    j.filled("10:00:01", fill)
    return fill


def split(j: Journal) -> list[tuple[str, str, str, str]]:
    """Parent, stablecoin, fiat and fee of each part."""
    story = tell(j.rows)
    (pool,) = pools(story)
    return [(p.parent, f"{p.quantity:f}", f"{p.proceeds:f}", f"{p.fee:f}") for p in parts(story, pool)]


def test_what_sales_brought_is_sold_first_and_oldest_first_and_then_what_was_entrusted() -> None:
    """BTC brings 100, ETH 50, BTC 30 more; 200 are sold, of which 20 are of the seized 500."""
    j = pooled("500")
    sell(j, FIRST, "0.001", "100000")
    sell(j, THIRD, "0.02", "2500")
    sell(j, FIRST, "0.0003", "100000")
    sell(j, SECOND_LEG, "120", "1", "0.12")
    sell(j, SECOND_LEG, "80", "0.5", "0.04")
    assert split(j) == [
        ("BTC", "100.000", "100.00", "0.10"),
        ("ETH", "20.000", "20.00", "0.02"),
        ("ETH", "30.000", "15.00", "0.02"),  # 0.015, and the cent that is left goes to the first of the largest
        ("BTC", "30.0000", "15.00", "0.01"),
        ("USDT", "20.0000", "10.00", "0.01"),
    ]


def test_the_pool_is_divided_by_venue() -> None:
    """What BTC brought to one venue is not sold at the other, where ETH brought some."""
    j = pooled()
    sell(j, FIRST, "0.001", "100000", venue=HERE)
    sell(j, THIRD, "0.02", "2500", venue=THERE)
    sell(j, SECOND_LEG, "40", "1", venue=THERE)
    assert [part[0] for part in split(j)] == ["ETH"]


def test_the_fee_of_the_first_step_has_never_been_in_the_pool() -> None:
    """BTC brings 100 less 1: the hundredth unit that is sold is another's."""
    j = pooled("500")
    sell(j, FIRST, "0.001", "100000", fee="1")
    sell(j, SECOND_LEG, "100", "1")
    assert [(parent, D(units)) for parent, units, _, _ in split(j)] == [("BTC", D(99)), ("USDT", D(1))]


def test_what_was_sold_before_its_origin_was_known_counts_as_what_comes_next_to_that_venue() -> None:
    """A survey tells of the BTC fill after its USDT has been sold."""
    j = pooled()
    sell(j, SECOND_LEG, "60", "1", venue=HERE)
    sell(j, THIRD, "0.04", "2500", venue=THERE)
    sell(j, FIRST, "0.001", "100000", venue=HERE)
    sell(j, SECOND_LEG, "40", "1", venue=HERE)
    assert [(parent, D(units)) for parent, units, _, _ in split(j)] == [("BTC", D(60)), ("BTC", D(40))]


def test_an_asset_s_result_is_what_its_parts_and_its_own_sales_add_up_to() -> None:
    """0.8 BTC for 51979.5 USDT less 51.9795; 40000 of it for 39975 USD less 39.975."""
    (btc,) = attribute(tell(two_legs().rows))
    assert (btc.parent, btc.coin_sold, btc.stable_received) == (BTC, D("0.8"), D("51927.5205"))
    assert (btc.stable_sold, btc.stable_unsold) == (D(40000), D("11927.5205"))
    assert (btc.fiat_gross, btc.fiat_net) == (D(39975), D("39935.025"))
    assert btc.fees == {USD: D("39.975"), USDT: D("51.9795")}
    assert (btc.coin_price, btc.stable_price) == (D("64974.37500000"), D("0.99937500"))


def test_the_effective_price_is_that_of_the_part_that_has_become_fiat() -> None:
    """51927.5205 / 0.8 USDT a coin, times 39935.025 / 40000 USD a USDT."""
    (btc,) = attribute(tell(two_legs().rows))
    assert btc.effective_price == D("64803.96341736")


def test_seized_stablecoin_alone_is_its_own_parent_and_its_price_is_net_of_the_fee() -> None:
    j = pooled("500")
    sell(j, SECOND_LEG, "100", "0.999", "0.9")
    own = attribute(tell(j.rows))[-1]
    assert (own.parent, own.stable_received, own.stable_unsold) == (USDT, D(500), D(400))
    assert (own.coin_price, own.effective_price) == (None, D("0.99000000"))


@pytest.mark.parametrize(
    ("whole", "weights", "parts_of"),
    [
        ("100", "1 1 1", "33.34 33.33 33.33"),
        ("0.01", "1 2 1", "0.00 0.01 0.00"),
        ("0.00001", "1 1", "0.00001 0.00000"),
        ("-1", "1 3", "-0.25 -0.75"),
        ("0", "1 1", "0.00 0.00"),
        ("7", "5", "7.00"),
    ],
)
def test_division_is_to_the_smallest_unit_and_the_rest_goes_to_the_largest_remainders(
    whole: str, weights: str, parts_of: str
) -> None:
    """Of US dollars: to the cent, or finer where the amount itself is."""
    assert divide(D(whole), [D(w) for w in weights.split()], USD) == [D(p) for p in parts_of.split()]


AMOUNTS = st.decimals(D("0.00001"), D("99999"), places=5)
SALES = st.tuples(
    st.sampled_from([FIRST, THIRD, SECOND_LEG]),
    AMOUNTS,
    st.decimals(D("0.0001"), D("9999"), places=4),
    st.sampled_from([HERE, THERE]),
)


@given(sales=st.lists(SALES, max_size=12), entrusted=st.decimals(D(0), D(100000), places=2))
def test_the_parts_add_up_to_each_fill_and_the_parents_to_the_leg_exactly(
    sales: list[tuple[LegId, Decimal, Decimal, VenueName]], entrusted: Decimal
) -> None:
    """Whatever comes in whatever order: no unit of stablecoin, fiat or fee is lost, made or moved."""
    j = pooled(f"{entrusted:f}")
    for leg, quantity, price, venue in sales:
        sell(j, leg, f"{quantity:f}", f"{price:f}", f"{times(quantity, price) / 1000:f}", venue)
    story: Story = tell(j.rows)
    pool = story.leg(SECOND_LEG)
    by_fill: dict[str, list[Decimal]] = defaultdict(lambda: [D(0)] * 3)
    for part in parts(story, pool):
        sums = by_fill[part.sold.fill.trade_id]
        sums[:] = [a + b for a, b in zip(sums, (part.quantity, part.proceeds, part.fee), strict=True)]
    assert by_fill == {
        s.fill.trade_id: [s.fill.quantity, times(s.fill.quantity, s.fill.price), s.fill.fee.units] for s in pool.fills
    }
    result = attribute(story)
    assert total(a.stable_sold for a in result) == total(s.fill.quantity for s in pool.fills)
    assert total(a.fiat_gross for a in result) == total(times(s.fill.quantity, s.fill.price) for s in pool.fills)
    fees = total(a.fees.get(USD, D(0)) for a in result)
    assert fees == total(s.fill.fee.units for s in pool.fills)
