"""The adapter over a network that a test scripts: one send a write, and no key in any word."""

import asyncio
import json
from collections.abc import Sequence
from hashlib import sha256

import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from engine.kernel.clock import SECOND, Span, of_millis
from engine.kernel.ids import ClientOrderId
from engine.kernel.money import Asset
from engine.orders.reports import Done, NoWord, Permissions, QuoteRequest, Refused, Transient, Unknown
from engine.ports import Venue
from tests.unit.venues.osl.stub import (
    BTCUSD,
    HERE,
    KEY,
    KEYS,
    OURS,
    SECRET,
    SINCE,
    WALLET,
    Answer,
    Still,
    Stub,
    Turns,
    adapter,
    approved,
    bad,
    ok,
    order_row,
    path,
)
from tests.unit.venues.osl.test_osl_wire import PAIR
from venues.osl.adapter import CAPABILITIES
from venues.osl.calls import Pacers, Unread
from venues.osl.signing import v4_signature
from venues.osl.venue import OslVenue
from venues.pacing import FreePacer, Kind
from venues.secrets import Secret
from venues.transport import AiohttpTransport, HttpRequest, HttpResponse, NoAnswer, NotSent

CANCELLED = ok([{"orderID": "2289677808", "clOrdID": "ord-1", "ordStatus": "Canceled", "error": None}])


async def test_an_order_is_one_signed_sale_in_wall_time() -> None:
    """A JSON body, signed with method, path and an expiry ten seconds ahead."""
    venue, stub = adapter(lambda request: ok(order_row()))
    typed: Venue = venue  # the port, checked by the type checker
    outcome = await typed.place(approved())
    [request] = stub.sent
    assert (request.method, request.url) == ("POST", "http://127.0.0.1:9/api/v4/order")
    assert request.headers == {
        "api-key": KEY,
        "api-expires": "1900000010",
        "api-signature": v4_signature(Secret(SECRET), "POST", "/api/v4/order", 1900000010, request.body),
        "Content-Type": "application/json",
    }
    assert isinstance(outcome, Done)
    assert outcome.wire.request == sha256(b"POST/api/v4/order" + request.body).hexdigest()
    assert outcome.wire.answer == sha256(json.dumps(order_row()).encode()).hexdigest()


async def test_a_cancel_names_our_id_in_a_list_and_goes_before_orders() -> None:
    """DELETE with a body, from the lane of orders and urgent."""
    turns = Turns()
    venue, stub = adapter(lambda request: CANCELLED, turns)
    assert isinstance(await venue.cancel(BTCUSD, OURS), Done)
    [request] = stub.sent
    assert (request.method, json.loads(request.body)) == ("DELETE", {"clOrdID": ["ord-1"]})
    assert turns.asked == [("order", True)]


async def test_a_cancel_that_is_repeated_within_a_second_is_signed_anew() -> None:
    """A signature counts once, and the clock stands still here."""
    venue, stub = adapter(lambda request: CANCELLED)
    await venue.cancel(BTCUSD, OURS)
    await venue.cancel(BTCUSD, OURS)
    assert len({request.headers["api-signature"] for request in stub.sent}) == 2


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
        venue = OslVenue(
            type(HERE)(f"http://{host}", f"ws://{host}/ws/v4"),
            KEYS,
            AiohttpTransport(),
            Still(),
            Pacers(FreePacer(), FreePacer()),
            capabilities=CAPABILITIES,
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

    venue, _ = adapter(lambda request: WALLET)
    venue._calls._transport = Waiting(lambda request: WALLET)
    task = asyncio.create_task(venue.place(approved()))
    await gate.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_an_order_that_gets_no_turn_or_is_withheld_is_not_sent() -> None:
    """The venue's limits leave no room, or somebody has stopped selling; a cancel leaves all the same."""
    venue, stub = adapter(lambda request: WALLET, Turns(open_=False))
    assert isinstance(await venue.place(approved()), Transient)
    assert stub.sent == []
    venue, stub = adapter(lambda request: CANCELLED)
    venue._withheld = lambda: "halted"
    assert await venue.place(approved()) == Transient("withheld: halted")
    assert isinstance(await venue.cancel(BTCUSD, OURS), Done)
    assert [request.method for request in stub.sent] == ["DELETE"]


async def test_an_order_that_cannot_be_written_is_refused_before_it_is_sent() -> None:
    """An id that the venue would cut short stops the venue: it is a bug of ours."""
    venue, stub = adapter(lambda request: WALLET)
    for outcome in (
        await venue.place(approved(client_id='a"')),
        await venue.cancel(BTCUSD, ClientOrderId("a b")),
        await venue.quote(QuoteRequest(Asset("b tc"), Asset("USD"), PAIR_SIZE)),
    ):
        assert isinstance(outcome, Refused)
        assert outcome.stop_venue
    assert stub.sent == []


PAIR_SIZE = approved().order.quantity


@pytest.mark.parametrize(
    ("answer", "v4_held", "v3_held"),
    [
        (bad("X", 429), [("order", 2)], []),
        (bad("X", 429, **{"Retry-After": "9"}), [("order", 9)], []),
        (bad("X", 418), [("order", 60), ("query", 60)], [("order", 60), ("query", 60)]),
        (bad("IP_BANNED", 403), [("order", 60), ("query", 60)], [("order", 60), ("query", 60)]),
        (bad("TOO_SMALL"), [], []),
    ],
)
async def test_a_venue_that_says_stop_is_left_alone(
    answer: HttpResponse, v4_held: list[tuple[Kind, int]], v3_held: list[tuple[Kind, int]]
) -> None:
    """429 stops the class; a ban is of the address and stops everything, v3 as well."""
    v4, v3 = Turns(), Turns()
    venue, _ = adapter(lambda request: answer, v4, v3)
    await venue.place(approved())
    assert (v4.held, v3.held) == (
        [(kind, Span(seconds * SECOND)) for kind, seconds in v4_held],
        [(kind, Span(seconds * SECOND)) for kind, seconds in v3_held],
    )


async def test_public_reads_carry_no_key_and_v5_is_paid_from_its_own_budget() -> None:
    """The venue's clock, its list of pairs, and the catalogue that narrows them."""
    answers = {
        "/api/v5/time": ok({"serverTime": 1790000000123}),
        "/api/v4/instrument": ok([PAIR]),
        "/api/v5/symbols": ok([{"symbol": "BTCUSD", "status": "1", "limitMaxAmount": "600000"}]),
    }
    v4, v3 = Turns(), Turns()
    venue, stub = adapter(lambda request: answers[path(request)], v4, v3)
    assert await venue.server_time() == of_millis(1790000000123)
    [pair] = await venue.instruments()
    assert pair.notional_max == 600_000
    assert not any(request.headers for request in stub.sent)
    assert (len(v4.asked), len(v3.asked)) == (1, 2)


async def test_pairs_are_listed_without_the_catalogue_too() -> None:
    """v5 reports its errors inside HTTP 200."""
    answers = {"/api/v4/instrument": ok([PAIR]), "/api/v5/symbols": ok({"code": -1107, "msg": "symbol not exist"})}
    venue, _ = adapter(lambda request: answers[path(request)])
    [pair] = await venue.instruments()
    assert pair.notional_max == 10_000_000


async def test_what_a_key_may_do_is_asked_by_the_invented_path() -> None:
    """A venue that does not have it does not say."""
    rights = ok({"permissions": ["Read", "Place and Manage Orders"]})
    venue, stub = adapter(lambda request: rights)
    assert await venue.permissions() == Permissions(trade=True, withdraw=False)
    assert path(stub.sent[0]) == "/mock/api/4/apiKey"
    venue, _ = adapter(lambda request: HttpResponse(404, {}, b""))
    with pytest.raises(Unread):
        await venue.permissions()


LEAK = f"key {KEY} secret {SECRET} http://127.0.0.1:9/?signature=abc"
FAILURES: Sequence[Answer] = [
    NotSent(LEAK),
    NoAnswer(LEAK),
    RuntimeError(LEAK),
    asyncio.CancelledError(LEAK),
    bad("TOO_SMALL", message=LEAK),
    bad(LEAK),
    bad("INVALID_SIGNATURE", 401, LEAK),
    ok(order_row(clOrdID=LEAK)),
    ok(order_row(ordStatus=LEAK)),
    ok([order_row(ordStatus=LEAK)]),
    ok([{"clOrdID": "ord-1", "error": {"name": LEAK, "message": LEAK}}]),
    ok({"quoteResponse": {"responseCode": LEAK}}),
]


@pytest.mark.parametrize("failure", FAILURES, ids=range(len(FAILURES)))
async def test_no_word_that_leaves_the_adapter_contains_a_key(failure: Answer) -> None:
    """A venue and a network that repeat both of them in everything they say: outcomes, exceptions and logs."""
    venue, stub = adapter(lambda request: failure)
    said: list[object] = []
    structlog.reset_defaults()
    with capture_logs() as logs:
        said.extend([await venue.place(approved()), await venue.cancel(BTCUSD, OURS)])
        said.append(await venue.quote(QuoteRequest(Asset("BTC"), Asset("USD"), PAIR_SIZE)))
        for call in (
            lambda: venue.lookup(BTCUSD, OURS, SINCE),
            lambda: venue.survey(SINCE),
            venue.holdings,
            venue.instruments,
            venue.server_time,
            venue.permissions,
        ):
            try:
                said.append(await call())
            except Unread as error:
                said.append(error)
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
        assert isinstance(await venue.quote(QuoteRequest(Asset("BTC"), Asset("USD"), PAIR_SIZE)), Transient)

    asyncio.run(calls())


async def test_a_question_that_gets_no_turn_is_no_word() -> None:
    """While we are banned nothing is asked at all."""
    venue, stub = adapter(lambda request: WALLET, Turns(open_=False))
    assert isinstance(await venue.lookup(BTCUSD, OURS, SINCE), NoWord)
    assert stub.sent == []
