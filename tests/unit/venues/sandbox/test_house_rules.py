"""What the house does: modes, halts, sweeps, money that comes and goes without an order, and what it remembers."""

from collections.abc import Iterator
from decimal import Decimal

import pytest
from msgspec.structs import replace

from engine.kernel.clock import Instant
from venues.sandbox.exchange import Exchange
from venues.sandbox.flow import Act, FlowAction
from venues.sandbox.model import Entry, Kind, Listing, Mode, OrderRequest, OrderRow, Reason, Rejection, Side, Status

D = Decimal
PAIR = Listing(
    "BTCUSDT", "BTC", "USDT", tick=D("0.5"), lot=D("0.01"), quantity_min=D("0.01"), quantity_max=D(10),
    notional_min=D(1), notional_max=D(2000), maker_fee=D(0), taker_fee=D("0.01"), fee_step=D("0.01"),
)  # fmt: skip
ETHER = Listing(
    "ETHUSDT", "ETH", "USDT", tick=D("0.5"), lot=D("0.01"), quantity_min=D("0.01"), quantity_max=D(10),
    notional_min=D(1), notional_max=D(2000), maker_fee=D(0), taker_fee=D("0.01"), fee_step=D("0.01"),
)  # fmt: skip


class Others:
    """Other people who do what a list says."""

    symbol, origin = "BTCUSDT", Instant(1)

    def __init__(self, *actions: FlowAction) -> None:
        self.actions = list(actions)

    def until(self, to: Instant) -> Iterator[FlowAction]:
        while self.actions and self.actions[0].at <= to:
            yield self.actions.pop(0)

    def felt(self, at: Instant, sold: bool, lots: int) -> None:
        pass


def other(at: int, act: Act, bid: bool, price: int, quantity: int, key: int = 0) -> FlowAction:
    return FlowAction(Instant(at), "BTCUSDT", act, key, bid, price * 2, quantity * 100)


def exchange(*others: FlowAction) -> Exchange:
    held = {"a": {"BTC": D(5), "USDT": D(500)}, "b": {"BTC": D(5), "USDT": D(500)}}
    return Exchange([PAIR, ETHER], held, [Others(*others)], start=Instant(1))


def order(side: Side, price: int, client_id: str, kind: Kind = Kind.GTC, symbol: str = "BTCUSDT") -> OrderRequest:
    return OrderRequest(symbol, side, kind, D(1), D(price), client_id)


def reason(done: object) -> Reason | None:
    return done.reason if isinstance(done, Rejection) else None


@pytest.mark.parametrize(
    ("mode", "rests", "takes", "cancels"),
    [
        (Mode.NORMAL, None, None, None),
        (Mode.CANCEL_ONLY, Reason.CANCEL_ONLY, Reason.CANCEL_ONLY, None),
        (Mode.POST_ONLY, None, Reason.POST_ONLY, None),
        (Mode.HALT, Reason.HALTED, Reason.HALTED, Reason.HALTED),
        (Mode.MAINTENANCE, Reason.MAINTENANCE, Reason.MAINTENANCE, Reason.MAINTENANCE),
    ],
)
def test_each_mode_takes_what_its_name_says(
    mode: Mode, rests: Reason | None, takes: Reason | None, cancels: Reason | None
) -> None:
    market = exchange()
    market.place("a", order(Side.SELL, 101, "before"))
    market.mode = mode
    assert reason(market.place("a", order(Side.SELL, 102, "rests", Kind.MAKER))) is rests
    assert reason(market.place("b", order(Side.BUY, 90, "takes", Kind.IOC))) is takes
    assert reason(market.cancel("a", client_id="before")) is cancels
    assert reason(market.cancel_all("a")) is cancels


@pytest.mark.parametrize("mode", [Mode.CANCEL_ONLY, Mode.POST_ONLY, Mode.HALT, Mode.MAINTENANCE])
def test_nobody_trades_in_another_mode_and_the_rest_of_the_book_goes_on(mode: Mode) -> None:
    """A taker and a crossing quote stay away from the account's order; a quote that crosses nothing comes."""
    market = exchange(
        other(10, Act.TAKE, True, 200, 1), other(11, Act.ADD, True, 150, 1, 7), other(12, Act.ADD, True, 90, 1, 8)
    )
    market.place("a", order(Side.SELL, 101, "rests"))
    market.mode = mode
    market.advance(Instant(20))
    assert market.trades("a") == []
    assert market.depth("BTCUSDT").bids == ((D("90.0"), D("1.00")),)
    market.mode = Mode.NORMAL
    market.place("b", order(Side.BUY, 101, "takes"))
    assert market.order("a", client_id="rests").status is Status.FILLED


def test_a_halted_pair_takes_cancels_and_no_order_while_others_trade() -> None:
    market = exchange(other(10, Act.TAKE, True, 200, 1))
    market.place("a", order(Side.SELL, 101, "rests"))
    market.halt("BTCUSDT")
    market.advance(Instant(20))
    assert market.listings["BTCUSDT"].trading is False
    assert reason(market.place("b", order(Side.BUY, 101, "b1"))) is Reason.HALTED
    assert isinstance(market.place("b", order(Side.BUY, 101, "b2", symbol="ETHUSDT")), OrderRow)
    assert isinstance(market.cancel("a", client_id="rests"), OrderRow)
    market.resume("BTCUSDT")
    assert isinstance(market.place("b", order(Side.BUY, 101, "b3")), OrderRow)


def test_all_orders_of_a_pair_or_a_side_are_cancelled_and_no_others() -> None:
    market = exchange()
    for n, (side, price, symbol) in enumerate(
        [(Side.SELL, 101, "BTCUSDT"), (Side.BUY, 90, "BTCUSDT"), (Side.BUY, 91, "BTCUSDT"), (Side.BUY, 9, "ETHUSDT")]
    ):
        market.place("a", order(side, price, f"n{n}", symbol=symbol))
    market.place("b", order(Side.SELL, 103, "b1"))
    ended = market.cancel_all("a", "BTCUSDT", Side.BUY)
    assert [(row.client_id, row.status) for row in ended] == [("n1", Status.CANCELED), ("n2", Status.CANCELED)]
    assert [row.client_id for row in market.open_orders("a")] == ["n0", "n3"]
    assert len(market.open_orders("b")) == 1 == len(market.cancel_all("b"))
    assert len(market.cancel_all("a")) == 2
    assert {row.asset: row.locked for row in market.balances("a")} == {"BTC": 0, "USDT": 0}


def test_a_sweep_ends_everybodys_orders_whatever_the_mode() -> None:
    market = exchange()
    market.place("a", order(Side.SELL, 101, "a1"))
    market.place("b", order(Side.BUY, 90, "b1"))
    market.mode = Mode.MAINTENANCE
    market.sweep()
    assert market.open_orders("a") == market.open_orders("b") == []


def test_money_comes_goes_and_is_handed_over_with_a_row_for_each() -> None:
    market = exchange()
    market.deposit("a", "HKD", D("12.5"), "wire-1")
    market.withdraw("a", "BTC", D(2), "out-1")
    market.transfer("a", "b", "BTC", D(1), "over-1")
    market.deal("a", "BTC", "USDT", D("0.5"), D(40), "quote-1")
    assert [
        (row.kind, row.base, row.base_change, row.base_held, row.quote_change, row.reference)
        for row in market.flow("a")
    ] == [
        (Entry.DEPOSIT, "HKD", D("12.5"), D("12.5"), 0, "wire-1"),
        (Entry.WITHDRAW, "BTC", D(-2), D(3), 0, "out-1"),
        (Entry.TRANSFER, "BTC", D(-1), D(2), 0, "over-1"),
        (Entry.DEAL, "BTC", D("-0.5"), D("1.5"), D(40), "quote-1"),
    ]
    assert [(row.base_change, row.base_held) for row in market.flow("b", kinds=[Entry.TRANSFER])] == [(D(1), D(6))]
    assert market.truth()["outside"] == {"BTC": "2.5", "HKD": "-12.5", "USDT": "-40"}
    ids = [int(row.id) for row in market.flow("a")]
    assert ids == sorted(ids)


def test_only_free_money_leaves() -> None:
    """Of 5 BTC one is reserved by an order."""
    market = exchange()
    market.place("a", order(Side.SELL, 101, "rests"))
    before = market.truth()
    for refused in (
        market.withdraw("a", "BTC", D("4.01"), "x"),
        market.withdraw("a", "BTC", D(0), "x"),
        market.withdraw("nobody", "BTC", D(1), "x"),
        market.transfer("a", "nobody", "BTC", D(1), "x"),
        market.transfer("a", "a", "BTC", D(1), "x"),
        market.deal("a", "BTC", "USDT", D(5), D(500), "x"),
    ):
        assert reason(refused) is Reason.INSUFFICIENT
    assert market.truth() == before
    assert reason(market.withdraw("a", "BTC", D(4), "x")) is None


def test_a_trade_stands_in_the_statements_of_both_sides() -> None:
    market = exchange()
    market.place("a", order(Side.SELL, 101, "a1"))
    market.place("b", order(Side.BUY, 101, "b1"))
    (sold,), (bought,) = market.flow("a"), market.flow("b")
    assert (sold.base_change, sold.quote_change, sold.fee, sold.reference) == (D(-1), D(101), 0, "a1")
    assert (bought.base_change, bought.quote_change, bought.fee) == (D(1), D(-101), D("1.01"))
    assert (bought.base_held, bought.quote_held) == (D(6), D(500) - D(101) - D("1.01"))
    assert sold.id == market.trades("a")[0].trade_id


def test_records_can_be_read_as_they_stood() -> None:
    """At 10 the order came, at 20 it traded; whoever reads as of 15 sees it rest."""
    market = exchange()
    market.remember()
    market.advance(Instant(10))
    market.place("a", order(Side.SELL, 101, "a1"))
    market.advance(Instant(20))
    market.place("b", order(Side.BUY, 101, "b1"))
    with market.seen_at(Instant(15)):
        assert market.order("a", client_id="a1").status is Status.NEW
        assert [row.client_id for row in market.open_orders("a")] == ["a1"]
        assert market.trades("a") == market.flow("a") == market.orders("b") == []
        assert {row.asset: row.locked for row in market.balances("a")}["BTC"] == D(1)
    with market.seen_at(Instant(5)):
        assert market.order("a", client_id="a1") is None
        assert {row.asset: row.free for row in market.balances("a")} == {"BTC": D(5), "USDT": D(500)}
    assert market.order("a", client_id="a1").status is Status.FILLED
    assert market.open_orders("a") == []


def test_a_band_can_hold_both_ways_around_the_mid() -> None:
    """5 % of 100 around the mid of 99 and 101: no sale below 95, none above 105 either."""
    listing = replace(PAIR, band=D("0.05"), band_both_ways=True)
    market = Exchange([listing], {"a": {"BTC": D(5)}}, [Others(
        other(1, Act.ADD, True, 99, 1, 1), other(1, Act.ADD, False, 101, 1, 2)
    )], start=Instant(1))  # fmt: skip
    assert market.band("BTCUSDT") == (D("95.0"), D("105.0"))
    assert reason(market.place("a", order(Side.SELL, 94, "low"))) is Reason.PRICE_OUTSIDE_BAND
    assert reason(market.place("a", order(Side.SELL, 106, "high"))) is Reason.PRICE_OUTSIDE_BAND
    assert isinstance(market.place("a", order(Side.SELL, 105, "edge")), OrderRow)
