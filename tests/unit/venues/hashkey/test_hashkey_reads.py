"""Look-ups and surveys: a read brings the whole answer or no word at all, whatever its parts do."""

from hashlib import sha256
from urllib.parse import parse_qsl, urlsplit

import pytest

from engine.kernel.clock import of_millis
from engine.orders.reports import (
    Found,
    NotFound,
    NoWord,
    OrderStatus,
)
from tests.unit.venues.hashkey.stub import (
    ACCOUNT,
    BTCUSD,
    HELD,
    NOT_FOUND,
    OURS,
    SINCE,
    Answer,
    Turns,
    adapter,
    bad,
    by_path,
    ok,
    order_row,
    trade_row,
)
from venues.hashkey.calls import Unread
from venues.hashkey.venue import TRADE_ROWS
from venues.transport import HttpRequest, HttpResponse, NoAnswer, NotSent


async def test_an_order_that_is_found_comes_with_all_its_fills() -> None:
    """0.003 filled in three trades; a trade of somebody else's id is not ours."""
    trades = [trade_row(1), trade_row(2), trade_row(9, "other"), trade_row(3)]
    answers = {
        "spot/order": ok(order_row(executedQty="0.003", status="PARTIALLY_CANCELED")),
        "account/trades": ok(trades),
    }
    venue, stub = adapter(by_path(answers))
    found = await venue.lookup(BTCUSD, OURS, SINCE)
    assert isinstance(found, Found)
    assert found.report.status is OrderStatus.CANCELLED
    assert [fill.ticket for fill in found.fills] == ["1", "2", "3"]
    asked = [dict(parse_qsl(urlsplit(request.url).query)) for request in stub.sent]
    assert asked[0]["origClientOrderId"] == OURS
    assert (asked[1]["clientOrderId"], asked[1]["symbol"]) == (OURS, "BTCUSD")
    assert asked[1]["startTime"] == "1790000005000"  # market time, and five seconds before `since`
    assert asked[1]["timestamp"] == "1900000000000"  # wall time


@pytest.mark.parametrize("inclusive", [True, False])
@pytest.mark.parametrize("newest_first", [True, False])
async def test_trades_are_read_page_by_page_until_the_order_is_complete(inclusive: bool, newest_first: bool) -> None:
    """1,100 fills in pages of 500; whether a page repeats its first row, and which way it runs, is not documented."""
    rows = [trade_row(number) for number in range(1100)]

    def page(request: HttpRequest) -> HttpResponse:
        asked = dict(parse_qsl(urlsplit(request.url).query))
        if urlsplit(request.url).path.endswith("spot/order"):
            return ok(order_row(origQty="2", executedQty="1.1"))
        edge = 0 if inclusive else 1
        chosen = [
            row
            for row in rows
            if int(row["id"]) >= int(asked.get("fromId", 0)) + edge * ("fromId" in asked)
            and int(row["id"]) <= int(asked.get("toId", 2**63)) - edge * ("toId" in asked)
        ]
        return ok((chosen[::-1] if newest_first else chosen)[: int(asked["limit"])])

    venue, stub = adapter(page)
    found = await venue.lookup(BTCUSD, OURS, SINCE)
    assert isinstance(found, Found)
    assert len({fill.trade_id for fill in found.fills}) == len(found.fills) == 1100
    assert len(stub.sent) == 4


async def test_pages_that_never_end_are_no_word() -> None:
    """A venue that ignores where to go on would be read for ever."""
    full = [trade_row(number) for number in range(TRADE_ROWS)]
    answers = {"spot/order": ok(order_row(origQty="9", executedQty="9", status="FILLED")), "account/trades": ok(full)}
    venue, _ = adapter(by_path(answers))
    answer = await venue.lookup(BTCUSD, OURS, SINCE)
    assert isinstance(answer, NoWord)
    assert "come to an end" in answer.reason


async def test_a_complete_negative_round_asks_five_things_and_keeps_their_digests() -> None:
    """By id, open orders, closed orders, trades, balances; lists that show other orders only."""
    other = order_row(clientOrderId="other")
    answers = {
        "spot/order": NOT_FOUND,
        "spot/openOrders": ok([other]),
        "spot/tradeOrders": ok([other]),
        "account/trades": ok([trade_row(1, "other")]),
        "account": ACCOUNT,
    }
    venue, stub = adapter(by_path(answers))
    answer = await venue.lookup(BTCUSD, OURS, SINCE)
    assert answer == NotFound(HELD, tuple(sha256(each.body).hexdigest() for each in answers.values()))
    assert [urlsplit(request.url).path.removeprefix("/api/v1/") for request in stub.sent] == list(answers)


@pytest.mark.parametrize("place", ["spot/openOrders", "spot/tradeOrders"])
async def test_an_order_that_only_a_list_shows_is_found(place: str) -> None:
    """Reads may trail one another; one that shows the order is enough."""
    answers: dict[str, Answer] = {
        "spot/order": NOT_FOUND,
        "spot/openOrders": ok([]),
        "spot/tradeOrders": ok([]),
        place: ok([order_row()]),
    }
    venue, _ = adapter(by_path(answers))
    assert isinstance(await venue.lookup(BTCUSD, OURS, SINCE), Found)


async def test_an_order_that_only_its_trades_show_is_asked_for_by_the_venues_id() -> None:
    """No list has it and the query by our id fails, yet it traded."""

    def script(request: HttpRequest) -> Answer:
        path, query = urlsplit(request.url).path.removeprefix("/api/v1/"), urlsplit(request.url).query
        if path == "spot/order":
            return ok(order_row(executedQty="0.001")) if "orderId=1900000000000000001" in query else NOT_FOUND
        return ok([trade_row(1)] if path == "account/trades" else [])

    venue, _ = adapter(script)
    found = await venue.lookup(BTCUSD, OURS, SINCE)
    assert isinstance(found, Found)
    assert len(found.fills) == 1


@pytest.mark.parametrize("part", ["spot/order", "spot/openOrders", "spot/tradeOrders", "account/trades", "account"])
@pytest.mark.parametrize(
    "failure",
    [
        NotSent("refused"),
        NoAnswer("reset"),
        ok(b"<html>"),
        ok({"code": "0211"}),
        bad("0003", 429),
        bad("-1000"),
        KeyError(),
    ],
    ids=["refused", "reset", "html", "error in a success", "limited", "internal", "bug"],
)
async def test_a_round_of_which_any_part_failed_proves_nothing(part: str, failure: Answer) -> None:
    """Every part in turn, in every way."""
    answers: dict[str, Answer] = {
        "spot/order": NOT_FOUND,
        "spot/openOrders": ok([]),
        "spot/tradeOrders": ok([]),
        "account/trades": ok([]),
        "account": ACCOUNT,
        part: failure,
    }
    venue, _ = adapter(by_path(answers))
    assert isinstance(await venue.lookup(BTCUSD, OURS, SINCE), NoWord)


async def test_an_order_that_answers_to_another_id_is_no_word() -> None:
    """Asked for one, told of another."""
    venue, _ = adapter(lambda request: ok(order_row(clientOrderId="ord-2")))
    assert isinstance(await venue.lookup(BTCUSD, OURS, SINCE), NoWord)


async def test_a_list_that_may_have_been_cut_is_no_word() -> None:
    """A thousand rows is the most that a list can have."""
    rows = [order_row(clientOrderId=f"o-{number}") for number in range(1000)]
    answers = {
        "spot/order": NOT_FOUND,
        "spot/openOrders": ok(rows),
        "spot/tradeOrders": ok([]),
        "account/trades": ok([]),
        "account": ACCOUNT,
    }
    venue, _ = adapter(by_path(answers))
    answer = await venue.lookup(BTCUSD, OURS, SINCE)
    assert isinstance(answer, NoWord)
    assert "cut" in answer.reason


async def test_a_survey_reads_the_whole_account() -> None:
    """Open orders of every pair, fills since, balances; the weights of the venue's own table."""
    turns = Turns()
    answers = {
        "spot/openOrders": ok([order_row()]),
        "account/trades": ok([trade_row(1), trade_row(1)]),
        "account": ACCOUNT,
    }
    venue, _ = adapter(by_path(answers), turns)
    survey = await venue.survey(SINCE)
    assert [report.client_id for report in survey.open_orders] == [OURS]
    assert len(survey.fills) == 1
    assert (survey.balances, survey.since) == (HELD, SINCE)
    assert turns.asked == [("query", 1, False), ("query", 5, False), ("query", 1, False)]


@pytest.mark.parametrize("part", ["spot/openOrders", "account/trades", "account"])
async def test_a_survey_of_which_any_part_failed_raises(part: str) -> None:
    """Half a picture of an account would look like a whole one."""
    answers: dict[str, Answer] = {
        "spot/openOrders": ok([]),
        "account/trades": ok([]),
        "account": ACCOUNT,
        part: bad("-1000"),
    }
    venue, _ = adapter(by_path(answers))
    with pytest.raises(Unread):
        await venue.survey(SINCE)


async def test_public_reads_carry_no_key() -> None:
    """The venue's clock and its list of pairs."""
    venue, stub = adapter(by_path({"time": ok({"serverTime": 1790000000123}), "exchangeInfo": ok({"symbols": []})}))
    assert await venue.server_time() == of_millis(1790000000123)
    assert await venue.instruments() == []
    assert not any(request.headers or "signature" in request.url for request in stub.sent)
