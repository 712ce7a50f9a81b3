"""What ccxt does wrong with an order, found by running it, and what becomes of each here."""

import asyncio
import decimal
from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

import venues.generic
from engine.kernel.clock import SECOND, Span
from engine.orders.order import OrderType, TimeInForce
from engine.orders.reports import Done, OrderStatus, Refused, Transient, Unknown
from tests.unit.venues.generic.stand import (
    BTCUSDT,
    HANGS_UP,
    KEY,
    OPEN,
    ORDER,
    OURS,
    SECRET,
    Stand,
    account,
    approved,
    body,
    client,
    complaint,
    order_row,
)
from venues.pacing import FreePacer, Kind

PACKAGE = Path(venues.generic.__file__).parent
PLACE, CANCEL = ("POST", ORDER), ("DELETE", ORDER)
ALL_WRITTEN = pytest.mark.parametrize(
    "answer",
    [
        pytest.param(lambda _: body("{}", 500), id="500"),
        pytest.param(lambda _: body("<html>Bad gateway</html>", 502), id="502"),
        pytest.param(lambda _: body("", 503), id="503"),
        pytest.param(lambda _: body("", 504), id="504"),
        pytest.param(lambda _: body('{"code":"0003","msg":"slower"}', 429), id="429"),
        pytest.param(lambda _: body("", 418), id="418"),
        pytest.param(lambda _: HANGS_UP, id="the connection ends"),
        pytest.param(lambda _: body("<html>Welcome</html>"), id="200 and a page"),
        pytest.param(lambda _: body(""), id="200 and nothing"),
        pytest.param(lambda _: body("[]"), id="200 and a list"),
        pytest.param(lambda _: body('{"symbol":"BTCUSDT","orde'), id="200 and half an answer"),
        pytest.param(lambda _: body('{"code":-1141,"msg":"no"}'), id="200 and an error: AttributeError in ccxt"),
        pytest.param(lambda _: {**order_row(), "side": None}, id="no side: AttributeError in ccxt"),
        pytest.param(complaint("-1141"), id="the id exists"),
        pytest.param(complaint("-1006"), id="not known, which ccxt calls ExchangeError"),
        pytest.param(complaint("-1007"), id="timed out over there"),
        pytest.param(complaint("0401"), id="no money, as ccxt reads it"),
        pytest.param(complaint("0002"), id="a bad signature, as ccxt reads it"),
        pytest.param(lambda _: web.Response(status=307, headers={"Location": "/elsewhere"}), id="a redirection"),
    ],
)


@ALL_WRITTEN
async def test_whatever_ccxt_raises_from_a_new_order_the_order_may_exist(answer: Callable[[Any], Any]) -> None:
    """Never refused, never transient; sent once."""
    async with Stand({PLACE: answer}) as stand:
        venue = account(client(stand.root))
        outcome = await venue.place(approved())
        await venue.aclose()
    assert isinstance(outcome, Unknown)
    assert len(stand.sent("POST")) == 1
    assert [each.path for each in stand.asked if each.method == "POST"] == [ORDER]
    assert outcome.wire.request
    assert KEY not in repr(outcome)
    assert "signature" not in repr(outcome)


@ALL_WRITTEN
async def test_no_answer_to_a_cancel_ends_an_order(answer: Callable[[Any], Any]) -> None:
    """Either the request was taken or nobody knows; a kept-alive connection that breaks repeats nothing."""
    async with Stand({PLACE: order_row(), CANCEL: answer}) as stand:
        venue = account(client(stand.root))
        assert isinstance(await venue.place(approved()), Done)
        outcome = await venue.cancel(BTCUSDT, OURS)
        await venue.aclose()
    assert isinstance(outcome, Unknown)
    assert len(stand.sent("DELETE")) == 1


@pytest.mark.parametrize("code", ["-1139", "-1142", "-1143", "0211"])
async def test_a_cancel_that_lost_the_race_proves_nothing(code: str) -> None:
    """ccxt calls "already filled" immediately fillable, and "already cancelled" not fillable."""
    async with Stand({CANCEL: complaint(code)}) as stand:
        venue = account(client(stand.root))
        outcome = await venue.cancel(BTCUSDT, OURS)
        await venue.aclose()
    assert isinstance(outcome, Unknown)
    assert outcome.reason.endswith(f"HTTP 400, code {code}")


async def test_an_order_that_got_no_answer_in_time_is_unknown() -> None:
    async def never(self: Stand, request: web.BaseRequest) -> web.StreamResponse:
        if request.method == "POST":
            await asyncio.sleep(0.3)
        return await Stand._handle(self, request)

    class Slow(Stand):
        _handle = never

    async with Slow({PLACE: order_row()}) as stand:
        over = client(stand.root)
        over.exchange.timeout = 50
        venue = account(over)
        assert isinstance(await venue.place(approved()), Unknown)
        await venue.aclose()


async def test_a_fault_in_ccxts_own_code_leaves_the_order_unknown() -> None:
    async with Stand({}) as stand:
        over = client(stand.root)
        venue = account(over)

        async def broken(*_: object) -> None:
            raise AttributeError("'NoneType' object has no attribute 'split'")

        over.exchange.create_order = broken
        outcome = await venue.place(approved())
        await venue.aclose()
    assert outcome == Unknown("create_order: AttributeError")


@pytest.mark.parametrize(
    "changed",
    [
        {"clientOrderId": "another"},
        {"origQty": "0.6"},
        {"price": "59999.99"},
        {"side": "BUY"},
        {"status": "WHO_KNOWS"},
        {"executedQty": "0.6"},
        {"orderId": "0"},
        {"origQty": 0.5},
        {"transactTime": None, "updateTime": None, "time": None},
    ],
    ids=str,
)
async def test_an_answer_that_does_not_fit_the_order_is_unknown(changed: dict[str, Any]) -> None:
    """A quantity as a JSON number is exact text here and fits; everything else does not."""
    async with Stand({PLACE: order_row(**changed)}) as stand:
        venue = account(client(stand.root))
        outcome = await venue.place(approved())
        await venue.aclose()
    assert isinstance(outcome, Done if changed == {"origQty": 0.5} else Unknown)


async def test_an_order_goes_out_as_it_was_approved() -> None:
    """A sale, by our id, with the exact text of quantity and price; the raw request and answer are kept as digests."""
    quantity, price = Decimal("0.12345"), Decimal("62000.55")
    row = order_row(origQty="0.12345", price="62000.55")
    async with Stand({PLACE: row}) as stand:
        venue = account(client(stand.root))
        outcome = await venue.place(approved(quantity=quantity, price=price))
        await venue.aclose()
    [sent] = stand.sent("POST")
    timestamp, signature = sent.pop("timestamp"), sent.pop("signature")
    assert timestamp.isdigit()
    assert len(signature) == 64
    assert sent == {
        "recvWindow": "5000",
        "symbol": "BTCUSDT",
        "side": "SELL",
        "type": "LIMIT",
        "quantity": "0.12345",
        "price": "62000.55",
        "timeInForce": "GTC",
        "newClientOrderId": OURS,
    }
    assert isinstance(outcome, Done)
    assert outcome.report is not None
    assert (outcome.report.quantity, outcome.report.price) == (quantity, price)
    assert len(outcome.wire.request) == len(outcome.wire.answer) == 64


@pytest.mark.parametrize(
    ("tif", "words"),
    [
        (TimeInForce.IOC, {"type": "LIMIT", "timeInForce": "IOC"}),
        (TimeInForce.FOK, {"type": "LIMIT", "timeInForce": "FOK"}),
        (TimeInForce.POST_ONLY, {"type": "LIMIT_MAKER"}),
    ],
)
async def test_every_time_in_force_has_ccxts_word(tif: TimeInForce, words: dict[str, str]) -> None:
    async with Stand({PLACE: order_row()}) as stand:
        venue = account(client(stand.root))
        await venue.place(approved(tif=tif))
        await venue.aclose()
    [sent] = stand.sent("POST")
    assert {name: sent.get(name) for name in ("type", "timeInForce") if sent.get(name)} == words


@pytest.mark.parametrize(
    "changed",
    [
        {"price": Decimal("62000.555")},  # ccxt would send 62000.56
        {"quantity": Decimal("0.123456")},  # ccxt would send 0.12345
        {"quantity": Decimal(0)},
        {"type": OrderType.MARKET},
        {"client_id": "no id of ours!"},
        {"symbol": "ETHUSDT"},
    ],
    ids=str,
)
async def test_what_ccxt_would_change_or_cannot_say_is_refused_before_anything_is_sent(changed: dict[str, Any]) -> None:
    async with Stand({PLACE: order_row()}) as stand:
        venue = account(client(stand.root))
        outcome = await venue.place(approved(**changed))
        await venue.aclose()
    assert isinstance(outcome, Refused)
    assert (outcome.code, outcome.stop_venue) == ("unsendable", True)
    assert stand.sent("POST") == []


async def test_ccxt_does_not_change_how_our_numbers_are_rounded() -> None:
    """It sets the rounding of the decimal context that it finds, and leaves it so."""
    before = decimal.getcontext().rounding
    async with Stand({PLACE: order_row()}) as stand:
        venue = account(client(stand.root))
        await venue.place(approved())
        await venue.aclose()
    assert decimal.getcontext().rounding == before == ROUND_HALF_EVEN


async def test_an_order_whose_cancel_is_under_way_still_works() -> None:
    """ccxt says canceled; the cancel can still lose."""
    async with Stand({PLACE: order_row(status="PENDING_CANCEL")}) as stand:
        venue = account(client(stand.root))
        outcome = await venue.place(approved())
        await venue.aclose()
    assert isinstance(outcome, Done)
    assert outcome.report is not None
    assert outcome.report.status is OrderStatus.WORKING


class Turns(FreePacer):
    """Lets reads through and, when it is open, orders too; keeps what it was asked."""

    def __init__(self, *, open_: bool) -> None:
        self.open, self.asked, self.held = open_, list[tuple[Kind, int]](), list[Kind]()

    async def acquire(self, kind: Kind, weight: int = 1, *, urgent: bool = False, patience: Span | None = None) -> bool:
        self.asked.append((kind, weight))
        return self.open or kind == "query"

    def hold(self, kind: Kind, span: Span) -> None:
        self.held.append(kind)


async def test_an_order_that_gets_no_turn_or_is_withheld_does_not_leave() -> None:
    reasons = iter(["halted", ""])
    async with Stand({PLACE: order_row()}) as stand:
        crowded = account(client(stand.root, pacer=Turns(open_=False)))
        assert isinstance(await crowded.place(approved()), Transient)
        await crowded.aclose()
        venue = account(client(stand.root, pacer=Turns(open_=True)), withheld=lambda: next(reasons))
        assert await venue.place(approved()) == Transient("withheld: halted")
        assert stand.sent("POST") == []
        assert isinstance(await venue.place(approved()), Done)
        await venue.aclose()


async def test_our_pace_takes_the_place_of_ccxts() -> None:
    """Every request waits its turn by ccxt's own weights, an order in the lane of orders; a ban holds both lanes."""
    turns = Turns(open_=True)
    async with Stand({PLACE: order_row(), ("GET", OPEN): lambda _: body("", 418)}) as stand:
        over = client(stand.root, pacer=turns)
        assert over.exchange.enableRateLimit is False
        venue = account(over)
        await venue.place(approved())
        assert turns.asked == [("query", 5), ("order", 1)]
        with pytest.raises(Exception, match="fetch_open_orders: DDoSProtection, HTTP 418"):
            await venue.survey(approved().order.decided_at)
        await venue.aclose()
    assert turns.held == ["order", "query"]


async def test_an_account_whose_pairs_cannot_be_read_sends_nothing() -> None:
    async with Stand({("GET", "/api/v1/exchangeInfo"): lambda _: body("", 503)}) as stand:
        venue = account(client(stand.root))
        assert isinstance(await venue.place(approved()), Transient)
        assert isinstance(await venue.cancel(BTCUSDT, OURS), Transient)
        await venue.aclose()
    assert {each.method for each in stand.asked} == {"GET"}


async def test_whoever_cancels_a_call_hears_of_it() -> None:
    """A driver that stops must not be told `Unknown` and go on."""
    gate = asyncio.Event()
    async with Stand({}) as stand:
        over = client(stand.root)
        venue = account(over)

        async def waits(*_: object) -> None:
            gate.set()
            await asyncio.Event().wait()

        over.exchange.create_order = waits
        task = asyncio.create_task(venue.place(approved()))
        await gate.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await venue.aclose()


async def test_what_is_asked_after_closing_is_not_sent() -> None:
    async with Stand({PLACE: order_row()}) as stand:
        venue = account(client(stand.root))
        await venue.instruments()
        await venue.aclose()
        await venue.place(approved())
    assert stand.sent("POST") == []


async def test_the_digest_of_an_answer_is_that_of_its_text() -> None:
    text = '{"symbol":"BTCUSDT"}'
    async with Stand({PLACE: lambda _: body(text)}) as stand:
        venue = account(client(stand.root))
        outcome = await venue.place(approved())
        await venue.aclose()
    assert outcome.wire.answer == sha256(text.encode()).hexdigest()
    assert SECRET not in repr(outcome)


def test_what_of_ccxt_is_never_used_is_not_there() -> None:
    """Batches lose the good ones, cancelling all says nothing, a withdrawal is none of ours."""
    source = "".join(path.read_text() for path in PACKAGE.glob("*.py"))
    never = ("create_orders", "cancel_orders", "cancel_all_orders", "withdraw(", "transfer(", "with_cost", "edit_order")
    assert [name for name in never if name in source] == []
    assert "set_sandbox_mode(" not in source


def test_a_listen_key_is_renewed_long_before_it_ends_and_requests_grow_old() -> None:
    """ccxt renews it after an hour, when it has just ended, and sends no window by itself."""
    options = client("http://127.0.0.1:9", window=Span(2 * SECOND)).exchange.options
    assert options["listenKeyRefreshRate"] <= 30 * 60 * 1000
    assert options["recvWindow"] == 2000


async def test_what_no_answer_described_is_taken_at_its_word() -> None:
    """Some exchanges answer a new order with an id alone: it was acted upon, and the records describe it."""
    async with Stand({}) as stand:
        over = client(stand.root)
        venue = account(over)

        async def acknowledges(*_: object) -> dict[str, Any]:
            return {"id": "7", "info": {}, "status": None, "amount": None, "side": None}

        over.exchange.create_order = acknowledges
        assert await venue.place(approved()) == Done(None)
        await venue.aclose()
