"""Many orders in one call: each has its own outcome, and what the answer does not say of an order is unknown."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from engine.kernel.ids import ClientOrderId, Symbol, VenueOrderId
from engine.orders.order import TimeInForce
from engine.orders.reports import Done, Outcome, Refused, Transient, Unknown
from tests.unit.venues.hashkey.stub import (
    BTCUSD,
    Answer,
    Turns,
    adapter,
    approved,
    bad,
    ok,
    order_row,
)
from venues.transport import HttpRequest, HttpResponse, NoAnswer, NotSent

ONE, TWO, THREE = (ClientOrderId(f"ord-{n}") for n in (1, 2, 3))
BATCH = [approved(client_id=each, tif=TimeInForce.GTC) for each in (ONE, TWO, THREE)]
REFUSAL: dict[str, Any] = {"code": "-1136", "msg": "Order quantity lower than the minimum"}


def row(client_id: str, **changed: str) -> dict[str, Any]:
    return {"code": "0000", "order": order_row(clientOrderId=client_id, **changed)}


async def batch(*items: dict[str, Any], code: object = 0) -> Mapping[ClientOrderId, Outcome]:
    venue, stub = adapter(lambda request: ok({"code": code, "result": list(items), "concentration": ""}))
    ended = await venue.place_many(BATCH)
    assert len(stub.sent) == 1
    assert list(ended) == [ONE, TWO, THREE]
    return ended


async def test_results_are_matched_by_our_id_whatever_their_order() -> None:
    ended = await batch(row(THREE), row(ONE), row(TWO))
    assert all(isinstance(each, Done) and each.report and each.report.client_id == key for key, each in ended.items())


async def test_refusals_that_account_for_every_missing_order_are_refusals() -> None:
    """The venue does not say whom it refused; the one that is not shown."""
    ended = await batch(REFUSAL, row(THREE), row(ONE))
    assert isinstance(ended[ONE], Done)
    assert isinstance(ended[THREE], Done)
    assert isinstance(ended[TWO], Refused)
    assert ended[TWO].code == "-1136"


@pytest.mark.parametrize(
    "items",
    [
        [row(ONE), row(TWO)],
        [row(ONE), row(TWO), REFUSAL, REFUSAL],
        [row(ONE), row(TWO), row("somebody-else")],
        [row(ONE), row(TWO), row(TWO)],
        [row(ONE), row(TWO), {"code": "-1006", "msg": "unknown"}],
        [row(ONE), row(TWO), {"code": "-1141", "msg": "duplicate"}],
        [row(ONE), row(TWO), {"code": "0000"}],
    ],
    ids=["missing", "one too many", "foreign", "twice", "in doubt", "duplicate", "neither order nor refusal"],
)
async def test_an_order_that_the_answer_does_not_account_for_is_unknown(items: list[dict[str, Any]]) -> None:
    ended = await batch(*items)
    assert isinstance(ended[ONE], Done)
    assert isinstance(ended[THREE], Unknown)


async def test_one_doubt_among_refusals_makes_all_of_them_doubtful() -> None:
    """Which of the two was refused is not said."""
    ended = await batch(row(ONE), REFUSAL, {"code": "-1007", "msg": "timeout"})
    assert isinstance(ended[ONE], Done)
    assert isinstance(ended[TWO], Unknown)
    assert isinstance(ended[THREE], Unknown)


async def test_an_order_that_stands_another_way_than_it_was_sent_is_unknown() -> None:
    ended = await batch(row(ONE, price="1"), row(TWO), row(THREE))
    assert isinstance(ended[ONE], Unknown)
    assert isinstance(ended[TWO], Done)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (ok({"code": "-1000", "result": []}), Unknown),
        (ok([]), Unknown),
        (ok({"code": 0, "result": [{"code": "-1136", "order": order_row()}]}), Unknown),
        (ok({"code": 0, "result": [{"code": 0, "order": order_row(status="FROBBED")}]}), Unknown),
        (bad("0001"), Refused),
        (bad("0003", 429), Transient),
        (HttpResponse(502, {}, b""), Unknown),
        (NoAnswer("reset"), Unknown),
        (NotSent("refused"), Transient),
    ],
)
async def test_a_call_that_failed_whole_failed_for_each(answer: Answer, kind: type) -> None:
    venue, _ = adapter(lambda request: answer)
    ended = await venue.place_many(BATCH)
    assert list(ended) == [ONE, TWO, THREE]
    assert all(isinstance(each, kind) for each in ended.values())


@pytest.mark.parametrize(
    "wrong",
    [
        [approved(client_id=ClientOrderId(f"o-{n}")) for n in range(21)],
        [approved(), approved(client_id=TWO, symbol=Symbol("ETHUSD"))],
        [approved(), approved()],
        [approved(client_id=ClientOrderId("a b"))],
    ],
    ids=["too many", "two pairs", "one id twice", "unsendable"],
)
async def test_a_batch_that_the_venue_could_not_take_is_not_sent(wrong: list[Any]) -> None:
    venue, stub = adapter(lambda request: bad("0001"))
    ended = await venue.place_many(wrong)
    assert all(isinstance(each, Refused) and each.stop_venue for each in ended.values())
    assert stub.sent == []


async def test_a_batch_does_not_leave_while_there_is_a_reason_against_it_and_cancels_do() -> None:
    venue, stub = adapter(lambda request: ok({"success": True}), withheld=lambda: "halted")
    assert all(isinstance(each, Transient) for each in (await venue.place_many(BATCH)).values())
    assert isinstance(await venue.cancel_all(BTCUSD), Done)
    assert [request.method for request in stub.sent] == ["DELETE"]


async def test_cancelling_by_ids_is_done_but_for_those_that_are_listed() -> None:
    """Section 6.5: an entry names an order that could not be cancelled."""
    listed = [
        {"orderId": "2", "code": "-2013"},
        {"orderId": "3", "code": "-1147"},
        {"orderId": "4", "code": "-1144"},
        {"orderId": "5", "code": "-1139"},
    ]
    venue, _ = adapter(lambda request: ok({"code": "0000", "result": listed}))
    ids = [VenueOrderId(str(n)) for n in range(1, 6)]
    ended = await venue.cancel_many(ids)
    kinds = {number: type(outcome) for number, outcome in ended.items()}
    assert kinds == {"1": Done, "2": Refused, "3": Unknown, "4": Transient, "5": Refused}


@pytest.mark.parametrize(
    "body",
    [{"code": "0000", "result": [{"orderId": "9", "code": "-2013"}]}, {"code": "-1150", "result": []}, {}, b"<html>"],
)
async def test_an_answer_about_other_orders_leaves_all_of_them_unknown(body: object) -> None:
    venue, _ = adapter(lambda request: ok(body))
    [outcome] = (await venue.cancel_many([VenueOrderId("1")])).values()
    assert isinstance(outcome, Unknown)


async def test_more_ids_than_a_call_takes_go_in_several_calls() -> None:
    """A hundred at a time, each id once, each call of weight five in the lane of orders and before them."""
    turns = Turns()
    venue, stub = adapter(lambda request: ok({"code": "0000", "result": []}), turns)
    ids = [VenueOrderId(str(n)) for n in range(1, 251)]
    ended = await venue.cancel_many([*ids, ids[0]])
    assert list(ended) == ids
    assert [request.body.decode().count(",") + 1 for request in stub.sent] == [100, 100, 50]
    assert turns.asked == [("order", 5, True)] * 3


async def test_what_is_no_id_of_the_venue_is_not_sent() -> None:
    """A comma would name another order."""
    venue, stub = adapter(lambda request: bad("0001"))
    [outcome] = (await venue.cancel_many([VenueOrderId("1,2")])).values()
    assert isinstance(outcome, Refused)
    assert stub.sent == []


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (ok({"success": True}), Done),
        (ok({"code": "0", "message": "success", "timestamp": 1790000000000, "lastOrderId": "1900"}), Done),
        (ok({"success": False}), Unknown),
        (ok({"success": False, "code": "0"}), Unknown),
        (ok({"code": "-1150"}), Unknown),
        (ok({}), Unknown),
        (bad("-1150"), Transient),
        (bad("-2011"), Refused),
        (bad("-1147"), Unknown),
    ],
)
async def test_cancelling_all_is_done_when_the_request_was_taken(answer: Answer, kind: type) -> None:
    venue, _ = adapter(lambda request: answer)
    assert isinstance(await venue.cancel_all(BTCUSD), kind)


async def test_a_batchs_refusal_that_repeats_our_key_is_freed_of_it() -> None:
    venue, _ = adapter(lambda request: ok({"code": 0, "result": [{"code": "-1136", "msg": "canary-secret-2"}] * 3}))
    assert "canary" not in repr(await venue.place_many(BATCH))


async def test_a_batch_sends_what_single_orders_would() -> None:
    def script(request: HttpRequest) -> HttpResponse:
        return ok({"code": 0, "result": [row(each["newClientOrderId"]) for each in json.loads(request.body)]})

    venue, _ = adapter(script)
    assert all(isinstance(each, Done) for each in (await venue.place_many(BATCH)).values())
