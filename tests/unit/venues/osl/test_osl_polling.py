"""Orders and fills by asking: each change once, fills before the reports that count them, nothing lost by a failure."""

from collections.abc import AsyncIterator
from typing import Any

from engine.kernel.clock import SECOND, Span
from engine.orders.reports import Fill, Mode, OrderReport, OrderStatus
from engine.ports import ModeSeen, StreamDown, StreamUp, VenueFact
from tests.unit.venues.osl.stub import (
    Answer,
    Still,
    Stub,
    adapter,
    approved,
    bad,
    execution_row,
    ok,
    order_row,
    path,
    query,
)
from venues.osl.venue import OslVenue
from venues.transport import HttpRequest, HttpResponse, NoAnswer


class Account:
    """What the venue knows; a test changes it between two polls."""

    def __init__(self) -> None:
        self.open: list[dict[str, Any]] = []
        self.ended: list[dict[str, Any]] = []
        self.executed: list[dict[str, Any]] = []
        self.listed = True
        """Are executions in the list of the account, or only in that of their order?"""
        self.failure: Answer | None = None

    def __call__(self, request: HttpRequest) -> Answer:
        if self.failure is not None:
            return self.failure
        asked = query(request)
        if request.method == "POST":
            return ok(order_row())
        if path(request) == "/api/v4/order":
            rows = self.open if asked["open"] == "true" else [*self.open, *self.ended]
            return ok([row for row in rows if asked.get("orderID", row["orderID"]) == row["orderID"]])
        if path(request) == "/api/v4/execution":
            return ok(self.executed if self.listed else [])
        return ok([row for row in self.executed if row["orderID"] == asked["orderID"]])


class Ticking(Still):
    """Keeps how long somebody waited, and lets a test act before each further poll."""

    def __init__(self) -> None:
        self.waited: list[Span] = []

    async def sleep(self, span: Span) -> None:
        self.waited.append(span)
        if len(self.waited) > 50:
            raise AssertionError("nothing more is told")


def polled(account: Account) -> tuple[AsyncIterator[VenueFact], Ticking, OslVenue, Stub]:
    clock = Ticking()
    venue, stub = adapter(account, clock=clock)
    return venue.facts(), clock, venue, stub


async def told(facts: AsyncIterator[VenueFact], count: int) -> list[VenueFact]:
    return [await anext(facts) for _ in range(count)]


async def test_each_change_is_told_once() -> None:
    """Open, partly filled, filled; between them many polls that bring nothing new."""
    account = Account()
    account.open = [order_row()]
    facts, clock, _, _ = polled(account)
    up, first = await told(facts, 2)
    assert up == StreamUp()
    assert isinstance(first, OrderReport)
    account.executed = [execution_row(1)]
    account.open = [order_row(ordStatus="PartiallyFilled", cumQty="0.001")]
    fill, partly = await told(facts, 2)
    assert isinstance(fill, Fill)
    assert isinstance(partly, OrderReport)
    assert partly.filled == fill.quantity
    account.executed = [execution_row(1), execution_row(2, lastQty="0.009")]
    account.open, account.ended = [], [order_row(ordStatus="Filled", cumQty="0.01")]
    second, filled = await told(facts, 2)
    assert isinstance(second, Fill)
    assert isinstance(filled, OrderReport)
    assert (second.trade_id, filled.status) == ("E2", OrderStatus.FILLED)
    assert set(clock.waited) == {2 * SECOND}


async def test_an_order_that_was_placed_is_followed_to_its_end_though_no_list_of_open_orders_ever_showed_it() -> None:
    """It expired between two polls, with nothing filled."""
    account = Account()
    facts, _, venue, _ = polled(account)
    await told(facts, 1)
    await venue.place(approved())
    account.ended = [order_row(ordStatus="Expired")]
    [report] = await told(facts, 1)
    assert isinstance(report, OrderReport)
    assert report.status is OrderStatus.CANCELLED


async def test_an_order_that_nobody_answered_for_is_told_of_when_it_traded() -> None:
    """The answer to placing it was lost, and it filled at once."""
    account = Account()
    facts, _, _, _ = polled(account)
    await told(facts, 1)
    account.ended, account.executed = [order_row(ordStatus="Filled", cumQty="0.01")], [execution_row(lastQty="0.01")]
    fill, report = await told(facts, 2)
    assert isinstance(fill, Fill)
    assert isinstance(report, OrderReport)


async def test_executions_that_the_account_does_not_list_are_asked_for_by_order() -> None:
    """The order counts more than was told; it is asked for until the sum is whole, though the order has ended."""
    account = Account()
    account.listed = False
    account.ended, account.executed = [], [execution_row(1)]
    account.open = [order_row(ordStatus="PartiallyFilled", cumQty="0.001")]
    facts, _, _, _ = polled(account)
    _, fill, _ = await told(facts, 3)
    assert isinstance(fill, Fill)
    account.open, account.ended = [], [order_row(ordStatus="Canceled", cumQty="0.002")]
    [cancelled] = await told(facts, 1)
    assert isinstance(cancelled, OrderReport)
    account.executed.append(execution_row(2))
    [late] = await told(facts, 1)
    assert isinstance(late, Fill)
    assert late.trade_id == "E2"


async def test_a_list_that_trails_behind_does_not_reopen_an_order() -> None:
    """It ended, and a later poll shows it open once more."""
    account = Account()
    account.open = [order_row()]
    facts, _, _, _ = polled(account)
    await told(facts, 2)
    account.open, account.ended = [], [order_row(ordStatus="Canceled")]
    [ended] = await told(facts, 1)
    assert isinstance(ended, OrderReport)
    account.open, account.ended = [order_row(), order_row(orderID="9", clOrdID="ord-2")], []
    [other] = await told(facts, 1)
    assert isinstance(other, OrderReport)
    assert other.client_id == "ord-2"


async def test_one_failed_round_is_no_break_and_two_are_one() -> None:
    """The waits grow; what happened meanwhile is told once it works again."""
    account = Account()
    facts, clock, _, _ = polled(account)
    assert await told(facts, 1) == [StreamUp()]
    account.failure = NoAnswer("reset")
    [down] = await told(facts, 1)
    assert down == StreamDown("/api/v4/order: no answer: reset")
    account.failure, account.open = None, [order_row()]
    up, report = await told(facts, 2)
    assert up == StreamUp()
    assert isinstance(report, OrderReport)
    assert len(clock.waited) == 3
    assert clock.waited[1] < 2 * SECOND


async def test_a_round_that_fails_midway_leaves_no_trace() -> None:
    """The executions were read, the order's were not: neither is told, and both are when it works."""
    account = Account()
    facts, _, venue, stub = polled(account)
    await told(facts, 1)
    account.executed, account.ended = [execution_row(1)], [order_row(ordStatus="Canceled", cumQty="0.002")]
    calm = stub.script

    def broken(request: HttpRequest) -> Answer:
        return NoAnswer("reset") if path(request).endswith("execution/order") else calm(request)

    stub.script = broken
    [down] = await told(facts, 1)
    assert isinstance(down, StreamDown)
    account.executed.append(execution_row(2))
    stub.script = calm
    up, first, second, report = await told(facts, 4)
    assert up == StreamUp()
    assert isinstance(first, Fill)
    assert isinstance(second, Fill)
    assert isinstance(report, OrderReport)
    await venue.aclose()


async def test_how_the_venue_receives_us_is_told_once_a_change() -> None:
    """Maintenance, then a ban, then as before; a refused read says it, and the first good one says that it is over."""
    account = Account()
    facts, _, _, _ = polled(account)
    await told(facts, 1)
    account.failure = bad("MAINTENANCE", 503)
    closed, down = await told(facts, 2)
    assert closed == ModeSeen(Mode.MAINTENANCE, "HTTP 503")
    assert isinstance(down, StreamDown)
    account.failure = HttpResponse(418, {}, b"")
    assert await told(facts, 1) == [ModeSeen(Mode.BANNED, "HTTP 418")]
    account.failure = None
    assert await told(facts, 2) == [ModeSeen(Mode.NORMAL), StreamUp()]


async def test_a_market_that_is_closed_to_reads_is_in_maintenance_and_one_closed_to_an_order_is_not() -> None:
    """The same name says both."""
    account = Account()
    facts, _, venue, _ = polled(account)
    await told(facts, 1)
    account.failure = bad("MARKET_CLOSED")
    await venue.place(approved())
    account.failure, account.open = None, [order_row()]
    [report] = await told(facts, 1)
    assert isinstance(report, OrderReport)
    account.failure = bad("MARKET_CLOSED")
    assert await told(facts, 1) == [ModeSeen(Mode.MAINTENANCE, "HTTP 400")]


async def test_polling_that_is_closed_ends() -> None:
    """Whoever closed the venue asks nothing more."""
    facts, _, venue, _ = polled(Account())
    await told(facts, 1)
    await venue.aclose()
    assert [fact async for fact in facts] == []
