"""Orders without a price: by quantity or by money, as far as the book goes, and not one unit lost."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.kernel.clock import Instant
from engine.kernel.money import ZERO
from venues.sandbox.exchange import Exchange
from venues.sandbox.model import Kind, Listing, OrderRequest, OrderRow, Reason, Rejection, Side, Status

D = Decimal
PAIR = Listing(
    "BTCUSDT", "BTC", "USDT", tick=D("0.5"), lot=D("0.01"), quantity_min=D("0.01"), quantity_max=D(10),
    notional_min=D(1), notional_max=D(2000), maker_fee=D(0), taker_fee=D("0.002"), fee_step=D("0.01"),
)  # fmt: skip
BEGAN = {"me": {"BTC": D(5), "USDT": D(1000)}, "maker": {"BTC": D(100), "USDT": D(100_000)}}


def market(listing: Listing = PAIR) -> Exchange:
    """Bids of 1 at 100 and 2 at 99; asks of 1 at 101 and 2 at 102."""
    exchange = Exchange([listing], BEGAN, [], start=Instant(1))
    for n, (side, quantity, price) in enumerate(
        [(Side.BUY, 1, 100), (Side.BUY, 2, 99), (Side.SELL, 1, 101), (Side.SELL, 2, 102)]
    ):
        exchange.place("maker", OrderRequest(listing.symbol, side, Kind.GTC, D(quantity), D(price), f"m{n}"))
    return exchange


def ask(side: Side, quantity: str = "0", amount: str = "0", price: str = "0", client_id: str = "c1") -> OrderRequest:
    return OrderRequest("BTCUSDT", side, Kind.MARKET, D(quantity), D(price), client_id, D(amount))


def placed(exchange: Exchange, request: OrderRequest) -> OrderRow:
    made = exchange.place("me", request)
    assert isinstance(made, OrderRow), made
    return made


def held(exchange: Exchange) -> dict[str, tuple[Decimal, Decimal]]:
    return {row.asset: (row.free, row.locked) for row in exchange.balances("me")}


def test_a_sale_by_quantity_walks_the_book() -> None:
    exchange = market()
    row = placed(exchange, ask(Side.SELL, "1.5"))
    assert (row.status, row.filled, row.quote_filled) == (Status.FILLED, D("1.5"), D("149.5"))
    assert held(exchange) == {"BTC": (D("3.5"), ZERO), "USDT": (D(1000) + D("149.5") - D("0.20") - D("0.10"), ZERO)}


def test_what_the_book_cannot_take_ends_at_once() -> None:
    exchange = market()
    row = placed(exchange, ask(Side.SELL, "4"))
    assert (row.status, row.filled) == (Status.PARTIALLY_CANCELED, D(3))
    assert exchange.open_orders("me") == []
    assert held(exchange)["BTC"] == (D(2), ZERO)


def test_an_empty_book_cancels_a_market_order() -> None:
    exchange = Exchange([PAIR], BEGAN, [], start=Instant(1))
    assert placed(exchange, ask(Side.SELL, "1")).status is Status.CANCELED
    assert placed(exchange, ask(Side.BUY, amount="50", client_id="c2")).status is Status.CANCELED


def test_a_sale_for_an_amount_sells_no_lot_more_than_it_brings() -> None:
    """150 from 1 at 100 and then 99 a piece: 0.50 more brings 49.50, and 0.51 would be too much."""
    row = placed(market(), ask(Side.SELL, amount="150"))
    assert (row.status, row.filled, row.quote_filled) == (Status.FILLED, D("1.5"), D("149.5"))
    assert (row.quantity, row.amount) == (ZERO, D(150))


def test_a_buy_for_an_amount_spends_no_more_than_that_and_the_fee() -> None:
    exchange = market()
    row = placed(exchange, ask(Side.BUY, amount="150"))
    assert (row.status, row.filled, row.quote_filled) == (Status.FILLED, D("1.48"), D("149.96"))
    (first, second) = exchange.trades("me")
    assert held(exchange)["USDT"] == (D(1000) - D("149.96") - first.fee - second.fee, ZERO)


def test_a_market_order_goes_no_further_than_its_band() -> None:
    exchange = market(replace(PAIR, market_band=D("0.01")))
    row = placed(exchange, ask(Side.BUY, "2"))
    assert (row.status, row.filled) == (Status.PARTIALLY_CANCELED, D(1))


def test_a_market_order_stops_before_an_order_of_its_own_account() -> None:
    exchange = market()
    exchange.place("me", OrderRequest("BTCUSDT", Side.SELL, Kind.GTC, D(1), D("101.5"), "own"))
    assert placed(exchange, ask(Side.BUY, "2")).filled == D(1)


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (ask(Side.SELL, "1", price="100"), Reason.PRICE_OFF_TICK),
        (ask(Side.SELL), Reason.QUANTITY_TOO_SMALL),
        (ask(Side.SELL, "1", amount="100"), Reason.QUANTITY_TOO_SMALL),
        (ask(Side.SELL, "1.005"), Reason.QUANTITY_OFF_LOT),
        (ask(Side.SELL, "5.01"), Reason.QUANTITY_TOO_LARGE),
        (ask(Side.SELL, "0.01"), Reason.NOTIONAL_TOO_SMALL),
        (ask(Side.BUY, amount="501"), Reason.NOTIONAL_TOO_LARGE),
        (ask(Side.BUY, amount="-1"), Reason.NOTIONAL_TOO_SMALL),
        (ask(Side.SELL, amount="NaN"), Reason.NOTIONAL_TOO_SMALL),
    ],
)
def test_a_market_order_has_bounds_of_its_own(request_: OrderRequest, reason: Reason) -> None:
    listing = replace(PAIR, market_quantity_max=D(5), market_amount_min=D(5), market_amount_max=D(500))
    exchange = market(listing)
    before = exchange.truth()
    refused = exchange.place("me", request_)
    assert isinstance(refused, Rejection)
    assert (refused.reason, exchange.truth()) == (reason, before)


def test_who_cannot_pay_for_what_the_book_asks_is_refused() -> None:
    exchange = Exchange([PAIR], {**BEGAN, "me": {"USDT": D(101)}}, [], start=Instant(1))
    exchange.place("maker", OrderRequest("BTCUSDT", Side.SELL, Kind.GTC, D(1), D(101), "m"))
    refused = exchange.place("me", ask(Side.BUY, "1"))
    assert isinstance(refused, Rejection)
    assert refused.reason is Reason.INSUFFICIENT


def test_a_filled_order_pays_the_minimum_fee_with_its_last_execution() -> None:
    """0.20 and 0.10 by the rate; at least 1.99 in all, so the second execution pays 1.79."""
    exchange = market(replace(PAIR, fee_min=D("1.99")))
    placed(exchange, ask(Side.SELL, "1.5"))
    assert [trade.fee for trade in exchange.trades("me")] == [D("0.20"), D("1.79")]


def test_a_partly_executed_order_is_exempt_from_the_minimum_fee() -> None:
    exchange = market(replace(PAIR, fee_min=D("1.99")))
    placed(exchange, ask(Side.SELL, "4"))
    assert sum(trade.fee for trade in exchange.trades("me")) == D("0.60")


def test_a_buyer_has_the_minimum_fee_set_aside_and_pays_it() -> None:
    exchange = market(replace(PAIR, fee_min=D("1.99")))
    exchange.place("me", OrderRequest("BTCUSDT", Side.BUY, Kind.GTC, D("0.5"), D("100.5"), "rests"))
    assert held(exchange)["USDT"][1] == D("50.25") + D("1.99")
    exchange.place("maker", OrderRequest("BTCUSDT", Side.SELL, Kind.IOC, D("0.5"), D("100.5"), "meets"))
    assert [trade.fee for trade in exchange.trades("me")] == [D("1.99")]


ORDERS = st.tuples(
    st.sampled_from(["me", "maker"]), st.sampled_from(Side), st.booleans(), st.integers(1, 300), st.integers(98, 104)
)


@settings(max_examples=80, deadline=None)
@given(st.lists(ORDERS, max_size=25), st.booleans())
def test_market_orders_create_and_lose_nothing(orders: list[tuple], floor: bool) -> None:
    """Limit orders between them; after each one everything adds up, nothing is negative, nothing stays locked."""
    exchange = market(replace(PAIR, fee_min=D("1.99") if floor else None))
    for n, (account, side, by_amount, size, price) in enumerate(orders):
        if n % 3 == 0:
            request = OrderRequest("BTCUSDT", side, Kind.GTC, size * PAIR.lot, D(price), f"c{n}")
        elif by_amount:
            request = OrderRequest("BTCUSDT", side, Kind.MARKET, ZERO, ZERO, f"c{n}", D(size))
        else:
            request = OrderRequest("BTCUSDT", side, Kind.MARKET, size * PAIR.lot, ZERO, f"c{n}")
        exchange.place(account, request)
        truth = exchange.truth()
        for asset in ("BTC", "USDT"):
            rows = [row for name in BEGAN for row in exchange.balances(name) if row.asset == asset]
            assert all(row.free >= 0 <= row.locked for row in rows)
            total = sum(row.free + row.locked for row in rows)
            began = sum(units[asset] for units in BEGAN.values())
            assert total + D(truth["outside"].get(asset, "0")) + D(truth["fees"].get(asset, "0")) == began
        for row in exchange.orders(account):
            if row.kind is Kind.MARKET:
                assert row.status.ended
                assert not row.amount or row.quote_filled <= row.amount
