"""The synthetic crowd is a mock, but a lawful one: seeded, uncrossed, indifferent to steps, and it gives way."""

from collections.abc import Mapping
from decimal import Decimal

import pytest

from engine.kernel.clock import HOUR, MINUTE, SECOND, Instant
from venues.sandbox.crowd import PeggedFlow, SyntheticFlow
from venues.sandbox.exchange import Exchange
from venues.sandbox.listings import FORBIDDEN, LISTINGS, START, sandbox_exchange, with_forbidden
from venues.sandbox.model import Depth, Kind, Listing, OrderRequest, OrderRow, Side

D = Decimal
BTC, ETH, USD, HKD = LISTINGS
HELD: Mapping[str, Mapping[str, Decimal]] = {"a": {"BTC": D(1000), "USDT": D(10_000_000)}}


def market(seed: int = 1) -> Exchange:
    return sandbox_exchange(seed, balances=HELD, recorded=False)


def mid(depth: Depth) -> Decimal:
    return (depth.bids[0][0] + depth.asks[0][0]) / 2


def sell(exchange: Exchange, orders: int) -> None:
    """Sell 5 BTC, whatever the price, so many times."""
    for n in range(orders):
        made = exchange.place("a", OrderRequest("BTCUSDT", Side.SELL, Kind.IOC, D(5), D(70_000), f"sale-{n}"))
        assert isinstance(made, OrderRow), made
        assert made.filled == 5


def apart_bp(left: Exchange, right: Exchange) -> Decimal:
    return (mid(left.depth("BTCUSDT")) / mid(right.depth("BTCUSDT")) - 1) * 10_000


@pytest.mark.parametrize("step", [SECOND, 7 * SECOND + 13, MINUTE])
def test_however_time_is_cut_the_same_seed_makes_the_same_market(step: int) -> None:
    at_once, in_steps = market(), market()
    at_once.advance(Instant(START + 3 * MINUTE))
    for at in range(START, START + 3 * MINUTE, step):
        in_steps.advance(Instant(at))
    in_steps.advance(Instant(START + 3 * MINUTE))
    for listing in LISTINGS:
        assert in_steps.depth(listing.symbol) == at_once.depth(listing.symbol)
    assert in_steps.take_public() == at_once.take_public()


def test_our_trading_does_not_make_the_crowd_depend_on_steps_either() -> None:
    """Both markets see the same sale at the same instant."""
    ended = []
    for step in (MINUTE, SECOND):
        exchange = market()
        exchange.advance(Instant(START + MINUTE))
        sell(exchange, 1)
        for at in range(START + MINUTE, START + 3 * MINUTE + 1, step):
            exchange.advance(Instant(at))
        ended.append((exchange.depth("BTCUSDT"), exchange.truth()))
    assert ended[0] == ended[1]


def test_another_seed_makes_another_market() -> None:
    assert market(1).depth("BTCUSDT") != market(2).depth("BTCUSDT")


@pytest.mark.parametrize("listing", LISTINGS, ids=lambda listing: listing.symbol)
def test_books_stand_from_the_first_moment_on_and_are_never_crossed(listing: Listing) -> None:
    """Watched each second for ten minutes, both sides keep at least five levels; the last change is never old."""
    exchange = market()
    for second in range(601):
        exchange.advance(Instant(START + second * SECOND))
        depth = exchange.depth(listing.symbol)
        assert depth.bids[0][0] < depth.asks[0][0]
        assert min(len(depth.bids), len(depth.asks)) >= 5
        assert exchange.now - depth.changed_at < 5 * SECOND


@pytest.mark.parametrize("seed", range(2))
def test_a_pegged_book_stays_near_par_for_hours(seed: int) -> None:
    """Within five basis points, with a quarter of a million in reach on the bid."""
    exchange = Exchange([USD], {}, [PeggedFlow("USDTUSD", START, seed)], start=START)
    for hour in range(1, 7):
        exchange.advance(Instant(START + hour * HOUR))
        depth = exchange.depth("USDTUSD")
        assert abs(mid(depth) - 1) < D("0.0005")
        assert sum(size for _, size in depth.bids) > 250_000


def test_the_hong_kong_pair_stands_around_its_own_par() -> None:
    assert abs(mid(market().depth("USDTHKD")) - D("7.8")) < D("0.01")


def test_a_sale_pushes_the_price_down_and_it_recovers_in_part() -> None:
    """10 BTC into one of two equal markets; compared with the other after seconds and after minutes."""
    sold, left_alone = market(), market()
    for exchange in (sold, left_alone):
        exchange.advance(Instant(START + MINUTE))
    sell(sold, 2)
    gaps = []
    for span in (5 * SECOND, 5 * MINUTE):
        for exchange in (sold, left_alone):
            exchange.advance(Instant(START + MINUTE + span))
        gaps.append(apart_bp(sold, left_alone))
    assert gaps[0] < -10
    assert -10 < gaps[1] < -3


def test_a_hole_in_the_book_closes_within_half_a_minute() -> None:
    exchange = market()
    before = sum(size for _, size in exchange.depth("BTCUSDT").bids)
    sell(exchange, 3)
    assert sum(size for _, size in exchange.depth("BTCUSDT").bids) == before - 15
    exchange.advance(Instant(START + 30 * SECOND))
    assert sum(size for _, size in exchange.depth("BTCUSDT").bids) > before * D("0.7")


def test_an_order_resting_inside_the_spread_is_filled_by_the_crowd() -> None:
    exchange = market()
    ask = exchange.depth("BTCUSDT").asks[0][0]
    exchange.place("a", OrderRequest("BTCUSDT", Side.SELL, Kind.MAKER, D("0.05"), ask - BTC.tick, "c"))
    exchange.advance(Instant(START + 10 * MINUTE))
    made = exchange.order("a", client_id="c")
    assert made is not None
    assert made.filled == D("0.05")


def test_takers_arrive_on_both_sides_at_about_the_rate_they_were_given() -> None:
    """0.15 a second for an hour are 540, give or take four standard deviations."""
    flow = SyntheticFlow("BTCUSDT", START, 3, D(78_300))
    takes = [action.bid for action in flow.until(Instant(START + HOUR)) if action.act.value == "take"]
    assert 447 < len(takes) < 633
    assert 0.4 < sum(takes) / len(takes) < 0.6


def test_no_volatile_asset_trades_against_fiat_unless_a_test_asks_for_it() -> None:
    """Only `with_forbidden` lists BTCUSD, and only then does its market stand."""
    assert [listing.symbol for listing in LISTINGS if listing.quote in ("USD", "HKD")] == ["USDTUSD", "USDTHKD"]
    assert with_forbidden() == (*LISTINGS, FORBIDDEN)
    assert "BTCUSD" not in market().listings
    asked = sandbox_exchange(1, balances={}, recorded=False, forbidden=True)
    assert asked.depth("BTCUSD").bids


def test_only_the_pairs_of_the_stablecoin_are_mock() -> None:
    assert [listing.mock for listing in LISTINGS] == [False, False, True, True]


def test_a_recorded_market_stands_at_its_start_whether_or_not_the_recording_is_there() -> None:
    exchange = sandbox_exchange(1, balances={}, recorded=True)
    assert exchange.now == START
    assert all(exchange.depth(listing.symbol).bids for listing in LISTINGS)
