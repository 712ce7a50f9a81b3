"""A leg over two venues, asked how it wants to sell: when it is asked again."""

from msgspec.structs import replace

from engine.core.pursuing import Method
from engine.events import Opened
from engine.kernel.clock import SECOND, Span
from engine.kernel.ids import VenueName
from engine.market.facts import Level
from engine.orders import commands as c
from engine.orders import reports as r
from engine.planning.plan import Recipe
from strategies.tactics.portion import parse_portion
from strategies.tactics.snipe import Snipe
from strategies.twap import twap
from tests.support.builders import (
    BTC,
    BTCUSDT,
    CAPABILITIES,
    COIN,
    LICENCE,
    ONE,
    START,
    VENUE,
    at,
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
DEAR = replace(CAPABILITIES, taker_fee=d("0.001"), fee_min=d("0.2"))
"""Below 200 USDT an order pays more than a tenth of a per cent."""


def two() -> Opened:
    """10 BTC at each of two venues of which none takes less than 0.2 USDT for an order."""
    legs = (leg_one(instruments=(COIN, replace(COIN, venue=OTHER))), leg_two())
    return opened(
        terms=terms(venues=(VENUE, OTHER)),
        plan=plan(*legs),
        licences={VENUE: LICENCE, OTHER: replace(LICENCE, venue=OTHER)},
        capabilities={VENUE: DEAR, OTHER: DEAR},
        balances={name: (r.Balance(BTC, d("10"), d("0")),) for name in (VENUE, OTHER)},
    )


def sniping(bid: str) -> Run:
    """0.1 BTC or more within 10 bp of the mid is taken; both venues bid for so much, and nobody further down."""
    snipe = Snipe(parse_portion("0.1"), d("10"), Span(2 * SECOND), Span(15 * SECOND))
    run = Run(two(), methods() | {ONE: Method(methods()[ONE].schedule, snipe)}).ready()
    for venue in (VENUE, OTHER):
        run.books[venue, BTCUSDT] = view(venue=venue, bids=(Level(d("99.99"), d(bid)),))
    return run


def test_where_the_router_gives_nobody_a_part_every_tactic_is_asked_again_when_it_wanted_to_be() -> None:
    """0.1 BTC would bring 9.80 after the least fee and is worth 9.95 at the limit: both would sell it, and it waits."""
    commands = sniping("0.1").due("00:00:10")
    assert placed(commands) == []
    assert {wake.at for wake in only(c.WakeAt, commands)} == {at("00:00:12")}


def test_and_it_sells_once_there_is_more_than_the_fee_would_eat() -> None:
    """2.5 BTC are wanted, and 2 of them bid for at each: 0.2 USDT is what they cost at the rate."""
    run = sniping("0.1")
    run.due("00:00:10")
    for venue in (VENUE, OTHER):
        run.books[venue, BTCUSDT] = view(venue=venue, bids=(Level(d("99.99"), d("2")),))
    assert [(order.venue, order.quantity) for order in placed(run.due("00:00:12"))] == [(VENUE, d("2"))]


def odd() -> Run:
    """A leg of 1 BTC; the second venue counts in a tenth of the first one's lots, bids more, and is away at the end."""
    fine = replace(COIN, venue=OTHER, lot=COIN.lot / 10)
    first = replace(
        two(), plan=plan(leg_one(instruments=(COIN, fine), quantity=d("1"), schedule=Recipe("twap", {})), leg_two())
    )
    third = Method(twap(START, at("00:03"), 3), methods()[ONE].tactic)
    run = Run(replace(first, capabilities={VENUE: CAPABILITIES, OTHER: CAPABILITIES}), methods() | {ONE: third}).ready()
    run.price("100.05", "100.07", venue=OTHER)
    return run


def test_a_venue_of_fine_lots_leaves_no_crumb_that_the_others_cannot_take() -> None:
    """Thirds of 1 BTC are 0.3333: of each 0.333 is sold, so that the last 0.334 are whole lots of the first venue."""
    run, sold = odd(), []
    for when in ("00:00:10", "00:01"):
        (order,) = [order for order in placed(run.due(when)) if order.sell == BTC]
        run.sold(order)
        sold.append((order.venue, order.quantity))
    run.stream(up=False, venue=OTHER)
    run.price("100", "100.02", venue=OTHER, live=False)
    (last,) = [order for order in placed(run.due("00:02")) if order.sell == BTC]
    run.sold(last)
    assert sold == [(OTHER, d("0.333")), (OTHER, d("0.333"))]
    assert (last.venue, run.state.legs[ONE].remaining) == (VENUE, 0)
