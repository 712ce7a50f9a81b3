"""The rate that counts for a decision is the one in force at its instant."""

from msgspec.structs import replace

from engine.events import Opened
from engine.kernel.ids import VenueName
from engine.mandate.terms import Floor, FloorFees, FloorScope
from engine.market.fees import FeeRow
from engine.orders import commands as c
from engine.orders import reports as r
from tests.support.builders import (
    BTC,
    CAPABILITIES,
    COIN,
    LICENCE,
    STABLE,
    START,
    USDT,
    VENUE,
    at,
    d,
    leg_one,
    leg_two,
    methods,
    opened,
    plan,
    terms,
)
from tests.support.by_hand import Run, only, placed

OTHER = VenueName("osl")
"""It always takes 0.27 %."""
DEAR = FeeRow(since=START, tier="1", maker=d("0"), taker=d("0.0029"), source="a notice")
CHEAP = replace(DEAR, since=at("00:02"), tier="2", taker=d("0.0025"))


def first(floor: Floor | None = None, **changes: FeeRow) -> Opened:
    """10 BTC at each of two venues; one of them has a tier that changes after two of the four slices."""
    coin, stable = replace(COIN, venue=OTHER), replace(STABLE, venue=OTHER)
    here = CAPABILITIES.under((changes.get("dear", DEAR), changes.get("cheap", CHEAP)), START)
    return opened(
        terms=terms(venues=(VENUE, OTHER)),
        plan=plan(leg_one(instruments=(COIN, coin), floor=floor), leg_two(instruments=(STABLE, stable))),
        licences={VENUE: LICENCE, OTHER: replace(LICENCE, venue=OTHER)},
        capabilities={VENUE: here, OTHER: replace(CAPABILITIES, taker_fee=d("0.0027"))},
        balances={name: (r.Balance(BTC, d("10"), d("0")),) for name in (VENUE, OTHER)},
    )


def run(given: Opened) -> Run:
    return Run(given, methods()).ready()


def test_of_two_books_with_one_price_the_cheaper_venue_of_the_moment_is_asked() -> None:
    """0.29 % against 0.27 % until two minutes past midnight, and 0.25 % against 0.27 % from then on."""
    trading = run(first())
    (before,) = placed(trading.due("00:01"))
    trading.sold(before)
    (after,) = (order for order in placed(trading.due("00:02")) if order.sell == BTC)
    assert (before.venue, after.venue) == (OTHER, VENUE)


def test_the_reason_is_journaled_with_the_rate_of_its_instant() -> None:
    trading = run(first())
    rates = []
    for when in ("00:01", "00:02"):
        (sent,) = only(c.Place, trading.due(when))
        assert sent.reason is not None
        rates.append({glance.venue: glance.fee_rate for glance in sent.reason.books}[VENUE])
        trading.expired(sent.approved.order)
    assert rates == [d("0.0029"), d("0.0025")]


def test_a_floor_after_fees_wants_what_the_fee_of_the_moment_leaves() -> None:
    """100 USDT a coin have to be left: a limit of 100.30 by 0.29 %, and of 100.26 by 0.25 %."""
    floor = Floor(d("100"), USDT, FloorScope.FILL, FloorFees.IN)
    alone = first(floor)
    alone = replace(alone, capabilities={**alone.capabilities, OTHER: replace(CAPABILITIES, taker_fee=d("0.9"))})
    trading = run(alone)
    limits = []
    for when in ("00:01", "00:02"):
        for venue in (VENUE, OTHER):
            trading.price("100.40", "100.42", venue=venue)
        (order,) = placed(trading.due(when))
        limits.append(order.price)
        trading.expired(order)
    assert limits == [d("100.30"), d("100.26")]


def test_an_order_has_to_be_worth_the_minimum_of_the_moment() -> None:
    """While at least 3 USDT an order are owed, 5 BTC for 500 USDT wait for company; from a minute on nothing is."""
    least = replace(DEAR, minimum=d("3"), minimum_in=(USDT,))
    for cheap, sent in ((replace(least, since=CHEAP.since), 0), (replace(CHEAP, since=at("00:01")), 1)):
        given = first(dear=least, cheap=cheap)
        trading = run(replace(given, balances={VENUE: given.balances[VENUE], OTHER: ()}))
        assert placed(trading.due("00:00")) == []
        assert len(placed(trading.due("00:01"))) == sent
