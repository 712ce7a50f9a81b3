"""The book on disk: nothing in it is believed unchecked, two who write at once never fork it, and no backup passes."""

import base64
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from msgspec.structs import replace

from engine.drivers.casebook import CaseBook, NotCounted, cases
from engine.kernel.clock import HOUR, MINUTE, Instant
from engine.kernel.errors import BadInput, Damaged
from engine.kernel.ids import CaseId, RunId
from engine.mandate.approvals import Agreed
from engine.mandate.people import People
from engine.mandate.statements import Declined, Held, RunBegan, Signed, Statement, Stopped, Taken, Why
from tests.support.people import (
    CASE,
    LASTS,
    NAME,
    NOON,
    agrees,
    people,
    person,
    private,
    proposed,
    refuses,
    signed,
    statement,
    withdraws,
)

RUN, OTHER = RunId("SHORT-1.1"), RunId("SHORT-1.2")
STOP = Stopped(run=RUN, scope="venue", name="osl")


class Desk:
    """A state folder, a witness beside it, and a clock that stands still until it is moved."""

    def __init__(self, folder: Path, environment: str = "sandbox") -> None:
        self.home, self.environment = folder / "state", environment
        self._folder = folder
        self.now = NOON

    @property
    def witness(self) -> Path:
        return self._folder / "witness" / f"{self.environment}-{CASE}.json"

    def book(self, known: People | None = None) -> CaseBook:
        return CaseBook(self.home, self.environment, CASE, known or people(), wall=lambda: self.now)

    def signed(self, said: Statement) -> Signed:
        return signed(replace(said, environment=self.environment))

    def says(self, *said: Statement) -> None:
        with closing(self.book()) as book:
            for each in said:
                book.say(self.signed(each))

    def backed_up(self) -> Callable[[], None]:
        """Copies the book; what is returned brings the copy back."""
        path = self.book().path
        copy = path.with_suffix(".copy")
        shutil.copy(path, copy)
        return lambda: shutil.copy(copy, path) and None


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setenv("STEELYARD_WITNESS", str(tmp_path / "witness"))
    return Desk(tmp_path)


@pytest.fixture
def real(desk: Desk) -> Desk:
    """The same in production, where less is forgiven."""
    desk.environment = "production"
    return desk


PROPOSED, WANG, CHEN = statement("li", proposed()), statement("wang", agrees()), statement("chen", agrees())


def changed(path: Path, *commands: str) -> None:
    with closing(sqlite3.connect(path)) as database, database:
        for command in commands:
            database.execute(command)


def test_before_anything_is_said_there_is_no_book(desk: Desk) -> None:
    assert desk.book().rows() == []
    assert cases(desk.home, "sandbox") == []
    assert not desk.home.exists()


def test_what_is_said_is_there_for_everybody_who_looks(desk: Desk) -> None:
    """One keeps the book open, as a running engine does; another writes into it."""
    reader = desk.book()
    assert reader.after(0) == []
    desk.says(PROPOSED)
    desk.now = Instant(NOON + MINUTE)
    desk.says(WANG)
    assert [(seq, wall) for seq, wall, _ in reader.after(0)] == [(1, NOON), (2, NOON + MINUTE)]
    assert [seq for seq, _, _ in reader.after(1)] == [2]
    assert reader.after(2) == []
    assert cases(desk.home, "sandbox") == [CASE]


def test_enough_approvals_can_be_used_once(desk: Desk) -> None:
    desk.says(PROPOSED, WANG, CHEN)
    book = desk.book()
    assert isinstance(book.agreed(NAME), Agreed)
    assert book.take(NAME, RUN).names == ("chen", "wang")
    with pytest.raises(NotCounted) as refused:
        desk.book().take(NAME, OTHER)
    assert refused.value.declined.why is Why.REPLAYED
    assert [type(entry) for _, _, entry in book.after(3)] == [Taken, Declined]


def test_the_run_that_took_it_may_take_it_again_after_a_crash(desk: Desk) -> None:
    desk.says(PROPOSED, WANG, CHEN)
    assert desk.book().take(NAME, RUN) == desk.book().take(NAME, RUN)
    assert len(desk.book().rows()) == 4


def test_too_few_approvals_are_not_a_fact_worth_a_row(desk: Desk) -> None:
    desk.says(PROPOSED, WANG)
    with pytest.raises(BadInput, match="has 1 of 2 approvals"):
        desk.book().take(NAME, RUN)
    assert len(desk.book().rows()) == 2


def test_what_was_approved_for_one_run_is_not_used_by_another(desk: Desk) -> None:
    desk.says(statement("li", proposed("amend", run=RUN)), WANG, CHEN)
    with pytest.raises(NotCounted) as refused:
        desk.book().take(NAME, OTHER)
    assert refused.value.declined.why is Why.OUTSIDE
    assert desk.book().take(NAME, RUN)


def test_what_is_judged_against_at_the_last_moment_is_not_used_up(desk: Desk) -> None:
    """A hold came between the check of the plan and its start; when it is lifted the approval is still there."""
    desk.says(PROPOSED, WANG, CHEN)
    with pytest.raises(BadInput, match="held"):
        desk.book().take(NAME, RUN, lambda rows: "held")
    assert len(desk.book().rows()) == 3
    assert desk.book().take(NAME, RUN, lambda rows: None)


def test_approvals_that_expired_meanwhile_are_recorded_as_late(desk: Desk) -> None:
    desk.says(PROPOSED, WANG, CHEN)
    desk.now = Instant(NOON + 4 * HOUR)
    with pytest.raises(NotCounted) as refused:
        desk.book().take(NAME, RUN)
    assert refused.value.declined.why is Why.LATE


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (statement("li", agrees()), Why.SELF_APPROVAL),
        (statement("sun", agrees()), Why.NO_ROLE),
        (statement("wang", agrees(paper="ab" * 32)), Why.UNKNOWN_PAPER),
        (statement("wang", agrees(NOON)), Why.LATE),
        (PROPOSED, Why.REPLAYED),
    ],
)
def test_what_does_not_count_is_refused_and_recorded_as_what_it_was(desk: Desk, said: Statement, why: Why) -> None:
    desk.says(PROPOSED)
    with pytest.raises(NotCounted, match=why) as refused:
        desk.says(said)
    ((seq, _, declined),) = desk.book().after(1)
    assert isinstance(declined, Declined)
    assert (seq, declined, declined.by) == (2, refused.value.declined, said.by)


@pytest.mark.parametrize(
    ("said", "key", "what"),
    [
        (statement("wang", STOP), "li", "is not signed by the key that people.toml gives for wang"),
        (statement("nobody", STOP), "", "is by nobody, whom people.toml does not name"),
        (replace(PROPOSED, case=CaseId("ELSE")), "", "is of sandbox case ELSE"),
        (replace(PROPOSED, environment="production"), "", "is of production case SHORT-1"),
        (replace(PROPOSED, reason="  "), "", "has no reason"),
        (replace(PROPOSED, nonce="short"), "", "has a nonce of fewer than 16"),
        (replace(PROPOSED, at=Instant(NOON + 6 * MINUTE)), "", "has not come yet"),
    ],
)
def test_what_is_not_genuine_leaves_no_row(desk: Desk, said: Statement, key: str, what: str) -> None:
    with pytest.raises(BadInput, match=what):
        desk.book().say(signed(said, key))
    assert desk.book().rows() == []


def test_a_statement_written_in_another_way_is_not_the_one_that_was_meant(desk: Desk) -> None:
    """Signed, but with a space in it: the same meaning under a second name."""
    text = desk.signed(PROPOSED).statement.replace(",", ", ", 1)
    forged = Signed(text, base64.b64encode(private("li").sign(text.encode())).decode())
    with pytest.raises(BadInput, match="one canonical way"):
        desk.book().say(forged)


def test_a_judge_that_objects_leaves_no_row_and_sees_all_of_them(desk: Desk) -> None:
    desk.says(PROPOSED)
    with pytest.raises(BadInput, match="seen 1"):
        desk.book().say(desk.signed(WANG), lambda rows: f"seen {len(rows)}")
    assert len(desk.book().rows()) == 1


def test_a_former_key_proves_what_was_said_and_says_nothing_new(desk: Desk) -> None:
    desk.says(PROPOSED)
    known = people()
    renewed = person("li", key=person("he").key, former=(person("li").key,))
    known = People({**known.persons, renewed.name: renewed}, known.policy)
    book = desk.book(known)
    assert book.verify().statements == 1
    with pytest.raises(BadInput, match="is not signed by the key"):
        book.say(desk.signed(statement("li", withdraws())))


def test_an_open_book_learns_of_new_people_and_of_lost_roles(desk: Desk) -> None:
    """A running engine opened it when zhou was not known yet and wang was still an approver."""
    now = [people("li", "wang", "chen")]
    book = CaseBook(desk.home, desk.environment, CASE, lambda: now[0], wall=lambda: desk.now)
    desk.says(PROPOSED, WANG, CHEN)
    assert isinstance(book.agreed(NAME), Agreed)
    gone = replace(person("wang"), roles=frozenset())
    now[0] = People({**people().persons, gone.name: gone}, people().policy)
    assert not isinstance(book.agreed(NAME), Agreed)
    desk.says(statement("zhou", agrees()))
    assert [seq for seq, _, _ in book.after(3)] == [4]
    assert isinstance(book.agreed(NAME), Agreed)


# Damage


@pytest.mark.parametrize(
    "command",
    [
        "UPDATE journal SET payload = CAST(replace(CAST(payload AS TEXT), 'wang', 'zhou') AS BLOB) WHERE seq = 2",
        "UPDATE journal SET wall = wall + 1 WHERE seq = 2",
        "DELETE FROM journal WHERE seq = 2",
        "UPDATE journal SET seq = 9 WHERE seq = 2",
    ],
)
def test_a_row_that_was_changed_is_found(desk: Desk, command: str) -> None:
    desk.says(PROPOSED, WANG, CHEN)
    changed(desk.book().path, command)
    with pytest.raises(Damaged, match="row 2"):
        desk.book().verify()


def test_a_row_that_was_chained_on_by_hand_is_found_by_its_signature(desk: Desk) -> None:
    """Whoever writes to the file can hash as well as we can, and can't sign."""
    desk.says(PROPOSED, WANG)
    book = desk.book()
    book.rows()
    with book._writing():
        book._append(signed(CHEN, key="li"))
    with pytest.raises(Damaged, match="row 3 is not signed by a key of chen"):
        desk.book().rows()


def test_whoever_spoke_has_to_stay_in_the_people_file(desk: Desk) -> None:
    desk.says(PROPOSED)
    with pytest.raises(Damaged, match=r"row 1 was said by li, whom people.toml does not name"):
        desk.book(people("wang", "chen")).rows()


def test_a_book_of_another_case_is_no_book_of_this_one(desk: Desk) -> None:
    desk.says(PROPOSED)
    shutil.copy(desk.book().path, desk.home / "cases" / "sandbox-ELSE.book.sqlite")
    with pytest.raises(Damaged, match="row 1 does not match its hash"):
        CaseBook(desk.home, "sandbox", CaseId("ELSE"), people()).rows()


def test_a_case_can_not_name_a_file_elsewhere(desk: Desk) -> None:
    with pytest.raises(BadInput, match="is no name of a case"):
        CaseBook(desk.home, "sandbox", CaseId("../x"), people())


# Several at once

WRITER = """
import sys
from pathlib import Path
from engine.drivers.casebook import CaseBook
from engine.mandate.statements import RunBegan
book = CaseBook(Path(sys.argv[1]), "sandbox", "SHORT-1")
print("ready", flush=True)
sys.stdin.readline()
for n in range(25):
    book.note(RunBegan(run=f"{sys.argv[2]}.{n}", granted=()))
"""


def test_two_processes_that_write_at_once_never_fork_the_chain(desk: Desk) -> None:
    """Each writes 25 rows into a book that is not there when they begin; all 50 are in it, each writer's in order."""
    command = [sys.executable, "-c", WRITER, str(desk.home)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    both = [subprocess.Popen([*command, name], **pipes) for name in ("a", "b")]  # type: ignore[call-overload]
    assert [process.stdout.readline() for process in both] == ["ready\n"] * 2
    for process in both:
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in both:
        process.communicate(timeout=60)
    assert [process.returncode for process in both] == [0, 0]
    runs = [entry.run for _, _, entry in desk.book().rows() if isinstance(entry, RunBegan)]
    for name in ("a", "b"):
        assert [run for run in runs if run.startswith(name)] == [f"{name}.{n}" for n in range(25)]
    assert desk.book().verify().rows == 50


def test_a_book_that_somebody_else_keeps_locked_is_said_to_be(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.says(PROPOSED)
    monkeypatch.setattr("engine.drivers.bookfile.BUSY_MS", 1)
    with closing(sqlite3.connect(desk.book().path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(BadInput, match="nothing was: database is locked"):
            desk.says(WANG)


def test_a_writer_that_fell_over_in_its_transaction_leaves_nothing(desk: Desk) -> None:
    desk.says(PROPOSED)
    book = desk.book()
    transaction = book._writing()
    transaction.__enter__()
    book._append(TAKEN)
    assert transaction.__exit__(KeyboardInterrupt, KeyboardInterrupt(), None) is False
    assert len(book.rows()) == 1
    assert book.say(desk.signed(WANG)) == 2
    assert desk.book().verify().rows == 2


TAKEN = Taken(paper_sha256=NAME, run=RUN)

# Backups


def test_a_used_approval_is_not_used_again_by_a_book_from_a_backup(desk: Desk) -> None:
    """Copied before the run took its approval, and brought back after it."""
    desk.says(PROPOSED, WANG, CHEN)
    restore = desk.backed_up()
    book = desk.book()
    book.take(NAME, RUN)
    restore()
    for each in (book, desk.book()):
        with pytest.raises(NotCounted) as refused:
            each.take(NAME, OTHER)
        assert refused.value.declined.why is Why.RESTORED
    assert [entry.why for _, _, entry in desk.book().after(3) if isinstance(entry, Declined)] == [Why.RESTORED] * 2


def test_a_book_that_was_replaced_while_it_was_open_is_read_anew(desk: Desk) -> None:
    """An old copy is moved to its place: another file under the same name."""
    desk.says(PROPOSED)
    copy = shutil.copy(desk.book().path, desk.home / "copy")
    book = desk.book()
    book.say(desk.signed(WANG))
    copy.replace(book.path)
    assert len(book.rows()) == 1
    assert "ends with row 1" in book.restored


def test_it_stays_refused_however_long_the_restored_book_grows(desk: Desk) -> None:
    desk.says(PROPOSED)
    restore = desk.backed_up()
    desk.says(WANG, CHEN)
    restore()
    for _ in range(4):
        with pytest.raises(NotCounted) as refused:
            desk.says(statement("wang", agrees()))
        assert refused.value.declined.why is Why.RESTORED
    assert "is not the one that" in desk.book().restored


def test_the_right_book_brought_back_is_believed_again(desk: Desk) -> None:
    desk.says(PROPOSED)
    restore_old = desk.backed_up()
    desk.says(WANG, CHEN)
    right = desk.book().path.read_bytes()
    restore_old()
    assert desk.book().restored
    desk.book().path.write_bytes(right)
    assert desk.book().restored == ""
    assert desk.book().take(NAME, RUN)


@pytest.mark.parametrize("said", [STOP, Held(document_sha256=""), refuses(), withdraws()])
def test_a_restored_book_still_lets_people_stop(desk: Desk, said: Stopped) -> None:
    desk.says(PROPOSED, WANG)
    restore = desk.backed_up()
    desk.says(CHEN)
    restore()
    desk.says(statement("wang", said))
    assert len(desk.book().rows()) == 3
    assert desk.book().restored


def test_a_lost_book_is_noticed_in_production(real: Desk) -> None:
    real.says(PROPOSED)
    real.book().path.unlink()
    with pytest.raises(NotCounted, match="ends with row 0") as refused:
        real.says(statement("li", proposed()))
    assert refused.value.declined.why is Why.RESTORED


def test_a_sandbox_begins_anew_and_says_so(desk: Desk) -> None:
    desk.says(PROPOSED)
    shutil.rmtree(desk.home)
    book = desk.book()
    book.say(desk.signed(statement("li", proposed())))
    assert "knew another book of this case" in book.remarks[0]
    assert desk.book().restored == ""


def test_a_book_without_its_witness_approves_nothing_in_production(real: Desk) -> None:
    real.says(PROPOSED)
    real.witness.unlink()
    with pytest.raises(NotCounted) as refused:
        real.says(WANG)
    assert refused.value.declined.why is Why.RESTORED
    assert not real.witness.exists()


def test_a_sandbox_makes_a_new_witness_and_says_so(desk: Desk) -> None:
    desk.says(PROPOSED)
    desk.witness.unlink()
    book = desk.book()
    assert book.say(desk.signed(WANG)) == 2
    assert "was missing" in book.remarks[0]
    assert desk.witness.exists()


def test_a_crash_between_the_row_and_its_witness_locks_nobody_out(real: Desk) -> None:
    """The witness is one row behind, as a crash leaves it; also when that row was the book's first."""
    real.says(PROPOSED)
    behind = real.witness.read_bytes()
    real.says(WANG)
    real.witness.write_bytes(behind)
    real.says(CHEN)
    assert real.book().take(NAME, RUN)


def test_a_crash_before_the_first_row_was_witnessed_locks_nobody_out(
    real: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as crashing:
        crashing.setattr("engine.drivers.witness.Witness.mark", lambda *_: None)
        real.says(PROPOSED)
    real.says(WANG)
    assert real.book().restored == ""


def test_a_witness_that_can_not_be_read_approves_nothing_and_stops_nobody_from_stopping(real: Desk) -> None:
    real.says(PROPOSED)
    real.witness.write_text("{")
    with pytest.raises(NotCounted):
        real.says(WANG)
    real.says(statement("wang", STOP))


def test_a_witness_that_can_not_be_held_approves_nothing_and_stops_nobody_from_stopping(desk: Desk) -> None:
    """A copy of the state folder could use the same approval at the same moment."""
    desk.says(PROPOSED, WANG, CHEN)
    lock = desk.witness.with_suffix(".lock")
    lock.unlink()
    lock.mkdir()
    with pytest.raises(NotCounted, match="can't be held against another copy"):
        desk.book().take(NAME, RUN)
    desk.says(statement("wang", STOP))


def test_whoever_only_reads_needs_no_people(desk: Desk) -> None:
    desk.says(PROPOSED)
    assert len(CaseBook(desk.home, "sandbox", CASE).rows()) == 1


def test_a_proposal_lapses_by_the_desks_clock(desk: Desk) -> None:
    desk.says(PROPOSED)
    desk.now = Instant(NOON + LASTS)
    with pytest.raises(NotCounted, match=Why.LATE):
        desk.says(statement("wang", agrees(desk.now + HOUR), at=desk.now))
