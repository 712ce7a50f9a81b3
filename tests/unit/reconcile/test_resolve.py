"""When an order is asked for, and what proves that it never was."""

from typing import Any

import pytest

from engine.kernel.clock import SECOND
from engine.orders.order import Order, OrderState, TimeInForce
from engine.orders.reports import Balance, NotFound
from engine.reconcile import resolve
from tests.support.builders import BTC, CAPABILITIES, USDT, child, d


def order(state: OrderState, tif: TimeInForce = TimeInForce.GTC, **known: Any) -> Order:
    return Order(child(tif=tif), state, **known)


def nothing_found(locked: str) -> NotFound:
    return NotFound((Balance(USDT, d("0"), d("99")), Balance(BTC, d("9"), d(locked))), ("e" * 64,))


def wait(of: Order, *, failed: bool = False) -> int | None:
    return resolve.look(of, CAPABILITIES, failed)


def test_an_unknown_order_is_first_asked_for_once_its_request_can_no_longer_take_effect() -> None:
    first = wait(order(OrderState.UNKNOWN))
    assert first is not None
    assert first > CAPABILITIES.validity


def test_it_is_asked_for_again_once_no_read_can_lag_behind_any_more() -> None:
    again = wait(order(OrderState.UNKNOWN, rounds=1))
    assert again is not None
    assert CAPABILITIES.read_lag < again < CAPABILITIES.validity


def test_a_question_that_failed_is_asked_again_a_little_later() -> None:
    assert wait(order(OrderState.UNKNOWN), failed=True) == SECOND


@pytest.mark.parametrize("state", [OrderState.SENT, OrderState.SETTLED, OrderState.ABSENT])
def test_nobody_asks_for_an_order_that_is_on_its_way_or_over(state: OrderState) -> None:
    assert wait(order(state)) is None


@pytest.mark.parametrize("state", OrderState)
def test_nobody_asks_twice_at_a_time(state: OrderState) -> None:
    assert wait(order(state, looking=True), failed=True) is None


@pytest.mark.parametrize(
    ("standing", "asked"),
    [
        (order(OrderState.OPEN), False),
        (order(OrderState.OPEN, TimeInForce.IOC), True),
        (order(OrderState.OPEN, reported=d("0.5")), True),
        (order(OrderState.OPEN, reported=d("0.5"), filled=d("0.5")), False),
        (order(OrderState.OPEN, cancel_wanted=True, cancel_flying=True), False),
        (order(OrderState.OPEN, cancel_wanted=True), True),
        (order(OrderState.CLOSING), True),
    ],
)
def test_a_standing_order_is_asked_for_when_something_is_missing(standing: Order, asked: bool) -> None:
    """An immediate order that should be gone, a fill that was announced, a cancel that was answered."""
    assert (wait(standing) is not None) is asked


@pytest.mark.parametrize(
    ("rounds", "locked", "others", "proven"),
    [(0, "0", "0", False), (1, "0", "0", True), (1, "2", "2", True), (1, "2.001", "2", False), (5, "1", "0", False)],
)
def test_absence_takes_two_rounds_and_a_balance_that_agrees(
    rounds: int, locked: str, others: str, proven: bool
) -> None:
    unknown = order(OrderState.UNKNOWN, rounds=rounds)
    assert resolve.absent(unknown, nothing_found(locked), BTC, d(others)) is proven


@pytest.mark.parametrize(
    ("known", "owed"),
    [
        ({"cancel_wanted": True}, True),
        ({"cancel_wanted": True, "cancel_flying": True}, False),
        ({"cancel_wanted": True, "cancels": 1}, False),
        ({}, False),
    ],
)
def test_a_cancel_is_owed_until_one_was_answered(known: dict[str, Any], owed: bool) -> None:
    assert resolve.owes_cancel(order(OrderState.OPEN, **known)) is owed
    assert not resolve.owes_cancel(order(OrderState.CLOSING, **known))
