"""ccxt's words and ours: what is believed of a row, and what is not."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from engine.kernel.ids import ClientOrderId, Symbol
from engine.kernel.money import Amount, Asset
from engine.orders.reports import Balance, OrderStatus
from tests.unit.venues.generic.stand import BTCUSDT, MILLIS, OURS, PAIR, SINCE, THERE
from venues.generic import listings, mapping
from venues.generic.known import OTHER, known
from venues.generic.mapping import Odd
from venues.generic.mock import LARGEST

HASHKEY = known("hashkey")


def symbol_of(unified: str) -> Symbol:
    return {"BTC/USDT": BTCUSDT}[unified]


def order(**changed: Any) -> dict[str, Any]:
    return {
        "id": "77",
        "clientOrderId": OURS,
        "symbol": "BTC/USDT",
        "side": "sell",
        "status": "open",
        "amount": "0.5",
        "filled": "0.2",
        "price": "60000.01",
        "cost": "12000.002",
        "timestamp": MILLIS,
        "lastUpdateTimestamp": None,
        "info": {"status": "PARTIALLY_FILLED", "price": "60000.01"},
    } | changed


def trade(**changed: Any) -> dict[str, Any]:
    return {
        "id": "9",
        "order": "77",
        "symbol": "BTC/USDT",
        "side": "sell",
        "amount": "0.2",
        "price": "60000.01",
        "takerOrMaker": "taker",
        "timestamp": MILLIS,
        "fee": {"currency": "USDT", "cost": "34.8"},
        "info": {},
    } | changed


def market(**changed: Any) -> dict[str, Any]:
    """A pair as ccxt describes it where nothing more is known."""
    return {
        "id": "XXBTZUSD",
        "symbol": "BTC/USD",
        "base": "BTC",
        "quote": "USD",
        "spot": True,
        "active": True,
        "precision": {"price": "0.1", "amount": "1e-8"},
        "limits": {"amount": {"min": "0.0001", "max": None}, "cost": {"min": "0.5", "max": "1e20"}},
        "info": {},
    } | changed


def test_an_order_is_reported_with_exact_numbers() -> None:
    report = mapping.order_report(THERE, OTHER, order(), symbol_of)
    assert (report.quantity, report.filled, report.price) == (Decimal("0.5"), Decimal("0.2"), Decimal("60000.01"))
    assert (report.symbol, report.client_id, report.venue_order_id, report.at) == (BTCUSDT, OURS, "77", SINCE)


@pytest.mark.parametrize(
    ("word", "filled", "said", "status"),
    [
        ("open", "0", "x", OrderStatus.WORKING),
        ("closed", "0.5", "x", OrderStatus.FILLED),
        ("closed", "0.2", "x", OrderStatus.CANCELLED),
        ("canceled", "0.2", "cancelled", OrderStatus.CANCELLED),
        ("canceled", "0.2", "pending_cancel", OrderStatus.WORKING),
        ("canceled", "0.2", "canceling", OrderStatus.WORKING),
        ("expired", "0", "x", OrderStatus.CANCELLED),
        ("rejected", "0", "x", OrderStatus.REJECTED),
    ],
)
def test_ccxts_status_is_reduced_to_whether_it_can_still_trade(
    word: str, filled: str, said: str, status: OrderStatus
) -> None:
    row = order(status=word, filled=filled, info={"status": said})
    assert mapping.order_report(THERE, OTHER, row, symbol_of).status is status


@pytest.mark.parametrize(("said", "status"), HASHKEY.statuses.items())
def test_the_exchanges_own_status_goes_before_ccxts(said: str, status: OrderStatus) -> None:
    filled = "0.5" if status is OrderStatus.FILLED else "0.2"
    row = order(status="canceled", filled=filled, info={"status": said, "price": "60000"})
    report = mapping.order_report(THERE, HASHKEY, row, symbol_of)
    assert (report.status, report.price) == (status, Decimal(60000))


def test_an_average_is_no_price() -> None:
    """ccxt puts the average in the place of a price that the order did not have."""
    row = order(price="60000.5", info={"status": "FILLED", "price": "0"}, filled="0.5")
    assert mapping.order_report(THERE, HASHKEY, row, symbol_of).price == 0


@pytest.mark.parametrize(
    "changed",
    [
        {"side": "buy"},
        {"side": None},
        {"amount": 0.5},
        {"amount": None},
        {"filled": None},
        {"filled": "0.6"},
        {"status": "closed", "amount": "0", "filled": "-1"},
        {"status": "pending"},
        {"status": None},
        {"price": "NaN"},
        {"price": "1E30"},
        {"id": None},
        {"timestamp": None},
        {"timestamp": 1790000010.0},
    ],
    ids=str,
)
def test_an_order_that_cannot_be_believed_is_odd(changed: Mapping[str, Any]) -> None:
    with pytest.raises(Odd):
        mapping.order_report(THERE, OTHER, order(**changed), symbol_of)


@pytest.mark.parametrize("value", [0.1, 1e-9, True, None, "", "0x10", "-1", b"1"])
def test_a_number_is_text_or_whole_and_never_a_float(value: object) -> None:
    with pytest.raises(Odd):
        mapping.number(value)


def test_a_fill_keeps_the_exchanges_price_fee_and_ids() -> None:
    fill = mapping.fill(THERE, OTHER, trade(), OURS, symbol_of)
    assert (fill.quantity, fill.price, fill.maker) == (Decimal("0.2"), Decimal("60000.01"), False)
    assert fill.fee == Amount(Decimal("34.8"), Asset("USDT"))
    assert (fill.venue_order_id, fill.trade_id, fill.client_id, fill.at) == ("77", "9", OURS, SINCE)


def test_a_row_of_another_pair_is_not_taken_for_the_pair_that_was_asked_for() -> None:
    """ccxt gives it the name of the pair in the question."""
    with pytest.raises(Odd, match="ETHUSDT"):
        mapping.fill(THERE, HASHKEY, trade(info={"symbol": "ETHUSDT"}), OURS, symbol_of)
    row = order(info={"status": "NEW", "price": "60000.01", "symbol": "ETHUSDT"})
    with pytest.raises(Odd, match="ETHUSDT"):
        mapping.order_report(THERE, HASHKEY, row, symbol_of)


def test_fees_of_one_asset_are_one_fee_and_a_rebate_is_below_nothing() -> None:
    fees = [{"currency": "USDT", "cost": "34.8"}, {"currency": "USDT", "cost": "-35"}]
    fill = mapping.fill(THERE, OTHER, trade(fees=fees), OURS, symbol_of)
    assert fill.fee == Amount(Decimal("-0.2"), Asset("USDT"))


@pytest.mark.parametrize(
    "changed",
    [
        {"fee": None},
        {"fee": {"currency": None, "cost": "1"}},
        {"fee": {"currency": "USDT", "cost": None}},
        {"fees": [{"currency": "USDT", "cost": "1"}, {"currency": "BNB", "cost": "1"}]},
        {"amount": "0"},
        {"price": 60000.01},
        {"takerOrMaker": None},
        {"order": None},
        {"id": None},
    ],
    ids=str,
)
def test_a_trade_that_cannot_be_booked_is_odd(changed: Mapping[str, Any]) -> None:
    with pytest.raises(Odd):
        mapping.fill(THERE, OTHER, trade(**changed), OURS, symbol_of)


def test_balances_are_exact_and_add_up() -> None:
    answer = {"free": {"BTC": "1.5"}, "used": {"BTC": "0.50000001"}, "total": {"BTC": "2.00000001"}}
    assert mapping.balances(answer) == [Balance(Asset("BTC"), Decimal("1.5"), Decimal("0.50000001"))]
    with pytest.raises(Odd, match="are not"):
        mapping.balances({**answer, "total": {"BTC": "2"}})
    with pytest.raises(Odd):
        mapping.balances({**answer, "used": {"BTC": None}})


def test_an_acknowledgement_is_an_id_and_nothing_else() -> None:
    assert mapping.only_acknowledged({"id": "1", "status": None, "info": {}})
    assert not mapping.only_acknowledged(order())
    assert not mapping.only_acknowledged({"id": None, "status": None})


def test_our_id_is_read_where_the_exchange_repeats_it() -> None:
    assert mapping.own_id(trade(info={"clientOrderId": "ord-1"})) == ClientOrderId("ord-1")
    assert mapping.own_id(trade()) == ""


def test_minima_and_maxima_that_ccxt_leaves_out_are_read_from_the_filters() -> None:
    """ccxt looks for `min_notional` where HashKey says `minNotional`, and reads no maximum of an amount."""
    row = market(id="BTCUSDT", quote="USDT", info=PAIR, limits={"amount": {}, "cost": {"min": None, "max": None}})
    [coin], passed_over = listings.instruments(THERE, HASHKEY, [row], listings.TICK_SIZE)
    assert passed_over == []
    assert (coin.symbol, coin.base, coin.quote) == ("BTCUSDT", "BTC", "USDT")
    assert (coin.tick, coin.lot) == (Decimal("0.01"), Decimal("0.00001"))
    assert (coin.quantity_min, coin.quantity_max) == (Decimal("0.00001"), Decimal(8))
    assert (coin.notional_min, coin.notional_max) == (Decimal(10), Decimal(400_000))
    assert coin.trading


def test_where_no_filters_are_known_ccxts_limits_are_taken() -> None:
    [coin], _ = listings.instruments(THERE, OTHER, [market()], listings.TICK_SIZE)
    assert (coin.symbol, coin.tick, coin.lot) == ("XXBTZUSD", Decimal("0.1"), Decimal("0.00000001"))
    assert (coin.quantity_min, coin.notional_min) == (Decimal("0.0001"), Decimal("0.5"))
    assert coin.quantity_max == coin.notional_max == LARGEST


def test_digits_are_a_grid_too() -> None:
    row = market(precision={"price": 2, "amount": 8})
    [coin], _ = listings.instruments(THERE, OTHER, [row], listings.DECIMAL_PLACES)
    assert (coin.tick, coin.lot) == (Decimal("0.01"), Decimal("0.00000001"))


@pytest.mark.parametrize(
    ("changed", "mode"),
    [
        ({"precision": {"price": 0.1, "amount": "1"}}, listings.TICK_SIZE),
        ({"precision": {"price": None, "amount": "1"}}, listings.TICK_SIZE),
        ({"precision": {"price": 5, "amount": 8}}, 3),
        ({"limits": {}}, listings.TICK_SIZE),
        ({"base": "A", "limits": {"amount": {"min": 0.1}, "cost": {}}}, listings.TICK_SIZE),
    ],
    ids=str,
)
def test_a_pair_that_does_not_say_how_to_trade_it_is_passed_over_and_hides_no_other(
    changed: Mapping[str, Any], mode: int
) -> None:
    listed, passed_over = listings.instruments(THERE, OTHER, [market(**changed), market(spot=False)], mode)
    assert listed == []
    assert len(passed_over) == 1


def test_a_pair_that_is_closed_is_listed_as_closed() -> None:
    [closed], _ = listings.instruments(THERE, OTHER, [market(active=None)], listings.TICK_SIZE)
    halted = market(info={**PAIR, "status": "HALT"})
    [halting], _ = listings.instruments(THERE, HASHKEY, [halted], listings.TICK_SIZE)
    assert not closed.trading
    assert not halting.trading


def test_nothing_is_known_of_an_exchange_that_nobody_tried() -> None:
    assert known("kraken") == OTHER
    assert replace(OTHER, urls="x") != OTHER
