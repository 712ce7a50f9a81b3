"""The recorded half hour plays as a market in which we can trade, and says what of it was left out."""

import gzip
from decimal import Decimal
from itertools import pairwise
from statistics import median

import pytest

from engine.kernel.clock import MILLISECOND, MINUTE, Instant, iso
from venues.sandbox import recorded
from venues.sandbox.exchange import Exchange
from venues.sandbox.flow import Act, FlowAction
from venues.sandbox.listings import LISTINGS, START
from venues.sandbox.model import Kind, OrderRequest, OrderRow, Side, Status
from venues.sandbox.recorded import RecordedFlow

D = Decimal
LISTING = LISTINGS[0]
PRESENT = pytest.mark.skipif(recorded.load() is None, reason="ob-analytics is not installed")

ORDERS = """\
id,timestamp,exchange_timestamp,price,volume,action,direction
1,9,1000,100.0,1.00000999,created,bid
2,9,1000,102.0,2.0,created,ask
3,9,1500,101.0,0.5,created,bid
3,9,1500,101.0,0.5,deleted,bid
4,9,2000,100.5,0.000001,created,bid
5,9,2000,0.0,9.0,created,bid
6,9,3000,110.0,0.7,created,bid
2,9,3000,102.0,1.6,changed,ask
6,9,3000,110.0,0.3,changed,bid
6,9,5000,110.0,0.3,deleted,bid
7,9,6000,101.5,0.1,deleted,ask
8,9,6000,103.0,1.0,created,ask
8,9,6500,103.0,1.0,deleted,ask
1,9,9000,100.0,1.0,deleted,bid
2,9,9000,102.0,1.6,deleted,ask
"""
TRADES = """\
trade_id,timestamp,exchange_timestamp,price,amount,buy_order_id,sell_order_id,side
77,9,3000,102.0,0.40000001,6,2,buy
"""


def small() -> RecordedFlow:
    """Nine seconds in which number 6 buys 0.4 from number 2 and leaves 0.3 standing for two seconds."""
    rows = recorded.read_orders(gzip.compress(ORDERS.encode()))
    return RecordedFlow("BTCUSDT", *recorded.arrange(rows, recorded.read_trades(TRADES), LISTING.tick, LISTING.lot))


def at(ms: int) -> Instant:
    return Instant(ms * MILLISECOND)


def exchange(flow: RecordedFlow) -> Exchange:
    return Exchange([LISTING], {"a": {"BTC": D(100), "USDT": D(10_000_000)}}, [flow], start=flow.origin)


def whole() -> RecordedFlow:
    flow = recorded.load()
    assert flow is not None
    return flow


def order(side: Side, quantity: str, price: str, kind: Kind, client_id: str = "c") -> OrderRequest:
    return OrderRequest("BTCUSDT", side, kind, D(quantity), D(price), client_id)


def test_rows_become_actions_in_ticks_and_lots_with_sizes_rounded_down() -> None:
    first, *_ = small().until(at(1000))
    assert first == FlowAction(at(1000), "BTCUSDT", Act.ADD, 1, True, 10_000, 100_000, True)


def test_a_trade_is_played_where_its_taker_came_in_and_what_it_left_stands() -> None:
    """0.4 are taken up to a quarter of a percent through 102; number 6 is then worth 0.29999."""
    played = [(a.act, a.key, a.ticks, a.lots) for a in small().until(at(5000)) if a.at >= at(3000)]
    assert played == [
        (Act.TAKE, 0, 10_226, 40_000),
        (Act.ADD, 6, 11_000, 29_999),
        (Act.LESSEN, 2, 10_200, 160_000),
        (Act.LEAVE, 6, 11_000, 29_999),
    ]


def test_every_row_that_is_left_out_is_counted_under_its_cause() -> None:
    assert small().report == {
        "source": "ob-analytics: Bitstamp BTC/USD, prices one to one",
        "rows": 15,
        "trades": 1,
        "closing_deletions": 2,
        "never_seen_before": 1,
        "takers_own_rows": 3,
        "came_and_went_in_a_millisecond": 2,
        "without_a_price": 1,
        "smaller_than_a_lot": 1,
        "takers_that_stayed": 1,
        "actions": 8,
    }


def test_an_order_is_patient_when_it_stays_for_a_second() -> None:
    """Number 8 stays for half of one."""
    patience = {action.key: action.patient for action in small().until(at(9000)) if action.act is Act.ADD}
    assert patience == {1: True, 2: True, 6: True, 8: False}


def test_actions_are_handed_out_once_however_time_is_cut() -> None:
    flow = small()
    pieces = [action for ms in range(900, 9001, 100) for action in flow.until(at(ms))]
    assert pieces == list(small().until(at(9000)))
    assert list(flow.until(at(9999))) == []


def test_another_recording_is_refused() -> None:
    with pytest.raises(ValueError, match="not the recording"):
        recorded.read_orders(gzip.compress(ORDERS.replace("direction", "side").encode()))
    with pytest.raises(ValueError, match="not the recording"):
        recorded.read_trades(TRADES.replace("amount", "size"))


def test_without_the_package_there_is_no_recording(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorded, "DISTRIBUTION", "no-such-distribution")
    assert recorded.load(lot=D("0.0001")) is None


def test_a_taker_does_not_follow_us_further_than_its_reach() -> None:
    """We buy all that the taker took in its time; our own offer stands one tick beyond 102 and a quarter percent.

    What the taker left standing at 110 then meets our offer, as it would have.
    """
    flow = small()
    market = exchange(flow)
    market.place("a", order(Side.BUY, "2", "102", Kind.IOC, "bought"))
    market.place("a", order(Side.SELL, "1", "102.27", Kind.GTC, "offered"))
    market.advance(flow.end)
    assert market.stats()["BTCUSDT"]["unfilled_lots"] == 40_000
    assert [(t.price, t.quantity) for t in market.trades("a", client_id="offered")] == [(D("102.27"), D("0.29999"))]


@PRESENT
def test_the_recording_begins_where_the_sandbox_does() -> None:
    flow = whole()
    assert (flow.origin, iso(flow.origin)) == (START, "2026-05-02T02:36:20.521000Z")
    assert 29 * MINUTE < flow.end - flow.origin < 31 * MINUTE


@PRESENT
def test_undisturbed_it_trades_what_was_traded_to_the_lot() -> None:
    """284 trades of 15.02983915 BTC, each rounded down to lots; one of them is smaller than a lot."""
    flow = whole()
    market = exchange(flow)
    market.advance(flow.end)
    assert sum(p.quantity for p in market.take_public()) == D("15.02874")
    stats = market.stats()["BTCUSDT"]
    assert (stats["unfilled_lots"], stats["evicted"], stats["refused"]) == (0, 2, 33)


@PRESENT
def test_undisturbed_the_mid_stays_with_the_recorded_prices_and_is_never_crossed() -> None:
    """A moment before each print, the mid is within 3 bp of its price, and within 0.1 bp for half of them."""
    flow = whole()
    market = exchange(flow)
    takes = [action for action in whole().until(flow.end) if action.act is Act.TAKE]
    apart = []
    for moment in sorted({action.at for action in takes}):
        market.advance(Instant(moment - 1))
        market.take_public()
        depth = market.depth("BTCUSDT", 1)
        assert depth.bids[0][0] < depth.asks[0][0]
        mid = (depth.bids[0][0] + depth.asks[0][0]) / 2
        market.advance(moment)
        apart += [abs(p.price / mid - 1) * 10_000 for p in market.take_public()]
    assert len(apart) == 283
    assert max(apart) < 3
    assert median(apart) <= D("0.1")


@PRESENT
def test_our_sale_takes_from_the_recorded_book_and_what_it_took_does_not_come_back_by_itself() -> None:
    """The later deletions of what we consumed are harmless; the book goes on uncrossed."""
    flow = whole()
    market = exchange(flow)
    before = market.depth("BTCUSDT", 50).bids
    row = market.place("a", order(Side.SELL, "5", "78000", Kind.IOC))
    assert isinstance(row, OrderRow)
    assert row.status is Status.FILLED
    assert market.depth("BTCUSDT", 1).bids[0][0] < before[0][0]
    for minute in range(1, 31):
        market.advance(Instant(flow.origin + minute * MINUTE))
        depth = market.depth("BTCUSDT", 2)
        assert all(better[0] > worse[0] for better, worse in pairwise(depth.bids))
        assert depth.bids[0][0] < depth.asks[0][0]


@PRESENT
def test_our_resting_sale_is_reached_by_the_recorded_buyers() -> None:
    """One tick under the recorded best ask, so that whoever buys next meets us first."""
    flow = whole()
    market = exchange(flow)
    best = market.depth("BTCUSDT", 1).asks[0][0]
    market.place("a", order(Side.SELL, "0.2", str(best - LISTING.tick), Kind.MAKER))
    market.advance(Instant(flow.origin + 5 * MINUTE))
    made = market.order("a", client_id="c")
    assert made is not None
    assert made.status is Status.FILLED
    assert {trade.price for trade in market.trades("a")} == {best - LISTING.tick}
    assert all(trade.maker for trade in market.trades("a"))
