"""`conduct`: which measures are over, and where runs stood in one book together."""

from decimal import Decimal
from pathlib import Path

from typer.testing import CliRunner

from engine.cli import app
from engine.cli.conducting import SHOWN, met, told
from engine.evidence.conduct import of_run
from engine.evidence.selftrade import Meeting
from engine.kernel.ids import ClientOrderId, RunId
from tests.support.journals import BTCUSDT, VENUE
from tests.support.resting import Rested, after

ONE, OTHER = RunId("ONE.1"), RunId("OTHER.1")


def meetings(count: int) -> list[Meeting]:
    orders = ((ONE, ClientOrderId("a"), Decimal(100)), (OTHER, ClientOrderId("b"), Decimal(101)))
    return [Meeting(book=(VENUE, BTCUSDT), begins=after(n), ends=after(n + 1), orders=orders) for n in range(count)]


def test_what_is_over_is_told_with_its_bound_and_the_rest_is_counted() -> None:
    run = Rested()
    run.ended(0, 10)
    lines = list(told(ONE, of_run(run.story())))
    assert lines[0] == "ONE.1: 9 within, 1 over, 6 not measurable"
    assert lines[1].startswith("  over: ended_by_the_venue, the run: 1, at most 0; self-trade prevention")


def test_a_meeting_names_the_book_the_time_and_every_order_with_its_run() -> None:
    assert list(met(meetings(1), 2)) == [
        "1 stretches in which orders of two or more runs stood in one book",
        "  hashkey BTCUSDT, 2026-05-02T12:00:00.000000Z to 2026-05-02T12:00:01.000000Z",
        "    ONE.1  a  at 100",
        "    OTHER.1  b  at 101",
    ]


def test_many_meetings_are_counted_and_the_first_are_told() -> None:
    assert list(met(meetings(SHOWN + 3), 2))[-1] == "  and 3 more"


def test_a_run_that_has_not_ended_is_told_as_far_as_it_came() -> None:
    assert next(told(ONE, of_run(Rested().story()), open_=True)).startswith("ONE.1 (not closed; so far): ")


def test_a_day_is_not_near(tmp_path: Path) -> None:
    """Every order of a long run would have stood beside every other of it."""
    words = ["conduct", "NOBODY.1", "--near", "1d", "--home", str(tmp_path / "home")]
    answer = CliRunner().invoke(app, words)
    assert (answer.exit_code, "--near: 1d is more than 1m" in answer.output) == (2, True)


def test_one_run_meets_nobody() -> None:
    assert list(met([], 1)) == []


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    words = ["conduct", "NOBODY.1", "NOBODY.2", "--near", "soon", "--home", str(tmp_path / "home")]
    answer = CliRunner().invoke(app, words)
    assert answer.exit_code == 2
    assert [word in answer.output for word in ("NOBODY.1", "NOBODY.2", "--near")] == [True, True, True]
