"""The adapter over a network that a test scripts: one send a write, whole reads or none, and no key in any word."""

import asyncio
import json
from collections.abc import Sequence
from hashlib import sha256
from urllib.parse import parse_qsl

import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from engine.kernel.clock import SECOND, Span
from engine.kernel.ids import ClientOrderId
from engine.orders.order import TimeInForce
from engine.orders.reports import (
    Capabilities,
    Done,
    NoWord,
    Refused,
    Transient,
    Unknown,
)
from engine.ports import Venue
from tests.unit.venues.hashkey.stub import (
    ACCOUNT,
    BTCUSD,
    KEY,
    OURS,
    SECRET,
    SINCE,
    Answer,
    Still,
    Stub,
    Turns,
    adapter,
    approved,
    bad,
    ok,
    order_row,
)
from venues.hashkey.calls import Unread
from venues.hashkey.endpoints import Endpoints
from venues.hashkey.signing import signature
from venues.hashkey.venue import HashKeyVenue
from venues.pacing import FreePacer, Kind
from venues.secrets import Keys, Secret
from venues.transport import AiohttpTransport, HttpRequest, HttpResponse, NoAnswer, NotSent


async def test_an_order_is_one_signed_sale_in_wall_time() -> None:
    """Form body, parameters in order, signature over all that stands before it, key in the header."""
    venue, stub = adapter(lambda request: ok(order_row()))
    typed: Venue = venue  # the port, checked by the type checker
    outcome = await typed.place(approved())
    [request] = stub.sent
    assert (request.method, request.url) == ("POST", "http://127.0.0.1:9/api/v1/spot/order")
    assert request.headers["X-HK-APIKEY"] == KEY
    text, _, signed = request.body.decode().rpartition("&signature=")
    assert text == (
        "timestamp=1900000000000&recvWindow=5000&symbol=BTCUSD&side=SELL&type=LIMIT&quantity=0.01&price=62000.5"
        "&newClientOrderId=ord-1&timeInForce=IOC"
    )
    assert signed == signature(Secret(SECRET), text)
    assert isinstance(outcome, Done)
    assert outcome.wire.request == sha256(b"POST/api/v1/spot/order" + request.body).hexdigest()
    assert outcome.wire.answer == sha256(json.dumps(order_row()).encode()).hexdigest()


async def test_a_cancel_names_our_id_and_goes_before_orders() -> None:
    """DELETE with a form body; `clientOrderId` here and nowhere else."""
    turns = Turns()
    venue, stub = adapter(lambda request: ok(order_row(status="CANCELED")), turns)
    assert isinstance(await venue.cancel(BTCUSD, OURS), Done)
    [request] = stub.sent
    assert request.method == "DELETE"
    assert dict(parse_qsl(request.body.decode()))["clientOrderId"] == OURS
    assert turns.asked == [("order", 1, True)]


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        (NotSent("refused"), Transient),
        (NoAnswer("reset"), Unknown),
        (asyncio.CancelledError(), Unknown),
        (RuntimeError("a bug below us"), Unknown),
        (TimeoutError(), Unknown),
    ],
)
async def test_how_the_network_failed_decides_what_may_be_done_next(failure: BaseException, kind: type) -> None:
    """Sent exactly once, whatever happens."""
    venue, stub = adapter(lambda request: failure)
    assert isinstance(await venue.place(approved()), kind)
    assert isinstance(await venue.cancel(BTCUSD, OURS), kind)
    assert [request.method for request in stub.sent] == ["POST", "DELETE"]


async def test_a_cancel_whose_connection_breaks_is_unknown_and_reaches_the_venue_once() -> None:
    """The real network: an order is placed, the kept-alive connection reads the DELETE and hangs up."""
    arrived: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for answer in (json.dumps(order_row()).encode(), b""):
            head = await reader.readuntil(b"\r\n\r\n")
            arrived.append(head.split()[0])
            length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if b"ength" in line)
            await reader.readexactly(length)
            if answer:
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(answer), answer))
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        host = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        venue = HashKeyVenue(
            Endpoints(f"http://{host}", f"ws://{host}/quote/ws/v1", f"ws://{host}/api/v1/ws"),
            Keys(Secret(KEY), Secret(SECRET)),
            AiohttpTransport(),
            Still(),
            FreePacer(),
            capabilities=Capabilities(tifs=tuple(TimeInForce), validity=Span(5 * SECOND), read_lag=Span(SECOND)),
        )
        assert isinstance(await venue.place(approved()), Done)
        assert isinstance(await venue.cancel(BTCUSD, OURS), Unknown)
        await asyncio.sleep(0.05)  # a repetition would come at once
        await venue.aclose()
        assert isinstance(await venue.place(approved()), Transient)  # closed: certainly not sent
    assert arrived == [b"POST", b"DELETE"]


async def test_whoever_cancels_a_call_hears_of_it() -> None:
    """A driver that stops must not be told `Unknown` and go on."""
    gate = asyncio.Event()

    class Waiting(Stub):
        async def call(self, request: HttpRequest) -> HttpResponse:
            gate.set()
            await asyncio.Event().wait()
            raise AssertionError

    venue, _ = adapter(lambda request: ACCOUNT)
    venue._calls._transport = Waiting(lambda request: ACCOUNT)
    task = asyncio.create_task(venue.place(approved()))
    await gate.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_an_order_that_gets_no_turn_is_not_sent() -> None:
    """The venue's limits leave no room within our patience: certainly nothing happened."""
    venue, stub = adapter(lambda request: ACCOUNT, Turns(open_=False))
    assert isinstance(await venue.place(approved()), Transient)
    assert stub.sent == []


async def test_an_order_that_cannot_be_written_is_refused_before_it_is_sent() -> None:
    """An id that the venue would cut short stops the venue: it is a bug of ours."""
    venue, stub = adapter(lambda request: ACCOUNT)
    for outcome in (
        await venue.place(approved(client_id="a&side=BUY")),
        await venue.cancel(BTCUSD, ClientOrderId("a b")),
    ):
        assert isinstance(outcome, Refused)
        assert outcome.stop_venue
    assert stub.sent == []


@pytest.mark.parametrize(
    ("status", "held"),
    [(429, [("order", 2 * SECOND)]), (418, [("order", 60 * SECOND), ("query", 60 * SECOND)]), (400, [])],
)
async def test_a_venue_that_says_stop_is_left_alone(status: int, held: list[tuple[Kind, int]]) -> None:
    """429 stops the class for a moment, 418 everything for a minute."""
    turns = Turns()
    venue, _ = adapter(lambda request: bad("0003", status), turns)
    await venue.place(approved())
    assert turns.held == held


LEAK = f"key {KEY} secret {SECRET} http://127.0.0.1:9/?signature=abc"
FAILURES: Sequence[Answer] = [
    NotSent(LEAK),
    NoAnswer(LEAK),
    RuntimeError(LEAK),
    asyncio.CancelledError(LEAK),
    bad("0002", message=LEAK),
    bad(LEAK),
    bad("-1141", message=LEAK),
    bad("0003", 429, LEAK),
    ok({"code": "0002", "msg": LEAK}),
    ok(order_row(clientOrderId=LEAK)),
    ok(order_row(status=LEAK)),
    ok([order_row(status=LEAK)]),
    ok({"balances": LEAK}),
]


@pytest.mark.parametrize("failure", FAILURES, ids=range(len(FAILURES)))
async def test_no_word_that_leaves_the_adapter_contains_a_key(failure: Answer) -> None:
    """A venue and a network that repeat both of them in everything they say: outcomes, exceptions and logs."""
    venue, stub = adapter(lambda request: failure)
    said: list[object] = []
    structlog.reset_defaults()
    with capture_logs() as logs:
        said.extend([await venue.place(approved()), await venue.cancel(BTCUSD, OURS)])
        for call in (
            lambda: venue.lookup(BTCUSD, OURS, SINCE),
            lambda: venue.survey(SINCE),
            venue.holdings,
            venue.instruments,
            venue.server_time,
        ):
            try:
                said.append(await call())
            except (Unread, RuntimeError, asyncio.CancelledError) as error:
                said.append(error if isinstance(error, Unread) else "raised by the stub itself")
    printed = f"{said!r} {logs!r} {stub.sent!r} {venue!r}"
    assert KEY not in printed
    assert SECRET not in printed


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(raw=st.binary(max_size=200), status=st.sampled_from([200, 400, 418, 429, 500]))
def test_no_bytes_make_a_call_raise(raw: bytes, status: int) -> None:
    """Noise of any status: writes end in an outcome, and a look-up has no word."""

    async def calls() -> None:
        venue, _ = adapter(lambda request: HttpResponse(status, {}, raw))
        assert isinstance(await venue.place(approved()), Unknown | Transient)
        assert isinstance(await venue.cancel(BTCUSD, OURS), Unknown | Transient)
        assert isinstance(await venue.lookup(BTCUSD, OURS, SINCE), NoWord)

    asyncio.run(calls())
