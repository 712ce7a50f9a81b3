"""One pass over the journal: every fill once, every order with what became of it."""

from decimal import Decimal

import pytest

from engine.evidence.reading import tell
from engine.evidence.story import Way
from engine.kernel.errors import Damaged
from engine.kernel.money import total
from engine.orders import events as e
from engine.orders import reports as r
from tests.support.journals import FIRST, SECOND_LEG, VENUE, Journal, at, fill, opened, order, report, two_legs


def test_a_fill_counts_once_however_often_and_by_whichever_way_it_is_told() -> None:
    """t1 comes twice by stream, t3 by stream and by survey."""
    story = tell(two_legs().rows)
    assert [s.fill.trade_id for s in story.leg(FIRST).fills] == ["t1", "t2"]
    assert [s.fill.trade_id for s in story.leg(SECOND_LEG).fills] == ["t3", "t4"]
    assert story.duplicates == 2
    assert total(s.fill.quantity for s in story.leg(FIRST).fills) == Decimal("0.8")


def test_each_fill_says_by_which_way_it_was_learned() -> None:
    story = tell(two_legs().rows)
    assert [s.way for s in story.leg(FIRST).fills] == [Way.STREAM, Way.LOOKUP]
    assert [s.way for s in story.leg(SECOND_LEG).fills] == [Way.STREAM, Way.SURVEY]


def test_a_fill_that_no_order_of_the_journal_made_is_a_stranger_and_not_sold() -> None:
    story = tell(two_legs().rows)
    assert [f.trade_id for f in story.strangers] == ["t-x"]


def test_a_fill_told_twice_and_differently_is_a_contradiction_and_the_first_telling_counts() -> None:
    j = Journal()
    j.write(at("10:00:00"), opened())
    child = j.place(order(FIRST, 1, "10:00:02", "0.4", "64980"))
    j.filled("10:00:04", fill(child, "t1", "10:00:03", "0.3", "64990"))
    j.filled("10:00:05", fill(child, "t1", "10:00:03", "0.4", "64990"))
    story = tell(j.rows)
    assert story.contradictions == ("row 4 tells trade t1 differently from the row before",)
    assert story.leg(FIRST).fills[0].fill.quantity == Decimal("0.3")


def test_an_order_stands_where_the_last_word_on_it_left_it() -> None:
    """The second one had no answer, and was found filled after the restart."""
    story = tell(two_legs().rows)
    assert [a.standing for a in story.leg(FIRST).attempts] == ["cancelled", "filled"]
    assert [a.epoch for a in story.leg(SECOND_LEG).attempts] == [2]


@pytest.mark.parametrize(
    ("outcome", "standing", "reason"),
    [
        (r.Done(), "accepted", ""),
        (r.Refused("0211", "no such pair"), "refused", "0211 no such pair"),
        (r.Transient("429"), "not sent", "429"),
        (r.Unknown("timeout"), "unknown", "timeout"),
    ],
)
def test_without_a_report_an_order_stands_where_its_call_ended(outcome: r.Outcome, standing: str, reason: str) -> None:
    j = Journal()
    j.write(at("10:00:00"), opened())
    child = j.place(order(FIRST, 1, "10:00:02", "0.4", "64980"))
    j.placed("10:00:03", child, outcome)
    (attempt,) = tell(j.rows).leg(FIRST).attempts
    assert (attempt.standing, attempt.reason) == (standing, reason)


@pytest.mark.parametrize(("quantity", "standing"), [("0.4", "filled"), ("0.1", "partly filled")])
def test_an_order_without_an_answer_that_sold_is_not_unknown(quantity: str, standing: str) -> None:
    """The stream told of its execution; whether the call was answered no longer matters."""
    j = Journal()
    j.write(at("10:00:00"), opened())
    child = j.place(order(FIRST, 1, "10:00:02", "0.4", "64980"))
    j.placed("10:00:03", child, r.Unknown("timeout"))
    j.filled("10:00:04", fill(child, "t1", "10:00:03", quantity, "64990"))
    assert tell(j.rows).leg(FIRST).attempts[0].standing == standing


def test_an_order_that_the_venue_shows_no_trace_of_is_not_called_absent_here() -> None:
    """How many rounds prove absence is the core's rule; the story counts them."""
    j = Journal()
    j.write(at("10:00:00"), opened())
    child = j.place(order(FIRST, 1, "10:00:02", "0.4", "64980"))
    for time in ("10:00:10", "10:00:20"):
        j.write(at(time), e.LookedUp(at(time), child.client_id, r.NotFound((), ())))
    (attempt,) = tell(j.rows).leg(FIRST).attempts
    assert (attempt.standing, attempt.rounds) == ("not found", 2)


def test_a_late_report_does_not_open_an_ended_order_again() -> None:
    j = Journal()
    j.write(at("10:00:00"), opened())
    child = j.place(order(FIRST, 1, "10:00:02", "0.4", "64980"))
    for status, filled in ((r.OrderStatus.CANCELLED, "0.3"), (r.OrderStatus.WORKING, "0.1")):
        j.write(at("10:00:05"), e.Reported(at("10:00:05"), report(child, status, filled, "10:00:04")))
    assert tell(j.rows).leg(FIRST).attempts[0].standing == "cancelled"


def test_what_a_reader_should_know_of_is_in_the_order_in_which_it_happened() -> None:
    story = tell(two_legs().rows)
    assert [m.what for m in story.timeline] == [
        "opened", "approval waived", "no answer", "restarted", "found", "pause asked", "resume asked", "closed",
    ]  # fmt: skip


def test_a_failed_survey_is_told_and_brings_no_fills() -> None:
    j = Journal()
    j.write(at("10:00:00"), opened())
    j.write(at("10:01:00"), e.Surveyed(at("10:01:00"), VENUE, None, "504"))
    assert [(m.what, m.detail) for m in tell(j.rows).timeline][-1] == ("survey failed", "hashkey: 504")


def test_residue_head_and_rows_are_those_of_the_journal() -> None:
    rows = two_legs().rows
    story = tell(rows)
    assert story.leg(FIRST).residue_reason == "deadline"
    assert (story.rows, story.head) == (len(rows), rows[-1][0].hash)


@pytest.mark.parametrize("rows", [[], two_legs().rows[1:], [*two_legs().rows[:1], *two_legs().rows[:1]]])
def test_a_journal_is_opened_once_and_first(rows: list) -> None:
    with pytest.raises(Damaged):
        tell(rows)
