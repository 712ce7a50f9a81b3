"""Who may execute for us, and until when that may be relied on."""

import pytest

from engine.config.register_file import listed, parse
from engine.kernel.clock import parse_instant
from engine.kernel.errors import BadInput, Mistake
from engine.kernel.ids import VenueName
from engine.mandate.register import STATUSES, Licence, Register, SharedBook, gap, shared_book

HASHKEY = VenueName("hashkey")
FILE = """
schema = 1

[licences.village]
entity = "Village Exchange"
authority = "The Mayor"
reference = "No. 7"
status = "licensed"
licensed_on = "2026-03-01T00:00:00Z"
seen_at = "2026-04-01T00:00:00Z"
valid_until = "2026-07-01T00:00:00Z"
source = "read at the town hall"
"""


def village(*changes: tuple[str, str]) -> Register:
    """The register of the village after some of its words were changed."""
    text = FILE
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return parse(text)


def reason(at: str, register: Register | None = None) -> str:
    return gap(register or village(), VenueName("village"), parse_instant(at))


def mistakes(*changes: tuple[str, str]) -> list[Mistake]:
    with pytest.raises(BadInput) as caught:
        village(*changes)
    return list(caught.value.mistakes)


def test_a_file_says_who_holds_what_by_whom_and_until_when() -> None:
    assert village() == {
        "village": Licence(
            venue=VenueName("village"),
            entity="Village Exchange",
            authority="The Mayor",
            reference="No. 7",
            status="licensed",
            licensed_on=parse_instant("2026-03-01T00:00:00Z"),
            seen_at=parse_instant("2026-04-01T00:00:00Z"),
            valid_until=parse_instant("2026-07-01T00:00:00Z"),
            source="read at the town hall",
        )
    }


def test_a_licensed_venue_may_execute_from_its_licence_until_its_entry_runs_out() -> None:
    assert reason("2026-03-01T00:00:00Z") == ""
    assert reason("2026-06-30T23:59:59Z") == ""


def test_a_venue_may_not_execute_before_its_licence() -> None:
    assert reason("2026-02-28T23:59:59Z") == "village is licensed from 2026-03-01 on, and not before"


def test_an_entry_that_has_run_out_licenses_nobody() -> None:
    ran_out = "the licence register's entry for village ran out on 2026-07-01; it has to be read again"
    assert reason("2026-07-01T00:00:00Z") == ran_out


def test_a_venue_that_is_not_listed_may_not_execute() -> None:
    assert "not on the licence register" in gap(village(), VenueName("binance"), parse_instant("2026-05-01T00:00:00Z"))


@pytest.mark.parametrize("status", [status for status in STATUSES if status != "licensed"])
def test_only_the_word_licensed_lets_a_venue_execute(status: str) -> None:
    told = reason("2026-05-01T00:00:00Z", village(('"licensed"', f'"{status}"')))
    assert told == f"village is {status} on the licence register as of 2026-04-01, and not licensed"


def test_a_day_of_licence_that_nobody_knows_is_left_empty_and_does_not_matter() -> None:
    register = village(("2026-03-01T00:00:00Z", ""))
    assert register[VenueName("village")].licensed_on is None
    assert reason("2020-01-01T00:00:00Z", register) == ""


def test_every_mistake_of_a_file_is_told_with_its_place() -> None:
    found = mistakes(
        ("schema = 1", "schema = 2\nmood = 1"),
        ('"licensed"', '"famous"'),
        ("2026-04-01T00:00:00Z", "2026-04-01"),
        ("2026-07-01T00:00:00Z", "soon"),
        ("town hall", 'town hall"\n[licences.town]\nentity = "Town'),
    )
    assert [mistake.where for mistake in found] == [
        "licences.schema",
        "licences.mood",
        "licences.village.status",
        "licences.village.seen_at",
        "licences.village.valid_until",
        "licences.town",
    ]


def test_an_entry_that_was_never_valid_is_a_mistake() -> None:
    (mistake,) = mistakes(("2026-07-01", "2026-04-01"))
    assert mistake == Mistake("licences.village.valid_until", "lies before seen_at, so it was never valid")


def test_a_key_that_no_entry_has_is_a_mistake() -> None:
    (mistake,) = mistakes(("entity", "colour = 1\nentity"))
    assert mistake.where == "licences.village"


@pytest.mark.parametrize("text", ["schema = = 1", "schema = 1", "schema = 1\nlicences = 3"])
def test_what_is_no_register_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="licences"):
        parse(text)


def test_the_package_lists_the_twelve_platforms_that_were_counted() -> None:
    assert len(listed()) == 12
    assert {held.authority for held in listed().values()} == {"SFC Hong Kong"}
    assert all(held.source for held in listed().values())


def test_the_package_invents_no_day_of_licence() -> None:
    assert [name for name, held in listed().items() if held.licensed_on is not None] == ["vdx"]


@pytest.mark.parametrize("venue", ["hashkey", "osl"])
def test_the_venues_that_we_reach_are_licensed_by_the_package(venue: str) -> None:
    assert gap(listed(), VenueName(venue), parse_instant("2026-10-01T00:00:00Z")) == ""
    assert "ran out" in gap(listed(), VenueName(venue), parse_instant("2027-10-01T00:00:00Z"))


@pytest.mark.parametrize("venue", ["panthertrade", "yax", "hkbge"])
def test_what_no_source_names_is_listed_and_may_not_execute(venue: str) -> None:
    assert "unconfirmed" in gap(listed(), VenueName(venue), parse_instant("2026-10-01T00:00:00Z"))


def test_our_own_sandbox_is_no_licensed_venue() -> None:
    assert VenueName("sandbox") not in listed()
    assert HASHKEY in listed()


SHARED = (
    'source = "read at the town hall"',
    'source = "read at the town hall"\nshared_book = "yes"\nshared_since = "2026-05-10T00:00:00+08:00"\n'
    'shared_source = "its notice of April"',
)
OWN = (
    'source = "read at the town hall"',
    'source = "read at the town hall"\nshared_book = "no"\nshared_source = "its letter of April"',
)


def book(at: str, register: Register | None = None) -> str:
    return shared_book(register or village(), VenueName("village"), parse_instant(at)).value


def test_whether_a_book_is_shared_is_unknown_where_nobody_says_so() -> None:
    assert book("2026-05-01T00:00:00Z") == "unknown"
    assert shared_book(village(), VenueName("nowhere"), parse_instant("2026-05-01T00:00:00Z")) is SharedBook.UNKNOWN


def test_the_package_says_of_no_book_whether_it_is_shared() -> None:
    assert {held.shared_book for held in listed().values()} == {""}


def test_a_book_is_shared_from_its_day_on_and_was_not_before() -> None:
    register = village(SHARED)
    assert register[VenueName("village")].shared_source == "its notice of April"
    assert book("2026-05-09T15:59:59Z", register) == "no"
    assert book("2026-05-09T16:00:00Z", register) == "yes"


def test_a_shared_book_of_which_no_source_names_the_day_counts_as_shared_at_any_time() -> None:
    register = village(SHARED, ("2026-05-10T00:00:00+08:00", ""))
    assert book("2020-01-01T00:00:00Z", register) == "yes"


def test_a_book_of_its_own_is_one_for_as_long_as_its_entry_is_relied_on() -> None:
    register = village(OWN)
    assert book("2026-06-30T23:59:59Z", register) == "no"
    assert book("2026-07-01T00:00:00Z", register) == "unknown"


def test_every_mistake_about_a_book_is_told() -> None:
    assert mistakes((OWN[0], OWN[1].replace('"no"', '"perhaps"'))) == [
        Mistake("licences.village.shared_book", "'perhaps' is neither yes nor no; leave it empty where it is not known")
    ]
    assert mistakes((OWN[0], OWN[1].replace("its letter of April", ""))) == [
        Mistake("licences.village.shared_source", "is missing: who says no?")
    ]
    assert [m.where for m in mistakes((SHARED[0], SHARED[1].replace('"yes"', '"no"').replace("+08:00", "")))] == [
        "licences.village.shared_since",
        "licences.village.shared_since",
    ]
