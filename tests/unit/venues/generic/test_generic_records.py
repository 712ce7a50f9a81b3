"""What the records say of an order, an account and their changes; a read is whole or no word."""

import asyncio
import json
from contextlib import aclosing
from decimal import Decimal
from hashlib import sha256
from typing import Any

import pytest
from msgspec.structs import replace

from engine.kernel.money import Amount, Asset
from engine.orders.reports import Balance, Done, Found, NotFound, NoWord, OrderReport, OrderStatus
from engine.ports import StreamDown, StreamUp, VenueFact
from tests.unit.venues.generic.stand import (
    ACCOUNT,
    BALANCES,
    BTCUSDT,
    ENDED,
    INFO,
    MILLIS,
    OPEN,
    ORDER,
    OURS,
    PAIR,
    SINCE,
    TIME,
    TRADES,
    Asked,
    Stand,
    account,
    approved,
    body,
    client,
    complaint,
    order_row,
    trade_row,
)
from venues.generic.client import Failed
from venues.generic.known import OTHER, known
from venues.generic.mapping import Odd
from venues.generic.records import Unread

QUERY, PLACE = ("GET", ORDER), ("POST", ORDER)
ABSENT = {
    QUERY: complaint("0211"),
    ("GET", OPEN): [],
    ("GET", ENDED): [],
    ("GET", TRADES): [],
    ("GET", ACCOUNT): BALANCES,
}
FILLED = order_row(status="PARTIALLY_FILLED", executedQty="0.2", cumulativeQuoteQty="12000.002")


async def looked_up(script: dict[Any, Any], **about: Any) -> Any:
    async with Stand(script) as stand:
        over = client(stand.root)
        venue = account(over, about=replace(known("hashkey"), **about))
        answer = await venue.lookup(BTCUSDT, OURS, SINCE)
        await venue.aclose()
    return answer


async def test_an_order_is_found_by_our_id_with_its_fills() -> None:
    """Sold above its limit: the price is the trade's own, and ccxt's invented cost is read by nobody."""
    found = await looked_up({QUERY: FILLED, ("GET", TRADES): [trade_row()]})
    assert isinstance(found, Found)
    assert (found.report.status, found.report.filled) == (OrderStatus.WORKING, Decimal("0.2"))
    [fill] = found.fills
    assert (fill.price, fill.quantity, fill.client_id) == (Decimal("60000.01"), Decimal("0.2"), OURS)
    assert fill.fee == Amount(Decimal("34.80000058"), Asset("USDT"))


async def test_a_fill_keeps_its_price_where_ccxt_would_invent_a_cost() -> None:
    """`cumulativeQuoteQty` is missing, so ccxt says limit price times quantity."""
    row = {**FILLED, "cumulativeQuoteQty": "0"}
    found = await looked_up({QUERY: row, ("GET", TRADES): [trade_row(price="61000")]})
    assert isinstance(found, Found)
    assert found.fills[0].price == 61_000


async def test_an_order_without_fills_is_found_at_once() -> None:
    found = await looked_up({QUERY: order_row()})
    assert isinstance(found, Found)
    assert found.fills == ()


async def test_absence_is_a_whole_round_with_its_evidence() -> None:
    """By id, open, ended, trades, balances: five raw answers."""
    answer = await looked_up(ABSENT)
    assert isinstance(answer, NotFound)
    assert answer.balances == (
        Balance(Asset("BTC"), Decimal("1.5"), Decimal("0.5")),
        Balance(Asset("USDT"), Decimal("11965.2000001"), Decimal(0)),
    )
    texts = [complaint("0211")(None).text, "[]", "[]", "[]", json.dumps(BALANCES)]
    assert answer.evidence == tuple(sha256(str(text).encode()).hexdigest() for text in texts)


@pytest.mark.parametrize("place", [("GET", OPEN), ("GET", ENDED)])
async def test_a_list_can_know_an_order_that_the_query_by_id_does_not(place: tuple[str, str]) -> None:
    found = await looked_up({**ABSENT, place: [order_row()]})
    assert isinstance(found, Found)


async def test_an_order_that_only_its_trades_remember_is_asked_for_by_its_number() -> None:
    def query(asked: Asked) -> Any:
        return FILLED if "orderId" in asked.parameters else complaint("0211")(asked)

    found = await looked_up({**ABSENT, QUERY: query, ("GET", TRADES): [trade_row()]})
    assert isinstance(found, Found)
    assert len(found.fills) == 1


@pytest.mark.parametrize("path", [ORDER, OPEN, ENDED, TRADES, ACCOUNT])
@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(complaint("-1000"), id="an error"),
        pytest.param(lambda _: body("", 503), id="503"),
        pytest.param(lambda _: body("<html>Welcome</html>"), id="a page"),
        pytest.param(lambda _: body(""), id="nothing"),
        pytest.param(lambda _: body("[{"), id="half an answer"),
        pytest.param(lambda _: body("{}"), id="an object"),
        pytest.param(lambda _: body('{"code":-1000,"msg":"no"}'), id="200 and an error"),
    ],
)
async def test_a_round_with_one_failed_question_is_no_word(path: str, answer: Any) -> None:
    """In most of these ccxt finds a list without entries, which would prove that an order never was."""
    assert isinstance(await looked_up({**ABSENT, ("GET", path): answer}), NoWord)


@pytest.mark.parametrize("path", [OPEN, ENDED, TRADES, ACCOUNT])
async def test_a_page_for_people_is_no_empty_list_at_an_exchange_that_is_not_known(path: str) -> None:
    page = {("GET", path): lambda _: body("<html>Welcome</html>")}
    assert isinstance(await looked_up({**ABSENT, **page}, arrays={}), NoWord)


async def test_a_row_of_another_pair_spoils_the_list() -> None:
    """ccxt would call it by the name of the pair that was asked for."""
    assert isinstance(await looked_up({**ABSENT, ("GET", OPEN): [order_row(symbol="ETHUSDT")]}), NoWord)


async def test_a_row_that_ccxt_leaves_out_is_missed() -> None:
    """Two rows of one asset are one balance to it, and a row of another pair that it knows is none."""
    pairs = {**INFO, "symbols": [PAIR, {**PAIR, "symbol": "ETHUSDT", "baseAsset": "ETH"}]}
    listed = {("GET", "/api/v1/exchangeInfo"): pairs, ("GET", OPEN): [order_row(symbol="ETHUSDT")]}
    assert isinstance(await looked_up({**ABSENT, **listed}), NoWord)
    twice = {"balances": [*BALANCES["balances"], BALANCES["balances"][0]]}
    assert isinstance(await looked_up({**ABSENT, ("GET", ACCOUNT): twice}), NoWord)


async def test_an_account_that_shows_nothing_at_all_is_believed_where_its_rows_are_known() -> None:
    none: dict[str, Any] = {"balances": []}
    assert isinstance(await looked_up({**ABSENT, ("GET", ACCOUNT): none}), NotFound)
    assert isinstance(await looked_up({**ABSENT, ("GET", ACCOUNT): none}, arrays={}), NoWord)


async def test_an_answer_about_another_order_is_no_word() -> None:
    assert isinstance(await looked_up({QUERY: order_row(clientOrderId="another")}), NoWord)


async def test_trades_that_are_more_than_the_order_sold_are_no_word() -> None:
    assert isinstance(await looked_up({QUERY: FILLED, ("GET", TRADES): [trade_row(qty="0.3")]}), NoWord)


async def test_a_list_that_is_full_may_have_been_cut_and_is_no_word() -> None:
    row = order_row(clientOrderId="another")
    assert isinstance(await looked_up({**ABSENT, ("GET", OPEN): [row, row]}, order_rows=2), NoWord)
    assert isinstance(await looked_up({**ABSENT, ("GET", OPEN): [row, row]}, order_rows=3), NotFound)


async def test_an_exchange_that_is_not_known_is_asked_by_lists_alone() -> None:
    """No query by our id is trusted there, and full pages of trades can't be read on."""
    script = {("GET", OPEN): [FILLED], ("GET", ENDED): [], ("GET", TRADES): [trade_row()]}
    async with Stand(script) as stand:
        venue = account(client(stand.root), about=OTHER)
        found = await venue.lookup(BTCUSDT, OURS, SINCE)
        await venue.aclose()
    assert isinstance(found, Found)
    assert stand.sent("GET") == []
    full = await looked_up({**ABSENT, ("GET", TRADES): [trade_row()]}, trade_rows=1, pages_by_id=False)
    assert isinstance(full, NoWord)


async def test_a_cancel_by_number_finds_the_number_first() -> None:
    """Where our id is not taken for a cancel: from the answer to the order, or from the list of open ones."""
    script = {PLACE: order_row(), ("DELETE", ORDER): order_row(), ("GET", OPEN): [order_row(orderId="5")]}
    about = replace(OTHER, statuses=known("hashkey").statuses)
    async with Stand(script) as stand:
        told, found = account(client(stand.root), about=about), account(client(stand.root), about=about)
        await told.place(approved())
        assert isinstance(await told.cancel(BTCUSDT, OURS), Done)
        assert isinstance(await found.cancel(BTCUSDT, OURS), Done)
        await asyncio.gather(told.aclose(), found.aclose())
    assert [sent["orderId"] for sent in stand.sent("DELETE")] == ["1738695230608169984", "5"]


@pytest.mark.parametrize("newest", [False, True], ids=["the oldest come first", "the newest come first"])
async def test_trades_of_many_pages_are_read_from_whichever_end_was_cut(newest: bool) -> None:
    rows = [trade_row(number) for number in range(7)]

    def page(asked: Asked) -> Any:
        low, high = (int(asked.parameters.get(name, default)) for name, default in (("fromId", 0), ("toId", 2**63)))
        fitting = [row for row in rows if low <= int(row["id"]) <= high]
        return fitting[-3:] if newest and "fromId" not in asked.parameters else fitting[:3]

    async with Stand({("GET", TRADES): page, ("GET", OPEN): [], ("GET", ACCOUNT): BALANCES}) as stand:
        venue = account(client(stand.root), about=replace(known("hashkey"), trade_rows=3))
        survey = await venue.survey(SINCE)
        await venue.aclose()
    assert {fill.trade_id for fill in survey.fills} == {row["id"] for row in rows}


async def test_a_survey_reads_orders_trades_and_balances_and_leaves_purchases_out() -> None:
    script = {
        ("GET", OPEN): [order_row(), order_row(side="BUY", clientOrderId="theirs")],
        ("GET", TRADES): [trade_row(), trade_row(2, isBuyer=True)],
        ("GET", ACCOUNT): BALANCES,
    }
    async with Stand(script) as stand:
        venue = account(client(stand.root))
        survey = await venue.survey(SINCE)
        await venue.aclose()
    assert [report.client_id for report in survey.open_orders] == [OURS]
    assert len(survey.fills) == 1
    assert len(survey.balances) == 2
    [asked] = stand.sent("GET", TRADES)
    assert int(asked["startTime"]) == MILLIS - 5000


async def test_a_trade_whose_row_does_not_name_our_id_gets_it_from_its_order() -> None:
    script = {
        ("GET", OPEN): [],
        ("GET", TRADES): [trade_row(clientOrderId=None), trade_row(2, clientOrderId=None)],
        ("GET", ACCOUNT): BALANCES,
        QUERY: FILLED,
    }
    async with Stand(script) as stand:
        venue = account(client(stand.root))
        survey = await venue.survey(SINCE)
        await venue.aclose()
    assert {fill.client_id for fill in survey.fills} == {OURS}
    assert len(stand.sent("GET")) == 1


async def test_a_survey_with_a_hole_raises() -> None:
    async with Stand({("GET", OPEN): [], ("GET", TRADES): []}) as stand:
        venue = account(client(stand.root))
        with pytest.raises(Failed):
            await venue.survey(SINCE)
        await venue.aclose()


async def test_json_numbers_keep_every_digit() -> None:
    """A binary float has sixteen; the text on the wire is what counts."""
    text = '{"balances":[{"asset":"BTC","total":1234567.123456789012,"free":1234567.123456789012,"locked":0}]}'
    async with Stand({("GET", ACCOUNT): lambda _: body(text)}) as stand:
        venue = account(client(stand.root))
        [balance] = await venue.holdings()
        await venue.aclose()
    assert str(balance.free) == "1234567.123456789012"


async def test_what_is_no_number_or_a_float_is_odd() -> None:
    async with Stand({}) as stand:
        over = client(stand.root)
        venue = account(over, about=replace(known("hashkey"), arrays={}))

        async def floats(*_: object) -> Any:
            return {"free": {"BTC": 0.1}, "used": {"BTC": 0.0}, "total": {"BTC": 0.1}}

        over.exchange.fetch_balance = floats
        with pytest.raises(Odd, match="float"):
            await venue.holdings()
        await venue.aclose()


async def test_the_exchange_tells_its_time_and_its_pairs() -> None:
    async with Stand({("GET", TIME): {"serverTime": MILLIS}}) as stand:
        over = client(stand.root)
        venue = account(over)
        assert await venue.server_time() == SINCE
        assert [coin.symbol for coin in await venue.instruments()] == [BTCUSDT]
        over.exchange.has["fetchTime"] = False
        with pytest.raises(Unread):
            await venue.server_time()
        await venue.aclose()


async def following(stand: Stand, wanted: int, change: Any = None, *, about: Any = None) -> list[VenueFact]:
    """The first facts of an account whose private stream does not open."""
    venue = account(client(stand.root), about=about)
    told: list[VenueFact] = []
    async with asyncio.timeout(5), aclosing(venue.facts()) as facts:
        async for fact in facts:
            told.append(fact)
            if change is not None:
                await change(len(told), venue)
            if len(told) == wanted:
                break
    await venue.aclose()
    return told


def states(facts: list[VenueFact]) -> list[Any]:
    return [(f.status, str(f.filled)) if isinstance(f, OrderReport) else type(f) for f in facts]


async def test_an_order_is_followed_until_it_has_ended() -> None:
    """It stands, it sells a part, it is gone from the list and is asked for once more."""
    listed = iter([[order_row()], [order_row()], [FILLED], []])
    ended = order_row(status="PARTIALLY_CANCELED", executedQty="0.2")
    async with Stand({("GET", OPEN): lambda _: next(listed, []), QUERY: ended}) as stand:
        facts = await following(stand, 4)
    working, cancelled = OrderStatus.WORKING, OrderStatus.CANCELLED
    assert states(facts) == [StreamUp, (working, "0"), (working, "0.2"), (cancelled, "0.2")]
    assert len(stand.sent("GET")) == 1


async def test_an_order_that_ended_before_any_poll_saw_it_is_told_too() -> None:
    async with Stand({("GET", OPEN): [], PLACE: order_row(), QUERY: order_row(status="CANCELED")}) as stand:

        async def place(seen: int, venue: Any) -> None:
            if seen == 1:
                await venue.place(approved())

        facts = await following(stand, 2, place)
    assert states(facts) == [StreamUp, (OrderStatus.CANCELLED, "0")]


async def test_a_break_is_told_once_and_its_end_once() -> None:
    """Nothing that changed meanwhile is lost."""
    answers = iter([[], 503, 503, [order_row()]])

    def opened(_: Asked) -> Any:
        answer = next(answers, [order_row()])
        return body("", 503) if answer == 503 else answer

    async with Stand({("GET", OPEN): opened}) as stand:
        facts = await following(stand, 4)
    assert states(facts) == [StreamUp, StreamDown, StreamUp, (OrderStatus.WORKING, "0")]


async def test_an_order_that_cannot_be_read_again_is_not_forgotten() -> None:
    listed = iter([[order_row()], []])
    queried = iter([503, order_row(status="CANCELED")])

    def query(_: Asked) -> Any:
        answer = next(queried)
        return body("", 503) if answer == 503 else answer

    async with Stand({("GET", OPEN): lambda _: next(listed, []), QUERY: query}) as stand:
        facts = await following(stand, 5)
    cancelled = (OrderStatus.CANCELLED, "0")
    assert states(facts) == [StreamUp, (OrderStatus.WORKING, "0"), StreamDown, StreamUp, cancelled]


async def test_where_our_id_is_no_name_an_order_is_asked_for_by_its_number() -> None:
    about = replace(OTHER, statuses=known("hashkey").statuses)
    listed = iter([[order_row()], []])
    async with Stand({("GET", OPEN): lambda _: next(listed, []), QUERY: order_row(status="CANCELED")}) as stand:
        facts = await following(stand, 3, about=about)
    assert states(facts)[-1] == (OrderStatus.CANCELLED, "0")
    assert stand.sent("GET")[0]["orderId"] == "1738695230608169984"
