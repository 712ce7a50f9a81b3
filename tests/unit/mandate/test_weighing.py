"""Why a statement does not count: every reason, each by the smallest case in which it is the one."""

import pytest

from engine.kernel.clock import HOUR, SECOND, Instant
from engine.kernel.ids import RunId
from engine.mandate.approvals import Docket, fold
from engine.mandate.statements import (
    Allocated,
    AllocationUndone,
    BookEntry,
    CaseOpened,
    Declined,
    Held,
    Says,
    Statement,
    Stopped,
    Suspended,
    Taken,
    Why,
)
from engine.mandate.weighing import weigh
from tests.support.people import (
    LASTS,
    NAME,
    NOON,
    agrees,
    people,
    proposed,
    refuses,
    signed,
    statement,
    withdraws,
)

NOW = Instant(NOON + HOUR)
PROPOSED = statement("li", proposed())
WANG = statement("wang", agrees())
REFUSED, WITHDRAWN = statement("zhou", refuses()), statement("li", withdraws())
TAKEN = Taken(paper_sha256=NAME, run=RunId("SHORT-1.1"))
STOP = Stopped(run=RunId("SHORT-1.1"), scope="venue", name="osl")


def book(*entries: Statement | BookEntry) -> Docket:
    rows = [signed(entry) if isinstance(entry, Statement) else entry for entry in entries]
    return fold((n + 1, Instant(NOON + n * SECOND), row) for n, row in enumerate(rows))


def weighed(docket: Docket, said: Statement, now: int = NOW) -> Declined | None:
    return weigh(docket, people(), said, Instant(now))


@pytest.mark.parametrize(
    ("before", "by", "says", "why"),
    [
        ([PROPOSED], "li", agrees(), Why.SELF_APPROVAL),
        ([statement("chen", proposed())], "chen", agrees(), Why.SELF_APPROVAL),
        (
            [statement("chen", proposed()), statement("chen", withdraws()), PROPOSED],
            "chen",
            agrees(),
            Why.SELF_APPROVAL,
        ),
        ([PROPOSED], "sun", agrees(), Why.NO_ROLE),
        ([PROPOSED], "sun", refuses(), Why.NO_ROLE),
        ([PROPOSED], "sun", withdraws(), Why.NO_ROLE),
        ([PROPOSED], "left", agrees(), Why.NO_ROLE),
        ([], "he", proposed(), Why.NO_ROLE),
        ([], "li", CaseOpened(authority="A", document_sha256=""), Why.NO_ROLE),
        ([], "left", STOP, Why.NO_ROLE),
        ([], "li", Stopped(run=RunId("SHORT-1.1"), scope="run", name=""), Why.OUTSIDE),
        ([], "li", Stopped(run=RunId("SHORT-1.1"), scope="leg", name="1"), Why.OUTSIDE),
        ([], "wang", agrees(), Why.UNKNOWN_PAPER),
        ([PROPOSED], "wang", agrees(paper="ab" * 32), Why.UNKNOWN_PAPER),
        ([PROPOSED], "wang", agrees(NOW), Why.LATE),
        ([PROPOSED, REFUSED], "wang", agrees(), Why.REFUSED),
        ([PROPOSED, REFUSED], "wang", refuses(), Why.REFUSED),
        ([PROPOSED, REFUSED], "li", proposed(), Why.REFUSED),
        ([PROPOSED, WITHDRAWN], "wang", agrees(), Why.WITHDRAWN),
        ([PROPOSED, WITHDRAWN], "li", withdraws(), Why.WITHDRAWN),
        ([PROPOSED], "chen", proposed(), Why.REPLAYED),
        ([PROPOSED, TAKEN], "wang", agrees(), Why.REPLAYED),
        ([PROPOSED, TAKEN], "li", proposed(), Why.REPLAYED),
        ([PROPOSED, WANG, TAKEN], "wang", withdraws(), Why.REPLAYED),
    ],
)
def test_what_does_not_count_says_which_rule_it_broke(
    before: list[Statement | BookEntry], by: str, says: Says, why: Why
) -> None:
    declined = weighed(book(*before), statement(by, says))
    assert declined is not None
    assert (declined.why, declined.by) == (why, by)


@pytest.mark.parametrize(
    ("before", "by", "says"),
    [
        ([], "li", proposed()),
        ([PROPOSED], "wang", agrees()),
        ([PROPOSED, WANG], "wang", agrees()),
        ([PROPOSED, WANG], "wang", withdraws()),
        ([PROPOSED], "li", withdraws()),
        ([PROPOSED, WITHDRAWN], "li", proposed()),
        ([PROPOSED], "zhou", refuses()),
        ([statement("li", proposed("release"))], "gao", agrees()),
        ([], "gao", CaseOpened(authority="A", document_sha256="")),
        ([], "li", STOP),
        ([], "he", Suspended()),
    ],
)
def test_what_is_in_order_counts(before: list[Statement], by: str, says: Says) -> None:
    assert weighed(book(*before), statement(by, says)) is None


def test_the_same_statement_is_not_taken_twice() -> None:
    declined = weighed(book(PROPOSED, WANG), WANG)
    assert declined is not None
    assert declined.why is Why.REPLAYED
    assert "this very statement" in declined.detail


def test_whom_nobody_knows_may_say_nothing() -> None:
    declined = weigh(Docket(), people("wang", "zhou"), statement("li", STOP), NOW)
    assert declined is not None
    assert declined.why is Why.NO_ROLE


def test_who_agrees_after_the_proposal_lapsed_is_late() -> None:
    after = NOON + LASTS
    said = statement("wang", agrees(after + HOUR), at=after)
    declined = weighed(book(PROPOSED), said, after)
    assert declined is not None
    assert declined.why is Why.LATE
    assert weighed(book(PROPOSED), said, after - 1) is None


def test_what_was_signed_long_ago_is_late_and_what_stops_never_is() -> None:
    """A release that lay in a drawer for a day does not count; a hold that did does."""
    after = NOON + LASTS
    late = weighed(Docket(), statement("gao", CaseOpened(authority="A", document_sha256="")), after)
    assert late is not None
    assert late.why is Why.LATE
    assert weighed(Docket(), statement("gao", Held(document_sha256="")), after) is None


def test_a_lapsed_paper_can_be_proposed_again() -> None:
    after = NOON + LASTS
    assert weighed(book(PROPOSED), statement("li", proposed(), at=after), after) is None


@pytest.mark.parametrize("carries_out", [Allocated, AllocationUndone])
@pytest.mark.parametrize(
    ("before", "why"),
    [
        ([], Why.UNKNOWN_PAPER),
        ([PROPOSED], Why.TOO_FEW),
        ([PROPOSED, WANG], Why.TOO_FEW),
        ([PROPOSED, WANG, statement("wang", agrees())], Why.TOO_FEW),
        ([PROPOSED, WANG, REFUSED], Why.REFUSED),
        ([PROPOSED, WANG, statement("chen", agrees()), WITHDRAWN], Why.WITHDRAWN),
        ([PROPOSED, WANG, statement("chen", agrees(NOW))], Why.LATE),
    ],
)
def test_a_paper_is_carried_out_only_once_enough_agree(
    carries_out: type[Allocated | AllocationUndone], before: list[Statement], why: Why
) -> None:
    """An allocation, or its undoing: the one row that counts, by whoever may say it."""
    declined = weighed(book(*before), statement("li", carries_out(paper_sha256=NAME)))
    assert declined is not None
    assert (declined.why, declined.paper_sha256) == (why, NAME)


def test_what_two_agreed_to_is_carried_out_once() -> None:
    """The row uses it up: not again, and nobody proposes or approves it any more."""
    agreed = [PROPOSED, WANG, statement("chen", agrees())]
    entering = statement("li", Allocated(paper_sha256=NAME))
    assert weighed(book(*agreed), entering) is None
    used = book(*agreed, entering)
    for again in (statement("li", Allocated(paper_sha256=NAME)), PROPOSED, statement("zhou", agrees())):
        declined = weighed(used, statement(again.by, again.says))
        assert declined is not None
        assert (declined.why, "row 4" in declined.detail) == (Why.REPLAYED, True)


def test_a_custodian_carries_nothing_out() -> None:
    agreed = book(PROPOSED, WANG, statement("chen", agrees()))
    declined = weighed(agreed, statement("he", Allocated(paper_sha256=NAME)))
    assert declined is not None
    assert declined.why is Why.NO_ROLE
