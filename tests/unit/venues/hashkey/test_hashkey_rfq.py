"""Quotes: firm for a time, accepted once, and proven by the venue's own history. And the public kind, by permission."""

import json
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import pytest

from engine.kernel.clock import MILLISECOND, MINUTE, SECOND, Instant, Span, of_millis
from engine.kernel.ids import VenueName
from engine.kernel.money import Asset
from engine.orders.reports import Deal, Dealt, NoDeal, NoWord, Quote, QuoteRequest, Refused, Transient, Unknown
from tests.unit.venues.hashkey.stub import OURS, WALL, Answer, Still, Stub, Turns, adapter, bad, ok
from venues.hashkey.marketplace import NOT_PERMITTED, Created, Offer, RfqStatus, Taken, offer
from venues.hashkey.rfq import ROWS
from venues.hashkey.venue import HashKeyVenue
from venues.transport import HttpRequest, HttpResponse, NoAnswer, NotSent

BTC, USD = Asset("BTC"), Asset("USD")
REQUEST = QuoteRequest(BTC, USD, Decimal(2))
QUOTED: dict[str, Any] = {
    "quoteId": "RFQ638459562162049024", "quoteClOrderId": "RFQ12345666", "buyCcy": "USD", "sellCcy": "BTC",
    "buyPrice": "0.0000161", "sellPrice": "62000", "buyAmount": "124000", "sellAmount": "2", "rate": "62000",
    "quoteCreatedTime": 1790000000, "quoteExpiryTime": 1790000010,
}  # fmt: skip
ACCEPTED = {
    "quoteId": QUOTED["quoteId"], "rfqOrderId": "ORD123456789", "rfqClOrderId": "", "account": "1",
    "requestTime": 1790000001000, "responseTime": 1790000001005,
}  # fmt: skip
QUOTE = Quote(
    venue=VenueName("hashkey"),
    quote_id="RFQ638459562162049024",
    sell=BTC,
    buy=USD,
    quantity=Decimal(2),
    proceeds=Decimal(124000),
    expires_at=Instant(WALL + 9 * SECOND),
)
DEAL = Deal(
    venue=VenueName("hashkey"),
    quote_id=QUOTE.quote_id,
    deal_id="ORD123456789",
    sell=BTC,
    buy=USD,
    quantity=Decimal(2),
    proceeds=Decimal(124000),
    at=of_millis(1790000001234),
)


def line(status: str = "Successful", **changed: Any) -> dict[str, Any]:
    row = {
        "userId": "1", "quoteId": QUOTE.quote_id, "rfqOrderId": "ORD123456789", "clientOrderId": "", "status": status,
        "buyCcy": "USD", "sellCcy": "BTC", "buyPrice": "0.0000161", "sellPrice": "62000", "buyAmount": "124000",
        "sellAmount": "2", "transactTime": 1790000001234, "submitTime": 1790000001000,
    }  # fmt: skip
    return {**row, **changed}


def desk(execute: Answer, *pages: Answer, clock: Still | None = None, **options: Any) -> tuple[HashKeyVenue, Stub]:
    """A venue that answers an acceptance, and then shows one page of history after another."""
    left = list(pages)

    def script(request: HttpRequest) -> Answer:
        return execute if request.method == "POST" else left.pop(0)

    return adapter(script, clock=clock, **options)


async def test_a_quote_is_firm_by_our_clock_from_receipt_less_a_second() -> None:
    """The sample of section 11.1: ten seconds, counted in seconds, by a clock that is none of ours."""
    venue, _ = adapter(lambda request: ok(QUOTED))
    quote = await venue.quote(REQUEST)
    assert isinstance(quote, Quote)
    assert (quote.quote_id, quote.quantity, quote.proceeds) == (QUOTE.quote_id, QUOTE.quantity, QUOTE.proceeds)
    assert quote.expires_at == WALL + 9 * SECOND
    assert quote.wire.answer


async def test_times_in_milliseconds_are_told_by_their_size() -> None:
    times = {"quoteCreatedTime": 1790000000000, "quoteExpiryTime": 1790000010000}
    venue, _ = adapter(lambda request: ok({**QUOTED, **times}))
    quote = await venue.quote(REQUEST)
    assert isinstance(quote, Quote)
    assert quote.expires_at == WALL + 9_750 * MILLISECOND


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (NoAnswer("reset"), Transient),
        (NotSent("refused"), Transient),
        (RuntimeError("a bug below us"), Transient),
        (HttpResponse(502, {}, b""), Transient),
        (ok(b"<html>"), Transient),
        (ok({**QUOTED, "sellAmount": "3"}), Transient),
        (ok({**QUOTED, "sellCcy": "ETH"}), Transient),
        (ok({**QUOTED, "buyAmount": "0"}), Transient),
        (ok({**QUOTED, "buyAmount": "NaN"}), Transient),
        (ok({**QUOTED, "quoteExpiryTime": 1789999999}), Transient),
        (ok({**QUOTED, "quoteId": ""}), Transient),
        (bad("0401"), Refused),
        (bad("0102"), Refused),
        (bad("0003", 429), Transient),
    ],
)
async def test_what_is_no_quote_of_just_that_binds_nobody(answer: Answer, kind: type) -> None:
    venue, stub = adapter(lambda request: answer)
    assert isinstance(await venue.quote(REQUEST), kind)
    assert len(stub.sent) == 1


async def test_an_acceptance_is_dealt_when_the_history_shows_it() -> None:
    venue, stub = desk(ok(ACCEPTED), ok([line()]))
    dealt = await venue.accept(QUOTE)
    assert isinstance(dealt, Dealt)
    assert dealt.deal == DEAL
    assert [urlsplit(request.url).path for request in stub.sent] == ["/api/v1/rfq/execute", "/api/v1/rfq/transactions"]


@pytest.mark.parametrize("status", ["New", "Processing", "SomethingNew"])
async def test_an_acceptance_that_is_not_yet_settled_is_unknown(status: str) -> None:
    venue, _ = desk(ok(ACCEPTED), ok([line(status)]), ok([line(status)]), ok([line()]))
    assert isinstance(await venue.accept(QUOTE), Unknown)
    assert isinstance(await venue.deal(QUOTE), NoWord)
    dealt = await venue.deal(QUOTE)
    assert isinstance(dealt, Dealt)
    assert dealt.deal == DEAL


@pytest.mark.parametrize(
    "lost", [NoAnswer("reset"), ok(b"<html>"), ok({**ACCEPTED, "quoteId": "RFQ1"}), bad("-1007"), bad("-9999")]
)
async def test_an_acceptance_whose_answer_is_lost_is_proven_by_the_history(lost: Answer) -> None:
    venue, stub = desk(lost, ok([line(quoteId="RFQ1"), line()]))
    assert isinstance(await venue.accept(QUOTE), Dealt)
    assert [request.method for request in stub.sent] == ["POST", "GET"]


async def test_a_quote_is_accepted_once_whatever_became_of_it() -> None:
    venue, stub = desk(NoAnswer("reset"), ok([]))
    assert isinstance(await venue.accept(QUOTE), Unknown)
    assert isinstance(await venue.accept(QUOTE), Unknown)
    assert [request.method for request in stub.sent] == ["POST", "GET"]


async def test_an_acceptance_that_certainly_did_not_leave_may_be_repeated() -> None:
    venue, stub = desk(NotSent("refused"))
    assert isinstance(await venue.accept(QUOTE), Transient)
    assert isinstance(await venue.accept(QUOTE), Transient)
    assert len(stub.sent) == 2


async def test_an_acceptance_that_the_venue_turned_down_is_refused() -> None:
    venue, _ = desk(bad("0401", message="insufficient"))
    refused = await venue.accept(QUOTE)
    assert isinstance(refused, Refused)
    assert refused.code == "0401"


async def test_a_quote_that_has_ended_is_not_accepted() -> None:
    clock = Still()
    clock.passed = 9 * SECOND
    venue, stub = desk(ok(ACCEPTED), clock=clock)
    refused = await venue.accept(QUOTE)
    assert isinstance(refused, Refused)
    assert refused.code == "expired"
    assert stub.sent == []


async def test_nothing_is_accepted_while_there_is_a_reason_against_it() -> None:
    venue, stub = desk(ok(ACCEPTED), withheld=lambda: "halted")
    assert isinstance(await venue.accept(QUOTE), Transient)
    assert stub.sent == []


@pytest.mark.parametrize(("seconds", "kind"), [(0, NoWord), (9, NoWord), (16, NoWord), (17, NoDeal), (100, NoDeal)])
async def test_a_quote_that_no_history_shows_is_no_deal_only_when_it_can_no_longer_be_one(
    seconds: int, kind: type
) -> None:
    """9 s until we let it go, 2 s for rounded times, 5 s of validity and 1 s by which reads may lag."""
    clock = Still()
    clock.passed = seconds * SECOND
    venue, _ = desk(ok(ACCEPTED), ok([line(quoteId="RFQ1")]), clock=clock)
    assert isinstance(await venue.deal(QUOTE), kind)


async def test_a_deal_that_failed_is_none() -> None:
    venue, _ = desk(ok(ACCEPTED), ok([line("Failed")]))
    answer = await venue.deal(QUOTE)
    assert isinstance(answer, NoDeal)
    assert len(answer.evidence) == 1


@pytest.mark.parametrize(
    "page",
    [NoAnswer("reset"), ok(b"<html>"), bad("-1000"), bad("0211"), ok([line(buyCcy="HKD")]), RuntimeError("bug")],
)
async def test_a_history_that_could_not_be_read_or_believed_proves_nothing(page: Answer) -> None:
    clock = Still()
    clock.passed = 100 * SECOND
    venue, _ = desk(ok(ACCEPTED), page, clock=clock)
    assert isinstance(await venue.deal(QUOTE), NoWord)


async def test_the_history_is_read_to_its_end() -> None:
    """A full page first; the deal stands on the second, counted from one."""
    full = ok([line(quoteId=f"RFQ{n}") for n in range(ROWS)])
    turns = Turns()
    venue, stub = desk(ok(ACCEPTED), full, ok([line()]), slow=turns)
    assert isinstance(await venue.deal(QUOTE), Dealt)
    assert ["page=1" in stub.sent[0].url, "page=2" in stub.sent[1].url] == [True, True]
    assert turns.asked == [("query", 1, True)] * 2  # one a second


async def test_without_permission_nothing_is_published() -> None:
    venue, stub = adapter(lambda request: ok({}))
    place = venue.market_place
    assert await place.create(OURS, BTC, USD, Decimal(2)) == NOT_PERMITTED
    assert await place.accept("R1", "Q1") == NOT_PERMITTED
    assert await place.history() == NOT_PERMITTED
    assert stub.sent == []


async def test_a_permitted_request_is_created_and_known_by_both_ids() -> None:
    venue, _ = adapter(lambda request: ok({"rfqClOrderId": OURS, "rfqId": "R1", "status": "new"}), market_place=True)
    created = await venue.market_place.create(OURS, BTC, USD, Decimal(2), mode="delayed", lasts=Span(10 * MINUTE))
    assert isinstance(created, Created)
    assert (created.rfq_id, created.client_id) == ("R1", OURS)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (NoAnswer("reset"), Unknown),
        (ok({"rfqClOrderId": "other", "rfqId": "R1", "status": "new"}), Unknown),
        (ok({"rfqId": "", "status": "new"}), Unknown),
        (ok({"rfqId": "R1", "status": "frobbed"}), Unknown),
        (bad("0401"), Refused),
        (bad("0003", 429), Transient),
    ],
)
async def test_how_creating_a_request_can_end(answer: Answer, kind: type) -> None:
    venue, stub = adapter(lambda request: answer, market_place=True)
    assert isinstance(await venue.market_place.create(OURS, BTC, USD, Decimal(2)), kind)
    assert len(stub.sent) == 1


@pytest.mark.parametrize("lasts", [Span(9 * MINUTE), Span(61 * MINUTE)])
async def test_a_request_of_another_length_than_the_venue_takes_is_not_sent(lasts: Span) -> None:
    venue, stub = adapter(lambda request: ok({}), market_place=True)
    assert isinstance(await venue.market_place.create(OURS, BTC, USD, Decimal(2), lasts=lasts), Refused)
    assert stub.sent == []


async def test_taking_a_quote_is_a_get_that_is_sent_once() -> None:
    """The answer says that our word was received; the history says what became of it."""
    venue, stub = adapter(
        lambda request: ok({"quoteId": "Q1", "rfqId": "R1", "status": "accepted", "expiryTime": 1800}),
        market_place=True,
    )
    taken = await venue.market_place.accept("R1", "Q1")
    assert isinstance(taken, Taken)
    assert (taken.rfq_id, taken.quote_id, taken.status) == ("R1", "Q1", RfqStatus.ACCEPTED)
    [request] = stub.sent
    assert request.method == "GET"


@pytest.mark.parametrize("answer", [NoAnswer("reset"), ok({"quoteId": "Q2", "rfqId": "R1", "status": "accepted"})])
async def test_taking_a_quote_can_end_unknown_and_is_not_repeated(answer: Answer) -> None:
    venue, stub = adapter(lambda request: answer, market_place=True)
    assert isinstance(await venue.market_place.accept("R1", "Q1"), Unknown)
    assert len(stub.sent) == 1


async def test_the_history_of_the_market_place_shows_only_what_was_asked_for() -> None:
    rows = [
        {"rfqId": each, "status": "successful", "buyCcy": "USD", "sellCcy": "BTC", "sellAmount": "2", "quoteId": "Q1"}
        for each in ("R1", "R2")
    ]
    venue, _ = adapter(lambda request: ok(rows), market_place=True)
    history = await venue.market_place.history(rfq_id="R1")
    assert isinstance(history, list)
    assert [(row.rfq_id, row.quote_id, row.status.ended) for row in history] == [("R1", "Q1", True)]


def test_a_published_quote_reads_as_an_offer() -> None:
    """The sample of section 11.2; its time is in seconds."""
    raw = json.dumps(
        {"quoteId": "Q1", "rfqId": "R1", "buyCcy": "USD", "sellCcy": "BTC", "buyAmount": "124000", "sellAmount": "2",
         "price": "62000", "expireTime": 1790000600}
    ).encode()  # fmt: skip
    assert offer(raw) == Offer("R1", "Q1", BTC, USD, Decimal(2), Decimal(124000), of_millis(1790000600000))
