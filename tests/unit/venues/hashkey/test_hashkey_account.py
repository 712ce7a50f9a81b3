"""The account beside its orders: what moves money ends in one of four ways, and what is read is whole or no word."""

from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from engine.kernel.clock import DAY, SECOND, Instant
from engine.kernel.money import Asset
from engine.orders.reports import Refused, Transient, Unknown
from tests.unit.venues.hashkey.stub import (
    BTCUSD,
    OURS,
    SINCE,
    Answer,
    Still,
    Turns,
    adapter,
    bad,
    ok,
)
from venues.hashkey.account import Moved
from venues.hashkey.calls import Unread
from venues.hashkey.conversion import Converted
from venues.hashkey.mock import FLOW_ROWS
from venues.hashkey.statement import Entry
from venues.transport import HttpRequest, HttpResponse, NoAnswer, NotSent

BTC, USD, HKD = Asset("BTC"), Asset("USD"), Asset("HKD")
LATER = Instant(SINCE + DAY)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (ok({"success": True, "clientOrderId": "", "orderId": "1740839420695806720"}), Moved),
        (ok({"success": False, "orderId": "1"}), Unknown),
        (ok({"success": True, "id": "0"}), Unknown),
        (ok({"success": True, "orderId": "0"}), Unknown),
        (ok({}), Unknown),
        (NoAnswer("reset"), Unknown),
        (NotSent("refused"), Transient),
        (HttpResponse(504, {}, b""), Unknown),
        (bad("0401"), Refused),
        (bad("-1171"), Refused),
        (bad("-4010"), Refused),
        (bad("-4013"), Unknown),
        (bad("-1161"), Unknown),
        (bad("-1164"), Unknown),
        (bad("0003", 429), Transient),
    ],
)  # fmt: skip
async def test_how_moving_money_can_end(answer: Answer, kind: type) -> None:
    """A repetition is no refusal: the first one happened. Sent once in any case."""
    venue, stub = adapter(lambda request: answer)
    account = venue.account
    for outcome in (
        await account.transfer(OURS, BTC, Decimal(1), source="11", target="22"),
        await account.withdraw(OURS, BTC, Decimal(1), chain="Bitcoin", address="bc1q0", tag="7"),
        await account.withdraw_fiat(OURS, USD, Decimal(1), bank_account="b-1"),
    ):
        assert isinstance(outcome, kind)
    assert len(stub.sent) == 3


async def test_a_withdrawal_is_named_by_its_order_id() -> None:
    """Section 8.3: the field `id` is "0"."""
    answer = {"success": True, "id": "0", "orderId": "W611267400947572736", "accountId": "1"}
    venue, _ = adapter(lambda request: ok(answer))
    moved = await venue.account.withdraw(OURS, BTC, Decimal(1), chain="Bitcoin", address="bc1q0")
    assert isinstance(moved, Moved)
    assert moved.id == "W611267400947572736"


async def test_no_money_moves_while_there_is_a_reason_against_it() -> None:
    venue, stub = adapter(lambda request: ok({}), withheld=lambda: "halted")
    outcome = await venue.account.withdraw(OURS, BTC, Decimal(1), chain="Bitcoin", address="bc1q0")
    assert isinstance(outcome, Transient)
    assert stub.sent == []


@pytest.mark.parametrize(("quantity", "address"), [(Decimal(0), "bc1q0"), (Decimal(1), "bc1q0&quantity=9")])
async def test_a_withdrawal_that_cannot_be_written_is_refused_here(quantity: Decimal, address: str) -> None:
    venue, stub = adapter(lambda request: ok({}))
    outcome = await venue.account.withdraw(OURS, BTC, quantity, chain="Bitcoin", address=address)
    assert isinstance(outcome, Refused)
    assert stub.sent == []


async def test_a_list_that_may_have_been_cut_is_no_list() -> None:
    row = {"time": 1790000000000, "coin": "BTC", "quantity": "1", "status": 4}
    venue, _ = adapter(lambda request: ok([row] * 200))
    with pytest.raises(Unread, match="cut"):
        await venue.account.deposits(SINCE, LATER)


@pytest.mark.parametrize(
    ("status", "state"), [(1, "pending"), (6, "credited"), (9, "failed"), (8, "cancelled"), (77, "unknown")]
)
async def test_every_state_of_a_deposit_has_its_word(status: int, state: str) -> None:
    venue, _ = adapter(lambda r: ok([{"time": 1790000000000, "coin": "BTC", "quantity": "1", "status": status}]))
    [deposit] = await venue.account.deposits(SINCE, LATER)
    assert deposit.state == state


@pytest.mark.parametrize("body", [{"code": "-1000", "vipLevel": "0", "tradeVol30Day": "0", "data": []}, {}, []])
async def test_a_fee_tier_that_cannot_be_believed_is_no_word(body: object) -> None:
    venue, _ = adapter(lambda request: ok(body))
    with pytest.raises(Unread):
        await venue.account.fees()


def line(number: int, **changed: Any) -> dict[str, Any]:
    row = {
        "id": str(number), "accountId": "11", "type": "deposit", "netBaseAmount": "0.5", "baseCcy": "BTC",
        "baseAssetBalance": "1", "time": 1790000000000 + number,
    }  # fmt: skip
    return {**row, **changed}


@pytest.mark.parametrize(
    ("entry", "written", "read"),
    [
        ("deposit", "0.5", "0.5"),
        ("fiatDeposit", "0.5", "0.5"),
        ("refund", "0.5", "0.5"),
        ("withdraw", "0.5", "-0.5"),
        ("withdraw", "-0.5", "-0.5"),
        ("fiatWithdraw", "0.5", "-0.5"),
        ("transfer", "-0.5", "-0.5"),
        ("transfer", "0.5", "0.5"),
        ("reversal", "-0.5", "-0.5"),
    ],
)
async def test_every_movement_has_its_sign(entry: str, written: str, read: str) -> None:
    venue, _ = adapter(lambda request: ok([line(1, type=entry, netBaseAmount=written)]))
    [movement] = await venue.statement.movements(Entry(entry), SINCE, LATER)
    [change] = movement.changes
    assert (change.amount.units, change.amount.asset, change.balance) == (Decimal(read), "BTC", Decimal(1))


@pytest.mark.parametrize("row", [line(1, type="trade"), line(1, type="frobbed"), line(1, netBaseAmount="NaN")])
async def test_a_movement_that_cannot_be_believed_is_no_word(row: dict[str, Any]) -> None:
    """A trade without a direction, a new kind, a number that is none."""
    venue, _ = adapter(lambda request: ok([row]))
    with pytest.raises(Unread):
        await venue.statement.movements(Entry.TRADE, SINCE, LATER)


async def test_the_statement_is_read_page_by_page_and_week_by_week() -> None:
    """600 trades in one week, and then a second week with none; a page begins with the row that it continues from."""
    rows = [line(n, type="trade", direction="SELL") for n in range(600)]

    def script(request: HttpRequest) -> HttpResponse:
        asked = dict(parse_qsl(urlsplit(request.url).query))
        first = int(asked.get("beginId", 0))
        in_time = rows if asked["startTime"] == "1790000010000" else []
        return ok([row for row in in_time if int(row["id"]) >= first][:FLOW_ROWS])

    turns = Turns()
    venue, stub = adapter(script, turns)
    movements = await venue.statement.movements(Entry.TRADE, SINCE, Instant(SINCE + 10 * DAY))
    assert [movement.id for movement in movements] == [str(n) for n in range(600)]
    assert len(stub.sent) == 3
    assert turns.asked == [("query", 3, False)] * 3


async def test_a_statement_that_never_ends_is_no_word() -> None:
    """A venue that ignores where to go on."""
    venue, _ = adapter(lambda request: ok([line(n) for n in range(FLOW_ROWS)]))
    with pytest.raises(Unread, match="come to an end"):
        await venue.statement.movements(Entry.DEPOSIT, SINCE, LATER)


RATE = {
    "quoteId": "C1", "buyCurrency": "HKD", "sellCurrency": "USD", "rate": "7.8", "quoteCreatedTime": 1790000000,
    "quoteExpiryTime": 1790000060, "channel": "A",
}  # fmt: skip


async def test_a_conversion_is_taken_once_at_the_rate_that_was_offered() -> None:
    """Quote and channel come back to the venue; both calls are paced by the limit of one a second."""
    turns = Turns()
    venue, stub = adapter(lambda r: ok(RATE if r.method == "GET" else {"orderId": "X1"}), slow=turns)
    rate = await venue.conversion.rate(USD, HKD, Decimal(1000))
    assert (rate.rate, rate.channel) == (Decimal("7.8"), "A")
    converted = await venue.conversion.convert(rate)
    assert isinstance(converted, Converted)
    assert converted.id == "X1"
    assert "quoteId=C1&sellAmount=1000&channel=A" in stub.sent[1].body.decode()
    assert [kind for kind, _, _ in turns.asked] == ["order", "order"]


async def test_a_rate_that_has_ended_is_not_taken() -> None:
    clock = Still()
    venue, stub = adapter(lambda request: ok(RATE), clock=clock)
    rate = await venue.conversion.rate(USD, HKD, Decimal(1000))
    clock.passed = 59 * SECOND
    assert isinstance(await venue.conversion.convert(rate), Refused)
    assert len(stub.sent) == 1


@pytest.mark.parametrize("changed", [{"buyCurrency": "EUR"}, {"rate": "0"}, {"quoteExpiryTime": 1790000000}])
async def test_a_rate_for_something_else_is_no_word(changed: dict[str, Any]) -> None:
    venue, _ = adapter(lambda request: ok({**RATE, **changed}))
    with pytest.raises(Unread):
        await venue.conversion.rate(USD, HKD, Decimal(1000))


@pytest.mark.parametrize(
    "body",
    [
        {"t": 1790000000000, "b": [["1", "1"], ["2", "1"]], "a": []},
        {"t": 1790000000000, "b": [["1", "0"]], "a": []},
        {"t": 0, "b": [], "a": []},
        {},
    ],
)
async def test_a_book_that_no_exchange_shows_is_no_word(body: object) -> None:
    venue, _ = adapter(lambda request: ok(body))
    with pytest.raises(Unread):
        await venue.public.book(BTCUSD)


async def test_an_interval_that_is_not_offered_is_not_asked_for() -> None:
    venue, stub = adapter(lambda request: ok([]))
    with pytest.raises(ValueError, match="interval"):
        await venue.public.candles(BTCUSD, "2m", SINCE, LATER)
    assert stub.sent == []


async def test_a_pair_without_a_summary_is_no_word() -> None:
    venue, _ = adapter(lambda request: ok([]))
    with pytest.raises(Unread, match="BTCUSD"):
        await venue.public.summary(BTCUSD)
