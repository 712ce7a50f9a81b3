"""When a recording is over the market goes on: at the same instant, around the same price, with nobody left behind."""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from engine.kernel.clock import MINUTE, SECOND, Instant
from venues.sandbox import recorded
from venues.sandbox.crowd import SyntheticFlow
from venues.sandbox.exchange import Exchange
from venues.sandbox.flow import Act, Flow, FlowAction
from venues.sandbox.listings import LISTINGS, START, sandbox_exchange
from venues.sandbox.model import Kind, OrderRequest, OrderRow, Side
from venues.sandbox.relay import Relay

D = Decimal
LISTING = LISTINGS[0]
ORIGIN, END = Instant(10 * SECOND), Instant(40 * SECOND)
PRESENT = pytest.mark.skipif(recorded.load() is None, reason="ob-analytics is not installed")


class Told:
    """A flow that plays what it was told."""

    def __init__(self, *actions: FlowAction) -> None:
        self.symbol, self.origin, self.end = "BTCUSDT", ORIGIN, END
        self._actions = list(actions)
        self.touched: list[int] = []

    def until(self, to: Instant) -> Iterator[FlowAction]:
        while self._actions and self._actions[0].at <= to:
            yield self._actions.pop(0)

    def felt(self, at: Instant, sold: bool, lots: int) -> None:
        self.touched.append(lots)


def act(second: int, what: Act, key: int, bid: bool, ticks: int, lots: int = 100_000) -> FlowAction:
    return FlowAction(Instant(second * SECOND), "BTCUSDT", what, key, bid, ticks, lots)


def half_a_minute() -> Told:
    """A bid of 100 and an ask of 102; a bid of 101 that left; an ask of 99, stale since the bid of 100 came."""
    return Told(
        act(10, Act.ADD, 1, bid=False, ticks=9_900),
        act(11, Act.ADD, 2, bid=True, ticks=10_000),
        act(12, Act.ADD, 3, bid=False, ticks=10_200),
        act(13, Act.ADD, 4, bid=True, ticks=10_100),
        act(20, Act.LEAVE, 4, bid=True, ticks=0),
    )


def crowd(at: Instant, mid: Decimal) -> Flow:
    return SyntheticFlow("BTCUSDT", at, 7, mid)


def exchange(flow: Flow) -> Exchange:
    return Exchange([LISTING], {"a": {"BTC": D(100), "USDT": D(10_000_000)}}, [flow], start=flow.origin)


def sale(quantity: str, client_id: str = "c") -> OrderRequest:
    return OrderRequest("BTCUSDT", Side.SELL, Kind.IOC, D(quantity), D(90), client_id)


def test_the_second_flow_begins_when_the_first_ends_and_around_its_mid() -> None:
    """Bid 100, ask 102: the crowd is made at 40 s around 101, from the orders that still stood, stale ones apart."""
    made: list[tuple[Instant, Decimal]] = []

    def then(at: Instant, mid: Decimal) -> Flow:
        made.append((at, mid))
        return crowd(at, mid)

    list(Relay(half_a_minute(), then, LISTING.tick).until(Instant(END + SECOND)))
    assert made == [(END, D("101.00"))]


def test_before_the_end_nothing_is_handed_over() -> None:
    played = list(Relay(half_a_minute(), crowd, LISTING.tick).until(Instant(END - 1)))
    assert played == list(half_a_minute().until(END))


def test_every_order_of_the_first_is_gone_when_the_second_begins() -> None:
    market = exchange(Relay(half_a_minute(), crowd, LISTING.tick))
    market.advance(END)
    depth = market.depth("BTCUSDT")
    assert market.stats()["BTCUSDT"]["others_orders"] == 80
    assert all(size != 1 for _, size in (*depth.bids, *depth.asks))
    assert D("100.9") < depth.bids[0][0] < depth.asks[0][0] < D("101.1")
    assert depth.changed_at == END


@pytest.mark.parametrize("step", [SECOND, 7 * SECOND + 13, 30 * SECOND])
def test_however_time_is_cut_the_same_market_follows(step: int) -> None:
    """Also when an account sells before and after the change of hands."""
    ended = []
    for cut in (step, 10 * SECOND):
        market = exchange(Relay(half_a_minute(), crowd, LISTING.tick))
        for stop, name in ((25, "before"), (60, "after"), (100, "last")):
            for at in range(market.now, stop * SECOND, cut):
                market.advance(Instant(at))
            market.advance(Instant(stop * SECOND))
            assert isinstance(market.place("a", sale("0.5", name)), OrderRow)
        ended.append((market.depth("BTCUSDT"), market.truth(), market.take_public()))
    assert ended[0] == ended[1]


def test_whoever_plays_feels_what_accounts_take() -> None:
    """A sale at 30 s is felt by the first; one at 50 s by the crowd, whose price gives way, and not by the first."""
    first = half_a_minute()
    sold, left_alone = (
        exchange(Relay(first, crowd, LISTING.tick)),
        exchange(Relay(half_a_minute(), crowd, LISTING.tick)),
    )
    sold.advance(Instant(30 * SECOND))
    sold.place("a", sale("0.5", "one"))
    for market in (sold, left_alone):
        market.advance(Instant(50 * SECOND))
    sold.place("a", sale("8", "two"))
    for market in (sold, left_alone):
        market.advance(Instant(60 * SECOND))
    assert first.touched == [50_000]
    assert sold.depth("BTCUSDT").asks[0][0] < left_alone.depth("BTCUSDT").asks[0][0]


def test_a_first_flow_that_leaves_one_side_hands_over_the_last_price_quoted() -> None:
    one_sided = Told(act(10, Act.ADD, 1, bid=True, ticks=10_000))
    made: list[Decimal] = []
    list(Relay(one_sided, lambda at, mid: made.append(mid) or crowd(at, mid), LISTING.tick).until(END))
    assert made == [D("100.00")]


def test_an_empty_first_flow_has_no_price_to_hand_over() -> None:
    with pytest.raises(ValueError, match="no price to go on from"):
        list(Relay(Told(), crowd, LISTING.tick).until(END))


@PRESENT
def test_the_standard_market_goes_on_where_the_recording_ends() -> None:
    """Ten seconds before and ten after the end of the half hour: a fresh book, uncrossed, within 10 bp."""
    market = sandbox_exchange(3, balances={}, recorded=True)
    mids = []
    for span in range(30 * MINUTE - 10 * SECOND, 30 * MINUTE + 11 * SECOND, SECOND):
        market.advance(Instant(START + span))
        depth = market.depth("BTCUSDT")
        assert depth.bids[0][0] < depth.asks[0][0]
        assert market.now - depth.changed_at < 2 * SECOND
        mids.append((depth.bids[0][0] + depth.asks[0][0]) / 2)
    assert max(mids) / min(mids) - 1 < D("0.001")


@PRESENT
def test_the_recording_itself_is_played_as_it_was() -> None:
    """A second before its end, the relay has shown the very actions of the recording."""
    flow = recorded.load()
    again = recorded.load()
    assert flow is not None
    assert again is not None
    stop = Instant(flow.end - SECOND)
    assert list(Relay(flow, crowd, LISTING.tick).until(stop)) == list(again.until(stop))
