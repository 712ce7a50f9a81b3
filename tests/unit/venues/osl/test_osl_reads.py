"""Look-ups and surveys: a read brings the whole answer or no word at all, whatever its parts do."""

from hashlib import sha256
from operator import le, lt
from typing import Any

import pytest

from engine.orders.reports import Found, NotFound, NoWord, OrderStatus
from tests.unit.venues.osl.stub import (
    BTCUSD,
    HELD,
    OURS,
    SINCE,
    WALLET,
    Answer,
    Turns,
    adapter,
    bad,
    execution_row,
    ok,
    order_row,
    path,
    query,
)
from venues.osl.calls import Unread
from venues.transport import HttpRequest, HttpResponse, NoAnswer, NotSent

PARTS = ["named", "open", "ended", "execution", "wallet"]


def part(request: HttpRequest) -> str:
    """Which part of the round a request asks for."""
    asked = query(request)
    match path(request).removeprefix("/api/v4/"):
        case "order" if "clOrdID" in asked:
            return "named"
        case "order" if "orderID" in asked:
            return "by id"
        case "order":
            return "open" if asked["open"] == "true" else "ended"
        case "user/wallet":
            return "wallet"
        case "execution/order":
            return "fills"
        case other:
            return other


def answers(**changed: Answer) -> dict[str, Answer]:
    """Nothing is known of our order."""
    return {"named": ok([]), "open": ok([]), "ended": ok([]), "execution": ok([]), "wallet": WALLET, **changed}


async def test_an_order_that_is_found_comes_with_all_its_fills() -> None:
    """Found by our id among finished orders; its executions are asked for by the venue's."""
    told = answers(
        named=ok([order_row(ordStatus="Canceled", cumQty="0.003")]),
        fills=ok([execution_row(1), execution_row(2), execution_row(3)]),
    )
    venue, stub = adapter(lambda request: told[part(request)])
    found = await venue.lookup(BTCUSD, OURS, SINCE)
    assert isinstance(found, Found)
    assert found.report.status is OrderStatus.CANCELLED
    assert [fill.trade_id for fill in found.fills] == ["E1", "E2", "E3"]
    first, opened, ended, fills = map(query, stub.sent)
    assert (first["clOrdID"], first["symbol"], first["open"], first["count"]) == (OURS, "BTCUSD", "false", "500")
    assert (opened["open"], "startTime" in opened) == ("true", False)
    assert ended["startTime"] == "2026-09-21T14:13:25.000Z"  # market time, and five seconds before `since`
    assert fills["orderID"] == "2289677808"


async def test_a_complete_negative_round_asks_five_things_and_keeps_their_digests() -> None:
    """By our id, open orders, all orders since, executions since, balances; lists that show other orders only."""
    other = order_row(clOrdID="other")
    told = answers(open=ok([other]), ended=ok([other]), execution=ok([execution_row(clOrdID="other")]))
    venue, stub = adapter(lambda request: told[part(request)])
    answer = await venue.lookup(BTCUSD, OURS, SINCE)
    assert answer == NotFound(HELD, tuple(sha256(told[name].body).hexdigest() for name in PARTS))  # type: ignore[union-attr]
    assert [part(request) for request in stub.sent] == PARTS


@pytest.mark.parametrize("place", ["open", "ended"])
async def test_an_order_that_only_one_list_shows_is_found(place: str) -> None:
    """The filter by our id is a guess, and reads may trail one another; one that shows the order is enough."""
    told = answers(**{place: ok([order_row()])})
    venue, _ = adapter(lambda request: told[part(request)])
    assert isinstance(await venue.lookup(BTCUSD, OURS, SINCE), Found)


async def test_a_filter_that_the_venue_ignores_does_no_harm() -> None:
    """It shows other orders, and ours among them."""
    rows = ok([order_row(clOrdID="other", orderID="7"), order_row()])
    venue, _ = adapter(lambda request: answers(named=rows)[part(request)])
    found = await venue.lookup(BTCUSD, OURS, SINCE)
    assert isinstance(found, Found)
    assert found.report.client_id == OURS


async def test_an_order_that_only_its_executions_show_is_asked_for_by_the_venues_id() -> None:
    """No list has it, yet it traded; when even that brings nothing there is no word."""
    told = answers(execution=ok([execution_row()]), fills=ok([execution_row()]))
    told["by id"] = ok([order_row(cumQty="0.001")])
    venue, _ = adapter(lambda request: told[part(request)])
    found = await venue.lookup(BTCUSD, OURS, SINCE)
    assert isinstance(found, Found)
    assert len(found.fills) == 1
    told["by id"] = ok([])
    assert isinstance(await venue.lookup(BTCUSD, OURS, SINCE), NoWord)


@pytest.mark.parametrize("name", PARTS)
@pytest.mark.parametrize(
    "failure",
    [
        NotSent("refused"),
        NoAnswer("reset"),
        ok(b"<html>"),
        ok({"error": {"name": "ORDER_NOT_FOUND"}}),
        bad("X", 429),
        bad("ORDER_NOT_FOUND"),
        HttpResponse(500, {}, b"[]"),
        KeyError(),
    ],
    ids=["refused", "reset", "html", "error in a success", "limited", "not found", "internal", "bug"],
)
async def test_a_round_of_which_any_part_failed_proves_nothing(name: str, failure: Answer) -> None:
    """Every part in turn, in every way."""
    told = answers(**{name: failure})
    venue, _ = adapter(lambda request: told[part(request)])
    assert isinstance(await venue.lookup(BTCUSD, OURS, SINCE), NoWord)


@pytest.mark.parametrize("name", ["named", "open", "ended", "execution"])
async def test_a_list_that_stays_full_is_no_word(name: str) -> None:
    """It may have been cut: the same full page, however it is asked for."""
    rows = (
        [execution_row(number, clOrdID="other") for number in range(500)]
        if name == "execution"
        else [order_row(clOrdID="other", orderID=str(number + 1)) for number in range(500)]
    )
    told = answers(**{name: ok(rows)})
    venue, _ = adapter(lambda request: told[part(request)])
    answer = await venue.lookup(BTCUSD, OURS, SINCE)
    assert isinstance(answer, NoWord)
    assert "cut" in answer.reason


@pytest.mark.parametrize("inclusive", [True, False])
@pytest.mark.parametrize("newest_first", [True, False])
async def test_executions_are_read_page_by_page_whichever_way_they_run(inclusive: bool, newest_first: bool) -> None:
    """1,100 of them, two in each millisecond; whether a bound includes itself is not documented either."""
    rows = [execution_row(number // 2, execID=f"E{number}") for number in range(1100)]

    def page(request: HttpRequest) -> HttpResponse:
        asked = query(request)
        if part(request) != "fills":
            return ok([order_row(orderQty="2", cumQty="1.1")] if part(request) == "named" else [])
        within = le if inclusive else lt
        after, before = asked.get("startTime", ""), asked.get("endTime", "9999")
        chosen = [row for row in rows if within(after, row["transactTime"]) and within(row["transactTime"], before)]
        return ok((chosen[::-1] if newest_first else chosen)[: int(asked["count"])])

    venue, _ = adapter(page)
    found = await venue.lookup(BTCUSD, OURS, SINCE)
    assert isinstance(found, Found)
    assert len({fill.trade_id for fill in found.fills}) == len(found.fills) == 1100


@pytest.mark.parametrize("changed", [{"symbol": "ETHUSD"}, {"clOrdID": "other"}])
async def test_executions_under_another_name_are_no_word(changed: dict[str, Any]) -> None:
    """Asked for one order's, told another's."""
    told = answers(named=ok([order_row(cumQty="0.001")]), fills=ok([execution_row(**changed)]))
    venue, _ = adapter(lambda request: told[part(request)])
    assert isinstance(await venue.lookup(BTCUSD, OURS, SINCE), NoWord)


async def test_an_order_of_another_pair_is_no_word() -> None:
    """Our id, in a pair that we did not ask for."""
    venue, _ = adapter(lambda request: answers(named=ok([order_row(symbol="ETHUSD")]))[part(request)])
    assert isinstance(await venue.lookup(BTCUSD, OURS, SINCE), NoWord)


async def test_a_survey_reads_the_whole_account() -> None:
    """Open orders of every pair, executions since, balances; a row that comes twice counts once."""
    turns = Turns()
    told = answers(open=ok([order_row()]), execution=ok([execution_row(), execution_row()]))
    venue, _ = adapter(lambda request: told[part(request)], turns)
    survey = await venue.survey(SINCE)
    assert [report.client_id for report in survey.open_orders] == [OURS]
    assert len(survey.fills) == 1
    assert (survey.balances, survey.since) == (HELD, SINCE)
    assert turns.asked == [("query", False)] * 3


@pytest.mark.parametrize("name", ["open", "execution", "wallet"])
async def test_a_survey_of_which_any_part_failed_raises(name: str) -> None:
    """Half a picture of an account would look like a whole one."""
    told = answers(**{name: bad("X")})
    venue, _ = adapter(lambda request: told[part(request)])
    with pytest.raises(Unread):
        await venue.survey(SINCE)


async def test_equal_questions_are_never_signed_alike() -> None:
    """Twenty surveys in one second of a clock that stands: a signature counts once."""
    venue, stub = adapter(lambda request: answers()[part(request)])
    for _ in range(20):
        await venue.survey(SINCE)
    assert len({request.headers["api-signature"] for request in stub.sent}) == 60
