"""One person stops a venue, an asset or one order; several let it go on."""

import pytest
from msgspec.structs import replace

from engine.core.pursuing import Method
from engine.kernel.clock import SECOND, Span
from engine.kernel.ids import PersonName, VenueName
from engine.mandate.instructions import GoOn, Scope, Stop
from engine.orders import commands as c
from engine.orders import reports as r
from engine.orders.order import ChildOrder
from strategies.tactics.peg import Peg
from tests.support.builders import (
    BTC,
    CAPABILITIES,
    COIN,
    LICENCE,
    ONE,
    STABLE,
    TWO,
    USDT,
    VENUE,
    d,
    leg_one,
    leg_two,
    methods,
    opened,
    plan,
    report,
    terms,
)
from tests.support.by_hand import Commands, Run, again, only, placed, turned

OTHER = VenueName("osl")


def alone(run: Run, scope: Scope, name: str) -> Commands:
    """Nobody but li says so."""
    return run.people(Stop(scope, name), agreed=())


def goes_on(run: Run, scope: Scope, name: str = "", agreed: tuple[str, ...] = ("wang", "chen")) -> Commands:
    return run.people(GoOn(scope, name), agreed=tuple(PersonName(each) for each in agreed))


def waiting() -> tuple[Run, ChildOrder]:
    """Leg one's first slice waits at one of two venues: the other's book is dark at first. Two people have to agree."""
    coin, stable = replace(COIN, venue=OTHER), replace(STABLE, venue=OTHER)
    both = (VENUE, OTHER)
    first = opened(
        terms=terms(venues=both),
        plan=plan(leg_one(instruments=(COIN, coin)), leg_two(instruments=(STABLE, stable))),
        licences={venue: replace(LICENCE, venue=venue) for venue in both},
        capabilities=dict.fromkeys(both, CAPABILITIES),
        balances={venue: (r.Balance(BTC, d("10"), d("0")),) for venue in both},
        approvals=2,
    )
    peg = Method(methods()[ONE].schedule, Peg(Span(10 * SECOND), Span(0)))
    run = Run(first, methods() | {ONE: peg}).ready()
    run.price("99.99", "100.01", venue=OTHER, live=False)
    (order,) = placed(run.due("00:00"))
    run.price("99.99", "100.01", venue=OTHER)
    run.answer(order, r.Done())
    assert order.venue == VENUE
    return run, order


def cancelled(commands: Commands) -> list[str]:
    return [cancel.client_id for cancel in only(c.Cancel, commands)]


def gone(run: Run, order: ChildOrder, filled: str = "0") -> None:
    run.report(order, r.OrderStatus.CANCELLED, filled)


def unheeded(commands: Commands) -> list[list[str]]:
    return [[denied.limit for denied in one.denied] for one in only(c.Unheeded, commands)]


# A venue


def test_a_stopped_venue_loses_its_orders_at_once_and_the_other_goes_on() -> None:
    run, order = waiting()
    assert cancelled(alone(run, Scope.VENUE, VENUE)) == [order.client_id]
    gone(run, order)
    sent = [other for when in ("00:00:20", "00:01", "00:02") for other in placed(run.due(when))]
    assert {other.venue for other in sent} == {OTHER}


def test_a_stopped_venue_that_may_go_on_is_sent_orders_again() -> None:
    run, order = waiting()
    alone(run, Scope.VENUE, VENUE)
    alone(run, Scope.VENUE, OTHER)
    gone(run, order)
    assert placed(run.due("00:00:20")) == []
    assert unheeded(goes_on(run, Scope.VENUE, VENUE)) == []
    assert [other.venue for other in placed(run.due("00:00:30"))] == [VENUE]


def test_a_cancel_of_an_unknown_order_at_a_stopped_venue_keeps_its_quantity_frozen() -> None:
    run, order = waiting()
    lost = replace(order)
    run.restart(2)
    alone(run, Scope.VENUE, VENUE)
    assert run.state.committed_of(BTC) == lost.quantity


# An asset


def test_a_stopped_asset_is_sold_no_more_and_what_it_brought_is_swept() -> None:
    run, order = waiting()
    run.fill(order, "2.4")
    assert cancelled(alone(run, Scope.ASSET, BTC)) == [order.client_id]
    gone(run, order, "2.4")
    sent = [other for when in ("00:00:20", "00:01", "00:02") for other in placed(run.due(when))]
    assert {other.leg for other in sent} == {TWO}


def test_a_stopped_stablecoin_is_not_swept_and_coin_is_still_sold() -> None:
    run, order = waiting()
    alone(run, Scope.ASSET, USDT)
    run.sold(order)
    sent = [other for when in ("00:00:20", "00:01") for other in placed(run.due(when))]
    assert {other.leg for other in sent} == {ONE}


def test_a_stopped_asset_goes_on_at_no_more_than_the_capped_pace() -> None:
    """Stopped for three slices: 10 are lacking, and 5 may be made up."""
    run, order = waiting()
    alone(run, Scope.ASSET, BTC)
    gone(run, order)
    assert placed(run.due("00:03")) == []
    goes_on(run, Scope.ASSET, BTC)
    assert sum(after.quantity for after in placed(run.due("00:03:10"))) == 5


# One order


def test_a_stopped_order_is_cancelled_and_its_slice_is_not_posted_again() -> None:
    run, order = waiting()
    assert cancelled(alone(run, Scope.CHILD, order.client_id)) == [order.client_id]
    gone(run, order)
    assert [placed(run.due(when)) for when in ("00:00:10", "00:00:30", "00:00:59")] == [[], [], []]


def test_the_slice_after_a_stopped_order_goes_on() -> None:
    run, order = waiting()
    alone(run, Scope.CHILD, order.client_id)
    gone(run, order)
    assert {(after.leg, after.slice) for after in placed(run.due("00:01"))} == {(ONE, 1)}


def test_what_a_stopped_order_had_sold_is_kept() -> None:
    run, order = waiting()
    alone(run, Scope.CHILD, order.client_id)
    run.fill(order, "1")
    gone(run, order, "1")
    assert run.state.legs[ONE].sold == 1


def test_an_order_that_was_stopped_while_unknown_is_waited_for() -> None:
    """Nobody knows whether it exists; a stop proves nothing."""
    run = Run().ready()
    (order,) = placed(run.due("00:00"))
    run.unanswered(order)
    assert cancelled(alone(run, Scope.CHILD, order.client_id)) == [order.client_id]
    assert run.state.committed_of(BTC) == d("2.5")
    late = run.execution(order, "2.5")
    run.looked_up(order, r.Found(report(r.OrderStatus.FILLED, "2.5", order), (late,)))
    assert run.state.legs[ONE].sold == d("2.5")


# Who may


@pytest.mark.parametrize(("scope", "name"), [(Scope.VENUE, VENUE), (Scope.ASSET, BTC)])
def test_one_person_is_enough_to_stop_and_too_few_to_go_on(scope: Scope, name: str) -> None:
    run, order = waiting()
    assert unheeded(alone(run, scope, name)) == []
    gone(run, order)
    assert unheeded(goes_on(run, scope, name, agreed=("wang",))) == [["approvals"]]
    assert [o for o in placed(run.due("00:01")) if o.venue == name or o.sell == name] == []


@pytest.mark.parametrize(
    ("scope", "name"), [(Scope.VENUE, "binance"), (Scope.ASSET, "DOGE"), (Scope.CHILD, "nobody"), (Scope.RUN, "")]
)
def test_what_is_not_there_can_not_be_stopped(scope: Scope, name: str) -> None:
    run, _ = waiting()
    assert unheeded(alone(run, scope, name)) == [["stop"]]


@pytest.mark.parametrize(("scope", "name"), [(Scope.VENUE, VENUE), (Scope.ASSET, BTC), (Scope.RUN, "")])
def test_what_was_not_stopped_can_not_go_on(scope: Scope, name: str) -> None:
    run, _ = waiting()
    assert unheeded(goes_on(run, scope, name)) == [["go on"]]


def test_a_stop_is_kept_over_a_restart() -> None:
    run, order = waiting()
    alone(run, Scope.ASSET, BTC)
    gone(run, order)
    run.restart(2)
    for venue in (VENUE, OTHER):
        run.stream(up=True, venue=venue)
        run.survey(venue=venue)
    assert placed(run.due("00:01")) == []


def test_stops_are_decided_again_from_the_rows_alone() -> None:
    run, order = waiting()
    alone(run, Scope.VENUE, VENUE)
    gone(run, order)
    for other in placed(run.due("00:00:30")):
        run.answer(other, r.Done())
        alone(run, Scope.CHILD, other.client_id)
    goes_on(run, Scope.VENUE, VENUE)
    run.due("00:01")
    assert again(run) == turned(run)
