"""HashKey's wire, server side: signatures over raw text, orders as asked for, rows as told."""

from decimal import Decimal

import pytest

from engine.kernel.clock import MILLISECOND, Instant
from venues.sandbox import dialect, hashkey_listed, hashkey_rows
from venues.sandbox.dialect import Edition, Refusal
from venues.sandbox.model import Kind, Listing, OrderChanged, OrderRequest, OrderRow, Reason, Side, Status, TradeRow

AT = Instant(1_790_000_000_012 * MILLISECOND + 345)
ROW = OrderRow(
    "1900000000000000001", "desk", "BTCUSD", Side.SELL, Kind.GTC, Decimal("0.01"), Decimal("62000.5"), "ord-1",
    Status.PARTIALLY_FILLED, Decimal("0.004"), Decimal("248.002"), AT, AT,
)  # fmt: skip
TRADE = TradeRow(
    "1900000000000000101", "1900000000000000100", ROW.order_id, "desk", "BTCUSD", "ord-1", Side.SELL,
    Decimal("0.004"), Decimal("62000.5"), Decimal("248.002"), Decimal("0.7192058"), "USD", False, AT,
)  # fmt: skip
ORDER = "timestamp=1790000000000&symbol=BTCUSD&side=SELL&type=LIMIT&quantity=0.01&price=62000.5&newClientOrderId=ord-1"
VECTORS = [
    (ORDER, "725ee542aa9270a436fc2ff55e53f34448a9dcf29cc80c671a1908131d419eca"),
    (
        "timestamp=1790000000000&orderId=1900000000000000001",
        "2c1df048f196ce14586b19cb8a0dfc96f25d506a1e53dbbde70cddd5167ef5db",
    ),
    ("timestamp=1790000000000", "b2324f2a9af44bc6a6e0595c29b6776dcfa0de8178f546337a0d49fc622995b5"),
]


@pytest.mark.parametrize(("text", "signature"), VECTORS)
def test_the_published_vectors_are_signed_as_published(text: str, signature: str) -> None:
    assert dialect.sign("sec", text) == signature
    assert dialect.is_signed("sec", "", f"{text}&signature={signature}")
    assert dialect.is_signed("sec", f"{text}&signature={signature.upper()}", "")


@pytest.mark.parametrize("text", [ORDER + "&signature=", f"{ORDER}1&signature={VECTORS[0][1]}", ORDER, ""])
def test_any_other_text_under_a_signature_is_not_signed(text: str) -> None:
    assert not dialect.is_signed("sec", "", text)


@pytest.mark.parametrize(
    ("query", "body", "signed"),
    [
        ("signature=x&a=1&b=2", "", "a=1&b=2"),
        ("a=1&signature=x&b=2", "", "a=1&b=2"),
        ("a=1", "b=2&signature=x", "a=1b=2"),
        ("", "ids=1,2&signature=x", "ids=1,2"),
        ("a=%2c&signature=x", "", "a=%2c"),
    ],
)
def test_the_signature_is_taken_out_wherever_it_stands_and_the_rest_stays_raw(
    query: str, body: str, signed: str
) -> None:
    assert dialect.signed_text(query, body) == (signed, "x")


def asked(**changes: str) -> OrderRequest:
    params = {"symbol": "BTCUSD", "side": "SELL", "type": "LIMIT", "quantity": "0.01", "price": "62000.5", **changes}
    return dialect.order_request({name: value for name, value in params.items() if value}, "ord-1")


@pytest.mark.parametrize(
    ("what", "tif", "kind"),
    [
        ("LIMIT", "", Kind.GTC),
        ("LIMIT", "GTC", Kind.GTC),
        ("LIMIT", "IOC", Kind.IOC),
        ("LIMIT", "FOK", Kind.FOK),
        ("LIMIT_MAKER", "", Kind.MAKER),
    ],
)
def test_type_and_time_in_force_together_say_how_long_an_order_stands(what: str, tif: str, kind: Kind) -> None:
    assert asked(type=what, timeInForce=tif) == OrderRequest(
        "BTCUSD", Side.SELL, kind, Decimal("0.01"), Decimal("62000.5"), "ord-1"
    )


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"symbol": ""}, "0001"),
        ({"quantity": ""}, "0001"),
        ({"side": "SHORT"}, "-1117"),
        ({"type": "STOP"}, "0206"),
        ({"type": "MARKET"}, "-1014"),
        ({"type": "MARKET", "price": "", "timeInForce": "GTC"}, "-1115"),
        ({"type": "MARKET", "price": "", "quantity": "", "amount": "10"}, "0001"),
        ({"timeInForce": "GTX"}, "-1115"),
        ({"type": "LIMIT_MAKER", "timeInForce": "IOC"}, "-1115"),
        ({"quantity": "a lot"}, "-1126"),
        ({"quantity": "NaN"}, "-1126"),
        ({"quantity": "0"}, "-1126"),
        ({"price": "-1"}, "-1124"),
        ({"price": "1e40"}, "-1124"),
        ({"price": "1000000.01"}, "-1132"),
        ({"amount": "10"}, "-1129"),
    ],
)
def test_a_malformed_order_is_refused_with_the_venues_code(changes: dict[str, str], code: str) -> None:
    with pytest.raises(Refusal) as refused:
        asked(**changes)
    assert (refused.value.status, refused.value.body["code"]) == (400, code)


@pytest.mark.parametrize(
    ("edition", "side", "size", "quantity", "amount"),
    [
        (Edition.V1, "SELL", {"quantity": "0.5"}, "0.5", "0"),
        (Edition.V1, "BUY", {"quantity": "500"}, "0", "500"),
        (Edition.V1_1, "SELL", {"quantity": "0.5"}, "0.5", "0"),
        (Edition.V1_1, "BUY", {"quantity": "0.5"}, "0.5", "0"),
        (Edition.V1_1, "SELL", {"amount": "500"}, "0", "500"),
        (Edition.V1_1, "BUY", {"amount": "500"}, "0", "500"),
    ],
)
def test_the_editions_differ_in_how_a_market_order_says_its_size(
    edition: Edition, side: str, size: dict[str, str], quantity: str, amount: str
) -> None:
    params = {"symbol": "BTCUSD", "side": side, "type": "MARKET", **size}
    request = dialect.order_request(params, "ord-1", edition)
    assert (request.kind, request.price) == (Kind.MARKET, 0)
    assert (request.quantity, request.amount) == (Decimal(quantity), Decimal(amount))


@pytest.mark.parametrize("reason", Reason)
def test_every_refusal_of_the_exchange_has_a_code(reason: Reason) -> None:
    refused = dialect.refusal(reason, "why")
    assert refused.code
    assert refused.what.endswith(": why")


def test_a_new_orders_answer_tells_no_average_and_no_fee() -> None:
    said = hashkey_rows.placed(ROW)
    assert said["side"] == "SELL"
    assert said["transactTime"] == "1790000000012"
    assert said.keys().isdisjoint({"avgPrice", "cumulativeQuoteQty", "feeAmount"})


def test_a_query_tells_the_quote_amount_in_both_spellings_and_sums_the_fees() -> None:
    said = hashkey_rows.queried(ROW, [TRADE, TRADE])
    assert said["cummulativeQuoteQty"] == said["cumulativeQuoteQty"] == "248.002"
    assert (said["avgPrice"], said["feeCoin"], said["feeAmount"], said["sumFeeAmount"]) == (
        "62000.5", "USD", "0.7192058", "1.4384116",
    )  # fmt: skip


def test_one_fill_has_the_same_two_ids_on_rest_and_on_the_stream() -> None:
    """REST `id` is the report's `d`; REST `ticketId` is the ticket's `T`."""
    rest = hashkey_rows.own_trade(TRADE)
    report = hashkey_rows.execution_report(OrderChanged(AT, ROW, TRADE))
    ticket = hashkey_rows.ticket(TRADE, AT)
    assert (rest["id"], rest["ticketId"]) == (report["d"], ticket["T"]) == (TRADE.trade_id, TRADE.ticket)
    assert rest["orderId"] == report["i"] == ticket["o"]


def test_no_number_on_the_wire_has_an_exponent() -> None:
    listing = Listing(
        "BTCUSD", "BTC", "USD", Decimal("0.01"), Decimal("1E-8"), Decimal("1E-8"), Decimal("1E+1"), Decimal(10),
        Decimal("4E+5"), Decimal("0.0029"), Decimal("0.0029"), Decimal("1E-7"), mock=True, band=Decimal("0.2"),
    )  # fmt: skip
    said = hashkey_listed.listed(listing)
    filters = {one["filterType"]: one for one in said["filters"]}
    assert filters["LOT_SIZE"]["stepSize"] == "0.00000001"
    assert (filters["LOT_SIZE"]["maxQty"], filters["TRADE_AMOUNT"]["maxAmount"]) == ("10", "400000")
    assert filters["LIMIT_TRADING"]["sellPriceDownRate"] == "0.2"
    assert said["mock"] is True
