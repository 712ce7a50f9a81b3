"""A list that is not whole, or makes no sense, is no list; and nothing that a venue says can carry a key away."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final
from urllib.parse import parse_qs

import pytest

from engine.kill.desks import HASHKEY_ROWS, OSL_ROWS, HashKey, Open, Osl
from engine.kill.keyfile import Keys
from engine.kill.line import NoAnswer

KEYS: Final = Keys("hashkey", "the-key", "czE=", "sandbox", "", "")
ID: Final = "abcdefgh-1-0-1-1"


class Answers:
    """A line on which these answers come, one after another."""

    def __init__(self, *answers: tuple[int, Any]) -> None:
        self._answers = list(answers)
        self.sent: list[tuple[str, str, bytes]] = []

    def call(
        self, what: str, method: str, path: str, headers: Mapping[str, str], body: bytes = b"", orders: int = 0
    ) -> tuple[int, bytes]:
        self.sent.append((method, path, body))
        status, value = self._answers.pop(0)
        return status, value if isinstance(value, bytes) else json.dumps(value).encode()


def hashkey(*answers: tuple[int, Any]) -> tuple[HashKey, Answers]:
    line = Answers(*answers)
    return HashKey(KEYS, line), line  # type: ignore[arg-type]


def osl(*answers: tuple[int, Any]) -> tuple[Osl, Answers]:
    line = Answers(*answers)
    return Osl(KEYS, line), line  # type: ignore[arg-type]


def row(number: int, **changes: Any) -> dict[str, Any]:
    order = {"clientOrderId": ID, "orderId": f"{number}", "symbol": "BTCUSDT", "origQty": "0.5", "executedQty": "0.2"}
    return order | changes


def osl_row(**changes: Any) -> dict[str, Any]:
    return {"clOrdID": ID, "symbol": "BTCUSD", "orderQty": "0.50000000", "cumQty": "0.2"} | changes


def test_what_is_left_of_an_order_is_exact() -> None:
    assert hashkey((200, [row(1)]))[0].open_orders() == [Open(ID, "BTCUSDT", Decimal("0.3"))]
    assert osl((200, [osl_row(orderQty=0.5, cumQty=0.2)]))[0].open_orders() == [Open(ID, "BTCUSD", Decimal("0.3"))]


def test_a_full_page_of_hashkey_is_followed_by_the_next() -> None:
    first = [row(number) for number in range(1, HASHKEY_ROWS + 1)]
    desk, line = hashkey((200, first), (200, [row(HASHKEY_ROWS + 1)]))
    assert len(desk.open_orders()) == HASHKEY_ROWS + 1
    assert [parse_qs(path).get("orderId") for _, path, _ in line.sent] == [None, [f"{HASHKEY_ROWS}"]]


def test_a_full_list_of_osl_may_have_been_cut() -> None:
    with pytest.raises(NoAnswer, match="may have been cut"):
        osl((200, [osl_row()] * OSL_ROWS))[0].open_orders()


def test_osl_is_asked_for_many_cancels_in_few_calls_and_never_with_one_signature_twice() -> None:
    desk, line = osl((200, []), (400, []), (200, []))
    desk.cancel([f"abcdefgh-1-0-{number}-1" for number in range(201)])
    assert [len(json.loads(body)["clOrdID"]) for _, _, body in line.sent] == [100, 100, 1]
    headers = [desk._headers("GET", "/api/v4/order") for _ in range(3)]
    assert len({header["api-signature"] for header in headers}) == 3


@pytest.mark.parametrize(
    "value",
    [
        b"<html>",
        {"code": 0},
        [1],
        [row(1, origQty="much")],
        [row(1, executedQty="0.6")],
        [row(1, origQty="NaN")],
        [{"clientOrderId": ID}],
    ],
)
def test_a_list_that_makes_no_sense_is_no_list(value: Any) -> None:
    with pytest.raises(NoAnswer):
        hashkey((200, value))[0].open_orders()


def test_of_an_error_the_code_is_told_and_nothing_that_could_hold_a_key() -> None:
    said = {"code": "0102", "msg": "Invalid APIKey the-key"}
    with pytest.raises(NoAnswer, match=r"^HTTP 400 0102$"):
        hashkey((400, said))[0].open_orders()
    with pytest.raises(NoAnswer, match=r"^HTTP 401 no code$"):
        osl((401, {"error": {"name": "the key is wrong", "message": "the-key"}}))[0].open_orders()


@pytest.mark.parametrize("status", [418, 429, 500, 503])
def test_a_venue_that_turns_everybody_away_is_not_asked_for_the_next_cancel(status: int) -> None:
    desk, line = hashkey((status, {}), (200, {}))
    with pytest.raises(NoAnswer, match=f"HTTP {status}"):
        desk.cancel([ID, "abcdefgh-1-0-2-1"])
    assert len(line.sent) == 1


def test_an_order_that_can_t_be_cancelled_any_more_keeps_no_other_from_its_cancel() -> None:
    desk, line = hashkey((400, {"code": "-1139"}), (200, {}))
    desk.cancel([ID, "abcdefgh-1-0-2-1"])
    assert len(line.sent) == 2
