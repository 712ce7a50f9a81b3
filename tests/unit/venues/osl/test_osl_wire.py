"""OSL's words, both ways: exact numbers, opaque ids, and `Odd` for whatever can't be believed."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.kernel.clock import parse_instant
from engine.kernel.ids import VenueName
from engine.kernel.money import Amount, Asset
from engine.market.instrument import Instrument
from engine.orders.order import OrderType, TimeInForce
from engine.orders.reports import Balance, OrderStatus, Permissions
from tests.unit.venues.osl.stub import BTCUSD, SINCE, approved, execution_row, order_row
from venues.osl import frames, listings, quotes, wire

V = VenueName("osl")
PAIR = {
    "symbol": "BTCUSD", "currency": "BTC", "settlCurrency": "USD", "highPrice": "63000.00000",
    "lowPrice": "61000.00000", "bidPrice": "61999.90000", "askPrice": "62000.60000", "lastPrice": "62000.10000",
    "minPrice": "58900.00000", "maxPrice": "65100.00000", "minOrderQty": "0.00010000", "maxOrderQty": "399.39290000",
    "minValue": "10.00000", "maxValue": "10000000.00000", "prevClosePrice": "61500.00000", "volume": "177.42",
    "tickSize": "0.10000", "stepSize": "0.00000010", "priceDecimals": "5", "quantityDecimals": "8",
    "updateTime": "2026-09-22T03:14:48.044Z", "retailAvailable": True, "piAvailable": True,
}  # fmt: skip


def raw(value: Any) -> bytes:
    return json.dumps(value).encode()


def only(*rows: dict[str, Any]) -> Instrument:
    [pair], _ = listings.instruments(V, raw(rows))
    return pair


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"tif": TimeInForce.IOC}, {"timeInForce": "ImmediateOrCancel"}),
        ({"tif": TimeInForce.FOK}, {"timeInForce": "FillOrKill"}),
        ({"tif": TimeInForce.POST_ONLY}, {"timeInForce": "GoodTillCancel", "execInst": "PostOnly"}),
        ({"quantity": Decimal("1E-7")}, {"orderQty": "0.0000001"}),
    ],
)
def test_an_order_says_how_long_it_stands(changed: dict[str, object], words: dict[str, str]) -> None:
    """Numbers are text without an exponent."""
    body = json.loads(wire.order_body(approved(**changed).order))
    assert words.items() <= body.items()
    assert body["side"] == "Sell"


def test_a_market_order_carries_no_price_and_no_time() -> None:
    """The quantity is in base."""
    body = json.loads(wire.order_body(approved(type=OrderType.MARKET).order))
    assert body == {"symbol": "BTCUSD", "side": "Sell", "orderQty": "0.01", "ordType": "Market", "clOrdID": "ord-1"}


@pytest.mark.parametrize(
    "changed",
    [
        {"client_id": 'a","side":"Buy'},
        {"client_id": "a" * 37},
        {"client_id": ""},
        {"symbol": "btc usd"},
        {"quantity": Decimal(0)},
        {"quantity": Decimal(-1)},
        {"price": Decimal(0)},
    ],
)
def test_what_is_no_sale_or_no_name_is_not_written(changed: dict[str, object]) -> None:
    """It would be another order than the one that was approved."""
    with pytest.raises(ValueError, match="not a"):
        wire.order_body(approved(**changed).order)


@pytest.mark.parametrize(
    ("word", "filled", "status"),
    [
        ("PendingNew", "0", OrderStatus.WORKING),
        ("New", "0", OrderStatus.WORKING),
        ("PartiallyFilled", "0.004", OrderStatus.WORKING),
        ("Filled", "0.01", OrderStatus.FILLED),
        ("Canceled", "0.004", OrderStatus.CANCELLED),
        ("Expired", "0", OrderStatus.CANCELLED),
        ("Rejected", "0", OrderStatus.REJECTED),
    ],
)
def test_each_word_for_an_order_is_known(word: str, filled: str, status: OrderStatus) -> None:
    """A cancelled order keeps what it had filled."""
    report = wire.order_report(V, raw(order_row(ordStatus=word, cumQty=filled)))
    assert (report.status, report.filled) == (status, Decimal(filled))


@pytest.mark.parametrize(
    "changed",
    [
        {"ordStatus": "Frobbed"},
        {"ordStatus": "Filled"},
        {"cumQty": "0.02"},
        {"cumQty": "-1"},
        {"cumQty": None},
        {"orderQty": "NaN"},
        {"orderQty": "1e400"},
        {"price": None},
        {"side": "Buy"},
        {"side": "SELL"},
        {"ordType": "Stop"},
        {"orderID": ""},
        {"orderID": 0},
        {"transactTime": "2026-09-22T03:14:48.044"},
        {"transactTime": "2026-13-22T03:14:48.044Z"},
        {"transactTime": "1960-01-01T00:00:00.000Z"},
        {"transactTime": 1790000000000},
    ],
)
def test_an_order_that_cannot_be_believed_is_odd(changed: dict[str, Any]) -> None:
    """A new word, an impossible sum, a purchase, a number or a time that is none."""
    with pytest.raises(wire.Odd):
        wire.order_report(V, raw(order_row(**changed)))


def test_ids_keep_all_their_digits_when_they_come_as_numbers() -> None:
    """The venue sends them as text or as a number."""
    assert wire.order_report(V, raw(order_row(orderID=19000000000000000001))).venue_order_id == "19000000000000000001"


def test_numbers_written_as_numbers_stay_exact() -> None:
    """0.1 is one tenth, however the venue writes it."""
    assert wire.order_report(V, raw(order_row(orderQty=0.1))).quantity == Decimal("0.1")


def test_a_market_order_is_reported_without_a_price() -> None:
    """There is none."""
    assert wire.order_report(V, raw(order_row(ordType="Market", price=None))).price == 0


def test_purchases_in_lists_keep_their_place_and_are_not_ours() -> None:
    """Paging goes by every row; a report is made of the sales only."""
    told = wire.orders(V, raw([order_row(side="Buy", orderID="7"), order_row()]))
    assert [(row.key, row.fact is None) for row in told] == [("7", True), ("2289677808", False)]
    [row] = wire.fills(V, raw([execution_row(side="Buy")]))
    assert row.fact is None


@pytest.mark.parametrize(
    "changed",
    [
        {"lastLiquidityInd": "?"},
        {"commission": None},
        {"commissionCurrency": ""},
        {"lastQty": "0"},
        {"lastPx": "0"},
        {"execID": ""},
        {"side": "Other"},
    ],
)
def test_an_execution_that_can_not_be_booked_is_odd(changed: dict[str, Any]) -> None:
    """A fill without its fee would be booked too high."""
    with pytest.raises(wire.Odd):
        wire.fills(V, raw([execution_row(**changed)]))


def test_a_rebate_is_a_negative_fee() -> None:
    """Whoever rests in the book may be paid for it."""
    [row] = wire.fills(V, raw([execution_row(commission="-0.01", lastLiquidityInd="Added")]))
    assert row.fact is not None
    assert (row.fact.fee, row.fact.maker) == (Amount(Decimal("-0.01"), Asset("USD")), True)


def test_what_is_not_available_is_locked() -> None:
    """The sample of section 5.6, and one with an open order."""
    wallet = [
        {"currency": "USD", "exchangeAvailableBalance": "500.00000", "exchangeTotalBalance": "500.00000"},
        {"currency": "BTC", "exchangeAvailableBalance": "1.49", "exchangeTotalBalance": "1.5"},
    ]
    assert wire.balances(raw(wallet)) == [
        Balance(Asset("USD"), Decimal(500), Decimal(0)),
        Balance(Asset("BTC"), Decimal("1.49"), Decimal("0.01")),
    ]
    with pytest.raises(wire.Odd):
        wire.balances(raw([{**wallet[0], "exchangeTotalBalance": "499"}]))


def test_the_rights_of_a_key_are_two() -> None:
    """Words that we don't know add nothing."""
    read = raw({"permissions": ["Read", "Place and Manage Orders"]})
    assert wire.permissions(read) == Permissions(trade=True, withdraw=False)
    assert wire.permissions(raw({"permissions": ["Withdraw", "Fly"]})) == Permissions(trade=False, withdraw=True)


def test_a_row_becomes_an_instrument_with_its_band() -> None:
    """The sample of section 4.1: 5 % around the middle of 58,900 and 65,100."""
    pair = only(PAIR)
    assert (pair.symbol, pair.base, pair.quote, pair.trading) == ("BTCUSD", "BTC", "USD", True)
    assert (pair.tick, pair.lot) == (Decimal("0.1"), Decimal("0.0000001"))
    assert (pair.quantity_min, pair.quantity_max) == (Decimal("0.0001"), Decimal("399.3929"))
    assert (pair.notional_min, pair.notional_max) == (Decimal(10), Decimal(10_000_000))
    assert pair.band == Decimal("0.05")


def test_a_band_that_does_not_come_out_even_is_rounded_to_the_narrower_side() -> None:
    """A price just inside the written band is surely inside the venue's."""
    assert only({**PAIR, "minPrice": "58900.1"}).band == Decimal("0.049999")
    assert only({**PAIR, "minPrice": "0", "maxPrice": "0"}).band is None


def test_a_pair_that_can_not_be_traded_hides_no_other() -> None:
    """Without a tick, with an impossible band, and one that professional investors can't trade."""
    odd = [{**PAIR, "tickSize": "0"}, {**PAIR, "minPrice": "70000"}, {"symbol": "X"}, 7]
    [pair], passed_over = listings.instruments(V, raw([*odd, {**PAIR, "piAvailable": False}]))
    assert not pair.trading
    assert len(passed_over) == 4


def test_the_catalogue_narrows_what_the_list_says() -> None:
    """v5 caps one order at 600,000; a pair that it does not publish is not traded; one it does not name stays."""
    entry = {"symbol": "BTCUSD", "status": "1", "limitMaxAmount": "600000", "takerFeeRate": "0.0005"}
    pair = only(PAIR)
    assert listings.narrowed(pair, listings.catalogue(raw([entry, 7]))).notional_max == Decimal(600_000)
    assert not listings.narrowed(pair, listings.catalogue(raw([{**entry, "status": "0"}]))).trading
    assert listings.narrowed(pair, {}) == pair


def test_times_are_written_as_the_venue_writes_them() -> None:
    """Milliseconds, rounded down; and read back."""
    at = parse_instant("2026-09-22T03:14:48.044987Z")
    assert wire.written(at) == "2026-09-22T03:14:48.044Z"
    assert wire.time(wire.written(at)) == parse_instant("2026-09-22T03:14:48.044Z")


SAMPLES = [
    raw(order_row()),
    raw([order_row()]),
    raw([execution_row()]),
    raw([PAIR]),
    raw({"quoteResponse": {"responseCode": "FULL_QUOTE", "quoteId": "q", "timeToLive": 6984}}),
    b'{"table":"orderBookL2","action":"insert","symbol":"BTCUSD","bookVersionId":-2122396955,"sendTime":1790000001345,'
    b'"data":[{"symbol":"BTCUSD","side":"Buy","size":"0.30000000","price":"61999.5"}]}',
    b'{"symbol":"BTCUSD","asks":[["62000.6","0.0024"]],"bids":[["61999.9","0.003"]],'
    b'"updateTime":"2026-09-22T14:05:42.365Z"}',
]
ODDITIES = [b"null", b'"NaN"', b'"sNaN"', b"-1", b"1e400", b'""', b"[", b"{", b'"\xff"', b"[" * 5000, b"9" * 5000]


def damaged(sample: bytes) -> st.SearchStrategy[bytes]:
    cut = st.tuples(st.integers(0, len(sample)), st.integers(0, 30), st.binary(max_size=8) | st.sampled_from(ODDITIES))
    return cut.map(lambda at: sample[: at[0]] + at[2] + sample[at[0] + at[1] :])


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a shared machine may stall
@given(st.binary() | st.sampled_from(SAMPLES).flatmap(damaged))
def test_no_bytes_make_a_codec_raise_anything_but_odd(noise: bytes) -> None:
    """Noise, and samples with a piece cut out and another put in."""
    for read in (
        lambda: wire.order_report(V, noise),
        lambda: wire.orders(V, noise),
        lambda: wire.fills(V, noise),
        lambda: wire.balances(noise),
        lambda: wire.server_time(noise),
        lambda: wire.permissions(noise),
        lambda: listings.instruments(V, noise),
        lambda: listings.catalogue(noise),
        lambda: frames.frame(noise),
        lambda: frames.snapshot(BTCUSD, noise),
        lambda: frames.prints(V, BTCUSD, noise, SINCE),
        lambda: quotes.listed(QUOTE, noise),
    ):
        try:
            read()
        except wire.Odd:
            continue


QUOTE = quotes.Quote(V, "q", Asset("BTC"), Asset("USD"), Decimal(1), Decimal(2), SINCE)
