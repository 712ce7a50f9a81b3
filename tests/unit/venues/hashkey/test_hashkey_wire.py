"""HashKey's samples read as our values, and everything that can't be believed read as nothing."""

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.kernel.clock import Instant, of_millis
from engine.kernel.ids import ClientOrderId, LegId, Symbol, TradeId, VenueName, VenueOrderId
from engine.kernel.money import Amount, Asset
from engine.orders.order import ChildOrder, OrderType, TimeInForce
from engine.orders.reports import Balance, Fill, OrderReport, OrderStatus
from venues.hashkey import events, listings, orders, wire

V = VenueName("hashkey")

# Sections 6.6, 6.9, 10.5 and 5.2 of the specification, as they stand there.
QUERIED = b"""{"accountId":"1649292498437183232","exchangeId":"301","symbol":"BTCUSD","symbolName":"BTCUSD",
 "clientOrderId":"ord-1","orderId":"1900000000000000001","price":"62000.5","origQty":"0.01","executedQty":"0.004",
 "cummulativeQuoteQty":"248.002","cumulativeQuoteQty":"248.002","avgPrice":"62000.5","status":"PARTIALLY_FILLED",
 "timeInForce":"GTC","type":"LIMIT","side":"SELL","stopPrice":"0.0","icebergQty":"0.0",
 "time":"1790000000012","updateTime":"1790000000900","isWorking":true,"reqAmount":"0",
 "feeCoin":"","feeAmount":"0","sumFeeAmount":"0"}"""
TRADES = b"""[{"id":"1900000000000000101","clientOrderId":"ord-1","ticketId":"1900000000000000100","symbol":"BTCUSD",
  "symbolName":"BTCUSD","orderId":"1900000000000000001","matchOrderId":"0","price":"62000.5","qty":"0.004",
  "commission":"0.719205800","commissionAsset":"USD","time":"1790000000890","isBuyer":false,"isMaker":false,
  "fee":{"feeCoinId":"USD","feeCoinName":"USD","fee":"0.719205800"},"feeCoinId":"USD","feeAmount":"0.719205800",
  "makerRebate":"0"}]"""
EXECUTION = b"""[{"e":"executionReport","E":"1790000000900","s":"BTCUSD","c":"ord-1","S":"SELL","o":"LIMIT","f":"GTC",
  "q":"0.01","p":"62000.5","X":"PARTIALLY_FILLED","i":"1900000000000000001","l":"0.004","z":"0.004","L":"62000.5",
  "n":"0.7192058","N":"USD","u":true,"w":true,"m":false,"O":"1790000000012","Z":"248.002","C":false,"v":"0",
  "reqAmt":"0","d":"1900000000000000101","r":"0.006","V":"62000.5","P":"0"}]"""
TICKET = b"""[{"e":"ticketInfo","E":"1790000000905","s":"BTCUSD","q":"0.004","t":"1790000000890","p":"62000.5",
  "T":"1900000000000000100","o":"1900000000000000001","c":"ord-1","a":"1649292498437183232","m":false,"S":"SELL"}]"""
ACCOUNT_EVENT = b"""[{"e":"outboundAccountInfo","E":"1790000000906","T":true,"W":true,"D":true,
  "B":[{"a":"BTC","f":"1.49","l":"0.006","r":""}]}]"""
INFO = b"""{"timezone":"UTC","serverTime":"1790000000000","site":"HK","brokerFilters":[],
 "symbols":[{"exchangeId":"301","symbol":"BTCUSD","symbolName":"BTCUSD","status":"TRADING",
   "baseAsset":"BTC","baseAssetName":"BTC","baseAssetPrecision":"0.00001",
   "quoteAsset":"USD","quoteAssetName":"USD","quotePrecision":"0.0000001",
   "retailAllowed":true,"piAllowed":true,"corporateAllowed":true,"omnibusAllowed":true,
   "icebergAllowed":false,"isAggregate":false,"allowMargin":false,
   "filters":[
     {"filterType":"PRICE_FILTER","minPrice":"0.01","maxPrice":"1000000.00000000","tickSize":"0.01"},
     {"filterType":"LOT_SIZE","minQty":"0.00001","maxQty":"16","stepSize":"0.00001","marketOrderMinQty":"0.00001",
      "marketOrderMaxQty":"8"},
     {"filterType":"MIN_NOTIONAL","minNotional":"10"},
     {"filterType":"TRADE_AMOUNT","minAmount":"12","maxAmount":"400000","minBuyPrice":"0",
      "marketOrderMinAmount":"10","marketOrderMaxAmount":"200000"},
     {"filterType":"LIMIT_TRADING","maxSellPrice":"0","buyPriceUpRate":"0.2","sellPriceDownRate":"0.2"}]}],
 "options":[],"contracts":[],"coins":[]}"""

REPORT = OrderReport(
    venue=V,
    symbol=Symbol("BTCUSD"),
    client_id=ClientOrderId("ord-1"),
    venue_order_id=VenueOrderId("1900000000000000001"),
    status=OrderStatus.WORKING,
    quantity=Decimal("0.01"),
    price=Decimal("62000.5"),
    filled=Decimal("0.004"),
    at=of_millis(1790000000900),
)


def order(tif: TimeInForce = TimeInForce.GTC, **changed: object) -> ChildOrder:
    """0.01 BTC at 62,000.5 USD, as in the specification's example."""
    values: dict[str, object] = {
        "client_id": ClientOrderId("ord-1"),
        "leg": LegId("L1"),
        "slice": 0,
        "attempt": 0,
        "venue": V,
        "symbol": Symbol("BTCUSD"),
        "sell": Asset("BTC"),
        "buy": Asset("USD"),
        "quantity": Decimal("0.01"),
        "price": Decimal("62000.5"),
        "tif": tif,
        "decided_at": Instant(0),
    }
    return ChildOrder(**{**values, **changed})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("tif", "kind", "last"),
    [
        (TimeInForce.IOC, "LIMIT", ("timeInForce", "IOC")),
        (TimeInForce.GTC, "LIMIT", ("timeInForce", "GTC")),
        (TimeInForce.POST_ONLY, "LIMIT_MAKER", ("newClientOrderId", "ord-1")),
    ],
)
def test_every_order_is_a_limited_sale(tif: TimeInForce, kind: str, last: tuple[str, str]) -> None:
    """There is no time in force for a maker order here."""
    pairs = orders.parameters(order(tif))
    assert pairs[:6] == [
        ("symbol", "BTCUSD"),
        ("side", "SELL"),
        ("type", kind),
        ("quantity", "0.01"),
        ("price", "62000.5"),
        ("newClientOrderId", "ord-1"),
    ]
    assert pairs[-1] == last


def test_a_market_order_names_no_price_and_goes_where_a_quantity_is_base() -> None:
    """Version 1.1; in the first version a market order's quantity can be cash."""
    market = order(TimeInForce.IOC, type=OrderType.MARKET)
    assert orders.route(market).path == "/api/v1.1/spot/order"
    assert orders.route(order()).path == "/api/v1/spot/order"
    assert orders.parameters(market) == [
        ("symbol", "BTCUSD"),
        ("side", "SELL"),
        ("type", "MARKET"),
        ("quantity", "0.01"),
        ("newClientOrderId", "ord-1"),
    ]
    assert orders.parameters(order(TimeInForce.FOK, type=OrderType.MARKET))[-1] == ("timeInForce", "FOK")


def test_a_market_sale_is_by_quantity_or_by_amount_and_never_by_both() -> None:
    """-1129 is the venue's word for it."""
    pair, ours = Symbol("BTCUSD"), ClientOrderId("ord-1")
    assert orders.market_sale(pair, ours, amount=Decimal(500))[3] == ("amount", "500")
    for sizes in ({}, {"quantity": Decimal(1), "amount": Decimal(1)}):
        with pytest.raises(ValueError, match="never by both"):
            orders.market_sale(pair, ours, **sizes)
    with pytest.raises(ValueError, match="not a sale"):
        orders.market_sale(pair, ours, amount=Decimal(0))
    with pytest.raises(ValueError, match="wait in the book"):
        orders.market_sale(pair, ours, amount=Decimal(1), tif=TimeInForce.POST_ONLY)


def test_a_sale_by_amount_in_a_list_reads_as_what_it_sold() -> None:
    """Somebody else's: its quantity is not known beforehand, and it must not hide the orders beside it."""
    by_amount = QUERIED.replace(b'"origQty":"0.01"', b'"origQty":"0"').replace(b'"reqAmount":"0"', b'"reqAmount":"250"')
    assert wire.order_report(V, by_amount).quantity == Decimal("0.004")


def test_times_in_seconds_and_in_milliseconds_are_told_by_their_size() -> None:
    assert wire.moment(1790000000) == wire.moment(1790000000000) == of_millis(1790000000000)
    for odd in (0, -5, 10**15):
        with pytest.raises(wire.Odd):
            wire.moment(odd)


def test_numbers_are_sent_without_an_exponent() -> None:
    """`1E-7` is a number to Python and an error to the venue."""
    pairs = dict(orders.parameters(order(quantity=Decimal("1E-7"), price=Decimal("6.2E+4"))))
    assert (pairs["quantity"], pairs["price"]) == ("0.0000001", "62000")


@pytest.mark.parametrize(
    "changed",
    [
        {"client_id": "x" * 33},
        {"client_id": "a b"},
        {"client_id": ""},
        {"symbol": "BTC/USD"},
        {"quantity": Decimal(0)},
        {"price": Decimal(-1)},
    ],
)
def test_an_order_that_the_words_of_the_venue_cannot_carry_is_refused_here(changed: dict[str, object]) -> None:
    """Nothing is shortened, quoted or rounded to make it fit."""
    with pytest.raises(ValueError, match="not a"):
        orders.parameters(order(**changed))


def test_a_queried_order_reads_as_a_report() -> None:
    """The sample of section 6.6; its time is the last update."""
    assert wire.order_report(V, QUERIED) == REPORT


def test_a_trade_reads_as_a_fill_with_both_its_ids() -> None:
    """The sample of section 6.9."""
    assert wire.fills(V, TRADES) == [
        Fill(
            venue=V,
            symbol=Symbol("BTCUSD"),
            client_id=ClientOrderId("ord-1"),
            venue_order_id=VenueOrderId("1900000000000000001"),
            trade_id=TradeId("1900000000000000101"),
            quantity=Decimal("0.004"),
            price=Decimal("62000.5"),
            fee=Amount(Decimal("0.719205800"), Asset("USD")),
            maker=False,
            at=of_millis(1790000000890),
            ticket="1900000000000000100",
        )
    ]
    assert wire.page_ids(TRADES) == [("1900000000000000101", 1790000000890)]


def test_the_stream_tells_the_execution_first_and_then_the_order() -> None:
    """The sample of section 10.5; its execution id is the REST trade's `id`, so both are one fill."""
    fill, report = events.private_facts(V, EXECUTION)
    assert report == REPORT
    assert isinstance(fill, Fill)
    [by_rest] = wire.fills(V, TRADES)
    assert (fill.venue_order_id, fill.trade_id) == (by_rest.venue_order_id, by_rest.trade_id)
    assert (fill.quantity, fill.price, fill.fee, fill.maker) == (
        by_rest.quantity,
        by_rest.price,
        by_rest.fee,
        by_rest.maker,
    )


def test_all_events_of_a_frame_are_read() -> None:
    """A client that reads only the first loses the others."""
    frame = b"[" + b",".join(part.strip()[1:-1] for part in (ACCOUNT_EVENT, TICKET, EXECUTION, EXECUTION)) + b"]"
    assert len(events.private_facts(V, frame)) == 4


@pytest.mark.parametrize("frame", [TICKET, ACCOUNT_EVENT, b'[{"e":"somethingNew"}]', b"[]", b'{"pong":1}'])
def test_what_carries_no_fee_books_nothing(frame: bytes) -> None:
    """Tickets and balances are told by other channels too; what is new is none of our business."""
    assert events.private_facts(V, frame) == []


def test_a_heartbeat_is_to_be_answered() -> None:
    """An object and not a list; its number comes back."""
    assert events.private_facts(V, b'{"ping":1790000000000,"channelId":"0242ac"}') == [events.Ping(1790000000000)]


@pytest.mark.parametrize(
    ("known", "lacking"),
    [
        (b'"d":"1900000000000000101",', b""),
        (b'"d":"1900000000000000101"', b'"d":""'),
        (b'"d":"1900000000000000101"', b'"d":null'),
        (b'"n":"0.7192058",', b""),
        (b'"n":"0.7192058"', b'"n":""'),
        (b'"N":"USD",', b""),
        (b'"N":"USD"', b'"N":null'),
        (b'"m":false,', b""),
        (b'"l":"0.004"', b'"l":"0"'),
        (b'"l":"0.004"', b'"l":"-0.004"'),
        (b'"L":"62000.5"', b'"L":"NaN"'),
    ],
)
def test_an_execution_without_its_id_or_fee_is_left_for_a_look_up(known: bytes, lacking: bytes) -> None:
    """The report still comes; its cumulative quantity shows that a fill is lacking."""
    assert EXECUTION.count(known) == 1
    assert events.private_facts(V, EXECUTION.replace(known, lacking)) == [REPORT]


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("NEW", OrderStatus.WORKING),
        ("PARTIALLY_FILLED", OrderStatus.WORKING),
        ("PENDING_CANCEL", OrderStatus.WORKING),
        ("PENDING", OrderStatus.WORKING),
        ("ORDER_NEW", OrderStatus.WORKING),
        ("CANCELED", OrderStatus.CANCELLED),
        ("ORDER_CANCELED", OrderStatus.CANCELLED),
        ("PARTIALLY_CANCELED", OrderStatus.CANCELLED),
        ("REJECTED", OrderStatus.REJECTED),
    ],
)
def test_every_documented_status_has_its_meaning(word: str, status: OrderStatus) -> None:
    """A cancel that is pending can still lose its race, so such an order is working."""
    assert wire.order_report(V, QUERIED.replace(b"PARTIALLY_FILLED", word.encode())).status is status


@pytest.mark.parametrize(
    ("known", "odd"),
    [
        (b'"PARTIALLY_FILLED"', b'"FROBBED"'),
        (b'"PARTIALLY_FILLED"', b'"FILLED"'),  # with 0.004 of 0.01
        (b'"PARTIALLY_FILLED"', b"7"),
        (b'"SELL"', b'"BUY"'),
        (b'"SELL"', b'"sell"'),
        (b'"executedQty":"0.004"', b'"executedQty":"0.011"'),
        (b'"executedQty":"0.004"', b'"executedQty":"-0.004"'),
        (b'"executedQty":"0.004"', b'"executedQty":"0,004"'),
        (b'"executedQty":"0.004",', b""),
        (b'"price":"62000.5"', b'"price":"NaN"'),
        (b'"price":"62000.5"', b'"price":"Infinity"'),
        (b'"price":"62000.5"', b'"price":"1E+9999999"'),
        (b'"price":"62000.5"', b'"price":"62000.' + b"1" * 70 + b'"'),
        (b'"price":"62000.5"', b'"price":null'),
        (b'"orderId":"1900000000000000001"', b'"orderId":""'),
        (b'"orderId":"1900000000000000001"', b'"orderId":0'),
        (b'"updateTime":"1790000000900"', b'"updateTime":"179000000090000000000"'),
        (b'"updateTime":"1790000000900"', b'"updateTime":"-5"'),
        (b'"clientOrderId":"ord-1"', b'"clientOrderId":null'),
    ],
)
def test_an_order_that_cannot_be_believed_is_odd(known: bytes, odd: bytes) -> None:
    """A new word, an impossible sum, a purchase, a number that is none."""
    assert QUERIED.count(known) == 1
    with pytest.raises(wire.Odd):
        wire.order_report(V, QUERIED.replace(known, odd))


def test_ids_keep_all_their_digits_when_they_come_as_numbers() -> None:
    """Above 2**53 a float would change the last ones."""
    numbered = QUERIED.replace(b'"1900000000000000001"', b"1900000000000000001")
    assert wire.order_report(V, numbered).venue_order_id == "1900000000000000001"
    assert wire.fills(V, TRADES.replace(b'"1900000000000000101"', b"1900000000000000101"))[0].trade_id == (
        "1900000000000000101"
    )


def test_numbers_written_as_numbers_stay_exact() -> None:
    """0.1 is one tenth, however the venue writes it."""
    numbered = QUERIED.replace(b'"origQty":"0.01"', b'"origQty":0.1')
    assert wire.order_report(V, numbered).quantity == Decimal("0.1")


def test_purchases_in_lists_are_not_ours() -> None:
    """Somebody else's order on the account; the balances show what it did."""
    bought = QUERIED.replace(b'"SELL"', b'"BUY"')
    assert wire.order_reports(V, b"[" + bought + b"," + QUERIED + b"]") == [REPORT]
    assert wire.fills(V, TRADES.replace(b'"isBuyer":false', b'"isBuyer":true')) == []
    assert events.private_facts(V, EXECUTION.replace(b'"SELL"', b'"BUY"')) == []


def test_a_trade_without_a_fee_is_odd() -> None:
    """A fill without its fee would be booked too high."""
    bare = TRADES.replace(b'"commission":"0.719205800",', b"")
    assert wire.fills(V, bare)[0].fee == Amount(Decimal("0.719205800"), Asset("USD"))  # from the inner fee
    with pytest.raises(wire.Odd):
        wire.fills(V, bare.replace(b'"fee":{', b'"other":{'))


def test_balances_are_read_by_asset() -> None:
    """The sample of section 7.1."""
    raw = b"""{"balances":[
      {"asset":"BTC","assetId":"BTC","assetName":"BTC","total":"1.5","free":"1.49","locked":"0.01"},
      {"asset":"USD","assetId":"USD","assetName":"USD","total":"10000","free":"10000","locked":"0"}],"userId":"17"}"""
    assert wire.balances(raw) == [
        Balance(Asset("BTC"), Decimal("1.49"), Decimal("0.01")),
        Balance(Asset("USD"), Decimal(10000), Decimal(0)),
    ]


def test_filters_become_an_instrument() -> None:
    """The sample of section 5.2; the smallest notional is the larger of its two minima."""
    [pair], passed_over = listings.instruments(V, INFO)
    assert passed_over == []
    assert (pair.symbol, pair.base, pair.quote, pair.trading, pair.mock) == ("BTCUSD", "BTC", "USD", True, False)
    assert (pair.tick, pair.lot) == (Decimal("0.01"), Decimal("0.00001"))
    assert (pair.quantity_min, pair.quantity_max) == (Decimal("0.00001"), Decimal(16))
    assert (pair.notional_min, pair.notional_max) == (Decimal(12), Decimal(400000))
    assert pair.band == Decimal("0.2")


@pytest.mark.parametrize("rate", [b'"0"', b'"1"', b'"2.5"'])
def test_a_rate_that_binds_nobody_is_no_band(rate: bytes) -> None:
    [pair], _ = listings.instruments(V, INFO.replace(b'"sellPriceDownRate":"0.2"', b'"sellPriceDownRate":' + rate))
    assert pair.band is None


def test_a_pair_with_odd_filters_hides_no_other() -> None:
    """One without a tick, one whose filters are no list, and one that is halted and marked as mock."""
    row = INFO[INFO.index(b'{"exchangeId"') : INFO.index(b'],\n "options"')]
    odd = [row.replace(b'"tickSize":"0.01"', b'"tickSize":"0"'), b'{"symbol":"X","filters":7}']
    halted = row.replace(b'"TRADING"', b'"HALT"').replace(b'"status"', b'"mock":true,"status"')
    [pair], passed_over = listings.instruments(V, b'{"symbols":[' + b",".join([*odd, halted]) + b"]}")
    assert (pair.trading, pair.mock) == (False, True)
    assert len(passed_over) == 2


def test_a_limit_beyond_all_measure_still_adds_up_exactly() -> None:
    """Some venues write no limit as a very large one."""
    huge = INFO.replace(b'"maxAmount":"400000"', b'"maxAmount":"99999999999999999999"')
    [pair], _ = listings.instruments(V, huge)
    assert pair.notional_max == Decimal(10) ** 12


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a shared machine may stall
@given(st.binary() | st.sampled_from([QUERIED, TRADES, EXECUTION, INFO]).flatmap(lambda raw: _damaged(raw)))
def test_no_bytes_make_the_codec_raise_anything_but_odd(raw: bytes) -> None:
    """Noise, and samples with a piece cut out and another put in."""
    for read in (wire.order_report, wire.order_reports, wire.fills, events.private_facts, listings.instruments):
        try:
            read(V, raw)
        except wire.Odd:
            continue
    for parse in (wire.balances, wire.server_time, wire.listen_key, wire.page_ids):
        try:
            parse(raw)
        except wire.Odd:
            continue


def _damaged(raw: bytes) -> st.SearchStrategy[bytes]:
    cut = st.tuples(st.integers(0, len(raw)), st.integers(0, 30), st.binary(max_size=8) | st.sampled_from(ODDITIES))
    return cut.map(lambda at: raw[: at[0]] + at[2] + raw[at[0] + at[1] :])


ODDITIES = [b"null", b'"NaN"', b'"sNaN"', b"-1", b"1e400", b'""', b"[", b"{", b'"\xff"', b"[" * 5000, b"9" * 5000]
