"""The desk of a running engine: a row that nobody proves never breaks it, and every stop reaches the core."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.core.state import Shipment
from engine.drivers.casebook import CaseBook
from engine.drivers.desk import Desk
from engine.events import CaseChanged, Instructed
from engine.kernel.errors import BadInput, Mistake
from engine.kernel.ids import RunId
from engine.mandate.instructions import GoOn, Scope
from engine.mandate.people import People
from engine.mandate.standing import CaseStanding
from engine.mandate.statements import CaseOpened, Declined, Form, Held, Seen, Stopped, Why
from engine.mandate.statements import DepositPosted as Posted
from engine.orders.tranche import Tranche, TrancheId
from tests.support.builders import BTC, START, USD, VENUE, d, opened
from tests.support.by_hand import Run
from tests.support.people import CASE, NOON, people, signed, statement
from tests.unit.compose.test_approval_doubts import Case

RUN = RunId("SHORT-1.1")
DOCUMENT = "ab" * 32
HELD, STOP = Held(document_sha256=DOCUMENT), Stopped(run=RUN, scope="venue", name=VENUE)
TOP_UP = Posted(amount=d("100"), currency=USD, form=Form.CASH, document_sha256=DOCUMENT)
FEW = people("li", "wang", "chen", "gao")


@pytest.fixture
def case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Case:
    monkeypatch.setenv("STEELYARD_WITNESS", str(tmp_path / "witness"))
    made = Case(tmp_path)
    made.say("gao", CaseOpened(authority="Village police", document_sha256=DOCUMENT))
    return made


def changes(case: Case, desk: Desk) -> list[CaseStanding]:
    return [event.standing for event in case.hears(desk) if isinstance(event, CaseChanged)]


def forged(case: Case, says: Any) -> None:
    """A row in the officer's name, signed by somebody else, and chained on by hand."""
    book = case.book()
    book.patient = True
    with book._writing():
        book._append(signed(statement("gao", says, at=case.now), key="li"))


def declined(case: Case) -> list[Why]:
    return [entry.why for _, _, entry in case.book(people()).rows() if isinstance(entry, Declined)]


def test_what_somebody_unknown_says_is_left_out_and_put_on_record_once(case: Case) -> None:
    desk, state = case.desk(book=case.book(FEW)), Run().state
    case.say("sun", TOP_UP)
    for _ in range(3):
        assert changes(case, desk) == []
        desk.flat(state, case.now)
    assert declined(case) == [Why.NO_ROLE]


def test_what_somebody_unknown_said_counts_once_the_people_s_file_names_them(case: Case) -> None:
    now = [FEW]
    desk = case.desk(book=case.book(lambda: now[0]))
    case.say("sun", TOP_UP)
    assert changes(case, desk) == []
    now[0] = people()
    assert [standing.deposit for standing in changes(case, desk)] == [{USD: d("100")}]
    assert changes(case, desk) == []


def test_a_forged_deposit_counts_for_nothing_and_a_forged_hold_stops_all_the_same(case: Case) -> None:
    desk = case.desk()
    forged(case, TOP_UP)
    assert changes(case, desk) == []
    forged(case, HELD)
    assert [bool(standing.held) for standing in changes(case, desk)] == [True]


def test_a_people_s_file_that_can_not_be_read_puts_papers_off_and_no_stop(case: Case) -> None:
    """Its text is replaced, and its signature is not yet."""
    broken = list[Mistake]()

    def known() -> People:
        if broken:
            raise BadInput(broken)
        return people()

    desk = case.desk(book=case.book(known))
    paper = case.asks(GoOn(Scope.RUN), "wang", "chen")
    broken.append(Mistake("people", "is not signed"))
    case.say("he", STOP)
    assert [event.instruction.name for event in case.hears(desk) if isinstance(event, Instructed)] == [VENUE]
    assert desk.wanted(case.now) == []
    broken.clear()
    assert [event.paper_sha256 for event in case.hears(desk) if isinstance(event, Instructed)] == [paper]


def test_a_book_from_a_backup_has_forgotten_a_hold_and_sets_nothing_free(case: Case) -> None:
    before = case.book().path.read_bytes()
    case.say("gao", HELD)
    desk = case.desk()
    (held,) = changes(case, desk)
    case.book().path.write_bytes(before)
    assert held.held
    assert changes(case, desk) == []
    assert changes(case, case.desk(told=held)) == []


def test_a_stop_that_was_journaled_is_not_told_again_and_one_that_was_not_is(case: Case) -> None:
    """A paper behind it was journaled, so the last row that was heard says nothing of it."""
    case.say("he", STOP)
    ((stop),) = case.hears(case.desk())
    assert isinstance(stop, Instructed)
    told = Desk(case.book(), RUN, CaseStanding(), 9, {stop.paper_sha256})
    untold = Desk(case.book(), RUN, CaseStanding(), 9, set())
    assert (case.hears(told), len(case.hears(untold))) == ([], 1)


def seen(case: Case) -> list[bool]:
    """Of each row by which the engine spoke of the stop: was it flat?"""
    return [entry.flat is not None for _, _, entry in case.book().rows() if isinstance(entry, Seen)]


@pytest.mark.parametrize("says", [HELD, STOP])
def test_nothing_is_called_flat_before_the_core_has_taken_the_stop_in(case: Case, says: Held | Stopped) -> None:
    """Between the look and the turn an order may still be decided."""
    desk, run = case.desk(), Run(opened(run=RUN)).ready()
    case.say("he", says)
    heard = case.hears(desk)
    desk.flat(run.state, case.now)
    assert seen(case) == [False]
    for event in heard:
        run.feed(event)
    run.survey()
    desk.flat(run.state, case.now)
    assert seen(case) == [False, True]


def test_nothing_is_called_flat_while_the_custodian_may_still_send(case: Case) -> None:
    desk, run = case.desk(), Run(opened(run=RUN)).ready()
    case.say("he", HELD)
    for event in case.hears(desk):
        run.feed(event)
    run.survey()
    name = TrancheId("t")
    asked = Tranche(id=name, asset=BTC, quantity=d("1"), venue=VENUE, account="main", asked_at=START)
    run.state.shipments[name] = Shipment(asked)
    desk.flat(run.state, case.now)
    assert seen(case) == [False]
    del run.state.shipments[name]
    desk.flat(run.state, case.now)
    assert seen(case) == [False, True]


def test_what_can_not_be_noted_now_is_noted_later(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody else keeps the book locked; the core has heard of the hold all the same."""
    desk, run = case.desk(), Run(opened(run=RUN)).ready()
    case.say("he", HELD)
    monkeypatch.setattr("engine.drivers.witness.PATIENCE_S", 0.0)
    other: Callable[..., Any] = CaseBook(case.home, "sandbox", CASE, people(), wall=lambda: NOON)._writing
    with other():
        assert len(case.hears(desk)) == 1
        desk.flat(run.state, case.now)
    desk.flat(run.state, case.now)
    assert seen(case) == [False]
