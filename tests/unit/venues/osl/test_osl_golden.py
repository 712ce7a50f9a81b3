"""The wire, byte for byte: what we send, and what the samples of the venue's specification mean.

A request that changes here has to be looked at by somebody who has the venue's documents at hand.
"""

from decimal import Decimal

from engine.kernel.clock import Instant, of_millis, parse_instant
from engine.kernel.ids import ClientOrderId, Symbol, TradeId, VenueName, VenueOrderId
from engine.kernel.money import Amount, Asset
from engine.market.facts import Level, Print
from engine.orders.order import TimeInForce
from engine.orders.reports import Fill, OrderReport, OrderStatus, QuoteRequest
from tests.unit.venues.osl.stub import BTCUSD, OURS, SINCE, adapter, approved, ok, path
from venues.osl import frames, wire
from venues.osl.frames import Action, Change, Ping, Row, Side, Snapshot
from venues.transport import HttpRequest, HttpResponse

V = VenueName("osl")
REQUEST = QuoteRequest(Asset("BTC"), Asset("USD"), Decimal("0.5"))


async def test_the_requests_that_place_and_cancel() -> None:
    """The body of section 5.1, compact; the cancel of section 5.3 by our id."""
    venue, stub = adapter(lambda request: ok([]))
    await venue.place(approved())
    await venue.place(approved(tif=TimeInForce.POST_ONLY))
    await venue.cancel(BTCUSD, OURS)
    assert [(request.method, path(request), request.body) for request in stub.sent] == [
        (
            "POST",
            "/api/v4/order",
            b'{"symbol":"BTCUSD","side":"Sell","orderQty":"0.01","ordType":"Limit","price":"62000.5",'
            b'"timeInForce":"GoodTillCancel","clOrdID":"ord-1"}',
        ),
        (
            "POST",
            "/api/v4/order",
            b'{"symbol":"BTCUSD","side":"Sell","orderQty":"0.01","ordType":"Limit","price":"62000.5",'
            b'"timeInForce":"GoodTillCancel","execInst":"PostOnly","clOrdID":"ord-1"}',
        ),
        ("DELETE", "/api/v4/order", b'{"clOrdID":["ord-1"]}'),
    ]


async def test_the_requests_of_a_look_up() -> None:
    """A complete round that finds nothing; sizes of pages take turns, so that no question is signed twice."""
    venue, stub = adapter(lambda request: ok([]))
    await venue.lookup(BTCUSD, OURS, SINCE)
    assert [request.url.removeprefix("http://127.0.0.1:9") for request in stub.sent] == [
        "/api/v4/order?symbol=BTCUSD&clOrdID=ord-1&open=false&count=500",
        "/api/v4/order?symbol=BTCUSD&open=true&count=499",
        "/api/v4/order?symbol=BTCUSD&open=false&startTime=2026-09-21T14:13:25.000Z&count=498",
        "/api/v4/execution?symbol=BTCUSD&startTime=2026-09-21T14:13:25.000Z&count=497",
        "/api/v4/user/wallet",
    ]


async def test_the_requests_of_a_quote_and_its_acceptance() -> None:
    """The bodies of sections 6.1 and 6.2, and the signature over path, NUL and body."""

    def desk(request: HttpRequest) -> HttpResponse:
        return ok(
            b'{"quoteResponse":{"responseCode":"FULL_QUOTE","quoteId":"e0eb807e-d39c-471c-8848-96c950060671",'
            b'"buyTradedCurrency":false,"tradedCurrency":"BTC","settlementCurrency":"USD",'
            b'"quotedTradedCurrencyAmount":"0.5","quotedSettlementCurrencyAmount":"30990.25","timeToLive":6984}}'
        )

    venue, stub = adapter(desk)
    quote = await venue.quote(REQUEST)
    await venue.accept(quote)  # type: ignore[arg-type]
    await venue.deal(quote)  # type: ignore[arg-type]
    assert [(request.method, path(request), request.body) for request in stub.sent] == [
        (
            "POST",
            "/api/3/retail/quote",
            b'{"quoteRequest":{"tradedCurrency":"BTC","settlementCurrency":"USD","buyTradedCurrency":false,'
            b'"tradedCurrencyAmount":0.5},"tonce":1900000000000000}',
        ),
        (
            "POST",
            "/api/3/retail/trade",
            b'{"tradeRequest":{"quoteId":"e0eb807e-d39c-471c-8848-96c950060671"},"tonce":1900000000000001}',
        ),
        ("POST", "/api/3/transaction/list", b'{"tonce":1900000000000002}'),
    ]
    assert {"Rest-Key", "Rest-Sign", "Content-Type"} == stub.sent[0].headers.keys()


def test_the_order_of_the_specification() -> None:
    """Section 5.1."""
    raw = b"""{"orderID":"2289677808","clOrdID":"ord-1","symbol":"BTCUSD","side":"Sell","orderQty":"0.01000000",
     "price":"62000.50000","ordType":"Limit","timeInForce":"GoodTillCancel","execInst":"","ordStatus":"New",
     "cumQty":"0.00000000","leavesQty":"0.01000000","avgPx":null,"transactTime":"2026-09-22T03:14:48.044Z","text":""}"""
    assert wire.order_report(V, raw) == OrderReport(
        venue=V,
        symbol=Symbol("BTCUSD"),
        client_id=ClientOrderId("ord-1"),
        venue_order_id=VenueOrderId("2289677808"),
        status=OrderStatus.WORKING,
        quantity=Decimal("0.01000000"),
        price=Decimal("62000.50000"),
        filled=Decimal("0E-8"),
        at=parse_instant("2026-09-22T03:14:48.044Z"),
    )


def test_the_execution_of_the_specification() -> None:
    """Section 5.5."""
    raw = b"""[{"execID":"87ZPV","trdMatchID":"87ZPV","orderID":"2289677808","clOrdID":"ord-1","symbol":"BTCUSD",
      "side":"Sell","lastQty":"0.00400000","lastPx":"62000.50000","grossValue":"248.00200","commission":"0.12400",
      "commissionCurrency":"USD","lastLiquidityInd":"Removed","transactTime":"2026-09-22T03:14:49.100Z"}]"""
    [row] = wire.fills(V, raw)
    assert row.fact == Fill(
        venue=V,
        symbol=Symbol("BTCUSD"),
        client_id=ClientOrderId("ord-1"),
        venue_order_id=VenueOrderId("2289677808"),
        trade_id=TradeId("87ZPV"),
        quantity=Decimal("0.00400000"),
        price=Decimal("62000.50000"),
        fee=Amount(Decimal("0.12400"), Asset("USD")),
        maker=False,
        at=parse_instant("2026-09-22T03:14:49.100Z"),
        ticket="87ZPV",
    )


def test_the_frames_of_the_specification() -> None:
    """Section 4.6: a partial, the three frames of one change, and a ping."""
    partial, insert, update, delete, ping = (
        b'{"table":"orderBookL2","action":"partial","symbol":"BTCUSD","bookVersionId":-2122398906,'
        b'"sendTime":1790000000966,"data":[{"symbol":"BTCUSD","side":"Buy","size":"0.50000000","price":"61999.9"},'
        b'{"symbol":"BTCUSD","side":"Sell","size":"0.40000000","price":"62000.6"}]}',
        b'{"table":"orderBookL2","action":"insert","symbol":"BTCUSD","bookVersionId":-2122396955,'
        b'"sendTime":1790000001345,"data":[{"symbol":"BTCUSD","side":"Buy","size":"0.30000000","price":"61999.5"}]}',
        b'{"table":"orderBookL2","action":"update","symbol":"BTCUSD","bookVersionId":-2122396955,'
        b'"sendTime":1790000001345,"data":[{"symbol":"BTCUSD","side":"Sell","size":"0.20000000","price":"62000.6"}]}',
        b'{"table":"orderBookL2","action":"delete","symbol":"BTCUSD","bookVersionId":-2122396955,'
        b'"sendTime":1790000001345,"data":[{"symbol":"BTCUSD","side":"Buy","size":"0.90000000","price":"61998.0"}]}',
        b'{"action":"ping"}',
    )
    assert frames.frame(partial) == Change(
        BTCUSD,
        Action.PARTIAL,
        -2122398906,
        of_millis(1790000000966),
        (
            Row(Side.BUY, Decimal("61999.9"), Decimal("0.50000000")),
            Row(Side.SELL, Decimal("62000.6"), Decimal("0.40000000")),
        ),
    )
    for raw, action, row in (
        (insert, Action.INSERT, Row(Side.BUY, Decimal("61999.5"), Decimal("0.30000000"))),
        (update, Action.UPDATE, Row(Side.SELL, Decimal("62000.6"), Decimal("0.20000000"))),
        (delete, Action.DELETE, Row(Side.BUY, Decimal("61998.0"), Decimal("0.90000000"))),
    ):
        assert frames.frame(raw) == Change(BTCUSD, action, -2122396955, of_millis(1790000001345), (row,))
    assert frames.frame(ping) == Ping()
    assert frames.PONG == '{"action":"pong"}'


def test_the_snapshot_and_the_trade_of_the_specification() -> None:
    """Sections 4.4 and 4.5."""
    shown = (
        b'{"symbol":"BTCUSD","asks":[["62000.6","0.0024"]],"bids":[["61999.9","0.003"]],'
        b'"updateTime":"2026-09-22T14:05:42.365Z"}'
    )
    assert frames.snapshot(BTCUSD, shown) == Snapshot(
        parse_instant("2026-09-22T14:05:42.365Z"),
        (Level(Decimal("61999.9"), Decimal("0.003")),),
        (Level(Decimal("62000.6"), Decimal("0.0024")),),
    )
    traded = (
        b'[{"trdMatchID":"87ZPV","symbol":"BTCUSD","side":"Sell","size":"0.60000000","price":"62000.00000000",'
        b'"grossValue":"37200.00000000","transactTime":"2026-09-22T00:06:04.000Z"}]'
    )
    assert frames.prints(V, BTCUSD, traded, Instant(7)) == [
        Print(
            V,
            BTCUSD,
            parse_instant("2026-09-22T00:06:04.000Z"),
            Instant(7),
            "87ZPV",
            Decimal("62000.00000000"),
            Decimal("0.60000000"),
            True,
        )
    ]


def test_the_time_and_the_wallet_of_the_specification() -> None:
    """Sections 4.3 and 5.6."""
    assert wire.server_time(b'{"serverTime":1790000000123}') == of_millis(1790000000123)
    [usd] = wire.balances(
        b'[{"currency":"USD","exchangeAvailableBalance":"500.00000","exchangeTotalBalance":"500.00000"}]'
    )
    assert (usd.asset, usd.free, usd.locked) == ("USD", 500, 0)
