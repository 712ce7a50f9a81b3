"""The life of one attempt. Every pair of state and fact is either in the table or a conflict; nothing is ignored."""

from itertools import permutations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.kernel.money import ZERO
from engine.orders import lifecycle
from engine.orders.lifecycle import Conflict
from engine.orders.order import NEXT, Order, OrderFact, OrderState
from engine.orders.reports import Done, Fill, OrderReport, OrderStatus, Outcome, Refused, Transient, Unknown
from tests.support.builders import child, d, fill, report

PAIRS = list(product(OrderState, OrderFact))
LEAVES = [OrderState.SETTLED, OrderState.ABSENT]
HALF, WHOLE = report(OrderStatus.WORKING, "0.5"), report(OrderStatus.FILLED, "1")
CUT = report(OrderStatus.CANCELLED, "0.5")
FIRST, SECOND = fill("t1", "0.5"), fill("t2", "0.5")


def after(*facts: OrderReport | Fill) -> Order:
    """A sent order after these, with each trade counted once as the fold does."""
    order = Order(child())
    for fact in facts:
        order = taken(order, fact)
    return order


def taken(order: Order, fact: OrderReport | Fill) -> Order:
    if isinstance(fact, Fill) and fact.trade_id in order.trades:
        return order
    next_ = lifecycle.filled(order, fact) if isinstance(fact, Fill) else lifecycle.reported(order, fact)
    assert isinstance(next_, Order), next_
    return next_


@pytest.mark.parametrize(("state", "fact"), [pair for pair in PAIRS if pair in NEXT])
def test_a_pair_in_the_table_moves_the_order(state: OrderState, fact: OrderFact) -> None:
    moved = lifecycle.moved(Order(child(), state=state), fact)
    assert isinstance(moved, Order)
    assert moved.state is NEXT[state, fact]


@pytest.mark.parametrize(("state", "fact"), [pair for pair in PAIRS if pair not in NEXT])
def test_any_other_pair_is_a_conflict_that_shows_both_sides(state: OrderState, fact: OrderFact) -> None:
    moved = lifecycle.moved(Order(child(), state=state), fact)
    assert moved == Conflict(child().client_id, state, fact)
    assert f"is {state} and was told: {fact}" in str(moved)


def test_an_order_that_is_over_never_lives_again() -> None:
    assert {NEXT[pair] for pair in NEXT if pair[0] in LEAVES} == {OrderState.SETTLED}


def test_only_proof_or_a_refusal_makes_an_order_absent() -> None:
    roads = {pair for pair, state in NEXT.items() if state is OrderState.ABSENT}
    assert roads == {(OrderState.SENT, OrderFact.REFUSED), (OrderState.UNKNOWN, OrderFact.PROVEN_ABSENT)}


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (Done(), OrderState.OPEN),
        (Done(HALF), OrderState.OPEN),
        (Done(CUT), OrderState.CLOSING),
        (Done(report(OrderStatus.CANCELLED, "0")), OrderState.SETTLED),
        (Refused("-1", "no"), OrderState.ABSENT),
        (Transient("busy"), OrderState.ABSENT),
        (Unknown("timeout"), OrderState.UNKNOWN),
    ],
)
def test_each_way_a_call_can_end_leads_to_its_own_state(outcome: Outcome, state: OrderState) -> None:
    placed = lifecycle.placed(Order(child()), outcome)
    assert isinstance(placed, Order)
    assert placed.state is state


@pytest.mark.parametrize("facts", list(permutations([HALF, WHOLE, FIRST, SECOND])))
def test_reports_and_fills_may_come_in_any_order(facts: tuple[OrderReport | Fill, ...]) -> None:
    order = after(*facts)
    assert order == after(HALF, FIRST, SECOND, WHOLE)
    assert (order.state, order.filled, order.reported) == (OrderState.SETTLED, d("1"), d("1"))


@given(st.permutations([HALF, HALF, WHOLE, WHOLE, FIRST, FIRST, SECOND, SECOND]))
def test_what_comes_twice_changes_nothing(facts: list[OrderReport | Fill]) -> None:
    assert after(*facts) == after(HALF, FIRST, SECOND, WHOLE)


@pytest.mark.parametrize("facts", list(permutations([report(OrderStatus.WORKING, "0"), CUT, FIRST])))
def test_a_cancelled_order_settles_with_the_fills_it_had(facts: tuple[OrderReport | Fill, ...]) -> None:
    order = after(*facts)
    assert (order.state, order.filled, order.committed) == (OrderState.SETTLED, d("0.5"), ZERO)


def test_what_has_ended_stays_committed_until_every_fill_is_booked() -> None:
    """The venue says cancelled after 1; a fill of a half is still on its way."""
    order = after(WHOLE, FIRST)
    assert (order.state, order.committed) == (OrderState.CLOSING, d("0.5"))


def test_an_older_report_takes_nothing_back() -> None:
    order = after(WHOLE, HALF)
    assert (order.state, order.reported) == (OrderState.CLOSING, d("1"))


def test_a_fill_proves_that_an_unanswered_order_exists() -> None:
    unknown = lifecycle.placed(Order(child()), Unknown("timeout"))
    assert isinstance(unknown, Order)
    assert taken(unknown, FIRST).state is OrderState.OPEN


def test_a_refusal_after_a_fill_is_a_conflict() -> None:
    refused = lifecycle.placed(after(FIRST), Refused("-1", "no such pair"))
    assert isinstance(refused, Conflict)


def test_a_fill_after_all_was_settled_is_a_conflict() -> None:
    assert isinstance(lifecycle.filled(after(CUT, FIRST), SECOND), Conflict)


def test_an_answer_that_comes_after_all_was_settled_changes_nothing() -> None:
    settled = after(CUT, FIRST)
    assert lifecycle.placed(settled, Unknown("timeout")) == lifecycle.placed(settled, Done()) == settled


@pytest.mark.parametrize("wrong", [child(quantity=d("2")), child(price=d("99.61"))])
def test_a_report_of_another_quantity_or_price_than_was_sent_is_a_conflict(wrong: object) -> None:
    told = lifecycle.reported(Order(child()), report(OrderStatus.WORKING, "0", wrong))  # type: ignore[arg-type]
    assert isinstance(told, Conflict)
    assert "sent as something else" in told.fact


@pytest.mark.parametrize("state", OrderState)
def test_an_order_commits_what_it_may_still_sell_and_nothing_once_it_is_over(state: OrderState) -> None:
    order = Order(child(), state=state, filled=d("0.3"))
    assert order.committed == (ZERO if state in LEAVES else d("0.7"))


def test_an_order_that_was_filled_beyond_its_quantity_commits_nothing_and_shows_it() -> None:
    order = after(fill("t1", "1.2"))
    assert (order.filled, order.committed) == (d("1.2"), ZERO)
