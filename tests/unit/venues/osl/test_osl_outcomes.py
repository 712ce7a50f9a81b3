"""How a call that may have moved something ended: certainly done, certainly not, or nobody knows."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.kernel.clock import SECOND
from engine.orders.order import OrderType
from engine.orders.reports import Done, OrderStatus, Outcome, Refused, Transient, Unknown, Wire
from tests.unit.venues.osl.stub import OURS, approved, order_row
from venues.osl import outcomes
from venues.osl.outcomes import Reply

W = Wire("sent", "came")


def reply(status: int, body: Any, **headers: str) -> Reply:
    return Reply(status, body if isinstance(body, bytes) else json.dumps(body).encode(), headers, W)


def error(name: str, message: str = "no") -> dict[str, Any]:
    return {"error": {"name": name, "message": message}}


def placed(status: int, body: Any, **headers: str) -> Outcome:
    return outcomes.placed(approved().order, reply(status, body, **headers))


def cancelled(status: int, body: Any) -> Outcome:
    return outcomes.cancelled(OURS, reply(status, body))


def item(client_id: str = "ord-1", name: str | None = None) -> dict[str, Any]:
    told = None if name is None else {"name": name, "message": "no"}
    return {"orderID": "2289677808", "clOrdID": client_id, "ordStatus": "Canceled", "error": told}


@pytest.mark.parametrize(
    ("word", "filled", "status"),
    [
        ("PendingNew", "0", OrderStatus.WORKING),
        ("New", "0", OrderStatus.WORKING),
        ("Filled", "0.01", OrderStatus.FILLED),
        ("Expired", "0", OrderStatus.CANCELLED),
        ("Rejected", "0", OrderStatus.REJECTED),
    ],
)
def test_an_order_that_is_described_was_placed(word: str, filled: str, status: OrderStatus) -> None:
    """Whatever has become of it since; the digests of both directions stand beside it."""
    outcome = placed(200, order_row(ordStatus=word, cumQty=filled))
    assert isinstance(outcome, Done)
    assert outcome.report is not None
    assert (outcome.report.status, outcome.wire) == (status, W)


@pytest.mark.parametrize(
    "changed", [{"clOrdID": "ORD-1"}, {"clOrdID": None}, {"symbol": "ETHUSD"}, {"orderQty": "1"}, {"price": "1"}]
)
def test_an_answer_about_another_order_leaves_ours_unknown(changed: dict[str, Any]) -> None:
    """An id in other letters, another pair, size or price."""
    assert isinstance(placed(200, order_row(**changed)), Unknown)


def test_a_market_order_is_known_by_its_size_alone() -> None:
    """It has no price of its own, whatever the venue writes there."""
    order = approved(type=OrderType.MARKET).order
    assert isinstance(outcomes.placed(order, reply(200, order_row(ordType="Market", price="1"))), Done)


@pytest.mark.parametrize(
    "name",
    [
        "INVALID_SYMBOL",
        "INSUFFICIENT_AVAILABLE_BALANCE",
        "TOO_SMALL",
        "INVALID_PARAMETERS",
        "PRICE_OUT_OF_BAND",
        "POST_ONLY_WOULD_TAKE",
    ],
)
def test_a_name_that_proves_it_was_not_placed_is_a_refusal(name: str) -> None:
    """Beside HTTP 400, which is where the venue writes it."""
    assert placed(400, error(name)) == Refused(name, "no", wire=W)
    assert isinstance(placed(500, error(name)), Unknown)
    assert isinstance(placed(200, error(name)), Unknown)


@pytest.mark.parametrize("name", ["FROBBED", "SYSTEM_ERROR", "DUPLICATE_CLORDID", "ORDER_NOT_FOUND", ""])
def test_a_name_that_proves_nothing_leaves_it_unknown(name: str) -> None:
    """A second use of an id proves the contrary."""
    assert isinstance(placed(400, error(name)), Unknown)


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_does_not_open_stops_the_venue(status: int) -> None:
    """But a page without a name, from whatever stands in between, proves nothing."""
    assert placed(status, error("INVALID_SIGNATURE")) == Refused("INVALID_SIGNATURE", "no", stop_venue=True, wire=W)
    assert isinstance(placed(status, b"<html>"), Unknown)


@pytest.mark.parametrize(
    ("status", "body", "headers", "wait"),
    [
        (429, b"", {}, 2),
        (429, b"", {"Retry-After": "7"}, 7),
        (429, b"", {"retry-after": "0"}, 1),
        (429, b"", {"Retry-After": "soon"}, 2),
        (418, b"", {}, 60),
        (418, b"", {"Retry-After": "99999999"}, 3600),
        (403, error("IP_BANNED"), {}, 60),
        (400, error("MARKET_CLOSED"), {}, 5),
    ],
)
def test_too_often_and_too_early_were_not_done(status: int, body: Any, headers: dict[str, str], wait: int) -> None:
    """The venue says how long it wants to be left alone, within reason."""
    outcome = placed(status, body, **headers)
    assert isinstance(outcome, Transient)
    assert outcome.wait == wait * SECOND


@pytest.mark.parametrize("status", [500, 502, 503, 504, 201, 302, 404, 408])
@pytest.mark.parametrize("body", [b"", b"<html>", order_row(), error("TOO_SMALL"), error("MAINTENANCE")])
def test_a_server_error_proves_nothing_whatever_it_says(status: int, body: Any) -> None:
    """The order may exist."""
    assert isinstance(placed(status, body), Unknown)
    assert isinstance(cancelled(status, body), Unknown)


def test_a_cancel_is_read_order_by_order() -> None:
    """HTTP 400 says that one of three failed; ours did not."""
    rows = [item("ord-0", "ORDER_NOT_FOUND"), item(), item("ord-2", "SYSTEM_ERROR")]
    assert cancelled(400, rows) == Done(wire=W)
    assert cancelled(200, [item()]) == Done(wire=W)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("CANCEL_REQUEST_SUBMITTED", Done),
        ("ORDER_NOT_FOUND", Refused),
        ("ERROR_ORDER_STATUS_SET_NO_CANCEL_CANCELLED", Refused),
        ("ERROR_ORDER_STATUS_SET_NO_CANCEL_AMENDED", Refused),
        ("ERROR_ORDER_STATUS_SET_NO_CANCEL_MATCHED", Refused),
        ("MARKET_CLOSED", Transient),
        ("SYSTEM_ERROR", Unknown),
        ("FROBBED", Unknown),
    ],
)
def test_a_cancel_that_lost_the_race_is_refused(name: str, kind: type) -> None:
    """Each reason of the documents, in a list or for the whole request; a system error leaves the order uncertain."""
    assert isinstance(cancelled(400, [item(name=name)]), kind)
    assert isinstance(cancelled(400, error(name)), kind)


@pytest.mark.parametrize(
    "rows", [[], [item("ord-2")], [item(), item(name="ORDER_NOT_FOUND")], [{"orderID": "2289677808", "error": None}]]
)
@pytest.mark.parametrize("status", [200, 400])
def test_an_order_that_the_answer_leaves_out_is_unknown(status: int, rows: list[Any]) -> None:
    """Nothing, another order, two words on ours, or no id of ours."""
    assert isinstance(cancelled(status, rows), Unknown)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(raw=st.binary(max_size=100), status=st.integers(100, 599))
def test_noise_is_never_a_success(raw: bytes, status: int) -> None:
    """Any bytes with any status."""
    assert not isinstance(placed(status, raw), Done | Refused)
    assert not isinstance(cancelled(status, raw), Done | Refused)
