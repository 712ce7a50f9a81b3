"""A market made of bars gives the bars back, whatever the seed; and it gives way when we sell into it."""

from collections import defaultdict
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.kernel.clock import HOUR, MINUTE, SECOND, Instant, Span
from engine.market.bars import Bar
from venues.sandbox.bars import BarFlow, moments, temper_of
from venues.sandbox.exchange import Exchange
from venues.sandbox.listings import LISTINGS
from venues.sandbox.model import Depth, Kind, OrderRequest, OrderRow, PublicTrade, Side

D = Decimal
LISTING = LISTINGS[0]
T0 = Instant(1_700_000_040 * SECOND)


def bar(index: int, open_: str, high: str, low: str, close: str, volume: str, span: Span = MINUTE) -> Bar:
    return Bar(Instant(T0 + index * span), D(open_), D(high), D(low), D(close), D(volume))


RISE = bar(0, "78000", "78100.01", "77950.5", "78050", "12.34567")
FALL = bar(1, "78060", "78070", "77800", "77810.25", "3")
FLAT = bar(2, "77810.25", "77810.25", "77810.25", "77810.25", "0.5")
DAY = (RISE, FALL, FLAT)


def exchange(bars: tuple[Bar, ...] = DAY, seed: int = 7, span: Span = MINUTE) -> Exchange:
    flow = BarFlow("BTCUSDT", bars, span, seed)
    return Exchange([LISTING], {"a": {"BTC": D(1000)}}, [flow], start=flow.origin)


def sell(market: Exchange, quantity: str, client_id: str = "c") -> None:
    made = market.place("a", OrderRequest("BTCUSDT", Side.SELL, Kind.IOC, D(quantity), D(70_000), client_id))
    assert isinstance(made, OrderRow)
    assert made.filled == D(quantity)


def mid(depth: Depth) -> Decimal:
    return (depth.bids[0][0] + depth.asks[0][0]) / 2


def again(prints: list[PublicTrade], bars: tuple[Bar, ...], span: Span) -> list[Bar]:
    """The prints as bars."""
    groups: dict[int, list[PublicTrade]] = defaultdict(list)
    for trade in prints:
        groups[(trade.at - T0) // span].append(trade)
    made = []
    for one in bars:
        prices = [trade.price for trade in groups[(one.at - T0) // span]]
        volume = sum((trade.quantity for trade in groups[(one.at - T0) // span]), D(0))
        made.append(Bar(one.at, prices[0], max(prices), min(prices), prices[-1], volume))
    return made


@st.composite
def bars_of_a_market(draw: st.DrawFn) -> tuple[Bar, ...]:
    """Up to three bars in a row, between a satoshi's worth of movement and a crash, with at least four lots each."""
    made = []
    for index in range(draw(st.integers(1, 3))):
        four = [D(draw(st.integers(100_000, 9_000_000))) / 100 for _ in range(4)]
        low, *inner, high = sorted(four)
        first, last = draw(st.permutations(inner))
        lots = draw(st.integers(4, 50_000_000))
        made.append(Bar(Instant(T0 + index * MINUTE), first, high, low, last, lots * LISTING.lot))
    return tuple(made)


@given(bars=bars_of_a_market(), seed=st.integers(0, 2**32))
@settings(max_examples=40, deadline=None)
def test_without_us_the_prints_give_back_every_bar_to_the_tick_and_the_lot(bars: tuple[Bar, ...], seed: int) -> None:
    market = exchange(bars, seed)
    market.advance(Instant(T0 + 10 * MINUTE))
    assert again(market.take_public(), bars, MINUTE) == list(bars)


@pytest.mark.parametrize("span", [10 * SECOND, 5 * MINUTE, HOUR, 24 * HOUR], ids=["10s", "5m", "1h", "1d"])
def test_the_length_of_a_bar_changes_nothing_of_that(span: Span) -> None:
    bars = tuple(
        Bar(Instant(T0 + i * span), *(getattr(b, n) for n in Bar.__struct_fields__[1:])) for i, b in enumerate(DAY)
    )
    market = exchange(bars, span=span)
    market.advance(Instant(T0 + 4 * span))
    assert again(market.take_public(), bars, span) == list(bars)


@pytest.mark.parametrize(("volume", "prices"), [("0", []), ("0.00001", ["78000"]), ("0.00002", ["78000", "78050"])])
def test_a_bar_with_fewer_lots_than_prices_trades_at_the_outer_ones_first(volume: str, prices: list[str]) -> None:
    market = exchange((bar(0, "78000", "78100", "77900", "78050", volume),))
    market.advance(Instant(T0 + MINUTE))
    assert [trade.price for trade in market.take_public()] == [D(price) for price in prices]


@pytest.mark.parametrize("seed", range(5))
def test_the_low_comes_first_in_a_bar_that_rises_and_the_high_in_one_that_falls(seed: int) -> None:
    for one, first, then in ((RISE, RISE.low, RISE.high), (FALL, FALL.high, FALL.low)):
        way = [m.ticks * LISTING.tick for m in moments(one, MINUTE, seed, "BTCUSDT", LISTING.tick, LISTING.lot)]
        assert way[0] == one.open
        assert way[-1] == one.close
        assert way.index(first) < len(way) - 1 - way[::-1].index(then)
        assert min(way) == one.low
        assert max(way) == one.high


@pytest.mark.parametrize("step", [SECOND, 7 * SECOND + 13, MINUTE])
def test_however_time_is_cut_the_same_seed_makes_the_same_market(step: int) -> None:
    """Also when an account sells in the middle of the first bar and of the second."""
    ended = []
    for cut in (step, 11 * SECOND):
        market = exchange()
        for stop, name in ((30, "one"), (90, "two"), (179, "three")):
            for at in range(market.now, T0 + stop * SECOND, cut):
                market.advance(Instant(at))
            market.advance(Instant(T0 + stop * SECOND))
            sell(market, "0.2", name)
        ended.append((market.depth("BTCUSDT"), market.truth(), market.take_public()))
    assert ended[0] == ended[1]


def test_another_seed_takes_another_way_through_the_same_bars() -> None:
    left, right = exchange(seed=1), exchange(seed=2)
    for market in (left, right):
        market.advance(Instant(T0 + MINUTE))
    assert left.take_public() != right.take_public()


@pytest.mark.parametrize("span", [MINUTE, HOUR], ids=["1m", "1h"])
def test_the_book_is_never_crossed_and_never_stale(span: Span) -> None:
    """Forty looks at each bar: both sides keep their ladder, with quotes no more than thirty seconds old."""
    bars = tuple(
        Bar(Instant(T0 + i * span), *(getattr(b, n) for n in Bar.__struct_fields__[1:])) for i, b in enumerate(DAY)
    )
    market = exchange(bars, span=span)
    for look in range(120):
        market.advance(Instant(T0 + look * span // 40))
        depth = market.depth("BTCUSDT")
        assert depth.bids[0][0] < depth.asks[0][0]
        assert len(depth.bids) > 10 < len(depth.asks)
        assert market.now - depth.changed_at <= 30 * SECOND


def test_a_sale_pushes_the_price_down_and_it_recovers_in_part() -> None:
    """2 BTC of a market that trades 6 a minute, one bar after another at one price."""
    bars = tuple(bar(i, "78000", "78000", "78000", "78000", "6") for i in range(8))
    market = exchange(bars)
    market.advance(Instant(T0 + MINUTE))
    sell(market, "1", "one")
    sell(market, "1", "two")
    gaps = []
    for span in (5 * SECOND, 6 * MINUTE):
        market.advance(Instant(T0 + MINUTE + span))
        gaps.append((mid(market.depth("BTCUSDT")) / 78_000 - 1) * 10_000)
    assert gaps[0] < -8
    assert -8 < gaps[1] < -2


def test_our_sale_changes_neither_who_comes_next_nor_how_much_they_take() -> None:
    """Of two equal markets one is sold into; afterwards the same amounts are taken at the same instants."""
    sold, left_alone = exchange(), exchange()
    for market in (sold, left_alone):
        market.advance(Instant(T0 + 30 * SECOND))
        market.take_public()
    sell(sold, "0.05")
    sold.take_public()
    taken = []
    for market in (sold, left_alone):
        market.advance(Instant(T0 + 3 * MINUTE))
        volumes: dict[int, Decimal] = defaultdict(D)
        for trade in market.take_public():
            volumes[trade.at] += trade.quantity
        taken.append(volumes)
    assert taken[0] == taken[1]


def test_an_order_resting_above_the_price_is_filled_when_the_bar_reaches_it() -> None:
    """Offered at 78,090, in a bar that opens at 78,000 and reaches 78,100.01."""
    market = exchange()
    market.advance(Instant(T0 + SECOND))
    market.place("a", OrderRequest("BTCUSDT", Side.SELL, Kind.GTC, D("0.1"), D("78090"), "c"))
    market.advance(Instant(T0 + MINUTE))
    made = market.order("a", client_id="c")
    assert made is not None
    assert made.filled == D("0.1")


def test_where_bars_are_missing_nobody_is_there_and_nothing_trades() -> None:
    """Bars for the first and for the fourth minute."""
    later = bar(3, "78000", "78010", "77990", "78005", "1")
    market = exchange((RISE, later))
    market.advance(Instant(T0 + MINUTE))
    market.take_public()
    for second in range(60, 180, 7):
        market.advance(Instant(T0 + second * SECOND))
        assert market.depth("BTCUSDT").bids == market.depth("BTCUSDT").asks == ()
        assert market.take_public() == []
    market.advance(later.at)
    assert market.depth("BTCUSDT").bids[0][0] < D("78000") < market.depth("BTCUSDT").asks[0][0]


def test_after_the_last_bar_the_book_is_empty() -> None:
    market = exchange()
    market.advance(Instant(T0 + 3 * MINUTE - 1))
    assert market.depth("BTCUSDT").bids
    market.advance(Instant(T0 + 3 * MINUTE))
    assert market.depth("BTCUSDT").bids == ()


def test_prices_between_two_ticks_go_to_the_nearest_and_volumes_down_to_a_lot() -> None:
    one = bar(0, "78000.004", "78100.006", "77900.001", "78050.0051", "1.000019")
    market = exchange((one,))
    market.advance(Instant(T0 + MINUTE))
    laid = bar(0, "78000.00", "78100.01", "77900.00", "78050.01", "1.00001")
    assert again(market.take_public(), (laid,), MINUTE) == [laid]


def test_the_crowd_is_as_deep_as_the_bars_are_busy_and_gives_way_accordingly() -> None:
    """Ten times the volume: quotes ten times as large, and a tenth of the push for each coin."""
    quiet, busy = (temper_of([bar(0, "1", "1", "1", "1", volume)], MINUTE) for volume in ("30", "300"))
    assert (quiet.rung_size, busy.rung_size) == pytest.approx((0.3, 3.0))
    assert quiet.impact_bp == pytest.approx(10 * busy.impact_bp)


def test_no_bars_are_no_market() -> None:
    with pytest.raises(ValueError, match="no bars"):
        BarFlow("BTCUSDT", (), MINUTE, 1)
