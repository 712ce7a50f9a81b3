"""Firm quotes: what is offered, what is accepted, and what a lost answer turns out to have been."""

import asyncio
import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from engine.kernel.clock import MILLISECOND, SECOND, Instant, parse_instant
from engine.kernel.ids import VenueName
from engine.kernel.money import Asset
from engine.orders.reports import (
    Deal,
    Dealt,
    NoDeal,
    NoWord,
    Quote,
    Quoted,
    QuoteRequest,
    Refused,
    Transient,
    Unknown,
)
from tests.unit.venues.osl.stub import SINCE, WALL, Answer, Still, Stub, Turns, adapter, bad, ok, path
from venues.osl.venue import OslVenue
from venues.transport import HttpRequest, HttpResponse, NoAnswer, NotSent

BTC, USD = Asset("BTC"), Asset("USD")
REQUEST = QuoteRequest(BTC, USD, Decimal("0.5"))
QUOTE_ID = "e0eb807e-d39c-471c-8848-96c950060671"
QUOTE = Quote(VenueName("osl"), QUOTE_ID, BTC, USD, Decimal("0.5"), Decimal("30990.25"), Instant(WALL + 6 * SECOND))
ASK, TAKE, LIST = "/api/3/retail/quote", "/api/3/retail/trade", "/api/3/transaction/list"


def quote_reply(**changed: Any) -> HttpResponse:
    """The sample of section 6.1."""
    row = {
        "responseCode": "FULL_QUOTE", "quoteId": QUOTE_ID, "buyTradedCurrency": False, "tradedCurrency": "BTC",
        "settlementCurrency": "USD", "quotedTradedCurrencyAmount": "0.5",
        "quotedSettlementCurrencyAmount": "30990.25", "retailRateInSettlementCurrency": "61980.5", "timeToLive": 6984,
        "quoteCreatedAt": "Sep 22, 2026 4:08:13 PM", "quoteExpiresAt": "Sep 22, 2026 4:08:21 PM",
    }  # fmt: skip
    return ok({"quoteResponse": {**row, **changed}})


def trade_reply(code: str = "EXECUTED", **changed: Any) -> HttpResponse:
    return ok({"tradeResponse": {"responseCode": code, "tradeId": "T-1", **changed}})


def transactions(*rows: Mapping[str, Any]) -> HttpResponse:
    return ok({"transactionListResponse": {"transactions": list(rows)}})


def listed(**changed: Any) -> dict[str, Any]:
    row = {
        "tradeId": "T-1", "quoteId": QUOTE_ID, "buyTradedCurrency": False, "tradedCurrency": "BTC",
        "settlementCurrency": "USD", "quotedTradedCurrencyAmount": "0.5",
        "quotedSettlementCurrencyAmount": "30990.25", "transactTime": "2026-09-22T16:08:15.000Z",
    }  # fmt: skip
    return {**row, **changed}


def deal(at: Instant = SINCE, deal_id: str = "T-1") -> Deal:
    return Deal(VenueName("osl"), QUOTE_ID, deal_id, BTC, USD, Decimal("0.5"), Decimal("30990.25"), at)


def desk(answers: Mapping[str, Answer | list[Answer]], wall: Instant = WALL) -> tuple[OslVenue, Stub]:
    """Answers by path; a list is told one after another."""
    clock = Still()
    clock.wall_at = wall

    def script(request: HttpRequest) -> Answer:
        told = answers[path(request)]
        return told.pop(0) if isinstance(told, list) else told

    return adapter(script, clock=clock)


async def asked(answer: Answer) -> Quoted:
    venue, stub = desk({ASK: answer})
    told = await venue.quote(REQUEST)
    assert len(stub.sent) == 1
    return told


async def test_the_price_of_a_quote_is_its_two_amounts() -> None:
    """The rates beside them are internal to the venue; it lives from receipt, less half a second."""
    told = await asked(quote_reply())
    assert isinstance(told, Quote)
    assert (told.quote_id, told.quantity, told.proceeds) == (QUOTE_ID, Decimal("0.5"), Decimal("30990.25"))
    assert told.expires_at == WALL + 6484 * MILLISECOND
    assert told.wire.request
    assert told.wire.answer


@pytest.mark.parametrize(
    "changed",
    [
        {"quotedTradedCurrencyAmount": "0.4"},
        {"tradedCurrency": "ETH"},
        {"settlementCurrency": "HKD"},
        {"buyTradedCurrency": True},
        {"quoteId": ""},
        {"quoteId": "a b"},
        {"quotedSettlementCurrencyAmount": "0"},
        {"quotedSettlementCurrencyAmount": "-1"},
        {"timeToLive": 0},
        {"timeToLive": 10**12},
        {"timeToLive": "soon"},
        {"responseCode": "FROBBED"},
    ],
)
async def test_a_quote_for_something_else_binds_nobody(changed: dict[str, Any]) -> None:
    """Another amount, pair or side; no id, no price, no lifetime; a code that nobody knows."""
    assert isinstance(await asked(quote_reply(**changed)), Transient)


@pytest.mark.parametrize(
    "code",
    [
        "CANNOT_PRICE",
        "EXCHANGE_RATES_CONVERSION_ERROR",
        "PER_TXN_LIMIT_EXCEEDED",
        "USER_DAILY_LIMIT_EXCEEDED",
        "DEALER_DAILY_LIMIT_EXCEEDED",
    ],
)
async def test_no_price_is_a_refusal(code: str) -> None:
    """As a code of the reply without anything else, or as a named error."""
    for answer in (ok({"quoteResponse": {"responseCode": code}}), bad(code)):
        told = await asked(answer)
        assert isinstance(told, Refused)
        assert (told.code, told.stop_venue) == (code, False)


@pytest.mark.parametrize(
    "failure",
    [NotSent("x"), NoAnswer("x"), TimeoutError(), ok(b"<html>"), HttpResponse(502, {}, b""), bad("X", 429), bad("X")],
    ids=["not sent", "no answer", "timeout", "html", "502", "limited", "unknown name"],
)
async def test_a_quote_whose_answer_was_lost_binds_nobody(failure: Answer) -> None:
    """It may be asked for again."""
    assert isinstance(await asked(failure), Transient)


async def test_a_key_that_does_not_open_stops_the_venue() -> None:
    """For a quote and for a deal alike."""
    venue, _ = desk({ASK: bad("INVALID_SIGNATURE", 401), TAKE: bad("INVALID_SIGNATURE", 403)})
    for told in (await venue.quote(REQUEST), await venue.accept(QUOTE)):
        assert isinstance(told, Refused)
        assert told.stop_venue


@pytest.mark.parametrize(
    "reply",
    [
        trade_reply(),
        trade_reply(quotedTradedCurrencyAmount="0.50", quotedSettlementCurrencyAmount="30990.25000"),
    ],
)
async def test_an_executed_quote_is_a_deal_at_its_own_terms(reply: HttpResponse) -> None:
    """Whether or not the reply repeats the amounts; accepted once."""
    venue, stub = desk({TAKE: reply})
    told = await venue.accept(QUOTE)
    assert isinstance(told, Dealt)
    assert told.deal == deal()
    assert len(stub.sent) == 1


@pytest.mark.parametrize(
    "code",
    ["INVALID_QUOTE_ID", "QUOTE_EXPIRED", "INSUFFICIENT_FUND", "DAILY_LIMIT_EXCEEDED", "s100006", "TOO_SMALL"],
)
async def test_an_acceptance_that_was_turned_down_is_refused(code: str) -> None:
    """In the reply or as a named error."""
    for answer in (trade_reply(code), bad(code)):
        venue, _ = desk({TAKE: answer})
        told = await venue.accept(QUOTE)
        assert isinstance(told, Refused)
        assert told.code == code


@pytest.mark.parametrize(
    "answer",
    [
        NoAnswer("reset"),
        TimeoutError(),
        HttpResponse(502, {}, b""),
        ok(b""),
        ok({"tradeResponse": {"responseCode": "EXECUTED"}}),
        trade_reply("INDETERMINATE"),
        trade_reply("s100005"),
        trade_reply(quotedSettlementCurrencyAmount="30990.24"),
        bad("FROBBED"),
        HttpResponse(500, {}, trade_reply("QUOTE_EXPIRED").body),
    ],
    ids=["reset", "timeout", "502", "empty", "no id", "maybe", "exists", "other amount", "unknown name", "500"],
)
async def test_an_acceptance_that_can_not_be_understood_is_unknown_and_not_repeated(answer: Answer) -> None:
    """Nothing is accepted twice by itself."""
    venue, stub = desk({TAKE: answer})
    assert isinstance(await venue.accept(QUOTE), Unknown)
    assert len(stub.sent) == 1


async def test_a_quote_that_has_run_out_or_is_withheld_is_not_sent() -> None:
    """By our own clock, when its turn has come."""
    venue, stub = desk({}, wall=QUOTE.expires_at)
    told = await venue.accept(QUOTE)
    assert isinstance(told, Refused)
    assert told.code == "QUOTE_EXPIRED"
    venue._rfq._withheld = lambda: "halted"
    assert await venue.accept(QUOTE) == Transient("withheld: halted")
    assert stub.sent == []


LATER = Instant(QUOTE.expires_at + 10 * SECOND)
LISTED_AT = parse_instant("2026-09-22T16:08:15.000Z")


async def test_a_deal_that_is_listed_is_known_at_once() -> None:
    """Among others, and long before the quote is dead; nothing is accepted again."""
    venue, stub = desk({LIST: transactions({"tradeId": "D-9"}, listed(quoteId="other"), listed())})
    told = await venue.deal(QUOTE)
    assert isinstance(told, Dealt)
    assert told.deal == deal(LISTED_AT)
    assert [path(request) for request in stub.sent] == [LIST]


async def test_before_the_quote_is_dead_a_list_without_it_proves_nothing() -> None:
    """The first acceptance may still be on its way."""
    venue, stub = desk({LIST: transactions()}, wall=Instant(QUOTE.expires_at + SECOND))
    assert isinstance(await venue.deal(QUOTE), NoWord)
    assert [path(request) for request in stub.sent] == [LIST]


async def test_a_dead_quote_without_a_trade_was_not_dealt() -> None:
    """Not listed, dead when asked for again, still not listed: three answers are the evidence."""
    venue, stub = desk({LIST: transactions(), TAKE: trade_reply("QUOTE_EXPIRED")}, wall=LATER)
    told = await venue.deal(QUOTE)
    assert isinstance(told, NoDeal)
    assert len(told.evidence) == 3
    assert [path(request) for request in stub.sent] == [LIST, TAKE, LIST]


async def test_a_trade_that_exists_for_the_quote_means_that_it_was_dealt() -> None:
    """`s100005`; with the venue's id where the list has caught up, with the quote's where it has not."""
    for lists, told in (([transactions(), transactions(listed())], deal(LISTED_AT)), (None, deal(deal_id=QUOTE_ID))):
        venue, _ = desk({LIST: lists or transactions(), TAKE: bad("s100005")}, wall=LATER)
        answer = await venue.deal(QUOTE)
        assert isinstance(answer, Dealt)
        assert answer.deal == told


async def test_a_deal_that_reaches_the_list_after_the_quote_died_is_believed() -> None:
    """The list contradicts the refusal, and it holds the trade."""
    lists: list[Answer] = [transactions(), transactions(listed())]
    venue, _ = desk({LIST: lists, TAKE: trade_reply("QUOTE_EXPIRED")}, wall=LATER)
    assert isinstance(await venue.deal(QUOTE), Dealt)


@pytest.mark.parametrize(
    "answers",
    [
        {LIST: NoAnswer("reset")},
        {LIST: ok(b"<html>")},
        {LIST: HttpResponse(500, {}, b"")},
        {LIST: ok({"transactionListResponse": {}})},
        {LIST: transactions(listed(quotedSettlementCurrencyAmount="1"))},
        {LIST: transactions(listed(), listed())},
        {LIST: transactions(), TAKE: NoAnswer("reset")},
        {LIST: transactions(), TAKE: bad("INVALID_QUOTE_ID")},
        {LIST: transactions(), TAKE: bad("INSUFFICIENT_FUND")},
        {LIST: [transactions(), NoAnswer("reset")], TAKE: bad("QUOTE_EXPIRED")},
        {LIST: KeyError()},
    ],
    ids=[
        "reset",
        "html",
        "500",
        "no list",
        "other terms",
        "twice",
        "probe lost",
        "id forgotten",
        "no funds",
        "second list lost",
        "bug",
    ],
)
async def test_a_look_up_of_which_any_part_failed_proves_nothing(answers: dict[str, Answer]) -> None:
    """It is asked again later."""
    venue, _ = desk(answers, wall=LATER)
    assert isinstance(await venue.deal(QUOTE), NoWord)


async def test_v3_calls_are_signed_with_rising_tonces_and_paid_from_their_own_budget() -> None:
    """A clock that stands; deals from the lane of orders, questions from the other."""
    turns = Turns()
    venue, stub = adapter(lambda request: quote_reply() if path(request) == ASK else trade_reply(), v3=turns)
    for _ in range(3):
        await venue.quote(REQUEST)
    await venue.accept(QUOTE)
    tonces = [json.loads(request.body)["tonce"] for request in stub.sent]
    assert tonces == [1900000000000000 + step for step in range(4)]
    assert turns.asked == [("query", False)] * 3 + [("order", True)]


async def test_v3_calls_are_sent_one_after_another() -> None:
    """A tonce that overtakes another would make the other one void."""
    under_way, most = 0, 0

    class Slow(Stub):
        async def call(self, request: HttpRequest) -> HttpResponse:
            nonlocal under_way, most
            under_way += 1
            most = max(most, under_way)
            await asyncio.sleep(0)
            under_way -= 1
            return await super().call(request)

    venue, _ = adapter(lambda request: quote_reply())
    venue._calls._transport = Slow(lambda request: quote_reply())
    await asyncio.gather(*(venue.quote(REQUEST) for _ in range(5)))
    assert most == 1
