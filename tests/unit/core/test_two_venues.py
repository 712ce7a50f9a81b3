"""One leg over two venues: who is asked first, what is frozen where, and that the whole is never exceeded."""

from msgspec.structs import replace

from engine.core.world import reference_of
from engine.events import Opened
from engine.kernel.clock import Span
from engine.kernel.ids import VenueName
from engine.market.consolidated import Consolidated
from engine.market.facts import Level
from engine.orders import commands as c
from engine.orders import events as e
from engine.orders import reports as r
from engine.orders.order import OrderState
from tests.support.builders import (
    BTC,
    BTCUSDT,
    CAPABILITIES,
    COIN,
    LICENCE,
    ONE,
    STABLE,
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
    view,
)
from tests.support.by_hand import Run, only, placed

OTHER = VenueName("osl")


def two(coins: str = "10", there: str = "10", **capabilities: r.Capabilities) -> Opened:
    """10 BTC to be sold, with `coins` at the first venue and `there` at the second."""
    coin, stable = replace(COIN, venue=OTHER), replace(STABLE, venue=OTHER)
    legs = (leg_one(instruments=(COIN, coin)), leg_two(instruments=(STABLE, stable)))
    return opened(
        terms=terms(venues=(VENUE, OTHER)),
        plan=plan(*legs),
        licences={VENUE: LICENCE, OTHER: replace(LICENCE, venue=OTHER)},
        capabilities={name: capabilities.get(name, CAPABILITIES) for name in (VENUE, OTHER)},
        balances={VENUE: (r.Balance(BTC, d(coins), d("0")),), OTHER: (r.Balance(BTC, d(there), d("0")),)},
    )


def run(first: Opened | None = None) -> Run:
    return Run(first or two(), methods()).ready()


def test_the_venue_that_pays_more_is_asked_and_the_other_gets_nothing() -> None:
    trading = run()
    trading.price("100.05", "100.07", venue=OTHER)
    (order,) = placed(trading.due("00:00"))
    assert (order.venue, order.quantity) == (OTHER, d("2.5"))


def test_of_equal_venues_the_first_of_the_mandate_is_asked() -> None:
    (order,) = placed(run().due("00:00"))
    assert order.venue == VENUE


def test_a_better_bid_is_not_better_when_its_fee_takes_more_than_the_difference() -> None:
    dear = replace(CAPABILITIES, taker_fee=d("0.0029"))
    trading = run(two(osl=dear))
    trading.price("100.05", "100.07", venue=OTHER)
    (order,) = placed(trading.due("00:00"))
    assert order.venue == VENUE


def test_what_the_best_venue_does_not_hold_is_sold_on_the_next() -> None:
    trading = run(two(coins="1"))
    trading.price("99.98", "100.00", venue=OTHER)
    orders = placed(trading.due("00:00"))
    assert [(o.venue, o.quantity) for o in orders] == [(VENUE, d("1")), (OTHER, d("1.5"))]


def test_a_venue_whose_book_is_dark_is_not_asked() -> None:
    trading = run()
    trading.price("100.05", "100.07", live=False)
    (order,) = placed(trading.due("00:00"))
    assert order.venue == OTHER


def test_a_venue_that_has_just_turned_an_order_away_is_asked_last() -> None:
    trading = run()
    (order,) = placed(trading.due("00:00"))
    trading.answer(order, r.Transient("no connection"))
    (again,) = placed(trading.due("00:00:01"))
    assert (order.venue, again.venue) == (VENUE, OTHER)


def test_a_venue_in_maintenance_is_not_asked_until_it_is_open_again() -> None:
    trading = run()
    trading.feed(e.ModeChanged(trading.now, VENUE, r.Mode.MAINTENANCE))
    (order,) = placed(trading.due("00:00"))
    trading.sold(order)
    trading.feed(e.ModeChanged(trading.now, VENUE, r.Mode.NORMAL))
    after = [o for o in placed(trading.due("00:01")) if o.sell == BTC]
    assert (order.venue, [o.venue for o in after]) == (OTHER, [VENUE])


def test_an_unknown_order_stays_frozen_where_it_is_and_the_rest_is_sold_elsewhere() -> None:
    """2.5 BTC are unknown at the dead venue; whatever happens, the other never sells more than 7.5."""
    trading = run()
    (lost,) = placed(trading.due("00:00"))
    trading.unanswered(lost)
    trading.stream(up=False)
    trading.price("100", "100.02", live=False)
    sold = d("0")
    for when in ("00:01", "00:02", "00:03", "00:04", "00:05"):
        for order in placed(trading.due(when)):
            assert order.venue == OTHER
            trading.sold(order)
            sold += order.quantity if order.sell == BTC else 0
    leg = trading.state.legs[ONE]
    assert (sold, leg.remaining, leg.live) == (d("7.5"), d("2.5"), {VENUE: lost.client_id})
    assert trading.state.live[lost.client_id].state is OrderState.UNKNOWN


def test_what_is_proven_never_to_have_been_is_sold_after_all() -> None:
    trading = run()
    (lost,) = placed(trading.due("00:00"))
    trading.unanswered(lost)
    assert placed(trading.due("00:00:10")) == []
    trading.not_found(lost)
    trading.not_found(lost)
    assert sum(order.quantity for order in placed(trading.due("00:00:20"))) == d("2.5")


def test_the_proceeds_are_sold_where_they_lie() -> None:
    trading = run(two(coins="1.25"))
    trading.price("99.98", "100.00", venue=OTHER)
    for order in placed(trading.due("00:00")):
        trading.sold(order)
    sweeps = placed(trading.due("00:00:10"))
    assert [(o.venue, o.sell, o.quantity) for o in sweeps] == [
        (venue, USDT, STABLE.sellable(trading.totals[venue, USDT])) for venue in (VENUE, OTHER)
    ]


def test_a_settled_account_of_a_venue_that_died_later_does_not_keep_a_run_open() -> None:
    """Everything at the dead venue was proven and read before it died; the rest was sold on the other."""
    trading = run(two(there="7.5"))
    (first,) = placed(trading.due("00:00"))
    trading.sold(first)
    for order in placed(trading.due("00:00:10")):
        trading.sold(order)
    trading.survey()
    trading.stream(up=False)
    for symbol, mid in ((BTCUSDT, "100"), (USDTUSD, "1")):
        trading.price(mid, mid + "02" if "." in mid else mid + ".02", symbol, live=False)
    finished: list[c.Finish] = []
    for minute in range(1, 30):
        for order in placed(trading.due(f"00:{minute:02d}")):
            assert order.venue == OTHER
            trading.sold(order)
        finished += only(c.Finish, trading.survey(venue=OTHER))
    assert [done.status for done in finished] == ["done"]


def test_slices_that_a_minimum_fee_would_eat_wait_for_company() -> None:
    """At 0.6 USDT at the least and 0.2 % an order is worth its fee from 300 USDT on, and a slice is 250."""
    dear = replace(CAPABILITIES, taker_fee=d("0.002"), fee_min=d("0.6"))
    trading = Run(opened(capabilities={VENUE: dear})).ready()
    assert placed(trading.due("00:00")) == []
    (order,) = placed(trading.due("00:01"))
    assert order.quantity == d("5")


def test_the_last_order_pays_the_minimum_fee_rather_than_stay_unsold() -> None:
    dear = replace(CAPABILITIES, taker_fee=d("0.002"), fee_min=d("1.6"))
    legs = (leg_one(quantity=d("2"), window=Span(0), schedule=leg_one().schedule), leg_two())
    trading = Run(opened(capabilities={VENUE: dear}, plan=plan(*legs))).ready()
    quantities = [order.quantity for minute in range(5) for order in placed(trading.due(f"00:{minute:02d}"))]
    assert quantities == [d("2")]


def test_an_order_is_never_limited_below_the_venues_own_band() -> None:
    narrow = replace(COIN, band=d("0.001"))
    trading = Run(opened(plan=plan(leg_one(instruments=(narrow,)), leg_two()))).ready()
    (order,) = placed(trading.due("00:00"))
    assert order.price == d("99.90")


def test_a_venue_for_reference_that_quotes_in_fiat_counts_by_the_price_of_the_stablecoin() -> None:
    """99 USD a coin, at 0.99 USD for a USDT, is 100 USDT: as everybody says."""
    trading = run()
    for venue in (VENUE, OTHER):
        trading.price("0.9899", "0.9901", USDTUSD, venue=venue)
    trading.books["abroad", "BTC-USD"] = view("BTC-USD", venue="abroad", bids=(Level(d("98.99"), d("1")),),
        asks=(Level(d("99.01"), d("1")),), last=d("99"), pair="BTC/USD")  # fmt: skip
    trading.due("00:00")
    found = reference_of(trading.state, trading.state.plan.legs[0], COIN)
    assert isinstance(found, Consolidated)
    assert (found.label, found.price) == ("median of 3: abroad, hashkey, osl", 100)


def test_a_venue_that_quotes_in_fiat_is_left_out_while_nobody_prices_the_stablecoin() -> None:
    trading = run()
    for venue in (VENUE, OTHER):
        trading.price("0.9899", "0.9901", USDTUSD, venue=venue, live=False)
    trading.books["abroad", "BTC-USD"] = view("BTC-USD", venue="abroad", pair="BTC/USD")
    trading.due("00:00")
    found = reference_of(trading.state, trading.state.plan.legs[0], COIN)
    assert isinstance(found, Consolidated)
    assert found.label == "median of 2: hashkey, osl"
