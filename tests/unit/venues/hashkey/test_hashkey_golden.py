"""Golden: every request byte for byte, and the specification's samples as exact values."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest

from engine.kernel.clock import DAY, Instant, of_millis
from engine.kernel.ids import ClientOrderId, Symbol, VenueName, VenueOrderId
from engine.kernel.money import Amount, Asset
from engine.market.facts import BookSeen, Level
from engine.orders.order import OrderType, TimeInForce
from engine.orders.reports import Permissions, QuoteRequest
from tests.unit.venues.hashkey.stub import (
    BTCUSD,
    OURS,
    SECRET,
    SINCE,
    Stub,
    adapter,
    approved,
    asked,
    bad,
    ok,
)
from venues.hashkey.account import Deposit, DepositAddress, FeeTier, PairFee, SubAccount, Withdrawal
from venues.hashkey.calls import Unread
from venues.hashkey.public import Candle, Summary, Traded
from venues.hashkey.signing import signature
from venues.hashkey.statement import Entry
from venues.hashkey.venue import HashKeyVenue
from venues.secrets import Secret

BTC, USD = Asset("BTC"), Asset("USD")
CALLS: dict[str, tuple[Callable[[HashKeyVenue], Awaitable[Any]], tuple[str, str, str]]] = {
    "limit": (
        lambda v: v.place(approved(tif=TimeInForce.GTC)),
        (
            "POST",
            "/api/v1/spot/order",
            "symbol=BTCUSD&side=SELL&type=LIMIT&quantity=0.01&price=62000.5&newClientOrderId=ord-1&timeInForce=GTC",
        ),
    ),
    "fill or kill": (
        lambda v: v.place(approved(tif=TimeInForce.FOK)),
        (
            "POST",
            "/api/v1/spot/order",
            "symbol=BTCUSD&side=SELL&type=LIMIT&quantity=0.01&price=62000.5&newClientOrderId=ord-1&timeInForce=FOK",
        ),
    ),
    "maker": (
        lambda v: v.place(approved(tif=TimeInForce.POST_ONLY)),
        (
            "POST",
            "/api/v1/spot/order",
            "symbol=BTCUSD&side=SELL&type=LIMIT_MAKER&quantity=0.01&price=62000.5&newClientOrderId=ord-1",
        ),
    ),
    "market": (
        lambda v: v.place(approved(type=OrderType.MARKET)),
        ("POST", "/api/v1.1/spot/order", "symbol=BTCUSD&side=SELL&type=MARKET&quantity=0.01&newClientOrderId=ord-1"),
    ),
    "cancel": (lambda v: v.cancel(BTCUSD, OURS), ("DELETE", "/api/v1/spot/order", "clientOrderId=ord-1")),
    "cancel all": (lambda v: v.cancel_all(BTCUSD), ("DELETE", "/api/v1/spot/openOrders", "symbol=BTCUSD&side=SELL")),
    "cancel many": (
        lambda v: v.cancel_many([VenueOrderId("1"), VenueOrderId("2")]),
        ("DELETE", "/api/v1/spot/cancelOrderByIds", "ids=1,2"),
    ),
    "balances": (lambda v: v.holdings(), ("GET", "/api/v1/account", "")),
    "permissions": (lambda v: v.permissions(), ("GET", "/mock/v1/apiKey", "")),
    "accounts": (lambda v: v.account.accounts(), ("GET", "/api/v1/account/type", "")),
    "fees": (lambda v: v.account.fees(), ("GET", "/api/v1/account/vipInfo", "")),
    "statement": (
        lambda v: v.statement.movements(Entry.TRADE, SINCE, Instant(SINCE + DAY)),
        (
            "GET",
            "/api/v1/account/balanceFlow",
            "type=trade&startTime=1790000010000&endTime=1790086410000&limit=500",
        ),
    ),
    "transfer": (
        lambda v: v.account.transfer(OURS, BTC, Decimal("0.5"), source="11", target="22"),
        (
            "POST",
            "/api/v1/account/assetTransfer",
            "coin=BTC&quantity=0.5&fromAccountId=11&toAccountId=22&clientOrderId=ord-1",
        ),
    ),
    "deposit address": (
        lambda v: v.account.deposit_address(BTC, "Bitcoin"),
        ("GET", "/api/v1/account/deposit/address", "coin=BTC&chainType=Bitcoin"),
    ),
    "deposits": (
        lambda v: v.account.deposits(SINCE, Instant(SINCE + DAY)),
        ("GET", "/api/v1/account/depositOrders", "startTime=1790000010000&endTime=1790086410000&limit=200"),
    ),
    "withdraw": (
        lambda v: v.account.withdraw(OURS, BTC, Decimal("0.5"), chain="Bitcoin", address="bc1q0"),
        (
            "POST",
            "/api/v1/account/withdraw",
            "coin=BTC&address=bc1q0&quantity=0.5&chainType=Bitcoin&clientOrderId=ord-1",
        ),
    ),
    "withdrawals": (
        lambda v: v.account.withdrawals(SINCE, Instant(SINCE + DAY)),
        ("GET", "/api/v1/account/withdrawOrders", "startTime=1790000010000&endTime=1790086410000&limit=200"),
    ),
    "fiat": (
        lambda v: v.account.withdraw_fiat(OURS, USD, Decimal(1000), bank_account="b-1"),
        ("POST", "/mock/v1/fiat/withdraw", "coin=USD&amount=1000&bankAccountId=b-1&clientOrderId=ord-1"),
    ),
    "quote": (
        lambda v: v.quote(QuoteRequest(BTC, USD, Decimal(2))),
        ("POST", "/api/v1/rfq/getQuote", "buyCcy=USD&sellCcy=BTC&sellAmount=2"),
    ),
    "conversion rate": (
        lambda v: v.conversion.rate(USD, Asset("HKD"), Decimal(1000)),
        ("GET", "/api/v1/convertCurrency/getQuote", "buyCurrency=HKD&sellCurrency=USD&sellAmount=1000"),
    ),
    "market place": (
        lambda v: v.market_place.create(OURS, BTC, USD, Decimal(2)),
        (
            "POST",
            "/api/v1/market-place/create-rfq",
            "rfqClOrderId=ord-1&buyCcy=USD&sellCcy=BTC&sellAmount=2&rfqMode=real-time&expireSec=1800",
        ),
    ),
    "market place quote": (
        lambda v: v.market_place.accept("R1", "Q1"),
        ("GET", "/api/v1/market-place/accept-quote", "quoteId=Q1&rfqId=R1&action=accept"),
    ),
    "market place history": (
        lambda v: v.market_place.history(rfq_id="R1"),
        ("GET", "/api/v1/market-place/rfq-history", "rfqId=R1&limit=500"),
    ),
    "market place pairs": (lambda v: v.market_place.pairs(), ("GET", "/api/v1/market-place/get-pairs", "")),
}


@pytest.mark.parametrize("name", CALLS)
async def test_a_request_is_exactly_this_and_is_signed_over_exactly_this(name: str) -> None:
    call, wanted = CALLS[name]
    venue, stub = adapter(lambda request: bad("-1130"), market_place=True)
    with suppress(Unread):
        await call(venue)
    [request] = stub.sent
    assert asked(request) == wanted
    text = request.url.partition("?")[2] or request.body.decode()
    message, _, signed = text.rpartition("&signature=")
    assert message.startswith("timestamp=1900000000000&recvWindow=5000")
    assert signed == signature(Secret(SECRET), message)
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"


PUBLIC: dict[str, tuple[Callable[[HashKeyVenue], Awaitable[Any]], str]] = {
    "time": (lambda v: v.server_time(), "/api/v1/time"),
    "pairs": (lambda v: v.instruments(), "/api/v1/exchangeInfo"),
    "depth": (lambda v: v.public.book(BTCUSD), "/quote/v1/depth?symbol=BTCUSD&limit=100"),
    "prints": (lambda v: v.public.prints(BTCUSD), "/quote/v1/trades?symbol=BTCUSD&limit=100"),
    "candles": (
        lambda v: v.public.candles(BTCUSD, "1m", SINCE, Instant(SINCE + DAY)),
        "/quote/v1/klines?symbol=BTCUSD&interval=1m&limit=1000&startTime=1790000010000&endTime=1790086410000",
    ),
    "summary": (lambda v: v.public.summary(BTCUSD), "/quote/v1/ticker/24hr?symbol=BTCUSD"),
}


@pytest.mark.parametrize("name", PUBLIC)
async def test_a_public_request_carries_neither_key_nor_signature(name: str) -> None:
    call, wanted = PUBLIC[name]
    venue, stub = adapter(lambda request: bad("-1130"))
    with pytest.raises(Exception, match="-1130"):
        await call(venue)
    [request] = stub.sent
    assert (request.method, request.url, dict(request.headers)) == ("GET", f"http://127.0.0.1:9{wanted}", {})


async def test_a_batch_is_json_beside_a_signature_that_covers_the_query_alone() -> None:
    """Section 2.3's third vector is such a query; ours has the window as well."""
    venue, stub = adapter(lambda request: bad("-1130"))
    await venue.place_many([approved(tif=TimeInForce.GTC), approved(client_id=ClientOrderId("ord-2"))])
    [request] = stub.sent
    query = "timestamp=1900000000000&recvWindow=5000"
    signed = signature(Secret(SECRET), query)
    assert request.url == f"http://127.0.0.1:9/api/v1/spot/batchOrders?{query}&signature={signed}"
    assert request.headers["Content-Type"] == "application/json"
    assert request.body == (
        b'[{"symbol":"BTCUSD","side":"SELL","type":"LIMIT","quantity":"0.01","price":"62000.5",'
        b'"newClientOrderId":"ord-1","timeInForce":"GTC"},'
        b'{"symbol":"BTCUSD","side":"SELL","type":"LIMIT","quantity":"0.01","price":"62000.5",'
        b'"newClientOrderId":"ord-2","timeInForce":"IOC"}]'
    )


def answering(body: str) -> tuple[HashKeyVenue, Stub]:
    return adapter(lambda request: ok(body.encode()))


async def test_the_accounts_of_section_7_2() -> None:
    venue, _ = answering(
        '[{"accountId":"1649292498437183232","accountLabel":"Main Trading Account","accountType":1,"accountIndex":0}]'
    )
    assert await venue.account.accounts() == [SubAccount("1649292498437183232", "Main Trading Account", "spot")]


async def test_the_fee_tier_of_section_7_3() -> None:
    venue, _ = answering("""{"code":0,"vipLevel":"0","tradeVol30Day":"0","totalAssetBal":"0",
     "data":[{"symbol":"BTCUSD","productType":"Token-Fiat","buyMakerFeeCurrency":"USD","buyTakerFeeCurrency":"USD",
      "sellMakerFeeCurrency":"USD","sellTakerFeeCurrency":"USD","actualMakerRate":"0.0029","actualTakerRate":"0.0029"}],
     "updateTimestamp":"1790000000000"}""")
    rate = Decimal("0.0029")
    assert await venue.account.fees() == FeeTier("0", Decimal(0), (PairFee(BTCUSD, rate, rate, USD),))


async def test_the_statement_of_section_7_4_gives_both_sides_of_a_sale_their_signs() -> None:
    venue, _ = answering("""[{"id":"7","accountId":"11","type":"trade","netBaseAmount":"0.5","baseCcy":"BTC",
      "baseAssetBalance":"1.0","netQuoteAmount":"30910.1","quoteAssetBalance":"30910.1","quoteCcy":"USD",
      "direction":"SELL","fee":"89.9"}]""")
    [line] = await venue.statement.movements(Entry.TRADE, SINCE, Instant(SINCE + 1))
    assert [(change.amount, change.balance) for change in line.changes] == [
        (Amount(Decimal("-0.5"), BTC), Decimal("1.0")),
        (Amount(Decimal("30910.1"), USD), Decimal("30910.1")),
    ]
    assert (line.id, line.account, line.fee, line.at) == ("7", "11", Decimal("89.9"), None)


async def test_the_deposit_address_of_section_8_1() -> None:
    venue, _ = answering(
        '{"canDeposit":true,"address":"bc1q0","addressExt":"","minQuantity":"0.0005","needAddressTag":false,'
        '"requiredConfirmTimes":3,"canWithdrawConfirmTimes":6,"coinType":"CHAIN_TOKEN"}'
    )
    address = await venue.account.deposit_address(BTC, "Bitcoin")
    assert address == DepositAddress("bc1q0", True, Decimal("0.0005"), 3, "", False)


async def test_the_deposits_of_section_8_2() -> None:
    venue, _ = answering(
        '[{"time":"1790000000000","coin":"BTC","coinName":"BTC","address":"bc1q0","quantity":"1.00000000",'
        '"status":4,"statusCode":"4","txId":"0970"}]'
    )
    assert await venue.account.deposits(SINCE, SINCE) == [
        Deposit(of_millis(1790000000000), BTC, Decimal(1), "bc1q0", "credited", "0970")
    ]


async def test_the_withdrawals_of_section_8_4() -> None:
    venue, _ = answering(
        '[{"time":"1790000000000","id":"W611267400947572736","coin":"BTC","coinId":"BTC","coinName":"BTC",'
        '"address":"bc1q0","quantity":"0.5","arriveQuantity":"0.4999","txId":"09","addressUrl":"","feeCoinId":"BTC",'
        '"feeCoinName":"BTC","fee":"0.0001","remark":"","platform":""}]'
    )
    assert await venue.account.withdrawals(SINCE, SINCE) == [
        Withdrawal(
            id="W611267400947572736",
            at=of_millis(1790000000000),
            asset=BTC,
            quantity=Decimal("0.5"),
            arrives=Decimal("0.4999"),
            fee=Decimal("0.0001"),
            fee_asset=BTC,
            address="bc1q0",
            tx="09",
        )
    ]


async def test_the_key_and_what_it_may_do() -> None:
    venue, _ = answering('{"canRead":true,"canTrade":true,"canWithdraw":false}')
    assert await venue.permissions() == Permissions(trade=True, withdraw=False)


async def test_the_book_of_section_5_3() -> None:
    venue, _ = answering(
        '{"t":1790000000000,"b":[["62000.10","0.5"],["62000.00","1.2"]],"a":[["62001.20","0.4"],["62002.00","0.9"]]}'
    )
    assert await venue.public.book(BTCUSD) == BookSeen(
        venue=VenueName("hashkey"),
        symbol=BTCUSD,
        changed_at=of_millis(1790000000000),
        seen_at=SINCE,
        bids=(Level(Decimal("62000.10"), Decimal("0.5")), Level(Decimal("62000.00"), Decimal("1.2"))),
        asks=(Level(Decimal("62001.20"), Decimal("0.4")), Level(Decimal("62002.00"), Decimal("0.9"))),
    )


async def test_the_prints_of_section_5_4() -> None:
    venue, _ = answering('[{"t":1790000000000,"p":"62000.10","q":"0.002","ibm":true}]')
    assert await venue.public.prints(BTCUSD) == [
        Traded(of_millis(1790000000000), Decimal("62000.10"), Decimal("0.002"), buyer_is_maker=True)
    ]


async def test_the_candles_of_section_5_5() -> None:
    venue, _ = answering(
        '[[1790000040000,"62000.1","62010.0","61990.0","62005.5","1.25",0,"77500.1",42,"0.60","37200.0"]]'
    )
    numbers = [Decimal(text) for text in ("62000.1", "62010.0", "61990.0", "62005.5", "1.25", "77500.1")]
    candles = await venue.public.candles(BTCUSD, "1m", SINCE, SINCE)
    assert candles == [Candle(of_millis(1790000040000), *numbers)]


async def test_the_summary_of_section_5_6() -> None:
    venue, _ = answering(
        '[{"t":1790000000000,"s":"BTCUSD","c":"62000","h":"63000","l":"61000","o":"61500","b":"61999","a":"62001",'
        '"v":"120","qv":"7400000","it":"SPOT"}]'
    )
    numbers = [Decimal(n) for n in (62000, 63000, 61000, 61500, 61999, 62001, 120, 7400000)]
    assert await venue.public.summary(Symbol("BTCUSD")) == Summary(of_millis(1790000000000), *numbers)
