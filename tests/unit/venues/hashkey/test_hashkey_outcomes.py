"""How a call that may have moved something ended: certainly done, certainly not, or nobody knows."""

import json
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.kernel.clock import SECOND, Instant, Span
from engine.kernel.ids import ClientOrderId, LegId, Symbol, VenueName, VenueOrderId
from engine.kernel.money import Asset
from engine.orders.order import ChildOrder, OrderType, TimeInForce
from engine.orders.reports import Done, OrderStatus, Outcome, Refused, Transient, Unknown, Wire
from venues.hashkey import account, bulk, outcomes

W = Wire("sent", "came")
ORDER = ChildOrder(
    client_id=ClientOrderId("ord-1"),
    leg=LegId("L1"),
    slice=0,
    attempt=0,
    venue=VenueName("hashkey"),
    symbol=Symbol("BTCUSD"),
    sell=Asset("BTC"),
    buy=Asset("USD"),
    quantity=Decimal("0.01"),
    price=Decimal("62000.5"),
    tif=TimeInForce.GTC,
    decided_at=Instant(0),
)
ACCEPTED = {
    "accountId": "1649292498437183232",
    "symbol": "BTCUSD",
    "clientOrderId": "ord-1",
    "orderId": "1900000000000000001",
    "transactTime": "1790000000012",
    "price": "62000.5",
    "origQty": "0.01",
    "executedQty": "0",
    "status": "NEW",
    "timeInForce": "GTC",
    "type": "LIMIT",
    "side": "SELL",
    "reqAmount": "0",
}


def placed(status: int, body: object) -> Outcome:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return outcomes.placed(ORDER, status, raw, W)


def cancelled(status: int, body: object) -> Outcome:
    return outcomes.cancelled(ORDER.venue, ORDER.symbol, ORDER.client_id, status, json.dumps(body).encode(), W)


def test_the_sample_of_the_specification_is_done() -> None:
    """Section 6.1, with the digests of both directions."""
    outcome = placed(200, ACCEPTED)
    assert isinstance(outcome, Done)
    assert outcome.wire == W
    assert outcome.report is not None
    assert (outcome.report.status, outcome.report.filled) == (OrderStatus.WORKING, 0)


@pytest.mark.parametrize("status", ["FILLED", "CANCELED", "REJECTED"])
def test_an_order_that_ended_at_once_was_placed_all_the_same(status: str) -> None:
    """A marketable order comes back filled, an IOC cancelled, a maker order rejected: the report says so."""
    filled = "0.01" if status == "FILLED" else "0"
    outcome = placed(200, {**ACCEPTED, "status": status, "executedQty": filled})
    assert isinstance(outcome, Done)
    assert outcome.report is not None
    assert outcome.report.status.ended


@pytest.mark.parametrize(
    ("field", "answered"),
    [
        ("clientOrderId", "ORD-1"),
        ("clientOrderId", ""),
        ("symbol", "ETHUSD"),
        ("price", "62000.6"),
        ("origQty", "0.02"),
        ("side", "BUY"),
        ("status", "FROBBED"),
        ("executedQty", "0.02"),
        ("orderId", ""),
    ],
)
def test_an_answer_about_another_order_is_no_answer(field: str, answered: str) -> None:
    """A shortened id, a re-priced order, a new word: whatever stands in the book is not what was sent."""
    outcome = placed(200, {**ACCEPTED, field: answered})
    assert isinstance(outcome, Unknown)
    assert outcome.reason


@pytest.mark.parametrize(
    "code",
    ["0001", "0201", "0207", "0401", "-1115", "-1123", "-1136", "-1140", "-1151", "-1200", "-1206", "-2002", "-2017"],
)
def test_what_is_turned_down_before_the_book_is_refused(code: str) -> None:
    """As text or as a number, which the venue mixes."""
    for written in (code, int(code)):
        outcome = placed(400, {"code": written, "msg": "no"})
        assert outcome == Refused(code, "no", wire=W)


@pytest.mark.parametrize("code", ["0002", "0102", "0103", "0104", "0202", "-1002", "-1005", "-1021"])
def test_our_own_fault_stops_the_venue(code: str) -> None:
    """Signature, key, permission, address or clock: placing and cancelling alike."""
    for outcome in (placed(400, {"code": code, "msg": "no"}), cancelled(400, {"code": code, "msg": "no"})):
        assert outcome == Refused(code, "no", stop_venue=True, wire=W)


@pytest.mark.parametrize("code", ["-1000", "-1001", "-1006", "-1007", "-1146", "-2010", "-2040", "-9999", "7"])
def test_a_code_that_leaves_it_open_is_unknown(code: str) -> None:
    """Documented as "status unknown", said without saying what was done, or never seen before."""
    assert isinstance(placed(400, {"code": code, "msg": "?"}), Unknown)


@pytest.mark.parametrize("code", ["-1141", "-1024"])
def test_a_duplicate_is_proof_that_an_order_exists(code: str) -> None:
    """The quantity stays committed and the order is looked up."""
    outcome = placed(400, {"code": code, "msg": "Duplicate order"})
    assert isinstance(outcome, Unknown)
    assert "exists" in outcome.reason


def test_too_many_calls_are_certainly_not_acted_upon() -> None:
    """429 for a moment, 418 for a minute, or the venue's own codes."""
    assert placed(429, {"code": "0003"}) == Transient("HTTP 429", Span(2 * SECOND), W)
    assert placed(418, b"<html>") == Transient("HTTP 418", Span(60 * SECOND), W)
    assert isinstance(placed(400, {"code": "0003", "msg": "Rate limit exceeded"}), Transient)
    assert isinstance(cancelled(429, {}), Transient)


@pytest.mark.parametrize("status", [100, 201, 204, 301, 307, 402, 404, 408, 409, 500, 502, 503, 504, 999])
@pytest.mark.parametrize("body", [ACCEPTED, {"code": "0401", "msg": "no"}], ids=["accepted", "refused"])
def test_a_status_that_contradicts_its_body_is_believed_by_nobody(status: int, body: object) -> None:
    """A server error beside a refusal, or beside an accepted order."""
    assert isinstance(placed(status, body), Unknown)


@pytest.mark.parametrize(
    "body", [{"code": "0401", "msg": "no"}, {"code": 0}, {}, [], [ACCEPTED], None, "", 7, b"", b"{"]
)
def test_a_success_without_an_order_in_it_is_unknown(body: object) -> None:
    """An error inside a 200 proves neither that the order exists nor that it doesn't."""
    assert isinstance(placed(200, body), Unknown)


@pytest.mark.parametrize("code", ["-1138", "-1139", "-1142", "-1143", "0211", "-1145", "-2011"])
def test_a_cancel_that_found_nothing_to_cancel_is_refused(code: str) -> None:
    """It says nothing of how the order ended; only the venue's records do."""
    assert cancelled(400, {"code": code, "msg": "gone"}) == Refused(code, "gone", wire=W)


@pytest.mark.parametrize("code", ["-1144", "-1150"])
def test_a_cancel_that_came_at_a_bad_moment_may_be_repeated(code: str) -> None:
    """The order is locked, or the cancel failed: it stands as before."""
    assert isinstance(cancelled(400, {"code": code, "msg": "later"}), Transient)


def test_a_cancel_is_done_when_its_order_answers() -> None:
    """The venue shows `CANCELED` or still `NEW`; either way only the request was taken."""
    for status in ("NEW", "CANCELED"):
        assert isinstance(cancelled(200, {**ACCEPTED, "status": status}), Done)
    for field, other in (("clientOrderId", "ord-2"), ("symbol", "ETHUSD"), ("status", "GONE")):
        assert isinstance(cancelled(200, {**ACCEPTED, field: other}), Unknown)
    assert isinstance(cancelled(400, {"code": "-1147", "msg": "timeout"}), Unknown)


def _about(cut: tuple[int, int, bytes]) -> bytes:
    raw = json.dumps(ACCEPTED).encode()
    at, length, other = cut
    return raw[:at] + other + raw[at + length :]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a shared machine may stall
@given(
    status=st.sampled_from([200, 400, 429, 500]) | st.integers(0, 1000),
    raw=st.binary()
    | st.tuples(st.integers(0, 400), st.integers(0, 40), st.binary(max_size=6)).map(_about)
    | st.dictionaries(
        st.sampled_from(sorted(ACCEPTED)), st.text('0.1eNEWSLord-é"', max_size=8) | st.integers() | st.floats()
    ).map(lambda changed: json.dumps({**ACCEPTED, **changed}).encode()),
)
@example(status=200, raw=json.dumps(ACCEPTED).encode())
@example(status=200, raw=json.dumps(ACCEPTED).encode().replace(b"accountId", b"acc\x80untId"))
def test_no_answer_whatever_its_bytes_is_done_unless_it_shows_our_order(status: int, raw: bytes) -> None:
    """Noise, damage and fields of any type; what is `Done` is read a second time with another parser."""
    for outcome in (
        outcomes.placed(ORDER, status, raw, W),
        outcomes.cancelled(ORDER.venue, ORDER.symbol, ORDER.client_id, status, raw, W),
    ):
        assert not isinstance(outcome, Refused) or status in (400, 401, 403)
    outcome = outcomes.placed(ORDER, status, raw, W)
    if isinstance(outcome, Done):
        shown = json.loads(raw, parse_float=Decimal, parse_int=Decimal)
        assert status == 200
        assert (shown["clientOrderId"], shown["symbol"], shown["side"]) == ("ord-1", "BTCUSD", "SELL")
        assert (Decimal(shown["origQty"]), Decimal(shown["price"])) == (Decimal("0.01"), Decimal("62000.5"))


def test_a_market_order_is_answered_without_a_price_and_a_limit_order_is_not() -> None:
    """The sample of section 6.1 for a market sale: price "0", filled at once."""
    answer = {**ACCEPTED, "price": "0", "executedQty": "0.01", "status": "FILLED", "type": "MARKET"}
    raw = json.dumps(answer).encode()
    assert isinstance(outcomes.placed(replace(ORDER, type=OrderType.MARKET), 200, raw, W), Done)
    assert isinstance(outcomes.placed(ORDER, 200, raw, W), Unknown)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a shared machine may stall
@given(
    status=st.sampled_from([200, 400, 418, 429, 500]),
    raw=st.binary()
    | st.dictionaries(
        st.sampled_from(["code", "result", "success", "orderId", "order", "msg", "quoteId", "rfqOrderId"]),
        st.sampled_from([0, "0", "0000", "-1136", True, None, [], [{}], [{"code": 0, "order": ACCEPTED}]])
        | st.text(max_size=5),
    ).map(lambda body: json.dumps(body).encode()),
)
def test_no_answer_makes_a_judge_of_many_or_of_money_raise(status: int, raw: bytes) -> None:
    """And none but a coded one is a refusal."""
    ids = [VenueOrderId("1")]
    for outcome in (bulk.placed(ORDER.venue, [ORDER], status, raw, W), bulk.cancelled(ids, status, raw, W)):
        for each in outcome.values() if isinstance(outcome, dict) else [outcome]:
            assert not isinstance(each, Refused) or status in (200, 400)
    assert not isinstance(account.moved(status, raw, W), Refused) or status == 400
