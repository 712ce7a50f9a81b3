"""OSL's dialect behind the sandbox's server: a real loopback port, and what goes wrong on purpose."""

import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import aiohttp
import pytest

from engine.kernel.clock import MILLISECOND, Span
from tests.unit.venues.sandbox.osl_client import SECRET
from venues.sandbox.clock import MarketClock
from venues.sandbox.door import Account
from venues.sandbox.faults import Faults, load
from venues.sandbox.hall import sandbox_hall
from venues.sandbox.model import Mode
from venues.sandbox.osl_signing import sign, text_v3, text_v4
from venues.sandbox.server import SandboxServer

ORDER = {
    "symbol": "BTCUSDT", "side": "Sell", "orderQty": "0.01", "ordType": "Limit", "price": "79000", "clOrdID": "ord-1",
}  # fmt: skip
QUOTE = {
    "quoteRequest": {
        "tradedCurrency": "BTC", "settlementCurrency": "USDT", "buyTradedCurrency": False, "tradedCurrencyAmount": 0.5,
    },
}  # fmt: skip
QUOTES, TRADES = "/api/3/retail/quote", "/api/3/retail/trade"


class Customer:
    """A client that signs with its own few lines."""

    def __init__(self, server: SandboxServer, url: str, session: aiohttp.ClientSession) -> None:
        self.server, self.url, self.session = server, url, session
        self._ahead = 10

    async def ask(self, method: str, target: str, body: Mapping[str, Any] | None = None) -> tuple[int, Any]:
        """A v4 call; each expires at another second, since a signature is taken once."""
        self._ahead += 1
        path, _, query = target.partition("?")
        raw, expires = json.dumps(body) if body else "", str(int(time.time()) + self._ahead)
        signature = sign(SECRET, text_v4(method, path, query, expires, raw))
        headers = {"api-key": "k1", "api-expires": expires, "api-signature": signature}
        return await self._send(method, target, raw, headers)

    async def ask_v3(self, path: str, body: Mapping[str, Any]) -> tuple[int, Any]:
        raw = json.dumps({**body, "tonce": time.time_ns() // 1_000})
        return await self._send("POST", path, raw, {"Rest-Key": "k1", "Rest-Sign": sign(SECRET, text_v3(path, raw))})

    async def take(self, quote_id: str) -> Any:
        return (await self.ask_v3(TRADES, {"tradeRequest": {"quoteId": quote_id}}))[1]["tradeResponse"]

    async def quote(self) -> str:
        quote_id: str = (await self.ask_v3(QUOTES, QUOTE))[1]["quoteResponse"]["quoteId"]
        return quote_id

    async def _send(self, method: str, target: str, raw: str, headers: Mapping[str, str]) -> tuple[int, Any]:
        sent = (
            {"data": raw, "headers": {**headers, "Content-Type": "application/json"}} if raw else {"headers": headers}
        )
        async with self.session.request(method, self.url + target, **sent) as answer:
            said = await answer.read()
            return answer.status, json.loads(said) if said else None


@asynccontextmanager
async def sandbox(*rules: str) -> AsyncIterator[Customer]:
    """OSL's stall of the hall; `rules` is the inside of a fault plan's list."""
    hall = sandbox_hall(1, venues=("osl",), balances={"osl": {"desk": {"BTC": Decimal(2)}}}, recorded=False)
    plan = load(f'{{"rules":[{",".join(rules)}]}}'.encode())
    server = SandboxServer(
        hall.exchange("osl"),
        {"k1": Account("desk", SECRET)},
        MarketClock(hall.now, Decimal(10)),
        Faults(plan, "osl"),
        speaks="osl",
        dealer=hall.dealer("osl"),
        hang=Span(20 * MILLISECOND),
    )
    url = await server.start()
    try:
        async with aiohttp.ClientSession() as session:
            yield Customer(server, url, session)
    finally:
        await server.stop()


async def test_an_order_is_placed_found_and_cancelled_over_the_wire() -> None:
    async with sandbox() as customer:
        status, placed = await customer.ask("POST", "/api/v4/order", ORDER)
        assert (status, placed["ordStatus"]) == (200, "New")
        assert (await customer.ask("GET", "/api/v4/order?symbol=BTCUSDT&open=true"))[1] == [placed]
        assert (await customer.ask("DELETE", "/api/v4/order/all"))[0] == 204
        assert (await customer.ask("GET", "/api/v4/order?open=false"))[1][0]["ordStatus"] == "Canceled"


async def test_the_band_that_is_told_is_the_band_that_holds() -> None:
    async with sandbox() as customer:
        instruments = await customer.ask("GET", "/api/v4/instrument?symbol=BTCUSDT")
        highest, tick = (Decimal(instruments[1][0][name]) for name in ("maxPrice", "tickSize"))
        assert (highest % tick, instruments[1][0]["mock"]) == (0, True)
        far = {**ORDER, "price": str(highest + 1_000)}
        assert (await customer.ask("POST", "/api/v4/order", far))[1]["error"]["name"] == "PRICE_OUT_OF_BAND"


async def test_a_deal_whose_answer_was_lost_is_found_by_asking_again() -> None:
    async with sandbox('{"at":["rest.resp","rfq.accept",0],"do":"drop"}') as customer:
        quote_id = await customer.quote()
        with pytest.raises((aiohttp.ServerDisconnectedError, aiohttp.ClientOSError)):
            await customer.take(quote_id)
        assert await customer.take(quote_id) == {"responseCode": "s100005"}
        listed = await customer.ask_v3("/api/3/transaction/list", {})
        assert [row["quoteId"] for row in listed[1]["transactionListResponse"]["transactions"]] == [quote_id]


@pytest.mark.parametrize(("channel", "then"), [("rest.req", "EXECUTED"), ("rest.resp", "s100005")])
async def test_an_indeterminate_deal_may_or_may_not_have_been_done(channel: str, then: str) -> None:
    async with sandbox(f'{{"at":["{channel}","rfq.accept",0],"do":"code","code":"INDETERMINATE"}}') as customer:
        quote_id = await customer.quote()
        assert await customer.take(quote_id) == {"responseCode": "INDETERMINATE"}
        assert (await customer.take(quote_id))["responseCode"] == then


async def test_an_order_whose_answer_was_lost_is_found_by_its_name() -> None:
    async with sandbox('{"at":["rest.resp","order.create",0],"do":"status","status":504}') as customer:
        with pytest.raises(json.JSONDecodeError):
            await customer.ask("POST", "/api/v4/order", ORDER)
        (found,) = (await customer.ask("GET", "/api/v4/order?open=false&clOrdID=ord-1"))[1]
        assert found["ordStatus"] == "New"


async def test_a_request_that_comes_twice_is_taken_once() -> None:
    """The second copy carries a signature that was used."""
    async with sandbox('{"at":["rest.req","order.create",0],"do":"dup"}') as customer:
        assert (await customer.ask("POST", "/api/v4/order", ORDER))[0] == 200
        assert len(customer.server.exchange.orders("desk")) == 1


async def test_somebody_may_take_an_order_just_before_its_cancel() -> None:
    async with sandbox('{"at":["rest.req","order.cancel",0],"do":"race"}') as customer:
        await customer.ask("POST", "/api/v4/order", ORDER)
        status, (row,) = await customer.ask("DELETE", "/api/v4/order", {"clOrdID": ["ord-1"]})
        assert (status, row["ordStatus"]) == (400, "Filled")
        assert row["error"]["name"] == "ERROR_ORDER_STATUS_SET_NO_CANCEL_MATCHED"


async def test_maintenance_and_halts_have_their_own_answers() -> None:
    async with sandbox() as customer:
        customer.server.switch(Mode.MAINTENANCE)
        for target in ("/api/v4/order", "/api/v5/time"):
            status, said = await customer.ask("GET", target)
            assert (status, said["error"]["name"]) == (503, "MAINTENANCE")
        customer.server.switch(Mode.NORMAL)
        customer.server.switch(Mode.HALT, "BTCUSDT")
        status, said = await customer.ask("POST", "/api/v4/order", ORDER)
        assert (status, said["error"]["name"]) == (400, "MARKET_CLOSED")


async def test_books_and_their_changes_come_over_the_socket() -> None:
    """The hall's crowd renews its quotes, so something changes every second."""
    async with (
        sandbox() as customer,
        customer.session.ws_connect(f"{customer.url}/ws/v4?subscribe=orderBook:BTCUSDT") as socket,
    ):
        heard = [json.loads((await socket.receive(timeout=5)).data) for _ in range(3)]
    assert heard[0]["event"] == "subscribe"
    assert [one.get("action") for one in heard[1:2]] == ["partial"]
    assert heard[2]["action"] in ("insert", "update", "delete")
    assert heard[2]["bookVersionId"] > heard[1]["bookVersionId"]
