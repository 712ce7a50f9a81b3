"""Doubts about what people decide and who is told of it: book, desk, register, and a run that is opened again."""

import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from engine.compose import approving, noting, running
from engine.compose.session import settle
from engine.core.exposure import exposed
from engine.drivers.casebook import CaseBook, NotCounted
from engine.drivers.desk import Desk
from engine.drivers.recovery import restart
from engine.drivers.register import CaseRegister, Refusal
from engine.events import CaseChanged, Closed, Instructed
from engine.kernel.clock import MINUTE, Instant
from engine.kernel.errors import BadInput
from engine.kernel.ids import CaseId, RunId
from engine.mandate.approvals import Agreed
from engine.mandate.case import standing
from engine.mandate.instructions import By, ExplainDifference, Finish, GoOn, Instruction, Paper, Scope
from engine.mandate.numbers import Use, numbers
from engine.mandate.people import People
from engine.mandate.standing import CaseStanding
from engine.mandate.statements import CaseOpened, Declined, Held, Lifted, Proposed, Stopped, Why
from engine.mandate.terms import Holding
from engine.orders import reports as r
from engine.orders.events import Asked, Wish
from tests.support import casefiles
from tests.support.builders import BTC, TWO, USD, USDT, VENUE, d, leg_one, leg_two, opened, plan, terms
from tests.support.by_hand import Run, placed
from tests.support.office import make_keys
from tests.support.people import CASE, NAME, NOON, agrees, people, proposed, signed, statement

RUN, LATER = RunId("SHORT-1.1"), RunId("SHORT-1.2")
DOCUMENT = "ab" * 32


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_keys(tmp_path_factory.mktemp("keys"))


class Case:
    """A state folder with a case's book, a witness outside it, and a clock that stands still until it is moved."""

    def __init__(self, folder: Path) -> None:
        self.home, self.now = folder / "state", NOON

    def book(self, known: People | Callable[[], People] | None = None) -> CaseBook:
        return CaseBook(self.home, "sandbox", CASE, known or people(), wall=lambda: self.now)

    def say(self, by: str, says: Any, known: People | None = None) -> int:
        book = self.book(known)
        try:
            return book.say(signed(statement(by, says, at=self.now)))
        finally:
            book.close()

    def asks(self, instruction: Instruction, *agreeing: str, run: RunId = RUN) -> str:
        """li asks for it; they agree. The paper's name."""
        paper = Paper(run=run, number=len(self.book().docket.papers), instruction=instruction)
        self.say("li", proposed(str(instruction.__struct_config__.tag), paper.text, run))
        for name in agreeing:
            self.say(name, agrees(paper=paper.sha256))
        return paper.sha256

    def desk(self, heard: int = 0, told: CaseStanding | None = None, book: CaseBook | None = None) -> Desk:
        return Desk(book or self.book(), RUN, told or CaseStanding(), heard)

    def hears(self, desk: Desk) -> list[Instructed | CaseChanged]:
        return desk.look(self.now, self.now)


@pytest.fixture
def case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Case:
    monkeypatch.setenv("STEELYARD_WITNESS", str(tmp_path / "witness"))
    made = Case(tmp_path)
    made.say("gao", CaseOpened(authority="Village police", document_sha256=DOCUMENT))
    return made


# A run that is opened again


def test_a_run_whose_rest_a_later_run_was_granted_is_not_let_go_on(case: Case, tmp_path: Path) -> None:
    """It was halted with one order unknown, so it is `unresolved`; the next run sold what it left."""
    register = CaseRegister(tmp_path / "register")
    for status in ("unresolved", "done"):
        claimed = register.claim("sandbox", CASE, {BTC: d("10")}, tmp_path / status, tmp_path)
        assert not isinstance(claimed, Refusal)
        entered, granted = claimed
        register.update(entered.run, BTC, granted[BTC] if status == "done" else d("0"), d("0"), d("2.5"))
        register.end(entered.run, status)
    first = register.entered("sandbox", CASE)[0]
    case.asks(GoOn(Scope.RUN), "wang", "chen")
    run = Run(opened(approvals=2, run=RUN)).ready()
    (order,) = placed(run.due("00:00"))
    run.unanswered(order)
    run.feed(_halt(run))
    run.due("00:10:02")
    run.feed(Closed(run.now, run.state.finished, 1, 0))  # type: ignore[arg-type]
    assert (first.run, first.status, run.state.closed) == (RUN, "unresolved", "unresolved")
    assert approving.reopens(run.state, case.book())
    spent = running._alone(register, first)  # it may be opened to look
    run.feed(restart(run.state, run.now, spent=spent))
    for event in case.hears(case.desk(heard=run.state.heard)):
        run.feed(event)
    assert run.state.halted, "the go-on sets 7.5 BTC free that a later run was granted"


def _halt(run: Run) -> Any:
    return Asked(run.now, Wish.HALT, "operator")


def test_what_a_run_brought_counts_once_when_it_is_opened_again(case: Case) -> None:
    """The book has its proceeds from its first end; its own state has them too."""
    run = Run(opened(run=RUN)).ready()
    for when in ("00:00", "00:00:10"):
        for order in placed(run.due(when)):
            run.sold(order)
    before = exposed(run.state)[USD]
    run.state.closed = "unresolved"
    case.say("gao", replace(casefiles.lot("A", "10"), documents=(DOCUMENT,)))
    case.say("gao", casefiles.released("A", "10"))
    book = case.book()
    noting.begin(book, RUN, {BTC: d("10")})
    noting.end(book, run.state)
    (changed,) = [e for e in case.hears(case.desk()) if isinstance(e, CaseChanged)]
    run.feed(changed)
    assert before > 0
    assert exposed(run.state)[USD] == before


# Whoever speaks while an engine runs


def test_somebody_who_is_named_while_the_run_goes_on_can_hold_the_case(case: Case) -> None:
    """The engine has kept its book open for days, as `running` opens it; the people file was signed anew."""
    few = people("li", "wang", "chen", "gao")
    desk = case.desk(book=case.book(few))
    case.hears(desk)
    case.say("he", Held(document_sha256=DOCUMENT), known=people())
    heard = case.hears(desk)
    assert [e.standing.held != "" for e in heard if isinstance(e, CaseChanged)] == [True]


def test_a_hold_in_a_book_that_came_back_from_a_backup_is_heard(case: Case) -> None:
    """Nothing may be approved by such a book, and everybody may stop by it."""
    case.say("li", proposed())
    path = case.book().path
    shutil.copy(path, path.with_suffix(".copy"))
    case.say("wang", agrees())
    case.say("chen", agrees())
    desk = case.desk()
    case.hears(desk)
    path.with_suffix(".copy").replace(path)
    case.say("gao", Held(document_sha256=DOCUMENT))
    heard = case.hears(desk)
    assert [e.standing.held != "" for e in heard if isinstance(e, CaseChanged)] == [True]


def test_a_paper_by_a_restored_book_is_declined_once_and_not_at_every_look(case: Case) -> None:
    path = case.book().path
    case.asks(GoOn(Scope.VENUE, "osl"), "wang", "chen")
    shutil.copy(path, path.with_suffix(".copy"))
    case.say("li", proposed())
    path.with_suffix(".copy").replace(path)
    desk = case.desk()
    for _ in range(10):
        case.hears(desk)
    assert len(case.book().rows()) <= 6, "four rows a second, as long as the engine runs"


def test_a_stop_of_something_that_is_no_scope_does_not_end_the_engine(case: Case) -> None:
    """Signed by one person, and written by another version of the command line: this one would have refused it."""
    said = signed(statement("he", Stopped(run=RUN, scope="leg", name="1"), at=case.now))
    book = case.book()
    with book._writing():
        book._append(said)
    desk = case.desk()
    assert case.hears(desk) == []
    desk.flat(Run().state, case.now)
    assert [e.why for _, _, e in case.book().rows() if isinstance(e, Declined)] == [Why.OUTSIDE]


def test_a_paper_that_was_taken_and_not_journaled_is_heard_whatever_else_was_agreed_meanwhile(case: Case) -> None:
    """A was proposed before B; B was agreed on and taken, and the process died. A was agreed on while nobody ran."""
    first = case.asks(Finish(By.SWEEP), "wang")
    wanted = ExplainDifference(venue=VENUE, asset=USDT, delta=d("1"), document_sha256=DOCUMENT)
    second = case.asks(wanted, "wang", "chen")
    dead = case.desk()
    assert [e.paper_sha256 for e in case.hears(dead) if isinstance(e, Instructed)] == [second]
    case.say("chen", agrees(paper=first))
    heard = [e.paper_sha256 for e in case.hears(case.desk()) if isinstance(e, Instructed)]
    assert sorted(heard) == sorted([first, second]), "B was used up, and no run ever hears of it"


# Papers


def test_a_run_that_is_halted_twice_can_be_let_go_on_twice(case: Case) -> None:
    """Or a venue that is stopped twice; the second paper has the bytes of the first."""
    name = case.asks(GoOn(Scope.RUN), "wang", "chen")
    case.book().take(name, RUN)
    case.now = Instant(NOON + MINUTE)
    again = case.asks(GoOn(Scope.RUN), "wang", "chen")
    assert isinstance(case.book().agreed(again), Agreed)


def test_what_a_paper_is_called_does_not_change_who_may_agree_to_it(case: Case) -> None:
    """A trader calls a go-on a release; for releases the officer counts as an approver."""
    paper = Paper(run=RUN, instruction=GoOn(Scope.RUN))
    case.say("li", Proposed(kind="release", run=RUN, paper=paper.text))
    case.say("wang", agrees(paper=paper.sha256))
    with pytest.raises(NotCounted):
        case.say("gao", agrees(paper=paper.sha256))
    assert case.hears(case.desk()) == [] or not [e for e in case.hears(case.desk()) if isinstance(e, Instructed)]


def test_two_copies_of_a_state_folder_can_not_both_use_one_approval_at_once(
    case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second takes it while the first stands between its look at the witness and its row."""
    case.say("li", proposed())
    case.say("wang", agrees())
    case.say("chen", agrees())
    shutil.copytree(case.home, tmp_path / "copy")
    here, there = case.book(), CaseBook(tmp_path / "copy", "sandbox", CASE, people(), wall=lambda: NOON)
    monkeypatch.setattr("engine.drivers.witness.PATIENCE_S", 0.01)
    ordinary, used = CaseBook._append, list[str]()

    def append(book: CaseBook, entry: Any) -> int:
        if book is here and not used:
            used.append("there")
            with suppress(BadInput):
                there.take(NAME, LATER)
                used.append("twice")
        return ordinary(book, entry)

    monkeypatch.setattr(CaseBook, "_append", append)
    with suppress(BadInput):
        here.take(NAME, RUN)
        used.append("here")
    assert "twice" not in used or "here" not in used


def test_one_order_of_a_court_lifts_one_hold() -> None:
    """Two courts hold the case, and one lifts: the same paper, said twice, lifts the other court's hold as well."""
    book = casefiles.Book()
    book.says(Held(document_sha256="aa" * 32))
    book.says(Held(document_sha256="bb" * 32))
    for _ in range(2):
        book.says(Lifted(document_sha256="cc" * 32))
    assert standing(book.case).held


# Numbers


def test_seized_stablecoin_that_is_sold_with_what_leg_one_brought_still_adds_up(tmp_path: Path) -> None:
    """100 USDT were seized; the sweep sells 250 at once, of which 150 came from leg one."""
    of = terms(holdings=(Holding(BTC, d("10"), d("10"), None, None), Holding(USDT, d("100"), d("100"), None, None)))
    held = {VENUE: (r.Balance(BTC, d("10"), d("0")), r.Balance(USDT, d("100"), d("0")))}
    run = Run(
        opened(
            run=RunId("PSB-7.1"),
            case=CaseId("PSB-7"),
            terms=of,
            balances=held,
            plan=plan(leg_one(), leg_two(quantity=d("100"))),
        )
    ).ready()
    register = CaseRegister(tmp_path)
    released = {BTC: d("10"), USDT: d("100")}
    claimed = register.claim("sandbox", CaseId("PSB-7"), released, tmp_path / "run", tmp_path)
    assert not isinstance(claimed, Refusal)
    register.begin(claimed[0].run)
    (order,) = placed(run.due("00:00"))
    run.sold(order)
    (swept,) = [o for o in placed(run.due("00:00:10")) if o.leg == TWO]
    assert swept.quantity > 100
    settle(register, run.state)
    book = casefiles.Book(
        casefiles.lot("A", "10"),
        casefiles.released("A", "10"),
        casefiles.lot("B", "100", asset=USDT),
        casefiles.released("B", "100"),
    )
    book.says(casefiles.began("PSB-7.1", "100", asset=USDT))
    uses = [
        Use(run=t.run, asset=t.asset, granted=t.granted, sold=t.sold, working=t.working, unknown=t.unknown)
        for t in register.takings("sandbox", CaseId("PSB-7"))
        if t.asset == USDT
    ]
    assert sum(numbers(book.case, uses)[USDT].places.values()) == 100
