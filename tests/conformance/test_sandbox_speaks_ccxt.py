"""An independent witness: ccxt's `hashkey` classes, unmodified and pointed at the sandbox, can trade there."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import pytest

from engine.kernel.clock import parse_instant
from venues.sandbox.clock import MarketClock
from venues.sandbox.door import TRADER, Account, Right
from venues.sandbox.exchange import Exchange
from venues.sandbox.faults import Channel, Do, Fault, FaultPlan, Faults, Rule
from venues.sandbox.hashkey_chains import UNVERIFIED, WHITELIST
from venues.sandbox.model import Kind, Listing, Mode, OrderRequest, OrderRow, Side
from venues.sandbox.server import SandboxServer

ORIGIN = parse_instant("2026-05-02T02:36:20.521Z")
ORIGIN_MS = ORIGIN // 1_000_000
PAIR = Listing(
    "BTCUSDT", "BTC", "USDT", Decimal("0.01"), Decimal("0.00001"), Decimal("0.00001"), Decimal(16), Decimal(10),
    Decimal(400_000), Decimal("0.0029"), Decimal("0.0029"), Decimal("0.0000001"), band=Decimal("0.2"),
    market_quantity_max=Decimal(8),
)  # fmt: skip
KEYS = {
    "key": Account("desk", "secret", TRADER | {Right.WITHDRAW}),
    "trades": Account("desk", "secret"),
    "reads": Account("desk", "secret", frozenset({Right.READ})),
    "old": Account("desk", "secret", expires=ORIGIN),
}


def other(server: SandboxServer, name: str, quantity: str, price: str, side: Side = Side.BUY) -> None:
    """Somebody else's order."""
    request = OrderRequest("BTCUSDT", side, Kind.GTC, Decimal(quantity), Decimal(price), name)
    assert isinstance(server.exchange.place("other", request), OrderRow)


def sandbox(*rules: Rule) -> SandboxServer:
    held = {
        "desk": {"BTC": Decimal(200), "USDT": Decimal(0)},
        "other": {"USDT": Decimal(10_000_000), "BTC": Decimal(100)},
    }
    clock = MarketClock(ORIGIN, Decimal(30))
    return SandboxServer(Exchange([PAIR], held, [], start=ORIGIN), KEYS, clock, Faults(FaultPlan(0, rules)))


@pytest.fixture
async def server() -> AsyncIterator[SandboxServer]:
    server = sandbox()
    yield server
    await server.stop()


def pointed_at(rest: str) -> dict[str, Any]:
    """The settings that point ccxt here, and nowhere else."""
    streams = rest.replace("http", "ws", 1)
    return {
        "apiKey": "key",
        "secret": "secret",
        "enableRateLimit": False,  # its own pace would take seconds
        "urls": {
            "api": {
                "public": rest,
                "private": rest,
                "ws": {"public": f"{streams}/quote/ws/v1", "private": f"{streams}/api/v1/ws"},
            }
        },
        "options": {"recvWindow": 5000, "listenKeyRefreshRate": 1_200_000},
    }


@asynccontextmanager
async def connected(server: SandboxServer) -> AsyncIterator[Any]:
    import ccxt.pro

    client = ccxt.pro.hashkey(pointed_at(await server.start()))
    told = client.urls["api"]
    assert all("//127.0.0.1:" in url for url in (told["public"], told["private"], *told["ws"].values()))
    try:
        yield client
    finally:
        await client.close()


@pytest.fixture
async def client(server: SandboxServer) -> AsyncIterator[Any]:
    async with connected(server) as client:
        yield client


async def private_stream(client: Any) -> None:
    """Wait until the client's private socket stands: no frame says so."""
    async with asyncio.timeout(5):
        while not any(one.connected.done() for url, one in client.clients.items() if "/api/v1/ws/" in url):  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def test_ccxt_lists_sells_queries_cancels_and_accounts(server: SandboxServer, client: Any) -> None:
    """0.5 of 200 BTC offered at 60,000 of which 0.2 is sold at once, and the rest is cancelled."""
    other(server, "bid-1", "0.2", "60000")
    other(server, "bid-2", "1", "59000")
    markets = await client.load_markets()
    assert markets["BTC/USDT"]["precision"] == {"amount": 0.00001, "price": 0.01}
    book = await client.fetch_order_book("BTC/USDT", 20)
    assert book["bids"] == [[60000.0, 0.2], [59000.0, 1.0]]
    placed = await client.create_order("BTC/USDT", "limit", "sell", 0.5, 60000, {"clientOrderId": "ord-1"})
    assert (placed["status"], placed["filled"]) == ("open", 0.2)
    found = await client.fetch_order(placed["id"], "BTC/USDT")
    assert (found["clientOrderId"], found["filled"], found["average"], found["cost"]) == ("ord-1", 0.2, 60000, 12000)
    assert (await client.fetch_order("", "BTC/USDT", {"clientOrderId": "ord-1"}))["id"] == placed["id"]
    assert (await client.fetch_open_orders("BTC/USDT"))[0]["id"] == placed["id"]
    cancelled = await client.cancel_order("", "BTC/USDT", {"clientOrderId": "ord-1"})
    assert cancelled["info"]["status"] == "PARTIALLY_CANCELED"
    assert (await client.fetch_canceled_and_closed_orders("BTC/USDT"))[0]["id"] == placed["id"]
    (trade,) = await client.fetch_my_trades("BTC/USDT", ORIGIN_MS, 50)
    assert (trade["amount"], trade["price"], trade["takerOrMaker"]) == (0.2, 60000, "taker")
    assert trade["fee"] == {"currency": "USDT", "cost": pytest.approx(34.8)}
    balance = await client.fetch_balance()
    assert (balance["BTC"]["total"], balance["BTC"]["used"]) == (199.8, 0)
    assert balance["USDT"]["free"] == pytest.approx(12000 - 34.8)


async def test_ccxt_trades_at_market_in_every_way_that_it_knows(server: SandboxServer, client: Any) -> None:
    """Sold by quantity; bought by quantity at the later endpoint, and for cash at the first."""
    other(server, "bid-1", "1", "60000")
    other(server, "ask-1", "1", "60010", Side.SELL)
    sold = await client.create_order("BTC/USDT", "market", "sell", 0.5)
    assert (sold["status"], sold["filled"], sold["type"], sold["timeInForce"]) == ("closed", 0.5, "market", "IOC")
    bought = await client.create_order("BTC/USDT", "market", "buy", 0.1)
    assert (bought["status"], bought["filled"]) == ("closed", 0.1)
    spent = await client.create_market_buy_order_with_cost("BTC/USDT", 6001)
    assert (spent["status"], spent["filled"], spent["info"]["reqAmount"]) == ("closed", 0.1, "6001")
    found = await client.fetch_order(spent["id"], "BTC/USDT")
    assert (found["average"], found["cost"]) == (60010, 6001)


async def test_ccxt_posts_only_where_nothing_is_taken(server: SandboxServer, client: Any) -> None:
    other(server, "bid-1", "1", "60000")
    taking = await client.create_order("BTC/USDT", "limit", "sell", 0.1, 60000, {"postOnly": True})
    assert (taking["status"], taking["postOnly"]) == ("rejected", True)
    resting = await client.create_order("BTC/USDT", "limit", "sell", 0.1, 60010, {"postOnly": True})
    assert (resting["status"], resting["info"]["type"]) == ("open", "LIMIT_MAKER")
    fleeting = await client.create_order("BTC/USDT", "limit", "sell", 0.1, 60010, {"timeInForce": "IOC"})
    assert (fleeting["status"], fleeting["filled"]) == ("canceled", 0)


async def test_ccxt_places_many_at_once_and_cancels_them_in_three_ways(client: Any) -> None:
    await client.load_markets()
    order = {"symbol": "BTC/USDT", "type": "limit", "side": "sell", "amount": 0.1, "price": 60000}
    orders = [{**order, "params": {"clientOrderId": f"ord-{n}"}} for n in range(3)]
    placed = await client.create_orders(orders)
    assert [(one["status"], one["clientOrderId"]) for one in placed] == [("open", f"ord-{n}") for n in range(3)]
    await client.cancel_orders([placed[0]["id"]], "BTC/USDT")
    assert len(await client.fetch_open_orders("BTC/USDT")) == 2
    await client.cancel_all_orders("BTC/USDT")
    assert await client.fetch_open_orders("BTC/USDT") == []
    tried = await client.create_order("BTC/USDT", "limit", "sell", 0.1, 60000, {"test": True})
    assert (tried["id"], await client.fetch_open_orders("BTC/USDT")) == ("0", [])


async def test_ccxt_reads_the_market(server: SandboxServer, client: Any) -> None:
    other(server, "bid-1", "1", "60000")
    await client.create_order("BTC/USDT", "limit", "sell", 0.25, 60000)
    ticker = await client.fetch_ticker("BTC/USDT")
    assert (ticker["last"], ticker["bid"], ticker["baseVolume"]) == (60000, 60000, 0.25)
    assert (await client.fetch_tickers())["BTC/USDT"]["last"] == 60000
    assert (await client.fetch_last_prices())["BTC/USDT"]["price"] == 60000
    (trade,) = await client.fetch_trades("BTC/USDT")
    assert (trade["amount"], trade["side"]) == (0.25, "sell")
    (candle,) = await client.fetch_ohlcv("BTC/USDT", "1m")
    assert (candle[0] % 60_000, candle[1:]) == (0, [60000, 60000, 60000, 60000, 0.25])
    assert (await client.fetch_trading_fees())["BTC/USDT"]["taker"] == 0.0029
    assert abs(await client.fetch_time() - client.milliseconds()) < 60_000
    assert (await client.fetch_currencies())["BTC"]["networks"]["BTC"]["withdraw"] is True


async def test_ccxt_moves_coins(server: SandboxServer, client: Any) -> None:
    address = await client.fetch_deposit_address("BTC", {"network": "BTC"})
    server.exchange.deposit("desk", "BTC", Decimal(3), "in-1")
    (arrived,) = await client.fetch_deposits("BTC")
    assert (arrived["amount"], arrived["status"], arrived["address"]) == (3, "ok", address["address"])
    sent = await client.withdraw("BTC", 1, WHITELIST["BTC"], {"network": "BTC"})
    (left,) = await client.fetch_withdrawals("BTC")
    assert (left["id"], left["amount"], left["status"]) == (sent["info"]["orderId"], 1, "ok")
    accounts = await client.fetch_accounts()
    assert [one["info"]["accountType"] for one in accounts] == [1, 5, 6]
    moved = await client.transfer("BTC", 2, accounts[0]["id"], accounts[1]["id"])
    assert moved["status"] == "ok"
    assert (await client.fetch_balance())["BTC"]["total"] == pytest.approx(203 - 1.0002 - 2)


async def test_the_blocking_client_trades_as_well(server: SandboxServer) -> None:
    """The same class without asyncio: markets, an order, a query by our own id, a cancel, and what it knows as gone."""
    import ccxt

    other(server, "bid-1", "0.2", "60000")
    url = await server.start()

    def trade() -> list[Any]:
        client = ccxt.hashkey(pointed_at(url))
        try:
            client.load_markets()
            placed = client.create_order("BTC/USDT", "limit", "sell", 0.5, 60000, {"clientOrderId": "ord-1"})
            sold = client.create_order("BTC/USDT", "market", "sell", 0.1)
            found = client.fetch_order("", "BTC/USDT", {"clientOrderId": "ord-1"})
            client.cancel_order(placed["id"], "BTC/USDT")
            with pytest.raises(ccxt.InvalidOrder):
                client.cancel_order(placed["id"], "BTC/USDT")
            return [placed["filled"], found["remaining"], sold["status"], len(client.fetch_my_trades("BTC/USDT"))]
        finally:
            client.session.close()

    assert await asyncio.to_thread(trade) == [0.2, 0.3, "canceled", 1]


async def test_ccxt_watches_the_book_prints_candles_and_the_day(server: SandboxServer, client: Any) -> None:
    other(server, "bid-1", "0.2", "60000")
    await client.load_markets()
    book = await client.watch_order_book("BTC/USDT")
    assert book["bids"][0] == [60000.0, 0.2]
    other(server, "bid-2", "0.3", "60001")
    while book["bids"][0] != [60001.0, 0.3]:
        book = await client.watch_order_book("BTC/USDT")
    await client.create_order("BTC/USDT", "market", "sell", 0.1)
    async with asyncio.timeout(5):
        (trade,) = await client.watch_trades("BTC/USDT")
        assert (trade["price"], trade["amount"], trade["side"]) == (60001, 0.1, "sell")
        assert (await client.watch_ticker("BTC/USDT"))["last"] == 60001
        assert (await client.watch_ohlcv("BTC/USDT", "1m"))[-1][4:] == [60001, 0.1]


async def test_ccxt_watches_its_own_orders_trades_and_balances(server: SandboxServer, client: Any) -> None:
    other(server, "bid-1", "0.2", "60000")
    client.options["watchBalance"] = {"fetchBalanceSnapshot": False}
    await client.load_markets()
    watches = (client.watch_orders("BTC/USDT"), client.watch_my_trades("BTC/USDT"), client.watch_balance())
    tasks = [asyncio.create_task(watch) for watch in watches]
    await private_stream(client)
    placed = await client.create_order("BTC/USDT", "limit", "sell", 0.5, 60000, {"clientOrderId": "ord-1"})
    async with asyncio.timeout(5):
        orders, trades, balance = await asyncio.gather(*tasks)
        assert (orders[0]["clientOrderId"], orders[0]["id"], orders[0]["side"]) == ("ord-1", placed["id"], "sell")
        assert (trades[0]["order"], trades[0]["amount"], trades[0]["takerOrMaker"]) == (placed["id"], 0.2, "taker")
        assert balance["BTC"]["used"] == 0.3
        while (orders[0]["status"], orders[0]["filled"]) != ("open", 0.2):
            orders = await client.watch_orders("BTC/USDT")
        await client.cancel_order(placed["id"], "BTC/USDT")
        while orders[-1]["status"] != "canceled":
            orders = await client.watch_orders("BTC/USDT")


CLASSES = {
    "BadRequest": "0001 0206 0207 0209 0210 0402 -1024 -1129 -1130 -1132 -1133 -1135 -1136 -1167 -1168 -1172 -1173 "
    "-1195 -1196 -1200 -1201 -1202 -1203 -1206 -2026 -2041 -4001 -4002 -4004 -4005",
    "AuthenticationError": "0002 0102 0103 -1002 -2023",
    "RateLimitExceeded": "0003",
    "PermissionDenied": "0104 0202 -1005 -1169 -1170 -1171 -1174 -2020 -2021 -4009 -4010",
    "ExchangeError": "0201 -1000 -1001 -1006 -100002 -100011 -10009 -4011 -4012",
    "BadSymbol": "-100010 -100012",
    "OrderNotFound": "0211 -1143",
    "InsufficientFunds": "0401 -4003",
    "RequestTimeout": "-1007 -1146 -1147",
    "InvalidOrder": "-1014 -1015 -1115 -1117 -1123 -1124 -1126 -1137 -1138 -1140 -1148",
    "OperationRejected": "-1020 -1144 -1149 -1151 -1155 -1166 -1193 -1194 -2010 -2011 -2017 -2022 -2027 -2051",
    "InvalidNonce": "-1021",
    "OrderImmediatelyFillable": "-1139",
    "DuplicateOrderId": "-1141",
    "OrderNotFillable": "-1142",
    "NotSupported": "-1145 -2036 -4007",
    "OperationFailed": "-1150 -1156 -1161 -1164 -2002 -2033 -4013",
    "ArgumentsRequired": "-1165",
    "InvalidAddress": "-1163",
    "AccountSuspended": "-1179",
    "ExchangeNotAvailable": "-2001 -2040",
    "DDoSProtection": "-3145",
    "AccountNotEnabled": "-4006 -4008",
}
"""Which of ccxt's exceptions each of the venue's codes becomes."""
CLASS_OF = {code: name for name, codes in CLASSES.items() for code in codes.split()}


async def test_every_code_reaches_ccxt_as_the_exception_that_it_stands_for() -> None:
    """One order for each code, which a fault plan has come back."""
    import ccxt

    codes = sorted(CLASS_OF)
    rules = [
        Rule(channel=Channel.REQUEST, op="order.create", at=n, fault=Fault(Do.CODE, code=code))
        for n, code in enumerate(codes)
    ]
    server = sandbox(*rules)
    raised: dict[str, str] = {}
    async with connected(server) as client:
        await client.load_markets()
        for code in codes:
            with pytest.raises(ccxt.BaseError, match=f'"{code}"') as error:
                await client.create_order("BTC/USDT", "limit", "sell", 0.1, 60000)
            raised[code] = error.type.__name__
    await server.stop()
    assert raised == CLASS_OF


GOOD = {"symbol": "BTCUSDT", "side": "SELL", "type": "LIMIT", "quantity": "0.1", "price": "60000"}
BUY = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET"}
WITHDRAW = {"coin": "BTC", "address": WHITELIST["BTC"], "quantity": "1", "chainType": "Bitcoin"}
MONTH_MS = 31 * 86_400_000
PLACE, PLACE_V11 = "privatePostApiV1SpotOrder", "privatePostApiV11SpotOrder"
CANCEL, QUERY = "privateDeleteApiV1SpotOrder", "privateGetApiV1SpotOrder"
OUT, FLOW = "privatePostApiV1AccountWithdraw", "privateGetApiV1AccountBalanceFlow"

OWN_CODES: list[tuple[str, str, dict[str, Any]]] = [
    ("0001", PLACE, {**GOOD, "side": ""}),
    ("0104", "privateGetApiV1Account", {"accountId": "77"}),
    ("0201", PLACE, {**GOOD, "symbol": "NIX"}),
    ("0206", PLACE, {**GOOD, "type": "STOP"}),
    ("0209", PLACE, {**GOOD, "price": "60000.001"}),
    ("0210", PLACE, {**GOOD, "price": "47999"}),
    ("0211", QUERY, {"orderId": "77"}),
    ("0401", PLACE, {**GOOD, "side": "BUY", "quantity": "2"}),
    ("-1014", PLACE, {**GOOD, "type": "MARKET"}),
    ("-1115", PLACE, {**GOOD, "timeInForce": "GTX"}),
    ("-1117", PLACE, {**GOOD, "side": "SHORT"}),
    ("-1123", PLACE, {**GOOD, "newClientOrderId": "no blanks"}),
    ("-1124", PLACE, {**GOOD, "price": "dear"}),
    ("-1126", PLACE, {**GOOD, "quantity": "0"}),
    ("-1129", PLACE_V11, {**BUY, "quantity": "1", "amount": "60000"}),
    ("-1130", QUERY, {"orderId": "1", "timestamp": "soon"}),
    ("-1132", PLACE, {**GOOD, "price": "1000001"}),
    ("-1135", PLACE, {**GOOD, "quantity": "17"}),
    ("-1136", PLACE, {**GOOD, "quantity": "0.000001"}),
    ("-1137", PLACE, {**GOOD, "quantity": "0.000015"}),
    ("-1138", CANCEL, {"clientOrderId": "partly"}),
    ("-1139", CANCEL, {"clientOrderId": "filled"}),
    ("-1140", PLACE, {**GOOD, "quantity": "0.0001"}),
    ("-1141", PLACE, {**GOOD, "newClientOrderId": "filled"}),
    ("-1142", CANCEL, {"clientOrderId": "cancelled"}),
    ("-1143", CANCEL, {"clientOrderId": "never"}),
    ("-1163", OUT, {**WITHDRAW, "address": "somewhere"}),
    ("-1165", OUT, {**WITHDRAW, "quantity": ""}),
    ("-1166", OUT, {**WITHDRAW, "quantity": "51"}),
    ("-1167", OUT, {**WITHDRAW, "quantity": "0.001"}),
    ("-1168", OUT, {**WITHDRAW, "quantity": "x"}),
    ("-1171", OUT, {**WITHDRAW, "address": "bc1qelsewhere0000000000000000000000000"}),
    ("-1172", "privatePostApiV1AccountAssetTransfer", {"coin": "BTC", "quantity": "1", "fromAccountId": "77"}),
    ("-1179", OUT, {**WITHDRAW, "address": UNVERIFIED["BTC"]}),
    ("-1206", PLACE, {**GOOD, "quantity": "16"}),
    ("-2026", FLOW, {"type": "gift"}),
    ("-2027", FLOW, {"type": "deposit", "startTime": ORIGIN_MS - MONTH_MS}),
    ("-2036", FLOW, {"type": "deposit", "startTime": ORIGIN_MS - MONTH_MS, "endTime": ORIGIN_MS - MONTH_MS + 1}),
    ("-2041", OUT, {**WITHDRAW, "coin": "DOGE"}),
    ("-4007", OUT, {**WITHDRAW, "chainType": "Tron"}),
    ("-10009", "publicGetQuoteV1Klines", {"symbol": "BTCUSDT", "interval": "7m"}),
    ("-100002", "publicGetQuoteV1Depth", {"symbol": "BTCUSDT", "limit": "many"}),
    ("-100011", "publicGetQuoteV1Depth", {"symbol": "NIX"}),
    ("-100012", "publicGetQuoteV1Depth", {}),
]
"""What the sandbox refuses by itself: the code, the call, and what is wrong with it."""


async def test_what_the_sandbox_refuses_reaches_ccxt_as_what_it_is(server: SandboxServer, client: Any) -> None:
    import ccxt

    other(server, "bid-1", "0.3", "60000")
    for name, amount in (("filled", 0.1), ("partly", 0.3)):
        await client.create_order("BTC/USDT", "limit", "sell", amount, 60000, {"clientOrderId": name})
    await client.create_order("BTC/USDT", "limit", "sell", 0.1, 60000, {"clientOrderId": "cancelled"})
    for name in ("partly", "cancelled"):
        await client.cancel_order("", "BTC/USDT", {"clientOrderId": name})
    raised: list[tuple[str, str]] = []
    for code, method, params in OWN_CODES:
        with pytest.raises(ccxt.BaseError, match=f'"{code}"') as error:
            await getattr(client, method)(params)
        raised.append((code, error.type.__name__))
    assert raised == [(code, CLASS_OF[code]) for code, _, _ in OWN_CODES]


def _halted(server: SandboxServer) -> None:
    server.exchange.halt("BTCUSDT")


def _mode(mode: Mode) -> Callable[[SandboxServer], None]:
    return lambda server: setattr(server.exchange, "mode", mode)


@pytest.mark.parametrize(
    ("makes", "code"),
    [
        (_halted, "-1151"),
        (_mode(Mode.HALT), "-1151"),
        (_mode(Mode.CANCEL_ONLY), "-2010"),
        (_mode(Mode.POST_ONLY), "-2051"),
        (_mode(Mode.MAINTENANCE), "-2001"),
    ],
)
async def test_a_venue_that_takes_no_orders_is_heard_by_ccxt(
    server: SandboxServer, client: Any, makes: Callable[[SandboxServer], None], code: str
) -> None:
    import ccxt

    await client.load_markets()
    makes(server)
    with pytest.raises(getattr(ccxt, CLASS_OF[code]), match=f'"{code}"'):
        await client.create_order("BTC/USDT", "limit", "sell", 0.1, 60000)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"apiKey": "nobody"}, "0102"),
        ({"apiKey": "old"}, "0103"),
        ({"apiKey": "reads"}, "-1005"),
        ({"secret": "another"}, "0002"),
        ({"options": {"recvWindow": -1}}, "-1130"),
    ],
)
async def test_a_key_that_may_not_is_heard_by_ccxt(client: Any, changes: dict[str, Any], code: str) -> None:
    import ccxt

    await client.load_markets()
    for name, value in changes.items():
        setattr(client, name, value)
    with pytest.raises(getattr(ccxt, CLASS_OF[code]), match=f'"{code}"'):
        await client.create_order("BTC/USDT", "limit", "sell", 0.1, 60000)


async def test_a_key_that_may_not_withdraw_is_heard_by_ccxt(client: Any) -> None:
    import ccxt

    client.apiKey = "trades"
    with pytest.raises(ccxt.PermissionDenied, match='"-1005"'):
        await client.withdraw("BTC", 1, WHITELIST["BTC"], {"network": "BTC"})


async def test_a_clock_that_is_off_is_heard_by_ccxt(client: Any) -> None:
    import ccxt

    await client.load_markets()
    now = client.milliseconds
    client.milliseconds = lambda: now() - 6_000
    with pytest.raises(ccxt.InvalidNonce, match='"-1021"'):
        await client.fetch_balance()


@pytest.mark.parametrize(
    ("status", "name"),
    [
        (429, "RateLimitExceeded"),
        (418, "DDoSProtection"),
        (500, "ExchangeNotAvailable"),
        (503, "ExchangeNotAvailable"),
        (504, "RequestTimeout"),
    ],
)
async def test_every_status_reaches_ccxt_as_the_exception_that_it_stands_for(status: int, name: str) -> None:
    import ccxt

    fault = Fault(Do.STATUS, status=status)
    server = sandbox(Rule(channel=Channel.REQUEST, op="order.create", at=0, fault=fault))
    async with connected(server) as client:
        await client.load_markets()
        with pytest.raises(ccxt.BaseError) as raised:
            await client.create_order("BTC/USDT", "limit", "sell", 0.1, 60000)
    await server.stop()
    assert type(raised.value).__name__ == name
