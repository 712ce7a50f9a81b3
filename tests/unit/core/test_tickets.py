"""A deal struck by voice: it passes the gate like an order, is booked, and feeds leg two like any sale."""

from typing import Any

import pytest
from msgspec.structs import replace

from engine.events import Opened
from engine.kernel.clock import MINUTE, Instant, Span
from engine.kernel.ids import PersonName, VenueName, parse_client_order_id
from engine.kernel.money import ZERO, Amount, Asset
from engine.mandate.terms import Deadline, Floor, FloorScope, Holding
from engine.orders import commands as c
from engine.orders.events import Wish
from tests.support.builders import (
    BTC,
    LICENCE,
    ONE,
    START,
    TWO,
    USDT,
    VENUE,
    d,
    leg_one,
    leg_two,
    limits,
    opened,
    plan,
    terms,
    ticket,
)
from tests.support.by_hand import Commands, Run, again, only, placed, turned

OTHER = VenueName("osl")


def idle(first: Opened | None = None) -> Run:
    """A run that has looked at its books and whose first order found no buyer."""
    run = Run(first).ready()
    for order in placed(run.due("00:00")):
        run.expired(order)
    return run


def dealt(run: Run, agreed: tuple[str, ...] = ("wang", "chen"), **changes: Any) -> Commands:
    """A ticket, and the desk settles it on our account."""
    deal = ticket(**changes)
    commands = run.people(deal, agreed=tuple(PersonName(name) for name in agreed))
    if only(c.Book, commands):
        for asset, units in (
            (deal.sell, -deal.quantity),
            (deal.buy, deal.quantity * deal.price),
            (deal.fee.asset, -deal.fee.units),
        ):
            run.totals[deal.venue, asset] = run.totals.get((deal.venue, asset), ZERO) + units
    return commands


def against(commands: Commands) -> list[str]:
    """The limits that spoke against it; it must not have been booked."""
    assert only(c.Book, commands) == []
    (answer,) = only(c.Unheeded, commands)
    return [denied.limit for denied in answer.denied]


# Booked


def test_a_deal_within_the_mandate_is_booked_in_the_turn_in_which_it_was_asked_for() -> None:
    run = idle()
    (booked,) = only(c.Book, dealt(run))
    assert (booked.fill.quantity, booked.fill.price, booked.fill.trade_id) == (1, d("99.90"), "OTC-1")
    assert booked.order.sell == BTC


def test_a_booked_deal_carries_the_limits_that_it_was_held_against() -> None:
    (booked,) = only(c.Book, dealt(idle()))
    held = {check.limit for check in booked.checks}
    assert {"running", "deadline", "venue allowed", "venue licensed", "path class", "path edge"} <= held
    assert {"mandate quantity", "plan quantity", "on the account", "reference", "collar", "depeg"} <= held


def test_what_was_dealt_counts_as_sold() -> None:
    run = idle()
    dealt(run)
    leg = run.state.legs[ONE]
    assert (leg.sold, leg.proceeds, leg.fills) == (1, d("99.90"), 1)


def test_the_books_balance_and_agree_with_the_account() -> None:
    run = idle()
    dealt(run, fee=Amount(d("0.25"), USDT))
    run.survey()
    assert set(run.state.ledger.trial().values()) == {0}
    assert run.state.venues[VENUE].differences == ()


def test_the_proceeds_net_of_the_fee_are_for_leg_two_to_sell() -> None:
    run = idle()
    dealt(run, quantity=d("3"), fee=Amount(d("0.25"), USDT))
    assert run.state.legs[TWO].total == d("299.45")
    (swept,) = [order for order in placed(run.due("00:00:20")) if order.leg == TWO]
    assert swept.quantity == d("299.45")


def test_the_schedule_sells_so_much_less() -> None:
    """2.5 were due, and 2 were dealt."""
    run = idle()
    dealt(run, quantity=d("2"))
    (order,) = [order for order in placed(run.due("00:00:20")) if order.leg == ONE]
    assert order.quantity == d("0.5")


def test_a_deal_has_a_name_that_no_order_of_a_schedule_has() -> None:
    run = idle()
    first, second = (
        only(c.Book, dealt(run, ticket=number, document_sha256=digit * 64))[0].order
        for number, digit in (("OTC-1", "1"), ("OTC-2", "2"))
    )
    names = [parse_client_order_id(order.client_id) for order in (first, second)]
    assert all(name is not None and name.slice == 999_999 for name in names)
    assert first.client_id != second.client_id


def test_a_deal_that_comes_long_after_the_last_decision_is_judged_by_fresh_books() -> None:
    """Five minutes between two slices: the last books are too old, and the next ones come with a decision soon."""
    run = idle(opened(limits=limits(reconcile_every=Span(60 * MINUTE))))
    run.later(300)
    answers = [*dealt(run), *run.due("00:05:02")]
    assert [booked.fill.trade_id for booked in only(c.Book, answers)] == ["OTC-1"]


def test_what_paces_orders_in_a_book_is_no_measure_for_a_deal() -> None:
    """A share of the volume, notionals and numbers of orders, and the size of an order."""
    tight = limits(order_notional_max=d("10"), minute_notional_max=d("10"), minute_orders_max=1)
    run = Run(opened(limits=tight, plan=plan(leg_one(participation_max=d("0.01")), leg_two()))).ready()
    run.due("00:00")
    assert len(only(c.Book, dealt(run, quantity=d("5")))) == 1


def test_a_deal_may_be_struck_while_the_stream_is_down() -> None:
    """It does not stand on our reading of the account."""
    run = idle()
    run.stream(up=False)
    assert len(only(c.Book, dealt(run))) == 1


# Outside


def test_more_than_the_mandate_released_is_refused() -> None:
    assert {"mandate quantity", "plan quantity"} <= set(against(dealt(idle(), quantity=d("10.001"))))


def test_what_is_committed_to_an_order_can_not_be_dealt_as_well() -> None:
    """2.5 of 10 may be working: nobody knows."""
    run = Run(opened(terms=terms(stables=(replace(terms().stables[0], inventory_max=d("5000")),)))).ready()
    (order,) = placed(run.due("00:00"))
    run.unanswered(order)
    assert against(dealt(run, quantity=d("7.6"))) == ["mandate quantity", "plan quantity", "on the account"]
    assert len(only(c.Book, dealt(run, quantity=d("7.5")))) == 1


@pytest.mark.parametrize("quantity", ["0", "-1"])
def test_nothing_and_less_than_nothing_is_no_deal(quantity: str) -> None:
    run = idle()
    commands = dealt(run, quantity=d(quantity))
    assert only(c.Book, commands) == []
    assert len(only(c.Unheeded, commands)) == 1


@pytest.mark.parametrize(
    ("sell", "buy"), [("BTC", "USD"), ("USDT", "BTC"), ("USD", "USDT"), ("ETH", "USDT"), ("BTC", "USDC")]
)
def test_a_deal_along_another_path_is_refused(sell: str, buy: str) -> None:
    assert against(dealt(idle(), sell=Asset(sell), buy=Asset(buy))) == ["ticket"]


def test_a_deal_at_a_venue_of_no_leg_is_refused() -> None:
    assert against(dealt(idle(), venue=OTHER)) == ["ticket"]


def test_a_deal_at_a_venue_without_a_licence_is_refused() -> None:
    run = Run(opened(licences={OTHER: LICENCE}))
    run.restart(1)
    run.due("00:00")
    assert against(dealt(run)) == ["venue licensed"]


def test_a_deal_below_the_collar_is_refused() -> None:
    """40 bp under a mid of 100."""
    assert against(dealt(idle(), price=d("99.59"))) == ["collar"]
    assert len(only(c.Book, dealt(idle(), price=d("99.60")))) == 1


def test_a_deal_below_the_floor_is_refused() -> None:
    floor = Floor(d("99.80"), USDT, FloorScope.FILL)
    holding = Holding(BTC, d("10"), d("10"), floor, None)
    run = idle(opened(terms=terms(holdings=(holding,)), plan=plan(leg_one(floor=floor), leg_two())))
    assert against(dealt(run, price=d("99.79"))) == ["floor"]
    assert len(only(c.Book, dealt(run, price=d("99.80")))) == 1


def test_a_deal_that_makes_more_stablecoin_than_may_wait_is_refused() -> None:
    """1000 may wait."""
    little = idle(opened(limits=limits(order_notional_max=d("5000"))))
    assert against(dealt(little, quantity=d("9.99"), price=d("100.20"))) == ["stable inventory"]


def test_a_deal_after_the_deadline_is_refused() -> None:
    run = idle(opened(plan=replace(plan(), deadline=Deadline(after=Span(MINUTE)))))
    run.unanswered(placed(run.due("00:00:30"))[0])
    run.due("00:01")
    assert "deadline" in against(dealt(run))


@pytest.mark.parametrize("how", [{"held": "court order 7"}, {"suspended": "stocktaking"}])
def test_no_deal_while_the_case_is_held(how: dict[str, str]) -> None:
    run = idle()
    run.case(**how)
    assert against(dealt(run)) == ["running"]


def test_no_deal_after_a_halt() -> None:
    run = Run().ready()
    run.unanswered(placed(run.due("00:00"))[0])
    run.asked(Wish.HALT)
    assert "running" in against(dealt(run))


def test_too_few_names_are_no_deal() -> None:
    assert against(dealt(idle(opened(approvals=2)), agreed=("wang",))) == ["approvals"]


def test_a_deal_is_booked_once_whoever_types_it_again() -> None:
    run = idle()
    dealt(run)
    assert against(dealt(run)) == ["ticket"]
    assert against(dealt(run, price=d("99.95"), document_sha256="e" * 64)) == ["ticket"]
    assert run.state.legs[ONE].sold == 1


def test_two_deals_are_two() -> None:
    run = idle()
    dealt(run)
    dealt(run, ticket="OTC-2", document_sha256="e" * 64)
    assert run.state.legs[ONE].sold == 2


def test_what_was_refused_may_be_dealt_again_with_what_was_wrong_put_right() -> None:
    run = idle()
    assert against(dealt(run, price=d("90"))) == ["collar"]
    assert len(only(c.Book, dealt(run))) == 1


def test_a_deal_from_before_the_run_is_in_its_opening_balances_and_is_refused() -> None:
    run = idle()
    commands = dealt(run, dealt_at=Instant(START - MINUTE))
    assert only(c.Book, commands) == []
    assert len(only(c.Unheeded, commands)) == 1


def test_deals_are_decided_again_from_the_rows_alone() -> None:
    run = idle()
    dealt(run, quantity=d("2"))
    dealt(run)
    for order in placed(run.due("00:00:20")):
        run.sold(order)
    run.due("00:01")
    assert again(run) == turned(run)
