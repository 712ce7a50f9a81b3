"""The specification's own examples: what the server sends has exactly these keys, of these types.

Where an example can be made to come out whole, it is compared whole. Elsewhere `shape` is: it forgets texts and
numbers, and keeps every key, the kind of every value, and the form of what is written as text.
"""

import re
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from engine.kernel.clock import MILLISECOND, Instant
from tests.unit.venues.sandbox.hashkey_client import BTCUSD, BTCUSDT, USDTHKD, USDTUSD, Client
from venues.sandbox import hashkey_listed, hashkey_rows, hashkey_topics
from venues.sandbox.hashkey_chains import WHITELIST
from venues.sandbox.hashkey_topics import TOPICS, TOPICS_V2, Subscription, Topic
from venues.sandbox.model import (
    BalanceRow,
    BalancesChanged,
    Depth,
    Kind,
    OrderChanged,
    OrderRow,
    PublicTrade,
    Side,
    Status,
    TradeRow,
)

_FORMS = (
    ("", re.compile(r"")),
    ("nineteen digits", re.compile(r"\d{19}")),
    ("milliseconds", re.compile(r"1[789]\d{11}")),
    ("number", re.compile(r"-?\d+(\.\d+)?")),
    ("text", re.compile(r".+", re.DOTALL)),
)


def form(text: str) -> str:
    return next(name for name, pattern in _FORMS if pattern.fullmatch(text))


def shape(value: Any) -> Any:
    """Keys and kinds, without what stands there."""
    if isinstance(value, dict):
        return {name: shape(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        rows = bool(value) and isinstance(value[0], (dict, list, tuple))
        return [shape(one) for one in (value[:1] if rows else value)]
    return form(value) if isinstance(value, str) else type(value)


def of(text: str) -> Any:
    return msgspec.json.decode(text)


SYMBOL = """{"exchangeId":"301","symbol":"BTCUSD","symbolName":"BTCUSD","status":"TRADING",
"baseAsset":"BTC","baseAssetName":"BTC","baseAssetPrecision":"0.00001",
"quoteAsset":"USD","quoteAssetName":"USD","quotePrecision":"0.0000001",
"retailAllowed":true,"piAllowed":true,"corporateAllowed":true,"omnibusAllowed":true,
"icebergAllowed":false,"isAggregate":false,"allowMargin":false,
"filters":[
{"filterType":"PRICE_FILTER","minPrice":"0.01","maxPrice":"1000000.00000000","tickSize":"0.01"},
{"filterType":"LOT_SIZE","minQty":"0.00001","maxQty":"16","stepSize":"0.00001","marketOrderMinQty":"0.00001",
"marketOrderMaxQty":"8"},
{"filterType":"MIN_NOTIONAL","minNotional":"10"},
{"filterType":"TRADE_AMOUNT","minAmount":"10","maxAmount":"400000","minBuyPrice":"0","marketOrderMinAmount":"10",
"marketOrderMaxAmount":"200000"},
{"filterType":"LIMIT_TRADING","maxSellPrice":"0","buyPriceUpRate":"0.2","sellPriceDownRate":"0.2"},
{"filterType":"MARKET_TRADING","buyPriceUpRate":"0.1","sellPriceDownRate":"0.1"},
{"filterType":"OPEN_QUOTE","noAllowMarketStartTime":"0","noAllowMarketEndTime":"0","limitOrderStartTime":"0",
"limitOrderEndTime":"0","limitMinPrice":"0","limitMaxPrice":"0"}]}"""
COINS = """[{"orgId":"9001","coinId":"BTC","coinName":"BTC","coinFullName":"Bitcoin","allowWithdraw":true,
"allowDeposit":true,"tokenType":"CHAIN_TOKEN","chainTypes":[{"chainType":"Bitcoin","withdrawFee":"0",
"minWithdrawQuantity":"0.002","maxWithdrawQuantity":"0","minDepositQuantity":"0.0005","allowDeposit":true,
"allowWithdraw":true}]},
{"orgId":"9001","coinId":"USD","coinName":"USD","coinFullName":"USD","allowWithdraw":true,"allowDeposit":true,
"tokenType":"REAL_MONEY","chainTypes":[]}]"""

AT = Instant(1_790_000_000_012 * MILLISECOND)
FILLED_AT = Instant(1_790_000_000_890 * MILLISECOND)
UPDATED_AT = Instant(1_790_000_000_900 * MILLISECOND)
ROW = OrderRow(
    "1900000000000000001", "desk", "BTCUSD", Side.SELL, Kind.GTC, Decimal("0.01"), Decimal("62000.5"), "ord-1",
    Status.PARTIALLY_FILLED, Decimal("0.004"), Decimal("248.002"), AT, UPDATED_AT,
)  # fmt: skip
TRADE = TradeRow(
    "1900000000000000101", "1900000000000000100", ROW.order_id, "desk", "BTCUSD", "ord-1", Side.SELL,
    Decimal("0.004"), Decimal("62000.5"), Decimal("248.002"), Decimal("0.7192058"), "USD", False, FILLED_AT,
)  # fmt: skip
BOOK = Depth(
    "BTCUSD", ((Decimal("62000.10"), Decimal("0.5")), (Decimal("62000.00"), Decimal("1.2"))),
    ((Decimal("62001.20"), Decimal("0.4")), (Decimal("62002.00"), Decimal("0.9"))),
    Instant(1_790_000_000_000 * MILLISECOND), 1865138364,
)  # fmt: skip
PRINT = PublicTrade(
    "1745922896272048129", "BTCUSD", Decimal("62000.1"), Decimal("0.0132"), True,
    Instant(1_790_000_000_000 * MILLISECOND),
)  # fmt: skip
ACCOUNT = hashkey_rows.account_id("desk")


def test_a_pair_is_listed_as_in_the_example() -> None:
    assert hashkey_listed.listed(BTCUSD) == of(SYMBOL)


def test_coins_are_listed_with_their_chains_and_money_with_none() -> None:
    bitcoin, dollar = (shape(hashkey_listed.coin(asset)) for asset in ("BTC", "USD"))
    assert [bitcoin, dollar] == [shape(one) for one in of(COINS)]


def test_the_whole_of_exchange_info_has_the_examples_keys() -> None:
    told = Client().ask("GET", "/api/v1/exchangeInfo")[1]
    example = """{"timezone":"UTC","serverTime":"1790000000000","site":"HK","brokerFilters":[],"symbols":[%s],
    "options":[],"contracts":[],"coins":%s}"""
    assert shape(told) == shape(of(example % (SYMBOL, COINS)))


def test_a_book_and_its_prints_are_told_as_in_the_examples() -> None:
    book = """{"t":1790000000000,"b":[["62000.10","0.5"],["62000.00","1.2"]],
    "a":[["62001.20","0.4"],["62002.00","0.9"]]}"""
    assert of(msgspec.json.encode(hashkey_rows.book(BOOK)).decode()) == of(book)
    trade = '{"t":1790000000000,"p":"62000.1","q":"0.0132","ibm":true}'
    assert hashkey_rows.public_trade(PRINT) == of(trade)


def test_a_new_order_is_told_as_in_the_example() -> None:
    example = """{"accountId":"%s","symbol":"BTCUSD","symbolName":"BTCUSD","clientOrderId":"ord-1",
    "orderId":"1900000000000000001","transactTime":"1790000000900","price":"62000.5","origQty":"0.01",
    "executedQty":"0.004","status":"PARTIALLY_FILLED","timeInForce":"GTC","type":"LIMIT","side":"SELL",
    "reqAmount":"0","concentration":""}"""
    assert hashkey_rows.placed(ROW) == of(example % ACCOUNT)


def test_a_queried_order_is_told_as_in_the_example() -> None:
    example = """{"accountId":"%s","exchangeId":"301","symbol":"BTCUSD","symbolName":"BTCUSD",
    "clientOrderId":"ord-1","orderId":"1900000000000000001","price":"62000.5","origQty":"0.01","executedQty":"0.004",
    "cummulativeQuoteQty":"248.002","cumulativeQuoteQty":"248.002","avgPrice":"62000.5","status":"PARTIALLY_FILLED",
    "timeInForce":"GTC","type":"LIMIT","side":"SELL","stopPrice":"0.0","icebergQty":"0.0",
    "time":"1790000000012","updateTime":"1790000000900","isWorking":true,"reqAmount":"0",
    "feeCoin":"USD","feeAmount":"0.7192058","sumFeeAmount":"0.7192058"}"""
    assert hashkey_rows.queried(ROW, [TRADE]) == of(example % ACCOUNT)


def test_an_own_trade_is_told_as_in_the_example() -> None:
    example = """{"id":"1900000000000000101","clientOrderId":"ord-1","ticketId":"1900000000000000100",
    "symbol":"BTCUSD","symbolName":"BTCUSD","orderId":"1900000000000000001","matchOrderId":"0","price":"62000.5",
    "qty":"0.004","commission":"0.7192058","commissionAsset":"USD","time":"1790000000890","isBuyer":false,
    "isMaker":false,"fee":{"feeCoinId":"USD","feeCoinName":"USD","fee":"0.7192058"},"feeCoinId":"USD",
    "feeAmount":"0.7192058","makerRebate":"0"}"""
    assert hashkey_rows.own_trade(TRADE) == of(example)


def test_the_three_private_frames_are_told_as_in_the_examples() -> None:
    report = """{"e":"executionReport","E":"1790000000900","s":"BTCUSD","c":"ord-1","S":"SELL","o":"LIMIT","f":"GTC",
    "q":"0.01","p":"62000.5","X":"PARTIALLY_FILLED","i":"1900000000000000001","l":"0.004","z":"0.004","L":"62000.5",
    "n":"0.7192058","N":"USD","u":true,"w":true,"m":false,"O":"1790000000012","Z":"248.002","C":false,"v":"0",
    "reqAmt":"0","d":"1900000000000000101","r":"0.006","V":"62000.5","P":"0"}"""
    assert hashkey_rows.execution_report(OrderChanged(UPDATED_AT, ROW, TRADE)) == of(report)
    ticket = """{"e":"ticketInfo","E":"1790000000900","s":"BTCUSD","q":"0.004","t":"1790000000890","p":"62000.5",
    "T":"1900000000000000100","o":"1900000000000000001","c":"ord-1","a":"%s","m":false,"S":"SELL"}"""
    assert hashkey_rows.ticket(TRADE, UPDATED_AT) == of(ticket % ACCOUNT)
    account = """{"e":"outboundAccountInfo","E":"1790000000900","T":true,"W":true,"D":true,
    "B":[{"a":"BTC","f":"1.49","l":"0.006","r":""}]}"""
    rows = (BalanceRow("BTC", Decimal("1.49"), Decimal("0.006")),)
    assert hashkey_rows.account_info(BalancesChanged(UPDATED_AT, "desk", rows)) == of(account)


ANSWERS = {
    "/api/v1/ping": "{}",
    "/api/v1/time": '{"serverTime":1790000000123}',
    "/quote/v1/trades?symbol=BTCUSD": '[{"t":1790000000000,"p":"62000.10","q":"0.002","ibm":true}]',
    "/quote/v1/klines?symbol=BTCUSD&interval=1m": (
        '[[1790000040000,"62000.1","62010.0","61990.0","62005.5","1.25",0,"77500.1",42,"0.60","37200.0"]]'
    ),
    "/quote/v1/ticker/24hr?symbol=BTCUSD": (
        '[{"t":1790000000000,"s":"BTCUSD","c":"62000","h":"63000","l":"61000","o":"61500","b":"61999","a":"62001",'
        '"v":"120","qv":"7400000","it":"SPOT"}]'
    ),
    "/quote/v1/ticker/price": '[{"s":"BTCUSD","p":"62000"}]',
    "/api/v1/account": """{"balances":[{"asset":"BTC","assetId":"BTC","assetName":"BTC","total":"1.5","free":"1.49",
        "locked":"0.01"}],"userId":"1732885739572845312"}""",
    "/api/v1/account/type": (
        '[{"accountId":"1649292498437183232","accountLabel":"Main Trading Account","accountType":1,"accountIndex":0}]'
    ),
    "/api/v1/account/vipInfo": """{"code":0,"vipLevel":"0","tradeVol30Day":"0","totalAssetBal":"0","data":[
        {"symbol":"BTCUSD","productType":"Token-Fiat","buyMakerFeeCurrency":"USD","buyTakerFeeCurrency":"USD",
        "sellMakerFeeCurrency":"USD","sellTakerFeeCurrency":"USD","actualMakerRate":"0.0029",
        "actualTakerRate":"0.0029"}],"updateTimestamp":"1790000000000"}""",
    "/api/v1/account/deposit/address?coin=BTC": """{"canDeposit":true,"address":"bc1q...","addressExt":"",
        "minQuantity":"0.0005","needAddressTag":false,"requiredConfirmTimes":3,"canWithdrawConfirmTimes":6,
        "coinType":"CHAIN_TOKEN"}""",
    "/api/v1/account/depositOrders": """[{"time":"1790000000000","coin":"BTC","coinName":"BTC","address":"bc1q...",
        "quantity":"1.00000000","status":4,"statusCode":"4","txId":"0970c14d"}]""",
    "/api/v1/account/withdrawOrders": """[{"time":"1790000000000","id":"W611267400947572736","coin":"BTC",
        "coinId":"BTC","coinName":"BTC","address":"bc1q","quantity":"2.00000000","arriveQuantity":"2.00000000",
        "txId":"f83f94e7","addressUrl":"bc1q","feeCoinId":"BTC","feeCoinName":"BTC","fee":"1.00000000","remark":"",
        "platform":""}]""",
    "/api/v1/rfq/transactions": """[{"userId":"1732885739572845312","quoteId":"RFQ638459562162049024",
        "rfqOrderId":"ORD123456789","clientOrderId":"","status":"Successful","buyCcy":"USD","sellCcy":"BTC",
        "buyPrice":"0.0000161","sellPrice":"62000","buyAmount":"124000","sellAmount":"2",
        "transactTime":1790000000000,"submitTime":1790000000000}]""",
    "/api/v1/market-place/get-pairs": '[{"buyCcy":"USD","sellCcy":"BTC","minAmount":"10","maxAmount":"400000"}]',
}
"""By what is asked, once an order was filled, coins came and went, and a quote was taken."""


@pytest.fixture
def busy() -> Client:
    client = Client()
    client.quotes()
    client.place("ord-1", price="60100")
    client.market("bid-1", "v1.1", key="k2", side="BUY", quantity="0.01")
    client.exchange.deposit("desk", "BTC", Decimal(3), "in-1")
    client.ask("POST", "/api/v1/account/withdraw", coin="BTC", address=WHITELIST["BTC"], quantity="1")
    firm = client.ask("POST", "/api/v1/rfq/getQuote", sellCcy="BTC", buyCcy="USD", sellAmount="1")[1]
    client.ask("POST", "/api/v1/rfq/execute", quoteId=firm["quoteId"])
    return client


@pytest.mark.parametrize("path", ANSWERS)
def test_what_is_read_has_the_examples_keys(busy: Client, path: str) -> None:
    path, _, query = path.partition("?")
    params = dict(pair.split("=") for pair in query.split("&")) if query else {}
    status, told = busy.ask("GET", path, **params)
    example = of(ANSWERS[path + ("?" + query if query else "")])
    assert (status, shape(told)) == (200, shape(example))


def test_what_is_done_is_answered_with_the_examples_keys(busy: Client) -> None:
    ids = [busy.place(f"o{n}", "0.1", "60200")[1]["orderId"] for n in range(2)]
    cancelled = """{"accountId":"1649292498437183232","symbol":"BTCUSD","clientOrderId":"ord-1",
    "orderId":"1900000000000000001","transactTime":"1790000000012","price":"62000.5","origQty":"0.01",
    "executedQty":"0","status":"CANCELED","timeInForce":"GTC","type":"LIMIT","side":"SELL"}"""
    assert shape(busy.ask("DELETE", "/api/v1/spot/order", orderId=ids[0])[1]) == shape(of(cancelled))
    assert busy.ask("DELETE", "/api/v1/spot/openOrders", symbol="BTCUSD")[1] == {"success": True}
    everything = '{"code":"0","message":"success","timestamp":1790000000000,"lastOrderId":"1900000000000000001"}'
    busy.place("o9", "0.1", "60200")
    assert shape(busy.ask("DELETE", "/api/v1/spot/cancelAllOpenOrders")[1]) == shape(of(everything))
    accounts = [one["accountId"] for one in busy.ask("GET", "/api/v1/account/type")[1]]
    move = {"coin": "USD", "quantity": "1", "fromAccountId": accounts[0], "toAccountId": accounts[2]}
    moved = '{"success":true,"timestamp":1790000000000,"clientOrderId":"","orderId":"1740839420695806720"}'
    assert shape(busy.ask("POST", "/api/v1/account/assetTransfer", **move)[1]) == shape(of(moved))
    out = {"coin": "BTC", "address": WHITELIST["BTC"], "quantity": "1"}
    left = '{"success":true,"id":"0","orderId":"W611267400947572736","accountId":"1649292498437183232"}'
    assert shape(busy.ask("POST", "/api/v1/account/withdraw", **out)[1]) == shape(of(left))
    key = busy.ask("POST", "/api/v1/userDataStream")[1]
    assert (list(key), len(key["listenKey"])) == (["listenKey"], 64)


def test_a_batch_is_answered_with_the_examples_keys() -> None:
    orders = '[{"symbol":"BTCUSD","side":"SELL","type":"LIMIT","quantity":"0.1","price":"62000"},{"symbol":"BTCUSD",'
    orders += '"side":"SELL","type":"LIMIT","quantity":"0.000001","price":"62000"}]'
    said = Client().batch(orders)[1]
    assert (said["code"], said["concentration"], list(said["result"][0])) == (0, "", ["code", "order"])
    assert (said["result"][0]["code"], said["result"][1]["code"]) == ("0000", "-1136")
    assert list(said["result"][1]) == ["code", "msg"]


def test_quotes_are_answered_with_the_examples_keys() -> None:
    client = Client(BTCUSDT, USDTUSD, USDTHKD)
    client.quotes()
    firm = client.ask("POST", "/api/v1/rfq/getQuote", sellCcy="BTC", buyCcy="USDT", sellAmount="2")[1]
    quoted = """{"quoteId":"RFQ638459562162049024","quoteClOrderId":"","buyCcy":"USD","sellCcy":"BTC",
    "buyPrice":"0.0000161","sellPrice":"62000","buyAmount":"124000","sellAmount":"2","rate":"62000",
    "quoteCreatedTime":1790000000,"quoteExpiryTime":1790000010}"""
    assert shape(firm) == shape(of(quoted))
    done = client.ask("POST", "/api/v1/rfq/execute", quoteId=firm["quoteId"])[1]
    assert list(done) == ["quoteId", "rfqOrderId", "rfqClOrderId", "account", "requestTime", "responseTime"]
    request = {"sellCcy": "BTC", "buyCcy": "USDT", "sellAmount": "1", "rfqMode": "real-time", "rfqClOrderId": "r-1"}
    made = client.ask("POST", "/api/v1/market-place/create-rfq", **request)[1]
    assert made == {"rfqClOrderId": "r-1", "rfqId": made["rfqId"], "status": "new"}
    (_, created), (_, offered) = client.desk.market_place.take_news()
    news = """{"event":"rfqCreated","topic":"rfqs","data":{"rfqId":"MP1","buyCcy":"USDT","sellCcy":"BTC",
    "buyAmount":"0","sellAmount":"1","rfqMode":"real-time","expire_time":1790000010}}"""
    assert shape(created) == shape(of(news))
    more = """{"event":"quotesCreated","topic":"quotes","data":{"quoteId":"RFQ1","rfqId":"MP1","buyCcy":"USDT",
    "sellCcy":"BTC","buyAmount":"62000","sellAmount":"1","price":"62000","expireTime":1790000010}}"""
    assert shape(offered) == shape(of(more))
    wanted = {"sellCurrency": "USD", "buyCurrency": "HKD", "sellAmount": "1000"}
    rate = client.ask("GET", "/api/v1/convertCurrency/getQuote", **wanted)[1]
    assert list(rate) == [
        "quoteId", "buyCurrency", "sellCurrency", "rate", "quoteCreatedTime", "quoteExpiryTime", "channel",
    ]  # fmt: skip


ELEMENTS = {
    "depth": """{"e":301,"s":"BTCUSD","t":1790000000000,"v":"1865138364_18","b":[["62000.1","0.5"]],
        "a":[["62001.2","0.4"]],"o":0}""",
    "mergedDepth": """{"e":301,"s":"BTCUSD","t":1790000000000,"v":"1865138364_18","b":[["62000.1","0.5"]],
        "a":[["62001.2","0.4"]],"o":0}""",
    "diffMergedDepth": """{"e":301,"s":"BTCUSD","t":1790000000000,"v":"1865138364_18","b":[["62000.1","0.5"]],
        "a":[["62001.2","0.4"]],"o":0}""",
    "trade": '{"v":"1745922896272048129","t":1790000000000,"p":"62000.1","q":"0.0132","m":true}',
    "realtimes": """{"t":1790000000000,"s":"BTCUSD","sn":"BTCUSD","c":"62000","h":"63000","l":"61000","o":"61500",
        "v":"120","qv":"7400000","m":"0","e":301}""",
    "kline": """{"t":1790000000000,"s":"BTCUSD","sn":"BTCUSD","c":"62000","h":"63000","l":"61000","o":"61500",
        "v":"120"}""",
}


@pytest.mark.parametrize("what", TOPICS)
def test_each_topic_has_the_examples_element_in_the_examples_envelope(busy: Client, what: str) -> None:
    topic = Topic(what, "BTCUSD", {"kline": "1m", "diffMergedDepth": "1", "mergedDepth": "1"}.get(what, ""))
    data = hashkey_topics.shown(TOPICS[what], Subscription(topic), busy.exchange, busy.desk.clock.market())
    assert shape(data[0]) == shape(of(ELEMENTS[what]))
    frame = hashkey_topics.envelope(topic, data, 1_790_000_000_000, first=True)
    assert frame.keys() == {
        "symbol", "symbolName", "topic", "params", "data", "f", "sendTime", "channelId", "site", "shared",
    }  # fmt: skip
    assert frame["params"].get("klineType") == {"kline": "1m"}.get(what)


def test_the_second_edition_sends_objects(busy: Client) -> None:
    now = busy.desk.clock.market()
    bbo = hashkey_topics.shown(TOPICS_V2["bbo"], Subscription(Topic("bbo", "BTCUSD")), busy.exchange, now)[0]
    example = '{"s":"BTCUSD","b":"1","bz":"1","a":"1","az":"1","t":1790000000000,"v":"1_18"}'
    assert shape(bbo) == shape(of(example))
    assert isinstance(hashkey_topics.envelope_v2(Topic("bbo", "BTCUSD"), bbo, 1)["data"], dict)


def test_no_answer_holds_a_float(busy: Client) -> None:
    told = [busy.ask("GET", path.partition("?")[0], symbol="BTCUSD", coin="BTC", interval="1m")[1] for path in ANSWERS]
    assert not [value for value in _leaves(told) if isinstance(value, float)]


def _leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [leaf for one in value.values() for leaf in _leaves(one)]
    if isinstance(value, list):
        return [leaf for one in value for leaf in _leaves(one)]
    return [value]
