"""What a venue can't tell any more, people prove by a paper: an order's fate, or a difference of balances."""

from decimal import Decimal

import pytest

from engine.events import Closed
from engine.kernel.ids import ClientOrderId, PersonName
from engine.kernel.money import Amount, Asset
from engine.mandate.instructions import GoOn, Scope
from engine.orders import commands as c
from engine.orders import reports as r
from engine.orders.order import ChildOrder, OrderState
from tests.support.builders import BTC, ONE, TWO, USDT, VENUE, d, explain, name, opened, settle_unknown
from tests.support.by_hand import Commands, Run, again, only, placed, turned


def lost(approvals: int = 0) -> tuple[Run, ChildOrder]:
    """The first slice was sent, and no answer came."""
    run = Run(opened(approvals=approvals)).ready()
    (order,) = placed(run.due("00:00"))
    run.unanswered(order)
    return run, order


def against(commands: Commands) -> list[str]:
    assert only(c.Book, commands) == []
    (answer,) = only(c.Unheeded, commands)
    return [denied.limit for denied in answer.denied]


def settled(run: Run, order: ChildOrder, filled: str, price: str | None = None) -> Commands:
    return run.people(settle_unknown(order.client_id, filled, price))


def after(run: Run, order: ChildOrder) -> tuple[Decimal, bool, Decimal]:
    """What the leg sold, whether the order is done with, and what is still frozen."""
    known = run.state.ended.get(order.client_id)
    over = known is not None and known.state in (OrderState.SETTLED, OrderState.ABSENT)
    return run.state.legs[ONE].sold, over, run.state.committed_of(BTC)


# An order


@pytest.mark.parametrize("filled", ["1", "2.5"])
def test_what_a_paper_proves_of_an_unknown_order_is_booked_and_the_order_is_over(filled: str) -> None:
    run, order = lost()
    (booked,) = only(c.Book, settled(run, order, filled, "99.90"))
    assert (booked.fill.quantity, booked.fill.price, booked.order) == (d(filled), d("99.90"), order)
    assert after(run, order) == (d(filled), True, 0)


def test_a_paper_that_proves_that_nothing_was_sold_frees_the_quantity() -> None:
    run, order = lost()
    commands = settled(run, order, "0")
    assert (only(c.Book, commands), only(c.Unheeded, commands)) == ([], [])
    assert after(run, order) == (0, True, 0)


def test_what_was_free_again_is_sold_under_a_new_name() -> None:
    run, order = lost()
    settled(run, order, "1", "99.90")
    (next_one,) = placed(run.due("00:00:20"))
    assert (next_one.quantity, next_one.client_id) == (d("1.5"), name(attempt=2))


def test_the_paper_tells_all_that_was_ever_sold_and_what_was_known_is_not_counted_twice() -> None:
    """The stream told of 1; the venue says the order is over with 2, and can't show the rest."""
    run = Run().ready()
    (order,) = placed(run.due("00:00"))
    run.fill(order, "1")
    run.report(order, r.OrderStatus.CANCELLED, "2")
    (booked,) = only(c.Book, settled(run, order, "2", "99.90"))
    assert booked.fill.quantity == 1
    assert after(run, order) == (2, True, 0)


def test_a_paper_that_proves_only_what_is_known_needs_no_price() -> None:
    run = Run().ready()
    (order,) = placed(run.due("00:00"))
    run.fill(order, "1")
    run.report(order, r.OrderStatus.CANCELLED, "2")
    assert only(c.Unheeded, settled(run, order, "1")) == []
    assert after(run, order) == (1, True, 0)


def test_what_a_paper_proved_is_for_leg_two_to_sell_net_of_the_fee() -> None:
    run, order = lost()
    run.people(settle_unknown(order.client_id, "2", "100", fee=Amount(d("0.5"), USDT)))
    assert run.state.legs[TWO].total == d("199.5")
    assert set(run.state.ledger.trial().values()) == {0}


@pytest.mark.parametrize(
    ("filled", "price", "why"),
    [
        ("1", None, "price"),
        ("1", "0", "price"),
        ("0", "99.90", "price"),
        ("2.6", "99.90", "filled"),
        ("-1", None, "filled"),
    ],
)
def test_what_can_not_be_of_this_order_is_refused_and_its_quantity_stays_frozen(
    filled: str, price: str | None, why: str
) -> None:
    run, order = lost()
    assert against(settled(run, order, filled, price)) == [why]
    assert after(run, order) == (0, False, d("2.5"))


@pytest.mark.parametrize("number", ["NaN", "sNaN", "Infinity"])
def test_what_is_no_number_is_refused(number: str) -> None:
    """A paper is text that people signed: whatever it says, the row that holds it can be folded."""
    run, order = lost()
    assert against(settled(run, order, "1", number)) != []
    assert against(settled(run, order, number, "99.90")) != []


def test_less_than_the_venue_told_of_is_refused() -> None:
    run = Run().ready()
    (order,) = placed(run.due("00:00"))
    run.fill(order, "1")
    run.report(order, r.OrderStatus.CANCELLED, "2")
    assert against(settled(run, order, "0.5")) == ["filled"]


def test_an_order_that_is_known_to_stand_is_not_settled_by_paper() -> None:
    run = Run().ready()
    (order,) = placed(run.due("00:00"))
    run.answer(order, r.Done())
    assert against(settled(run, order, "1", "99.90")) == ["unknown order"]


def test_an_order_that_is_over_is_not_settled_by_paper() -> None:
    run, order = lost()
    settled(run, order, "1", "99.90")
    assert against(settled(run, order, "1", "99.90")) == ["unknown order"]
    assert run.state.legs[ONE].sold == 1


def test_an_order_that_nobody_sent_is_refused_and_those_that_wait_are_named() -> None:
    run, order = lost()
    (answer,) = only(c.Unheeded, run.people(settle_unknown(ClientOrderId("nobody"), "0")))
    assert answer.denied[0].bound == order.client_id


def test_too_few_names_settle_nothing() -> None:
    run, order = lost(approvals=2)
    wanted = settle_unknown(order.client_id, "1", "99.90")
    assert against(run.people(wanted, agreed=(PersonName("wang"),))) == ["approvals"]
    assert after(run, order) == (0, False, d("2.5"))


def test_the_venues_own_fill_after_a_paper_that_proved_it_halts_the_run_and_is_counted_once() -> None:
    """The same execution is told twice: by people under the paper's name, and by the venue under its own."""
    run, order = lost()
    settled(run, order, "2.5", "99.60")
    fill = run.execution(order, "2.5")
    (halt,) = only(c.Halt, run.told(fill))
    assert fill.trade_id in halt.reason
    assert "by-hand" in halt.reason
    assert run.state.legs[ONE].sold == d("2.5")
    run.survey()
    assert run.state.venues[VENUE].differences == ()


def test_the_venues_own_fill_after_a_paper_that_proved_nothing_is_reality_and_halts_the_run() -> None:
    run, order = lost()
    settled(run, order, "0")
    fill = run.execution(order, "2.5")
    (halt,) = only(c.Halt, run.told(fill))
    assert order.client_id in halt.reason
    assert run.state.legs[ONE].sold == d("2.5")


def test_a_report_of_more_than_the_paper_proved_halts_the_run() -> None:
    """The venue is back, and says that the order was filled, of which the paper knew nothing."""
    run, order = lost()
    settled(run, order, "0")
    (halt,) = only(c.Halt, run.report(order, r.OrderStatus.FILLED, "2.5"))
    assert order.client_id in halt.reason


def test_the_venues_word_that_it_was_as_the_paper_says_changes_nothing() -> None:
    run, order = lost()
    settled(run, order, "1", "99.90")
    assert only(c.Halt, run.report(order, r.OrderStatus.CANCELLED, "1")) == []
    assert run.state.legs[ONE].sold == 1


def test_papers_are_decided_again_from_the_rows_alone() -> None:
    run, order = lost()
    settled(run, order, "1", None)
    settled(run, order, "1", "99.90")
    run.due("00:00:20")
    run.people(explain("0.01"))
    assert again(run) == turned(run)


# A difference


def sold_out(run: Run) -> Run:
    """Every slice and every sweep is filled at once."""
    for second in range(0, 280, 10):
        for order in placed(run.due(f"00:{second // 60:02d}:{second % 60:02d}")):
            run.sold(order)
    return run


def differs(run: Run, units: str, asset: Asset = USDT) -> None:
    """The venue holds so much more or less than anybody can say."""
    run.totals[VENUE, asset] = run.totals.get((VENUE, asset), d("0")) + d(units)


def test_the_difference_that_an_account_shows_is_explained_to_the_unit() -> None:
    run = Run().ready()
    differs(run, "-0.01")
    run.survey()
    assert only(c.Unheeded, run.people(explain("-0.01"))) == []
    run.survey()
    assert run.state.venues[VENUE].differences == ()
    assert set(run.state.ledger.trial().values()) == {0}


@pytest.mark.parametrize(("delta", "asset"), [("-0.02", USDT), ("0.01", USDT), ("-0.01", BTC), ("0", USDT)])
def test_any_other_difference_is_refused_and_the_one_that_is_there_is_named(delta: str, asset: Asset) -> None:
    run = Run().ready()
    run.survey(USDT="-0.01")
    (answer,) = only(c.Unheeded, run.people(explain(delta, asset)))
    assert [(denied.limit, denied.bound) for denied in answer.denied] == [("difference", "-0.01 USDT")]


def test_a_venue_that_shows_none_has_none_to_explain() -> None:
    assert against(Run().ready().people(explain("-0.01"))) == ["difference"]


def test_of_two_differences_only_the_one_is_explained() -> None:
    run = Run().ready()
    differs(run, "-0.01")
    differs(run, "0.5", BTC)
    run.survey()
    run.people(explain("-0.01"))
    run.survey()
    assert [(one.asset, one.delta) for one in run.state.venues[VENUE].differences] == [(BTC, d("0.5"))]


def test_a_run_that_differed_and_was_explained_in_time_ends_done() -> None:
    """Nothing had halted it yet: the account was read twice."""
    run = sold_out(Run().ready())
    differs(run, "-0.01")
    run.survey()
    run.survey()
    run.people(explain("-0.01"))
    run.survey()
    run.survey()
    assert run.state.finished == "done"


def test_a_difference_that_was_explained_can_not_be_explained_again() -> None:
    run = Run().ready()
    differs(run, "-0.01")
    run.survey()
    run.people(explain("-0.01"))
    assert against(run.people(explain("-0.01"))) == ["difference"]


def test_too_few_names_explain_nothing() -> None:
    run = Run(opened(approvals=2)).ready()
    run.survey(USDT="-0.01")
    assert against(run.people(explain("-0.01"), agreed=())) == ["approvals"]


def ended_unresolved() -> Run:
    """Everything is sold, 0.01 USDT are missing in every reading, and the run was closed on it."""
    run = sold_out(Run().ready())
    differs(run, "-0.01")
    for _ in range(6):
        run.survey()
    assert run.state.finished == "unresolved"
    run.feed(Closed(run.now, "unresolved", 0, 1))  # type: ignore[arg-type]
    return run


def test_a_run_that_ended_on_a_difference_waits_for_people_once_it_is_continued() -> None:
    """Its account is read again before anything is believed; it does not end in the very turn in which it began."""
    run = ended_unresolved()
    assert only(c.Finish, run.restart(2)) == []


def test_a_run_that_ended_on_a_difference_and_is_explained_ends_done_once_people_let_it() -> None:
    """A difference at rest halted it, so a go-on belongs to it."""
    run = ended_unresolved()
    run.restart(2)
    run.people(explain("-0.01"))
    run.people(GoOn(Scope.RUN))
    run.stream(up=True)
    run.survey()
    run.survey()
    assert run.state.finished == "done"
