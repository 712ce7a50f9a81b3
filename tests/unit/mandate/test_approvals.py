"""Whether a paper is agreed on: enough different people, none of them its author, all of it in force, and used once."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.kernel.clock import HOUR, SECOND, Instant
from engine.kernel.ids import PersonName, RunId
from engine.mandate.approvals import Agreed, Docket, Lacking, agreed, fold, inbox
from engine.mandate.people import People
from engine.mandate.statements import BookEntry, Statement, Taken, Why
from tests.support.people import (
    LASTS,
    NAME,
    NOON,
    ROLES,
    agrees,
    people,
    person,
    proposed,
    refuses,
    signed,
    statement,
    withdraws,
)

TAKEN = Taken(paper_sha256=NAME, run=RunId("SHORT-1.1"))


def book(*entries: Statement | BookEntry, every: int = SECOND) -> Docket:
    """Written from noon on, a row a second."""
    rows = [signed(entry) if isinstance(entry, Statement) else entry for entry in entries]
    return fold((n + 1, Instant(NOON + n * every), row) for n, row in enumerate(rows))


def asked(docket: Docket, at: int = NOON + HOUR, among: People | None = None) -> Agreed | Lacking:
    return agreed(docket, among or people(), NAME, Instant(at))


PROPOSED = statement("li", proposed())
WANG, CHEN = statement("wang", agrees()), statement("chen", agrees(NOON + 2 * HOUR))


def why(result: Agreed | Lacking) -> Why | None:
    assert isinstance(result, Lacking), result
    return result.why


def test_two_who_did_not_propose_it_are_enough_until_the_first_of_them_expires() -> None:
    result = asked(book(PROPOSED, WANG, CHEN))
    assert result == Agreed(
        paper_sha256=NAME, names=(PersonName("chen"), PersonName("wang")), expires=Instant(NOON + 2 * HOUR)
    )


def test_a_third_approval_carries_it_on_when_the_first_expires() -> None:
    docket = book(PROPOSED, WANG, CHEN, statement("zhou", agrees(NOON + 3 * HOUR)))
    result = asked(docket, NOON + 2 * HOUR)
    assert isinstance(result, Agreed)
    assert (result.names, result.expires) == (("wang", "zhou"), NOON + 3 * HOUR)


def test_one_is_not_enough_and_the_proposal_goes_on_waiting() -> None:
    result = asked(book(PROPOSED, WANG))
    assert isinstance(result, Lacking)
    assert (result.have, result.need, result.why, result.left) == (1, 2, None, LASTS - HOUR)
    assert "has 1 of 2 approvals" in result.reason


def test_a_person_counts_once_however_often_they_agree() -> None:
    assert why(asked(book(PROPOSED, WANG, statement("wang", agrees()), statement("wang", agrees())))) is None


def test_two_names_with_one_key_count_once() -> None:
    """A people file can't say so; should one ever come to be, it still makes nobody two people."""
    twins = people()
    twins = People({**twins.persons, PersonName("zhou"): person("zhou", key=person("wang").key)}, twins.policy)
    result = asked(book(PROPOSED, WANG, statement("zhou", agrees())), among=twins)
    assert isinstance(result, Lacking)
    assert result.have == 1


def test_the_author_never_counts_even_when_their_approval_stands_in_the_book() -> None:
    docket = book(statement("chen", proposed()), WANG, CHEN)
    assert isinstance(asked(docket), Lacking)


def test_who_proposed_it_once_may_not_agree_when_another_proposes_it_again() -> None:
    docket = book(
        statement("chen", proposed()), statement("chen", withdraws()), PROPOSED, WANG, statement("chen", agrees())
    )
    assert isinstance(asked(docket), Lacking)


def test_who_lost_the_role_no_longer_counts() -> None:
    known = people()
    demoted = People({**known.persons, PersonName("wang"): replace(person("wang"), roles=frozenset())}, known.policy)
    assert isinstance(asked(book(PROPOSED, WANG, CHEN)), Agreed)
    assert isinstance(asked(book(PROPOSED, WANG, CHEN), among=demoted), Lacking)


def test_another_byte_is_another_paper() -> None:
    result = agreed(book(PROPOSED, WANG, CHEN), people(), NAME.replace("0", "1"), Instant(NOON))
    assert why(result) is Why.UNKNOWN_PAPER


def test_an_approval_that_has_expired_is_named() -> None:
    result = asked(book(PROPOSED, WANG, CHEN), NOON + 2 * HOUR)
    assert why(result) is Why.LATE
    assert isinstance(result, Lacking)
    assert "expired: chen" in result.reason


def test_no_approval_lasts_longer_than_the_policy_whatever_it_says_itself() -> None:
    forever = [statement(name, agrees(NOON + 1000 * HOUR)) for name in ("wang", "chen")]
    docket = book(PROPOSED, *forever)
    assert isinstance(asked(docket, NOON + LASTS), Agreed)
    assert why(asked(docket, NOON + LASTS + 2 * SECOND)) is Why.LATE


@pytest.mark.parametrize(
    ("then", "reason"),
    [
        (statement("zhou", refuses()), Why.REFUSED),
        (statement("li", withdraws()), Why.WITHDRAWN),
        (TAKEN, Why.REPLAYED),
    ],
    ids=["refused", "withdrawn", "used"],
)
def test_what_ends_a_paper_ends_it_however_many_agree(then: Statement | BookEntry, reason: Why) -> None:
    assert why(asked(book(PROPOSED, WANG, CHEN, then))) is reason


def test_an_approval_can_be_taken_back() -> None:
    result = asked(book(PROPOSED, WANG, CHEN, statement("wang", withdraws())))
    assert isinstance(result, Lacking)
    assert result.have == 1


def test_proposed_again_it_has_to_be_agreed_on_again() -> None:
    docket = book(PROPOSED, WANG, CHEN, statement("li", withdraws()), statement("li", proposed()))
    result = asked(docket)
    assert isinstance(result, Lacking)
    assert (result.have, result.why) == (0, None)


@pytest.mark.parametrize("end", [statement("zhou", refuses()), TAKEN], ids=["refused", "used"])
def test_a_proposal_behind_its_end_brings_no_paper_back(end: Statement | BookEntry) -> None:
    """The desk would not have written it; should it stand in a book, it changes nothing."""
    again = [statement("li", proposed()), statement("wang", agrees()), statement("chen", agrees())]
    assert isinstance(asked(book(PROPOSED, *again)), Agreed)
    assert isinstance(asked(book(PROPOSED, end, *again)), Lacking)


def test_the_same_row_twice_is_one_statement() -> None:
    """A copied approval behind its withdrawal brings nothing back."""
    docket = book(PROPOSED, WANG, CHEN, statement("wang", withdraws()), WANG)
    assert isinstance(asked(docket), Lacking)


def test_the_inbox_holds_what_waits_and_what_was_not_used_yet() -> None:
    (waiting,) = inbox(book(PROPOSED, WANG), people(), Instant(NOON + HOUR))
    assert (waiting.names, waiting.agreed, waiting.left) == (("wang",), False, LASTS - HOUR)
    (ready,) = inbox(book(PROPOSED, WANG, CHEN), people(), Instant(NOON + HOUR))
    assert (ready.agreed, ready.left) == (True, HOUR)


@pytest.mark.parametrize("then", [statement("zhou", refuses()), statement("li", withdraws()), TAKEN])
def test_the_inbox_holds_nothing_that_is_over(then: Statement | BookEntry) -> None:
    assert inbox(book(PROPOSED, WANG, then), people(), Instant(NOON + HOUR)) == []


def test_a_proposal_that_lapsed_leaves_the_inbox() -> None:
    assert inbox(book(PROPOSED, WANG), people(), Instant(NOON + LASTS)) == []


# What no sequence of rows can do, however it came to stand in a book

ELIGIBLE = [name for name in ROLES if "approver" in ROLES[name]]
WORDS = [proposed(), agrees(), agrees(NOON + 1000 * HOUR), refuses(), withdraws()]


def said_by(names: Iterable[str]) -> st.SearchStrategy[list[Statement]]:
    one = st.builds(lambda by, says: statement(by, says), st.sampled_from(sorted(names)), st.sampled_from(WORDS))
    return st.lists(one, max_size=12)


@given(said=said_by(set(ROLES) - set(ELIGIBLE[1:])), at=st.integers(0, 30))
def test_one_approver_and_any_number_of_others_never_agree(said: list[Statement], at: int) -> None:
    assert isinstance(asked(book(PROPOSED, *said), NOON + at * HOUR), Lacking)


@given(said=said_by(ELIGIBLE[:2]), at=st.integers(0, 30))
def test_two_of_whom_one_proposed_it_never_agree(said: list[Statement], at: int) -> None:
    assert isinstance(asked(book(statement(ELIGIBLE[0], proposed()), *said), NOON + at * HOUR), Lacking)


@given(said=said_by(ELIGIBLE), at=st.integers(0, 30), need=st.integers(1, 4))
def test_whenever_it_is_agreed_so_many_others_than_the_author_have_signed(
    said: list[Statement], at: int, need: int
) -> None:
    result = asked(book(PROPOSED, *said), NOON + at * HOUR, people(approvals=need))
    signers = {s.by for s in said if s.says in (WORDS[1], WORDS[2])} - {s.by for s in said if s.says == WORDS[0]}
    assert isinstance(result, Lacking) or (len(result.names) >= need and set(result.names) <= signers)
